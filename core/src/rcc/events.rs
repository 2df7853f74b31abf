//! The phone system's events on their way to clients: found by cross-reference, kept while they are early, filtered.

use core::fmt::Display;

use super::control::{Control, News, What};
use super::keep;
use super::session::{Carrier, Monitor};
use super::switch_monitor::{EventSource, SwitchMonitor};
use crate::action::Level;
use crate::cti::ConnectionRef;
use crate::slots::Handle;
use crate::step::{SessionId, Step};
use crate::wire::csta::model::{Event, Request, SystemStatus};

impl<C: Carrier> Control<C> {
    /// An event came; `document` is what it was read from, where the link speaks CSTA. It goes to those who monitor the
    /// device by this switch monitor; `None`: it waits, or nobody does.
    pub(crate) fn take_event(
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

    /// The phone system stopped a monitor by itself. Like an event, that may come before the answer that names the
    /// monitor.
    pub(crate) fn on_monitor_stopped(
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

    /// The switch monitor whose events come under this name.
    pub(crate) fn switch_monitor_of(&self, source: EventSource<'_>) -> Option<Handle<SwitchMonitor>> {
        self.switch_monitors.of_cross_reference(source.connection, source.cross_reference)
    }

    /// Learns from an event of a switch monitor what its calls are.
    pub(crate) fn learn(
        &mut self,
        step: &mut Step<'_>,
        switch_monitor: Handle<SwitchMonitor>,
        event: &Event<'_>,
    ) {
        let limit = step.config.limits.calls_per_device;
        let Some(switch_monitor) = self.switch_monitors.slots.get_mut(switch_monitor) else { return };
        if let Event::Call(call) = event
            && let Some(forgotten) = switch_monitor.calls.learn(&switch_monitor.device, call, limit)
        {
            let fields: &[(&str, &dyn Display)] = &[
                ("device", &switch_monitor.device),
                ("call", &forgotten.id),
                ("why", &"limits.calls_per_device is reached"),
                ("limit", &limit),
            ];
            step.actions.notify(Level::Warn, "call_forgotten", fields);
        }
    }

    /// The monitor number `index` of those that a switch monitor feeds; at most `limits.monitors_per_device` are.
    pub(crate) fn fed_by(
        &self,
        switch_monitor: Handle<SwitchMonitor>,
        index: usize,
    ) -> Option<Handle<Monitor>> {
        self.switch_monitors.slots.get(switch_monitor)?.monitors.get(index).copied()
    }

    /// An event as a monitor's client is to be told of it now, if it is.
    pub(crate) fn pass_on<'n>(
        &mut self,
        step: &mut Step<'_>,
        monitor: Handle<Monitor>,
        event: &'n Event<'n>,
        document: Option<&[u8]>,
    ) -> Option<News<'n>> {
        if self.passes(step, monitor, event, document) { self.as_seen(monitor, event, None) } else { None }
    }

    /// How the phone system is, as a client that registered for it is to be told.
    pub(crate) fn status_for(&self, session: SessionId, status: SystemStatus) -> Option<News<'static>> {
        let registration = self.sessions.get(session)?.registration?;
        let wanted = !registration.filter.excludes(status);
        wanted.then_some(News { session, what: What::Status(registration.id, status) })
    }

    /// Whether a session registered for how its phone system is, and that is the one at this index.
    pub(crate) fn is_concerned(&self, session: SessionId, index: Option<u8>) -> bool {
        self.sessions.get(session).is_some_and(|one| {
            let on = one.connection.map(ConnectionRef::index);
            one.registration.is_some() && (index.is_none() || on.is_none() || on == index)
        })
    }
}
