//! The phone system's events on their way to clients: found by cross-reference, filtered, rewritten, ordered.

use core::fmt::Display;

use super::{Gateway, Step};
use crate::action::Level;
use crate::cti::ConnectionRef;
use crate::rcc::keep;
use crate::rcc::view::write_hexadecimal;
use crate::step::SessionId;
use crate::wire::csta::emit::{self, Verbatim};
use crate::wire::csta::model::{Event, Request, SystemStatus};

/// Where an event comes from.
#[derive(Clone, Copy)]
pub(super) struct EventSource<'a> {
    pub(super) connection: ConnectionRef,
    pub(super) cross_reference: &'a str,
}

impl Gateway {
    /// An event came; `document` is what it was read from, where the link speaks CSTA.
    pub(super) fn on_event(
        &mut self,
        step: &mut Step<'_>,
        connection: ConnectionRef,
        event: &Event<'_>,
        document: Option<&[u8]>,
    ) {
        let cross_reference = event.cross_reference();
        let source = EventSource { connection, cross_reference };
        if self.has_early(source) || self.watches.of_cross_reference(connection, cross_reference).is_none() {
            let edition = step.config.cti.protocol_version;
            self.hold_early(step, source, || keep::event(event, document, edition));
            return;
        }
        self.fan_out(step, source, event, document);
    }

    /// The phone system stopped a monitor by itself. Like an event, that may come before the answer that names the
    /// monitor.
    pub(super) fn on_monitor_stopped(
        &mut self,
        step: &mut Step<'_>,
        source: EventSource<'_>,
        document: Option<&[u8]>,
    ) {
        let is_known = self.watches.of_cross_reference(source.connection, source.cross_reference).is_some();
        if self.has_early(source) || (!is_known && self.is_starting(source.connection)) {
            let edition = step.config.cti.protocol_version;
            let request = Request::MonitorStop { cross_reference: source.cross_reference };
            self.hold_early(step, source, || keep::request(&request, document, edition));
        } else {
            self.on_watch_stopped(step, source);
        }
    }

    /// Sends an event to each client that monitors the device and wants it.
    pub(super) fn fan_out(
        &mut self,
        step: &mut Step<'_>,
        source: EventSource<'_>,
        event: &Event<'_>,
        document: Option<&[u8]>,
    ) {
        let Some(handle) = self.watches.of_cross_reference(source.connection, source.cross_reference) else {
            return;
        };
        let limit = step.config.limits.calls_per_device;
        let Some(watch) = self.watches.slots.get_mut(handle) else { return };
        if let Event::Call(call) = event
            && let Some(forgotten) = watch.calls.learn(&watch.device, call, limit)
        {
            let fields: &[(&str, &dyn Display)] = &[
                ("device", &watch.device),
                ("call", &forgotten.id),
                ("why", &"limits.calls_per_device is reached"),
                ("limit", &limit),
            ];
            step.actions.notify(Level::Warn, "call_forgotten", fields);
        }
        // Bounded by limits.monitors_per_device.
        for place in 0..watch.monitors.len() {
            let monitor = self.watches.slots.get(handle).and_then(|watch| watch.monitors.get(place)).copied();
            if let Some(monitor) = monitor.filter(|monitor| self.passes(step, *monitor, event, document)) {
                self.send_as_seen(step, monitor, event, None);
            }
        }
    }

    /// Tells a client that its monitor is dead (MonitorStop is the same message in both directions).
    pub(super) fn tell_monitor_stopped(
        &mut self,
        step: &mut Step<'_>,
        handle: SessionId,
        cross_reference: u32,
    ) {
        let mut id = alloc::vec::Vec::new();
        write_hexadecimal(cross_reference, &mut id);
        let cross_reference = core::str::from_utf8(&id).unwrap_or_default();
        self.tell(step, handle, &Request::MonitorStop { cross_reference });
    }

    /// Tells a client that registered for it how the phone system is.
    pub(super) fn tell_status(&mut self, step: &mut Step<'_>, handle: SessionId, status: SystemStatus) {
        let registration = self.sessions.get(handle).and_then(|session| session.registration);
        let Some(registration) = registration.filter(|one| !one.filter.excludes(status)) else { return };
        let mut id = alloc::vec::Vec::new();
        write_hexadecimal(registration.id, &mut id);
        let register = core::str::from_utf8(&id).ok();
        self.tell(step, handle, &Request::SystemStatus { register, status });
    }

    fn tell(&mut self, step: &mut Step<'_>, handle: SessionId, request: &Request<'_>) {
        let Self { ua, sessions, body, .. } = self;
        let Some(namespace) = sessions.get(handle).map(|session| session.namespace) else { return };
        body.clear();
        emit::request(body, namespace, request, &mut Verbatim);
        ua.send_event(step, sessions, handle, body);
    }
}
