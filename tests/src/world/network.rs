//! The network between hosts: connections and what travels on them, in virtual time.

use std::collections::{BTreeMap, VecDeque};

use core::net::SocketAddr;

use ctigate_core::{Closed, LinkId, ListenerId, Peer};

use super::HostId;
use super::store::Keeping;

mod faults;

/// One end of a connection: a host, and the number the connection has there.
pub(super) type Place = (HostId, LinkId);

/// Something that will happen to a host.
pub(super) enum Arrival {
    /// A connection that was asked for reaches the host that listens.
    Knock { from: Place, to: HostId, listener: ListenerId, asker: SocketAddr, reached: SocketAddr },
    /// A connection that was asked for is open.
    Open { at: Place, peer: Peer },
    /// Some of the bytes that travel from this end arrive.
    Bytes { from: Place, count: usize },
    /// The other end learns that the connection ended.
    Shut { at: Place, why: Closed },
    /// A host's store has written what its machine, in this life, wanted to be kept.
    Kept { host: HostId, life: usize, keeping: Keeping },
    /// A datagram.
    Datagram { from: HostId, to: HostId, listener: ListenerId, peer: SocketAddr, bytes: Vec<u8> },
}

/// The state of a connection at one end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    /// The host asked for it and has no answer yet.
    Asked,
    /// It is open.
    Open,
    /// The host closed it: what it wrote before is under way, and it receives nothing more.
    Closed,
    /// It broke, and the host does not know yet.
    Broken,
    /// The other end, at the host given, is gone silently, and this host does not know.
    HalfOpen(HostId),
}

/// One end of a connection.
pub(super) struct End {
    /// The other end, once it was accepted there.
    pub(super) peer: Option<Place>,
    pub(super) life: Life,
    /// What this end has sent and the other has not received.
    pub(super) travelling: VecDeque<u8>,
    /// How many of those have arrived and wait to be merged with the next.
    pub(super) waiting: usize,
    /// How many arrivals are still to come.
    pub(super) arrivals: usize,
    /// When the last of them comes.
    pub(super) last: u64,
}

impl End {
    pub(super) const fn new(peer: Option<Place>, life: Life) -> Self {
        Self { peer, life, travelling: VecDeque::new(), waiting: 0, arrivals: 0, last: 0 }
    }
}

/// All connections, and everything under way.
#[derive(Default)]
pub(super) struct Network {
    pub(super) ends: BTreeMap<Place, End>,
    arrivals: BTreeMap<(u64, u64), Arrival>,
    sequence: u64,
    /// Stalled directions from host to host, with what waits.
    stalled: BTreeMap<(HostId, HostId), Vec<Arrival>>,
}

impl Network {
    /// Schedules `arrival` for `at`, after everything scheduled for the same time before.
    pub(super) fn schedule(&mut self, at: u64, arrival: Arrival) {
        self.sequence = self.sequence.wrapping_add(1);
        self.arrivals.insert((at, self.sequence), arrival);
    }

    /// When the next thing arrives.
    pub(super) fn next(&self) -> Option<u64> {
        self.arrivals.first_key_value().map(|((at, _), _)| *at)
    }

    /// The next thing that arrives.
    pub(super) fn pop(&mut self) -> Option<Arrival> {
        self.arrivals.pop_first().map(|(_, arrival)| arrival)
    }

    /// Sends bytes from an end, in pieces that arrive in order, each with the delay drawn for it; each byte takes
    /// `per_byte` on its way.
    pub(super) fn send(
        &mut self,
        from: Place,
        bytes: &[u8],
        (now, per_byte): (u64, u64),
        pieces: &[(usize, u64)],
    ) {
        let Some(end) = self.ends.get_mut(&from) else { return };
        end.travelling.extend(bytes);
        let mut due = Vec::new();
        for (count, delay) in pieces {
            let carried = u64::try_from(*count).unwrap_or(u64::MAX).saturating_mul(per_byte);
            end.last = end.last.max(now.saturating_add(*delay)).saturating_add(carried);
            end.arrivals = end.arrivals.saturating_add(1);
            due.push((end.last, *count));
        }
        for (at, count) in due {
            self.schedule(at, Arrival::Bytes { from, count });
        }
    }

    /// Whether the host at this end still receives what comes.
    pub(super) fn hears(&self, place: Place) -> bool {
        self.ends
            .get(&place)
            .is_some_and(|end| matches!(end.life, Life::Asked | Life::Open | Life::HalfOpen(_)))
    }

    /// Whether a connection is open at both ends.
    pub(super) fn is_whole(&self, place: Place) -> bool {
        let open = |place: Place| self.ends.get(&place).filter(|end| end.life == Life::Open);
        open(place).and_then(|end| open(end.peer?)).is_some()
    }

    /// Removes an end, and the other one if its host has closed it. Returns whether this host is to be notified.
    pub(super) fn remove(&mut self, place: Place) -> bool {
        let Some(end) = self.ends.remove(&place) else { return false };
        if let Some(peer) = end.peer
            && self.ends.get(&peer).is_some_and(|far| far.life == Life::Closed)
        {
            self.ends.remove(&peer);
        }
        end.life != Life::Closed
    }

    /// The ends that a host has not closed.
    pub(super) fn left_open(&self, host: HostId) -> Vec<Place> {
        let own = self.ends.iter().filter(|(place, end)| place.0 == host && end.life != Life::Closed);
        own.map(|(place, _)| *place).collect()
    }

    /// The bytes that are under way from one host to another, on the first connection that has any.
    pub(super) fn under_way(&mut self, from: HostId, to: HostId) -> &mut [u8] {
        let between = |place: &Place, end: &End| place.0 == from && end.peer.is_some_and(|peer| peer.0 == to);
        let mut ends = self.ends.iter_mut();
        let found = ends.find(|(place, end)| between(place, end) && !end.travelling.is_empty());
        found.map_or(&mut [], |(_, end)| end.travelling.make_contiguous())
    }

    /// Takes the bytes that have arrived from an end, with their destination; `None` if they wait for more.
    pub(super) fn receive(&mut self, from: Place, count: usize, wait: bool) -> Option<(Place, Vec<u8>)> {
        let end = self.ends.get_mut(&from)?;
        end.arrivals = end.arrivals.saturating_sub(1);
        end.waiting = end.waiting.saturating_add(count);
        if wait && end.arrivals > 0 {
            return None;
        }
        let count = core::mem::take(&mut end.waiting).min(end.travelling.len());
        let bytes: Vec<u8> = end.travelling.drain(..count).collect();
        let peer = end.peer?;
        (!bytes.is_empty()).then_some((peer, bytes))
    }
}
