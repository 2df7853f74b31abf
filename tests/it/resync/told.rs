//! Clients that ask for their calls while their monitor is moved: what the answer says counts as known to them.

use super::{own, refresh, told};
use ctigate_core::Duration;
use ctigate_core::setting::Value;
use ctigate_tests::bench::{
    Bench, Client, Line, PhoneSystem, Sip, address, csta, csta_error, only, snapshot,
};

/// A gateway with two phone systems, and a client with a monitor at the first.
fn two_systems() -> (Bench, [PhoneSystem; 2], Client, String) {
    let text = |text: &str| Value::Text(text.into());
    let (mut bench, systems) = Bench::with_systems(&[
        ("cti.connection[0].switch", text("here")),
        ("cti.connection[1].address", text("127.0.0.1:4001")),
        ("cti.connection[1].switch", text("there")),
    ]);
    let mut client = Client::new(&mut bench, "alice");
    client.sign_in(&mut bench, systems[0]);
    let id = client.monitor(&mut bench, systems[0], "m1");
    (bench, systems, client, id)
}

/// The client asks for its calls; the phone system may get another request before.
fn ask(bench: &mut Bench, system: PhoneSystem, client: &mut Client, calls: &[(&str, &str, [&str; 2])]) {
    client.info(bench, "SnapshotDevice", &format!("<snapshotObject>{}</snapshotObject>", client.uri));
    let asked = system.asked(bench);
    let last = asked.last().expect("the client's request");
    assert_eq!(last.root(), "SnapshotDevice");
    system.say(bench, last.invoke, &snapshot("1001", calls));
    only(&client.heard(bench), 200);
}

#[test]
fn calls_of_a_phone_system_that_never_started_the_monitor_are_cleared_at_the_next() {
    let (mut bench, [here, there], mut client, id) = two_systems();
    bench.close(here.link());
    client.invite(&mut bench);
    // The monitor was requested, but only the client's request is answered before the connection breaks.
    ask(&mut bench, there, &mut client, &[("8", "1003", ["alerting", "connected"])]);
    bench.await_dialling();
    let here = PhoneSystem::answer(&mut bench);
    bench.close(there.link());
    refresh(&mut bench, here, &mut client, "m2");
    here.knows_line(&mut bench);
    assert_eq!(told(&client.heard(&mut bench), &id), ["ConnectionClearedEvent 28 null"]);
}

#[test]
fn a_call_that_changed_back_after_the_client_had_asked_is_told() {
    let (mut bench, system, mut client, id) = Bench::monitored(&[]);
    own(system, &mut bench, "m1", ("HeldEvent", "7", "hold"));
    client.heard(&mut bench);
    let system = system.reconnected(&mut bench);
    client.invite(&mut bench);
    let start = system.asked(&mut bench);
    ask(&mut bench, system, &mut client, &[("7", "1003", ["connected", "connected"])]);
    let started = "<monitorCrossRefID>m2</monitorCrossRefID>";
    system.say(&mut bench, start[0].invoke, &csta("MonitorStartResponse", started));
    system.has_calls(&mut bench, &[("7", "1003", ["hold", "connected"])]);
    assert_eq!(told(&client.heard(&mut bench), &id), ["HeldEvent 17 hold"]);
}

#[test]
fn a_call_that_has_the_number_of_one_at_another_phone_system_is_not_taken_for_it() {
    let (mut bench, [here, there], mut client, id) = two_systems();
    own(here, &mut bench, "m1", ("EstablishedEvent", "7", "connected"));
    client.heard(&mut bench);
    bench.close(here.link());
    refresh(&mut bench, there, &mut client, "m2");
    own(there, &mut bench, "m2", ("ConnectionClearedEvent", "7", "null"));
    assert_eq!(client.heard(&mut bench), []);
    there.knows_line(&mut bench);
    let expected = ["ConnectionClearedEvent 17 null", "ConnectionClearedEvent 27 null"];
    assert_eq!(told(&client.heard(&mut bench), &id), expected);
}

#[test]
fn calls_of_another_phone_system_are_cleared_though_a_snapshot_told_the_client_of_none() {
    let (mut bench, [here, there], mut client, id) = two_systems();
    own(here, &mut bench, "m1", ("EstablishedEvent", "7", "connected"));
    client.heard(&mut bench);
    bench.close(here.link());
    client.invite(&mut bench);
    let start = there.asked(&mut bench);
    // By datagram, events about call 7 may still wait here, and follow the answer.
    ask(&mut bench, there, &mut client, &[]);
    let started = "<monitorCrossRefID>m2</monitorCrossRefID>";
    there.say(&mut bench, start[0].invoke, &csta("MonitorStartResponse", started));
    there.knows_line(&mut bench);
    assert_eq!(told(&client.heard(&mut bench), &id), ["ConnectionClearedEvent 17 null"]);
}

#[test]
fn a_call_that_an_older_event_sets_back_after_the_client_had_asked_is_told_once_more() {
    let (mut bench, system, mut client, id) = Bench::monitored(&[]);
    // The event waits for the answer that announces another call, and for 20 ms more; its monitor ends after it.
    let numbers = client.call_to("1002");
    client.info(&mut bench, "MakeCall", &numbers);
    own(system, &mut bench, "m1", ("DeliveredEvent", "7", "alerting"));
    system.say(&mut bench, 7, &csta("MonitorStop", "<monitorCrossRefID>m1</monitorCrossRefID>"));
    let asked = system.asked(&mut bench);
    assert_eq!((asked[0].root(), asked[1].root()), ("MakeCall", "MonitorStopResponse"));
    let busy = csta_error("stateIncompatibility", "invalidConnectionState");
    system.say(&mut bench, asked[0].invoke, &busy);
    only(&client.heard(&mut bench), 200);
    ask(&mut bench, system, &mut client, &[("7", "1003", ["connected", "connected"])]);
    bench.advance(Duration::from_millis(20));
    assert_eq!(told(&client.heard(&mut bench), &id), ["DeliveredEvent 17 alerting"]);
    refresh(&mut bench, system, &mut client, "m2");
    system.has_calls(&mut bench, &[("7", "1003", ["connected", "connected"])]);
    assert_eq!(told(&client.heard(&mut bench), &id), ["EstablishedEvent 17 connected"]);
}

#[test]
fn a_call_that_an_event_under_way_by_datagram_sets_back_is_told_once_more_too() {
    let (mut bench, system) = Bench::in_service(&[]);
    let mut client = Client::over(Line::Datagram(address("127.0.0.1:5070")), "alice");
    client.sign_in(&mut bench, system);
    let id = client.monitor(&mut bench, system, "m1");
    own(system, &mut bench, "m1", ("DeliveredEvent", "7", "alerting"));
    let [event]: [Sip; 1] = client.heard(&mut bench).try_into().expect("it is sent at once");
    system.say(&mut bench, 7, &csta("MonitorStop", "<monitorCrossRefID>m1</monitorCrossRefID>"));
    // If the event was lost, its retransmission comes after this answer.
    ask(&mut bench, system, &mut client, &[("7", "1003", ["connected", "connected"])]);
    client.say(&mut bench, &event.answered(200));
    refresh(&mut bench, system, &mut client, "m2");
    system.has_calls(&mut bench, &[("7", "1003", ["connected", "connected"])]);
    assert_eq!(told(&client.heard(&mut bench), &id), ["EstablishedEvent 17 connected"]);
}
