//! The calls at a line, as reported by events and snapshots.

use crate::few::Few;
use crate::line::identifier::{is_line, is_other_number};
use crate::line::type_of_number::TypeOfNumber;
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
}

impl Call {
    /// A call in which the line's own connection has this device.
    fn new(id: &str, device: Device<'_>, stage: Stage) -> Self {
        let kind = TypeOfNumber::of(device);
        Self { id: Word::from(id), device: Word::from(device.id), kind, stage }
    }

    fn set_device(&mut self, device: Device<'_>) {
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
pub(crate) struct Calls(Few<Call>);

impl Calls {
    /// Returns the number of calls.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the call with this ID.
    pub(crate) fn find(&self, id: &str) -> Option<&Call> {
        self.0.iter().find(|known| &*known.id == id)
    }

    /// Iterates over all calls.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Call> {
        self.0.iter()
    }

    /// Removes a call.
    pub(crate) fn remove(&mut self, id: &str) {
        self.0.retain(|known| &*known.id != id);
    }

    /// Adds or replaces a call. At the limit the oldest, whose end was probably never reported, is removed and
    /// returned.
    pub(crate) fn keep(&mut self, call: Call, limit: usize) -> Option<Call> {
        if let Some(known) = self.0.iter_mut().find(|known| known.id == call.id) {
            *known = call;
            return None;
        }
        let forgotten = if self.0.len() >= limit { self.0.take_first() } else { None };
        self.0.push(call);
        forgotten
    }

    /// Updates the calls from an event at `line`; calls that ended there are removed. At the limit the oldest, whose
    /// end was probably never reported, is removed and returned.
    pub(crate) fn learn(&mut self, line: &str, event: &CallEvent<'_>, limit: usize) -> Option<Call> {
        let id = event.connection.call?;
        let about_us = is_about(line, event);
        match event.kind {
            CallEventKind::Transfered | CallEventKind::Conferenced => {
                let leaves = about_us || event.local == Some(State::Null);
                self.merge(event, leaves && event.kind == CallEventKind::Transfered);
                return None;
            }
            CallEventKind::CallCleared => {
                self.remove(id);
                return None;
            }
            CallEventKind::Diverted if about_us => {
                self.remove(id);
                return None;
            }
            // It rings elsewhere now; for this line nothing has changed.
            CallEventKind::Diverted => return None,
            CallEventKind::ServiceInitiated
            | CallEventKind::Originated
            | CallEventKind::Delivered
            | CallEventKind::Established
            | CallEventKind::Held
            | CallEventKind::Retrieved
            | CallEventKind::Failed
            | CallEventKind::ConnectionCleared
            | CallEventKind::NetworkReached => {}
        }
        if event.kind == CallEventKind::ConnectionCleared && (about_us || event.local == Some(State::Null)) {
            self.remove(id);
            return None;
        }
        let own = event.connection.device.filter(|_| about_us);
        if let Some(known) = self.0.iter_mut().find(|known| &*known.id == id) {
            known.stage = stage_after(event, about_us, known.stage);
            if let Some(own) = own {
                known.set_device(own);
            }
            return None;
        }
        let stage = stage_after(event, about_us, Stage::Established);
        self.keep(Call::new(id, own.unwrap_or(plain(line)), stage), limit)
    }

    /// Merges calls into one (ECMA-269, Transferred and Conferenced events): the old calls are removed, and those that
    /// the line took part in continue under the new callID, unless the line left them.
    fn merge(&mut self, event: &CallEvent<'_>, left: bool) {
        let olds = [event.connection.call, event.second.and_then(|second| second.call)];
        let mut lives_on = None;
        for item in event.list() {
            let (Some(new), Some(old)) = (item.new, item.old.and_then(|old| old.call)) else { continue };
            let (Some(id), Some(known)) = (new.call, self.find(old)) else { continue };
            let mut call = lives_on.take().unwrap_or_else(|| known.clone());
            call.id = Word::from(id);
            // A client that may not know the old call does not learn of the new one.
            if known.stage != Stage::Unsure {
                call.stage = event.local.map_or(known.stage, |local| stage_in(local, known.stage));
            }
            let was = item.old.and_then(|old| old.device);
            if let Some(own) = new.device.filter(|_| was.is_some_and(|was| *known.device == *was.id)) {
                call.set_device(own);
            }
            lives_on = Some(call);
        }
        for old in olds.into_iter().flatten() {
            if lives_on.as_ref().is_none_or(|call| &*call.id != old) && (left || lives_on.is_some()) {
                self.remove(old);
            }
        }
        let Some(call) = lives_on else { return };
        if left {
            self.remove(&call.id);
        } else {
            self.keep(call, usize::MAX);
        }
    }

    /// Adds a call that a response names with the line's own connection. A call that is already known stays as it is.
    pub(super) fn add_new(&mut self, line: &str, connection: &Connection<'_>, stage: Stage, limit: usize) {
        let Some(id) = connection.call.filter(|id| self.find(id).is_none()) else { return };
        // A device that is clearly another number cannot be the line's own.
        let own = connection.device.filter(|own| !is_other_number(*own, line));
        self.keep(Call::new(id, own.unwrap_or(plain(line)), stage), limit);
    }

    /// Marks all calls as unsure, except those for which `is_sure` holds.
    pub(super) fn mark_unsure_except(&mut self, is_sure: impl Fn(&str) -> bool) {
        for call in self.0.iter_mut().filter(|call| !is_sure(&call.id)) {
            call.stage = Stage::Unsure;
        }
    }

    /// Sets the stage of a call, if it is known.
    pub(crate) fn advance(&mut self, id: Option<&str>, stage: Stage) {
        if let Some(known) = self.0.iter_mut().find(|known| Some(&*known.id) == id) {
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

fn is_about(line: &str, event: &CallEvent<'_>) -> bool {
    match event.subject {
        Party::Device(device) => is_line(device, line),
        Party::NotKnown | Party::Restricted => false,
    }
}

const fn plain(id: &str) -> Device<'_> {
    Device { id, type_of_number: None }
}

/// Returns the stage of a call after an event; `before` if the event does not tell.
fn stage_after(event: &CallEvent<'_>, about_us: bool, before: Stage) -> Stage {
    match (event.local, event.kind) {
        (Some(State::Hold), _) => Stage::Held,
        (Some(State::Alerting), _) => Stage::Ringing,
        (Some(State::Fail), _) | (_, CallEventKind::Failed) => Stage::Failed,
        (_, CallEventKind::ServiceInitiated) => Stage::Initiated,
        (_, CallEventKind::Originated) => Stage::Originated,
        (None, CallEventKind::Delivered) if about_us => Stage::Ringing,
        (_, CallEventKind::Delivered | CallEventKind::NetworkReached) => Stage::Delivered,
        (_, CallEventKind::Established) => Stage::Established,
        (None, CallEventKind::Held) if about_us => Stage::Held,
        (_, CallEventKind::Retrieved) if about_us => Stage::Established,
        (
            _,
            CallEventKind::Held
            | CallEventKind::Retrieved
            | CallEventKind::ConnectionCleared
            | CallEventKind::Diverted
            | CallEventKind::Transfered
            | CallEventKind::Conferenced
            | CallEventKind::CallCleared,
        ) => before,
    }
}

/// Returns the stage of a call whose line has its own connection in `state`; `before` if that does not tell.
const fn stage_in(state: State, before: Stage) -> Stage {
    match state {
        State::Hold => Stage::Held,
        State::Alerting => Stage::Ringing,
        State::Connected => Stage::Established,
        State::Fail => Stage::Failed,
        State::Initiated => Stage::Initiated,
        State::Null | State::Queued => before,
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

/// Returns what a snapshot item tells about a call. The first state is that of the line's own connection.
pub(crate) fn seen(item: &SnapshotItem<'_>) -> Seen {
    let Some((own, others)) = item.states.split_first() else { return Seen::Unknown };
    let any = |state: State| others.contains(&state);
    Seen::At(match own {
        State::Null if any(State::Fail) => Stage::Failed,
        State::Null => return Seen::Gone,
        State::Initiated => Stage::Initiated,
        State::Alerting => Stage::Ringing,
        State::Hold => Stage::Held,
        State::Fail => Stage::Failed,
        State::Queued => return Seen::Unknown,
        State::Connected if others.is_empty() || any(State::Connected) || any(State::Hold) => {
            Stage::Established
        }
        State::Connected if any(State::Alerting) || any(State::Queued) => Stage::Delivered,
        State::Connected if any(State::Fail) => Stage::Failed,
        State::Connected => Stage::Originated,
    })
}

crate::digest! { struct Call { id, device, kind => kind.word().unwrap_or_default(), stage => stage.name() } }

crate::digest! { struct Calls(calls) }

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::csta::model::ListItem;

    fn item(states: &[State]) -> SnapshotItem<'static> {
        let connection = Connection { call: Some("7"), device: None };
        SnapshotItem { connection, endpoint: None, states: states.iter().copied().collect(), source: None }
    }

    #[test]
    fn a_snapshot_says_how_far_a_call_has_come() {
        for (states, stage) in [
            (&[State::Initiated, State::Null][..], Stage::Initiated),
            (&[State::Connected, State::Null], Stage::Originated),
            (&[State::Connected, State::Alerting], Stage::Delivered),
            (&[State::Connected, State::Queued], Stage::Delivered),
            (&[State::Alerting, State::Connected], Stage::Ringing),
            (&[State::Connected, State::Connected], Stage::Established),
            (&[State::Connected, State::Hold], Stage::Established),
            (&[State::Connected, State::Null, State::Connected], Stage::Established),
            (&[State::Hold, State::Connected], Stage::Held),
            (&[State::Connected, State::Fail], Stage::Failed),
            (&[State::Null, State::Fail], Stage::Failed),
        ] {
            assert_eq!(seen(&item(states)), Seen::At(stage), "{states:?}");
        }
        assert_eq!(seen(&item(&[State::Null, State::Connected])), Seen::Gone);
        assert_eq!(seen(&item(&[])), Seen::Unknown);
    }

    #[test]
    fn what_is_plainly_another_number_is_not_the_line_s_own_device() {
        for (device, dynamic, own) in
            [("1002", false, "1001"), ("1002", true, "1002"), ("1001:CM1::0", false, "1001:CM1::0")]
        {
            let device = Device { id: device, type_of_number: dynamic.then_some("dynamic") };
            let mut calls = Calls::default();
            calls.add_new("1001", &Connection { call: Some("1"), device: Some(device) }, Stage::Held, 9);
            assert_eq!(calls.find("1").map(|call| &*call.device), Some(own));
        }
    }

    fn merged(kind: CallEventKind, subject: &str, local: Option<State>) -> Calls {
        let connection = |call, device| Connection {
            call: Some(call),
            device: Some(Device { id: device, type_of_number: None }),
        };
        let mut calls = Calls::default();
        calls.add_new("1001", &connection("1", "1001"), Stage::Held, 9);
        calls.add_new("1001", &connection("2", "1001"), Stage::Established, 9);
        let item = |old, device| ListItem {
            new: Some(connection("3", device)),
            old: Some(connection(old, device)),
            endpoint: None,
        };
        let list = [item("1", "1002"), item("2", "1003")];
        let event = CallEvent {
            second: Some(connection("2", "1001")),
            subject: Party::Device(Device { id: subject, type_of_number: None }),
            given_list: &list,
            local,
            ..CallEvent::new(kind, connection("1", "1001"))
        };
        calls.learn("1001", &event, 9);
        calls
    }

    #[test]
    fn a_line_that_transfers_its_calls_is_in_none_of_them() {
        let transfered = CallEventKind::Transfered;
        assert_eq!(merged(transfered, "1001", None).len(), 0);
        assert_eq!(merged(transfered, "", Some(State::Null)).len(), 0);
        let stayed = merged(transfered, "1002", Some(State::Connected));
        assert_eq!(stayed.iter().map(|call| &*call.id).collect::<alloc::vec::Vec<_>>(), ["3"]);
    }

    #[test]
    fn calls_that_become_a_conference_are_one_under_its_name() {
        let calls = merged(CallEventKind::Conferenced, "1001", Some(State::Connected));
        assert_eq!(calls.len(), 1);
        assert_eq!(calls.find("3").map(|call| call.stage), Some(Stage::Established));
        assert_eq!(calls.find("3").map(|call| &*call.device), Some("1001"));
    }

    #[test]
    fn the_oldest_call_makes_room_at_the_limit() {
        let mut calls = Calls::default();
        for id in ["1", "2", "3"] {
            let connection = Connection { call: Some(id), device: None };
            calls.add_new("1001", &connection, Stage::Initiated, 2);
        }
        assert_eq!(calls.len(), 2);
        assert!(calls.find("1").is_none() && calls.find("3").is_some());
    }
}
