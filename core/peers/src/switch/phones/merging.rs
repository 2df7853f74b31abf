//! Calls that become one, or get a party more (ECMA-269, Transfer Call, Conference Call, their single step forms).

use alloc::string::String;
use alloc::vec::Vec;

use ctigate_core::slots::Handle;
use ctigate_core::time::Instant;
use ctigate_core::wire::csta::model::LocalConnectionState as State;

use super::{
    Call, Connection, Detail, Happening, Key, Kind, Merged, Moved, Participation, Party, Phone, Phones,
    Refusal,
};
use crate::switch::config::MergedCalls;

impl Phones {
    /// Connects the other parties of a held call with those of the active one; the phone leaves both (ECMA-269, Transfer
    /// Call). Returns the call that results, and the party that the first was transferred to.
    ///
    /// # Errors
    /// [`Refusal::NothingHeld`], [`Refusal::NothingActive`], [`Refusal::NotReached`] if nobody is in the active call,
    /// [`Refusal::OnlyListens`], [`Refusal::SameParty`], [`Refusal::TooManyParties`].
    pub fn transfer(
        &mut self,
        (held, active): (Handle<Call>, Handle<Call>),
        phone: Handle<Phone>,
        told: &mut Vec<Happening>,
    ) -> Result<(Handle<Call>, Party), Refusal> {
        let added = self.may_merge(held, active, phone, 0)?;
        let party = Party::Phone(phone);
        self.remove(held, party);
        self.remove(active, party);
        let (call, list) = self.merge(held, Some(active));
        let merged = Merged { primary: held, secondary: Some(active), by: party, added, list };
        self.tell_merged(call, Kind::Transfered, merged, "transfer", told);
        Ok((call, added))
    }

    /// Makes a held call and the active one a conference (ECMA-269, Conference Call). Returns the call that results.
    ///
    /// # Errors
    /// Those of [`Phones::transfer`].
    pub fn conference(
        &mut self,
        (held, active): (Handle<Call>, Handle<Call>),
        phone: Handle<Phone>,
        told: &mut Vec<Happening>,
    ) -> Result<Handle<Call>, Refusal> {
        let added = self.may_merge(held, active, phone, 1)?;
        let party = Party::Phone(phone);
        self.go(held, party, State::Connected);
        self.remove(active, party);
        let (call, mut list) = self.merge(held, Some(active));
        if let Some(own) = list.iter_mut().find(|moved| moved.party == party) {
            own.old = Some(held);
        }
        let merged = Merged { primary: held, secondary: Some(active), by: party, added, list };
        self.tell_merged(call, Kind::Conferenced, merged, "conference", told);
        Ok(call)
    }

    /// The phone leaves its call, which goes on to `number` (ECMA-269, Single Step Transfer Call). Returns the call that
    /// results.
    ///
    /// # Errors
    /// [`Refusal::WrongState`], [`Refusal::OnlyListens`], [`Refusal::NotReached`], [`Refusal::NotANumber`], and why
    /// `number` cannot be reached.
    pub fn single_step_transfer(
        &mut self,
        now: Instant,
        active: Handle<Call>,
        phone: Handle<Phone>,
        number: &str,
        told: &mut Vec<Happening>,
    ) -> Result<(Handle<Call>, Party), Refusal> {
        let party = self.party_in(active, phone, State::Connected)?;
        self.may_act(active, phone)?;
        let call = self.calls.get(active).ok_or(Refusal::WrongState)?;
        if !call.talking().any(|other| other.party != party && other.state == State::Connected) {
            return Err(Refusal::NotReached);
        }
        let target = self.may_reach(active, number)?;
        self.remove(active, party);
        let (call, mut list) = self.merge(active, None);
        // A group, or another place, has no connection before the call waits there, and most never do.
        if !matches!(target.party(), Party::Place(_)) {
            list.push(Moved { party: target.party(), old: None });
        }
        let merged = Merged { primary: active, secondary: None, by: party, added: target.party(), list };
        if let Some(call) = self.calls.get_mut(call) {
            call.dialled = String::from(number);
        }
        self.tell_merged(call, Kind::Transfered, merged, "singleStepTransfer", told);
        let party = target.party();
        self.go_to(now, call, &target, "singleStepTransfer", told);
        Ok((call, party))
    }

    /// Adds `number` to a call that the phone is in (ECMA-269, Single Step Conference Call). Returns the added party.
    ///
    /// # Errors
    /// [`Refusal::WrongState`], [`Refusal::OnlyListens`], [`Refusal::NotReached`], [`Refusal::TooManyParties`],
    /// [`Refusal::NotANumber`], and why `number` cannot be reached.
    pub fn single_step_conference(
        &mut self,
        now: Instant,
        active: Handle<Call>,
        phone: Handle<Phone>,
        (number, participation): (&str, Participation),
        told: &mut Vec<Happening>,
    ) -> Result<Party, Refusal> {
        let by = self.party_in(active, phone, State::Connected)?;
        self.may_act(active, phone)?;
        let call = self.calls.get(active).ok_or(Refusal::WrongState)?;
        if call.talking().count() < 2 {
            return Err(Refusal::NotReached);
        }
        if call.parties.len() >= self.rules.parties {
            return Err(Refusal::TooManyParties);
        }
        let mut list: Vec<Moved> =
            call.reached().map(|one| Moved { party: one.party, old: Some(active) }).collect();
        let target = self.may_reach(active, number)?;
        let added = target.party();
        list.push(Moved { party: added, old: None });
        let merged = Merged { primary: active, secondary: None, by, added, list };
        if let Some(call) = self.calls.get_mut(active) {
            call.joins_as = participation;
        }
        self.go_to(now, active, &target, "singleStepConference", told);
        let cause = participation.cause("singleStepConference");
        self.tell_merged(active, Kind::Conferenced, merged, cause, told);
        Ok(added)
    }

    /// The two calls that are connected when the phone hangs up, if it is one that does so.
    #[must_use]
    pub fn transferred_by_hanging_up(&self, phone: Handle<Phone>) -> Option<(Handle<Call>, Handle<Call>)> {
        let transfers = self.table.get(phone)?.transfers_by_hanging_up;
        let held = self.newest(phone, &[State::Hold]).filter(|_| transfers)?;
        let active = self.newest(phone, &[State::Connected])?;
        self.may_merge(held, active, phone, 0).ok().map(|_| (held, active))
    }

    /// Checks that two calls of a phone can become one, of which the phone stays in `staying` (0 or 1). Returns the party
    /// that is added to the first.
    fn may_merge(
        &self,
        held: Handle<Call>,
        active: Handle<Call>,
        phone: Handle<Phone>,
        staying: usize,
    ) -> Result<Party, Refusal> {
        let own = Party::Phone(phone);
        if self.state(held, phone) != State::Hold {
            return Err(Refusal::NothingHeld);
        }
        if self.state(active, phone) != State::Connected {
            return Err(Refusal::NothingActive);
        }
        self.may_act(held, phone)?;
        self.may_act(active, phone)?;
        let (Some(held), Some(active)) = (self.calls.get(held), self.calls.get(active)) else {
            return Err(Refusal::WrongState);
        };
        let others = |call: &'_ Call| -> Vec<Party> {
            call.reached().map(|one| one.party).filter(|party| *party != own).collect()
        };
        let talking = |call: &Call| call.talking().map(|one| one.party).find(|party| *party != own);
        let (first, second) = (others(held), others(active));
        let added = talking(active).ok_or(Refusal::NotReached)?;
        talking(held).ok_or(Refusal::NotReached)?;
        if first.iter().any(|party| second.contains(party)) {
            return Err(Refusal::SameParty);
        }
        // Queues and places for parked calls have nothing to tell each other.
        let is_place = |party: &Party| matches!(party, Party::Place(_));
        if staying == 0 && first.iter().chain(&second).all(is_place) {
            return Err(Refusal::NotReached);
        }
        if first.len() + second.len() + staying > self.rules.parties {
            return Err(Refusal::TooManyParties);
        }
        Ok(added)
    }

    /// Makes of one call, or of two, the call that results. Returns it, and where each party comes from.
    fn merge(&mut self, first: Handle<Call>, second: Option<Handle<Call>>) -> (Handle<Call>, Vec<Moved>) {
        let mut moved = Vec::new();
        let mut parties = self.take_parties(first, &mut moved);
        parties.extend(second.map(|second| self.take_parties(second, &mut moved)).unwrap_or_default());
        let kept = match self.rules.merged {
            MergedCalls::New => None,
            MergedCalls::First => Some(first),
            MergedCalls::Second => Some(second.unwrap_or(first)),
        };
        let old = self.calls.get(second.unwrap_or(first));
        let (dialled, outside, data) = old
            .map(|call| (call.dialled.clone(), call.outside.clone(), call.data.clone()))
            .unwrap_or_default();
        let data = self.calls.get(first).map(|call| call.data.clone()).unwrap_or_default().or(data);
        let calling = self.calls.get(first).map(|call| call.calling);
        let outside = self.calls.get(first).and_then(|call| call.outside.clone()).or(outside);
        let fallback = parties.first().map_or(Party::Dialled, |(one, _)| one.party);
        let stays = |party: &Party| parties.iter().any(|(one, _)| one.party == *party);
        let calling = calling.filter(stays).unwrap_or(fallback);
        let call = Call { dialled, outside, data, ..Call::new(calling, "transfer") };
        for old in [Some(first), second].into_iter().flatten().filter(|old| Some(*old) != kept) {
            self.calls.remove(old);
        }
        let result = match kept {
            Some(kept) => {
                if let Some(slot) = self.calls.get_mut(kept) {
                    *slot = call;
                }
                kept
            }
            None => self.calls.insert(call).unwrap_or(first),
        };
        debug_assert!(self.calls.get(result).is_some(), "a call was removed before");
        self.give_parties(result, parties, &moved);
        (result, moved)
    }

    /// Takes the connections out of a call, without their deadlines running.
    fn take_parties(
        &mut self,
        handle: Handle<Call>,
        moved: &mut Vec<Moved>,
    ) -> Vec<(Connection, Option<Instant>)> {
        let Some(call) = self.calls.get_mut(handle) else { return Vec::new() };
        let mut taken = Vec::new();
        for mut connection in core::mem::take(&mut call.parties) {
            let at = connection.deadline.at();
            self.timers.cancel(&mut connection.deadline, Key::Connection(handle, connection.party));
            if connection.party != Party::Dialled {
                moved.push(Moved { party: connection.party, old: Some(handle) });
                taken.push((connection, at));
            }
        }
        taken
    }

    /// Puts connections into a call, and the call in its phones' lists in the place of the one that they come from.
    fn give_parties(
        &mut self,
        handle: Handle<Call>,
        parties: Vec<(Connection, Option<Instant>)>,
        moved: &[Moved],
    ) {
        for ((mut connection, at), from) in parties.into_iter().zip(moved) {
            let party = connection.party;
            if let Some(at) = at {
                self.timers.set(&mut connection.deadline, Key::Connection(handle, party), at);
            }
            if let Some(call) = self.calls.get_mut(handle) {
                call.parties.push(connection);
            }
            if let Party::Phone(phone) = party
                && let Some(phone) = self.table.get_mut(phone)
                && let Some(entry) = phone.calls.iter_mut().find(|call| Some(**call) == from.old)
            {
                *entry = handle;
            }
            if let Party::Place(place) = party {
                self.rename_waiting(place, from.old, handle);
            }
        }
    }

    pub(super) fn tell_merged(
        &self,
        call: Handle<Call>,
        kind: Kind,
        merged: Merged,
        cause: &'static str,
        told: &mut Vec<Happening>,
    ) {
        let by = merged.by;
        self.tell_more(call, kind, by, cause, Detail::Merged(merged), told);
    }
}
