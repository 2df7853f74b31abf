//! What a client knows of its calls while nothing feeds its monitor, and how it is brought up to date once a switch
//! monitor feeds it again: calls that ended are cleared, calls that began are shown, and changes are reported.
//!
//! Once the switch monitor is active, a snapshot is requested. An event that comes before its answer is passed on at
//! once if the client knows its calls and no earlier event about them is waiting; the snapshot, which is newer, is
//! compared with what the client knows by then. Any other event waits. If the snapshot contains one of its calls, the
//! event is superseded; otherwise it follows. From the answer until the client is up to date, all events wait.
//!
//! Without a snapshot, the client's view remains unverified: events are passed on as they come, and what the client
//! knows is kept apart from what its switch monitor knows, until a later snapshot can be compared with it.

use alloc::boxed::Box;
use alloc::collections::VecDeque;

use super::calls::{Call, Calls, Seen, Stage, seen};
use super::change::Change;
use crate::config::Limits;
use crate::few::Few;
use crate::transition::assert_transition;
use crate::wire::csta::model::{CallEvent, Event, SnapshotItem};
use crate::word::Word;

/// The progress of bringing a client up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// Nothing feeds the monitor, or its snapshot could not be requested yet.
    Waiting,
    /// The snapshot was requested.
    Asked,
    /// The client is being told what changed.
    Telling {
        /// Whether this is based on a snapshot.
        verified: bool,
    },
    /// There was no snapshot: what the client knows may be wrong.
    Unverified,
}

/// All transitions. It begins as `Waiting`, and ends once the client was told what a snapshot changed.
pub(crate) const TABLE: &[(&str, &str)] = &[
    ("Waiting", "Asked"),
    ("Waiting", "Telling"),
    ("Asked", "Waiting"),
    ("Asked", "Telling"),
    ("Telling", "Waiting"),
    ("Telling", "Unverified"),
    ("Unverified", "Waiting"),
    ("Unverified", "Telling"),
];

impl Progress {
    /// The state's name, as in [`TABLE`].
    const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "Waiting",
            Self::Asked => "Asked",
            Self::Telling { .. } => "Telling",
            Self::Unverified => "Unverified",
        }
    }
}

/// The state of a monitor whose client may be out of date.
#[derive(Debug)]
pub(crate) struct Resync {
    progress: Progress,
    /// The number of the phone system whose calls the client knows.
    switch: u8,
    /// The calls that the client knows.
    pub(crate) calls: Calls,
    /// The end of calls of another phone system, which the client knew until a snapshot told it of this one's. It is
    /// told with the next changes, since an event about such a call may still have been on its way.
    gone: VecDeque<Change>,
    /// The changes that are still to be told.
    changes: VecDeque<Change>,
    /// The events that wait.
    held: VecDeque<Held>,
    /// Calls that began after the snapshot was requested, according to the events that wait: a phone system may leave
    /// them out of it.
    began: Calls,
    /// How many snapshots were requested and not answered yet. Only the last one counts.
    unanswered: u32,
}

#[derive(Debug)]
struct Held {
    /// The callIDs it is about, including new ones.
    calls: Few<Word>,
    document: Box<[u8]>,
}

/// A snapshot, to be compared with what clients know.
pub(crate) struct Snapshot<'a> {
    /// The number of the phone system that gave it.
    pub(crate) switch: u8,
    /// The line that it is of.
    pub(crate) line: &'a str,
    /// The calls at the line.
    pub(crate) items: &'a [SnapshotItem<'a>],
    /// How many of them count.
    pub(crate) limit: usize,
}

/// Whether an event is passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// It is passed on at once.
    Passes,
    /// It waits.
    Waits,
}

impl Resync {
    /// A client that knows these calls of the phone system numbered `switch`.
    pub(crate) fn new(switch: u8, calls: Calls) -> Self {
        Self {
            progress: Progress::Waiting,
            switch,
            calls,
            gone: VecDeque::new(),
            changes: VecDeque::new(),
            held: VecDeque::new(),
            began: Calls::default(),
            unanswered: 0,
        }
    }

    /// Begins again after the monitor lost its switch monitor once more. All that was not told is void.
    pub(crate) fn lose(&mut self) {
        self.verify();
        self.held = VecDeque::new();
        self.unanswered = 0;
    }

    /// Begins again with a new snapshot of the same switch monitor, because what the client knows may be wrong. It also
    /// decides on the events that wait. Of the changes still to be told, only the end of another phone system's calls
    /// is kept: no snapshot of this one would show it again.
    pub(crate) fn verify(&mut self) {
        self.void_changes();
        self.go_to(Progress::Waiting);
    }

    fn go_to(&mut self, progress: Progress) {
        assert_transition(TABLE, self.progress.name(), progress.name());
        self.progress = progress;
    }

    fn void_changes(&mut self) {
        let (switch, changes) = (self.switch, core::mem::take(&mut self.changes));
        self.gone
            .extend(changes.into_iter().filter(|change| change.now.is_none() && change.switch != switch));
    }

    /// Whether a snapshot is to be requested.
    pub(crate) fn is_waiting(&self) -> bool {
        self.progress == Progress::Waiting
    }

    /// Whether the client is being told what changed.
    pub(crate) fn is_telling(&self) -> bool {
        matches!(self.progress, Progress::Telling { .. })
    }

    /// Whether the monitor's own snapshot is still to be requested or answered.
    pub(crate) fn awaits_snapshot(&self) -> bool {
        matches!(self.progress, Progress::Waiting | Progress::Asked)
    }

    /// Whether there are changes still to be told.
    pub(crate) fn has_changes(&self) -> bool {
        !self.changes.is_empty()
    }

    /// Whether the client is still to be told something that is older than what it is told now.
    pub(crate) fn may_overtake(&self) -> bool {
        self.has_changes() || !self.held.is_empty()
    }

    /// Notes that a snapshot was requested.
    pub(crate) fn asked(&mut self) {
        self.go_to(Progress::Asked);
        self.began = Calls::default();
        self.unanswered += 1;
    }

    /// Notes the answer to a snapshot, or an error. Returns false if another was requested since, or is to be.
    pub(crate) fn answered(&mut self) -> bool {
        self.unanswered = self.unanswered.saturating_sub(1);
        self.unanswered == 0 && self.progress == Progress::Asked
    }

    /// Takes the calls that began after the snapshot was requested.
    pub(crate) fn take_begun(&mut self) -> Calls {
        core::mem::take(&mut self.began)
    }

    /// Returns the calls that the client knows, if they are those of the phone system numbered `switch`.
    pub(crate) fn calls_of(&self, switch: u8) -> Option<&Calls> {
        (self.switch == switch).then_some(&self.calls)
    }

    /// Like [`Self::calls_of`], for adding calls that the client is told of in a response. `all`: it names all calls,
    /// so that those of another phone system are over for the client.
    pub(crate) fn calls_told(&mut self, switch: u8, all: bool, limit: usize) -> Option<&mut Calls> {
        if self.switch != switch && (all || self.calls.iter().next().is_none()) {
            let room = limit.saturating_sub(self.gone.len());
            let before = core::mem::take(&mut self.calls);
            self.gone.extend(before.iter().take(room).map(|call| Change::cleared(self.switch, call.clone())));
            self.switch = switch;
        }
        (self.switch == switch).then_some(&mut self.calls)
    }

    /// Keeps calls that the client was told of from being reported as ended.
    pub(crate) fn keep_told(&mut self) {
        let (switch, calls) = (self.switch, &self.calls);
        self.gone.retain(|change| change.switch != switch || calls.find(&change.call.id).is_none());
    }

    /// Returns what to do with an event of the phone system numbered `switch`. One that names no call is passed on.
    pub(crate) fn way_of(&self, switch: u8, event: &Event<'_>) -> Way {
        match self.progress {
            Progress::Telling { .. } => return Way::Waits,
            Progress::Unverified => return Way::Passes,
            Progress::Waiting | Progress::Asked => {}
        }
        let known = self.calls_of(switch);
        let passes = |id: &str| {
            let is_held = self.held.iter().any(|held| held.is_about(id));
            !is_held && known.is_some_and(|calls| calls.find(id).is_some())
        };
        if calls_before(event).all(passes) { Way::Passes } else { Way::Waits }
    }

    /// Stores an event at `line`, as the document that `keep` creates. Returns false if there is no room: it is lost.
    pub(crate) fn hold(
        &mut self,
        (line, event): (&str, &Event<'_>),
        limits: &Limits,
        keep: impl FnOnce() -> Box<[u8]>,
    ) -> bool {
        let room = self.held.len() < limits.queued_events;
        if room {
            if let (Progress::Asked, Event::Call(call)) = (self.progress, event) {
                self.began.learn(line, call, limits.calls_per_device);
            }
            let mut calls = Few::default();
            calls_before(event).chain(calls_after(event)).for_each(|id| calls.push(Word::from(id)));
            self.held.push_back(Held { calls, document: keep() });
        }
        room
    }

    /// Compares what the client knows with a snapshot. `began`: the calls that began after it was requested. Returns
    /// the line's present calls.
    pub(crate) fn compare(&mut self, snapshot: &Snapshot<'_>, began: &Calls) -> Calls {
        let Snapshot { switch, line, items, limit } = *snapshot;
        self.void_changes();
        self.go_to(Progress::Telling { verified: true });
        let same = self.switch == switch;
        let mut now = Calls::default();
        let mut shown = VecDeque::new();
        for item in items.iter().take(limit) {
            let Some(id) = item.connection.call else { continue };
            let before = self.calls.find(id).filter(|_| same).map(|call| call.stage);
            let stage = match seen(item) {
                Seen::Gone => continue,
                Seen::At(stage) => stage,
                Seen::Unknown => before.filter(|known| *known != Stage::Unsure).unwrap_or(Stage::Established),
            };
            now.add_new(line, &item.connection, stage, limit);
            let Some(call) = now.find(id).filter(|_| before != Some(stage)) else { continue };
            shown.push_back(Change::shown(switch, call.clone(), before, item));
        }
        self.held.retain(|event| event.calls.iter().all(|id| now.find(id).is_none()));
        for call in began.iter() {
            if now.find(&call.id).is_none() {
                now.keep(call.clone(), limit);
            }
        }
        self.gone.retain(|change| change.switch != switch || now.find(&change.call.id).is_none());
        self.clear_all_but(switch, |call| now.find(&call.id).is_some());
        self.changes.append(&mut shown);
        now
    }

    /// Compares what the client knows with a snapshot for another monitor of the line, unless this one's own is still
    /// to come. Returns true if there is something to tell only now.
    pub(crate) fn compare_shared(&mut self, snapshot: &Snapshot<'_>, began: &Calls) -> bool {
        if self.awaits_snapshot() {
            return false;
        }
        let was_telling = self.is_telling();
        self.compare(snapshot, began);
        !was_telling
    }

    /// Goes on without a snapshot of the phone system numbered `switch`. Calls of any other cannot exist there.
    pub(crate) fn compare_without(&mut self, switch: u8) {
        self.void_changes();
        self.go_to(Progress::Telling { verified: false });
        self.clear_all_but(switch, |_| true);
    }

    /// Switches to the calls of the phone system numbered `switch`. Calls of another, and those that do not stay, are
    /// over.
    fn clear_all_but(&mut self, switch: u8, stays: impl Fn(&Call) -> bool) {
        let before = core::mem::replace(&mut self.switch, switch);
        let same = before == switch;
        let gone = self.calls.iter().filter(|call| !same || !stays(call));
        self.changes = core::mem::take(&mut self.gone);
        self.changes.extend(gone.map(|call| Change::cleared(before, call.clone())));
        if !same {
            self.calls = Calls::default();
        }
    }

    /// After everything was told: ends the calls that the client knows but its line does not have `now`, since the
    /// event of their end was lost. Returns true if there are any.
    pub(crate) fn clear_leftovers(&mut self, now: &Calls) -> bool {
        if self.progress == (Progress::Telling { verified: true }) {
            let beyond = self.calls.iter().filter(|call| now.find(&call.id).is_none());
            self.changes.extend(beyond.map(|call| Change::cleared(self.switch, call.clone())));
        }
        self.has_changes()
    }

    /// After everything was told: whether the client knows what its switch monitor knows, and this state can be
    /// dropped.
    pub(crate) fn is_over(&mut self) -> bool {
        if self.progress == (Progress::Telling { verified: false }) {
            self.go_to(Progress::Unverified);
        }
        self.progress != Progress::Unverified
    }

    /// Takes the next change, which counts as told.
    pub(crate) fn next_change(&mut self, limit: usize) -> Option<Change> {
        let change = self.changes.pop_front()?;
        if change.now.is_some() {
            self.calls.keep(change.call.clone(), limit);
        } else if self.switch == change.switch {
            self.calls.remove(&change.call.id);
        }
        Some(change)
    }

    /// Takes the next event that waited. Due once all changes are told.
    pub(crate) fn next_held(&mut self) -> Option<Box<[u8]>> {
        self.held.pop_front().map(|held| held.document)
    }
}

impl Held {
    fn is_about(&self, id: &str) -> bool {
        self.calls.iter().any(|call| **call == *id)
    }
}

/// Returns the calls that an event is about, by their callIDs before it.
fn calls_before<'e>(event: &'e Event<'_>) -> impl Iterator<Item = &'e str> {
    let event = if let Event::Call(call) = event { Some(call) } else { None };
    let named = event.into_iter().flat_map(|event| {
        let second = event.second.and_then(|second| second.call);
        event.connection.call.into_iter().chain(second)
    });
    let listed = event.into_iter().flat_map(CallEvent::list).filter_map(|item| item.old?.call);
    named.chain(listed)
}

/// Returns the calls that result from an event, by their callIDs after it.
fn calls_after<'e>(event: &'e Event<'_>) -> impl Iterator<Item = &'e str> {
    let event = if let Event::Call(call) = event { Some(call) } else { None };
    event.into_iter().flat_map(CallEvent::list).filter_map(|item| item.new?.call)
}

crate::digest! { struct Held { calls, document } }

crate::digest! { enum Progress { Waiting = 0, Asked = 1, Telling { verified } = 2, Unverified = 3 } }

crate::digest! { struct Resync {
    progress,
    switch => u64::from(*switch),
    calls,
    gone,
    changes,
    held,
    began,
    unanswered,
} }

#[cfg(test)]
mod tests;
