//! The features at a link.

use crate::wire::csta::services::Features;

/// What a link can do. What single devices cannot do of it, its protocol knows
/// ([`lacks`](crate::cti::protocol::LinkProtocol::lacks)); CSTA III over TCP reports one set of features for all.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LinkFeatures {
    /// What the phone system can do for any device.
    all: Features,
    /// What clients are offered: follows from `all`.
    offered: Features,
}

impl LinkFeatures {
    /// `all` at the phone system, of which clients are offered `offered`.
    pub(crate) const fn of_all(all: Features, offered: Features) -> Self {
        Self { all, offered }
    }

    /// What the phone system can do for devices.
    pub(crate) const fn all(&self) -> Features {
        self.all
    }

    /// What clients are offered of that.
    pub(crate) const fn offered(&self) -> Features {
        self.offered
    }
}

crate::digest! { struct LinkFeatures {
    all => (all.services.to_le_bytes().as_slice(), all.events),
    offered: _, // It follows from the others.
} }
