//! Monitors: the clients' own, and the one per connection and device that feeds them.

use core::fmt::Display;

use super::events::EventSource;
use super::outcome::Purpose;
use super::receive::Received;
use super::respond::Reply;
use super::services::reference;
use super::{Gateway, Step};
use crate::action::Level;
use crate::cti::ConnectionRef;
use crate::rcc::calls::Calls;
use crate::rcc::session::{Monitor, ServerTransaction, Session};
use crate::rcc::view::{read_hexadecimal, write_hexadecimal};
use crate::rcc::watch::{State, Watch};
use crate::slots::Handle;
use crate::wire::csta::emit::{self, Verbatim};
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::{Device, MonitorFilter, MonitorObject, MonitorType, Request, Response};

impl Gateway {
    pub(super) fn serve_monitor_start(
        &mut self,
        step: &mut Step<'_>,
        received: &Received<'_>,
        handle: Handle<Session>,
        object: MonitorObject<'_>,
        filter: MonitorFilter,
    ) {
        match self.prepare_monitor(step, handle, object, filter) {
            Err(error) => self.reply_error(step, received, handle, error),
            Ok(monitor) => {
                let Some(transaction) = self.hold(step, received, handle) else {
                    self.drop_monitor(step, monitor);
                    return;
                };
                if let Some(session) = self.sessions.get_mut(handle) {
                    session.outbox.announce();
                }
                self.start_or_join(step, monitor, transaction);
            }
        }
    }

    /// Makes a client's monitor and attaches it to its watch, which may have to be started.
    fn prepare_monitor(
        &mut self,
        step: &mut Step<'_>,
        handle: Handle<Session>,
        object: MonitorObject<'_>,
        filter: MonitorFilter,
    ) -> Result<Handle<Monitor>, CstaError> {
        let MonitorObject::Device(device) = object else {
            return Err(CstaError::INVALID_MONITOR_OBJECT_TYPE);
        };
        if !self.is_own_line(step, handle, device) {
            return Err(CstaError::PRIVILEGE_VIOLATION_SPECIFIED_DEVICE);
        }
        let (link, _) = self.link_for(handle, "MonitorStart")?;
        let number = self.number_of(handle);
        let session = self.sessions.get_mut(handle).ok_or(CstaError::GENERIC_OPERATION)?;
        if session.monitors.len() >= step.config.limits.monitors_per_session {
            return Err(CstaError::OVERALL_MONITOR_LIMIT_EXCEEDED);
        }
        let watch = self.watch(step, link, handle, &number)?;
        let session = self.sessions.get_mut(handle).ok_or(CstaError::GENERIC_OPERATION)?;
        let cross_reference = reference(session.dialog.local_tag(), session.monitors_had);
        let monitor = Monitor { session: handle, cross_reference, filter, watch, behind: None };
        let monitor = self.monitors.insert(monitor).map_err(|_| CstaError::OVERALL_MONITOR_LIMIT_EXCEEDED)?;
        session.monitors_had = session.monitors_had.wrapping_add(1);
        session.monitors.push(monitor);
        if let Some(watch) = self.watches.slots.get_mut(watch) {
            watch.monitors.push(monitor);
        }
        Ok(monitor)
    }

    /// The watch of a device over a connection: the one there is, or one just asked for.
    fn watch(
        &mut self,
        step: &mut Step<'_>,
        link: ConnectionRef,
        session: Handle<Session>,
        number: &str,
    ) -> Result<Handle<Watch>, CstaError> {
        if let Some(handle) = self.watches.of_device(link, number) {
            let room = step.config.limits.monitors_per_device;
            let full = self.watches.slots.get(handle).is_some_and(|watch| watch.monitors.len() >= room);
            return if full { Err(CstaError::OVERALL_MONITOR_LIMIT_EXCEEDED) } else { Ok(handle) };
        }
        let handle =
            self.watches.begin(link, number).map_err(|_| CstaError::OVERALL_MONITOR_LIMIT_EXCEEDED)?;
        let request = Request::MonitorStart {
            object: MonitorObject::Device(Device { id: number, type_of_number: None }),
            filter: None,
            kind: Some(MonitorType::Device),
        };
        let asked = self.ask(step, link, session, None, Purpose::StartWatch(handle), &request);
        if let Err(error) = asked {
            self.watches.remove(handle);
            return Err(error);
        }
        self.note_starting(link, true);
        Ok(handle)
    }

    /// Counts the watches being started over a connection: while there is one, events may come early.
    pub(super) fn note_starting(&mut self, connection: ConnectionRef, begun: bool) {
        if self.pool.is_latest(connection) {
            self.early.note_starting(connection.index(), begun);
        }
    }

    /// Lets a MonitorStart wait for the watch, or answers it where that is active.
    fn start_or_join(
        &mut self,
        step: &mut Step<'_>,
        monitor: Handle<Monitor>,
        transaction: Handle<ServerTransaction>,
    ) {
        let Some(watch) = self.monitors.get(monitor).map(|monitor| monitor.watch) else { return };
        match self.watches.slots.get_mut(watch).map(|watch| &mut watch.state) {
            Some(State::Starting { waiters }) => waiters.push((transaction, monitor)),
            Some(State::Active { .. }) => self.announce_monitor(step, monitor, transaction),
            None => {}
        }
    }

    /// The phone system started a watch: those who waited are answered, and what came early follows.
    pub(super) fn on_watch_started(
        &mut self,
        step: &mut Step<'_>,
        watch: Handle<Watch>,
        cross_reference: &str,
    ) {
        let Some(connection) = self.watches.slots.get(watch).map(|watch| watch.connection) else { return };
        let source = EventSource { connection, cross_reference };
        // What came before this watch can have been asked for is not its own.
        self.forget_old_early(step, connection);
        let Some(waiters) = self.watches.activate(watch, cross_reference) else {
            self.on_name_given_twice(step, watch, source);
            return;
        };
        for (transaction, monitor) in waiters {
            self.announce_monitor(step, monitor, transaction);
        }
        self.deliver_early(source);
        if self.watches.slots.get(watch).is_some_and(|watch| watch.monitors.is_empty()) {
            self.stop_watch(step, watch);
            self.forget_early(connection);
            return;
        }
        self.catch_up(step, watch);
    }

    /// The phone system gave a new watch the name of another: whose events come under it, nobody can tell. The new one is
    /// refused, and the other one stopped and started again under another name. The connection lives: it may serve
    /// thousands, and a phone system that does so with one device will do so again behind every reconnect.
    fn on_name_given_twice(&mut self, step: &mut Step<'_>, watch: Handle<Watch>, source: EventSource<'_>) {
        let EventSource { connection, cross_reference } = source;
        step.counters.monitors_confused += 1;
        let fields: &[(&str, &dyn Display)] = &[
            ("cti", &(u32::from(connection.index()) + 1)),
            ("cross_reference", &cross_reference),
            ("why", &"the phone system gave two monitors the same cross-reference ID"),
        ];
        step.actions.notify(Level::Error, "monitors_confused", fields);
        self.on_watch_refused(step, watch, CstaError::GENERIC_OPERATION);
        if let Err(error) = self.ask_to_stop(step, source) {
            step.actions.notify(Level::Warn, "monitor_left_behind", &[("why", &error)]);
        }
        self.on_watch_stopped(step, source);
        self.forget_early_of(source);
    }

    /// The phone system would not start a watch: those who waited get its reason.
    pub(super) fn on_watch_refused(&mut self, step: &mut Step<'_>, watch: Handle<Watch>, error: CstaError) {
        let Some(removed) = self.watches.remove(watch) else { return };
        let State::Starting { waiters } = removed.state else { return };
        for (transaction, monitor) in waiters {
            self.forget_monitor(monitor);
            self.refuse_waiter(step, transaction, error);
        }
        // Monitors that nobody asked for just now: those of sessions that changed their connection.
        for monitor in removed.monitors.iter().copied() {
            self.leave_unmoved(step, monitor, error);
        }
        self.forget_early(removed.connection);
    }

    /// Answers a MonitorStart whose monitor did not come to be.
    fn refuse_waiter(
        &mut self,
        step: &mut Step<'_>,
        transaction: Handle<ServerTransaction>,
        error: CstaError,
    ) {
        let session = self.transactions.server.get(transaction).and_then(|one| one.owner);
        match session.filter(|session| self.sessions.get(*session).is_some()) {
            Some(session) => {
                self.answer_error(step, transaction, session, error);
                self.note_announced(step, session);
            }
            // The session ended meanwhile (RFC 3261 15.1.2).
            None => self.answer(step, transaction, &Reply::new(487)),
        }
    }

    /// A monitor could not be moved to another connection: that is tried again a little later, unless it will never
    /// succeed.
    fn leave_unmoved(&mut self, step: &mut Step<'_>, monitor: Handle<Monitor>, error: CstaError) {
        if !error.is_passing() {
            self.end_monitor(step, monitor);
            return;
        }
        let Some(session) = self.monitors.get(monitor).map(|one| one.session) else { return };
        // The first of many is said aloud.
        let level = if self.rebind.has_unfed() { Level::Debug } else { Level::Warn };
        let fields: &[(&str, &dyn Display)] = &[("session", &session), ("why", &error)];
        step.actions.notify(level, "monitor_unmoved", fields);
        self.want_feeding(step);
    }

    /// A monitor is dead without its client's doing: the client is told.
    fn end_monitor(&mut self, step: &mut Step<'_>, monitor: Handle<Monitor>) {
        let Some(one) = self.monitors.get(monitor) else { return };
        let (session, id) = (one.session, one.cross_reference);
        self.forget_monitor(monitor);
        self.tell_monitor_stopped(step, session, id);
    }

    /// Answers a MonitorStart.
    fn announce_monitor(
        &mut self,
        step: &mut Step<'_>,
        monitor: Handle<Monitor>,
        transaction: Handle<ServerTransaction>,
    ) {
        if !self.reaches(step, transaction) {
            // Its client never learns of it: when it has found another way, it asks anew.
            self.forget_monitor(monitor);
        }
        let named = self
            .monitors
            .get(monitor)
            .and_then(|monitor| Some((monitor, self.sessions.get(monitor.session)?)));
        let Some((monitor, session)) = named else {
            self.refuse_waiter(step, transaction, CstaError::INVALID_MONITOR_CROSS_REF_ID);
            return;
        };
        let (owner, filter, namespace) = (monitor.session, monitor.filter, session.namespace);
        let mut id = alloc::vec::Vec::new();
        write_hexadecimal(monitor.cross_reference, &mut id);
        let cross_reference = core::str::from_utf8(&id).unwrap_or_default();
        let filter = (filter != MonitorFilter::default()).then_some(filter);
        let response = Response::MonitorStart { cross_reference, filter };
        let mut body = core::mem::take(&mut self.buffers.body);
        body.clear();
        emit::response(&mut body, namespace, &response, &mut Verbatim);
        self.answer(step, transaction, &Reply::document(&body));
        self.buffers.body = body;
        self.note_announced(step, owner);
    }

    /// MonitorStop is the gateway's own affair: answered at once, the phone system is told where nobody watches on.
    pub(super) fn serve_monitor_stop(
        &mut self,
        step: &mut Step<'_>,
        received: &Received<'_>,
        handle: Handle<Session>,
        cross_reference: &str,
    ) {
        let Some(monitor) = self.monitor_named(handle, cross_reference) else {
            self.reply_error(step, received, handle, CstaError::INVALID_MONITOR_CROSS_REF_ID);
            return;
        };
        self.reply_response(step, received, handle, &Response::MonitorStop);
        self.drop_monitor(step, monitor);
    }

    /// ChangeMonitorFilter is the gateway's own affair too: it asks the phone system for all events.
    pub(super) fn serve_change_filter(
        &mut self,
        step: &mut Step<'_>,
        received: &Received<'_>,
        handle: Handle<Session>,
        (cross_reference, filter): (&str, MonitorFilter),
    ) {
        let monitor = self.monitor_named(handle, cross_reference);
        let Some(monitor) = monitor.and_then(|monitor| self.monitors.get_mut(monitor)) else {
            self.reply_error(step, received, handle, CstaError::INVALID_MONITOR_CROSS_REF_ID);
            return;
        };
        monitor.filter = filter;
        let response = Response::ChangeMonitorFilter { filter: Some(filter) };
        self.reply_response(step, received, handle, &response);
    }

    /// A session's monitor of that cross-reference ID.
    fn monitor_named(&self, handle: Handle<Session>, cross_reference: &str) -> Option<Handle<Monitor>> {
        let named = read_hexadecimal(cross_reference)?;
        let is_named = |monitor: &Handle<Monitor>| {
            self.monitors.get(*monitor).is_some_and(|one| one.cross_reference == named)
        };
        self.sessions.get(handle)?.monitors.iter().copied().find(is_named)
    }

    /// Ends a client's monitor, and its watch if that has no other.
    pub(super) fn drop_monitor(&mut self, step: &mut Step<'_>, monitor: Handle<Monitor>) {
        let Some(watch) = self.forget_monitor(monitor) else { return };
        let idle =
            self.watches.slots.get(watch).is_some_and(|watch| {
                watch.monitors.is_empty() && matches!(watch.state, State::Active { .. })
            });
        if idle {
            self.stop_watch(step, watch);
        }
    }

    /// Takes a client's monitor out of its session and its watch.
    pub(super) fn forget_monitor(&mut self, monitor: Handle<Monitor>) -> Option<Handle<Watch>> {
        let Monitor { session, watch, .. } = self.monitors.remove(monitor)?;
        if let Some(session) = self.sessions.get_mut(session) {
            session.monitors.retain(|other| *other != monitor);
        }
        if let Some(watch) = self.watches.slots.get_mut(watch) {
            watch.monitors.retain(|other| *other != monitor);
        }
        Some(watch)
    }

    /// The phone system stopped a watch by itself. It is started again a little later, and its clients are brought up to
    /// date; they are told that their monitors are dead (as the standard would have it at once) only if that is refused
    /// for good: SIPE never sends a second MonitorStart.
    pub(super) fn on_watch_stopped(&mut self, step: &mut Step<'_>, source: EventSource<'_>) {
        let EventSource { connection, cross_reference } = source;
        let Some(handle) = self.watches.of_cross_reference(connection, cross_reference) else { return };
        let Some(watch) = self.watches.slots.get(handle).filter(|watch| !watch.monitors.is_empty()) else {
            self.watches.remove(handle);
            return;
        };
        let cti = u32::from(connection.index()) + 1;
        let fields: &[(&str, &dyn Display)] = &[("cti", &cti), ("device", &watch.device)];
        step.actions.notify(Level::Warn, "monitor_stopped", fields);
        self.lose_watch(handle);
        self.want_feeding(step);
    }

    /// Starts those of a session's monitors that nothing feeds on its connection, under the IDs the client knows; what
    /// feeds the others is verified where it is doubted.
    pub(super) fn restart_monitors(
        &mut self,
        step: &mut Step<'_>,
        handle: Handle<Session>,
        link: ConnectionRef,
    ) {
        let monitors = self.sessions.get(handle).map(|session| session.monitors.clone());
        let Some(monitors) = monitors.filter(|monitors| !monitors.is_empty()) else { return };
        let number = self.number_of(handle);
        let mut verified = None;
        for monitor in monitors.iter().copied() {
            let source = self.monitors.get(monitor).map(|one| one.watch);
            let source = source.and_then(|source| Some((source, self.watches.slots.get(source)?.connection)));
            if let Some((source, _)) = source.filter(|(_, connection)| *connection == link) {
                // Once: what could not be verified is tried again later, not for the session's next monitor.
                if verified.replace(source) != Some(source) {
                    self.verify_calls(step, source);
                }
                continue;
            }
            let watch = match self.watch(step, link, handle, &number) {
                Ok(watch) => watch,
                Err(error) => {
                    self.leave_unmoved(step, monitor, error);
                    continue;
                }
            };
            self.feed(step, monitor, watch);
        }
    }

    /// Attaches a monitor that is behind to the watch that feeds it from now on.
    fn feed(&mut self, step: &mut Step<'_>, monitor: Handle<Monitor>, watch: Handle<Watch>) {
        let Some(one) = self.monitors.get_mut(monitor) else { return };
        let before = core::mem::replace(&mut one.watch, watch);
        // The loss of its connection may not be dealt with yet.
        let known = self.watches.slots.get_mut(before).map(|before| {
            before.monitors.retain(|other| *other != monitor);
            (before.connection, before.calls.clone())
        });
        let (switch, calls) =
            known.map_or((0, Calls::default()), |(connection, calls)| (self.switch_of(connection), calls));
        self.fall_behind(monitor, (switch, &calls));
        if let Some(watch) = self.watches.slots.get_mut(watch) {
            watch.monitors.push(monitor);
        }
        self.catch_up(step, watch);
    }
}
