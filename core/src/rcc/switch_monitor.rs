//! Switch monitors, the gateway's own monitors at the phone system. There is one per connection and device; its events
//! are fanned out to the clients' monitors (client quirk 12).

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Entry;
use alloc::vec::Vec;

use super::agreement::Given;
use super::calls::Calls;
use super::inquiry::Inquiry;
use super::session::Monitor;
use crate::cti::ConnectionRef;
use crate::entropy::Entropy;
use crate::few::Few;
use crate::index::Index;
use crate::slots::{Full, Handle, Slots};
use crate::step::{ClientRequestId, SessionId};
use crate::time::Instant;
use crate::word::Word;

/// The origin of an event.
#[derive(Clone, Copy)]
pub(crate) struct EventSource<'a> {
    /// The connection.
    pub(crate) connection: ConnectionRef,
    /// The phone system's `monitorCrossRefID`.
    pub(crate) cross_reference: &'a str,
}

/// A client's MonitorStart that waits for its switch monitor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiter {
    /// The request, which is held.
    pub(crate) request: ClientRequestId,
    /// Its session.
    pub(crate) session: SessionId,
    /// The monitor that it is for.
    pub(crate) monitor: Handle<Monitor>,
}

/// The state of a switch monitor.
#[derive(Debug)]
pub(crate) enum State {
    /// The phone system was asked to start it.
    Starting {
        /// The time of the request: an older event belongs to another monitor.
        since: Instant,
        /// The clients' MonitorStart requests.
        waiters: Vec<Waiter>,
    },
    /// It is active.
    Active {
        /// The phone system's `monitorCrossRefID`.
        cross_reference: Word,
    },
}

/// How many snapshots in a row may fail before a verification is given up.
const MOST_TRIES: u8 = 3;

/// The verification of what is known of a device's calls, after the phone system lost events or gave no snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verification {
    /// Whether a snapshot is to be requested.
    is_open: bool,
    /// How many snapshots were requested.
    tries: u8,
    /// The walk over the sessions on which the last one was requested.
    tried_on: Option<u32>,
}

/// One device monitored over one connection. The order of the fields matters: what an event needs is fetched together.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct SwitchMonitor {
    /// The clients' monitors it feeds.
    pub(crate) monitors: Few<Handle<Monitor>>,
    pub(crate) device: Word,
    pub(crate) calls: Calls,
    pub(crate) connection: ConnectionRef,
    pub(crate) state: State,
    /// Whether it was no longer needed and waits to be stopped.
    pub(crate) stopping: bool,
    /// The verification of its calls.
    pub(crate) verification: Verification,
    /// The callID that a response or an event gave the call that results from a transfer or conference of the line's.
    pub(crate) given: Option<Box<Given>>,
    /// The calls whose parties are asked for.
    pub(super) inquiry: Option<Box<Inquiry>>,
}

/// All switch monitors, with indexes by device and by the phone system's cross-reference ID.
pub(crate) struct SwitchMonitors {
    pub(crate) slots: Slots<SwitchMonitor>,
    by_device: Index<SwitchMonitor>,
    by_cross_reference: Index<SwitchMonitor>,
    /// How many are active over each connection that has any, by connection ID. Follows from the table.
    active: BTreeMap<u64, usize>,
    /// Keys the hashes of the words in the indexes; draws nothing.
    entropy: Entropy,
}

impl SwitchMonitors {
    pub(crate) fn new(limit: usize, entropy: Entropy) -> Self {
        let (by_device, by_cross_reference) = (Index::default(), Index::default());
        Self { slots: Slots::new(limit), by_device, by_cross_reference, active: BTreeMap::new(), entropy }
    }

    /// Returns the hash of a word that the phone system or a client chose.
    fn key(&self, connection: ConnectionRef, word: &str) -> u128 {
        self.entropy.key([&b"watch"[..], &connection.id.to_le_bytes(), word.as_bytes()])
    }

    /// Returns the switch monitor of `device` over `connection`.
    pub(super) fn of_device(&self, connection: ConnectionRef, device: &str) -> Option<Handle<SwitchMonitor>> {
        self.by_device.get(self.key(connection, device))
    }

    /// Whether any switch monitor over `connection` is active.
    pub(super) fn is_any_active(&self, connection: ConnectionRef) -> bool {
        self.active.contains_key(&connection.id)
    }

    /// Returns the switch monitor with the ID `cross_reference` over `connection`.
    pub(super) fn of_cross_reference(
        &self,
        connection: ConnectionRef,
        cross_reference: &str,
    ) -> Option<Handle<SwitchMonitor>> {
        self.by_cross_reference.get(self.key(connection, cross_reference))
    }

    /// Returns the monitor number `index` of the at most `limits.monitors_per_device` that a switch monitor feeds.
    pub(super) fn fed_by(
        &self,
        switch_monitor: Handle<SwitchMonitor>,
        index: usize,
    ) -> Option<Handle<Monitor>> {
        self.slots.get(switch_monitor)?.monitors.get(index).copied()
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
            given: None,
            inquiry: None,
        })?;
        self.by_device.insert(self.key(connection, device), handle);
        Ok(handle)
    }

    /// Makes a switch monitor active and returns the requests that waited for it. `None`, without any change, if
    /// another over this connection has this ID.
    pub(super) fn activate(
        &mut self,
        handle: Handle<SwitchMonitor>,
        cross_reference: &str,
    ) -> Option<Vec<Waiter>> {
        let connection = self.slots.get(handle)?.connection;
        let key = self.key(connection, cross_reference);
        if self.by_cross_reference.get(key).is_some_and(|other| other != handle) {
            return None;
        }
        let active = State::Active { cross_reference: Word::from(cross_reference) };
        let before = core::mem::replace(&mut self.slots.get_mut(handle)?.state, active);
        self.by_cross_reference.insert(key, handle);
        let State::Starting { waiters, .. } = before else {
            debug_assert!(false, "a switch monitor was started twice");
            return Some(Vec::new());
        };
        *self.active.entry(connection.id).or_default() += 1;
        Some(waiters)
    }

    /// Removes a switch monitor.
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

impl Verification {
    /// Whether a snapshot is to be requested.
    pub(super) const fn is_open(&self) -> bool {
        self.is_open
    }
}

impl SwitchMonitor {
    /// Returns the calls as the client of a monitor knows them that is told all its events: it may not have been told
    /// yet who is in some of them.
    pub(super) fn calls_told_to(&self, monitor: Handle<Monitor>) -> Calls {
        let mut calls = self.calls.clone();
        for call in self.inquiry.iter().flat_map(|inquiry| inquiry.untold(monitor)) {
            calls.set_parties(call, None);
        }
        calls
    }

    /// Removes the MonitorStart that waits for a monitor, and returns it.
    pub(super) fn take_waiter(&mut self, monitor: Handle<Monitor>) -> Option<Waiter> {
        let State::Starting { waiters, .. } = &mut self.state else { return None };
        let index = waiters.iter().position(|waiter| waiter.monitor == monitor)?;
        Some(waiters.remove(index))
    }

    /// Whether a client's MonitorStart for this monitor waits for it to be active.
    pub(super) fn is_awaited_by(&self, monitor: Handle<Monitor>) -> bool {
        let State::Starting { waiters, .. } = &self.state else { return false };
        waiters.iter().any(|waiter| waiter.monitor == monitor)
    }

    /// Whether a snapshot is to be requested on this walk over the sessions: at most once per walk, however many
    /// sessions the line has.
    pub(super) fn is_unverified(&self, walk: u32) -> bool {
        self.verification.is_open && self.verification.tried_on != Some(walk)
    }

    /// Begins a verification because events were lost.
    pub(super) fn begin_verification(&mut self) {
        self.verification = Verification { is_open: true, ..Verification::default() };
    }

    /// Notes that a snapshot is requested.
    pub(super) fn try_verification(&mut self, walk: u32) {
        let tries = self.verification.tries.saturating_add(1);
        self.verification = Verification { is_open: false, tries, tried_on: Some(walk) };
    }

    /// Notes that there was no snapshot, for a temporary reason. Returns false if enough were tried.
    pub(super) fn reopen_verification(&mut self) -> bool {
        self.verification.is_open = self.verification.tries < MOST_TRIES;
        self.verification.is_open
    }

    /// Notes that a client got a snapshot. Another may have got none.
    pub(super) fn end_verification(&mut self) {
        if !self.verification.is_open {
            self.verification.tries = 0;
        }
    }
}

crate::digest! { struct SwitchMonitor {
    connection,
    device,
    state,
    monitors,
    stopping,
    verification,
    calls,
    given => given.as_deref(),
    inquiry => inquiry.as_deref(),
} }

crate::digest! { struct Waiter { request, session, monitor } }

crate::digest! { enum State { Starting { since, waiters }, Active { cross_reference } } }

crate::digest! { struct Verification { is_open, tries => u64::from(*tries), tried_on } }
