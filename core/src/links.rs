//! Transport links: each knows its owner, and has a number that is never used twice.

use alloc::collections::BTreeMap;

use crate::input::LinkId;
use crate::slots::AnyHandle;

/// Whose a transport link is.
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
    /// The number of a link that we are about to ask for: even, never used twice.
    pub(crate) fn draw(&mut self) -> LinkId {
        self.last_drawn = self.last_drawn.wrapping_add(2);
        LinkId::new(self.last_drawn)
    }

    /// The last number drawn.
    pub(crate) const fn last_drawn(&self) -> u64 {
        self.last_drawn
    }

    /// From now on a link is `owner`'s.
    pub(crate) fn assign(&mut self, link: LinkId, owner: Owner) {
        let before = self.owners.insert(link, owner);
        debug_assert!(before.is_none(), "a link has one owner");
    }

    /// A link is gone.
    pub(crate) fn release(&mut self, link: LinkId) {
        self.owners.remove(&link);
    }

    /// Whose a link is; `None` if it is gone, or never was.
    pub(crate) fn owner(&self, link: LinkId) -> Option<Owner> {
        self.owners.get(&link).copied()
    }
}
