//! What all parts of the gateway share and each step carries: the time, the configuration, the one queue of timers,
//! entropy, counters, and the list of actions.

mod unlisted;

use alloc::sync::Arc;
use core::fmt::Display;

use crate::action::{Actions, Level};
use crate::config::Config;
use crate::entropy::{Entropy, Seed};
use crate::line::directory::Directory;
use crate::links::Links;
use crate::overview::Counters;
use crate::phase::Phase;
use crate::slots::{AnyHandle, Handle};
use crate::time::Instant;
use crate::timer::Timers;
use unlisted::Unlisted;

/// The type that a [`SessionId`] refers to.
pub(crate) enum AnySession {}

/// Names a session, whatever carries it: the handle of its entry in the table of sessions.
pub(crate) type SessionId = Handle<AnySession>;

/// The type that a [`ClientRequestId`] refers to.
pub(crate) enum AnyClientRequest {}

/// Names a held request of a client, which is answered later. The session's carrier knows where it is held.
pub(crate) type ClientRequestId = Handle<AnyClientRequest>;

/// A deadline's owner and purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TimerKey {
    /// A server transaction's machine.
    Server(AnyHandle),
    /// A client transaction's machine.
    Client(AnyHandle),
    /// The end of a session that is not refreshed.
    Expiry(SessionId),
    /// The refresh of a session, where we are the refresher (RFC 4028).
    Refresh(SessionId),
    /// Events that wait in a session's outbox.
    Outbox(SessionId),
    /// The time-out of a request to the phone system.
    Pending(AnyHandle),
    /// A CTI connection's machine, by its index.
    Connection(u8),
    /// What waits for its turn on a CTI connection, by its index.
    Send(u8),
    /// What a SIP connection waits for: to be opened or tried again, the rest of a message, anything at all.
    Link(AnyHandle),
    /// The move of the next session.
    Rebind,
    /// The end of a drain or a stop.
    Stop,
    /// The end of a minute in which peers outside `sip.allow` were refused.
    Unlisted,
}

impl TimerKey {
    /// The name of a wake-up for it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Server(_) => "server transaction",
            Self::Client(_) => "client transaction",
            Self::Expiry(_) => "session expiry",
            Self::Refresh(_) => "session refresh",
            Self::Outbox(_) => "waiting events",
            Self::Pending(_) => "service time-out",
            Self::Connection(_) => "CTI connection",
            Self::Send(_) => "requests in turn",
            Self::Link(_) => "SIP connection",
            Self::Rebind => "rebind",
            Self::Stop => "stop",
            Self::Unlisted => "refused peers",
        }
    }
}

/// What is shared between steps.
pub(crate) struct Shared {
    pub(crate) config: Config,
    /// The fingerprint of the settings that were reloaded last; 0 if none were.
    pub(crate) reloaded: u64,
    /// Users, lines and devices; `None` if whoever may speak SIP may control the line that it names.
    pub(crate) directory: Option<Arc<Directory>>,
    pub(crate) timers: Timers<TimerKey>,
    pub(crate) entropy: Entropy,
    pub(crate) links: Links,
    pub(crate) counters: Counters,
    /// Whether the gateway goes on.
    pub(crate) phase: Phase,
    pub(crate) unlisted: Unlisted,
}

/// One step: the time, what is shared, and the list of actions.
pub(crate) struct Step<'a> {
    pub(crate) now: Instant,
    pub(crate) config: &'a Config,
    pub(crate) directory: Option<&'a Arc<Directory>>,
    pub(crate) timers: &'a mut Timers<TimerKey>,
    pub(crate) entropy: &'a mut Entropy,
    pub(crate) links: &'a mut Links,
    pub(crate) counters: &'a mut Counters,
    pub(crate) phase: &'a mut Phase,
    pub(crate) unlisted: &'a mut Unlisted,
    pub(crate) actions: &'a mut Actions,
}

impl Shared {
    /// The initial state for this configuration.
    pub(crate) fn new(config: Config, seed: Seed) -> Self {
        Self {
            config,
            reloaded: 0,
            directory: None,
            timers: Timers::new(),
            entropy: Entropy::new(seed),
            links: Links::default(),
            counters: Counters::default(),
            phase: Phase::Running,
            unlisted: Unlisted::default(),
        }
    }

    /// A step at `now`.
    pub(crate) const fn step<'a>(&'a mut self, now: Instant, actions: &'a mut Actions) -> Step<'a> {
        let Self { config, reloaded: _, directory, timers, entropy, links, counters, phase, unlisted } = self;
        let directory = directory.as_ref();
        Step { now, config, directory, timers, entropy, links, counters, phase, unlisted, actions }
    }
}

impl Step<'_> {
    /// Whether sessions may begin here.
    pub(crate) fn takes_sessions(&self) -> bool {
        *self.phase == Phase::Running
    }

    /// Notes that a message from `peer` is discarded.
    pub(crate) fn discard(&mut self, peer: &dyn Display, why: &dyn Display) {
        self.actions.notify(Level::Warn, "message_discarded", &[("peer", peer), ("why", why)]);
    }
}
