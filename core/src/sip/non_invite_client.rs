//! The non-INVITE client transaction: RFC 3261 17.1.2.
//!
//! ```text
//!   Trying --1xx--> Proceeding --final--> Completed --timer K--> Terminated
//!   Trying --final--> Completed;  Trying, Proceeding --timer F--> Terminated (timed out)
//! ```
//! On a stream nothing is retransmitted, and a final response ends the transaction at once (timer K is zero).

use alloc::boxed::Box;

use super::{T1, T2, T4, TRANSACTION_TIMEOUT, doubled};
use crate::time::{Duration, Instant};
use crate::transition::assert_transition;

/// When a request is retransmitted, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The time to wait after the next retransmission.
    interval: Duration,
    /// Timer E; not set on streams.
    resend_at: Option<Instant>,
    /// Timer F.
    until: Instant,
}

/// The state of the transaction.
#[derive(Debug)]
pub enum State {
    /// There is no response yet.
    Trying {
        /// The request, where it may have to be sent again.
        request: Box<[u8]>,
        /// When.
        schedule: Schedule,
    },
    /// A provisional response arrived.
    Proceeding {
        /// The request, where it may have to be sent again.
        request: Box<[u8]>,
        /// When.
        schedule: Schedule,
    },
    /// A final response arrived; its retransmissions are absorbed.
    Completed {
        /// Timer K.
        until: Instant,
    },
    /// The transaction is over.
    Terminated,
}

/// An event of the transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A provisional response.
    Provisional,
    /// A final response.
    Final,
    /// The deadline was reached.
    Timer,
}

/// What a transition requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    Nothing,
    /// Send [`State::request`] again.
    Resend,
    /// Tell the UA core that the final response arrived.
    Answered,
    /// Tell the UA core that no final response arrived.
    TimedOut,
}

/// All transitions.
pub const TABLE: &[(&str, &str)] = &[
    ("Trying", "Proceeding"),
    ("Trying", "Completed"),
    ("Trying", "Terminated"),
    ("Proceeding", "Completed"),
    ("Proceeding", "Terminated"),
    ("Completed", "Terminated"),
];

impl State {
    /// The transaction of a request that was just sent. On a stream the request is not kept.
    #[must_use]
    pub fn new(request: &[u8], now: Instant, reliable: bool) -> Self {
        let schedule = Schedule {
            interval: T1,
            resend_at: (!reliable).then_some(now + T1),
            until: now + TRANSACTION_TIMEOUT,
        };
        Self::Trying { request: if reliable { Box::default() } else { Box::from(request) }, schedule }
    }

    /// The state's name, as in [`TABLE`].
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Trying { .. } => "Trying",
            Self::Proceeding { .. } => "Proceeding",
            Self::Completed { .. } => "Completed",
            Self::Terminated => "Terminated",
        }
    }

    /// When it wants [`Event::Timer`].
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Trying { schedule, .. } | Self::Proceeding { schedule, .. } => {
                Some(schedule.resend_at.map_or(schedule.until, |at| at.min(schedule.until)))
            }
            Self::Completed { until } => Some(*until),
            Self::Terminated => None,
        }
    }

    /// The request, where it may have to be sent again.
    #[must_use]
    pub fn request(&self) -> Option<&[u8]> {
        match self {
            Self::Trying { request, .. } | Self::Proceeding { request, .. } => Some(request),
            Self::Completed { .. } | Self::Terminated => None,
        }
    }

    /// The state after an event, and what the transition requires; `reliable` says that the transport is a stream.
    #[must_use]
    pub fn on(self, event: Event, now: Instant, reliable: bool) -> (Self, Effect) {
        let from = self.name();
        let (next, effect) = match (self, event) {
            (Self::Trying { .. } | Self::Proceeding { .. }, Event::Final) if reliable => {
                (Self::Terminated, Effect::Answered)
            }
            (Self::Trying { .. } | Self::Proceeding { .. }, Event::Final) => {
                (Self::Completed { until: now + T4 }, Effect::Answered)
            }
            (Self::Trying { schedule, .. } | Self::Proceeding { schedule, .. }, Event::Timer)
                if now >= schedule.until =>
            {
                (Self::Terminated, Effect::TimedOut)
            }
            // 17.1.2.2: in Trying the interval doubles up to T2 ...
            (Self::Trying { request, schedule }, Event::Timer) => {
                let interval = doubled(schedule.interval);
                let schedule = Schedule { interval, resend_at: Some(now + interval), ..schedule };
                (Self::Trying { request, schedule }, Effect::Resend)
            }
            // ... in Proceeding it is T2.
            (Self::Proceeding { request, schedule }, Event::Timer) => {
                let schedule = Schedule { resend_at: Some(now + T2), ..schedule };
                (Self::Proceeding { request, schedule }, Effect::Resend)
            }
            (
                Self::Trying { request, schedule } | Self::Proceeding { request, schedule },
                Event::Provisional,
            ) => (Self::Proceeding { request, schedule }, Effect::Nothing),
            (Self::Completed { until }, Event::Timer) if now >= until => (Self::Terminated, Effect::Nothing),
            (state @ (Self::Completed { .. } | Self::Terminated), _) => (state, Effect::Nothing),
        };
        assert_transition(TABLE, from, next.name());
        (next, effect)
    }
}

crate::digest! { enum State, State::name {
    Trying { request, schedule },
    Proceeding { request, schedule },
    Completed { until },
    Terminated,
} }

crate::digest! { struct Schedule { interval, resend_at, until } }

#[cfg(test)]
mod tests {
    use super::*;

    const START: Instant = Instant::ZERO;

    #[test]
    fn on_a_stream_nothing_is_sent_again_and_silence_ends_after_64_t1() {
        let state = State::new(b"INFO", START, true);
        assert_eq!(state.deadline(), Some(START + TRANSACTION_TIMEOUT));
        let (state, effect) = state.on(Event::Timer, START + TRANSACTION_TIMEOUT, true);
        assert_eq!((state.name(), effect), ("Terminated", Effect::TimedOut));
    }

    #[test]
    fn on_datagrams_the_interval_doubles_up_to_t2() {
        let mut state = State::new(b"INFO", START, false);
        let mut waits = alloc::vec::Vec::new();
        let mut now = START;
        for _ in 0..5 {
            let at = state.deadline().unwrap();
            waits.push(at.since(now).as_millis());
            now = at;
            let (next, effect) = state.on(Event::Timer, now, false);
            assert_eq!(effect, Effect::Resend);
            state = next;
        }
        assert_eq!(waits, [500, 1000, 2000, 4000, 4000]);
    }

    #[test]
    fn a_repeated_final_response_is_told_once() {
        let (state, effect) = State::new(b"INFO", START, false).on(Event::Final, START, false);
        assert_eq!(effect, Effect::Answered);
        let (state, effect) = state.on(Event::Final, START, false);
        assert_eq!((state.name(), effect), ("Completed", Effect::Nothing));
    }
}
