//! Ending a session, and moving it to another connection.

use core::fmt::Display;

use super::{Gateway, Step};
use crate::action::Level;
use crate::rcc::moving::rebinds;
use crate::rcc::session::Carrier as _;
use crate::sip::user_agent::{Asked, Outgoing, Phase, Reply};
use crate::step::SessionId;
use crate::wire::csta::model::SystemStatus;

impl Gateway {
    /// Ends a session on our initiative, with a BYE unless another node may have taken the dialog over.
    pub(super) fn sign_out(&mut self, step: &mut Step<'_>, session: SessionId, why: &str) {
        let phase = self.control.sessions.get(session).map(|one| one.carrier.phase);
        if let Some(Phase::SigningIn { invite }) = phase {
            self.ua.answer(step, &mut self.control.sessions, Asked::Held(invite), &Reply::new(480));
        } else if !self.may_be_elsewhere(step.now, session) {
            self.ua.send_request(step, &mut self.control.sessions, session, Outgoing::Bye);
        }
        self.end_session(step, session, why);
    }

    /// Forgets a session and everything that belongs to it.
    pub(super) fn end_session(&mut self, step: &mut Step<'_>, session: SessionId, why: &str) {
        let Self { ua, control, .. } = self;
        ua.leave_invite(step, &mut control.sessions, session);
        let Some(one) = control.sessions.get(session) else { return };
        let fields: &[(&str, &dyn Display)] = &[
            ("session", &session),
            ("user", &one.user()),
            ("line", &one.line()),
            ("why", &why),
            ("call_id", &one.carrier.dialog.call_id()),
        ];
        // The end of a session that never began has been logged as a refusal or a CANCEL.
        if one.carrier.is_established() {
            step.counters.sessions_ended += 1;
            step.actions.notify(Level::Info, "session_ended", fields);
        }
        for monitor in one.monitors.clone().iter().copied() {
            control.drop_monitor(step, monitor);
        }
        control.bind(session, None);
        control.forget_stale(step, session);
        if let Some(one) = control.sessions.remove(session) {
            ua.forget(step, session, one.carrier);
        }
    }

    /// Moves a session whose connection is not in service to one that is, if any.
    pub(super) fn rebind_session(&mut self, step: &mut Step<'_>, session: SessionId) {
        let Some(connection) = self.control.move_session(step, session) else { return };
        // For a session that is still signing in, the answer to its INVITE does this.
        if self.control.sessions.get(session).is_some_and(|one| one.carrier.is_established()) {
            self.restart_monitors(step, session, connection);
            if let Some(news) = self.control.status_for(session, SystemStatus::Normal) {
                self.tell(step, &news);
            }
        }
    }

    /// Restores what a session lacks: a connection in service, and switch monitors over it.
    pub(super) fn settle_session(&mut self, step: &mut Step<'_>, session: SessionId) {
        if let Ok(link) = self.control.link_of(session) {
            self.restart_monitors(step, session, link);
        } else {
            self.rebind_session(step, session);
        }
    }

    /// Binds a session whose connection is gone, or that never had one, to the next one in service (S8), and starts the
    /// switch monitors that its monitors need there.
    pub(super) fn renew_connection(&mut self, step: &mut Step<'_>, session: SessionId) {
        let bound = self.control.link_of(session).ok();
        if bound.is_none() && rebinds(step.config) {
            self.rebind_session(step, session);
            return;
        }
        let Some(connection) = bound.or_else(|| self.control.pool.take_turn()) else { return };
        self.control.bind(session, Some(connection));
        self.restart_monitors(step, session, connection);
    }
}
