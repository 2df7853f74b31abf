//! What a client knows of its calls while nothing feeds its monitor, and how it is brought up to date once a switch
//! monitor feeds it again: calls that ended are cleared, calls that began are shown, and changes are reported.
//!
//! Once the switch monitor is active, a snapshot is requested. An event that comes before its answer is passed on at
//! once if the client knows its calls and no earlier event about them is waiting; the snapshot, which is newer, is
//! compared with what the client knows by then. Any other event waits. If the snapshot contains one of its calls, the
//! event is superseded; otherwise it follows. From the answer until the client is up to date, all events wait.
//!
//! A phone system may take a snapshot when it is asked and send events before its answer. So the snapshot does not
//! decide on calls whose events came since it was requested: they are as those events left them.
//!
//! Without a snapshot, the client's view remains unverified: events are passed on as they come, and what the client
//! knows is kept apart from what its switch monitor knows, until a later snapshot can be compared with it.

use alloc::boxed::Box;
use alloc::collections::VecDeque;

use super::calls::{Call, Calls, ends, seen};
use super::change::Change;
use super::merger::leaves;
use super::parties::Parties;
use super::snapshot::{Recent, Snapshot};
use crate::few::Few;
use crate::transition::assert_transition;
use crate::wire::csta::model::{CallEvent, Device, Event};
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
    /// The end of calls that are not in `calls` any more, told with the next changes: those of another phone system,
    /// which the client knew until a snapshot told it of this one's, since an event about such a call may still have
    /// been on its way; and those that a transfer or conference replaced, since the client may not understand that.
    gone: VecDeque<Change>,
    /// The changes that are still to be told.
    changes: VecDeque<Change>,
    /// The events that wait.
    held: VecDeque<Held>,
    /// The calls of the events that came since the snapshot was requested.
    since: Few<Recent>,
    /// The number of the last request for a snapshot. Answers to earlier ones do not count.
    requested: u64,
}

#[derive(Debug)]
struct Held {
    /// The callIDs it is about, including new ones.
    calls: Few<Word>,
    document: Box<[u8]>,
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
            since: Few::default(),
            requested: 0,
        }
    }

    /// A client that was told that these calls are replaced, and is still to be told that they are over under their
    /// callIDs.
    pub(super) fn of_replaced(switch: u8, calls: Calls, replaced: &[Call]) -> Self {
        let mut resync = Self::new(switch, calls);
        resync.go_to(Progress::Telling { verified: true });
        resync.tell_ends(replaced);
        resync
    }

    /// Updates what the client knows from an event that it is told. What the event takes away under its callID is told
    /// to be over: at once, if the client is being told what changed or nothing else is to come, and otherwise with the
    /// changes that a snapshot shows.
    pub(super) fn learn(&mut self, line: &str, event: &Event<'_>, limit: usize) {
        let Event::Call(call) = event else { return self.calls.note_queued(line, event.queued(), limit) };
        let replaced = self.calls.replaced_by(line, call);
        self.calls.learn(line, call, limit);
        if self.progress == Progress::Unverified && !replaced.is_empty() {
            self.go_to(Progress::Telling { verified: false });
        }
        self.tell_ends(&replaced);
        // At the limit the oldest end is forgotten.
        let excess = self.gone.len().saturating_sub(limit);
        self.gone.drain(..excess);
    }

    fn tell_ends(&mut self, replaced: &[Call]) {
        let switch = self.switch;
        let ends = replaced.iter().map(|call| Change::cleared(switch, call.clone()));
        if self.is_telling() { self.changes.extend(ends) } else { self.gone.extend(ends) }
    }

    /// Begins again after the monitor lost its switch monitor once more. All that was not told is void.
    pub(super) fn lose(&mut self) {
        self.verify();
        self.held = VecDeque::new();
    }

    /// Ends the calls that the client knows, because its line is controlled at another device from now on, which the
    /// phone system knows as `device`. They are told in its name: the client knows no other. At the limit the oldest
    /// end is forgotten.
    pub(super) fn leave_device(&mut self, device: Device<'_>, limit: usize) {
        let calls = core::mem::take(&mut self.calls);
        for call in calls.iter() {
            let mut call = call.clone();
            call.set_device(device);
            self.gone.push_back(Change::cleared(self.switch, call));
        }
        let excess = self.gone.len().saturating_sub(limit);
        self.gone.drain(..excess);
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
        let is_known =
            |change: &Change| change.switch == switch && self.calls.find(&change.call.id).is_some();
        self.gone.extend(changes.into_iter().filter(|change| change.now.is_none() && !is_known(change)));
    }

    /// Whether a snapshot is to be requested.
    pub(super) fn is_waiting(&self) -> bool {
        self.progress == Progress::Waiting
    }

    /// Whether the client is being told what changed.
    pub(super) fn is_telling(&self) -> bool {
        matches!(self.progress, Progress::Telling { .. })
    }

    /// Whether the monitor's own snapshot is still to be requested or answered.
    pub(super) fn awaits_snapshot(&self) -> bool {
        matches!(self.progress, Progress::Waiting | Progress::Asked)
    }

    /// Whether there are changes still to be told.
    pub(super) fn has_changes(&self) -> bool {
        !self.changes.is_empty()
    }

    /// Whether the client is still to be told something that is older than what it is told now.
    pub(super) fn may_overtake(&self) -> bool {
        self.has_changes() || !self.held.is_empty()
    }

    /// Notes that a snapshot was requested.
    pub(crate) fn asked(&mut self, number: u64) {
        self.go_to(Progress::Asked);
        self.since = Few::default();
        self.requested = number;
    }

    /// Returns the number of the phone system whose calls the client knows.
    pub(crate) const fn switch(&self) -> u8 {
        self.switch
    }

    /// Whether the answer to the request of this number decides: no later one was sent, nor is to be.
    pub(super) fn is_decided_by(&self, number: u64) -> bool {
        self.progress == Progress::Asked && self.requested == number
    }

    /// Takes the calls of the events that came since the snapshot was requested.
    pub(super) fn take_since(&mut self) -> Few<Recent> {
        core::mem::take(&mut self.since)
    }

    /// Notes the calls of an event at `line` that comes while a snapshot is requested, at most `limit` of them.
    pub(crate) fn note(&mut self, line: &str, event: &Event<'_>, limit: usize) {
        if self.progress != Progress::Asked {
            return;
        }
        let Event::Call(call) = event else { return };
        let is_left = leaves(line, call);
        let before = calls_before(event).map(|id| (id, ends(line, call, id), false));
        for (id, is_over, is_renamed) in before.chain(calls_after(event).map(|id| (id, is_left, true))) {
            if let Some(known) = self.since.iter_mut().find(|known| known.is_of(id)) {
                let was_renamed = known.is_renamed && !known.is_over;
                (known.is_over, known.is_renamed) = (is_over, is_renamed || was_renamed);
            } else if self.since.len() < limit {
                self.since.push(Recent { call: Word::from(id), is_over, is_renamed });
            }
        }
    }

    /// Returns the calls that the client knows, if they are those of the phone system numbered `switch`.
    pub(super) fn calls_of(&self, switch: u8) -> Option<&Calls> {
        (self.switch == switch).then_some(&self.calls)
    }

    /// Whether the client knows, or is still to be told by events that wait, who is in a call: as those say who are
    /// told all events, and know `shared`.
    pub(super) fn is_told_of(&self, switch: u8, id: &str, shared: Option<&Parties>) -> bool {
        let known = self.calls_of(switch).and_then(|calls| calls.find(id)?.parties.as_deref());
        known == shared || self.held.iter().any(|held| held.is_about(id))
    }

    /// Like [`Self::calls_of`], for adding calls that the client is told of in a response. `all`: it names all calls,
    /// so that those of another phone system are over for the client.
    pub(super) fn calls_told(&mut self, switch: u8, all: bool, limit: usize) -> Option<&mut Calls> {
        if self.switch != switch && (all || self.calls.iter().next().is_none()) {
            let room = limit.saturating_sub(self.gone.len());
            let before = core::mem::take(&mut self.calls);
            self.gone.extend(before.iter().take(room).map(|call| Change::cleared(self.switch, call.clone())));
            self.switch = switch;
        }
        (self.switch == switch).then_some(&mut self.calls)
    }

    /// Keeps calls that the client was told of from being reported as ended.
    pub(super) fn keep_told(&mut self) {
        let (switch, calls) = (self.switch, &self.calls);
        self.gone.retain(|change| change.switch != switch || calls.find(&change.call.id).is_none());
    }

    /// Returns what to do with an event of the phone system numbered `switch`. One that names no call is passed on.
    pub(super) fn way_of(&self, switch: u8, event: &Event<'_>) -> Way {
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

    /// Stores an event, as the document that `keep` creates. Returns false if there is no room: it is lost.
    pub(crate) fn hold(&mut self, event: &Event<'_>, limit: usize, keep: impl FnOnce() -> Box<[u8]>) -> bool {
        let room = self.held.len() < limit;
        if room {
            let mut calls = Few::default();
            calls_before(event).chain(calls_after(event)).for_each(|id| calls.push(Word::from(id)));
            self.held.push_back(Held { calls, document: keep() });
        }
        room
    }

    /// Compares what the client knows with a snapshot. Returns the line's present calls.
    pub(crate) fn compare(&mut self, snapshot: &Snapshot<'_>) -> Calls {
        let Snapshot { switch, line, limit, known, .. } = *snapshot;
        self.void_changes();
        self.go_to(Progress::Telling { verified: true });
        let same = self.switch == switch;
        let mut now = Calls::default();
        let mut shown = VecDeque::new();
        for item in snapshot.items.iter().take(limit) {
            let Some(id) = item.connection.call.filter(|id| now.find(id).is_none()) else { continue };
            let before = self.calls.find(id).filter(|_| same).map(|call| call.stage);
            let Some(stage) = snapshot.stage_of(id, item, before) else { continue };
            if let Some(learnt) = known.find(id).filter(|_| snapshot.goes_on(id)) {
                now.keep(Call { stage, ..learnt.clone() }, limit);
            } else {
                now.add_new(line, &item.connection, stage, limit);
                let own = self.calls.find(id).filter(|_| same);
                let mut before = known.find(id).into_iter().chain(own);
                now.set_parties(id, before.find_map(|call| call.parties.clone()));
            }
            if [known, &self.calls].iter().any(|calls| calls.find(id).is_some_and(|call| call.is_crowded)) {
                now.note_crowded(id);
            }
            if let Some(call) = now.find(id).filter(|_| before != Some(stage)) {
                let told = (item, seen(item, snapshot.parties));
                shown.push_back(Change::shown(switch, call.clone(), before, told));
            }
        }
        // Calls that events tell of, and of which the snapshot knew nothing yet, or nothing under this callID.
        let own = self.calls.iter().filter(|_| same);
        let mut by_events: Few<Word> = Few::default();
        for call in known.iter().chain(own) {
            if !snapshot.goes_on(&call.id) || now.find(&call.id).is_some() || now.len() >= limit {
                continue;
            }
            now.keep(call.clone(), limit);
            let before = self.calls.find(&call.id).filter(|_| same).map(|call| call.stage);
            if before == Some(call.stage) {
                continue;
            }
            // Events that wait tell of a call from its beginning, unless it had another callID then.
            let waits = self.held.iter().any(|held| held.is_about(&call.id));
            if waits && !snapshot.is_renamed(&call.id) {
                by_events.push(call.id.clone());
            } else {
                shown.push_back(Change::begun(switch, call.clone(), before));
            }
        }
        self.supersede(|id| now.find(id).is_some() && !by_events.iter().any(|call| **call == *id));
        self.gone.retain(|change| change.switch != switch || now.find(&change.call.id).is_none());
        self.clear_all_but(switch, |call| now.find(&call.id).is_some());
        self.changes.append(&mut shown);
        now
    }

    /// Drops the events that wait about calls that are told otherwise, and about those that became such a call.
    fn supersede(&mut self, is_told: impl Fn(&str) -> bool) {
        let mut dropped: Few<Word> = Few::default();
        let mut left = VecDeque::new();
        while let Some(event) = self.held.pop_back() {
            if event.calls.iter().any(|id| is_told(id) || dropped.contains(id)) {
                event.calls.iter().for_each(|id| dropped.push(id.clone()));
            } else {
                left.push_front(event);
            }
        }
        self.held = left;
    }

    /// Compares what the client knows with a snapshot for another monitor of the line, unless this one's own is still
    /// to come. Returns true if there is something to tell only now.
    pub(super) fn compare_shared(&mut self, snapshot: &Snapshot<'_>) -> bool {
        if self.awaits_snapshot() {
            return false;
        }
        let was_telling = self.is_telling();
        self.compare(snapshot);
        !was_telling
    }

    /// Goes on without a snapshot of the phone system numbered `switch`. Calls of any other cannot exist there.
    pub(super) fn compare_without(&mut self, switch: u8) {
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
    pub(super) fn clear_leftovers(&mut self, now: &Calls) -> bool {
        if self.progress == (Progress::Telling { verified: true }) {
            let beyond = self.calls.iter().filter(|call| now.find(&call.id).is_none());
            self.changes.extend(beyond.map(|call| Change::cleared(self.switch, call.clone())));
        }
        self.has_changes()
    }

    /// After everything was told: whether the client knows what its switch monitor knows, and this state can be
    /// dropped.
    pub(super) fn is_over(&mut self) -> bool {
        if self.progress == (Progress::Telling { verified: false }) {
            self.go_to(Progress::Unverified);
        }
        self.progress != Progress::Unverified
    }

    /// Takes the next change, which counts as told.
    pub(super) fn next_change(&mut self, limit: usize) -> Option<Change> {
        let change = self.changes.pop_front()?;
        if change.now.is_some() {
            // No change tells who is in a call.
            let parties = self.calls.find(&change.call.id).and_then(|call| call.parties.clone());
            self.calls.keep(Call { parties, ..change.call.clone() }, limit);
        } else if self.switch == change.switch {
            self.calls.remove(&change.call.id);
        }
        Some(change)
    }

    /// Takes the next event that waited. Due once all changes are told.
    pub(super) fn next_held(&mut self) -> Option<Box<[u8]>> {
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
    since,
    requested,
} }

#[cfg(test)]
mod tests;
