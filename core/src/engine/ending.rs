//! Coming to an end: a drain leaves sessions to other nodes, a stop ends them, and either is bounded in time
//! ([`crate::phase`]).

use super::{Gateway, Step, TimerKey};
use crate::action::Level;
use crate::input::Command;
use crate::phase::{Event, Phase};
use crate::rcc::jobs::Job;
use crate::sip::user_agent::{Overload, Received};
use crate::step::SessionId;

impl Gateway {
    pub(super) fn on_command(&mut self, step: &mut Step<'_>, command: Command<'_>) {
        match command {
            Command::Drain => self.on_ending(step, Event::Drain),
            Command::Stop => self.on_ending(step, Event::Stop),
            Command::Line(_) | Command::End => {
                step.actions.notify(Level::Warn, "command_refused", &[("why", &"the gateway takes no text")]);
            }
        }
    }

    /// A drain or a stop has taken as long as it may.
    pub(super) fn on_stop_timer(&mut self, step: &mut Step<'_>) {
        self.on_ending(step, Event::TimeUp);
    }

    /// When there is nothing more to wait for: no session, and every BYE of ours is answered; in a drain, which does
    /// not press, everything asked of the phone system too.
    pub(super) fn finish_if_done(&mut self, step: &mut Step<'_>) {
        let ends = match *step.phase {
            Phase::Running | Phase::Terminated => false,
            Phase::Draining => self.control.pool.requests().is_empty(),
            Phase::Stopping => true,
        };
        if ends
            && self.control.jobs.is_empty()
            && self.control.sessions.is_empty()
            && self.ua.transactions.byes == 0
        {
            self.on_ending(step, Event::Done);
        }
    }

    /// Lets the phase take an event, and does what a new one begins with.
    fn on_ending(&mut self, step: &mut Step<'_>, event: Event) {
        let next = step.phase.on(event);
        if next == *step.phase {
            return;
        }
        *step.phase = next;
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
            &[("sessions", &self.control.sessions.len()), ("at_most_s", &span.as_secs())];
        step.actions.notify(Level::Info, "draining", fields);
        step.timers.set(&mut self.stop, TimerKey::Stop, step.now + span);
    }

    /// Every session is told with BYE, and waited for a while.
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

    /// Leaves a session to another node. The dialog lives on there: no BYE.
    pub(super) fn hand_over(&mut self, step: &mut Step<'_>, received: &Received<'_>, handle: SessionId) {
        self.ua.turn_away(step, &mut self.control.sessions, received, Overload::Leaving);
        step.counters.sessions_handed_over += 1;
        self.end_session(step, handle, "left to another node: this one drains");
    }
}
