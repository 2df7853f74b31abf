//! Controlling a line at another device: the session stays, with its connection and its monitors, which are fed from the
//! other device. Calls at the former one are over for its client, and those at the other one are shown. And the end of
//! what its user may not control any more beside that line.

use alloc::boxed::Box;
use alloc::collections::btree_map::Entry;

use super::clients::Clients;
use super::control::{Control, News, What};
use super::reference::Reference;
use super::session::{Carrier, Monitor};
use super::switch_monitor::{State, Waiter};
use crate::action::Level;
use crate::few::Few;
use crate::slots::Handle;
use crate::step::{SessionId, Step};
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::Device;

impl<C: Carrier> Control<C> {
    /// Notes whose session it is: the user's ID in the directory, without case; `None`: nobody's.
    pub(crate) fn set_owner(&mut self, session: SessionId, user: Option<&str>) {
        let Some(one) = self.sessions.get_mut(session) else { return };
        if one.owner.as_deref() == user {
            return;
        }
        if let Some(before) = core::mem::replace(&mut one.owner, user.map(Box::from))
            && let Entry::Occupied(mut entry) = self.by_owner.entry(before)
        {
            entry.get_mut().retain(|other| *other != session);
            if entry.get().is_empty() {
                entry.remove();
            }
        }
        if let Some(user) = user {
            self.by_owner.entry(Box::from(user)).or_default().push(session);
        }
    }

    /// Returns the sessions of a user, by the ID in the directory, without case.
    pub(crate) fn sessions_of(&self, user: &str) -> Few<SessionId> {
        self.by_owner.get(user).cloned().unwrap_or_default()
    }

    /// Lets a session control its line at the device that the phone system knows as `device`.
    pub(crate) fn change_device<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &mut K,
        session: SessionId,
        device: &str,
    ) {
        let before = self.number_of(session);
        if *before == *device {
            return;
        }
        let monitors = self.sessions.get(session).map(|one| one.monitors.clone()).unwrap_or_default();
        let mut waiters: Few<Waiter> = Few::default();
        for monitor in monitors.iter().copied() {
            // A monitor of another line stays where it is.
            if self.monitors.get(monitor).is_none_or(|one| one.line.is_some()) {
                continue;
            }
            if let Some(waiter) = self.leave_device(step, monitor, device) {
                waiters.push(waiter);
            }
        }
        self.set_device(session, device);
        if let Some(one) = self.sessions.get_mut(session) {
            one.may_have_calls = true;
        }
        self.note_session(
            step,
            (Level::Info, "device_changed"),
            session,
            &[("from", &&*before), ("device", &device)],
        );
        // A session that is still signing in has no monitor, unless it was begun elsewhere: then its answer does this.
        for waiter in waiters.iter().copied() {
            self.await_device(step, clients, waiter, device);
        }
        let is_established = self.sessions.get(session).is_some_and(|one| one.carrier.is_established());
        if let (true, Ok(link)) = (is_established, self.link_of(session)) {
            self.restart_monitors(step, clients, session, link);
        }
    }

    /// Lets a MonitorStart wait for the other device: what becomes of the former one does not matter to its client.
    fn await_device<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &mut K,
        waiter: Waiter,
        device: &str,
    ) {
        let link = self.link_of(waiter.session).map_err(|_| CstaError::NETWORK_OUT_OF_SERVICE);
        match link.and_then(|link| self.switch_monitor(step, link, device)) {
            Ok(switch_monitor) => {
                self.feed(step, waiter.monitor, switch_monitor);
                if self.join(waiter).is_some() {
                    self.announce_monitor(step, clients, waiter);
                }
            }
            Err(error) => {
                self.forget_monitor(waiter.monitor);
                self.refuse_waiter(step, clients, waiter, error);
            }
        }
    }

    /// Detaches a monitor from what feeds it, for another device. Returns the MonitorStart that still waits for it.
    fn leave_device(
        &mut self,
        step: &mut Step<'_>,
        monitor: Handle<Monitor>,
        device: &str,
    ) -> Option<Waiter> {
        let source = self.monitors.get_mut(monitor).and_then(|one| one.source.take());
        let former = source.and_then(|source| self.switch_monitors.slots.get_mut(source));
        let waiter = former.and_then(|former| former.take_waiter(monitor));
        let left = source.and_then(|source| self.switch_monitors.slots.get_mut(source)).map(|one| {
            one.monitors.retain(|other| *other != monitor);
            let is_idle = one.monitors.is_empty() && matches!(one.state, State::Active { .. });
            (one.connection, one.calls_told_to(monitor), is_idle)
        });
        let is_idle = left.as_ref().is_some_and(|(_, _, is_idle)| *is_idle);
        let known = left.map(|(connection, calls, _)| (self.switch_of(connection), calls));
        self.begin_resync(monitor, known.unwrap_or_default());
        let limit = step.config.limits.calls_per_device;
        if let Some(resync) = self.monitors.get_mut(monitor).and_then(|one| one.resync.as_mut()) {
            resync.leave_device(Device { id: device, type_of_number: None }, limit);
        }
        if let Some(source) = source.filter(|_| is_idle) {
            self.stop_switch_monitor(step, source);
        }
        waiter
    }

    /// Ends a session's monitors of other lines that its user may not control any more. Its client is told.
    pub(crate) fn recheck_monitors<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &mut K,
        session: SessionId,
    ) {
        let monitors = self.sessions.get(session).map(|one| one.monitors.clone()).unwrap_or_default();
        for monitor in monitors.iter().copied() {
            let Some((line, cross_reference)) = self.of_other_line(monitor) else { continue };
            if self.line_of_user(step, session, &line).as_deref() != Some(&*line) {
                self.drop_monitor(step, monitor);
                clients.tell(step, self, &News { session, what: What::MonitorStopped(cross_reference) });
            }
        }
    }

    fn of_other_line(&self, monitor: Handle<Monitor>) -> Option<(Box<str>, Reference)> {
        let one = self.monitors.get(monitor)?;
        Some((one.line.clone()?, one.cross_reference))
    }
}
