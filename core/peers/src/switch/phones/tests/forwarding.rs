//! Where calls go by what is set at the phones: forwarding, do not disturb, call waiting, mailbox, out of service.

use super::*;
use crate::switch::settings::{DoNotDisturb, ForwardingType, Settings, Why};

impl World {
    fn settings(&mut self, phone: &str) -> &mut Settings {
        let phone = self.phone(phone);
        self.phones.settings_mut(phone).unwrap()
    }

    fn forward(&mut self, phone: &str, why: Why, to: &str, rings: Option<u16>) {
        let kind = ForwardingType::general(why).unwrap();
        assert!(!self.settings(phone).forward(kind, to, rings).is_empty());
    }

    /// What the last event says of a call from 1001 to 1002.
    fn outcome(&mut self) -> String {
        self.told.clear();
        self.dial("1001", "1002");
        self.heard().pop().unwrap()
    }
}

#[test]
fn a_call_is_forwarded_at_once_if_busy_or_if_not_answered() {
    let mut world = world();
    world.forward("1002", Why::Immediate, "1003", None);
    world.outcome_of_forwarding("callForwardImmediate");

    let mut world = world_of(&config_with(|config| config.phones[1].answer = Answer::Busy));
    world.forward("1002", Why::Busy, "1003", None);
    world.outcome_of_forwarding("callForwardBusy");

    let mut world = super::world();
    world.forward("1002", Why::NoAnswer, "1003", Some(2));
    assert_eq!(world.outcome(), "Delivered 1002 newCall 1001:connected 1002:alerting");
    world.pass(Duration::from_millis(9_999));
    assert!(world.heard().is_empty());
    world.pass(Duration::from_millis(1));
    assert_eq!(
        world.heard(),
        [
            "Diverted 1002 callForwardNoAnswer 1001:connected 1002:null",
            "Delivered 1003 callForwardNoAnswer 1001:connected 1003:alerting",
        ]
    );
}

impl World {
    fn outcome_of_forwarding(&mut self, cause: &str) {
        assert_eq!(self.outcome(), format!("Delivered 1003 {cause} 1001:connected 1003:alerting"));
        let phone = self.phone("1003");
        let call = self.phones.newest(phone, &[super::super::State::Alerting]).unwrap();
        let by = self.phones.call(call).unwrap().diverted_by;
        assert_eq!(by, Some(Party::Phone(self.phone("1002"))));
    }
}

#[test]
fn forwardings_in_a_circle_lead_nowhere() {
    let mut world = world();
    world.forward("1002", Why::Immediate, "1003", None);
    world.forward("1003", Why::Immediate, "1004", None);
    assert_eq!(world.outcome(), "Delivered 1004 callForwardImmediate 1001:connected 1004:alerting");
    let call = world.phones.active(world.phone("1001")).unwrap();
    world.clear(call, "1001").unwrap();
    world.forward("1004", Why::Immediate, "1002", None);
    assert_eq!(world.outcome(), "Failed (1002) destNotObtainable 1001:connected");
    let call = world.phones.active(world.phone("1001")).unwrap();
    world.clear(call, "1001").unwrap();
    world.assert_calm();
}

#[test]
fn what_forwards_to_the_caller_meets_a_busy_phone() {
    let mut world = world();
    world.forward("1002", Why::Immediate, "1001", None);
    assert_eq!(world.outcome(), "Failed (1002) busy 1001:connected");
}

#[test]
fn a_phone_that_is_not_to_be_disturbed_does_not_ring() {
    let mut world = world();
    world.settings("1002").set_do_not_disturb(Some(DoNotDisturb::ALL));
    assert_eq!(world.outcome(), "Failed (1002) doNotDisturb 1001:connected");
    let call = world.phones.active(world.phone("1001")).unwrap();
    world.clear(call, "1001").unwrap();
    let callers = Vec::from([String::from("1005")]);
    world.settings("1002").set_do_not_disturb(Some(DoNotDisturb { callers, ..DoNotDisturb::ALL }));
    assert_eq!(world.outcome(), "Delivered 1002 newCall 1001:connected 1002:alerting");
}

#[test]
fn a_phone_without_call_waiting_is_busy_with_one_call() {
    let mut world = world();
    world.settings("1002").set_call_waiting(false);
    world.dial("1003", "1002");
    assert_eq!(world.outcome(), "Failed (1002) busy 1001:connected");
}

#[test]
fn a_phone_answers_by_itself_after_as_many_rings_as_are_set() {
    let mut world = world();
    world.settings("1002").set_auto_answer(Some(2));
    assert_eq!(world.outcome(), "Delivered 1002 newCall 1001:connected 1002:alerting");
    world.pass(Duration::from_secs(10));
    assert_eq!(world.heard(), ["Established 1002 newCall 1001:connected 1002:connected"]);
}

#[test]
fn a_phone_that_goes_out_of_service_leaves_its_calls() {
    let mut world = world();
    let call = world.dial("1001", "1002");
    world.answer(call, "1002").unwrap();
    world.dial("1003", "1002");
    world.heard();
    let phone = world.phone("1002");
    world.settings("1002").set_in_service(false);
    world.phones.fall_out(phone, &mut world.told);
    assert_eq!(
        world.heard(),
        [
            "ConnectionCleared 1002 destOutOfOrder 1001:connected 1002:null",
            "ConnectionCleared 1001 destOutOfOrder 1001:null",
            "ConnectionCleared 1002 destOutOfOrder 1003:connected 1002:null",
            "ConnectionCleared 1003 destOutOfOrder 1003:null",
        ]
    );
    world.assert_calm();
    assert_eq!(world.outcome(), "Failed (1002) destOutOfOrder 1001:connected");
    let off_hook = world.phones.off_hook(world.now, phone, &mut world.told);
    assert_eq!(off_hook, Err(Refusal::OutOfService));
}

#[test]
fn no_call_goes_to_a_phone_out_of_service_by_itself() {
    // Nor is a call deflected or a parked one returned there, nor is it prompted for a call that it asked for.
    let mut world = world_of(&config_with(|config| {
        config.lines = 1;
        config.parking = Vec::from(["700".into()]);
    }));
    let (one, four) = (world.phone("1001"), world.phone("1004"));
    let busy = world.dial("1002", "1003");
    world.answer(busy, "1003").unwrap();
    let call = world.dial("1001", "1002");
    world.phones.call_back(call, one, &mut world.told).unwrap();
    world.settings("1001").set_in_service(false);
    world.clear(busy, "1003").unwrap();
    world.heard();
    world.pass(Duration::ZERO);
    assert_eq!(world.heard(), Vec::<String>::new());

    let call = world.dial("1002", "1003");
    let three = world.phone("1003");
    let deflected = world.phones.deflect(world.now, call, three, one, &mut world.told);
    assert_eq!(deflected, Err(Refusal::DestinationBusy));
    world.clear(call, "1002").unwrap();

    let call = world.dial("1002", "1004");
    world.answer(call, "1004").unwrap();
    world.phones.park(world.now, call, four, "700", &mut world.told).unwrap();
    world.settings("1004").set_in_service(false);
    world.heard();
    world.pass(Duration::from_secs(61));
    assert_eq!(world.heard(), Vec::<String>::new());
    world.settings("1004").set_in_service(true);
    world.pass(Duration::from_secs(61));
    assert_eq!(
        world.heard().last().map(String::as_str),
        Some("Delivered 1004 recall 1002:connected 1004:alerting")
    );
}

#[test]
fn who_leaves_a_message_turns_the_lamp_on_and_who_listens_turns_it_off() {
    let mut world = world_of(&config_with(|config| config.mailbox = Some("799".into())));
    world.forward("1002", Why::NoAnswer, "799", Some(1));
    world.outcome();
    world.pass(Duration::from_secs(5));
    assert_eq!(
        world.heard(),
        [
            "Diverted 1002 callForwardNoAnswer 1001:connected 1002:null",
            "Delivered 799 callForwardNoAnswer 1001:connected",
        ]
    );
    world.pass(Duration::from_secs(1));
    assert_eq!(world.heard(), ["Established 799 newCall 1001:connected"]);
    let call = world.phones.active(world.phone("1001")).unwrap();
    world.clear(call, "1001").unwrap();
    let two = world.phone("1002");
    assert_eq!(world.phones.take_messages(), [(two, true)]);

    let call = world.dial("1002", "799");
    world.pass(Duration::from_secs(1));
    world.clear(call, "1002").unwrap();
    assert_eq!(world.phones.take_messages(), [(two, false)]);
    assert!(world.phones.take_messages().is_empty());
}

#[test]
fn a_call_is_offered_before_it_rings_or_is_forwarded_where_that_is_wanted() {
    let mut world = world_of(&config_with(|config| config.offers = true));
    world.forward("1002", Why::Immediate, "1003", None);
    world.dial("1001", "1002");
    assert_eq!(
        world.heard()[2..],
        [
            "Offered 1002 newCall 1001:connected 1002:alerting",
            "Diverted 1002 callForwardImmediate 1001:connected 1002:null",
            "Offered 1003 callForwardImmediate 1001:connected 1003:alerting",
            "Delivered 1003 callForwardImmediate 1001:connected 1003:alerting",
        ]
    );
}
