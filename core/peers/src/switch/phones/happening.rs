//! What the call model says: something happened to a call, and these phones see it.

use alloc::string::String;
use alloc::vec::Vec;

use ctigate_core::slots::Handle;
use ctigate_core::wire::csta::model::LocalConnectionState as State;

use super::{Call, Data, Outside, Party, Phone, Phones};

/// Declares the kinds of happenings, each with the root of its event and the name of its notice.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $root:literal, $notice:literal;)+) => {
        /// A kind of happening.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind { $($(#[$doc])* $kind,)+ }

        /// All kinds.
        pub const KINDS: &[Kind] = &[$(Kind::$kind,)+];

        impl Kind {
            /// The root of its event.
            #[must_use]
            pub const fn root(self) -> &'static str {
                match self { $(Self::$kind => $root,)+ }
            }

            /// The name of its notice.
            #[must_use]
            pub const fn notice(self) -> &'static str {
                match self { $(Self::$kind => $notice,)+ }
            }
        }
    };
}

kinds! {
    /// A phone went off hook, or is prompted to.
    ServiceInitiated = "ServiceInitiatedEvent", "call_initiated";
    /// It dialled.
    Originated = "OriginatedEvent", "call_originated";
    /// A call is offered to a phone, before it rings or is forwarded there.
    Offered = "OfferedEvent", "call_offered";
    /// A phone rings.
    Delivered = "DeliveredEvent", "call_delivered";
    /// It answered.
    Established = "EstablishedEvent", "call_established";
    /// A connection was put on hold.
    Held = "HeldEvent", "call_held";
    /// A held connection was retrieved.
    Retrieved = "RetrievedEvent", "call_retrieved";
    /// A connection failed.
    Failed = "FailedEvent", "call_failed";
    /// A party left.
    ConnectionCleared = "ConnectionClearedEvent", "connection_cleared";
    /// A call left through a trunk.
    NetworkReached = "NetworkReachedEvent", "network_reached";
    /// A call left a phone before it was answered there.
    Diverted = "DivertedEvent", "call_diverted";
    /// A call waits.
    Queued = "QueuedEvent", "call_queued";
    /// A phone connected its calls to each other and left.
    Transfered = "TransferedEvent", "call_transferred";
    /// Calls became one, or a party was added to one.
    Conferenced = "ConferencedEvent", "call_conferenced";
    /// A call was ended for all.
    CallCleared = "CallClearedEvent", "call_cleared";
    /// Digits were dialled, before the number is complete.
    DigitsDialed = "DigitsDialedEvent", "digits_dialled";
    /// Digits were sent to the others in a call.
    DigitsGenerated = "DigitsGeneratedEvent", "digits_generated";
    /// Data were associated with a call.
    CallInformation = "CallInformationEvent", "data_associated";
}

/// What a kind of happening has beside what all have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Nothing.
    None,
    /// The party that the call goes to.
    Destination(Party),
    /// Calls that became one.
    Merged(Merged),
    /// The length of a queue.
    Queue {
        /// How many calls wait, this one included.
        queued: usize,
        /// How many wait longer.
        in_front: usize,
    },
    /// Digits.
    Digits(String),
    /// Data that changed.
    Data(Data),
}

/// Calls that became one, or one call that got a party or lost one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// The first call.
    pub primary: Handle<Call>,
    /// The second call.
    pub secondary: Option<Handle<Call>>,
    /// The phone that did it.
    pub by: Party,
    /// The party that the first call got.
    pub added: Party,
    /// The parties of the call that results.
    pub list: Vec<Moved>,
}

/// A party of a call that resulted from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The party.
    pub party: Party,
    /// The call that it was in before.
    pub old: Option<Handle<Call>>,
}

/// Something that happened to a call, and the phones that see it.
#[derive(Debug)]
pub struct Happening {
    /// The kind.
    pub kind: Kind,
    /// The call, which may be over already.
    pub call: Handle<Call>,
    /// The party whose connection changed.
    pub party: Party,
    /// The caller.
    pub calling: Party,
    /// The number dialled.
    pub called: String,
    /// Where the call rang before, if it was diverted.
    pub diverted_by: Option<Party>,
    /// The cause, as the schema's `EventCause` spells it.
    pub cause: &'static str,
    /// What this kind has beside.
    pub detail: Detail,
    /// The phones that see it, in the order in which they came into the call, each with the state of its own connection
    /// after it.
    pub seen: Vec<(Handle<Phone>, State)>,
    /// The caller from outside, if one is in the call.
    pub outside: Option<Outside>,
    /// The trunk through which it leaves.
    pub leaves_through: Option<Party>,
    /// What is associated with it.
    pub data: Data,
}

impl Phones {
    /// Notes what happened to a party's connection, for every phone with a connection in the call, and for the party's
    /// own in any case.
    pub(super) fn tell(
        &self,
        handle: Handle<Call>,
        kind: Kind,
        party: Party,
        cause: &'static str,
        told: &mut Vec<Happening>,
    ) {
        self.tell_more(handle, kind, party, cause, Detail::None, told);
    }

    /// The same, with a detail.
    pub(super) fn tell_more(
        &self,
        handle: Handle<Call>,
        kind: Kind,
        party: Party,
        cause: &'static str,
        detail: Detail,
        told: &mut Vec<Happening>,
    ) {
        let Some(call) = self.calls.get(handle) else { return };
        let is_told =
            |connection: &&super::Connection| connection.party == party || connection.state != State::Null;
        let mut audience: Vec<_> = call
            .parties
            .iter()
            .filter(is_told)
            .filter_map(|connection| match connection.party {
                Party::Phone(phone) => Some((phone, connection.state)),
                Party::Trunk(_) | Party::Place(_) | Party::Dialled => None,
            })
            .collect();
        // Who transferred a call is no longer in it, but hears of it.
        if let (Kind::Transfered, Party::Phone(phone)) = (kind, party)
            && call.connection(party).is_none()
        {
            audience.insert(0, (phone, State::Null));
        }
        if audience.is_empty() {
            // If a trunk is freed after the last phone left, none is left to see it.
            return;
        }
        told.push(Happening {
            kind,
            call: handle,
            party,
            calling: call.calling,
            called: call.dialled.clone(),
            diverted_by: call.diverted_by,
            cause,
            detail,
            seen: audience,
            outside: call.outside.clone(),
            leaves_through: call.leaves_through(),
            data: call.data.clone(),
        });
    }
}
