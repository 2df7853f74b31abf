//! Monitors that move from one CTI connection to another: their clients are told once what ended, began and changed
//! meanwhile, and nothing that contradicts it.

mod joined;
mod parties;
mod shared;
mod table;
mod told;
mod verification;

use core::fmt::Write as _;

use ctigate_core::Duration;
use ctigate_core::setting::Value;
use ctigate_tests::bench::{Bench, Client, PhoneSystem, Sip, csta, csta_error, only};

/// A client with a monitor, which knows its call 5.
fn in_call() -> (Bench, PhoneSystem, Client, String) {
    let (mut bench, system, client, id) = Bench::monitored(&[]);
    own(system, &mut bench, "m1", ("EstablishedEvent", "5", "connected"));
    client.heard(&mut bench);
    (bench, system, client, id)
}

/// The client's re-INVITE, its 200 and its ACK; the monitor is started again with this name.
fn refresh(bench: &mut Bench, system: PhoneSystem, client: &mut Client, named: &str) {
    client.invite(bench);
    system.start_monitor(bench, named);
}

/// An event about the line's own connection in a call, in this state.
fn own(system: PhoneSystem, bench: &mut Bench, monitor: &str, (event, call, state): (&str, &str, &str)) {
    let (connection, subject, more) = match event {
        "DeliveredEvent" => {
            ("connection", "alertingDevice", "<lastRedirectionDevice><notRequired/></lastRedirectionDevice>")
        }
        "EstablishedEvent" => (
            "establishedConnection",
            "answeringDevice",
            "<lastRedirectionDevice><notRequired/></lastRedirectionDevice>",
        ),
        "HeldEvent" => ("heldConnection", "holdingDevice", ""),
        "RetrievedEvent" => ("retrievedConnection", "retrievingDevice", ""),
        _ => ("droppedConnection", "releasingDevice", ""),
    };
    let children = format!(
        "<{connection}><callID>{call}</callID><deviceID>1001</deviceID></{connection}>\
         <{subject}><deviceIdentifier>1001</deviceIdentifier></{subject}>{more}\
         <localConnectionInfo>{state}</localConnectionInfo><cause>normal</cause>"
    );
    system.event(bench, event, monitor, &children);
}

/// Event, callID and the line's state, of each event in order; all carry this monitor's ID.
fn told(events: &[Sip], id: &str) -> Vec<String> {
    let one = |event: &Sip| {
        assert_eq!(event.element("monitorCrossRefID"), id, "{event:?}");
        format!("{} {} {}", event.root(), event.element("callID"), event.element("localConnectionInfo"))
    };
    events.iter().map(one).collect()
}

#[test]
fn what_ended_is_cleared_what_began_is_shown_and_what_changed_is_told() {
    let (mut bench, system, mut client, id) = Bench::monitored(&[]);
    bench.golden(
        "recovery-by-re-invite",
        "The CTI connection fails and comes back. The client's INFO meets another connection ID and gets 481; its re-INVITE\n\
         restarts the monitor, a snapshot is asked for, and the client is told what happened meanwhile.",
    );
    bench.note("Four calls, as the client knows them.");
    for (call, event, state) in [
        ("5", "EstablishedEvent", "connected"),
        ("6", "EstablishedEvent", "connected"),
        ("7", "HeldEvent", "hold"),
        ("8", "DeliveredEvent", "alerting"),
    ] {
        own(system, &mut bench, "m1", (event, call, state));
    }
    assert_eq!(client.heard(&mut bench).len(), 4);
    bench.note("The connection fails. While it is down, requests are returned at once.");
    bench.heartbeats(None);
    bench.close(system.link());
    let hold = "<callToBeHeld><callID>16</callID></callToBeHeld>";
    let returned = only(&client.info(&mut bench, "HoldCall", hold), 200);
    assert_eq!(returned.element("systemResourceAvailibility"), "networkOutOfService");
    bench.note("It is back, with another ID: the client is to INVITE anew.");
    bench.advance(Duration::from_secs(3));
    let system = PhoneSystem::answer(&mut bench);
    only(&client.info(&mut bench, "HoldCall", hold), 481);
    refresh(&mut bench, system, &mut client, "m2");
    bench.note("Call 5 has ended, 6 was put on hold, 7 was taken back, 8 still rings, 9 and 10 are new.");
    system.has_calls(
        &mut bench,
        &[
            ("6", "1002", ["hold", "connected"]),
            ("7", "1003", ["connected", "connected"]),
            ("8", "1004", ["alerting", "connected"]),
            ("9", "1005", ["connected", "alerting"]),
            ("10", "1006", ["hold", "connected"]),
        ],
    );
    let events = client.heard(&mut bench);
    assert_eq!(
        told(&events, &id),
        [
            "ConnectionClearedEvent 15 null",
            "HeldEvent 16 hold",
            "RetrievedEvent 17 connected",
            "DeliveredEvent 19 connected",
            "EstablishedEvent 110 connected",
            "HeldEvent 110 hold",
        ]
    );
    assert!(
        events[3].body().contains("<deviceIdentifier>tel:1005;phone-context=dialstring</deviceIdentifier>")
    );
    bench.note("Events go on.");
    own(system, &mut bench, "m2", ("RetrievedEvent", "10", "connected"));
    assert_eq!(told(&client.heard(&mut bench), &id), ["RetrievedEvent 110 connected"]);
}

#[test]
fn a_call_that_is_new_to_the_client_is_shown_in_its_present_state() {
    for (states, events) in [
        (["initiated", "null"], &["ServiceInitiatedEvent 19 initiated"][..]),
        (["connected", "null"], &["OriginatedEvent 19 connected"]),
        (["connected", "alerting"], &["DeliveredEvent 19 connected"]),
        (["alerting", "connected"], &["DeliveredEvent 19 alerting"]),
        (["connected", "connected"], &["EstablishedEvent 19 connected"]),
        (["connected", "hold"], &["EstablishedEvent 19 connected"]),
        (["hold", "connected"], &["EstablishedEvent 19 connected", "HeldEvent 19 hold"]),
        (["connected", "fail"], &["FailedEvent 19 connected"]),
        (["null", "connected"], &[]),
    ] {
        let (mut bench, system, mut client, id) = Bench::monitored(&[]);
        let system = system.reconnected(&mut bench);
        refresh(&mut bench, system, &mut client, "m2");
        system.has_calls(&mut bench, &[("9", "1002", states)]);
        assert_eq!(told(&client.heard(&mut bench), &id), events, "{states:?}");
    }
}

#[test]
fn events_before_the_snapshot_are_neither_lost_nor_contradicted() {
    let (mut bench, system, mut client, id) = in_call();
    let system = system.reconnected(&mut bench);
    refresh(&mut bench, system, &mut client, "m2");
    // A call that the client knows: the event is sent at once, and the snapshot says the same.
    own(system, &mut bench, "m2", ("HeldEvent", "5", "hold"));
    assert_eq!(told(&client.heard(&mut bench), &id), ["HeldEvent 15 hold"]);
    // Calls that it does not know: one is in the snapshot, the other has come and gone.
    own(system, &mut bench, "m2", ("DeliveredEvent", "9", "alerting"));
    own(system, &mut bench, "m2", ("EstablishedEvent", "9", "connected"));
    own(system, &mut bench, "m2", ("DeliveredEvent", "10", "alerting"));
    own(system, &mut bench, "m2", ("ConnectionClearedEvent", "10", "null"));
    assert_eq!(client.heard(&mut bench), []);
    let calls = [("5", "1002", ["hold", "connected"]), ("9", "1003", ["connected", "connected"])];
    system.has_calls(&mut bench, &calls);
    assert_eq!(
        told(&client.heard(&mut bench), &id),
        ["EstablishedEvent 19 connected", "DeliveredEvent 110 alerting", "ConnectionClearedEvent 110 null"]
    );
}

#[test]
fn calls_of_another_phone_system_are_cleared_and_its_own_are_shown_under_their_prefix() {
    let text = |text: &str| Value::Text(text.into());
    let (mut bench, [here, there]) = Bench::with_systems(&[
        ("cti.connection[0].switch", text("here")),
        ("cti.connection[1].address", text("127.0.0.1:4001")),
        ("cti.connection[1].switch", text("there")),
    ]);
    let mut client = Client::new(&mut bench, "alice");
    client.sign_in(&mut bench, here);
    let id = client.monitor(&mut bench, here, "m1");
    own(here, &mut bench, "m1", ("EstablishedEvent", "5", "connected"));
    client.heard(&mut bench);
    bench.close(here.link());
    refresh(&mut bench, there, &mut client, "m2");
    there.has_calls(&mut bench, &[("5", "1002", ["connected", "connected"])]);
    assert_eq!(
        told(&client.heard(&mut bench), &id),
        ["ConnectionClearedEvent 15 null", "EstablishedEvent 25 connected"]
    );
}

#[test]
fn connections_to_one_phone_system_share_its_calls() {
    let text = |text: &str| Value::Text(text.into());
    let (mut bench, [first, second]) =
        Bench::with_systems(&[("cti.connection[1].address", text("127.0.0.1:4001"))]);
    let mut client = Client::new(&mut bench, "alice");
    client.sign_in(&mut bench, first);
    let id = client.monitor(&mut bench, first, "m1");
    own(first, &mut bench, "m1", ("EstablishedEvent", "5", "connected"));
    client.heard(&mut bench);
    bench.close(first.link());
    refresh(&mut bench, second, &mut client, "m2");
    second.has_calls(&mut bench, &[("5", "1002", ["hold", "connected"])]);
    assert_eq!(told(&client.heard(&mut bench), &id), ["HeldEvent 15 hold"]);
}

#[test]
fn without_a_snapshot_the_client_goes_on_believing_what_it_knows() {
    let (mut bench, system, mut client, id) = in_call();
    let system = system.reconnected(&mut bench);
    refresh(&mut bench, system, &mut client, "m2");
    own(system, &mut bench, "m2", ("DeliveredEvent", "9", "alerting"));
    system.serve(&mut bench, "SnapshotDevice", |_| csta_error("operation", "generic"));
    assert_eq!(told(&client.heard(&mut bench), &id), ["DeliveredEvent 19 alerting"], "what waited follows");
    assert!(bench.notices().iter().any(|notice| notice.starts_with("calls_unverified")));
    // What the client believes is not forgotten: the next snapshot corrects it.
    let system = system.reconnected(&mut bench);
    refresh(&mut bench, system, &mut client, "m3");
    system.knows_line(&mut bench);
    assert_eq!(
        told(&client.heard(&mut bench), &id),
        ["ConnectionClearedEvent 15 null", "ConnectionClearedEvent 19 null"]
    );
}

#[test]
fn a_phone_system_that_does_not_answer_the_snapshot_holds_nothing_back_for_ever() {
    let (mut bench, system, mut client, id) = Bench::monitored(&[]);
    let system = system.reconnected(&mut bench);
    refresh(&mut bench, system, &mut client, "m2");
    own(system, &mut bench, "m2", ("DeliveredEvent", "9", "alerting"));
    bench.advance(Duration::from_secs(5));
    assert_eq!(told(&client.heard(&mut bench), &id), ["DeliveredEvent 19 alerting"]);
}

#[test]
fn a_phone_system_without_snapshots_is_not_asked_for_one() {
    let services = "<monitoringServList><monitorStart/><monitorStop/></monitoringServList>";
    let mut bench = Bench::new();
    let mut system = PhoneSystem::answer_with(&mut bench, services);
    let mut client = Client::new(&mut bench, "alice");
    client.invite(&mut bench);
    let id = client.monitor(&mut bench, system, "m1");
    bench.heartbeats(None);
    bench.close(system.link());
    bench.advance(Duration::from_secs(3));
    system = PhoneSystem::answer_with(&mut bench, services);
    refresh(&mut bench, system, &mut client, "m2");
    assert_eq!(system.asked(&mut bench), []);
    own(system, &mut bench, "m2", ("DeliveredEvent", "9", "alerting"));
    assert_eq!(told(&client.heard(&mut bench), &id), ["DeliveredEvent 19 alerting"]);
}

#[test]
fn a_connection_lost_before_its_snapshot_leaves_the_next_to_tell() {
    let (mut bench, system, mut client, id) = in_call();
    let second = system.reconnected(&mut bench);
    refresh(&mut bench, second, &mut client, "m2");
    own(second, &mut bench, "m2", ("DeliveredEvent", "9", "alerting"));
    let third = second.reconnected(&mut bench);
    assert_eq!(client.heard(&mut bench), []);
    refresh(&mut bench, third, &mut client, "m3");
    third.knows_line(&mut bench);
    assert_eq!(told(&client.heard(&mut bench), &id), ["ConnectionClearedEvent 15 null"]);
}

#[test]
fn each_client_of_a_line_is_told_what_it_does_not_know() {
    let (mut bench, system, mut client, id) = in_call();
    let system = system.reconnected(&mut bench);
    let mut other = Client::new(&mut bench, "bob");
    other.sign_in(&mut bench, system);
    let others = other.monitor(&mut bench, system, "m2");
    own(system, &mut bench, "m2", ("EstablishedEvent", "9", "connected"));
    assert_eq!(told(&other.heard(&mut bench), &others), ["EstablishedEvent 19 connected"]);
    // The second client shares an existing switch monitor.
    client.invite(&mut bench);
    system.has_calls(&mut bench, &[("9", "1002", ["connected", "connected"])]);
    assert_eq!(
        told(&client.heard(&mut bench), &id),
        ["ConnectionClearedEvent 15 null", "EstablishedEvent 19 connected"]
    );
    assert_eq!(other.heard(&mut bench), []);
    own(system, &mut bench, "m2", ("HeldEvent", "9", "hold"));
    assert_eq!(told(&client.heard(&mut bench), &id), ["HeldEvent 19 hold"]);
    assert_eq!(told(&other.heard(&mut bench), &others), ["HeldEvent 19 hold"]);
}

#[test]
fn calls_told_by_a_response_are_known_too() {
    let (mut bench, system, mut client, id) = Bench::monitored(&[]);
    let call = client.call_to("1002");
    client.info(&mut bench, "MakeCall", &call);
    let made = "<callingDevice><callID>7</callID><deviceID>1001</deviceID></callingDevice>";
    system.serve(&mut bench, "MakeCall", |_| csta("MakeCallResponse", made));
    only(&client.heard(&mut bench), 200);
    let inside = format!("<snapshotObject>{}</snapshotObject>", client.uri);
    client.info(&mut bench, "SnapshotDevice", &inside);
    system.has_calls(&mut bench, &[("8", "1003", ["connected", "connected"])]);
    only(&client.heard(&mut bench), 200);
    let system = system.reconnected(&mut bench);
    refresh(&mut bench, system, &mut client, "m2");
    system.knows_line(&mut bench);
    assert_eq!(
        told(&client.heard(&mut bench), &id),
        ["ConnectionClearedEvent 17 null", "ConnectionClearedEvent 18 null"]
    );
}

#[test]
fn calls_told_while_nothing_feeds_the_monitor_are_known_too() {
    let (mut bench, system, mut client, id) = Bench::monitored(&[]);
    let system = system.reconnected(&mut bench);
    client.invite(&mut bench);
    system.serve(&mut bench, "MonitorStart", |_| csta_error("systemResourceAvailibility", "resourceBusy"));
    let call = client.call_to("1002");
    client.info(&mut bench, "MakeCall", &call);
    let made = "<callingDevice><callID>7</callID><deviceID>1001</deviceID></callingDevice>";
    system.serve(&mut bench, "MakeCall", |_| csta("MakeCallResponse", made));
    only(&client.heard(&mut bench), 200);
    bench.advance(Duration::from_secs(5));
    system.start_monitor(&mut bench, "m2");
    system.knows_line(&mut bench);
    assert_eq!(told(&client.heard(&mut bench), &id), ["ConnectionClearedEvent 17 null"]);
}

#[test]
fn a_service_about_a_call_names_its_connection_as_it_was_told_before_the_move() {
    let (mut bench, system, mut client, _) = Bench::monitored(&[]);
    let dynamic = "<heldConnection><callID>7</callID><deviceID typeOfNumber=\"dynamic\">x1</deviceID></heldConnection>\
        <holdingDevice><deviceIdentifier>1001</deviceIdentifier></holdingDevice><cause>normal</cause>";
    system.event(&mut bench, "HeldEvent", "m1", dynamic);
    client.heard(&mut bench);
    let system = system.reconnected(&mut bench);
    refresh(&mut bench, system, &mut client, "m2");
    let [snapshot] = system.asked(&mut bench).try_into().expect("the snapshot is asked for");
    client.info(&mut bench, "RetrieveCall", "<callToBeRetrieved><callID>17</callID></callToBeRetrieved>");
    let asked = system.serve(&mut bench, "RetrieveCall", |_| csta("RetrieveCallResponse", ""));
    assert_eq!(snapshot.root(), "SnapshotDevice");
    assert!(asked.document.contains("<deviceID typeOfNumber=\"dynamic\">x1</deviceID>"), "{asked:?}");
}

#[test]
fn a_line_with_very_many_calls_is_told_in_portions_and_in_order() {
    let (mut bench, system, mut client, id) =
        Bench::monitored(&[("limits.calls_per_device", Value::Integer(256))]);
    for call in 0..256 {
        own(system, &mut bench, "m1", ("HeldEvent", &call.to_string(), "hold"));
    }
    assert_eq!(client.heard(&mut bench).len(), 256);
    let system = system.reconnected(&mut bench);
    refresh(&mut bench, system, &mut client, "m2");
    let calls: Vec<String> = (1_000..1_140).map(|call| call.to_string()).collect();
    let calls: Vec<_> = calls.iter().map(|call| (call.as_str(), "1002", ["hold", "connected"])).collect();
    system.has_calls(&mut bench, &calls);
    let mut expected: Vec<String> =
        (0..256).map(|call| format!("ConnectionClearedEvent 1{call} null")).collect();
    for call in 1_000..1_140 {
        expected.push(format!("EstablishedEvent 1{call} connected"));
        expected.push(format!("HeldEvent 1{call} hold"));
    }
    assert_eq!(told(&client.heard(&mut bench), &id), expected);
    assert!(bench.high_water() <= 512);
}

#[test]
fn events_that_wait_for_a_snapshot_are_bounded() {
    let (mut bench, system, mut client, _) = Bench::monitored(&[("limits.queued_events", Value::Integer(4))]);
    let system = system.reconnected(&mut bench);
    refresh(&mut bench, system, &mut client, "m2");
    let mut lost = String::new();
    for call in 0..6 {
        own(system, &mut bench, "m2", ("HeldEvent", &call.to_string(), "hold"));
        for notice in bench.notices().iter().filter(|notice| notice.starts_with("event_lost")) {
            let _ = writeln!(lost, "{notice}");
        }
    }
    assert_eq!(lost.lines().count(), 2, "{lost}");
    system.knows_line(&mut bench);
    assert_eq!(client.heard(&mut bench).len(), 4);
}

#[test]
fn events_that_came_early_are_told_before_the_snapshot_is_asked_for() {
    let (mut bench, system, mut client, id) = in_call();
    let system = system.reconnected(&mut bench);
    client.invite(&mut bench);
    own(system, &mut bench, "m2", ("HeldEvent", "5", "hold"));
    own(system, &mut bench, "m2", ("RetrievedEvent", "5", "connected"));
    let [start] = system.asked(&mut bench).try_into().expect("the monitor is started");
    let named = csta("MonitorStartResponse", "<monitorCrossRefID>m2</monitorCrossRefID>");
    system.interject(&mut bench, start.invoke, &named);
    assert_eq!(system.asked(&mut bench), [], "a snapshot would be newer than the events that wait");
    bench.settle();
    assert_eq!(told(&client.heard(&mut bench), &id), ["HeldEvent 15 hold", "RetrievedEvent 15 connected"]);
    system.has_calls(&mut bench, &[("5", "1002", ["connected", "connected"])]);
    assert_eq!(client.heard(&mut bench), []);
}

#[test]
fn many_clients_of_a_line_are_told_in_portions_where_no_snapshot_can_be_asked_for() {
    let (mut bench, system) = Bench::in_service(&[("limits.monitors_per_device", Value::Integer(64))]);
    let mut clients: Vec<Client> =
        (0..60).map(|number| Client::new(&mut bench, &format!("alice{number}"))).collect();
    for client in &mut clients {
        client.sign_in(&mut bench, system);
    }
    for client in &mut clients {
        let object = client.monitor_object();
        client.info(&mut bench, "MonitorStart", &object);
    }
    system.start_monitor(&mut bench, "m1");
    bench.heartbeats(None);
    bench.close(system.link());
    bench.advance(Duration::from_secs(3));
    let services = "<monitoringServList><monitorStart/><monitorStop/></monitoringServList>";
    let system = PhoneSystem::answer_with(&mut bench, services);
    for client in &mut clients {
        client.heard(&mut bench);
        client.invite(&mut bench);
    }
    for call in 0..20 {
        own(system, &mut bench, "m2", ("HeldEvent", &call.to_string(), "hold"));
    }
    system.start_monitor(&mut bench, "m2");
    for client in &clients {
        assert_eq!(client.heard(&mut bench).len(), 20, "{}", client.name);
    }
    assert!(bench.high_water() <= 512);
}

#[test]
fn a_client_that_signs_out_meanwhile_leaves_nothing_behind() {
    let (mut bench, system, mut client, _) = Bench::monitored(&[]);
    own(system, &mut bench, "m1", ("EstablishedEvent", "5", "connected"));
    client.heard(&mut bench);
    let system = system.reconnected(&mut bench);
    refresh(&mut bench, system, &mut client, "m2");
    let asked = system.asked(&mut bench);
    client.send(&mut bench, "BYE", "");
    system.say(&mut bench, asked[0].invoke, &ctigate_tests::bench::snapshot("1001", &[]));
    let view = bench.engine().view();
    assert_eq!((view.sessions, view.monitors, view.switch_monitors, view.jobs), (0, 0, 0, 0));
}
