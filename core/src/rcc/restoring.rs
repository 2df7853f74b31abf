//! Giving a session what it lacks: a connection in service, and switch monitors over it.

use super::clients::Clients;
use super::control::Control;
use super::moving::rebinds;
use super::session::Carrier;
use crate::step::{SessionId, Step};
use crate::wire::csta::model::SystemStatus;

impl<C: Carrier> Control<C> {
    /// Moves a session whose connection is not in service to one that is, if any.
    pub(super) fn rebind_session<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &mut K,
        session: SessionId,
    ) {
        let Some(connection) = self.move_session(step, session) else { return };
        // For a session that is still signing in, the answer to its sign-in does this.
        if self.sessions.get(session).is_some_and(|one| one.carrier.is_established()) {
            self.restart_monitors(step, clients, session, connection);
            if let Some(news) = self.status_for(session, SystemStatus::Normal) {
                clients.tell(step, self, &news);
            }
        }
    }

    /// Tells a session's client the status of its phone system, if it registered for that.
    pub(crate) fn tell_status<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &mut K,
        session: SessionId,
    ) {
        if let Some(news) = self.status_for(session, self.status_of(session)) {
            clients.tell(step, self, &news);
        }
    }

    /// Restores what a session lacks.
    pub(super) fn restore_session<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &mut K,
        session: SessionId,
    ) {
        if let Ok(link) = self.link_of(session) {
            self.restart_monitors(step, clients, session, link);
        } else {
            self.rebind_session(step, clients, session);
        }
    }

    /// Prepares a session for a request of its client: if its connection is not in service, it is moved at once where
    /// the gateway moves sessions. Returns false if its connection was replaced and the session is void (S8).
    pub(crate) fn prepare_session<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &mut K,
        session: SessionId,
    ) -> bool {
        if !rebinds(step.config) {
            return !self.is_stale(session);
        }
        if self.link_of(session).is_err() {
            self.rebind_session(step, clients, session);
        }
        true
    }

    /// Binds a session whose connection is gone, or that never had one, to the next one in service (S8), and starts the
    /// switch monitors that its monitors need there.
    pub(crate) fn renew_connection<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &mut K,
        session: SessionId,
    ) {
        let bound = self.link_of(session).ok();
        if bound.is_none() && rebinds(step.config) {
            self.rebind_session(step, clients, session);
            return;
        }
        let device = self.number_of(session);
        let Some(connection) = bound.or_else(|| self.pool.take_turn(&device)) else { return };
        self.bind(session, Some(connection));
        self.restart_monitors(step, clients, session, connection);
    }
}
