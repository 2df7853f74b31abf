//! Consultations, transfers, conferences, pickups, parked and waiting calls.

use super::*;
use crate::switch::config::{GroupConfig, Hunts, MergedCalls};

impl World {
    fn consult(&mut self, call: Handle<Call>, phone: &str, to: &str) -> Result<Handle<Call>, Refusal> {
        self.phones.consult(self.now, call, self.phone(phone), to, &mut self.told)
    }

    /// 1001 talks to 1002, and to 1003 about it: the held call and the active one.
    fn consulted(&mut self) -> (Handle<Call>, Handle<Call>) {
        let held = self.dial("1001", "1002");
        self.answer(held, "1002").unwrap();
        let active = self.consult(held, "1001", "1003").unwrap();
        self.answer(active, "1003").unwrap();
        self.heard();
        (held, active)
    }

    /// 1001, 1002 and 1003 in one call.
    fn conferenced(&mut self) -> Handle<Call> {
        let calls = self.consulted();
        let call = self.phones.conference(calls, self.phone("1001"), &mut self.told).unwrap();
        self.heard();
        call
    }

    fn transfer(
        &mut self,
        calls: (Handle<Call>, Handle<Call>),
        phone: &str,
    ) -> Result<Handle<Call>, Refusal> {
        self.phones.transfer(calls, self.phone(phone), &mut self.told).map(|(call, _)| call)
    }

    fn park(&mut self, call: Handle<Call>, phone: &str, at: &str) -> Result<Party, Refusal> {
        self.phones.park(self.now, call, self.phone(phone), at, &mut self.told)
    }

    fn pick_up(&mut self, call: Handle<Call>, from: &str, phone: &str) -> Result<(), Refusal> {
        let (from, phone) = (Party::Phone(self.phone(from)), self.phone(phone));
        self.phones.pick_up(call, from, phone, &mut self.told)
    }

    /// The phone's calls: the states of all parties, its own first.
    fn states(&self, phone: &str) -> Vec<String> {
        let seen = self.phones.snapshot(self.phone(phone));
        let line = |seen: crate::switch::phones::Seen<'_>| {
            seen.others().fold(String::from(seen.own().word()), |line, (_, state)| line + " " + state.word())
        };
        seen.map(line).collect()
    }
}

fn numbered(number: &str, members: &[&str], hunts: Hunts, queue: usize) -> GroupConfig {
    let members = members.iter().map(|member| String::from(*member)).collect();
    GroupConfig { number: number.into(), members, hunts, queue }
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
    let one_more = world.phones.single_step_conference(world.now, call, phone, "1005", &mut world.told);
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
    world.phones.single_step_conference(world.now, call, phone, "1003", &mut world.told).unwrap();
    assert_eq!(
        world.heard(),
        [
            "Conferenced 1001 singleStepConference 1001:connected 1002:connected",
            "Delivered 1003 singleStepConference 1001:connected 1002:connected 1003:alerting",
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
        world.phones.enter(call, three, &mut world.told).map(|()| world.states("1003")),
        Ok(Vec::from(["connected connected alerting".into()]))
    );
    let two = world.phone("1002");
    assert_eq!(world.phones.enter(call, two, &mut world.told), Err(Refusal::SameParty));
}

#[test]
fn who_meets_a_busy_phone_may_intrude_wait_or_be_called_back() {
    for way in 0..3 {
        let mut world = world_of(&config_with(|config| config.lines = 1));
        let busy = world.dial("1002", "1003");
        world.answer(busy, "1003").unwrap();
        let call = world.dial("1001", "1002");
        let phone = world.phone("1001");
        world.heard();
        match way {
            0 => {
                world.phones.intrude(call, phone, &mut world.told).unwrap();
                assert_eq!(
                    world.heard(),
                    ["Conferenced 1001 intrude 1002:connected 1003:connected 1001:connected"]
                );
                world.clear(busy, "1002").unwrap();
                assert_eq!(world.states("1001"), ["connected connected"]);
                world.clear(busy, "1003").unwrap();
            }
            1 => {
                world.phones.camp_on(call, phone, &mut world.told).unwrap();
                assert_eq!(world.heard(), ["Queued 1002 campOn 1001:connected 1002:queued"]);
                world.clear(busy, "1003").unwrap();
                world.heard();
                world.pass(Duration::ZERO);
                assert_eq!(world.heard(), ["Delivered 1002 campOn 1001:connected 1002:alerting"]);
                world.answer(call, "1002").unwrap();
                world.clear(call, "1002").unwrap();
            }
            _ => {
                world.phones.call_back(call, phone, &mut world.told).unwrap();
                assert_eq!(world.heard(), ["ConnectionCleared 1001 normalClearing 1001:null"]);
                world.pass(Duration::ZERO);
                world.clear(busy, "1003").unwrap();
                world.heard();
                world.pass(Duration::ZERO);
                assert_eq!(world.heard(), ["ServiceInitiated 1001 callBack 1001:initiated"]);
                let call = world.phones.off_hook(world.now, phone, &mut world.told).unwrap();
                assert_eq!(world.states("1002"), ["alerting connected"]);
                world.clear(call, "1001").unwrap();
            }
        }
        world.pass(Duration::ZERO);
        world.assert_calm();
    }
}

#[test]
fn a_call_back_is_given_up() {
    let mut world = world_of(&config_with(|config| config.lines = 1));
    let busy = world.dial("1002", "1003");
    world.answer(busy, "1003").unwrap();
    let call = world.dial("1001", "1002");
    let (one, two) = (world.phone("1001"), world.phone("1002"));
    world.phones.call_back(call, one, &mut world.told).unwrap();
    assert_eq!(world.phones.cancel_call_back(one, two), Ok(()));
    assert_eq!(world.phones.cancel_call_back(one, two), Err(Refusal::NoCallBack));
    world.clear(busy, "1002").unwrap();
    world.heard();
    world.pass(Duration::from_secs(1));
    assert_eq!(world.heard(), Vec::<String>::new());
    let refused = world.dial("1001", "1999");
    assert_eq!(world.phones.call_back(refused, one, &mut world.told), Err(Refusal::NotBusy));
    assert_eq!(world.phones.camp_on(refused, one, &mut world.told), Err(Refusal::NotBusy));
    assert_eq!(world.phones.intrude(refused, one, &mut world.told), Err(Refusal::NotBusy));
}

#[test]
fn a_ringing_call_is_picked_up_elsewhere() {
    let mut world = world_of(&config_with(|config| {
        config.phones[1].pickup_group = 7;
        config.phones[2].pickup_group = 7;
    }));
    let call = world.dial("1001", "1002");
    world.heard();
    world.pick_up(call, "1002", "1004").unwrap();
    assert_eq!(
        world.heard(),
        [
            "Diverted 1002 callPickup 1001:connected 1002:null",
            "Established 1004 callPickup 1001:connected 1004:connected",
        ]
    );
    assert_eq!(world.pick_up(call, "1004", "1005"), Err(Refusal::NothingToPickUp));
    world.clear(call, "1004").unwrap();

    let call = world.dial("1001", "1002");
    let found = world.phones.to_pick_up(world.phone("1003"));
    assert_eq!(found, Some((call, Party::Phone(world.phone("1002")))));
    assert_eq!(world.phones.to_pick_up(world.phone("1004")), None);
    assert_eq!(world.pick_up(call, "1002", "1001"), Err(Refusal::SameParty));
}

#[test]
fn a_parked_call_waits_and_is_fetched_or_rings_back() {
    let mut world = world_of(&config_with(|config| config.parking = Vec::from(["701".into(), "702".into()])));
    let call = world.dial("1001", "1002");
    assert_eq!(world.park(call, "1001", "701"), Err(Refusal::NotReached));
    world.answer(call, "1002").unwrap();
    assert_eq!(world.park(call, "1002", "1003"), Err(Refusal::DestinationUnknown));
    world.heard();
    world.park(call, "1002", "701").unwrap();
    assert_eq!(
        world.heard(),
        ["Diverted 1002 park 1001:connected 1002:null", "Queued 701 park 1001:connected"]
    );
    let own = world.dial("1003", "701");
    assert_eq!(
        world.heard(),
        [
            "ServiceInitiated 1003 newCall 1003:initiated",
            "Originated 1003 newCall 1003:connected",
            "ConnectionCleared 1003 callPickup 1003:null",
            "Diverted 701 callPickup 1001:connected",
            "Established 1003 callPickup 1001:connected 1003:connected",
        ]
    );
    assert!(world.phones.call(own).is_none());
    world.park(call, "1003", "702").unwrap();
    let other = world.dial("1004", "1005");
    world.answer(other, "1005").unwrap();
    assert_eq!(world.park(other, "1004", "702"), Err(Refusal::PlaceTaken));
    world.heard();
    world.pass(Duration::from_secs(60));
    assert_eq!(
        world.heard(),
        ["Diverted 702 recall 1001:connected", "Delivered 1003 recall 1001:connected 1003:alerting"]
    );
}

#[test]
fn all_phones_of_a_group_ring_and_one_answers() {
    let group = numbered("800", &["1002", "1003", "1004"], Hunts::All, 0);
    let mut world = world_of(&config_with(|config| config.groups.push(group)));
    let busy = world.dial("1004", "1005");
    world.heard();
    let call = world.dial("1001", "800");
    assert_eq!(
        world.heard()[2..],
        [
            "Delivered 1002 newCall 1001:connected 1002:alerting",
            "Delivered 1003 newCall 1001:connected 1002:alerting 1003:alerting",
        ]
    );
    world.answer(call, "1003").unwrap();
    assert_eq!(
        world.heard(),
        [
            "Established 1003 newCall 1001:connected 1002:alerting 1003:connected",
            "Diverted 1002 redirected 1001:connected 1002:null 1003:connected",
        ]
    );
    world.clear(call, "1001").unwrap();
    world.clear(busy, "1004").unwrap();
    world.assert_calm();
}

#[test]
fn a_group_whose_phones_do_not_answer_gives_up() {
    for hunts in [Hunts::All, Hunts::InTurn, Hunts::LongestIdle] {
        let group = numbered("800", &["1002", "1003"], hunts, 0);
        let mut world = world_of(&config_with(|config| config.groups.push(group)));
        let call = world.dial("1001", "800");
        world.pass(Duration::from_secs(30));
        world.pass(Duration::from_secs(30));
        assert_eq!(world.heard().last().unwrap(), "Failed 1001 callNotAnswered 1001:fail", "{hunts:?}");
        world.clear(call, "1001").unwrap();
        world.assert_calm();
    }
}

#[test]
fn phones_take_turns_or_the_longest_idle_is_first() {
    let group = numbered("800", &["1002", "1003", "1004"], Hunts::InTurn, 0);
    let mut world = world_of(&config_with(|config| config.groups.push(group)));
    let rung = |world: &mut World| {
        let call = world.dial("1001", "800");
        let last = world.heard().pop().unwrap();
        world.clear(call, "1001").unwrap();
        String::from(last.split(' ').nth(1).unwrap())
    };
    assert_eq!(
        [rung(&mut world), rung(&mut world), rung(&mut world), rung(&mut world)],
        ["1002", "1003", "1004", "1002"]
    );

    let group = numbered("800", &["1002", "1003", "1004"], Hunts::LongestIdle, 0);
    let mut world = world_of(&config_with(|config| config.groups.push(group)));
    for number in ["1002", "1003"] {
        let call = world.dial(number, "1009");
        world.clear(call, number).unwrap();
    }
    assert_eq!([rung(&mut world), rung(&mut world), rung(&mut world)], ["1004", "1002", "1003"]);
}

#[test]
fn a_call_waits_in_a_groups_queue_until_a_phone_is_idle() {
    let group = numbered("800", &["1002"], Hunts::All, 1);
    let mut world = world_of(&config_with(|config| config.groups.push(group)));
    let busy = world.dial("1002", "1003");
    let call = world.dial("1001", "800");
    assert_eq!(world.heard().last().unwrap(), "Queued 800 noAvailableAgents 1001:connected");
    let full = world.dial("1004", "800");
    assert_eq!(world.heard().last().unwrap(), "Failed (800) busy 1004:connected");
    world.clear(full, "1004").unwrap();
    world.clear(busy, "1002").unwrap();
    world.heard();
    world.pass(Duration::ZERO);
    assert_eq!(
        world.heard(),
        [
            "Diverted 800 distributed 1001:connected",
            "Delivered 1002 distributed 1001:connected 1002:alerting"
        ]
    );
    world.clear(call, "1001").unwrap();
    world.assert_calm();
}

#[test]
fn a_call_from_outside_may_withhold_its_number() {
    let mut world = world_of(&config_with(|config| config.trunks = 1));
    let call = world.phones.come_in(world.now, None, "1002", &mut world.told).unwrap();
    assert_eq!(world.heard(), ["Delivered 1002 newCall 1002:alerting"]);
    let outside = world.phones.call(call).unwrap().outside.clone().unwrap();
    assert_eq!(outside.number, None);
    let second = world.phones.come_in(world.now, Some("0301234"), "1003", &mut world.told);
    assert_eq!(second, Err(Refusal::TrunksTaken));
    world.answer(call, "1002").unwrap();
    world.clear(call, "1002").unwrap();
    world.assert_calm();
    let unknown = world.phones.come_in(world.now, Some("0301234"), "1999", &mut world.told);
    assert_eq!(unknown, Err(Refusal::DestinationUnknown));
    world.assert_calm();
}

#[test]
fn digits_complete_a_call_and_are_sent_in_one() {
    let mut world = world();
    let phone = world.phone("1001");
    let call = world.phones.make_call(world.now, phone, "10;", false, &mut world.told).unwrap();
    assert_eq!(
        world.phones.dial_digits(world.now, call, phone, "x", &mut world.told),
        Err(Refusal::NotANumber)
    );
    world.phones.dial_digits(world.now, call, phone, "0;", &mut world.told).unwrap();
    world.phones.dial_digits(world.now, call, phone, "2", &mut world.told).unwrap();
    assert_eq!(
        world.heard(),
        [
            "ServiceInitiated 1001 makeCall 1001:initiated",
            "DigitsDialed 1001 normal 1001:initiated",
            "DigitsDialed 1001 normal 1001:initiated",
            "Originated 1001 makeCall 1001:connected",
            "Delivered 1002 newCall 1001:connected 1002:alerting",
        ]
    );
    assert_eq!(
        world.phones.dial_digits(world.now, call, phone, "2", &mut world.told),
        Err(Refusal::WrongState)
    );
    assert_eq!(world.phones.generate_digits(call, phone, "12x", &mut world.told), Err(Refusal::NotDigits));
    world.phones.generate_digits(call, phone, "12#", &mut world.told).unwrap();
    assert_eq!(world.heard(), ["DigitsGenerated 1001  1001:connected 1002:alerting"]);
}

#[test]
fn a_call_is_ended_for_all_its_parties() {
    let mut world = world();
    let call = world.conferenced();
    world.phones.clear_call(call, &mut world.told).unwrap();
    let heard = world.heard();
    assert_eq!(heard.len(), 4);
    assert_eq!(heard[3], "CallCleared 1001 normalClearing 1001:null 1002:null 1003:null");
    world.assert_calm();
}
