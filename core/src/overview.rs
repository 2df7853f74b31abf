//! What an operator may see of a machine, as plain data.

mod counters;
mod sessions;

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::vec::Vec;

pub use counters::Counters;
pub use sessions::{
    BoundTo, MOST_VISITED, SessionDetails, SessionPortion, SessionQuestion, ShownCall, ShownMonitor,
    ShownRefusal, ShownSession, ShownSource, Sought,
};

use crate::time::{Duration, Instant};
use crate::wire::csta::services::Features;

/// A snapshot of what an operator may see. Its size does not depend on the number of sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// The name of the gateway's phase.
    pub phase: &'static str,
    /// Since when it is in it.
    pub phase_since: Instant,
    /// When a drain or a stop ends at the latest.
    pub ends_at: Option<Instant>,
    /// Sizes of the gateway's tables.
    pub view: View,
    /// The CTI connections, in configured order.
    pub connections: Vec<ConnectionView>,
    /// Counts since the start.
    pub counters: Counters,
}

/// One CTI connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionView {
    /// Its configured name.
    pub name: Box<str>,
    /// Its configured address.
    pub address: Box<str>,
    /// The connection ID of its latest connect; 0 before the first.
    pub id: u64,
    /// Its state's name.
    pub state: &'static str,
    /// Whether sessions may use it.
    pub in_service: bool,
    /// What its phone system said it can do when it last came into service, or is presumed to.
    pub features: Features,
    /// Since when it is in service, or out of it; `None` before its first attempt ended.
    pub since: Option<Instant>,
    /// When it is dialled next, if it is down.
    pub next_dial: Option<Instant>,
    /// When a heartbeat was last answered since it came into service.
    pub heartbeat_at: Option<Instant>,
    /// How long that answer took.
    pub round_trip: Option<Duration>,
    /// How many sessions are bound to it, whichever connect they began with.
    pub sessions: usize,
    /// Why it last failed.
    pub last_failure: Option<Cow<'static, str>>,
    /// When it last failed.
    pub failed_at: Option<Instant>,
    /// How the features of its phone system are known: `unknown`, `reported`, `none` (it reported that it has none),
    /// `presumed` or `configured`.
    pub features_known: &'static str,
    /// Whether its phone system answers no heartbeats, so that a missing answer proves nothing.
    pub is_mute: bool,
    /// What an operator should know about it.
    pub remarks: Vec<Cow<'static, str>>,
}

/// One session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionView<'a> {
    /// Identifies it for the life of the process.
    pub handle: u64,
    /// Its dialog's Call-ID.
    pub call_id: &'a str,
    /// Our tag in its dialog.
    pub local_tag: &'a str,
    /// The number the phone system knows its line by; empty until the client names one.
    pub number: &'a str,
    /// The CTI connection it is bound to: its index, and its connection ID.
    pub connection: Option<(u8, u64)>,
    /// Whether its client was told that its sign-in succeeded.
    pub is_established: bool,
}

/// The line appearance that a user has chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// The user ID, without case.
    pub user: Box<str>,
    /// A device's name and, behind a colon, an index.
    pub choice: Box<str>,
}

/// Sizes of its tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// SIP connections.
    pub links: usize,
    /// Sessions.
    pub sessions: usize,
    /// Clients' monitors.
    pub monitors: usize,
    /// Monitors towards the phone systems.
    pub switch_monitors: usize,
    /// Requests the phone systems have not answered.
    pub pending: usize,
    /// Server transactions.
    pub server_transactions: usize,
    /// Client transactions.
    pub client_transactions: usize,
    /// Early events: those that came before the answer that names their monitor.
    pub early: usize,
    /// Entries in the indexes of dialogs and transactions.
    pub indexed: usize,
    /// Timers set.
    pub timers: usize,
    /// Jobs under way.
    pub jobs: usize,
}
