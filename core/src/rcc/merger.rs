//! Calls that become one by a transfer or a conference (ECMA-269, Transferred and Conferenced events), and the callIDs
//! that they had before.

use alloc::vec::Vec;

use super::calls::{Call, Calls, Stage, is_about, plain};
use crate::line::identifier::is_line;
use crate::time::Instant;
use crate::wire::csta::model::{CallEvent, CallEventKind, Connection, LocalConnectionState as State};
use crate::word::Word;

/// The most calls of one line that one event makes one. The standard names two; further ones, of which lists could
/// speak, stay as they are until their ends are reported.
const MOST: usize = 4;

/// The calls that an event takes away under their callIDs.
pub(crate) type Replaced = heapless::Vec<Call, MOST>;

/// An event that makes calls of the line one, seen from the line.
pub(super) struct Merger<'e> {
    /// The callIDs before it, as far as the line knows the calls.
    pub(super) olds: heapless::Vec<&'e str, MOST>,
    /// The line's own connection after it; `None` if the line is in the call no more, or if the event does not tell.
    new: Option<Connection<'e>>,
    /// Whether the line is in the call no more.
    is_left: bool,
    local: Option<State>,
    pub(super) line: &'e str,
}

impl<'e> Merger<'e> {
    /// Returns what an event makes of the calls that the line knows. `None` if it is no transfer and no conference.
    pub(super) fn of(calls: &Calls, line: &'e str, event: &CallEvent<'e>) -> Option<Self> {
        if !matches!(event.kind, CallEventKind::Transfered | CallEventKind::Conferenced) {
            return None;
        }
        let is_left = leaves(line, event);
        let named = [event.connection.call, event.second.and_then(|second| second.call)];
        let listed = event.list().filter_map(|item| item.old?.call);
        let mut olds = heapless::Vec::new();
        for old in named.into_iter().flatten().chain(listed) {
            if calls.find(old).is_some() && !olds.contains(&old) && olds.push(old).is_err() {
                break;
            }
        }
        let new = if is_left { None } else { own_connection(calls, line, event, &olds) };
        Some(Self { olds, new, is_left, local: event.local, line })
    }

    /// Whether a call of before is still there, under the same callID.
    pub(super) fn keeps(&self, old: &str) -> bool {
        !self.is_left && self.new.is_none_or(|new| new.call == Some(old))
    }

    /// Returns the call that results for the line. If the event does not tell, the first call stays as it is.
    pub(super) fn result(&self, calls: &Calls) -> Option<Call> {
        if self.is_left {
            return None;
        }
        let known = self.olds.iter().filter_map(|old| calls.find(old));
        let first = known.clone().next();
        let Some(new) = self.new else { return first.cloned() };
        let (id, device) = (new.call?, new.device);
        let Some(first) = first else {
            // The line was added, and its client may not have understood that; or the event comes twice.
            let added = || Call::new(id, device.unwrap_or(plain(self.line)), Stage::Unsure);
            return Some(calls.find(id).cloned().unwrap_or_else(added));
        };
        // A client that may not know the calls does not learn of the new one.
        let sure = known.filter(|call| call.stage != Stage::Unsure);
        let active = sure.clone().find(|call| call.stage != Stage::Held).or_else(|| sure.clone().next());
        let mut call = active.unwrap_or(first).clone();
        if let Some(local) = self.local.filter(|_| active.is_some()) {
            call.stage = stage_in(local, call.stage);
        }
        call.id = Word::from(id);
        if let Some(own) = device {
            call.set_device(own);
        }
        Some(call)
    }
}

/// Whether the line is in no call after a transfer or conference: it transferred its calls, or is said to be out.
pub(super) fn leaves(line: &str, event: &CallEvent<'_>) -> bool {
    let transfers = event.kind == CallEventKind::Transfered && is_about(line, event);
    transfers || event.local == Some(State::Null)
}

/// Returns the line's own connection in the call that results: the one that takes the place of its connection of
/// before, or else has its number. If the list names neither, all its connections are of the one resulting call.
fn own_connection<'e>(
    calls: &Calls,
    line: &str,
    event: &CallEvent<'e>,
    olds: &[&str],
) -> Option<Connection<'e>> {
    let has_call = |new: &Connection<'_>| new.call.is_some();
    let is_own = |old: Connection<'_>| {
        let known = old.call.and_then(|call| calls.find(call));
        known.is_some_and(|known| old.device.is_some_and(|device| *device.id == *known.device))
    };
    let is_line = |new: &Connection<'_>| new.device.is_some_and(|device| is_line(device, line));
    let of_known = event.list().filter(|item| item.old.is_some_and(is_own)).find_map(|item| item.new);
    let by_number = || event.list().filter_map(|item| item.new).find(is_line);
    if let Some(own) = of_known.or_else(by_number).filter(has_call) {
        return Some(own);
    }
    if olds.is_empty() {
        return None;
    }
    let is_of_ours =
        |old: Option<Connection<'_>>| old.and_then(|old| old.call).is_some_and(|old| olds.contains(&old));
    let of_ours = event.list().filter(|item| is_of_ours(item.old)).filter_map(|item| item.new).find(has_call);
    let any = || event.list().filter_map(|item| item.new).find(has_call);
    of_ours.or_else(any).map(|new| Connection { call: new.call, device: None })
}

/// Returns the stage of a call whose line has its own connection in `state`; `before` if that does not tell.
const fn stage_in(state: State, before: Stage) -> Stage {
    match state {
        State::Hold => Stage::Held,
        State::Alerting => Stage::Ringing,
        State::Connected => Stage::Established,
        State::Fail => Stage::Failed,
        State::Initiated => Stage::Initiated,
        State::Queued => Stage::Queued,
        State::Null => before,
    }
}

/// The callIDs that calls had before transfers and conferences, with those that they have now.
#[derive(Clone, Debug, Default)]
pub(super) struct Former {
    /// The oldest first.
    pub(super) names: Vec<(Word, Word)>,
    /// Until when clients may use them that were told.
    pub(super) until: Instant,
}

impl Former {
    /// Notes that a call has another ID now. At the limit the oldest is forgotten.
    pub(super) fn add(&mut self, old: &str, new: &Word, limit: usize) {
        for (_, now) in self.names.iter_mut().filter(|(_, now)| **now == *old) {
            *now = new.clone();
        }
        self.names.retain(|(other, _)| **other != *old);
        if self.names.len() >= limit {
            self.names.remove(0);
        }
        self.names.push((Word::from(old), new.clone()));
    }

    /// Forgets the former IDs of a call that is over. Returns false if none is left.
    pub(super) fn forget(&mut self, id: &str) -> bool {
        self.names.retain(|(_, now)| **now != *id);
        !self.names.is_empty()
    }
}

crate::digest! { struct Former {
    names => names.iter().flat_map(|(old, new)| [old, new]).cloned().collect::<Vec<Word>>(),
    until,
} }
