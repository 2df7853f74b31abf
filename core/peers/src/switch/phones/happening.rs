//! What the call model says: something happened to a call, and these phones see it.

use alloc::string::String;
use alloc::vec::Vec;

use ctigate_core::slots::Handle;
use ctigate_core::wire::csta::model::LocalConnectionState as State;

use super::{Call, Party, Phone, Phones};

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
}

/// What a kind of happening has beside what all have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Nothing.
    None,
    /// The party that the call goes to.
    Destination(Party),
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
        let audience: Vec<_> = call
            .parties
            .iter()
            .filter(is_told)
            .filter_map(|connection| match connection.party {
                Party::Phone(phone) => Some((phone, connection.state)),
                Party::Trunk(_) | Party::Dialled => None,
            })
            .collect();
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
        });
    }
}
