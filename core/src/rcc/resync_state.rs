//! What a client believes of its calls while nothing feeds its monitor, and how it is brought up to date once something
//! does again: what ended meanwhile is cleared, what began is shown, what changed is told.
//!
//! The monitor was started over another connection; then a snapshot is asked for. An event that comes before its answer
//! is passed on at once if it is about a call the client knows: the snapshot, which is newer, is compared with what the
//! client knows by then. One about another call waits; where the snapshot has that call, it stands in the event's
//! place, and otherwise the event follows. From the answer until all of it was told, all events wait.

use alloc::boxed::Box;
use alloc::collections::VecDeque;

use super::calls::{Call, Calls, Seen, Stage, seen};
use super::change::Change;
use crate::wire::csta::model::SnapshotItem;

/// Where catching up stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// Nothing feeds the monitor, or its snapshot could not be asked for yet.
    Waiting,
    /// The snapshot is under way.
    Asked,
    /// The snapshot is there, and is being told.
    Telling,
}

/// A monitor whose client may believe what is not so any more.
#[derive(Debug)]
pub(crate) struct Resync {
    progress: Progress,
    /// Which phone system the calls that the client knows are of.
    switch: u8,
    /// The calls that the client knows.
    pub(crate) calls: Calls,
    /// The end of calls of another phone system, which the client knew until a snapshot told it of others. It is told
    /// with the next changes: an event about such a call may still have been on its way.
    gone: VecDeque<Change>,
    /// What is still to be told.
    changes: VecDeque<Change>,
    /// Events that wait.
    held: VecDeque<Held>,
}

#[derive(Debug)]
struct Held {
    call: Box<str>,
    document: Box<[u8]>,
}

/// What becomes of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// It is passed on.
    Passes,
    /// It waits.
    Waits,
}

impl Resync {
    /// A client that knows these calls of the phone system numbered `switch`.
    pub(crate) fn new(switch: u8, calls: Calls) -> Self {
        let (changes, held) = (VecDeque::new(), VecDeque::new());
        Self { progress: Progress::Waiting, switch, calls, gone: VecDeque::new(), changes, held }
    }

    /// The monitor lost its switch monitor once more. What was told is known, all else is void.
    pub(crate) fn lose(&mut self) {
        self.progress = Progress::Waiting;
        self.changes = VecDeque::new();
        self.held = VecDeque::new();
    }

    /// What it knows may be wrong, though its switch monitor lives: the next snapshot decides, also on the events that
    /// wait.
    pub(crate) fn verify(&mut self) {
        self.progress = Progress::Waiting;
        self.changes = VecDeque::new();
    }

    /// Whether a snapshot is to be asked for.
    pub(crate) fn is_waiting(&self) -> bool {
        self.progress == Progress::Waiting
    }

    /// Whether there is something to be told.
    pub(crate) fn is_telling(&self) -> bool {
        self.progress == Progress::Telling
    }

    /// A snapshot was asked for.
    pub(crate) fn asked(&mut self) {
        self.progress = Progress::Asked;
    }

    /// The calls that the client knows, if they are those of the phone system numbered `switch`.
    pub(crate) fn calls_of(&self, switch: u8) -> Option<&Calls> {
        (self.switch == switch).then_some(&self.calls)
    }

    /// The same, to learn of calls that the client is told of otherwise than by events; `all`: of all that there are,
    /// so that calls of another phone system are over for it.
    pub(crate) fn calls_told(&mut self, switch: u8, all: bool, limit: usize) -> Option<&mut Calls> {
        if self.switch != switch && (all || self.calls.iter().next().is_none()) {
            let room = limit.saturating_sub(self.gone.len());
            let before = core::mem::take(&mut self.calls);
            self.gone.extend(before.iter().take(room).map(|call| Change::cleared(self.switch, call.clone())));
            self.switch = switch;
        }
        (self.switch == switch).then_some(&mut self.calls)
    }

    /// What the client was told in the meantime is not over for it.
    pub(crate) fn keep_told(&mut self) {
        let (switch, calls) = (self.switch, &self.calls);
        self.gone.retain(|change| change.switch != switch || calls.find(&change.call.id).is_none());
    }

    /// What becomes of an event about `call` (`None`: about none that is named) of the phone system numbered `switch`.
    pub(crate) fn way_of(&self, switch: u8, call: Option<&str>) -> Way {
        match call {
            _ if self.progress == Progress::Telling => Way::Waits,
            Some(call) if self.calls_of(switch).is_none_or(|calls| calls.find(call).is_none()) => Way::Waits,
            Some(_) | None => Way::Passes,
        }
    }

    /// Lets an event wait, as the document that `keep` makes. False: too many do, and it is lost.
    pub(crate) fn hold(
        &mut self,
        call: Option<&str>,
        limit: usize,
        keep: impl FnOnce() -> Box<[u8]>,
    ) -> bool {
        let room = self.held.len() < limit;
        if room {
            let call = Box::from(call.unwrap_or_default());
            self.held.push_back(Held { call, document: keep() });
        }
        room
    }

    /// Compares what the client knows with a snapshot of the phone system numbered `switch`, taken of `line`; at most
    /// `limit` calls of it count. Returns the line's calls as they are.
    pub(crate) fn compare(
        &mut self,
        (switch, line): (u8, &str),
        items: &[SnapshotItem<'_>],
        limit: usize,
    ) -> Calls {
        self.progress = Progress::Telling;
        let mut now = Calls::default();
        let mut shown = VecDeque::new();
        for item in items.iter().take(limit) {
            let Some(id) = item.connection.call else { continue };
            let before = self.calls.find(id).filter(|_| self.switch == switch).map(|call| call.stage);
            let stage = match seen(item) {
                Seen::Gone => continue,
                Seen::At(stage) => stage,
                Seen::Unknown => before.unwrap_or(Stage::Established),
            };
            now.meet(line, &item.connection, stage, limit);
            let Some(call) = now.find(id).filter(|_| before != Some(stage)) else { continue };
            shown.push_back(Change::shown(switch, call.clone(), before, item));
        }
        self.held.retain(|event| now.find(&event.call).is_none());
        self.gone.retain(|change| change.switch != switch || now.find(&change.call.id).is_none());
        let same = self.switch == switch;
        self.clear_all_but(|call| same && now.find(&call.id).is_some());
        self.changes.append(&mut shown);
        now
    }

    /// There is no snapshot to be had. The phone system numbered `switch` cannot have the calls of another.
    pub(crate) fn compare_without(&mut self, switch: u8) {
        self.progress = Progress::Telling;
        let same = self.switch == switch;
        self.clear_all_but(|_| same);
    }

    /// The calls that the client goes on knowing where there is no snapshot.
    pub(crate) fn staying(&self, switch: u8) -> impl Iterator<Item = &Call> {
        let same = self.switch == switch;
        self.calls.iter().filter(move |_| same)
    }

    fn clear_all_but(&mut self, stays: impl Fn(&Call) -> bool) {
        let gone = self.calls.iter().filter(|call| !stays(call));
        self.changes = core::mem::take(&mut self.gone);
        self.changes.extend(gone.map(|call| Change::cleared(self.switch, call.clone())));
    }

    /// The next change to be told; it counts as told.
    pub(crate) fn next_change(&mut self, limit: usize) -> Option<Change> {
        let change = self.changes.pop_front()?;
        if change.now.is_some() {
            if self.switch != change.switch {
                self.switch = change.switch;
                self.calls = Calls::default();
            }
            self.calls.keep(change.call.clone(), limit);
        } else if self.switch == change.switch {
            self.calls.remove(&change.call.id);
        }
        Some(change)
    }

    /// The next event that waited, once all changes are told.
    pub(crate) fn next_held(&mut self) -> Option<Box<[u8]>> {
        self.held.pop_front().map(|held| held.document)
    }
}

crate::digest! { struct Held { call, document } }

crate::digest! { enum Progress { Waiting = 0, Asked = 1, Telling = 2 } }

crate::digest! { struct Resync { progress, switch => u64::from(*switch), calls, gone, changes, held } }
