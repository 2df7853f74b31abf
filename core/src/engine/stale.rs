//! Sessions whose connection was replaced, where their clients move them (S8): the client is told by 481, and either
//! refreshes, which is the new INVITE, or signs in anew. Then the old session is of no more use: left until it expires,
//! a failure of one connection would fill the table with twice its sessions.

use super::{Gateway, Step};
use crate::rcc::device::number_of;
use crate::sip::user_agent::{Received, Refusal};
use crate::step::SessionId;

impl Gateway {
    /// Answers a request of a stale session. It lives on: its client may not take 481 for the dialog's end, and refresh.
    pub(super) fn refuse_stale(&mut self, step: &mut Step<'_>, received: &Received<'_>, handle: SessionId) {
        self.ua.refuse(step, &mut self.sessions, received, &Refusal::new(481, "CTI connection was replaced"));
        let Some(session) = self.sessions.get_mut(handle) else { return };
        session.told_gone = true;
        let key = self.stale_key(step, handle);
        self.stale.insert(key, handle);
    }

    /// The client goes on with a session that it was told to be gone, or the session ends.
    pub(super) fn forget_stale(&mut self, step: &mut Step<'_>, handle: SessionId) {
        let Some(session) = self.sessions.get_mut(handle).filter(|session| session.told_gone) else { return };
        session.told_gone = false;
        let key = self.stale_key(step, handle);
        self.stale.remove(key, handle);
    }

    /// A user signs in for a line: the session whose client was told last that it is gone makes room. Where that was
    /// another client of the same user, its refresh makes the session again ([`super::takeover`]).
    pub(super) fn make_room(&mut self, step: &mut Step<'_>, user: &str, line: &str) {
        let key = owner_key(step, user, line);
        if let Some(handle) = self.stale.get(key) {
            self.end_session(step, handle, "its client signed in anew");
        }
    }

    fn stale_key(&self, step: &Step<'_>, handle: SessionId) -> u128 {
        self.sessions.get(handle).map_or(0, |session| owner_key(step, session.user(), session.line()))
    }
}

fn owner_key(step: &Step<'_>, user: &str, line: &str) -> u128 {
    let number = number_of(line).unwrap_or_default();
    step.entropy.key([&b"owner"[..], user.as_bytes(), number.as_bytes()])
}
