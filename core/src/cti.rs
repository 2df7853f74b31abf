//! CTI connections: the pool, a machine that owns them and the requests under way over them, and the interface that
//! every link protocol implements.

pub mod asterisk;
pub(crate) mod connection;
pub(crate) mod csta_link;
pub(crate) mod features;
mod gathering;
mod login;
pub(crate) mod news;
pub(crate) mod offer;
pub(crate) mod pool;
pub mod protocol;
pub(crate) mod vitals;

use alloc::boxed::Box;
use core::num::NonZeroU8;

use crate::config::{Config, ConnectionKind};

/// The protocol of the connection at `index`, by what its phone system speaks.
pub(crate) fn protocol(config: &Config, index: u8) -> Box<dyn protocol::LinkProtocol> {
    match config.cti.connections.get(usize::from(index)).map(|one| &one.kind) {
        Some(ConnectionKind::Asterisk(_)) => Box::new(asterisk::link::AsteriskLink::new(config, index)),
        Some(ConnectionKind::Csta) | None => Box::new(csta_link::CstaLink::new(config, index)),
    }
}

/// One connect of one CTI connection: its index in the configuration, and a connection ID that is never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ConnectionRef {
    /// The index, counted from 1, so that an optional reference takes no more room than this one.
    number: NonZeroU8,
    /// The connection ID.
    pub(crate) id: u64,
}

impl ConnectionRef {
    pub(crate) const fn new(index: u8, id: u64) -> Self {
        debug_assert!(index < u8::MAX, "there are eight connections at most");
        Self { number: NonZeroU8::MIN.saturating_add(index), id }
    }

    /// The index in the configured order, from 0.
    pub(crate) const fn index(self) -> u8 {
        self.number.get() - 1
    }
}

crate::digest! { struct ConnectionRef { number => u64::from(number.get() - 1), id } }
