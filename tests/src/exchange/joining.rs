//! How an Asterisk that is played connects calls to each other, and parks them.

use super::{Channel, Exchange, NORMAL, State};

/// The number for parking, and the place where calls are parked.
pub(super) const PARKING: &str = "700";
const PLACE: &str = "701";

impl Exchange {
    /// A person whose phone holds one call and talks in another connects the two others to each other.
    pub fn join(&mut self, number: &str) {
        let held = self.any(number, |channel| channel.bridge.is_some() && channel.holds);
        let active = self.any(number, |channel| channel.bridge.is_some() && !channel.holds);
        let (Some(held), Some(active)) = (held, active) else { return };
        let (Some(first), Some(second)) = (self.peer(&held), self.peer(&active)) else { return };
        if !self.may_join(&first, &second) {
            return;
        }
        for own in [&held, &active] {
            self.change(own, |channel| channel.holds = false);
            self.tell("Unhold", &[("", own)], &[]);
        }
        let Some(bridge) = self.find(&active).and_then(|active| active.bridge) else { return };
        self.leave(&first);
        self.leave(&active);
        self.link(&first, &second);
        self.enter_bridge(&first, bridge);
        let ends = [("OrigTransferer", &*held), ("SecondTransferer", &*active)];
        let others = [("Transferee", &*first), ("TransferTarget", &*second)];
        self.tell(
            "AttendedTransfer",
            &[ends, others].concat(),
            &[("Result", "Success"), ("DestType", "Bridge")],
        );
        self.end(&active, NORMAL);
        self.leave(&held);
        self.end(&held, NORMAL);
    }

    /// Whether two channels can be connected to each other: both talk, and not to each other.
    pub(super) fn can_connect(&self, one: &str, other: &str) -> bool {
        let peer = self.peer(one);
        peer.is_some_and(|peer| peer != other) && self.peer(other).is_some() && self.may_join(one, other)
    }

    /// Two channels are connected to each other, and those with whom they talked end.
    pub(super) fn connect(&mut self, one: &str, other: &str) {
        let (Some(first), Some(second)) = (self.peer(one), self.peer(other)) else { return };
        self.bridges += 1;
        let bridge = self.bridges;
        self.link(one, other);
        for moved in [one, other] {
            self.leave(moved);
            self.enter_bridge(moved, bridge);
        }
        let mut ends = [first, second];
        for end in &ends {
            self.leave(end);
        }
        if self.random.chance(500) {
            ends.reverse();
        }
        for end in ends {
            self.end(&end, NORMAL);
        }
    }

    /// The two others of a person's calls are connected to each other, as the manager interface can.
    pub fn connect_others(&mut self, number: &str) {
        let own: Vec<String> = self.of(number).map(|channel| channel.unique.clone()).collect();
        let others: Vec<String> = own.iter().filter_map(|own| self.peer(own)).collect();
        if let [one, other] = &*others
            && self.can_connect(one, other)
        {
            self.connect(one, other);
        }
    }

    /// Whether two channels may talk: what a phone shows that is connected while it holds, or to itself, was not recorded.
    fn may_join(&self, one: &str, other: &str) -> bool {
        let (Some(one), Some(other)) = (self.find(one), self.find(other)) else { return false };
        !one.holds && !other.holds && one.number != other.number
    }

    /// Calls that are connected have the Linkedid of the older one.
    fn link(&mut self, one: &str, other: &str) {
        let order = |channel: &Channel| self.channels.iter().position(|one| one.unique == channel.linked);
        let (Some(first), Some(second)) = (self.find(one), self.find(other)) else { return };
        let (kept, given_up) = if order(first) <= order(second) { (first, second) } else { (second, first) };
        let (kept, given_up) = (kept.linked.clone(), given_up.linked.clone());
        for channel in self.channels.iter_mut().filter(|channel| channel.linked == given_up) {
            channel.linked.clone_from(&kept);
        }
    }

    fn enter_bridge(&mut self, unique: &str, bridge: u64) {
        self.change(unique, |channel| (channel.bridge, channel.holds) = (Some(bridge), false));
        self.tell_bridge("BridgeEnter", unique, bridge);
    }

    /// A channel leaves its bridge, whoever else is in it.
    pub(super) fn leave(&mut self, unique: &str) {
        let Some(bridge) = self.find(unique).and_then(|channel| channel.bridge) else { return };
        self.change(unique, |channel| channel.bridge = None);
        self.tell_bridge("BridgeLeave", unique, bridge);
    }

    /// Whether somebody is parked.
    pub(super) fn is_parked(&self) -> bool {
        self.channels.iter().any(|channel| channel.is_parked)
    }

    /// A transfer to the number for parking: who is sent there waits at the place. `by` is over.
    pub(super) fn park_one(&mut self, by: &str, unique: &str) {
        let transfer = |it: &mut Self| {
            let channels = [("Transferer", by), ("Transferee", unique)];
            let to = [("Result", "Success"), ("Context", "internal"), ("Extension", PARKING)];
            it.tell("BlindTransfer", &channels, &to);
        };
        let is_first = self.random.chance(700);
        if is_first {
            transfer(self);
        }
        self.tell("ParkedCall", &[("Parkee", unique)], &[("Parkinglot", "default"), ("ParkingSpace", PLACE)]);
        if !is_first {
            transfer(self);
        }
        self.leave(unique);
        self.change(unique, |channel| (channel.is_parked, channel.holds) = (true, false));
        self.tell_parking("BridgeEnter", unique);
        self.leave(by);
        self.end(by, NORMAL);
    }

    /// A person dials the place and talks to who is parked there.
    pub fn fetch(&mut self, number: &str) {
        let parked = self.channels.iter().find(|channel| channel.is_parked && channel.number != number);
        let Some(parked) = parked.map(|channel| channel.unique.clone()) else { return };
        if self.of(number).count() >= super::LINES {
            return;
        }
        self.hold(number);
        let by = self.make(number, PLACE, (State::Ring, None));
        self.become_state(&by, State::Up);
        let ends = [("Parkee", &*parked), ("Retriever", &*by)];
        self.tell("UnParkedCall", &ends, &[("Parkinglot", "default"), ("ParkingSpace", PLACE)]);
        self.unpark(&parked);
        self.bridges += 1;
        let bridge = self.bridges;
        self.enter_bridge(&parked, bridge);
        self.link(&parked, &by);
        self.enter_bridge(&by, bridge);
    }

    /// Who is parked leaves the place.
    pub(super) fn unpark(&mut self, unique: &str) {
        self.change(unique, |channel| channel.is_parked = false);
        self.tell_parking("BridgeLeave", unique);
    }
}
