//! Answers that cannot be read, texts in other encodings, and reasons of the phone system's own.

use alloc::format;
use alloc::vec::Vec;

use super::bench::{Bench, FEATURES, NORMAL, STARTED, STOP};
use crate::time::Duration;

/// A frame with any bytes.
fn frame(invoke: u16, document: &[u8]) -> Vec<u8> {
    let length = u16::try_from(document.len() + 8).unwrap().to_be_bytes();
    [&[0, 0], &length[..], format!("{invoke:04}").as_bytes(), document].concat()
}

#[test]
fn an_answer_that_cannot_be_read_fails_its_request_at_once_with_the_true_reason() {
    for (answer, why) in [
        (b"<MonitorStopResponse".as_slice(), "cannot be read: the document is truncated"),
        (b"<MonitorStopResp", "cannot be read: the document is truncated"),
        (b"", "cannot be read: the document is not well-formed XML"),
        (b"no XML at all", "cannot be read: the document is not well-formed XML"),
        (
            b"<MonitorStopResponse><a>\xFF</b></MonitorStopResponse>",
            "cannot be read: the document is not UTF-8",
        ),
        (b"<html><body>busy</body></html>", "is something else: html"),
        (b"<GetCSTAFeature/>", "is something else: GetCSTAFeature"),
        (b"<MonitorStart/>", "cannot be read: MonitorStart: monitorObject is missing"),
        (b"<AnswerCallResponse/>", "is something else: AnswerCallResponse"),
        (b"<FooResponse/>", "is something else: FooResponse"),
        (b"<a:MonitorStopResponse xmlns:a='b'", "truncated"),
    ] {
        let mut bench = Bench::in_service(1, "");
        let connection = bench.pool.take_turn("").unwrap();
        bench.ask(connection, 7, STOP).unwrap();
        let (invoke, _) = bench.sent(0).pop().unwrap();
        bench.bytes(0, &frame(invoke, answer));
        assert_eq!(bench.news(), ["answer 7 over 0.1: CSTAErrorCode"], "{why}");
        let notices = bench.notices();
        assert!(notices.len() == 1 && notices[0].contains("the answer to MonitorStop"), "{why}: {notices:?}");
        assert!(notices[0].contains(why), "{why}: {notices:?}");
        assert!(bench.sent(0).is_empty(), "{why}: an answer is not answered");
        bench.advance(Duration::from_secs(20));
        assert_eq!((bench.shared.counters.services_timed_out, bench.state(0)), (0, "InService"));
        assert_eq!(bench.shared.counters.documents_discarded, 1);
    }
}

#[test]
fn a_request_of_the_phone_system_that_cannot_be_read_is_no_answer_to_one_of_ours() {
    for document in [b"<SystemStatus><systemStatus>".as_slice(), b"<HeldEvent>", b"<MonitorStop >"] {
        let mut bench = Bench::in_service(1, "");
        let connection = bench.pool.take_turn("").unwrap();
        bench.ask(connection, 7, STOP).unwrap();
        let (invoke, _) = bench.sent(0).pop().unwrap();
        bench.bytes(0, &frame(invoke, document));
        assert!(bench.news().is_empty());
        bench.say(0, invoke, "<MonitorStopResponse/>");
        assert_eq!(bench.news(), ["answer 7 over 0.1: MonitorStopResponse"]);
    }
}

#[test]
fn a_late_answer_that_cannot_be_read_frees_its_invoke_id() {
    let mut bench = Bench::in_service(1, "");
    let connection = bench.pool.take_turn("").unwrap();
    bench.ask(connection, 7, STOP).unwrap();
    let (invoke, _) = bench.sent(0).pop().unwrap();
    bench.advance(Duration::from_secs(5));
    bench.bytes(0, &frame(invoke, b"<MonitorStopResponse"));
    assert_eq!(bench.shared.counters.answers_late, 1);
}

#[test]
fn what_the_link_itself_asks_for_need_not_be_answered_readably_but_a_session_must_be() {
    let mut bench = Bench::new(1, "cti.session = \"application\"\n");
    bench.tick();
    bench.open(0);
    bench.bytes(0, &frame(1, b"<StartApplicationSessionPos"));
    let notices = bench.notices();
    let why = "the answer to StartApplicationSession cannot be read: the document is truncated";
    assert!(notices.last().unwrap().contains(why), "{notices:?}");

    let mut bench = Bench::new(1, "");
    bench.tick();
    bench.open(0);
    bench.say(0, 1, NORMAL);
    bench.bytes(0, &frame(2, b"<GetCSTAFeaturesRes"));
    assert_eq!(bench.news(), ["dialled 0", "in service 0.1"]);
    bench.advance(Duration::from_secs(30));
    let (beat, _) = bench.sent(0).pop().unwrap();
    bench.bytes(0, &frame(beat, b"<RequestSystemStatusResponse"));
    assert_eq!(bench.news(), ["alive 0.1"], "whoever answers is alive");
}

#[test]
fn an_event_in_latin_1_arrives_with_its_names_and_is_kept_in_utf_8() {
    let event = |declared: &str, name: &[u8]| {
        let declaration = format!("<?xml version=\"1.0\" encoding=\"{declared}\"?>");
        let head = "<DeliveredEvent><monitorCrossRefID>m</monitorCrossRefID><connection><callID>7</callID>\
                    <deviceID>1001</deviceID></connection><callingDevice><deviceIdentifier>";
        let tail = "</deviceIdentifier></callingDevice></DeliveredEvent>";
        frame(9999, &[declaration.as_bytes(), head.as_bytes(), name, tail.as_bytes()].concat())
    };
    for (declared, bytes, name) in [
        ("ISO-8859-1", b"M\xFCller".as_slice(), "M\u{fc}ller"),
        ("windows-1252", b"\x80uro", "\u{20ac}uro"),
        ("US-ASCII", b"M\xFCller", "Mller"),
        ("UTF-8", b"M\xFCller", "Mller"),
        ("UTF-8", "M\u{fc}ller".as_bytes(), "M\u{fc}ller"),
    ] {
        let mut bench = Bench::in_service(1, "");
        bench.bytes(0, &event(declared, bytes));
        let news = bench.news();
        assert!(news.len() == 1 && news[0].contains(&format!(">{name}<")), "{declared}: {news:?}");
        assert!(bench.notices().is_empty());
    }
}

#[test]
fn an_answer_in_parts_may_be_in_latin_1() {
    let mut bench = Bench::in_service(1, "");
    let connection = bench.pool.take_turn("").unwrap();
    let device = crate::wire::csta::model::Device { id: "1001", type_of_number: None };
    let snapshot = crate::wire::csta::model::Request::SnapshotDevice { device };
    bench.act(|pool, step| pool.ask(step, connection, 7, &snapshot)).unwrap();
    let follow = "<SnapshotDeviceResponse><crossRefIDorSnapshotData><serviceCrossRefID>s</serviceCrossRefID>\
                  </crossRefIDorSnapshotData></SnapshotDeviceResponse>";
    bench.say_to_last(0, follow);
    let part = b"<?xml version='1.0' encoding='ISO-8859-1'?><SnapshotDeviceData><serviceCrossRefID>s\
        </serviceCrossRefID><lastSegment>true</lastSegment><snapshotData><snapshotDeviceResponseInfo>\
        <connectionIdentifier><callID>7</callID><deviceID>\xFC</deviceID></connectionIdentifier>\
        </snapshotDeviceResponseInfo></snapshotData></SnapshotDeviceData>";
    bench.bytes(0, &frame(9999, part));
    assert_eq!(bench.news(), ["answer 7 over 0.1: SnapshotDeviceResponse"]);
}

#[test]
fn a_session_refused_or_ended_says_why_in_the_log_and_in_the_status() {
    let refused = "<StartApplicationSessionNegResponse><errorCode><definedError>invalidApplicationInfo\
                   </definedError></errorCode></StartApplicationSessionNegResponse>";
    let mut bench = Bench::new(1, "cti.session = \"application\"\n");
    bench.tick();
    bench.open(0);
    bench.say_to_last(0, refused);
    let why = "the phone system refused the application session: invalidApplicationInfo";
    let notices = bench.notices();
    assert!(notices.last().unwrap().contains(why), "{notices:?}");
    assert_eq!(bench.pool.at(0).unwrap().last_failure.as_deref(), Some(why));

    for (reason, told) in [
        (
            "<sessionTermReason><definedTermReason>resourceLimitation</definedTermReason></sessionTermReason>",
            ": resourceLimitation",
        ),
        ("<sessionEndReason><appEndReason>night shift</appEndReason></sessionEndReason>", ": night shift"),
        ("", ""),
    ] {
        let mut bench = Bench::in_service(1, "cti.session = \"application\"\n");
        let end = format!(
            "<ApplicationSessionTerminated><sessionID>s</sessionID>{reason}</ApplicationSessionTerminated>"
        );
        bench.say(0, 9999, &end);
        assert_eq!(bench.news(), ["lost 0.1"]);
        let why = format!("the phone system ended the application session{told}");
        assert_eq!(bench.pool.at(0).unwrap().last_failure.as_deref(), Some(&*why));
    }
    let mut bench = Bench::in_service(1, "cti.session = \"application\"\n");
    let long = "\u{20ac}".repeat(20_000);
    let end = format!(
        "<ApplicationSessionTerminated><sessionID>s</sessionID><sessionTermReason>{long}</sessionTermReason></ApplicationSessionTerminated>"
    );
    bench.say(0, 9999, &end);
    assert!(bench.pool.at(0).unwrap().last_failure.as_ref().unwrap().len() < 200, "it is cut");
}

#[test]
fn the_end_of_another_session_is_noted_only() {
    let mut bench = Bench::in_service(1, "cti.session = \"application\"\n");
    let end = "<ApplicationSessionTerminated><sessionID>t</sessionID></ApplicationSessionTerminated>";
    bench.say(0, 9999, end);
    assert_eq!((bench.news(), bench.state(0)), (Vec::new(), "InService"));
    assert!(bench.notices()[0].contains("not this connection's"));
    let mut bench = Bench::in_service(1, "");
    bench.say(0, 9999, end);
    assert_eq!(bench.state(0), "InService", "it has none");
}

#[test]
fn events_with_roots_that_nobody_knows_are_counted_and_dropped() {
    let mut bench = Bench::in_service(1, "");
    for root in ["Weather", "Weather", "WeatherEvent"] {
        bench.say(0, 9999, &format!("<{root}/>"));
    }
    assert!(bench.news().is_empty());
    let counters = &bench.shared.counters;
    assert_eq!((counters.events_of_unknown_kind, counters.documents_discarded), (3, 3));
    assert!(bench.notices()[2].ends_with("not known: WeatherEvent\""));
}

#[test]
fn a_phone_system_that_opens_the_session_and_says_what_it_has_comes_into_service_at_once() {
    let mut bench = Bench::new(1, "cti.session = \"application\"\n");
    bench.tick();
    bench.open(0);
    bench.say_to_last(0, STARTED);
    bench.say_to_last(0, FEATURES);
    assert_eq!(bench.news(), ["dialled 0", "in service 0.1"]);
    assert_eq!(bench.pool.at(0).unwrap().features_known(), "reported");
}
