//! Coming to an end: a drain leaves sessions to other nodes, a stop ends them, and either is bounded in time.

use super::receive::Received;
use super::{Engine, Step, TimerKey, jobs};
use crate::action::Level;
use crate::input::Command;
use crate::rcc::session::Session;
use crate::slots::Handle;
use crate::timer::Timers;

/// Whether the gateway goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Running,
    /// No new session is taken; those there are may go elsewhere.
    Draining,
    /// Sessions are being told.
    Stopping,
    /// All is said; nothing more is wanted.
    Finished,
}

impl Phase {
    /// The phase's name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Draining => "draining",
            Self::Stopping => "stopping",
            Self::Finished => "finished",
        }
    }
}

impl Engine {
    pub(super) fn on_command(&mut self, step: &mut Step<'_>, command: Command<'_>) {
        match (command, self.phase) {
            (Command::Stop, Phase::Running | Phase::Draining) => self.stop(step),
            (Command::Drain, Phase::Running) => self.drain(step),
            // What is under way already.
            (Command::Stop | Command::Drain, _) => {}
            (Command::Line(_) | Command::End, _) => {
                step.actions.notify(Level::Warn, "command_refused", &[("why", &"the gateway takes no text")]);
            }
        }
    }

    /// From now on no session begins here. What is left at the end of its time is ended by a stop.
    fn drain(&mut self, step: &mut Step<'_>) {
        self.phase = Phase::Draining;
        let span = self.config.sip.drain_timeout;
        let fields: &[(&str, &dyn core::fmt::Display)] =
            &[("sessions", &self.sessions.len()), ("at_most_s", &span.as_secs())];
        step.actions.notify(Level::Info, "draining", fields);
        self.timers.set(&mut self.stop, TimerKey::Stop, step.now + span);
    }

    /// Every session is told with BYE, and waited for a while.
    fn stop(&mut self, step: &mut Step<'_>) {
        self.phase = Phase::Stopping;
        step.actions.notify(Level::Info, "stopping", &[("sessions", &self.sessions.len())]);
        let at = step.now + self.config.sip.stop_timeout;
        self.timers.set(&mut self.stop, TimerKey::Stop, at);
        self.jobs.push_back(jobs::Job::SignOutAll { slot: 0 });
    }

    /// A drain or a stop has taken as long as it may.
    pub(super) fn on_stop_timer(&mut self, step: &mut Step<'_>) {
        Timers::<TimerKey>::fired(&mut self.stop);
        if self.phase == Phase::Draining {
            self.stop(step);
        } else {
            self.finish(step);
        }
    }

    /// Whether sessions may begin here.
    pub(super) fn takes_sessions(&self) -> bool {
        self.phase == Phase::Running
    }

    /// Whether a session that is refreshed is left to another node: a proxy tries the next one after a 503, and that
    /// one takes the dialog over (S10).
    pub(super) fn hands_over(&self) -> bool {
        self.phase == Phase::Draining && self.config.sip.may_say_503
    }

    /// Leaves a session to another node. The dialog lives on there: no BYE.
    pub(super) fn hand_over(
        &mut self,
        step: &mut Step<'_>,
        received: &Received<'_>,
        handle: Handle<Session>,
    ) {
        self.turn_away(step, received, super::overload::Why::Leaving);
        self.counters.sessions_handed_over += 1;
        self.end_session(step, handle, "left to another node: this one drains");
    }

    /// When there is nothing more to wait for: no session, and every BYE of ours is answered; in a drain, which does
    /// not press, everything asked of the phone system too.
    pub(super) fn finish_if_done(&mut self, step: &mut Step<'_>) {
        let ends = match self.phase {
            Phase::Running | Phase::Finished => false,
            Phase::Draining => self.pending.is_empty(),
            Phase::Stopping => true,
        };
        if ends && self.jobs.is_empty() && self.sessions.is_empty() && self.transactions.byes == 0 {
            self.finish(step);
        }
    }

    fn finish(&mut self, step: &mut Step<'_>) {
        if self.phase == Phase::Finished {
            return;
        }
        self.phase = Phase::Finished;
        self.timers.cancel(&mut self.stop, TimerKey::Stop);
        self.leave_links(step);
        step.actions.notify(Level::Info, "stopped", &[("sessions_left", &self.sessions.len())]);
        step.actions.finish(0);
    }
}
