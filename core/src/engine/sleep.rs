//! A node that slept: its process was stopped. It still believes in sessions that other nodes may have taken over
//! meanwhile (S10), and nothing tells it. It notices by its timers: each CTI connection has one, its heartbeat's, so
//! that a sleep which lasts longer than a heartbeat's interval is noticed, a shorter one often. Nothing tells of a
//! machine whose clock stood still with it.

use core::fmt::Display;

use super::{Gateway, Step};
use crate::action::Level;
use crate::step::SessionId;
use crate::time::{Duration, Instant};

/// A timer that is so late was not kept waiting by other work. Load balancers give up on a node in less.
const SLEEP: Duration = Duration::from_secs(5);

impl Gateway {
    /// A timer fires that was due at `at`.
    pub(super) fn note_lateness(&mut self, step: &mut Step<'_>, at: Instant) {
        let late = step.now.since(at);
        // What was due before there was a time is not late, and all that is late from one sleep is said once.
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

    /// Whether a session was not refreshed since this node slept: its client may have been refreshed by another node,
    /// which a BYE of ours would undo. A client that is still this node's learns with its next request that the session
    /// is gone.
    pub(super) fn may_be_elsewhere(&self, now: Instant, handle: SessionId) -> bool {
        let (Some(slept), Some(session)) = (self.slept, self.control.sessions.get(handle)) else {
            return false;
        };
        session.carrier.expiry.at().unwrap_or(now) <= slept + session.carrier.timer.lifetime
    }
}
