//! What touches many sessions, done in portions: one entry per cause, with a cursor. Between two portions anything may
//! happen; each portion looks at the tables as they are then.

use alloc::boxed::Box;

use super::control::Control;
use super::session::Carrier;
use crate::cti::ConnectionRef;
use crate::wire::csta::model::SystemStatus;

/// The slots a portion looks at.
pub(crate) const PORTION: u32 = 32;

/// What is walked while the loss of a connection is dealt with, each by a job of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Requests under way: returned.
    Pending,
    /// Switch monitors: their monitors remain, without a source, until their session takes another connection.
    SwitchMonitors,
}

/// Something to be done in portions.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Job {
    /// A connection failed.
    ConnectionLost { connection: ConnectionRef, stage: Stage, slot: u32 },
    /// A phone system lost events: what is known of its calls is doubted.
    Verification { connection: ConnectionRef, slot: u32 },
    /// How a phone system is has changed: clients that registered for it are told.
    /// `index`: that of the phone system's connection; `None`: whichever a client's session is on.
    TellStatus { index: Option<u8>, status: SystemStatus, slot: u32 },
    /// Events that came before their monitor's name are delivered.
    DeliverEarly { connection: ConnectionRef, cross_reference: Box<str> },
    /// Clients are told the rest of what changed while nothing fed their monitors, one after the other.
    TellChanges,
    /// Sessions are moved to connections in service: the next is looked for.
    Rebind,
    /// The gateway stops: every session is ended.
    SignOutAll { slot: u32 },
}

impl<C: Carrier> Control<C> {
    /// A connection failed. Those who wait for an answer get it ahead of all other work; its switch monitors take their
    /// turn, after events of theirs that are still to be delivered.
    pub(crate) fn lose_connection(&mut self, connection: ConnectionRef) {
        self.jobs.push_front(Job::ConnectionLost { connection, stage: Stage::Pending, slot: 0 });
        self.jobs.push_back(Job::ConnectionLost { connection, stage: Stage::SwitchMonitors, slot: 0 });
    }

    /// A phone system lost events.
    pub(crate) fn verify_connection(&mut self, connection: ConnectionRef) {
        let job = Job::Verification { connection, slot: 0 };
        if !self.jobs.contains(&job) {
            self.jobs.push_back(job);
        }
    }

    /// Tells all who registered for it how a phone system is, or all phone systems are. What is still to be told is not
    /// told twice.
    pub(crate) fn tell_all(&mut self, index: Option<u8>, status: SystemStatus) {
        let of_index = |job: &&Job| matches!(job, Job::TellStatus { index: other, .. } if *other == index);
        let last = self.jobs.iter().rev().find(of_index);
        let job = Job::TellStatus { index, status, slot: 0 };
        if last != Some(&job) {
            self.jobs.push_back(job);
        }
    }
}

/// The slots of the next portion, and where the one after it begins, if there is one.
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
} }
