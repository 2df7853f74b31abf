//! The typed events.

use super::{Connection, LocalConnectionState, Party, Redirection, words};
use crate::wire::csta::events::Shape;

/// A call-control event that this project models; [`CallEventKind::slots`] has the elements of each kind.
#[derive(Clone, Copy, Debug)]
pub struct CallEvent<'a> {
    /// The kind of event.
    pub kind: CallEventKind,
    /// `monitorCrossRefID`.
    pub cross_reference: &'a str,
    /// The connection it is about; if two calls became one, the first.
    pub connection: Connection<'a>,
    /// If two calls became one, the second.
    pub second: Option<Connection<'a>>,
    /// The device it is about.
    pub subject: Party<'a>,
    /// The device that a call went to, or that was added to it, where the event has it.
    pub new_party: Option<Party<'a>>,
    /// The connections of a call that resulted from others, if they are not in `source`; see [`CallEvent::list`].
    pub given_list: &'a [ListItem<'a>],
    /// `callingDevice`, where the event has it.
    pub calling: Option<Party<'a>>,
    /// `calledDevice`, where the event has it.
    pub called: Option<Party<'a>>,
    /// `lastRedirectionDevice`, where the event has it.
    pub redirection: Option<Redirection<'a>>,
    /// `localConnectionInfo`: the monitored device's state after the event.
    pub local: Option<LocalConnectionState>,
    /// `cause` as received (any `EventCause` of any edition).
    pub cause: &'a str,
    /// The document it was read from, from which elements that are not modelled are copied.
    pub source: Option<roxmltree::Node<'a, 'a>>,
}

words! {
    /// The call-control events this project models, by their roots' names.
    pub enum CallEventKind {
        /// A device went off hook.
        ServiceInitiated = "ServiceInitiatedEvent",
        /// It dialled the called party.
        Originated = "OriginatedEvent",
        /// A device rings.
        Delivered = "DeliveredEvent",
        /// It answered.
        Established = "EstablishedEvent",
        /// A connection was put on hold.
        Held = "HeldEvent",
        /// A held connection was retrieved.
        Retrieved = "RetrievedEvent",
        /// A call cannot be completed.
        Failed = "FailedEvent",
        /// A device left a call.
        ConnectionCleared = "ConnectionClearedEvent",
        /// A call left for another network.
        NetworkReached = "NetworkReachedEvent",
        /// A call left a device before it was answered there.
        Diverted = "DivertedEvent",
        /// A device connected its two calls to each other and left (so spelt in the schema).
        Transfered = "TransferedEvent",
        /// Calls became one, or a device was added to one.
        Conferenced = "ConferencedEvent",
        /// A call is over for all devices.
        CallCleared = "CallClearedEvent",
    }
}

impl<'a> CallEvent<'a> {
    /// An event of this kind about `connection`, with nothing else known.
    #[must_use]
    pub const fn new(kind: CallEventKind, connection: Connection<'a>) -> Self {
        Self {
            kind,
            cross_reference: "",
            connection,
            second: None,
            subject: Party::NotKnown,
            new_party: None,
            given_list: &[],
            calling: None,
            called: None,
            redirection: None,
            local: None,
            cause: "",
            source: None,
        }
    }
}

/// An event.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::large_enum_variant, reason = "events are read, passed on and forgotten, never stored")]
pub enum Event<'a> {
    /// An event that is modelled.
    Call(CallEvent<'a>),
    /// An event that is passed on with only its identifiers rewritten.
    Other {
        /// Its shape.
        shape: &'static Shape,
        /// `monitorCrossRefID`.
        cross_reference: &'a str,
        /// The document's root.
        source: roxmltree::Node<'a, 'a>,
    },
    /// An event that no table knows.
    Unknown {
        /// The root's local name.
        name: &'a str,
    },
}

/// One connection of a call that resulted from others (`connectionListItem`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListItem<'a> {
    /// `newConnection`; absent for the device that left.
    pub new: Option<Connection<'a>>,
    /// `oldConnection`: the connection it was before.
    pub old: Option<Connection<'a>>,
    /// `endpoint`: the device, if present.
    pub endpoint: Option<Party<'a>>,
}
