//! CTI connections that fail, and phone systems that are slow.

use ctigate_core::setting::Value;
use ctigate_core::{Closed, Duration, Input};
use ctigate_tests::bench::{Bench, Client, HELD, Line, PhoneSystem, Sip, csta, csta_error, only};

use super::told;

#[test]
fn events_that_came_early_for_a_client_that_left_are_forgotten() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    client.info(&mut bench, "MonitorStart", &client.monitor_object());
    system.event(&mut bench, "HeldEvent", "m1", HELD);
    let answers = client.send(&mut bench, "BYE", "");
    only(&answers, 200);
    system.start_monitor(&mut bench, "m1");
    only(&client.heard(&mut bench), 487);
    system.serve(&mut bench, "MonitorStop", |_| csta("MonitorStopResponse", ""));
    assert_eq!((bench.engine().view().early, bench.engine().view().switch_monitors), (0, 0));
}

/// Two connections, and a user signed in on each.
fn two() -> (Bench, [(PhoneSystem, Client); 2]) {
    let (mut bench, systems) =
        Bench::with_systems::<2>(&[("cti.connection[1].address", Value::Text("127.0.0.1:4001".into()))]);
    let users = [(systems[0], "alice", 1001), (systems[1], "bob", 1002)].map(|(system, name, number)| {
        let mut client = Client::of_line(&mut bench, name, number);
        client.sign_in(&mut bench, system);
        (system, client)
    });
    (bench, users)
}

#[test]
fn events_that_come_early_over_one_connection_take_no_room_of_another_and_the_oldest_are_lost() {
    let (mut bench, [(first, mut alice), (second, mut bob)]) = two();
    alice.info(&mut bench, "MonitorStart", &alice.monitor_object());
    for index in 0..256 {
        first.event(&mut bench, "HeldEvent", &format!("stranger{index}"), HELD);
    }
    bob.info(&mut bench, "MonitorStart", &bob.monitor_object());
    second.event(&mut bench, "HeldEvent", "m2", HELD);
    bench.notices();
    first.event(&mut bench, "HeldEvent", "m1", HELD);
    assert_eq!((bench.engine().view().early, bench.engine().counters().events_lost), (257, 1));
    let [lost] = told(&mut bench, "event_lost").try_into().expect("one notice");
    assert!(lost.contains("cross_reference=stranger0"), "{lost}");
    for (system, client, name) in [(first, &mut alice, "m1"), (second, &mut bob, "m2")] {
        system.start_monitor(&mut bench, name);
        bench.advance(Duration::from_millis(100));
        let heard = client.heard(&mut bench);
        let roots: Vec<&str> = heard.iter().map(Sip::root).collect();
        assert_eq!(roots, ["MonitorStartResponse", "HeldEvent"], "{}", client.name);
    }
    assert_eq!(bench.engine().view().early, 0);
}

#[test]
fn an_event_that_is_older_than_any_monitor_being_started_belongs_to_none_of_them() {
    let (mut bench, [(first, mut alice), (_, bob)]) = two();
    let mut carol = Client::of_line(&mut bench, "carol", 1003);
    carol.sign_in(&mut bench, first);
    alice.info(&mut bench, "MonitorStart", &alice.monitor_object());
    first.event(&mut bench, "HeldEvent", "m1", HELD);
    bench.advance(Duration::from_secs(3));
    carol.info(&mut bench, "MonitorStart", &carol.monitor_object());
    bench.advance(Duration::from_secs(3));
    assert_eq!(only(&alice.heard(&mut bench), 200).root(), "CSTAErrorCode");
    // Alice's monitor was never started. The phone system gives its cross-reference ID to the next one.
    let [_, asked] = first.asked(&mut bench).try_into().expect("two requests");
    let named = csta("MonitorStartResponse", "<monitorCrossRefID>m1</monitorCrossRefID>");
    first.say(&mut bench, asked.invoke, &named);
    bench.advance(Duration::from_millis(100));
    assert_eq!(only(&carol.heard(&mut bench), 200).root(), "MonitorStartResponse");
    assert_eq!((bench.engine().view().early, bench.engine().counters().events_unknown), (0, 1));
    assert_eq!(bob.heard(&mut bench), []);
}

#[test]
fn a_monitor_that_the_phone_system_started_too_late_is_stopped_again() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    client.info(&mut bench, "MonitorStart", &client.monitor_object());
    bench.advance(Duration::from_secs(5));
    assert_eq!(only(&client.heard(&mut bench), 200).root(), "CSTAErrorCode");
    system.start_monitor(&mut bench, "m1");
    let stop = system.serve(&mut bench, "MonitorStop", |_| csta("MonitorStopResponse", ""));
    assert_eq!(stop.element("monitorCrossRefID"), "m1");
}

#[test]
fn a_request_in_the_queue_goes_out_when_one_before_it_was_given_up() {
    let (mut bench, system, mut client) = Bench::signed_in(&[("cti.window", Value::Integer(1))]);
    client.info(&mut bench, "MakeCall", &client.call_to("1002"));
    bench.advance(Duration::from_secs(1));
    let answer = "<callToBeAnswered><callID>17</callID></callToBeAnswered>";
    client.info(&mut bench, "AnswerCall", answer);
    assert_eq!(system.asked(&mut bench).len(), 1, "the window is full");
    bench.advance(Duration::from_secs(4));
    assert_eq!(only(&client.heard(&mut bench), 200).root(), "CSTAErrorCode");
    system.serve(&mut bench, "AnswerCall", |_| csta("AnswerCallResponse", ""));
    assert_eq!(only(&client.heard(&mut bench), 200).root(), "AnswerCallResponse");
}

#[test]
fn a_connection_with_too_few_invoke_ids_left_is_renewed() {
    let (mut bench, system, mut client) = Bench::signed_in(&[("cti.window", Value::Integer(9_000))]);
    let answer = "<callToBeAnswered><callID>17</callID></callToBeAnswered>";
    for _ in 0..1_000 {
        client.info(&mut bench, "AnswerCall", answer);
    }
    bench.advance(Duration::from_secs(5));
    assert_eq!(client.heard(&mut bench).len(), 1_000, "each is answered");
    assert!(bench.is_closed(system.link()));
    let renewed = bench.notices().into_iter().find(|notice| notice.starts_with("cti_out_of_service"));
    assert!(renewed.unwrap().contains("invoke"));
}

#[test]
fn a_connection_lost_with_many_monitors_being_started_refuses_each_of_them() {
    let (mut bench, system, _) = Bench::signed_in(&[("limits.monitors_per_device", Value::Integer(64))]);
    let mut clients: Vec<Client> = Vec::new();
    for line in 0..12 {
        for user in 0..24 {
            let mut client = Client::new(&mut bench, &format!("user{line}x{user}"));
            client.uri = format!("tel:20{line:02};phone-context=dialstring");
            client.sign_in(&mut bench, system);
            clients.push(client);
        }
    }
    for client in &mut clients {
        let inside = client.monitor_object();
        assert_eq!(client.info(&mut bench, "MonitorStart", &inside), []);
    }
    bench.close(system.link());
    for client in &clients {
        assert_eq!(only(&client.heard(&mut bench), 200).root(), "CSTAErrorCode");
    }
    assert_eq!((bench.engine().view().monitors, bench.engine().view().pending), (0, 0));
}

fn register(bench: &mut Bench, client: &mut Client) {
    let inside = "<requestTypes><systemStatus>true</systemStatus></requestTypes><requestedStatusFilter/>";
    assert_eq!(only(&client.info(bench, "SystemRegister", inside), 200).root(), "SystemRegisterResponse");
}

#[test]
fn a_request_in_flight_is_answered_before_a_crowd_is_told_how_the_phone_system_is() {
    let (mut bench, system) = Bench::in_service(&[]);
    let proxy = bench.connect();
    let mut clients: Vec<Client> =
        (0..100).map(|index| Client::over(Line::Stream(proxy), &format!("user{index}"))).collect();
    for client in &mut clients {
        client.sign_in(&mut bench, system);
        register(&mut bench, client);
    }
    bench.advance(Duration::from_millis(20));
    let last = &mut clients[99];
    last.info(&mut bench, "HoldCall", "<callToBeHeld><callID>17</callID></callToBeHeld>");
    let status = |word: &str| csta("SystemStatus", &format!("<systemStatus>{word}</systemStatus>"));
    system.interject(&mut bench, 11, &status("partiallyDisabled"));
    bench.input(Input::Closed { link: system.link(), why: Closed::ByPeer });
    bench.settle();
    let heard = bench.messages(proxy);
    assert_eq!((heard[0].status(), heard[0].root(), heard.len()), (200, "CSTAErrorCode", 201));
    let told: Vec<&str> = heard[1..].iter().map(|one| one.element("systemStatus")).collect();
    let (first, second) = told.split_at(100);
    assert!(first.iter().all(|word| *word == "partiallyDisabled"), "in the order in which it was said");
    assert!(second.iter().all(|word| *word == "disabled"));
}

#[test]
fn a_connection_that_stays_away_is_told_once_to_those_who_registered() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    register(&mut bench, &mut client);
    bench.advance(Duration::from_millis(20));
    bench.close(system.link());
    let told = client.heard(&mut bench);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].element("systemStatus"), "disabled");
    bench.heartbeats(None);
    for _ in 0..3 {
        bench.advance(Duration::from_secs(30));
        for (link, _) in bench.connects() {
            bench.input(Input::Closed { link, why: Closed::Refused });
        }
    }
    assert_eq!(client.heard(&mut bench), []);
}

#[test]
fn a_status_right_behind_a_registration_does_not_overtake_its_answer() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    register(&mut bench, &mut client);
    bench.close(system.link());
    bench.advance(Duration::from_millis(19));
    assert_eq!(client.heard(&mut bench), []);
    bench.advance(Duration::from_millis(1));
    assert_eq!(client.heard(&mut bench).len(), 1);
}

#[test]
fn monitors_that_were_being_moved_when_the_next_connection_failed_too_are_moved_again() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    let id = client.monitor(&mut bench, system, "m1");
    let body = client.sign_in_body();
    let second = system.reconnected(&mut bench);
    only(&client.send(&mut bench, "INVITE", &body), 200);
    client.send(&mut bench, "ACK", "");
    let third = second.reconnected(&mut bench);
    assert_eq!(client.heard(&mut bench), [], "the client's monitor lives on");
    only(&client.send(&mut bench, "INVITE", &body), 200);
    client.send(&mut bench, "ACK", "");
    third.start_monitor(&mut bench, "m3");
    third.knows_line(&mut bench);
    third.event(&mut bench, "HeldEvent", "m3", HELD);
    assert_eq!(client.heard(&mut bench)[0].element("monitorCrossRefID"), id);
}

#[test]
fn monitors_that_could_not_be_moved_at_once_are_moved_with_the_next_refresh() {
    let (mut bench, system, mut client) =
        Bench::signed_in(&[("cti.window", Value::Integer(1)), ("cti.queue", Value::Integer(0))]);
    let id = client.monitor(&mut bench, system, "m1");
    let mut other = Client::of_line(&mut bench, "bob", 1002);
    other.sign_in(&mut bench, system);
    let second = system.reconnected(&mut bench);
    for client in [&mut other, &mut client] {
        client.invite(&mut bench);
        if client.name == "bob" {
            let inside = client.monitor_object();
            client.info(&mut bench, "MonitorStart", &inside);
        }
    }
    second.start_monitor(&mut bench, "m2");
    assert_eq!(client.heard(&mut bench), [], "its monitor is not given up");
    let body = client.sign_in_body();
    only(&client.send(&mut bench, "INVITE", &body), 200);
    second.start_monitor(&mut bench, "m3");
    second.knows_line(&mut bench);
    second.event(&mut bench, "HeldEvent", "m3", HELD);
    assert_eq!(client.heard(&mut bench)[0].element("monitorCrossRefID"), id);
}

#[test]
fn a_monitor_that_the_next_phone_system_refuses_is_told_to_be_dead() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    let id = client.monitor(&mut bench, system, "m1");
    let second = system.reconnected(&mut bench);
    let body = client.sign_in_body();
    only(&client.send(&mut bench, "INVITE", &body), 200);
    second.serve(&mut bench, "MonitorStart", |_| csta_error("operation", "invalidDeviceID"));
    let told = client.heard(&mut bench);
    assert_eq!((told[0].root(), told[0].element("monitorCrossRefID")), ("MonitorStop", id.as_str()));
    assert_eq!(bench.engine().view().monitors, 0);
}

#[test]
fn the_phone_system_s_own_questions_are_each_answered_under_their_id_and_events_never() {
    let (mut bench, system, _client) = Bench::signed_in(&[]);
    let id = "<sysStatRegisterID>r1</sysStatRegisterID>";
    for (invoke, root, inside, answer) in [
        (11, "SystemStatus", "<systemStatus>normal</systemStatus>", "SystemStatusResponse"),
        (12, "RequestSystemStatus", "", "RequestSystemStatusResponse"),
        (13, "SystemRegisterAbort", id, "CSTAErrorCode"),
        (14, "MonitorStop", "<monitorCrossRefID>none</monitorCrossRefID>", "MonitorStopResponse"),
        (15, "MakeCall", "", "CSTAErrorCode"),
        (16, "Unheard", "", "CSTAErrorCode"),
    ] {
        system.say(&mut bench, invoke, &csta(root, inside));
        let [asked] = system.asked(&mut bench).try_into().expect("one answer");
        assert_eq!((asked.invoke, asked.root()), (invoke, answer), "{root}");
        system.say(&mut bench, 9999, &csta(root, inside));
        assert_eq!(system.asked(&mut bench), [], "{root}");
    }
}

#[test]
fn heartbeats_follow_the_duration_that_the_phone_system_last_granted() {
    for (granted, heartbeat) in [(10, 5), (0, 30)] {
        let (mut bench, system, _client) = Bench::signed_in(&[]);
        bench.heartbeats(None);
        bench.advance(Duration::from_secs(30));
        let granted = format!(
            "<ResetApplicationSessionTimerPosResponse xmlns=\"http://www.ecma-international.org/standards/\
             ecma-354/appl_session\"><actualSessionDuration>{granted}</actualSessionDuration>\
             </ResetApplicationSessionTimerPosResponse>"
        );
        system.serve(&mut bench, "ResetApplicationSessionTimer", |_| granted);
        bench.advance(Duration::from_millis(heartbeat * 1_000 - 1));
        assert_eq!(system.asked(&mut bench), []);
        bench.advance(Duration::from_millis(1));
        assert_eq!(system.asked(&mut bench).len(), 1);
    }
}
