//! The features of the devices at a link.

use crate::wire::csta::services::Features;

/// The features of each device at a link. CSTA III over TCP reports only one set of features, which is used for all
/// devices.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DeviceFeatures {
    /// What the phone system can do for any device.
    all: Features,
    /// What clients are offered: follows from `all`.
    offered: Features,
}

impl DeviceFeatures {
    /// The same features for every device: `all` at the phone system, of which clients are offered `offered`.
    pub(crate) const fn of_all(all: Features, offered: Features) -> Self {
        Self { all, offered }
    }

    /// What the phone system can do for a device.
    pub(crate) const fn of(&self, _device: &str) -> Features {
        self.all
    }

    /// What a device's client is offered. The device's number is only computed if devices differ, since reading it may
    /// cost a cache miss.
    pub(crate) fn offered_to<'a>(&self, _device: impl FnOnce() -> &'a str) -> Features {
        self.offered
    }
}

crate::digest! { struct DeviceFeatures {
    all => (all.services.to_le_bytes().as_slice(), all.events),
    offered: _, // It follows from the others.
} }
