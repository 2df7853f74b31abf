//! The pool of CTI connections: round robin for new sessions, and which connection is which.

use alloc::boxed::Box;

use super::ConnectionRef;
use super::connection::State;
use super::features::DeviceFeatures;
use super::protocol::Protocol;
use super::vitals::Vitals;
use crate::config::{Cti, MAX_CONNECTIONS};
use crate::input::LinkId;
use crate::time::{Duration, Instant};
use crate::timer::Deadline;
use crate::wire::csta_frame::Framer;

/// One configured CTI connection.
pub(crate) struct Connection {
    pub(crate) address: Box<str>,
    pub(crate) name: Box<str>,
    /// Which phone system: connections to the same one share callIDs.
    pub(crate) switch: u8,
    /// The connection ID; 0 before the first connect.
    pub(crate) id: u64,
    pub(crate) link: Option<LinkId>,
    pub(crate) state: State,
    pub(crate) deadline: Deadline,
    pub(crate) protocol: Protocol,
    /// What the devices at the link can do, as it said when it came into service.
    pub(crate) features: DeviceFeatures,
    /// Whether users may pick up, and join, calls that their own lines have no part in.
    pub(crate) foreign_calls: bool,
    /// Whether clients' private data go to the phone system.
    pub(crate) private_data: bool,
    /// Attempts since it last answered a heartbeat: the wait doubles with each.
    pub(crate) attempts: u32,
    /// Why it is failing, where that is known before it is given up.
    pub(crate) failure: Option<&'static str>,
    /// Why it last failed.
    pub(crate) last_failure: Option<&'static str>,
    /// Whether it says that it is overloaded: new sessions go elsewhere meanwhile, as long as there is another.
    pub(crate) overloaded: bool,
    /// How many watches are being started.
    pub(crate) starting: u32,
    pub(crate) framer: Framer,
    pub(crate) vitals: Vitals,
}

/// All CTI connections, in configured order.
pub(crate) struct Pool {
    pub(crate) connections: heapless::Vec<Connection, MAX_CONNECTIONS>,
    /// Where the next turn of the rotation begins.
    next: usize,
    /// Where the next turn begins of those that are moved.
    next_move: usize,
    /// The last connection ID drawn.
    last_id: u64,
}

impl Pool {
    pub(crate) fn new(config: &Cti) -> Self {
        let mut connections: heapless::Vec<Connection, MAX_CONNECTIONS> = heapless::Vec::new();
        for (place, configured) in config.connections.iter().enumerate() {
            // The place of the first connection that names the same phone system.
            let switch = config
                .connections
                .iter()
                .position(|other| other.switch == configured.switch)
                .unwrap_or(place);
            let pushed = connections.push(Connection {
                address: Box::from(configured.address.as_str()),
                name: Box::from(configured.name.as_str()),
                switch: u8::try_from(switch).unwrap_or(0),
                id: 0,
                link: None,
                state: State::Down { retry_at: Instant::ZERO },
                deadline: Deadline::default(),
                protocol: Protocol::new(config),
                features: DeviceFeatures::default(),
                foreign_calls: configured.foreign_calls,
                private_data: configured.private_data,
                attempts: 0,
                failure: None,
                last_failure: None,
                overloaded: false,
                starting: 0,
                framer: Framer::default(),
                vitals: Vitals::default(),
            });
            debug_assert!(pushed.is_ok(), "the configuration holds at most {MAX_CONNECTIONS}");
        }
        Self { connections, next: 0, next_move: 0, last_id: 0 }
    }

    /// A connection ID that was never used before.
    pub(crate) fn draw_id(&mut self) -> u64 {
        self.last_id = self.last_id.wrapping_add(1);
        self.last_id
    }

    /// The connection whose turn it is among those in service: strictly in order, one session each.
    pub(crate) fn take_turn(&mut self) -> Option<ConnectionRef> {
        let (connection, next) = self.turn(self.next)?;
        self.next = next;
        Some(connection)
    }

    /// The connection whose turn it is to take a session that lost its own: as evenly, and beside the other rotation.
    pub(crate) fn take_move(&mut self) -> Option<ConnectionRef> {
        let (connection, next) = self.turn(self.next_move)?;
        self.next_move = next;
        Some(connection)
    }

    /// The first connection in service from place `first` on, round the end, and where the turn after it begins. One that
    /// is overloaded is passed over, unless all are.
    fn turn(&self, first: usize) -> Option<(ConnectionRef, usize)> {
        let count = self.connections.len();
        let find = |overloaded_too: bool| {
            (0..count).find_map(|offset| {
                let place = (first + offset) % count;
                let connection = self.connections.get(place)?;
                let serves = connection.state.is_in_service() && (overloaded_too || !connection.overloaded);
                let place_number = u8::try_from(place).unwrap_or(0);
                let reference = ConnectionRef::new(place_number, connection.id);
                serves.then_some((reference, (place + 1) % count))
            })
        };
        find(false).or_else(|| find(true))
    }

    /// Whether any connection is in service.
    pub(crate) fn serves(&self) -> bool {
        self.connections.iter().any(|one| one.state.is_in_service())
    }

    /// The connection at `place`.
    pub(crate) fn at(&self, place: u8) -> Option<&Connection> {
        self.connections.get(usize::from(place))
    }

    /// The connection at `place`, to be changed.
    pub(crate) fn at_mut(&mut self, place: u8) -> Option<&mut Connection> {
        self.connections.get_mut(usize::from(place))
    }

    /// This very connect of a connection, while it lasts and is in service.
    pub(crate) fn in_service(&self, of: ConnectionRef) -> Option<&Connection> {
        self.at(of.place()).filter(|one| one.id == of.id && one.state.is_in_service())
    }

    /// Whether a later connect of the same connection is in service: a session of the old one is stale.
    pub(crate) fn is_replaced(&self, of: ConnectionRef) -> bool {
        self.at(of.place()).is_some_and(|one| one.id != of.id && one.state.is_in_service())
    }
}

/// How long to wait after attempt number `attempts`: from `min` on doubled each time up to `max`, and spread over what
/// lies between one wait and the next by `jitter`, so that gateways do not come back in step. Never less than `min`.
pub(crate) fn backoff(attempts: u32, min: Duration, max: Duration, jitter: u64) -> Duration {
    let factor = 1_u64.checked_shl(attempts.clamp(1, 32)).unwrap_or(u64::MAX);
    let longest = min.times(factor).min(max).as_micros();
    let least = (longest / 2).max(min.as_micros());
    Duration::from_micros(least + jitter % (longest.saturating_sub(least) + 1))
}

crate::digest! { struct Connection {
    address,
    name,
    switch => u64::from(*switch),
    id,
    link,
    state,
    deadline,
    protocol,
    features,
    foreign_calls: _, // Configured.
    private_data: _, // Configured.
    attempts,
    failure => failure.unwrap_or_default(),
    last_failure => last_failure.unwrap_or_default(),
    overloaded,
    starting,
    framer,
    vitals,
} }

crate::digest! { struct Pool { connections => connections.as_slice(), next, next_move, last_id } }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_between_its_bounds_and_is_spread_up_to_the_next() {
        let (min, max) = (Duration::from_secs(1), Duration::from_secs(60));
        for (attempts, least, longest) in
            [(0, 1, 2), (1, 1, 2), (2, 2, 4), (3, 4, 8), (5, 16, 32), (6, 30, 60), (u32::MAX, 30, 60)]
        {
            let waits = [0, 1_000_000, u64::MAX].map(|jitter| backoff(attempts, min, max, jitter));
            let bounds = Duration::from_secs(least)..=Duration::from_secs(longest);
            assert!(waits.iter().all(|wait| bounds.contains(wait)), "{attempts}: {waits:?}");
            assert_ne!(waits[0], waits[1], "{attempts}");
        }
        assert_eq!(backoff(9, min, min, 7), min);
    }
}
