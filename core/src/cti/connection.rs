//! The state machine of one CTI connection.
//!
//! ```text
//!   Down --retry--> Connecting --opened--> Opening --begun--> Asking --ready, or no answer--> InService
//!   Connecting, Opening, InService --failure or silence--> Down
//! ```

use crate::digest::{Digest, Digester};
use crate::time::{Duration, Instant};
use crate::transition::assert_transition;

/// The intervals that a connection uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Times {
    /// How long opening the transport may take.
    pub(crate) connect: Duration,
    /// The interval between heartbeats.
    pub(crate) heartbeat: Duration,
    /// How long the answer to the request that opens the session may take.
    pub(crate) open: Duration,
    /// How long the answer to a request for what the phone system can do may take.
    pub(crate) service: Duration,
    /// How long the answer to a heartbeat may take.
    pub(crate) answer: Duration,
    /// How long to wait before the next attempt.
    pub(crate) retry: Duration,
}

/// The state of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Not connected.
    Down {
        /// When the next attempt is due.
        retry_at: Instant,
    },
    /// The transport is being opened.
    Connecting {
        /// When it has taken too long.
        until: Instant,
    },
    /// The link protocol is opening its session.
    Opening {
        /// When it has taken too long.
        until: Instant,
    },
    /// The session is open; the phone system was asked what it can do.
    Asking {
        /// When it has taken too long.
        until: Instant,
    },
    /// In service; a heartbeat is due.
    InService {
        /// When.
        heartbeat_at: Instant,
    },
    /// In service; a heartbeat awaits its answer.
    AwaitingHeartbeat {
        /// When it has taken too long.
        until: Instant,
    },
}

/// An event of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The deadline was reached.
    Timer,
    /// The transport is open.
    Opened,
    /// The link protocol's session is open.
    Begun,
    /// The link can serve.
    Ready,
    /// The deadline was reached, but the link serves without the answer: the phone system does not answer everything.
    Unanswered,
    /// A heartbeat was answered.
    Alive,
    /// The transport or the session ended.
    Failed,
}

/// What a transition requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
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
    /// Close what is open and return the requests under way, for this reason.
    GiveUp(&'static str),
}

/// All transitions.
pub(crate) const TABLE: &[(&str, &str)] = &[
    ("Down", "Connecting"),
    ("Connecting", "Opening"),
    ("Connecting", "Down"),
    ("Opening", "Asking"),
    ("Opening", "InService"),
    ("Opening", "Down"),
    ("Asking", "InService"),
    ("Asking", "Down"),
    ("InService", "AwaitingHeartbeat"),
    ("InService", "Down"),
    ("AwaitingHeartbeat", "InService"),
    ("AwaitingHeartbeat", "Down"),
];

impl State {
    /// The state's name, as in [`TABLE`].
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Down { .. } => "Down",
            Self::Connecting { .. } => "Connecting",
            Self::Opening { .. } => "Opening",
            Self::Asking { .. } => "Asking",
            Self::InService { .. } => "InService",
            Self::AwaitingHeartbeat { .. } => "AwaitingHeartbeat",
        }
    }

    /// When it wants [`Event::Timer`].
    pub(crate) const fn deadline(&self) -> Instant {
        match self {
            Self::Down { retry_at: at }
            | Self::Connecting { until: at }
            | Self::Opening { until: at }
            | Self::Asking { until: at }
            | Self::InService { heartbeat_at: at }
            | Self::AwaitingHeartbeat { until: at } => *at,
        }
    }

    /// When it is dialled next, if it is down.
    pub(crate) const fn next_dial(&self) -> Option<Instant> {
        if let Self::Down { retry_at } = self { Some(*retry_at) } else { None }
    }

    /// Whether sessions may use it.
    pub(crate) const fn is_in_service(&self) -> bool {
        matches!(self, Self::InService { .. } | Self::AwaitingHeartbeat { .. })
    }

    /// Whether its transport is open.
    pub(crate) const fn is_open(&self) -> bool {
        self.is_in_service() || matches!(self, Self::Opening { .. } | Self::Asking { .. })
    }

    /// The state after an event, and what the transition requires.
    pub(crate) fn on(self, event: Event, now: Instant, times: Times) -> (Self, Effect) {
        let (next, effect) = match (self, event) {
            (Self::Down { .. }, Event::Timer) => {
                (Self::Connecting { until: now + times.connect }, Effect::Connect)
            }
            (Self::Connecting { .. }, Event::Opened) => {
                (Self::Opening { until: now + times.open }, Effect::Open)
            }
            (Self::Opening { .. }, Event::Begun) => {
                (Self::Asking { until: now + times.service }, Effect::Nothing)
            }
            (Self::Opening { .. } | Self::Asking { .. }, Event::Ready | Event::Unanswered) => {
                (Self::InService { heartbeat_at: now + times.heartbeat }, Effect::Serve)
            }
            (Self::InService { .. }, Event::Timer) => {
                (Self::AwaitingHeartbeat { until: now + times.answer }, Effect::Beat)
            }
            (Self::AwaitingHeartbeat { .. }, Event::Alive | Event::Unanswered) => {
                (Self::InService { heartbeat_at: now + times.heartbeat }, Effect::Nothing)
            }
            (Self::Connecting { .. }, Event::Timer) => Self::given_up(now, times, "connecting took too long"),
            (Self::Opening { .. } | Self::Asking { .. }, Event::Timer) => {
                Self::given_up(now, times, "the session did not open in time")
            }
            (Self::AwaitingHeartbeat { .. }, Event::Timer) => {
                Self::given_up(now, times, "a heartbeat was not answered")
            }
            (
                Self::Connecting { .. }
                | Self::Opening { .. }
                | Self::Asking { .. }
                | Self::InService { .. }
                | Self::AwaitingHeartbeat { .. },
                Event::Failed,
            ) => Self::given_up(now, times, "the connection failed"),
            (
                state,
                Event::Opened
                | Event::Begun
                | Event::Ready
                | Event::Unanswered
                | Event::Alive
                | Event::Failed,
            ) => (state, Effect::Nothing),
        };
        assert_transition(TABLE, self.name(), next.name());
        (next, effect)
    }

    fn given_up(now: Instant, times: Times, why: &'static str) -> (Self, Effect) {
        (Self::Down { retry_at: now + times.retry }, Effect::GiveUp(why))
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
        open: Duration::from_secs(5),
        service: Duration::from_secs(5),
        answer: Duration::from_secs(5),
        retry: Duration::from_secs(1),
    };

    fn run(events: &[(Event, u64)]) -> (State, Effect) {
        let mut result = (State::Down { retry_at: Instant::ZERO }, Effect::Nothing);
        for (event, second) in events {
            result = result.0.on(*event, Instant::ZERO + Duration::from_secs(*second), TIMES);
        }
        result
    }

    #[test]
    fn a_connection_comes_into_service_and_beats() {
        let up = [(Event::Timer, 0), (Event::Opened, 0), (Event::Ready, 0)];
        assert_eq!(run(&up).1, Effect::Serve);
        let (state, effect) = run(&[up.as_slice(), &[(Event::Timer, 30)]].concat());
        assert!(state.is_in_service() && effect == Effect::Beat);
        let (state, _) = run(&[up.as_slice(), &[(Event::Timer, 30), (Event::Alive, 31)]].concat());
        assert_eq!(state.deadline(), Instant::ZERO + Duration::from_secs(61));
    }

    #[test]
    fn what_stays_unanswered_but_proves_nothing_brings_it_into_service_and_keeps_it_there() {
        let up = [(Event::Timer, 0), (Event::Opened, 0), (Event::Begun, 1)];
        assert_eq!(run(&up).0, State::Asking { until: Instant::ZERO + Duration::from_secs(6) });
        let silent = [up.as_slice(), &[(Event::Unanswered, 6)]].concat();
        assert_eq!(run(&silent).1, Effect::Serve);
        let (state, effect) =
            run(&[silent.as_slice(), &[(Event::Timer, 36), (Event::Unanswered, 41)]].concat());
        assert_eq!(effect, Effect::Nothing);
        assert_eq!(state, State::InService { heartbeat_at: Instant::ZERO + Duration::from_secs(71) });
    }

    #[test]
    fn a_missed_heartbeat_takes_it_out_of_service_at_once() {
        let events = [
            (Event::Timer, 0),
            (Event::Opened, 0),
            (Event::Ready, 0),
            (Event::Timer, 30),
            (Event::Timer, 35),
        ];
        let (state, effect) = run(&events);
        assert_eq!(effect, Effect::GiveUp("a heartbeat was not answered"));
        assert!(!state.is_in_service());
    }
}
