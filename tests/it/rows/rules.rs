//! The rules of a row.

use ctigate_core::Duration;
use ctigate_core::wire::csta::member::{Member, Names, Role};
use ctigate_core::wire::csta::services::Service;
use ctigate_tests::bench::{Sip, only};

use super::desk::{Desk, OTHER, document, error, lists};
use super::samples::{STRANGE, Samples, connection, element, spelt};

/// The error for a request in which the member is missing or empty.
fn missing(member: &Member) -> &'static str {
    match member.role {
        Role::Own | Role::Foreign => "invalidConnectionID",
        Role::OwnCall => "invalidCallID",
        Role::Held => "invalidHeldConnectionID",
        Role::Active => "invalidActiveConnectionID",
        Role::Line { .. } if member.name == "callingDevice" => "invalidCallingDeviceID",
        Role::Line { .. } | Role::Number => "invalidDeviceID",
        Role::Dialled { .. } => member.error.value(),
        Role::Text
        | Role::Truth
        | Role::Count
        | Role::Word(_)
        | Role::Copied(_)
        | Role::Announced { .. }
        | Role::CrossReference
        | Role::Narrowed
        | Role::Withheld => {
            if member.required {
                "atLeastOneConditionalParameterNotProvided"
            } else {
                "invalidParameterValue"
            }
        }
    }
}

/// The error for a request in which the member is present but cannot be read.
fn unreadable(member: &Member) -> &'static str {
    match missing(member) {
        "atLeastOneConditionalParameterNotProvided" => "invalidParameterValue",
        error => error,
    }
}

/// An invalid value for a member, if there is one.
fn wrong(member: &Member) -> Option<&'static str> {
    match member.role {
        Role::Own | Role::OwnCall | Role::Held | Role::Active | Role::Foreign => {
            Some("<callID> </callID><deviceID/>")
        }
        Role::Line { .. } => Some("10<!-- nor a whole number -->01"),
        Role::Dialled { .. } => Some("tel:1800DANCE"),
        Role::Number if member.list.is_none() => Some("10<!-- nor a whole number -->03"),
        Role::Truth => Some("maybe"),
        Role::Count => Some("many"),
        // If editions may add words, any word is valid.
        Role::Word([]) => Some(""),
        Role::Word(_) => Some("danced"),
        Role::Number
        | Role::Text
        | Role::Copied(_)
        | Role::Announced { .. }
        | Role::CrossReference
        | Role::Narrowed
        | Role::Withheld => None,
    }
}

/// Whether an empty member counts as missing. Free text may be empty (`SetDisplay` clears a display that way), copied
/// content is not checked, and a number dialled in parts may still be to come.
fn must_be_filled(member: &Member) -> bool {
    let may_be_empty =
        matches!(member.role, Role::Text | Role::Copied(_) | Role::Dialled { in_part: true, .. });
    member.required && !may_be_empty
}

fn is_connection(member: &Member) -> bool {
    matches!(member.role, Role::Own | Role::OwnCall | Role::Held | Role::Active | Role::Foreign)
}

/// One list of the services that the client is offered.
fn listed(desk: &mut Desk, list: &str) -> String {
    let answers = desk.ask("GetCSTAFeatures", "");
    only(&answers, 200).element(list).to_owned()
}

/// A service is listed if the link has it.
pub(super) fn is_listed(desk: &mut Desk, service: &Service) {
    let list = listed(desk, service.list);
    assert!(list.contains(&format!("<{}/>", service.feature)), "{}: {list}", service.root);
}

/// If the link does not have a service, it is not listed, and a request for it is refused.
pub(super) fn is_neither_listed_nor_served_where_the_link_has_it_not(edition: u8, service: &Service) {
    let mut desk = Desk::with(edition, edition, &lists(|other| other != service), &[]);
    let list = listed(&mut desk, service.list);
    assert!(!list.contains(&format!("<{}/>", service.feature)), "{}: {list}", service.root);
    let whole = Samples::request(service, edition, edition).sent();
    desk.refuses(service.root, &whole, "serviceNotSupported");
    desk.refuses(service.root, "", "serviceNotSupported");
}

/// A client cannot act for another line, in a call of another phone system, or in a call that its line has no part in.
pub(super) fn another_line_is_refused(desk: &mut Desk, service: &Service) {
    let whole = Samples::request(service, desk.spoken, desk.link);
    for (index, member) in service.request.iter().enumerate() {
        let name = member.name;
        let mut refuses = |inside: &str, value| {
            desk.refuses(service.root, &whole.with(index, &element(name, inside)), value);
        };
        if is_connection(member) {
            refuses(&format!("<callID>{STRANGE}</callID>"), missing(member));
            refuses(&format!("<callID>{STRANGE}</callID><deviceID>1001</deviceID>"), missing(member));
            refuses("<callID>7</callID>", missing(member));
        }
        let device_alone = format!("<deviceID>{OTHER}</deviceID>");
        match member.role {
            Role::Line { .. } if name == "callingDevice" => {
                refuses(OTHER, "privilegeViolationCallingDevice");
            }
            Role::Line { .. } => refuses(OTHER, "privilegeViolationSpecifiedDevice"),
            Role::Own => refuses(&device_alone, "privilegeViolationSpecifiedDevice"),
            Role::OwnCall => {
                refuses(&device_alone, missing(member));
                refuses("<callID>16</callID><deviceID>1001</deviceID>", missing(member));
            }
            Role::Held | Role::Active => refuses(&device_alone, missing(member)),
            // A device alone stands for its only call that can be meant.
            Role::Foreign => refuses("<deviceID typeOfNumber=\"dynamic\">9</deviceID>", missing(member)),
            Role::Dialled { .. }
            | Role::Number
            | Role::Text
            | Role::Truth
            | Role::Count
            | Role::Word(_)
            | Role::Copied(_)
            | Role::Announced { .. }
            | Role::CrossReference
            | Role::Narrowed
            | Role::Withheld => {}
        }
    }
}

/// Calls of other devices can only be picked up or joined if that is configured.
pub(super) fn foreign_calls_are_the_administrator_s_choice(service: &Service) {
    let foreign = service.request.iter().position(|member| member.role == Role::Foreign);
    let Some(index) = foreign else { return };
    let mut desk = Desk::with(3, 3, &lists(|_| true), &[]);
    let whole = Samples::request(service, 3, 3);
    desk.refuses(service.root, &whole.sent(), "privilegeViolationSpecifiedDevice");
    // Not even the own line's connection may be named there.
    let own = connection(service.request[index].name, "17", "1001");
    desk.refuses(service.root, &whole.with(index, &own), "privilegeViolationSpecifiedDevice");
}

/// A required member must be present once, not empty, and of the right type.
pub(super) fn what_is_missing_or_unreadable_is_refused(desk: &mut Desk, service: &Service) {
    let whole = Samples::request(service, desk.spoken, desk.link);
    for (index, member) in service.request.iter().enumerate() {
        let name = spelt(member, desk.spoken);
        if member.required {
            desk.refuses(service.root, &whole.with(index, ""), missing(member));
        }
        if must_be_filled(member) {
            desk.refuses(service.root, &whole.with(index, &format!("<{name}/>")), unreadable(member));
        }
        let sample = &whole.0[index].sent;
        desk.refuses(service.root, &whole.with(index, &format!("{sample}{sample}")), unreadable(member));
        let apart = format!("{}{sample}", whole.sent());
        desk.refuses(service.root, &apart, unreadable(member));
        if let Some(wrong) = wrong(member) {
            let counted = |desk: &Desk| desk.bench.engine().counters().numbers_not_diallable;
            let before = counted(desk);
            desk.refuses(service.root, &whole.with(index, &element(name, wrong)), unreadable(member));
            let is_dialled = matches!(member.role, Role::Dialled { .. });
            assert_eq!(counted(desk) - before, u64::from(is_dialled), "{}: {name}", service.root);
        }
    }
}

/// The whole answer that the client gets for a response with these elements.
#[track_caller]
fn answered(desk: &mut Desk, service: &Service, request: &str, response: &str) -> Sip {
    let asked = desk.passed(service.root, request);
    let answers = desk.says(&asked, service.response_root, response);
    desk.wait();
    only(&answers, 200)
}

/// All members of request and response arrive as they should, in the schema's order whatever the sender's order.
pub(super) fn a_request_reaches_the_phone_system_and_its_response_the_client(
    desk: &mut Desk,
    service: &Service,
) {
    let (spoken, link) = (desk.spoken, desk.link);
    let request = Samples::request(service, spoken, link);
    let response = Samples::response(service, link, spoken);
    let wanted = document(link, service.root, &request.got());
    let seen = document(spoken, service.response_root, &response.got());
    for (sent, said) in
        [(request.sent(), response.sent()), (request.sent_backwards(), response.sent_backwards())]
    {
        let asked = desk.passed(service.root, &sent);
        assert_eq!(asked.document, wanted);
        let answers = desk.says(&asked, service.response_root, &said);
        assert_eq!(only(&answers, 200).body(), seen);
        desk.wait();
    }
}

/// The required members are sufficient.
pub(super) fn the_least_request_and_response_are_enough(desk: &mut Desk, service: &Service) {
    let (spoken, link) = (desk.spoken, desk.link);
    let samples = Samples::request(service, spoken, link).0;
    let request = service.request.iter().zip(&samples);
    let sent = request.clone().filter(|(member, _)| member.required);
    let sent: String = sent.map(|(_, sample)| sample.sent.as_str()).collect();
    let got = request.filter(|(member, _)| member.required || member.role == Role::Line { filled: true });
    let got: String = got.map(|(_, sample)| sample.got.as_str()).collect();
    let asked = desk.passed(service.root, &sent);
    assert_eq!(asked.document, document(link, service.root, &got));
    let samples = Samples::response(service, link, spoken).0;
    let response = service.response.iter().zip(&samples).filter(|(member, _)| member.required);
    let said: String = response.clone().map(|(_, sample)| sample.sent.as_str()).collect();
    let seen: String = response.map(|(_, sample)| sample.got.as_str()).collect();
    let answers = desk.says(&asked, service.response_root, &said);
    assert_eq!(only(&answers, 200).body(), document(spoken, service.response_root, &seen));
    desk.wait();
}

/// The phone system's error reaches the client unchanged.
pub(super) fn the_phone_system_s_error_reaches_the_client(desk: &mut Desk, service: &Service) {
    let request = Samples::request(service, desk.spoken, desk.link).sent();
    for inside in [
        "<stateIncompatibility>invalidObjectState</stateIncompatibility>",
        "<operation>invalidFeature</operation>",
    ] {
        let asked = desk.passed(service.root, &request);
        let answers = desk.says(&asked, "CSTAErrorCode", inside);
        assert_eq!(only(&answers, 200).body(), document(desk.spoken, "CSTAErrorCode", inside));
        desk.wait();
    }
}

/// A response to another service, or one that announces nothing or two things at once, is an error for the client and
/// is logged.
pub(super) fn what_is_no_response_is_an_error(desk: &mut Desk, service: &Service) {
    let request = Samples::request(service, desk.spoken, desk.link).sent();
    let response = Samples::response(service, desk.link, desk.spoken);
    let another = if service.root == "HoldCall" { "RetrieveCallResponse" } else { "HoldCallResponse" };
    desk.bench.notices();
    let asked = desk.passed(service.root, &request);
    let answers = desk.says(&asked, another, "");
    let answer = only(&answers, 200);
    assert_eq!((answer.root(), error(&answer)), ("CSTAErrorCode", "unspecified"));
    let notices = desk.bench.notices();
    for told in ["service_failed ", "message_discarded "] {
        assert!(notices.iter().any(|notice| notice.starts_with(told)), "{notices:?}");
    }
    desk.wait();
    for (index, member) in service.response.iter().enumerate() {
        if !matches!(member.role, Role::Announced { .. } | Role::CrossReference) {
            continue;
        }
        let sample = &response.0[index].sent;
        let twice = response.with(index, &format!("{sample}{sample}"));
        let empty = response.with(index, &format!("<{}/>", member.name));
        let none = member.required.then(|| response.with(index, ""));
        for response in [twice, empty].into_iter().chain(none) {
            let answer = answered(desk, service, &request, &response);
            assert_eq!((answer.root(), error(&answer)), ("CSTAErrorCode", "unspecified"), "{response}");
            assert!(desk.was_discarded(), "{response}");
        }
        if !member.required {
            let answer = answered(desk, service, &request, &response.with(index, ""));
            assert_eq!(answer.root(), service.response_root);
        }
    }
    assert_eq!(desk.bench.engine().view().pending, 0);
}

/// An event waits a little after a response that announces what the event may name.
pub(super) fn an_event_waits_behind_a_response_that_announces(desk: &mut Desk, service: &Service) {
    let request = Samples::request(service, desk.spoken, desk.link).sent();
    let response = Samples::response(service, desk.link, desk.spoken).sent();
    let announces = service.response.iter().any(|member| {
        matches!(
            member.role,
            Role::Announced { .. }
                | Role::CrossReference
                | Role::Copied(Names::Within { connections: [_, ..], .. })
        )
    });
    let asked = desk.passed(service.root, &request);
    desk.held("7");
    // An event waits for a response that announces something, and passes others.
    assert_eq!(desk.heard_roots().is_empty(), announces);
    let answers = desk.says(&asked, service.response_root, &response);
    assert_eq!(only(&answers, 200).root(), service.response_root);
    desk.held("8");
    if !announces {
        assert_eq!(desk.heard_roots(), ["HeldEvent"]);
        return;
    }
    desk.bench.advance(Duration::from_micros(19_999));
    assert_eq!(desk.heard_roots().as_slice(), [""; 0]);
    desk.bench.advance(Duration::from_micros(1));
    assert_eq!(desk.heard_roots(), ["HeldEvent", "HeldEvent"]);
}
