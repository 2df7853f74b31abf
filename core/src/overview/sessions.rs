//! Sessions as an operator may see them, as plain data.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::SocketAddr;

use crate::time::Instant;

/// The most slots of the table of sessions that one question looks into, so that none stops the gateway for long.
pub const MOST_VISITED: u32 = 1_000;

/// The sessions that an operator wants to see: those to which everything applies that is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sought {
    /// The user: a URI, what is behind its scheme, its user part, or a user ID of the directory; without case.
    pub user: Option<String>,
    /// The line: its URI, or a number.
    pub line: Option<String>,
    /// The device: by what the phone system knows it, or its name in the directory.
    pub device: Option<String>,
    /// The name of the CTI connection.
    pub connection: Option<String>,
}

/// A question for sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionQuestion {
    /// Which.
    pub sought: Sought,
    /// The slot of the table to begin with; 0 at first, then [`SessionPortion::next`].
    pub from: u32,
    /// How many slots of the table to look into: at least 1, and at most [`MOST_VISITED`].
    pub visits: u32,
    /// The most sessions to return.
    pub most: usize,
    /// Whether everything that is known is wanted.
    pub is_detailed: bool,
}

/// Some of the sessions that are sought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionPortion {
    /// The sessions.
    pub sessions: Vec<ShownSession>,
    /// Where to go on; `None` if there are no more.
    pub next: Option<u32>,
    /// The last sign-in of the sought user that was refused, with the first portion, if everything that is known of a
    /// user is wanted. It is forgotten when the user signs in.
    pub refused: Option<ShownRefusal>,
}

/// A sign-in that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownRefusal {
    /// When.
    pub at: Instant,
    /// The user's URI.
    pub user: String,
    /// The line URI; empty if the client named none.
    pub line: String,
    /// By what the phone system was asked for the line; empty if it was not.
    pub device: String,
    /// The status and the reason of the answer.
    pub status: String,
    /// What the phone system said, if it was that which did not know the line.
    pub said: Option<String>,
    /// What an administrator can do about it.
    pub remedy: &'static str,
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownSession {
    /// Its slot in the table.
    pub slot: u32,
    /// The user's URI.
    pub user: String,
    /// The line URI; empty until the client names one.
    pub line: String,
    /// By what the phone system knows the line at the device.
    pub device: String,
    /// The name of the CTI connection it is bound to, if it is to any.
    pub connection: Option<String>,
    /// How many monitors its client has.
    pub monitors: usize,
    /// How many calls are known.
    pub calls: usize,
    /// When it began.
    pub since: Instant,
    /// What last went wrong, and when.
    pub last_error: Option<(String, Instant)>,
    /// Everything else, if that was wanted.
    pub details: Option<Box<SessionDetails>>,
}

/// What is known of a session beside what a list of sessions shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionDetails {
    /// The user ID in the directory, if the user is there.
    pub user_id: Option<String>,
    /// The line appearances of the user that the phone system knows by the session's device, as
    /// `NUMBER[/PARTITION][@DEVICE]`.
    pub appearances: Vec<String>,
    /// Its dialog's Call-ID.
    pub call_id: String,
    /// The address that its client was last heard from, while the SIP connection is open.
    pub peer: Option<SocketAddr>,
    /// Whether its INVITE was answered 200.
    pub is_established: bool,
    /// Whether its device is registered at the phone system, as far as that said.
    pub is_registered: bool,
    /// The state of its CTI connection, if it is bound to one.
    pub connection: Option<BoundTo>,
    /// When it was last refreshed, or began.
    pub refreshed: Option<Instant>,
    /// When it ends unless it is refreshed.
    pub expires: Option<Instant>,
    /// Its client's monitors.
    pub monitors: Vec<ShownMonitor>,
    /// The line's calls.
    pub calls: Vec<ShownCall>,
}

/// The CTI connection of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoundTo {
    /// The connection ID of the connect that the session is bound to.
    pub id: u64,
    /// The name of the connection's state.
    pub state: &'static str,
    /// Whether the session's requests are served over it.
    pub in_service: bool,
    /// Whether it was lost and is back, which a session learns of by its next INVITE (S8).
    pub is_replaced: bool,
}

/// A client's monitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownMonitor {
    /// The client's `monitorCrossRefID`.
    pub id: String,
    /// What feeds it, if anything does.
    pub source: Option<ShownSource>,
    /// Whether its client is up to date.
    pub is_up_to_date: bool,
}

/// A monitor at a phone system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownSource {
    /// The name of the CTI connection.
    pub connection: String,
    /// The monitored device.
    pub device: String,
    /// The phone system's `monitorCrossRefID`; `None` until it has started the monitor.
    pub id: Option<String>,
}

/// A call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownCall {
    /// The phone system's callID.
    pub id: String,
    /// The deviceID of the line's own connection.
    pub device: String,
    /// The name of its stage as seen from the line.
    pub stage: &'static str,
}
