//! The history of a connection, for the operator only: nothing depends on it.

use crate::time::{Duration, Instant};

/// The history of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Vitals {
    /// Since when it has been in service, or out of it.
    pub(crate) since: Option<Instant>,
    /// When the heartbeat that awaits its answer was sent.
    asked_at: Option<Instant>,
    /// When a heartbeat was last answered.
    pub(crate) heard_at: Option<Instant>,
    /// How long that answer took.
    pub(crate) round_trip: Option<Duration>,
    /// When it last failed.
    pub(crate) failed_at: Option<Instant>,
}

impl Vitals {
    /// Notes that it came into service.
    pub(crate) fn served(&mut self, now: Instant) {
        self.since = Some(now);
        self.asked_at = None;
        self.heard_at = None;
        self.round_trip = None;
    }

    /// Notes that it failed; `served` says whether it was in service.
    pub(crate) fn failed(&mut self, now: Instant, served: bool) {
        self.failed_at = Some(now);
        self.asked_at = None;
        if served || self.since.is_none() {
            self.since = Some(now);
        }
    }

    /// Notes that a heartbeat is sent.
    pub(crate) fn asked(&mut self, now: Instant) {
        self.asked_at = Some(now);
    }

    /// Notes that a heartbeat was answered.
    pub(crate) fn heard(&mut self, now: Instant) {
        if let Some(asked_at) = self.asked_at.take() {
            self.heard_at = Some(now);
            self.round_trip = Some(now.since(asked_at));
        }
    }
}

crate::digest! { struct Vitals { since, asked_at, heard_at, round_trip, failed_at } }
