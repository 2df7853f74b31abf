//! What touches many sessions, done in portions: one entry per cause, with a cursor. Between two portions anything may
//! happen; each portion looks at the tables as they are then.

use alloc::boxed::Box;

use super::events::EventSource;
use super::{Gateway, Step};
use crate::cti::ConnectionRef;
use crate::digest::{Digest, Digester};
use crate::slots::Slots;
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::{Response, SystemStatus};

/// The slots a portion looks at.
pub(super) const PORTION: u32 = 32;

/// The most actions one request that is returned may cause: a watch that is refused answers each of its clients (at
/// most 64), with a notice.
const MOST_FOR_ONE: usize = 256;

/// What is walked while the loss of a connection is dealt with, each by a job of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Requests under way: returned.
    Pending,
    /// Watches: their monitors remain, without a source, until their session takes another connection.
    Watches,
}

/// Something to be done in portions.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Job {
    /// A connection failed.
    ConnectionLost { connection: ConnectionRef, stage: Stage, slot: u32 },
    /// A phone system lost events: what is known of its calls is doubted.
    Doubt { connection: ConnectionRef, slot: u32 },
    /// How a phone system is has changed: clients that registered for it are told.
    /// `place`: that of the phone system's connection; `None`: whichever a client's session is on.
    TellStatus { place: Option<u8>, status: SystemStatus, slot: u32 },
    /// Events that came before their monitor's name are delivered.
    DeliverEarly { connection: ConnectionRef, cross_reference: Box<str> },
    /// Clients are told the rest of what changed while nothing fed their monitors, one after the other.
    TellChanges,
    /// Sessions are moved to connections in service: the next is looked for.
    Rebind,
    /// The gateway stops: every session is ended.
    SignOutAll { slot: u32 },
}

impl Gateway {
    /// Does a portion of the oldest job.
    pub(super) fn work(&mut self, step: &mut Step<'_>) {
        let Some(job) = self.jobs.pop_front() else { return };
        let rest = match job {
            Job::ConnectionLost { connection, stage: Stage::Pending, slot } => {
                let next = self.return_pending(step, connection, slot);
                next.map(|slot| Job::ConnectionLost { connection, stage: Stage::Pending, slot })
            }
            Job::ConnectionLost { connection, stage: Stage::Watches, slot } => {
                let next = self.drop_watches(connection, slot);
                next.map(|slot| Job::ConnectionLost { connection, stage: Stage::Watches, slot })
            }
            Job::Doubt { connection, slot } => {
                let next = self.doubt_portion(step, connection, slot);
                next.map(|slot| Job::Doubt { connection, slot })
            }
            Job::TellStatus { place, status, slot } => {
                let next = self.tell_portion(step, place, status, slot);
                next.map(|slot| Job::TellStatus { place, status, slot })
            }
            Job::DeliverEarly { connection, cross_reference } => {
                let source = EventSource { connection, cross_reference: &cross_reference };
                let more = self.deliver_one_early(step, source);
                if let Some(watch) = self.watches.of_cross_reference(connection, &cross_reference) {
                    self.catch_up(step, watch);
                }
                more.then_some(Job::DeliverEarly { connection, cross_reference })
            }
            Job::TellChanges => self.tell_next(step).then_some(Job::TellChanges),
            Job::Rebind => self.rebind_portion(step).then_some(Job::Rebind),
            Job::SignOutAll { slot } => {
                self.sign_out_portion(step, slot).map(|slot| Job::SignOutAll { slot })
            }
        };
        if let Some(rest) = rest {
            self.jobs.push_front(rest);
        }
    }

    /// A connection failed. Those who wait for an answer get it ahead of all other work; its watches take their turn, behind
    /// events of theirs that are still to be delivered.
    pub(super) fn lose_connection(&mut self, connection: ConnectionRef) {
        self.jobs.push_front(Job::ConnectionLost { connection, stage: Stage::Pending, slot: 0 });
        self.jobs.push_back(Job::ConnectionLost { connection, stage: Stage::Watches, slot: 0 });
    }

    /// Tells all who registered for it how a phone system is, or all phone systems are. What is still to be told is not
    /// told twice.
    pub(super) fn tell_all(&mut self, place: Option<u8>, status: SystemStatus) {
        let of_place = |job: &&Job| matches!(job, Job::TellStatus { place: other, .. } if *other == place);
        let last = self.jobs.iter().rev().find(of_place);
        let job = Job::TellStatus { place, status, slot: 0 };
        if last != Some(&job) {
            self.jobs.push_back(job);
        }
    }

    /// Requests in flight when a connection fails get their answer then.
    fn return_pending(&mut self, step: &mut Step<'_>, connection: ConnectionRef, slot: u32) -> Option<u32> {
        let (slots, next) = portion(self.pool.requests(), slot);
        for slot in slots {
            let Some(handle) = self.pool.requests().at(slot) else { continue };
            if step.actions.room() < MOST_FOR_ONE {
                return Some(slot);
            }
            if let Some(ended) = self.pool.take_back(step, handle, connection) {
                self.on_outcome(step, ended, &Response::Error(CstaError::NETWORK_OUT_OF_SERVICE));
            }
        }
        next
    }

    fn drop_watches(&mut self, connection: ConnectionRef, slot: u32) -> Option<u32> {
        let (slots, next) = portion(&self.watches.slots, slot);
        for slot in slots {
            let Some(handle) = self.watches.slots.at(slot) else { continue };
            if self.watches.slots.get(handle).is_some_and(|watch| watch.connection == connection) {
                self.lose_watch(handle);
            }
        }
        if next.is_none() {
            self.forget_all_early(connection);
        }
        next
    }

    fn doubt_portion(&mut self, step: &mut Step<'_>, connection: ConnectionRef, slot: u32) -> Option<u32> {
        let (slots, next) = portion(&self.watches.slots, slot);
        for slot in slots {
            let Some(handle) = self.watches.slots.at(slot) else { continue };
            if let Some(watch) = self.watches.slots.get_mut(handle).filter(|one| one.connection == connection)
            {
                watch.begin_doubt();
            }
        }
        if next.is_none() {
            self.want_verifying(step);
        }
        next
    }

    fn tell_portion(
        &mut self,
        step: &mut Step<'_>,
        place: Option<u8>,
        status: SystemStatus,
        slot: u32,
    ) -> Option<u32> {
        let (slots, next) = portion(&self.sessions, slot);
        for slot in slots {
            let Some(handle) = self.sessions.at(slot) else { continue };
            let concerned = self.sessions.get(handle).is_some_and(|session| {
                let on = session.connection.map(ConnectionRef::index);
                session.registration.is_some() && (place.is_none() || on.is_none() || on == place)
            });
            if concerned {
                self.tell_status(step, handle, status);
            }
        }
        next
    }

    fn sign_out_portion(&mut self, step: &mut Step<'_>, slot: u32) -> Option<u32> {
        let (slots, next) = portion(&self.sessions, slot);
        for slot in slots {
            if let Some(handle) = self.sessions.at(slot) {
                self.sign_out(step, handle, "the gateway stops");
            }
        }
        next
    }
}

/// The slots of the next portion, and where the one after it begins, if there is one.
fn portion<T: Digest>(table: &Slots<T>, slot: u32) -> (core::ops::Range<u32>, Option<u32>) {
    let end = slot.saturating_add(PORTION).min(table.slots());
    (slot..end, (end < table.slots()).then_some(end))
}

impl Digest for Job {
    fn digest(&self, digester: &mut Digester) {
        match self {
            Self::ConnectionLost { connection, stage, slot } => {
                digester.number(0);
                digester.value(connection);
                digester.flag(*stage == Stage::Watches);
                digester.value(slot);
            }
            Self::TellStatus { place, status, slot } => {
                digester.number(1);
                digester.value(&place.map(u64::from));
                digester.text(status.word());
                digester.value(slot);
            }
            Self::Doubt { connection, slot } => {
                digester.number(6);
                digester.value(connection);
                digester.value(slot);
            }
            Self::DeliverEarly { connection, cross_reference } => {
                digester.number(2);
                digester.value(connection);
                digester.value(cross_reference);
            }
            Self::TellChanges => digester.number(4),
            Self::Rebind => digester.number(5),
            Self::SignOutAll { slot } => {
                digester.number(3);
                digester.value(slot);
            }
        }
    }
}
