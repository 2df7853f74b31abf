//! Which connection a session holds to; how many hold to each is counted.

use super::Gateway;
use crate::config::MAX_CONNECTIONS;
use crate::cti::ConnectionRef;
use crate::rcc::session::Session;
use crate::slots::Handle;

/// How many sessions hold to each connection, by place.
pub(super) type Held = [usize; MAX_CONNECTIONS];

impl Gateway {
    /// Lets a session hold to a connection, or to none, in place of what it held to.
    pub(super) fn hold_to(&mut self, handle: Handle<Session>, connection: Option<ConnectionRef>) {
        let Some(session) = self.sessions.get_mut(handle) else { return };
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
            let place = session.connection.map(|connection| usize::from(connection.index()));
            if let Some(count) = place.and_then(|place| held.get_mut(place)) {
                *count += 1;
            }
        }
        held
    }
}
