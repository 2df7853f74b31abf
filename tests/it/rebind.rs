//! `cti.recovery = "rebind"`: the gateway moves the sessions of a failed CTI connection by itself.

use ctigate_core::setting::Value;
use ctigate_core::{Closed, Duration, Input, Machine as _};
use ctigate_tests::bench::{Asked, Bench, Client, HELD, PhoneSystem, csta, csta_error, only, snapshot};

/// A gateway with `connections` connections to one phone system, all in service, that moves `rate` sessions per second.
fn gateway(connections: usize, rate: i64) -> (Bench, Vec<PhoneSystem>) {
    let text = |text: &str| Value::Text(text.into());
    let keys: Vec<String> =
        (1..connections).map(|index| format!("cti.connection[{index}].address")).collect();
    let mut settings = vec![("cti.recovery", text("rebind")), ("cti.rebind_rate", Value::Integer(rate))];
    settings.extend(
        keys.iter().zip(4_001..).map(|(key, port)| (key.as_str(), Value::Text(format!("127.0.0.1:{port}")))),
    );
    let mut bench = Bench::with(&settings);
    let systems = PhoneSystem::answer_all(&mut bench);
    assert_eq!(systems.len(), connections);
    (bench, systems)
}

/// Answers the requests over a connection while sessions are moved to it: monitors, each named after its line with this
/// letter, and snapshots without calls. Returns how many monitors were started.
fn take_over(bench: &mut Bench, system: PhoneSystem, letter: char) -> usize {
    let mut monitors = 0;
    loop {
        let asked = system.asked(bench);
        if asked.is_empty() {
            return monitors;
        }
        for Asked { invoke, document } in &asked {
            let one = Asked { invoke: *invoke, document: document.clone() };
            if one.root() == "MonitorStart" {
                monitors += 1;
                let named =
                    format!("<monitorCrossRefID>{letter}{}</monitorCrossRefID>", one.element("deviceObject"));
                system.say(bench, *invoke, &csta("MonitorStartResponse", &named));
            } else {
                assert_eq!(one.root(), "SnapshotDevice");
                system.say(bench, *invoke, &snapshot(one.element("snapshotObject"), &[]));
            }
        }
    }
}

fn connection_of(bench: &Bench, index: usize) -> usize {
    bench.engine().connections().nth(index).map_or(0, |connection| connection.sessions)
}

#[test]
fn sessions_are_moved_their_clients_are_told_what_changed_and_their_requests_are_served() {
    let (mut bench, systems) = gateway(2, 500);
    bench.golden(
        "recovery-by-rebind",
        "A CTI connection fails, and the gateway moves its session to the other by itself: the monitor is restarted under\n\
         the ID the client holds, a snapshot says what happened meanwhile, and requests are served as if nothing had been.",
    );
    bench.note("A user signs in over the first connection, and has a call on hold.");
    let [first, second] = systems.try_into().expect("two connections");
    let mut client = Client::new(&mut bench, "alice");
    client.sign_in(&mut bench, first);
    let id = client.monitor(&mut bench, first, "m1");
    first.event(&mut bench, "HeldEvent", "m1", HELD);
    assert_eq!(client.heard(&mut bench).len(), 1);
    bench.note("The connection fails. The session is moved at once: the pace is for those behind it.");
    bench.heartbeats([second]);
    bench.close(first.link());
    second.start_monitor(&mut bench, "n1");
    second.has_calls(&mut bench, &[("8", "1002", ["connected", "connected"])]);
    let events = client.heard(&mut bench);
    let told: Vec<_> = events.iter().map(|event| (event.root(), event.element("callID"))).collect();
    assert_eq!(told, [("ConnectionClearedEvent", "17"), ("EstablishedEvent", "18")]);
    assert!(events.iter().all(|event| event.element("monitorCrossRefID") == id));
    bench.note("The client asks for something, and is served.");
    let hold = "<callToBeHeld><callID>18</callID></callToBeHeld>";
    client.info(&mut bench, "HoldCall", hold);
    second.serve(&mut bench, "HoldCall", |_| csta("HoldCallResponse", ""));
    assert_eq!(only(&client.heard(&mut bench), 200).root(), "HoldCallResponse");
    bench.note("The first connection comes back; the session stays where it is.");
    bench.advance(Duration::from_secs(3));
    let first = PhoneSystem::answer_all(&mut bench)[0];
    bench.advance(Duration::from_secs(1));
    assert_eq!((first.asked(&mut bench), second.asked(&mut bench)), (vec![], vec![]));
    assert_eq!((connection_of(&bench, 0), connection_of(&bench, 1)), (0, 1));
}

#[test]
fn sessions_are_moved_at_the_configured_pace_and_no_wake_up_is_in_the_past() {
    let (mut bench, systems) = gateway(2, 10);
    Client::many(&mut bench, &systems, 12, 1_001);
    bench.heartbeats([systems[1]]);
    bench.close(systems[0].link());
    for moved in 1..=6 {
        assert_eq!(take_over(&mut bench, systems[1], 'n'), 1, "number {moved}");
        let wake = bench.engine().next_wake().expect("the next is due");
        assert!(wake.at > bench.now(), "{wake:?}");
        bench.advance(Duration::from_millis(99));
        assert_eq!(take_over(&mut bench, systems[1], 'n'), 0);
        bench.advance(Duration::from_millis(1));
    }
    assert_eq!(take_over(&mut bench, systems[1], 'n'), 0);
    let done = bench.notices().into_iter().find(|notice| notice.starts_with("sessions_rebound"));
    assert_eq!(done.as_deref(), Some("sessions_rebound sessions=6"));
    assert_eq!(bench.engine().counters().rebinds, 6);
}

#[test]
fn the_pace_is_one_for_all_connections_that_fail() {
    let (mut bench, systems) = gateway(3, 10);
    Client::many(&mut bench, &systems, 12, 1_001);
    bench.heartbeats([systems[2]]);
    bench.close(systems[0].link());
    bench.close(systems[1].link());
    let mut moved = take_over(&mut bench, systems[2], 'n');
    for tenths in 1..=12 {
        bench.advance(Duration::from_millis(100));
        moved += take_over(&mut bench, systems[2], 'n');
        assert!(moved <= tenths + 1, "{moved} after {tenths} tenths of a second");
    }
    // Four sessions began on each connection that failed; those moved to the second before it failed are moved again.
    assert_eq!(connection_of(&bench, 2), 12);
    assert!(moved >= 7, "{moved}");
}

#[test]
fn a_request_of_a_session_that_was_not_reached_yet_moves_it_and_is_served() {
    let (mut bench, systems) = gateway(2, 1);
    let mut clients = Client::many(&mut bench, &systems, 6, 1_001);
    bench.heartbeats([systems[1]]);
    bench.close(systems[0].link());
    assert_eq!(take_over(&mut bench, systems[1], 'n'), 1);
    let (client, id) = &mut clients[4];
    let call = format!(
        "<callingDevice>{}</callingDevice><calledDirectoryNumber>tel:1009</calledDirectoryNumber>",
        client.uri
    );
    assert_eq!(client.info(&mut bench, "MakeCall", &call), []);
    let asked = systems[1].asked(&mut bench);
    let roots: Vec<&str> = asked.iter().map(Asked::root).collect();
    assert_eq!(roots, ["MonitorStart", "MakeCall"]);
    let named = "<monitorCrossRefID>x</monitorCrossRefID>";
    systems[1].say(&mut bench, asked[0].invoke, &csta("MonitorStartResponse", named));
    let made = "<callingDevice><callID>9</callID><deviceID>1005</deviceID></callingDevice>";
    systems[1].say(&mut bench, asked[1].invoke, &csta("MakeCallResponse", made));
    let answer = only(&client.heard(&mut bench), 200);
    assert_eq!((answer.root(), answer.element("callID")), ("MakeCallResponse", "19"));
    // The call is in the snapshot; the client is told after the answer.
    systems[1].has_calls(&mut bench, &[("9", "1009", ["connected", "alerting"])]);
    bench.advance(Duration::from_millis(20));
    let events = client.heard(&mut bench);
    assert_eq!((events.len(), events[0].root()), (1, "DeliveredEvent"));
    assert_eq!(events[0].element("monitorCrossRefID"), id);
}

#[test]
fn without_a_connection_sessions_wait_and_are_moved_as_soon_as_one_is_in_service() {
    let (mut bench, systems) = gateway(1, 500);
    let mut clients = Client::many(&mut bench, &systems, 3, 1_001);
    bench.heartbeats(None);
    bench.close(systems[0].link());
    let none = bench.notices().into_iter().filter(|notice| notice.starts_with("cti_none_in_service")).count();
    assert_eq!(none, 1);
    let (client, id) = &mut clients[0];
    let hold = "<callToBeHeld><callID>18</callID></callToBeHeld>";
    let refused = only(&client.info(&mut bench, "HoldCall", hold), 200);
    assert_eq!(refused.element("systemResourceAvailibility"), "networkOutOfService");
    let body = client.sign_in_body();
    let ok = only(&client.send(&mut bench, "INVITE", &body), 200);
    assert_eq!((ok.element("systemStatus"), ok.header("Session-Expires")), ("disabled", "90;refresher=uac"));
    client.send(&mut bench, "ACK", "");
    bench.advance(Duration::from_secs(3));
    let system = PhoneSystem::answer(&mut bench);
    bench.advance(Duration::from_millis(10));
    assert_eq!(take_over(&mut bench, system, 'n'), 3);
    system.event(&mut bench, "HeldEvent", "n1001", HELD);
    assert_eq!(client.heard(&mut bench)[0].element("monitorCrossRefID"), id);
    assert_eq!(bench.engine().view().jobs, 0);
}

#[test]
fn a_session_that_began_without_a_connection_is_given_one() {
    let mut bench = Bench::with(&[("cti.recovery", Value::Text("rebind".into()))]);
    let mut client = Client::new(&mut bench, "alice");
    client.invite(&mut bench);
    PhoneSystem::answer(&mut bench);
    bench.settle();
    assert_eq!(connection_of(&bench, 0), 1);
}

#[test]
fn those_moved_are_spread_evenly_and_sign_ins_keep_their_turns() {
    let (mut bench, systems) = gateway(4, 500);
    Client::many(&mut bench, &systems, 20, 1_001);
    bench.heartbeats(systems.iter().copied().skip(1));
    bench.close(systems[0].link());
    bench.advance(Duration::from_millis(10));
    for (system, moved) in systems.iter().skip(1).zip([2, 2, 1]) {
        assert_eq!(take_over(&mut bench, *system, 'n'), moved);
    }
    // The next sign-in would have taken the first connection, and takes the second.
    for (index, system) in systems.iter().enumerate().skip(1) {
        let mut client = Client::new(&mut bench, &format!("late{index}"));
        client.sign_in(&mut bench, *system);
    }
}

#[test]
fn a_connection_that_is_lost_while_sessions_are_moved_to_it_is_dealt_with_too() {
    let (mut bench, systems) = gateway(3, 100);
    let clients = Client::many(&mut bench, &systems, 30, 1_001);
    bench.heartbeats([systems[1], systems[2]]);
    bench.close(systems[0].link());
    bench.advance(Duration::from_millis(40));
    bench.heartbeats([systems[2]]);
    bench.close(systems[1].link());
    bench.advance(Duration::from_secs(1));
    take_over(&mut bench, systems[2], 'z');
    assert_eq!([0, 1, 2].map(|index| connection_of(&bench, index)), [0, 0, 30]);
    for (index, (client, id)) in clients.iter().enumerate() {
        let line = 1001 + index;
        let event = HELD.replace("1001", &line.to_string());
        let named = if index % 3 == 2 { format!("m{index}") } else { format!("z{line}") };
        systems[2].event(&mut bench, "HeldEvent", &named, &event);
        assert_eq!(client.heard(&mut bench).last().unwrap().element("monitorCrossRefID"), id);
    }
}

#[test]
fn requests_in_flight_are_answered_when_their_connection_fails() {
    let (mut bench, systems) = gateway(2, 500);
    let mut clients = Client::many(&mut bench, &systems, 1, 1_001);
    let (client, _) = &mut clients[0];
    let hold = "<callToBeHeld><callID>18</callID></callToBeHeld>";
    assert_eq!(client.info(&mut bench, "HoldCall", hold), []);
    bench.heartbeats([systems[1]]);
    bench.close(systems[0].link());
    let returned = only(&client.heard(&mut bench), 200);
    assert_eq!(returned.element("systemResourceAvailibility"), "networkOutOfService");
}

#[test]
fn those_who_registered_are_told_disabled_and_then_normal_but_never_that_all_is_void() {
    let (mut bench, systems) = gateway(2, 500);
    let mut clients = Client::many(&mut bench, &systems, 1, 1_001);
    let (client, _) = &mut clients[0];
    let inside = "<requestTypes><systemStatus>true</systemStatus></requestTypes><requestedStatusFilter/>";
    only(&client.info(&mut bench, "SystemRegister", inside), 200);
    bench.advance(Duration::from_millis(20));
    bench.heartbeats([systems[1]]);
    bench.close(systems[0].link());
    bench.advance(Duration::from_secs(3));
    PhoneSystem::answer_all(&mut bench);
    bench.settle();
    let told: Vec<String> =
        client.heard(&mut bench).iter().map(|one| one.element("systemStatus").to_owned()).collect();
    assert_eq!(told, ["disabled", "normal"]);
}

#[test]
fn a_monitor_that_the_next_phone_system_cannot_start_now_is_tried_again_later() {
    let (mut bench, systems) = gateway(2, 500);
    let clients = Client::many(&mut bench, &systems, 1, 1_001);
    bench.heartbeats([systems[1]]);
    bench.close(systems[0].link());
    let busy = csta_error("systemResourceAvailibility", "resourceBusy");
    systems[1].serve(&mut bench, "MonitorStart", |_| busy);
    bench.advance(Duration::from_millis(4_990));
    assert_eq!(systems[1].asked(&mut bench), []);
    bench.advance(Duration::from_millis(20));
    assert_eq!(take_over(&mut bench, systems[1], 'n'), 1);
    systems[1].event(&mut bench, "HeldEvent", "n1001", HELD);
    let (client, id) = &clients[0];
    assert_eq!(client.heard(&mut bench)[0].element("monitorCrossRefID"), id);
    bench.advance(Duration::from_secs(60));
    assert_eq!(systems[1].asked(&mut bench), []);
}

#[test]
fn a_monitor_that_is_refused_time_after_time_is_asked_for_ever_more_rarely() {
    let (mut bench, systems) = gateway(2, 500);
    Client::many(&mut bench, &systems, 1, 1_001);
    bench.heartbeats([systems[1]]);
    bench.close(systems[0].link());
    for pause in [5, 10, 20, 40, 60, 60] {
        let busy = csta_error("systemResourceAvailibility", "resourceBusy");
        systems[1].serve(&mut bench, "MonitorStart", |_| busy);
        bench.advance(Duration::from_secs(pause) - Duration::from_millis(10));
        assert_eq!(systems[1].asked(&mut bench), [], "within {pause} s");
        bench.advance(Duration::from_millis(20));
    }
    assert_eq!(take_over(&mut bench, systems[1], 'n'), 1);
}

#[test]
fn a_user_who_signs_in_while_the_connection_fails_is_served_over_another() {
    let (mut bench, systems) = gateway(2, 500);
    let mut client = Client::new(&mut bench, "alice");
    let body = client.sign_in_body();
    client.send(&mut bench, "INVITE", &body);
    bench.heartbeats([systems[1]]);
    bench.close(systems[0].link());
    let ok = only(&client.heard(&mut bench), 200);
    assert_eq!(ok.element("systemStatus"), "normal");
    assert_eq!((connection_of(&bench, 0), connection_of(&bench, 1)), (0, 1));
}

#[test]
fn a_half_open_connection_is_left_as_soon_as_a_heartbeat_is_missed() {
    let (mut bench, systems) = gateway(2, 500);
    Client::many(&mut bench, &systems, 1, 1_001);
    bench.heartbeats([systems[1]]);
    systems[0].asked(&mut bench);
    bench.advance(Duration::from_secs(36));
    assert!(bench.is_closed(systems[0].link()));
    assert_eq!(take_over(&mut bench, systems[1], 'n'), 1);
}

#[test]
fn with_reinvite_nothing_is_moved_before_its_client_asks() {
    let (mut bench, systems) =
        Bench::with_systems::<2>(&[("cti.connection[1].address", Value::Text("127.0.0.1:4001".into()))]);
    let mut clients = Client::many(&mut bench, &systems, 1, 1_001);
    bench.heartbeats([systems[1]]);
    bench.close(systems[0].link());
    bench.advance(Duration::from_secs(10));
    for (link, _) in bench.connects() {
        bench.input(Input::Closed { link, why: Closed::Refused });
    }
    assert_eq!(systems[1].asked(&mut bench), []);
    let (client, _) = &mut clients[0];
    let body = client.sign_in_body();
    only(&client.send(&mut bench, "INVITE", &body), 200);
    assert_eq!(take_over(&mut bench, systems[1], 'n'), 1);
}

#[test]
fn with_reinvite_too_a_monitor_that_cannot_be_started_now_is_tried_again_and_no_session_is_moved() {
    let (mut bench, systems) =
        Bench::with_systems::<2>(&[("cti.connection[1].address", Value::Text("127.0.0.1:4001".into()))]);
    let mut clients = Client::many(&mut bench, &systems, 3, 1_001);
    bench.heartbeats([systems[1]]);
    bench.close(systems[0].link());
    let (client, id) = &mut clients[0];
    client.invite(&mut bench);
    let busy = csta_error("systemResourceAvailibility", "resourceBusy");
    systems[1].serve(&mut bench, "MonitorStart", |_| busy);
    bench.advance(Duration::from_secs(6));
    // The third client's session was on the failed connection as well, and waits for its refresh.
    assert_eq!(take_over(&mut bench, systems[1], 'n'), 1);
    systems[1].event(&mut bench, "HeldEvent", "n1001", HELD);
    assert_eq!(client.heard(&mut bench)[0].element("monitorCrossRefID"), id);
}

#[test]
fn an_overloaded_connection_gets_no_new_session_while_there_is_another() {
    let (mut bench, [first, second]) =
        Bench::with_systems(&[("cti.connection[1].address", Value::Text("127.0.0.1:4001".into()))]);
    let status = |status: &str| csta("SystemStatus", &format!("<systemStatus>{status}</systemStatus>"));
    let sign_in = |bench: &mut Bench, name: &str, system: PhoneSystem| {
        let mut client = Client::new(bench, name);
        client.sign_in(bench, system);
    };
    first.say(&mut bench, 11, &status("overloadReached"));
    first.asked(&mut bench);
    sign_in(&mut bench, "a", second);
    sign_in(&mut bench, "b", second);
    second.say(&mut bench, 11, &status("overloadImminent"));
    second.asked(&mut bench);
    sign_in(&mut bench, "c", first);
    sign_in(&mut bench, "d", second);
    first.say(&mut bench, 12, &status("overloadRelieved"));
    first.asked(&mut bench);
    sign_in(&mut bench, "e", first);
    sign_in(&mut bench, "f", first);
    first.say(&mut bench, 13, &status("initializing"));
    assert!(bench.is_closed(first.link()), "one that begins anew has forgotten its monitors");
}
