//! The gateway: a deterministic machine that consumes SIP and CTI events and wants actions.
//!
//! The engine's parts know nothing of each other; the files below this one tie them together, one subject each:
//!
//! | file | subject |
//! |---|---|
//! | `tell` | answering with CSTA |
//! | `invite` | sign-in |
//! | `refresh` | re-INVITE and UPDATE |
//! | `takeover` | a re-INVITE in a dialog that was begun at another node |
//! | `in_dialog` | requests in a session; INFO |
//! | `sessions` | the end of a session |
//! | `services` | what a client asks for by CSTA |
//! | `relay` | what of it goes on to the phone system, by the service's row |
//! | `device_lists` | lists of devices that follow an answer |
//! | `monitoring` | monitors, and the watches that feed them |
//! | `outcome` | what the phone system was asked, and what it answered |
//! | `events` | the phone system's events on their way to clients |
//! | `early` | events that come before the answer that names their monitor |
//! | `connections` | what the pool of CTI connections has to say, and who is concerned |
//! | `rebind` | moving sessions whose connection failed |
//! | `catch_up` | telling a client what changed while nothing fed its monitor |
//! | `holding` | which connection a session holds to |
//! | `jobs` | what touches many sessions, done in portions |
//! | `stops` | watches that nobody needs any more |
//! | `stale` | sessions whose connection was replaced |
//! | `sleep` | a process that stood still, and sessions that expire |
//! | `ending` | drain and stop |
//! | `view` | reading the engine's state |

mod catch_up;
mod connections;
mod device_lists;
mod early;
mod ending;
mod events;
mod holding;
mod in_dialog;
mod invite;
mod jobs;
mod monitoring;
mod outcome;
mod rebind;
mod refresh;
mod relay;
mod services;
mod sessions;
mod sleep;
mod stale;
mod stops;
mod takeover;
mod tell;
mod view;

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::SocketAddr;

pub(crate) use crate::step::{Step, TimerKey};

use crate::action::Actions;
use crate::config::Config;
use crate::cti::csta_link::CstaLink;
use crate::cti::pool::Pool;
use crate::cti::protocol::LinkProtocol;
use crate::digest::{Digest, Digester};
use crate::entropy::{Entropy, Seed};
use crate::index::Index;
use crate::input::{Input, Listen, Taken, Transport};
use crate::links::Owner;
use crate::machine::{Machine, Wake, Why};
pub use crate::overview::{ConnectionView, Counters, Overview, SessionView, View};
use crate::phase::Phase;
use crate::rcc::session::{Carrier, Monitor};
use crate::rcc::sessions::Sessions;
use crate::rcc::watch::Watches;
use crate::sip::user_agent::{Leg, Legs, News, Origin, Read, UserAgent, on_datagram};
use crate::slots::{AnyHandle, Handle, Slots};
use crate::step::{AnySession, SessionId, Shared};
use crate::time::Instant;
use crate::timer::{Deadline, Timers};
use crate::wire::csta::guard::XmlLimits;
use crate::wire::sip::message::Scratch;
use crate::wire::sip::{Limits, Message};

/// A session that is carried by a SIP dialog.
type Session = crate::rcc::session::Session<Leg>;

/// The gateway.
pub struct Engine {
    shared: Shared,
    gateway: Gateway,
}

/// What a gateway is made of, beside what all its parts share.
pub(crate) struct Gateway {
    xml_limits: XmlLimits,
    ua: UserAgent,
    sessions: Sessions<Leg>,
    /// Those whose clients were told that they are gone, by user and line.
    stale: Index<AnySession>,
    monitors: Slots<Monitor>,
    watches: Watches,
    stops: stops::Stops,
    pool: Pool<outcome::Ticket>,
    /// How many sessions hold to each connection.
    held: holding::Held,
    early: early::EarlyEvents,
    device_lists: device_lists::DeviceLists,
    jobs: VecDeque<jobs::Job>,
    /// The monitors whose clients a job tells what changed.
    to_be_told: VecDeque<Handle<Monitor>>,
    rebind: crate::cti::rebind::Rebind,
    rebind_deadline: Deadline,
    stop: Deadline,
    /// When it was last noticed that the process had stood still.
    slept: Option<Instant>,
    /// The time of day as last told, in seconds since 1970, and when that was.
    clock: Option<(Instant, u64)>,
    /// Unfolded headers of the message at hand. Like the other buffer it is reused from step to step and means nothing
    /// between two.
    unfolded: Scratch,
    /// A CSTA document on its way out.
    body: Vec<u8>,
}

impl Engine {
    /// A gateway of this configuration, whose CTI connections speak CSTA III over TCP. It dials them with the first
    /// [`Input::Tick`].
    #[must_use]
    pub fn new(config: Config, seed: Seed) -> Self {
        Self::with_protocols(config, seed, |config, _| Box::new(CstaLink::new(config)))
    }

    /// The same, whose CTI connections speak what `protocol` makes for each: it is given the configuration and the
    /// connection's index in the configured order, from 0.
    #[must_use]
    pub fn with_protocols(
        config: Config,
        seed: Seed,
        protocol: impl FnMut(&Config, u8) -> Box<dyn LinkProtocol>,
    ) -> Self {
        let mut shared = Shared::new(config, seed);
        let gateway = Gateway::new(&shared.config, seed, &mut shared.timers, protocol);
        Self { shared, gateway }
    }
}

impl Gateway {
    fn new(
        config: &Config,
        seed: Seed,
        timers: &mut Timers<TimerKey>,
        protocol: impl FnMut(&Config, u8) -> Box<dyn LinkProtocol>,
    ) -> Self {
        let limits = &config.limits;
        let monitors = limits.sessions.saturating_mul(limits.monitors_per_session);
        Self {
            xml_limits: XmlLimits::from(limits),
            ua: UserAgent::new(config),
            sessions: Sessions::new(limits.sessions),
            stale: Index::default(),
            monitors: Slots::new(monitors),
            watches: Watches::new(monitors, Entropy::new(seed)),
            stops: stops::Stops::default(),
            pool: Pool::new(config, timers, protocol),
            held: holding::Held::default(),
            early: early::EarlyEvents::default(),
            device_lists: device_lists::DeviceLists::default(),
            jobs: VecDeque::new(),
            to_be_told: VecDeque::new(),
            rebind: crate::cti::rebind::Rebind::IDLE,
            rebind_deadline: Deadline::default(),
            stop: Deadline::default(),
            slept: None,
            clock: None,
            unfolded: Scratch::default(),
            body: Vec::new(),
        }
    }

    fn on_input(&mut self, step: &mut Step<'_>, input: Input<'_>) -> Taken {
        let mut taken = Taken(0);
        match input {
            _ if *step.phase == Phase::Terminated => {
                if let Input::Bytes { bytes, .. } = input {
                    taken = Taken(bytes.len());
                }
            }
            Input::Tick => self.on_tick(step),
            Input::Listening { listener, address } => self.ua.links.on_listening(listener, address),
            Input::Opened { link, peer } => match step.links.owner(link) {
                Some(Owner::Cti(place)) => self.on_cti_opened(step, place),
                Some(Owner::Sip(handle)) => self.ua.links.on_connected(step, handle.cast(), peer),
                None if peer.listener.is_some() => self.ua.links.on_accepted(step, link, peer),
                None => step.actions.close(link),
            },
            Input::Bytes { link, bytes } => {
                taken = Taken(match step.links.owner(link) {
                    Some(Owner::Cti(place)) => self.on_cti_bytes(step, place, bytes),
                    Some(Owner::Sip(handle)) => self.on_sip_bytes(step, handle.cast(), bytes),
                    None => bytes.len(),
                });
            }
            Input::Closed { link, why } => match step.links.owner(link) {
                Some(Owner::Cti(place)) => self.on_cti_closed(step, place, why),
                Some(Owner::Sip(handle)) => self.ua.links.on_closed(step, handle.cast(), why),
                None => {}
            },
            Input::Datagram { listener, peer, bytes } => {
                if let Some(origin) = on_datagram(step, listener, peer, bytes) {
                    self.on_sip_message(step, origin, bytes);
                }
            }
            Input::Command(command) => self.on_command(step, command),
            Input::Clock { unix_micros } => self.clock = Some((step.now, unix_micros / 1_000_000)),
        }
        self.finish_if_done(step);
        taken
    }

    /// Bytes of a SIP link: at most one message. Its reader is checked out while the message is read.
    fn on_sip_bytes(&mut self, step: &mut Step<'_>, handle: AnyHandle, bytes: &[u8]) -> usize {
        let Some(mut reader) = self.ua.links.check_out(handle.cast()) else { return bytes.len() };
        let origin = reader.origin;
        let (taken, read) = reader.read(step, bytes);
        let ends = match read {
            Read::Nothing => false,
            Read::Ends => true,
            Read::Message(message, is_last) => {
                self.on_sip_message(step, origin, message);
                is_last
            }
        };
        if self.ua.links.check_in(step, reader, ends) { bytes.len() } else { taken }
    }

    fn on_sip_message(&mut self, step: &mut Step<'_>, origin: Origin, bytes: &[u8]) {
        let mut unfolded = core::mem::take(&mut self.unfolded);
        let limits = Limits { headers: step.config.limits.headers, head: step.config.limits.message_bytes };
        // By reference: a message is too large to be moved about.
        match &Message::parse(bytes, &mut unfolded, limits) {
            Ok(message) => {
                let news = self.ua.on_message(step, &mut self.sessions, origin, message);
                self.on_sip_news(step, &news);
            }
            Err(error) => {
                step.counters.messages_discarded += 1;
                step.discard(&origin.peer, error);
            }
        }
        self.unfolded = unfolded;
    }

    fn on_sip_news(&mut self, step: &mut Step<'_>, news: &News<'_>) {
        match news {
            News::Nothing => {}
            News::SignIn(received) => self.on_sign_in(step, received),
            News::Takeover(received, tag) => self.on_takeover(step, received, tag),
            News::InSession(received, session) => self.on_in_session(step, received, *session),
            News::Over(session, why) => self.end_session(step, *session, why),
        }
    }

    /// Handles the earliest overdue timer, or else a portion of the oldest job.
    fn on_tick(&mut self, step: &mut Step<'_>) {
        let Some((at, key)) = step.timers.pop_due(step.now) else {
            self.work(step);
            return;
        };
        if let Some(deadline) = self.deadline_of(key) {
            Timers::<TimerKey>::fired(deadline);
        }
        self.note_lateness(step, at);
        match key {
            TimerKey::Server(handle) => self.ua.on_server_timer(step, handle.cast()),
            TimerKey::Client(handle) => self.ua.on_client_timer(step, handle.cast()),
            TimerKey::Expiry(session) => self.on_expiry(step, session),
            TimerKey::Refresh(session) => self.ua.on_refresh_due(step, &mut self.sessions, session),
            TimerKey::Outbox(session) => self.ua.send_waiting_events(step, &mut self.sessions, session),
            TimerKey::Pending(handle) => self.on_service_timeout(step, handle.cast()),
            TimerKey::Connection(place) => self.on_connection_timer(step, place),
            TimerKey::Redial(link) => self.ua.links.on_redial_due(step, link.cast()),
            TimerKey::Rebind => self.on_rebind_timer(step),
            TimerKey::Stop => self.on_stop_timer(step),
        }
    }

    /// Where the owner of a deadline notes it.
    fn deadline_of(&mut self, key: TimerKey) -> Option<&mut Deadline> {
        match key {
            TimerKey::Server(handle) => {
                self.ua.transactions.server.get_mut(handle.cast()).map(|one| &mut one.deadline)
            }
            TimerKey::Client(handle) => {
                self.ua.transactions.client.get_mut(handle.cast()).map(|one| &mut one.deadline)
            }
            TimerKey::Expiry(handle) => self.sessions.leg_mut(handle).map(|leg| &mut leg.expiry),
            TimerKey::Refresh(handle) => self.sessions.leg_mut(handle).map(|leg| &mut leg.refresh),
            TimerKey::Outbox(handle) => self.sessions.leg_mut(handle)?.outbox.deadline(),
            TimerKey::Pending(handle) => self.pool.request_deadline(handle.cast()),
            TimerKey::Connection(index) => self.pool.deadline(index),
            TimerKey::Redial(handle) => {
                self.ua.links.slots.get_mut(handle.cast()).map(|one| &mut one.deadline)
            }
            TimerKey::Rebind => Some(&mut self.rebind_deadline),
            TimerKey::Stop => Some(&mut self.stop),
        }
    }
}

impl Machine for Engine {
    fn listens(&self) -> Vec<Listen> {
        let named = |transport, key: &str, addresses: &[SocketAddr]| {
            addresses
                .iter()
                .map(|address| Listen { transport, address: *address, key: String::from(key) })
                .collect::<Vec<_>>()
        };
        let mut listens = named(Transport::Tcp, "sip.tcp", &self.shared.config.sip.tcp);
        listens.extend(named(Transport::Udp, "sip.udp", &self.shared.config.sip.udp));
        listens
    }

    fn step(&mut self, now: Instant, input: Input<'_>, actions: &mut Actions) -> Taken {
        let Self { shared, gateway } = self;
        gateway.on_input(&mut shared.step(now, actions), input)
    }

    fn next_wake(&self) -> Option<Wake> {
        if self.shared.phase == Phase::Terminated {
            return None;
        }
        if !self.gateway.jobs.is_empty() {
            return Some(Wake { at: Instant::ZERO, why: Why::Backlog });
        }
        self.shared.timers.next().map(|(at, key)| Wake { at, why: Why::Timer(key.name()) })
    }

    fn digest(&mut self) -> u64 {
        let Self { shared, gateway } = self;
        let tables = [
            gateway.ua.links.slots.fold(),
            gateway.ua.transactions.server.fold(),
            gateway.ua.transactions.client.fold(),
            gateway.sessions.fold(),
            gateway.monitors.fold(),
            gateway.watches.slots.fold(),
            gateway.pool.fold(),
        ];
        gateway.digest_with(shared, tables, gateway.held, gateway.ua.links.unlisted())
    }

    fn full_digest(&self) -> u64 {
        let Self { shared, gateway } = self;
        let tables = [
            gateway.ua.links.slots.recompute(),
            gateway.ua.transactions.server.recompute(),
            gateway.ua.transactions.client.recompute(),
            gateway.sessions.recompute(),
            gateway.monitors.recompute(),
            gateway.watches.slots.recompute(),
            gateway.pool.recompute(),
        ];
        gateway.digest_with(shared, tables, gateway.recount_held(), gateway.ua.links.recount_unlisted())
    }

    fn overview(&self) -> Option<Overview> {
        Some(Self::overview(self))
    }
}

impl Gateway {
    /// The fingerprint of everything outside the tables, with theirs. The configuration is constant, the indexes and
    /// the timers follow from the tables, the buffers mean nothing between two steps.
    fn digest_with(&self, shared: &Shared, tables: [u64; 7], held: holding::Held, unlisted: usize) -> u64 {
        let Shared { config: _, timers, entropy, links: owners, counters, phase } = shared;
        let Self {
            xml_limits: _,
            ua,
            sessions: _,
            stale,
            monitors: _,
            watches: _,
            stops,
            pool,
            held: _counted,
            early,
            device_lists,
            jobs,
            to_be_told,
            rebind,
            rebind_deadline,
            stop,
            slept,
            clock,
            unfolded: _,
            body: _,
        } = self;
        let mut digester = Digester::new();
        for table in tables {
            digester.number(table);
        }
        digester.value(entropy);
        digester.value(&timers.len());
        digester.number(owners.last_drawn());
        ua.links.digest_rest(&mut digester);
        digester.value(&unlisted);
        digester.value(&ua.dialogs());
        digester.value(&stale.len());
        digester.value(stops);
        digester.value(pool);
        digester.value(early);
        digester.value(device_lists);
        crate::digest::sequence(&mut digester, jobs.iter());
        crate::digest::sequence(&mut digester, to_be_told.iter());
        digester.value(rebind);
        digester.value(rebind_deadline);
        digester.text(phase.name());
        stop.digest(&mut digester);
        digester.value(slept);
        digester.value(&clock.map(|(at, _)| at));
        digester.value(&clock.map(|(_, seconds)| seconds));
        digester.value(counters);
        crate::digest::sequence(&mut digester, held.iter());
        digester.finish()
    }
}

impl Carrier for Leg {
    fn line(&self) -> &str {
        self.dialog.line()
    }

    fn set_line(&mut self, line: &str) {
        self.dialog.set_line(line);
    }

    fn user(&self) -> &str {
        self.dialog.user()
    }

    fn base(&self) -> &str {
        self.dialog.local_tag()
    }

    fn is_established(&self) -> bool {
        self.phase == crate::sip::user_agent::Phase::Established
    }
}

impl Legs for Sessions<Leg> {
    fn leg(&self, session: SessionId) -> Option<&Leg> {
        self.get(session).map(|session| &session.carrier)
    }

    fn leg_mut(&mut self, session: SessionId) -> Option<&mut Leg> {
        self.get_mut(session).map(|session| &mut session.carrier)
    }
}
