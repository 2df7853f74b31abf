//! Monitors of phones. A monitor is dead when the link or the session it was started in has ended; dead ones are
//! removed in portions, since one link can start very many.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use ctigate_core::digest::Digester;
use ctigate_core::slots::{Handle, Slots};
use ctigate_core::wire::csta::model::MonitorFilter;

use super::link::Link;
use super::names;
use super::phones::Phone;

/// The most monitors of one phone.
pub const MAX_PER_PHONE: usize = 32;

/// How many slots are examined in one portion of removing dead monitors.
const PORTION: u32 = 256;

/// One monitor of type `device` on one phone.
#[derive(Clone, Copy, Debug)]
pub struct Monitor {
    /// The phone.
    pub phone: Handle<Phone>,
    /// The link that gets its events.
    pub link: Handle<Link>,
    /// The link's session in which it was started.
    pub epoch: u32,
    /// The events that are filtered out.
    pub filter: MonitorFilter,
}

ctigate_core::digest! { struct Monitor { phone, link, epoch, filter => filter.0 } }

/// Why a monitor was not started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The phone's limit is reached.
    Phone,
    /// The switch's limit is reached.
    Switch,
}

/// All monitors.
pub struct Monitors {
    table: Slots<Monitor>,
    /// Follows from the table.
    by_phone: BTreeMap<Handle<Phone>, BTreeSet<Handle<Monitor>>>,
    salt: u32,
    /// The slot where removing dead monitors continues.
    sweep: Option<u32>,
}

impl Monitors {
    /// A table of at most `limit` monitors.
    #[must_use]
    pub fn new(limit: usize, salt: u32) -> Self {
        Self { table: Slots::new(limit), by_phone: BTreeMap::new(), salt, sweep: None }
    }

    /// Adds a monitor.
    ///
    /// # Errors
    /// [`Refused`] if a limit is reached; then nothing has changed.
    pub fn start(&mut self, monitor: Monitor) -> Result<Handle<Monitor>, Refused> {
        let here = self.by_phone.entry(monitor.phone).or_default();
        if here.len() >= MAX_PER_PHONE {
            return Err(Refused::Phone);
        }
        let handle = self.table.insert(monitor).map_err(|_| Refused::Switch)?;
        here.insert(handle);
        Ok(handle)
    }

    /// Removes a monitor.
    pub fn stop(&mut self, handle: Handle<Monitor>) {
        let Some(monitor) = self.table.remove(handle) else { return };
        if let Some(here) = self.by_phone.get_mut(&monitor.phone) {
            here.remove(&handle);
            if here.is_empty() {
                self.by_phone.remove(&monitor.phone);
            }
        }
    }

    /// The monitor with this monitorCrossRefID.
    #[must_use]
    pub fn find(&self, cross_reference: &str) -> Option<(Handle<Monitor>, Monitor)> {
        let handle = names::find(&self.table, self.salt, cross_reference)?;
        self.table.get(handle).map(|monitor| (handle, *monitor))
    }

    /// A monitor's monitorCrossRefID.
    #[must_use]
    pub fn cross_reference(&self, handle: Handle<Monitor>) -> String {
        names::name(handle, self.salt)
    }

    /// The monitors of a phone, including dead ones.
    #[must_use]
    pub fn of(&self, phone: Handle<Phone>) -> Vec<(Handle<Monitor>, Monitor)> {
        let here = self.by_phone.get(&phone).into_iter().flatten();
        here.filter_map(|handle| self.table.get(*handle).map(|monitor| (*handle, *monitor))).collect()
    }

    /// How many monitors there are, including dead ones that are not yet removed.
    #[must_use]
    pub fn count(&self) -> usize {
        self.table.len()
    }

    /// Begins to remove dead monitors.
    pub fn begin_sweep(&mut self) {
        if !self.table.is_empty() {
            self.sweep = Some(0);
        }
    }

    /// Whether removing dead monitors is not finished.
    #[must_use]
    pub const fn is_sweeping(&self) -> bool {
        self.sweep.is_some()
    }

    /// Removes the dead monitors in one portion of the table.
    pub fn sweep(&mut self, alive: impl Fn(&Monitor) -> bool) {
        let Some(from) = self.sweep else { return };
        let to = from.saturating_add(PORTION).min(self.table.slots());
        for slot in from..to {
            if let Some(handle) = self.table.at(slot)
                && self.table.get(handle).is_some_and(|monitor| !alive(monitor))
            {
                self.stop(handle);
            }
        }
        self.sweep = (to < self.table.slots()).then_some(to);
    }

    /// The state's fingerprint, brought up to date.
    pub fn fold(&mut self) -> u64 {
        let Self { table, by_phone: _, salt, sweep } = self;
        fingerprint(table.fold(), *salt, *sweep)
    }

    /// The state's fingerprint, recomputed.
    #[must_use]
    pub fn recompute(&self) -> u64 {
        let Self { table, by_phone: _, salt, sweep } = self;
        fingerprint(table.recompute(), *salt, *sweep)
    }
}

fn fingerprint(table: u64, salt: u32, sweep: Option<u32>) -> u64 {
    let mut digester = Digester::new();
    digester.number(table);
    digester.value(&salt);
    digester.value(&sweep);
    digester.finish()
}
