//! The end of a session.

use core::fmt::Display;

use super::{Gateway, Step};
use crate::action::Level;
use crate::rcc::session::Carrier as _;
use crate::sip::user_agent::{Asked, Outgoing, Phase, Reply};
use crate::step::SessionId;

impl Gateway {
    /// Ends a session of our own accord: the client is told with BYE, if it is known to be this node's.
    pub(super) fn sign_out(&mut self, step: &mut Step<'_>, session: SessionId, why: &str) {
        let phase = self.sessions.get(session).map(|one| one.carrier.phase);
        if let Some(Phase::SigningIn { invite }) = phase {
            self.ua.answer(step, &mut self.sessions, Asked::Held(invite), &Reply::new(480));
        } else if !self.may_be_elsewhere(step.now, session) {
            self.ua.send_request(step, &mut self.sessions, session, Outgoing::Bye);
        }
        self.end_session(step, session, why);
    }

    /// Forgets a session and all that is its own.
    pub(super) fn end_session(&mut self, step: &mut Step<'_>, session: SessionId, why: &str) {
        self.ua.leave_invite(step, &mut self.sessions, session);
        let Some(one) = self.sessions.get(session) else { return };
        let fields: &[(&str, &dyn Display)] = &[
            ("session", &session),
            ("user", &one.user()),
            ("line", &one.line()),
            ("why", &why),
            ("call_id", &one.carrier.dialog.call_id()),
        ];
        // One that never began was refused or cancelled, and that was said.
        if one.carrier.is_established() {
            step.counters.sessions_ended += 1;
            step.actions.notify(Level::Info, "session_ended", fields);
        }
        for monitor in one.monitors.clone().iter().copied() {
            self.drop_monitor(step, monitor);
        }
        self.hold_to(session, None);
        self.forget_stale(step, session);
        if let Some(one) = self.sessions.remove(session) {
            self.ua.forget(step, session, one.carrier);
        }
    }
}
