//! Events on their way from phone systems to clients: attributed by cross-reference ID, stored while early, filtered.

use core::fmt::Display;

use super::calls::Call;
use super::control::{Control, News, What};
use super::keep;
use super::merger::Replaced;
use super::session::{Carrier, Monitor};
use super::switch_monitor::{EventSource, SwitchMonitor};
use crate::action::Level;
use crate::cti::ConnectionRef;
use crate::expected::Expected as _;
use crate::slots::Handle;
use crate::step::{SessionId, Step};
use crate::time::Duration;
use crate::wire::csta::model::{Event, Party, Request, SystemStatus};
use crate::word::Word;

/// How long a client's request may have been on its way. One that was sent before its client was told of a transfer or a
/// conference names the calls as they were before.
const CROSSING: Duration = Duration::from_secs(2);

/// What completes the connection that an event is about.
pub(super) enum Completed {
    /// The callID of the line's only call.
    Call(Word),
    /// The device that the event is about.
    Device,
}

impl Completed {
    /// Returns the event with the whole connection.
    pub(super) fn of<'a>(&'a self, event: &Event<'a>) -> Option<Event<'a>> {
        let Event::Call(event) = event else { return None };
        let mut event = *event;
        match (self, event.subject) {
            (Self::Call(call), _) => event.connection.call = Some(call),
            (Self::Device, Party::Device(device)) => event.connection.device = Some(device),
            (Self::Device, Party::NotKnown | Party::Restricted) => return None,
        }
        Some(Event::Call(event))
    }
}

impl<C: Carrier> Control<C> {
    /// Handles an event; `document` is the CSTA document that it came in, if the link speaks CSTA. Returns the switch
    /// monitor that it belongs to. `None` if the event has to wait, or belongs to none.
    pub(super) fn take_event(
        &mut self,
        step: &mut Step<'_>,
        connection: ConnectionRef,
        event: &Event<'_>,
        document: Option<&[u8]>,
    ) -> Option<Handle<SwitchMonitor>> {
        let source = EventSource { connection, cross_reference: event.cross_reference() };
        let switch_monitor = self.switch_monitors.of_cross_reference(connection, source.cross_reference);
        if switch_monitor.is_none() || self.has_early(source) {
            let edition = step.config.cti.protocol_version;
            self.hold_early(step, source, || keep::event(event, document, edition));
            return None;
        }
        switch_monitor
    }

    /// Handles a MonitorStop of the phone system. Like an event, it may come before the answer that names the monitor.
    pub(super) fn on_monitor_stopped(
        &mut self,
        step: &mut Step<'_>,
        source: EventSource<'_>,
        document: Option<&[u8]>,
    ) {
        let is_known =
            self.switch_monitors.of_cross_reference(source.connection, source.cross_reference).is_some();
        if self.has_early(source) || (!is_known && self.is_starting(source.connection)) {
            let edition = step.config.cti.protocol_version;
            let request = Request::MonitorStop { cross_reference: source.cross_reference };
            self.hold_early(step, source, || keep::request(&request, document, edition));
        } else {
            self.on_switch_monitor_stopped(step, source);
        }
    }

    /// Returns the switch monitor with this cross-reference ID.
    pub(super) fn switch_monitor_of(&self, source: EventSource<'_>) -> Option<Handle<SwitchMonitor>> {
        self.switch_monitors.of_cross_reference(source.connection, source.cross_reference)
    }

    /// Returns what completes the connection that an event is about, if half of it is missing. A deviceID alone means
    /// the only call of the line; a callID alone, the device that the event is about.
    pub(super) fn completed(
        &self,
        switch_monitor: Handle<SwitchMonitor>,
        event: &Event<'_>,
    ) -> Option<Completed> {
        let Event::Call(event) = event else { return None };
        match (event.connection.call, event.connection.device, event.subject) {
            (None, Some(_), _) => {
                let mut calls = self.switch_monitors.slots.get(switch_monitor)?.calls.iter();
                let only = calls.next().filter(|_| calls.next().is_none())?;
                Some(Completed::Call(only.id.clone()))
            }
            (Some(_), None, Party::Device(_)) => Some(Completed::Device),
            _ => None,
        }
    }

    /// Updates a switch monitor's calls from one of its events. Returns the calls that it takes away under their callIDs
    /// because they are transferred or joined.
    pub(crate) fn learn(
        &mut self,
        step: &mut Step<'_>,
        switch_monitor: Handle<SwitchMonitor>,
        event: &Event<'_>,
    ) -> Replaced {
        let limit = step.config.limits.calls_per_device;
        let Some(switch_monitor) =
            self.switch_monitors.slots.get_mut(switch_monitor).expected("a switch monitor")
        else {
            return Replaced::new();
        };
        if let Some(inquiry) = &mut switch_monitor.inquiry {
            inquiry.note(event);
        }
        let Event::Call(call) = event else {
            switch_monitor.calls.note_queued(&switch_monitor.device, event.queued(), limit);
            return Replaced::new();
        };
        let replaced = switch_monitor.calls.replaced_by(&switch_monitor.device, call);
        if let Some(forgotten) = switch_monitor.calls.learn(&switch_monitor.device, call, limit) {
            let fields: &[(&str, &dyn Display)] = &[
                ("cti", &self.pool.name_of(switch_monitor.connection.index())),
                ("device", &switch_monitor.device),
                ("call", &forgotten.id),
                ("why", &"limits.calls_per_device is reached"),
                ("limit", &limit),
            ];
            step.actions.notify(Level::Warn, "call_forgotten", fields);
        }
        if !replaced.is_empty() {
            switch_monitor.calls.keep_former_until(step.now + CROSSING);
        }
        replaced
    }

    /// Returns the news for a monitor's client if it is to be told of an event now.
    pub(super) fn pass_on<'n>(
        &mut self,
        step: &mut Step<'_>,
        monitor: Handle<Monitor>,
        (event, document): (&'n Event<'n>, Option<&[u8]>),
        replaced: &[Call],
    ) -> Option<News<'n>> {
        let passes = self.passes(step, monitor, (event, document), replaced);
        if passes { self.as_seen(monitor, event, None) } else { None }
    }

    /// Returns the news of a phone system's status for a client that registered for it.
    pub(super) fn status_for(&self, session: SessionId, status: SystemStatus) -> Option<News<'static>> {
        let registration = self.sessions.get(session)?.registration?;
        let wanted = !registration.filter.excludes(status);
        wanted.then_some(News { session, what: What::Status(registration.id, status) })
    }

    /// Whether a session has registered for system status and is on the connection at this index, or on none.
    pub(super) fn is_registered_at(&self, session: SessionId, index: Option<u8>) -> bool {
        self.sessions.get(session).is_some_and(|one| {
            let on = one.connection.map(ConnectionRef::index);
            one.registration.is_some() && (index.is_none() || on.is_none() || on == index)
        })
    }
}
