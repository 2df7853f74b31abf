//! Tests of sign-in, refresh and sign-out, and of SIP itself.

use super::*;

#[test]
fn it_signs_in_as_sipe_does() {
    let (mut stage, invite) = Stage::inviting(false);
    assert!(invite.starts_with(b"INVITE sip:ctigate@192.0.2.1:5060 SIP/2.0\r\n"));
    assert_eq!(header_of(&invite, "Contact"), "<sip:alice@192.0.2.9:40000;transport=tcp>");
    assert_eq!(header_of(&invite, "Supported"), "timer");
    assert_eq!(header_of(&invite, "Content-Disposition"), "signal;handling=required");
    assert_eq!(
        body_of(&invite),
        "<?xml version=\"1.0\"?><RequestSystemStatus xmlns=\"http://www.ecma-international.org/standards/ecma-323/csta/ed3\">\
         <extensions><privateData><private><lcs:line xmlns:lcs=\"http://schemas.microsoft.com/Lcs/2005/04/RCCExtension\">\
         tel:1001;phone-context=dialstring</lcs:line></private></privateData></extensions></RequestSystemStatus>"
            .replace("  ", "")
    );
    stage.answer(&invite, (100, ""), &[], "");
    stage.accept(&invite, &["Session-Expires: 1800;refresher=uac"], STATUS);
    let ack = stage.take("ACK sip:ctigate@192.0.2.1:5060;transport=tcp SIP/2.0");
    assert_eq!(header_of(&ack, "CSeq"), "1 ACK");
    assert!(header_of(&ack, "To").ends_with(";tag=gw1"));
    let features = stage.take("INFO");
    assert!(body_of(&features).contains("<GetCSTAFeatures ") && body_of(&features).contains("lcs:line"));
    let monitor = stage.take("INFO");
    assert_eq!(header_of(&monitor, "CSeq"), "3 INFO");
    assert!(
        body_of(&monitor)
            .contains(&format!("<monitorObject><deviceObject>{LINE}</deviceObject></monitorObject>"))
    );
    stage.accept(&features, &[], FEATURES);
    stage.accept(&monitor, &[], MONITOR);
    assert_eq!(
        stage.shown(),
        [
            "signed-in status=normal session-expires=1800",
            "features services=MakeCall events=0",
            "monitor xref=99fda87c"
        ]
    );
}

#[test]
fn it_signs_out_with_monitor_stop_and_bye_right_behind() {
    let mut stage = Stage::signed_in();
    stage.say(&["quit"]);
    let stop = stage.take("INFO");
    assert!(body_of(&stop).contains("<MonitorStop ") && body_of(&stop).contains("99fda87c"));
    let bye = stage.take("BYE");
    stage.accept(&stop, &[], "<MonitorStopResponse></MonitorStopResponse>");
    stage.accept(&bye, &[], "");
    assert_eq!(stage.shown(), ["monitor-stopped", "signed-out"]);
    assert_eq!((stage.finished, stage.client.next_wake()), (Some(0), None));
}

#[test]
fn it_waits_for_the_answer_to_bye_a_short_time_only() {
    let mut stage = Stage::signed_in();
    stage.input(Input::from(Command::Stop));
    stage.pass(Duration::from_millis(1_999));
    assert_eq!(stage.finished, None);
    stage.pass(Duration::from_millis(2));
    assert_eq!(stage.finished, Some(0));
}

#[test]
fn a_stop_before_the_answer_to_invite_still_ends_the_session() {
    let (mut stage, invite) = Stage::inviting(false);
    stage.input(Input::from(Command::Stop));
    assert_eq!(stage.finished, None);
    stage.accept(&invite, &[], STATUS);
    stage.take("ACK");
    let bye = stage.take("BYE");
    stage.accept(&bye, &[], "");
    assert_eq!(stage.finished, Some(0));
}

#[test]
fn the_route_set_follows_each_answers_record_route_in_reverse() {
    let (mut stage, invite) = Stage::inviting(false);
    let routes = ["Record-Route: <sip:p1;lr;sig=\"a,b\">, <sip:p2;lr>", "Record-Route: <sip:p3;lr>"];
    stage.accept(&invite, &routes, STATUS);
    let ack = stage.take("ACK sip:ctigate@192.0.2.1:5060;transport=tcp");
    assert_eq!(header_of(&ack, "Route"), "<sip:p3;lr>|<sip:p2;lr>|<sip:p1;lr;sig=\"a,b\">");
    stage.client.runner.clear();
    let (_, monitor) = (stage.take("INFO"), stage.take("INFO"));
    stage.accept(&monitor, &[], MONITOR);
    stage.say(&["refresh"]);
    let again = stage.take("INVITE");
    stage.accept(&again, &["Record-Route: <sip:strict>"], STATUS);
    let ack = stage.take("ACK sip:strict SIP/2.0");
    assert_eq!(header_of(&ack, "Route"), "<sip:ctigate@192.0.2.1:5060;transport=tcp>");
}

#[test]
fn it_refreshes_60_s_before_the_session_expires_but_not_before_half_of_it() {
    for (expires, after) in [(1800, 1740), (90, 45)] {
        let (mut stage, invite) = Stage::inviting(false);
        stage.accept(&invite, &[&format!("x: {expires}")], STATUS);
        stage.sent.clear();
        stage.pass(Duration::from_secs(31));
        stage.client.transactions = Transactions::default();
        stage.pass(Duration::from_secs(after - 31) - Duration::from_micros(1));
        assert!(stage.sent.is_empty());
        stage.pass(Duration::from_micros(1));
        let again = stage.take("INVITE");
        assert!(header_of(&again, "To").ends_with(";tag=gw1"));
        assert_eq!(body_of(&again), body_of(&invite));
        stage.accept(&again, &[&format!("x: {expires}")], STATUS);
        assert!(stage.shown().contains(&format!("refreshed status=normal session-expires={expires}")));
        stage.take("ACK");
    }
}

#[test]
fn without_session_expires_it_never_refreshes() {
    let (mut stage, invite) = Stage::inviting(false);
    stage.accept(&invite, &[], STATUS);
    assert_eq!(stage.client.refresh_at, None);
}

#[test]
fn a_status_other_than_normal_starts_no_monitor_until_a_refresh_says_normal() {
    let (mut stage, invite) = Stage::inviting(false);
    stage.accept(&invite, &["Session-Expires: 90"], &STATUS.replace("normal", "disabled"));
    stage.take("ACK");
    assert!(stage.sent.is_empty());
    assert_eq!(stage.shown(), ["signed-in status=disabled session-expires=90"]);
    stage.pass(Duration::from_secs(45));
    let again = stage.take("INVITE");
    stage.accept(&again, &["Session-Expires: 90"], STATUS);
    stage.take("ACK");
    assert!(body_of(&stage.take("INFO")).contains("GetCSTAFeatures"));
    assert!(body_of(&stage.take("INFO")).contains("MonitorStart"));
}

#[test]
fn a_refused_sign_in_is_acknowledged_and_fails_the_run_unless_it_was_expected() {
    for expected in [false, true] {
        let (mut stage, invite) = Stage::inviting(false);
        if expected {
            stage.say(&["expect refused 404"]);
        }
        stage.input(Input::from(Command::End));
        stage.answer(&invite, (404, "Unknown line"), &[], "");
        let ack = stage.take("ACK sip:ctigate@192.0.2.1:5060 SIP/2.0");
        assert_eq!(header_of(&ack, "Via"), header_of(&invite, "Via"));
        assert_eq!(stage.shown(), ["refused 404 Unknown line"]);
        assert_eq!(stage.finished, Some(u8::from(!expected)));
    }
}

#[test]
fn a_server_out_of_reach_is_exit_status_2() {
    let mut stage = Stage::new(false);
    stage.say(&["wait signed-in"]);
    stage.input(Input::Closed { link: LINK, why: Closed::Refused });
    assert_eq!((stage.shown(), stage.finished), ([String::from("not-connected refused")].into(), Some(2)));
    let mut silent = Stage::new(false);
    silent.pass(Duration::from_secs(9));
    assert_eq!((silent.finished, silent.closed), (None, false));
    silent.pass(Duration::from_secs(1));
    assert_eq!(
        (silent.shown(), silent.finished),
        ([String::from("not-connected timed-out")].into(), Some(2))
    );
    assert!(silent.closed, "nobody waits for the connection any more");
    let (mut stage, _) = Stage::inviting(true);
    stage.pass(Duration::from_secs(33));
    assert_eq!(stage.finished, Some(2));
}

#[test]
fn a_lost_connection_and_a_bye_of_the_gateways_end_the_session() {
    let mut stage = Stage::signed_in();
    stage.input(Input::Closed { link: LINK, why: Closed::Broken });
    assert_eq!((stage.shown(), stage.finished), ([String::from("ended broken")].into(), Some(1)));
    let mut stage = Stage::signed_in();
    stage.say(&["expect ended 10s", "quit"]);
    stage.ask("BYE", "z9hG4bK1", "");
    stage.take("SIP/2.0 200 OK");
    assert_eq!(
        (stage.shown(), stage.finished),
        ([String::from("ended BYE from the gateway")].into(), Some(0))
    );
}

#[test]
fn over_udp_what_is_lost_is_sent_again() {
    let (mut stage, invite) = Stage::inviting(true);
    stage.pass(Duration::from_millis(1_600));
    assert_eq!(
        (stage.take("INVITE"), stage.take("INVITE"), stage.sent.len()),
        (invite.clone(), invite.clone(), 0)
    );
    stage.accept(&invite, &[], STATUS);
    let ack = stage.take("ACK");
    let (features, monitor) = (stage.take("INFO"), stage.take("INFO"));
    // The ACK was lost, so the answer is retransmitted.
    stage.accept(&invite, &[], STATUS);
    assert_eq!(header_of(&stage.take("ACK"), "CSeq"), header_of(&ack, "CSeq"));
    stage.pass(Duration::from_millis(500));
    assert_eq!((stage.take("INFO"), stage.take("INFO")), (features.clone(), monitor.clone()));
    stage.accept(&features, &[], FEATURES);
    stage.accept(&monitor, &[], MONITOR);
    stage.accept(&monitor, &[], MONITOR);
    assert_eq!(stage.shown().iter().filter(|line| line.starts_with("monitor ")).count(), 1);
    stage.pass(Duration::from_secs(60));
    assert!(stage.sent.is_empty());
}

#[test]
fn over_udp_a_repeated_event_is_answered_again_and_told_once() {
    let (mut stage, invite) = Stage::inviting(true);
    stage.accept(&invite, &[], STATUS);
    let (_, _, monitor) = (stage.take("ACK"), stage.take("INFO"), stage.take("INFO"));
    stage.accept(&monitor, &[], MONITOR);
    stage.shown();
    for branch in ["z9hG4bK1", "z9hG4bK1", "z9hG4bK2"] {
        stage.ask("INFO", branch, &delivered());
        stage.take("SIP/2.0 200 OK");
    }
    assert_eq!(stage.shown().len(), 2);
}

#[test]
fn requests_that_are_not_for_it_are_answered_as_rfc_3261_says() {
    let mut stage = Stage::signed_in();
    for (method, call_id, status) in [
        ("INFO", "other", 481),
        ("OPTIONS", "other", 200),
        ("INVITE", "other", 405),
        ("MESSAGE", "other", 405),
    ] {
        let request = format!(
            "{method} sip:a SIP/2.0\r\nVia: SIP/2.0/TCP h\r\nFrom: <sip:g>;tag=1\r\nTo: <sip:a>\r\nCall-ID: {call_id}\r\n\
             CSeq: 1 {method}\r\nContent-Length: 0\r\n\r\n"
        );
        stage.arrive(request.as_bytes());
        stage.take(&format!("SIP/2.0 {status} "));
    }
    stage.arrive(b"INFO sip:a SIP/2.0\r\n\r\n");
    stage.take("SIP/2.0 400 Missing Via Header");
    stage.arrive(b"\r\n\r\n");
    stage.take("\r\n");
    assert!(stage.shown().is_empty());
}

#[test]
fn the_same_seed_and_inputs_make_the_same_bytes_and_state() {
    let run = |seed| {
        let config = ClientConfig::new("192.0.2.1:5060", "sip:alice@example.com", LINE);
        let mut stage = Stage { client: Client::new(config, Seed::from_number(seed)), ..Stage::new(false) };
        stage.settle();
        stage.input(Input::Opened {
            link: LINK,
            peer: Peer { address: server(), local: local(), listener: None },
        });
        (stage.sent.clone(), stage.client.digest())
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}
