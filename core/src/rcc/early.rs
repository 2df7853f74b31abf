//! Events that come before the answer that names their monitor. They wait for that answer, a limited number per
//! connection.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use core::fmt::Display;

use super::control::Control;
use super::jobs::Job;
use super::session::Carrier;
use super::switch_monitor::EventSource;
use crate::action::Level;
use crate::config::MAX_CONNECTIONS;
use crate::cti::ConnectionRef;
use crate::expected::Expected as _;
use crate::step::Step;
use crate::time::Instant;

/// The most events that wait per connection, so that no phone system takes the room of another.
const MAX_EARLY: usize = 256;

/// An event or a MonitorStop that came before the answer to its MonitorStart.
struct Early {
    since: Instant,
    cross_reference: Box<str>,
    document: Box<[u8]>,
}

/// The early events, by connection index.
#[derive(Default)]
pub(super) struct EarlyEvents([Queue; MAX_CONNECTIONS]);

/// The early events of one connection.
#[derive(Default)]
struct Queue {
    /// How many switch monitors are being started. While there is one, events may come early.
    starting: u32,
    /// The waiting events, oldest first.
    waiting: VecDeque<Early>,
}

impl EarlyEvents {
    /// Forgets what came over a connection that is dialled again.
    pub(super) fn renew(&mut self, index: u8) {
        if let Some(one) = self.0.get_mut(usize::from(index)) {
            one.starting = 0;
            one.waiting.clear();
        }
    }

    /// Counts the beginning or the end of a switch monitor's start.
    pub(super) fn note_starting(&mut self, index: u8, begun: bool) {
        if let Some(one) = self.0.get_mut(usize::from(index)) {
            one.starting = if begun { one.starting + 1 } else { one.starting.saturating_sub(1) };
        }
    }

    /// Returns the number of waiting events.
    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|one| one.waiting.len()).sum()
    }
}

impl<C: Carrier> Control<C> {
    /// Returns the events that wait on this connect of a connection.
    fn early_of(&self, connection: ConnectionRef) -> Option<&VecDeque<Early>> {
        let index = usize::from(connection.index());
        self.early.0.get(index).map(|one| &one.waiting).filter(|_| self.pool.is_latest(connection))
    }

    fn early_of_mut(&mut self, connection: ConnectionRef) -> Option<&mut VecDeque<Early>> {
        let index = usize::from(connection.index());
        let is_latest = self.pool.is_latest(connection);
        self.early.0.get_mut(index).map(|one| &mut one.waiting).filter(|_| is_latest)
    }

    /// Whether a switch monitor is being started over a connection.
    pub(super) fn is_starting(&self, connection: ConnectionRef) -> bool {
        let one = self.early.0.get(usize::from(connection.index()));
        self.pool.is_latest(connection) && one.is_some_and(|one| one.starting > 0)
    }

    /// Whether early events of a monitor are still waiting.
    pub(super) fn has_early(&self, source: EventSource<'_>) -> bool {
        let mut waiting = self.early_of(source.connection).into_iter().flatten();
        waiting.any(|early| *early.cross_reference == *source.cross_reference)
    }

    /// Stores an event whose monitor is not known yet, if a monitor is being started; otherwise drops it. If there is
    /// no room, the oldest event is lost: its answer is the least likely still to come.
    pub(super) fn hold_early(
        &mut self,
        step: &mut Step<'_>,
        source: EventSource<'_>,
        keep: impl FnOnce() -> Box<[u8]>,
    ) {
        self.forget_old_early(step, source.connection);
        if !self.is_starting(source.connection) && !self.has_early(source) {
            step.counters.events_unknown += 1;
            let why = "its monitor is not known";
            let fields: &[(&str, &dyn Display)] = &[
                ("cti", &self.cti_name(source.connection)),
                ("cross_reference", &source.cross_reference),
                ("why", &why),
            ];
            step.actions.notify(Level::Debug, "event_discarded", fields);
            return;
        }
        let Some(waiting) = self.early_of_mut(source.connection).expected("a queue") else { return };
        let lost = if waiting.len() >= MAX_EARLY { waiting.pop_front() } else { None };
        waiting.push_back(Early {
            since: step.now,
            cross_reference: Box::from(source.cross_reference),
            document: keep(),
        });
        if let Some(lost) = lost {
            step.counters.events_lost += 1;
            self.request_verification(
                step,
                EventSource { connection: source.connection, cross_reference: &lost.cross_reference },
            );
            let why = "too many events came before the answers that name their monitors";
            let fields: &[(&str, &dyn Display)] = &[
                ("cti", &self.cti_name(source.connection)),
                ("cross_reference", &lost.cross_reference),
                ("why", &why),
            ];
            step.actions.notify(Level::Warn, "event_lost", fields);
        }
    }

    /// Drops events that have waited longer than any answer may take: the one that names their monitor will not come.
    pub(super) fn forget_old_early(&mut self, step: &mut Step<'_>, connection: ConnectionRef) {
        let (now, patience) = (step.now, step.config.cti.service_timeout);
        let is_old = |early: &Early| now.since(early.since) > patience;
        if !self.early_of(connection).and_then(VecDeque::front).is_some_and(is_old) {
            return;
        }
        let Some(Queue { waiting, .. }) =
            self.early.0.get_mut(usize::from(connection.index())).expected("a queue")
        else {
            return;
        };
        let (before, switch_monitors) = (waiting.len(), &self.switch_monitors);
        waiting.retain(|early| {
            !is_old(early) || switch_monitors.of_cross_reference(connection, &early.cross_reference).is_some()
        });
        let count = before.saturating_sub(waiting.len());
        note_discarded(step, self.cti_name(connection), count);
    }

    /// Forgets what came under a name before the monitor was asked for that has it now.
    pub(super) fn forget_earlier(&mut self, step: &mut Step<'_>, source: EventSource<'_>, asked: Instant) {
        let Some(waiting) = self.early_of_mut(source.connection).expected("a queue") else { return };
        let before = waiting.len();
        waiting.retain(|early| early.since >= asked || *early.cross_reference != *source.cross_reference);
        let count = before.saturating_sub(waiting.len());
        note_discarded(step, self.cti_name(source.connection), count);
    }

    /// Has a job deliver the early events of a monitor, whose name is known now.
    pub(super) fn deliver_early(&mut self, source: EventSource<'_>) {
        if self.has_early(source) {
            let cross_reference = Box::from(source.cross_reference);
            self.jobs.push_back(Job::DeliverEarly { connection: source.connection, cross_reference });
        }
        self.forget_early(source.connection);
    }

    /// Drops early events of a connection that no switch monitor can be waiting for.
    pub(super) fn forget_early(&mut self, connection: ConnectionRef) {
        if self.is_starting(connection) || !self.pool.is_latest(connection) {
            return;
        }
        let Some(Queue { waiting, .. }) =
            self.early.0.get_mut(usize::from(connection.index())).expected("a queue")
        else {
            return;
        };
        let switch_monitors = &self.switch_monitors;
        waiting
            .retain(|early| switch_monitors.of_cross_reference(connection, &early.cross_reference).is_some());
    }

    /// Drops the early events under a name that no longer stands for a monitor.
    pub(super) fn forget_early_of(&mut self, source: EventSource<'_>) {
        if let Some(waiting) = self.early_of_mut(source.connection) {
            waiting.retain(|early| *early.cross_reference != *source.cross_reference);
        }
    }

    /// Drops all early events of this connect of a connection.
    pub(super) fn forget_all_early(&mut self, connection: ConnectionRef) {
        if let Some(waiting) = self.early_of_mut(connection) {
            waiting.clear();
        }
    }

    /// Takes the first early event of a monitor, as stored. `None` if there is none left.
    pub(crate) fn take_early(&mut self, source: EventSource<'_>) -> Option<Box<[u8]>> {
        let waiting = self.early_of_mut(source.connection)?;
        let first = waiting.iter().position(|early| *early.cross_reference == *source.cross_reference);
        waiting.remove(first?).map(|early| early.document)
    }
}

fn note_discarded(step: &mut Step<'_>, cti: &str, count: usize) {
    if count > 0 {
        step.counters.events_unknown += u64::try_from(count).unwrap_or(0);
        let why = "no answer named their monitors";
        let fields: &[(&str, &dyn Display)] = &[("cti", &cti), ("events", &count), ("why", &why)];
        step.actions.notify(Level::Debug, "event_discarded", fields);
    }
}

crate::digest! { struct Early { since, cross_reference, document } }

crate::digest! { struct EarlyEvents(queues) }

crate::digest! { struct Queue { starting, waiting } }
