//! Habits of clients and of phone systems in the field.

use super::*;
use ctigate_core::wire::csta::model::RequestTypes;

#[test]
fn a_request_with_invoke_id_0000_is_answered_like_any_other_and_9999_never() {
    let mut world = world();
    let alice = world.client();
    let request = format!("<RequestSystemStatus xmlns=\"{VERSION}\"/>");
    world.send_xml(alice, 0, &request);
    world.send_xml(alice, 9999, &request);
    let frames = world.frames(alice);
    assert!(frames.len() == 1 && frames[0].0 == 0, "{frames:?}");
    assert!(frames[0].1.contains("RequestSystemStatusResponse"), "{frames:?}");
}

#[test]
fn a_document_without_a_namespace_is_served_and_answered_in_the_edition_of_the_session() {
    let mut world = world();
    let alice = world.client();
    world.send_xml(alice, 1, "<GetCSTAFeatures/>");
    let frames = world.frames(alice);
    assert!(frames[0].1.contains(&format!("<GetCSTAFeaturesResponse xmlns=\"{VERSION}\"")), "{frames:?}");
    assert!(!world.noticed("client_error"), "{:?}", world.notices);
    world.send_xml(alice, 2, "<GetCSTAFeatures xmlns=\"http://example.com\"/>");
    assert!(world.noticed("in no namespace of CSTA's"), "another's namespace is an error");
}

#[test]
fn a_number_names_its_phone_in_every_type_of_the_schema() {
    let mut world = world();
    let alice = world.client();
    for (kind, outcome) in [
        ("dialingNumber", "SnapshotDeviceResponse"),
        ("deviceNumber", "SnapshotDeviceResponse"),
        ("other", "SnapshotDeviceResponse"),
        ("implicitPublic", "SnapshotDeviceResponse"),
        ("implicitPrivate", "SnapshotDeviceResponse"),
        ("explicitPublic:international", "SnapshotDeviceResponse"),
        ("explicitPublic:subscriber", "SnapshotDeviceResponse"),
        ("explicitPrivate:localNumber", "SnapshotDeviceResponse"),
        ("deviceID", "operation/invalidDeviceID"),
    ] {
        let device = Device { id: "1001", type_of_number: Some(kind) };
        assert_eq!(world.outcome(alice, &Request::SnapshotDevice { device }), outcome, "{kind}");
    }
}

#[test]
fn a_registration_without_a_filter_filters_nothing_out() {
    let mut world = world();
    let alice = world.client();
    let types = RequestTypes { system_status: true, ..RequestTypes::default() };
    let register = Request::SystemRegister { types, filter: None };
    assert_eq!(world.outcome(alice, &register), "SystemRegisterResponse");
    world.command("system overloadImminent");
    assert!(world.frames(alice)[0].1.contains("overloadImminent"));
}

#[test]
fn a_switch_that_greets_sends_its_status_as_soon_as_it_may() {
    let mut world = World::new(|config| config.greets = true);
    let link = world.open(0);
    assert_eq!(world.frames(link), [], "there is no session yet");
    world.session(link);
    assert!(world.frames(link)[0].1.contains("<systemStatus>enabled</systemStatus>"));
    let mut world = World::new(|config| {
        config.greets = true;
        config.session_required = false;
    });
    let link = world.open(0);
    let [(invoke, greeting)] = world.frames(link).try_into().unwrap();
    assert!(greeting.contains("<SystemStatus ") && greeting.contains("enabled"), "{greeting}");
    world.send_xml(link, invoke, &format!("<SystemStatusResponse xmlns=\"{VERSION}\"/>"));
    world.pass(Duration::from_secs(60));
    assert!(!world.is_closed(link) && !world.noticed("client_error"));
}

#[test]
fn a_switch_does_not_answer_what_it_is_told_not_to() {
    let mut world = World::new(|config| config.unanswered = alloc::vec!["GetCSTAFeatures".into()]);
    let alice = world.client();
    world.send(alice, &Request::GetCstaFeatures);
    world.pass(Duration::from_secs(60));
    let frames = world.frames(alice);
    assert!(!frames.iter().any(|(_, xml)| xml.contains("GetCSTAFeatures")), "{frames:?}");
    assert!(world.noticed("request_ignored"));
}
