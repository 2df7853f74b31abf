//! Where a message on a stream ends (RFC 3261 18.3): what cannot be told from what follows it is answered 400 and ends
//! the connection, and nothing that came over a connection that stays is passed over silently.

use ctigate_core::setting::Value;
use ctigate_core::{Duration, LinkId};
use ctigate_tests::bench::{Bench, Client, Line, PhoneSystem, Sip, only};

/// A gateway with two users who share a connection, both signed in.
fn shared() -> (Bench, PhoneSystem, LinkId, [Client; 2]) {
    let (mut bench, system, mut alice) = Bench::with_client(&[]);
    let Line::Stream(link) = alice.line else { panic!("a client comes over a stream") };
    let mut bob = Client::over(Line::Stream(link), "bob");
    alice.sign_in(&mut bench, system);
    bob.sign_in(&mut bench, system);
    bench.notices();
    (bench, system, link, [alice, bob])
}

/// The request for the features of `client`'s phone, without and with a Content-Length that is replaced by `length`.
fn features(client: &mut Client, length: &str) -> String {
    let body = client.document("GetCSTAFeatures", "");
    let request = client.request("INFO", &body);
    let honest = format!("Content-Length: {}\r\n", body.len());
    assert!(request.contains(&honest), "{request}");
    request.replacen(&honest, length, 1)
}

/// The statuses of all answers.
fn statuses(answers: &[Sip]) -> Vec<u16> {
    answers.iter().map(Sip::status).collect()
}

#[test]
fn a_request_that_hides_its_length_is_400_and_nothing_behind_it_is_processed() {
    for length in [
        "",
        "Content-Length: -1\r\n",
        "Content-Length: some\r\n",
        "Content-Length:\r\n",
        "Content-Length: 10\r\nl: 11\r\n",
        "Content-Length: 99999999\r\n",
        "Content-Length: 99999999999999999999999\r\n",
    ] {
        for pieces in [1, 7, 4096] {
            let (mut bench, system, link, [mut alice, mut bob]) = shared();
            let stream = features(&mut alice, length) + &bob.request("BYE", "");
            for piece in stream.as_bytes().chunks(pieces) {
                bench.send(link, piece);
            }
            let status = if length.contains("9999") { 513 } else { 400 };
            let refused = only(&bench.messages(link), status);
            assert!(status == 513 || refused.start().contains("Content-Length"), "{refused:?}");
            assert!(bench.is_closed(link), "{length:?}");
            assert!(bench.notices().iter().any(|notice| notice.starts_with("link_broken")));
            assert_eq!(bench.engine().view().sessions, 2, "the sessions live on");
            // Both come back over another connection.
            for client in [&mut alice, &mut bob] {
                client.line = Line::Stream(bench.connect());
                only(&client.info(&mut bench, "GetCSTAFeatures", ""), 200);
            }
            assert_eq!(system.asked(&mut bench).len(), 0);
        }
    }
}

#[test]
fn without_content_length_and_content_type_there_is_no_body() {
    let (mut bench, _system, link, [mut alice, mut bob]) = shared();
    let options = alice.request("OPTIONS", "").replace("Content-Length: 0\r\n", "");
    bench.send(link, (options.clone() + &bob.request("OPTIONS", "")).as_bytes());
    assert_eq!(statuses(&bench.messages(link)), [200, 200]);
    for junk in ["<?xml version=\"1.0\"?><GetCSTAFeatures/>", "v=0\r\no=- 1 1 IN IP4 h\r\n\r\n", "\0\0\0\x10"]
    {
        let (mut bench, _system, link, [mut alice, mut bob]) = shared();
        let options = alice.request("OPTIONS", "").replace("Content-Length: 0\r\n", "");
        bench.send(link, (options + junk + &bob.request("BYE", "")).as_bytes());
        assert_eq!(statuses(&bench.messages(link)), [200], "{junk:?}");
        assert!(bench.is_closed(link), "what follows is no SIP message: {junk:?}");
        assert_eq!(bench.engine().view().sessions, 2);
    }
}

#[test]
fn a_content_length_that_is_too_long_shows_by_the_body_and_is_400() {
    let (_, _, _, [mut alice, mut bob]) = shared();
    let behind = bob.request("BYE", "");
    let long = |length: usize, request: String| {
        request.replacen(
            &format!("Content-Length: {length}"),
            &format!("Content-Length: {}", length + behind.len()),
            1,
        )
    };
    let body = alice.document("GetCSTAFeatures", "");
    let other = "Content-Type: application/sdp\r\n";
    let multipart = "--x\r\nContent-Type: application/csta+xml\r\n\r\n<a/>\r\n--x--\r\n";
    let parts = "multipart/mixed;boundary=x";
    let requests = [
        long(body.len(), alice.request("INFO", &body)),
        long(body.len(), alice.request("INVITE", &body)),
        long(body.len(), alice.request("INFO", &body)).replacen(";tag=", ";tag=un", 2),
        long(0, alice.request("BYE", "")),
        long(0, alice.request("OPTIONS", "")).replace("Content-Length", &format!("{other}Content-Length")),
        long(multipart.len(), alice.request("INFO", multipart)).replacen("application/csta+xml", parts, 1),
        long(0, alice.request("UPDATE", "")).replace("Contact: <sip:", "Contact: <tel:"),
    ];
    for request in requests {
        let (mut bench, _system, link, _) = shared();
        bench.send(link, (request.clone() + &behind).as_bytes());
        let refused = only(&bench.messages(link), 400);
        assert!(bench.is_closed(link), "{request}{refused:?}");
        assert_eq!(bench.engine().view().sessions, 2, "{request}");
    }
    // By a little too long, it takes the beginning of what follows, and the rest is none.
    let (mut bench, _system, link, [mut alice, _]) = shared();
    let request = alice.request("INFO", &body);
    let length = format!("Content-Length: {}", body.len());
    let request = request.replacen(&length, &format!("Content-Length: {}", body.len() + 3), 1);
    bench.send(link, (request + &behind).as_bytes());
    assert_eq!(statuses(&bench.messages(link)), [400]);
    assert!(bench.is_closed(link));
}

#[test]
fn an_ack_or_an_answer_whose_length_lies_ends_the_connection_too() {
    for method in ["ACK", "SIP/2.0 200 OK"] {
        for length in ["Content-Length: x\r\n", "Content-Length: 400\r\n"] {
            let (mut bench, _system, link, [mut alice, mut bob]) = shared();
            let request = alice.request("ACK", "").replace("Content-Length: 0\r\n", length);
            let first = request.split("\r\n").next().unwrap_or_default().to_owned();
            let request = if method == "ACK" { request } else { request.replacen(&first, method, 1) };
            let behind = bob.request("BYE", "");
            bench.send(link, (request + &behind + &" ".repeat(400)).as_bytes());
            assert_eq!(bench.messages(link), []);
            assert!(bench.is_closed(link), "{method} with {length}");
            assert_eq!(bench.engine().view().sessions, 2);
        }
    }
}

#[test]
fn what_is_held_is_answered_before_a_broken_connection_is_closed() {
    let (mut bench, system, link, [mut alice, mut bob]) = shared();
    let call = alice.call_to("1002");
    bench.send(link, alice.request("INFO", &alice.document("MakeCall", &call)).as_bytes());
    bench.send(link, features(&mut bob, "Content-Length: -1\r\n").as_bytes());
    assert_eq!(statuses(&bench.messages(link)), [400]);
    assert!(!bench.is_closed(link), "an answer is awaited");
    bench.send(link, bob.request("BYE", "").as_bytes());
    assert_eq!(
        (bench.messages(link), bench.engine().view().sessions),
        (vec![], 2),
        "nothing is read any more"
    );
    system.serve(&mut bench, "MakeCall", |_| {
        "<MakeCallResponse><callingDevice><callID>1</callID><deviceID>1001</deviceID></callingDevice>\
         </MakeCallResponse>"
            .into()
    });
    assert_eq!(statuses(&bench.messages(link)), [200]);
    assert!(bench.is_closed(link));
}

#[test]
fn a_broken_connection_does_not_wait_for_an_answer_for_ever() {
    let settings = [("cti.service_timeout", Value::Integer(30)), ("sip.message_timeout", Value::Integer(2))];
    let (mut bench, system, mut alice) = Bench::with_client(&settings);
    let Line::Stream(link) = alice.line else { panic!("a client comes over a stream") };
    alice.sign_in(&mut bench, system);
    let call = alice.call_to("1002");
    bench.send(link, alice.request("INFO", &alice.document("MakeCall", &call)).as_bytes());
    bench.send(link, features(&mut alice, "").as_bytes());
    assert!(!bench.is_closed(link));
    bench.advance(Duration::from_secs(2));
    assert!(bench.is_closed(link));
}

#[test]
fn a_request_line_without_a_uri_is_answered_400() {
    for line in ["OPTIONS  SIP/2.0\r\n", "OPTIONS SIP/2.0\r\n"] {
        let (mut bench, _system, link, [mut alice, _]) = shared();
        let request = alice.request("OPTIONS", "");
        let written = request.split_inclusive("\r\n").next().unwrap_or_default();
        bench.send(link, request.replacen(written, line, 1).as_bytes());
        only(&bench.messages(link), 400);
        assert!(!bench.is_closed(link), "its end is known");
    }
}

#[test]
fn a_message_that_is_not_completed_ends_its_connection_in_time() {
    let (mut bench, _system, link, [mut alice, mut bob]) = shared();
    let request = alice.request("OPTIONS", "");
    for (at, byte) in request.as_bytes().chunks(1).take(30).enumerate() {
        bench.send(link, byte);
        assert!(!bench.is_closed(link), "after {at} s");
        bench.advance(Duration::from_secs(1));
    }
    assert!(bench.is_closed(link), "however often a byte comes");
    let notices = bench.notices();
    assert!(notices.iter().any(|notice| notice.contains("sip.message_timeout")), "{notices:?}");
    assert_eq!(bench.engine().view().sessions, 2, "the sessions live on");
    bob.line = Line::Stream(bench.connect());
    only(&bob.info(&mut bench, "GetCSTAFeatures", ""), 200);
}

#[test]
fn each_message_has_its_own_time() {
    let (mut bench, _system, link, [mut alice, _]) = shared();
    for _ in 0..4 {
        let request = alice.request("OPTIONS", "");
        let (one, other) = request.split_at(20);
        bench.advance(Duration::from_secs(20));
        bench.send(link, one.as_bytes());
        bench.advance(Duration::from_secs(20));
        bench.send(link, other.as_bytes());
        only(&bench.messages(link), 200);
    }
    bench.advance(Duration::from_secs(40));
    assert!(!bench.is_closed(link));
}

#[test]
fn a_silent_connection_that_carries_no_dialog_ends_and_one_with_a_dialog_does_not() {
    let (mut bench, system, mut alice) = Bench::with_client(&[]);
    let Line::Stream(link) = alice.line else { panic!("a client comes over a stream") };
    alice.sign_in(&mut bench, system);
    let (silent, probing, pinging) = (bench.connect(), bench.connect(), bench.connect());
    let mut probe = Client::over(Line::Stream(probing), "probe");
    for _ in 0..3 {
        bench.advance(Duration::from_secs(599));
        only(&probe.send(&mut bench, "OPTIONS", ""), 200);
        bench.send(pinging, b"\r\n\r\n");
    }
    let closed = [silent, probing, pinging, link].map(|link| bench.is_closed(link));
    assert_eq!(closed, [true, false, false, false]);
    bench.notices();
    bench.advance(Duration::from_secs(600));
    assert!(bench.is_closed(probing) && bench.is_closed(pinging));
    let notices = bench.notices();
    assert!(notices.iter().any(|notice| notice.contains("sip.idle_timeout")), "{notices:?}");
}

#[test]
fn a_connection_is_silent_from_the_end_of_its_last_dialog_on() {
    let (mut bench, _system, link, [mut alice, mut bob]) = shared();
    bench.advance(Duration::from_secs(1_000));
    assert!(!bench.is_closed(link));
    only(&alice.send(&mut bench, "BYE", ""), 200);
    // Bob's dialog moves to another connection.
    bench.advance(Duration::from_secs(500));
    bob.line = Line::Stream(bench.connect());
    only(&bob.info(&mut bench, "GetCSTAFeatures", ""), 200);
    bench.advance(Duration::from_secs(599));
    assert!(!bench.is_closed(link));
    bench.advance(Duration::from_secs(1));
    assert!(bench.is_closed(link));
    let Line::Stream(other) = bob.line else { panic!("he comes over a stream") };
    assert!(!bench.is_closed(other));
}
