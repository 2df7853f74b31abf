//! Identifiers of devices that are not their numbers: by a form, or asked for as an Avaya's clients do.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::bench::Bench;
use crate::cti::ConnectionRef;
use crate::time::Duration;
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::{Connection, Device, MonitorObject, Request};
use crate::wire::csta::relayed::{Relayed, Value};
use crate::wire::csta::services;

const ASK: &str = "cti.connection[0].device_id = \"ask\"\ncti.connection[0].switch_name = \"CM1\"\n";

fn device(id: &str) -> Device<'_> {
    Device { id, type_of_number: None }
}

fn form(form: &str) -> String {
    format!("cti.connection[0].device_id = \"{form}\"\n")
}

/// A pool with one connection in service, which has these settings.
fn in_service(settings: &str) -> (Bench, ConnectionRef) {
    let mut bench = Bench::in_service(1, settings);
    bench.sent(0);
    let connection = bench.pool.take_turn("").unwrap();
    (bench, connection)
}

/// The identifier that an Avaya gives a device.
fn named(number: &str) -> String {
    format!(
        "<acx:GetThirdPartyDeviceIdResponse xmlns:acx=\"http://www.avaya.com/csta\"><acx:device typeOfNumber=\"other\" \
         mediaClass=\"voice\" bitRate=\"constant\">{number}:CM1::0</acx:device></acx:GetThirdPartyDeviceIdResponse>"
    )
}

impl Bench {
    fn snapshot(&mut self, connection: ConnectionRef, ticket: u32, id: &str) -> Result<(), CstaError> {
        let request = Request::SnapshotDevice { device: device(id) };
        self.act(|pool, step| pool.ask(step, connection, ticket, &request))
    }

    fn make_call(&mut self, connection: ConnectionRef, ticket: u32, dialled: &str) {
        let service = services::named("MakeCall").unwrap();
        let given = [
            ("callingDevice", Value::Device(device("1001"))),
            ("calledDirectoryNumber", Value::Device(device(dialled))),
        ];
        let request = Request::Relayed(Relayed::request(service, &given));
        self.act(|pool, step| pool.ask(step, connection, ticket, &request)).unwrap();
    }

    /// The only document that was sent, and its invoke ID.
    fn only(&mut self) -> (u16, String) {
        let [only] = <[_; 1]>::try_from(self.sent(0)).unwrap();
        only
    }

    /// The names of the documents that were sent.
    fn roots(&mut self) -> Vec<String> {
        let root = |document: String| {
            let (_, rest) = document.split_once("?><").unwrap();
            String::from(rest.split_once([' ', '>']).unwrap().0)
        };
        self.sent(0).into_iter().map(|(_, document)| root(document)).collect()
    }
}

#[test]
fn a_device_is_asked_for_before_it_is_used_and_known_from_then_on() {
    let (mut bench, connection) = in_service(ASK);
    bench.snapshot(connection, 1, "1001").unwrap();
    bench.snapshot(connection, 2, "1001").unwrap();
    let (invoke, question) = bench.only();
    assert_eq!(
        question,
        "<?xml version=\"1.0\"?><GetThirdPartyDeviceId xmlns=\"http://www.avaya.com/csta\">\
         <switchName>CM1</switchName><extension>1001</extension></GetThirdPartyDeviceId>"
    );
    bench.say(0, invoke, &named("1001"));
    let sent = bench.sent(0);
    assert_eq!(sent.len(), 2, "both that waited: {sent:?}");
    let object = "<snapshotObject typeOfNumber=\"other\">1001:CM1::0</snapshotObject>";
    assert!(sent.iter().all(|(_, document)| document.contains(object)), "{sent:?}");
    bench.snapshot(connection, 3, "1001").unwrap();
    assert!(bench.only().1.contains(object), "it is not asked for again");
    assert_eq!(bench.news(), [""; 0]);
}

#[test]
fn a_new_connect_asks_again() {
    let (mut bench, connection) = in_service(ASK);
    bench.snapshot(connection, 1, "1001").unwrap();
    bench.say_to_last(0, &named("1001"));
    bench.close(0);
    bench.advance(Duration::from_secs(2));
    bench.bring_up(0);
    bench.sent(0);
    let connection = bench.pool.take_turn("").unwrap();
    bench.snapshot(connection, 2, "1001").unwrap();
    assert_eq!(bench.roots(), ["GetThirdPartyDeviceId"]);
}

#[test]
fn what_waits_for_a_device_is_refused_as_the_question_is() {
    let (mut bench, connection) = in_service(ASK);
    bench.snapshot(connection, 1, "7777").unwrap();
    bench.snapshot(connection, 2, "7777").unwrap();
    bench.snapshot(connection, 3, "1001").unwrap();
    let (invoke, _) = bench.sent(0).remove(0);
    bench.say(0, invoke, "<CSTAErrorCode><operation>invalidDeviceID</operation></CSTAErrorCode>");
    bench.tick();
    assert_eq!(
        bench.news(),
        ["refused 1: operation/invalidDeviceID", "refused 2: operation/invalidDeviceID"]
    );
    assert_eq!(bench.shared.counters.services_timed_out, 0);
    bench.snapshot(connection, 4, "7777").unwrap();
    assert_eq!(bench.roots(), ["GetThirdPartyDeviceId"], "it may be known by now");
}

#[test]
fn an_answer_without_an_identifier_refuses_what_waits() {
    for answer in [
        "<GetThirdPartyDeviceIdResponse xmlns=\"http://www.avaya.com/csta\"/>",
        "<GetThirdPartyDeviceIdResponse><device> </device></GetThirdPartyDeviceIdResponse>",
        "<GetThirdPartyDeviceIdResponse",
        "<MonitorStopResponse/>",
    ] {
        let (mut bench, connection) = in_service(ASK);
        bench.snapshot(connection, 1, "1001").unwrap();
        bench.notices();
        bench.say_to_last(0, answer);
        bench.tick();
        assert_eq!(bench.news(), ["refused 1: unspecified"], "{answer}");
        let notices = bench.notices();
        assert!(notices.iter().any(|one| one.contains("the answer to GetThirdPartyDeviceId")), "{notices:?}");
    }
}

#[test]
fn a_question_without_an_answer_times_out_and_a_late_answer_is_of_use() {
    let (mut bench, connection) = in_service(ASK);
    bench.snapshot(connection, 1, "1001").unwrap();
    let (invoke, _) = bench.only();
    bench.advance(Duration::from_secs(3));
    bench.snapshot(connection, 2, "1001").unwrap();
    bench.advance(Duration::from_secs(2));
    assert_eq!(bench.news(), ["due 1"]);
    assert_eq!(bench.roots(), [""; 0], "the second still waits for the same answer");
    bench.advance(Duration::from_secs(3));
    assert_eq!(bench.news(), ["due 2"]);
    bench.say(0, invoke, &named("1001"));
    bench.snapshot(connection, 3, "1001").unwrap();
    assert_eq!(bench.roots(), ["SnapshotDevice"]);
}

#[test]
fn what_waits_for_devices_is_bounded() {
    let (mut bench, connection) = in_service(&format!("{ASK}cti.window = 1\ncti.queue = 2\n"));
    bench.snapshot(connection, 1, "1001").unwrap();
    bench.snapshot(connection, 2, "1002").unwrap();
    bench.snapshot(connection, 3, "1003").unwrap();
    assert_eq!(bench.snapshot(connection, 4, "1004"), Err(CstaError::RESOURCE_BUSY));
    for number in ["1001", "1002", "1003"] {
        let (invoke, question) = bench.only();
        assert!(question.contains(number), "one at a time: {question}");
        bench.say(0, invoke, &named(number));
        let (invoke, request) = bench.only();
        assert!(request.contains("<SnapshotDevice"), "{request}");
        bench.say(0, invoke, "<CSTAErrorCode><operation>generic</operation></CSTAErrorCode>");
    }
}

#[test]
fn questions_keep_to_the_rate() {
    let (mut bench, connection) = in_service(&format!("{ASK}cti.rate = 10\n"));
    bench.advance(Duration::from_secs(1));
    for (ticket, number) in (1..).zip(["1001", "1002", "1003"]) {
        bench.snapshot(connection, ticket, number).unwrap();
    }
    bench.say_to_last(0, &named("1001"));
    assert_eq!(bench.roots(), [""; 0]);
    bench.advance(Duration::from_millis(300));
    assert_eq!(bench.roots(), ["SnapshotDevice", "GetThirdPartyDeviceId", "GetThirdPartyDeviceId"]);
}

#[test]
fn a_dialled_number_is_asked_for_too_unless_it_has_a_form_of_its_own() {
    let (mut bench, connection) = in_service(ASK);
    bench.make_call(connection, 1, "0014255550101");
    for number in ["1001", "0014255550101"] {
        let (invoke, question) = bench.only();
        assert!(question.contains(number), "{question}");
        bench.say(0, invoke, &named(number));
    }
    let dialled =
        "<calledDirectoryNumber typeOfNumber=\"other\">0014255550101:CM1::0</calledDirectoryNumber>";
    assert!(bench.only().1.contains(dialled));
    bench.make_call(connection, 2, "123;");
    assert!(bench.only().1.contains("<calledDirectoryNumber>123;</calledDirectoryNumber>"), "digits follow");

    let (mut bench, connection) =
        in_service(&format!("{ASK}cti.connection[0].dialled_id = \"{{number}}\"\n"));
    bench.make_call(connection, 1, "0014255550101");
    bench.say_to_last(0, &named("1001"));
    assert!(bench.only().1.contains("<calledDirectoryNumber>0014255550101</calledDirectoryNumber>"));
}

#[test]
fn numbers_that_were_only_dialled_are_forgotten_in_the_end() {
    let (mut bench, connection) = in_service(&format!("{ASK}limits.transactions = 1000000\n"));
    bench.snapshot(connection, 0, "1001").unwrap();
    bench.say_to_last(0, &named("1001"));
    bench.sent(0);
    for number in 0..5_000 {
        let dialled = format!("555{number}");
        bench.make_call(connection, 1, &dialled);
        bench.say_to_last(0, &named(&dialled));
        bench.say_to_last(0, "<CSTAErrorCode><operation>generic</operation></CSTAErrorCode>");
    }
    bench.news();
    bench.make_call(connection, 1, "5554999");
    assert_eq!(bench.roots(), ["MakeCall"], "the latest, and the device, are known");
    bench.make_call(connection, 1, "5550");
    assert_eq!(bench.roots(), ["GetThirdPartyDeviceId"]);
}

#[test]
fn a_form_makes_identifiers_of_devices_and_not_of_what_is_dialled() {
    let (mut bench, connection) = in_service(&form("{number}:CM1:192.0.2.10:0"));
    bench.make_call(connection, 1, "0014255550101");
    let (_, request) = bench.only();
    assert!(request.contains("<callingDevice typeOfNumber=\"other\">1001:CM1:192.0.2.10:0</callingDevice>"));
    assert!(request.contains("<calledDirectoryNumber>0014255550101</calledDirectoryNumber>"), "{request}");
    for own in ["1001:CM1:192.0.2.10:1", "SIP/1001", "alice"] {
        bench.snapshot(connection, 2, own).unwrap();
        assert!(bench.only().1.contains(&format!("<snapshotObject>{own}</snapshotObject>")), "it is one");
    }
    let service = services::named("AnswerCall").unwrap();
    for (kind, id) in [(None, "1001:CM1:192.0.2.10:0"), (Some("dynamic"), "1001")] {
        let own = Connection { call: Some("7"), device: Some(Device { id: "1001", type_of_number: kind }) };
        let given = [("callToBeAnswered", Value::Connection(own))];
        let request = Request::Relayed(Relayed::request(service, &given));
        bench.act(|pool, step| pool.ask(step, connection, 3, &request)).unwrap();
        let (_, request) = bench.only();
        assert!(request.contains(&format!(">{id}</deviceID>")), "{request}");
    }
}

#[test]
fn a_form_that_shows_no_number_is_read_back_as_one() {
    let event = |device: &str| {
        format!(
            "<HeldEvent><monitorCrossRefID>m</monitorCrossRefID><heldConnection><callID>7</callID><deviceID>{device}\
             </deviceID></heldConnection><holdingDevice><deviceIdentifier>\n {device} </deviceIdentifier></holdingDevice>\
             <cause>normal</cause></HeldEvent>"
        )
    };
    for (rule, id) in
        [("PJSIP/{number}", "PJSIP/1001"), ("{number}@pbx", "1001@pbx"), ("x{number}y", "x1001y")]
    {
        let (mut bench, _) = in_service(&form(rule));
        bench.say(0, 9999, &event(id));
        let [news] = <[_; 1]>::try_from(bench.news()).unwrap();
        assert_eq!(news.matches(">1001<").count(), 2, "{news}");
        bench.say(0, 9999, &event("PJSIP/trunk-1"));
        assert!(bench.news().concat().contains("PJSIP/trunk-1"));
    }
    let (mut bench, _) = in_service(&form("{number}:CM1:192.0.2.10:0"));
    bench.say(0, 9999, &event("1001:CM1:192.0.2.10:0"));
    assert!(bench.news().concat().contains(">1001:CM1:192.0.2.10:0<"), "which is read as it is");
}

#[test]
fn a_monitor_of_an_avaya_names_the_events_that_are_wanted() {
    let login = "cti.session = \"application\"\ncti.connection[0].login = \"avaya\"\n\
         cti.connection[0].user = \"u\"\ncti.connection[0].password_file = \"/p\"\n";
    for (settings, inverts) in [(login, true), ("", false)] {
        let (mut bench, connection) = in_service(settings);
        let object = MonitorObject::Device(device("1001:CM1::0"));
        let request = Request::MonitorStart { object, filter: None, kind: None };
        bench.act(|pool, step| pool.ask(step, connection, 1, &request)).unwrap();
        let (_, request) = bench.only();
        let wanted = [
            "<deviceObject typeOfNumber=\"other\">1001:CM1::0</deviceObject>",
            "<callcontrol><bridged>true</bridged>",
            "<delivered>true</delivered>",
            "<physicalDeviceFeature>",
            "<logicalDeviceFeature>",
            "</requestedMonitorFilter><extensions><privateData><private><AvayaEvents xmlns=\"\"><invertFilter \
             xmlns=\"http://www.avaya.com/csta\">true</invertFilter></AvayaEvents></private>",
        ];
        for piece in wanted {
            assert_eq!(request.contains(piece), inverts, "{piece}: {request}");
        }
    }
}
