//! What the devices at a link can do.

use crate::wire::csta::services::Features;

/// Features belong to a device at a link: what this phone can do. CSTA III over TCP tells only what some device can do,
/// so that there one answer serves all.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DeviceFeatures {
    /// What the phone system does for any of them.
    all: Features,
    /// What their clients are told: follows from `all`.
    offered: Features,
}

impl DeviceFeatures {
    /// The phone system does `all` for every device; their clients are told `offered`.
    pub(crate) const fn of_all(all: Features, offered: Features) -> Self {
        Self { all, offered }
    }

    /// What the phone system does for a device.
    pub(crate) const fn of(&self, _device: &str) -> Features {
        self.all
    }

    /// What a device's client is told that it can do. The device's number is asked for only where devices differ: it
    /// stands elsewhere in memory than all else that the answer needs.
    pub(crate) fn offered_to<'a>(&self, _device: impl FnOnce() -> &'a str) -> Features {
        self.offered
    }
}

crate::digest! { struct DeviceFeatures {
    all => (all.services.to_le_bytes().as_slice(), all.events),
    offered: _, // It follows from the others.
} }
