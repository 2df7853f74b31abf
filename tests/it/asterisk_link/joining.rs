//! Calls that are transferred, parked, picked up and joined at an Asterisk.

use ctigate_core::Duration;
use ctigate_core::setting::Value;
use ctigate_tests::ami::{Channel, called, caller};
use ctigate_tests::bench::{Asterisk, Bench, Client, only};

use super::{ENDPOINTS, OBJECT, bench, enter, happen, monitored, sign_in, state, talking, text};

/// 1001 holds a call with 1002 and talks to 1003; the client's two connections are returned, the held one first.
fn consulting(more: &[(&str, Value)]) -> (Bench, Asterisk, Client, [String; 2]) {
    consulting_with(more, ("PJSIP/1003-00000004", "1003"))
}

/// The same, where this channel is consulted, of the device with this number.
fn consulting_with(
    more: &[(&str, Value)],
    (name, number): (&'static str, &'static str),
) -> (Bench, Asterisk, Client, [String; 2]) {
    let mut bench = bench(more);
    let asterisk = Asterisk::answer(&mut bench, ENDPOINTS, &[]);
    let (mut client, _) = sign_in(&mut bench, "alice", 1001);
    only(&client.info(&mut bench, "MonitorStart", OBJECT), 200);
    let (_, anna) = talking(&mut bench, asterisk);
    happen(&mut bench, asterisk, "Hold", &[("", &anna)], &[]);
    bench.advance(Duration::from_millis(20));
    let held = client.heard(&mut bench)[0].element("connection").to_owned();
    let mut second = caller("PJSIP/1001-00000003", "1001", number, "1.3");
    let mut clara = called(name, number, "1.4", &second);
    happen(&mut bench, asterisk, "Newchannel", &[("", &second)], &[]);
    happen(&mut bench, asterisk, "Newchannel", &[("", &clara)], &[]);
    happen(&mut bench, asterisk, "DialBegin", &[("", &second), ("Dest", &clara)], &[("DialString", "x")]);
    state(&mut bench, asterisk, &mut clara, "Ringing");
    state(&mut bench, asterisk, &mut clara, "Up");
    state(&mut bench, asterisk, &mut second, "Up");
    for channel in [&clara, &second] {
        enter(&mut bench, asterisk, channel, "b2");
    }
    bench.advance(Duration::from_millis(20));
    let told = client.heard(&mut bench);
    let originated = told.iter().find(|event| event.root() == "OriginatedEvent").expect("it is told");
    let active = originated.element("originatedConnection").to_owned();
    (bench, asterisk, client, [held, active])
}

fn ask(bench: &mut Bench, client: &mut Client, service: &str, members: &[(&str, &str)]) {
    let members: Vec<String> =
        members.iter().map(|(name, value)| format!("<{name}>{value}</{name}>")).collect();
    let told = client.info(bench, service, &members.concat());
    assert!(told.is_empty(), "Asterisk is asked first: {told:#?}");
}

#[test]
fn two_calls_with_the_same_other_one_do_not_become_one() {
    let rooms = ("cti.connection[0].rooms", text("8000-8009"));
    let (mut bench, asterisk, mut client, [held, active]) =
        consulting_with(&[rooms], ("PJSIP/1002-00000004", "1002"));
    let members = format!("<heldCall>{held}</heldCall><activeCall>{active}</activeCall>");
    for service in ["TransferCall", "ConferenceCall"] {
        let refused = only(&client.info(&mut bench, service, &members), 200);
        assert!(refused.body().contains("<operation>notDifferentDevices</operation>"), "{}", refused.body());
    }
    assert_eq!(asterisk.acted(&mut bench), []);
}

#[test]
fn a_call_is_not_transferred_to_one_of_its_parties() {
    let (mut bench, asterisk, mut client, _) = monitored(&[]);
    talking(&mut bench, asterisk);
    bench.advance(Duration::from_millis(20));
    let own = client.heard(&mut bench)[0].element("connection").to_owned();
    for party in ["1001", "1002"] {
        let members = format!("<activeCall>{own}</activeCall><transferredTo>{party}</transferredTo>");
        let refused = only(&client.info(&mut bench, "SingleStepTransferCall", &members), 200);
        assert!(refused.body().contains("<operation>notDifferentDevices</operation>"), "{}", refused.body());
    }
    assert_eq!(asterisk.acted(&mut bench), []);
}

#[test]
fn a_consultation_ends_by_connecting_the_two_others() {
    let (mut bench, asterisk, mut client, [held, active]) = consulting(&[]);
    let members = [("heldCall", held.as_str()), ("activeCall", active.as_str())];
    ask(&mut bench, &mut client, "TransferCall", &members);
    let connect = asterisk.only(&mut bench, "Bridge");
    let others = ["Channel1", "Channel2"].map(|key| connect.value(key).to_owned());
    assert_eq!(others, ["PJSIP/1002-00000001", "PJSIP/1003-00000004"]);
    asterisk.accept(&mut bench, &connect, &[("Message", "Channels have been bridged")]);
    assert_eq!(only(&client.heard(&mut bench), 200).root(), "TransferCallResponse");
}

#[test]
fn alternating_holds_the_one_call_and_retrieves_the_other() {
    let (mut bench, asterisk, mut client, [held, active]) = consulting(&[]);
    let members = [("heldCall", held.as_str()), ("activeCall", active.as_str())];
    ask(&mut bench, &mut client, "AlternateCall", &members);
    let told = asterisk.acted(&mut bench);
    let notified: Vec<_> = told.iter().map(|one| (one.value("Channel"), one.value("Variable"))).collect();
    assert_eq!(notified, [("PJSIP/1001-00000003", "Event=hold"), ("PJSIP/1001-00000002", "Event=talk")]);
    asterisk.accept(&mut bench, &told[1], &[]);
    assert_eq!(only(&client.heard(&mut bench), 200).root(), "AlternateCallResponse");
}

#[test]
fn reconnecting_ends_the_one_call_and_retrieves_the_other() {
    let (mut bench, asterisk, mut client, [held, active]) = consulting(&[]);
    let members = [("activeCall", active.as_str()), ("heldCall", held.as_str())];
    ask(&mut bench, &mut client, "ReconnectCall", &members);
    let told = asterisk.acted(&mut bench);
    assert_eq!((told[0].name(), told[0].value("Channel")), ("Hangup", "1.3"));
    assert_eq!((told[1].name(), told[1].value("Channel")), ("PJSIPNotify", "PJSIP/1001-00000002"));
}

#[test]
fn a_conference_takes_all_three_to_a_room_where_there_are_rooms() {
    let (mut bench, asterisk, mut client, [held, active]) =
        consulting(&[("cti.connection[0].rooms", text("8000-8009"))]);
    let members = [("heldCall", held.as_str()), ("activeCall", active.as_str())];
    ask(&mut bench, &mut client, "ConferenceCall", &members);
    let both = asterisk.only(&mut bench, "Redirect");
    asterisk.accept(&mut bench, &both, &[("Message", "Dual Redirect successful")]);
    let third = asterisk.only(&mut bench, "Redirect");
    assert_eq!(
        (both.value("Channel"), both.value("ExtraChannel")),
        ("PJSIP/1001-00000003", "PJSIP/1003-00000004")
    );
    assert_eq!(third.value("Channel"), "PJSIP/1002-00000001");
    let room = both.value("Exten");
    assert!(room.starts_with("800") && [both.value("ExtraExten"), third.value("Exten")] == [room; 2]);
    assert_eq!(only(&client.heard(&mut bench), 200).root(), "ConferenceCallResponse");
    // If the two who talk do not get there, who was held stays where he is.
    ask(&mut bench, &mut client, "ConferenceCall", &members);
    let both = asterisk.only(&mut bench, "Redirect");
    asterisk.refuse(&mut bench, &both, "Redirect failed");
    assert_eq!(only(&client.heard(&mut bench), 200).root(), "CSTAErrorCode");
    assert_eq!(asterisk.acted(&mut bench), []);
    // Where there are none, it is not offered.
    let (mut bench, asterisk, mut client, [held, active]) = consulting(&[]);
    let members = format!("<heldCall>{held}</heldCall><activeCall>{active}</activeCall>");
    let refused = only(&client.info(&mut bench, "ConferenceCall", &members), 200);
    assert!(refused.body().contains("serviceNotSupported") && asterisk.acted(&mut bench).is_empty());
}

#[test]
fn a_call_is_parked_by_sending_the_other_one_to_the_place() {
    let (mut bench, asterisk, mut client, [_, active]) = consulting(&[]);
    ask(&mut bench, &mut client, "ParkCall", &[("parking", &active), ("parkTo", "700")]);
    let sent = asterisk.only(&mut bench, "BlindTransfer");
    assert_eq!((sent.value("Channel"), sent.value("Exten")), ("PJSIP/1001-00000003", "700"));
    asterisk.accept(&mut bench, &sent, &[]);
    assert_eq!(only(&client.heard(&mut bench), 200).root(), "ParkCallResponse");
}

#[test]
fn a_call_that_rings_at_a_colleague_s_phone_is_picked_up_by_a_code() {
    let mut bench = bench(&[("cti.connection[0].foreign_calls", Value::Flag(true))]);
    let asterisk = Asterisk::answer(&mut bench, ENDPOINTS, &[]);
    let (mut client, _) = sign_in(&mut bench, "alice", 1001);
    only(&client.info(&mut bench, "MonitorStart", OBJECT), 200);
    let clara = caller("PJSIP/1003-00000001", "1003", "1002", "1.1");
    let mut bernd: Channel = called("PJSIP/1002-00000002", "1002", "1.2", &clara);
    happen(&mut bench, asterisk, "Newchannel", &[("", &clara)], &[]);
    happen(&mut bench, asterisk, "Newchannel", &[("", &bernd)], &[]);
    happen(&mut bench, asterisk, "DialBegin", &[("", &clara), ("Dest", &bernd)], &[("DialString", "x")]);
    state(&mut bench, asterisk, &mut bernd, "Ringing");
    let rings = "<callID>11</callID><deviceID>1002</deviceID>";
    ask(
        &mut bench,
        &mut client,
        "DirectedPickupCall",
        &[("callToBePickedUp", rings), ("requestingDevice", "1001")],
    );
    let originate = asterisk.only(&mut bench, "Originate");
    assert_eq!((originate.value("Channel"), originate.value("Exten")), ("PJSIP/1001", "**1002"));
}
