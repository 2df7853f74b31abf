//! Turning requests away when the gateway can take no more: with which status, and when to come back.

use core::fmt::Display;

use super::receive::{Received, Refusal};
use super::{Gateway, Step};
use crate::entropy::Domain;

/// Why a session is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// A table is full.
    Full,
    /// The gateway drains or stops.
    Leaving,
}

impl Why {
    const fn reason(self) -> &'static str {
        match self {
            Self::Full => "The gateway is full",
            Self::Leaving => "The gateway is going out of service",
        }
    }

    /// The least and the most seconds after which it may be tried again.
    const fn pause(self) -> (u32, u32) {
        match self {
            Self::Full => (30, 90),
            Self::Leaving => (5, 15),
        }
    }
}

impl Gateway {
    /// Refuses a request because the gateway as a whole can take no more.
    pub(super) fn turn_away(&mut self, step: &mut Step<'_>, received: &Received<'_>, why: Why) {
        let (status, seconds) = overload(step, why);
        self.refuse_for_now(step, received, (status, why.reason()), &seconds);
    }

    /// Refuses a request that may be repeated after so many seconds.
    pub(super) fn refuse_for_now(
        &mut self,
        step: &mut Step<'_>,
        received: &Received<'_>,
        (status, reason): (u16, &str),
        seconds: &dyn Display,
    ) {
        let seconds = alloc::format!("{seconds}");
        let refusal = Refusal { header: ("Retry-After", &seconds), ..Refusal::new(status, reason) };
        self.refuse(step, received, &refusal);
    }
}

/// Seconds for a Retry-After, spread so that those turned away together do not come back together.
pub(super) fn retry_after(step: &mut Step<'_>, (least, most): (u32, u32)) -> u32 {
    let span = u64::from(most.saturating_sub(least)) + 1;
    let spread = step.entropy.draw(Domain::RetryAfter) % span;
    least + u32::try_from(spread).unwrap_or(0)
}

/// Seconds for a Retry-After, and the status with it: 503, or 500 where a proxy would stop routing to a node that
/// says 503 (RFC 3261 21.5.1 and 21.5.4).
pub(super) fn overload(step: &mut Step<'_>, why: Why) -> (u16, u32) {
    let status = if step.config.sip.may_say_503 { 503 } else { 500 };
    (status, retry_after(step, why.pause()))
}
