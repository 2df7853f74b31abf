//! A small world: hosts, one virtual clock in microseconds, and a network with weather.

mod host;
mod journal;
mod network;
mod stage;
mod store;
mod trouble;
mod twice;
mod weather;

use std::collections::{BTreeMap, BTreeSet};

use core::net::{IpAddr, SocketAddr};

use ctigate_core::trace::Header;
use ctigate_core::{Closed, Command, Duration, Input, LinkId, Listen, ListenerId, Machine, Peer, Transport};

use crate::random::Random;
use host::{Host, Wanted};
use network::{Arrival, End, Life, Network, Place};

pub use host::{Factory, Said};
pub use journal::Care;
pub use trouble::{Alarm, Death};
pub(crate) use twice::message;
pub use twice::{caught, twice};
pub use weather::Weather;

/// The wall-clock time at the world's beginning: 2025-01-01T00:00:00Z in microseconds.
const WALL_CLOCK: u64 = 1_735_689_600_000_000;

/// The most turns without virtual time passing: more is a live-lock.
const TURNS_PER_INSTANT: u64 = 20_000;

/// The most bytes that wait at one end of a connection for a peer that does not read; more than that end it.
const QUEUE: usize = 256 * 1024;

/// The most turns one call may take: more is a live-lock in small steps.
const TURNS_PER_CALL: u64 = 20_000_000;

/// A host, by its index in the world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostId(usize);

/// A fault in a world, with what is needed to reproduce it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The seed of the world.
    pub seed: u64,
    /// When, in microseconds.
    pub at: u64,
    /// What, and at which host it happened.
    pub what: String,
}

impl core::fmt::Display for Fault {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { seed, at, what } = self;
        write!(f, "seed {seed}, at {at} us: {what}")
    }
}

impl core::error::Error for Fault {}

/// The world.
pub struct World {
    seed: u64,
    care: Care,
    now: u64,
    random: Random,
    weather: Weather,
    /// Weather of its own from one host to another.
    between: BTreeMap<(HostId, HostId), Weather>,
    hosts: Vec<Host>,
    network: Network,
    /// Every connection a machine ever asked for.
    asked: BTreeSet<Place>,
    /// Dead hosts, and whether connecting to them gets no answer instead of a refusal.
    silent: BTreeMap<HostId, bool>,
    alarm: Alarm,
    fault: Option<Fault>,
    turns: u64,
    turns_now: u64,
}

impl World {
    /// An empty world. Equal seeds, weather and calls make equal worlds.
    #[must_use]
    pub fn new(seed: u64, weather: Weather) -> Self {
        Self::with_care(seed, weather, Care::Full)
    }

    /// The same, keeping as much of the runs as `care` says.
    #[must_use]
    pub fn with_care(seed: u64, weather: Weather, care: Care) -> Self {
        Self {
            seed,
            care,
            now: 0,
            random: Random::new(seed),
            weather,
            between: BTreeMap::new(),
            hosts: Vec::new(),
            network: Network::default(),
            asked: BTreeSet::new(),
            silent: BTreeMap::new(),
            alarm: Alarm::default(),
            fault: None,
            turns: 0,
            turns_now: 0,
        }
    }

    /// Adds a host at `ip` with the machine that `factory` makes. It listens at `ip`, whatever address it asked for, on
    /// the port it asked for or one that is chosen.
    pub fn add(
        &mut self,
        name: &str,
        ip: IpAddr,
        factory: impl Fn() -> Box<dyn Machine> + 'static,
    ) -> HostId {
        self.add_traced(name, ip, None, factory)
    }

    /// The same for a machine whose run is also kept as a trace that begins with `header`.
    pub fn add_traced(
        &mut self,
        name: &str,
        ip: IpAddr,
        header: Option<Header>,
        factory: impl Fn() -> Box<dyn Machine> + 'static,
    ) -> HostId {
        let id = HostId(self.hosts.len());
        let host = Host::machine((name, ip), (self.now, self.care), header, Box::new(factory));
        self.hosts.push(host);
        self.begin(id);
        id
    }

    /// Gives a new machine its first inputs.
    fn begin(&mut self, id: HostId) {
        let listens = self.host(id).map(|host| host.listens.clone()).unwrap_or_default();
        self.turn(id, Some(Input::Clock { unix_micros: WALL_CLOCK.saturating_add(self.now) }));
        self.restore(id);
        for (listen, index) in listens.iter().zip(0..) {
            let listener = ListenerId::new(index);
            self.turn(id, Some(Input::Listening { listener, address: listen.address }));
        }
    }

    /// Adds a host without a machine, which the test drives by hand.
    pub fn add_bare(&mut self, name: &str, ip: IpAddr, listens: Vec<Listen>) -> HostId {
        let id = HostId(self.hosts.len());
        self.hosts.push(Host::bare(name, ip, self.now, listens));
        id
    }

    /// Gives a host a command.
    pub fn command(&mut self, host: HostId, command: Command<'_>) {
        self.turn(host, Some(Input::from(command)));
    }

    /// Runs until `met`; a fault if that takes longer than `limit`. `what` names the condition for people.
    ///
    /// # Errors
    /// The world's first fault, which may be this one.
    pub fn run_until(
        &mut self,
        what: &str,
        limit: Duration,
        met: impl Fn(&Self) -> bool,
    ) -> Result<(), Fault> {
        let end = self.now.saturating_add(limit.as_micros());
        let last_turn = self.turns.saturating_add(TURNS_PER_CALL);
        while self.fault.is_none() && !met(self) {
            let Some(at) = self.next().filter(|at| *at <= end) else {
                self.now = end;
                self.fail(format!("waited {} ms in vain for: {what}\n{}", limit.as_millis(), self.scene()));
                break;
            };
            self.advance(at);
            if self.turns > last_turn {
                self.fail(format!("live-lock: {TURNS_PER_CALL} turns while waiting for: {what}"));
            }
        }
        self.sound()
    }

    /// Runs for a while.
    ///
    /// # Errors
    /// The world's first fault.
    pub fn run_for(&mut self, span: Duration) -> Result<(), Fault> {
        let end = self.now.saturating_add(span.as_micros());
        let last_turn = self.turns.saturating_add(TURNS_PER_CALL);
        while self.fault.is_none()
            && let Some(at) = self.next().filter(|at| *at <= end)
        {
            self.advance(at);
            if self.turns > last_turn {
                self.fail(format!("live-lock: {TURNS_PER_CALL} turns in {} ms", span.as_millis()));
            }
        }
        self.now = self.now.max(end);
        self.sound()
    }

    /// Checks what must hold at any time, recomputing every fingerprint.
    fn sound(&mut self) -> Result<(), Fault> {
        for id in self.ids() {
            if let Some(Err(what)) = self.host_mut(id).map(Host::audit) {
                self.fail_at(id, &what);
            }
        }
        self.fault.clone().map_or(Ok(()), Err)
    }

    /// When the next thing happens.
    fn next(&self) -> Option<u64> {
        let wake = self.hosts.iter().filter_map(|host| host.wake).min();
        let next = match (wake, self.network.next()) {
            (Some(wake), Some(arrival)) => wake.min(arrival),
            (wake, arrival) => wake.or(arrival)?,
        };
        Some(next.max(self.now))
    }

    /// Runs the next event, which is due at `at`.
    fn advance(&mut self, at: u64) {
        if at > self.now {
            self.now = at;
            self.turns_now = 0;
        }
        if self.network.next().is_some_and(|arrival| arrival <= at) {
            if let Some(arrival) = self.network.pop().and_then(|arrival| self.network.hold(arrival)) {
                self.arrive(arrival);
            }
        } else if let Some(id) = self.ids().find(|id| self.host(*id).is_some_and(|host| host.wakes_by(at))) {
            self.turn(id, None);
        }
    }

    fn arrive(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Knock { from, to, listener, asker, reached } => {
                self.knock(from, to, listener, asker, reached);
            }
            Arrival::Open { at, peer } => {
                if let Some(end) = self.network.ends.get_mut(&at).filter(|end| end.life == Life::Asked) {
                    end.life = Life::Open;
                    self.turn(at.0, Some(Input::Opened { link: at.1, peer }));
                }
            }
            Arrival::Bytes { from, count } => {
                let wait = self.weather.merge > 0 && self.random.chance(self.weather.merge);
                if let Some(((host, link), bytes)) = self.network.receive(from, count, wait)
                    && self.network.hears((host, link))
                {
                    self.turn(host, Some(Input::Bytes { link, bytes: &bytes }));
                }
            }
            Arrival::Shut { at, why } => {
                if self.network.remove(at) {
                    self.turn(at.0, Some(Input::Closed { link: at.1, why }));
                }
            }
            Arrival::Kept { host, life, keeping } => self.end_keeping(host, life, keeping),
            Arrival::Datagram { from: _, to, listener, peer, bytes } => {
                self.turn(to, Some(Input::Datagram { listener, peer, bytes: &bytes }));
            }
        }
    }

    /// Accepts a connection at a listening host; it is open at the other end a moment later.
    fn knock(
        &mut self,
        from: Place,
        to: HostId,
        listener: ListenerId,
        asker: SocketAddr,
        reached: SocketAddr,
    ) {
        if !self.network.hears(from) {
            return;
        }
        if self.finished(to).is_some() {
            return self.refuse_knock(from, to);
        }
        let Some(link) = self.host_mut(to).map(Host::accepted) else { return };
        let at = (to, link);
        if let Some(end) = self.network.ends.get_mut(&from) {
            end.peer = Some(at);
        }
        let mut far = End::new(Some(from), Life::Open);
        let opens = self.now.saturating_add(self.travel(to, from.0));
        far.last = opens;
        self.network.ends.insert(at, far);
        let peer = Peer { address: reached, local: asker, listener: None };
        self.network.schedule(opens, Arrival::Open { at: from, peer });
        let peer = Peer { address: asker, local: reached, listener: Some(listener) };
        self.turn(to, Some(Input::Opened { link, peer }));
    }

    /// Refuses a connection to an address at which nobody listens, or leaves it unanswered.
    fn refuse_knock(&mut self, from: Place, to: HostId) {
        if self.silent.get(&to) != Some(&true) {
            let back = self.now.saturating_add(self.travel(to, from.0));
            self.network.schedule(back, Arrival::Shut { at: from, why: Closed::Refused });
        }
    }

    /// Runs one turn of a host, and carries out its actions.
    fn turn(&mut self, id: HostId, input: Option<Input<'_>>) {
        if self.fault.is_some() {
            return;
        }
        let now = self.now;
        self.alarm.set_now(now);
        self.turns = self.turns.wrapping_add(1);
        self.turns_now = self.turns_now.wrapping_add(1);
        let Some(host) = self.host_mut(id).filter(|host| host.outbox.finished.is_none()) else { return };
        let done = host.turn(now, input);
        let wanted = core::mem::take(&mut host.outbox.wanted);
        if let Err(what) = done {
            return self.fail_at(id, &what);
        }
        if let Some(what) = self.alarm.take() {
            return self.fail_at(id, &what);
        }
        if self.turns_now > TURNS_PER_INSTANT {
            return self.fail_at(id, &format!("live-lock: {TURNS_PER_INSTANT} turns and no time has passed"));
        }
        self.oversleep(id);
        for wish in wanted {
            if let Err(what) = self.grant(id, wish) {
                return self.fail_at(id, &what);
            }
        }
        if self.finished(id).is_some() {
            self.leave(id);
        }
    }

    /// Closes what a host that has ended left open.
    fn leave(&mut self, id: HostId) {
        if let Some(host) = self.host_mut(id) {
            host.wake = None;
            host.listens.clear();
        }
        for at in self.network.left_open(id) {
            self.shut(at);
        }
    }

    /// Delays a host's wake-up a little, as operating systems do.
    fn oversleep(&mut self, id: HostId) {
        let late = self.random.between(0, self.weather.oversleep);
        let now = self.now;
        if let Some(host) = self.host_mut(id) {
            host.wake = host.wake.map(|wake| if wake > now { wake.saturating_add(late) } else { wake });
        }
    }

    /// Carries out an action of a machine; an error if the action is not allowed.
    fn grant(&mut self, id: HostId, wish: Wanted) -> Result<(), String> {
        match wish {
            Wanted::Connect(link, address) => {
                if link.number() % 2 != 0 {
                    return Err(format!("asked for {link}: a machine draws even numbers"));
                }
                if !self.asked.insert((id, link)) {
                    return Err(format!("asked for {link} twice: a number is never used again"));
                }
                self.open(id, link, &address);
            }
            Wanted::Write(link, bytes) => match self.network.ends.get(&(id, link)).map(|end| end.life) {
                Some(Life::Open) => self.send_stream((id, link), &bytes),
                Some(Life::HalfOpen(gone)) => self.find_gone((id, link), gone),
                Some(Life::Broken) => {}
                known @ (None | Some(Life::Asked | Life::Closed)) => {
                    return Err(format!("wrote to {link} ({known:?}): {}", bytes.escape_ascii()));
                }
            },
            Wanted::Close(link) => match self.network.ends.get(&(id, link)).map(|end| end.life) {
                Some(Life::Open | Life::Asked | Life::Broken | Life::HalfOpen(_)) => self.shut((id, link)),
                known @ (None | Some(Life::Closed)) => return Err(format!("closed {link} ({known:?})")),
            },
            Wanted::Keep(keeping) => self.keep(id, keeping),
            Wanted::Datagram(listener, peer, bytes) => self.send_udp(id, listener, peer, &bytes)?,
        }
        Ok(())
    }

    fn open(&mut self, id: HostId, link: LinkId, address: &str) {
        let from = (id, link);
        self.network.ends.insert(from, End::new(None, Life::Asked));
        let Some(reached) = self.resolve(address) else {
            let at = self.now.saturating_add(self.weather.latency);
            return self.network.schedule(at, Arrival::Shut { at: from, why: Closed::NameUnknown });
        };
        let dead = self.silent.keys().copied().find(|host| self.ip_of(*host) == Some(reached.ip()));
        if let Some(dead) = dead {
            return self.refuse_knock(from, dead);
        }
        let found = self.listener(Transport::Tcp, reached);
        let there = self.now.saturating_add(self.travel(id, found.map_or(id, |(host, _)| host)));
        let Some((to, listener)) = found else {
            let back = there.saturating_add(self.weather.latency);
            return self.network.schedule(back, Arrival::Shut { at: from, why: Closed::Refused });
        };
        let Some(asker) = self.host_mut(id).map(Host::free_address) else { return };
        self.network.schedule(there, Arrival::Knock { from, to, listener, asker, reached });
    }

    fn send_stream(&mut self, from: Place, bytes: &[u8]) {
        let Some((to, _)) = self.network.ends.get(&from).and_then(|end| end.peer) else { return };
        if self.network.ends.get(&from).is_some_and(|end| end.travelling.len() > QUEUE) {
            return self.give_up_slow(from);
        }
        let weather = self.weather(from.0, to);
        let pieces: Vec<(usize, u64)> = weather
            .pieces(bytes.len(), &mut self.random)
            .into_iter()
            .map(|piece| (piece, weather.travel(&mut self.random)))
            .collect();
        self.network.send(from, bytes, (self.now, weather.per_byte), &pieces);
    }

    /// Handles bytes to a peer that is gone: the connection is reset, if the peer's host is up again.
    fn find_gone(&mut self, from: Place, gone: HostId) {
        if self.silent.get(&gone) != Some(&true)
            && let Some(end) = self.network.ends.get_mut(&from)
        {
            end.life = Life::Broken;
            let back = self.now.saturating_add(self.travel(from.0, gone).saturating_mul(2));
            self.network.schedule(back, Arrival::Shut { at: from, why: Closed::Broken });
        }
    }

    /// Closes a connection whose peer does not read.
    fn give_up_slow(&mut self, from: Place) {
        let Some(end) = self.network.ends.get_mut(&from) else { return };
        end.life = Life::Broken;
        end.travelling.clear();
        let peer = end.peer;
        self.network.schedule(self.now, Arrival::Shut { at: from, why: Closed::TooSlow });
        if let Some(peer) = peer.filter(|peer| self.network.hears(*peer)) {
            if let Some(end) = self.network.ends.get_mut(&peer) {
                end.life = Life::Broken;
            }
            self.network.schedule(self.now, Arrival::Shut { at: peer, why: Closed::Broken });
        }
    }

    /// Closes a connection at one end, after what was written there has arrived.
    fn shut(&mut self, at: Place) {
        let Some(end) = self.network.ends.get_mut(&at) else { return };
        end.life = Life::Closed;
        let last = end.last;
        let Some(peer) = end.peer else {
            self.network.ends.remove(&at);
            return;
        };
        let told = last.max(self.now.saturating_add(self.travel(at.0, peer.0)));
        self.network.schedule(told, Arrival::Shut { at: peer, why: Closed::ByPeer });
    }

    fn send_udp(
        &mut self,
        id: HostId,
        listener: ListenerId,
        peer: SocketAddr,
        bytes: &[u8],
    ) -> Result<(), String> {
        let index = usize::from(listener.index());
        let from = self.host(id).and_then(|host| host.listens.get(index)).map(|listen| listen.address);
        let from = from.ok_or_else(|| format!("sent from socket {index}, which it does not have"))?;
        let Some((to, socket)) = self.listener(Transport::Udp, peer) else { return Ok(()) };
        let weather = self.weather(id, to);
        for delay in weather.datagram(&mut self.random) {
            let at = self.now.saturating_add(delay);
            let bytes = bytes.to_vec();
            self.network
                .schedule(at, Arrival::Datagram { from: id, to, listener: socket, peer: from, bytes });
        }
        Ok(())
    }

    fn fail_at(&mut self, id: HostId, what: &str) {
        let (name, steps) =
            self.host(id).map_or_else(Default::default, |host| (host.name.clone(), host.last_steps(6)));
        self.fail(format!("{name}: {what}\nits last steps:\n{steps}"));
    }

    fn fail(&mut self, what: String) {
        let Self { seed, now, .. } = *self;
        self.fault.get_or_insert(Fault { seed, at: now, what });
    }
}
