//! The client's picture of the calls at its line, kept from events, answers and snapshots as a real client keeps it: it
//! knows what it was told, and nothing else.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use ctigate_core::digest::{Digest, Digester};
use ctigate_core::line::dial::dialable;
use ctigate_core::line::tel::Tel;
use ctigate_core::wire::csta::model::{Connection, Device, LocalConnectionState as State, Party as Named};

mod following;
mod snapshots;

/// The most calls that are kept; a new one then replaces the oldest.
const KEPT: usize = 16;

/// The greatest short number of a call. No more are needed than there are calls.
const NUMBERS: u32 = 16;

/// The states of a call, that which most wants attention first.
const ATTENTION: [State; 6] =
    [State::Alerting, State::Connected, State::Initiated, State::Fail, State::Queued, State::Hold];

/// The most parties of one call that are kept; more are not noted.
const PARTIES: usize = 64;

/// A device that takes part in a call, other than the client's own line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// The device of its connection, if the client was told one.
    id: Option<String>,
    number: Option<String>,
    state: Option<State>,
}

impl Party {
    /// Its number, if the client was told one; else it is unknown or withheld.
    #[must_use]
    pub fn number(&self) -> Option<&str> {
        self.number.as_deref()
    }

    /// The state of its connection; `None` if the client was told that it takes part, but not how.
    #[must_use]
    pub const fn state(&self) -> Option<State> {
        self.state
    }

    fn is(&self, id: Option<&str>, number: Option<&str>) -> bool {
        (id.is_some() && self.id.as_deref() == id) || (number.is_some() && self.number.as_deref() == number)
    }

    fn shown(&self) -> &str {
        self.number().unwrap_or("unknown")
    }

    fn word(&self) -> &'static str {
        self.state.map_or("unknown", State::word)
    }
}

/// A call at the client's line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    number: u32,
    id: String,
    /// The device of the connection seen last: real clients send back the identifier that they saw last.
    device: Option<(String, Option<String>)>,
    state: State,
    parties: Vec<Party>,
    /// Whether the client was told that it consults somebody, and about which call.
    consults: Option<u32>,
}

impl Call {
    /// The short number by which a command names it: the lowest that no other call has.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// Its callID, as the client was last told.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The state of the line's own connection; never [`State::Null`].
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// The other devices in it, in the order in which the client was told of them.
    #[must_use]
    pub fn parties(&self) -> &[Party] {
        &self.parties
    }

    /// The number of the call about which somebody is consulted in this one.
    #[must_use]
    pub const fn consultation_of(&self) -> Option<u32> {
        self.consults
    }

    /// Whether it is as `expect calls` says: its state, and the numbers in it, each with its state if that matters:
    /// `hold:1002`, `connected:1002/hold+1003`, `queued:none`; `connected:*` with whomever.
    fn is_as(&self, wanted: &str) -> bool {
        let (state, with) = wanted.split_once(':').unwrap_or((wanted, "none"));
        if with == "*" {
            return state == self.state.word();
        }
        let mut parties: Vec<&Party> = self.parties.iter().collect();
        parties.sort_by_key(|party| party.shown());
        let mut wanted: Vec<(&str, Option<&str>)> = with
            .split('+')
            .filter(|party| *party != "none")
            .map(|party| party.split_once('/').map_or((party, None), |(number, state)| (number, Some(state))))
            .collect();
        wanted.sort_unstable();
        let is_party = |(party, (number, state)): (&&Party, &(&str, Option<&str>))| {
            party.shown() == *number && state.is_none_or(|state| party.word() == state)
        };
        state == self.state.word()
            && parties.len() == wanted.len()
            && parties.iter().zip(&wanted).all(is_party)
    }

    /// Its state and its parties with theirs, as `expect calls` takes them.
    fn outline(&self) -> String {
        let shown = |party: &Party| format!("{}/{}", party.shown(), party.word());
        let parties: Vec<String> = self.parties.iter().map(shown).collect();
        let parties = if parties.is_empty() { "none".into() } else { parties.join("+") };
        format!("{}:{parties}", self.state.word())
    }

    /// The parties with their states, as `calls` shows them: `1002:connected+1003:alerting`.
    pub(super) fn states(&self) -> String {
        let shown =
            |party: &Party| format!("{}:{}", party.shown(), party.state.map_or("unknown", State::word));
        let parties: Vec<String> = self.parties.iter().map(shown).collect();
        if parties.is_empty() { "none".into() } else { parties.join("+") }
    }

    /// Whether the line's own connection or, for [`State::Fail`], any party's is in that state.
    fn is_in(&self, state: State) -> bool {
        let failed = || self.parties.iter().any(|party| party.state == Some(State::Fail));
        self.state == state || (state == State::Fail && failed())
    }

    /// The index of the party that this connection or number is; if there is none, of one that has no name yet.
    fn index(&self, id: Option<&str>, number: Option<&str>) -> Option<usize> {
        let named = self.parties.iter().position(|party| party.is(id, number));
        named.or_else(|| self.parties.iter().position(|party| party.id.is_none() && party.number.is_none()))
    }

    /// The party that this connection or number is, or a new one.
    fn party(&mut self, id: Option<&str>, number: Option<&str>) -> Option<&mut Party> {
        let index = self.index(id, number).unwrap_or(self.parties.len());
        if index == self.parties.len() && index < PARTIES {
            self.parties.push(Party { id: None, number: None, state: None });
        }
        let party = self.parties.get_mut(index)?;
        party.id = id.map(String::from).or_else(|| party.id.take());
        party.number = number.map(String::from).or_else(|| party.number.take());
        Some(party)
    }
}

/// The calls at the client's line, oldest first.
#[derive(Debug)]
pub struct Calls {
    /// The line, as the client names it.
    line: String,
    live: Vec<Call>,
    /// The call that ended last.
    ended: Option<Call>,
    /// The callID of the call that the line held last.
    held: Option<String>,
}

impl Calls {
    pub(super) fn new(line: &str) -> Self {
        Self { line: line.into(), live: Vec::new(), ended: None, held: None }
    }

    /// The calls, oldest first.
    pub fn iter(&self) -> core::slice::Iter<'_, Call> {
        self.live.iter()
    }

    /// The call of this short number.
    #[must_use]
    pub fn numbered(&self, number: u32) -> Option<&Call> {
        self.live.iter().find(|call| call.number == number)
    }

    /// The call with this callID.
    #[must_use]
    pub fn named(&self, id: &str) -> Option<&Call> {
        self.live.iter().find(|call| call.id == id)
    }

    /// The state of the call that most wants attention.
    pub(super) fn most_active(&self) -> Option<State> {
        ATTENTION.into_iter().find(|state| self.live.iter().any(|call| call.state == *state))
    }

    /// Whether these are the calls, in any order, as `expect calls` says.
    pub(super) fn are(&self, wanted: &[String]) -> bool {
        let mut left: Vec<&Call> = self.live.iter().collect();
        wanted.len() == left.len()
            && wanted.iter().all(|wanted| {
                let found = left.iter().position(|call| call.is_as(wanted));
                found.map(|index| left.swap_remove(index)).is_some()
            })
    }

    /// The calls as `expect calls` takes them.
    pub(super) fn outline(&self) -> String {
        let calls: Vec<String> = self.live.iter().map(Call::outline).collect();
        if calls.is_empty() { "none".into() } else { calls.join(" ") }
    }

    /// Forgets everything: a new session begins.
    pub(super) fn clear(&mut self) {
        self.live.clear();
        self.ended = None;
        self.held = None;
    }

    /// Whether a URI is that of the line. One with another device's ID is not, though its number may be the same.
    fn is_own(&self, id: &str) -> bool {
        let is_elsewhere =
            || Tel::read(id).is_ok_and(|tel| tel.parameters().any(|(name, _)| name == "device-id"));
        let is_same = || dialable(id).is_ok_and(|number| Ok(number) == dialable(&self.line));
        id == self.line || is_same() && !is_elsewhere()
    }

    /// Whether a connection's device is the line's.
    fn is_own_device(&self, connection: &Connection<'_>) -> bool {
        connection.device.is_some_and(|device| self.is_own(device.id))
    }

    fn index(&self, id: &str) -> Option<usize> {
        self.live.iter().position(|call| call.id == id)
    }

    /// The call with this callID, which is new if it is not known.
    fn call(&mut self, id: &str) -> Option<&mut Call> {
        let index = self.index(id).unwrap_or_else(|| {
            if self.live.len() >= KEPT {
                self.live.remove(0);
            }
            let number = (1..=NUMBERS).find(|number| self.numbered(*number).is_none()).unwrap_or_default();
            let parties = Vec::new();
            let (device, consults) = (None, None);
            self.live.push(Call {
                number,
                id: id.into(),
                device,
                state: State::Initiated,
                parties,
                consults,
            });
            self.live.len().saturating_sub(1)
        });
        self.live.get_mut(index)
    }

    /// The same as [`Self::call`], and notes the connection's device as the one seen last.
    fn see(&mut self, connection: &Connection<'_>) -> Option<&mut Call> {
        let call = self.call(connection.call?)?;
        let text = |device: Device<'_>| (device.id.into(), device.type_of_number.map(String::from));
        call.device = connection.device.map(text).or_else(|| call.device.take());
        Some(call)
    }

    /// Ends the call with this callID.
    fn end(&mut self, id: &str) {
        let Some(index) = self.index(id) else { return };
        let ended = self.live.remove(index);
        for call in &mut self.live {
            call.consults = call.consults.filter(|number| *number != ended.number);
        }
        self.ended = Some(ended);
    }

    /// Takes the answer that announces a call. The state from events that came before it is kept. `about` is the callID
    /// of the call about which somebody is consulted in it.
    pub(super) fn made(&mut self, connection: &Connection<'_>, about: Option<&str>) {
        let Some(id) = connection.call else { return };
        if self.index(id).is_none() {
            self.see(connection);
        }
        if let Some(about) = about {
            self.consult(id, about);
        }
    }

    /// Notes that somebody is consulted in the call `id` about the call `about`.
    fn consult(&mut self, id: &str, about: &str) {
        let about = self.named(about).filter(|about| about.id != id).map(Call::number);
        if let Some(call) = self.live.iter_mut().find(|call| call.id == id) {
            call.consults = call.consults.or(about);
        }
    }

    /// The connection that a command means: that of the call of that number or, without one, of the newest call in the
    /// first of `states` that has any, else of the call seen last, else of the line without a call. Calls in `taken`
    /// are meant already, and only chosen again if there is no other.
    pub(super) fn connection(&self, number: Option<u32>, states: &[State], taken: &[&str]) -> Connection<'_> {
        let free = || self.live.iter().rev().filter(|call| !taken.contains(&call.id.as_str()));
        let in_state = |state: &State| free().find(|call| call.is_in(*state));
        let newest = || states.iter().find_map(in_state).or_else(|| free().next()).or(self.live.last());
        let call = match number {
            Some(number) => self.numbered(number),
            None => newest().or(self.ended.as_ref()),
        };
        let device = match call.and_then(|call| call.device.as_ref()) {
            Some((id, kind)) => Device { id, type_of_number: kind.as_deref() },
            None => Device { id: &self.line, type_of_number: None },
        };
        Connection { call: call.map(Call::id), device: Some(device) }
    }
}

impl<'a> IntoIterator for &'a Calls {
    type Item = &'a Call;
    type IntoIter = core::slice::Iter<'a, Call>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// A party's number as people write it: the digits, or the identifier if it has none.
fn number_of(party: Named<'_>) -> Option<String> {
    match party {
        Named::Device(device) => Some(text_of(device.id)),
        Named::NotKnown | Named::Restricted => None,
    }
}

/// An identifier's digits, or the identifier itself.
pub(super) fn text_of(id: &str) -> String {
    dialable(id).map_or_else(|_| id.into(), |number| String::from(number.as_str()))
}

// At most one call has ended; it shows in the number of calls. The line is the configuration's.
impl Digest for Calls {
    fn digest(&self, digester: &mut Digester) {
        let Self { line: _, live, ended, held } = self;
        live.digest(digester);
        held.digest(digester);
        if let Some(ended) = ended {
            ended.digest(digester);
        }
    }
}

ctigate_core::digest! { struct Call { number, id, device, state => state.word(), parties, consults } }

ctigate_core::digest! { struct Party { id, number, state => state.map(State::word) } }

#[cfg(test)]
pub(super) mod tests;
