//! Clearing connections (ECMA-269, Clear Connection): first the one that is cleared, then, if too few are left for a
//! call, the others.

use alloc::vec::Vec;

use ctigate_core::slots::Handle;
use ctigate_core::wire::csta::model::LocalConnectionState as State;

use super::appearances::keep_to_itself;
use super::{Call, Detail, Happening, Kind, Participation, Party, Phone, Phones, Refusal};

impl Phones {
    /// Clears a party's connection, and with it the call, if no two parties are left of whom one is in it.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] if there is no such connection.
    pub fn clear(
        &mut self,
        handle: Handle<Call>,
        party: Party,
        cause: &'static str,
        told: &mut Vec<Happening>,
    ) -> Result<(), Refusal> {
        if party == Party::Dialled || self.state_of(handle, party) == State::Null {
            return Err(Refusal::WrongState);
        }
        self.leave(handle, party, cause, told);
        self.end_if_over(handle, cause, told);
        Ok(())
    }

    /// Clears what is left of a call, unless it goes on without those who left. Who only listens does not keep it.
    pub(super) fn end_if_over(
        &mut self,
        handle: Handle<Call>,
        cause: &'static str,
        told: &mut Vec<Happening>,
    ) {
        let Some(call) = self.calls.get(handle) else { return };
        let stays = |state| matches!(state, State::Connected | State::Hold);
        let goes_on = call.talking().count() > 1 && call.talking().any(|party| stays(party.state));
        if !goes_on {
            self.end(handle, cause, told);
        }
    }

    /// Clears all connections of a call.
    pub(super) fn end(&mut self, handle: Handle<Call>, cause: &'static str, told: &mut Vec<Happening>) {
        let call = self.calls.get(handle);
        let left: Vec<Party> =
            call.map(|call| call.parties.iter().map(|one| one.party).collect()).unwrap_or_default();
        for party in left {
            self.leave(handle, party, cause, told);
        }
        self.calls.remove(handle);
    }

    /// A phone is out of service: it leaves all its calls.
    pub fn fall_out(&mut self, phone: Handle<Phone>, told: &mut Vec<Happening>) {
        let calls = self.table.get(phone).map(|phone| phone.calls.clone()).unwrap_or_default();
        for call in calls {
            let left = self.clear(call, Party::Phone(phone), "destOutOfOrder", told);
            debug_assert!(left.is_ok(), "the phone is in its calls");
        }
    }

    /// The call that hanging up ends: the active one, else a ringing one, else the newest held one.
    #[must_use]
    pub fn to_clear(&self, phone: Handle<Phone>) -> Option<Handle<Call>> {
        self.active(phone)
            .or_else(|| self.newest(phone, &[State::Alerting]))
            .or_else(|| self.newest(phone, &[State::Hold]))
    }

    /// Clears one party's connection; the call itself stays.
    pub(super) fn leave(
        &mut self,
        handle: Handle<Call>,
        party: Party,
        cause: &'static str,
        told: &mut Vec<Happening>,
    ) {
        if self.state_of(handle, party) != State::Null {
            self.note_message(handle, party);
            self.cancel_due(handle, party);
            let is_one_of_many = self.calls.get(handle).is_some_and(|call| call.is_one_of_many(party));
            self.go(handle, party, State::Null);
            // A number that was never reached has no phone to free, and there is no phone to see it.
            if party != Party::Dialled {
                self.tell(handle, Kind::ConnectionCleared, party, cause, told);
                keep_to_itself(is_one_of_many, party, told);
            }
        }
        self.remove(handle, party);
    }

    /// Removes a party's connection from a call without telling.
    pub(super) fn remove(&mut self, handle: Handle<Call>, party: Party) {
        self.cancel_due(handle, party);
        if let Some(call) = self.calls.get_mut(handle) {
            call.parties.retain(|connection| connection.party != party);
        }
        match party {
            Party::Phone(phone) => {
                if let Some(left) = self.table.get_mut(phone) {
                    left.calls.retain(|call| *call != handle);
                }
                self.freed(phone);
            }
            Party::Trunk(trunk) => {
                self.trunks_taken.remove(&trunk);
            }
            Party::Place(place) => self.leave_place(place, handle),
            Party::Dialled => {}
        }
    }

    /// Ends a call for all its parties (ECMA-269, Clear Call).
    ///
    /// # Errors
    /// [`Refusal::WrongState`] if there is no such call.
    pub fn clear_call(&mut self, handle: Handle<Call>, told: &mut Vec<Happening>) -> Result<(), Refusal> {
        let call = self.calls.get(handle).ok_or(Refusal::WrongState)?;
        let phones: Vec<_> = call
            .parties
            .iter()
            .filter_map(
                |one| if let Party::Phone(phone) = one.party { Some((phone, State::Null)) } else { None },
            )
            .collect();
        let cleared = Happening {
            kind: Kind::CallCleared,
            call: handle,
            party: call.calling,
            calling: call.calling,
            called: call.dialled.clone(),
            diverted_by: None,
            cause: "normalClearing",
            detail: Detail::None,
            seen: phones,
            outside: call.outside.clone(),
            leaves_through: call.leaves_through(),
            data: call.data.clone(),
        };
        self.end(handle, "normalClearing", told);
        told.push(cleared);
        Ok(())
    }

    /// Stops the other phones of a group that ring for a call that one has answered; those that were to talk if it talks,
    /// or those that were to listen.
    pub(super) fn stop_others_ringing(&mut self, handle: Handle<Call>, by: Party, told: &mut Vec<Happening>) {
        let participation = self.participation(handle, by);
        let Some(call) = self.calls.get_mut(handle).filter(|call| call.via.is_some()) else { return };
        let rings = |one: &&super::Connection| one.party != by && one.state == State::Alerting;
        let (stop, others): (Vec<_>, Vec<_>) =
            call.parties.iter().filter(rings).partition(|one| one.participation == participation);
        let stop: Vec<Party> = stop.iter().map(|one| one.party).collect();
        if others.is_empty() {
            call.via = None;
            call.tried = Vec::new();
        }
        let before = call.diverted_by;
        for party in stop {
            self.divert(handle, party, by, "redirected", told);
        }
        if let Some(call) = self.calls.get_mut(handle) {
            call.diverted_by = before;
            call.joins_as = Participation::Active;
        }
    }
}
