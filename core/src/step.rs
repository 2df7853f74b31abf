//! What all parts of the gateway share, as it travels with one step: the time, the configuration, the one queue of
//! timers, entropy, counters, and where actions go.

use core::fmt::Display;

use crate::action::{Actions, Level};
use crate::config::Config;
use crate::entropy::{Entropy, Seed};
use crate::links::Links;
use crate::overview::Counters;
use crate::phase::Phase;
use crate::slots::{AnyHandle, Handle};
use crate::time::Instant;
use crate::timer::Timers;

/// What a [`SessionId`] is the handle of.
pub(crate) enum AnySession {}

/// Names a session, whatever carries it: the handle of its entry in the table of sessions.
pub(crate) type SessionId = Handle<AnySession>;

/// What a [`ClientRequestId`] is the handle of.
pub(crate) enum AnyClientRequest {}

/// Names a client's request that is answered later: what carries the session knows where it is held.
pub(crate) type ClientRequestId = Handle<AnyClientRequest>;

/// Whose deadline, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TimerKey {
    /// A server transaction's machine.
    Server(AnyHandle),
    /// A client transaction's machine.
    Client(AnyHandle),
    /// A session that was not refreshed.
    Expiry(SessionId),
    /// A session that we refresh.
    Refresh(SessionId),
    /// Events that wait.
    Outbox(SessionId),
    /// A request that the phone system does not answer.
    Pending(AnyHandle),
    /// A CTI connection's machine, by its place.
    Connection(u8),
    /// A connection of ours to a client's next hop that is not open.
    Redial(AnyHandle),
    /// The next session to be moved.
    Rebind,
    /// The end of a drain or a stop.
    Stop,
}

impl TimerKey {
    /// What a wake-up for it is called.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Server(_) => "server transaction",
            Self::Client(_) => "client transaction",
            Self::Expiry(_) => "session expiry",
            Self::Refresh(_) => "session refresh",
            Self::Outbox(_) => "waiting events",
            Self::Pending(_) => "service time-out",
            Self::Connection(_) => "CTI connection",
            Self::Redial(_) => "connection to be tried again",
            Self::Rebind => "rebind",
            Self::Stop => "stop",
        }
    }
}

/// What is shared between steps.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) timers: Timers<TimerKey>,
    pub(crate) entropy: Entropy,
    pub(crate) links: Links,
    pub(crate) counters: Counters,
    /// Whether the gateway goes on.
    pub(crate) phase: Phase,
}

/// One step: when, what is shared, and where actions go.
pub(crate) struct Step<'a> {
    pub(crate) now: Instant,
    pub(crate) config: &'a Config,
    pub(crate) timers: &'a mut Timers<TimerKey>,
    pub(crate) entropy: &'a mut Entropy,
    pub(crate) links: &'a mut Links,
    pub(crate) counters: &'a mut Counters,
    pub(crate) phase: &'a mut Phase,
    pub(crate) actions: &'a mut Actions,
}

impl Shared {
    /// What a gateway of this configuration begins with.
    pub(crate) fn new(config: Config, seed: Seed) -> Self {
        Self {
            config,
            timers: Timers::new(),
            entropy: Entropy::new(seed),
            links: Links::default(),
            counters: Counters::default(),
            phase: Phase::Running,
        }
    }

    /// A step at `now`.
    pub(crate) const fn step<'a>(&'a mut self, now: Instant, actions: &'a mut Actions) -> Step<'a> {
        let Self { config, timers, entropy, links, counters, phase } = self;
        Step { now, config, timers, entropy, links, counters, phase, actions }
    }
}

impl Step<'_> {
    /// Whether sessions may begin here.
    pub(crate) fn takes_sessions(&self) -> bool {
        *self.phase == Phase::Running
    }

    /// Something from a peer is dropped; said, and harmless otherwise.
    pub(crate) fn discard(&mut self, peer: &dyn Display, why: &dyn Display) {
        self.actions.notify(Level::Warn, "message_discarded", &[("peer", peer), ("why", why)]);
    }
}
