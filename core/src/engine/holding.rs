//! Which connection a session holds to; each connection knows how many do.

use super::Gateway;
use crate::config::MAX_CONNECTIONS;
use crate::cti::ConnectionRef;
use crate::step::SessionId;

/// How many sessions hold to each connection, by place.
pub(super) type Held = [usize; MAX_CONNECTIONS];

impl Gateway {
    /// Lets a session hold to a connection, or to none, in place of what it held to.
    pub(super) fn hold_to(&mut self, handle: SessionId, connection: Option<ConnectionRef>) {
        let Some(session) = self.sessions.get_mut(handle) else { return };
        let before = core::mem::replace(&mut session.connection, connection);
        if let Some(one) = before.and_then(|before| self.pool.at_mut(before.place())) {
            one.vitals.sessions = one.vitals.sessions.saturating_sub(1);
        }
        if let Some(one) = connection.and_then(|connection| self.pool.at_mut(connection.place())) {
            one.vitals.sessions += 1;
        }
    }

    /// The counts as they are kept.
    pub(super) fn held(&self) -> Held {
        let mut held = Held::default();
        for (count, connection) in held.iter_mut().zip(&self.pool.connections) {
            *count = connection.vitals.sessions;
        }
        held
    }

    /// The counts, computed anew.
    pub(super) fn recount_held(&self) -> Held {
        let mut held = Held::default();
        for (_, session) in self.sessions.iter() {
            let place = session.connection.map(|connection| usize::from(connection.place()));
            if let Some(count) = place.and_then(|place| held.get_mut(place)) {
                *count += 1;
            }
        }
        held
    }
}
