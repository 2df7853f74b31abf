//! Refreshes: by re-INVITE and by UPDATE (client quirk 6). Either moves a session whose connection is down; where that is
//! back under another ID, only the re-INVITE does (S8).

use core::fmt::Display;

use super::invite::unusable_dialog;
use super::overload::retry_after;
use super::rebind::rebinds;
use super::receive::{Received, Refusal};
use super::{Gateway, Step, TimerKey};
use crate::action::Level;
use crate::rcc::device::number_of;
use crate::rcc::session::{Phase, Session};
use crate::slots::Handle;

impl Gateway {
    /// A re-INVITE: the session goes on, perhaps over another CTI connection.
    pub(super) fn on_reinvite(
        &mut self,
        step: &mut Step<'_>,
        received: &Received<'_>,
        handle: Handle<Session>,
    ) {
        let Some(session) = self.sessions.get(handle) else { return };
        if let Phase::SigningIn { .. } = session.phase {
            // RFC 3261 14.2: a second INVITE before the first is answered.
            let seconds = retry_after(step, (0, 10));
            self.refuse_for_now(step, received, (500, "Another INVITE is under way"), &seconds);
            return;
        }
        let sign_in = if received.message.body.is_empty() {
            None
        } else {
            let Some(sign_in) = self.read_sign_in(step, received) else { return };
            Some(sign_in)
        };
        if sign_in.as_ref().is_some_and(|sign_in| !self.may_name(handle, &sign_in.line)) {
            self.refuse(step, received, &Refusal::new(488, "Another line needs a session of its own"));
            return;
        }
        // Only a complete sign-in can be taken over, and only here what its client waits for can be answered.
        let is_idle = self.sessions.get(handle).is_some_and(|session| session.unanswered == 0);
        let is_complete = sign_in.as_ref().is_some_and(|sign_in| !sign_in.line.is_empty());
        if self.hands_over(step) && is_complete && is_idle {
            self.hand_over(step, received, handle);
            return;
        }
        let Some(timer) = self.settle_timer(step, received) else { return };
        let limit = step.config.limits.dialog_bytes;
        let Some(session) = self.sessions.get(handle) else { return };
        if let Err(unusable) = session.dialog.check_refresh(received.message, limit) {
            self.refuse(step, received, &unusable_dialog(unusable));
            return;
        }
        // From here on nothing refuses it: what is refused changes nothing.
        let Some(invite) = self.hold(step, received, handle) else { return };
        self.forget_stale(step, handle);
        let Some(session) = self.sessions.get_mut(handle) else { return };
        session.dialog.refresh(received.message, received.answer_flow);
        session.timer = timer;
        session.dialog.epoch = session.dialog.epoch.wrapping_add(1);
        if let Some(sign_in) = sign_in {
            session.namespace = sign_in.namespace;
            if !sign_in.line.is_empty() {
                session.dialog.set_line(&sign_in.line);
            }
        }
        self.renew_connection(step, handle);
        let status = self.status_of(handle);
        self.answer_invite(step, handle, invite, status);
        step.counters.refreshes += 1;
        let fields: &[(&str, &dyn Display)] =
            &[("session", &handle), ("by", &"INVITE"), ("status", &status.word())];
        step.actions.notify(Level::Debug, "session_refreshed", fields);
    }

    /// Whether a session's refresh may carry `line`: its own in any writing, or the first that it names.
    fn may_name(&self, handle: Handle<Session>, line: &str) -> bool {
        self.sessions.get(handle).is_some_and(|session| {
            session.line().is_empty() || line.is_empty() || number_of(line) == Some(session.number())
        })
    }

    /// A session whose connection is gone, or that never had one, takes the next one in service (S8). Monitors that
    /// nothing feeds are started there.
    pub(super) fn renew_connection(&mut self, step: &mut Step<'_>, handle: Handle<Session>) {
        let Some(session) = self.sessions.get(handle) else { return };
        let held = session.connection.filter(|connection| self.pool.in_service(*connection).is_some());
        if held.is_none() && rebinds(step.config) {
            self.rebind_session(step, handle);
            return;
        }
        let Some(connection) = held.or_else(|| self.pool.take_turn()) else { return };
        self.hold_to(handle, Some(connection));
        self.restart_monitors(step, handle, connection);
    }

    /// UPDATE (RFC 3311): a refresh without a body, Communicator 2007 R2's way (client quirk 6).
    pub(super) fn on_update(
        &mut self,
        step: &mut Step<'_>,
        received: &Received<'_>,
        handle: Handle<Session>,
    ) {
        let Some(timer) = self.settle_timer(step, received) else { return };
        let limit = step.config.limits.dialog_bytes;
        let Some(session) = self.sessions.get(handle) else { return };
        if let Err(unusable) = session.dialog.check_retarget(received.message, limit) {
            self.refuse(step, received, &unusable_dialog(unusable));
            return;
        }
        let Some(transaction) = self.hold(step, received, handle) else { return };
        let Some(session) = self.sessions.get_mut(handle) else { return };
        session.dialog.retarget(received.message);
        session.timer = timer;
        let flow = session.dialog.flow;
        self.answer_refresh(step, transaction, flow, timer, None);
        self.renew_connection(step, handle);
        step.counters.refreshes += 1;
        self.restart_session_timer(step, handle);
        step.actions.notify(Level::Debug, "session_refreshed", &[("session", &handle), ("by", &"UPDATE")]);
    }

    /// Sets a session's expiry anew, and our own refresh where that is our part.
    pub(super) fn restart_session_timer(&mut self, step: &mut Step<'_>, handle: Handle<Session>) {
        let Some(session) = self.sessions.get_mut(handle) else { return };
        let expiry = step.now + session.timer.lifetime;
        step.timers.set(&mut session.expiry, TimerKey::Expiry(handle.cast()), expiry);
        match session.timer.refresh_at(step.now) {
            Some(at) => step.timers.set(&mut session.refresh, TimerKey::Refresh(handle.cast()), at),
            None => step.timers.cancel(&mut session.refresh, TimerKey::Refresh(handle.cast())),
        }
    }
}
