//! Picking up calls that ring or wait elsewhere (ECMA-269, Directed Pickup Call, Group Pickup Call).

use alloc::vec::Vec;

use ctigate_core::slots::Handle;
use ctigate_core::wire::csta::model::LocalConnectionState as State;

use super::{Call, Happening, Kind, Party, Phone, Phones, Refusal};

impl Phones {
    /// The phone takes over the part of `from`, at which a call rings or waits.
    ///
    /// # Errors
    /// [`Refusal::NothingToPickUp`], [`Refusal::SameParty`] if the phone is in that call, and why the phone cannot have
    /// an active call more.
    pub fn pick_up(
        &mut self,
        call: Handle<Call>,
        from: Party,
        phone: Handle<Phone>,
        told: &mut Vec<Happening>,
    ) -> Result<(), Refusal> {
        let party = Party::Phone(phone);
        if !matches!(self.state_of(call, from), State::Alerting | State::Queued) {
            return Err(Refusal::NothingToPickUp);
        }
        if self.state(call, phone) != State::Null {
            return Err(Refusal::SameParty);
        }
        self.may_talk(phone)?;
        self.divert(call, from, party, "callPickup", told);
        self.join(call, party);
        self.go(call, party, State::Connected);
        self.tell(call, Kind::Established, party, "callPickup", told);
        self.stop_others_ringing(call, party, told);
        Ok(())
    }

    /// What the phone would pick up of its group: the call that has rung longest at another member, and that member.
    #[must_use]
    pub fn to_pick_up(&self, phone: Handle<Phone>) -> Option<(Handle<Call>, Party)> {
        let group = self.table.get(phone)?.pickup_group.filter(|group| *group != 0)?;
        let members = self.pickup_groups.get(&group)?.iter().copied().filter(|member| *member != phone);
        let rings = members.filter_map(|member| {
            let call = self.newest(member, &[State::Alerting])?;
            let since = self.calls.get(call)?.connection(Party::Phone(member))?.since;
            Some((since, call, member))
        });
        rings.min().map(|(_, call, member)| (call, Party::Phone(member)))
    }

    /// Whether the phone can talk in a call that it is not in yet.
    ///
    /// # Errors
    /// [`Refusal::ActiveCallExists`], [`Refusal::LinesTaken`], [`Refusal::OutOfService`].
    pub(super) fn may_talk(&self, phone: Handle<Phone>) -> Result<(), Refusal> {
        if self.is_out_of_service(phone) {
            return Err(Refusal::OutOfService);
        }
        if self.active(phone).is_some() {
            return Err(Refusal::ActiveCallExists);
        }
        if self.lines_taken(phone) { Err(Refusal::LinesTaken) } else { Ok(()) }
    }
}
