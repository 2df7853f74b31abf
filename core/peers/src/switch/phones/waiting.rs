//! Calls that wait: parked, camped on, in a group's queue; and calls that are made later (ECMA-269, Park Call, Camp On
//! Call, Call Back).

use alloc::vec::Vec;

use ctigate_core::slots::Handle;
use ctigate_core::time::Instant;
use ctigate_core::timer::Timers;
use ctigate_core::wire::csta::model::LocalConnectionState as State;

use super::call::Due;
use super::{Call, Detail, Happening, Key, Kind, MAX_LINES, Party, Phone, Phones, Refusal};
use crate::switch::config::Answer;

/// The most calls that a phone can have asked to be made later.
pub const MAX_CALL_BACKS: usize = 4;

impl Phones {
    /// The phone leaves its call, which waits at `place` (ECMA-269, Park Call).
    ///
    /// # Errors
    /// [`Refusal::WrongState`], [`Refusal::OnlyListens`], [`Refusal::NotReached`] if nobody is left to wait, [`Refusal::DestinationUnknown`] if
    /// `place` is none for parking, [`Refusal::PlaceTaken`].
    pub fn park(
        &mut self,
        now: Instant,
        call: Handle<Call>,
        phone: Handle<Phone>,
        place: &str,
        told: &mut Vec<Happening>,
    ) -> Result<Party, Refusal> {
        let own = Party::Phone(phone);
        if !matches!(self.state(call, phone), State::Connected | State::Hold) {
            return Err(Refusal::WrongState);
        }
        let parked = self.calls.get(call).ok_or(Refusal::WrongState)?;
        self.may_act(call, phone)?;
        if !parked.talking().any(|one| one.party != own && one.state == State::Connected) {
            return Err(Refusal::NotReached);
        }
        let index = self.place_named(place).ok_or(Refusal::DestinationUnknown)?;
        if !self.is_free_for_parking(index) {
            return Err(Refusal::PlaceTaken);
        }
        let to = Party::Place(index);
        self.divert(call, own, to, "park", told);
        self.wait_at(call, index, "park", told);
        let back = now + self.rules.park_timeout;
        self.set_due(call, to, Due::ParkingEnds, back);
        Ok(to)
    }

    /// A party of a call waits at a place.
    pub(super) fn wait_at(
        &mut self,
        call: Handle<Call>,
        index: u16,
        cause: &'static str,
        told: &mut Vec<Happening>,
    ) {
        let party = Party::Place(index);
        let in_front = self.enter_place(index, call);
        self.join(call, party);
        self.go(call, party, State::Queued);
        let queue = Detail::Queue { queued: in_front + 1, in_front };
        self.tell_more(call, Kind::Queued, party, cause, queue, told);
    }

    /// A parked call that nobody fetched rings where it was parked.
    pub(super) fn parking_ends(
        &mut self,
        now: Instant,
        call: Handle<Call>,
        party: Party,
        told: &mut Vec<Happening>,
    ) {
        let parked_by = self.calls.get(call).and_then(|call| call.diverted_by);
        let Some(Party::Phone(phone)) = parked_by else { return };
        if !self.is_free(phone) || self.state(call, phone) != State::Null {
            let later = now + self.rules.park_timeout;
            self.set_due(call, party, Due::ParkingEnds, later);
            return;
        }
        self.divert(call, party, Party::Phone(phone), "recall", told);
        self.ring(now, call, phone, "recall", told);
    }

    /// The phone that a call met busy, if that is why it failed.
    ///
    /// # Errors
    /// [`Refusal::NotBusy`].
    pub(super) fn met_busy(
        &self,
        call: Handle<Call>,
        phone: Handle<Phone>,
    ) -> Result<Handle<Phone>, Refusal> {
        let met = self.calls.get(call).ok_or(Refusal::NotBusy)?;
        let failed = self.state_of(call, Party::Dialled) == State::Fail;
        let is_out = |target: &Handle<Phone>| self.state(call, *target) == State::Null;
        let target = self.find(&met.dialled).filter(is_out);
        let target = target.filter(|_| failed && self.state(call, phone) == State::Connected);
        target.filter(|target| self.is_busy(*target)).ok_or(Refusal::NotBusy)
    }

    /// The call waits until the busy phone is free (ECMA-269, Camp On Call).
    ///
    /// # Errors
    /// [`Refusal::NotBusy`], [`Refusal::LinesTaken`] if nothing more can wait there.
    pub fn camp_on(
        &mut self,
        call: Handle<Call>,
        phone: Handle<Phone>,
        told: &mut Vec<Happening>,
    ) -> Result<(), Refusal> {
        let busy = self.met_busy(call, phone)?;
        let calls = self.table.get(busy).map_or(MAX_LINES, |busy| busy.calls.len());
        if calls >= MAX_LINES || self.has_failed_or_none(busy) {
            return Err(Refusal::LinesTaken);
        }
        self.remove(call, Party::Dialled);
        let party = Party::Phone(busy);
        self.join(call, party);
        self.go(call, party, State::Queued);
        let queue = Detail::Queue { queued: 1, in_front: 0 };
        self.tell_more(call, Kind::Queued, party, "campOn", queue, told);
        Ok(())
    }

    /// A phone that never rings, so that nobody can wait for it.
    fn has_failed_or_none(&self, phone: Handle<Phone>) -> bool {
        self.table.get(phone).is_none_or(|phone| phone.answer == Answer::Busy)
    }

    /// The phone's call ends, and is made again when the other phone is free (ECMA-269, Call Back). Returns that phone.
    ///
    /// # Errors
    /// [`Refusal::NotBusy`] unless the call failed at a busy phone or rings at one, [`Refusal::TooManyCalls`] if too many
    /// are asked for.
    pub fn call_back(
        &mut self,
        call: Handle<Call>,
        phone: Handle<Phone>,
        told: &mut Vec<Happening>,
    ) -> Result<Handle<Phone>, Refusal> {
        let target = self.met_busy(call, phone).or_else(|refusal| {
            let rings = self.calls.get(call).and_then(|call| {
                call.parties.iter().find(|one| one.state == State::Alerting).map(|one| one.party)
            });
            match rings {
                Some(Party::Phone(target)) if target != phone => Ok(target),
                _ => Err(refusal),
            }
        })?;
        let asker = self.table.get_mut(phone).ok_or(Refusal::WrongState)?;
        if !asker.call_backs.contains(&target) && asker.call_backs.push(target).is_err() {
            return Err(Refusal::TooManyCalls);
        }
        self.awaited.entry(target).or_default().insert(phone);
        self.clear(call, Party::Phone(phone), "normalClearing", told)?;
        Ok(target)
    }

    /// Forgets a call that was to be made later.
    ///
    /// # Errors
    /// [`Refusal::NoCallBack`] if there is none.
    pub fn cancel_call_back(&mut self, phone: Handle<Phone>, target: Handle<Phone>) -> Result<(), Refusal> {
        let asker = self.table.get_mut(phone).ok_or(Refusal::NoCallBack)?;
        let before = asker.call_backs.len();
        asker.call_backs.retain(|one| *one != target);
        if asker.call_backs.len() == before {
            return Err(Refusal::NoCallBack);
        }
        if let Some(askers) = self.awaited.get_mut(&target) {
            askers.remove(&phone);
            if askers.is_empty() {
                self.awaited.remove(&target);
            }
        }
        Ok(())
    }

    /// A phone has a line again: what waits for it is looked at with the next tick.
    pub(super) fn freed(&mut self, phone: Handle<Phone>) {
        let Some(freed) = self.table.get_mut(phone) else { return };
        if freed.calls.is_empty() {
            self.idle_count = self.idle_count.saturating_add(1);
            freed.idle_since = self.idle_count;
        }
        let waiting: Vec<Handle<Call>> = freed.calls.iter().copied().collect();
        let groups = freed.groups.clone();
        let own = !freed.call_backs.is_empty();
        let party = Party::Phone(phone);
        for call in waiting {
            if self.state(call, phone) == State::Queued {
                self.set_due(call, party, Due::Offer, Instant::ZERO);
            }
        }
        for group in groups {
            if let Some(call) = self.first_waiting(group) {
                self.set_due(call, Party::Place(group), Due::Offer, Instant::ZERO);
            }
        }
        let askers: Vec<Handle<Phone>> = self.awaited.get(&phone).into_iter().flatten().copied().collect();
        for asker in askers.into_iter().chain(own.then_some(phone)) {
            if let Some(asking) = self.table.get_mut(asker) {
                self.timers.set(&mut asking.deadline, Key::CallBack(asker), Instant::ZERO);
            }
        }
    }

    /// A call that waits for a phone, or in a group's queue, rings if it can.
    pub(super) fn offer(
        &mut self,
        now: Instant,
        call: Handle<Call>,
        party: Party,
        told: &mut Vec<Happening>,
    ) {
        match party {
            Party::Phone(phone) => {
                if self.active(phone).is_none() && !self.rings(phone) && self.is_free(phone) {
                    self.remove(call, party);
                    self.ring(now, call, phone, "campOn", told);
                }
            }
            Party::Place(group) => {
                if let Some(member) = self.next_member(group, call) {
                    self.divert(call, party, Party::Phone(member), "distributed", told);
                    self.ring(now, call, member, "distributed", told);
                }
            }
            Party::Trunk(_) | Party::Dialled => {}
        }
    }

    fn rings(&self, phone: Handle<Phone>) -> bool {
        self.newest(phone, &[State::Alerting]).is_some()
    }

    /// Makes a call that was asked for, if both phones are idle: the phone that asked is prompted.
    pub(super) fn make_call_back(&mut self, now: Instant, phone: Handle<Phone>, told: &mut Vec<Happening>) {
        let Some(asker) = self.table.get_mut(phone) else { return };
        Timers::<Key>::fired(&mut asker.deadline);
        let targets: Vec<Handle<Phone>> = asker.call_backs.iter().copied().collect();
        let is_idle = |phone: Handle<Phone>| {
            self.table.get(phone).is_some_and(|phone| phone.calls.is_empty()) && self.is_free(phone)
        };
        let target = targets.into_iter().find(|target| is_idle(*target));
        let Some(target) = target.filter(|_| is_idle(phone) && !self.calls.is_full()) else { return };
        let number = self.table.get(target).map(|target| target.number.clone()).unwrap_or_default();
        let cancelled = self.cancel_call_back(phone, target);
        debug_assert!(cancelled.is_ok(), "it was asked for");
        if let Ok(call) = self.initiate(phone, number, "callBack", told) {
            self.set_prompt(now, call, phone);
        }
    }
}
