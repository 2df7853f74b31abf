//! Faults of the network.

use super::{Arrival, Life, Network, Place};
use crate::world::HostId;

impl Network {
    /// Breaks every connection between two hosts: what is under way is lost. Returns the ends whose hosts are to be
    /// notified.
    pub(in crate::world) fn cut(&mut self, one: HostId, two: HostId) -> Vec<Place> {
        let mut told = Vec::new();
        for (place, end) in &mut self.ends {
            let Some(peer) = end.peer else { continue };
            if (place.0, peer.0) != (one, two) && (place.0, peer.0) != (two, one) {
                continue;
            }
            end.travelling.clear();
            end.waiting = 0;
            if matches!(end.life, Life::Asked | Life::Open) {
                end.life = Life::Broken;
                told.push(*place);
            }
        }
        told
    }

    /// Breaks every connection between two hosts for `gone` only, without the knowledge of the other. Returns the ends
    /// at `gone`.
    pub(in crate::world) fn half_open(&mut self, gone: HostId, other: HostId) -> Vec<Place> {
        let mut lost = Vec::new();
        for (place, end) in &mut self.ends {
            let Some(peer) = end.peer.filter(|peer| (place.0, peer.0) == (gone, other)) else { continue };
            end.travelling.clear();
            end.waiting = 0;
            end.peer = None;
            if end.life != Life::Closed {
                end.life = Life::Broken;
            }
            lost.push((*place, peer));
        }
        for (_, peer) in &lost {
            self.lose_peer(*peer, gone);
        }
        lost.into_iter().map(|(place, _)| place).collect()
    }

    /// Notes that the other end of a connection has vanished.
    fn lose_peer(&mut self, place: Place, gone: HostId) {
        let Some(end) = self.ends.get_mut(&place) else { return };
        end.peer = None;
        end.travelling.clear();
        end.waiting = 0;
        match end.life {
            Life::Asked | Life::Open => end.life = Life::HalfOpen(gone),
            // It was closed here, so that there is no one left to notify.
            Life::Closed => {
                self.ends.remove(&place);
            }
            Life::Broken | Life::HalfOpen(_) => {}
        }
    }

    /// Removes a host's connections and everything under way from it. Returns the other ends, which do not know it.
    pub(in crate::world) fn crash(&mut self, host: HostId) -> Vec<Place> {
        let own: Vec<Place> = self.ends.keys().copied().filter(|place| place.0 == host).collect();
        let peers: Vec<Place> =
            own.iter().filter_map(|place| self.ends.remove(place)).filter_map(|end| end.peer).collect();
        for peer in &peers {
            self.lose_peer(*peer, host);
        }
        self.arrivals.retain(|_, arrival| !arrival.is_of(host));
        for held in self.stalled.values_mut() {
            held.retain(|arrival| !arrival.is_of(host));
        }
        peers
    }

    /// Stalls everything from one host to another.
    pub(in crate::world) fn stall(&mut self, from: HostId, to: HostId) {
        self.stalled.entry((from, to)).or_default();
    }

    /// Lets what is stalled through at `now`, in order.
    pub(in crate::world) fn resume(&mut self, now: u64, from: HostId, to: HostId) {
        for arrival in self.stalled.remove(&(from, to)).unwrap_or_default() {
            self.schedule(now, arrival);
        }
    }

    /// Keeps an arrival if its direction is stalled; otherwise returns it.
    pub(in crate::world) fn hold(&mut self, arrival: Arrival) -> Option<Arrival> {
        if self.stalled.is_empty() {
            return Some(arrival);
        }
        let Some(way) = self.way(&arrival) else { return Some(arrival) };
        match self.stalled.get_mut(&way) {
            Some(held) => {
                held.push(arrival);
                None
            }
            None => Some(arrival),
        }
    }

    /// The hosts between which an arrival travels.
    fn way(&self, arrival: &Arrival) -> Option<(HostId, HostId)> {
        let peer = |place: &Place| self.ends.get(place)?.peer.map(|peer| peer.0);
        match arrival {
            Arrival::Knock { from, to, .. } => Some((from.0, *to)),
            Arrival::Open { at, .. } | Arrival::Shut { at, .. } => Some((peer(at)?, at.0)),
            Arrival::Bytes { from, .. } => Some((from.0, peer(from)?)),
            Arrival::Datagram { from, to, .. } => Some((*from, *to)),
            Arrival::Kept { .. } => None,
        }
    }
}

impl Arrival {
    /// Whether it is about an end of a connection at `host`.
    fn is_of(&self, host: HostId) -> bool {
        match self {
            Self::Knock { from: at, .. }
            | Self::Open { at, .. }
            | Self::Bytes { from: at, .. }
            | Self::Shut { at, .. } => at.0 == host,
            Self::Datagram { .. } | Self::Kept { .. } => false,
        }
    }
}
