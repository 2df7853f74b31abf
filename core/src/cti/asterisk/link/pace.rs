//! When a long list is asked for again: soon after it is wanted, but not more often than at a least distance.

use crate::time::{Duration, Instant};

/// How long a list may take. After that its end is taken for lost, and it is asked for again.
const LONGEST: Duration = Duration::from_secs(60);

/// When lists of a kind are asked for.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// The number of the action that asked for the one that is being read.
    under_way: Option<u64>,
    /// When the last one was asked for.
    last: Option<Instant>,
    /// When the next one is to be asked for, if one is wanted.
    wanted: Option<Instant>,
}

crate::digest! { struct Pace { under_way, last, wanted } }

impl Pace {
    /// As if one had been asked for at `now` and were complete.
    pub(super) const fn since(now: Instant) -> Self {
        Self { under_way: None, last: Some(now), wanted: None }
    }

    /// Whether one is being read.
    pub(super) const fn is_under_way(&self) -> bool {
        self.under_way.is_some()
    }

    /// When the next one is to be asked for. While one is being read that is when its end is taken for lost.
    pub(super) fn due(&self) -> Option<Instant> {
        if self.is_under_way() { self.last.map(|last| last + LONGEST) } else { self.wanted }
    }

    /// Whether the next one is to be asked for now.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.due().is_some_and(|due| due <= now)
    }

    /// What is known may be wrong: one is wanted, `pause` after the last one at the earliest.
    pub(super) fn want(&mut self, now: Instant, pause: Duration) {
        let at = self.last.map_or(now, |last| now.max(last + pause));
        self.wanted = Some(self.wanted.map_or(at, |wanted| wanted.min(at)));
    }

    /// One is asked for, by this action. Returns the action that asked for the one before, if that has lost its end.
    pub(super) const fn begin(&mut self, now: Instant, action: Option<u64>) -> Option<u64> {
        let lost = self.under_way;
        *self = Self { under_way: action, last: Some(now), wanted: None };
        lost
    }

    /// It is complete.
    pub(super) const fn end(&mut self) {
        self.under_way = None;
    }
}
