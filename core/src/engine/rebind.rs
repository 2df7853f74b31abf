//! Moving sessions to connections in service without their clients' doing (`cti.recovery = "rebind"`).
//!
//! One walk over the table of sessions serves all causes, so that their number is no matter: a session is moved if the
//! connection it holds to is not in service, whichever that is and since when. The pace is one for all of them
//! (`cti.rebind_rate`), and one session is moved in a step. A request of a session that was not reached yet moves it at
//! once. What a move leaves to be told is [`super::catch_up`]'s.

use core::fmt::Display;

use super::jobs::{Job, PORTION};
use super::{Gateway, Step, TimerKey};
use crate::action::Level;
use crate::config::{Config, Recovery};
use crate::cti::rebind::{Event, State};
use crate::rcc::session::{Phase, Session};
use crate::slots::Handle;
use crate::time::Duration;

use crate::wire::csta::model::SystemStatus;

impl Gateway {
    /// Sessions may have to be moved: a connection failed, or one is in service again.
    pub(super) fn want_rebind(&mut self, step: &mut Step<'_>) {
        if rebinds(step.config) || self.rebind.state() == State::Waiting {
            self.on_rebind(step, Event::Wanted);
        }
    }

    /// What clients know of their calls may be wrong: they are brought up to date at the pace of those that are moved.
    pub(super) fn want_verifying(&mut self, step: &mut Step<'_>) {
        self.on_rebind(step, Event::Wanted);
    }

    /// A monitor could not be started, for a reason that passes, or was stopped: when many move at once, their phone system has more to
    /// do than it takes. It is tried again, whoever moved the session; its client hears nothing until then.
    pub(super) fn want_feeding(&mut self, step: &mut Step<'_>) {
        self.on_rebind(step, Event::Unfed);
    }

    fn on_rebind(&mut self, step: &mut Step<'_>, event: Event) {
        self.rebind.on(event, step.now);
        match self.rebind.state().deadline() {
            Some(at) => step.timers.set(&mut self.rebind_deadline, TimerKey::Rebind, at),
            None => step.timers.cancel(&mut self.rebind_deadline, TimerKey::Rebind),
        }
    }

    pub(super) fn on_rebind_timer(&mut self, step: &mut Step<'_>) {
        self.on_rebind(step, Event::Timer);
        self.jobs.push_back(Job::Rebind);
    }

    /// Looks for the next session to be moved, and moves it. True: a portion was looked at in vain.
    pub(super) fn rebind_portion(&mut self, step: &mut Step<'_>) -> bool {
        let State::Walking { walk } = self.rebind.state() else { return false };
        if !self.pool.serves() {
            self.on_rebind(step, Event::NoneServes);
            return false;
        }
        let end = walk.slot.saturating_add(PORTION).min(self.sessions.slots());
        let adrift = (walk.slot..end).find_map(|slot| {
            let handle = self.sessions.at(slot)?;
            self.is_adrift(step, handle).then_some((slot, handle))
        });
        match adrift {
            Some((slot, handle)) => {
                let pace = Duration::from_micros(1_000_000 / u64::from(step.config.cti.rebind_rate.max(1)));
                let moved = self.link_of(handle).is_err();
                let next = slot.saturating_add(1);
                self.on_rebind(step, Event::Settled { next, pause: pace, moved });
                self.settle_session(step, handle);
                false
            }
            None if end >= self.sessions.slots() => {
                self.on_rebind(step, Event::End);
                if self.rebind.state() == State::Idle && walk.moved > 0 {
                    step.actions.notify(Level::Info, "sessions_rebound", &[("sessions", &walk.moved)]);
                }
                matches!(self.rebind.state(), State::Walking { .. })
            }
            None => {
                self.on_rebind(step, Event::Looked(end));
                true
            }
        }
    }

    /// Whether a session's connection is not in service, where that is ours to mend, or something it watches is not fed,
    /// or may have been fed wrongly.
    fn is_adrift(&self, step: &Step<'_>, handle: Handle<Session>) -> bool {
        let Some(session) = self.sessions.get(handle) else { return false };
        let Ok(link) = self.link_of(handle) else { return rebinds(step.config) };
        session.phase == Phase::Established
            && session.monitors.iter().any(|monitor| {
                let watch = self.monitors.get(*monitor).and_then(|one| self.watches.slots.get(one.watch));
                watch.is_none_or(|watch| watch.connection != link || watch.is_doubted())
            })
    }

    /// Gives a session what it lacks: a connection in service, and monitors over it.
    fn settle_session(&mut self, step: &mut Step<'_>, handle: Handle<Session>) {
        if let Ok(link) = self.link_of(handle) {
            self.restart_monitors(step, handle, link);
        } else {
            self.rebind_session(step, handle);
        }
    }

    /// Moves a session whose connection is not in service to one that is, if there is one. These take turns of their
    /// own, so that sign-ins are shared out as fairly as ever.
    pub(super) fn rebind_session(&mut self, step: &mut Step<'_>, handle: Handle<Session>) {
        let Some(connection) = self.pool.take_move() else { return };
        self.hold_to(handle, Some(connection));
        step.counters.rebinds += 1;
        let Some(session) = self.sessions.get(handle) else { return };
        let place = u32::from(connection.index()) + 1;
        let fields: &[(&str, &dyn Display)] =
            &[("session", &handle), ("cti", &place), ("connection", &connection.id)];
        step.actions.notify(Level::Debug, "session_rebound", fields);
        // One that is signing in is told, and fed, with its answer.
        if session.phase == Phase::Established {
            self.restart_monitors(step, handle, connection);
            self.tell_status(step, handle, SystemStatus::Normal);
        }
    }
}

/// Whether the gateway moves sessions by itself.
pub(super) const fn rebinds(config: &Config) -> bool {
    matches!(config.cti.recovery, Recovery::Rebind)
}
