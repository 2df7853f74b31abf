//! The gateway: a deterministic machine that consumes SIP and CTI input and returns actions. This module ties its two
//! sides together: CSTA in SIP dialogs (`uacsta`), and remote call control with the pool of CTI connections below it
//! (`rcc::control`). Each input, timer and portion of a job goes to the side that it belongs to.
//!
//! | file | subject |
//! |---|---|
//! | `ending` | drain and stop |
//! | `selecting` | users' choices of the line appearance that they control |
//! | `reloading` | changing configuration and directory |
//! | `machine`, `view`, `sessions`, `explaining` | the face every machine has; reading the state |

mod ending;
mod explaining;
mod machine;
mod reloading;
mod selecting;
mod sessions;
mod view;

use alloc::boxed::Box;
use alloc::sync::Arc;

use crate::config::Config;
use crate::cti::protocol::LinkProtocol;
use crate::entropy::Seed;
use crate::input::{Input, Taken};
use crate::line::directory::Directory;
use crate::links::Owner;
pub use crate::overview::{
    BoundTo, MOST_VISITED, SessionDetails, SessionPortion, SessionQuestion, ShownCall, ShownMonitor,
    ShownRefusal, ShownSession, ShownSource, Sought,
};
pub use crate::overview::{ConnectionView, Counters, Overview, Selection, SessionView, View};
use crate::phase::Phase;
use crate::rcc::control::Control;
use crate::sip::user_agent::Leg;
use crate::step::{Shared, Step, TimerKey};
use crate::time::Instant;
use crate::timer::{Deadline, Timers};
use crate::uacsta::Uacsta;
use crate::wire::sip::message::Scratch;

/// The gateway.
pub struct Engine {
    shared: Shared,
    gateway: Gateway,
    /// Room for what is found out about the SIP message at hand. It means nothing between two steps.
    scratch: Scratch,
}

/// The parts of a gateway, apart from what they share.
struct Gateway {
    uacsta: Uacsta,
    control: Control<Leg>,
    /// When a drain or a stop ends at the latest.
    stop: Deadline,
    /// Since when it is in its phase.
    since: Instant,
}

impl Engine {
    /// A gateway with this configuration, whose CTI connections speak CSTA III over TCP. It dials them with the first
    /// [`Input::Tick`].
    #[must_use]
    pub fn new(config: Config, seed: Seed) -> Self {
        Self::with_protocols(config, seed, crate::cti::protocol)
    }

    /// The same gateway, in which users control the lines that they may control by this directory, and no others.
    #[must_use]
    pub fn with_directory(mut self, directory: Arc<Directory>) -> Self {
        self.shared.directory = Some(directory);
        self
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
            uacsta: Uacsta::new(config),
            control: Control::new(config, seed, timers, protocol),
            stop: Deadline::default(),
            since: Instant::ZERO,
        };
        Self { shared, gateway, scratch: Scratch::new() }
    }
}

impl Gateway {
    fn on_input(&mut self, step: &mut Step<'_>, input: Input<'_>, scratch: &mut Scratch) -> Taken {
        if *step.phase == Phase::Terminated {
            return Taken(if let Input::Bytes { bytes, .. } = input { bytes.len() } else { 0 });
        }
        let Self { uacsta, control, .. } = self;
        let mut taken = 0;
        match input {
            Input::Tick => self.on_tick(step),
            Input::Listening { listener, address } => uacsta.ua.links.on_listening(listener, address),
            Input::Opened { link, peer } => match step.links.owner(link) {
                Some(Owner::Cti(index)) => control.on_opened(step, uacsta, index),
                Some(Owner::Sip(handle)) => uacsta.ua.links.on_connected(step, handle.cast(), peer),
                None if peer.listener.is_some() => uacsta.ua.links.on_accepted(step, link, peer),
                None => step.actions.close(link),
            },
            Input::Bytes { link, bytes } => {
                taken = match step.links.owner(link) {
                    Some(Owner::Cti(index)) => control.on_bytes(step, uacsta, index, bytes),
                    Some(Owner::Sip(handle)) => uacsta.on_bytes(step, control, (handle, bytes), scratch),
                    None => bytes.len(),
                };
            }
            Input::Closed { link, why } => match step.links.owner(link) {
                Some(Owner::Cti(index)) => control.on_closed(step, uacsta, index, why),
                Some(Owner::Sip(handle)) => uacsta.ua.links.on_closed(step, handle.cast(), why),
                None => {}
            },
            Input::Datagram { listener, peer, bytes } => {
                uacsta.on_datagram(step, control, (listener, peer, bytes), scratch);
            }
            Input::Command { token, command } => self.on_command(step, token, command),
            Input::Persisted { token, result } => self.on_persisted(step, token, result),
            Input::Restored { key, value } => self.on_restored(step, key, value),
            Input::Clock { unix_micros } => uacsta.set_clock(step.now, unix_micros),
        }
        self.finish_if_done(step);
        Taken(taken)
    }

    /// Handles the earliest overdue timer or, if none is due, a portion of the oldest job.
    fn on_tick(&mut self, step: &mut Step<'_>) {
        let Some((at, key)) = step.timers.pop_due(step.now) else {
            self.control.work(step, &mut self.uacsta);
            return;
        };
        if let Some(deadline) = self.deadline_of(key) {
            Timers::<TimerKey>::fired(deadline);
        }
        let Self { uacsta, control, .. } = self;
        uacsta.note_lateness(step, at);
        let (ua, sessions) = (&mut uacsta.ua, &mut control.sessions);
        match key {
            TimerKey::Server(handle) => ua.on_server_timer(step, handle.cast()),
            TimerKey::Client(handle) => ua.on_client_timer(step, handle.cast()),
            TimerKey::Expiry(session) => {
                uacsta.end_by_us(step, control, session, "not refreshed in time");
            }
            TimerKey::Refresh(session) => ua.on_refresh_due(step, sessions, session),
            TimerKey::Outbox(session) => ua.send_waiting_events(step, sessions, session),
            TimerKey::Link(link) => ua.links.on_link_due(step, link.cast()),
            TimerKey::Pending(handle) => control.on_service_timeout(step, uacsta, handle.cast()),
            TimerKey::Connection(index) => control.on_connection_timer(step, uacsta, index),
            TimerKey::Send(index) => control.on_send_due(step, uacsta, index),
            TimerKey::Rebind => control.on_walk_timer(step),
            TimerKey::Stop => self.on_stop_timer(step),
            TimerKey::Unlisted => step.on_unlisted_due(),
        }
    }

    /// The owner's record of a deadline.
    fn deadline_of(&mut self, key: TimerKey) -> Option<&mut Deadline> {
        let Self { uacsta, control, stop, since: _ } = self;
        match key {
            TimerKey::Server(_) | TimerKey::Client(_) | TimerKey::Link(_) => uacsta.ua.deadline_of(key),
            TimerKey::Expiry(session) | TimerKey::Refresh(session) | TimerKey::Outbox(session) => {
                control.sessions.get_mut(session)?.carrier.deadline_of(key)
            }
            TimerKey::Pending(handle) => control.pool.request_deadline(handle.cast()),
            TimerKey::Connection(index) => control.pool.deadline(index),
            TimerKey::Send(index) => control.pool.send_deadline(index),
            TimerKey::Rebind => Some(control.walk_deadline()),
            TimerKey::Stop => Some(stop),
            // Its owner notes it itself.
            TimerKey::Unlisted => None,
        }
    }
}
