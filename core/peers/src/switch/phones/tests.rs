use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

use ctigate_core::slots::Handle;
use ctigate_core::time::{Duration, Instant};

use super::{By, Call, Detail, Happening, Participation, Party, Phone, Phones, Refusal, is_dialable};
use crate::switch::config::{Answer, SwitchConfig};

mod appearances;
mod entering;
mod forwarding;
mod joining;
mod waiting;
mod walk;

const ACTIVE: Participation = Participation::Active;

/// A few phones, and what happened at them.
struct World {
    phones: Phones,
    now: Instant,
    told: Vec<Happening>,
}

fn world() -> World {
    world_of(&SwitchConfig::default())
}

fn world_of(config: &SwitchConfig) -> World {
    World { phones: Phones::new(config), now: Instant::ZERO, told: Vec::new() }
}

fn config_with(change: impl FnOnce(&mut SwitchConfig)) -> SwitchConfig {
    let mut config = SwitchConfig::default();
    change(&mut config);
    config
}

impl World {
    fn phone(&self, number: &str) -> Handle<Phone> {
        self.phones.find(number).unwrap()
    }

    fn dial(&mut self, from: &str, to: &str) -> Handle<Call> {
        let phone = self.phone(from);
        self.phones.dial(self.now, phone, to, &mut self.told).unwrap()
    }

    fn answer(&mut self, call: Handle<Call>, phone: &str) -> Result<(), Refusal> {
        self.phones.answer(self.now, call, self.phone(phone), &mut self.told)
    }

    fn deflect(&mut self, call: Handle<Call>, phone: &str, to: &str) -> Result<(), Refusal> {
        let (phone, to) = (self.phone(phone), self.phone(to));
        self.phones.deflect(self.now, call, phone, to, &mut self.told)
    }

    fn hold(&mut self, call: Handle<Call>, phone: &str) -> Result<(), Refusal> {
        self.phones.hold(call, self.phone(phone), By::Person, &mut self.told)
    }

    fn clear(&mut self, call: Handle<Call>, phone: &str) -> Result<(), Refusal> {
        let party = Party::Phone(self.phone(phone));
        self.phones.clear(call, party, "normalClearing", &mut self.told)
    }

    fn retrieve(&mut self, call: Handle<Call>, phone: &str) -> Result<(), Refusal> {
        self.phones.retrieve(call, self.phone(phone), By::Computer, &mut self.told)
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        while self.phones.tick(self.now, &mut self.told) {}
    }

    /// What happened since the last call: event, party, cause, and the phones that saw it, each with its state.
    fn heard(&mut self) -> Vec<String> {
        let told = core::mem::take(&mut self.told);
        let number = |phone: Handle<Phone>| self.phones.phone(phone).unwrap().id.clone();
        told.iter()
            .map(|happening| {
                let party = match happening.party {
                    Party::Phone(phone) => number(phone),
                    Party::Trunk(trunk) => format!("T{trunk}"),
                    Party::Place(place) => self.phones.place(place).unwrap().number.clone(),
                    Party::Dialled => format!("({})", happening.called),
                };
                let mut line =
                    format!("{} {party} {}", happening.kind.root().replace("Event", ""), happening.cause);
                for (phone, state) in &happening.seen {
                    write!(line, " {}:{}", number(*phone), state.word()).unwrap();
                }
                line
            })
            .collect()
    }

    fn assert_calm(&mut self) {
        assert!(self.phones.calls().is_empty());
        assert!(self.phones.trunks_taken.is_empty());
        assert_eq!(self.phones.next_due(), None);
        assert!(self.phones.table.iter().all(|(_, phone)| phone.calls.is_empty()));
        assert_eq!(self.phones.fold(), self.phones.recompute());
    }
}

#[test]
fn a_call_is_dialled_answered_held_retrieved_and_cleared() {
    let mut world = world();
    let call = world.dial("1001", "1002");
    assert_eq!(
        world.heard(),
        [
            "ServiceInitiated 1001 newCall 1001:initiated",
            "Originated 1001 newCall 1001:connected",
            "Delivered 1002 newCall 1001:connected 1002:alerting",
        ]
    );
    world.answer(call, "1002").unwrap();
    assert_eq!(world.heard(), ["Established 1002 newCall 1001:connected 1002:connected"]);
    world.hold(call, "1001").unwrap();
    assert_eq!(world.heard(), ["Held 1001 keyOperation 1001:hold 1002:connected"]);
    world.retrieve(call, "1001").unwrap();
    assert_eq!(world.heard(), ["Retrieved 1001 normal 1001:connected 1002:connected"]);
    world.clear(call, "1002").unwrap();
    assert_eq!(
        world.heard(),
        [
            "ConnectionCleared 1002 normalClearing 1001:connected 1002:null",
            "ConnectionCleared 1001 normalClearing 1001:null",
        ]
    );
    world.assert_calm();
}

#[test]
fn a_ringing_call_is_deflected_and_rings_elsewhere() {
    let mut world = world();
    let call = world.dial("1001", "1002");
    world.heard();
    world.deflect(call, "1002", "1003").unwrap();
    let told = &world.told;
    let (second, third) = (Party::Phone(world.phone("1002")), Party::Phone(world.phone("1003")));
    assert_eq!((told[0].diverted_by, &told[0].detail), (None, &Detail::Destination(third)));
    assert_eq!((told[1].diverted_by, &told[1].detail), (Some(second), &Detail::None));
    assert_eq!(
        world.heard(),
        [
            "Diverted 1002 redirected 1001:connected 1002:null",
            "Delivered 1003 redirected 1001:connected 1003:alerting",
        ]
    );
    // Deflected, and deflected back.
    world.deflect(call, "1003", "1002").unwrap();
    world.answer(call, "1002").unwrap();
    world.clear(call, "1001").unwrap();
    world.assert_calm();
}

#[test]
fn a_call_is_not_deflected_to_where_it_cannot_ring() {
    let mut world = world();
    let call = world.dial("1001", "1002");
    let other = world.dial("1003", "1004");
    world.phones.off_hook(world.now, world.phone("1005"), &mut world.told).unwrap();
    world.heard();
    for (phone, to, refusal) in [
        ("1002", "1002", Refusal::SamePhone),
        ("1002", "1001", Refusal::DestinationBusy),
        ("1002", "1005", Refusal::DestinationBusy),
        ("1001", "1003", Refusal::WrongState),
        ("1004", "1006", Refusal::WrongState),
    ] {
        assert_eq!(world.deflect(call, phone, to), Err(refusal), "{phone} to {to}");
    }
    world.answer(other, "1004").unwrap();
    assert_eq!(world.deflect(other, "1004", "1006"), Err(Refusal::WrongState));
    assert_eq!(world.heard(), ["Established 1004 newCall 1003:connected 1004:connected"]);
}

#[test]
fn both_parties_may_hold_and_each_retrieves_for_itself() {
    let mut world = world();
    let call = world.dial("1001", "1002");
    world.answer(call, "1002").unwrap();
    world.heard();
    world.hold(call, "1002").unwrap();
    world.hold(call, "1001").unwrap();
    assert_eq!(world.hold(call, "1001"), Err(Refusal::WrongState));
    world.retrieve(call, "1002").unwrap();
    assert_eq!(
        world.heard(),
        [
            "Held 1002 keyOperation 1001:connected 1002:hold",
            "Held 1001 keyOperation 1001:hold 1002:hold",
            "Retrieved 1002 normal 1001:hold 1002:connected",
        ]
    );
}

#[test]
fn a_caller_who_gives_up_ends_the_ringing() {
    let mut world = world();
    let call = world.dial("1001", "1002");
    world.heard();
    world.clear(call, "1001").unwrap();
    assert_eq!(
        world.heard(),
        [
            "ConnectionCleared 1001 normalClearing 1001:null 1002:alerting",
            "ConnectionCleared 1002 normalClearing 1002:null",
        ]
    );
    world.assert_calm();
}

#[test]
fn a_second_call_waits_and_a_third_meets_a_busy_phone() {
    let mut world = world();
    let first = world.dial("1001", "1002");
    world.answer(first, "1002").unwrap();
    let second = world.dial("1003", "1002");
    world.heard();
    let third = world.dial("1004", "1002");
    assert_eq!(
        world.heard(),
        [
            "ServiceInitiated 1004 newCall 1004:initiated",
            "Originated 1004 newCall 1004:connected",
            "Failed (1002) busy 1004:connected",
        ]
    );
    world.clear(third, "1004").unwrap();
    assert_eq!(world.heard(), ["ConnectionCleared 1004 normalClearing 1004:null"]);
    assert_eq!(world.answer(second, "1002"), Err(Refusal::ActiveCallExists));
    world.hold(first, "1002").unwrap();
    world.answer(second, "1002").unwrap();
    assert_eq!(world.retrieve(first, "1002"), Err(Refusal::ActiveCallExists));
    let states: Vec<_> = world
        .phones
        .snapshot(world.phone("1002"))
        .map(|seen| (seen.own().word(), seen.others().next().unwrap().1.word()))
        .collect();
    assert_eq!(states, [("hold", "connected"), ("connected", "connected")]);
}

#[test]
fn who_calls_himself_a_busy_phone_or_one_off_hook_hears_the_busy_tone() {
    let mut world = world_of(&config_with(|config| config.phones[2].answer = Answer::Busy));
    let phone = world.phone("1004");
    world.phones.off_hook(world.now, phone, &mut world.told).unwrap();
    for number in ["1001", "1003", "1004"] {
        world.heard();
        let call = world.dial("1001", number);
        assert_eq!(world.heard()[2], format!("Failed ({number}) busy 1001:connected"));
        world.clear(call, "1001").unwrap();
    }
}

#[test]
fn a_number_nobody_has_cannot_be_obtained() {
    let mut world = world();
    world.dial("1001", "1999");
    assert_eq!(world.heard()[2], "Failed (1999) destNotObtainable 1001:connected");
}

#[test]
fn ringing_ends_and_the_caller_hears_of_it() {
    let mut world = world();
    let call = world.dial("1001", "1002");
    world.heard();
    world.pass(Duration::from_micros(29_999_999));
    assert!(world.heard().is_empty());
    world.pass(Duration::from_micros(1));
    assert_eq!(
        world.heard(),
        [
            "ConnectionCleared 1002 callNotAnswered 1001:connected 1002:null",
            "Failed 1001 callNotAnswered 1001:fail",
        ]
    );
    world.clear(call, "1001").unwrap();
    assert_eq!(world.heard(), ["ConnectionCleared 1001 normalClearing 1001:null"]);
    world.assert_calm();
}

#[test]
fn ringing_that_ends_for_a_caller_who_holds_clears_the_call() {
    let mut world = world();
    let call = world.dial("1001", "1002");
    world.hold(call, "1001").unwrap();
    world.heard();
    world.pass(Duration::from_secs(30));
    assert_eq!(
        world.heard(),
        [
            "ConnectionCleared 1002 callNotAnswered 1001:hold 1002:null",
            "ConnectionCleared 1001 callNotAnswered 1001:null",
        ]
    );
    world.assert_calm();
}

#[test]
fn a_phone_answers_by_itself_unless_it_is_in_another_call() {
    let answer = Answer::After(Duration::from_secs(2));
    let mut world = world_of(&config_with(|config| config.phones[1].answer = answer));
    let first = world.dial("1001", "1002");
    world.heard();
    world.pass(Duration::from_secs(2));
    assert_eq!(world.heard(), ["Established 1002 newCall 1001:connected 1002:connected"]);
    world.dial("1003", "1002");
    world.heard();
    world.pass(Duration::from_secs(29));
    assert!(world.heard().is_empty());
    world.pass(Duration::from_secs(1));
    assert_eq!(world.heard().len(), 2);
    assert!(world.phones.call(first).is_some());
}

#[test]
fn a_prompted_phone_dials_when_it_goes_off_hook_and_gives_up_in_time() {
    let mut world = world();
    let phone = world.phone("1001");
    let call = world.phones.make_call(world.now, phone, "1002", true, &mut world.told).unwrap();
    assert_eq!(world.heard(), ["ServiceInitiated 1001 makeCall 1001:initiated"]);
    assert_eq!(world.phones.off_hook(world.now, phone, &mut world.told), Ok(call));
    assert_eq!(
        world.heard(),
        ["Originated 1001 makeCall 1001:connected", "Delivered 1002 newCall 1001:connected 1002:alerting"]
    );
    world.clear(call, "1001").unwrap();
    world.phones.make_call(world.now, phone, "1002", true, &mut world.told).unwrap();
    world.heard();
    world.pass(Duration::from_secs(30));
    assert_eq!(world.heard(), ["ConnectionCleared 1001 callNotAnswered 1001:null"]);
    world.assert_calm();
}

#[test]
fn a_dial_tone_takes_a_number() {
    let mut world = world();
    let phone = world.phone("1001");
    let call = world.phones.off_hook(world.now, phone, &mut world.told).unwrap();
    assert_eq!(world.heard(), ["ServiceInitiated 1001 newCall 1001:initiated"]);
    assert_eq!(world.phones.off_hook(world.now, phone, &mut world.told), Err(Refusal::ActiveCallExists));
    assert_eq!(world.dial("1001", "1002"), call);
    assert_eq!(world.heard().len(), 2);
}

#[test]
fn a_call_through_a_trunk_reaches_the_network_and_is_answered_there() {
    let mut world = world_of(&config_with(|config| {
        config.trunk_prefix = Some("0".into());
        config.trunks = 1;
    }));
    let call = world.dial("1001", "0442071234");
    world.dial("1002", "05");
    assert_eq!(
        world.heard()[2..],
        [
            "NetworkReached T1 newCall 1001:connected",
            "ServiceInitiated 1002 newCall 1002:initiated",
            "Originated 1002 newCall 1002:connected",
            "Failed (05) trunksBusy 1002:connected",
        ]
    );
    world.pass(Duration::from_secs(2));
    assert_eq!(world.heard(), ["Established T1 networkSignal 1001:connected"]);
    world.phones.clear(call, Party::Trunk(1), "normalClearing", &mut world.told).unwrap();
    assert_eq!(
        world.heard(),
        [
            "ConnectionCleared T1 normalClearing 1001:connected",
            "ConnectionCleared 1001 normalClearing 1001:null"
        ]
    );
    world.dial("1003", "0");
    assert_eq!(world.heard()[2], "Failed (0) destNotObtainable 1003:connected");
}

#[test]
fn a_computer_is_refused_what_a_phone_cannot_do() {
    let mut world = world_of(&config_with(|config| config.calls = 3));
    let (one, two) = (world.phone("1001"), world.phone("1002"));
    let call = world.dial("1001", "1002");
    let make = |world: &mut World, from, to: &str| {
        world.phones.make_call(world.now, from, to, false, &mut world.told).map(|_| ())
    };
    assert_eq!(make(&mut world, one, "1003"), Err(Refusal::ActiveCallExists));
    assert_eq!(make(&mut world, two, "1003"), Err(Refusal::PhoneRings));
    assert_eq!(make(&mut world, one, "tel:1003"), Err(Refusal::NotANumber));
    assert_eq!(world.answer(call, "1001"), Err(Refusal::WrongState));
    assert_eq!(world.answer(call, "1003"), Err(Refusal::WrongState));
    assert_eq!(world.hold(call, "1002"), Err(Refusal::WrongState));
    assert_eq!(world.retrieve(call, "1001"), Err(Refusal::WrongState));
    world.hold(call, "1001").unwrap();
    let second = world.dial("1001", "1004");
    world.hold(second, "1001").unwrap();
    assert_eq!(make(&mut world, one, "1005"), Err(Refusal::LinesTaken));
    world.dial("1005", "1006");
    let seven = world.phone("1007");
    assert_eq!(make(&mut world, seven, "1008"), Err(Refusal::TooManyCalls));
    assert_eq!(world.phones.calls().len(), 3);
}

#[test]
fn calls_are_never_mixed_up_when_one_ends_and_another_begins() {
    let mut world = world();
    let mut seen = BTreeSet::new();
    for _ in 0..20 {
        let call = world.dial("1001", "1002");
        assert!(seen.insert(call.number()));
        world.clear(call, "1001").unwrap();
        let stale = world.clear(call, "1001");
        assert_eq!(stale, Err(Refusal::WrongState));
    }
    world.assert_calm();
}

#[test]
fn only_what_has_a_key_can_be_dialled() {
    for number in ["1001", "+49301234", "*72#", "0"] {
        assert!(is_dialable(number), "{number}");
    }
    let long = "1".repeat(33);
    for number in ["", "+", "tel:1", "10 01", "1+1", "5555551234v:41234", &long] {
        assert!(!is_dialable(number), "{number}");
    }
}
