//! The history of a connection: for the operator, and to judge one whose phone system answers no heartbeats.

use crate::time::{Duration, Instant};

/// The history of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Vitals {
    /// Since when it has been in service, or out of it.
    pub(crate) since: Option<Instant>,
    /// When the heartbeat that awaits its answer was sent.
    asked_at: Option<Instant>,
    /// When anything was last received.
    traffic_at: Option<Instant>,
    /// When a heartbeat was last answered.
    pub(crate) heard_at: Option<Instant>,
    /// How long that answer took.
    pub(crate) round_trip: Option<Duration>,
    /// When it last failed.
    pub(crate) failed_at: Option<Instant>,
    /// When its phone system first refused a monitor of this connect because there are too many.
    monitors_used_up_at: Option<Instant>,
}

impl Vitals {
    /// Notes that it came into service.
    pub(crate) fn served(&mut self, now: Instant) {
        self.since = Some(now);
        self.asked_at = None;
        self.heard_at = None;
        self.round_trip = None;
        self.monitors_used_up_at = None;
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

    /// Notes that there are too many monitors. Returns whether that is new for this connect.
    pub(crate) fn monitors_used_up(&mut self, now: Instant) -> bool {
        let is_new = self.monitors_used_up_at.is_none();
        self.monitors_used_up_at.get_or_insert(now);
        is_new
    }

    /// Whether there were too many monitors since it came into service.
    pub(crate) const fn are_monitors_used_up(&self) -> bool {
        self.monitors_used_up_at.is_some()
    }

    /// Notes that something was received.
    pub(crate) fn received(&mut self, now: Instant) {
        self.traffic_at = Some(now);
    }

    /// Notes that a heartbeat was not answered in time. Returns whether anything was received since it was sent.
    pub(crate) fn unanswered(&mut self) -> bool {
        let asked_at = self.asked_at.take();
        self.traffic_at.is_some_and(|at| asked_at.is_some_and(|asked_at| at >= asked_at))
    }

    /// Notes that a heartbeat was answered.
    pub(crate) fn heard(&mut self, now: Instant) {
        if let Some(asked_at) = self.asked_at.take() {
            self.heard_at = Some(now);
            self.round_trip = Some(now.since(asked_at));
        }
    }
}

crate::digest! { struct Vitals { since, asked_at, traffic_at, heard_at, round_trip, failed_at, monitors_used_up_at } }
