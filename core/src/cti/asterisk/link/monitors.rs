//! The monitors of a link. Asterisk has none: it tells everything, and what no monitor asks for is not told on.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::cti::asterisk::calls::{Calls, Text};
use crate::slots::{Handle, Slots};

/// A monitor of a device.
#[derive(Debug)]
pub(super) struct Monitor {
    pub(super) device: Text,
}

crate::digest! { struct Monitor { device } }

/// All monitors of a link.
pub(super) struct Monitors {
    slots: Slots<Monitor>,
    at: BTreeMap<Text, Vec<Handle<Monitor>>>,
}

impl Monitors {
    /// No monitors, and at most `limit`.
    pub(super) fn new(limit: usize) -> Self {
        Self { slots: Slots::new(limit), at: BTreeMap::new() }
    }

    /// Begins to monitor a device; `None` if there are too many monitors.
    pub(super) fn start(&mut self, device: &str, calls: &mut Calls) -> Option<Handle<Monitor>> {
        let monitor = self.slots.insert(Monitor { device: device.into() }).ok()?;
        self.at.entry(device.into()).or_default().push(monitor);
        calls.add_line(device);
        calls.watch(device, true);
        Some(monitor)
    }

    /// Ends a monitor, which is named by its number. Returns whether there is one.
    pub(super) fn stop(&mut self, name: &str, calls: &mut Calls) -> bool {
        let Some(handle) = name.parse().ok().map(Handle::from_number) else { return false };
        let Some(Monitor { device }) = self.slots.remove(handle) else { return false };
        if let Some(others) = self.at.get_mut(&device) {
            others.retain(|other| *other != handle);
            if others.is_empty() {
                self.at.remove(&device);
                calls.watch(&device, false);
            }
        }
        true
    }

    /// Forgets all monitors.
    pub(super) fn clear(&mut self, calls: &mut Calls) {
        for (device, monitors) in core::mem::take(&mut self.at) {
            calls.watch(&device, false);
            for monitor in monitors {
                self.slots.remove(monitor);
            }
        }
    }

    /// The monitors of a device.
    pub(super) fn of(&self, device: &str) -> &[Handle<Monitor>] {
        self.at.get(device).map_or(&[], |monitors| monitors)
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.at.is_empty()
    }

    /// The devices that are monitored.
    pub(super) fn lines(&self) -> impl Iterator<Item = &Text> {
        self.at.keys()
    }

    /// The fingerprint, brought up to date.
    pub(super) fn fold(&mut self) -> u64 {
        self.slots.fold()
    }
}
