//! The INVITE server transaction: RFC 3261 17.2.1 with RFC 6026's Accepted state.
//!
//! ```text
//!   Proceeding --2xx--> Accepted --ACK (stream) or timer L--> Terminated
//!   Proceeding --300-699--> Completed --ACK--> Confirmed --timer I--> Terminated
//!                           Completed --timer H--> Terminated
//! ```
//! A 2xx is retransmitted on every transport until an ACK arrives (13.3.1.4 assigns that to the UA core; it is done
//! here because the response is kept here). On a stream the transaction ends with the ACK: no retransmission can
//! follow, and SIPE's next re-INVITE has the same key (client quirk 2). On datagrams an INVITE that arrives again after
//! the ACK is answered again, although RFC 6026 7.1 absorbs it: without a usable CSeq (client quirk 2) that ACK may
//! have been for an earlier INVITE.

use alloc::boxed::Box;

use super::{T1, T4, TRANSACTION_TIMEOUT, TRYING_AFTER, doubled};
use crate::time::{Duration, Instant};
use crate::transition::assert_transition;

/// The state of the transaction.
#[derive(Debug)]
pub enum State {
    /// There is no final response yet; 100 Trying is due at `trying_at`, unless it was sent.
    Proceeding {
        /// When 100 Trying is due.
        trying_at: Option<Instant>,
    },
    /// A 2xx was sent (RFC 6026 7.1).
    Accepted(Accepted),
    /// A 300-699 response was sent.
    Completed {
        /// The response.
        response: Box<[u8]>,
        /// The time to wait after the next retransmission.
        interval: Duration,
        /// Timer G; not set on streams.
        resend_at: Option<Instant>,
        /// Timer H.
        until: Instant,
    },
    /// The ACK to a 300-699 response arrived; later ones are absorbed.
    Confirmed {
        /// Timer I.
        until: Instant,
    },
    /// The transaction is over.
    Terminated,
}

/// A 2xx that was sent.
#[derive(Debug)]
pub struct Accepted {
    /// The response.
    response: Box<[u8]>,
    /// The time to wait after the next retransmission.
    interval: Duration,
    /// When it is retransmitted next; `None` once it was acknowledged or its client left.
    resend_at: Option<Instant>,
    /// Whether an ACK arrived.
    acknowledged: bool,
    /// Timer L.
    until: Instant,
}

/// An event of the transaction.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// The INVITE arrived again.
    Request,
    /// An ACK arrived.
    Ack,
    /// The client left the dialog; it may or may not have received the 2xx.
    Left,
    /// The UA core sent a final response.
    Final {
        /// Whether it is a 2xx.
        success: bool,
        /// The response, as it was just sent.
        response: &'a [u8],
        /// Whether it is sent again by itself; otherwise only when the INVITE arrives again.
        resend: bool,
    },
    /// The deadline was reached.
    Timer,
}

/// What a transition requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    Nothing,
    /// Send [`State::response`] again.
    Resend,
    /// Send 100 Trying.
    SendTrying,
    /// Report that the final response was never acknowledged.
    Unacknowledged,
}

/// All transitions.
pub const TABLE: &[(&str, &str)] = &[
    ("Proceeding", "Accepted"),
    ("Proceeding", "Completed"),
    ("Accepted", "Terminated"),
    ("Completed", "Confirmed"),
    ("Completed", "Terminated"),
    ("Confirmed", "Terminated"),
];

impl State {
    /// A new transaction.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self::Proceeding { trying_at: Some(now + TRYING_AFTER) }
    }

    /// The state's name, as in [`TABLE`].
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Proceeding { .. } => "Proceeding",
            Self::Accepted(_) => "Accepted",
            Self::Completed { .. } => "Completed",
            Self::Confirmed { .. } => "Confirmed",
            Self::Terminated => "Terminated",
        }
    }

    /// When it wants [`Event::Timer`].
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Proceeding { trying_at } => *trying_at,
            Self::Confirmed { until } => Some(*until),
            Self::Accepted(Accepted { resend_at, until, .. }) | Self::Completed { resend_at, until, .. } => {
                Some(resend_at.map_or(*until, |at| at.min(*until)))
            }
            Self::Terminated => None,
        }
    }

    /// The final response, while it may have to be sent again.
    #[must_use]
    pub fn response(&self) -> Option<&[u8]> {
        match self {
            Self::Accepted(Accepted { response, .. }) | Self::Completed { response, .. } => Some(response),
            Self::Proceeding { .. } | Self::Confirmed { .. } | Self::Terminated => None,
        }
    }

    /// Whether the final response is sent again by itself.
    #[must_use]
    pub const fn resends(&self) -> bool {
        match self {
            Self::Accepted(Accepted { resend_at, .. }) | Self::Completed { resend_at, .. } => {
                resend_at.is_some()
            }
            Self::Proceeding { .. } | Self::Confirmed { .. } | Self::Terminated => false,
        }
    }

    /// The state after an event, and what the transition requires; `reliable` says that the transport is a stream.
    #[must_use]
    pub fn on(self, event: Event<'_>, now: Instant, reliable: bool) -> (Self, Effect) {
        let from = self.name();
        let (next, effect) = match self {
            Self::Proceeding { trying_at } => Self::in_proceeding(trying_at, event, now, reliable),
            Self::Accepted(accepted) => accepted.on(event, now, reliable),
            Self::Completed { response, interval, resend_at, until } => {
                Self::in_completed(response, interval, (resend_at, until), event, now, reliable)
            }
            Self::Confirmed { until } => match event {
                Event::Timer if now >= until => (Self::Terminated, Effect::Nothing),
                Event::Timer | Event::Request | Event::Ack | Event::Left | Event::Final { .. } => {
                    (Self::Confirmed { until }, Effect::Nothing)
                }
            },
            Self::Terminated => (Self::Terminated, Effect::Nothing),
        };
        assert_transition(TABLE, from, next.name());
        (next, effect)
    }

    fn in_proceeding(
        trying_at: Option<Instant>,
        event: Event<'_>,
        now: Instant,
        reliable: bool,
    ) -> (Self, Effect) {
        match event {
            // 17.2.1: "the most recent provisional response ... MUST be passed to the transport layer".
            Event::Request if trying_at.is_none() => (Self::Proceeding { trying_at }, Effect::SendTrying),
            Event::Timer => (Self::Proceeding { trying_at: None }, Effect::SendTrying),
            Event::Request | Event::Ack | Event::Left => (Self::Proceeding { trying_at }, Effect::Nothing),
            // 13.3.1.4: the 2xx is retransmitted "even if reliable transports are used".
            Event::Final { success: true, response, resend } => {
                let (resend_at, until) = (resend.then_some(now + T1), now + TRANSACTION_TIMEOUT);
                let response = Box::from(response);
                let accepted = Accepted { response, interval: T1, resend_at, acknowledged: false, until };
                (Self::Accepted(accepted), Effect::Nothing)
            }
            // 17.2.1: timer G is set for unreliable transports only; timer H for all.
            Event::Final { success: false, response, resend } => {
                let resend_at = (resend && !reliable).then_some(now + T1);
                let until = now + TRANSACTION_TIMEOUT;
                (
                    Self::Completed { response: Box::from(response), interval: T1, resend_at, until },
                    Effect::Nothing,
                )
            }
        }
    }

    fn in_completed(
        response: Box<[u8]>,
        interval: Duration,
        (resend_at, until): (Option<Instant>, Instant),
        event: Event<'_>,
        now: Instant,
        reliable: bool,
    ) -> (Self, Effect) {
        match event {
            // 17.2.1: timer I is T4 for unreliable transports and zero for reliable ones.
            Event::Ack if reliable => (Self::Terminated, Effect::Nothing),
            Event::Ack => (Self::Confirmed { until: now + T4 }, Effect::Nothing),
            Event::Request => (Self::Completed { response, interval, resend_at, until }, Effect::Resend),
            Event::Timer if now >= until => (Self::Terminated, Effect::Unacknowledged),
            Event::Timer if resend_at.is_some_and(|at| now >= at) => {
                let interval = doubled(interval);
                let resend_at = Some(now + interval);
                (Self::Completed { response, interval, resend_at, until }, Effect::Resend)
            }
            Event::Timer | Event::Left | Event::Final { .. } => {
                (Self::Completed { response, interval, resend_at, until }, Effect::Nothing)
            }
        }
    }
}

impl Accepted {
    fn on(mut self, event: Event<'_>, now: Instant, reliable: bool) -> (State, Effect) {
        match event {
            Event::Ack | Event::Left if reliable => return (State::Terminated, Effect::Nothing),
            Event::Timer if now >= self.until => {
                let effect = if self.acknowledged { Effect::Nothing } else { Effect::Unacknowledged };
                return (State::Terminated, effect);
            }
            Event::Ack => (self.resend_at, self.acknowledged) = (None, true),
            Event::Left => self.resend_at = None,
            // The retransmissions have ended; a client that repeats its INVITE did not receive the response.
            Event::Request if self.resend_at.is_none() => return (State::Accepted(self), Effect::Resend),
            Event::Timer if self.resend_at.is_some_and(|at| now >= at) => {
                self.interval = doubled(self.interval);
                self.resend_at = Some(now + self.interval);
                return (State::Accepted(self), Effect::Resend);
            }
            // RFC 6026 7.1: a retransmitted INVITE is absorbed; the response is retransmitted by its timer.
            Event::Timer | Event::Request | Event::Final { .. } => {}
        }
        (State::Accepted(self), Effect::Nothing)
    }
}

crate::digest! { enum State, State::name {
    Proceeding { trying_at },
    Accepted(accepted),
    Completed { response, interval, resend_at, until },
    Confirmed { until },
    Terminated,
} }

crate::digest! { struct Accepted { response, interval, resend_at, acknowledged, until } }

#[cfg(test)]
mod tests {
    use super::*;

    const START: Instant = Instant::ZERO;

    fn accepted(reliable: bool) -> State {
        State::new(START)
            .on(Event::Final { success: true, response: b"200", resend: true }, START, reliable)
            .0
    }

    #[test]
    fn trying_is_due_after_200_ms_and_once() {
        let state = State::new(START);
        assert_eq!(state.deadline(), Some(START + Duration::from_millis(200)));
        let (state, effect) = state.on(Event::Timer, START + TRYING_AFTER, true);
        assert_eq!((effect, state.deadline()), (Effect::SendTrying, None));
    }

    #[test]
    fn a_2xx_is_sent_again_on_a_stream_until_the_ack_ends_the_transaction() {
        let (state, effect) = accepted(true).on(Event::Timer, START + T1, true);
        assert_eq!((effect, state.response()), (Effect::Resend, Some(&b"200"[..])));
        let (state, _) = state.on(Event::Ack, START + T1, true);
        assert_eq!(state.name(), "Terminated");
    }

    #[test]
    fn a_2xx_never_acknowledged_is_reported_after_64_t1() {
        let (state, effect) = accepted(false).on(Event::Timer, START + TRANSACTION_TIMEOUT, false);
        assert_eq!((state.name(), effect), ("Terminated", Effect::Unacknowledged));
    }

    #[test]
    fn behind_the_ack_an_invite_by_datagram_is_answered_again_until_timer_l() {
        let (state, effect) = accepted(false).on(Event::Request, START, false);
        assert_eq!((state.name(), effect), ("Accepted", Effect::Nothing), "the 2xx comes by itself");
        let (state, _) = state.on(Event::Ack, START, false);
        assert_eq!(state.deadline(), Some(START + TRANSACTION_TIMEOUT), "it comes no more by itself");
        let (state, effect) = state.on(Event::Request, START + T1, false);
        assert_eq!((state.name(), effect, state.response()), ("Accepted", Effect::Resend, Some(&b"200"[..])));
        let (state, effect) = state.on(Event::Timer, START + TRANSACTION_TIMEOUT, false);
        assert_eq!((state.name(), effect), ("Terminated", Effect::Nothing));
    }

    #[test]
    fn a_2xx_to_a_client_that_left_is_sent_again_only_if_it_asks_again() {
        let (state, _) = accepted(false).on(Event::Left, START, false);
        assert_eq!(state.deadline(), Some(START + TRANSACTION_TIMEOUT));
        let (state, effect) = state.on(Event::Request, START + T1, false);
        assert_eq!((effect, state.response()), (Effect::Resend, Some(&b"200"[..])));
        assert_eq!(accepted(true).on(Event::Left, START, true).0.name(), "Terminated");
    }

    #[test]
    fn an_answer_that_is_not_sent_again_by_itself_is_when_its_invite_is() {
        for success in [true, false] {
            let answer = Event::Final { success, response: b"answer", resend: false };
            let (state, _) = State::new(START).on(answer, START, false);
            assert_eq!((state.resends(), state.deadline()), (false, Some(START + TRANSACTION_TIMEOUT)));
            let (state, effect) = state.on(Event::Request, START + T1, false);
            assert_eq!((effect, state.response()), (Effect::Resend, Some(&b"answer"[..])));
            let (_, effect) = state.on(Event::Timer, START + TRANSACTION_TIMEOUT, false);
            assert_eq!(effect, Effect::Unacknowledged);
        }
    }

    #[test]
    fn a_refusal_is_sent_again_by_timer_g_on_datagrams_only() {
        for reliable in [false, true] {
            let refusal = Event::Final { success: false, response: b"404", resend: true };
            let (state, _) = State::new(START).on(refusal, START, reliable);
            let expected = if reliable { TRANSACTION_TIMEOUT } else { T1 };
            assert_eq!(state.deadline(), Some(START + expected));
            let (state, _) = state.on(Event::Ack, START, reliable);
            assert_eq!(state.name(), if reliable { "Terminated" } else { "Confirmed" });
        }
    }
}
