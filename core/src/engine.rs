//! The gateway: a deterministic machine that consumes SIP and CTI events and wants actions.
//!
//! The engine's parts know nothing of each other; the files below this one tie them together, one subject each:
//!
//! | file | subject |
//! |---|---|
//! | `links` | SIP connections: framing, access, outbound connections, sending |
//! | `receive` | a SIP message's way to its transaction, dialog and method |
//! | `respond` | answering, at once or later |
//! | `invite` | sign-in, ACK, CANCEL |
//! | `refresh` | re-INVITE and UPDATE |
//! | `takeover` | a re-INVITE in a dialog that was begun at another node |
//! | `in_dialog` | BYE, INFO; OPTIONS |
//! | `services` | what a client asks for by CSTA |
//! | `relay` | what of it goes on to the phone system, by the service's row |
//! | `device_lists` | lists of devices that follow an answer |
//! | `monitoring` | monitors, and the watches that feed them |
//! | `outcome` | what the phone system was asked, and what it answered |
//! | `events` | the phone system's events on their way to clients |
//! | `early` | events that come before the answer that names their monitor |
//! | `requests` | requests of ours inside a dialog: events, BYE, refresh |
//! | `connections` | what the pool of CTI connections has to say, and who is concerned |
//! | `rebind` | moving sessions whose connection failed |
//! | `catch_up` | telling a client what changed while nothing fed its monitor |
//! | `holding` | which connection a session holds to |
//! | `jobs` | what touches many sessions, done in portions |
//! | `overload` | turning away what is too much |
//! | `stops` | watches that nobody needs any more |
//! | `stale` | sessions whose connection was replaced |
//! | `sleep` | a process that stood still, and sessions that expire |
//! | `ending` | drain and stop |
//! | `view` | reading the engine's state |

mod catch_up;
mod connections;
mod device_lists;
mod early;
pub(crate) mod ending;
mod events;
mod holding;
mod in_dialog;
mod invite;
mod jobs;
mod links;
mod monitoring;
mod outcome;
mod overload;
mod rebind;
mod receive;
mod refresh;
mod relay;
mod requests;
mod respond;
mod services;
mod sleep;
mod stale;
mod stops;
mod takeover;
mod view;

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::SocketAddr;

pub use crate::counters::Counters;
pub(crate) use crate::step::{Step, TimerKey};
use ending::Phase;
pub use view::{ConnectionView, Overview, SessionView, View};

use crate::action::Actions;
use crate::config::Config;
use crate::cti::csta_link::CstaLink;
use crate::cti::pool::Pool;
use crate::cti::protocol::LinkProtocol;
use crate::digest::{Digest, Digester};
use crate::entropy::{Entropy, Seed};
use crate::index::Index;
use crate::input::{Input, Listen, Transport};
use crate::links::{Links, Owner};
use crate::machine::{Machine, Taken, Wake, Why};
use crate::rcc::session::{Monitor, Session};
use crate::rcc::watch::Watches;
use crate::sip::transactions::Transactions;
use crate::slots::{Handle, Slots};
use crate::step::Shared;
use crate::time::Instant;
use crate::timer::{Deadline, Timers};
use crate::wire::csta::guard::XmlLimits;

/// Buffers that are reused from step to step; never part of the state.
#[derive(Default)]
struct Buffers {
    /// The lines that every response to the request at hand repeats.
    head: Vec<u8>,
    /// A CSTA document on its way out.
    body: Vec<u8>,
    /// A SIP message on its way out.
    message: Vec<u8>,
    /// How the other side should know us.
    address: Vec<u8>,
    /// Unfolded headers of the message at hand.
    unfolded: crate::wire::sip::message::Scratch,
}

/// The gateway.
pub struct Engine {
    shared: Shared,
    gateway: Gateway,
}

/// What a gateway is made of, beside what all its parts share.
pub(crate) struct Gateway {
    xml_limits: XmlLimits,
    listening: Vec<Option<SocketAddr>>,
    links: links::SipLinks,
    transactions: Transactions<Handle<Session>>,
    sessions: Slots<Session>,
    by_dialog: Index<Session>,
    /// Those whose clients were told that they are gone, by user and line.
    stale: Index<Session>,
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
    phase: Phase,
    stop: Deadline,
    /// When it was last noticed that the process had stood still.
    slept: Option<Instant>,
    /// The time of day as last told, in seconds since 1970, and when that was.
    clock: Option<(Instant, u64)>,
    buffers: Buffers,
}

impl Engine {
    /// A gateway of this configuration, whose CTI connections speak CSTA III over TCP. It dials them with the first
    /// [`Input::Tick`].
    #[must_use]
    pub fn new(config: Config, seed: Seed) -> Self {
        Self::with_protocols(config, seed, |config, _| Box::new(CstaLink::new(config)))
    }

    /// The same, whose CTI connections speak what `protocol` makes for each: it is given the configuration and the
    /// connection's place in the configured order, from 0.
    #[must_use]
    pub fn with_protocols(
        config: Config,
        seed: Seed,
        protocol: impl FnMut(&Config, u8) -> Box<dyn LinkProtocol>,
    ) -> Self {
        let mut timers = Timers::new();
        let gateway = Gateway::new(&config, seed, &mut timers, protocol);
        let shared = Shared {
            config,
            timers,
            entropy: Entropy::new(seed),
            links: Links::default(),
            counters: Counters::default(),
        };
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
            listening: alloc::vec![None; config.sip.tcp.len() + config.sip.udp.len()],
            links: links::SipLinks::new(limits.links),
            transactions: Transactions::new(limits.transactions),
            sessions: Slots::new(limits.sessions),
            by_dialog: Index::default(),
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
            phase: Phase::Running,
            stop: Deadline::default(),
            slept: None,
            clock: None,
            buffers: Buffers::default(),
        }
    }

    fn on_input(&mut self, step: &mut Step<'_>, input: Input<'_>) -> Taken {
        let mut taken = Taken(0);
        match input {
            _ if self.phase == Phase::Terminated => {
                if let Input::Bytes { bytes, .. } = input {
                    taken = Taken(bytes.len());
                }
            }
            Input::Tick => self.on_tick(step),
            Input::Listening { listener, address } => {
                if let Some(place) = self.listening.get_mut(usize::from(listener.place())) {
                    *place = Some(address);
                }
            }
            Input::Opened { link, peer } => match step.links.owner(link) {
                Some(Owner::Cti(place)) => self.on_cti_opened(step, place),
                Some(Owner::Sip(handle)) => self.on_connected(step, handle.cast(), peer),
                None if peer.listener.is_some() => self.on_accepted(step, link, peer),
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
                Some(Owner::Sip(handle)) => self.on_sip_closed(step, handle.cast(), why),
                None => {}
            },
            Input::Datagram { listener, peer, bytes } => self.on_datagram(step, listener, peer, bytes),
            Input::Command(command) => self.on_command(step, command),
            Input::Clock { unix_micros } => self.clock = Some((step.now, unix_micros / 1_000_000)),
        }
        self.finish_if_done(step);
        taken
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
            TimerKey::Server(handle) => self.on_server_timer(step, handle.cast()),
            TimerKey::Client(handle) => self.on_client_timer(step, handle.cast()),
            TimerKey::Expiry(session) => self.on_expiry(step, session.cast()),
            TimerKey::Refresh(session) => self.on_refresh_due(step, session.cast()),
            TimerKey::Outbox(session) => self.send_waiting_events(step, session.cast()),
            TimerKey::Pending(handle) => self.on_service_timeout(step, handle.cast()),
            TimerKey::Connection(place) => self.on_connection_timer(step, place),
            TimerKey::Redial(link) => self.on_redial_due(step, link.cast()),
            TimerKey::Rebind => self.on_rebind_timer(step),
            TimerKey::Stop => self.on_stop_timer(step),
        }
    }

    /// Where the owner of a deadline notes it.
    fn deadline_of(&mut self, key: TimerKey) -> Option<&mut Deadline> {
        match key {
            TimerKey::Server(handle) => {
                self.transactions.server.get_mut(handle.cast()).map(|one| &mut one.deadline)
            }
            TimerKey::Client(handle) => {
                self.transactions.client.get_mut(handle.cast()).map(|one| &mut one.deadline)
            }
            TimerKey::Expiry(handle) => self.sessions.get_mut(handle.cast()).map(|one| &mut one.expiry),
            TimerKey::Refresh(handle) => self.sessions.get_mut(handle.cast()).map(|one| &mut one.refresh),
            TimerKey::Outbox(handle) => self.sessions.get_mut(handle.cast())?.outbox.deadline(),
            TimerKey::Pending(handle) => self.pool.request_deadline(handle.cast()),
            TimerKey::Connection(index) => self.pool.deadline(index),
            TimerKey::Redial(handle) => self.links.slots.get_mut(handle.cast()).map(|one| &mut one.deadline),
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
        if self.gateway.phase == Phase::Terminated {
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
            gateway.links.slots.fold(),
            gateway.transactions.server.fold(),
            gateway.transactions.client.fold(),
            gateway.sessions.fold(),
            gateway.monitors.fold(),
            gateway.watches.slots.fold(),
            gateway.pool.fold(),
        ];
        gateway.digest_with(shared, tables, gateway.held, gateway.links.unlisted())
    }

    fn full_digest(&self) -> u64 {
        let Self { shared, gateway } = self;
        let tables = [
            gateway.links.slots.recompute(),
            gateway.transactions.server.recompute(),
            gateway.transactions.client.recompute(),
            gateway.sessions.recompute(),
            gateway.monitors.recompute(),
            gateway.watches.slots.recompute(),
            gateway.pool.recompute(),
        ];
        gateway.digest_with(shared, tables, gateway.recount_held(), gateway.links.recount_unlisted())
    }

    fn overview(&self) -> Option<Overview> {
        Some(Self::overview(self))
    }
}

impl Gateway {
    /// The fingerprint of everything outside the tables, with theirs. The configuration is constant, the indexes and
    /// the timers follow from the tables, the buffers mean nothing between two steps.
    fn digest_with(&self, shared: &Shared, tables: [u64; 7], held: holding::Held, unlisted: usize) -> u64 {
        let Shared { config: _, timers, entropy, links: owners, counters } = shared;
        let Self {
            xml_limits: _,
            listening,
            links,
            transactions: _,
            sessions: _,
            by_dialog,
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
            phase,
            stop,
            slept,
            clock,
            buffers: _,
        } = self;
        let mut digester = Digester::new();
        for table in tables {
            digester.number(table);
        }
        digester.value(entropy);
        digester.value(&timers.len());
        crate::digest::sequence(&mut digester, listening.iter());
        digester.number(owners.last_drawn());
        digester.value(&links.reached_at());
        digester.value(&unlisted);
        digester.value(&by_dialog.len());
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
