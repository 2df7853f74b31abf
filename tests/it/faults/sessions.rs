//! Sessions in odd places: without a connection, without a line, with lines and names of any length.

use ctigate_core::setting::Value;
use ctigate_core::{Duration, Instant};
use ctigate_tests::bench::{Bench, Client, Line, PhoneSystem, csta, only};

use super::{HELD, call, signed_in};

#[test]
fn what_does_not_fit_into_a_frame_is_refused_and_the_connection_lives() {
    let (mut bench, system, mut client) = signed_in(&[]);
    // Each `>` takes four bytes on its way to the phone system.
    let inside = format!("<callToBeHeld><callID>0_{}</callID></callToBeHeld>", ">".repeat(20_000));
    let refused = only(&client.info(&mut bench, "HoldCall", &inside), 200);
    assert_eq!(refused.root(), "CSTAErrorCode");
    assert_eq!(system.asked(&mut bench), []);
    assert_eq!(bench.engine().view().pending, 0);
    let answer = "<callToBeAnswered><callID>0_7</callID></callToBeAnswered>";
    client.info(&mut bench, "AnswerCall", answer);
    system.serve(&mut bench, "AnswerCall", |_| csta("AnswerCallResponse", ""));
    only(&client.heard(&mut bench), 200);
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
    let inside = call(&client);
    let refused = only(&client.info(&mut bench, "MakeCall", &inside), 200);
    assert_eq!(refused.element("systemResourceAvailibility"), "networkOutOfService");
    let system = PhoneSystem::answer(&mut bench);
    only(&client.send(&mut bench, "UPDATE", ""), 200);
    client.info(&mut bench, "MakeCall", &inside);
    assert_eq!(system.asked(&mut bench).len(), 1);
}

#[test]
fn a_peer_that_the_gateway_was_told_to_connect_to_is_not_believed_for_that() {
    let (mut bench, system, mut client) = signed_in(&[]);
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
fn an_address_that_stands_for_all_is_never_told_to_anybody() {
    let listen = Value::List(vec![Value::Text("0.0.0.0:5060".into())]);
    let (mut bench, system, mut client) = signed_in(&[("sip.tcp", listen), ("sip.udp", Value::List(vec![]))]);
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
