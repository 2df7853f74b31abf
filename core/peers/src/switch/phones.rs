//! The call model: phones, the calls between them, and what time does to both. It knows no CSTA message and no link: it
//! takes actions and returns [`Happening`]s, in the order in which they are to be reported.
//!
//! A call has any number of parties up to a limit: phones, trunks, places where calls wait. Each party has a connection
//! with a state of its own (ECMA-269, connection state model; [`TABLE`]). At most one connection of a phone is *active*
//! (initiated, connected or failed); the others are held, ringing or queued.

mod acting;
mod appearances;
mod associating;
mod call;
mod clearing;
mod consulting;
mod deflecting;
mod digits;
mod due;
mod entering;
mod features;
mod happening;
mod merging;
mod participation;
mod picking;
mod places;
mod routing;
#[cfg(test)]
mod tests;
mod waiting;

pub use acting::{MAX_NUMBER, is_dialable};
pub use associating::{Data, Form, MAX_OCTETS, SORTS, Sort};
pub use call::{Call, Connection, Outside, Party, Seen};
pub use digits::MAX_DIGITS;
pub use happening::{Detail, Happening, KINDS, Kind, Merged, Moved};
pub use participation::Participation;
pub use places::{Place, Use};
pub use waiting::MAX_CALL_BACKS;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use ctigate_core::digest::Digester;
use ctigate_core::slots::{Handle, Slots};
use ctigate_core::tables::Machine;
use ctigate_core::time::{Duration, Instant};
use ctigate_core::timer::{Deadline, Timers};
use ctigate_core::transition::assert_transition;
use ctigate_core::wire::csta::model::LocalConnectionState as State;

use crate::switch::config::{Answer, MergedCalls, PhoneConfig, SwitchConfig};
use crate::switch::settings::{Defaults, Settings};
use call::Due;

/// The most calls that a phone can have at once; the upper bound of `lines`.
pub const MAX_LINES: usize = 8;

/// The most parties that a call can have; the upper bound of `parties`.
pub const MAX_PARTIES: usize = 32;

/// The transitions of a connection's state.
const TRANSITIONS: &[(&str, &str)] = &[
    ("null", "initiated"),
    ("null", "alerting"),
    ("null", "connected"),
    ("null", "queued"),
    ("null", "fail"),
    ("initiated", "connected"),
    ("alerting", "connected"),
    ("connected", "hold"),
    ("hold", "connected"),
    ("connected", "fail"),
    ("initiated", "null"),
    ("alerting", "null"),
    ("connected", "null"),
    ("hold", "null"),
    ("queued", "null"),
    ("fail", "null"),
];

/// The state machine of a connection: a call that waits and then rings is told as diverted, or leaves the queue first.
pub const TABLE: Machine = Machine {
    name: "connection of a call at the built-in phone system",
    clause: "ECMA-269, connection state model",
    transitions: TRANSITIONS,
};

/// One phone.
#[derive(Debug)]
pub struct Phone {
    /// Its device ID: its number or, if it is the line of a device, [`PhoneConfig::id`]. Never changes.
    pub id: String,
    /// Its number.
    pub number: String,
    /// The name of its user.
    pub name: String,
    /// The name of its model; never changes.
    pub model: String,
    /// What it does when it rings.
    pub answer: Answer,
    /// The longest time that it rings.
    pub no_answer_after: Duration,
    /// Whether hanging up the second of two calls connects both; never changes.
    transfers_by_hanging_up: bool,
    /// Its pickup group; `None` for none.
    pub pickup_group: Option<u16>,
    /// The groups it is a member of, by the indexes of their places; never changes.
    groups: Vec<u16>,
    /// The line that it is one of several appearances of, by the index of its place; never changes.
    line: Option<u16>,
    /// Its calls, oldest first.
    pub calls: heapless::Vec<Handle<Call>, MAX_LINES>,
    /// The phones that it calls as soon as they and it are free.
    pub call_backs: heapless::Vec<Handle<Phone>, MAX_CALL_BACKS>,
    /// When it may call one of them.
    deadline: Deadline,
    /// Grows with the time at which it became idle.
    idle_since: u64,
    /// What is set there.
    pub settings: Settings,
}

ctigate_core::digest! { struct Phone {
    id: _,
    number,
    name,
    model: _,
    answer,
    no_answer_after,
    transfers_by_hanging_up: _,
    pickup_group,
    groups: _,
    line: _,
    calls => calls.as_slice(),
    call_backs => call_backs.as_slice(),
    deadline,
    idle_since,
    settings,
} }

/// Who acted, which determines the cause of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// A person, at the phone.
    Person,
    /// A computer, through a CTI link.
    Computer,
}

/// Why an action is refused. A refusal changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The phone has an active call already.
    ActiveCallExists,
    /// The phone is ringing, so that going off hook would answer.
    PhoneRings,
    /// All the phone's lines are taken.
    LinesTaken,
    /// The limit of calls is reached.
    TooManyCalls,
    /// The number cannot be dialled.
    NotANumber,
    /// The connection is in another state.
    WrongState,
    /// No connection of the phone rings or is prompted.
    NothingToAnswer,
    /// The phone has no active call.
    NothingActive,
    /// The phone has no held call.
    NothingHeld,
    /// The phone has no call.
    NothingToClear,
    /// The call would come back to the phone that it is to leave.
    SamePhone,
    /// The destination is busy.
    DestinationBusy,
    /// The number leads nowhere.
    DestinationUnknown,
    /// A party would be twice in a call.
    SameParty,
    /// The call would have too many parties.
    TooManyParties,
    /// Nobody is in the call beside the phone.
    NotReached,
    /// No call rings or waits there.
    NothingToPickUp,
    /// Another call is parked there.
    PlaceTaken,
    /// The call did not fail at a busy phone.
    NotBusy,
    /// No such call was to be made later.
    NoCallBack,
    /// These are no digits that can be sent.
    NotDigits,
    /// All trunks are taken.
    TrunksTaken,
    /// The phone is out of service.
    OutOfService,
    /// The phone only listens in the call.
    OnlyListens,
}

/// A deadline's owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    /// A connection.
    Connection(Handle<Call>, Party),
    /// A phone that may make a call that it was asked for.
    CallBack(Handle<Phone>),
}

/// All phones, calls and trunks.
pub struct Phones {
    table: Slots<Phone>,
    /// By device ID and, where that names one phone, by number. Never changes.
    numbers: BTreeMap<String, Handle<Phone>>,
    calls: Slots<Call>,
    places: Vec<Place>,
    /// Never changes.
    place_numbers: BTreeMap<String, u16>,
    /// Never changes.
    pickup_groups: BTreeMap<u16, Vec<Handle<Phone>>>,
    /// Who waits for a phone to call it. Follows from the phones.
    awaited: BTreeMap<Handle<Phone>, BTreeSet<Handle<Phone>>>,
    /// Whose message lamp changes; empty between two steps.
    messages: Vec<(Handle<Phone>, bool)>,
    /// How often a phone became idle.
    idle_count: u64,
    /// Follows from `calls`.
    trunks_taken: BTreeSet<u16>,
    /// Follows from the connections' deadlines.
    timers: Timers<Key>,
    rules: Rules,
}

/// The configuration of all phones.
struct Rules {
    lines: usize,
    parties: usize,
    merged: MergedCalls,
    offers: bool,
    park_timeout: Duration,
    mailbox_answers_after: Duration,
    trunks: u16,
    trunk_prefix: Option<String>,
    trunk_answers_after: Duration,
    forwarding: Defaults,
    /// How long one ring takes.
    ring: Duration,
}

impl Phones {
    /// The phones of `config`, all on hook.
    #[must_use]
    pub fn new(config: &SwitchConfig) -> Self {
        let mut phones = Self {
            table: Slots::new(config.phones.len()),
            numbers: BTreeMap::new(),
            calls: Slots::new(config.calls),
            places: Vec::new(),
            place_numbers: BTreeMap::new(),
            pickup_groups: BTreeMap::new(),
            awaited: BTreeMap::new(),
            messages: Vec::new(),
            idle_count: 0,
            trunks_taken: BTreeSet::new(),
            timers: Timers::new(),
            rules: Rules {
                lines: config.lines.clamp(1, MAX_LINES),
                parties: config.parties.clamp(2, MAX_PARTIES),
                merged: config.merged_calls,
                offers: config.offers,
                park_timeout: config.park_timeout,
                mailbox_answers_after: config.mailbox_answers_after,
                trunks: config.trunks,
                trunk_prefix: config.trunk_prefix.clone(),
                trunk_answers_after: config.trunk_answers_after,
                forwarding: config.forwarding.clone(),
                ring: config.ring,
            },
        };
        for phone in &config.phones {
            phones.install(phone);
        }
        phones.set_up_places(config);
        phones.set_up_lines(config);
        phones
    }

    fn install(&mut self, config: &PhoneConfig) {
        let id = config.id();
        if self.numbers.contains_key(&id) {
            return;
        }
        let pickup_group = Some(config.pickup_group).filter(|group| *group != 0);
        let mut settings = Settings::new(&config.number, &self.rules.forwarding);
        settings.set_call_waiting(config.call_waiting);
        let added = self.table.insert(Phone {
            id: id.clone(),
            number: config.number.clone(),
            name: config.name.clone(),
            answer: config.answer,
            no_answer_after: config.no_answer_after,
            transfers_by_hanging_up: config.transfers_by_hanging_up,
            model: config.model.clone(),
            pickup_group,
            groups: Vec::new(),
            line: None,
            calls: heapless::Vec::new(),
            call_backs: heapless::Vec::new(),
            deadline: Deadline::default(),
            idle_since: 0,
            settings,
        });
        let Ok(handle) = added else { return };
        self.numbers.insert(id, handle);
        if let Some(group) = pickup_group {
            self.pickup_groups.entry(group).or_default().push(handle);
        }
    }

    /// The phone with this device ID, or of this number, if that is on no other device.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<Handle<Phone>> {
        self.numbers.get(id).copied()
    }

    /// The phone with this handle.
    #[must_use]
    pub fn phone(&self, phone: Handle<Phone>) -> Option<&Phone> {
        self.table.get(phone)
    }

    /// A call, while it exists.
    #[must_use]
    pub fn call(&self, call: Handle<Call>) -> Option<&Call> {
        self.calls.get(call)
    }

    /// All calls, for looking them up by name.
    #[must_use]
    pub const fn calls(&self) -> &Slots<Call> {
        &self.calls
    }

    /// How many phones there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.table.len()
    }

    /// When the next phone acts by itself or gives up.
    #[must_use]
    pub fn next_due(&self) -> Option<Instant> {
        self.timers.next().map(|(at, _)| at)
    }

    /// The state of `phone`'s connection in `call`; null if it has none.
    #[must_use]
    pub fn state(&self, call: Handle<Call>, phone: Handle<Phone>) -> State {
        self.state_of(call, Party::Phone(phone))
    }

    /// The state of a party's connection in `call`; null if it has none.
    #[must_use]
    pub fn state_of(&self, call: Handle<Call>, party: Party) -> State {
        let connection = self.call(call).and_then(|call| call.connection(party));
        connection.map_or(State::Null, |connection| connection.state)
    }

    /// The phone's calls with its own and the other parties' states, oldest first.
    pub fn snapshot(&self, phone: Handle<Phone>) -> impl Iterator<Item = Seen<'_>> {
        let calls = self.table.get(phone).map(|phone| phone.calls.clone()).unwrap_or_default();
        calls
            .into_iter()
            .filter_map(move |handle| self.calls.get(handle).map(|call| Seen { handle, phone, call }))
    }

    /// The phone's newest call whose own connection is in one of `states`.
    #[must_use]
    pub fn newest(&self, phone: Handle<Phone>, states: &[State]) -> Option<Handle<Call>> {
        let calls = &self.table.get(phone)?.calls;
        calls.iter().rev().copied().find(|call| states.contains(&self.state(*call, phone)))
    }

    /// The phone's active call: the one its handset belongs to.
    #[must_use]
    pub fn active(&self, phone: Handle<Phone>) -> Option<Handle<Call>> {
        self.newest(phone, &ACTIVE)
    }

    /// The state's fingerprint, brought up to date.
    pub fn fold(&mut self) -> u64 {
        let tables = self.table.fold() ^ self.calls.fold().rotate_left(1);
        self.fingerprint(tables)
    }

    /// The state's fingerprint, recomputed.
    #[must_use]
    pub fn recompute(&self) -> u64 {
        self.fingerprint(self.table.recompute() ^ self.calls.recompute().rotate_left(1))
    }

    /// The fingerprint, given that of the tables.
    fn fingerprint(&self, tables: u64) -> u64 {
        let Self {
            table: _,
            numbers: _,
            calls: _,
            places,
            place_numbers: _,
            pickup_groups: _,
            awaited: _,
            messages: _,
            idle_count,
            trunks_taken: _,
            timers: _,
            rules: _,
        } = self;
        let mut digester = Digester::new();
        digester.number(tables);
        digester.value(places.as_slice());
        digester.value(idle_count);
        digester.finish()
    }

    /// Changes a connection's state; every change is made here.
    fn go(&mut self, handle: Handle<Call>, party: Party, to: State) {
        let Some(connection) = self.calls.get_mut(handle).and_then(|call| call.connection_mut(party)) else {
            debug_assert!(false, "{party:?} is not in the call");
            return;
        };
        let from = connection.state;
        assert_transition(TRANSITIONS, from.word(), to.word());
        connection.state = to;
    }

    /// Gives a party a connection in a call, in the state null.
    fn join(&mut self, handle: Handle<Call>, party: Party) {
        let line = if let Party::Phone(phone) = party {
            self.table.get(phone).and_then(|one| one.line)
        } else {
            None
        };
        if let Some(call) = self.calls.get_mut(handle) {
            let participation = core::mem::take(&mut call.joins_as);
            call.parties.push(Connection { participation, line, ..Connection::new(party) });
        }
        if let Party::Phone(phone) = party
            && let Some(phone) = self.table.get_mut(phone)
        {
            let attached = phone.calls.push(handle);
            debug_assert!(attached.is_ok(), "lines were counted before");
        }
    }

    fn set_due(&mut self, handle: Handle<Call>, party: Party, due: Due, at: Instant) {
        if let Some(connection) = self.calls.get_mut(handle).and_then(|call| call.connection_mut(party)) {
            connection.due = due;
            self.timers.set(&mut connection.deadline, Key::Connection(handle, party), at);
        }
    }

    fn cancel_due(&mut self, handle: Handle<Call>, party: Party) {
        if let Some(connection) = self.calls.get_mut(handle).and_then(|call| call.connection_mut(party)) {
            self.timers.cancel(&mut connection.deadline, Key::Connection(handle, party));
        }
    }
}

/// The states of an active connection.
pub const ACTIVE: [State; 3] = [State::Initiated, State::Connected, State::Fail];
