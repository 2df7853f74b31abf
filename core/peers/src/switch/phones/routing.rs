//! Routing: where a dialled number leads.

use alloc::vec::Vec;

use ctigate_core::slots::Handle;
use ctigate_core::time::Instant;
use ctigate_core::wire::csta::model::LocalConnectionState as State;

use super::call::Due;
use super::{Call, Happening, Kind, Party, Phone, Phones};
use crate::switch::config::Answer;

impl Phones {
    /// A phone that is off hook has dialled: the call goes to the number dialled.
    pub(super) fn originate(&mut self, now: Instant, handle: Handle<Call>, told: &mut Vec<Happening>) {
        let Some(call) = self.calls.get(handle) else { return };
        let (caller, began, dialled) = (call.calling, call.began, call.dialled.clone());
        self.cancel_due(handle, caller);
        self.go(handle, caller, State::Connected);
        self.tell(handle, Kind::Originated, caller, began, told);
        if let Some(phone) = self.find(&dialled) {
            if caller == Party::Phone(phone) || self.is_busy(phone) {
                self.fail(handle, "busy", told);
            } else {
                self.ring(now, handle, phone, "newCall", told);
            }
        } else if self.leads_outside(&dialled) {
            self.seize_trunk(now, handle, told);
        } else {
            self.fail(handle, "destNotObtainable", told);
        }
    }

    /// Whether the phone can take no further call.
    pub(super) fn is_busy(&self, phone: Handle<Phone>) -> bool {
        let always = self.table.get(phone).is_some_and(|phone| phone.answer == Answer::Busy);
        always || self.lines_taken(phone) || self.is_off_hook_only(phone)
    }

    pub(super) fn lines_taken(&self, phone: Handle<Phone>) -> bool {
        self.table.get(phone).is_none_or(|phone| phone.calls.len() >= self.rules.lines)
    }

    /// Whether the phone has a dial tone or a failed call; then no second call is offered.
    fn is_off_hook_only(&self, phone: Handle<Phone>) -> bool {
        self.newest(phone, &[State::Initiated, State::Fail]).is_some()
    }

    fn leads_outside(&self, dialled: &str) -> bool {
        let prefix = self.rules.trunk_prefix.as_deref().filter(|prefix| !prefix.is_empty());
        prefix.and_then(|prefix| dialled.strip_prefix(prefix)).is_some_and(|rest| !rest.is_empty())
    }

    /// Makes a phone ring.
    pub(super) fn ring(
        &mut self,
        now: Instant,
        handle: Handle<Call>,
        phone: Handle<Phone>,
        cause: &'static str,
        told: &mut Vec<Happening>,
    ) {
        let Some(called) = self.table.get(phone) else { return };
        let (due, after) = match called.answer {
            Answer::After(after) if after < called.no_answer_after => (Due::AutoAnswer, after),
            Answer::After(_) | Answer::Manual | Answer::Busy => (Due::RingingEnds, called.no_answer_after),
        };
        let party = Party::Phone(phone);
        self.join(handle, party);
        self.go(handle, party, State::Alerting);
        if let Some(connection) = self.calls.get_mut(handle).and_then(|call| call.connection_mut(party)) {
            connection.since = now;
        }
        self.set_due(handle, party, due, now + after);
        self.tell(handle, Kind::Delivered, party, cause, told);
    }

    fn seize_trunk(&mut self, now: Instant, handle: Handle<Call>, told: &mut Vec<Happening>) {
        let free = (1..=self.rules.trunks).find(|trunk| !self.trunks_taken.contains(trunk));
        let Some(trunk) = free else {
            self.fail(handle, "trunksBusy", told);
            return;
        };
        self.trunks_taken.insert(trunk);
        let party = Party::Trunk(trunk);
        self.join(handle, party);
        self.go(handle, party, State::Connected);
        self.tell(handle, Kind::NetworkReached, party, "newCall", told);
        self.set_due(handle, party, Due::TrunkAnswers, now + self.rules.trunk_answers_after);
    }

    /// The number dialled is not reached; the others hear why.
    pub(super) fn fail(&mut self, handle: Handle<Call>, cause: &'static str, told: &mut Vec<Happening>) {
        self.join(handle, Party::Dialled);
        self.go(handle, Party::Dialled, State::Fail);
        self.tell(handle, Kind::Failed, Party::Dialled, cause, told);
    }
}
