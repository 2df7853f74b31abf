//! Transport links: each knows its owner, and has a number that is never used twice.

use alloc::collections::BTreeMap;

use crate::input::LinkId;
use crate::slots::AnyHandle;

/// The owner of a transport link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The user agent's: an entry of its table of links.
    Sip(AnyHandle),
    /// The CTI connection's at this index.
    Cti(u8),
}

/// Every transport link that is open or being opened, by its number.
#[derive(Default)]
pub(crate) struct Links {
    owners: BTreeMap<LinkId, Owner>,
    /// The last number drawn.
    last_drawn: u64,
}

impl Links {
    /// Draws the number of a link that we are about to ask for: even, never used twice.
    pub(crate) fn draw(&mut self) -> LinkId {
        self.last_drawn = self.last_drawn.wrapping_add(2);
        LinkId::new(self.last_drawn)
    }

    /// The last number drawn.
    pub(crate) const fn last_drawn(&self) -> u64 {
        self.last_drawn
    }

    /// Makes `owner` the owner of a link.
    pub(crate) fn assign(&mut self, link: LinkId, owner: Owner) {
        let before = self.owners.insert(link, owner);
        debug_assert!(before.is_none(), "a link has one owner");
    }

    /// Forgets a link that is closed.
    pub(crate) fn release(&mut self, link: LinkId) {
        self.owners.remove(&link);
    }

    /// The owner of a link; `None` if it is closed or never existed.
    pub(crate) fn owner(&self, link: LinkId) -> Option<Owner> {
        self.owners.get(&link).copied()
    }
}
