//! Monitors: those of clients, and the one per connection and device that feeds them.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::calls::{Calls, Seen, seen};
use super::control::{Control, News, What};
use super::history::Why;
use super::noting::Field;
use super::reference::Reference;
use super::resync_state::Resync;
use super::session::{Carrier, Monitor, Session};
use super::switch_monitor::{EventSource, State, SwitchMonitor, Waiter};
use super::ticket::{Ticket, error_of};
use crate::action::Level;
use crate::cti::ConnectionRef;
use crate::expected::Expected as _;
use crate::slots::{Handle, Slots};
use crate::step::{SessionId, Step};
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::{Device, MonitorFilter, MonitorObject, MonitorType, Request, Response};

/// The outcome of a MonitorStart of ours.
pub(crate) enum Started {
    /// The switch monitor is active. The waiting requests are to be answered; then [`Control::after_start`] is due.
    Active(Handle<SwitchMonitor>, Vec<Waiter>),
    /// It was refused. Once all clients concerned are told, [`Control::after_refusal`] is due.
    Refused(RefusedMonitor),
    /// The switch monitor does not exist any more.
    Void,
}

/// A switch monitor that could not be started.
pub(crate) struct RefusedMonitor {
    pub(crate) error: CstaError,
    /// The requests that wait for it.
    pub(crate) waiters: Vec<Waiter>,
    /// Its other monitors, which no request waits for: those that were moved from another connection.
    pub(crate) unmoved: Vec<Handle<Monitor>>,
    connection: ConnectionRef,
}

/// What a client is told about its monitor.
pub(crate) struct Announcement {
    pub(crate) cross_reference: Reference,
    /// `None` if all events pass, which need not be told.
    pub(crate) filter: Option<MonitorFilter>,
}

impl<C: Carrier> Control<C> {
    /// Creates a client's monitor and attaches it to its switch monitor, which may have to be started.
    pub(super) fn prepare_monitor(
        &mut self,
        step: &mut Step<'_>,
        handle: SessionId,
        object: MonitorObject<'_>,
        filter: MonitorFilter,
    ) -> Result<Handle<Monitor>, CstaError> {
        let MonitorObject::Device(device) = object else {
            return Err(CstaError::INVALID_MONITOR_OBJECT_TYPE);
        };
        let number = self.line_named(step, handle, device)?;
        let (link, _) = self.link_for(handle, "MonitorStart", &number)?;
        let other = (*number != *self.number_of(handle)).then(|| Box::from(&*number));
        let session = self.sessions.get_mut(handle).ok_or(CstaError::GENERIC_OPERATION)?;
        if session.monitors.len() >= step.config.limits.monitors_per_session {
            return Err(CstaError::OVERALL_MONITOR_LIMIT_EXCEEDED);
        }
        let switch_monitor = self.switch_monitor(step, link, &number)?;
        let resync = self.calls_to_show(handle, link, (switch_monitor, other.as_deref()));
        let session = self.sessions.get_mut(handle).ok_or(CstaError::GENERIC_OPERATION)?;
        let cross_reference = free_reference(session, &self.monitors);
        let source = Some(switch_monitor);
        let monitor = Monitor { session: handle, cross_reference, filter, line: other, source, resync };
        let monitor = self.monitors.insert(monitor).map_err(|_| CstaError::OVERALL_MONITOR_LIMIT_EXCEEDED)?;
        session.monitors_had = session.monitors_had.wrapping_add(1);
        session.monitors.push(monitor);
        if let Some(switch_monitor) = self.switch_monitors.slots.get_mut(switch_monitor) {
            switch_monitor.monitors.push(monitor);
        }
        Ok(monitor)
    }

    /// Returns what a new monitor's client knows if calls exist that it is to be shown: those that its line had at
    /// sign-in, and those that the switch monitor knows.
    fn calls_to_show(
        &mut self,
        handle: SessionId,
        link: ConnectionRef,
        (switch_monitor, other_line): (Handle<SwitchMonitor>, Option<&str>),
    ) -> Option<Box<Resync>> {
        let session = self.sessions.get_mut(handle)?;
        // No sign-in has checked another line.
        let may_have = other_line.is_some() || core::mem::take(&mut session.may_have_calls);
        let number = other_line.unwrap_or_else(|| session.number());
        let known = self.switch_monitors.slots.get(switch_monitor).map_or(0, |one| one.calls.len());
        let connection = self.pool.at(link.index())?;
        let can_tell = connection.features_of(number).has_service("SnapshotDevice");
        let shows = can_tell && (may_have || known > 0);
        shows.then(|| Box::new(Resync::new(connection.switch, Calls::default())))
    }

    /// Notes whether the line of a user who signs in has calls.
    pub(super) fn note_checked(&mut self, step: &Step<'_>, session: SessionId, response: &Response<'_>) {
        let parties = step.config.limits.parties;
        let Some(session) = self.sessions.get_mut(session) else { return };
        session.may_have_calls = if let Response::SnapshotDevice { items, .. } = response {
            items.iter().any(|item| seen(item, parties) != Seen::Gone)
        } else {
            // A phone system that does not answer would not answer the next request either.
            let error = error_of(response);
            error.is_passing() && error != CstaError::RESOURCE_OUT_OF_SERVICE
        };
    }

    /// Returns the switch monitor of a device over a connection, which is started if there is none.
    pub(super) fn switch_monitor(
        &mut self,
        step: &mut Step<'_>,
        link: ConnectionRef,
        number: &str,
    ) -> Result<Handle<SwitchMonitor>, CstaError> {
        if let Some(handle) = self.switch_monitors.of_device(link, number) {
            let room = step.config.limits.monitors_per_device;
            let full = self
                .switch_monitors
                .slots
                .get(handle)
                .is_some_and(|switch_monitor| switch_monitor.monitors.len() >= room);
            return if full { Err(CstaError::OVERALL_MONITOR_LIMIT_EXCEEDED) } else { Ok(handle) };
        }
        let handle = self
            .switch_monitors
            .begin(link, number, step.now)
            .map_err(|_| CstaError::OVERALL_MONITOR_LIMIT_EXCEEDED)?;
        let request = Request::MonitorStart {
            object: MonitorObject::Device(Device { id: number, type_of_number: None }),
            filter: None,
            kind: Some(MonitorType::Device),
        };
        let asked = self.pool.ask(step, link, Ticket::StartMonitor(handle), &request);
        if let Err(error) = asked {
            self.switch_monitors.remove(handle);
            return Err(error);
        }
        self.note_starting(link, true);
        Ok(handle)
    }

    /// Counts the switch monitors that are being started over a connection. While there is one, events may come early.
    pub(super) fn note_starting(&mut self, connection: ConnectionRef, begun: bool) {
        if self.pool.is_latest(connection) {
            self.early.note_starting(connection.index(), begun);
        }
    }

    /// Lets a MonitorStart wait for the switch monitor. Returns that if it is active: the request is to be answered now.
    pub(super) fn join(&mut self, waiter: Waiter) -> Option<Handle<SwitchMonitor>> {
        let handle = self.monitors.get(waiter.monitor).and_then(|monitor| monitor.source);
        match handle.and_then(|handle| Some(&mut self.switch_monitors.slots.get_mut(handle)?.state)) {
            Some(State::Starting { waiters, .. }) => {
                waiters.push(waiter);
                None
            }
            Some(State::Active { .. }) => handle,
            None => {
                debug_assert!(false, "a monitor was created without a switch monitor");
                None
            }
        }
    }

    /// Handles the answer to a MonitorStart of ours, or its time-out.
    pub(super) fn on_switch_monitor_answered(
        &mut self,
        step: &mut Step<'_>,
        switch_monitor: Handle<SwitchMonitor>,
        connection: ConnectionRef,
        response: &Response<'_>,
    ) -> Started {
        self.note_starting(connection, false);
        let Response::MonitorStart { cross_reference, .. } = *response else {
            let error = error_of(response);
            if error.value() == CstaError::OVERALL_MONITOR_LIMIT_EXCEEDED.value() {
                self.pool.note_monitors_used_up(step, connection);
            }
            return self.refuse_switch_monitor(switch_monitor, error);
        };
        let Some(one) = self.switch_monitors.slots.get(switch_monitor).expected("a switch monitor") else {
            return Started::Void;
        };
        let (connection, State::Starting { since, .. }) = (one.connection, &one.state) else {
            debug_assert!(false, "a switch monitor was answered twice");
            return Started::Void;
        };
        // Events under this name from before the switch monitor was asked for belong to another.
        self.forget_earlier(step, EventSource { connection, cross_reference }, *since);
        if let Some(waiters) = self.switch_monitors.activate(switch_monitor, cross_reference) {
            return Started::Active(switch_monitor, waiters);
        }
        note_confused(step, self.cti_name(connection), cross_reference);
        self.refuse_switch_monitor(switch_monitor, CstaError::GENERIC_OPERATION)
    }

    /// Continues once the waiting requests are answered: early events are delivered.
    pub(super) fn after_start(&mut self, step: &mut Step<'_>, handle: Handle<SwitchMonitor>) {
        let Some(switch_monitor) = self.switch_monitors.slots.get(handle).expected("a switch monitor") else {
            return;
        };
        let State::Active { cross_reference } = &switch_monitor.state else {
            debug_assert!(false, "a switch monitor is not active though its start was answered");
            return;
        };
        let (connection, is_idle) = (switch_monitor.connection, switch_monitor.monitors.is_empty());
        let cross_reference = cross_reference.clone();
        self.deliver_early(EventSource { connection, cross_reference: &cross_reference });
        if is_idle {
            self.stop_switch_monitor(step, handle);
            self.forget_early(connection);
        } else {
            self.ask_snapshots(step, handle);
        }
    }

    /// Removes a switch monitor that the phone system refused to start.
    fn refuse_switch_monitor(&mut self, switch_monitor: Handle<SwitchMonitor>, error: CstaError) -> Started {
        let Some(removed) = self.switch_monitors.remove(switch_monitor).expected("a switch monitor") else {
            return Started::Void;
        };
        let State::Starting { waiters, .. } = removed.state else {
            debug_assert!(false, "a switch monitor was refused after it was started");
            return Started::Void;
        };
        for waiter in &waiters {
            self.forget_monitor(waiter.monitor);
        }
        let left = removed.monitors.iter().copied().filter(|monitor| self.monitors.get(*monitor).is_some());
        let unmoved = left.collect();
        Started::Refused(RefusedMonitor { error, waiters, unmoved, connection: removed.connection })
    }

    /// Continues once all clients concerned by a refusal are told. If the phone system gave the switch monitor the name
    /// of another, events under that name cannot be attributed: the other one is stopped and started again under a new
    /// name. The connection is kept, since it may serve thousands, and such a phone system would do the same after
    /// every reconnect.
    pub(super) fn after_refusal(
        &mut self,
        step: &mut Step<'_>,
        refused: &RefusedMonitor,
        response: &Response<'_>,
    ) {
        let connection = refused.connection;
        self.forget_early(connection);
        let Response::MonitorStart { cross_reference, .. } = *response else { return };
        let source = EventSource { connection, cross_reference };
        if let Err(error) = self.ask_to_stop(step, source) {
            let fields: &[Field<'_>] = &[
                ("cti", &self.cti_name(connection)),
                ("service", &"MonitorStop"),
                ("cross_reference", &cross_reference),
                ("error", &error),
            ];
            step.actions.notify(Level::Warn, "monitor_left_behind", fields);
        }
        self.on_switch_monitor_stopped(step, source);
        self.forget_early_of(source);
    }

    /// Handles a monitor that the phone system started too late and was asked to stop. If it was given the name of
    /// another, that one is started again, since the stop may have ended either.
    pub(super) fn on_late_monitor(&mut self, step: &mut Step<'_>, source: EventSource<'_>) {
        let EventSource { connection, cross_reference } = source;
        if self.switch_monitors.of_cross_reference(connection, cross_reference).is_some() {
            note_confused(step, self.cti_name(connection), cross_reference);
            self.on_switch_monitor_stopped(step, source);
            self.forget_early_of(source);
        }
    }

    /// Handles the failure to move a monitor to another connection. If the error is temporary, it is tried again a
    /// little later; otherwise the monitor ends, and its client is told.
    pub(super) fn leave_unmoved(
        &mut self,
        step: &mut Step<'_>,
        monitor: Handle<Monitor>,
        error: CstaError,
    ) -> Option<News<'static>> {
        let one = self.monitors.get(monitor)?;
        let (session, cross_reference, device) = (one.session, one.cross_reference, self.line_of(one));
        self.keep_trouble(step.now, session, "MonitorStart", Why::Error(error));
        if !error.is_passing() {
            self.forget_monitor(monitor);
            return Some(News { session, what: What::MonitorStopped(cross_reference) });
        }
        // Only the first of many is a warning.
        let level = if self.walker.has_unfed() { Level::Debug } else { Level::Warn };
        let fields: &[Field<'_>] = &[("service", &"MonitorStart"), ("device", &&*device), ("error", &error)];
        self.note_session(step, (level, "monitor_unmoved"), session, fields);
        self.schedule_retry(step);
        None
    }

    /// Returns what a client is to be told about its monitor, if that and its session still exist.
    pub(crate) fn announcement(&self, monitor: Handle<Monitor>) -> Option<Announcement> {
        let one = self.monitors.get(monitor).filter(|one| self.sessions.get(one.session).is_some())?;
        let filter = (one.filter != MonitorFilter::default()).then_some(one.filter);
        Some(Announcement { cross_reference: one.cross_reference, filter })
    }

    /// Creates the monitor that a session's client knows under its first ID and that was started at another node. It is
    /// fed as soon as the session has a connection. It is taken for one of the session's line: a monitor of another line is not known here, and
    /// ends with the node that it was started at.
    pub(crate) fn recreate_monitor(&mut self, step: &mut Step<'_>, session: SessionId) {
        let Some(one) = self.sessions.get_mut(session).expected("a session") else { return };
        let monitor = Monitor {
            session,
            cross_reference: one.reference(0, 0),
            filter: MonitorFilter::default(),
            line: None,
            source: None,
            // It is unknown which calls the client knows: all existing calls will be shown.
            resync: Some(Box::new(Resync::new(0, Calls::default()))),
        };
        if let Ok(monitor) = self.monitors.insert(monitor) {
            one.monitors.push(monitor);
        } else {
            // The client learns of it with its next MonitorStart.
            let fields: &[Field<'_>] = &[("why", &"there is no room for its monitor")];
            self.note_session(step, (Level::Warn, "monitor_unmoved"), session, fields);
        }
    }

    /// Returns a session's monitor with this cross-reference ID.
    pub(super) fn monitor_named(&self, handle: SessionId, cross_reference: &str) -> Option<Handle<Monitor>> {
        let is_named = |monitor: &Handle<Monitor>| {
            self.monitors.get(*monitor).is_some_and(|one| one.cross_reference.is_named(cross_reference))
        };
        self.sessions.get(handle)?.monitors.iter().copied().find(is_named)
    }

    /// Ends a client's monitor, and its switch monitor if that feeds no other.
    pub(super) fn drop_monitor(&mut self, step: &mut Step<'_>, monitor: Handle<Monitor>) {
        let Some(switch_monitor) = self.forget_monitor(monitor) else { return };
        let idle = self.switch_monitors.slots.get(switch_monitor).is_some_and(|switch_monitor| {
            switch_monitor.monitors.is_empty() && matches!(switch_monitor.state, State::Active { .. })
        });
        if idle {
            self.stop_switch_monitor(step, switch_monitor);
        }
    }

    /// Removes a client's monitor. Returns its switch monitor.
    pub(super) fn forget_monitor(&mut self, monitor: Handle<Monitor>) -> Option<Handle<SwitchMonitor>> {
        let Monitor { session, source: switch_monitor, resync, .. } = self.monitors.remove(monitor)?;
        if let Some(session) = self.sessions.get_mut(session) {
            session.monitors.retain(|other| *other != monitor);
            // What its client was still to be shown, it is shown with the next one.
            session.may_have_calls |= resync.is_some();
        }
        if let Some(switch_monitor) =
            switch_monitor.and_then(|switch_monitor| self.switch_monitors.slots.get_mut(switch_monitor))
        {
            switch_monitor.monitors.retain(|other| *other != monitor);
        }
        switch_monitor
    }

    /// Handles the stop of a switch monitor by the phone system. It is started again a little later, and its clients
    /// are brought up to date. Only if that is refused for good are they told that their monitors have ended, which the
    /// standard requires at once: SIPE never sends a second MonitorStart.
    pub(super) fn on_switch_monitor_stopped(&mut self, step: &mut Step<'_>, source: EventSource<'_>) {
        let EventSource { connection, cross_reference } = source;
        let Some(handle) = self.switch_monitors.of_cross_reference(connection, cross_reference) else {
            return;
        };
        let Some(switch_monitor) = self
            .switch_monitors
            .slots
            .get(handle)
            .filter(|switch_monitor| !switch_monitor.monitors.is_empty())
        else {
            self.switch_monitors.remove(handle);
            return;
        };
        let fields: &[Field<'_>] = &[("cti", &self.cti_name(connection)), ("device", &switch_monitor.device)];
        step.actions.notify(Level::Warn, "monitor_stopped", fields);
        self.lose_switch_monitor(handle);
        self.schedule_retry(step);
    }

    /// Starts the switch monitor of a session's monitor if nothing feeds it on the session's connection. If something
    /// does, but what is known of its calls may be wrong, requests a snapshot.
    pub(super) fn restart_monitor(
        &mut self,
        step: &mut Step<'_>,
        (monitor, link): (Handle<Monitor>, ConnectionRef),
    ) -> Option<News<'static>> {
        let one = self.monitors.get(monitor);
        let number = one.map(|one| self.line_of(one)).unwrap_or_default();
        let source = one.and_then(|one| one.source);
        let source =
            source.and_then(|source| Some((source, self.switch_monitors.slots.get(source)?.connection)));
        if let Some((source, _)) = source.filter(|(_, connection)| *connection == link) {
            self.verify_calls(step, source);
            return None;
        }
        let awaited = source.and_then(|(source, _)| self.switch_monitors.slots.get(source));
        if awaited.is_some_and(|source| source.is_awaited_by(monitor)) {
            // The loss of its connection has not been dealt with yet: the client's MonitorStart will be refused.
            return None;
        }
        match self.switch_monitor(step, link, &number) {
            Ok(switch_monitor) => {
                self.feed(step, monitor, switch_monitor);
                None
            }
            Err(error) => self.leave_unmoved(step, monitor, error),
        }
    }

    /// Attaches a monitor to the switch monitor that feeds it from now on; its client is out of date.
    pub(super) fn feed(
        &mut self,
        step: &mut Step<'_>,
        monitor: Handle<Monitor>,
        switch_monitor: Handle<SwitchMonitor>,
    ) {
        let Some(one) = self.monitors.get_mut(monitor).expected("a monitor") else { return };
        let before = one.source.replace(switch_monitor);
        // The loss of its previous connection may not have been dealt with yet.
        let known = before.and_then(|before| self.switch_monitors.slots.get_mut(before)).map(|before| {
            before.monitors.retain(|other| *other != monitor);
            (before.connection, before.calls_told_to(monitor))
        });
        let (switch, calls) =
            known.map_or((0, Calls::default()), |(connection, calls)| (self.switch_of(connection), calls));
        self.begin_resync(monitor, (switch, calls));
        if let Some(switch_monitor) = self.switch_monitors.slots.get_mut(switch_monitor) {
            switch_monitor.monitors.push(monitor);
        }
        self.ask_snapshots(step, switch_monitor);
    }
}

fn note_confused(step: &mut Step<'_>, cti: &str, cross_reference: &str) {
    step.counters.monitors_confused += 1;
    let fields: &[Field<'_>] = &[
        ("cti", &cti),
        ("cross_reference", &cross_reference),
        ("why", &"the phone system gave two monitors the same cross-reference ID"),
    ];
    step.actions.notify(Level::Error, "monitors_confused", fields);
}

/// Returns the identifier of a session's next monitor: the first that none of its other monitors has.
fn free_reference<C: Carrier>(session: &Session<C>, monitors: &Slots<Monitor>) -> Reference {
    let is_free = |reference: &Reference| {
        let mut others = session.monitors.iter().filter_map(|monitor| monitors.get(*monitor));
        others.all(|other| other.cross_reference != *reference)
    };
    let drawn = |attempt| session.reference(session.monitors_had, attempt);
    (0..=u32::MAX).map(drawn).find(is_free).unwrap_or(drawn(0))
}
