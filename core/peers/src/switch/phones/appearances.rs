//! Lines on devices: a phone of the configuration may be one appearance of a line, which rings on all its devices.
//!
//! To whoever is not on the line, it is one party of a call: he hears that the line rings, is answered or left, not of
//! each appearance. The appearance itself hears all that happens there. This is ECMA-269's basic bridged appearance:
//! what is answered at one is cleared at the others, which are free then.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use ctigate_core::slots::Handle;
use ctigate_core::wire::csta::model::LocalConnectionState as State;

use super::places::Use;
use super::{Call, Connection, Happening, Party, Phone, Phones};
use crate::switch::config::{Hunts, SwitchConfig};

/// Where a number leads.
pub(super) enum Way {
    /// To this party, which can take the call.
    To(Party),
    /// On from this phone, which forwards the call to a number, with a cause.
    From(Handle<Phone>, String, &'static str),
}

impl Phones {
    /// Sets up the numbers of lines on devices: one that is on one device only is that phone's, too; one that is on
    /// several stands for all of them.
    pub(super) fn set_up_lines(&mut self, config: &SwitchConfig) {
        let mut lines = BTreeMap::<&str, Vec<Handle<Phone>>>::new();
        for phone in config.phones.iter().filter(|phone| phone.device.is_some()) {
            if let Some(handle) = self.find(&phone.id()) {
                lines.entry(&phone.number).or_default().push(handle);
            }
        }
        for (number, appearances) in lines {
            if let [only] = appearances.as_slice() {
                self.numbers.entry(number.into()).or_insert(*only);
                continue;
            }
            let Some(line) = self.set_up(number, Use::Line { appearances: appearances.clone() }) else {
                continue;
            };
            for appearance in appearances {
                if let Some(phone) = self.table.get_mut(appearance) {
                    phone.line = Some(line);
                }
            }
        }
    }

    /// The phones that are appearances of the line of this number; none unless it is on several devices.
    #[must_use]
    pub fn appearances(&self, number: &str) -> &[Handle<Phone>] {
        self.place_named(number).map(|line| self.appearances_at(line)).unwrap_or_default()
    }

    pub(super) fn appearances_at(&self, line: u16) -> &[Handle<Phone>] {
        match self.place(line).map(|place| &place.purpose) {
            Some(Use::Line { appearances }) => appearances,
            Some(Use::Parking | Use::Group { .. } | Use::Mailbox) | None => &[],
        }
    }

    /// The other appearances of a phone's line.
    #[must_use]
    pub fn other_appearances(&self, phone: Handle<Phone>) -> Vec<Handle<Phone>> {
        let line = self.table.get(phone).and_then(|phone| phone.line);
        let all = line.map(|line| self.appearances_at(line)).unwrap_or_default();
        all.iter().copied().filter(|other| *other != phone).collect()
    }

    /// Sets the forwarding of a phone at the other appearances of its line, too.
    pub fn share_forwarding(&mut self, phone: Handle<Phone>) {
        let others = self.other_appearances(phone);
        let Some(own) = self.settings(phone).cloned().filter(|_| !others.is_empty()) else { return };
        for other in others {
            if let Some(settings) = self.settings_mut(other) {
                settings.forward_as(&own);
            }
        }
    }

    /// Where a call to a line goes. Forwarding is the line's, and the same at all its appearances.
    ///
    /// # Errors
    /// The cause why it rings at none and is not forwarded.
    pub(super) fn way_to_line(&self, handle: Handle<Call>, line: u16) -> Result<Way, &'static str> {
        let mut rings = false;
        let (mut forwards, mut refuses) = (None, None);
        for appearance in self.appearances_at(line) {
            match self.forwarded_at_once(handle, *appearance) {
                Ok(None) => rings = true,
                Ok(Some((to, cause))) if cause == "callForwardImmediate" => {
                    return Ok(Way::From(*appearance, to, cause));
                }
                Ok(Some((to, cause))) => forwards = forwards.or(Some(Way::From(*appearance, to, cause))),
                // One that is in service says more.
                Err(cause) if refuses.is_none_or(|cause| cause == "destOutOfOrder") => refuses = Some(cause),
                Err(_) => {}
            }
        }
        if rings {
            return Ok(Way::To(Party::Place(line)));
        }
        forwards.ok_or_else(|| refuses.unwrap_or("destNotObtainable"))
    }

    /// The phones of a place that ring together for a call: the idle ones of a group, those of a line that can.
    pub(super) fn ringing_together(&self, handle: Handle<Call>, place: u16) -> Option<Vec<Handle<Phone>>> {
        let mut all = match &self.place(place)?.purpose {
            Use::Group { hunts: Hunts::All, .. } => self.idle_members(place, handle),
            Use::Line { appearances } => {
                let can_ring = |phone: &Handle<Phone>| self.forwarded_at_once(handle, *phone) == Ok(None);
                appearances.iter().copied().filter(can_ring).collect()
            }
            Use::Group { hunts: Hunts::InTurn | Hunts::LongestIdle, .. } | Use::Parking | Use::Mailbox => {
                return None;
            }
        };
        let taken = self.calls.get(handle).map_or(0, |call| call.parties.len());
        all.truncate(self.rules.parties.saturating_sub(taken));
        Some(all)
    }

    /// The other appearances of a party's line stop ringing: the call is answered at this one, or leaves it.
    pub(super) fn stop_other_appearances(
        &mut self,
        handle: Handle<Call>,
        by: Party,
        told: &mut Vec<Happening>,
    ) {
        let Some(call) = self.calls.get(handle) else { return };
        let rings = |one: &&Connection| one.state == State::Alerting && one.party != by;
        let stop: Vec<Party> = match call.connection(by).and_then(|own| own.line) {
            Some(line) => {
                let others = call.parties.iter().filter(|one| one.line == Some(line));
                others.filter(rings).map(|one| one.party).collect()
            }
            None => return,
        };
        for party in stop {
            self.leave(handle, party, "multipleAlerting", told);
        }
    }
}

impl Phone {
    /// The device that it is a line of, if it is not one by itself.
    #[must_use]
    pub fn device(&self) -> Option<&str> {
        self.id.split_once(':').map(|(_, device)| device)
    }

    /// Whether its line is on other devices, too.
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        self.line.is_some()
    }
}

impl Call {
    /// Whether a party that rings is one of several appearances of its line in the call, beside one that calls.
    pub(super) fn is_one_of_many(&self, party: Party) -> bool {
        let Some(own) = self.connection(party).filter(|own| own.line.is_some()) else { return false };
        let is_other = |one: &Connection| {
            one.line == own.line
                && one.party != party
                && one.party != self.calling
                && one.state != State::Null
        };
        own.state == State::Alerting && self.parties.iter().any(is_other)
    }

    /// Whether a connection is one that rings beside another appearance of its line, and is not shown to `viewer`: either
    /// that is the viewer's own line, or another of it stands for all.
    pub(super) fn rings_beside(&self, rings: &Connection, viewer: Party) -> bool {
        let mut line = self.parties.iter().filter(|one| one.line == rings.line && one.party != self.calling);
        rings.line.is_some()
            && rings.state == State::Alerting
            && (line.clone().any(|one| one.party == viewer)
                || line.next().is_some_and(|one| one.party != rings.party))
    }
}

/// Leaves what was told last to the party alone, if to others its line is still in the call, or was already.
pub(super) fn keep_to_itself(is_one_of_many: bool, party: Party, told: &mut [Happening]) {
    if let (true, Some(last), Party::Phone(own)) = (is_one_of_many, told.last_mut(), party)
        && last.party == party
    {
        last.seen.retain(|(phone, _)| *phone == own);
    }
}
