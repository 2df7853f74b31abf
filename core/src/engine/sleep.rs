//! A node that slept: its process was stopped, or its machine. It still believes in sessions that other nodes may have
//! taken over meanwhile (S10), and nothing tells it.

use core::fmt::Display;

use super::{Engine, Step, TimerKey};
use crate::action::Level;
use crate::rcc::session::Session;
use crate::slots::Handle;
use crate::time::{Duration, Instant};
use crate::timer::Timers;

/// A timer that is so late was not kept waiting by other work. Load balancers give up on a node in less.
const SLEEP: Duration = Duration::from_secs(5);

impl Engine {
    /// A timer fires that was due at `at`.
    pub(super) fn note_lateness(&mut self, step: &mut Step<'_>, at: Instant) {
        let late = step.now.since(at);
        // All timers of one sleep are late: said once.
        if late < SLEEP || self.slept.is_some_and(|noticed| at < noticed) {
            return;
        }
        self.slept = Some(step.now);
        let fields: &[(&str, &dyn Display)] = &[
            ("late_ms", &late.as_millis()),
            ("why", &"the process or its machine stood still; other nodes may have taken sessions over"),
        ];
        step.actions.notify(Level::Warn, "overslept", fields);
    }

    /// Nobody refreshed the session in time: it is ended, with BYE (RFC 4028 10, client quirk 6). Where this node slept
    /// since the last refresh, its client may have been refreshed by another, which a BYE would undo: none is sent, and
    /// a client that is still this node's learns it with its next request.
    pub(super) fn on_expiry(&mut self, step: &mut Step<'_>, handle: Handle<Session>) {
        let Some(session) = self.sessions.get_mut(handle) else { return };
        Timers::<TimerKey>::fired(&mut session.expiry);
        let lifetime = session.timer.lifetime;
        if self.slept.is_some_and(|slept| step.now.since(slept) <= lifetime) {
            self.end_session(step, handle, "not refreshed since the gateway slept");
        } else {
            self.sign_out(step, handle, "not refreshed in time");
        }
    }
}
