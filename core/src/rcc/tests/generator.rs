//! A run, drawn from a seed: a few storms of random events, each followed by calm; then all clients sign out.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt::Write as _;

use super::client::Client;
use super::driver::Driver;
use super::line_protocol::Lines;
use super::phone_systems::{LINES, PhoneSystems, SYSTEMS};
use super::random::Random;
use crate::action::{Action, Actions};
use crate::config::Config;
use crate::digest::Digester;
use crate::entropy::Seed;
use crate::rcc::control::Control;
use crate::rcc::session::Carrier as _;
use crate::rcc::walk::State;
use crate::setting::read_line;
use crate::step::{Shared, Step};
use crate::time::{Duration, Instant};

/// How many storms a run has, and how many events each.
const STORMS: usize = 3;
const STORM: usize = 90;

/// How many lines of a story are reported.
const LAST: usize = 120;

/// How long it may take to come to rest.
const PATIENCE: Duration = Duration::from_secs(400);

/// Runs a seed. Returns a digest of all states, or what went wrong.
pub(super) fn run(seed: u64) -> Result<u64, String> {
    Run::new(seed).through()
}

/// Returns the end of the story of a seed.
pub(super) fn story(seed: u64) -> String {
    let mut run = Run::new(seed);
    run.driver.desks.story = Some(Vec::new());
    let _ = run.through();
    let story = run.driver.desks.story.unwrap_or_default();
    story[story.len().saturating_sub(LAST)..].join("\n")
}

struct Run {
    random: Random,
    shared: Shared,
    actions: Actions,
    now: Instant,
    driver: Driver,
    systems: PhoneSystems,
    /// Digests all states so far.
    digester: Digester,
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let connections = 2 + random.below(3);
        let recovery = if random.once_in(2) { "rebind" } else { "reinvite" };
        let mut text = format!("sip.tcp = [\"127.0.0.1:5060\"]\ncti.recovery = \"{recovery}\"\n");
        text.push_str("cti.session = \"none\"\ncti.service_timeout = 6\ncti.reconnect_max = 4\n");
        for connection in 0..connections {
            writeln!(text, "cti.connection[{connection}].address = \"pbx{connection}:1\"").unwrap();
            writeln!(text, "cti.connection[{connection}].switch = \"system{}\"", connection % SYSTEMS)
                .unwrap();
        }
        let settings: Vec<_> = text.lines().map(|line| read_line(line).unwrap()).collect();
        let mut shared = Shared::new(Config::from_settings(&settings).unwrap(), Seed::from_number(seed));
        let Shared { config, timers, .. } = &mut shared;
        let control = Control::new(config, Seed::from_number(seed), timers, |_, _| Box::<Lines>::default());
        let clients = (0..=random.below(3)).map(|_| {
            let line = random.below(LINES.len());
            Client::new(line, random.once_in(3))
        });
        let clients = clients.collect();
        let systems = PhoneSystems::new(connections, &mut random);
        let driver = Driver::new(control, clients);
        Self {
            random,
            shared,
            actions: Actions::new(),
            now: Instant::ZERO,
            driver,
            systems,
            digester: Digester::new(),
        }
    }

    fn through(&mut self) -> Result<u64, String> {
        self.calm()?;
        for storm in 0..STORMS {
            for step in 0..STORM {
                self.happen();
                self.check().map_err(|why| format!("storm {storm}, step {step}: {why}"))?;
            }
            self.calm().and_then(|()| self.compare()).map_err(|why| format!("after storm {storm}: {why}"))?;
        }
        self.end().map_err(|why| format!("at the end: {why}"))?;
        Ok(self.digester.finish())
    }

    /// Lets the driver do something, and carries out its actions.
    fn act<R>(&mut self, act: impl FnOnce(&mut Driver, &mut Step<'_>) -> R) -> R {
        let Self { shared, actions, now, driver, systems, .. } = self;
        actions.clear();
        let result = act(driver, &mut shared.step(*now, actions));
        for action in actions.iter() {
            match action {
                Action::Connect { link, address } => {
                    let connection: usize =
                        address.trim_start_matches("pbx").trim_end_matches(":1").parse().unwrap();
                    systems.connections[connection].link = Some(link);
                }
                Action::Write { link, bytes } => {
                    if let Some(connection) = systems.connection_of(link) {
                        driver
                            .note(|| format!("   > {connection}: {}", core::str::from_utf8(bytes).unwrap()));
                        systems.on_written(connection, core::str::from_utf8(bytes).unwrap());
                    }
                }
                Action::Close { link } => {
                    if let Some(connection) = systems.connection_of(link) {
                        systems.close(connection);
                    }
                }
                Action::Notify(notice) => driver.note(|| format!("   {} {}", notice.name, notice.fields)),
                Action::WriteSecret { .. }
                | Action::SendDatagram { .. }
                | Action::Print { .. }
                | Action::Persist { .. }
                | Action::Reply { .. }
                | Action::Finish { .. } => {
                    panic!("remote call control has no such action: {action:?}")
                }
            }
        }
        result
    }

    fn check(&mut self) -> Result<(), String> {
        self.digester.number(self.driver.digest());
        match self.driver.desks.broken.first() {
            Some(why) => Err(why.clone()),
            None => Ok(()),
        }
    }

    /// Delivers the next line from a phone system. Returns false if there is none.
    fn deliver(&mut self, connection: usize) -> bool {
        let Some(line) = self.systems.connections[connection].queue.pop_front() else { return false };
        self.driver.note(|| format!("{:?} < {connection}: {line}", self.now));
        let mut words = line.split(' ');
        if let (Some("started"), Some(_), Some(name)) = (words.next(), words.next(), words.next()) {
            self.driver.desks.quiet = self.systems.began_quietly(connection, name);
            self.driver.desks.prefers_asking = self.random.once_in(2);
        }
        let index = u8::try_from(connection).unwrap();
        self.act(|driver, step| driver.on_line(step, index, &line));
        true
    }

    /// Lets a phone system accept a link. Returns false if the gateway has not dialled, or it is accepted already.
    fn open(&mut self, connection: usize) -> bool {
        let one = &mut self.systems.connections[connection];
        if one.open || one.link.is_none() {
            return false;
        }
        one.open = true;
        let index = u8::try_from(connection).unwrap();
        self.act(|driver, step| driver.on_opened(step, index));
        true
    }

    fn tick(&mut self) -> bool {
        self.act(Driver::tick)
    }

    /// Makes one random event happen.
    fn happen(&mut self) {
        let connection = self.random.below(self.systems.connections.len());
        let client = self.random.below(self.driver.desks.clients.len());
        let (system, line) = (self.random.below(SYSTEMS), self.random.below(LINES.len()));
        match self.random.below(100) {
            0..24 => {
                for _ in 0..=self.random.below(3) {
                    self.deliver(connection);
                }
            }
            24..44 => self.systems.deal_with_one(&mut self.random, false),
            44..57 => {
                for _ in 0..=self.random.below(4) {
                    self.systems.change(&mut self.random, (system, line), true);
                }
            }
            57..67 => while self.tick() && !self.random.once_in(4) {},
            67..72 => self.use_session(client),
            72..79 => self.ask_for_calls(client),
            79..83 => self.act(|driver, step| driver.refresh(step, client)),
            83..88 => {
                for _ in 0..=self.random.below(4) {
                    self.driver.receive(client);
                }
            }
            88..91 => {
                self.open(connection);
            }
            91..94 => {
                // Now and then longer than an answer may take.
                let most = if self.random.once_in(6) { 9_000 } else { 1_500 };
                self.now = self.now + Duration::from_millis(u64::try_from(self.random.below(most)).unwrap());
            }
            94..96 => self.close(connection),
            96 => self.systems.lose_events(&mut self.random, system),
            97 => self.systems.stop_monitor(&mut self.random),
            _ => {
                if let Some(connection) = self.systems.send_strays(&mut self.random) {
                    while self.deliver(connection) {}
                }
            }
        }
    }

    fn ask_for_calls(&mut self, client: usize) {
        self.systems.clients_ask = true;
        self.act(|driver, step| driver.ask_for_calls(step, client));
        self.systems.clients_ask = false;
    }

    fn close(&mut self, connection: usize) {
        if self.systems.connections[connection].open {
            self.systems.close(connection);
            let index = u8::try_from(connection).unwrap();
            self.act(|driver, step| driver.on_closed(step, index));
        }
    }

    /// Lets a client do something with its session.
    fn use_session(&mut self, client: usize) {
        let one = &self.driver.desks.clients[client];
        let monitors = one.monitors.len() + one.starting;
        let is_established = self.random.once_in(3);
        match (one.session, self.random.below(8)) {
            (None, _) => self.act(|driver, step| driver.sign_in(step, client, is_established)),
            (Some(session), 0..=2) => self.act(|driver, step| driver.accept(step, session)),
            (Some(_), 3..=5) if monitors < 2 => self.act(|driver, step| driver.start_monitor(step, client)),
            (Some(_), 6) => self.act(|driver, step| driver.stop_monitor(step, client)),
            (Some(_), 7) if self.random.once_in(4) => self.act(|driver, step| driver.sign_out(step, client)),
            (Some(_), _) => {}
        }
    }

    /// Lets everything be answered, delivered and done until it comes to rest.
    fn calm(&mut self) -> Result<(), String> {
        let end = self.now + PATIENCE;
        loop {
            while self.settle() {
                self.check()?;
            }
            if self.is_at_rest() {
                return Ok(());
            }
            let next = self.shared.timers.next().map(|(at, _)| at).filter(|at| *at < end);
            self.now = self.now.max(next.ok_or_else(|| self.unrest())?);
        }
    }

    /// Does one round of what can be done at once. Returns false if there was nothing.
    fn settle(&mut self) -> bool {
        let mut moved = false;
        for connection in 0..self.systems.connections.len() {
            moved |= self.open(connection);
            moved |= self.deliver(connection);
        }
        if self.systems.has_requests() {
            self.systems.deal_with_one(&mut self.random, true);
            moved = true;
        }
        moved |= self.tick();
        for client in 0..self.driver.desks.clients.len() {
            moved |= !self.driver.desks.clients[client].under_way.is_empty();
            self.driver.receive(client);
            let one = &self.driver.desks.clients[client];
            let Some(session) = one.session else { continue };
            let (wants, is_served) = (one.has_to_ask, self.driver.control.link_of(session).is_ok());
            if !is_served {
                self.act(|driver, step| driver.refresh(step, client));
                moved |= self.driver.control.link_of(session).is_ok();
            } else if wants && self.driver.desks.unanswered() == 0 {
                self.act(|driver, step| driver.accept(step, session));
                self.ask_for_calls(client);
                moved = true;
            }
        }
        moved
    }

    fn is_at_rest(&self) -> bool {
        let control = &self.driver.control;
        let is_served = control.pool.connections().all(|one| one.state.is_in_service());
        is_served && control.walker.state() == State::Idle && control.pool.requests().is_empty()
    }

    fn unrest(&self) -> String {
        let walker = self.driver.control.walker.state().name();
        let requests = self.driver.control.pool.requests().len();
        format!("it never comes to rest: the walk is {walker}, {requests} requests are under way")
    }

    /// Checks that each client knows exactly the calls that exist.
    fn compare(&self) -> Result<(), String> {
        let control = &self.driver.control;
        for (number, client) in self.driver.desks.clients.iter().enumerate() {
            let Some(session) = client.session else { continue };
            if !control.sessions.get(session).is_some_and(|one| one.carrier.is_established()) {
                continue;
            }
            let link = control.link_of(session).map_err(|error| error.to_string())?;
            let truth = self.systems.truth(usize::from(link.index()) % SYSTEMS, client.line);
            if let Some(one) = client.monitors.iter().find(|one| !one.is_right(&truth)) {
                let believed = &one.calls;
                return Err(format!("client {number} believes in {believed:?}, and there are {truth:?}"));
            }
        }
        Ok(())
    }

    /// Signs all clients out, and checks that nothing is left.
    fn end(&mut self) -> Result<(), String> {
        self.driver.sign_all_out();
        self.calm()?;
        let control = &self.driver.control;
        let left = [
            control.sessions.len(),
            control.monitors.len(),
            control.switch_monitors.slots.len(),
            control.pool.requests().len(),
            control.early.len(),
            control.jobs.len(),
            control.to_be_told.len(),
            self.driver.desks.unanswered(),
            self.systems.monitors(),
        ];
        if left.iter().any(|count| *count > 0) { Err(format!("something is left: {left:?}")) } else { Ok(()) }
    }
}
