//! Services that are answered from what the link knows, or by a number of the dialplan's.

use ctigate_core::Duration;
use ctigate_tests::ami::{ROOM, bridge};
use ctigate_tests::bench::{Asterisk, Client, only};

use super::{ENDPOINTS, OBJECT, bench, ringing, sign_in, talking, text};
use ctigate_tests::ami;

#[test]
fn a_client_that_asks_is_told_who_is_in_a_call() {
    let (mut bench, asterisk, mut client, _) = super::monitored(&[]);
    talking(&mut bench, asterisk);
    bench.advance(Duration::from_millis(20));
    let own = client.heard(&mut bench)[0].element("connection").to_owned();
    let object = format!("<snapshotObject>{own}</snapshotObject>");
    let answer = only(&client.info(&mut bench, "SnapshotCall", &object), 200);
    assert_eq!(answer.root(), "SnapshotCallResponse", "{}", answer.body());
    let parties: Vec<_> = answer.body().split("<snapshotCallResponseInfo>").skip(1).collect();
    assert_eq!(parties.len(), 2, "{}", answer.body());
    for (party, number) in parties.iter().zip(["1001", "1002"]) {
        let line = format!("tel:{number};phone-context=dialstring");
        assert!(party.matches(&line).count() >= 2 && party.contains("connected"), "{party}");
    }
    assert!(answer.element("callingDevice").contains("1002"), "{}", answer.body());
    let other = own.replace("<callID>1", "<callID>2");
    let object = format!("<snapshotObject>{other}</snapshotObject>");
    let answer = only(&client.info(&mut bench, "SnapshotCall", &object), 200);
    assert_eq!(answer.root(), "CSTAErrorCode", "a call that the line has no part in");
}

#[test]
fn who_signs_in_during_a_conference_is_told_who_is_in_it() {
    let (mut bench, asterisk, client, _) = super::monitored(&[]);
    // Three dial into a room.
    for (name, number, unique) in [
        ("PJSIP/1001-00000001", "1001", "1.1"),
        ("PJSIP/1002-00000002", "1002", "1.2"),
        ("PJSIP/1003-00000003", "1003", "1.3"),
    ] {
        let channel = ami::caller(name, number, "8000", unique);
        super::happen(&mut bench, asterisk, "Newchannel", &[("", &channel)], &[]);
        let channel = ami::Channel { state: "Up", ..channel };
        super::happen(&mut bench, asterisk, "Newstate", &[("", &channel)], &[]);
        asterisk.say(&mut bench, &ami::event("BridgeEnter", &bridge("r", ROOM), &[("", &channel)], &[]));
    }
    bench.advance(Duration::from_millis(20));
    client.heard(&mut bench);
    let (mut late, _) = sign_in(&mut bench, "late", 1002);
    only(&late.info(&mut bench, "MonitorStart", &OBJECT.replace("1001", "1002")), 200);
    bench.advance(Duration::from_secs(1));
    let told = late.heard(&mut bench);
    let conference =
        told.iter().find(|event| event.root() == "ConferencedEvent").expect("who is in it is told");
    for number in ["1001", "1002", "1003"] {
        assert!(conference.body().contains(&format!("tel:{number};")), "{}", conference.body());
    }
}

fn picks_up(client: &mut Client, bench: &mut ctigate_tests::bench::Bench, more: &str) -> String {
    let members = format!("<newDestination>1001</newDestination>{more}");
    client
        .info(bench, "GroupPickupCall", &members)
        .first()
        .map(|answer| answer.body().to_owned())
        .unwrap_or_default()
}

#[test]
fn a_call_of_the_group_is_picked_up_by_the_number_of_the_dialplan() {
    let mut bench = bench(&[("cti.connection[0].group_pickup", text("*8"))]);
    let asterisk = Asterisk::answer(&mut bench, ENDPOINTS, &[]);
    let (mut client, _) = sign_in(&mut bench, "alice", 1001);
    assert_eq!(picks_up(&mut client, &mut bench, ""), "");
    let originate = asterisk.only(&mut bench, "Originate");
    assert_eq!(["Channel", "Exten"].map(|key| originate.value(key)), ["PJSIP/1001", "*8"]);
    asterisk.accept(&mut bench, &originate, &[]);
    let anna = super::made(&originate);
    super::happen(&mut bench, asterisk, "Newchannel", &[("", &anna)], &[]);
    let answer = only(&client.heard(&mut bench), 200);
    assert!(answer.root() == "GroupPickupCallResponse" && answer.element("pickedCall").contains("1001"));
    assert!(picks_up(&mut client, &mut bench, "<pickGroup>2</pickGroup>").contains("CSTAErrorCode"));
    assert_eq!(asterisk.acted(&mut bench), []);
}

#[test]
fn without_a_number_for_it_nothing_is_picked_up_of_the_group() {
    let (mut bench, asterisk, mut client, _) = super::monitored(&[]);
    ringing(&mut bench, asterisk);
    bench.advance(Duration::from_millis(20));
    client.heard(&mut bench);
    assert!(picks_up(&mut client, &mut bench, "").contains("CSTAErrorCode"));
    assert_eq!(asterisk.acted(&mut bench), []);
}
