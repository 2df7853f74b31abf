//! Consultations, transfers and conferences.

use super::*;
use crate::switch::config::MergedCalls;

impl World {
    pub(super) fn consult(
        &mut self,
        call: Handle<Call>,
        phone: &str,
        to: &str,
    ) -> Result<Handle<Call>, Refusal> {
        self.phones.consult(self.now, call, self.phone(phone), to, &mut self.told)
    }

    /// 1001 talks to 1002, and to 1003 about it: the held call and the active one.
    pub(super) fn consulted(&mut self) -> (Handle<Call>, Handle<Call>) {
        let held = self.dial("1001", "1002");
        self.answer(held, "1002").unwrap();
        let active = self.consult(held, "1001", "1003").unwrap();
        self.answer(active, "1003").unwrap();
        self.heard();
        (held, active)
    }

    /// 1001, 1002 and 1003 in one call.
    pub(super) fn conferenced(&mut self) -> Handle<Call> {
        let calls = self.consulted();
        let call = self.phones.conference(calls, self.phone("1001"), &mut self.told).unwrap();
        self.heard();
        call
    }

    pub(super) fn transfer(
        &mut self,
        calls: (Handle<Call>, Handle<Call>),
        phone: &str,
    ) -> Result<Handle<Call>, Refusal> {
        self.phones.transfer(calls, self.phone(phone), &mut self.told).map(|(call, _)| call)
    }

    /// The phone's calls: the states of all parties, its own first.
    pub(super) fn states(&self, phone: &str) -> Vec<String> {
        let seen = self.phones.snapshot(self.phone(phone));
        let line = |seen: crate::switch::phones::Seen<'_>| {
            seen.others().fold(String::from(seen.own().word()), |line, (_, state)| line + " " + state.word())
        };
        seen.map(line).collect()
    }
}

#[test]
fn a_consultation_holds_the_first_call_and_makes_a_second() {
    let mut world = world();
    let held = world.dial("1001", "1002");
    world.answer(held, "1002").unwrap();
    world.heard();
    world.consult(held, "1001", "1003").unwrap();
    assert_eq!(
        world.heard(),
        [
            "Held 1001 consultation 1001:hold 1002:connected",
            "ServiceInitiated 1001 consultation 1001:initiated",
            "Originated 1001 consultation 1001:connected",
            "Delivered 1003 newCall 1001:connected 1003:alerting",
        ]
    );
    assert_eq!(world.consult(held, "1002", "1004").map(|_| ()), Ok(()), "the other side may consult, too");
    assert_eq!(world.consult(held, "1002", "1005"), Err(Refusal::WrongState));
}

#[test]
fn alternating_swaps_the_held_and_the_active_call() {
    let mut world = world();
    let (held, active) = world.consulted();
    let phone = world.phone("1001");
    world.phones.alternate(world.now, (held, active), phone, &mut world.told).unwrap();
    assert_eq!(
        world.heard(),
        [
            "Held 1001 alternate 1001:hold 1003:connected",
            "Retrieved 1001 alternate 1001:connected 1002:connected",
        ]
    );
    let again = world.phones.alternate(world.now, (held, active), phone, &mut world.told);
    assert_eq!(again, Err(Refusal::WrongState));
    world.phones.alternate(world.now, (active, held), phone, &mut world.told).unwrap();
    assert_eq!(world.states("1001"), ["hold connected", "connected connected"]);
}

#[test]
fn alternating_answers_a_call_that_rings() {
    let mut world = world();
    let active = world.dial("1001", "1002");
    world.answer(active, "1002").unwrap();
    let rings = world.dial("1003", "1002");
    world.heard();
    let phone = world.phone("1002");
    world.phones.alternate(world.now, (rings, active), phone, &mut world.told).unwrap();
    assert_eq!(
        world.heard(),
        [
            "Held 1002 alternate 1001:connected 1002:hold",
            "Established 1002 newCall 1003:connected 1002:connected",
        ]
    );
}

#[test]
fn reconnecting_ends_the_active_call_and_retrieves_the_held_one() {
    let mut world = world();
    let (held, active) = world.consulted();
    let phone = world.phone("1001");
    world.phones.reconnect((held, active), phone, &mut world.told).unwrap();
    assert_eq!(
        world.heard(),
        [
            "ConnectionCleared 1001 normalClearing 1001:null 1003:connected",
            "ConnectionCleared 1003 normalClearing 1003:null",
            "Retrieved 1001 normal 1001:connected 1002:connected",
        ]
    );
    let again = world.phones.reconnect((held, active), phone, &mut world.told);
    assert_eq!(again, Err(Refusal::NothingActive));
}

#[test]
fn a_transfer_leaves_the_others_in_one_call_with_a_new_name() {
    let mut world = world();
    let calls = world.consulted();
    let call = world.transfer(calls, "1001").unwrap();
    assert_eq!(world.heard(), ["Transfered 1001 transfer 1001:null 1002:connected 1003:connected"]);
    assert!(call != calls.0 && call != calls.1, "a new callID");
    assert!(world.phones.call(calls.0).is_none() && world.phones.call(calls.1).is_none());
    assert_eq!(
        (world.states("1001").len(), world.states("1002")),
        (0, Vec::from(["connected connected".into()]))
    );
    assert_eq!(world.transfer(calls, "1001"), Err(Refusal::NothingHeld));
    world.clear(call, "1003").unwrap();
    world.assert_calm();
}

#[test]
fn a_transfer_keeps_the_name_of_either_call_if_told_to() {
    for (merged, kept) in [(MergedCalls::First, 0), (MergedCalls::Second, 1)] {
        let mut world = world_of(&config_with(|config| config.merged_calls = merged));
        let calls = world.consulted();
        let call = world.transfer(calls, "1001").unwrap();
        assert_eq!(call, [calls.0, calls.1][kept]);
        assert_eq!(world.states("1003"), ["connected connected"]);
        world.clear(call, "1002").unwrap();
        world.assert_calm();
    }
}

#[test]
fn a_transfer_before_the_answer_lets_the_phone_ring_on() {
    let mut world = world();
    let held = world.dial("1001", "1002");
    world.answer(held, "1002").unwrap();
    let active = world.consult(held, "1001", "1003").unwrap();
    world.heard();
    let call = world.transfer((held, active), "1001").unwrap();
    assert_eq!(world.heard(), ["Transfered 1001 transfer 1001:null 1002:connected 1003:alerting"]);
    world.pass(Duration::from_secs(30));
    assert_eq!(
        world.heard(),
        [
            "ConnectionCleared 1003 callNotAnswered 1002:connected 1003:null",
            "Failed 1002 callNotAnswered 1002:fail",
        ]
    );
    world.clear(call, "1002").unwrap();
    world.assert_calm();
}

#[test]
fn a_transfer_to_nobody_or_to_the_same_party_is_refused() {
    let mut world = world();
    let held = world.dial("1001", "1002");
    world.answer(held, "1002").unwrap();
    let active = world.consult(held, "1001", "1999").unwrap();
    assert_eq!(world.transfer((held, active), "1001"), Err(Refusal::NotReached));
    world.clear(active, "1001").unwrap();
    let active = world.consult(held, "1001", "1002");
    // 1002 has a line left, so that it rings; it cannot be connected with itself.
    assert_eq!(active, Err(Refusal::WrongState));
    world.retrieve(held, "1001").unwrap();
    let active = world.consult(held, "1001", "1002").unwrap();
    assert_eq!(world.transfer((held, active), "1001"), Err(Refusal::SameParty));
    assert_eq!(world.states("1001"), ["hold connected", "connected alerting"]);
}

#[test]
fn three_are_in_a_conference_until_one_of_the_last_two_leaves() {
    let mut world = world();
    let calls = world.consulted();
    let call = world.phones.conference(calls, world.phone("1001"), &mut world.told).unwrap();
    assert_eq!(world.heard(), ["Conferenced 1001 conference 1001:connected 1002:connected 1003:connected"]);
    assert_eq!(world.states("1003"), ["connected connected connected"]);
    world.hold(call, "1002").unwrap();
    assert_eq!(world.heard(), ["Held 1002 keyOperation 1001:connected 1002:hold 1003:connected"]);
    // The starter leaves; the others go on.
    world.clear(call, "1001").unwrap();
    assert_eq!(world.heard(), ["ConnectionCleared 1001 normalClearing 1001:null 1002:hold 1003:connected"]);
    world.clear(call, "1002").unwrap();
    assert_eq!(world.heard().len(), 2);
    world.assert_calm();
}

#[test]
fn a_conference_grows_to_its_limit() {
    let mut world = world_of(&config_with(|config| config.parties = 4));
    let call = world.conferenced();
    let active = world.consult(call, "1002", "1004").unwrap();
    world.answer(active, "1004").unwrap();
    let phone = world.phone("1002");
    let call = world.phones.conference((call, active), phone, &mut world.told).unwrap();
    assert_eq!(world.states("1004")[0].split(' ').count(), 4);
    let phone = world.phone("1001");
    let one_more =
        world.phones.single_step_conference(world.now, call, phone, ("1005", ACTIVE), &mut world.told);
    assert_eq!(one_more, Err(Refusal::TooManyParties));
    let active = world.consult(call, "1001", "1005").unwrap();
    world.answer(active, "1005").unwrap();
    let merged = world.phones.conference((call, active), phone, &mut world.told);
    assert_eq!(merged, Err(Refusal::TooManyParties));
}

#[test]
fn a_single_step_transfer_goes_to_a_number_that_can_ring() {
    let mut world = world();
    let call = world.dial("1001", "1002");
    world.answer(call, "1002").unwrap();
    world.heard();
    let phone = world.phone("1002");
    for (number, refusal) in [
        ("1999", Refusal::DestinationUnknown),
        ("tel:1", Refusal::NotANumber),
        ("1001", Refusal::SameParty),
        ("1002", Refusal::SameParty),
    ] {
        let refused = world.phones.single_step_transfer(world.now, call, phone, number, &mut world.told);
        assert_eq!(refused, Err(refusal), "{number}");
    }
    world.phones.single_step_transfer(world.now, call, phone, "1003", &mut world.told).unwrap();
    assert_eq!(
        world.heard(),
        [
            "Transfered 1002 singleStepTransfer 1002:null 1001:connected",
            "Delivered 1003 singleStepTransfer 1001:connected 1003:alerting",
        ]
    );
}

#[test]
fn who_is_added_to_a_call_rings_and_answers() {
    let mut world = world();
    let call = world.dial("1001", "1002");
    world.answer(call, "1002").unwrap();
    world.heard();
    let phone = world.phone("1001");
    world.phones.single_step_conference(world.now, call, phone, ("1003", ACTIVE), &mut world.told).unwrap();
    assert_eq!(
        world.heard(),
        [
            "Delivered 1003 singleStepConference 1001:connected 1002:connected 1003:alerting",
            "Conferenced 1001 singleStepConference 1001:connected 1002:connected 1003:alerting",
        ]
    );
    world.pass(Duration::from_secs(30));
    assert_eq!(
        world.heard(),
        ["ConnectionCleared 1003 callNotAnswered 1001:connected 1002:connected 1003:null"]
    );
    assert_eq!(world.states("1001"), ["connected connected"]);
}

#[test]
fn a_phone_enters_a_call_of_others() {
    let mut world = world();
    let call = world.dial("1001", "1002");
    let three = world.phone("1003");
    assert_eq!(
        world.phones.enter(call, three, ACTIVE, &mut world.told).map(|()| world.states("1003")),
        Ok(Vec::from(["connected connected alerting".into()]))
    );
    let two = world.phone("1002");
    assert_eq!(world.phones.enter(call, two, ACTIVE, &mut world.told), Err(Refusal::SameParty));
}
