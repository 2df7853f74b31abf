//! Bringing a client up to date ([`super::resync_state`]) after its monitor moved from one connection to another, by
//! re-INVITE, by rebinding or because the dialog was taken over; or because what is known of its calls may be wrong.

use alloc::boxed::Box;

use super::calls::{Call, Calls};
use super::change::Change;
use super::control::{Control, News, What};
use super::inquiry::Wanted;
use super::jobs::{Job, portion};
use super::keep;
use super::known::note_crowded;
use super::noting::Field;
use super::resync_state::{Resync, Way};
use super::session::{Carrier, Monitor};
use super::snapshot::Snapshot;
use super::switch_monitor::{EventSource, State, SwitchMonitor};
use super::ticket::{Ticket, error_of};
use crate::action::Level;
use crate::cti::ConnectionRef;
use crate::expected::Expected as _;
use crate::slots::Handle;
use crate::step::Step;
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::{Device, Event, Request, Response, SnapshotItem};

/// The next thing to tell a client that is being brought up to date.
pub(crate) enum ToTell {
    /// A change.
    Change(Change),
    /// An event that waited, as stored.
    Held(Box<[u8]>),
    /// Nothing.
    Nothing,
}

impl<C: Carrier> Control<C> {
    /// Stores what a monitor's client knows when the monitor loses its switch monitor.
    pub(super) fn begin_resync(&mut self, monitor: Handle<Monitor>, (switch, calls): (u8, Calls)) {
        let Some(monitor) = self.monitors.get_mut(monitor).expected("a monitor") else { return };
        match &mut monitor.resync {
            Some(resync) => resync.lose(),
            None => monitor.resync = Some(Box::new(Resync::new(switch, calls))),
        }
    }

    /// Removes a portion of the switch monitors of a lost connection. Returns where the next portion begins.
    pub(super) fn drop_switch_monitors(&mut self, connection: ConnectionRef, slot: u32) -> Option<u32> {
        let (slots, next) = portion(self.switch_monitors.slots.slots(), slot);
        for slot in slots {
            let Some(handle) = self.switch_monitors.slots.at(slot) else { continue };
            if self
                .switch_monitors
                .slots
                .get(handle)
                .is_some_and(|switch_monitor| switch_monitor.connection == connection)
            {
                self.lose_switch_monitor(handle);
            }
        }
        if next.is_none() {
            self.forget_all_early(connection);
        }
        next
    }

    /// Removes a switch monitor that has ended at the phone system, and notes what its clients know.
    pub(super) fn lose_switch_monitor(&mut self, handle: Handle<SwitchMonitor>) {
        let Some(switch_monitor) = self.switch_monitors.remove(handle).expected("a switch monitor") else {
            return;
        };
        let switch = self.switch_of(switch_monitor.connection);
        for monitor in switch_monitor.monitors.iter().copied() {
            self.begin_resync(monitor, (switch, switch_monitor.calls_told_to(monitor)));
        }
    }

    /// Requests the snapshots that a switch monitor's monitors wait for, but not before it is active, nor while early
    /// events are still to be delivered: a snapshot would be newer than they are.
    pub(super) fn ask_snapshots(&mut self, step: &mut Step<'_>, handle: Handle<SwitchMonitor>) {
        let Some(switch_monitor) = self.switch_monitors.slots.get(handle).expected("a switch monitor") else {
            return;
        };
        let State::Active { cross_reference } = &switch_monitor.state else { return };
        let source = EventSource { connection: switch_monitor.connection, cross_reference };
        if self.has_early(source) {
            return;
        }
        let connection = switch_monitor.connection;
        let mut index = 0;
        while let Some(monitor) = self.switch_monitors.fed_by(handle, index) {
            self.ask_snapshot(step, monitor, connection);
            index += 1;
        }
    }

    fn ask_snapshot(&mut self, step: &mut Step<'_>, handle: Handle<Monitor>, link: ConnectionRef) {
        let Some(monitor) = self.monitors.get(handle).expected("a monitor") else { return };
        let Some(switch_monitor) = monitor.source.expected("a switch monitor") else { return };
        if !monitor.resync.as_ref().is_some_and(|resync| resync.is_waiting()) {
            return;
        }
        let number = self.line_of(monitor);
        let has_service = self
            .pool
            .at(link.index())
            .is_some_and(|one| one.features_of(&number).has_service("SnapshotDevice"));
        let request = Request::SnapshotDevice { device: Device { id: &number, type_of_number: None } };
        if !has_service {
            self.go_on_without(step, handle, link);
            return;
        }
        self.snapshots += 1;
        let number = self.snapshots;
        match self.pool.ask(step, link, Ticket::Resync(handle, switch_monitor, number), &request) {
            Ok(()) => {
                let monitor = self.monitors.get_mut(handle);
                monitor
                    .and_then(|monitor| monitor.resync.as_mut())
                    .into_iter()
                    .for_each(|one| one.asked(number));
            }
            Err(error) => self.on_no_snapshot(step, handle, link, error),
        }
    }

    /// Has what a switch monitor's clients know compared with a new snapshot, because it may be wrong.
    pub(super) fn verify_calls(&mut self, step: &mut Step<'_>, handle: Handle<SwitchMonitor>) {
        let walk = self.walker.walk();
        let switch_monitor = self.switch_monitors.slots.get_mut(handle);
        let Some(switch_monitor) = switch_monitor.filter(|one| one.is_unverified(walk)) else { return };
        switch_monitor.try_verification(walk);
        let connection = switch_monitor.connection;
        let switch = self.switch_of(connection);
        let mut index = 0;
        while let Some(monitor) = self.switch_monitors.fed_by(handle, index) {
            index += 1;
            let source = self.switch_monitors.slots.get(handle);
            let calls = source.map(|source| source.calls_told_to(monitor)).unwrap_or_default();
            let Some(monitor) = self.monitors.get_mut(monitor).expected("a monitor") else { continue };
            match &mut monitor.resync {
                Some(resync) => resync.verify(),
                None => monitor.resync = Some(Box::new(Resync::new(switch, calls))),
            }
        }
        self.ask_snapshots(step, handle);
    }

    /// Handles the answer to a snapshot request, or its time-out. It is ignored if the switch monitor that it was for
    /// no longer feeds the monitor. Returns true if the client is to be told what changed.
    pub(super) fn on_snapshot(
        &mut self,
        step: &mut Step<'_>,
        (handle, switch_monitor, number): (Handle<Monitor>, Handle<SwitchMonitor>, u64),
        link: ConnectionRef,
        response: &Response<'_>,
    ) -> bool {
        let Some(monitor) = self.monitors.get_mut(handle) else { return false };
        let is_fed = monitor.source == Some(switch_monitor);
        if !is_fed
            || !monitor.resync.as_ref().is_some_and(|resync| resync.is_decided_by(number))
            || self.switch_monitors.slots.get(switch_monitor).is_none()
            || self.pool.in_service(link).is_none()
        {
            return false;
        }
        if let Response::SnapshotDevice { items, .. } = response {
            self.compare(step, handle, link, items);
            true
        } else {
            self.on_no_snapshot(step, handle, link, error_of(response));
            false
        }
    }

    /// Goes on without a snapshot: what the client knows stays as it is. If the error is temporary, another is
    /// requested later.
    fn on_no_snapshot(
        &mut self,
        step: &mut Step<'_>,
        handle: Handle<Monitor>,
        link: ConnectionRef,
        error: CstaError,
    ) {
        let switch_monitor = self.monitors.get(handle).and_then(|monitor| monitor.source);
        let switch_monitor =
            switch_monitor.and_then(|switch_monitor| self.switch_monitors.slots.get_mut(switch_monitor));
        let again = error.is_passing() && switch_monitor.is_some_and(SwitchMonitor::reopen_verification);
        self.go_on_without(step, handle, link);
        if again {
            self.schedule_retry(step);
        }
    }

    fn compare(
        &mut self,
        step: &mut Step<'_>,
        handle: Handle<Monitor>,
        link: ConnectionRef,
        items: &[SnapshotItem<'_>],
    ) {
        let switch = self.switch_of(link);
        let (limit, parties) = (step.config.limits.calls_per_device, step.config.limits.parties);
        let Some(monitor) = self.monitors.get_mut(handle).expected("a monitor") else { return };
        let Some(resync) = monitor.resync.as_mut().expected("a resync") else { return };
        let Some(source) = monitor.source.expected("a switch monitor") else { return };
        let switch_monitor = self.switch_monitors.slots.get_mut(source);
        let Some(switch_monitor) = switch_monitor.expected("a switch monitor") else { return };
        switch_monitor.end_verification();
        let (device, since) = (switch_monitor.device.clone(), resync.take_since());
        let known = core::mem::take(&mut switch_monitor.calls);
        let snapshot =
            Snapshot { switch, line: &device, items, limit, parties, since: &since, known: &known };
        switch_monitor.calls = resync.compare(&snapshot);
        let wanted = Wanted::of(&switch_monitor.calls, resync.calls_of(switch), items);
        note_crowded(step, self.pool.name_of(link.index()), switch_monitor, items);
        if !wanted.is_empty() {
            self.note_untold(source, &snapshot, wanted);
        }
        let shared = self.switch_monitors.slots.get(source).map(|one| one.monitors.clone());
        for other in shared.iter().flat_map(|monitors| monitors.iter()).filter(|other| **other != handle) {
            self.compare_shared(*other, &snapshot);
        }
        self.ask_parties(step, source);
    }

    /// Compares another monitor of the line with the snapshot. Unless it is out of date, its client knows what events
    /// said.
    fn compare_shared(&mut self, handle: Handle<Monitor>, snapshot: &Snapshot<'_>) {
        let Some(monitor) = self.monitors.get_mut(handle).expected("a monitor") else { return };
        let is_to_be_told = if let Some(resync) = &mut monitor.resync {
            resync.compare_shared(snapshot)
        } else {
            let mut resync = Resync::new(snapshot.switch, snapshot.known.clone());
            resync.compare(snapshot);
            let has_changes = resync.has_changes();
            if has_changes {
                monitor.resync = Some(Box::new(resync));
            }
            has_changes
        };
        if is_to_be_told {
            self.tell_later(handle);
        }
    }

    /// Goes on without a snapshot: what the client knows stays as it is, except for calls of another phone system. A
    /// job tells the client, since this may happen to all clients of a line in one step.
    fn go_on_without(&mut self, step: &mut Step<'_>, handle: Handle<Monitor>, link: ConnectionRef) {
        let switch = self.switch_of(link);
        let Some(monitor) = self.monitors.get_mut(handle).expected("a monitor") else { return };
        let Some(resync) = monitor.resync.as_mut().expected("a resync") else { return };
        resync.compare_without(switch);
        let session = monitor.session;
        let fields: &[Field<'_>] =
            &[("cti", &self.cti_name(link)), ("why", &"the phone system gave no snapshot")];
        self.note_session(step, (Level::Warn, "calls_unverified"), session, fields);
        self.tell_later(handle);
    }

    /// Removes and returns the next thing to tell a monitor's client: first the changes, then the events that waited.
    /// It counts as told.
    pub(super) fn next_to_tell(&mut self, step: &Step<'_>, handle: Handle<Monitor>) -> ToTell {
        let limit = step.config.limits.calls_per_device;
        let Some(monitor) = self.monitors.get_mut(handle) else { return ToTell::Nothing };
        let Some(resync) = monitor.resync.as_mut().filter(|resync| resync.is_telling()) else {
            return ToTell::Nothing;
        };
        if let Some(change) = resync.next_change(limit) {
            return ToTell::Change(change);
        }
        if let Some(document) = resync.next_held() {
            return ToTell::Held(document);
        }
        let source = monitor.source.and_then(|source| self.switch_monitors.slots.get(source));
        if source.is_some_and(|source| resync.clear_leftovers(&source.calls))
            && let Some(change) = resync.next_change(limit)
        {
            return ToTell::Change(change);
        }
        if resync.is_over() {
            monitor.resync = None;
        }
        ToTell::Nothing
    }

    /// Returns the news for a monitor's client of an event that waited. From now on the client knows its calls.
    pub(super) fn as_told<'n>(
        &mut self,
        step: &Step<'_>,
        handle: Handle<Monitor>,
        event: &'n Event<'n>,
    ) -> Option<News<'n>> {
        let limit = step.config.limits.calls_per_device;
        let number = self.line_of(self.monitors.get(handle)?);
        if let Some(resync) = self.monitors.get_mut(handle).and_then(|one| one.resync.as_mut()) {
            resync.learn(&number, event, limit);
        }
        let resync = self.monitors.get(handle)?.resync.as_ref();
        self.as_seen(handle, event, resync.map(|resync| resync.switch()))
    }

    /// Has a job tell a monitor's client the rest, after those that wait already.
    pub(super) fn tell_later(&mut self, handle: Handle<Monitor>) {
        if self.to_be_told.is_empty() {
            self.jobs.push_back(Job::TellChanges);
        }
        self.to_be_told.push_back(handle);
    }

    /// Returns the first monitor that waits for this job.
    pub(super) fn first_to_be_told(&self) -> Option<Handle<Monitor>> {
        self.to_be_told.front().copied()
    }

    /// Removes that monitor. Returns false if none is left.
    pub(super) fn was_told(&mut self) -> bool {
        self.to_be_told.pop_front();
        !self.to_be_told.is_empty()
    }

    /// Returns the news of an event for a monitor's client, unless its filter excludes it. `switch`: the phone system
    /// that the event's calls are of, if not that of the session's connection.
    pub(super) fn as_seen<'n>(
        &self,
        handle: Handle<Monitor>,
        event: &'n Event<'n>,
        switch: Option<u8>,
    ) -> Option<News<'n>> {
        let monitor = self.monitors.get(handle)?;
        if monitor.filter.excludes(event.name()) {
            return None;
        }
        let connection = self.sessions.get(monitor.session)?.connection;
        let switch = switch.unwrap_or_else(|| connection.map_or(0, |connection| self.switch_of(connection)));
        let what = What::Event { cross_reference: monitor.cross_reference, switch, event };
        Some(News { session: monitor.session, what })
    }

    /// Whether an event is passed on to a monitor's client at once. If not, it is stored, or lost if there is no room.
    /// A client that is told that calls were replaced is told afterwards that they are over under their callIDs.
    pub(super) fn passes(
        &mut self,
        step: &mut Step<'_>,
        handle: Handle<Monitor>,
        (event, document): (&Event<'_>, Option<&[u8]>),
        replaced: &[Call],
    ) -> bool {
        let Some(monitor) = self.monitors.get(handle).expected("a monitor") else { return false };
        if monitor.resync.is_none() {
            if !replaced.is_empty() {
                self.end_replaced(handle, replaced);
            }
            return true;
        }
        let limits = step.config.limits;
        let number = self.line_of(monitor);
        let switch_monitor =
            monitor.source.and_then(|switch_monitor| self.switch_monitors.slots.get(switch_monitor));
        let switch = switch_monitor.map_or(0, |switch_monitor| self.switch_of(switch_monitor.connection));
        let Some(monitor) = self.monitors.get_mut(handle).expected("a monitor") else { return false };
        let Some(resync) = monitor.resync.as_mut().expected("a resync") else { return true };
        resync.note(&number, event, limits.queued_events);
        if resync.way_of(switch, event) == Way::Passes {
            let was_telling = resync.is_telling();
            resync.learn(&number, event, limits.calls_per_device);
            if resync.is_telling() && !was_telling {
                self.tell_later(handle);
            }
            return true;
        }
        let edition = step.config.cti.protocol_version;
        if !resync.hold(event, limits.queued_events, || keep::event(event, document, edition)) {
            step.counters.events_lost += 1;
            let (source, is_telling, session) = (monitor.source, resync.is_telling(), monitor.session);
            let fields: &[Field<'_>] =
                &[("event", &event.name()), ("why", &"limits.queued_events is reached")];
            self.note_session(step, (Level::Warn, "event_lost"), session, fields);
            // A snapshot that was requested shows what the client missed; one that it is being told does not.
            let source = source.filter(|_| is_telling);
            if let Some(source) = source.and_then(|source| self.switch_monitors.slots.get_mut(source)) {
                source.begin_verification();
                self.schedule_verification(step);
            }
        }
        false
    }

    /// Has a job tell a client that calls are over under the callIDs that it was told of (client quirk 13).
    fn end_replaced(&mut self, handle: Handle<Monitor>, replaced: &[Call]) {
        let Some(monitor) = self.monitors.get_mut(handle).expected("a monitor") else { return };
        let source = monitor.source.and_then(|source| self.switch_monitors.slots.get(source));
        let Some(source) = source.expected("a switch monitor") else { return };
        let switch = self.pool.at(source.connection.index()).map_or(0, |one| one.switch);
        monitor.resync = Some(Box::new(Resync::of_replaced(switch, source.calls.clone(), replaced)));
        self.tell_later(handle);
    }
}
