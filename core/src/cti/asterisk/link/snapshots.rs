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

impl AsteriskLink {
    /// What is known of calls may be wrong.
    pub(super) fn want_snapshot(&mut self, now: Instant) {
        self.snapshots.want(now, PAUSE);
    }

    /// Asks for a list of all channels.
    pub(super) fn take_snapshot(&mut self, output: &mut Output<'_>) {
        self.calls.begin_snapshot();
        let status = Action::Status { channel: None, variables: VARIABLES };
        let number = self.send(&status, Asked::Snapshot, output);
        if let Some(lost) = self.snapshots.begin(output.now(), number) {
            self.asked.remove(&lost);
        }
    }

    /// The list is complete.
    pub(super) fn end_snapshot(&mut self) {
        self.snapshots.end();
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
