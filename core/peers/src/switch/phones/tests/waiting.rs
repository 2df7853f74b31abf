//! Calls that wait, are picked up, parked, shared out in a group, come from outside; digits.

use super::*;
use crate::switch::config::{GroupConfig, Hunts};

impl World {
    fn park(&mut self, call: Handle<Call>, phone: &str, at: &str) -> Result<Party, Refusal> {
        self.phones.park(self.now, call, self.phone(phone), at, &mut self.told)
    }

    fn pick_up(&mut self, call: Handle<Call>, from: &str, phone: &str) -> Result<(), Refusal> {
        let (from, phone) = (Party::Phone(self.phone(from)), self.phone(phone));
        self.phones.pick_up(call, from, phone, &mut self.told)
    }
}

fn numbered(number: &str, members: &[&str], hunts: Hunts, queue: usize) -> GroupConfig {
    let members = members.iter().map(|member| String::from(*member)).collect();
    GroupConfig { number: number.into(), members, hunts, queue }
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
                world.phones.intrude(call, phone, ACTIVE, &mut world.told).unwrap();
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
fn nobody_intrudes_where_nobody_talks() {
    // The busy phone hears that the one it called is busy.
    let mut world = world_of(&config_with(|config| config.lines = 1));
    let busy = world.dial("1003", "1004");
    world.answer(busy, "1004").unwrap();
    world.dial("1002", "1003");
    let call = world.dial("1001", "1002");
    let phone = world.phone("1001");
    assert_eq!(world.phones.intrude(call, phone, ACTIVE, &mut world.told), Err(Refusal::NotBusy));
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
    assert_eq!(world.phones.intrude(refused, one, ACTIVE, &mut world.told), Err(Refusal::NotBusy));
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
fn who_waits_in_two_queues_cannot_transfer_one_to_the_other() {
    let mut world = world_of(&config_with(|config| {
        for (number, member) in [("800", "1002"), ("801", "1003")] {
            config.groups.push(numbered(number, &[member], Hunts::All, 1));
        }
    }));
    let busy = world.dial("1002", "1003");
    let held = world.dial("1001", "800");
    world.hold(held, "1001").unwrap();
    let active = world.dial("1001", "801");
    let phone = world.phone("1001");
    // Nobody would be left who could end the call.
    assert_eq!(world.phones.transfer((held, active), phone, &mut world.told), Err(Refusal::NotReached));
    for (call, phone) in [(active, "1001"), (held, "1001"), (busy, "1002")] {
        world.clear(call, phone).unwrap();
    }
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
    // Nobody is left to hear that nobody answers.
    world.phones.come_in(world.now, None, "1002", &mut world.told).unwrap();
    world.pass(Duration::from_secs(30));
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
