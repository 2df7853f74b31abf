//! Who is in a call, as clients were told: of more than two parties events say it once, and then only what changes.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::calls::Call;
use crate::line::identifier::{is_line, is_number, with_number};
use crate::wire::csta::model::{
    CallEvent, CallEventKind as Kind, Connection, Device, LocalConnectionState as State, OnCall, Party,
    SnapshotItem,
};
use crate::word::Word;

/// The most parties that are remembered. Of a call that has more it counts as not known who they are.
const MOST: usize = 16;

/// The least parties of a call that is a conference.
const CONFERENCE: usize = 3;

/// The parties of a call but for the line's own, by number or, without one, by identifier; each once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parties(Vec<Word>);

/// What a client is to be told of a call's parties.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Difference {
    /// Nothing: it knows them.
    None,
    /// That these have left.
    Left(Vec<Word>),
    /// Who they are.
    Others,
}

impl Parties {
    /// The parties of the call that results from a transfer or a conference, `None` if the event does not list them.
    pub(super) fn listed(line: &str, call: &Call, event: &CallEvent<'_>) -> Option<Box<Self>> {
        let mut list = event.list().filter_map(|item| Some((item.new?, item.endpoint))).peekable();
        list.peek()?;
        let others = list.filter(|(new, endpoint)| !is_own(line, &call.device, new.device, *endpoint));
        Self::of(others.map(|(new, endpoint)| name_of(new.device, endpoint)))
    }

    /// The other parties of a call that the phone system was asked for.
    pub(super) fn found(line: &str, call: &Call, found: &[OnCall<'_>]) -> Option<Box<Self>> {
        let others = found.iter().filter(|one| !is_own_of(line, call, one));
        Self::of(others.map(|one| name_of(device_of(one), Some(one.device))))
    }

    fn of(names: impl Iterator<Item = Option<Word>>) -> Option<Box<Self>> {
        let mut parties = Self::default();
        for name in names {
            parties.add(name?);
        }
        (parties.0.len() < MOST).then(|| Box::new(parties))
    }

    fn add(&mut self, name: Word) {
        if !self.0.contains(&name) && self.0.len() < MOST {
            self.0.push(name);
        }
    }

    /// Notes what an event says of another party.
    pub(super) fn note(&mut self, event: &CallEvent<'_>) {
        let name = name_of(event.connection.device, Some(event.subject));
        match (event.kind, name) {
            (Kind::Delivered | Kind::Established | Kind::NetworkReached, Some(name)) => self.add(name),
            (Kind::ConnectionCleared | Kind::Diverted, Some(name)) => self.0.retain(|known| *known != name),
            _ => {}
        }
    }

    /// Whether they make the call a conference.
    pub(super) fn are_a_conference(&self) -> bool {
        self.0.len() + 1 >= CONFERENCE
    }

    /// Compares these, which are there, with those that a client `knows`. Only a number tells for certain that a party
    /// is not the one that another name stands for.
    pub(super) fn difference(&self, knows: Option<&Self>) -> Difference {
        let Some(knows) = knows else { return Difference::Others };
        let mut gone = knows.0.iter().filter(|known| !self.0.contains(known));
        let has_joined = self.0.iter().any(|now| !knows.0.contains(now));
        match (gone.next(), gone.next(), has_joined) {
            (None, _, false) => Difference::None,
            (Some(left), None, false) if is_number(left) => Difference::Left(Vec::from([left.clone()])),
            _ => Difference::Others,
        }
    }

    /// What a client is to be told that `knows` these parties of a call that is no conference any more: of two parties
    /// events tell who comes, but not that those are gone who left unheard.
    pub(super) fn difference_of_two(&self, knows: Option<&Self>) -> Difference {
        let before = knows.into_iter().flat_map(|knows| &knows.0);
        let gone: Vec<Word> = before.filter(|one| is_number(one) && !self.0.contains(one)).cloned().collect();
        if gone.is_empty() { Difference::None } else { Difference::Left(gone) }
    }
}

impl PartialEq for Parties {
    /// Whether they are the same, in any order.
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.0.iter().all(|name| other.0.contains(name))
    }
}

impl Eq for Parties {}

/// Whether a snapshot's item may be of a conference: not of a call that only rings at several phones.
pub(super) fn may_be_conference(item: &SnapshotItem<'_>) -> bool {
    let states = item.states.iter().copied().map(Some).chain(item.further_states());
    item.states.is_empty() || is_conference(states)
}

/// Whether the parties that a phone system found make a call a conference.
pub(super) fn are_conference(found: &[OnCall<'_>]) -> bool {
    is_conference(found.iter().map(|one| one.state))
}

/// Whether connections in these states, `None` for those that are not known, are a conference's.
fn is_conference(states: impl Iterator<Item = Option<State>>) -> bool {
    let (mut parties, mut talking) = (0, 0);
    for state in states.filter(|state| *state != Some(State::Null)) {
        parties += 1;
        talking += usize::from(matches!(state, None | Some(State::Connected | State::Hold)));
    }
    parties >= CONFERENCE && talking > 1
}

/// The line's own party in a call, if it is among those found.
pub(super) fn own_in<'a>(line: &str, call: &Call, found: &[OnCall<'a>]) -> Option<OnCall<'a>> {
    let own = found.iter().find(|one| is_own_of(line, call, one));
    own.copied().filter(|own| own.state != Some(State::Null))
}

/// The device of a party's connection.
pub(super) fn device_of<'a>(one: &OnCall<'a>) -> Option<Device<'a>> {
    let named = if let Party::Device(device) = one.device { Some(device) } else { None };
    one.connection.and_then(|connection: Connection<'a>| connection.device).or(named)
}

fn is_own_of(line: &str, call: &Call, one: &OnCall<'_>) -> bool {
    is_own(line, &call.device, device_of(one), Some(one.device))
}

fn is_own(line: &str, own: &str, device: Option<Device<'_>>, endpoint: Option<Party<'_>>) -> bool {
    let named = if let Some(Party::Device(device)) = endpoint { Some(device) } else { None };
    named.or(device).is_some_and(|named| is_line(named, line))
        || device.is_some_and(|device| device.id == own)
}

/// What a party is known by.
fn name_of(device: Option<Device<'_>>, endpoint: Option<Party<'_>>) -> Option<Word> {
    let named = if let Some(Party::Device(device)) = endpoint { Some(device) } else { None };
    let named = named.or(device)?;
    Some(with_number(named, |number| Word::from(number)).unwrap_or_else(|| Word::from(named.id)))
}

/// Whether an event says anew who is in a call.
pub(super) fn lists_parties(event: &CallEvent<'_>) -> bool {
    matches!(event.kind, Kind::Transfered | Kind::Conferenced) && event.list().any(|item| item.new.is_some())
}

crate::digest! { struct Parties(names) }

#[cfg(test)]
mod tests;
