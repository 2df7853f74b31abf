//! Sessions in unusual states: without a connection, without a line, with lines and names of any length.

use ctigate_core::setting::Value;
use ctigate_core::{Duration, Instant};
use ctigate_tests::bench::{Bench, Client, HELD, Line, PhoneSystem, csta, only};

#[test]
fn what_does_not_fit_into_a_frame_is_refused_and_the_connection_lives() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    // Each `>` becomes four bytes for the phone system.
    let inside = format!("<callToBeHeld><callID>1{}</callID></callToBeHeld>", ">".repeat(20_000));
    let refused = only(&client.info(&mut bench, "HoldCall", &inside), 200);
    assert_eq!(refused.root(), "CSTAErrorCode");
    assert_eq!(system.asked(&mut bench), []);
    assert_eq!(bench.engine().view().pending, 0);
    let answer = "<callToBeAnswered><callID>17</callID></callToBeAnswered>";
    client.info(&mut bench, "AnswerCall", answer);
    system.serve(&mut bench, "AnswerCall", |_| csta("AnswerCallResponse", ""));
    only(&client.heard(&mut bench), 200);
}

#[test]
fn a_line_uri_that_is_longer_than_a_dialog_may_be_is_refused() {
    let mut bench = Bench::new();
    PhoneSystem::answer(&mut bench);
    let mut client = Client::new(&mut bench, "alice");
    client.uri = format!("tel:1001;phone-context={}", "x".repeat(9_000));
    let body = client.sign_in_body();
    let refused = only(&client.send(&mut bench, "INVITE", &body), 400);
    assert!(refused.start().contains("Line"), "{refused:?}");
}

#[test]
fn an_update_with_a_target_that_is_longer_than_a_dialog_may_be_is_refused() {
    let (mut bench, _system, mut client) = Bench::signed_in(&[]);
    let update = client.request("UPDATE", "");
    let long = format!("<sip:alice@127.0.0.1:49999;x={}>", "x".repeat(9_000));
    let update = update.replace("<sip:alice@127.0.0.1:49999;transport=tcp>", &long);
    only(&client.say(&mut bench, &update), 400);
}

#[test]
fn an_update_behind_a_strict_router_changes_the_target_and_not_the_way() {
    let (mut bench, system, mut client) = Bench::with_client(&[]);
    client.more += "Record-Route: <sip:strict@127.0.0.1:17060>, <sip:127.0.0.1:17061;lr>\r\n";
    client.sign_in(&mut bench, system);
    client.monitor(&mut bench, system, "m1");
    client.more = "Supported: timer\r\n".into();
    let update = client.request("UPDATE", "").replace("alice@127.0.0.1:49999", "alice@127.0.0.1:48888");
    only(&client.say(&mut bench, &update), 200);
    system.event(&mut bench, "HeldEvent", "m1", HELD);
    let [event] = client.heard(&mut bench).try_into().expect("one event");
    assert_eq!(event.start(), "INFO sip:strict@127.0.0.1:17060 SIP/2.0");
    assert_eq!(
        event.headers("Route"),
        ["<sip:127.0.0.1:17061;lr>", "<sip:alice@127.0.0.1:48888;transport=tcp>"]
    );
}

#[test]
fn a_session_that_began_without_a_connection_takes_one_with_its_next_request() {
    let mut bench = Bench::new();
    let mut client = Client::new(&mut bench, "alice");
    let body = client.sign_in_body();
    let ok = only(&client.send(&mut bench, "INVITE", &body), 200);
    assert_eq!(ok.element("systemStatus"), "disabled");
    client.take_tag(&ok);
    client.send(&mut bench, "ACK", "");
    let inside = client.call_to("1002");
    let refused = only(&client.info(&mut bench, "MakeCall", &inside), 200);
    assert_eq!(refused.element("systemResourceAvailibility"), "networkOutOfService");
    let system = PhoneSystem::answer(&mut bench);
    only(&client.send(&mut bench, "UPDATE", ""), 200);
    client.info(&mut bench, "MakeCall", &inside);
    assert_eq!(system.asked(&mut bench).len(), 1);
}

#[test]
fn make_call_is_answered_with_the_line_uri_whatever_the_phone_system_calls_the_connection() {
    for device in ["<deviceID typeOfNumber=\"dynamic\">leg-17</deviceID>", "<deviceID>1001@pbx</deviceID>"] {
        let (mut bench, system, mut client) = Bench::signed_in(&[]);
        client.info(&mut bench, "MakeCall", &client.call_to("1002"));
        let inside = format!("<callingDevice><callID>7</callID>{device}</callingDevice>");
        system.serve(&mut bench, "MakeCall", |_| csta("MakeCallResponse", &inside));
        let made = only(&client.heard(&mut bench), 200);
        assert!(made.body().contains(&format!("<deviceID>{}</deviceID>", client.uri)), "{}", made.body());
    }
}

#[test]
fn a_min_se_beyond_all_bounds_makes_no_session_immortal() {
    let (mut bench, system, mut client) = Bench::with_client(&[]);
    client.more += "Min-SE: 4000000000\r\n";
    let ok = client.sign_in(&mut bench, system);
    assert_eq!(ok.header("Session-Expires"), "86400;refresher=uac");
    bench.advance(Duration::from_secs(86_400));
    assert!(bench.now() > Instant::ZERO);
    assert_eq!(bench.engine().view().sessions, 0);
}

#[test]
fn a_reinvite_may_write_its_line_anew_but_not_name_another() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    client.uri = "tel:1001;phone-context=dialstring;partition=P".into();
    let body = client.sign_in_body();
    only(&client.send(&mut bench, "INVITE", &body), 200);
    client.info(&mut bench, "MakeCall", &client.call_to("1002"));
    system.serve(&mut bench, "MakeCall", |_| {
        csta("MakeCallResponse", "<callingDevice><callID>7</callID><deviceID>1001</deviceID></callingDevice>")
    });
    let heard = client.heard(&mut bench);
    assert_eq!(heard.last().unwrap().element("deviceID"), client.uri);
    client.uri = "tel:1002;phone-context=dialstring".into();
    let body = client.sign_in_body();
    only(&client.send(&mut bench, "INVITE", &body), 488);
    assert_eq!(bench.engine().view().sessions, 1);
}

#[test]
fn a_session_that_named_no_line_names_it_with_its_refresh_and_acts_for_none_before() {
    let (mut bench, system, mut client) = Bench::with_client(&[]);
    let bare = ctigate_tests::bench::csta("RequestSystemStatus", "");
    let ok = only(&client.send(&mut bench, "INVITE", &bare), 200);
    client.take_tag(&ok);
    client.send(&mut bench, "ACK", "");
    let answer = "<callToBeAnswered><callID>17</callID></callToBeAnswered>";
    let refused = only(&client.info(&mut bench, "AnswerCall", answer), 200);
    assert_eq!(refused.element("operation"), "invalidConnectionID");
    let body = client.sign_in_body();
    only(&client.send(&mut bench, "INVITE", &body), 200);
    client.info(&mut bench, "AnswerCall", answer);
    let asked = system.serve(&mut bench, "AnswerCall", |_| csta("AnswerCallResponse", ""));
    assert_eq!(asked.element("deviceID"), "1001");
}

#[test]
fn a_peer_that_the_gateway_was_told_to_connect_to_is_not_believed_for_that() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    client.monitor(&mut bench, system, "m1");
    let Line::Stream(link) = client.line else { unreachable!() };
    bench.close(link);
    system.event(&mut bench, "HeldEvent", "m1", HELD);
    let [(next, _)] = bench.connects().try_into().expect("one connection");
    bench.opened(next, "192.0.2.9:49999");
    assert_eq!(bench.messages(next).len(), 1, "the event is sent");
    client.line = Line::Stream(next);
    only(&client.info(&mut bench, "GetCSTAFeatures", ""), 403);
}

#[test]
fn a_monitor_whose_client_cannot_be_told_of_it_is_stopped() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    client.info(&mut bench, "MonitorStart", &client.monitor_object());
    let Line::Stream(link) = client.line else { unreachable!() };
    bench.close(link);
    system.start_monitor(&mut bench, "m1");
    let stop = system.serve(&mut bench, "MonitorStop", |_| csta("MonitorStopResponse", ""));
    assert_eq!(stop.element("monitorCrossRefID"), "m1");
    // The client has a new connection, and asks again: its events come once.
    client.line = Line::Stream(bench.connect());
    client.monitor(&mut bench, system, "m2");
    system.event(&mut bench, "HeldEvent", "m2", HELD);
    assert_eq!(client.heard(&mut bench).len(), 1);
    assert_eq!((bench.engine().view().monitors, bench.engine().view().switch_monitors), (1, 1));
}

#[test]
fn an_address_that_stands_for_all_is_never_told_to_anybody() {
    let listen = Value::List(vec![Value::Text("0.0.0.0:5060".into())]);
    let (mut bench, system, mut client) =
        Bench::signed_in(&[("sip.tcp", listen), ("sip.udp", Value::List(vec![]))]);
    client.monitor(&mut bench, system, "m1");
    let Line::Stream(link) = client.line else { unreachable!() };
    bench.input(ctigate_core::Input::Listening {
        listener: ctigate_core::ListenerId::new(0),
        address: ctigate_tests::bench::address("0.0.0.0:5060"),
    });
    bench.close(link);
    system.event(&mut bench, "HeldEvent", "m1", HELD);
    let [(next, address)] = bench.connects().try_into().expect("one connection");
    bench.opened(next, &address);
    let [event] = bench.messages(next).try_into().expect("one event");
    assert!(event.header("Via").starts_with("SIP/2.0/TCP 127.0.0.1:5060;"), "{}", event.header("Via"));
}

#[test]
fn calls_and_early_events_beyond_their_limits_are_told_to_the_operator() {
    let (mut bench, system, mut client) = Bench::signed_in(&[("limits.calls_per_device", Value::Integer(2))]);
    client.monitor(&mut bench, system, "m1");
    bench.notices();
    for call in 1..=3 {
        system.event(&mut bench, "HeldEvent", "m1", &HELD.replace(">7<", &format!(">{call}<")));
    }
    let told = bench.notices();
    assert!(told.iter().any(|one| one.starts_with("call_forgotten") && one.contains("call=1")), "{told:#?}");
    let mut other = Client::of_line(&mut bench, "bob", 1002);
    other.sign_in(&mut bench, system);
    other.info(&mut bench, "MonitorStart", &other.monitor_object());
    for _ in 0..257 {
        system.event(&mut bench, "HeldEvent", "m2", HELD);
    }
    assert_eq!(bench.engine().view().early, 256);
    assert!(bench.notices().iter().any(|one| one.starts_with("event_lost")));
}
