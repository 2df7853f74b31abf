//! Refusing requests when the gateway cannot take any more: the status, and the Retry-After.

use core::fmt::Display;

use super::UserAgent;
use super::leg::Legs;
use super::received::{Received, Refusal};
use crate::entropy::Domain;
use crate::step::Step;

/// Why a session is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overload {
    /// A table is full.
    Full,
    /// The phone systems have more to do than they bear.
    Congested,
    /// The gateway drains or stops.
    Leaving,
}

impl Overload {
    const fn reason(self) -> &'static str {
        match self {
            Self::Full => "The gateway is full",
            Self::Congested => "The phone system is busy",
            Self::Leaving => "The gateway is going out of service",
        }
    }

    /// The bounds of the Retry-After, in seconds.
    const fn pause(self) -> (u32, u32) {
        match self {
            Self::Full => (30, 90),
            Self::Congested | Self::Leaving => (5, 15),
        }
    }

    /// The status and the seconds of the Retry-After. The status is 503, or 500 if that is configured because a proxy
    /// would stop routing to a node that answers 503 (RFC 3261 21.5.1 and 21.5.4).
    pub(super) fn answer(self, step: &mut Step<'_>) -> (u16, u32) {
        let status = if step.config.sip.may_say_503 { 503 } else { 500 };
        (status, retry_after(step, self.pause()))
    }
}

impl UserAgent {
    /// Refuses a request because the gateway as a whole cannot take any more.
    pub(crate) fn turn_away(
        &mut self,
        step: &mut Step<'_>,
        legs: &mut impl Legs,
        received: &Received<'_>,
        why: Overload,
    ) {
        let (status, seconds) = why.answer(step);
        self.refuse_for_now(step, legs, received, (status, why.reason()), &seconds);
    }

    /// Refuses an INVITE in a dialog whose previous INVITE is not answered yet (RFC 3261 14.2).
    pub(crate) fn refuse_second_invite(
        &mut self,
        step: &mut Step<'_>,
        legs: &mut impl Legs,
        received: &Received<'_>,
    ) {
        let seconds = retry_after(step, (0, 10));
        self.refuse_for_now(step, legs, received, (500, "Another INVITE is under way"), &seconds);
    }

    /// Refuses a request that may be tried again after a number of seconds.
    fn refuse_for_now(
        &mut self,
        step: &mut Step<'_>,
        legs: &mut impl Legs,
        received: &Received<'_>,
        (status, reason): (u16, &str),
        seconds: &dyn Display,
    ) {
        let seconds = alloc::format!("{seconds}");
        let refusal = Refusal { header: ("Retry-After", seconds.into()), ..Refusal::new(status, reason) };
        self.refuse(step, legs, received, &refusal);
    }
}

/// A random number of seconds for a Retry-After, so that clients refused together do not come back together.
pub(super) fn retry_after(step: &mut Step<'_>, (least, most): (u32, u32)) -> u32 {
    let span = u64::from(most.saturating_sub(least)) + 1;
    let spread = step.entropy.draw(Domain::RetryAfter) % span;
    least + u32::try_from(spread).unwrap_or(0)
}
