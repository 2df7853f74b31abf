//! The non-INVITE server transaction: RFC 3261 17.2.2 as updated by RFC 4320 (no provisional response is ever sent).
//!
//! ```text
//!   Trying --final (stream)--> Terminated
//!   Trying --final (datagram)--> Completed --timer J--> Terminated
//! ```

use alloc::boxed::Box;

use super::TRANSACTION_TIMEOUT;
use crate::time::Instant;
use crate::transition::assert_transition;

/// The state of the transaction.
#[derive(Debug)]
pub enum State {
    /// There is no final response yet.
    Trying,
    /// A final response was sent; the request may be retransmitted.
    Completed {
        /// The response.
        response: Box<[u8]>,
        /// Timer J.
        until: Instant,
    },
    /// The transaction is over.
    Terminated,
}

/// An event of the transaction.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// The request arrived again.
    Request,
    /// The UA core sent this final response.
    Final(&'a [u8]),
    /// The deadline was reached.
    Timer,
}

/// All transitions.
pub const TABLE: &[(&str, &str)] =
    &[("Trying", "Completed"), ("Trying", "Terminated"), ("Completed", "Terminated")];

impl State {
    /// The state's name, as in [`TABLE`].
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Trying => "Trying",
            Self::Completed { .. } => "Completed",
            Self::Terminated => "Terminated",
        }
    }

    /// When it wants [`Event::Timer`].
    #[must_use]
    pub const fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Completed { until, .. } => Some(*until),
            Self::Trying | Self::Terminated => None,
        }
    }

    /// The response, while it may have to be sent again.
    #[must_use]
    pub fn response(&self) -> Option<&[u8]> {
        match self {
            Self::Completed { response, .. } => Some(response),
            Self::Trying | Self::Terminated => None,
        }
    }

    /// The state after an event, and whether to send [`State::response`] again; `reliable` says that the transport is a
    /// stream.
    #[must_use]
    pub fn on(self, event: Event<'_>, now: Instant, reliable: bool) -> (Self, bool) {
        let from = self.name();
        let (next, resend) = match (self, event) {
            // Timer J is zero for reliable transports.
            (Self::Trying, Event::Final(_)) if reliable => (Self::Terminated, false),
            (Self::Trying, Event::Final(response)) => {
                (Self::Completed { response: Box::from(response), until: now + TRANSACTION_TIMEOUT }, false)
            }
            (Self::Completed { until, .. }, Event::Timer) if now >= until => (Self::Terminated, false),
            (state @ Self::Completed { .. }, Event::Request) => (state, true),
            (state, Event::Request | Event::Final(_) | Event::Timer) => (state, false),
        };
        assert_transition(TABLE, from, next.name());
        (next, resend)
    }
}

crate::digest! { enum State, State::name { Trying, Completed { response, until }, Terminated } }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_a_stream_the_final_response_ends_it() {
        let (state, _) = State::Trying.on(Event::Final(b"200"), Instant::ZERO, true);
        assert_eq!(state.name(), "Terminated");
    }

    #[test]
    fn on_datagrams_the_response_is_repeated_until_timer_j() {
        let (state, _) = State::Trying.on(Event::Final(b"200"), Instant::ZERO, false);
        let (state, resend) = state.on(Event::Request, Instant::ZERO, false);
        assert!(resend && state.response() == Some(b"200"));
        let (state, _) = state.on(Event::Timer, Instant::ZERO + TRANSACTION_TIMEOUT, false);
        assert_eq!(state.name(), "Terminated");
    }

    #[test]
    fn a_repeated_request_without_an_answer_yet_is_absorbed() {
        let (state, resend) = State::Trying.on(Event::Request, Instant::ZERO, false);
        assert!(!resend && state.name() == "Trying");
    }
}
