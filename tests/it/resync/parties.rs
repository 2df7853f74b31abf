//! Who is in a call of three or more parties: clients are told after a move, and at sign-in, as far as they do not know.

use super::{refresh, table::snapshot};
use ctigate_core::Duration;
use ctigate_core::setting::Value;
use ctigate_tests::bench::{Asked, Bench, Client, PhoneSystem, Sip, csta, csta_error, only};

const SERVICES: &str = "<monitoringServList><monitorStart/><monitorStop/></monitoringServList>\
    <snapshotServList><snapshotCall/><snapshotDevice/></snapshotServList><callControlServList><holdCall/><makeCall/>\
    </callControlServList>";

const THREE: &str = "5 connected connected connected";

fn bench(more: &[(&str, Value)]) -> (Bench, PhoneSystem) {
    let mut bench = Bench::with(more);
    let system = PhoneSystem::answer_with(&mut bench, SERVICES);
    (bench, system)
}

/// The connection fails, and is back.
fn reconnected(bench: &mut Bench, system: PhoneSystem) -> PhoneSystem {
    bench.heartbeats(None);
    bench.close(system.link());
    bench.advance(Duration::from_secs(3));
    bench.await_dialling();
    PhoneSystem::answer_with(bench, SERVICES)
}

/// An answer to SnapshotCall from a table's words: `1001 connected, 1002 hold`.
fn on_call(call: &str, parties: &str) -> String {
    let item = |party: &str| {
        let (number, state) = party.split_once(' ').expect("a number and a state");
        format!(
            "<snapshotCallResponseInfo><deviceOnCall><deviceIdentifier>{number}</deviceIdentifier></deviceOnCall>\
             <callIdentifier><callID>{call}</callID><deviceID>{number}</deviceID></callIdentifier>\
             <localConnectionInfo>{state}</localConnectionInfo></snapshotCallResponseInfo>"
        )
    };
    let items: String = parties.split(", ").filter(|party| !party.is_empty()).map(item).collect();
    let data = format!("<snapshotData>{items}</snapshotData>");
    csta("SnapshotCallResponse", &format!("<crossRefIDorSnapshotData>{data}</crossRefIDorSnapshotData>"))
}

/// Events, each with its callID and the line's state; of a conference also who is in it, of one who left who it was.
fn told(bench: &mut Bench, client: &Client) -> String {
    bench.advance(Duration::from_millis(20));
    let numbers = |event: &Sip| {
        let named =
            if event.root() == "ConferencedEvent" { "<endpoint><deviceID>" } else { "<releasingDevice>" };
        let number = |rest: &str| {
            let digits = rest.trim_start_matches("<deviceIdentifier>").trim_start_matches("tel:");
            digits.split([';', '<']).next().unwrap_or_default().to_owned()
        };
        event.body().split(named).skip(1).map(number).collect::<Vec<String>>().join("+")
    };
    let one = |event: &Sip| {
        let root = event.root().replace("Event", "");
        let call = event.element("callID").trim_start_matches('1').to_owned();
        let numbers = if event.body().contains("Device>") { numbers(event) } else { String::new() };
        format!("{root} {call} {} {numbers}", event.element("localConnectionInfo")).trim().to_owned()
    };
    client.heard(bench).iter().map(one).collect::<Vec<String>>().join(", ")
}

/// A client that knows these calls, and which of these parties are in call 5.
fn knowing(bench: &mut Bench, system: PhoneSystem, calls: &str, parties: &[&str]) -> Client {
    let (client, _) = super::table::signed_in(bench, system, "4 connected connected");
    client.heard(bench);
    let call = "<callID>5</callID>";
    if !calls.is_empty() {
        super::own(system, bench, "m1", ("EstablishedEvent", "5", "connected"));
    }
    if !parties.is_empty() {
        let item = |number: &&str| {
            format!(
                "<connectionListItem><newConnection>{call}<deviceID>{number}</deviceID></newConnection>\
                 <endpoint><deviceID>{number}</deviceID></endpoint></connectionListItem>"
            )
        };
        let list: String = parties.iter().map(item).collect();
        let children = format!(
            "<primaryOldCall>{call}<deviceID>1002</deviceID></primaryOldCall><conferencingDevice><deviceIdentifier>1002\
             </deviceIdentifier></conferencingDevice><addedParty><deviceIdentifier>1003</deviceIdentifier></addedParty>\
             <conferenceConnections>{list}</conferenceConnections><localConnectionInfo>connected\
             </localConnectionInfo><cause>conference</cause>"
        );
        system.event(bench, "ConferencedEvent", "m1", &children);
    }
    client.heard(bench);
    client
}

/// An event of another party's connection in call 5.
fn other(bench: &mut Bench, system: PhoneSystem, monitor: &str, (event, number): (&str, &str)) {
    let (connection, device, more) = if event == "EstablishedEvent" {
        (
            "establishedConnection",
            "answeringDevice",
            "<lastRedirectionDevice><notRequired/></lastRedirectionDevice>",
        )
    } else {
        ("droppedConnection", "releasingDevice", "")
    };
    let children = format!(
        "<{connection}><callID>5</callID><deviceID>{number}</deviceID></{connection}><{device}><deviceIdentifier>\
         {number}</deviceIdentifier></{device}>{more}<localConnectionInfo>connected</localConnectionInfo>\
         <cause>normal</cause>"
    );
    system.event(bench, event, monitor, &children);
}

/// The snapshot of the line after a move: these calls, beside call 4.
fn found(bench: &mut Bench, system: PhoneSystem, client: &mut Client, calls: &str) {
    refresh(bench, system, client, "m2");
    let calls = format!("4 connected connected, {calls}");
    system.serve(bench, "SnapshotDevice", |_| snapshot(&calls));
}

fn asked(bench: &mut Bench, system: PhoneSystem) -> Vec<Asked> {
    let asked = system.asked(bench);
    assert!(asked.iter().all(|asked| asked.root() == "SnapshotCall"), "{asked:?}");
    asked
}

#[test]
fn who_is_in_a_conference_is_told_after_a_move() {
    let (mut bench, system) = bench(&[]);
    let mut client = knowing(&mut bench, system, "5 connected connected", &[]);
    let system = reconnected(&mut bench, system);
    found(&mut bench, system, &mut client, THREE);
    assert_eq!(told(&mut bench, &client), "", "the client knows the call and its state");
    let parties = "1001 connected, 1002 connected, 1003 hold";
    let question = system.serve(&mut bench, "SnapshotCall", |_| on_call("5", parties));
    let connection = "<snapshotObject><callID>5</callID><deviceID>1001</deviceID></snapshotObject>";
    assert!(question.document.contains(connection), "{}", question.document);
    bench.advance(Duration::from_millis(20));
    let [event] = client.heard(&mut bench).try_into().expect("one event");
    assert_eq!(event.root(), "ConferencedEvent");
    for number in ["1001", "1002", "1003"] {
        let device = format!("tel:{number};phone-context=dialstring");
        let endpoint = format!("<endpoint><deviceID>{device}</deviceID></endpoint>");
        assert!(event.body().contains(&endpoint), "{event:?}");
    }
    assert_eq!(event.element("localConnectionInfo"), "connected");
    assert!(!event.body().contains("secondaryOldCall"), "{event:?}");
    assert_eq!(asked(&mut bench, system), []);
}

/// What the client knows of the parties of call 5, what the snapshots of the line and of the call show, and what it is
/// told.
const ROWS: &[(&[&str], &str, &str, &str)] = &[
    // It knows them.
    (&["1001", "1002", "1003"], THREE, "1001 connected, 1002 connected, 1003 connected", ""),
    (&["1003", "1002", "1001"], THREE, "1002 connected, 1001 hold, 1003 connected", ""),
    // One has left.
    (
        &["1001", "1002", "1003", "1004"],
        THREE,
        "1001 connected, 1003 connected, 1004 connected",
        "ConnectionCleared 5 connected 1002",
    ),
    (
        &["1001", "1002", "1003"],
        "5 connected connected",
        "1001 connected, 1002 connected",
        "ConnectionCleared 5 connected 1003",
    ),
    // One has come, or one for another.
    (
        &["1001", "1002", "1003"],
        "5 connected connected connected connected",
        "1001 connected, 1002 connected, 1003 connected, 1004 alerting",
        "Conferenced 5 connected 1001+1002+1003+1004",
    ),
    (
        &["1001", "1002", "1003"],
        "5 hold connected connected",
        "1001 hold, 1002 connected, 1004 connected",
        "Held 5 hold, Conferenced 5 hold 1001+1002+1004",
    ),
    // Two have left.
    (
        &["1001", "1002", "1003", "1004", "1005"],
        THREE,
        "1001 connected, 1002 connected, 1005 connected",
        "Conferenced 5 connected 1001+1002+1005",
    ),
    // It is not known yet whether the parties are three.
    (&[], "5", "1001 connected, 1002 connected, 1003 connected", "Conferenced 5 connected 1001+1002+1003"),
    (&[], "5", "1001 connected, 1002 connected", ""),
    // It was shown as a conference, and is none any more.
    (&[], THREE, "1001 connected, 1002 connected", "Conferenced 5 connected 1001+1002"),
    (&[], THREE, "1001 connected, 1002 null, 1003 connected", "Conferenced 5 connected 1001+1003"),
    // Answers that are of no use.
    (&[], THREE, "", ""),
    (&[], THREE, "1002 connected, 1003 connected, 1004 connected", ""),
    (&[], THREE, "1001 null, 1002 connected, 1003 connected, 1004 connected", ""),
    (&[], THREE, "1001 connected, 1002 alerting, 1003 alerting", ""),
];

#[test]
fn a_client_is_told_of_parties_only_what_it_does_not_know() {
    for (knows, line, call, events) in ROWS {
        let (mut bench, system) = bench(&[]);
        let mut client = knowing(&mut bench, system, "5 connected connected", knows);
        let system = reconnected(&mut bench, system);
        found(&mut bench, system, &mut client, line);
        system.serve(&mut bench, "SnapshotCall", |_| on_call("5", call));
        assert_eq!(told(&mut bench, &client), *events, "{knows:?} {line} {call}");
        assert_eq!(bench.engine().view().pending, 0);
    }
}

#[test]
fn after_one_who_joined_or_left_was_told_the_parties_are_known() {
    let (mut bench, system) = bench(&[]);
    let mut client = knowing(&mut bench, system, "5", &["1001", "1002", "1003"]);
    other(&mut bench, system, "m1", ("EstablishedEvent", "1004"));
    other(&mut bench, system, "m1", ("ConnectionClearedEvent", "1002"));
    client.heard(&mut bench);
    let system = reconnected(&mut bench, system);
    found(&mut bench, system, &mut client, THREE);
    let parties = "1001 connected, 1003 connected, 1004 connected";
    system.serve(&mut bench, "SnapshotCall", |_| on_call("5", parties));
    assert_eq!(told(&mut bench, &client), "");
    // And once they were told after a move, they are known at the next.
    let system = reconnected(&mut bench, system);
    found(&mut bench, system, &mut client, THREE);
    let parties = "1001 connected, 1003 connected, 1009 connected";
    system.serve(&mut bench, "SnapshotCall", |_| on_call("5", parties));
    assert_eq!(told(&mut bench, &client), "Conferenced 5 connected 1001+1003+1009");
    let system = reconnected(&mut bench, system);
    found(&mut bench, system, &mut client, THREE);
    system.serve(&mut bench, "SnapshotCall", |_| on_call("5", parties));
    assert_eq!(told(&mut bench, &client), "");
}

/// A client that signs in at a line with these calls, and has not been told yet.
fn signing_in(bench: &mut Bench, system: PhoneSystem, calls: &str) -> Client {
    let mut client = Client::new(bench, "alice");
    let body = client.sign_in_body();
    client.send(bench, "INVITE", &body);
    system.serve(bench, "SnapshotDevice", |_| snapshot(calls));
    client.take_tag(&only(&client.heard(bench), 200));
    client.send(bench, "ACK", "");
    client.monitor(bench, system, "m1");
    system.serve(bench, "SnapshotDevice", |_| snapshot(calls));
    client
}

#[test]
fn one_who_signs_into_a_conference_is_told_who_is_in_it() {
    for (states, shown) in [
        (
            "5 connected connected connected",
            "Established 5 connected, Conferenced 5 connected 1001+1002+1003",
        ),
        (
            "5 hold connected connected",
            "Established 5 connected, Held 5 hold, Conferenced 5 hold 1001+1002+1003",
        ),
        ("5 alerting connected connected", "Delivered 5 alerting, Conferenced 5 alerting 1001+1002+1003"),
    ] {
        let (mut bench, system) = bench(&[]);
        let client = signing_in(&mut bench, system, states);
        let own = states.split(' ').nth(1).unwrap_or_default();
        let parties = format!("1001 {own}, 1002 connected, 1003 connected");
        system.serve(&mut bench, "SnapshotCall", |_| on_call("5", &parties));
        assert_eq!(told(&mut bench, &client), shown);
    }
}

#[test]
fn one_who_signs_into_a_conference_that_shrinks_meanwhile_learns_who_is_left() {
    let (mut bench, system) = bench(&[]);
    let client = signing_in(&mut bench, system, THREE);
    assert_eq!(told(&mut bench, &client), "Established 5 connected");
    let [question] = asked(&mut bench, system).try_into().expect("one question");
    other(&mut bench, system, "m1", ("ConnectionClearedEvent", "1003"));
    system.say(&mut bench, question.invoke, &on_call("5", "1001 connected, 1002 connected"));
    system.serve(&mut bench, "SnapshotCall", |_| on_call("5", "1001 connected, 1002 connected"));
    assert_eq!(
        told(&mut bench, &client),
        "ConnectionCleared 5 connected 1003, Conferenced 5 connected 1001+1002"
    );
}

#[test]
fn of_two_clients_of_a_line_only_the_new_one_is_told_the_parties() {
    let (mut bench, system) = bench(&[]);
    let alice = knowing(&mut bench, system, "5", &["1001", "1002", "1003"]);
    let calls = "4 connected connected, 5 connected connected connected";
    let mut bob = Client::new(&mut bench, "bob");
    bob.sign_in(&mut bench, system);
    let object = bob.monitor_object();
    only(&bob.info(&mut bench, "MonitorStart", &object), 200);
    system.serve(&mut bench, "SnapshotDevice", |_| snapshot(calls));
    let shown = "Established 4 connected, Established 5 connected";
    assert!(told(&mut bench, &bob).starts_with(shown));
    let parties = "1001 connected, 1002 connected, 1003 connected";
    system.serve(&mut bench, "SnapshotCall", |_| on_call("5", parties));
    assert_eq!(told(&mut bench, &bob), "Conferenced 5 connected 1001+1002+1003");
    assert_eq!(told(&mut bench, &alice), "");
}

#[test]
fn one_who_was_not_told_before_the_connection_fails_is_told_after() {
    let (mut bench, system) = bench(&[]);
    let mut alice = knowing(&mut bench, system, "5", &["1001", "1002", "1003"]);
    let calls = "4 connected connected, 5 connected connected connected";
    let mut bob = Client::new(&mut bench, "bob");
    bob.sign_in(&mut bench, system);
    let object = bob.monitor_object();
    only(&bob.info(&mut bench, "MonitorStart", &object), 200);
    system.serve(&mut bench, "SnapshotDevice", |_| snapshot(calls));
    bench.advance(Duration::from_millis(20));
    bob.heard(&mut bench);
    assert_eq!(asked(&mut bench, system).len(), 1, "which is not answered");
    let system = reconnected(&mut bench, system);
    refresh(&mut bench, system, &mut alice, "m2");
    bob.invite(&mut bench);
    let mut questions = 0;
    for _ in 0..4 {
        for one in system.asked(&mut bench) {
            questions += usize::from(one.root() == "SnapshotCall");
            let parties = "1001 connected, 1002 connected, 1003 connected";
            let answer = if one.root() == "SnapshotCall" { on_call("5", parties) } else { snapshot(calls) };
            system.say(&mut bench, one.invoke, &answer);
        }
    }
    assert_eq!(told(&mut bench, &bob), "Conferenced 5 connected 1001+1002+1003");
    assert_eq!(told(&mut bench, &alice), "");
    assert!((1..=2).contains(&questions), "{questions}");
}

#[test]
fn each_of_two_clients_of_a_line_learns_after_a_move_who_left_meanwhile() {
    let (mut bench, system) = bench(&[]);
    let mut alice = knowing(&mut bench, system, "5", &["1001", "1002", "1003"]);
    let calls = "4 connected connected, 5 connected connected";
    let mut bob = Client::new(&mut bench, "bob");
    bob.sign_in(&mut bench, system);
    let object = bob.monitor_object();
    only(&bob.info(&mut bench, "MonitorStart", &object), 200);
    system.serve(&mut bench, "SnapshotDevice", |_| {
        snapshot("4 connected connected, 5 connected connected connected")
    });
    let three = "1001 connected, 1002 connected, 1003 connected";
    system.serve(&mut bench, "SnapshotCall", |_| on_call("5", three));
    assert!(told(&mut bench, &bob).ends_with("Conferenced 5 connected 1001+1002+1003"));
    let system = reconnected(&mut bench, system);
    found(&mut bench, system, &mut alice, "5 connected connected");
    system.serve(&mut bench, "SnapshotCall", |_| on_call("5", "1001 connected, 1003 connected"));
    assert_eq!(told(&mut bench, &alice), "ConnectionCleared 5 connected 1002");
    bob.invite(&mut bench);
    for _ in 0..3 {
        for one in system.asked(&mut bench) {
            let answer = if one.root() == "SnapshotCall" {
                on_call("5", "1001 connected, 1003 connected")
            } else {
                snapshot(calls)
            };
            system.say(&mut bench, one.invoke, &answer);
        }
    }
    let events = told(&mut bench, &bob);
    let left = ["ConnectionCleared 5 connected 1002", "Conferenced 5 connected 1001+1003"];
    assert!(left.contains(&events.as_str()), "{events}");
}

#[test]
fn an_event_while_the_parties_are_asked_for_has_them_asked_for_again() {
    let (mut bench, system) = bench(&[]);
    let mut client = knowing(&mut bench, system, "5", &[]);
    let system = reconnected(&mut bench, system);
    found(&mut bench, system, &mut client, THREE);
    let [first] = asked(&mut bench, system).try_into().expect("one question");
    other(&mut bench, system, "m2", ("ConnectionClearedEvent", "1002"));
    other(&mut bench, system, "m2", ("EstablishedEvent", "1004"));
    assert_eq!(told(&mut bench, &client), "ConnectionCleared 5 connected 1002, Established 5 connected");
    let older = "1001 connected, 1002 connected, 1003 connected";
    system.say(&mut bench, first.invoke, &on_call("5", older));
    assert_eq!(told(&mut bench, &client), "");
    let now = "1001 connected, 1003 connected, 1004 connected";
    system.serve(&mut bench, "SnapshotCall", |_| on_call("5", now));
    assert_eq!(told(&mut bench, &client), "Conferenced 5 connected 1001+1003+1004");
}

#[test]
fn an_event_that_lists_the_parties_answers_the_question() {
    let (mut bench, system) = bench(&[]);
    let mut client = knowing(&mut bench, system, "5", &[]);
    let system = reconnected(&mut bench, system);
    found(&mut bench, system, &mut client, THREE);
    let [first] = asked(&mut bench, system).try_into().expect("one question");
    let item = |number: &str| {
        format!(
            "<connectionListItem><newConnection><callID>6</callID><deviceID>{number}</deviceID></newConnection>\
             <oldConnection><callID>5</callID><deviceID>{number}</deviceID></oldConnection></connectionListItem>"
        )
    };
    let children = format!(
        "<primaryOldCall><callID>5</callID><deviceID>1002</deviceID></primaryOldCall><conferencingDevice>\
         <deviceIdentifier>1002</deviceIdentifier></conferencingDevice><addedParty><deviceIdentifier>1003\
         </deviceIdentifier></addedParty><conferenceConnections>{}{}{}</conferenceConnections>\
         <localConnectionInfo>connected</localConnectionInfo><cause>conference</cause>",
        item("1001"),
        item("1002"),
        item("1004")
    );
    system.event(&mut bench, "ConferencedEvent", "m2", &children);
    assert_eq!(told(&mut bench, &client), "Conferenced 5 connected, ConnectionCleared 5 null 1001");
    system.say(&mut bench, first.invoke, &csta_error("operation", "invalidCallID"));
    assert_eq!(told(&mut bench, &client), "");
    assert_eq!(asked(&mut bench, system), []);
}

#[test]
fn the_calls_of_a_line_are_asked_about_one_after_the_other() {
    let (mut bench, system) = bench(&[]);
    let mut client = knowing(&mut bench, system, "5", &[]);
    let system = reconnected(&mut bench, system);
    let calls = "5 connected connected connected, 6 hold connected connected, 7 connected alerting alerting, \
                 8 hold connected connected";
    found(&mut bench, system, &mut client, calls);
    client.heard(&mut bench);
    for (call, own) in [("5", "connected"), ("6", "hold"), ("8", "hold")] {
        let parties = format!("1001 {own}, 1002 connected, 1003 connected");
        let question = system.serve(&mut bench, "SnapshotCall", |_| on_call(call, &parties));
        assert_eq!(question.element("callID"), call);
        assert_eq!(told(&mut bench, &client), format!("Conferenced {call} {own} 1001+1002+1003"));
    }
    assert_eq!(asked(&mut bench, system), []);
}

#[test]
fn a_phone_system_that_refuses_or_is_silent_is_not_asked_again() {
    for is_silent in [false, true] {
        let (mut bench, system) = bench(&[]);
        let mut client = knowing(&mut bench, system, "5", &[]);
        let system = reconnected(&mut bench, system);
        found(&mut bench, system, &mut client, THREE);
        let [question] = asked(&mut bench, system).try_into().expect("one question");
        bench.heartbeats([system]);
        if is_silent {
            bench.advance(Duration::from_secs(30));
        } else {
            system.say(&mut bench, question.invoke, &csta_error("operation", "invalidCallID"));
        }
        assert_eq!(told(&mut bench, &client), "");
        bench.advance(Duration::from_secs(120));
        assert_eq!(asked(&mut bench, system), []);
        assert_eq!(bench.engine().view().pending, 0);
        // Events go on.
        super::own(system, &mut bench, "m2", ("HeldEvent", "5", "hold"));
        assert_eq!(told(&mut bench, &client), "Held 5 hold");
    }
}

#[test]
fn a_phone_system_without_snapshot_call_is_not_asked_for_parties() {
    let (mut bench, system, mut client, _) = Bench::monitored(&[]);
    let system = system.reconnected(&mut bench);
    refresh(&mut bench, system, &mut client, "m2");
    system.serve(&mut bench, "SnapshotDevice", |_| snapshot(THREE));
    assert_eq!(asked(&mut bench, system), []);
    assert_eq!(told(&mut bench, &client), "Established 5 connected");
}

#[test]
fn of_more_parties_than_count_so_many_are_told() {
    let (mut bench, system) = bench(&[("limits.parties", Value::Integer(8))]);
    let mut client = knowing(&mut bench, system, "5", &[]);
    let system = reconnected(&mut bench, system);
    found(&mut bench, system, &mut client, &format!("5{}", " connected".repeat(30)));
    let parties: Vec<String> = (1001..1031).map(|number| format!("{number} connected")).collect();
    system.serve(&mut bench, "SnapshotCall", |_| on_call("5", &parties.join(", ")));
    assert_eq!(told(&mut bench, &client), "Conferenced 5 connected 1001+1002+1003+1004+1005+1006+1007+1008");
}

#[test]
fn events_that_wait_are_told_before_the_parties_that_came_after_them() {
    let (mut bench, system) = bench(&[]);
    let mut client = knowing(&mut bench, system, "5", &[]);
    let system = reconnected(&mut bench, system);
    // So many calls that the client is told of them in several steps.
    let calls: Vec<String> = (20..50).map(|call| format!("{call} hold connected")).collect();
    found(&mut bench, system, &mut client, &format!("{THREE}, {}", calls.join(", ")));
    let parties = "1001 connected, 1002 connected, 1003 connected";
    system.serve(&mut bench, "SnapshotCall", |_| on_call("5", parties));
    other(&mut bench, system, "m2", ("ConnectionClearedEvent", "1002"));
    let said = told(&mut bench, &client);
    let conferenced = said.find("Conferenced 5 connected 1001+1002+1003").expect("who was in it");
    let cleared = said.find("ConnectionCleared 5 connected 1002").expect("who left it");
    assert!(conferenced < cleared, "{said}");
}
