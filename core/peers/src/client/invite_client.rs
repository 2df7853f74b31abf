//! The INVITE client transaction: RFC 3261 17.1.1, with RFC 6026's Accepted state.
//!
//! ```text
//!   Calling --1xx--> Proceeding;  Calling, Proceeding --2xx--> Accepted --timer M--> Terminated
//!   Calling, Proceeding --300..699--> Completed --timer D--> Terminated;  Calling --timer B--> Terminated (timed out)
//! ```
//! On a stream nothing is retransmitted and a failure ends the transaction at once (timer D is zero); a 2xx may be
//! retransmitted there too.

use alloc::boxed::Box;

use ctigate_core::sip::{T1, TRANSACTION_TIMEOUT};
use ctigate_core::time::{Duration, Instant};
use ctigate_core::transition::assert_transition;

/// The state of the transaction.
#[derive(Debug)]
pub(super) enum State {
    /// There is no response yet.
    Calling {
        /// The request, where it may have to be sent again.
        request: Box<[u8]>,
        /// The time to wait after the next retransmission.
        interval: Duration,
        /// Timer A; not set on streams.
        resend_at: Option<Instant>,
        /// Timer B.
        until: Instant,
    },
    /// A provisional response arrived: the request is not retransmitted any more, and the final response may take any
    /// time.
    Proceeding,
    /// A 2xx arrived; each retransmission of it is reported, since it needs another ACK.
    Accepted {
        /// Timer M.
        until: Instant,
    },
    /// A failure arrived; each retransmission of it is reported, since it needs another ACK.
    Completed {
        /// Timer D.
        until: Instant,
    },
    /// The transaction is over.
    Terminated,
}

/// An event of the transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A provisional response.
    Provisional,
    /// A 2xx.
    Success,
    /// A response from 300 to 699.
    Failure,
    /// The deadline was reached.
    Timer,
}

/// What a transition requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing.
    Nothing,
    /// Send [`State::request`] again.
    Resend,
    /// The first 2xx arrived: acknowledge it (RFC 3261 13.2.2.4) and tell the UA core.
    Accepted,
    /// The first failure arrived: acknowledge it (17.1.1.3) and tell the UA core.
    Refused,
    /// A final response was retransmitted: acknowledge it again.
    AcknowledgeAgain,
    /// Tell the UA core that no final response arrived.
    TimedOut,
}

/// All transitions.
pub(super) const TABLE: &[(&str, &str)] = &[
    ("Calling", "Proceeding"),
    ("Calling", "Accepted"),
    ("Calling", "Completed"),
    ("Calling", "Terminated"),
    ("Proceeding", "Accepted"),
    ("Proceeding", "Completed"),
    ("Proceeding", "Terminated"),
    ("Accepted", "Terminated"),
    ("Completed", "Terminated"),
];

impl State {
    /// The transaction of a request that was just sent. On a stream the request is not kept.
    #[must_use]
    pub(super) fn new(request: &[u8], now: Instant, reliable: bool) -> Self {
        Self::Calling {
            request: if reliable { Box::default() } else { Box::from(request) },
            interval: T1,
            resend_at: (!reliable).then_some(now + T1),
            until: now + TRANSACTION_TIMEOUT,
        }
    }

    /// The state's name, as in [`TABLE`].
    #[must_use]
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Calling { .. } => "Calling",
            Self::Proceeding => "Proceeding",
            Self::Accepted { .. } => "Accepted",
            Self::Completed { .. } => "Completed",
            Self::Terminated => "Terminated",
        }
    }

    /// When it wants [`Event::Timer`].
    #[must_use]
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Calling { resend_at, until, .. } => Some(resend_at.map_or(*until, |at| at.min(*until))),
            Self::Accepted { until } | Self::Completed { until } => Some(*until),
            Self::Proceeding | Self::Terminated => None,
        }
    }

    /// The request, where it may have to be sent again.
    #[must_use]
    pub(super) fn request(&self) -> Option<&[u8]> {
        match self {
            Self::Calling { request, .. } => Some(request),
            Self::Proceeding | Self::Accepted { .. } | Self::Completed { .. } | Self::Terminated => None,
        }
    }

    /// The state after an event, and what the transition requires; `reliable` says that the transport is a stream.
    #[must_use]
    pub(super) fn on(self, event: Event, now: Instant, reliable: bool) -> (Self, Effect) {
        let from = self.name();
        let (next, effect) = match (self, event) {
            (Self::Calling { .. }, Event::Provisional) => (Self::Proceeding, Effect::Nothing),
            (Self::Calling { .. } | Self::Proceeding, Event::Success) => {
                (Self::Accepted { until: now + TRANSACTION_TIMEOUT }, Effect::Accepted)
            }
            (Self::Calling { .. } | Self::Proceeding, Event::Failure) if reliable => {
                (Self::Terminated, Effect::Refused)
            }
            (Self::Calling { .. } | Self::Proceeding, Event::Failure) => {
                (Self::Completed { until: now + TRANSACTION_TIMEOUT }, Effect::Refused)
            }
            (Self::Calling { until, .. }, Event::Timer) if now >= until => {
                (Self::Terminated, Effect::TimedOut)
            }
            // 17.1.1.2: the interval doubles without being limited by T2.
            (Self::Calling { request, interval, until, .. }, Event::Timer) => {
                let interval = interval.times(2);
                (Self::Calling { request, interval, resend_at: Some(now + interval), until }, Effect::Resend)
            }
            (state @ Self::Accepted { .. }, Event::Success)
            | (state @ Self::Completed { .. }, Event::Failure) => (state, Effect::AcknowledgeAgain),
            (Self::Accepted { until } | Self::Completed { until }, Event::Timer) if now >= until => {
                (Self::Terminated, Effect::Nothing)
            }
            (
                state
                @ (Self::Proceeding | Self::Accepted { .. } | Self::Completed { .. } | Self::Terminated),
                _,
            ) => (state, Effect::Nothing),
        };
        assert_transition(TABLE, from, next.name());
        (next, effect)
    }
}

ctigate_core::digest! { enum State, State::name {
    Calling { request, interval, resend_at, until },
    Proceeding,
    Accepted { until },
    Completed { until },
    Terminated,
} }

#[cfg(test)]
mod tests {
    use super::*;

    const START: Instant = Instant::ZERO;

    /// RFC 3261 17.1.1.2: retransmitted after T1, 2 T1, 4 T1, ... until 64 T1 have passed.
    #[test]
    fn on_datagrams_the_interval_doubles_until_timer_b() {
        let mut state = State::new(b"INVITE", START, false);
        let mut waits = alloc::vec::Vec::new();
        let mut now = START;
        loop {
            let at = state.deadline().unwrap();
            waits.push(at.since(now).as_millis());
            now = at;
            let (next, effect) = state.on(Event::Timer, now, false);
            state = next;
            if effect == Effect::TimedOut {
                break;
            }
            assert_eq!((effect, state.request()), (Effect::Resend, Some(&b"INVITE"[..])));
        }
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 16_000, 500]);
        assert_eq!(state.name(), "Terminated");
    }

    #[test]
    fn a_provisional_response_ends_retransmission_and_the_time_limit() {
        let (state, effect) = State::new(b"INVITE", START, false).on(Event::Provisional, START, false);
        assert_eq!((state.deadline(), effect), (None, Effect::Nothing));
    }

    /// RFC 6026 7.2: retransmitted 2xx are passed to the UA core until timer M fires.
    #[test]
    fn a_repeated_2xx_is_acknowledged_again() {
        let (state, effect) = State::new(b"INVITE", START, true).on(Event::Success, START, true);
        assert_eq!(effect, Effect::Accepted);
        let (state, effect) = state.on(Event::Success, START, true);
        assert_eq!(effect, Effect::AcknowledgeAgain);
        let (state, effect) = state.on(Event::Timer, START + TRANSACTION_TIMEOUT, true);
        assert_eq!((state.name(), effect), ("Terminated", Effect::Nothing));
    }

    #[test]
    fn a_repeated_failure_is_acknowledged_again_on_datagrams() {
        let (state, effect) = State::new(b"INVITE", START, false).on(Event::Failure, START, false);
        assert_eq!((state.name(), effect), ("Completed", Effect::Refused));
        assert_eq!(state.on(Event::Failure, START, false).1, Effect::AcknowledgeAgain);
        let (state, effect) = State::new(b"INVITE", START, true).on(Event::Failure, START, true);
        assert_eq!((state.name(), effect), ("Terminated", Effect::Refused));
    }
}
