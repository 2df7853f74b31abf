//! What a phone system leaves unanswered.

use alloc::collections::BTreeMap;

use super::Sent;
use crate::time::{Duration, Instant};
use crate::wire::csta::services::{Features, Service};

/// After so many requests in a row without an answer, a service that was never answered is given up.
const TIMES: u8 = 3;

/// A service that was given up is asked for again this long after the last request for it: the phone system may only
/// have been in trouble, and a connection may last for months.
const RETRY: Duration = Duration::from_secs(60);

/// What the phone system at a link leaves unanswered. What it answers is remembered over all connects; what it does not
/// answer is forgotten with the next one.
#[derive(Debug, Default)]
pub(super) struct Silence {
    /// The services that were answered before.
    answered: Features,
    /// Services without an answer so far, by their rows' indexes.
    unanswered: BTreeMap<u16, Unanswered>,
    /// The services that are asked for now and then only.
    given_up: Features,
    /// Whether a heartbeat was answered before.
    is_heartbeat_answered: bool,
    /// How often the connection was given up because of a heartbeat, though none was ever answered.
    given_up_for_heartbeat: u8,
    /// Whether the request for features was answered on this connect.
    are_features_answered: bool,
    /// How many heartbeats of this connect were not answered.
    heartbeats: u8,
    /// How many answers of any kind came on this connect.
    answers: u32,
}

/// A service without an answer so far.
#[derive(Clone, Copy, Debug)]
struct Unanswered {
    /// How many requests in a row, each sent after the one before had timed out: thousands that are sent at once to a
    /// phone system that pauses count as one.
    times: u8,
    /// When the last of them timed out or, once the service is given up, was sent.
    at: Instant,
}

impl Silence {
    /// Begins a new connect.
    pub(super) fn begin(&mut self) {
        self.unanswered.clear();
        self.given_up = Features::NONE;
        self.are_features_answered = false;
        self.heartbeats = 0;
        self.answers = 0;
    }

    /// Returns how many answers of any kind came on this connect.
    pub(super) const fn answers(&self) -> u32 {
        self.answers
    }

    /// Notes an answer to the request for features.
    pub(super) const fn features_answered(&mut self) {
        self.answers = self.answers.saturating_add(1);
        self.are_features_answered = true;
    }

    /// Notes an answer to a service, in time or late, positive or negative.
    pub(super) fn answered(&mut self, service: Option<&'static Service>) {
        self.answers = self.answers.saturating_add(1);
        let Some(service) = service.filter(|service| !self.answered.has(service)) else { return };
        self.answered = self.answered.with(service);
        self.given_up = self.given_up.without(service);
        self.unanswered.remove(&u16::from(service.index));
    }

    /// Notes that a request timed out at `now`. If the phone system has answered others, but none since this one was
    /// sent, it was silent altogether, which says nothing of the service.
    pub(super) fn unanswered(&mut self, sent: Sent, now: Instant) {
        if self.answers > 0 && self.answers == sent.answers {
            return;
        }
        let Some(service) = sent.service.filter(|service| !self.answered.has(service)) else { return };
        let one = self.unanswered.entry(u16::from(service.index));
        let one = one.or_insert(Unanswered { times: 0, at: sent.at });
        if sent.at >= one.at {
            one.times = one.times.saturating_add(1);
            one.at = now;
        }
        if one.times >= TIMES {
            self.given_up = self.given_up.with(service);
        }
    }

    /// Whether a service may be asked for at `now`. One that was given up may each [`RETRY`], and is taken as asked for.
    pub(super) fn may_ask(&mut self, service: Option<&'static Service>, now: Instant) -> bool {
        let Some(service) = service.filter(|service| self.given_up.has(service)) else { return true };
        let Some(one) = self.unanswered.get_mut(&u16::from(service.index)) else { return true };
        let may = now.since(one.at) >= RETRY;
        if may {
            one.at = now;
        }
        may
    }

    /// The services that are asked for now and then only.
    pub(super) const fn given_up(&self) -> Features {
        self.given_up
    }

    /// Notes an answer to a heartbeat.
    pub(super) const fn heartbeat_answered(&mut self) {
        self.answers = self.answers.saturating_add(1);
        self.is_heartbeat_answered = true;
        self.heartbeats = 0;
    }

    /// Notes that a heartbeat was not answered.
    pub(super) const fn heartbeat_unanswered(&mut self) {
        self.heartbeats = self.heartbeats.saturating_add(1);
    }

    /// Handles a heartbeat that was not answered in time. Returns whether that means anything: it does if one was
    /// answered before. A phone system that has answered the request for its features is expected to answer its first
    /// heartbeat, too; if it does not, its connection is dialled again, but no more than three times.
    pub(super) const fn judge_heartbeat(&mut self) -> bool {
        let proves = self.heartbeat_proves();
        if proves && !self.is_heartbeat_answered {
            self.given_up_for_heartbeat = self.given_up_for_heartbeat.saturating_add(1);
        }
        proves
    }

    /// Whether a missing answer to a heartbeat means anything.
    pub(super) const fn heartbeat_proves(&self) -> bool {
        self.is_heartbeat_answered || (self.are_features_answered && self.given_up_for_heartbeat < TIMES)
    }

    /// Whether a heartbeat was ever answered.
    pub(super) const fn is_heartbeat_answered(&self) -> bool {
        self.is_heartbeat_answered
    }

    /// Whether heartbeats of this connect were left unanswered that prove nothing.
    pub(super) const fn is_mute(&self) -> bool {
        self.heartbeats > 0 && !self.heartbeat_proves()
    }

    /// Whether heartbeats are of no use on this connect.
    pub(super) const fn is_heartbeat_given_up(&self) -> bool {
        !self.is_heartbeat_answered && self.heartbeats >= TIMES
    }
}

crate::digest! { struct Silence {
    answered => answered.services.to_le_bytes().as_slice(),
    unanswered,
    given_up: _, // It follows from `unanswered`.
    is_heartbeat_answered,
    given_up_for_heartbeat => u64::from(*given_up_for_heartbeat),
    are_features_answered,
    heartbeats => u64::from(*heartbeats),
    answers => u64::from(*answers),
} }

crate::digest! { struct Unanswered { times => u64::from(*times), at } }
