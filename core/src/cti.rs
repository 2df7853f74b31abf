//! CTI connections: the pool that shares sessions out, each connection's life, and the link protocols behind one
//! interface.

pub(crate) mod connection;
pub(crate) mod csta_link;
pub(crate) mod features;
mod gathering;
pub(crate) mod offer;
pub(crate) mod pool;
pub(crate) mod protocol;
pub(crate) mod rebind;
pub(crate) mod vitals;

use core::num::NonZeroU8;

use crate::digest::{Digest, Digester};

/// One connect of one CTI connection: its place in the configuration, and a connection ID that is never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ConnectionRef {
    /// The place, from 1, so that an optional reference takes no more room than this one.
    number: NonZeroU8,
    /// The connection ID.
    pub(crate) id: u64,
}

impl ConnectionRef {
    pub(crate) const fn new(place: u8, id: u64) -> Self {
        debug_assert!(place < u8::MAX, "there are eight places at most");
        Self { number: NonZeroU8::MIN.saturating_add(place), id }
    }

    /// The place in the configured order, from 0.
    pub(crate) const fn place(self) -> u8 {
        self.number.get() - 1
    }
}

impl Digest for ConnectionRef {
    fn digest(&self, digester: &mut Digester) {
        let Self { number: _, id } = self;
        digester.number(u64::from(self.place()));
        digester.number(*id);
    }
}
