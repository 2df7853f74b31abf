//! Moving sessions to connections in service without their clients' doing (`cti.recovery = "rebind"`).
//!
//! One walk over the table of sessions serves all causes, so that their number is no matter: a session is moved if the
//! connection it is bound to is not in service, whichever that is and since when. The pace is one for all of them
//! (`cti.rebind_rate`), and one session is moved in a step. A request of a session that was not reached yet moves it at
//! once. What a move leaves to be told is [`super::resync`]'s.

use core::fmt::Display;

use super::control::Control;
use super::jobs::{Job, PORTION};
use super::session::Carrier;
use super::walk::{Event, State};
use crate::action::Level;
use crate::config::{Config, Recovery};
use crate::cti::ConnectionRef;
use crate::step::{SessionId, Step, TimerKey};
use crate::time::Duration;

/// What a portion of the walk came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Walked {
    /// This session lacks something: a connection in service, or monitors over it. The walk goes on in time.
    Found(SessionId),
    /// Nothing was found, and there is more to be looked at.
    Onward,
    /// The walk pauses, or is over.
    Done,
}

impl<C: Carrier> Control<C> {
    /// Sessions may have to be moved: a connection failed, or one is in service again.
    pub(crate) fn want_rebind(&mut self, step: &mut Step<'_>) {
        if rebinds(step.config) || self.walker.state() == State::Waiting {
            self.on_walk(step, Event::Wanted);
        }
    }

    /// What clients know of their calls may be wrong: they are brought up to date at the pace of those that are moved.
    pub(crate) fn want_verifying(&mut self, step: &mut Step<'_>) {
        self.on_walk(step, Event::Wanted);
    }

    /// A monitor could not be started, for a reason that passes, or was stopped: when many move at once, their phone
    /// system has more to do than it takes. It is tried again, whoever moved the session; its client hears nothing
    /// until then.
    pub(super) fn want_feeding(&mut self, step: &mut Step<'_>) {
        self.on_walk(step, Event::Unfed);
    }

    fn on_walk(&mut self, step: &mut Step<'_>, event: Event) {
        self.walker.on(event, step.now);
        match self.walker.state().deadline() {
            Some(at) => step.timers.set(&mut self.walk_deadline, TimerKey::Rebind, at),
            None => step.timers.cancel(&mut self.walk_deadline, TimerKey::Rebind),
        }
    }

    /// The walk goes on.
    pub(crate) fn on_walk_timer(&mut self, step: &mut Step<'_>) {
        self.on_walk(step, Event::Timer);
        self.jobs.push_back(Job::Rebind);
    }

    /// Looks for the next session that lacks something.
    pub(crate) fn walk_on(&mut self, step: &mut Step<'_>) -> Walked {
        let State::Walking { walk } = self.walker.state() else { return Walked::Done };
        if !self.pool.serves() {
            self.on_walk(step, Event::NoneServes);
            return Walked::Done;
        }
        let end = walk.slot.saturating_add(PORTION).min(self.sessions.slots());
        let adrift = (walk.slot..end).find_map(|slot| {
            let session = self.sessions.at(slot)?;
            self.is_adrift(step, session).then_some((slot, session))
        });
        if let Some((slot, session)) = adrift {
            let pace = Duration::from_micros(1_000_000 / u64::from(step.config.cti.rebind_rate.max(1)));
            let moved = self.link_of(session).is_err();
            let next = slot.saturating_add(1);
            self.on_walk(step, Event::Settled { next, pause: pace, moved });
            return Walked::Found(session);
        }
        if end < self.sessions.slots() {
            self.on_walk(step, Event::Looked(end));
            return Walked::Onward;
        }
        self.on_walk(step, Event::End);
        if self.walker.state() == State::Idle && walk.moved > 0 {
            step.actions.notify(Level::Info, "sessions_rebound", &[("sessions", &walk.moved)]);
        }
        if let State::Walking { .. } = self.walker.state() { Walked::Onward } else { Walked::Done }
    }

    /// Whether a session's connection is not in service, where that is ours to mend, or something it switch monitors is
    /// not fed, or may have been fed wrongly.
    fn is_adrift(&self, step: &Step<'_>, session: SessionId) -> bool {
        let Some(one) = self.sessions.get(session) else { return false };
        let Ok(link) = self.link_of(session) else { return rebinds(step.config) };
        one.carrier.is_established()
            && one.monitors.iter().any(|monitor| {
                let switch_monitor =
                    self.monitors.get(*monitor).and_then(|one| self.switch_monitors.slots.get(one.source?));
                switch_monitor.is_none_or(|switch_monitor| {
                    switch_monitor.connection != link || switch_monitor.is_unverified(self.walker.walk())
                })
            })
    }

    /// Moves a session whose connection is not in service to one that is, if there is one. These take turns of their
    /// own, so that sign-ins are shared out as fairly as ever. Its monitors are still to be started over that.
    pub(crate) fn move_session(&mut self, step: &mut Step<'_>, session: SessionId) -> Option<ConnectionRef> {
        let connection = self.pool.take_move()?;
        self.bind(session, Some(connection));
        step.counters.rebinds += 1;
        let number = u32::from(connection.index()) + 1;
        let fields: &[(&str, &dyn Display)] =
            &[("session", &session), ("cti", &number), ("connection", &connection.id)];
        step.actions.notify(Level::Debug, "session_rebound", fields);
        Some(connection)
    }
}

/// Whether the gateway moves sessions by itself.
pub(crate) const fn rebinds(config: &Config) -> bool {
    matches!(config.cti.recovery, Recovery::Rebind)
}
