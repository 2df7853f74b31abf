//! Quirks 7 and 8: opaque routes, shared connections, connections that go away.

use ctigate_core::{Closed, Duration, Input};
use ctigate_tests::bench::{Bench, Client, HELD, Line, Sip, only};

const ROUTES: &str = "Record-Route: <sip:pool.example.com;transport=tcp;lr;ms-route-sig=aAbB-_1==;ms-rrsig=x;\
    ms-received-cid=4D00;ms-identity-info=\"a,b\">, \"Edge, two\" <sip:127.0.0.1:17060;lr>\r\n";

#[test]
fn quirk_7_requests_follow_the_route_set_byte_for_byte() {
    let (mut bench, system) = Bench::in_service(&[]);
    bench.golden("quirk-7-opaque-routes", "Requests of the gateway follow the route set byte for byte.");
    let mut client = Client::new(&mut bench, "alice");
    client.more += ROUTES;
    client.sign_in(&mut bench, system);
    client.monitor(&mut bench, system, "m1");
    system.event(&mut bench, "HeldEvent", "m1", HELD);
    let [event] = client.heard(&mut bench).try_into().expect("one event");
    assert_eq!(event.start(), "INFO sip:alice@127.0.0.1:49999;transport=tcp SIP/2.0");
    let routes = event.headers("Route").join(", ");
    assert_eq!(format!("Record-Route: {routes}\r\n"), ROUTES);
}

#[test]
fn quirk_7_a_strict_router_gets_the_request_and_the_target_goes_last() {
    let (mut bench, system, mut client) = Bench::with_client(&[]);
    client.more += "Record-Route: <sip:strict@127.0.0.1:17060>, <sip:127.0.0.1:17061;lr>\r\n";
    client.sign_in(&mut bench, system);
    client.monitor(&mut bench, system, "m1");
    system.event(&mut bench, "HeldEvent", "m1", HELD);
    let [event] = client.heard(&mut bench).try_into().expect("one event");
    assert_eq!(event.start(), "INFO sip:strict@127.0.0.1:17060 SIP/2.0");
    assert_eq!(
        event.headers("Route"),
        ["<sip:127.0.0.1:17061;lr>", "<sip:alice@127.0.0.1:49999;transport=tcp>"]
    );
}

#[test]
fn quirk_8_many_dialogs_share_one_connection() {
    let (mut bench, system) = Bench::in_service(&[]);
    let line = Line::Stream(bench.connect());
    let mut clients: Vec<Client> =
        (0..20).map(|number| Client::over(line, &format!("user{number}"))).collect();
    for client in &mut clients {
        client.sign_in(&mut bench, system);
    }
    let all: String = clients.iter_mut().map(|client| client.request("OPTIONS", "")).collect();
    let answers = clients[0].say(&mut bench, &all);
    let call_ids: Vec<&str> = answers.iter().map(|answer| answer.header("Call-ID")).collect();
    assert_eq!(call_ids, clients.iter().map(|client| format!("{}-call", client.name)).collect::<Vec<_>>());
}

#[test]
fn quirk_8_answers_go_where_the_request_came_from_and_events_follow_the_dialog() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    client.monitor(&mut bench, system, "m1");
    let first = client.line;
    client.line = Line::Stream(bench.connect());
    only(&client.info(&mut bench, "GetCSTAFeatures", ""), 200);
    system.event(&mut bench, "HeldEvent", "m1", HELD);
    assert_eq!(client.heard(&mut bench).len(), 1);
    client.line = first;
    assert_eq!(client.heard(&mut bench), []);
}

#[test]
fn quirk_8_when_the_connection_is_gone_one_is_opened_to_the_next_hop_and_the_event_follows() {
    let (mut bench, system) = Bench::in_service(&[]);
    bench.golden("quirk-8-connection-gone", "The connection a dialog came on is gone: one is opened to the route set's next hop, and events follow.");
    let mut client = Client::new(&mut bench, "alice");
    client.more += "Record-Route: <sip:127.0.0.1:17060;transport=tcp;lr>\r\n";
    client.sign_in(&mut bench, system);
    client.monitor(&mut bench, system, "m1");
    let Line::Stream(link) = client.line else { unreachable!() };
    bench.close(link);
    system.event(&mut bench, "HeldEvent", "m1", HELD);
    system.event(&mut bench, "HeldEvent", "m1", HELD);
    let [(next, address)] = bench.connects().try_into().expect("one connection");
    assert_eq!(address, "127.0.0.1:17060");
    bench.opened(next, &address);
    assert_eq!(bench.messages(next).len(), 2);
    assert_eq!(bench.engine().view().sessions, 1);
}

#[test]
fn quirk_8_events_wait_for_a_next_hop_that_is_being_restarted() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    bench.golden("quirk-8-next-hop-restarted", "The connection is gone, and the next hop refuses another for a while: events wait, and come in their order.");
    client.monitor(&mut bench, system, "m1");
    let Line::Stream(link) = client.line else { unreachable!() };
    bench.close(link);
    system.event(&mut bench, "HeldEvent", "m1", HELD);
    let [(first, address)] = bench.connects().try_into().expect("one connection");
    bench.input(Input::Closed { link: first, why: Closed::Refused });
    system.event(&mut bench, "HeldEvent", "m1", HELD);
    bench.advance(Duration::from_millis(999));
    assert_eq!(bench.connects(), []);
    bench.advance(Duration::from_millis(1));
    let [(second, again)] = bench.connects().try_into().expect("one connection");
    assert_eq!(again, address);
    assert_ne!(second, first, "no connection's number is used twice");
    bench.opened(second, &address);
    let events = bench.messages(second);
    let sequences: Vec<&str> = events.iter().map(|event| event.header("CSeq")).collect();
    assert_eq!(sequences, ["1 INFO", "2 INFO"]);
}

#[test]
fn quirk_8_a_next_hop_that_refuses_for_15_s_loses_the_event_loudly_and_keeps_the_session() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    client.monitor(&mut bench, system, "m1");
    let Line::Stream(link) = client.line else { unreachable!() };
    bench.close(link);
    system.event(&mut bench, "HeldEvent", "m1", HELD);
    let is_lost = |notice: &String| notice.starts_with("link_closed") && notice.contains("refused");
    for pause in [1, 2, 4, 8, 0] {
        let [(next, _)] = bench.connects().try_into().expect("one connection");
        assert!(!bench.notices().iter().any(is_lost), "before the {pause} s");
        bench.input(Input::Closed { link: next, why: Closed::Refused });
        bench.advance(Duration::from_secs(pause));
    }
    assert!(bench.notices().iter().any(is_lost));
    assert_eq!((bench.connects(), bench.engine().view().links), (Vec::new(), 0));
    assert_eq!(sent_and_lost(&bench), (0, 1));
    client.line = Line::Stream(bench.connect());
    let answers: Vec<Sip> = client.info(&mut bench, "GetCSTAFeatures", "");
    only(&answers, 200);
}

#[test]
fn quirk_8_a_next_hop_that_does_not_answer_is_tried_again_after_10_s() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    client.monitor(&mut bench, system, "m1");
    let Line::Stream(link) = client.line else { unreachable!() };
    bench.close(link);
    system.event(&mut bench, "HeldEvent", "m1", HELD);
    let [(first, address)] = bench.connects().try_into().expect("one connection");
    bench.advance(Duration::from_millis(10_999));
    assert!(bench.is_closed(first));
    assert_eq!((bench.connects(), sent_and_lost(&bench)), (Vec::new(), (0, 0)));
    bench.advance(Duration::from_millis(1));
    let [(second, _)] = bench.connects().try_into().expect("one connection");
    bench.advance(Duration::from_secs(9));
    bench.opened(second, &address);
    assert_eq!((bench.messages(second).len(), sent_and_lost(&bench)), (1, (1, 0)));
    bench.advance(Duration::from_secs(10));
    assert!(!bench.is_closed(second), "it is open");
}

#[test]
fn events_for_which_there_is_no_way_are_counted_as_lost_each_once() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    client.monitor(&mut bench, system, "m1");
    system.event(&mut bench, "HeldEvent", "m1", HELD);
    assert_eq!((client.heard(&mut bench).len(), sent_and_lost(&bench)), (1, (1, 0)));
    client.more = "Supported: timer\r\nRecord-Route: <sip:127.0.0.1:17060;transport=tls;lr>\r\n".into();
    client.invite(&mut bench);
    let Line::Stream(link) = client.line else { unreachable!() };
    bench.close(link);
    for _ in 0..2 {
        system.event(&mut bench, "HeldEvent", "m1", HELD);
    }
    assert_eq!(bench.connects(), []);
    assert_eq!(sent_and_lost(&bench), (1, 2));
}

#[test]
fn events_that_are_too_many_to_wait_for_a_connection_are_counted_as_lost_each_once() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    client.monitor(&mut bench, system, "m1");
    let Line::Stream(link) = client.line else { unreachable!() };
    bench.close(link);
    let long = format!(
        "{HELD}<extensions><privateData><private>{}</private></privateData></extensions>",
        "x".repeat(9_000)
    );
    for _ in 0..40 {
        system.event(&mut bench, "HeldEvent", "m1", &long);
    }
    let [(next, address)] = bench.connects().try_into().expect("one connection");
    bench.opened(next, &address);
    let sent = u64::try_from(bench.messages(next).len()).expect("few");
    assert!(sent < 40);
    assert_eq!(sent_and_lost(&bench), (sent, 40 - sent));
}

/// The events counted as sent, and as lost.
fn sent_and_lost(bench: &Bench) -> (u64, u64) {
    let counters = bench.engine().counters();
    (counters.events_sent, counters.events_lost)
}
