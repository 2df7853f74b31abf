//! All that can happen to a machine. A run is a birth (configuration and seed) and a list of these.

use core::fmt;
use core::net::SocketAddr;

/// One stream connection, for the life of the process. Never used twice: the machine draws even numbers
/// (connections it asks for), the pump odd ones (connections it accepted).
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

/// One listening address: the place of its entry in [`crate::Machine::listens`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListenerId(u16);

crate::digest! { struct ListenerId(place) }

impl ListenerId {
    /// The listener at `place` in the machine's list.
    #[must_use]
    pub const fn new(place: u16) -> Self {
        Self(place)
    }

    /// The place in the machine's list.
    #[must_use]
    pub const fn place(self) -> u16 {
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
    /// Where; port 0 lets the kernel choose, and [`Input::Listening`] tells the machine what it chose.
    pub address: SocketAddr,
    /// The configuration key it came from, for messages such as «address in use».
    pub key: alloc::string::String,
}

/// The other end of a stream connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The other end's address.
    pub address: SocketAddr,
    /// Our end's address.
    pub local: SocketAddr,
    /// The listener it was accepted on; `None` when the machine asked for the connection.
    pub listener: Option<ListenerId>,
}

/// Why a stream connection ended, or never began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Closed {
    /// The peer closed it in good order.
    ByPeer,
    /// The connection broke: reset, or any other error while opening, reading or writing.
    Broken,
    /// It was refused where it was to be opened.
    Refused,
    /// There is no way to where it was to be opened.
    Unreachable,
    /// It could not be opened in time.
    TimedOut,
    /// The name to connect to has no address.
    NameUnknown,
    /// The peer did not read what it was sent: its bounded queue was full, or it took nothing for too long.
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

/// What an operator or a script tells a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// One line of text: the scripted client's language.
    Line(&'a str),
    /// No more lines will come.
    End,
    /// Take no new sessions, leave those there are to others, and come to an end: the gateway's alone.
    Drain,
    /// Come to an end in good order: sessions are told with BYE, bounded in time.
    Stop,
}

/// All that can happen to a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input<'a> {
    /// Time has passed: at most one overdue timer or one portion of a job is handled.
    Tick,
    /// A listening address is open, at this address. Comes before any link or datagram of it.
    Listening {
        /// Which one.
        listener: ListenerId,
        /// The address, with the port the kernel chose.
        address: SocketAddr,
    },
    /// A connection was accepted, or one that was asked for is open.
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
        /// The bytes; the machine says how many of them it took.
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
    /// An operator or a script speaks.
    Command(Command<'a>),
    /// The wall clock. When the gateway takes a dialog over from another node, the CSeq of its own requests and the names
    /// of its monitors are chosen by it.
    Clock {
        /// Microseconds since 1970-01-01T00:00:00Z.
        unix_micros: u64,
    },
}

/// How many of an input's bytes a step took. The pump offers the rest as the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken(pub usize);

impl Input<'_> {
    /// The input as far as it was taken: what a step saw, of whatever was offered.
    #[must_use]
    pub fn up_to(self, taken: Taken) -> Self {
        match self {
            Self::Bytes { link, bytes } => Self::Bytes { link, bytes: bytes.get(..taken.0).unwrap_or(bytes) },
            Self::Tick
            | Self::Listening { .. }
            | Self::Opened { .. }
            | Self::Closed { .. }
            | Self::Datagram { .. }
            | Self::Command(_)
            | Self::Clock { .. } => self,
        }
    }
}
