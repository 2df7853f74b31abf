//! The call model: phones, the calls between them, and their ringing times. It knows no CSTA message and no link: it
//! takes actions and returns [`Happening`]s, in the order in which they are to be reported.
//!
//! A call has two parties, like ECMA-269's simple calls: the caller's phone, and a phone, a trunk or nobody at the far
//! end. At most one call of a phone is *active* (its connection is initiated, connected or failed); the others are held
//! or ringing.

mod acting;
mod clearing;
mod deflecting;
mod due;
mod features;
#[cfg(test)]
mod tests;

pub use acting::{MAX_NUMBER, is_dialable};

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use ctigate_core::slots::{Handle, Slots};
use ctigate_core::time::{Duration, Instant};
use ctigate_core::timer::{Deadline, Timers};
use ctigate_core::wire::csta::model::{CallEventKind, LocalConnectionState};

use crate::switch::config::{Answer, SwitchConfig};
use crate::switch::settings::Settings;

/// The most calls that a phone can have at once; the upper bound of `lines`.
pub const MAX_LINES: usize = 8;

/// The transitions of a connection's state (ECMA-269's connection state model, for calls of two parties).
pub const TABLE: &[(LocalConnectionState, LocalConnectionState)] = &[
    (LocalConnectionState::Null, LocalConnectionState::Initiated),
    (LocalConnectionState::Initiated, LocalConnectionState::Connected),
    (LocalConnectionState::Null, LocalConnectionState::Alerting),
    (LocalConnectionState::Alerting, LocalConnectionState::Connected),
    (LocalConnectionState::Null, LocalConnectionState::Connected),
    (LocalConnectionState::Connected, LocalConnectionState::Hold),
    (LocalConnectionState::Hold, LocalConnectionState::Connected),
    (LocalConnectionState::Null, LocalConnectionState::Fail),
    (LocalConnectionState::Connected, LocalConnectionState::Fail),
    (LocalConnectionState::Initiated, LocalConnectionState::Null),
    (LocalConnectionState::Alerting, LocalConnectionState::Null),
    (LocalConnectionState::Connected, LocalConnectionState::Null),
    (LocalConnectionState::Hold, LocalConnectionState::Null),
    (LocalConnectionState::Fail, LocalConnectionState::Null),
];

/// One phone.
#[derive(Debug)]
pub struct Phone {
    /// Its number, which is also its device ID.
    pub number: String,
    /// The name of its user.
    pub name: String,
    /// What it does when it rings.
    pub answer: Answer,
    /// The longest time that it rings.
    pub no_answer_after: Duration,
    /// Its calls, oldest first.
    pub calls: heapless::Vec<Handle<Call>, MAX_LINES>,
    /// What is set there.
    pub settings: Settings,
}

ctigate_core::digest! { struct Phone {
    number,
    name,
    answer,
    no_answer_after,
    calls => calls.as_slice(),
    settings,
} }

/// The far end of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Far {
    /// Nobody: nothing was dialled yet, the number leads nowhere, or the called phone is busy.
    Nobody,
    /// A phone of this switch.
    Phone(Handle<Phone>),
    /// A party reached through the trunk of this number.
    Trunk(u16),
}

/// What a call's deadline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// The phone was prompted to go off hook but did not.
    PromptEnds,
    /// The phone goes off hook by itself.
    AutoAnswer,
    /// The ringing ends.
    RingingEnds,
    /// The party reached through the trunk answers.
    TrunkAnswers,
}

/// Who acted, which determines the cause of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// A person, at the phone.
    Person,
    /// A computer, through a CTI link.
    Computer,
}

/// One call of two parties.
#[derive(Debug)]
pub struct Call {
    /// The calling phone.
    pub caller: Handle<Phone>,
    /// The caller's connection.
    pub caller_state: LocalConnectionState,
    /// The number dialled, or to be dialled when a prompted phone goes off hook; empty if there is none yet.
    pub dialled: String,
    /// The other end.
    pub far: Far,
    /// The other end's connection. A trunk's is connected as soon as the network is reached.
    pub far_state: LocalConnectionState,
    /// Who began the call.
    pub by: By,
    /// Its deadline.
    deadline: Deadline,
    /// The purpose of the deadline.
    due: Due,
    /// When the called phone began to ring.
    ringing_since: Instant,
    /// The phone that rang before the one that does now (ECMA-269, last redirection device).
    diverted_by: Option<Handle<Phone>>,
}

ctigate_core::digest! { struct Call {
    caller,
    caller_state => caller_state.word(),
    dialled,
    far,
    far_state => far_state.word(),
    by => *by == By::Computer,
    deadline,
    due,
    ringing_since,
    diverted_by,
} }

ctigate_core::digest! { enum Far { Nobody = 0, Phone(phone), Trunk(trunk) } }

ctigate_core::digest! { enum Due { PromptEnds = 0, AutoAnswer = 1, RingingEnds = 2, TrunkAnswers = 3 } }

/// One of a call's two connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The caller's.
    Caller,
    /// The far end's.
    Far,
}

/// The party whose connection an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// The phone with this handle.
    Phone(Handle<Phone>),
    /// A trunk.
    Trunk(u16),
    /// Whatever the dialled number stands for.
    Dialled,
}

/// Something that happened to a call, and the phones that see it.
#[derive(Debug)]
pub struct Happening {
    /// The kind of event.
    pub kind: CallEventKind,
    /// The call, which may be over already.
    pub call: Handle<Call>,
    /// The party whose connection changed.
    pub party: Party,
    /// The caller.
    pub calling: Handle<Phone>,
    /// The number dialled.
    pub called: String,
    /// The phone that rang before, if the call was diverted.
    pub diverted_by: Option<Handle<Phone>>,
    /// The phone that the call goes to, if it is diverted now.
    pub destination: Option<Handle<Phone>>,
    /// The cause, as the schema's `EventCause` spells it.
    pub cause: &'static str,
    /// The phones that see it, the caller first, each with the state of its own connection after it.
    pub seen: heapless::Vec<(Handle<Phone>, LocalConnectionState), 2>,
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
}

/// All phones, calls and trunks.
pub struct Phones {
    table: Slots<Phone>,
    /// Never changes.
    numbers: BTreeMap<String, Handle<Phone>>,
    calls: Slots<Call>,
    /// Follows from `calls`.
    trunks_taken: BTreeSet<u16>,
    /// Follows from the calls' deadlines.
    timers: Timers<Handle<Call>>,
    rules: Rules,
}

/// The configuration of all phones.
struct Rules {
    lines: usize,
    trunks: u16,
    trunk_prefix: Option<String>,
    trunk_answers_after: Duration,
}

impl Phones {
    /// The phones of `config`, all on hook.
    #[must_use]
    pub fn new(config: &SwitchConfig) -> Self {
        let mut table = Slots::new(config.phones.len());
        let mut numbers = BTreeMap::new();
        for phone in &config.phones {
            if numbers.contains_key(&phone.number) {
                continue;
            }
            let added = table.insert(Phone {
                number: phone.number.clone(),
                name: phone.name.clone(),
                answer: phone.answer,
                no_answer_after: phone.no_answer_after,
                calls: heapless::Vec::new(),
                settings: Settings::new(&phone.number, &config.forwarding),
            });
            if let Ok(handle) = added {
                numbers.insert(phone.number.clone(), handle);
            }
        }
        let rules = Rules {
            lines: config.lines.clamp(1, MAX_LINES),
            trunks: config.trunks,
            trunk_prefix: config.trunk_prefix.clone(),
            trunk_answers_after: config.trunk_answers_after,
        };
        Self {
            table,
            numbers,
            calls: Slots::new(config.calls),
            trunks_taken: BTreeSet::new(),
            timers: Timers::new(),
            rules,
        }
    }

    /// The phone of this number.
    #[must_use]
    pub fn find(&self, number: &str) -> Option<Handle<Phone>> {
        self.numbers.get(number).copied()
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

    /// Which side of `call` is `phone`'s.
    #[must_use]
    pub fn side(&self, call: Handle<Call>, phone: Handle<Phone>) -> Option<Side> {
        let call = self.call(call)?;
        if call.caller == phone {
            Some(Side::Caller)
        } else {
            (call.far == Far::Phone(phone)).then_some(Side::Far)
        }
    }

    /// The state of `phone`'s connection in `call`; null if it has none.
    #[must_use]
    pub fn state(&self, call: Handle<Call>, phone: Handle<Phone>) -> LocalConnectionState {
        match (self.side(call, phone), self.call(call)) {
            (Some(Side::Caller), Some(call)) => call.caller_state,
            (Some(Side::Far), Some(call)) => call.far_state,
            (None, _) | (_, None) => LocalConnectionState::Null,
        }
    }

    /// The phone's calls with its own and the other party's state, oldest first.
    pub fn snapshot(&self, phone: Handle<Phone>) -> impl Iterator<Item = Seen> {
        let calls = self.table.get(phone).map(|phone| phone.calls.clone()).unwrap_or_default();
        calls.into_iter().filter_map(move |handle| {
            let call = self.calls.get(handle)?;
            let caller = call.caller == phone;
            let (own, other) = if caller {
                (call.caller_state, call.far_state)
            } else {
                (call.far_state, call.caller_state)
            };
            let party = if caller { call.far_party() } else { Some(Party::Phone(call.caller)) };
            Some(Seen { call: handle, own, other, party })
        })
    }

    /// The phone's newest call whose own connection is in one of `states`.
    #[must_use]
    pub fn newest(&self, phone: Handle<Phone>, states: &[LocalConnectionState]) -> Option<Handle<Call>> {
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
        let Self { table, numbers: _, calls, trunks_taken: _, timers: _, rules: _ } = self;
        table.fold() ^ calls.fold().rotate_left(1)
    }

    /// The state's fingerprint, recomputed.
    #[must_use]
    pub fn recompute(&self) -> u64 {
        let Self { table, numbers: _, calls, trunks_taken: _, timers: _, rules: _ } = self;
        table.recompute() ^ calls.recompute().rotate_left(1)
    }

    /// Changes a connection's state; every change is made here.
    fn go(&mut self, handle: Handle<Call>, side: Side, to: LocalConnectionState) {
        let Some(call) = self.calls.get_mut(handle) else { return };
        let state = match side {
            Side::Caller => &mut call.caller_state,
            Side::Far => &mut call.far_state,
        };
        debug_assert!(TABLE.contains(&(*state, to)), "no connection goes from {state:?} to {to:?}");
        *state = to;
    }

    /// Notes what happened to the connection of `side`, for every phone with a connection in the call, and for `side`'s
    /// own in any case.
    fn tell(
        &self,
        handle: Handle<Call>,
        kind: CallEventKind,
        side: Side,
        cause: &'static str,
        told: &mut Vec<Happening>,
    ) {
        let Some(call) = self.calls.get(handle) else { return };
        let mut seen = heapless::Vec::new();
        if side == Side::Caller || call.caller_state != LocalConnectionState::Null {
            let _room_for_two = seen.push((call.caller, call.caller_state));
        }
        if let Far::Phone(phone) = call.far
            && (side == Side::Far || call.far_state != LocalConnectionState::Null)
        {
            let _room_for_two = seen.push((phone, call.far_state));
        }
        if seen.is_empty() {
            // If a trunk is freed after the caller left, no phone is left to see it.
            return;
        }
        let party = match side {
            Side::Caller => Party::Phone(call.caller),
            Side::Far => call.far_party().unwrap_or(Party::Dialled),
        };
        told.push(Happening {
            kind,
            call: handle,
            party,
            calling: call.caller,
            called: call.dialled.clone(),
            diverted_by: call.diverted_by,
            destination: None,
            cause,
            seen,
        });
    }

    fn set_due(&mut self, handle: Handle<Call>, due: Due, at: Instant) {
        if let Some(call) = self.calls.get_mut(handle) {
            call.due = due;
            self.timers.set(&mut call.deadline, handle, at);
        }
    }

    fn cancel_due(&mut self, handle: Handle<Call>) {
        if let Some(call) = self.calls.get_mut(handle) {
            self.timers.cancel(&mut call.deadline, handle);
        }
    }
}

/// The states of an active connection.
pub const ACTIVE: [LocalConnectionState; 3] =
    [LocalConnectionState::Initiated, LocalConnectionState::Connected, LocalConnectionState::Fail];

/// A call as a phone sees it.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// The call.
    pub call: Handle<Call>,
    /// The phone's own state in it.
    pub own: LocalConnectionState,
    /// The other party's.
    pub other: LocalConnectionState,
    /// The other party; `None` while nothing was dialled.
    pub party: Option<Party>,
}

impl Call {
    /// The far end, once there is one.
    #[must_use]
    pub fn far_party(&self) -> Option<Party> {
        match self.far {
            Far::Phone(phone) => Some(Party::Phone(phone)),
            Far::Trunk(trunk) => Some(Party::Trunk(trunk)),
            Far::Nobody => (!self.dialled.is_empty()).then_some(Party::Dialled),
        }
    }
}
