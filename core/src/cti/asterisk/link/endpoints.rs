//! The endpoints of an Asterisk, as far as its user may know them.

use alloc::collections::BTreeMap;

use crate::cti::asterisk::calls::Text;
use crate::digest::Digester;
use crate::wire::ami::Message;

/// What is known of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// There is such an endpoint, and a phone behind it.
    Present,
    /// There is such an endpoint, but no phone is registered.
    Unregistered,
    /// There is none.
    Unknown,
    /// The endpoints are not known.
    NotTold,
}

/// The endpoints.
#[derive(Debug, Default)]
pub(super) struct Endpoints {
    /// Whether each is registered.
    registered: BTreeMap<Text, bool>,
    /// The fingerprint of those.
    mark: u64,
    /// Whether the list is complete.
    is_complete: bool,
}

crate::digest! { struct Endpoints {
    registered: _, // In `mark`.
    mark,
    is_complete,
} }

impl Endpoints {
    /// One endpoint of the list (event `EndpointList`).
    pub(super) fn listed(&mut self, message: &Message<'_>) {
        let Some(name) = message.value("ObjectName").filter(|name| !name.is_empty()) else { return };
        let is_registered = message.value("DeviceState") != Some("Unavailable");
        self.set(name, is_registered);
    }

    /// The list is complete.
    pub(super) const fn complete(&mut self) {
        self.is_complete = true;
    }

    /// The state of a device has changed (event `DeviceStateChange`).
    pub(super) fn changed(&mut self, message: &Message<'_>) {
        let endpoint = message.value("Device").and_then(|device| device.strip_prefix("PJSIP/"));
        let Some(endpoint) = endpoint.filter(|endpoint| self.registered.contains_key(*endpoint)) else {
            return;
        };
        self.set(endpoint, !matches!(message.value("State"), Some("UNAVAILABLE" | "INVALID")));
    }

    fn set(&mut self, endpoint: &str, is_registered: bool) {
        let mark = |is_registered: bool| {
            let mut digester = Digester::new();
            digester.text(endpoint);
            digester.flag(is_registered);
            digester.finish()
        };
        self.mark ^= mark(is_registered);
        if let Some(before) = self.registered.insert(endpoint.into(), is_registered) {
            self.mark ^= mark(before);
        }
    }

    /// Their names, in order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.registered.keys().map(|name| &**name)
    }

    /// What is known of a device.
    pub(super) fn standing(&self, device: &str) -> Standing {
        match self.registered.get(device) {
            Some(true) => Standing::Present,
            Some(false) => Standing::Unregistered,
            None if self.is_complete => Standing::Unknown,
            None => Standing::NotTold,
        }
    }
}
