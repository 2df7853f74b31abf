//! The beginning and the end of a session.

use super::clients::Clients;
use super::control::Control;
use super::history::History;
use super::moving::rebinds;
use super::session::{Carrier, Session};
use super::ticket::Ticket;
use crate::cti::ConnectionRef;
use crate::few::Few;
use crate::slots::Full;
use crate::step::{SessionId, Step};
use crate::time::Instant;
use crate::wire::csta::model::{Device, Namespace, Request};

impl<C: Carrier> Control<C> {
    /// Adds a session of a client that speaks `namespace`. `monitors_had` is the number of monitors that it has had at
    /// another node.
    pub(crate) fn add_session(
        &mut self,
        now: Instant,
        carrier: C,
        namespace: Namespace,
        monitors_had: u32,
    ) -> Result<SessionId, Full> {
        self.sessions.insert(Session {
            connection: None,
            namespace,
            told_gone: false,
            is_unregistered: false,
            may_have_calls: true,
            carrier,
            monitors: Few::default(),
            monitors_had,
            registration: None,
            owner: None,
            history: History::new(now),
        })
    }

    /// Binds a new session to the next connection in service, if there is any.
    pub(crate) fn take_turn(&mut self, session: SessionId) {
        let device = self.number_of(session);
        let connection = self.pool.take_turn(&device);
        self.bind(session, connection);
    }

    /// Asks the phone system whether it knows a new session's line ([`Clients::on_line_checked`]). Returns false if it
    /// cannot be asked.
    pub(crate) fn check_line(&mut self, step: &mut Step<'_>, session: SessionId) -> bool {
        let number = self.number_of(session);
        self.check_device(step, session, &number)
    }

    /// The same of another device, by which the session's line may come to be controlled.
    pub(crate) fn check_device(&mut self, step: &mut Step<'_>, session: SessionId, device: &str) -> bool {
        let connection = self.sessions.get(session).and_then(|one| one.connection);
        let Some(connection) = connection.filter(|connection| self.may_check(step, *connection, device))
        else {
            return false;
        };
        let request = Request::SnapshotDevice { device: Device { id: device, type_of_number: None } };
        self.pool.ask(step, connection, Ticket::VerifyLine(session), &request).is_ok()
    }

    fn may_check(&self, step: &Step<'_>, connection: ConnectionRef, number: &str) -> bool {
        let features = self.pool.at(connection.index()).map(|one| one.features_of(number));
        let serves = features.unwrap_or_default().has_service("SnapshotDevice");
        step.config.cti.verify_line && serves && !number.is_empty()
    }

    /// Moves a session that is about to be established, if its connection is not in service.
    pub(crate) fn begin_session<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &mut K,
        session: SessionId,
    ) {
        if rebinds(step.config) && self.link_of(session).is_err() {
            self.rebind_session(step, clients, session);
        }
    }

    /// Starts the switch monitors of a session that was established: if it was begun elsewhere, it has a monitor.
    pub(crate) fn feed_session<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &mut K,
        session: SessionId,
    ) {
        if let Ok(link) = self.link_of(session) {
            self.restart_monitors(step, clients, session, link);
        }
    }

    /// Forgets a session and everything that belongs to it. Returns its carrier.
    pub(crate) fn remove_session(&mut self, step: &mut Step<'_>, session: SessionId) -> Option<C> {
        let monitors = self.sessions.get(session)?.monitors.clone();
        for monitor in monitors.iter().copied() {
            self.drop_monitor(step, monitor);
        }
        self.bind(session, None);
        self.forget_stale(step, session);
        self.set_owner(session, None);
        self.sessions.remove(session).map(|one| one.carrier)
    }
}
