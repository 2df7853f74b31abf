//! The table of sessions.

use super::session::{Carrier, Session};
use crate::slots::{Full, Handle, Slots};
use crate::step::SessionId;

/// All sessions, including those that are signing in.
pub(crate) struct Sessions<C>(Slots<Session<C>>);

impl<C: Carrier> Sessions<C> {
    /// Creates a table for at most `limit`.
    pub(crate) fn new(limit: usize) -> Self {
        Self(Slots::new(limit))
    }

    /// Adds a session.
    pub(crate) fn insert(&mut self, session: Session<C>) -> Result<SessionId, Full> {
        self.0.insert(session).map(Handle::cast)
    }

    /// Removes a session.
    pub(crate) fn remove(&mut self, session: SessionId) -> Option<Session<C>> {
        self.0.remove(session.cast())
    }

    /// Returns a session, if it still exists.
    pub(crate) fn get(&self, session: SessionId) -> Option<&Session<C>> {
        self.0.get(session.cast())
    }

    /// Like [`Self::get`], for changing it.
    pub(crate) fn get_mut(&mut self, session: SessionId) -> Option<&mut Session<C>> {
        self.0.get_mut(session.cast())
    }

    /// Returns the session in a slot.
    pub(crate) fn at(&self, slot: u32) -> Option<SessionId> {
        self.0.at(slot).map(Handle::cast)
    }

    /// Returns one more than the highest slot ever used.
    pub(crate) fn slots(&self) -> u32 {
        self.0.slots()
    }

    /// Iterates over all sessions.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (SessionId, &Session<C>)> {
        self.0.iter().map(|(handle, session)| (handle.cast(), session))
    }

    /// Returns the number of sessions.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the table is empty.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the table has no room for another session.
    pub(crate) fn is_full(&self) -> bool {
        self.0.is_full()
    }

    /// Updates and returns the fingerprint.
    pub(crate) fn fold(&mut self) -> u64 {
        self.0.fold()
    }

    /// Computes the fingerprint from scratch.
    pub(crate) fn recompute(&self) -> u64 {
        self.0.recompute()
    }
}
