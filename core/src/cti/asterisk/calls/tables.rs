//! Channels, bridges and calls.

use alloc::vec::Vec;

use super::news::{CallId, Redirected, Who};
use super::text::Text;
use crate::slots::Handle;
use crate::wire::csta::model::LocalConnectionState as State;

/// What a channel stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// A line: its device is known by its name.
    Line,
    /// A line of another network, or of something that is not listed: each channel is a device of its own.
    Outside,
    /// One half of a Local channel, which leads from one part of the dialplan to another.
    Half,
    /// A channel of Asterisk's own, which is no party.
    Inner,
}

crate::digest! { enum Sort { Line = 0, Outside = 1, Half = 2, Inner = 3 } }

/// The state of a channel, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Nothing is heard of it.
    Down,
    /// It calls.
    Ring,
    /// It rings, or is said to.
    Ringing,
    /// It is answered.
    Up,
}

crate::digest! { enum Progress { Down = 0, Ring = 1, Ringing = 2, Up = 3 } }

impl Progress {
    /// The state by its description.
    pub(super) fn named(text: &str) -> Option<Self> {
        match text {
            "Down" | "Rsrvd" | "OffHook" | "Dialing" => Some(Self::Down),
            "Ring" => Some(Self::Ring),
            "Ringing" | "Pre-ring" | "Dialing Offhook" => Some(Self::Ringing),
            "Up" | "Busy" => Some(Self::Up),
            _ => None,
        }
    }
}

/// One channel.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, in any combination")]
pub(super) struct Channel {
    /// Its Uniqueid.
    pub(super) unique: Text,
    /// The Linkedid that it had last.
    pub(super) linked: Text,
    /// Its name.
    pub(super) name: Text,
    pub(super) sort: Sort,
    /// The device that it belongs to.
    pub(super) device: Text,
    pub(super) progress: Progress,
    /// Whether its device calls, rather than being called.
    pub(super) calls: bool,
    /// Whether it is known who called it. Before, it is not said to ring.
    pub(super) dialled: bool,
    /// Whether it holds the call.
    pub(super) holds: bool,
    /// Whether its end was asked for: by its user, or by us.
    pub(super) ends: bool,
    /// Whether its device has left the call already, by a transfer.
    pub(super) left: bool,
    /// Whether it has left a conference room, and may go on elsewhere.
    pub(super) left_room: bool,
    /// The cause of its Hangup, if what happened shows only by others' events (`ending`).
    pub(super) ended: Option<u16>,
    pub(super) bridge: Option<Handle<Bridge>>,
    pub(super) call: Handle<Call>,
    /// Whether it was there when a snapshot was asked for, and is not in it so far.
    pub(super) unseen: bool,
}

crate::digest! { struct Channel {
    unique, linked, name, sort, device, progress, calls, dialled, holds, ends, left, left_room, ended,
    bridge, call, unseen,
} }

impl Channel {
    /// Whether it is a party of its call.
    pub(super) const fn is_party(&self) -> bool {
        matches!(self.sort, Sort::Line | Sort::Outside) && !self.left
    }

    /// Whether it is called, and has neither answered nor ended.
    pub(super) const fn is_called(&self) -> bool {
        self.is_party() && self.dialled && !self.calls && !matches!(self.progress, Progress::Up)
    }

    /// The state of its connection.
    pub(super) const fn state(&self, prompted: bool) -> State {
        match self.progress {
            Progress::Up if self.holds => State::Hold,
            Progress::Up => State::Connected,
            _ if prompted && self.calls => State::Initiated,
            Progress::Ring => State::Connected,
            Progress::Ringing if self.dialled => State::Alerting,
            Progress::Ringing | Progress::Down => State::Null,
        }
    }
}

/// What a bridge is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A conversation.
    Talk,
    /// A conference room.
    Room,
    /// Music for those who wait, who do not hear each other.
    Waiting,
}

crate::digest! { enum Purpose { Talk = 0, Room = 1, Waiting = 2 } }

/// One bridge.
#[derive(Debug)]
pub(super) struct Bridge {
    pub(super) unique: Text,
    pub(super) purpose: Purpose,
    pub(super) channels: Vec<Handle<Channel>>,
}

crate::digest! { struct Bridge { unique, purpose, channels } }

/// A device in a call.
#[derive(Debug)]
pub(super) struct Party {
    pub(super) who: Who,
    /// Whether it is a line.
    pub(super) is_line: bool,
    /// Whether it is a line whose monitors are told.
    pub(super) is_told: bool,
    /// Whether the dialplan itself is this party, or a place for parking: no channel belongs to it.
    pub(super) is_place: bool,
    pub(super) state: State,
}

crate::digest! { struct Party { who, is_line, is_told, is_place, state => state.word() } }

/// One call, as its devices know it.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) id: CallId,
    /// How many calls were known before it.
    pub(super) order: u64,
    /// The Linkedids that lead here.
    pub(super) linked: Vec<Text>,
    /// The conversation that it is part of.
    pub(super) talk: Handle<Talk>,
    pub(super) calling: Who,
    pub(super) called: Who,
    pub(super) redirected: Redirected,
    /// Whether the caller's own phone is called first, and the number then.
    pub(super) prompted: bool,
    /// Whether anybody answered the caller.
    pub(super) answered: bool,
    /// The cause of the next device that rings or answers.
    pub(super) cause: &'static str,
    /// The last device that rang without an answer, and why.
    pub(super) failed: Option<(Text, &'static str)>,
    pub(super) parties: Vec<Party>,
    pub(super) channels: Vec<Handle<Channel>>,
}

crate::digest! { struct Call {
    id, order, linked, talk, calling, called, redirected, prompted, answered, cause, failed, parties, channels,
} }

impl Call {
    /// The party that a device is.
    pub(super) fn party(&self, device: &str) -> Option<&Party> {
        self.parties.iter().find(|party| *party.who.device == *device)
    }

    /// The same, for changing it.
    pub(super) fn party_mut(&mut self, device: &str) -> Option<&mut Party> {
        self.parties.iter_mut().find(|party| *party.who.device == *device)
    }
}

/// Calls that became one conversation, each with the callID that its devices know.
#[derive(Debug, Default)]
pub(super) struct Talk {
    pub(super) calls: Vec<Handle<Call>>,
}

crate::digest! { struct Talk { calls } }
