//! Moving sessions to connections in service without their clients' help (`cti.recovery = "rebind"`).
//!
//! One walk over the table of sessions serves all causes: a session is moved if its connection is not in service,
//! whichever it is and however long it has been down. All moves share one pace (`cti.rebind_rate`), and a step moves at
//! most one session. A request in a session that was not reached yet moves it at once. What clients are to be told
//! after a move is up to [`super::resync`].

use super::control::Control;
use super::jobs::{Job, PORTION};
use super::noting::Field;
use super::session::Carrier;
use super::walk::{Event, State};
use crate::action::Level;
use crate::config::{Config, Recovery};
use crate::cti::ConnectionRef;
use crate::expected::Expected as _;
use crate::step::{SessionId, Step, TimerKey};
use crate::time::Duration;

/// The result of a portion of the walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Walked {
    /// This session lacks a connection in service, or monitors over it. The walk continues after a pause.
    Found(SessionId),
    /// Nothing was found in this portion, and there are more.
    More,
    /// The walk pauses, or is over.
    Done,
}

impl<C: Carrier> Control<C> {
    /// Starts a walk because a connection failed or came into service.
    pub(super) fn schedule_rebind(&mut self, step: &mut Step<'_>) {
        if rebinds(step.config) || self.walker.state() == State::Waiting {
            self.on_walk(step, Event::Wanted);
        }
    }

    /// Starts a walk because what clients know of their calls may be wrong. They are updated at the pace of moves.
    pub(super) fn schedule_verification(&mut self, step: &mut Step<'_>) {
        self.on_walk(step, Event::Wanted);
    }

    /// Has a monitor tried again later that was stopped or, for a temporary reason, could not be started: when many are
    /// moved at once, the phone system may be overloaded. This applies whoever moved the session; the client is told
    /// nothing until then.
    pub(super) fn schedule_retry(&mut self, step: &mut Step<'_>) {
        self.on_walk(step, Event::Unfed);
    }

    fn on_walk(&mut self, step: &mut Step<'_>, event: Event) {
        self.walker.on(event, step.now);
        match self.walker.state().deadline() {
            Some(at) => step.timers.set(&mut self.walk_deadline, TimerKey::Rebind, at),
            None => step.timers.cancel(&mut self.walk_deadline, TimerKey::Rebind),
        }
    }

    /// Continues the walk after a pause.
    pub(crate) fn on_walk_timer(&mut self, step: &mut Step<'_>) {
        self.on_walk(step, Event::Timer);
        self.jobs.push_back(Job::Rebind);
    }

    /// Searches a portion for the next session that lacks something.
    pub(super) fn walk_on(&mut self, step: &mut Step<'_>) -> Walked {
        let State::Walking { walk } = self.walker.state() else {
            debug_assert!(false, "the job of a walk that is not under way");
            return Walked::Done;
        };
        if !self.pool.serves() {
            self.on_walk(step, Event::NoneServes);
            return Walked::Done;
        }
        let end = walk.slot.saturating_add(PORTION).min(self.sessions.slots());
        let found = (walk.slot..end).find_map(|slot| {
            let session = self.sessions.at(slot)?;
            self.needs_restoring(step, session).then_some((slot, session))
        });
        if let Some((slot, session)) = found {
            let pace = Duration::from_micros(1_000_000 / u64::from(step.config.cti.rebind_rate.max(1)));
            // Where the rate of messages is limited, the next follows when those of the last are sent.
            let pace = pace.max(self.pool.longest_backlog());
            let moved = self.link_of(session).is_err();
            let next = slot.saturating_add(1);
            self.on_walk(step, Event::Settled { next, pause: pace, moved });
            return Walked::Found(session);
        }
        if end < self.sessions.slots() {
            self.on_walk(step, Event::Looked(end));
            return Walked::More;
        }
        self.on_walk(step, Event::End);
        if self.walker.state() == State::Idle && walk.moved > 0 {
            step.actions.notify(Level::Info, "sessions_rebound", &[("sessions", &walk.moved)]);
        }
        if let State::Walking { .. } = self.walker.state() { Walked::More } else { Walked::Done }
    }

    /// Whether a session's connection is not in service and the gateway is to move it, or one of its monitors is not
    /// fed or may have missed events.
    fn needs_restoring(&self, step: &Step<'_>, session: SessionId) -> bool {
        let Some(one) = self.sessions.get(session).expected("a session") else { return false };
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

    /// Binds a session whose connection is not in service to one that is, if there is one. Moves take turns of their
    /// own, so that sign-ins stay evenly distributed. The session's monitors are still to be started there.
    pub(super) fn move_session(&mut self, step: &mut Step<'_>, session: SessionId) -> Option<ConnectionRef> {
        let device = self.number_of(session);
        let connection = self.pool.take_move(&device)?;
        self.bind(session, Some(connection));
        step.counters.rebinds += 1;
        let fields: &[Field<'_>] = &[("connection", &connection.id)];
        self.note_session(step, (Level::Debug, "session_rebound"), session, fields);
        Some(connection)
    }
}

/// Whether the gateway moves sessions by itself.
pub(crate) const fn rebinds(config: &Config) -> bool {
    matches!(config.cti.recovery, Recovery::Rebind)
}
