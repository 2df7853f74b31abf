//! A session's end, and its way to another connection.

use core::fmt::Display;

use super::{Gateway, Step};
use crate::action::Level;
use crate::rcc::moving::rebinds;
use crate::rcc::session::Carrier as _;
use crate::sip::user_agent::{Asked, Outgoing, Phase, Reply};
use crate::step::SessionId;
use crate::wire::csta::model::SystemStatus;

impl Gateway {
    /// Ends a session of our own accord: the client is told with BYE, if it is known to be this node's.
    pub(super) fn sign_out(&mut self, step: &mut Step<'_>, session: SessionId, why: &str) {
        let phase = self.control.sessions.get(session).map(|one| one.carrier.phase);
        if let Some(Phase::SigningIn { invite }) = phase {
            self.ua.answer(step, &mut self.control.sessions, Asked::Held(invite), &Reply::new(480));
        } else if !self.may_be_elsewhere(step.now, session) {
            self.ua.send_request(step, &mut self.control.sessions, session, Outgoing::Bye);
        }
        self.end_session(step, session, why);
    }

    /// Forgets a session and all that is its own.
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
        // One that never began was refused or cancelled, and that was said.
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

    /// Moves a session whose connection is not in service to one that is, if there is one.
    pub(super) fn rebind_session(&mut self, step: &mut Step<'_>, session: SessionId) {
        let Some(connection) = self.control.move_session(step, session) else { return };
        // One that is signing in is told, and fed, with its answer.
        if self.control.sessions.get(session).is_some_and(|one| one.carrier.is_established()) {
            self.restart_monitors(step, session, connection);
            if let Some(news) = self.control.status_for(session, SystemStatus::Normal) {
                self.tell(step, &news);
            }
        }
    }

    /// Gives a session what it lacks: a connection in service, and monitors over it.
    pub(super) fn settle_session(&mut self, step: &mut Step<'_>, session: SessionId) {
        if let Ok(link) = self.control.link_of(session) {
            self.restart_monitors(step, session, link);
        } else {
            self.rebind_session(step, session);
        }
    }

    /// A session whose connection is gone, or that never had one, takes the next one in service (S8). Monitors that
    /// nothing feeds are started there.
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
