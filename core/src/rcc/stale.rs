//! Sessions whose connection was replaced, if clients move their sessions themselves (S8). The client is told, and
//! either refreshes with a re-INVITE or signs in again. In the second case the old session is ended: if such sessions
//! were kept until they expire, one failed connection could double the number of sessions.

use super::control::Control;
use super::session::Carrier;
use crate::expected::Expected as _;
use crate::line::uri::number_of;
use crate::step::{SessionId, Step};

impl<C: Carrier> Control<C> {
    /// Whether the connection that a session is bound to was replaced.
    pub(super) fn is_stale(&self, session: SessionId) -> bool {
        let connection = self.sessions.get(session).and_then(|one| one.connection);
        connection.is_some_and(|connection| self.pool.is_replaced(connection))
    }

    /// Notes that a client was told that its session is gone. The session is kept, since the client may refresh it all
    /// the same.
    pub(crate) fn note_told_gone(&mut self, step: &Step<'_>, session: SessionId) {
        let Some(one) = self.sessions.get_mut(session).expected("a session") else { return };
        one.told_gone = true;
        let key = self.stale_key(step, session);
        self.stale.insert(key, session);
    }

    /// Removes a session from this list, because its client uses it again or because it ends.
    pub(crate) fn forget_stale(&mut self, step: &Step<'_>, session: SessionId) {
        let Some(one) = self.sessions.get_mut(session).filter(|one| one.told_gone) else { return };
        one.told_gone = false;
        let key = self.stale_key(step, session);
        self.stale.remove(key, session);
    }

    /// Returns the session that a user's new sign-in for a line replaces: the latest whose client was told that it is
    /// gone. If that was another client of the same user, its refresh creates the session again.
    pub(crate) fn stale_session_of(&self, step: &Step<'_>, user: &str, line: &str) -> Option<SessionId> {
        self.stale.get(owner_key(step, user, line))
    }

    fn stale_key(&self, step: &Step<'_>, session: SessionId) -> u128 {
        self.sessions.get(session).map_or(0, |one| owner_key(step, one.user(), one.line()))
    }
}

fn owner_key(step: &Step<'_>, user: &str, line: &str) -> u128 {
    let number = number_of(line).unwrap_or_default();
    step.entropy.key([&b"owner"[..], user.as_bytes(), number.as_bytes()])
}
