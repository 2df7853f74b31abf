//! Work on many sessions, done in portions: one entry per cause, with a cursor. Anything may happen between two
//! portions; each works on the tables as it finds them.

use alloc::boxed::Box;

use super::control::Control;
use super::session::Carrier;
use crate::cti::ConnectionRef;
use crate::wire::csta::model::SystemStatus;

/// How many slots a portion covers.
pub(crate) const PORTION: u32 = 32;

/// What is searched after the loss of a connection, each by a job of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Requests under way, which get an error.
    Pending,
    /// Switch monitors, which are removed. Their monitors remain, without a source, until their session is moved.
    SwitchMonitors,
}

/// A job that is done in portions.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Job {
    /// Deals with the loss of a connection.
    ConnectionLost { connection: ConnectionRef, stage: Stage, slot: u32 },
    /// Begins the verification of a connection's switch monitors, because events were lost.
    Verification { connection: ConnectionRef, slot: u32 },
    /// Tells clients that registered for it the new status of a phone system. `index`: that of the phone system's
    /// connection; `None`: tells all, whichever connection they are on.
    TellStatus { index: Option<u8>, status: SystemStatus, slot: u32 },
    /// Delivers the events that came before the answer that named their monitor.
    DeliverEarly { connection: ConnectionRef, cross_reference: Box<str> },
    /// Tells clients, one after the other, the rest of what changed while nothing fed their monitors.
    TellChanges,
    /// Finds the next session to be moved to a connection in service.
    Rebind,
    /// Checks connections of clients by the present configuration.
    CheckLinks { slot: u32 },
    /// Checks every session by the present directory.
    CheckRights { slot: u32 },
    /// Ends every session, because the gateway stops.
    SignOutAll { slot: u32 },
}

impl<C: Carrier> Control<C> {
    /// Queues the jobs for the loss of a connection. Its requests are answered ahead of all other work; its switch
    /// monitors come last, after their events that are still to be delivered.
    pub(super) fn lose_connection(&mut self, connection: ConnectionRef) {
        self.jobs.push_front(Job::ConnectionLost { connection, stage: Stage::Pending, slot: 0 });
        self.jobs.push_back(Job::ConnectionLost { connection, stage: Stage::SwitchMonitors, slot: 0 });
    }

    /// Queues the job for lost events.
    pub(super) fn verify_connection(&mut self, connection: ConnectionRef) {
        let job = Job::Verification { connection, slot: 0 };
        if !self.jobs.contains(&job) {
            self.jobs.push_back(job);
        }
    }

    /// Queues the job that tells clients the status of the phone system at `index`, or of all. Nothing is queued if the
    /// same is still to be told.
    pub(super) fn tell_all(&mut self, index: Option<u8>, status: SystemStatus) {
        let is_same = |job: &&Job| matches!(job, Job::TellStatus { index: other, .. } if *other == index);
        let last = self.jobs.iter().rev().find(is_same);
        let job = Job::TellStatus { index, status, slot: 0 };
        if last != Some(&job) {
            self.jobs.push_back(job);
        }
    }
}

/// Returns the slots of the next portion, and where the one after it begins, if there is one.
pub(crate) fn portion(slots: u32, slot: u32) -> (core::ops::Range<u32>, Option<u32>) {
    let end = slot.saturating_add(PORTION).min(slots);
    (slot..end, (end < slots).then_some(end))
}

crate::digest! { enum Job {
    ConnectionLost { connection, stage => *stage == Stage::SwitchMonitors, slot } = 0,
    TellStatus { index => index.map(u64::from), status => status.word(), slot } = 1,
    Verification { connection, slot } = 6,
    DeliverEarly { connection, cross_reference } = 2,
    TellChanges = 4,
    Rebind = 5,
    SignOutAll { slot } = 3,
    CheckLinks { slot } = 7,
    CheckRights { slot } = 8,
} }
