//! The table of sessions.

use super::session::{Carrier, Session};
use crate::slots::{Full, Handle, Slots};
use crate::step::SessionId;

/// All sessions, those that are signing in included.
pub(crate) struct Sessions<C>(Slots<Session<C>>);

impl<C: Carrier> Sessions<C> {
    /// None, and at most `limit`.
    pub(crate) fn new(limit: usize) -> Self {
        Self(Slots::new(limit))
    }

    /// Adds one.
    pub(crate) fn insert(&mut self, session: Session<C>) -> Result<SessionId, Full> {
        self.0.insert(session).map(Handle::cast)
    }

    /// Takes one out.
    pub(crate) fn remove(&mut self, session: SessionId) -> Option<Session<C>> {
        self.0.remove(session.cast())
    }

    /// One of them, while it lasts.
    pub(crate) fn get(&self, session: SessionId) -> Option<&Session<C>> {
        self.0.get(session.cast())
    }

    /// The same, to be changed.
    pub(crate) fn get_mut(&mut self, session: SessionId) -> Option<&mut Session<C>> {
        self.0.get_mut(session.cast())
    }

    /// The one in a slot, for walks over all of them.
    pub(crate) fn at(&self, slot: u32) -> Option<SessionId> {
        self.0.at(slot).map(Handle::cast)
    }

    /// One more than the highest slot ever used.
    pub(crate) fn slots(&self) -> u32 {
        self.0.slots()
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (SessionId, &Session<C>)> {
        self.0.iter().map(|(handle, session)| (handle.cast(), session))
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there is no room for another.
    pub(crate) fn is_full(&self) -> bool {
        self.0.is_full()
    }

    /// The fingerprint, brought up to date.
    pub(crate) fn fold(&mut self) -> u64 {
        self.0.fold()
    }

    /// The fingerprint, computed anew.
    pub(crate) fn recompute(&self) -> u64 {
        self.0.recompute()
    }
}
