//! When a long list is asked for again: soon after it is wanted, but not more often than at a least distance.

use crate::time::{Duration, Instant};

/// When lists of a kind are asked for.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// Whether one is being read.
    is_under_way: bool,
    /// When the last one was asked for.
    last: Option<Instant>,
    /// When the next one is to be asked for.
    due: Option<Instant>,
}

crate::digest! { struct Pace { is_under_way, last, due } }

impl Pace {
    /// When the next one is to be asked for; `None` while one is being read.
    pub(super) const fn due(&self) -> Option<Instant> {
        if self.is_under_way { None } else { self.due }
    }

    /// Whether the next one is to be asked for now.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.due().is_some_and(|due| due <= now)
    }

    /// What is known may be wrong: one is wanted, `pause` after the last one at the earliest.
    pub(super) fn want(&mut self, now: Instant, pause: Duration) {
        let at = self.last.map_or(now, |last| now.max(last + pause));
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }

    /// One is asked for.
    pub(super) const fn begin(&mut self, now: Instant) {
        *self = Self { is_under_way: true, last: Some(now), due: None };
    }

    /// It is complete.
    pub(super) const fn end(&mut self) {
        self.is_under_way = false;
    }
}
