//! The gateway's own monitors: towards the phone system there is one per connection and device, counted, whose events
//! are fanned out to the clients' monitors (client quirk 12).

use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Entry;
use alloc::vec::Vec;

use super::calls::Calls;
use super::session::Monitor;
use crate::cti::ConnectionRef;
use crate::entropy::Entropy;
use crate::few::Few;
use crate::index::Index;
use crate::slots::{Full, Handle, Slots};
use crate::step::ClientRequestId;
use crate::time::Instant;
use crate::word::Word;

/// Where an event comes from.
#[derive(Clone, Copy)]
pub(crate) struct EventSource<'a> {
    /// Over which connection.
    pub(crate) connection: ConnectionRef,
    /// The monitor's name at the phone system.
    pub(crate) cross_reference: &'a str,
}

/// Where a switch monitor stands.
#[derive(Debug)]
pub(crate) enum State {
    /// The phone system was asked; these clients wait for its answer.
    Starting {
        /// When: an event that is older is of another monitor.
        since: Instant,
        /// MonitorStart requests to answer, with the monitor each is for.
        waiters: Vec<(ClientRequestId, Handle<Monitor>)>,
    },
    /// Events come under this `monitorCrossRefID`.
    Active {
        /// As the phone system named it.
        cross_reference: Word,
    },
}

/// The most snapshots that are asked for in vain, one after the other, to settle one verification.
const MOST_TRIES: u8 = 3;

/// Whether what is known of a device's calls may be wrong: the phone system lost events, or gave no snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verification {
    /// A snapshot is to be asked for.
    is_open: bool,
    /// How many were asked for.
    tries: u8,
    /// On which walk over the sessions the last one was.
    tried_on: Option<u32>,
}

/// One device monitored over one connection. In this order: what an event needs is fetched together.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct SwitchMonitor {
    /// The clients' monitors it feeds.
    pub(crate) monitors: Few<Handle<Monitor>>,
    pub(crate) device: Word,
    pub(crate) calls: Calls,
    pub(crate) connection: ConnectionRef,
    pub(crate) state: State,
    /// Nobody needed it, and it waits to be stopped.
    pub(crate) stopping: bool,
    /// Whether what is known of its calls may be wrong, and what was done about it.
    pub(crate) verification: Verification,
}

/// All switch monitors, found by device and by the phone system's cross-reference.
pub(crate) struct SwitchMonitors {
    pub(crate) slots: Slots<SwitchMonitor>,
    by_device: Index<SwitchMonitor>,
    by_cross_reference: Index<SwitchMonitor>,
    /// How many are active over each connection that has any, by connection ID: follows from the table.
    active: BTreeMap<u64, usize>,
    /// Keys the hashes of the words by which they are found; draws nothing.
    entropy: Entropy,
}

impl SwitchMonitors {
    pub(crate) fn new(limit: usize, entropy: Entropy) -> Self {
        let (by_device, by_cross_reference) = (Index::default(), Index::default());
        Self { slots: Slots::new(limit), by_device, by_cross_reference, active: BTreeMap::new(), entropy }
    }

    /// The hash that stands for a word the phone system or a client chose.
    fn key(&self, connection: ConnectionRef, word: &str) -> u128 {
        self.entropy.key([&b"watch"[..], &connection.id.to_le_bytes(), word.as_bytes()])
    }

    /// The switch monitor of `device` over `connection`.
    pub(crate) fn of_device(&self, connection: ConnectionRef, device: &str) -> Option<Handle<SwitchMonitor>> {
        self.by_device.get(self.key(connection, device))
    }

    /// Whether any switch monitor over `connection` is active.
    pub(crate) fn is_any_active(&self, connection: ConnectionRef) -> bool {
        self.active.contains_key(&connection.id)
    }

    /// The switch monitor whose events come under `cross_reference` over `connection`.
    pub(crate) fn of_cross_reference(
        &self,
        connection: ConnectionRef,
        cross_reference: &str,
    ) -> Option<Handle<SwitchMonitor>> {
        self.by_cross_reference.get(self.key(connection, cross_reference))
    }

    /// Adds a switch monitor that is being started.
    pub(crate) fn begin(
        &mut self,
        connection: ConnectionRef,
        device: &str,
        now: Instant,
    ) -> Result<Handle<SwitchMonitor>, Full> {
        let handle = self.slots.insert(SwitchMonitor {
            connection,
            device: Word::from(device),
            state: State::Starting { since: now, waiters: Vec::new() },
            monitors: Few::default(),
            stopping: false,
            verification: Verification::default(),
            calls: Calls::default(),
        })?;
        self.by_device.insert(self.key(connection, device), handle);
        Ok(handle)
    }

    /// The phone system answered; returns the clients that waited. `None`: another switch monitor over this connection
    /// has this name, and nothing has changed.
    pub(crate) fn activate(
        &mut self,
        handle: Handle<SwitchMonitor>,
        cross_reference: &str,
    ) -> Option<Vec<(ClientRequestId, Handle<Monitor>)>> {
        let connection = self.slots.get(handle)?.connection;
        let key = self.key(connection, cross_reference);
        if self.by_cross_reference.get(key).is_some_and(|other| other != handle) {
            return None;
        }
        let active = State::Active { cross_reference: Word::from(cross_reference) };
        let before = core::mem::replace(&mut self.slots.get_mut(handle)?.state, active);
        self.by_cross_reference.insert(key, handle);
        let State::Starting { waiters, .. } = before else { return Some(Vec::new()) };
        *self.active.entry(connection.id).or_default() += 1;
        Some(waiters)
    }

    /// Forgets a switch monitor.
    pub(crate) fn remove(&mut self, handle: Handle<SwitchMonitor>) -> Option<SwitchMonitor> {
        let switch_monitor = self.slots.remove(handle)?;
        self.by_device.remove(self.key(switch_monitor.connection, &switch_monitor.device), handle);
        if let State::Active { cross_reference } = &switch_monitor.state {
            self.by_cross_reference.remove(self.key(switch_monitor.connection, cross_reference), handle);
            if let Entry::Occupied(mut count) = self.active.entry(switch_monitor.connection.id) {
                *count.get_mut() -= 1;
                if *count.get() == 0 {
                    count.remove();
                }
            }
        }
        Some(switch_monitor)
    }
}

impl SwitchMonitor {
    /// Whether a client waits for it to be told that this monitor has begun.
    pub(crate) fn is_awaited_for(&self, monitor: Handle<Monitor>) -> bool {
        let State::Starting { waiters, .. } = &self.state else { return false };
        waiters.iter().any(|(_, waiting)| *waiting == monitor)
    }

    /// Whether a snapshot is to be asked for on this walk over the sessions: on each one once, however many sessions of
    /// the line there are.
    pub(crate) fn is_unverified(&self, walk: u32) -> bool {
        self.verification.is_open && self.verification.tried_on != Some(walk)
    }

    /// The phone system says that it lost events.
    pub(crate) fn begin_verification(&mut self) {
        self.verification = Verification { is_open: true, ..Verification::default() };
    }

    /// A snapshot is asked for.
    pub(crate) fn try_verification(&mut self, walk: u32) {
        let tries = self.verification.tries.saturating_add(1);
        self.verification = Verification { is_open: false, tries, tried_on: Some(walk) };
    }

    /// It was not given, for a reason that passes. False: that is often enough.
    pub(crate) fn keep_verification(&mut self) -> bool {
        self.verification.is_open = self.verification.tries < MOST_TRIES;
        self.verification.is_open
    }

    /// It was given, to one of the clients; another may have got none.
    pub(crate) fn end_verification(&mut self) {
        if !self.verification.is_open {
            self.verification.tries = 0;
        }
    }
}

crate::digest! { struct SwitchMonitor { connection, device, state, monitors, stopping, verification, calls } }

crate::digest! { enum State { Starting { since, waiters }, Active { cross_reference } } }

crate::digest! { struct Verification { is_open, tries => u64::from(*tries), tried_on } }
