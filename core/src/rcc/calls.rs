//! The calls at a line, as reported by events and snapshots.

use alloc::boxed::Box;

use super::merger::{Former, Merger, Replaced};
use super::parties::Parties;
use crate::few::Few;
use crate::line::identifier::{is_line, is_other_number};
use crate::line::type_of_number::TypeOfNumber;
use crate::time::Instant;
use crate::wire::csta::model::{
    CallEvent, CallEventKind, Connection, Device, LocalConnectionState as State, Party, SnapshotItem,
};
use crate::word::Word;

/// The stage of a call as seen from the line, which is what a client shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The phone is off hook.
    Initiated,
    /// The number has been dialled.
    Originated,
    /// It rings at the far end.
    Delivered,
    /// The phone rings.
    Ringing,
    /// The parties are talking.
    Established,
    /// It is on hold here.
    Held,
    /// It waits here: parked, camped on, or in a queue.
    Queued,
    /// The call failed, and nobody has hung up yet.
    Failed,
    /// The client was told, but may have received an older event since. Equal to no other stage.
    Unsure,
}

impl Stage {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Initiated => "initiated",
            Self::Originated => "originated",
            Self::Delivered => "delivered",
            Self::Ringing => "ringing",
            Self::Established => "established",
            Self::Held => "held",
            Self::Queued => "queued",
            Self::Failed => "failed",
            Self::Unsure => "unsure",
        }
    }
}

/// A call the line takes part in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// The phone system's callID.
    pub(crate) id: Word,
    /// The deviceID of the line's own connection: the line itself unless the phone system gave another.
    pub(crate) device: Word,
    /// The deviceID's `typeOfNumber`.
    pub(crate) kind: TypeOfNumber,
    pub(crate) stage: Stage,
    /// Whether it was said that it has more parties than count.
    pub(super) is_crowded: bool,
    /// The other parties, if all of them were told: by a transfer or a conference, and since then.
    pub(super) parties: Option<Box<Parties>>,
}

impl Call {
    /// A call in which the line's own connection has this device.
    pub(super) fn new(id: &str, device: Device<'_>, stage: Stage) -> Self {
        let kind = TypeOfNumber::of(device);
        let (id, device) = (Word::from(id), Word::from(device.id));
        Self { id, device, kind, stage, is_crowded: false, parties: None }
    }

    pub(super) fn set_device(&mut self, device: Device<'_>) {
        if *self.device != *device.id {
            self.device = Word::from(device.id);
        }
        self.kind = TypeOfNumber::of(device);
    }

    /// Returns the device of the line's own connection.
    pub(crate) fn own_device(&self) -> Device<'_> {
        Device { id: &self.device, type_of_number: self.kind.word() }
    }
}

/// The calls of one line, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Calls {
    list: Few<Call>,
    /// Boxed, since few lines are ever transferred.
    former: Option<Box<Former>>,
}

impl Calls {
    /// Returns the number of calls.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// Returns the call with this ID.
    pub(crate) fn find(&self, id: &str) -> Option<&Call> {
        self.list.iter().find(|known| &*known.id == id)
    }

    /// Iterates over all calls.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Call> {
        self.list.iter()
    }

    /// Removes a call.
    pub(crate) fn remove(&mut self, id: &str) {
        self.list.retain(|known| &*known.id != id);
        self.former.take_if(|former| !former.forget(id));
    }

    /// Adds or replaces a call. At the limit the oldest, whose end was probably never reported, is removed and
    /// returned.
    pub(crate) fn keep(&mut self, call: Call, limit: usize) -> Option<Call> {
        if let Some(known) = self.list.iter_mut().find(|known| known.id == call.id) {
            *known = call;
            return None;
        }
        let forgotten = if self.list.len() >= limit { self.list.take_first() } else { None };
        self.list.push(call);
        forgotten
    }

    /// Updates the calls from an event at `line`; calls that ended there are removed. At the limit the oldest, whose
    /// end was probably never reported, is removed and returned.
    pub(crate) fn learn(&mut self, line: &str, event: &CallEvent<'_>, limit: usize) -> Option<Call> {
        if let Some(merger) = Merger::of(self, line, event) {
            return self.merge(&merger, event, limit);
        }
        let id = event.connection.call?;
        let about_us = is_about(line, event);
        if ends_call(event, about_us) {
            self.remove(id);
            return None;
        }
        if let Some(parties) = self.parties_of(id).filter(|_| !about_us) {
            parties.note(event);
        }
        // It rings elsewhere now; for this line nothing has changed.
        if event.kind == CallEventKind::Diverted {
            return None;
        }
        let own = event.connection.device.filter(|_| about_us);
        if let Some(known) = self.list.iter_mut().find(|known| &*known.id == id) {
            known.stage = stage_after(event, about_us, Some(known.stage));
            if let Some(own) = own {
                known.set_device(own);
            }
            return None;
        }
        let stage = stage_after(event, about_us, None);
        self.keep(Call::new(id, own.unwrap_or(plain(line)), stage), limit)
    }

    /// Returns the calls that an event takes away under their callIDs because they are transferred or joined: a client
    /// that does not understand the event still shows them (client quirk 13).
    pub(crate) fn replaced_by(&self, line: &str, event: &CallEvent<'_>) -> Replaced {
        let merger = Merger::of(self, line, event);
        let gone = merger.iter().flat_map(|merger| merger.olds.iter().filter(|old| !merger.keeps(old)));
        gone.filter_map(|old| self.find(old).cloned()).collect()
    }

    /// Merges calls into one: those that the line took part in continue under the new callID, unless the line left
    /// them.
    fn merge(&mut self, merger: &Merger<'_>, event: &CallEvent<'_>, limit: usize) -> Option<Call> {
        let mut call = merger.result(self);
        if let Some(call) = &mut call {
            call.parties = Parties::listed(merger.line, call, event);
        }
        for old in merger.olds.iter().filter(|old| !merger.keeps(old)) {
            self.list.retain(|known| &*known.id != *old);
        }
        let Some(call) = call else {
            merger.olds.iter().for_each(|old| self.remove(old));
            return None;
        };
        for old in merger.olds.iter().filter(|old| !merger.keeps(old)) {
            self.former.get_or_insert_default().add(old, &call.id, limit);
        }
        self.keep(call, limit)
    }

    /// Returns the call that had this ID until a transfer or conference, the latest first.
    pub(crate) fn successor(&self, id: &str) -> Option<&str> {
        let former = self.former.as_deref()?;
        former.names.iter().rev().find(|(old, _)| **old == *id).map(|(_, new)| &**new)
    }

    /// Returns the call that one means by this ID who may not know of a transfer or conference.
    pub(super) fn find_as_named(&self, id: &str, now: Instant) -> Option<&Call> {
        let renamed = || self.find(self.successor(id).filter(|_| self.may_be_named_as_before(now))?);
        self.find(id).or_else(renamed)
    }

    /// Whether any call had another ID until a transfer or conference.
    pub(super) const fn have_former(&self) -> bool {
        self.former.is_some()
    }

    /// Whether a call had another ID until a transfer or conference.
    pub(super) fn has_former(&self, id: &str) -> bool {
        self.former.as_deref().is_some_and(|former| former.names.iter().any(|(_, new)| **new == *id))
    }

    /// Sets until when clients that were told of a transfer or conference may still name the calls as before.
    pub(super) fn keep_former_until(&mut self, until: Instant) {
        if let Some(former) = &mut self.former {
            former.until = until;
        }
    }

    /// Whether a request that comes now may have been sent before its client was told of a transfer or conference.
    pub(super) fn may_be_named_as_before(&self, now: Instant) -> bool {
        self.former.as_ref().is_some_and(|former| now < former.until)
    }

    /// Adds a call that a response names with the line's own connection. A call that is already known stays as it is.
    pub(super) fn add_new(&mut self, line: &str, connection: &Connection<'_>, stage: Stage, limit: usize) {
        let Some(id) = connection.call.filter(|id| self.find(id).is_none()) else { return };
        // A device that is clearly another number cannot be the line's own.
        let own = connection.device.filter(|own| !is_other_number(*own, line));
        self.keep(Call::new(id, own.unwrap_or(plain(line)), stage), limit);
    }

    fn parties_of(&mut self, id: &str) -> Option<&mut Parties> {
        let call = self.list.iter_mut().find(|known| &*known.id == id);
        call.and_then(|call| call.parties.as_deref_mut())
    }

    /// Sets the other parties of a call, if it is known; `None` if not all of them were told.
    pub(super) fn set_parties(&mut self, id: &str, parties: Option<Box<Parties>>) {
        if let Some(known) = self.list.iter_mut().find(|known| &*known.id == id) {
            known.parties = parties;
        }
    }

    /// Marks all calls as unsure, except those for which `is_sure` holds.
    pub(super) fn mark_unsure_except(&mut self, is_sure: impl Fn(&str) -> bool) {
        for call in self.list.iter_mut().filter(|call| !is_sure(&call.id)) {
            call.stage = Stage::Unsure;
        }
    }

    /// Notes that it was said that a call has more parties than count. Returns false if it had been said before, or if
    /// the call is not known.
    pub(super) fn note_crowded(&mut self, id: &str) -> bool {
        let call = self.list.iter_mut().find(|known| &*known.id == id);
        call.is_some_and(|call| !core::mem::replace(&mut call.is_crowded, true))
    }

    /// Notes that a call waits now: at the line itself, if that is its state in it; otherwise of what is not known, and what
    /// a client makes of it neither.
    pub(super) fn note_queued(
        &mut self,
        line: &str,
        queued: Option<(Connection<'_>, Option<State>)>,
        limit: usize,
    ) {
        let Some((connection, local)) = queued else { return };
        let stage = if local == Some(State::Queued) { Stage::Queued } else { Stage::Unsure };
        self.add_new(line, &connection, stage, limit);
        self.advance(connection.call, stage);
    }

    /// Sets the stage of a call, if it is known.
    pub(crate) fn advance(&mut self, id: Option<&str>, stage: Stage) {
        if let Some(known) = self.list.iter_mut().find(|known| Some(&*known.id) == id) {
            known.stage = stage;
        }
    }
}

/// Whether a call of the line is over there, or under this callID, after an event.
pub(crate) fn ends(line: &str, event: &CallEvent<'_>, id: &str) -> bool {
    let mut calls = Calls::default();
    calls.add_new(line, &Connection { call: Some(id), device: None }, Stage::Established, 1);
    calls.learn(line, event, 2);
    calls.find(id).is_none()
}

/// Whether an event other than of a transfer or a conference ends the line's part in its call.
fn ends_call(event: &CallEvent<'_>, about_us: bool) -> bool {
    let is_left = event.local == Some(State::Null);
    let leaves = matches!(event.kind, CallEventKind::ConnectionCleared | CallEventKind::Diverted);
    event.kind == CallEventKind::CallCleared || (leaves && (about_us || is_left))
}

pub(super) fn is_about(line: &str, event: &CallEvent<'_>) -> bool {
    match event.subject {
        Party::Device(device) => is_line(device, line),
        Party::NotKnown | Party::Restricted => false,
    }
}

pub(super) const fn plain(id: &str) -> Device<'_> {
    Device { id, type_of_number: None }
}

/// Returns the stage of a call after an event; `before` is the one before it, if the call was known. What happens to
/// another party changes nothing for a line that is talking, or has the call on hold.
fn stage_after(event: &CallEvent<'_>, about_us: bool, before: Option<Stage>) -> Stage {
    let talks = before.filter(|before| matches!(before, Stage::Established | Stage::Held));
    let talks = talks.filter(|_| !about_us);
    let unchanged = before.unwrap_or(Stage::Unsure);
    match (event.local, event.kind) {
        (Some(State::Hold), _) => Stage::Held,
        (Some(State::Alerting), _) => Stage::Ringing,
        (Some(State::Fail), _) => Stage::Failed,
        (Some(State::Queued), _) => Stage::Queued,
        (_, CallEventKind::ServiceInitiated) => Stage::Initiated,
        (_, CallEventKind::Originated) => Stage::Originated,
        (None, CallEventKind::Held) if about_us => Stage::Held,
        (None, CallEventKind::Delivered) if about_us => Stage::Ringing,
        (_, CallEventKind::Retrieved) if about_us => Stage::Established,
        // The state that is given is the line's; the event is another party's.
        (Some(State::Connected), _) if talks.is_some() => Stage::Established,
        (_, CallEventKind::Failed) => talks.unwrap_or(Stage::Failed),
        (_, CallEventKind::Delivered | CallEventKind::NetworkReached) => talks.unwrap_or(Stage::Delivered),
        (_, CallEventKind::Established) => talks.unwrap_or(Stage::Established),
        _ => unchanged,
    }
}

/// What a snapshot tells about a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// The line takes no part in it.
    Gone,
    /// It is at this stage.
    At(Stage),
    /// The phone system does not tell.
    Unknown,
}

/// Returns what a snapshot item tells about a call of which so many `parties` count. The first state is that of the
/// line's own connection.
pub(crate) fn seen(item: &SnapshotItem<'_>, parties: usize) -> Seen {
    let Some((own, others)) = item.states.split_first() else { return Seen::Unknown };
    let beyond = || item.further_states().take(parties.saturating_sub(item.states.len()));
    let any = |state: State| others.contains(&state) || beyond().any(|other| other == Some(state));
    Seen::At(match own {
        State::Null if any(State::Fail) => Stage::Failed,
        State::Null => return Seen::Gone,
        State::Initiated => Stage::Initiated,
        State::Alerting => Stage::Ringing,
        State::Hold => Stage::Held,
        State::Fail => Stage::Failed,
        State::Queued => Stage::Queued,
        State::Connected if others.is_empty() || any(State::Connected) || any(State::Hold) => {
            Stage::Established
        }
        State::Connected if any(State::Alerting) || any(State::Queued) => Stage::Delivered,
        State::Connected if any(State::Fail) => Stage::Failed,
        State::Connected => Stage::Originated,
    })
}

crate::digest! { struct Call {
    id,
    device,
    kind => kind.word().unwrap_or_default(),
    stage => stage.name(),
    is_crowded,
    parties => parties.as_deref(),
} }

crate::digest! { struct Calls { list, former => former.as_deref() } }

#[cfg(test)]
mod tests;
