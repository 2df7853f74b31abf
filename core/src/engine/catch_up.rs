//! Bringing a client's view up to date after its monitor went from one connection to another
//! ([`crate::rcc::behind`]): by re-INVITE, by rebinding, or because the dialog was taken over.

use alloc::boxed::Box;
use core::fmt::Display;

use super::events::EventSource;
use super::jobs::Job;
use super::outcome::{Purpose, error_of};
use super::{Gateway, Step};
use crate::action::Level;
use crate::cti::ConnectionRef;
use crate::rcc::behind::{Behind, Way};
use crate::rcc::calls::{Calls, Seen, Stage, seen};
use crate::rcc::change::Change;
use crate::rcc::keep;
use crate::rcc::session::{Monitor, Session};
use crate::rcc::view::ClientView;
use crate::rcc::watch::{State, Watch};
use crate::slots::Handle;
use crate::wire::csta::emit;
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::{Device, Event, Message, Request, Response, SnapshotItem};
use crate::wire::csta::parse::Document;

/// The actions that one change or one event may cause: two events, each with a connection to be opened and a notice.
const MOST_FOR_ONE: usize = 8;

impl Gateway {
    /// A monitor lost its watch: what its client knows is kept.
    pub(super) fn fall_behind(&mut self, monitor: Handle<Monitor>, (switch, calls): (u8, &Calls)) {
        let Some(monitor) = self.monitors.get_mut(monitor) else { return };
        match &mut monitor.behind {
            Some(behind) => behind.lose(),
            None => monitor.behind = Some(Box::new(Behind::new(switch, calls.clone()))),
        }
    }

    /// A watch's connection is gone: it is forgotten, its monitors fall behind.
    pub(super) fn lose_watch(&mut self, handle: Handle<Watch>) {
        let Some(watch) = self.watches.remove(handle) else { return };
        let switch = self.switch_of(watch.connection);
        for monitor in watch.monitors.iter().copied() {
            self.fall_behind(monitor, (switch, &watch.calls));
        }
    }

    /// Which phone system a connection leads to.
    pub(super) fn switch_of(&self, connection: ConnectionRef) -> u8 {
        self.pool.at(connection.index()).map_or(0, |one| one.switch)
    }

    /// Asks for the snapshots that a watch's monitors wait for. Not before it is active, nor while events that came
    /// early are still to be delivered: a snapshot would be newer than they are.
    pub(super) fn catch_up(&mut self, step: &mut Step<'_>, handle: Handle<Watch>) {
        let Some(watch) = self.watches.slots.get(handle) else { return };
        let State::Active { cross_reference } = &watch.state else { return };
        let source = EventSource { connection: watch.connection, cross_reference };
        if self.has_early(source) {
            return;
        }
        let connection = watch.connection;
        // Bounded by limits.monitors_per_device.
        for place in 0..watch.monitors.len() {
            let monitor = self.watches.slots.get(handle).and_then(|watch| watch.monitors.get(place)).copied();
            if let Some(monitor) = monitor {
                self.ask_snapshot(step, monitor, connection);
            }
        }
    }

    fn ask_snapshot(&mut self, step: &mut Step<'_>, handle: Handle<Monitor>, link: ConnectionRef) {
        let Some(monitor) = self.monitors.get_mut(handle) else { return };
        let (owner, watch) = (monitor.session, monitor.watch);
        let Some(behind) = monitor.behind.as_mut().filter(|behind| behind.is_waiting()) else { return };
        behind.asked();
        let number = self.number_of(owner);
        let has_service = self
            .pool
            .at(link.index())
            .is_some_and(|one| one.features.of(&number).has_service("SnapshotDevice"));
        let request = Request::SnapshotDevice { device: Device { id: &number, type_of_number: None } };
        let purpose = Purpose::CatchUp(handle, watch);
        if !has_service {
            self.go_on_without(step, handle, link);
        } else if let Err(error) = self.ask(step, link, owner, None, purpose, &request) {
            self.on_no_snapshot(step, handle, link, error);
        }
    }

    /// An event is lost: the clients of its watch, if that is known, are brought up to date by a snapshot.
    pub(super) fn doubt(&mut self, step: &mut Step<'_>, source: EventSource<'_>) {
        let watch = self.watches.of_cross_reference(source.connection, source.cross_reference);
        if let Some(watch) = watch.and_then(|watch| self.watches.slots.get_mut(watch)) {
            watch.begin_doubt();
            self.want_verifying(step);
        }
    }

    /// What a watch's clients know may be wrong: they are compared with a snapshot once more.
    pub(super) fn verify_calls(&mut self, step: &mut Step<'_>, handle: Handle<Watch>) {
        let Some(watch) = self.watches.slots.get_mut(handle).filter(|watch| watch.is_doubted()) else {
            return;
        };
        watch.try_doubt();
        let (connection, calls) = (watch.connection, watch.calls.clone());
        let switch = self.switch_of(connection);
        // Bounded by limits.monitors_per_device.
        for place in 0..self.watches.slots.get(handle).map_or(0, |watch| watch.monitors.len()) {
            let monitor = self.watches.slots.get(handle).and_then(|watch| watch.monitors.get(place)).copied();
            let Some(monitor) = monitor.and_then(|monitor| self.monitors.get_mut(monitor)) else { continue };
            match &mut monitor.behind {
                Some(behind) => behind.verify(),
                None => monitor.behind = Some(Box::new(Behind::new(switch, calls.clone()))),
            }
        }
        self.catch_up(step, handle);
    }

    /// The phone system answered, or did not. An answer that was asked for through a watch which feeds the monitor no more
    /// means nothing.
    pub(super) fn on_snapshot(
        &mut self,
        step: &mut Step<'_>,
        (handle, watch): (Handle<Monitor>, Handle<Watch>),
        link: ConnectionRef,
        response: &Response<'_>,
    ) {
        let is_fed = self.monitors.get(handle).is_some_and(|monitor| monitor.watch == watch);
        if !is_fed || self.watches.slots.get(watch).is_none() || self.pool.in_service(link).is_none() {
            return;
        }
        if let Response::SnapshotDevice { items, .. } = response {
            self.compare(step, handle, link, items);
            self.tell_changes(step, handle);
        } else {
            self.on_no_snapshot(step, handle, link, error_of(response));
        }
    }

    /// There is no snapshot just now: its client goes on believing what it knows, and another is asked for later if the
    /// reason passes.
    fn on_no_snapshot(
        &mut self,
        step: &mut Step<'_>,
        handle: Handle<Monitor>,
        link: ConnectionRef,
        error: CstaError,
    ) {
        let watch = self.monitors.get(handle).map(|monitor| monitor.watch);
        let watch = watch.and_then(|watch| self.watches.slots.get_mut(watch));
        let again = error.is_passing() && watch.is_some_and(Watch::keep_doubt);
        self.go_on_without(step, handle, link);
        if again {
            self.want_feeding(step);
        }
    }

    fn compare(
        &mut self,
        step: &Step<'_>,
        handle: Handle<Monitor>,
        link: ConnectionRef,
        items: &[SnapshotItem<'_>],
    ) {
        let switch = self.switch_of(link);
        let limit = step.config.limits.calls_per_device;
        let Some(monitor) = self.monitors.get_mut(handle) else { return };
        let Some(behind) = monitor.behind.as_mut() else { return };
        let Some(watch) = self.watches.slots.get_mut(monitor.watch) else { return };
        watch.end_doubt();
        watch.calls = behind.compare((switch, &watch.device), items, limit);
    }

    /// Without a snapshot the client goes on believing what it knows, but for calls of another phone system. All clients
    /// of a line may come here in one step: what they are told is a job's.
    fn go_on_without(&mut self, step: &mut Step<'_>, handle: Handle<Monitor>, link: ConnectionRef) {
        let switch = self.switch_of(link);
        let limit = step.config.limits.calls_per_device;
        let Some(monitor) = self.monitors.get_mut(handle) else { return };
        let Some(behind) = monitor.behind.as_mut() else { return };
        behind.compare_without(switch);
        if let Some(watch) = self.watches.slots.get_mut(monitor.watch) {
            for call in behind.staying(switch) {
                if watch.calls.find(&call.id).is_none() {
                    watch.calls.keep(call.clone(), limit);
                }
            }
        }
        let fields: &[(&str, &dyn Display)] =
            &[("session", &monitor.session), ("why", &"the phone system gave no snapshot")];
        step.actions.notify(Level::Warn, "calls_unverified", fields);
        self.tell_later(handle);
    }

    /// Tells a client what changed, then the events that waited, as much as there is room for; a job does the rest.
    pub(super) fn tell_changes(&mut self, step: &mut Step<'_>, handle: Handle<Monitor>) {
        let limit = step.config.limits.calls_per_device;
        while step.actions.room() > MOST_FOR_ONE {
            let Some(monitor) = self.monitors.get_mut(handle) else { return };
            let Some(behind) = monitor.behind.as_mut().filter(|behind| behind.is_telling()) else { return };
            if let Some(change) = behind.next_change(limit) {
                self.tell_change(step, handle, &change);
            } else if let Some(document) = behind.next_held() {
                self.send_held(step, handle, &document);
            } else {
                monitor.behind = None;
                return;
            }
        }
        self.tell_later(handle);
    }

    /// A job tells a monitor's client the rest, behind those that wait already.
    fn tell_later(&mut self, handle: Handle<Monitor>) {
        if self.to_be_told.is_empty() {
            self.jobs.push_back(Job::TellChanges);
        }
        self.to_be_told.push_back(handle);
    }

    /// Tells the one that waited longest. False: none is left.
    pub(super) fn tell_next(&mut self, step: &mut Step<'_>) -> bool {
        let Some(handle) = self.to_be_told.front().copied() else { return false };
        self.tell_changes(step, handle);
        self.to_be_told.pop_front();
        !self.to_be_told.is_empty()
    }

    fn send_held(&mut self, step: &mut Step<'_>, handle: Handle<Monitor>, document: &[u8]) {
        if let Ok(document) = Document::parse(document, &self.xml_limits)
            && let Ok(Message::Event(event)) = document.message()
        {
            self.send_as_seen(step, handle, &event, None);
        }
    }

    fn tell_change(&mut self, step: &mut Step<'_>, handle: Handle<Monitor>, change: &Change) {
        let Some(session) = self.monitors.get(handle).and_then(|one| self.sessions.get(one.session)) else {
            return;
        };
        let number = Box::<str>::from(session.number());
        for kind in change.events() {
            let event = Event::Call(change.event(*kind, &number));
            self.send_as_seen(step, handle, &event, Some(change.switch));
        }
    }

    /// Sends an event to a monitor's client, if it wants it. `switch`: whose calls it is about, where that is not the
    /// phone system of the session's connection.
    pub(super) fn send_as_seen(
        &mut self,
        step: &mut Step<'_>,
        handle: Handle<Monitor>,
        event: &Event<'_>,
        switch: Option<u8>,
    ) {
        let Some(monitor) = self.monitors.get(handle) else { return };
        if monitor.filter.excludes(event.name()) {
            return;
        }
        let (owner, cross_reference) = (monitor.session, monitor.cross_reference);
        let Some(session) = self.sessions.get(owner) else { return };
        let switch =
            switch.unwrap_or_else(|| session.connection.map_or(0, |connection| self.switch_of(connection)));
        let mut view = ClientView::new(session, (switch, step.config.cti.protocol_version), cross_reference);
        let mut body = core::mem::take(&mut self.buffers.body);
        body.clear();
        emit::event(&mut body, session.namespace, event, &mut view);
        self.send_event(step, owner, &body);
        self.buffers.body = body;
    }

    /// Whether an event goes to a monitor's client at once. One that is behind learns from it, or waits for it.
    pub(super) fn passes(
        &mut self,
        step: &mut Step<'_>,
        handle: Handle<Monitor>,
        event: &Event<'_>,
        document: Option<&[u8]>,
    ) -> bool {
        let Some(monitor) = self.monitors.get(handle) else { return false };
        if monitor.behind.is_none() {
            return true;
        }
        let limits = step.config.limits;
        let number = self.number_of(monitor.session);
        let watch = self.watches.slots.get(monitor.watch);
        let switch = watch.map_or(0, |watch| self.switch_of(watch.connection));
        let Some(monitor) = self.monitors.get_mut(handle) else { return false };
        let Some(behind) = monitor.behind.as_mut() else { return true };
        let call = if let Event::Call(call) = event { call.connection.call } else { None };
        if behind.way_of(switch, call) == Way::Passes {
            if let Event::Call(call) = event {
                behind.calls.learn(&number, call, limits.calls_per_device);
            }
            return true;
        }
        let edition = step.config.cti.protocol_version;
        if !behind.hold(call, limits.queued_events, || keep::event(event, document, edition)) {
            step.counters.events_lost += 1;
            let fields: &[(&str, &dyn Display)] =
                &[("session", &monitor.session), ("why", &"limits.queued_events is reached")];
            step.actions.notify(Level::Warn, "event_lost", fields);
        }
        false
    }

    /// The line's own connection in a call as the phone system names it, if that was told: deviceID and whether it is
    /// dynamic.
    pub(super) fn own_connection(
        &self,
        handle: Handle<Session>,
        link: ConnectionRef,
        number: &str,
        call: &str,
    ) -> Option<(&str, bool)> {
        let watch = self.watches.of_device(link, number).and_then(|watch| self.watches.slots.get(watch));
        let monitors = self.sessions.get(handle).map_or(&[][..], |session| &session.monitors);
        let switch = self.switch_of(link);
        let behind = monitors.iter().filter_map(|monitor| self.monitors.get(*monitor)?.behind.as_deref());
        let known = behind.filter_map(|behind| behind.calls_of(switch));
        let known = watch.map(|watch| &watch.calls).into_iter().chain(known);
        let found = known.into_iter().find_map(|calls| calls.find(call))?;
        Some((&found.device, found.dynamic))
    }

    /// A client was told of calls otherwise than by events: they are among those it knows, also while its monitor is
    /// behind. How far they have come it knows only then if it hears no older event behind the response.
    pub(super) fn note_told(
        &mut self,
        step: &mut Step<'_>,
        handle: Handle<Session>,
        link: ConnectionRef,
        response: &Response<'_>,
    ) {
        let tells = if let Response::Relayed(relayed) = response {
            relayed.own_connections().next().is_some()
        } else {
            matches!(response, Response::SnapshotDevice { .. })
        };
        if !tells {
            return;
        }
        let number = self.number_of(handle);
        let switch = self.switch_of(link);
        let limit = step.config.limits.calls_per_device;
        let all = matches!(response, Response::SnapshotDevice { .. });
        let lasts = self.sessions.get(handle).is_some_and(|session| !session.outbox.may_be_overtaken());
        let watch = self.watches.of_device(link, &number).and_then(|watch| self.watches.slots.get_mut(watch));
        if let Some(watch) = watch {
            learn_told(&mut watch.calls, &number, response, lasts, limit);
        }
        // Bounded by limits.monitors_per_session.
        for place in 0..self.sessions.get(handle).map_or(0, |session| session.monitors.len()) {
            let monitor = self.sessions.get(handle).and_then(|session| session.monitors.get(place)).copied();
            let monitor = monitor.and_then(|monitor| self.monitors.get_mut(monitor));
            let Some(behind) = monitor.and_then(|one| one.behind.as_mut()) else { continue };
            if let Some(calls) = behind.calls_told(switch, all, limit) {
                learn_told(calls, &number, response, lasts, limit);
            }
            behind.keep_told();
        }
    }
}

/// Learns of the calls that a response to the client names; `lasts`: and of how far those known have come.
fn learn_told(calls: &mut Calls, number: &str, response: &Response<'_>, lasts: bool, limit: usize) {
    if let Response::Relayed(relayed) = response {
        for connection in relayed.own_connections() {
            calls.meet(number, &connection, Stage::Initiated, limit);
        }
    } else if let Response::SnapshotDevice { items, .. } = response {
        for item in items.iter().take(limit) {
            if let Seen::At(stage) = seen(item) {
                calls.meet(number, &item.connection, stage, limit);
                if lasts {
                    calls.advance(item.connection.call, stage);
                }
            }
        }
    }
}
