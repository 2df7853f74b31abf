//! Phone systems that refuse a snapshot for now, or report lost events: another snapshot is requested later.

use super::{own, refresh, told};
use ctigate_core::Duration;
use ctigate_core::setting::Value;
use ctigate_tests::bench::{Asked, Bench, Client, PhoneSystem, csta, csta_error, only};
use std::collections::BTreeSet;

const CALL: &[(&str, &str, [&str; 2])] = &[("8", "1004", ["alerting", "connected"])];

/// A client with a call that ended while its connection was down; its snapshot is refused with this error.
fn refused(category: &str, value: &str) -> (Bench, PhoneSystem, Client, String) {
    let (mut bench, system, mut client, id) = Bench::monitored(&[]);
    own(system, &mut bench, "m1", ("HeldEvent", "7", "hold"));
    client.heard(&mut bench);
    let system = system.reconnected(&mut bench);
    refresh(&mut bench, system, &mut client, "m2");
    system.serve(&mut bench, "SnapshotDevice", |_| csta_error(category, value));
    (bench, system, client, id)
}

#[test]
fn a_snapshot_refused_for_a_reason_that_passes_is_asked_for_again() {
    let (mut bench, system, client, id) = refused("systemResourceAvailibility", "resourceBusy");
    assert_eq!(client.heard(&mut bench), [], "what it knows stays so");
    bench.advance(Duration::from_secs(5));
    system.has_calls(&mut bench, CALL);
    let expected = ["ConnectionClearedEvent 17 null", "DeliveredEvent 18 alerting"];
    assert_eq!(told(&client.heard(&mut bench), &id), expected);
    bench.advance(Duration::from_secs(120));
    assert_eq!(system.asked(&mut bench), [], "that was all");
}

#[test]
fn what_comes_between_two_tries_is_told_at_once() {
    let (mut bench, system, client, id) = refused("systemResourceAvailibility", "resourceBusy");
    own(system, &mut bench, "m2", ("DeliveredEvent", "8", "alerting"));
    assert_eq!(told(&client.heard(&mut bench), &id), ["DeliveredEvent 18 alerting"]);
    bench.advance(Duration::from_secs(5));
    system.has_calls(&mut bench, CALL);
    assert_eq!(told(&client.heard(&mut bench), &id), ["ConnectionClearedEvent 17 null"]);
}

#[test]
fn it_is_asked_for_three_times_more_and_not_for_ever() {
    let (mut bench, system, _client, _id) = refused("systemResourceAvailibility", "resourceBusy");
    let mut tries = 0;
    for _ in 0..60 {
        bench.advance(Duration::from_secs(5));
        for one in system.asked(&mut bench) {
            tries += 1;
            system.say(&mut bench, one.invoke, &csta_error("systemResourceAvailibility", "resourceBusy"));
        }
    }
    assert_eq!(tries, 3);
}

#[test]
fn a_snapshot_refused_for_good_is_not_asked_for_again() {
    let (mut bench, system, _client, _id) = refused("operation", "serviceNotSupported");
    bench.advance(Duration::from_secs(120));
    assert_eq!(system.asked(&mut bench), []);
}

#[test]
fn a_snapshot_for_which_the_queue_has_no_room_is_asked_for_again() {
    let narrow = [("cti.window", Value::Integer(1)), ("cti.queue", Value::Integer(0))];
    let (mut bench, system, mut client, id) = Bench::monitored(&narrow);
    own(system, &mut bench, "m1", ("HeldEvent", "7", "hold"));
    client.heard(&mut bench);
    let system = system.reconnected(&mut bench);
    client.invite(&mut bench);
    // The answer that starts the monitor and the client's own request come in one turn: the window is full again.
    let [start] = system.asked(&mut bench).try_into().expect("MonitorStart");
    let started = csta("MonitorStartResponse", "<monitorCrossRefID>m2</monitorCrossRefID>");
    own(system, &mut bench, "m2", ("HeldEvent", "7", "hold"));
    system.interject(&mut bench, start.invoke, &started);
    client.info(&mut bench, "RetrieveCall", "<callToBeRetrieved><callID>17</callID></callToBeRetrieved>");
    assert!(bench.notices().iter().any(|said| said.starts_with("calls_unverified")), "there was no room");
    while let [one] = system.asked(&mut bench).as_slice() {
        let answer = match one.root() {
            "RetrieveCall" => csta("RetrieveCallResponse", ""),
            _ => ctigate_tests::bench::snapshot("1001", &[]),
        };
        system.say(&mut bench, one.invoke, &answer);
        bench.advance(Duration::from_secs(6));
    }
    let events: Vec<_> = client.heard(&mut bench).into_iter().filter(|one| one.method() == "INFO").collect();
    assert_eq!(told(&events, &id), ["ConnectionClearedEvent 17 null"]);
}

#[test]
fn a_phone_system_that_says_it_lost_events_is_asked_for_a_snapshot_of_each_line() {
    let (mut bench, system, client, id) = Bench::monitored(&[]);
    own(system, &mut bench, "m1", ("HeldEvent", "7", "hold"));
    client.heard(&mut bench);
    system.say(&mut bench, 9, &csta("SystemStatus", "<systemStatus>messagesLost</systemStatus>"));
    let asked = system.asked(&mut bench);
    assert_eq!(asked.iter().map(Asked::root).collect::<Vec<_>>(), ["SystemStatusResponse", "SnapshotDevice"]);
    let calls = ctigate_tests::bench::snapshot("1001", CALL);
    system.say(&mut bench, asked[1].invoke, &calls);
    let expected = ["ConnectionClearedEvent 17 null", "DeliveredEvent 18 alerting"];
    assert_eq!(told(&client.heard(&mut bench), &id), expected);
}

#[test]
fn a_session_with_several_monitors_tries_once_each_time() {
    let narrow = [("cti.window", Value::Integer(1)), ("cti.queue", Value::Integer(0))];
    let (mut bench, system, mut client, _) = Bench::monitored(&narrow);
    let object = client.monitor_object();
    for _ in 0..3 {
        only(&client.info(&mut bench, "MonitorStart", &object), 200);
    }
    own(system, &mut bench, "m1", ("HeldEvent", "7", "hold"));
    bench.advance(Duration::from_millis(20));
    assert_eq!(client.heard(&mut bench).len(), 4);
    client.info(&mut bench, "RetrieveCall", "<callToBeRetrieved><callID>17</callID></callToBeRetrieved>");
    let under_way = system.asked(&mut bench);
    bench.notices();
    system.say(&mut bench, 9, &csta("SystemStatus", "<systemStatus>messagesLost</systemStatus>"));
    let said = bench.notices();
    assert_eq!(said.iter().filter(|said| said.starts_with("calls_unverified")).count(), 4, "{said:?}");
    assert_eq!(
        system.asked(&mut bench).iter().map(Asked::root).collect::<Vec<_>>(),
        ["SystemStatusResponse"]
    );
    system.say(&mut bench, under_way[0].invoke, &csta("RetrieveCallResponse", ""));
    client.heard(&mut bench);
    bench.advance(Duration::from_secs(6));
    let [one] = system.asked(&mut bench).try_into().expect("there is room for one");
    system.say(&mut bench, one.invoke, &ctigate_tests::bench::snapshot("1001", &[]));
    let heard = client.heard(&mut bench);
    let ended: BTreeSet<&str> = heard.iter().map(|event| event.element("monitorCrossRefID")).collect();
    assert_eq!((heard.len(), ended.len()), (4, 4), "one snapshot serves all four monitors: {heard:?}");
    assert!(heard.iter().all(|event| event.root() == "ConnectionClearedEvent"), "{heard:?}");
}
