//! Detection of a suspended process. A node that was suspended still holds sessions that other nodes may have taken
//! over meanwhile (S10), without being told. It notices because timers fire late: each CTI connection has a heartbeat
//! timer, so that a suspension longer than the heartbeat interval is always noticed, and a shorter one often. A machine
//! whose clock stood still as well cannot be detected.

use core::fmt::Display;

use super::{Control, Leg, Uacsta};
use crate::action::Level;
use crate::step::{SessionId, Step};
use crate::time::{Duration, Instant};

/// How late a timer must be to show a suspension: longer than other work delays it, and no shorter than load balancers
/// take to give up on a node.
const SLEEP: Duration = Duration::from_secs(5);

impl Uacsta {
    /// Checks how late a timer fires that was due at `at`.
    pub(crate) fn note_lateness(&mut self, step: &mut Step<'_>, at: Instant) {
        let late = step.now.since(at);
        // A timer due at time zero is not late, and each suspension is reported once.
        if at == Instant::ZERO || late < SLEEP || self.slept.is_some_and(|noticed| at < noticed) {
            return;
        }
        self.slept = Some(step.now);
        let fields: &[(&str, &dyn Display)] = &[
            ("late_ms", &late.as_millis()),
            ("why", &"the process or its machine stood still; other nodes may have taken sessions over"),
        ];
        step.actions.notify(Level::Warn, "overslept", fields);
    }

    /// Whether a session was not refreshed since this node was suspended. Another node may have taken it over then, and
    /// a BYE from here would end it there. A client that is still at this node learns with its next request that the
    /// session is gone.
    pub(super) fn may_be_elsewhere(&self, control: &Control<Leg>, now: Instant, handle: SessionId) -> bool {
        let (Some(slept), Some(session)) = (self.slept, control.sessions.get(handle)) else {
            return false;
        };
        session.carrier.expiry.at().unwrap_or(now) <= slept + session.carrier.timer.lifetime
    }
}
