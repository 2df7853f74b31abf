//! What the log says of requests and services: each line names peer, user, line, Call-ID, session, the connection by
//! its name, service, device and the whole error.

use ctigate_core::setting::Value;
use ctigate_core::{Duration, Level};
use ctigate_tests::bench::{Bench, csta_error};

/// A connection with a name of its own.
fn named() -> [(&'static str, Value); 1] {
    [("cti.connection[0].name", Value::Text("pbx1".into()))]
}

/// What every notice about alice's session says.
const ALICE: [&str; 5] = [
    "session=#0.1",
    "user=sip:alice@example.com",
    "line=\"tel:1001;phone-context=dialstring\"",
    "call_id=alice-call",
    "cti=pbx1",
];

/// Checks that the last notice of this name has this level, and says all of this.
fn assert_told(bench: &Bench, (level, name): (Level, &str), parts: &[&str]) {
    let notices = bench.levelled_notices();
    let found = notices.iter().rev().find(|(_, notice)| notice.starts_with(&format!("{name} ")));
    let (found_level, notice) = found.unwrap_or_else(|| panic!("{name} is not in {notices:?}"));
    assert_eq!(*found_level, level, "{notice}");
    for part in parts {
        assert!(notice.split_once(part).is_some(), "{part} is not in {notice}");
    }
}

#[test]
fn a_session_names_its_peer_user_line_and_dialog_and_its_connection_by_name() {
    let (bench, _, _) = Bench::signed_in(&named());
    assert_told(&bench, (Level::Info, "session_started"), &ALICE);
    let (mut bench, _, mut client) = Bench::signed_in(&named());
    assert_told(&bench, (Level::Info, "session_started"), &["peer=127.0.0.1:40001 ", "status=normal"]);
    client.send(&mut bench, "BYE", "");
    assert_told(&bench, (Level::Info, "session_ended"), &ALICE);
}

#[test]
fn a_monitor_that_is_refused_is_a_warning_and_another_service_is_not() {
    let (mut bench, system, mut client) = Bench::signed_in(&named());
    client.info(
        &mut bench,
        "MonitorStart",
        "<monitorObject><deviceObject>tel:1001;phone-context=dialstring</deviceObject></monitorObject>",
    );
    let refusal = csta_error("subscribedResourceAvailability", "objectMonitorLimitExceeded");
    system.serve(&mut bench, "MonitorStart", |_| refusal);
    let error = "error=subscribedResourceAvailability/objectMonitorLimitExceeded";
    let parts =
        [&ALICE[..], &["service=MonitorStart", "device=1001", error, "peer=127.0.0.1:40001"]].concat();
    assert_told(&bench, (Level::Warn, "service_failed"), &parts);
    client.info(
        &mut bench,
        "MakeCall",
        "<callingDevice>tel:1001</callingDevice><calledDirectoryNumber>tel:1002</calledDirectoryNumber>",
    );
    system.serve(&mut bench, "MakeCall", |_| csta_error("stateIncompatibility", "invalidDeviceState"));
    let parts = [&ALICE[..], &["service=MakeCall", "error=stateIncompatibility/invalidDeviceState"]].concat();
    assert_told(&bench, (Level::Info, "service_failed"), &parts);
}

#[test]
fn a_service_without_an_answer_names_who_asked_for_it_and_where() {
    let (mut bench, system, mut client) = Bench::signed_in(&named());
    client.info(
        &mut bench,
        "MakeCall",
        "<callingDevice>tel:1001</callingDevice><calledDirectoryNumber>tel:1002</calledDirectoryNumber>",
    );
    assert_eq!(system.asked(&mut bench).len(), 1);
    bench.advance(Duration::from_secs(5));
    let parts =
        [&ALICE[..], &["service=MakeCall", "device=1001", "did not answer in time", "peer="]].concat();
    assert_told(&bench, (Level::Warn, "service_timed_out"), &parts);
}

#[test]
fn a_request_that_is_refused_within_a_session_names_it() {
    let (mut bench, _, mut client) = Bench::signed_in(&named());
    client.send(&mut bench, "INFO", "no XML");
    let parts = ["status=400", "user=sip:alice@example.com", "call_id=alice-call", "peer=127.0.0.1:40001"];
    assert_told(&bench, (Level::Warn, "request_refused"), &parts);
    assert_told(&bench, (Level::Warn, "request_refused"), &["session=#0.1", ALICE[2]]);
}
