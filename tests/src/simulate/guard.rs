//! The invariants that are checked after every step of a node.

mod fairness;
mod rights;
mod telling;
mod traffic;

use std::collections::BTreeSet;
use std::rc::Rc;

use core::cell::RefCell;

use ctigate_core::{Actions, Input, Instant};

use super::book::Book;
use super::broken::Broken;
use super::ledger::Ledger;
use super::plan::WorldPlan;
use super::report::{States, Transitions};
use super::seen::{Seen, SeenCalls};
use super::watch::Watcher;
use crate::world::Alarm;
use fairness::Fairness;
use rights::Rights;
use traffic::Traffic;

/// The most early events.
const EARLY: usize = 256;

/// Guards one run of one node.
pub(super) struct NodeGuard {
    plan: Rc<WorldPlan>,
    alarm: Alarm,
    /// The node before the current step.
    before: Seen,
    now: Rc<RefCell<Seen>>,
    /// Every connection ID so far.
    ids: BTreeSet<u64>,
    fairness: Fairness,
    traffic: Traffic,
    rights: Rights,
    /// The transitions of its state machines; kept for a share of the seeds.
    transitions: Option<Rc<RefCell<Transitions>>>,
    states: States,
}

impl NodeGuard {
    pub(super) fn new(
        index: usize,
        plan: &Rc<WorldPlan>,
        alarm: &Alarm,
        (now, book): (&Rc<RefCell<Seen>>, &Rc<RefCell<Option<Book>>>),
        ledger: &Rc<RefCell<Ledger>>,
        calls: &[Rc<RefCell<SeenCalls>>],
        transitions: Option<Rc<RefCell<Transitions>>>,
    ) -> Self {
        now.replace(Seen::default());
        Self {
            plan: Rc::clone(plan),
            alarm: alarm.clone(),
            before: Seen::default(),
            now: Rc::clone(now),
            ids: BTreeSet::new(),
            fairness: Fairness::new(plan.rebinds()),
            traffic: Traffic::new(index, Rc::clone(plan), Rc::clone(ledger), calls.to_vec()),
            rights: Rights::new(Rc::clone(plan), Rc::clone(book)),
            transitions,
            states: States::new(),
        }
    }

    fn check_limits(&self, now: &Seen) {
        let bounds = &self.plan.bounds;
        let view = &now.view;
        let monitors = bounds.sessions.saturating_mul(bounds.monitors_per_session);
        // Jobs: each connection may be lost, have a status to pass on, and early events for its switch monitors; each
        // monitor may have changes to pass on; some jobs concern all sessions.
        let connections = self.plan.connections.len();
        let jobs = monitors.saturating_mul(2).saturating_add(connections.saturating_mul(4)).saturating_add(4);
        for (what, count, limit) in [
            ("sessions", view.sessions, bounds.sessions),
            ("monitors", view.monitors, view.sessions.saturating_mul(bounds.monitors_per_session)),
            ("switch_monitors", view.switch_monitors, monitors),
            ("early events", view.early, EARLY),
            ("jobs", view.jobs, jobs),
            ("links", view.links, bounds.links),
            ("server transactions", view.server_transactions, bounds.transactions),
            ("client transactions", view.client_transactions, bounds.transactions),
            ("requests to phone systems", view.pending, bounds.transactions),
        ] {
            if count > limit {
                self.alarm.raise(|| format!("a table passes its limit: {count} {what} of {limit}"));
            }
        }
    }

    /// Every connect must have a connection ID that was never used.
    fn check_connections(&mut self, now: &Seen) {
        for (index, connection) in now.connections.iter().enumerate() {
            let before = self.before.connections.get(index).map_or(0, |before| before.id);
            if connection.id != before && !self.ids.insert(connection.id) {
                let id = connection.id;
                self.alarm.raise(|| format!("a connection ID is used twice: {id}, at index {index}"));
            }
        }
    }

    /// A session must stay on its connection as long as that is in service.
    fn check_sessions(&self, now: &Seen) {
        for session in &now.sessions {
            let Some(before) = self.before.session(session.handle).and_then(|one| one.connection) else {
                continue;
            };
            if session.connection != Some(before) && self.before.serves(before) {
                let to = session.connection;
                self.alarm.raise(|| {
                    format!("a session leaves a connection that serves: {before:?} for {to:?}, {session:?}")
                });
            }
        }
    }
}

impl Watcher<Broken> for NodeGuard {
    fn after(&mut self, machine: &Broken, _now: Instant, input: &Input<'_>, actions: &Actions) {
        let shared = Rc::clone(&self.now);
        let mut now = shared.borrow_mut();
        now.look(machine.engine());
        if self.rights.is_kept() {
            now.look_at_choices(machine.engine());
        }
        machine.distort(&mut now);
        if let Some(transitions) = &self.transitions {
            transitions.borrow_mut().note(&mut self.states, machine.engine().machines());
        }
        self.check_limits(&now);
        self.check_connections(&now);
        self.check_sessions(&now);
        if let Err(what) = self.fairness.check(&self.before, &now) {
            self.alarm.raise(|| what);
        }
        let at = self.alarm.now();
        if let Err(what) = self.rights.check(at, (&self.before, &now), input, actions) {
            self.alarm.raise(|| what);
        }
        if let Err(what) = self.traffic.check(at, (&self.before, &now, &self.rights), input, actions) {
            self.alarm.raise(|| what);
        }
        if self.before != *now {
            self.before.clone_from(&now);
        }
    }
}
