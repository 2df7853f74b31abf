//! What RFC 3261 requires of a request and of an answer, to the letter, where a mistake would hurt somebody: a call
//! that cannot be ended, an answer that goes astray, a request that is taken for another.

use ctigate_core::Duration;
use ctigate_core::setting::Value;
use ctigate_tests::bench::{Bench, Client, Line, PhoneSystem, Sip, address, csta, only, snapshot};

const CONTACT: &str = "Contact: <sip:alice@127.0.0.1:49999;transport=tcp>;proxy=replace\r\n";

/// The answer to a sign-in in which `from` was replaced; `None` if the phone system is asked.
fn sign_in_with(from: &str, to: &str) -> Option<Sip> {
    let (mut bench, system, mut client) = Bench::with_client(&[]);
    let body = client.sign_in_body();
    let request = client.request("INVITE", &body);
    assert!(request.contains(from), "{from:?} is in {request}");
    let answers = client.say(&mut bench, &request.replacen(from, to, 1));
    let sessions = bench.engine().view().sessions;
    assert_eq!((sessions, system.asked(&mut bench).len()), if answers.is_empty() { (1, 1) } else { (0, 0) });
    assert!(answers.len() < 2, "{answers:#?}");
    answers.into_iter().next()
}

/// Asserts that a sign-in in which `from` was replaced is answered 400, and that the answer names `header`.
fn assert_400(from: &str, to: &str, header: &str) {
    let answer = sign_in_with(from, to).unwrap_or_else(|| panic!("{to:?} is accepted"));
    assert_eq!(answer.status(), 400, "{to}: {answer:?}");
    assert!(answer.start().contains(header), "{to}: {} names {header}", answer.start());
}

#[test]
fn an_invite_begins_a_dialog_only_with_one_contact_that_requests_can_go_to() {
    for contacts in [
        "",
        "Contact:\r\n",
        "Contact: <tel:123>\r\n",
        "Contact: *\r\n",
        "Contact: <mailto:a@b>\r\n",
        "Contact: <sip:alice@>\r\n",
        "Contact: <sip:@h>\r\n",
        "Contact: <sip:alice@300.1.1.1>\r\n",
        "Contact: <sip:alice@[::1>\r\n",
        "Contact: <sip:alice@[1:2]:5060>\r\n",
        "Contact: <sip:alice@h:0>\r\n",
        "Contact: <sip:alice@h:65536>\r\n",
        "Contact: <sip:alice@h:port>\r\n",
        "Contact: \"Alice <sip:alice@h>\r\n",
        "Contact: <sip:alice@h>, <sip:alice@h>\r\n",
        "Contact: <sip:alice@h>\r\nm: <sip:alice@i>\r\n",
    ] {
        assert_400(CONTACT, contacts, "Contact");
    }
    for contact in [
        "m: sip:alice@h\r\n",
        "Contact: \"A, <B>\" <sips:alice@[2001:db8::1]:5061;x=y?z>;q=1\r\n",
        "Contact: <sip:192.0.2.1>\r\n",
    ] {
        assert_eq!(sign_in_with(CONTACT, contact), None, "{contact}");
    }
}

#[test]
fn a_refused_invite_changes_nothing_for_the_session_its_user_has() {
    let (mut bench, system, mut client) = Bench::with_client(&[]);
    client.sign_in(&mut bench, system);
    let mut again = client.clone();
    (again.call_id, again.gateway_tag) = ("another".into(), String::new());
    let body = again.sign_in_body();
    let invite = again.request("INVITE", &body).replace(CONTACT, "");
    only(&again.say(&mut bench, &invite), 400);
    only(&client.info(&mut bench, "GetCSTAFeatures", ""), 200);
}

#[test]
fn a_takeover_needs_a_contact_as_a_sign_in_does() {
    for (contact, status) in [("", 400), ("Contact: <tel:1>\r\n", 400), (CONTACT, 200)] {
        let (mut bench, system, mut client) = Bench::with_client(&[]);
        client.gateway_tag = "0123456789abcdef".into();
        let body = client.sign_in_body();
        let invite = client.request("INVITE", &body).replace(CONTACT, contact);
        let mut answers = client.say(&mut bench, &invite);
        if answers.is_empty() {
            system.knows_line(&mut bench);
            answers = client.heard(&mut bench);
        }
        only(&answers, status);
    }
}

#[test]
fn a_refresh_without_a_contact_keeps_the_target_and_one_with_a_bad_contact_is_400() {
    for routes in ["", "Record-Route: <sip:127.0.0.1:5099;lr>\r\n", "Record-Route: <sip:127.0.0.1:5099>\r\n"]
    {
        for method in ["INVITE", "UPDATE"] {
            let (mut bench, system, mut client) = Bench::with_client(&[]);
            client.more = routes.into();
            client.sign_in(&mut bench, system);
            let body = if method == "INVITE" { client.sign_in_body() } else { String::new() };
            for bad in
                ["Contact: <tel:1>\r\n", "Contact: <sip:a@b>, <sip:a@c>\r\n", "Contact: <sip:a@b:c>\r\n"]
            {
                let refresh = client.request(method, &body).replace(CONTACT, bad);
                only(&client.say(&mut bench, &refresh), 400);
            }
            let refresh = client.request(method, &body).replace(CONTACT, "");
            only(&client.say(&mut bench, &refresh), 200);
            // The session's end shows where requests go.
            bench.advance(Duration::from_secs(2_200));
            let bye = client.heard(&mut bench).pop().expect("a BYE");
            let written = format!("{} {}", bye.start(), bye.header("Route"));
            assert!(bye.method() == "BYE" && written.contains("sip:alice@127.0.0.1:49999"), "{written}");
            assert_eq!(written.contains("5099"), !routes.is_empty(), "{written}");
        }
    }
}

#[test]
fn from_and_to_have_at_most_one_tag_and_a_sip_uri_there_has_a_host() {
    let from = "From: <sip:alice@example.com>;tag=alice-tag";
    for bad in [
        "From: <sip:alice@example.com>;tag=1;tag=2",
        "From: <sip:alice@example.com>;tag=",
        "From: <sip:alice@example.com>;tag",
        "From: <sip:alice@>;tag=1",
        "From: <sip:alice@exa mple.com>;tag=1",
        "From: <sips:alice@a..b>;tag=1",
        "From: <sip:>;tag=1",
    ] {
        assert_400(from, bad, "From");
    }
    let to = "To: <sip:gw@127.0.0.1:5060>";
    for bad in
        ["To: <sip:gw@127.0.0.1:x>", "To: <sip:gw@h>;tag=", "To: <sip:gw@h>;tag=1;TAG=1", "To: <sip:g@-h>"]
    {
        assert_400(to, bad, "To");
    }
    for (before, good) in [
        (from, "From: <tel:+4930123456;ext=7>;tag=1"),
        (from, "From: \"Alice, \\\"A\\\"\" <urn:service:sos>;tag=1;epid=2"),
        (from, "From: <sip:alice@example.com>"),
        (to, "To: <tel:8000>"),
        (to, "To: <sips:gw@[2001:db8::1]>"),
    ] {
        assert_eq!(sign_in_with(before, good), None, "{good}");
    }
}

#[test]
fn a_from_without_a_tag_has_the_null_tag_in_its_whole_dialog() {
    let (mut bench, system, mut client) = Bench::with_client(&[]);
    let untagged = |request: String| request.replace(";tag=alice-tag", "");
    let body = client.sign_in_body();
    let invite = untagged(client.request("INVITE", &body));
    client.say(&mut bench, &invite);
    system.knows_line(&mut bench);
    let ok = only(&client.heard(&mut bench), 200);
    assert_eq!(ok.parameter("From", "tag"), "");
    client.take_tag(&ok);
    let (ack, features) = (client.request("ACK", ""), client.request("INFO", &csta("GetCSTAFeatures", "")));
    client.say(&mut bench, &untagged(ack));
    only(&client.say(&mut bench, &features), 481);
    only(&client.say(&mut bench, &untagged(features.replacen("branch=", "branch=z9hG4bKn", 1))), 200);
}

#[test]
fn a_malformed_via_is_400_and_what_is_echoed_is_echoed_byte_for_byte() {
    let via = "Via: SIP/2.0/TCP 127.0.0.1:49999";
    for bad in [
        ";;branch=z9hG4bK1",
        ";branch=",
        ";branch=z9hG4bK1;rport=x",
        ";branch=z9hG4bK1,",
        ";branch=z9hG4bK1;;,;,,",
        ";branch=z9hG4bK1;received=",
        ";branch=z9hG4bK1;x=\"open",
        ";branch=z9hG4bK1, SIP/2.0/TCP",
        ";branch=z9hG4bK1\r\nv: SIP/2.0/TCP a..b",
        ";branch=z9hG4bK1\r\nVia: HTTP/1.1 h",
    ] {
        let (mut bench, _system, mut client) = Bench::with_client(&[]);
        client.branch = false;
        let request = client.request("OPTIONS", "").replacen(via, &format!("{via}{bad}"), 1);
        let refused = only(&client.say(&mut bench, &request), 400);
        assert!(refused.start().contains("Via"), "{bad}: {refused:?}");
    }
    for good in [
        "",
        " ;  Branch = z9hG4bK1 ;x=\"a;, b\" , SIP / 2.0 / UDP  h : 5060 ;y , SIP/2.0/TLS [::1]",
        ";ms-received-port=50000;ms-received-cid=2800;branch=z9hG4bK1.a/b==\r\nVia:  SIP/2.0/udp  two ; x",
    ] {
        let (mut bench, _system, mut client) = Bench::with_client(&[]);
        client.branch = false;
        let request = client.request("OPTIONS", "").replacen(via, &format!("{via}{good}"), 1);
        let answer = only(&client.say(&mut bench, &request), 200);
        let vias = answer.headers("Via").join("\r\nVia:  ");
        assert_eq!(vias, format!("{via}{good}").trim_start_matches("Via: "), "{answer:?}");
    }
}

#[test]
fn the_same_invite_that_came_two_ways_is_answered_once_and_482_once() {
    let (mut bench, system, mut client) = Bench::with_client(&[]);
    let body = client.sign_in_body();
    let invite = client.request("INVITE", &body);
    client.say(&mut bench, &invite);
    let other = invite.replacen("branch=z9hG4bK", "branch=z9hG4bKother", 1);
    only(&client.say(&mut bench, &other), 482);
    // The same branch is the same request, and another From tag, Call-ID or CSeq another.
    assert_eq!(client.say(&mut bench, &invite), []);
    system.knows_line(&mut bench);
    only(&client.heard(&mut bench), 200);
    assert_eq!(bench.engine().view().sessions, 1);
    for (from, to) in [("alice-tag", "tag2"), ("alice-call", "call2"), ("CSeq: 1 ", "CSeq: 2 ")] {
        let (mut bench, _system, mut client) = Bench::with_client(&[]);
        let invite = client.request("INVITE", &body);
        client.say(&mut bench, &invite);
        let another = invite.replacen("branch=z9hG4bK", "branch=z9hG4bKother", 1).replacen(from, to, 1);
        assert_eq!(client.say(&mut bench, &another), [], "{to}: the phone system is asked");
        assert_eq!(bench.engine().view().sessions, 2);
    }
}

#[test]
fn a_proxys_second_try_is_served_when_the_first_one_failed() {
    let (mut bench, system, mut client) = Bench::with_client(&[]);
    let Line::Stream(link) = client.line else { panic!("a client comes over a stream") };
    let body = client.sign_in_body();
    let invite = client.request("INVITE", &body);
    client.say(&mut bench, &invite);
    // Kamailio has lost the connection on which it would get the answer, and tries again with a branch of its own.
    bench.close(link);
    client.line = Line::Stream(bench.connect());
    let second = invite.replacen("branch=z9hG4bK", "branch=z9hG4bKsecond", 1);
    assert_eq!(client.say(&mut bench, &second), [], "the phone system is asked");
    for asked in system.asked(&mut bench) {
        system.say(&mut bench, asked.invoke, &snapshot("1001", &[]));
    }
    only(&client.heard(&mut bench), 200);
    // What was answered is no longer under way, and neither is what was refused.
    let third = invite.replacen("branch=z9hG4bK", "branch=z9hG4bKthird", 1);
    let answers = client.say(&mut bench, &third);
    assert!(!answers.iter().any(|answer| answer.status() == 482), "{answers:#?}");
}

#[test]
fn quirk_2_refreshes_that_are_alike_are_never_taken_for_merged_requests() {
    for branch in [true, false] {
        let (mut bench, system, mut client) = Bench::with_client(&[]);
        client.branch = branch;
        client.sign_in(&mut bench, system);
        for _ in 0..3 {
            // SIPE's refreshes all have CSeq 2 and, behind a proxy, each another branch.
            client.sequence = 2;
            let body = client.sign_in_body();
            let refresh = client.request("INVITE", &body);
            only(&client.say(&mut bench, &refresh), 200);
            if branch {
                let again = refresh.replacen("branch=z9hG4bK", "branch=z9hG4bKother", 1);
                only(&client.say(&mut bench, &again), 200);
            }
            client.send(&mut bench, "ACK", "");
        }
    }
}

#[test]
fn an_ack_and_a_cancel_are_never_merged() {
    let (mut bench, _system, mut client) = Bench::with_client(&[]);
    let body = client.sign_in_body();
    let invite = client.request("INVITE", &body);
    client.say(&mut bench, &invite);
    let head = invite.split("\r\n\r\n").next().unwrap_or_default();
    let head: Vec<&str> = head.lines().filter(|line| !line.starts_with("Content-")).collect();
    let head = head.join("\r\n") + "\r\nContent-Length: 0\r\n\r\n";
    for (method, status) in [("ACK", None), ("CANCEL", Some(481))] {
        let other = head.replace("INVITE", method).replacen("branch=z9hG4bK", "branch=z9hG4bKother", 1);
        let answers = client.say(&mut bench, &other);
        assert_eq!(answers.first().map(Sip::status), status);
    }
}

/// A signed-in user, and what an INFO with these headers in place of its content's is answered.
fn info_with(headers: &str, body: &str) -> Sip {
    let (mut bench, _system, mut client) = Bench::signed_in(&[]);
    let written = "Content-Disposition: signal;handling=required\r\nContent-Type: application/csta+xml\r\n";
    let request = client.request("INFO", body).replacen(written, headers, 1);
    let answers = client.say(&mut bench, &request);
    assert_eq!(answers.len(), 1, "{answers:#?}");
    answers.into_iter().next().expect("one answer")
}

#[test]
fn a_body_that_is_not_understood_is_415_unless_it_is_optional() {
    let csta_type = "Content-Type: application/csta+xml\r\n";
    let body = csta("GetCSTAFeatures", "");
    for (headers, header, value) in [
        ("Content-Encoding: gzip\r\n", "Accept-Encoding", "identity"),
        ("e: gzip, identity\r\nContent-Disposition: signal\r\n", "Accept-Encoding", "identity"),
        ("Content-Disposition: icon\r\n", "Accept", "application/csta+xml"),
        ("Content-Disposition: aib;handling=required\r\n", "Accept", "application/csta+xml"),
    ] {
        let refused = info_with(&format!("{csta_type}{headers}"), &body);
        assert_eq!((refused.status(), refused.header(header)), (415, value), "{headers}");
        let optional =
            headers.replace("\r\nContent-Disposition: signal", "").replace(";handling=required", "");
        let optional = match optional.find("Disposition") {
            Some(_) => optional.replace("\r\n", ";handling=optional\r\n"),
            None => format!("{optional}Content-Disposition: signal;handling=optional\r\n"),
        };
        let ignored = info_with(&format!("{csta_type}{optional}"), &body);
        assert_eq!((ignored.status(), ignored.body()), (200, ""), "{optional}");
    }
    for headers in ["Content-Type: application/sdp\r\n", "", "Content-Type: x\r\n"] {
        let refused = info_with(headers, &body);
        assert_eq!((refused.status(), refused.header("Accept")), (415, "application/csta+xml"), "{headers}");
    }
    for headers in ["", "Content-Disposition: render\r\n", "Content-Encoding: identity\r\n"] {
        assert_ne!(info_with(&format!("{csta_type}{headers}"), &body).body(), "", "{headers}");
    }
}

#[test]
fn a_part_of_a_body_that_is_not_understood_is_415_unless_it_is_optional() {
    let document = csta("GetCSTAFeatures", "");
    let headers = "Content-Type: multipart/mixed;boundary=x\r\n";
    let parts = |other: &str| {
        let ours = format!("--x\r\nContent-Type: application/csta+xml\r\n\r\n{document}\r\n");
        format!("--x\r\n{other}\r\n\r\nv=0\r\n{ours}--x--\r\n")
    };
    let refused = info_with(headers, &parts("Content-Type: application/sdp"));
    assert_eq!((refused.status(), refused.header("Accept")), (415, "application/csta+xml"));
    for other in ["Content-Type: application/sdp\r\nContent-Disposition: session;handling=optional", "X: y"] {
        let answer = info_with(headers, &parts(other));
        assert!(answer.status() == 200 && !answer.body().is_empty(), "{other}: {answer:?}");
    }
}

#[test]
fn every_option_that_is_not_known_is_named_and_cancel_and_ack_may_require_any() {
    let refused =
        sign_in_with("Supported: timer", "Require: foo, timer\r\nRequire: bar,baz").expect("an answer");
    assert_eq!((refused.status(), refused.header("Unsupported")), (420, "foo, bar, baz"));
    let (mut bench, _system, mut client) = Bench::with_client(&[]);
    let body = client.sign_in_body();
    let invite = client.request("INVITE", &body);
    client.say(&mut bench, &invite);
    let head = invite.split("\r\n\r\n").next().unwrap_or_default();
    let head: Vec<&str> = head.lines().filter(|line| !line.starts_with("Content-")).collect();
    let head = head.join("\r\n") + "\r\nRequire: foo\r\nContent-Length: 0\r\n\r\n";
    let answers = client.say(&mut bench, &head.replace("INVITE", "CANCEL"));
    assert_eq!(answers.iter().map(Sip::status).collect::<Vec<_>>(), [200, 487]);
    assert_eq!(client.say(&mut bench, &head.replace("INVITE", "ACK")), []);
    assert_eq!(bench.engine().view().server_transactions, 0, "the ACK was taken");
}

#[test]
fn headers_that_may_come_once_and_numbers_have_their_bounds() {
    for (from, to, name) in [
        ("Max-Forwards: 70\r\n", "Max-Forwards: 70\r\nMax-Forwards: 70\r\n", "Max-Forwards"),
        ("Max-Forwards: 70\r\n", "Max-Forwards: many\r\n", "Max-Forwards"),
        ("CSeq: 1 INVITE", "CSeq: 2147483648 INVITE", "CSeq"),
        ("CSeq: 1 INVITE", "CSeq: 36893488147419103232 INVITE", "CSeq"),
        ("Supported: timer\r\n", "Content-Disposition: signal\r\n", "Content-Disposition"),
    ] {
        assert_400(from, to, name);
    }
    assert_eq!(sign_in_with("CSeq: 1 INVITE", "CSeq: 2147483647 INVITE"), None);
    assert_eq!(sign_in_with("Max-Forwards: 70", "Max-Forwards: 0"), None);
}

#[test]
fn a_reference_to_a_character_that_does_not_exist_is_400() {
    for reference in ["&#x110000;", "&#1114112;", "&#xD800;", "&#0;", "&#x;"] {
        let body = csta("GetCSTAFeatures", &format!("<extensions><x>{reference}</x></extensions>"));
        let (mut bench, _system, mut client) = Bench::signed_in(&[]);
        only(&client.send(&mut bench, "INFO", &body), 400);
    }
}

#[test]
fn a_quoted_pair_may_hold_a_control_character_and_is_echoed_as_it_came() {
    let (mut bench, system, mut client) = Bench::with_client(&[]);
    let named = "\"BEL:\\\u{7} NUL:\\\0 DEL:\\\u{7f} \\\" \\\\\" <sip:alice@example.com>";
    let control = |request: String| request.replace("<sip:alice@example.com>", named);
    let body = client.sign_in_body();
    let invite = control(client.request("INVITE", &body));
    client.say(&mut bench, &invite);
    system.knows_line(&mut bench);
    let ok = only(&client.heard(&mut bench), 200);
    assert!(ok.header("From").starts_with(named), "{ok:?}");
    client.take_tag(&ok);
    let ack = control(client.request("ACK", ""));
    client.say(&mut bench, &ack);
    bench.advance(Duration::from_secs(2_200));
    let bye = only_request(&client.heard(&mut bench));
    assert!(bye.header("To").starts_with(named), "{bye:?}");
    for bad in ["\"BEL:\u{7}\" <sip:alice@example.com>", "\\\u{7} <sip:alice@example.com>"] {
        assert_400("<sip:alice@example.com>", bad, "Control");
    }
}

/// The only message, which must be a request.
fn only_request(heard: &[Sip]) -> Sip {
    let [request] = heard else { panic!("one request was expected: {heard:#?}") };
    request.clone()
}

/// A session by datagram whose event waits for its answer.
fn with_event() -> (Bench, PhoneSystem, Client, Sip) {
    let (mut bench, system) = Bench::in_service(&[]);
    let mut client = Client::over(Line::Datagram(address("127.0.0.1:5070")), "alice");
    client.sign_in(&mut bench, system);
    client.monitor(&mut bench, system, "m1");
    let party = |device: &str| format!("<callID>7</callID><deviceID>{device}</deviceID>");
    let ringing = format!(
        "<connection>{}</connection><alertingDevice><deviceIdentifier>1001</deviceIdentifier></alertingDevice>\
         <callingDevice><deviceIdentifier>1002</deviceIdentifier></callingDevice><calledDevice>\
         <deviceIdentifier>1001</deviceIdentifier></calledDevice><lastRedirectionDevice><notRequired/>\
         </lastRedirectionDevice><localConnectionInfo>alerting</localConnectionInfo><cause>newCall</cause>",
        party("1001")
    );
    system.event(&mut bench, "DeliveredEvent", "m1", &ringing);
    let event = only_request(&client.heard(&mut bench));
    (bench, system, client, event)
}

#[test]
fn an_answer_belongs_to_our_request_by_branch_cseq_and_its_only_via() {
    let (mut bench, _system, client, event) = with_event();
    let good = event.answered(481);
    let (sequence, _) = event.sequence();
    let cseq = format!("CSeq: {sequence} INFO");
    assert!(good.contains(&cseq), "{good}");
    for bad in [
        good.replace(&cseq, &format!("CSeq: {sequence} BYE")),
        good.replace(&cseq, &format!("CSeq: {} INFO", sequence + 1)),
        good.replacen("Via: ", "Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\nVia: ", 1),
        good.replacen("CSeq: ", "Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\nCSeq: ", 1),
        good.replacen("branch=z9hG4bK", "branch=z9hG4bk0", 1),
        good.replace(&cseq, ""),
    ] {
        client.say(&mut bench, &bad);
        assert_eq!(bench.engine().view().sessions, 1, "{bad}");
    }
    client.say(&mut bench, &good);
    assert_eq!(bench.engine().view().sessions, 0, "the client does not know the dialog");
}

#[test]
fn line_ends_by_datagram_are_not_answered() {
    let (mut bench, _system) = Bench::in_service(&[]);
    let from = address("127.0.0.1:5070");
    for ping in ["\r\n\r\n", "\r\n", "\0\0\0\0"] {
        bench.send_datagram(from, ping.as_bytes());
        assert_eq!(bench.datagrams(from), [], "RFC 5626 4.4.1: on streams only");
    }
}

#[test]
fn answers_by_datagram_that_nobody_acknowledges_are_bounded_for_each_address() {
    let (mut bench, _system) = Bench::in_service(&[("limits.unacknowledged", Value::Integer(3))]);
    let refuse = |bench: &mut Bench, host: &str, number: usize| {
        let from = address(&format!("{host}:{}", 2_000 + number));
        let mut client = Client::over(Line::Datagram(from), &format!("user{number}"));
        let invite = client.request("INVITE", &csta("GetCSTAFeatures", ""));
        let refused = only(&client.say(bench, &invite), 488);
        (client, invite, refused)
    };
    let mut clients: Vec<_> = (0..8).map(|number| refuse(&mut bench, "127.0.0.1", number)).collect();
    clients.push(refuse(&mut bench, "127.0.0.2", 8));
    bench.advance(Duration::from_millis(600));
    let repeated = |bench: &mut Bench| -> Vec<usize> {
        clients.iter().map(|(client, ..)| client.heard(bench).len()).collect()
    };
    assert_eq!(repeated(&mut bench), [1, 1, 1, 0, 0, 0, 0, 0, 1], "three to one address, one to another");
    // An ACK makes room for another; one that is not repeated by itself is when it is asked for.
    let (mut first, _, refused) = clients[0].clone();
    let ack = first.ack(&refused);
    first.say(&mut bench, &ack);
    let (_, _, _) = refuse(&mut bench, "127.0.0.1", 9);
    let (last, invite, refused) = clients[7].clone();
    assert_eq!(last.say(&mut bench, &invite), [refused]);
    bench.advance(Duration::from_millis(600));
    let tenth = bench.datagrams(address("127.0.0.1:2009"));
    assert_eq!(tenth.len(), 1, "there is room for it");
    bench.advance(Duration::from_secs(40));
    let (mut bench, system) = Bench::in_service(&[("limits.unacknowledged", Value::Integer(1))]);
    for name in ["alice", "bob"] {
        let from = address(if name == "alice" { "127.0.0.1:5071" } else { "127.0.0.1:5072" });
        let mut client = Client::over(Line::Datagram(from), name);
        let body = client.sign_in_body();
        client.send(&mut bench, "INVITE", &body);
        system.knows_line(&mut bench);
        only(&client.heard(&mut bench), 200);
        bench.advance(Duration::from_millis(600));
        assert_eq!(client.heard(&mut bench).len(), usize::from(name == "alice"), "{name}");
    }
}
