//! Several clients of one line: what one of them knows, the others need not know.

use super::{own, told};
use ctigate_core::Duration;
use ctigate_core::setting::Value;
use ctigate_tests::bench::{Bench, Client, csta, csta_error, only, snapshot};

const LOST: &str = "<systemStatus>messagesLost</systemStatus>";

/// One more client of the line, whose monitor an active switch monitor feeds.
fn joined(bench: &mut Bench, user: &str, system: ctigate_tests::bench::PhoneSystem) -> (Client, String) {
    let mut client = Client::new(bench, user);
    client.sign_in(bench, system);
    let object = client.monitor_object();
    let id = only(&client.info(bench, "MonitorStart", &object), 200).element("monitorCrossRefID").to_owned();
    (client, id)
}

#[test]
fn calls_that_one_client_asked_for_are_still_to_be_told_to_the_others() {
    let (mut bench, system, mut alice, _) = Bench::monitored(&[]);
    let (bob, id) = joined(&mut bench, "bob", system);
    alice.info(&mut bench, "SnapshotDevice", &format!("<snapshotObject>{}</snapshotObject>", alice.uri));
    system.has_calls(&mut bench, &[("8", "1003", ["alerting", "connected"])]);
    only(&alice.heard(&mut bench), 200);
    system.say(&mut bench, 9, &csta("SystemStatus", LOST));
    for asked in system.asked(&mut bench).iter().filter(|asked| asked.root() == "SnapshotDevice") {
        let answer = snapshot("1001", &[("8", "1003", ["alerting", "connected"])]);
        system.say(&mut bench, asked.invoke, &answer);
    }
    bench.advance(Duration::from_millis(20));
    assert_eq!(told(&bob.heard(&mut bench), &id), ["DeliveredEvent 18 alerting"]);
}

#[test]
fn a_client_whose_snapshot_was_refused_is_shown_what_its_neighbour_knows() {
    let text = |text: &str| Value::Text(text.into());
    let (mut bench, [here, there]) = Bench::with_systems(&[
        ("cti.connection[0].switch", text("here")),
        ("cti.connection[1].address", text("127.0.0.1:4001")),
        ("cti.connection[1].switch", text("there")),
    ]);
    let mut alice = Client::new(&mut bench, "alice");
    alice.sign_in(&mut bench, here);
    let id = alice.monitor(&mut bench, here, "m1");
    let mut bob = Client::new(&mut bench, "bob");
    bob.sign_in(&mut bench, there);
    bob.monitor(&mut bench, there, "m2");
    own(there, &mut bench, "m2", ("EstablishedEvent", "3", "connected"));
    bob.heard(&mut bench);
    bench.close(here.link());
    alice.invite(&mut bench);
    there.serve(&mut bench, "SnapshotDevice", |_| csta_error("systemResourceAvailibility", "resourceBusy"));
    assert_eq!(alice.heard(&mut bench), []);
    bench.advance(Duration::from_secs(6));
    for asked in there.asked(&mut bench).iter().filter(|asked| asked.root() == "SnapshotDevice") {
        there.say(&mut bench, asked.invoke, &snapshot("1001", &[("3", "1004", ["connected", "connected"])]));
    }
    assert_eq!(told(&alice.heard(&mut bench), &id), ["EstablishedEvent 23 connected"]);
    assert_eq!(bob.heard(&mut bench), []);
}

#[test]
fn a_snapshot_is_tried_once_on_each_walk_however_many_sessions_a_line_has() {
    let narrow = [("cti.window", Value::Integer(1)), ("cti.queue", Value::Integer(0))];
    let (mut bench, system, mut alice, _) = Bench::monitored(&narrow);
    let others: Vec<_> = ["bob", "carol", "dave"].map(|user| joined(&mut bench, user, system)).into();
    own(system, &mut bench, "m1", ("HeldEvent", "7", "hold"));
    bench.advance(Duration::from_millis(20));
    for (client, _) in &others {
        assert_eq!(client.heard(&mut bench).len(), 1);
    }
    alice.heard(&mut bench);
    alice.info(&mut bench, "RetrieveCall", "<callToBeRetrieved><callID>17</callID></callToBeRetrieved>");
    let under_way = system.asked(&mut bench);
    system.say(&mut bench, 9, &csta("SystemStatus", LOST));
    // Three walks find no room.
    bench.advance(Duration::from_secs(2));
    system.asked(&mut bench);
    system.say(&mut bench, under_way[0].invoke, &csta("RetrieveCallResponse", ""));
    bench.advance(Duration::from_secs(4));
    let asked = system.asked(&mut bench);
    let one = asked.iter().find(|asked| asked.root() == "SnapshotDevice").expect("it is tried again");
    system.say(&mut bench, one.invoke, &snapshot("1001", &[]));
    for (client, id) in &others {
        assert_eq!(told(&client.heard(&mut bench), id), ["ConnectionClearedEvent 17 null"]);
    }
}
