//! The gateway: a deterministic machine that consumes SIP and CTI input and returns actions. This module ties its parts
//! together: the user agent (`sip::user_agent`) on one side, remote call control with the pool of CTI connections below
//! it (`rcc::control`) on the other. Neither knows the other. Calls go down into them; their news comes back here and
//! is passed on.
//!
//! | file | subject |
//! |---|---|
//! | `tell` | telling a client something, and answering it |
//! | `monitors` | telling clients of their monitors, and what they bring |
//! | `sleep`, `sessions` | a session's end, and its way to another connection |
//! | `sign_in`, `takeover` | a session's beginning |
//! | `refresh`, `in_session` | requests in a session |
//! | `answers`, `cti` | what phone systems answer, and what else the pool has to say |
//! | `sip` | what the user agent has to say |
//! | `jobs` | work on many sessions, done in portions |
//! | `ending` | drain and stop |
//! | `machine`, `view` | the face every machine has; reading the state |
//!
//! Each file calls only into those above it; this file calls into all of them.

mod answers;
mod cti;
mod ending;
mod in_session;
mod jobs;
mod machine;
mod monitors;
mod refresh;
mod sessions;
mod sign_in;
mod sip;
mod sleep;
mod takeover;
mod tell;
mod view;

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::config::Config;
use crate::cti::csta_link::CstaLink;
use crate::cti::protocol::LinkProtocol;
use crate::entropy::Seed;
use crate::input::{Input, Taken};
use crate::links::Owner;
pub use crate::overview::{ConnectionView, Counters, Overview, SessionView, View};
use crate::phase::Phase;
use crate::rcc::control::Control;
use crate::sip::user_agent::{Leg, UserAgent, on_datagram};
use crate::step::{Shared, Step, TimerKey};
use crate::time::Instant;
use crate::timer::{Deadline, Timers};
use crate::wire::csta::guard::XmlLimits;
use crate::wire::sip::Frame;
use crate::wire::sip::message::Scratch;

/// A session that is carried by a SIP dialog.
type Session = crate::rcc::session::Session<Leg>;

/// The gateway.
pub struct Engine {
    shared: Shared,
    gateway: Gateway,
    /// Room for what is found out about the SIP message at hand. It means nothing between two steps.
    scratch: Scratch,
}

/// The parts of a gateway, apart from what they share.
struct Gateway {
    ua: UserAgent,
    control: Control<Leg>,
    /// When a drain or a stop ends at the latest.
    stop: Deadline,
    /// When the process was last found to have been suspended.
    slept: Option<Instant>,
    /// The last [`Input::Clock`]: when it came, and the time of day that it gave.
    clock: Option<(Instant, u64)>,
    xml_limits: XmlLimits,
    /// The CSTA document being written. It is reused from step to step, and its contents mean nothing between steps.
    body: Vec<u8>,
}

impl Engine {
    /// A gateway with this configuration, whose CTI connections speak CSTA III over TCP. It dials them with the first
    /// [`Input::Tick`].
    #[must_use]
    pub fn new(config: Config, seed: Seed) -> Self {
        Self::with_protocols(config, seed, |config, _| Box::new(CstaLink::new(config)))
    }

    /// Like [`Self::new`], with the link protocols that `protocol` makes: it is called for each connection with the
    /// configuration and the connection's index, from 0.
    #[must_use]
    pub fn with_protocols(
        config: Config,
        seed: Seed,
        protocol: impl FnMut(&Config, u8) -> Box<dyn LinkProtocol>,
    ) -> Self {
        let mut shared = Shared::new(config, seed);
        let Shared { config, timers, .. } = &mut shared;
        let gateway = Gateway {
            ua: UserAgent::new(config),
            control: Control::new(config, seed, timers, protocol),
            stop: Deadline::default(),
            slept: None,
            clock: None,
            xml_limits: XmlLimits::from(&config.limits),
            body: Vec::new(),
        };
        Self { shared, gateway, scratch: Scratch::new() }
    }
}

impl Gateway {
    fn on_input(&mut self, step: &mut Step<'_>, input: Input<'_>, scratch: &mut Scratch) -> Taken {
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
                Some(Owner::Cti(index)) => self.on_cti_opened(step, index),
                Some(Owner::Sip(handle)) => self.ua.links.on_connected(step, handle.cast(), peer),
                None if peer.listener.is_some() => self.ua.links.on_accepted(step, link, peer),
                None => step.actions.close(link),
            },
            Input::Bytes { link, bytes } => {
                taken = Taken(match step.links.owner(link) {
                    Some(Owner::Cti(index)) => self.on_cti_bytes(step, index, bytes),
                    Some(Owner::Sip(handle)) => self.on_sip_bytes(step, handle.cast(), bytes, scratch),
                    None => bytes.len(),
                });
            }
            Input::Closed { link, why } => match step.links.owner(link) {
                Some(Owner::Cti(index)) => self.on_cti_closed(step, index, why),
                Some(Owner::Sip(handle)) => self.ua.links.on_closed(step, handle.cast(), why),
                None => {}
            },
            Input::Datagram { listener, peer, bytes } => {
                if let Some(origin) = on_datagram(step, listener, peer, bytes) {
                    self.on_sip_message(step, origin, Frame::datagram(bytes), scratch);
                }
            }
            Input::Command(command) => self.on_command(step, command),
            Input::Clock { unix_micros } => self.clock = Some((step.now, unix_micros / 1_000_000)),
        }
        self.finish_if_done(step);
        taken
    }

    /// Handles the earliest overdue timer or, if none is due, a portion of the oldest job.
    fn on_tick(&mut self, step: &mut Step<'_>) {
        let Some((at, key)) = step.timers.pop_due(step.now) else {
            self.work(step);
            return;
        };
        if let Some(deadline) = self.deadline_of(key) {
            Timers::<TimerKey>::fired(deadline);
        }
        self.note_lateness(step, at);
        let Self { ua, control, .. } = self;
        match key {
            TimerKey::Server(handle) => ua.on_server_timer(step, handle.cast()),
            TimerKey::Client(handle) => ua.on_client_timer(step, handle.cast()),
            TimerKey::Expiry(session) => self.sign_out(step, session, "not refreshed in time"),
            TimerKey::Refresh(session) => ua.on_refresh_due(step, &mut control.sessions, session),
            TimerKey::Outbox(session) => ua.send_waiting_events(step, &mut control.sessions, session),
            TimerKey::Redial(link) => ua.links.on_redial_due(step, link.cast()),
            TimerKey::Pending(handle) => self.on_service_timeout(step, handle.cast()),
            TimerKey::Connection(index) => self.on_connection_timer(step, index),
            TimerKey::Rebind => control.on_walk_timer(step),
            TimerKey::Stop => self.on_stop_timer(step),
        }
    }

    /// The owner's record of a deadline.
    fn deadline_of(&mut self, key: TimerKey) -> Option<&mut Deadline> {
        let Self { ua, control, stop, .. } = self;
        match key {
            TimerKey::Server(_) | TimerKey::Client(_) | TimerKey::Redial(_) => ua.deadline_of(key),
            TimerKey::Expiry(session) | TimerKey::Refresh(session) | TimerKey::Outbox(session) => {
                control.sessions.get_mut(session)?.carrier.deadline_of(key)
            }
            TimerKey::Pending(handle) => control.pool.request_deadline(handle.cast()),
            TimerKey::Connection(index) => control.pool.deadline(index),
            TimerKey::Rebind => Some(control.walk_deadline()),
            TimerKey::Stop => Some(stop),
        }
    }
}
