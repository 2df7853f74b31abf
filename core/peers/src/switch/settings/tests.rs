use alloc::string::String;
use alloc::vec;

use super::*;

fn settings() -> Settings {
    let defaults = Defaults {
        busy: Some("1009".into()),
        no_answer: Some("1010".into()),
        rings: 4,
        ..Defaults::default()
    };
    Settings::new("1001", &defaults)
}

fn kind(word: &str) -> ForwardingType {
    ForwardingType::from_word(word).unwrap()
}

#[test]
fn the_types_of_forwarding_are_the_schema_s() {
    let words: Vec<&str> = TYPES.iter().map(|kind| kind.word).collect();
    assert_eq!(words, ctigate_core::wire::csta::member::FORWARDING_TYPE);
    for (index, one) in TYPES.iter().enumerate() {
        assert!(TYPES.iter().skip(index + 1).all(|other| (one.why, one.origin) != (other.why, other.origin)));
    }
    assert_eq!(kind("forwardImmInt").origin, Origin::Internal);
    assert_eq!(ForwardingType::from_word("forwardImmediateInt"), None);
}

#[test]
fn what_is_set_for_an_origin_is_stronger_and_the_user_s_beats_the_default() {
    let mut settings = settings();
    let to = |settings: &Settings, external| settings.forward_for(Why::Busy, external).map(String::from);
    assert_eq!(to(&settings, false).as_deref(), Some("1009"));
    settings.forward(kind("forwardBusyExt"), "2", None);
    assert_eq!(to(&settings, false).as_deref(), Some("1009"));
    assert_eq!(to(&settings, true).as_deref(), Some("2"));
    settings.forward(kind("forwardBusy"), "1", None);
    assert_eq!(to(&settings, false).as_deref(), Some("1"));
    assert_eq!(to(&settings, true).as_deref(), Some("2"));
    settings.stop_forwarding(Some(kind("forwardBusyExt")));
    assert_eq!(to(&settings, true).as_deref(), Some("1"));
    settings.stop_forwarding(None);
    assert_eq!(to(&settings, true).as_deref(), Some("1009"));
    settings.set_default_forwarding(false);
    assert_eq!(to(&settings, true), None);
    assert_eq!(settings.forward_for(Why::Immediate, false), None);
}

#[test]
fn a_phone_rings_as_often_as_its_user_says_before_a_call_counts_as_unanswered() {
    let mut settings = settings();
    assert_eq!(settings.rings_before_no_answer(true), Some(4));
    settings.forward(kind("forwardNoAnsInt"), "1002", Some(9));
    assert_eq!(
        (settings.rings_before_no_answer(true), settings.rings_before_no_answer(false)),
        (Some(4), Some(9))
    );
    settings.forward(kind("forwardImmediate"), "1002", Some(9));
    assert_eq!(settings.forwards().last().unwrap().rings, None);
    settings.set_default_forwarding(false);
    assert_eq!(settings.rings_before_no_answer(true), None);
}

#[test]
fn a_default_that_leads_to_the_phone_itself_is_none() {
    let defaults =
        Defaults { immediate: Some("1001".into()), busy: Some("1002".into()), ..Defaults::default() };
    let settings = Settings::new("1001", &defaults);
    assert_eq!(settings.forward_for(Why::Immediate, false), None);
    assert_eq!(settings.forward_for(Why::Busy, false), Some("1002"));
}

#[test]
fn a_change_is_returned_once() {
    let mut settings = settings();
    let forward = Forward {
        kind: kind("forwardNoAns"),
        active: true,
        to: "3".into(),
        rings: Some(4),
        is_default: false,
    };
    let set = |settings: &mut Settings| settings.forward(kind("forwardNoAns"), "3", None);
    assert_eq!(set(&mut settings), [Change::Forwarding(forward.clone())]);
    assert_eq!(set(&mut settings), []);
    let ended = Forward { active: false, ..forward };
    assert_eq!(settings.stop_forwarding(None), [Change::Forwarding(ended)]);
    assert_eq!(settings.stop_forwarding(None), []);
    assert_eq!(settings.set_default_forwarding(true), []);
    assert_eq!(settings.set_default_forwarding(false).len(), 2);
    let at = Some(String::from("1009"));
    assert_eq!(settings.set_message_waiting(true, Some("1009")), [Change::MessageWaiting(true, at.clone())]);
    assert_eq!(settings.set_message_waiting(true, Some("1009")), []);
    assert_eq!(settings.set_message_waiting(false, None), [Change::MessageWaiting(false, at)]);
    assert_eq!(settings.set_message_waiting(false, Some("1009")), []);
    assert_eq!(settings.set_microphone_mute(true), [Change::MicrophoneMute(true)]);
    assert_eq!(settings.set_speaker_mute(false), []);
    assert_eq!(settings.set_auto_answer(Some(0)), [Change::AutoAnswer(Some(0))]);
    assert_eq!(settings.set_shows_number(true), []);
    assert_eq!(settings.set_shows_number(false), [Change::CallerId(false)]);
    assert_eq!(settings.set_in_service(false), [Change::Service(false)]);
    assert_eq!(settings.set_call_waiting(false), [Change::Capabilities]);
    assert!(!settings.has_call_waiting() && !settings.is_in_service() && !settings.shows_number());
}

#[test]
fn calls_disturb_by_where_they_come_from_and_who_calls() {
    let mut settings = settings();
    assert!(!settings.disturbs("1002", false));
    settings.set_do_not_disturb(Some(DoNotDisturb::ALL));
    assert!(settings.disturbs("1002", false) && settings.disturbs("", true));
    let some = DoNotDisturb { origin: Origin::Internal, callers: vec!["1002".into()] };
    assert_eq!(settings.set_do_not_disturb(Some(some.clone())), [Change::DoNotDisturb(Some(some.clone()))]);
    assert_eq!(settings.set_do_not_disturb(Some(some)), []);
    assert!(settings.disturbs("1002", false));
    assert!(!settings.disturbs("1003", false) && !settings.disturbs("1002", true));
}

#[test]
fn the_number_dialled_last_stays_until_the_next() {
    let mut settings = settings();
    assert_eq!(settings.last_dialled(), None);
    settings.dialled("1002");
    settings.dialled("");
    assert_eq!(settings.last_dialled(), Some("1002"));
    settings.dialled("1003");
    assert_eq!(settings.last_dialled(), Some("1003"));
}
