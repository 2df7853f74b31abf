//! What the call model says.

use alloc::vec::Vec;
use core::fmt;

use super::text::Text;
use crate::wire::csta::model::{CallEventKind, LocalConnectionState};

/// The callID of a call as the devices in it know it: a number from 1 to 99,999,999 that follows from the call's first
/// channel, so that all who watch the same Asterisk find the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallId(pub(super) u32);

impl CallId {
    /// The callID that is written so; `None` if none is.
    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        text.parse().ok().filter(|number| *number > 0).map(Self)
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

crate::digest! { struct CallId(number) }

/// Somebody in a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Who {
    /// The device: a line's name, or what stands for a party that has none. Empty if there is no device.
    pub device: Text,
    /// The number; empty if it is not known.
    pub number: Text,
    /// The name; empty if it is not known.
    pub name: Text,
}

crate::digest! { struct Who { device, number, name } }

/// From where a call came last (ECMA-269, `lastRedirectionDevice`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Redirected {
    /// It was not redirected.
    #[default]
    No,
    /// From this number.
    From(Text),
    /// It may have been: a number of the public network may lead anywhere.
    Perhaps,
}

crate::digest! { enum Redirected { No = 0, From(number) = 1, Perhaps = 2 } }

/// One party of a call that resulted from others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The party.
    pub party: Who,
    /// The call that it was in before; `None` if it is only being called.
    pub old: Option<CallId>,
}

/// One event for the monitors of one device. A device keeps the callID with which a call began there, whatever becomes
/// of the call; so each device is told its own view (ECMA-269, local view of the callIDs).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// The device whose monitors are told.
    pub device: Text,
    /// The kind of event.
    pub kind: Kind,
    /// The call of the connection, as this device knows it; of two calls that became one, the first.
    pub call: CallId,
    /// The second of two calls that became one, if this device had both.
    pub second: Option<CallId>,
    /// The party whose connection it is, which the event is about.
    pub subject: Who,
    /// The device that the call goes to, or that was added to it.
    pub new_party: Who,
    /// The parties of a call that resulted from others.
    pub list: Vec<Moved>,
    /// Who calls.
    pub calling: Who,
    /// Who is called.
    pub called: Who,
    /// From where the call came last.
    pub redirected: Redirected,
    /// The state of the device's own connection afterwards.
    pub local: LocalConnectionState,
    /// The cause, as the schema's `EventCause` spells it.
    pub cause: &'static str,
}

/// The kinds of events: those that are modelled, and one that is passed on as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A call event.
    Call(CallEventKind),
    /// `QueuedEvent`: a call waits at a place.
    Queued,
}

/// What an event or a list did to the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken in, or means nothing for calls.
    Taken,
    /// It is about a channel that is not known, or lacks what its kind must have: a snapshot is needed.
    Unknown,
    /// There are as many channels as this: another was not taken in, and its call is not shown.
    Full(usize),
}
