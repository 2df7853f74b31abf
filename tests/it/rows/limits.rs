//! Documents that fill a message, and documents that do not fit into a frame.

use ctigate_core::setting::Value;
use ctigate_core::wire::csta::member::Role;
use ctigate_core::wire::csta::services::{Service, named};
use ctigate_tests::bench::only;

use super::desk::{Desk, LINE, document, lists};
use super::hostile::make_call;
use super::samples::{Samples, connection, element, spelt};

/// 60 KiB.
const MUCH: usize = 60 * 1024;

/// Requests for a service, each with one of its copied members filled with a text.
fn filled<'s>(service: &'s Service, text: &'s str) -> impl Iterator<Item = String> + 's {
    let whole = Samples::request(service, 3, 3);
    let copied = service.request.iter().enumerate();
    let copied = copied.filter(|(_, member)| matches!(member.role, Role::Copied(_)));
    copied.map(move |(index, member)| whole.with(index, &element(spelt(member, 3), text)))
}

#[test]
fn sixty_kibibytes_in_a_copied_part_reach_the_phone_system_whole() {
    let mut desk = Desk::with_calls(3, 3);
    let text = "x".repeat(MUCH);
    for root in ["AcceptCall", "MakeCall", "SendMessage", "SetMicrophoneGain", "SendUserInformation"] {
        let service = named(root).expect("a service of that name");
        for inside in filled(service, &text) {
            let asked = desk.passed(root, &inside);
            assert!(asked.document.contains(&text), "{root}");
            let answers = desk.says(&asked, "CSTAErrorCode", "<operation>generic</operation>");
            only(&answers, 200);
            desk.wait();
        }
    }
}

#[test]
fn what_grows_beyond_a_frame_is_refused_and_nothing_hangs() {
    let mut desk = Desk::with_calls(3, 3);
    // Each becomes six bytes.
    let text = "\"".repeat(MUCH);
    for root in ["AcceptCall", "MakeCall", "SendMessage", "SetMicrophoneGain", "SendUserInformation"] {
        let service = named(root).expect("a service of that name");
        for inside in filled(service, &text) {
            desk.refuses(root, &inside, "invalidParameterValue");
        }
    }
    // No event waits for the response to a request that was not sent.
    desk.held("7");
    assert_eq!(desk.heard_roots(), ["HeldEvent"]);
    let asked = desk.passed("MakeCall", &make_call("1002"));
    let answers = desk.says(&asked, "MakeCallResponse", &connection("callingDevice", "9", "1001"));
    assert_eq!(only(&answers, 200).root(), "MakeCallResponse");
}

#[test]
fn what_does_not_fit_into_a_frame_is_not_queued_either() {
    let more = [("cti.window", Value::Integer(1)), ("cti.queue", Value::Integer(9))];
    let mut desk = Desk::with(3, 3, &lists(|_| true), &more);
    let asked = desk.passed("HoldCall", &connection("callToBeHeld", "17", LINE));
    let inside = make_call("1002") + &element("userData", &"\"".repeat(MUCH));
    desk.refuses("MakeCall", &inside, "invalidParameterValue");
    desk.agrees(&asked);
    assert_eq!(desk.system.asked(&mut desk.bench), []);
}

#[test]
fn a_document_that_no_message_may_hold_is_refused_by_sip() {
    let mut desk = Desk::with_calls(3, 3);
    let text = "x".repeat(MUCH);
    let parts = ["accountCode", "authCode", "correlatorData", "userData", "callCharacteristics"];
    let inside: String = parts.iter().map(|name| element(name, &text)).collect();
    let answers = desk.ask("MakeCall", &(make_call("1002") + &inside));
    assert!(answers.iter().all(|answer| answer.status() >= 400), "{answers:#?}");
    assert_eq!(desk.system.asked(&mut desk.bench), []);
    assert_eq!(desk.bench.engine().view().pending, 0);
}

#[test]
fn a_response_that_grows_on_its_way_reaches_the_client_whole() {
    let mut desk = Desk::with_calls(3, 3);
    let asked = desk.passed("MakeCall", &make_call("1002"));
    let data = |text: &str| element("initiatedCallInfo", text);
    let own = connection("callingDevice", "9", "1001");
    let answers = desk.says(&asked, "MakeCallResponse", &(own + &data(&"\"".repeat(MUCH))));
    let seen = connection("callingDevice", "19", LINE) + &data(&"&quot;".repeat(MUCH));
    assert!(only(&answers, 200).body() == document(3, "MakeCallResponse", &seen));
}
