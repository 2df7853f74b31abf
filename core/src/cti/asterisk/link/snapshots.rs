//! Lists of all channels: one when the link opens, and one after what could not be trusted or understood.

use alloc::vec::Vec;

use super::AsteriskLink;
use super::asking::Asked;
use crate::cti::protocol::Output;
use crate::time::{Duration, Instant};
use crate::wire::ami::write::Action;

/// The least time between two lists: whoever can write into a stream could ask for one with every call.
const PAUSE: Duration = Duration::from_secs(5);

/// What Asterisk is asked for each channel: only what it knows by itself. What the channel's own driver must be asked for,
/// such as `CHANNEL(endpoint)`, makes Asterisk wait for the driver with the channel locked, and a call that begins just
/// then hangs, as does the session.
const VARIABLES: &str = "CHANNEL(onhold)";

/// When lists are asked for.
#[derive(Debug, Default)]
pub(super) struct Snapshots {
    /// Whether one is being read.
    is_under_way: bool,
    /// When the last one was asked for.
    last: Option<Instant>,
    /// When the next one is to be asked for.
    due: Option<Instant>,
}

crate::digest! { struct Snapshots { is_under_way, last, due } }

impl Snapshots {
    /// When the next one is to be asked for; `None` while one is being read.
    pub(super) const fn due(&self) -> Option<Instant> {
        if self.is_under_way { None } else { self.due }
    }

    /// What is known may be wrong.
    pub(super) fn want(&mut self, now: Instant) {
        let at = self.last.map_or(now, |last| now.max(last + PAUSE));
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }
}

impl AsteriskLink {
    /// Asks for a list of all channels.
    pub(super) fn take_snapshot(&mut self, output: &mut Output<'_>) {
        self.calls.begin_snapshot();
        self.snapshots = Snapshots { is_under_way: true, last: Some(output.now()), due: None };
        self.send(&Action::Status { channel: None, variables: VARIABLES }, Asked::Snapshot, output);
    }

    /// The list is complete.
    pub(super) fn end_snapshot(&mut self) {
        self.snapshots.is_under_way = false;
        let mut news = core::mem::take(&mut self.news);
        self.calls.end_snapshot(&mut news);
        self.spread(&mut news);
        self.news = news;
    }

    /// Puts what an event means among what is to be told, for each monitor.
    pub(super) fn spread(&mut self, news: &mut Vec<super::News>) {
        for one in news.drain(..).filter(|_| self.serves) {
            for monitor in self.monitors.of(&one.device) {
                self.told.push_back(super::Told::News(*monitor, one.clone().into()));
            }
        }
    }
}
