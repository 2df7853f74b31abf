//! Refreshes, by re-INVITE and by UPDATE (client quirk 6). Either moves a session whose connection is down; if the
//! connection is back with a new ID, only a re-INVITE does (S8).

use alloc::boxed::Box;
use core::fmt::Display;

use super::{Control, Leg, Uacsta};
use crate::action::Level;
use crate::expected::Expected as _;
use crate::sip::user_agent::{Phase, Received, Refusal, restart_session_timer};
use crate::step::{SessionId, Step};

impl Uacsta {
    /// Handles a re-INVITE: the session continues, perhaps over another CTI connection.
    pub(super) fn on_reinvite(
        &mut self,
        step: &mut Step<'_>,
        control: &mut Control<Leg>,
        received: &Received<'_>,
        handle: SessionId,
    ) {
        let Some(session) = control.sessions.get(handle).expected("a session") else { return };
        if let Phase::SigningIn { .. } = session.carrier.phase {
            self.ua.refuse_second_invite(step, &mut control.sessions, received);
            return;
        }
        let sign_in = if received.document.is_none() {
            None
        } else {
            let Some(sign_in) = self.read_sign_in(step, control, received) else { return };
            Some(sign_in)
        };
        if sign_in.as_ref().is_some_and(|sign_in| !may_name(control, handle, &sign_in.line)) {
            let refusal = Refusal::new(488, "Another line needs a session of its own");
            self.ua.refuse(step, &mut control.sessions, received, &refusal);
            return;
        }
        // Another node can only take over with a re-INVITE that is a complete sign-in, and only this node can answer
        // requests of the client that are held.
        let is_idle = control.sessions.get(handle).is_some_and(|session| session.carrier.unanswered == 0);
        let is_complete = sign_in.as_ref().is_some_and(|sign_in| !sign_in.line.is_empty());
        if hands_over(step) && is_complete && is_idle {
            self.hand_over(step, control, received, handle);
            return;
        }
        let Some(timer) = self.ua.settle_timer(step, &mut control.sessions, received) else { return };
        // Holding it is the last thing that can fail. A refused request changes nothing.
        let held = self.ua.hold_refresh(step, &mut control.sessions, received, handle, timer);
        let Some(invite) = held else { return };
        control.forget_stale(step, handle);
        if let (Some(session), Some(sign_in)) = (control.sessions.get_mut(handle), sign_in) {
            session.namespace = sign_in.namespace;
            if !sign_in.line.is_empty() {
                let device = Box::<str>::from(session.carrier.dialog.device());
                session.carrier.dialog.set_line(&sign_in.line, &device);
            }
        }
        control.renew_connection(step, self, handle);
        let status = control.status_of(handle);
        self.answer_invite(step, control, handle, invite, status);
        step.counters.refreshes += 1;
        let fields: &[(&str, &dyn Display)] = &[("by", &"INVITE"), ("status", &status.word())];
        self.note(step, control, (Level::Debug, "session_refreshed"), handle, fields);
    }

    /// Handles an UPDATE (RFC 3311): a refresh without a body, as Communicator 2007 R2 sends it (client quirk 6).
    pub(super) fn on_update(
        &mut self,
        step: &mut Step<'_>,
        control: &mut Control<Leg>,
        received: &Received<'_>,
        handle: SessionId,
    ) {
        let Some(timer) = self.ua.settle_timer(step, &mut control.sessions, received) else { return };
        let held = self.ua.hold_refresh(step, &mut control.sessions, received, handle, timer);
        let Some(update) = held else { return };
        self.ua.accept_update(step, &mut control.sessions, handle, update);
        control.renew_connection(step, self, handle);
        step.counters.refreshes += 1;
        restart_session_timer(step, &mut control.sessions, handle);
        self.note(step, control, (Level::Debug, "session_refreshed"), handle, &[("by", &"UPDATE")]);
    }
}

/// Whether a refresh leaves the session to another node: after a 503 a proxy tries the next node, which takes the
/// dialog over (S10).
fn hands_over(step: &Step<'_>) -> bool {
    *step.phase == crate::phase::Phase::Draining && step.config.sip.may_say_503
}

/// Whether a session's refresh may carry `line`: none, the session's own line in any notation, or any line if the
/// session has none yet.
fn may_name(control: &Control<Leg>, handle: SessionId, line: &str) -> bool {
    control
        .sessions
        .get(handle)
        .is_some_and(|session| session.line().is_empty() || line.is_empty() || session.is_named_by(line))
}
