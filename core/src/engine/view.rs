//! Reading the engine's state: not an input, changes nothing.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{Counters, Engine};
use crate::sip::transactions::ServerMachine;
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
    pub watches: usize,
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

impl Engine {
    /// How many of everything there are now.
    #[must_use]
    pub fn view(&self) -> View {
        View {
            links: self.gateway.links.slots.len(),
            sessions: self.gateway.sessions.len(),
            monitors: self.gateway.monitors.len(),
            watches: self.gateway.watches.slots.len(),
            pending: self.gateway.pool.requests().len(),
            server_transactions: self.gateway.transactions.server.len(),
            client_transactions: self.gateway.transactions.client.len(),
            early: self.gateway.early.len(),
            indexed: self.gateway.by_dialog.len() + self.gateway.transactions.indexed(),
            timers: self.shared.timers.len(),
            jobs: self.gateway.jobs.len(),
        }
    }

    /// What happened so far.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        &self.shared.counters
    }

    /// The CTI connections, in configured order.
    pub fn connections(&self) -> impl Iterator<Item = ConnectionView> {
        let held = self.gateway.held;
        self.gateway.pool.connections().zip(held).map(|(connection, sessions)| ConnectionView {
            name: connection.name.clone(),
            address: connection.address.clone(),
            id: connection.id,
            state: connection.state.name(),
            in_service: connection.state.is_in_service(),
            since: connection.vitals.since,
            heartbeat_at: connection.vitals.heard_at,
            round_trip: connection.vitals.round_trip,
            sessions,
            last_failure: connection.last_failure,
            failed_at: connection.vitals.failed_at,
        })
    }

    /// The connection ID of each CTI connection, whether it is in service, and whether its phone system says that it is
    /// overloaded, in configured order: a look that costs next to nothing.
    pub fn connection_ids(&self) -> impl Iterator<Item = (u64, bool, bool)> + use<'_> {
        let connections = self.gateway.pool.connections();
        connections.map(|one| (one.id, one.state.is_in_service(), one.overloaded))
    }

    /// Everything an operator may see.
    #[must_use]
    pub fn overview(&self) -> Overview {
        Overview {
            phase: self.gateway.phase.name(),
            ends_at: self.gateway.stop.at(),
            view: self.view(),
            connections: self.connections().collect(),
            counters: self.shared.counters.clone(),
        }
    }

    /// The sessions, those that are signing in included.
    pub fn sessions(&self) -> impl Iterator<Item = SessionView<'_>> {
        self.gateway.sessions.iter().map(|(handle, session)| SessionView {
            handle: handle.number(),
            call_id: session.dialog.call_id(),
            local_tag: session.dialog.local_tag(),
            number: session.number(),
            connection: session.connection.map(|connection| (connection.index(), connection.id)),
        })
    }

    /// The state of every machine there is: the machine as [`crate::tables::ALL`] names it, what tells it from others
    /// of its kind, and the state.
    pub fn machines(&self) -> impl Iterator<Item = (&'static str, u64, &'static str)> {
        let server =
            self.gateway.transactions.server.iter().map(|(handle, transaction)| match &transaction.machine {
                ServerMachine::Invite(state) => ("INVITE server transaction", handle.number(), state.name()),
                ServerMachine::NonInvite(state) => {
                    ("non-INVITE server transaction", handle.number(), state.name())
                }
            });
        let client = self.gateway.transactions.client.iter().map(|(handle, transaction)| {
            ("non-INVITE client transaction", handle.number(), transaction.machine.name())
        });
        let connections = (0..).zip(self.gateway.pool.connections());
        let connections = connections.map(|(place, one)| ("CTI connection", place, one.state.name()));
        server.chain(client).chain(connections)
    }
}
