//! Phones that come into a call of others, at once or when somebody answers there, to talk or to listen.

use super::*;

const SILENT: Participation = Participation::Silent;

impl World {
    /// 1001 talks to 1002.
    fn talking(&mut self) -> Handle<Call> {
        let call = self.dial("1001", "1002");
        self.answer(call, "1002").unwrap();
        self.heard();
        call
    }

    fn enter(&mut self, call: Handle<Call>, phone: &str, participation: Participation) {
        self.phones.enter(call, self.phone(phone), participation, &mut self.told).unwrap();
    }

    fn prompt(&mut self, call: Handle<Call>, phone: &str) -> Handle<Call> {
        let phone = self.phone(phone);
        self.phones.prompt_to_enter(self.now, call, phone, SILENT, &mut self.told).unwrap()
    }

    fn digits(&mut self, call: Handle<Call>, phone: &str) -> Result<(), Refusal> {
        self.phones.generate_digits(call, self.phone(phone), "1", &mut self.told)
    }
}

#[test]
fn who_only_listens_is_connected_but_not_heard() {
    for participation in [SILENT, Participation::None] {
        let mut world = world();
        let call = world.talking();
        world.enter(call, "1003", participation);
        assert_eq!(world.states("1003"), ["connected connected connected"]);
        world.heard();
        let (three, number) = (world.phone("1003"), "1004");
        let now = world.now;
        assert_eq!(world.digits(call, "1003"), Err(Refusal::OnlyListens));
        let phones = &mut world.phones;
        let told = &mut world.told;
        let only_listens = Err(Refusal::OnlyListens);
        assert_eq!(phones.single_step_transfer(now, call, three, number, told).map(|_| ()), only_listens);
        let added = phones.single_step_conference(now, call, three, (number, ACTIVE), told);
        assert_eq!(added.map(|_| ()), only_listens);
        assert_eq!(phones.park(now, call, three, "701", told).map(|_| ()), only_listens);
        world.hold(call, "1003").unwrap();
        let consulted = world.dial("1003", number);
        world.answer(consulted, number).unwrap();
        assert_eq!(world.transfer((call, consulted), "1003"), Err(Refusal::OnlyListens));
        world.clear(consulted, "1003").unwrap();
        world.retrieve(call, "1003").unwrap();
        assert_eq!(world.digits(call, "1001"), Ok(()));
    }
}

#[test]
fn a_call_ends_when_only_one_is_left_who_talks() {
    let mut world = world();
    let call = world.talking();
    world.enter(call, "1003", SILENT);
    world.enter(call, "1004", ACTIVE);
    world.clear(call, "1001").unwrap();
    assert_eq!(world.states("1003"), ["connected connected connected"]);
    world.heard();
    world.clear(call, "1004").unwrap();
    assert_eq!(
        world.heard(),
        [
            "ConnectionCleared 1004 normalClearing 1002:connected 1003:connected 1004:null",
            "ConnectionCleared 1002 normalClearing 1002:null 1003:connected",
            "ConnectionCleared 1003 normalClearing 1003:null",
        ]
    );
    world.assert_calm();
}

#[test]
fn who_listens_goes_on_listening_after_a_transfer() {
    let mut world = world();
    let (held, active) = world.consulted();
    world.enter(held, "1004", SILENT);
    world.enter(active, "1005", SILENT);
    let call = world.transfer((held, active), "1001").unwrap();
    for (phone, participation) in [("1002", ACTIVE), ("1003", ACTIVE), ("1004", SILENT), ("1005", SILENT)] {
        let party = Party::Phone(world.phone(phone));
        assert_eq!(world.phones.participation(call, party), participation, "{phone}");
    }
    world.clear(call, "1003").unwrap();
    world.assert_calm();
}

#[test]
fn who_gets_a_silent_party_s_call_listens_as_well() {
    let mut world = world();
    let call = world.talking();
    let one = world.phone("1001");
    world.phones.single_step_conference(world.now, call, one, ("1003", SILENT), &mut world.told).unwrap();
    world.phones.single_step_conference(world.now, call, one, ("1004", ACTIVE), &mut world.told).unwrap();
    let causes: Vec<_> = world.heard().into_iter().filter(|line| line.starts_with("Conferenced")).collect();
    assert!(causes[0].starts_with("Conferenced 1001 silentParticipation "), "{causes:?}");
    assert!(causes[1].starts_with("Conferenced 1001 singleStepConference "), "{causes:?}");
    world.deflect(call, "1003", "1005").unwrap();
    world.answer(call, "1005").unwrap();
    world.answer(call, "1004").unwrap();
    assert_eq!(world.digits(call, "1005"), Err(Refusal::OnlyListens));
    assert_eq!(world.digits(call, "1004"), Ok(()));
}

#[test]
fn a_prompted_phone_enters_when_it_is_answered() {
    let mut world = world();
    let call = world.talking();
    let own = world.prompt(call, "1003");
    assert_eq!(world.heard(), ["ServiceInitiated 1003 joinCall 1003:initiated"]);
    assert_eq!(world.states("1001"), ["connected connected"]);
    let three = world.phone("1003");
    let dialled = world.phones.dial(world.now, three, "1004", &mut world.told);
    assert_eq!(dialled, Err(Refusal::ActiveCallExists));
    let digits = world.phones.dial_digits(world.now, own, three, "1004", &mut world.told);
    assert_eq!(digits, Err(Refusal::WrongState));
    world.phones.off_hook(world.now, three, &mut world.told).unwrap();
    assert_eq!(
        world.heard(),
        ["Conferenced 1003 silentParticipation 1001:connected 1002:connected 1003:connected"]
    );
    assert!(world.phones.call(own).is_none());
    world.clear(call, "1001").unwrap();
    world.assert_calm();
}

#[test]
fn a_prompt_to_enter_that_nobody_answers_ends() {
    let mut world = world();
    let call = world.talking();
    world.prompt(call, "1003");
    world.heard();
    world.pass(Duration::from_secs(30));
    assert_eq!(world.heard(), ["ConnectionCleared 1003 callNotAnswered 1003:null"]);
    assert_eq!(world.states("1001"), ["connected connected"]);
    world.clear(call, "1001").unwrap();
    world.assert_calm();
}

#[test]
fn a_prompted_phone_does_not_enter_a_call_that_is_over() {
    let mut world = world();
    let call = world.talking();
    let own = world.prompt(call, "1003");
    world.clear(call, "1001").unwrap();
    world.heard();
    world.answer(own, "1003").unwrap();
    assert_eq!(world.heard(), ["ConnectionCleared 1003 callCancelled 1003:null"]);
    world.assert_calm();
}
