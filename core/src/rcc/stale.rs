//! Sessions whose connection was replaced, where their clients move them (S8): the client is told so, and either
//! refreshes, which is the new INVITE, or signs in anew. Then the old session is of no more use: left until it expires,
//! a failure of one connection would fill the table with twice its sessions.

use super::control::Control;
use super::device::number_of;
use super::session::Carrier;
use crate::step::{SessionId, Step};

impl<C: Carrier> Control<C> {
    /// Whether the connection that a session began with was replaced.
    pub(crate) fn is_stale(&self, session: SessionId) -> bool {
        let connection = self.sessions.get(session).and_then(|one| one.connection);
        connection.is_some_and(|connection| self.pool.is_replaced(connection))
    }

    /// The client of a stale session was told. It lives on: its client may not take that for the session's end, and
    /// refresh.
    pub(crate) fn note_told_gone(&mut self, step: &Step<'_>, session: SessionId) {
        let Some(one) = self.sessions.get_mut(session) else { return };
        one.told_gone = true;
        let key = self.stale_key(step, session);
        self.stale.insert(key, session);
    }

    /// The client goes on with a session that it was told to be gone, or the session ends.
    pub(crate) fn forget_stale(&mut self, step: &Step<'_>, session: SessionId) {
        let Some(one) = self.sessions.get_mut(session).filter(|one| one.told_gone) else { return };
        one.told_gone = false;
        let key = self.stale_key(step, session);
        self.stale.remove(key, session);
    }

    /// A user signs in for a line: the session whose client was told last that it is gone is to make room. Where that
    /// was another client of the same user, its refresh makes the session again.
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
