//! What an operator may see of a machine: plain data, made by the machine, shown by whoever asked for it.

mod counters;

use alloc::boxed::Box;
use alloc::vec::Vec;

pub use counters::Counters;

use crate::time::{Duration, Instant};

/// What an operator may see, all at one time: bounded, whatever the number of sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// Whether the gateway runs, drains or stops: the name of its state.
    pub phase: &'static str,
    /// By when a drain or a stop is over at the latest.
    pub ends_at: Option<Instant>,
    /// How many of everything there are.
    pub view: View,
    /// The CTI connections, in configured order.
    pub connections: Vec<ConnectionView>,
    /// What happened so far.
    pub counters: Counters,
}

/// One CTI connection, to be shown.
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
    /// Since when it is in service, or out of it; `None` before its first attempt ended.
    pub since: Option<Instant>,
    /// When a heartbeat was last answered since it is in service.
    pub heartbeat_at: Option<Instant>,
    /// How long that answer took.
    pub round_trip: Option<Duration>,
    /// How many sessions hold to it, whichever connect they began with.
    pub sessions: usize,
    /// Why it last failed.
    pub last_failure: Option<&'static str>,
    /// When it last failed.
    pub failed_at: Option<Instant>,
}

/// One session, to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionView<'a> {
    /// Names it, for the life of the process.
    pub handle: u64,
    /// Its dialog's Call-ID.
    pub call_id: &'a str,
    /// Our tag in its dialog.
    pub local_tag: &'a str,
    /// The number the phone system knows its line by; empty until the client names one.
    pub number: &'a str,
    /// The CTI connection it is on: its place in configured order, and its connection ID.
    pub connection: Option<(u8, u64)>,
}

/// How many of everything there are.
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
    /// Requests received that still need care.
    pub server_transactions: usize,
    /// Requests sent that are not answered.
    pub client_transactions: usize,
    /// Events that came before their monitor's name.
    pub early: usize,
    /// Dialogs and requests that can be found.
    pub indexed: usize,
    /// Timers set.
    pub timers: usize,
    /// Jobs under way.
    pub jobs: usize,
}
