//! Services about two calls, calls of others, calls that wait, and digits, as monitors see them.

use ctigate_core::wire::csta::model::{self, CallEventKind, LocalConnectionState, Request};
use ctigate_core::wire::csta::relayed::Value;

use super::*;

const NOW: Option<&str> = Some("doNotPrompt");

/// The only suitable connection of a phone.
fn only(phone: &'static str) -> Value<'static> {
    Value::Connection(Connection { call: None, device: Some(device(phone)) })
}

fn number(id: &'static str) -> Value<'static> {
    Value::Device(device(id))
}

fn site() -> World {
    World::new(|config| {
        config.parking.push("701".into());
        config.phones[1].pickup_group = 7;
        config.phones[2].pickup_group = 7;
        config.phones[9].call_waiting = false;
    })
}

/// Two calls of one phone.
fn two(root: &str, phone: &'static str) -> Request<'static> {
    asks(root, Vec::from([("heldCall", only(phone)), ("activeCall", only(phone))]))
}

fn one(root: &str, member: &'static str, phone: &'static str) -> Request<'static> {
    asks(root, Vec::from([(member, only(phone))]))
}

fn with_number(root: &str, phone: &'static str, member: &'static str, to: &'static str) -> Request<'static> {
    let name = services::named(root).unwrap().request[0].name;
    asks(root, Vec::from([(name, only(phone)), (member, number(to))]))
}

impl World {
    fn does(&mut self, link: LinkId, request: &Request<'_>) -> String {
        let outcome = self.outcome(link, request);
        assert_eq!(outcome, format!("{}Response", request.name()), "{request:?}");
        request.name().to_string()
    }

    fn talks(&mut self, link: LinkId, from: &'static str, to: &'static str) -> String {
        let call = self.make_call(link, from, to, NOW);
        self.does(link, &one("AnswerCall", "callToBeAnswered", to));
        call
    }
}

/// Asks for each service about more than one call once; returns their names.
pub(super) fn joined_services() -> Vec<String> {
    let mut world = site();
    let alice = world.client();
    let consult = |to| with_number("ConsultationCall", "1004", "consultedDevice", to);
    let mut served = Vec::new();
    world.talks(alice, "1004", "1005");
    served.push(world.does(alice, &consult("1006")));
    world.does(alice, &one("AnswerCall", "callToBeAnswered", "1006"));
    served.push(world.does(alice, &two("AlternateCall", "1004")));
    served.push(world.does(alice, &two("ReconnectCall", "1004")));
    world.does(alice, &consult("1005"));
    world.does(alice, &one("AnswerCall", "callToBeAnswered", "1005"));
    served.push(world.does(alice, &two("ConferenceCall", "1004")));
    served.push(world.does(alice, &with_number("SingleStepConferenceCall", "1004", "deviceToJoin", "1007")));
    let digits =
        Vec::from([("connectionToSendDigits", only("1004")), ("charactersToSend", Value::Text("1#"))]);
    served.push(world.does(alice, &asks("GenerateDigits", digits)));
    let account = Vec::from([("existingCall", only("1004")), ("accountCode", Value::Text("31"))]);
    served.push(world.does(alice, &asks("AssociateData", account)));
    served.push(world.does(alice, &with_number("JoinCall", "1004", "joiningDevice", "1008")));
    served.push(world.does(alice, &with_number("SingleStepTransferCall", "1004", "transferredTo", "1009")));
    served.push(world.does(alice, &with_number("DirectedPickupCall", "1009", "requestingDevice", "1004")));
    served.push(world.does(alice, &with_number("ParkCall", "1004", "parkTo", "701")));
    served.push(world.does(alice, &one("ClearCall", "callToBeCleared", "1005")));

    let call = world.talks(alice, "1004", "1005");
    let named =
        asks("SnapshotCall", Vec::from([("snapshotObject", Value::Connection(connection(&call, "1004")))]));
    served.push(world.does(alice, &named));
    world.does(alice, &consult("1006"));
    served.push(world.does(alice, &two("TransferCall", "1004")));
    world.make_call(alice, "1001", "1002", NOW);
    let group = asks("GroupPickupCall", Vec::from([("newDestination", number("1003"))]));
    served.push(world.does(alice, &group));
    world.make_call(alice, "1004", "", NOW);
    served.push(world.does(alice, &with_number("DialDigits", "1004", "diallingSequence", "1008")));

    world.talks(alice, "1010", "1009");
    for (root, member) in
        [("CamponCall", "camponConnection"), ("CallBack", "callbackConnection"), ("IntrudeCall", "intrude")]
    {
        world.does(alice, &one("ClearConnection", "connectionToBeCleared", "1004"));
        world.make_call(alice, "1004", "1010", NOW);
        served.push(world.does(alice, &one(root, member, "1004")));
        if root == "CallBack" {
            let cancel = Vec::from([("originatingDevice", number("1004")), ("targetDevice", number("1010"))]);
            served.push(world.does(alice, &asks("CancelCallBack", cancel)));
            world.make_call(alice, "1004", "1008", NOW);
        }
    }
    served
}

#[test]
fn both_parties_of_a_transfer_learn_the_new_call() {
    let mut world = site();
    let alice = world.client();
    let held = world.talks(alice, "1004", "1005");
    world.does(alice, &with_number("ConsultationCall", "1004", "consultedDevice", "1006"));
    world.does(alice, &one("AnswerCall", "callToBeAnswered", "1006"));
    world.monitor(alice, "1005");
    world.does(alice, &two("TransferCall", "1004"));
    let (_, xml) = world.frames(alice).remove(0);
    with(&xml, |message| match message {
        Message::Event(Event::Call(event)) => {
            assert_eq!(event.kind, CallEventKind::Transfered);
            assert_eq!(event.connection.call, Some(held.as_str()));
            assert_ne!(event.second.unwrap().call, event.connection.call);
            assert_eq!(event.subject, model::Party::Device(device("1004")));
            assert_eq!(event.new_party, Some(model::Party::Device(device("1006"))));
            assert_eq!(event.local, Some(LocalConnectionState::Connected));
            let list: Vec<_> = event.list().collect();
            assert_eq!(list.len(), 2);
            assert_eq!(list[0].old.unwrap().call, Some(held.as_str()));
            assert_eq!(list[0].new.unwrap().device, Some(device("1005")));
            assert_eq!(list[1].endpoint, Some(model::Party::Device(device("1006"))));
        }
        other => panic!("{other:?}"),
    });
}

fn digits(text: &'static str) -> Request<'static> {
    let given = [("connectionToSendDigits", only("1004")), ("charactersToSend", Value::Text(text))];
    asks("GenerateDigits", Vec::from(given))
}

fn assert_refused<const N: usize>(world: &mut World, link: LinkId, table: [(Request<'_>, &str); N]) {
    for (request, error) in table {
        assert_eq!(world.outcome(link, &request), error, "{request:?}");
    }
}

#[test]
fn who_asks_for_what_does_not_fit_is_told_why_and_nothing_changes() {
    let mut world = site();
    let alice = world.client();
    world.talks(alice, "1004", "1005");
    world.make_call(alice, "1006", "1007", NOW);
    let before = world.switch.phones().recompute();
    let two_phones =
        asks("TransferCall", Vec::from([("heldCall", only("1004")), ("activeCall", only("1006"))]));
    let table = [
        (two("TransferCall", "1004"), "stateIncompatibility/noHeldCall"),
        (two("ConferenceCall", "1009"), "stateIncompatibility/noHeldCall"),
        (two("AlternateCall", "1004"), "stateIncompatibility/noHeldCall"),
        (two("ReconnectCall", "1004"), "stateIncompatibility/noHeldCall"),
        (two_phones, "stateIncompatibility/noHeldCall"),
        (
            with_number("ConsultationCall", "1007", "consultedDevice", "1001"),
            "stateIncompatibility/noActiveCall",
        ),
        (with_number("ConsultationCall", "1004", "consultedDevice", "x"), "operation/invalidCalledDeviceID"),
        (
            with_number("SingleStepTransferCall", "1004", "transferredTo", "1999"),
            "operation/invalidDestinationDeviceID",
        ),
        (
            with_number("SingleStepTransferCall", "1004", "transferredTo", "x"),
            "operation/invalidDestinationDeviceID",
        ),
        (
            with_number("SingleStepTransferCall", "1004", "transferredTo", "1005"),
            "operation/notDifferentDevices",
        ),
        (
            with_number("SingleStepConferenceCall", "1004", "deviceToJoin", "1004"),
            "operation/notDifferentDevices",
        ),
        (
            with_number("JoinCall", "1004", "joiningDevice", "1006"),
            "stateIncompatibility/connectedCallExists",
        ),
        (with_number("JoinCall", "1009", "joiningDevice", "1008"), "stateIncompatibility/noCallToAnswer"),
        (
            with_number("DirectedPickupCall", "1007", "requestingDevice", "1004"),
            "stateIncompatibility/connectedCallExists",
        ),
        (
            with_number("DirectedPickupCall", "701", "requestingDevice", "1008"),
            "stateIncompatibility/noCallToAnswer",
        ),
        (
            asks("GroupPickupCall", Vec::from([("newDestination", number("1003"))])),
            "stateIncompatibility/noCallToAnswer",
        ),
        (with_number("ParkCall", "1004", "parkTo", "1001"), "operation/invalidParkToDeviceID"),
        (with_number("ParkCall", "1007", "parkTo", "701"), "stateIncompatibility/noActiveCall"),
        (one("CamponCall", "camponConnection", "1004"), "stateIncompatibility/noCallToComplete"),
        (one("CallBack", "callbackConnection", "1004"), "stateIncompatibility/noCallToComplete"),
        (one("IntrudeCall", "intrude", "1004"), "stateIncompatibility/noCallToComplete"),
        (with_number("DialDigits", "1004", "diallingSequence", "1"), "stateIncompatibility/noActiveCall"),
        (digits("x"), "operation/charactersToSendNotSupported"),
        (one("ClearCall", "callToBeCleared", "1009"), "stateIncompatibility/noConnectionToClear"),
    ];
    assert_refused(&mut world, alice, table);
    assert_eq!(world.switch.phones().recompute(), before);
}

#[test]
fn a_caller_from_outside_is_shown_as_the_trunk_knows_him() {
    let mut world = World::new(|config| config.trunk_name = "Amt".into());
    let alice = world.client();
    world.monitor(alice, "1002");
    for (said, shown) in [
        ("0301234567", "<callingDevice><deviceIdentifier>0301234567</deviceIdentifier></callingDevice>"),
        ("withheld", "<callingDevice><restricted/></callingDevice>"),
    ] {
        world.command(&format!("incoming {said} 1002"));
        let (_, xml) = world.frames(alice).remove(0);
        let trunk =
            "<associatedCallingDevice><deviceIdentifier>Amt1</deviceIdentifier></associatedCallingDevice>";
        assert!(xml.contains(shown) && xml.contains(trunk), "{xml}");
        world.command("hangup 1002");
        world.frames(alice);
    }
}

#[test]
fn who_answers_on_a_trunk_that_was_added_is_not_the_phone_called() {
    let mut world = World::new(|config| config.trunk_prefix = Some("0".into()));
    let alice = world.client();
    world.monitor(alice, "1002");
    for line in ["dial 1001 1002", "answer 1002", "conference 1002 0301234567"] {
        world.command(line);
    }
    world.frames(alice);
    world.pass(Duration::from_secs(3));
    let (_, xml) = world.frames(alice).remove(0);
    let answers = "<answeringDevice><deviceIdentifier>T1</deviceIdentifier></answeringDevice>";
    assert!(xml.contains("<EstablishedEvent") && xml.contains(answers), "{xml}");
}

#[test]
fn the_services_permitted_are_told_where_that_is_wanted() {
    let mut world = World::new(|config| config.permits = true);
    let alice = world.client();
    world.monitor(alice, "1002");
    world.command("dial 1001 1002");
    let (_, xml) = world.frames(alice).remove(0);
    let expected = concat!(
        "<servicesPermitted><callControlServices><answerCall>true</answerCall><clearConnection>true",
        "</clearConnection><deflectCall>true</deflectCall></callControlServices><callAssociatedServices><associateData>true",
        "</associateData></callAssociatedServices><mediaAttachementServices/><routeingServices/><voiceServices/></servicesPermitted>",
    );
    assert!(xml.contains(expected), "{xml}");
    let snapshot = world.ask_xml(alice, &Request::SnapshotDevice { device: device("1002") });
    let item = concat!(
        "<endpointDevice><deviceIdentifier>1001</deviceIdentifier></endpointDevice><localCallState>",
        "<compoundCallState><localConnectionState>alerting</localConnectionState><localConnectionState>",
        "connected</localConnectionState></compoundCallState></localCallState>",
    );
    assert!(snapshot.contains(item) && snapshot.contains(expected), "{snapshot}");
}

#[test]
fn a_snapshot_has_the_states_of_ten_parties() {
    let mut world = World::new(|config| config.parties = 10);
    let alice = world.client();
    world.talks(alice, "1001", "1002");
    for number in 1003..=1010 {
        assert_eq!(world.command(&format!("conference 1001 {number}")).split(' ').next(), Some("ok"));
        world.command(&format!("answer {number}"));
    }
    let snapshot = world.ask_xml(alice, &Request::SnapshotDevice { device: device("1005") });
    assert_eq!(snapshot.matches("<localConnectionState>connected</localConnectionState>").count(), 10);
    assert!(!snapshot.contains("endpointDevice"), "{snapshot}");
}

#[test]
fn who_does_not_show_his_number_is_shown_to_nobody_but_himself() {
    let mut world = world();
    let (alice, bob) = (world.client(), world.client());
    world.monitor(alice, "1001");
    world.monitor(bob, "1002");
    world.command("callerid 1001 off");
    world.frames(alice);
    world.command("dial 1001 1002");
    let (_, to_bob) = world.frames(bob).remove(0);
    assert!(to_bob.contains("<callingDevice><restricted/></callingDevice>"), "{to_bob}");
    let (_, to_alice) = world.frames(alice).pop().unwrap();
    let shown = "<callingDevice><deviceIdentifier>1001</deviceIdentifier></callingDevice>";
    assert!(to_alice.contains("DeliveredEvent") && to_alice.contains(shown), "{to_alice}");
}
