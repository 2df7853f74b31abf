//! Reports of simulations, which show whether they get anywhere.

use super::Told;
use std::collections::BTreeMap;

use core::fmt;

use ctigate_core::tables::ALL;

/// The states of one engine's state machines, by name and number.
pub(super) type States = BTreeMap<(&'static str, u64), &'static str>;

/// The transitions of state machines with their counts: machine, from, to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transitions(pub BTreeMap<(&'static str, &'static str, &'static str), u64>);

impl Transitions {
    /// Notes the state machines of an engine after a step. One that is gone was terminated.
    pub(super) fn note(
        &mut self,
        states: &mut States,
        machines: impl Iterator<Item = (&'static str, u64, &'static str)>,
    ) {
        let mut now = BTreeMap::new();
        for (machine, key, state) in machines {
            now.insert((machine, key), state);
            match states.remove(&(machine, key)) {
                Some(before) if before != state => self.count(machine, before, state),
                Some(_) => {}
                None => self.count(machine, "", state),
            }
        }
        for ((machine, _), before) in core::mem::replace(states, now) {
            if before != "Terminated" {
                self.count(machine, before, "Terminated");
            }
        }
    }

    fn count(&mut self, machine: &'static str, from: &'static str, to: &'static str) {
        let count = self.0.entry((machine, from, to)).or_default();
        *count = count.saturating_add(1);
    }
}

/// The report of one simulation, or of many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Counts of events of interest: responses by status, events and CSTA answers by name, notices.
    pub met: BTreeMap<String, u64>,
    /// How often each kind of entry happened.
    pub happened: BTreeMap<String, u64>,
    /// The transitions of the machines, in the share of the seeds in which they were watched.
    pub transitions: Transitions,
    /// How many seeds were run.
    pub seeds: u64,
    /// How many of them were run twice and replayed.
    pub replayed: u64,
    /// Requests of clients.
    pub requests: u64,
    /// Events that reached clients.
    pub events: u64,
    /// Sign-ins that were answered 2xx.
    pub sessions: u64,
    /// Clients that knew their calls from events alone.
    pub told: u64,
    /// Clients whose idea of their calls was compared with the phone system's.
    pub compared: u64,
    /// How many calls these clients had.
    pub compared_calls: u64,
    /// How often clients were told of a setting that was compared with the phone's.
    pub settings: usize,
    /// The nodes' steps.
    pub steps: u64,
    /// The most actions that one step of a node caused.
    pub high_water: usize,
}

impl Report {
    /// Adds what happened at desks at an Asterisk.
    pub(super) fn add_desks(&mut self, told: Told) {
        let Told { events, joined, compared, failures, served } = told;
        for (what, count) in [
            ("desks: events", events),
            ("desks: conferences, transfers and parked calls", joined),
            ("desks: calls compared", compared),
            ("desks: connections that failed", failures),
            ("desks: requests served", served),
        ] {
            let sum = self.met.entry(what.to_owned()).or_default();
            *sum = sum.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        }
    }

    /// Adds another report.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in [(&mut self.met, &other.met), (&mut self.happened, &other.happened)] {
            for (what, count) in theirs {
                let sum = mine.entry(what.clone()).or_default();
                *sum = sum.saturating_add(*count);
            }
        }
        for (what, count) in &other.transitions.0 {
            let sum = self.transitions.0.entry(*what).or_default();
            *sum = sum.saturating_add(*count);
        }
        for (mine, theirs) in [
            (&mut self.seeds, other.seeds),
            (&mut self.replayed, other.replayed),
            (&mut self.requests, other.requests),
            (&mut self.events, other.events),
            (&mut self.sessions, other.sessions),
            (&mut self.told, other.told),
            (&mut self.compared, other.compared),
            (&mut self.compared_calls, other.compared_calls),
            (&mut self.steps, other.steps),
        ] {
            *mine = mine.saturating_add(theirs);
        }
        self.settings = self.settings.saturating_add(other.settings);
        self.high_water = self.high_water.max(other.high_water);
    }

    pub(super) fn meet(&mut self, what: &str) {
        match self.met.get_mut(what) {
            Some(count) => *count = count.saturating_add(1),
            None => {
                self.met.insert(what.to_owned(), 1);
            }
        }
    }

    /// The transitions in the tables that were never seen, of machines that were seen at all. Two in one step count as
    /// one.
    #[must_use]
    pub fn never_seen(&self) -> Vec<String> {
        let mut missing = Vec::new();
        let met = |name: &str| self.transitions.0.keys().any(|(machine, _, _)| *machine == name);
        for machine in ALL.iter().filter(|machine| met(machine.name)) {
            for (from, to) in machine.transitions {
                if !self.transitions.0.contains_key(&(machine.name, *from, *to)) {
                    missing.push(format!("{}: {from} to {to}", machine.name));
                }
            }
        }
        missing
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "faults and uses:")?;
        for (what, count) in &self.happened {
            writeln!(f, "{count:>11}  {what}")?;
        }
        writeln!(f, "met by clients and told by nodes:")?;
        for (what, count) in &self.met {
            writeln!(f, "{count:>11}  {what}")?;
        }
        writeln!(f, "transitions, in a share of the seeds:")?;
        for ((machine, from, to), count) in &self.transitions.0 {
            let from = if from.is_empty() { "(new)" } else { from };
            writeln!(f, "{count:>11}  {machine}: {from} to {to}")?;
        }
        for missing in self.never_seen() {
            writeln!(f, "      never  {missing}")?;
        }
        let Self {
            seeds,
            replayed,
            requests,
            events,
            sessions,
            told,
            compared,
            compared_calls,
            settings,
            steps,
            ..
        } = self;
        write!(
            f,
            "{seeds} seeds ({replayed} of them twice and replayed): {requests} requests, {events} events, {sessions} \
             sessions, {compared} clients' views compared with {compared_calls} calls in them, {told} \
             by what they were told alone, and {settings} events of settings, {steps} steps of nodes, at \
             most {} actions in one",
            self.high_water
        )
    }
}
