//! Which connection a session is bound to; how many are bound to each is counted.

use super::control::Control;
use super::session::Carrier;
use crate::config::MAX_CONNECTIONS;
use crate::cti::ConnectionRef;
use crate::step::SessionId;

/// How many sessions are bound to each connection, by its index.
pub(crate) type Held = [usize; MAX_CONNECTIONS];

impl<C: Carrier> Control<C> {
    /// Binds a session to a connection, or to none, in place of what it was bound to.
    pub(crate) fn bind(&mut self, session: SessionId, connection: Option<ConnectionRef>) {
        let Some(session) = self.sessions.get_mut(session) else { return };
        let before = core::mem::replace(&mut session.connection, connection);
        if let Some(count) = before.and_then(|before| self.held.get_mut(usize::from(before.index()))) {
            *count = count.saturating_sub(1);
        }
        if let Some(count) = connection.and_then(|one| self.held.get_mut(usize::from(one.index()))) {
            *count += 1;
        }
    }

    /// The counts, computed anew.
    pub(super) fn recount_held(&self) -> Held {
        let mut held = Held::default();
        for (_, session) in self.sessions.iter() {
            let index = session.connection.map(|connection| usize::from(connection.index()));
            if let Some(count) = index.and_then(|index| held.get_mut(index)) {
                *count += 1;
            }
        }
        held
    }
}
