//! Routing: where a dialled number leads.

use alloc::string::String;
use alloc::vec::Vec;

use ctigate_core::slots::Handle;
use ctigate_core::time::{Duration, Instant};
use ctigate_core::wire::csta::model::LocalConnectionState as State;

use super::appearances::{Way, keep_to_itself};
use super::call::{Due, Outside};
use super::places::Use;
use super::{Call, Happening, Kind, MAX_LINES, Party, Phone, Phones, Refusal, is_dialable};
use crate::switch::config::Answer;
use crate::switch::settings::Why;

/// The most forwardings on the way of one call.
const MAX_HOPS: usize = 8;

/// Where a call goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    to: Party,
    /// The phones that forward it on the way, each with the cause.
    hops: heapless::Vec<(Handle<Phone>, &'static str), MAX_HOPS>,
    /// The phone that forwarded it last, and the cause.
    forwarded: Option<(Party, &'static str)>,
}

impl Target {
    pub(super) const fn party(&self) -> Party {
        self.to
    }
}

impl Phones {
    /// A phone that is off hook has dialled: the call goes to the number dialled.
    pub(super) fn originate(&mut self, now: Instant, handle: Handle<Call>, told: &mut Vec<Happening>) {
        let Some(call) = self.calls.get(handle) else { return };
        let (caller, began, dialled) = (call.calling, call.began, call.dialled.clone());
        self.cancel_due(handle, caller);
        if let Party::Phone(phone) = caller
            && let Some(phone) = self.table.get_mut(phone)
        {
            phone.settings.dialled(&dialled);
        }
        self.go(handle, caller, State::Connected);
        self.tell(handle, Kind::Originated, caller, began, told);
        if let Some(parked) = self.parked_at(&dialled, caller) {
            self.fetch(handle, caller, parked, told);
            return;
        }
        match self.target(handle, &dialled) {
            Ok(target) => self.go_to(now, handle, &target, "newCall", told),
            Err(cause) => self.fail(handle, cause, told),
        }
    }

    /// A call comes in through a trunk, from `number` or from somebody who withholds it.
    ///
    /// # Errors
    /// [`Refusal::TrunksTaken`], [`Refusal::TooManyCalls`], [`Refusal::NotANumber`], and why `to` cannot be reached.
    pub fn come_in(
        &mut self,
        now: Instant,
        number: Option<&str>,
        to: &str,
        told: &mut Vec<Happening>,
    ) -> Result<Handle<Call>, Refusal> {
        if number.is_some_and(|number| !is_dialable(number)) {
            return Err(Refusal::NotANumber);
        }
        let trunk = self.free_trunk().ok_or(Refusal::TrunksTaken)?;
        let calling = Party::Trunk(trunk);
        let outside = Some(Outside { number: number.map(String::from) });
        let call = Call { dialled: String::from(to), outside, ..Call::new(calling, "newCall") };
        let handle = self.calls.insert(call).map_err(|_| Refusal::TooManyCalls)?;
        self.trunks_taken.insert(trunk);
        let target = match self.may_reach(handle, to) {
            Ok(target) => target,
            Err(refusal) => {
                self.trunks_taken.remove(&trunk);
                self.calls.remove(handle);
                return Err(refusal);
            }
        };
        self.join(handle, calling);
        self.go(handle, calling, State::Connected);
        self.go_to(now, handle, &target, "newCall", told);
        Ok(handle)
    }

    /// Where a call to `number` would go, if there is a way.
    ///
    /// # Errors
    /// [`Refusal::NotANumber`], [`Refusal::SameParty`] if that phone is in the call, [`Refusal::DestinationBusy`],
    /// [`Refusal::DestinationUnknown`].
    pub(super) fn may_reach(&self, handle: Handle<Call>, number: &str) -> Result<Target, Refusal> {
        if !is_dialable(number) {
            return Err(Refusal::NotANumber);
        }
        if let Some(phone) = self.find(number)
            && self.state(handle, phone) != State::Null
        {
            return Err(Refusal::SameParty);
        }
        self.target(handle, number).map_err(|cause| match cause {
            "destNotObtainable" => Refusal::DestinationUnknown,
            _ => Refusal::DestinationBusy,
        })
    }

    /// Follows a number over the forwardings of the phones it leads to.
    ///
    /// # Errors
    /// The cause why it leads nowhere.
    fn target(&self, handle: Handle<Call>, number: &str) -> Result<Target, &'static str> {
        let mut target = Target { to: Party::Dialled, hops: heapless::Vec::new(), forwarded: None };
        let mut number = String::from(number);
        loop {
            let (phone, forward, cause) = match self.way(handle, &number)? {
                Way::To(party) => {
                    target.to = party;
                    return Ok(target);
                }
                Way::From(phone, forward, cause) => (phone, forward, cause),
            };
            let visited = target.hops.iter().any(|(hop, _)| *hop == phone);
            if visited || target.hops.push((phone, cause)).is_err() {
                // The forwardings form a circle.
                return Err("destNotObtainable");
            }
            target.forwarded = Some((Party::Phone(phone), cause));
            number = forward;
        }
    }

    /// Where a number leads, and whether a call can go there.
    ///
    /// # Errors
    /// The cause why it leads nowhere.
    fn way(&self, handle: Handle<Call>, number: &str) -> Result<Way, &'static str> {
        if let Some(phone) = self.find(number) {
            let forwarded = self.forwarded_at_once(handle, phone)?;
            return Ok(match forwarded {
                Some((to, cause)) => Way::From(phone, to, cause),
                None => Way::To(Party::Phone(phone)),
            });
        }
        match self.place_named(number) {
            Some(line) if !self.appearances_at(line).is_empty() => self.way_to_line(handle, line),
            _ => self.beside_phones(handle, number).map(Way::To),
        }
    }

    /// The number to which a phone forwards a call before it rings, and the cause; `None` if it rings.
    ///
    /// # Errors
    /// The cause why it neither rings nor is forwarded.
    pub(super) fn forwarded_at_once(
        &self,
        handle: Handle<Call>,
        phone: Handle<Phone>,
    ) -> Result<Option<(String, &'static str)>, &'static str> {
        let (Some(call), Some(called)) = (self.calls.get(handle), self.table.get(phone)) else {
            return Err("destNotObtainable");
        };
        let external = call.outside.is_some();
        let forward = |why| called.settings.forward_for(why, external).map(String::from);
        if !called.settings.is_in_service() {
            return Err("destOutOfOrder");
        }
        if call.connection(Party::Phone(phone)).is_some() {
            return Err("busy");
        }
        if let Some(to) = forward(Why::Immediate) {
            return Ok(Some((to, "callForwardImmediate")));
        }
        if called.settings.disturbs(self.calling_number(call), external) {
            return forward(Why::DoNotDisturb).map(|to| Some((to, "doNotDisturb"))).ok_or("doNotDisturb");
        }
        if !self.is_busy(phone) {
            return Ok(None);
        }
        forward(Why::Busy).map(|to| Some((to, "callForwardBusy"))).ok_or("busy")
    }

    /// The number of the caller, as far as it is known.
    fn calling_number<'a>(&'a self, call: &'a Call) -> &'a str {
        match call.calling {
            Party::Phone(phone) => {
                self.table.get(phone).map(|phone| phone.number.as_str()).unwrap_or_default()
            }
            Party::Trunk(_) | Party::Place(_) | Party::Dialled => {
                call.outside.as_ref().and_then(|outside| outside.number.as_deref()).unwrap_or_default()
            }
        }
    }

    /// Where a call goes that rang at a phone and was not answered, if it is forwarded then.
    pub(super) fn forwarded_unanswered(&self, handle: Handle<Call>, phone: Handle<Phone>) -> Option<Target> {
        let external = self.calls.get(handle)?.outside.is_some();
        let to = self.table.get(phone)?.settings.forward_for(Why::NoAnswer, external)?;
        let target = self.target(handle, to).ok()?;
        let forwarded = target.forwarded.or(Some((Party::Phone(phone), "callForwardNoAnswer")));
        Some(Target { forwarded, ..target })
    }

    /// What a number that is no phone's stands for.
    fn beside_phones(&self, handle: Handle<Call>, number: &str) -> Result<Party, &'static str> {
        if let Some(index) = self.place_named(number) {
            return self.place_can_take(handle, index).map(|()| Party::Place(index));
        }
        if !self.leads_outside(number) {
            return Err("destNotObtainable");
        }
        self.free_trunk().map(Party::Trunk).ok_or("trunksBusy")
    }

    fn place_can_take(&self, handle: Handle<Call>, index: u16) -> Result<(), &'static str> {
        let Some(place) = self.place(index) else { return Err("destNotObtainable") };
        match &place.purpose {
            Use::Mailbox | Use::Line { .. } => Ok(()),
            Use::Parking => Err("destNotObtainable"),
            Use::Group { queue, .. } => {
                let waits = place.waiting.len() < *queue;
                let idle = !self.idle_members(index, handle).is_empty();
                if idle || waits { Ok(()) } else { Err("busy") }
            }
        }
    }

    /// Makes the target of a call ring, or takes the trunk to it.
    pub(super) fn go_to(
        &mut self,
        now: Instant,
        handle: Handle<Call>,
        target: &Target,
        cause: &'static str,
        told: &mut Vec<Happening>,
    ) {
        if self.rules.offers {
            self.offer_on_the_way(handle, target, told);
        }
        let cause = target.forwarded.map_or(cause, |(_, cause)| cause);
        if let (Some((by, _)), Some(call)) = (target.forwarded, self.calls.get_mut(handle)) {
            call.diverted_by = Some(by);
        }
        match target.to {
            Party::Phone(phone) => self.ring(now, handle, phone, cause, told),
            Party::Trunk(trunk) => self.seize_trunk(now, handle, trunk, told),
            Party::Place(index) => self.go_to_place(now, handle, index, cause, told),
            Party::Dialled => debug_assert!(false, "a target is a party"),
        }
    }

    /// A call is offered at each phone that forwards it, and diverted from there.
    fn offer_on_the_way(&mut self, handle: Handle<Call>, target: &Target, told: &mut Vec<Happening>) {
        let next = target.hops.iter().skip(1).map(|(hop, _)| Party::Phone(*hop)).chain([target.to]);
        let hops: Vec<_> = target.hops.iter().copied().zip(next).collect();
        for ((hop, cause), next) in hops {
            let room = self.table.get(hop).is_some_and(|phone| phone.calls.len() < MAX_LINES);
            if !room || self.state(handle, hop) != State::Null {
                continue;
            }
            let party = Party::Phone(hop);
            self.join(handle, party);
            self.go(handle, party, State::Alerting);
            self.tell(handle, Kind::Offered, party, "newCall", told);
            self.divert(handle, party, next, cause, told);
        }
    }

    fn go_to_place(
        &mut self,
        now: Instant,
        handle: Handle<Call>,
        index: u16,
        cause: &'static str,
        told: &mut Vec<Happening>,
    ) {
        let Some(place) = self.place(index) else { return };
        match &place.purpose {
            Use::Group { .. } | Use::Line { .. } => {}
            Use::Mailbox => return self.ring_mailbox(now, handle, index, cause, told),
            Use::Parking => return,
        }
        if let Some(call) = self.calls.get_mut(handle) {
            call.via = Some(index);
        }
        let together = self.ringing_together(handle, index);
        let ringing = together.unwrap_or_else(|| self.next_member(index, handle).into_iter().collect());
        if ringing.is_empty() {
            self.wait_at(handle, index, "noAvailableAgents", told);
        }
        let joins_as = self.calls.get(handle).map(|call| call.joins_as).unwrap_or_default();
        for member in ringing {
            if let Some(call) = self.calls.get_mut(handle) {
                call.joins_as = joins_as;
            }
            self.ring(now, handle, member, cause, told);
        }
    }

    fn ring_mailbox(
        &mut self,
        now: Instant,
        handle: Handle<Call>,
        index: u16,
        cause: &'static str,
        told: &mut Vec<Happening>,
    ) {
        let party = Party::Place(index);
        self.join(handle, party);
        self.go(handle, party, State::Alerting);
        self.tell(handle, Kind::Delivered, party, cause, told);
        let after = now + self.rules.mailbox_answers_after;
        self.set_due(handle, party, Due::AutoAnswer, after);
    }

    /// Whether the phone can take no further call.
    pub(super) fn is_busy(&self, phone: Handle<Phone>) -> bool {
        let Some(called) = self.table.get(phone) else { return true };
        let waits = called.settings.has_call_waiting() || self.lines_in_use(phone) == 0;
        called.answer == Answer::Busy || !waits || self.lines_taken(phone) || self.is_off_hook_only(phone)
    }

    /// Whether the phone is in service and can take a further call.
    pub(super) fn is_free(&self, phone: Handle<Phone>) -> bool {
        !self.is_busy(phone) && !self.is_out_of_service(phone)
    }

    /// Whether the phone can have no further call. Calls that wait for it take no line.
    pub(super) fn lines_taken(&self, phone: Handle<Phone>) -> bool {
        let full = self.table.get(phone).is_none_or(|phone| phone.calls.len() >= MAX_LINES);
        full || self.lines_in_use(phone) >= self.rules.lines
    }

    /// How many calls of the phone do not just wait for it.
    fn lines_in_use(&self, phone: Handle<Phone>) -> usize {
        let calls = self.table.get(phone).map(|phone| phone.calls.as_slice()).unwrap_or_default();
        calls.iter().filter(|call| self.state(**call, phone) != State::Queued).count()
    }

    /// Whether the phone has a dial tone or a failed call; then no second call is offered.
    fn is_off_hook_only(&self, phone: Handle<Phone>) -> bool {
        self.newest(phone, &[State::Initiated, State::Fail]).is_some()
    }

    fn leads_outside(&self, dialled: &str) -> bool {
        let prefix = self.rules.trunk_prefix.as_deref().filter(|prefix| !prefix.is_empty());
        prefix.and_then(|prefix| dialled.strip_prefix(prefix)).is_some_and(|rest| !rest.is_empty())
    }

    fn free_trunk(&self) -> Option<u16> {
        (1..=self.rules.trunks).find(|trunk| !self.trunks_taken.contains(trunk))
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
        let (due, after) = self.rings_until(handle, phone);
        let party = Party::Phone(phone);
        self.join(handle, party);
        self.go(handle, party, State::Alerting);
        if let Some(connection) = self.calls.get_mut(handle).and_then(|call| call.connection_mut(party)) {
            connection.since = now;
        }
        self.set_due(handle, party, due, now + after);
        let is_one_of_many = self.calls.get(handle).is_some_and(|call| call.is_one_of_many(party));
        if self.rules.offers {
            self.tell(handle, Kind::Offered, party, cause, told);
            keep_to_itself(is_one_of_many, party, told);
        }
        self.tell(handle, Kind::Delivered, party, cause, told);
        keep_to_itself(is_one_of_many, party, told);
    }

    /// What a phone that rings will do by itself, and when: answer, or stop ringing.
    fn rings_until(&self, handle: Handle<Call>, phone: Handle<Phone>) -> (Due, Duration) {
        let Some(called) = self.table.get(phone) else { return (Due::RingingEnds, Duration::ZERO) };
        let external = self.calls.get(handle).is_some_and(|call| call.outside.is_some());
        let rings = |rings: u16| self.rules.ring.times(u64::from(rings));
        let forwards = called.settings.rings_before_no_answer(external).map(rings);
        let ends = forwards.map_or(called.no_answer_after, |after| after.min(called.no_answer_after));
        let by_itself = match called.answer {
            Answer::After(after) => Some(after),
            Answer::Manual | Answer::Busy => called.settings.rings_before_answer().map(rings),
        };
        match by_itself.filter(|after| *after < ends) {
            Some(after) => (Due::AutoAnswer, after),
            None => (Due::RingingEnds, ends),
        }
    }

    fn seize_trunk(&mut self, now: Instant, handle: Handle<Call>, trunk: u16, told: &mut Vec<Happening>) {
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

    /// The place at which a call of others is parked that a dialled number would fetch.
    fn parked_at(&self, number: &str, caller: Party) -> Option<u16> {
        let index = self
            .place_named(number)
            .filter(|index| self.place(*index).is_some_and(|place| place.purpose == Use::Parking))?;
        let parked = self.first_waiting(index)?;
        (self.state_of(parked, caller) == State::Null).then_some(index)
    }

    /// A caller who dialled a place fetches the call parked there: his own call ends, he is in the other.
    fn fetch(&mut self, own: Handle<Call>, caller: Party, place: u16, told: &mut Vec<Happening>) {
        let Some(parked) = self.first_waiting(place) else { return };
        self.end(own, "callPickup", told);
        if let Party::Phone(phone) = caller {
            let fetched = self.pick_up(parked, Party::Place(place), phone, told);
            debug_assert!(fetched.is_ok(), "the phone was in no other call: {fetched:?}");
        }
    }
}
