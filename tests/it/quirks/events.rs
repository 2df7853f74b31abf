//! Quirk 3, and the order of responses and events.

use ctigate_core::Duration;
use ctigate_tests::bench::{Asked, Bench, Client, Line, address, csta, only};

const DELIVERED: &str = "<connection><callID>7</callID><deviceID>1002</deviceID></connection>\
    <alertingDevice><deviceIdentifier>1002</deviceIdentifier></alertingDevice>\
    <callingDevice><deviceIdentifier>1001</deviceIdentifier></callingDevice>\
    <calledDevice><deviceIdentifier>1002</deviceIdentifier></calledDevice>\
    <lastRedirectionDevice><notRequired/></lastRedirectionDevice>\
    <localConnectionInfo>connected</localConnectionInfo><cause>newCall</cause>";

#[test]
fn quirk_3_events_that_are_never_answered_end_nothing_and_leave_nothing_behind() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    bench.golden("quirk-3-events-never-answered", "SIPE never answers events. On a stream they are pipelined, never sent again, and nothing is left of them.");
    let id = client.monitor(&mut bench, system, "m1");
    for _ in 0..5 {
        system.event(&mut bench, "DeliveredEvent", "m1", DELIVERED);
    }
    let events = client.heard(&mut bench);
    assert_eq!(events.len(), 5, "on a stream events are pipelined");
    assert!(events.iter().all(|event| event.element("monitorCrossRefID") == id));
    bench.advance(Duration::from_secs(60));
    assert_eq!(client.heard(&mut bench), [], "and never sent again");
    let view = bench.engine().view();
    assert_eq!((view.sessions, view.client_transactions), (1, 0));
}

#[test]
fn quirk_3_408_480_500_and_503_end_nothing_but_481_404_and_410_do() {
    for (status, sessions) in [(408, 1), (480, 1), (500, 1), (503, 1), (481, 0), (404, 0), (410, 0)] {
        let (mut bench, system, mut client) = Bench::signed_in(&[]);
        client.monitor(&mut bench, system, "m1");
        system.event(&mut bench, "DeliveredEvent", "m1", DELIVERED);
        let events = client.heard(&mut bench);
        client.say(&mut bench, &events[0].answered(status));
        assert_eq!(bench.engine().view().sessions, sessions, "after {status}");
    }
}

#[test]
fn quirk_3_by_datagram_the_next_event_waits_for_an_answer_or_two_seconds() {
    let (mut bench, system) = Bench::in_service(&[]);
    let mut client = Client::over(Line::Datagram(address("127.0.0.1:5070")), "alice");
    client.sign_in(&mut bench, system);
    client.monitor(&mut bench, system, "m1");
    for _ in 0..3 {
        system.event(&mut bench, "DeliveredEvent", "m1", DELIVERED);
    }
    let first = client.heard(&mut bench);
    assert_eq!(first.len(), 1);
    let second = client.say(&mut bench, &first[0].answered(200));
    assert_eq!(second.len(), 1);
    assert_ne!(first[0].header("CSeq"), second[0].header("CSeq"));
    bench.advance(Duration::from_millis(1_999));
    let repeated = client.heard(&mut bench);
    assert!(repeated.iter().all(|one| *one == second[0]), "only retransmissions: {repeated:#?}");
    bench.advance(Duration::from_millis(1));
    assert!(client.heard(&mut bench).iter().any(|one| one.header("CSeq") == "3 INFO"));
}

#[test]
fn by_datagram_an_event_is_not_repeated_behind_its_successor() {
    let (mut bench, system) = Bench::in_service(&[]);
    bench.golden("events-by-datagram-keep-their-order", "By datagram, to a client that never answers: once the next event went out, the one before is repeated no\nmore. A proxy that was restarted in between took it for new, and the client saw calls that were over.");
    let mut client = Client::over(Line::Datagram(address("127.0.0.1:5070")), "alice");
    client.sign_in(&mut bench, system);
    client.monitor(&mut bench, system, "m1");
    for _ in 0..2 {
        system.event(&mut bench, "DeliveredEvent", "m1", DELIVERED);
    }
    let mut sequences = Vec::new();
    for _ in 0..80 {
        let heard = client.heard(&mut bench);
        sequences.extend(heard.iter().map(|event| event.header("CSeq").to_owned()));
        bench.advance(Duration::from_millis(500));
    }
    let repeated = sequences.iter().filter(|sequence| *sequence == "1 INFO").count();
    assert_eq!(repeated, 3, "{sequences:?}");
    assert!(sequences.is_sorted(), "{sequences:?}");
    assert_eq!(bench.engine().view().client_transactions, 0);
}

#[test]
fn an_event_that_overtakes_the_answer_announcing_its_call_waits_for_it_and_20_ms_more() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    bench.golden("events-wait-for-the-answer-that-announces-them", "An event that overtakes the answer naming its call waits for it, and 20 ms more: proxies may carry it on\nanother connection.");
    client.monitor(&mut bench, system, "m1");
    let call = client.call_to("1002");
    client.info(&mut bench, "MakeCall", &call);
    system.event(&mut bench, "DeliveredEvent", "m1", DELIVERED);
    assert_eq!(client.heard(&mut bench), []);
    let made = csta(
        "MakeCallResponse",
        "<callingDevice><callID>7</callID><deviceID>1001</deviceID></callingDevice>",
    );
    system.serve(&mut bench, "MakeCall", |_| made);
    assert_eq!(only(&client.heard(&mut bench), 200).root(), "MakeCallResponse");
    bench.advance(Duration::from_millis(19));
    assert_eq!(client.heard(&mut bench), []);
    bench.advance(Duration::from_millis(1));
    assert_eq!(client.heard(&mut bench)[0].root(), "DeliveredEvent");
}

#[test]
fn an_event_that_overtakes_the_answer_naming_its_monitor_waits_for_it() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    let object = client.monitor_object();
    client.info(&mut bench, "MonitorStart", &object);
    system.event(&mut bench, "DeliveredEvent", "m1", DELIVERED);
    assert_eq!(client.heard(&mut bench), []);
    system.start_monitor(&mut bench, "m1");
    assert_eq!(only(&client.heard(&mut bench), 200).root(), "MonitorStartResponse");
    bench.advance(Duration::from_millis(20));
    assert_eq!(client.heard(&mut bench)[0].root(), "DeliveredEvent");
    assert_eq!(bench.engine().view().early, 0);
}

#[test]
fn a_monitor_whose_end_overtakes_the_answer_naming_it_is_started_again() {
    for events in [0, 2] {
        let (mut bench, system, mut client) = Bench::signed_in(&[]);
        let object = client.monitor_object();
        client.info(&mut bench, "MonitorStart", &object);
        for _ in 0..events {
            system.event(&mut bench, "DeliveredEvent", "m1", DELIVERED);
        }
        let stopped = csta("MonitorStop", "<monitorCrossRefID>m1</monitorCrossRefID>");
        system.say(&mut bench, 7, &stopped);
        assert_eq!(client.heard(&mut bench), []);
        let asked = system.asked(&mut bench);
        let roots: Vec<&str> = asked.iter().map(Asked::root).collect();
        assert_eq!(roots, ["MonitorStart", "MonitorStopResponse"]);
        let started = csta("MonitorStartResponse", "<monitorCrossRefID>m1</monitorCrossRefID>");
        system.say(&mut bench, asked[0].invoke, &started);
        assert_eq!(only(&client.heard(&mut bench), 200).root(), "MonitorStartResponse");
        bench.advance(Duration::from_millis(20));
        let heard = client.heard(&mut bench);
        assert!(heard.len() == events && heard.iter().all(|event| event.root() == "DeliveredEvent"));
        let view = bench.engine().view();
        assert_eq!((view.early, view.switch_monitors, view.monitors), (0, 0, 1), "behind {events} events");
        bench.advance(Duration::from_secs(5));
        system.start_monitor(&mut bench, "m2");
        assert_eq!(bench.engine().view().switch_monitors, 1);
    }
}

#[test]
fn what_comes_right_behind_the_answer_naming_a_monitor_does_not_overtake_what_came_before_it() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    let object = client.monitor_object();
    client.info(&mut bench, "MonitorStart", &object);
    system.event(&mut bench, "DeliveredEvent", "m1", DELIVERED);
    let [asked] = system.asked(&mut bench).try_into().expect("one request");
    let named = "<monitorCrossRefID>m1</monitorCrossRefID>";
    system.interject(&mut bench, asked.invoke, &csta("MonitorStartResponse", named));
    let next = format!("{named}{}", DELIVERED.replace(">7<", ">8<"));
    system.interject(&mut bench, 9999, &csta("DeliveredEvent", &next));
    system.say(&mut bench, 7, &csta("MonitorStop", named));
    assert_eq!(only(&client.heard(&mut bench), 200).root(), "MonitorStartResponse");
    bench.advance(Duration::from_millis(20));
    let heard = client.heard(&mut bench);
    let told: Vec<_> = heard.iter().map(|event| (event.root(), event.element("callID"))).collect();
    assert_eq!(told, [("DeliveredEvent", "17"), ("DeliveredEvent", "18")]);
    let view = bench.engine().view();
    assert_eq!((view.early, view.switch_monitors, view.monitors), (0, 0, 1), "and then the monitor ended");
}
