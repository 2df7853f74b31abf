//! The pool of CTI connections: a machine that owns the connections with their link protocols and states, the rotation
//! among them, and the requests under way. It does not know what a request is for: each is given a ticket, which comes
//! back with its answer.

mod life;
mod reading;
mod remarks;
mod requests;
#[cfg(test)]
mod tests;
mod turns;

use alloc::borrow::Cow;
use alloc::boxed::Box;

use remarks::Known;
pub(crate) use requests::{Due, UnderWay};

use super::ConnectionRef;
use super::connection::State;
use super::features::LinkFeatures;
use super::offer;
use super::protocol::{LinkProtocol, Reader};
use super::vitals::Vitals;
use crate::config::{Config, MAX_CONNECTIONS};
use crate::digest::Digest;
use crate::input::LinkId;
use crate::slots::Slots;
use crate::step::TimerKey;
use crate::time::Instant;
use crate::timer::{Deadline, Timers};
use crate::wire::csta::services::Features;

/// One configured CTI connection.
pub(crate) struct Connection {
    pub(crate) address: Box<str>,
    pub(crate) name: Box<str>,
    /// The number of its phone system; connections to the same one share callIDs.
    pub(crate) switch: u8,
    /// The connection ID; 0 before the first connect.
    pub(crate) id: u64,
    link: Option<LinkId>,
    pub(crate) state: State,
    deadline: Deadline,
    /// When the next request that waits for its turn is to be sent.
    send_deadline: Deadline,
    protocol: Box<dyn LinkProtocol>,
    /// Cuts messages out of the stream; `None` while it is checked out.
    reader: Option<Box<dyn Reader>>,
    /// The features of the devices at the link.
    pub(crate) features: LinkFeatures,
    /// How they are known.
    known: Known,
    /// The features that are configured, if the phone system is not asked for them.
    configured: Option<Features>,
    /// Whether users may pick up, and join, calls that their own lines have no part in.
    pub(crate) foreign_calls: bool,
    /// Whether clients' private data go to the phone system.
    pub(crate) private_data: bool,
    /// Attempts since it last answered a heartbeat; the pause doubles with each.
    attempts: u32,
    /// Why it is failing, if that is known before it is given up.
    failure: Option<Cow<'static, str>>,
    /// Why it last failed.
    pub(crate) last_failure: Option<Cow<'static, str>>,
    /// Whether its phone system reports that it is overloaded: new sessions go to another connection if there is one.
    pub(crate) overloaded: bool,
    pub(crate) vitals: Vitals,
}

impl Connection {
    /// What its phone system can do for a device.
    pub(crate) fn features_of(&self, device: &str) -> Features {
        let all = self.features.all();
        if self.protocol.devices_differ() { all.less(self.protocol.lacks(device)) } else { all }
    }

    /// What a device's client is offered. The device's number is only computed if devices differ, since reading it may
    /// cost a cache miss.
    pub(crate) fn offered_to<'a>(&self, device: impl FnOnce() -> &'a str) -> Features {
        let all = self.features.offered();
        if self.protocol.devices_differ() { all.less(self.protocol.lacks(device())) } else { all }
    }
}

/// All CTI connections, in configured order, and the requests under way over them.
pub(crate) struct Pool<T> {
    connections: heapless::Vec<Connection, MAX_CONNECTIONS>,
    requests: Slots<UnderWay<T>>,
    /// Where the next turn of the rotation begins.
    next: usize,
    /// Where the next turn begins for sessions that are moved.
    next_move: usize,
    /// The last connection ID drawn.
    last_id: u64,
}

impl<T: Digest + Copy> Pool<T> {
    /// The configured connections, each with a protocol made by `protocol` from the configuration and the connection's
    /// index. All are due to be dialled at once.
    pub(crate) fn new(
        config: &Config,
        timers: &mut Timers<TimerKey>,
        mut protocol: impl FnMut(&Config, u8) -> Box<dyn LinkProtocol>,
    ) -> Self {
        let configured = &config.cti.connections;
        let mut connections: heapless::Vec<Connection, MAX_CONNECTIONS> = heapless::Vec::new();
        for (index, one) in (0..).zip(configured) {
            // The index of the first connection that names the same phone system.
            let switch = (0..).zip(configured).find(|(_, other)| other.switch == one.switch);
            let protocol = protocol(config, index);
            let mut connection = Connection {
                address: Box::from(one.address.as_str()),
                name: Box::from(one.name.as_str()),
                switch: switch.map_or(index, |(first, _)| first),
                id: 0,
                link: None,
                state: State::Down { retry_at: Instant::ZERO },
                deadline: Deadline::default(),
                send_deadline: Deadline::default(),
                reader: Some(protocol.reader()),
                protocol,
                features: LinkFeatures::default(),
                known: Known::Unknown,
                configured: one.features.map(offer::configured),
                foreign_calls: one.foreign_calls,
                private_data: one.private_data,
                attempts: 0,
                failure: None,
                last_failure: None,
                overloaded: false,
                vitals: Vitals::default(),
            };
            timers.set(&mut connection.deadline, TimerKey::Connection(index), Instant::ZERO);
            let pushed = connections.push(connection);
            debug_assert!(pushed.is_ok(), "the configuration holds at most {MAX_CONNECTIONS}");
        }
        let requests = Slots::new(config.limits.transactions);
        Self { connections, requests, next: 0, next_move: 0, last_id: 0 }
    }

    /// Follows a changed configuration. The connections are the same.
    pub(crate) fn reconfigure(&mut self, config: &Config) {
        for (connection, one) in self.connections.iter_mut().zip(&config.cti.connections) {
            connection.foreign_calls = one.foreign_calls;
            connection.private_data = one.private_data;
            connection.protocol.reconfigure(config);
        }
    }

    /// The name of the connection at `index`: the configured one, or its address.
    pub(crate) fn name_of(&self, index: u8) -> &str {
        self.at(index).map_or("", |connection| &connection.name)
    }

    /// Draws a connection ID that was never used before.
    const fn draw_id(&mut self) -> u64 {
        self.last_id = self.last_id.wrapping_add(1);
        self.last_id
    }

    /// Takes the next turn among the connections in service, for a session that controls this device: strictly in order,
    /// one session each.
    pub(crate) fn take_turn(&mut self, device: &str) -> Option<ConnectionRef> {
        let (connection, next) = self.turn(self.next, device)?;
        self.next = next;
        Some(connection)
    }

    /// Gives the turn back that was taken last.
    pub(crate) fn return_turn(&mut self, connection: ConnectionRef) {
        self.next = usize::from(connection.index());
    }

    /// Takes the next turn in a rotation of its own, for a session that lost its connection.
    pub(crate) fn take_move(&mut self, device: &str) -> Option<ConnectionRef> {
        let (connection, next) = self.turn(self.next_move, device)?;
        self.next_move = next;
        Some(connection)
    }

    /// The first connection in service from index `first` on, cyclically, and where the turn after it begins. One whose
    /// phone system is known not to have the device is passed over, and then one that is overloaded, unless all are.
    fn turn(&self, first: usize, device: &str) -> Option<(ConnectionRef, usize)> {
        let count = self.connections.len();
        let find = |strangers_too: bool, overloaded_too: bool| {
            (0..count).find_map(|offset| {
                let index = (first + offset) % count;
                let one = self.connections.get(index)?;
                let serves = one.state.is_in_service()
                    && (overloaded_too || !one.overloaded)
                    && (strangers_too || one.protocol.knows(device) != Some(false));
                let reference = ConnectionRef::new(u8::try_from(index).unwrap_or(0), one.id);
                serves.then_some((reference, (index + 1) % count))
            })
        };
        find(false, false).or_else(|| find(false, true)).or_else(|| find(true, true))
    }

    /// All connections, in configured order.
    pub(crate) fn connections(&self) -> impl ExactSizeIterator<Item = &Connection> {
        self.connections.iter()
    }

    /// How many connections are in service.
    pub(crate) fn serving(&self) -> usize {
        self.connections.iter().filter(|one| one.state.is_in_service()).count()
    }

    /// Whether any connection is in service.
    pub(crate) fn serves(&self) -> bool {
        self.connections.iter().any(|one| one.state.is_in_service())
    }

    /// The connection at `index`.
    pub(crate) fn at(&self, index: u8) -> Option<&Connection> {
        self.connections.get(usize::from(index))
    }

    fn at_mut(&mut self, index: u8) -> Option<&mut Connection> {
        self.connections.get_mut(usize::from(index))
    }

    /// The latest connect of the connection at `index`.
    fn latest(&self, index: u8) -> ConnectionRef {
        ConnectionRef::new(index, self.at(index).map_or(0, |connection| connection.id))
    }

    /// Whether this is the latest connect of its connection, in service or not.
    pub(crate) fn is_latest(&self, of: ConnectionRef) -> bool {
        self.at(of.index()).is_some_and(|one| one.id == of.id)
    }

    /// The connection, if this is its latest connect and it is in service.
    pub(crate) fn in_service(&self, of: ConnectionRef) -> Option<&Connection> {
        self.at(of.index()).filter(|one| one.id == of.id && one.state.is_in_service())
    }

    /// Whether a later connect of the same connection is in service: a session of the old one is stale.
    pub(crate) fn is_replaced(&self, of: ConnectionRef) -> bool {
        self.at(of.index()).is_some_and(|one| one.id != of.id && one.state.is_in_service())
    }

    /// The record of the deadline of the connection at `index`.
    pub(crate) fn deadline(&mut self, index: u8) -> Option<&mut Deadline> {
        self.at_mut(index).map(|one| &mut one.deadline)
    }

    /// The record of the deadline at which the connection at `index` sends what waits for its turn.
    pub(crate) fn send_deadline(&mut self, index: u8) -> Option<&mut Deadline> {
        self.at_mut(index).map(|one| &mut one.send_deadline)
    }

    /// The fingerprint of the requests under way, brought up to date.
    pub(crate) fn fold(&mut self) -> u64 {
        self.requests.fold()
    }

    /// The same fingerprint, recomputed.
    pub(crate) fn recompute(&self) -> u64 {
        self.requests.recompute()
    }
}

crate::digest! { struct Connection {
    address,
    name,
    switch => u64::from(*switch),
    id,
    link,
    state,
    deadline,
    send_deadline,
    protocol,
    reader,
    features,
    known,
    configured: _, // Configured.
    foreign_calls: _, // Configured.
    private_data: _, // Configured.
    attempts,
    failure => failure.as_deref().unwrap_or_default(),
    last_failure => last_failure.as_deref().unwrap_or_default(),
    overloaded,
    vitals,
} }

// The table of requests has a fingerprint of its own.
crate::digest! { struct Pool<T> { connections => connections.as_slice(), requests: _, next, next_move, last_id } }
