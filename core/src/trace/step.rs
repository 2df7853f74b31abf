//! One step read from a trace: its input and its actions, borrowed from the trace where its form allows.

use alloc::borrow::{Cow, ToOwned as _};
use alloc::vec::Vec;
use core::net::SocketAddr;

use crate::action::{Action, Level, Notice};
use crate::input::{Closed, Command, Input, LinkId, ListenerId, Peer};
use crate::reply::{PersistResult, ReplyResult, Token};
use crate::secret::Fill;
use crate::time::Instant;

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step<'t> {
    /// The comment above it, verbatim: lines that begin with `#`.
    pub comment: &'t str,
    /// The line of its `@`, from 1.
    pub line: usize,
    /// The time.
    pub now: Instant,
    /// The input.
    pub input: RecordedInput<'t>,
    /// The actions, each with its line.
    pub actions: Vec<(usize, RecordedAction<'t>)>,
    /// Whether the machine panicked in it; then there are no actions, and the input is complete.
    pub panicked: bool,
    /// The state's fingerprint after it, with its line, if one was taken.
    pub digest: Option<(usize, u64)>,
    /// The first line after it.
    pub end_line: usize,
}

/// An [`Input`] as a trace holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordedInput<'t> {
    /// [`Input::Tick`].
    Tick,
    /// [`Input::Listening`].
    Listening {
        /// Which listener.
        listener: ListenerId,
        /// Its address.
        address: SocketAddr,
    },
    /// [`Input::Opened`].
    Opened {
        /// The connection.
        link: LinkId,
        /// Its other end.
        peer: Peer,
    },
    /// [`Input::Bytes`]: the bytes that were taken, or all of them if the machine panicked.
    Bytes {
        /// The connection.
        link: LinkId,
        /// The bytes.
        bytes: Cow<'t, [u8]>,
    },
    /// [`Input::Closed`].
    Closed {
        /// The connection.
        link: LinkId,
        /// Why.
        why: Closed,
    },
    /// [`Input::Datagram`].
    Datagram {
        /// The socket it arrived on.
        listener: ListenerId,
        /// Who sent it.
        peer: SocketAddr,
        /// Its bytes.
        bytes: Cow<'t, [u8]>,
    },
    /// [`Input::Command`].
    Command {
        /// Under which token it is answered, if it is.
        token: Option<Token>,
        /// The command.
        command: RecordedCommand<'t>,
    },
    /// [`Input::Persisted`].
    Persisted {
        /// The token of what was to be kept.
        token: Token,
        /// Whether it was.
        result: PersistResult,
    },
    /// [`Input::Restored`].
    Restored {
        /// The key.
        key: Cow<'t, str>,
        /// The value.
        value: Cow<'t, str>,
    },
    /// [`Input::Clock`].
    Clock {
        /// Microseconds since 1970.
        unix_micros: u64,
    },
}

/// A [`Command`] as a trace holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordedCommand<'t> {
    /// [`Command::Line`].
    Line(Cow<'t, str>),
    /// [`Command::End`].
    End,
    /// [`Command::Drain`].
    Drain,
    /// [`Command::Undrain`].
    Undrain,
    /// [`Command::Redial`].
    Redial(u8),
    /// [`Command::Stop`].
    Stop,
    /// [`Command::Select`].
    Select {
        /// The user ID.
        user: Cow<'t, str>,
        /// The choice.
        choice: Cow<'t, str>,
    },
}

impl RecordedCommand<'_> {
    /// The command itself.
    #[must_use]
    pub fn as_command(&self) -> Command<'_> {
        match self {
            Self::Line(line) => Command::Line(line),
            Self::End => Command::End,
            Self::Drain => Command::Drain,
            Self::Undrain => Command::Undrain,
            Self::Redial(index) => Command::Redial(*index),
            Self::Stop => Command::Stop,
            Self::Select { user, choice } => Command::Select { user, choice },
        }
    }
}

/// A command with texts of its own.
impl From<Command<'_>> for RecordedCommand<'static> {
    fn from(command: Command<'_>) -> Self {
        let own = |text: &str| Cow::Owned(text.to_owned());
        match command {
            Command::Line(line) => Self::Line(own(line)),
            Command::End => Self::End,
            Command::Drain => Self::Drain,
            Command::Undrain => Self::Undrain,
            Command::Redial(index) => Self::Redial(index),
            Command::Stop => Self::Stop,
            Command::Select { user, choice } => Self::Select { user: own(user), choice: own(choice) },
        }
    }
}

impl RecordedInput<'_> {
    /// The input itself, to be given to a machine.
    #[must_use]
    pub fn as_input(&self) -> Input<'_> {
        match self {
            Self::Tick => Input::Tick,
            Self::Listening { listener, address } => {
                Input::Listening { listener: *listener, address: *address }
            }
            Self::Opened { link, peer } => Input::Opened { link: *link, peer: *peer },
            Self::Bytes { link, bytes } => Input::Bytes { link: *link, bytes },
            Self::Closed { link, why } => Input::Closed { link: *link, why: *why },
            Self::Datagram { listener, peer, bytes } => {
                Input::Datagram { listener: *listener, peer: *peer, bytes }
            }
            Self::Command { token, command } => {
                Input::Command { token: *token, command: command.as_command() }
            }
            Self::Persisted { token, result } => Input::Persisted { token: *token, result: *result },
            Self::Restored { key, value } => Input::Restored { key, value },
            Self::Clock { unix_micros } => Input::Clock { unix_micros: *unix_micros },
        }
    }
}

/// An [`Action`] as a trace holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordedAction<'t> {
    /// [`Action::Connect`].
    Connect {
        /// The number the connection will have.
        link: LinkId,
        /// `host:port`.
        address: Cow<'t, str>,
    },
    /// [`Action::Write`].
    Write {
        /// The connection.
        link: LinkId,
        /// The bytes.
        bytes: Cow<'t, [u8]>,
    },
    /// [`Action::WriteSecret`].
    WriteSecret {
        /// The connection.
        link: LinkId,
        /// The bytes without the secret.
        bytes: Cow<'t, [u8]>,
        /// Where the secret belongs.
        fill: Fill,
    },
    /// [`Action::Close`].
    Close {
        /// The connection.
        link: LinkId,
    },
    /// [`Action::SendDatagram`].
    SendDatagram {
        /// The socket to send from.
        listener: ListenerId,
        /// The address to send to.
        peer: SocketAddr,
        /// The bytes.
        bytes: Cow<'t, [u8]>,
    },
    /// [`Action::Notify`].
    Notify {
        /// How urgent.
        level: Level,
        /// What happened.
        name: &'t str,
        /// Its fields in logfmt.
        fields: Cow<'t, str>,
    },
    /// [`Action::Print`].
    Print {
        /// The line.
        text: Cow<'t, str>,
    },
    /// [`Action::Persist`].
    Persist {
        /// The token that the answer will have.
        token: Token,
        /// The key.
        key: Cow<'t, str>,
        /// The value; empty: forget the key.
        value: Cow<'t, str>,
    },
    /// [`Action::Reply`].
    Reply {
        /// The command's token.
        token: Token,
        /// Whether it was carried out.
        result: ReplyResult,
    },
    /// [`Action::Finish`].
    Finish {
        /// The exit status.
        status: u8,
    },
}

impl RecordedAction<'_> {
    /// Whether it equals `action`.
    #[must_use]
    pub fn is(&self, action: &Action<'_>) -> bool {
        match (self, action) {
            (Self::Connect { link, address }, Action::Connect { link: other, address: to }) => {
                link == other && address == to
            }
            (Self::Write { link, bytes }, Action::Write { link: other, bytes: written }) => {
                link == other && **bytes == **written
            }
            (
                Self::WriteSecret { link, bytes, fill },
                Action::WriteSecret { link: other, bytes: written, fill: where_to },
            ) => link == other && **bytes == **written && fill == where_to,
            (Self::Close { link }, Action::Close { link: other }) => link == other,
            (
                Self::SendDatagram { listener, peer, bytes },
                Action::SendDatagram { listener: from, peer: to, bytes: sent },
            ) => listener == from && peer == to && **bytes == **sent,
            (Self::Notify { level, name, fields }, Action::Notify(notice)) => {
                let Notice { level: other, name: what, fields: told } = notice;
                level == other && name == what && fields == told
            }
            (Self::Print { text }, Action::Print { text: printed }) => text == printed,
            (
                Self::Persist { token, key, value },
                Action::Persist { token: other, key: kept_as, value: kept },
            ) => token == other && key == kept_as && value == kept,
            (Self::Reply { token, result }, Action::Reply { token: other, result: replied }) => {
                token == other && result == replied
            }
            (Self::Finish { status }, Action::Finish { status: other }) => status == other,
            _ => false,
        }
    }

    /// Whether both are of the same kind, for example writes to the same connection or notices of the same name,
    /// whatever the content.
    #[must_use]
    pub fn is_same_kind(&self, other: &RecordedAction<'_>) -> bool {
        match (self, other) {
            (Self::Connect { link, .. }, RecordedAction::Connect { link: other, .. })
            | (Self::Write { link, .. }, RecordedAction::Write { link: other, .. })
            | (Self::WriteSecret { link, .. }, RecordedAction::WriteSecret { link: other, .. })
            | (Self::Close { link }, RecordedAction::Close { link: other }) => link == other,
            (Self::SendDatagram { listener, .. }, RecordedAction::SendDatagram { listener: other, .. }) => {
                listener == other
            }
            (Self::Notify { level, name, .. }, RecordedAction::Notify { level: other, name: what, .. }) => {
                level == other && name == what
            }
            (Self::Print { .. }, RecordedAction::Print { .. }) => true,
            (Self::Persist { token, .. }, RecordedAction::Persist { token: other, .. }) => token == other,
            (Self::Reply { token, result }, RecordedAction::Reply { token: other, result: replied }) => {
                token == other && result == replied
            }
            (Self::Finish { status }, RecordedAction::Finish { status: other }) => status == other,
            _ => false,
        }
    }
}
