//! Events of time: phones that answer by themselves, and ringing that ends.

use alloc::vec::Vec;

use ctigate_core::slots::Handle;
use ctigate_core::time::Instant;
use ctigate_core::timer::Timers;
use ctigate_core::wire::csta::model::LocalConnectionState as State;

use super::call::Due;
use super::places::Use;
use super::{Call, Happening, Key, Kind, Party, Phone, Phones};
use crate::switch::config::Hunts;

impl Phones {
    /// Handles at most one overdue deadline; returns whether there was one.
    pub fn tick(&mut self, now: Instant, told: &mut Vec<Happening>) -> bool {
        let Some((_, key)) = self.timers.pop_due(now) else { return false };
        let (handle, party) = match key {
            Key::CallBack(phone) => {
                self.make_call_back(now, phone, told);
                return true;
            }
            Key::Connection(handle, party) => (handle, party),
        };
        let connection = self.calls.get_mut(handle).and_then(|call| call.connection_mut(party));
        let Some(connection) = connection else { return true };
        Timers::<Key>::fired(&mut connection.deadline);
        match connection.due {
            Due::PromptEnds => {
                let cleared = self.clear(handle, party, "callNotAnswered", told);
                debug_assert!(cleared.is_ok(), "a prompted call has its caller");
            }
            Due::AutoAnswer => self.answer_itself(now, handle, party, told),
            Due::RingingEnds => self.ringing_ends(now, handle, party, told),
            Due::ParkingEnds => self.parking_ends(now, handle, party, told),
            Due::Offer => self.offer(now, handle, party, told),
            Due::TrunkAnswers => self.tell(handle, Kind::Established, party, "networkSignal", told),
        }
        true
    }

    /// Lets a phone answer by itself. If it is in another call, it keeps ringing until its time is over.
    fn answer_itself(&mut self, now: Instant, handle: Handle<Call>, party: Party, told: &mut Vec<Happening>) {
        let Party::Phone(phone) = party else {
            self.go(handle, party, State::Connected);
            self.tell(handle, Kind::Established, party, "newCall", told);
            return;
        };
        if self.answer(now, handle, phone, told).is_err() {
            let since = self.calls.get(handle).and_then(|call| call.connection(party)).map(|one| one.since);
            let rings = self.table.get(phone).map(|phone| phone.no_answer_after).unwrap_or_default();
            self.set_due(handle, party, Due::RingingEnds, (since.unwrap_or(now) + rings).max(now));
        }
    }

    /// Ends ringing without an answer: the called phone leaves the call. If nobody else was reached, the caller's
    /// connection fails; or, if the caller has it on hold and may be in another call, or is outside, the call ends.
    fn ringing_ends(&mut self, now: Instant, handle: Handle<Call>, party: Party, told: &mut Vec<Happening>) {
        let cause = "callNotAnswered";
        if let Some(next) = self.next_in_turn(handle) {
            self.divert(handle, party, Party::Phone(next), "distributed", told);
            self.ring(now, handle, next, "distributed", told);
            return;
        }
        if let Party::Phone(phone) = party
            && let Some(target) = self.forwarded_unanswered(handle, phone)
        {
            self.divert(handle, party, target.party(), "callForwardNoAnswer", told);
            self.go_to(now, handle, &target, "callForwardNoAnswer", told);
            return;
        }
        self.leave(handle, party, cause, told);
        let Some(call) = self.calls.get(handle) else { return };
        let waits: Vec<(Party, State)> = call.reached().map(|one| (one.party, one.state)).collect();
        match waits.as_slice() {
            [(caller @ Party::Phone(_), State::Connected)] => {
                self.go(handle, *caller, State::Fail);
                self.tell(handle, Kind::Failed, *caller, cause, told);
            }
            _ => self.end_if_over(handle, cause, told),
        }
    }

    /// The next phone of the group that a call goes to, if they ring one after another.
    fn next_in_turn(&mut self, handle: Handle<Call>) -> Option<Handle<Phone>> {
        let group = self.calls.get(handle)?.via?;
        match self.place(group)?.purpose {
            Use::Group { hunts: Hunts::InTurn | Hunts::LongestIdle, .. } => self.next_member(group, handle),
            Use::Group { hunts: Hunts::All, .. } | Use::Parking | Use::Mailbox | Use::Line { .. } => None,
        }
    }
}
