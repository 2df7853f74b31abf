//! Coming to an end: a drain leaves sessions to other nodes, a stop ends them, and either is bounded in time.
//!
//! ```text
//!   Running --drain--> Draining --stop or time up--> Stopping
//!   Running --stop--> Stopping
//!   Draining, Stopping --nothing left to wait for--> Terminated
//!   Stopping --time up--> Terminated
//! ```

use super::receive::Received;
use super::{Gateway, Step, TimerKey, jobs};
use crate::action::Level;
use crate::input::Command;
use crate::rcc::session::Session;
use crate::sip::assert_transition;
use crate::slots::Handle;

/// Whether the gateway goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Running,
    /// No new session is taken; those there are may go elsewhere.
    Draining,
    /// Sessions are being told.
    Stopping,
    /// All is said; nothing more is wanted.
    Terminated,
}

/// What can happen to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    /// The operator wants a drain.
    Drain,
    /// The operator wants a stop.
    Stop,
    /// A drain or a stop has taken as long as it may.
    TimeUp,
    /// A drain or a stop has nothing more to wait for.
    Done,
}

/// All transitions.
pub(crate) const TABLE: &[(&str, &str)] = &[
    ("Running", "Draining"),
    ("Running", "Stopping"),
    ("Draining", "Stopping"),
    ("Draining", "Terminated"),
    ("Stopping", "Terminated"),
];

impl Phase {
    /// The phase's name, as in [`TABLE`].
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Draining => "Draining",
            Self::Stopping => "Stopping",
            Self::Terminated => "Terminated",
        }
    }

    /// Takes a cause.
    fn on(self, cause: Cause) -> Self {
        let next = match (self, cause) {
            (Self::Running, Cause::Drain) => Self::Draining,
            (Self::Running | Self::Draining, Cause::Stop) | (Self::Draining, Cause::TimeUp) => Self::Stopping,
            (Self::Stopping, Cause::TimeUp) | (Self::Draining | Self::Stopping, Cause::Done) => {
                Self::Terminated
            }
            (phase, Cause::Drain | Cause::Stop | Cause::TimeUp | Cause::Done) => phase,
        };
        assert_transition(TABLE, self.name(), next.name());
        next
    }
}

impl Gateway {
    pub(super) fn on_command(&mut self, step: &mut Step<'_>, command: Command<'_>) {
        match command {
            Command::Drain => self.on_ending(step, Cause::Drain),
            Command::Stop => self.on_ending(step, Cause::Stop),
            Command::Line(_) | Command::End => {
                step.actions.notify(Level::Warn, "command_refused", &[("why", &"the gateway takes no text")]);
            }
        }
    }

    /// A drain or a stop has taken as long as it may.
    pub(super) fn on_stop_timer(&mut self, step: &mut Step<'_>) {
        self.on_ending(step, Cause::TimeUp);
    }

    /// When there is nothing more to wait for: no session, and every BYE of ours is answered; in a drain, which does
    /// not press, everything asked of the phone system too.
    pub(super) fn finish_if_done(&mut self, step: &mut Step<'_>) {
        let ends = match self.phase {
            Phase::Running | Phase::Terminated => false,
            Phase::Draining => self.pool.requests().is_empty(),
            Phase::Stopping => true,
        };
        if ends && self.jobs.is_empty() && self.sessions.is_empty() && self.transactions.byes == 0 {
            self.on_ending(step, Cause::Done);
        }
    }

    /// Lets the phase take a cause, and does what a new one begins with.
    fn on_ending(&mut self, step: &mut Step<'_>, cause: Cause) {
        let next = self.phase.on(cause);
        if next == self.phase {
            return;
        }
        self.phase = next;
        match next {
            Phase::Running => {}
            Phase::Draining => self.begin_drain(step),
            Phase::Stopping => self.begin_stop(step),
            Phase::Terminated => self.finish(step),
        }
    }

    /// From now on no session begins here. What is left at the end of its time is ended by a stop.
    fn begin_drain(&mut self, step: &mut Step<'_>) {
        let span = step.config.sip.drain_timeout;
        let fields: &[(&str, &dyn core::fmt::Display)] =
            &[("sessions", &self.sessions.len()), ("at_most_s", &span.as_secs())];
        step.actions.notify(Level::Info, "draining", fields);
        step.timers.set(&mut self.stop, TimerKey::Stop, step.now + span);
    }

    /// Every session is told with BYE, and waited for a while.
    fn begin_stop(&mut self, step: &mut Step<'_>) {
        step.actions.notify(Level::Info, "stopping", &[("sessions", &self.sessions.len())]);
        let at = step.now + step.config.sip.stop_timeout;
        step.timers.set(&mut self.stop, TimerKey::Stop, at);
        self.jobs.push_back(jobs::Job::SignOutAll { slot: 0 });
    }

    fn finish(&mut self, step: &mut Step<'_>) {
        step.timers.cancel(&mut self.stop, TimerKey::Stop);
        self.pool.leave(step);
        step.actions.notify(Level::Info, "stopped", &[("sessions_left", &self.sessions.len())]);
        step.actions.finish(0);
    }

    /// Whether sessions may begin here.
    pub(super) fn takes_sessions(&self) -> bool {
        self.phase == Phase::Running
    }

    /// Whether a session that is refreshed is left to another node: a proxy tries the next one after a 503, and that
    /// one takes the dialog over (S10).
    pub(super) fn hands_over(&self, step: &Step<'_>) -> bool {
        self.phase == Phase::Draining && step.config.sip.may_say_503
    }

    /// Leaves a session to another node. The dialog lives on there: no BYE.
    pub(super) fn hand_over(
        &mut self,
        step: &mut Step<'_>,
        received: &Received<'_>,
        handle: Handle<Session>,
    ) {
        self.turn_away(step, received, super::overload::Why::Leaving);
        step.counters.sessions_handed_over += 1;
        self.end_session(step, handle, "left to another node: this one drains");
    }
}
