//! The end of the gateway: a drain leaves sessions to other nodes, a stop ends them; both are bounded in time
//! ([`crate::phase`]).

use super::{Gateway, Step, TimerKey};
use crate::action::Level;
use crate::input::Command;
use crate::phase::{Event, Phase};
use crate::rcc::jobs::Job;
use crate::reply::{Refusal, ReplyResult, Token};

impl Gateway {
    /// Carries out a command, and answers it if it has a token.
    pub(super) fn on_command(&mut self, step: &mut Step<'_>, token: Option<Token>, command: Command<'_>) {
        let result = match command {
            Command::Drain => Some(self.end_as_told(step, Event::Drain)),
            Command::Undrain => Some(self.end_as_told(step, Event::Undrain)),
            Command::Stop => Some(self.end_as_told(step, Event::Stop)),
            Command::Redial(index) => Some(self.control.pool.redial(step, index)),
            Command::Select { user, choice } => self.on_select(step, token, (user, choice)).err().map(Err),
            Command::Line(_) | Command::End => {
                step.actions.notify(Level::Warn, "command_refused", &[("why", &"the gateway takes no text")]);
                Some(Err(Refusal::Unknown))
            }
        };
        // What has to be kept is answered when it is.
        if let Some(result) = result {
            step.actions.reply(token, result);
        }
    }

    /// Begins or ends a drain, or begins a stop, which cannot be undone.
    fn end_as_told(&mut self, step: &mut Step<'_>, event: Event) -> ReplyResult {
        self.on_ending(step, event);
        let is_refused = event == Event::Undrain && *step.phase != Phase::Running;
        if is_refused { Err(Refusal::Ending) } else { Ok(()) }
    }

    /// Handles the deadline of a drain or a stop.
    pub(super) fn on_stop_timer(&mut self, step: &mut Step<'_>) {
        self.on_ending(step, Event::TimeUp);
    }

    /// Ends the gateway if there is nothing left to wait for: no session, no unanswered BYE of ours, and, in a drain,
    /// no request to a phone system.
    pub(super) fn finish_if_done(&mut self, step: &mut Step<'_>) {
        let ends = match *step.phase {
            Phase::Running | Phase::Terminated => false,
            Phase::Draining => self.control.pool.requests().is_empty(),
            Phase::Stopping => true,
        };
        if ends
            && self.control.jobs.is_empty()
            && self.control.sessions.is_empty()
            && self.uacsta.ua.transactions.byes == 0
        {
            self.on_ending(step, Event::Done);
        }
    }

    /// Gives an event to the phase, and begins the new one if it changes.
    fn on_ending(&mut self, step: &mut Step<'_>, event: Event) {
        let next = step.phase.on(event);
        if next == *step.phase {
            return;
        }
        *step.phase = next;
        self.since = step.now;
        match next {
            Phase::Running => self.end_drain(step),
            Phase::Draining => self.begin_drain(step),
            Phase::Stopping => self.begin_stop(step),
            Phase::Terminated => self.finish(step),
        }
    }

    /// Begins a drain: no new session is accepted. Sessions that are left at its deadline are ended by a stop.
    fn begin_drain(&mut self, step: &mut Step<'_>) {
        let span = step.config.sip.drain_timeout;
        let fields: &[(&str, &dyn core::fmt::Display)] =
            &[("sessions", &self.control.sessions.len()), ("at_most_s", &span.as_secs())];
        step.actions.notify(Level::Info, "draining", fields);
        step.timers.set(&mut self.stop, TimerKey::Stop, step.now + span);
    }

    /// Ends a drain: sessions begin again, and those that are left stay.
    fn end_drain(&mut self, step: &mut Step<'_>) {
        step.timers.cancel(&mut self.stop, TimerKey::Stop);
        step.actions.notify(Level::Info, "drain_ended", &[("sessions", &self.control.sessions.len())]);
    }

    /// Begins a stop: every session is ended with a BYE, whose answers are waited for in bounded time.
    fn begin_stop(&mut self, step: &mut Step<'_>) {
        step.actions.notify(Level::Info, "stopping", &[("sessions", &self.control.sessions.len())]);
        let at = step.now + step.config.sip.stop_timeout;
        step.timers.set(&mut self.stop, TimerKey::Stop, at);
        self.control.jobs.push_back(Job::SignOutAll { slot: 0 });
    }

    fn finish(&mut self, step: &mut Step<'_>) {
        step.timers.cancel(&mut self.stop, TimerKey::Stop);
        self.control.pool.leave(step);
        step.actions.notify(Level::Info, "stopped", &[("sessions_left", &self.control.sessions.len())]);
        step.actions.finish(0);
    }
}
