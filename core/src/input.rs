//! Inputs: what can happen to a machine. A run is a configuration, a seed and a list of inputs.

use core::fmt;
use core::net::SocketAddr;

use crate::config::Reload;
use crate::reply::{PersistResult, Token};

/// Identifies one stream connection and is never reused. The machine draws even numbers, for connections it asks for;
/// the pump odd ones, for those it accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinkId(u64);

crate::digest! { struct LinkId(number) }

impl LinkId {
    /// The link numbered `number`.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The link's number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for LinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// One listening address: the index of its entry in [`crate::Machine::listens`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListenerId(u16);

crate::digest! { struct ListenerId(index) }

impl ListenerId {
    /// The listener at `index` in the machine's list.
    #[must_use]
    pub const fn new(index: u16) -> Self {
        Self(index)
    }

    /// The index in the machine's list.
    #[must_use]
    pub const fn index(self) -> u16 {
        self.0
    }
}

/// How a listening address carries bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transport {
    /// A stream of bytes (TCP).
    Tcp,
    /// Datagrams (UDP).
    Udp,
}

impl Transport {
    /// The transport as SIP writes it in a Via header.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
        }
    }
}

/// An address a machine wants to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// TCP or UDP.
    pub transport: Transport,
    /// The address; with port 0 the kernel chooses a port, and [`Input::Listening`] carries it.
    pub address: SocketAddr,
    /// The configuration key it came from, for error messages.
    pub key: alloc::string::String,
}

/// The other end of a stream connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The other end's address.
    pub address: SocketAddr,
    /// Our end's address.
    pub local: SocketAddr,
    /// The listener it was accepted on; `None` if the machine asked for the connection.
    pub listener: Option<ListenerId>,
}

/// Why a stream connection ended, or never began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Closed {
    /// The peer closed it cleanly.
    ByPeer,
    /// The connection broke: reset, or any other error while opening, reading or writing.
    Broken,
    /// The peer refused it.
    Refused,
    /// There is no route to the peer.
    Unreachable,
    /// It could not be opened in time.
    TimedOut,
    /// The name to connect to has no address.
    NameUnknown,
    /// The peer did not read what it was sent: its queue was full, or it read nothing for too long.
    TooSlow,
}

impl Closed {
    /// All reasons, in order.
    pub const ALL: [Self; 7] = [
        Self::ByPeer,
        Self::Broken,
        Self::Refused,
        Self::Unreachable,
        Self::TimedOut,
        Self::NameUnknown,
        Self::TooSlow,
    ];

    /// The reason as logs and traces write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ByPeer => "by-peer",
            Self::Broken => "broken",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed-out",
            Self::NameUnknown => "name-unknown",
            Self::TooSlow => "too-slow",
        }
    }
}

/// A command of an operator or a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// One line of text, for the scripted client and the built-in phone system.
    Line(&'a str),
    /// No more lines will come.
    End,
    /// Take no new sessions, leave the existing ones to other nodes, and end. For the gateway only.
    Drain,
    /// Take sessions again: ends a drain. For the gateway only.
    Undrain,
    /// Dial a CTI connection that is down, given by its index, now and not after its pause. For the gateway only.
    Redial(u8),
    /// End cleanly and in bounded time: the gateway sends each session a BYE.
    Stop,
    /// From now on, the user controls the line appearance that he chose, whatever his line URI says. For the gateway
    /// only, and refused by one without a directory.
    Select {
        /// The user ID, without case.
        user: &'a str,
        /// `automatic`, or a device's name and, behind a colon, an index: `SEP0002FD3BB5C5:1`.
        choice: &'a str,
    },
    /// Change the configuration and the directory. Sessions whose rights are gone are ended. For the gateway only.
    Reload(&'a Reload),
}

/// One input of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input<'a> {
    /// Time has passed: at most one overdue timer or one portion of a job is handled.
    Tick,
    /// A listening address is open. Precedes any link or datagram on it.
    Listening {
        /// The listener.
        listener: ListenerId,
        /// The address, with the port the kernel chose.
        address: SocketAddr,
    },
    /// A connection was accepted, or one that the machine asked for is open.
    Opened {
        /// The connection.
        link: LinkId,
        /// Its other end.
        peer: Peer,
    },
    /// Bytes arrived on a connection.
    Bytes {
        /// The connection.
        link: LinkId,
        /// The bytes; [`Taken`] says how many of them the machine took.
        bytes: &'a [u8],
    },
    /// A connection ended, or could not be opened.
    Closed {
        /// The connection.
        link: LinkId,
        /// Why.
        why: Closed,
    },
    /// A datagram arrived.
    Datagram {
        /// The socket it arrived on.
        listener: ListenerId,
        /// Who sent it.
        peer: SocketAddr,
        /// Its bytes.
        bytes: &'a [u8],
    },
    /// A command of an operator or a script.
    Command {
        /// Whether it is to be answered ([`crate::Action::Reply`]), and under which token.
        token: Option<Token>,
        /// The command.
        command: Command<'a>,
    },
    /// The store's answer to an [`crate::Action::Persist`]. Each gets exactly one, in any order.
    Persisted {
        /// The token of what was to be kept.
        token: Token,
        /// Whether it was.
        result: PersistResult,
    },
    /// What the store has kept of an earlier run. Precedes any link.
    Restored {
        /// The key.
        key: &'a str,
        /// The value, which is not empty.
        value: &'a str,
    },
    /// The wall-clock time. When the gateway takes over another node's dialog, it derives the CSeq of its own requests
    /// and the cross-reference IDs of its monitors from it.
    Clock {
        /// Microseconds since 1970-01-01T00:00:00Z.
        unix_micros: u64,
    },
}

/// A command that nobody waits for an answer to.
impl<'a> From<Command<'a>> for Input<'a> {
    fn from(command: Command<'a>) -> Self {
        Self::Command { token: None, command }
    }
}

/// How many of an input's bytes a step took. The pump offers the rest as the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken(pub usize);

impl Input<'_> {
    /// The input, cut to the bytes that the step took.
    #[must_use]
    pub fn up_to(self, taken: Taken) -> Self {
        match self {
            Self::Bytes { link, bytes } => Self::Bytes { link, bytes: bytes.get(..taken.0).unwrap_or(bytes) },
            Self::Tick
            | Self::Listening { .. }
            | Self::Opened { .. }
            | Self::Closed { .. }
            | Self::Datagram { .. }
            | Self::Command { .. }
            | Self::Persisted { .. }
            | Self::Restored { .. }
            | Self::Clock { .. } => self,
        }
    }
}
