//! A call, and the connections of its parties.

use alloc::string::String;
use alloc::vec::Vec;

use ctigate_core::slots::Handle;
use ctigate_core::time::Instant;
use ctigate_core::timer::Deadline;
use ctigate_core::wire::csta::model::LocalConnectionState as State;

use super::entering::Entry;
use super::{Data, Participation, Phone};

/// A party of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// The phone with this handle.
    Phone(Handle<Phone>),
    /// Somebody reached through the trunk of this number.
    Trunk(u16),
    /// A place that is no phone: where calls are parked, a group's queue, a mailbox.
    Place(u16),
    /// Whatever the dialled number stands for, which was not reached.
    Dialled,
}

ctigate_core::digest! { enum Party { Phone(phone) = 0, Trunk(trunk) = 1, Dialled = 2, Place(place) = 3 } }

/// What a connection's deadline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// The phone was prompted to go off hook but did not.
    PromptEnds,
    /// The phone goes off hook by itself.
    AutoAnswer,
    /// The ringing ends.
    RingingEnds,
    /// The party reached through the trunk answers.
    TrunkAnswers,
    /// A parked call goes back.
    ParkingEnds,
    /// A waiting call may ring now.
    Offer,
}

ctigate_core::digest! { enum Due {
    PromptEnds = 0,
    AutoAnswer = 1,
    RingingEnds = 2,
    TrunkAnswers = 3,
    ParkingEnds = 4,
    Offer = 5,
} }

/// What is known of somebody who called from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outside {
    /// The number; `None` if it is withheld.
    pub number: Option<String>,
}

ctigate_core::digest! { struct Outside { number } }

/// A party's part in a call.
#[derive(Debug)]
pub struct Connection {
    /// Whose it is.
    pub party: Party,
    /// Its state. A trunk's is connected as soon as the network is reached.
    pub state: State,
    /// Its deadline.
    pub(super) deadline: Deadline,
    /// The purpose of the deadline.
    pub(super) due: Due,
    /// When the phone began to ring.
    pub(super) since: Instant,
    /// How it takes part.
    pub(super) participation: Participation,
    /// The line that the phone is one of several appearances of; never changes.
    pub(super) line: Option<u16>,
}

ctigate_core::digest! { struct Connection { party, state => state.word(), deadline, due, since, participation, line: _ } }

impl Connection {
    pub(super) fn new(party: Party) -> Self {
        Self {
            party,
            state: State::Null,
            deadline: Deadline::default(),
            due: Due::RingingEnds,
            since: Instant::ZERO,
            participation: Participation::Active,
            line: None,
        }
    }
}

/// One call.
#[derive(Debug)]
pub struct Call {
    /// Its connections, in the order in which the parties came. One in the state null is about to go.
    pub(super) parties: Vec<Connection>,
    /// Who called.
    pub calling: Party,
    /// The number dialled, or to be dialled when a prompted phone goes off hook; empty if there is none yet.
    pub dialled: String,
    /// Why it began, as the schema's `EventCause` spells it.
    pub(super) began: &'static str,
    /// The phone that rang before the one that does now (ECMA-269, last redirection device).
    pub(super) diverted_by: Option<Party>,
    /// The caller from outside, if one is in it.
    pub outside: Option<Outside>,
    /// The group whose phones ring.
    pub(super) via: Option<u16>,
    /// The phones of that group that rang already, if one rings after another.
    pub(super) tried: Vec<Handle<Phone>>,
    /// How the next party will take part: as the one that it replaces, or as was asked for; else, it talks.
    pub(super) joins_as: Participation,
    /// The call that its phone is prompted to come into.
    pub(super) entry: Option<Entry>,
    /// What was associated with it.
    pub(super) data: Data,
}

ctigate_core::digest! { struct Call {
    parties => parties.as_slice(),
    calling,
    dialled,
    began,
    diverted_by,
    outside,
    via,
    tried => tried.as_slice(),
    joins_as,
    entry,
    data,
} }

impl Call {
    /// A call without parties.
    pub(super) const fn new(calling: Party, began: &'static str) -> Self {
        Self {
            parties: Vec::new(),
            calling,
            dialled: String::new(),
            began,
            diverted_by: None,
            outside: None,
            via: None,
            tried: Vec::new(),
            joins_as: Participation::Active,
            entry: None,
            data: Data::NONE,
        }
    }

    /// What was associated with it.
    #[must_use]
    pub const fn data(&self) -> &Data {
        &self.data
    }

    /// The connections, in the order in which the parties came.
    #[must_use]
    pub fn parties(&self) -> &[Connection] {
        &self.parties
    }

    /// The trunk through which it leaves.
    pub(super) fn leaves_through(&self) -> Option<Party> {
        let mut parties = self.parties.iter().map(|one| one.party);
        parties.find(|party| matches!(party, Party::Trunk(_)) && *party != self.calling)
    }

    /// A party's connection.
    #[must_use]
    pub fn connection(&self, party: Party) -> Option<&Connection> {
        self.parties.iter().find(|connection| connection.party == party)
    }

    pub(super) fn connection_mut(&mut self, party: Party) -> Option<&mut Connection> {
        self.parties.iter_mut().find(|connection| connection.party == party)
    }

    /// The parties that somebody or something stands behind: all but a number that was not reached.
    pub(super) fn reached(&self) -> impl Iterator<Item = &Connection> {
        self.parties.iter().filter(|connection| connection.party != Party::Dialled)
    }
}

/// A call as a phone sees it.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The call's handle.
    pub handle: Handle<Call>,
    /// The phone.
    pub phone: Handle<Phone>,
    /// The call.
    pub call: &'a Call,
}

impl Seen<'_> {
    /// The phone's own state in it.
    #[must_use]
    pub fn own(&self) -> State {
        let own = self.call.connection(Party::Phone(self.phone));
        own.map_or(State::Null, |connection| connection.state)
    }

    /// The other parties and their states, a line as one of them, wherever it rings. A number that was dialled but never
    /// reached is one, in the state null; nobody is if nothing was dialled yet.
    pub fn others(&self) -> impl Iterator<Item = (Party, State)> {
        let own = Party::Phone(self.phone);
        let others = self.call.parties.iter();
        let others = others.filter(move |other| other.party != own && !self.call.rings_beside(other, own));
        let alone = others.clone().next().is_none() && !self.call.dialled.is_empty();
        others.map(|other| (other.party, other.state)).chain(alone.then_some((Party::Dialled, State::Null)))
    }
}
