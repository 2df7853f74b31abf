//! What is known of a line's calls beside its events: which call a client means, and what responses tell it.

use super::calls::{Call, Calls, Seen, Stage, seen};
use super::control::Control;
use super::noting::Field;
use super::resync_state::Resync;
use super::session::{Carrier, Monitor};
use super::switch_monitor::SwitchMonitor;
use crate::action::Level;
use crate::cti::ConnectionRef;
use crate::slots::Handle;
use crate::step::{SessionId, Step};
use crate::time::Instant;
use crate::wire::csta::model::{Response, SnapshotItem};

impl<C: Carrier> Control<C> {
    /// Returns the calls of a line that are known at its phone system. A call may occur twice.
    pub(super) fn own_calls(
        &self,
        handle: SessionId,
        link: ConnectionRef,
        number: &str,
    ) -> impl Iterator<Item = &Call> {
        let learnt = self.own_switch_monitor(handle, link, number).map(|one| &one.calls);
        let goes_by_another_name =
            move |call: &Call| learnt.is_some_and(|learnt| learnt.successor(&call.id).is_some());
        let known = self.own_resyncs(handle, link, number).flat_map(Calls::iter);
        let known = known.filter(move |call| !goes_by_another_name(call));
        learnt.into_iter().flat_map(Calls::iter).chain(known)
    }

    /// Returns the call of a line that its client means by a callID. Until the client was told that a transfer or
    /// conference gave a call another callID, the former one stands for that call.
    pub(super) fn own_call(
        &self,
        (handle, link, number): (SessionId, ConnectionRef, &str),
        id: &str,
        now: Instant,
    ) -> Option<&Call> {
        let learnt = self.own_switch_monitor(handle, link, number).map(|one| &one.calls);
        if let Some(call) = learnt.and_then(|learnt| learnt.find(id)) {
            return Some(call);
        }
        let mut known = self.own_resyncs(handle, link, number);
        let renamed =
            learnt.filter(|learnt| learnt.may_be_named_as_before(now) || self.may_be_untold(handle));
        let renamed = renamed.and_then(|learnt| learnt.find(learnt.successor(id)?));
        renamed.or_else(|| known.find_map(|calls| calls.find(id)))
    }

    /// Whether a session's client may still be told something that is older than its request.
    pub(super) fn may_be_untold(&self, handle: SessionId) -> bool {
        let Some(session) = self.sessions.get(handle) else { return false };
        let is_behind =
            |monitor: &Handle<Monitor>| self.monitors.get(*monitor).is_some_and(|one| one.resync.is_some());
        session.carrier.may_be_overtaken() || session.monitors.iter().any(is_behind)
    }

    /// Returns the switch monitor of a line of a session's. One that feeds a monitor of the session is found without a
    /// look-up by name.
    pub(super) fn own_switch_monitor(
        &self,
        handle: SessionId,
        link: ConnectionRef,
        number: &str,
    ) -> Option<&SwitchMonitor> {
        let monitors = self.sessions.get(handle).map_or(&[][..], |session| &session.monitors);
        let slots = &self.switch_monitors.slots;
        let fed_by = |monitor: &Handle<Monitor>| slots.get(self.monitors.get(*monitor)?.source?);
        let own =
            monitors.iter().filter_map(fed_by).find(|one| one.connection == link && *one.device == *number);
        own.or_else(|| slots.get(self.switch_monitors.of_device(link, number)?))
    }

    /// Returns what a session's client knows of a line's calls at a phone system, by each monitor that is not up to
    /// date.
    fn own_resyncs(
        &self,
        handle: SessionId,
        link: ConnectionRef,
        number: &str,
    ) -> impl Iterator<Item = &Calls> {
        let monitors = self.sessions.get(handle).map_or(&[][..], |session| &session.monitors);
        let switch = self.switch_of(link);
        let monitors = monitors.iter().filter_map(|monitor| self.monitors.get(*monitor));
        let own = monitors.filter(move |monitor| self.is_of_line(monitor, number));
        let resyncs = own.filter_map(|monitor| monitor.resync.as_deref());
        resyncs.filter_map(move |resync| resync.calls_of(switch))
    }

    /// Records the calls that a client is told of in a response, also while it is being brought up to date. Their
    /// stages count as known only if no older event can reach the client after the response. If such an event may be of
    /// a transfer or conference, the client may not understand it after the response, and its calls are verified.
    pub(super) fn note_told(
        &mut self,
        step: &mut Step<'_>,
        (handle, number, overtaken): (SessionId, &str, bool),
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
        let switch = self.switch_of(link);
        let (limit, parties) = (step.config.limits.calls_per_device, step.config.limits.parties);
        let all = matches!(response, Response::SnapshotDevice { .. });
        let resync = |monitor: &Handle<Monitor>| self.monitors.get(*monitor)?.resync.as_deref();
        let lasts = !overtaken
            && self
                .sessions
                .get(handle)
                .is_some_and(|session| !session.monitors.iter().filter_map(resync).any(Resync::may_overtake));
        let switch_monitor = self.switch_monitors.of_device(link, number);
        if let Some(switch_monitor) =
            switch_monitor.and_then(|switch_monitor| self.switch_monitors.slots.get_mut(switch_monitor))
        {
            // Clients of other sessions were not told.
            let mut fed = switch_monitor.monitors.iter().filter_map(|monitor| self.monitors.get(*monitor));
            let is_shared = fed.any(|monitor| monitor.session != handle);
            learn_told(&mut switch_monitor.calls, number, response, lasts && !is_shared, (limit, parties));
            if let Response::SnapshotDevice { items, .. } = response {
                note_crowded(step, self.pool.name_of(link.index()), switch_monitor, items);
            }
            if all && !lasts && switch_monitor.calls.have_former() {
                switch_monitor.begin_verification();
                self.schedule_verification(step);
            }
        }
        // Bounded by limits.monitors_per_session.
        for index in 0..self.sessions.get(handle).map_or(0, |session| session.monitors.len()) {
            let monitor = self.sessions.get(handle).and_then(|session| session.monitors.get(index)).copied();
            let is_its = |one: &Monitor| self.is_of_line(one, number);
            let monitor = monitor.filter(|monitor| self.monitors.get(*monitor).is_some_and(is_its));
            let monitor = monitor.and_then(|monitor| self.monitors.get_mut(monitor));
            let Some(resync) = monitor.and_then(|one| one.resync.as_mut()) else { continue };
            if let Some(calls) = resync.calls_told(switch, all, limit) {
                learn_told(calls, number, response, lasts, (limit, parties));
            }
            resync.keep_told();
        }
    }
}

/// Records the calls that a response to the client names. `lasts`: no older event can reach the client after the
/// response, so that the stages it gives are what the client knows.
fn learn_told(
    calls: &mut Calls,
    number: &str,
    response: &Response<'_>,
    lasts: bool,
    (limit, parties): (usize, usize),
) {
    if let Response::Relayed(relayed) = response {
        for connection in relayed.own_connections() {
            calls.add_new(number, &connection, if lasts { Stage::Initiated } else { Stage::Unsure }, limit);
        }
    } else if let Response::SnapshotDevice { items, .. } = response {
        // A client may or may not drop a call that is missing from the response.
        calls.mark_unsure_except(|id| items.iter().any(|item| item.connection.call == Some(id)));
        for item in items.iter().take(limit) {
            let Seen::At(told) = seen(item, parties) else { continue };
            let known = item.connection.call.and_then(|id| calls.find(id));
            // The event that gave the call this callID may be one of those, and does not show it to a client that has
            // forgotten the former one.
            let known = known.filter(|call| !calls.has_former(&call.id)).map(|call| call.stage);
            let stage = if lasts || known == Some(told) { told } else { Stage::Unsure };
            calls.add_new(number, &item.connection, stage, limit);
            calls.advance(item.connection.call, stage);
        }
    }
}

/// Says once of each call of a switch monitor that it has more parties than count (`limits.parties`).
pub(super) fn note_crowded(
    step: &mut Step<'_>,
    cti: &str,
    switch_monitor: &mut SwitchMonitor,
    items: &[SnapshotItem<'_>],
) {
    let limit = step.config.limits.parties;
    for item in items {
        let parties = item.states.len() + item.further_states().count();
        let Some(call) = item.connection.call.filter(|_| parties > limit) else { continue };
        if switch_monitor.calls.note_crowded(call) {
            let fields: &[Field<'_>] = &[
                ("cti", &cti),
                ("device", &switch_monitor.device),
                ("call", &call),
                ("parties", &parties),
                ("why", &"limits.parties is reached"),
                ("limit", &limit),
            ];
            step.actions.notify(Level::Warn, "parties_not_counted", fields);
        }
    }
}
