//! The life of one CTI connection.
//!
//! ```text
//!   Down --retry--> Connecting --opened--> Opening --ready--> InService
//!   Connecting, Opening, InService --failure or silence--> Down
//! ```

use crate::digest::{Digest, Digester};
use crate::time::{Duration, Instant};
use crate::transition::assert_transition;

/// The times a connection lives by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Times {
    /// How long opening the transport may take.
    pub(crate) connect: Duration,
    /// Between two heartbeats.
    pub(crate) heartbeat: Duration,
    /// How long the answer to a heartbeat, or to the opening requests, may take.
    pub(crate) answer: Duration,
    /// How long to wait before the next attempt.
    pub(crate) retry: Duration,
}

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Not connected.
    Down {
        /// When the next attempt is due.
        retry_at: Instant,
    },
    /// The transport is being opened.
    Connecting {
        /// How long it may take.
        until: Instant,
    },
    /// The link protocol is opening its session.
    Opening {
        /// How long it may take.
        until: Instant,
    },
    /// In service; a heartbeat is due.
    InService {
        /// When.
        heartbeat_at: Instant,
    },
    /// In service; a heartbeat awaits its answer.
    Beating {
        /// How long it may take.
        until: Instant,
    },
}

/// What can happen to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The deadline was reached.
    Timer,
    /// The transport is open.
    Opened,
    /// The link protocol's session is open.
    Ready,
    /// A heartbeat was answered.
    Alive,
    /// The transport or the session ended.
    Failed,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// Nothing.
    Nothing,
    /// Open the transport.
    Connect,
    /// Open the link protocol's session.
    Open,
    /// Serve.
    Serve,
    /// Send a heartbeat.
    Beat,
    /// Close what is open, return what is under way, and say why.
    GiveUp(&'static str),
}

/// All transitions.
pub(crate) const TABLE: &[(&str, &str)] = &[
    ("Down", "Connecting"),
    ("Connecting", "Opening"),
    ("Connecting", "Down"),
    ("Opening", "InService"),
    ("Opening", "Down"),
    ("InService", "Beating"),
    ("InService", "Down"),
    ("Beating", "InService"),
    ("Beating", "Down"),
];

impl State {
    /// The state's name, as in [`TABLE`].
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Down { .. } => "Down",
            Self::Connecting { .. } => "Connecting",
            Self::Opening { .. } => "Opening",
            Self::InService { .. } => "InService",
            Self::Beating { .. } => "Beating",
        }
    }

    /// When it wants [`Cause::Timer`].
    pub(crate) const fn deadline(&self) -> Instant {
        match self {
            Self::Down { retry_at: at }
            | Self::Connecting { until: at }
            | Self::Opening { until: at }
            | Self::InService { heartbeat_at: at }
            | Self::Beating { until: at } => *at,
        }
    }

    /// Whether sessions may use it.
    pub(crate) const fn is_in_service(&self) -> bool {
        matches!(self, Self::InService { .. } | Self::Beating { .. })
    }

    /// Whether its transport is open.
    pub(crate) const fn is_open(&self) -> bool {
        self.is_in_service() || matches!(self, Self::Opening { .. })
    }

    /// Takes a cause.
    pub(crate) fn on(self, cause: Cause, now: Instant, times: Times) -> (Self, Then) {
        let (next, then) = match (self, cause) {
            (Self::Down { .. }, Cause::Timer) => {
                (Self::Connecting { until: now + times.connect }, Then::Connect)
            }
            (Self::Connecting { .. }, Cause::Opened) => {
                (Self::Opening { until: now + times.answer }, Then::Open)
            }
            (Self::Opening { .. }, Cause::Ready) => {
                (Self::InService { heartbeat_at: now + times.heartbeat }, Then::Serve)
            }
            (Self::InService { .. }, Cause::Timer) => {
                (Self::Beating { until: now + times.answer }, Then::Beat)
            }
            (Self::Beating { .. }, Cause::Alive) => {
                (Self::InService { heartbeat_at: now + times.heartbeat }, Then::Nothing)
            }
            (Self::Connecting { .. }, Cause::Timer) => Self::given_up(now, times, "connecting took too long"),
            (Self::Opening { .. }, Cause::Timer) => {
                Self::given_up(now, times, "the session did not open in time")
            }
            (Self::Beating { .. }, Cause::Timer) => {
                Self::given_up(now, times, "a heartbeat was not answered")
            }
            (
                Self::Connecting { .. }
                | Self::Opening { .. }
                | Self::InService { .. }
                | Self::Beating { .. },
                Cause::Failed,
            ) => Self::given_up(now, times, "the connection failed"),
            (state, Cause::Opened | Cause::Ready | Cause::Alive | Cause::Failed) => (state, Then::Nothing),
        };
        assert_transition(TABLE, self.name(), next.name());
        (next, then)
    }

    fn given_up(now: Instant, times: Times, why: &'static str) -> (Self, Then) {
        (Self::Down { retry_at: now + times.retry }, Then::GiveUp(why))
    }
}

impl Digest for State {
    fn digest(&self, digester: &mut Digester) {
        digester.text(self.name());
        digester.value(&self.deadline());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: Times = Times {
        connect: Duration::from_secs(10),
        heartbeat: Duration::from_secs(30),
        answer: Duration::from_secs(5),
        retry: Duration::from_secs(1),
    };

    fn run(causes: &[(Cause, u64)]) -> (State, Then) {
        let mut result = (State::Down { retry_at: Instant::ZERO }, Then::Nothing);
        for (cause, second) in causes {
            result = result.0.on(*cause, Instant::ZERO + Duration::from_secs(*second), TIMES);
        }
        result
    }

    #[test]
    fn a_connection_comes_into_service_and_beats() {
        let up = [(Cause::Timer, 0), (Cause::Opened, 0), (Cause::Ready, 0)];
        assert_eq!(run(&up).1, Then::Serve);
        let (state, then) = run(&[up.as_slice(), &[(Cause::Timer, 30)]].concat());
        assert!(state.is_in_service() && then == Then::Beat);
        let (state, _) = run(&[up.as_slice(), &[(Cause::Timer, 30), (Cause::Alive, 31)]].concat());
        assert_eq!(state.deadline(), Instant::ZERO + Duration::from_secs(61));
    }

    #[test]
    fn a_missed_heartbeat_takes_it_out_of_service_at_once() {
        let causes = [
            (Cause::Timer, 0),
            (Cause::Opened, 0),
            (Cause::Ready, 0),
            (Cause::Timer, 30),
            (Cause::Timer, 35),
        ];
        let (state, then) = run(&causes);
        assert_eq!(then, Then::GiveUp("a heartbeat was not answered"));
        assert!(!state.is_in_service());
    }
}
