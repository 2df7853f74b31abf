//! Phone systems that send garbage: it is logged and counted, and if the beginning of the next frame is unknown, the
//! connection is closed and dialled again.

use ctigate_core::setting::Value;
use ctigate_core::{Duration, LinkId};
use ctigate_tests::bench::{Bench, Client, HELD, PhoneSystem, csta, csta_error, only};

use super::told;

/// A frame with a document that is not checked.
fn frame(invoke: [u8; 4], document: &[u8]) -> Vec<u8> {
    let length = u16::try_from(document.len() + 8).unwrap().to_be_bytes();
    [&[0, 0], &length[..], &invoke, document].concat()
}

#[test]
fn a_stream_that_is_no_longer_frames_is_closed_and_dialled_again_and_requests_get_their_answers() {
    let held = "<callToBeHeld><callID>17</callID></callToBeHeld>";
    for (bytes, why) in [
        (&b"GET / HTTP/1.1\r\n\r\n"[..], "two zero bytes"),
        (b"\0\0\0\x070001", "shorter than its header"),
        (b"\0\0\0\x0cabcd<x/>", "not four digits"),
        (b"\0\x01\0\x0c0001<x/>", "two zero bytes"),
    ] {
        let (mut bench, system, mut client) = Bench::signed_in(&[]);
        client.info(&mut bench, "HoldCall", held);
        system.asked(&mut bench);
        bench.notices();
        bench.send(system.link(), bytes);
        assert!(bench.is_closed(system.link()), "{why}");
        assert!(told(&mut bench, "cti_out_of_service")[0].contains(why), "{why}");
        assert_eq!(only(&client.heard(&mut bench), 200).root(), "CSTAErrorCode");
        let shown = bench.engine().connections().next().unwrap();
        assert!(shown.last_failure.as_ref().unwrap().contains(why) && !shown.in_service);
        assert_eq!(bench.engine().counters().connections_lost, 1);
        // What comes after it is ignored.
        bench.send(system.link(), &frame(*b"9999", b"<x/>"));
        bench.heartbeats(None);
        bench.advance(Duration::from_secs(3));
        PhoneSystem::answer(&mut bench);
        assert!(bench.engine().connections().next().unwrap().in_service, "it was dialled again");
    }
}

/// A signed-in client whose phone system sends `document` with the invoke ID `invoke`, and still works after that.
fn shrugged_off(more: &[(&str, Value)], invoke: [u8; 4], document: &[u8]) -> (Bench, Vec<String>) {
    let (mut bench, system, mut client) = Bench::signed_in(more);
    bench.notices();
    bench.send(system.link(), &frame(invoke, document));
    let notices = bench.notices();
    client.info(&mut bench, "AnswerCall", "<callToBeAnswered><callID>17</callID></callToBeAnswered>");
    system.serve(&mut bench, "AnswerCall", |_| csta("AnswerCallResponse", ""));
    assert_eq!(only(&client.heard(&mut bench), 200).root(), "AnswerCallResponse");
    assert!(!bench.is_closed(system.link()));
    (bench, notices)
}

#[test]
fn a_document_that_cannot_be_read_is_told_and_counted_and_the_next_frame_is_served() {
    let bomb = b"<!DOCTYPE x [<!ENTITY a \"aaaa\">]><x>&a;</x>";
    for garbage in [&b""[..], b"\xff\xfe\x00", b"<HeldEvent><oops>", bomb, b"no XML at all"] {
        let (bench, notices) = shrugged_off(&[], *b"9999", garbage);
        assert!(notices[0].starts_with("message_discarded cti=127.0.0.1:4000 "), "{notices:?}");
        assert_eq!(bench.engine().counters().documents_discarded, 1);
    }
}

#[test]
fn a_frame_longer_than_allowed_is_told_and_counted_and_the_next_one_is_served() {
    let long = csta("HeldEvent", &"<x/>".repeat(2_000));
    let (bench, notices) =
        shrugged_off(&[("limits.message_bytes", Value::Integer(4_096))], *b"9999", long.as_bytes());
    assert!(notices[0].contains("longer than the bound on bytes"), "{notices:?}");
    assert_eq!(bench.engine().counters().documents_discarded, 1);
}

#[test]
fn an_answer_under_an_unknown_invoke_id_is_told_and_counted() {
    for invoke in [b"4711", b"0000", b"9999"] {
        let (bench, notices) = shrugged_off(&[], *invoke, csta("MakeCallResponse", MADE).as_bytes());
        assert!(notices[0].contains("an unexpected response"), "{notices:?}");
        assert_eq!(bench.engine().counters().answers_unknown, 1);
    }
}

const MADE: &str = "<callingDevice><callID>7</callID><deviceID>1001</deviceID></callingDevice>";

#[test]
fn an_answer_that_comes_a_second_time_or_too_late_is_counted_and_reaches_nobody() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    client.info(&mut bench, "MakeCall", &client.call_to("1002"));
    let asked = system.serve(&mut bench, "MakeCall", |_| csta("MakeCallResponse", MADE));
    only(&client.heard(&mut bench), 200);
    system.say(&mut bench, asked.invoke, &csta("MakeCallResponse", MADE));
    assert_eq!((client.heard(&mut bench), bench.engine().counters().answers_unknown), (vec![], 1));
    client.info(&mut bench, "MakeCall", &client.call_to("1002"));
    let [asked] = system.asked(&mut bench).try_into().unwrap();
    bench.advance(Duration::from_secs(5));
    assert_eq!(only(&client.heard(&mut bench), 200).root(), "CSTAErrorCode");
    assert_eq!(bench.engine().counters().services_timed_out, 1);
    system.say(&mut bench, asked.invoke, &csta("MakeCallResponse", MADE));
    assert_eq!((client.heard(&mut bench), bench.engine().counters().answers_late), (vec![], 1));
}

#[test]
fn answers_reach_who_asked_in_whatever_order_they_come_and_one_to_another_service_is_an_error() {
    let (mut bench, system, mut alice) = Bench::signed_in(&[]);
    let mut bob = Client::new(&mut bench, "bob");
    bob.sign_in(&mut bench, system);
    let call = |name: &str| format!("<{name}><callID>17</callID></{name}>");
    alice.info(&mut bench, "HoldCall", &call("callToBeHeld"));
    bob.info(&mut bench, "RetrieveCall", &call("callToBeRetrieved"));
    let [hold, retrieve] = system.asked(&mut bench).try_into().unwrap();
    system.say(&mut bench, retrieve.invoke, &csta("HoldCallResponse", ""));
    assert_eq!(alice.heard(&mut bench), []);
    assert_eq!(only(&bob.heard(&mut bench), 200).root(), "CSTAErrorCode");
    system.say(&mut bench, hold.invoke, &csta("HoldCallResponse", ""));
    assert_eq!(only(&alice.heard(&mut bench), 200).root(), "HoldCallResponse");
    assert_eq!(bob.heard(&mut bench), []);
}

#[test]
fn an_answer_for_a_session_that_ended_reaches_no_other() {
    let (mut bench, system, mut alice) = Bench::signed_in(&[]);
    alice.info(&mut bench, "HoldCall", "<callToBeHeld><callID>17</callID></callToBeHeld>");
    let [hold] = system.asked(&mut bench).try_into().unwrap();
    only(&alice.send(&mut bench, "BYE", ""), 200);
    let mut bob = Client::new(&mut bench, "bob");
    bob.sign_in(&mut bench, system);
    system.say(&mut bench, hold.invoke, &csta("HoldCallResponse", ""));
    only(&alice.heard(&mut bench), 487);
    assert_eq!(bob.heard(&mut bench), []);
}

#[test]
fn an_event_for_an_unknown_monitor_is_told_and_counted_and_reaches_nobody() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    client.monitor(&mut bench, system, "m1");
    bench.notices();
    system.event(&mut bench, "HeldEvent", "m2", HELD);
    assert_eq!(told(&mut bench, "event_discarded").len(), 1);
    assert_eq!((client.heard(&mut bench), bench.engine().counters().events_unknown), (vec![], 1));
    system.event(&mut bench, "HeldEvent", "m1", HELD);
    assert_eq!(client.heard(&mut bench).len(), 1);
}

#[test]
fn an_application_session_that_is_refused_or_not_known_any_more_is_begun_anew() {
    let (mut bench, system, _client) = Bench::signed_in(&[]);
    bench.heartbeats(None);
    bench.advance(Duration::from_secs(30));
    let refused = "<ResetApplicationSessionTimerNegResponse xmlns=\"http://www.ecma-international.org/standards/\
        ecma-354/appl_session\"><errorCode><definedError>invalidSessionID</definedError></errorCode>\
        </ResetApplicationSessionTimerNegResponse>";
    system.serve(&mut bench, "ResetApplicationSessionTimer", |_| refused.into());
    assert!(bench.is_closed(system.link()));
    assert!(told(&mut bench, "cti_out_of_service")[0].contains("no longer known"));
    assert_eq!(bench.engine().counters().heartbeats_missed, 0);
    bench.advance(Duration::from_secs(3));
    let (link, address) = bench.connects().pop().unwrap();
    bench.opened(link, &address);
    let [asked] = PhoneSystem::on(link).asked(&mut bench).try_into().unwrap();
    PhoneSystem::on(link).say(&mut bench, asked.invoke, &csta_error("operation", "generic"));
    assert!(bench.is_closed(link), "a session that is refused is no way to serve");
    assert_ne!(link, LinkId::new(2));
}

#[test]
fn a_heartbeat_without_an_answer_is_counted_and_its_answer_is_timed() {
    let (mut bench, system, _client) = Bench::signed_in(&[]);
    let shown = |bench: &Bench| bench.engine().connections().next().unwrap();
    assert_eq!((shown(&bench).round_trip, shown(&bench).sessions), (None, 1));
    bench.heartbeats(None);
    bench.advance(Duration::from_secs(30));
    let [beat] = system.asked(&mut bench).try_into().unwrap();
    bench.advance(Duration::from_millis(7));
    let alive = "<ResetApplicationSessionTimerPosResponse \
        xmlns=\"http://www.ecma-international.org/standards/ecma-354/appl_session\"/>";
    system.say(&mut bench, beat.invoke, alive);
    assert_eq!(shown(&bench).round_trip, Some(Duration::from_millis(7)));
    assert_eq!(shown(&bench).heartbeat_at, Some(bench.now()));
    bench.advance(Duration::from_secs(35));
    assert_eq!(bench.engine().counters().heartbeats_missed, 1);
    let shown = shown(&bench);
    assert_eq!(
        (shown.in_service, shown.since, shown.failed_at),
        (false, Some(bench.now()), Some(bench.now()))
    );
}

#[test]
fn of_two_monitors_with_the_same_name_neither_is_believed_and_the_first_is_started_again() {
    let (mut bench, system, mut alice) = Bench::signed_in(&[]);
    let id = alice.monitor(&mut bench, system, "m1");
    let mut bob = Client::of_line(&mut bench, "bob", 1002);
    bob.sign_in(&mut bench, system);
    bob.info(&mut bench, "MonitorStart", &bob.monitor_object());
    system.event(&mut bench, "HeldEvent", "m1", HELD);
    alice.heard(&mut bench);
    bench.notices();
    system.start_monitor(&mut bench, "m1");
    assert_eq!(only(&bob.heard(&mut bench), 200).root(), "CSTAErrorCode");
    let stop = system.serve(&mut bench, "MonitorStop", |_| csta("MonitorStopResponse", ""));
    assert_eq!(stop.element("monitorCrossRefID"), "m1");
    assert_eq!(told(&mut bench, "monitors_confused").len(), 1);
    assert_eq!(bench.engine().counters().monitors_confused, 1);
    system.event(&mut bench, "HeldEvent", "m1", HELD);
    assert_eq!(
        (alice.heard(&mut bench), bob.heard(&mut bench)),
        (vec![], vec![]),
        "whose it is, nobody knows"
    );
    bench.advance(Duration::from_secs(5));
    let again = system.start_monitor(&mut bench, "m2");
    assert_eq!(again.element("deviceObject"), "1001");
    system.knows_line(&mut bench);
    alice.heard(&mut bench);
    system.event(&mut bench, "HeldEvent", "m2", &HELD.replace(">7<", ">8<"));
    bench.advance(Duration::from_millis(100));
    let heard = alice.heard(&mut bench);
    assert_eq!((heard[0].root(), heard[0].element("monitorCrossRefID")), ("HeldEvent", id.as_str()));
    assert!(!bench.is_closed(system.link()));
    assert_eq!((bench.engine().view().monitors, bench.engine().view().switch_monitors), (1, 1));
}

#[test]
fn a_monitor_named_too_late_as_a_live_one_has_that_one_started_again() {
    let (mut bench, system, mut alice) = Bench::signed_in(&[]);
    let id = alice.monitor(&mut bench, system, "m1");
    let mut bob = Client::of_line(&mut bench, "bob", 1002);
    bob.sign_in(&mut bench, system);
    bob.info(&mut bench, "MonitorStart", &bob.monitor_object());
    bench.advance(Duration::from_secs(5));
    assert_eq!(only(&bob.heard(&mut bench), 200).root(), "CSTAErrorCode");
    bench.notices();
    system.start_monitor(&mut bench, "m1");
    let stop = system.serve(&mut bench, "MonitorStop", |_| csta("MonitorStopResponse", ""));
    assert_eq!(stop.element("monitorCrossRefID"), "m1");
    assert_eq!(told(&mut bench, "monitors_confused").len(), 1);
    assert_eq!(bench.engine().counters().answers_late, 1);
    bench.advance(Duration::from_secs(5));
    let again = system.start_monitor(&mut bench, "m2");
    assert_eq!(again.element("deviceObject"), "1001");
    system.knows_line(&mut bench);
    system.event(&mut bench, "HeldEvent", "m2", HELD);
    let heard = alice.heard(&mut bench);
    assert_eq!((heard[0].root(), heard[0].element("monitorCrossRefID")), ("HeldEvent", id.as_str()));
}
