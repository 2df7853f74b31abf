//! Errors in SIP are answered in SIP: every status with which the gateway refuses, and the header fields that it
//! requires.

use ctigate_core::Duration;
use ctigate_core::setting::Value;
use ctigate_tests::bench::{Bench, Client, Line, Sip, address, csta, csta_error, only};

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

/// The answer to a sign-in in which `from` was replaced.
fn changed(from: &str, to: &str) -> Sip {
    let (mut bench, _system, mut client) = Bench::with_client(&[]);
    let body = client.sign_in_body();
    let request = client.request("INVITE", &body);
    assert!(request.contains(from), "{from:?} is in {request}");
    let answers = client.say(&mut bench, &request.replacen(from, to, 1));
    let [answer] = answers.try_into().expect("one answer");
    assert_eq!(bench.engine().view().sessions, 0, "nothing remains of a refusal");
    answer
}

#[test]
fn malformed_requests_are_answered_400_with_a_reason_that_names_the_place() {
    for (from, to, reason) in [
        ("Call-ID: alice-call\r\n", "", "Call-ID"),
        ("CSeq: 1 INVITE", "CSeq: one INVITE", "CSeq"),
        ("CSeq: 1 INVITE", "CSeq: 1 BYE", "CSeq"),
        ("From: <sip:alice@example.com>", "From: <sip:alice@example.com", "From"),
        ("Contact: <sip:alice@127.0.0.1:49999;transport=tcp>;proxy=replace\r\n", "", "Contact"),
    ] {
        let answer = changed(from, to);
        assert_eq!(answer.status(), 400, "{from} -> {to}");
        assert!(answer.start().contains(reason), "{} names {reason}", answer.start());
    }
}

#[test]
fn a_broken_document_is_answered_400_with_a_warning_that_says_what() {
    let (mut bench, _system, mut client) = Bench::with_client(&[]);
    let refused = only(&client.send(&mut bench, "INVITE", "<RequestSystemStatus><oops>"), 400);
    assert!(refused.header("Warning").starts_with("399 ctigate \""), "{refused:?}");
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\">]><RequestSystemStatus/>";
    only(&client.send(&mut bench, "INVITE", bomb), 400);
}

#[test]
fn each_refusal_carries_what_its_status_demands() {
    for (from, to, status, header, value) in [
        ("sip:gw@127.0.0.1:5060 SIP/2.0", "mailto:gw@example.com SIP/2.0", 416, "", ""),
        ("SIP/2.0\r\n", "SIP/3.0\r\n", 505, "", ""),
        ("Supported: timer", "Require: 100rel", 420, "Unsupported", "100rel"),
        ("application/csta+xml", "application/sdp", 415, "Accept", "application/csta+xml"),
    ] {
        let answer = changed(from, to);
        assert_eq!(answer.status(), status, "{to}");
        assert!(header.is_empty() || answer.header(header) == value, "{answer:?}");
        assert!(answer.header("To").contains(";tag="), "every answer but 100 has a tag: {answer:?}");
    }
}

#[test]
fn an_unknown_method_is_answered_405_with_allow() {
    let (mut bench, _system, mut client) = Bench::with_client(&[]);
    for method in ["REGISTER", "SUBSCRIBE", "MESSAGE", "REFER", "DANCE"] {
        let refused = only(&client.send(&mut bench, method, ""), 405);
        assert_eq!(refused.header("Allow"), "INVITE, ACK, BYE, CANCEL, INFO, UPDATE, OPTIONS");
    }
}

#[test]
fn an_invite_with_another_document_than_request_system_status_is_488() {
    let (mut bench, _system, mut client) = Bench::with_client(&[]);
    let body = csta("GetCSTAFeatures", "");
    only(&client.send(&mut bench, "INVITE", &body), 488);
}

#[test]
fn a_line_the_phone_system_does_not_know_is_404_and_its_other_errors_let_the_user_in() {
    for (category, value, status) in [
        ("operation", "invalidDeviceID", 404),
        ("operation", "objectNotKnown", 404),
        ("systemResourceAvailibility", "resourceBusy", 200),
        ("operation", "serviceNotSupported", 200),
    ] {
        let (mut bench, system, mut client) = Bench::with_client(&[]);
        let body = client.sign_in_body();
        client.send(&mut bench, "INVITE", &body);
        bench.notices();
        system.serve(&mut bench, "SnapshotDevice", |_| csta_error(category, value));
        only(&client.heard(&mut bench), status);
        let names: Vec<String> = bench.notices();
        let began = names.iter().any(|notice| notice.starts_with("session_started"));
        assert_eq!(began, status == 200);
        assert!(
            !names.iter().any(|notice| notice.starts_with("session_ended")),
            "what never began does not end"
        );
    }
}

#[test]
fn an_invite_for_another_domain_is_404_and_options_is_answered_whatever_its_uri() {
    let (mut bench, system, mut client) = Bench::with_client(&[("sip.domain", text("gateway.example.com"))]);
    let body = client.sign_in_body();
    let elsewhere = |text: String, host: &str| {
        text.replacen("sip:gw@127.0.0.1:5060 SIP", &format!("sip:gw@{host} SIP"), 1)
    };
    let invite = elsewhere(client.request("INVITE", &body), "elsewhere.example");
    only(&client.say(&mut bench, &invite), 404);
    let options = elsewhere(client.request("OPTIONS", ""), "elsewhere.example");
    only(&client.say(&mut bench, &options), 200);
    let ours = elsewhere(client.request("INVITE", &body), "GATEWAY.example.com");
    client.say(&mut bench, &ours);
    system.knows_line(&mut bench);
    only(&client.heard(&mut bench), 200);
}

#[test]
fn refused_invites_leave_room_for_what_the_phone_system_must_be_asked() {
    let (mut bench, system, mut client) = Bench::with_client(&[("limits.transactions", Value::Integer(12))]);
    client.sign_in(&mut bench, system);
    let mut other = Client::over(Line::Datagram(address("127.0.0.1:5070")), "bob");
    for _ in 0..30 {
        let invite = other.request("INVITE", &csta("GetCSTAFeatures", ""));
        let refused = only(&other.say(&mut bench, &invite), 488);
        assert_eq!(other.say(&mut bench, &invite), [refused], "kept or not, it has the same tag");
    }
    assert_eq!(bench.engine().view().server_transactions, 9);
    let mut carol = Client::new(&mut bench, "carol");
    carol.sign_in(&mut bench, system);
}

#[test]
fn more_sessions_than_the_limit_are_503_with_retry_after() {
    let (mut bench, system, mut client) = Bench::with_client(&[("limits.sessions", Value::Integer(1))]);
    client.sign_in(&mut bench, system);
    let mut second = Client::new(&mut bench, "bob");
    let body = second.sign_in_body();
    let refused = only(&second.send(&mut bench, "INVITE", &body), 503);
    assert_ne!(refused.header("Retry-After"), "");
    only(&client.send(&mut bench, "BYE", ""), 200);
    second.sign_in(&mut bench, system);
}

#[test]
fn a_cancelled_sign_in_is_487_and_cancel_without_an_invite_481() {
    let (mut bench, _system, mut client) = Bench::with_client(&[]);
    let body = client.sign_in_body();
    let invite = client.request("INVITE", &body);
    client.say(&mut bench, &invite);
    let cancel = invite.split("\r\n\r\n").next().unwrap().replace("INVITE sip", "CANCEL sip");
    let cancel = cancel.replace("1 INVITE", "1 CANCEL");
    let cancel = cancel.lines().filter(|line| !line.starts_with("Content-")).collect::<Vec<_>>().join("\r\n")
        + "\r\nContent-Length: 0\r\n\r\n";
    let answers = client.say(&mut bench, &cancel);
    assert_eq!(answers.iter().map(Sip::status).collect::<Vec<_>>(), [200, 487]);
    assert_eq!(bench.engine().view().sessions, 0);
    let other = cancel.replace("z9hG4bK", "z9hG4bKother");
    only(&client.say(&mut bench, &other), 481);
}

#[test]
fn a_second_invite_before_the_first_is_answered_is_500_with_retry_after() {
    let (mut bench, system, mut client) = Bench::with_client(&[]);
    let body = client.sign_in_body();
    client.send(&mut bench, "INVITE", &body);
    bench.advance(Duration::from_millis(200));
    let trying = only(&client.heard(&mut bench), 100);
    client.take_tag(&trying);
    let refused = only(&client.send(&mut bench, "INVITE", &body), 500);
    assert_ne!(refused.header("Retry-After"), "");
    system.knows_line(&mut bench);
    only(&client.heard(&mut bench), 200);
}

#[test]
fn bytes_that_are_not_sip_close_the_connection_with_a_reason_and_nobody_else_notices() {
    let (mut bench, system, mut client) = Bench::with_client(&[]);
    client.sign_in(&mut bench, system);
    let link = bench.connect();
    bench.notices();
    bench.send(link, b"INVITE sip:x SIP/2.0\r\nContent-Length: minus one\r\n\r\n");
    assert!(bench.is_closed(link));
    assert!(bench.notices().iter().any(|notice| notice.starts_with("link_broken")));
    only(&client.info(&mut bench, "GetCSTAFeatures", ""), 200);
}

#[test]
fn a_double_crlf_is_answered_with_one() {
    let (mut bench, _system, _client) = Bench::with_client(&[]);
    let link = bench.connect();
    bench.send(link, b"\r\n\r\n");
    assert_eq!(bench.received(link), b"\r\n");
}

#[test]
fn rport_and_received_say_where_a_datagram_came_from() {
    let (mut bench, _system, mut client) = Bench::with_client(&[]);
    let from = address("127.0.0.1:5099");
    client.line = Line::Datagram(from);
    let request = client.request("OPTIONS", "").replace("127.0.0.1:5099;", "192.0.2.1:5070;rport;");
    let answer = only(&client.say(&mut bench, &request), 200);
    assert!(
        answer.header("Via").contains("rport=5099") && answer.header("Via").contains("received=127.0.0.1")
    );
    let request = client.request("OPTIONS", "").replace("127.0.0.1:5099;", "127.0.0.1:5070;");
    assert_eq!(client.say(&mut bench, &request), []);
    let elsewhere = bench.datagrams(address("127.0.0.1:5070"));
    only(&elsewhere, 200);
}
