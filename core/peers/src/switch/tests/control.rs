//! Tests of the control language.

use ctigate_core::wire::csta::model::{RequestTypes, StatusFilter, SystemStatus};

use super::*;
use crate::switch::VERBS;

#[test]
fn people_make_phones_act() {
    let mut world = world();
    let control = world.open(1);
    let call = world.control(control, "offhook 1001").strip_prefix("ok ").unwrap().to_string();
    for (line, answer) in [
        ("phone 1001", format!("ok 1001 Alice: {call} initiated")),
        ("dial 1001 1002", format!("ok {call}")),
        ("phone 1002", format!("ok 1002 Bob: {call} alerting, 1001 connected")),
        ("deflect 1002 1003", format!("ok {call}")),
        ("phone 1002", "ok 1002 Bob: on hook".to_string()),
        ("deflect 1003 1002", format!("ok {call}")),
        ("answer 1002", format!("ok {call}")),
        ("hold 1002", format!("ok {call}")),
        ("phone 1001", format!("ok 1001 Alice: {call} connected, 1002 hold")),
        ("retrieve 1002", format!("ok {call}")),
        ("  hangup   1001\r", format!("ok {call}")),
        ("phone 1001", "ok 1001 Alice: on hook".to_string()),
    ] {
        assert_eq!(world.control(control, line), answer, "{line}");
    }
    assert_eq!(
        world.control(control, "status"),
        "ok phones=10 calls=0 monitors=0 links=1 sessions=0 status=normal stalled=no delay=0"
    );
}

#[test]
fn what_cannot_be_done_is_answered_with_the_reason() {
    let mut world = world();
    let control = world.open(1);
    for (line, answer) in [
        ("dial 1001 tel:1", "error that number cannot be dialled"),
        ("dial 1099 1", "error there is no phone \"1099\""),
        ("answer 1001", "error no call rings there"),
        ("hold 1001", "error the phone has no active call"),
        ("deflect 1001 1002", "error no call rings there"),
        ("deflect 1001 1099", "error there is no phone \"1099\""),
        ("retrieve 1001", "error the phone has no held call"),
        ("hangup 1001", "error the phone has no call"),
        ("delay 60001", "error a delay is a number from 0 to 60000"),
        ("delay -1", "error a delay is a number from 0 to 60000"),
    ] {
        assert_eq!(world.control(control, line), answer, "{line}");
    }
    let answer = world.control(control, "dance 1001");
    assert!(
        answer.starts_with("error \"dance 1001\" is not a command; the commands are: offhook PHONE"),
        "{answer}"
    );
    assert!(world.control(control, "system fine").starts_with("error a system status is one of disabled, "));
    assert!(
        world.control(control, &"x".repeat(1025)).starts_with("error the line is longer than 1024 bytes")
    );
    world.bytes(control, b"\xff\n");
    assert!(world.inboxes[&control].bytes.starts_with(b"error the line is not UTF-8"));
}

#[test]
fn the_same_language_is_spoken_to_the_program_itself() {
    let mut world = world();
    assert!(world.command("help").starts_with("ok offhook PHONE"));
    assert_eq!(world.command("stall on"), "ok");
    world.step(Input::from(Command::Line("  ")));
    assert!(world.printed.is_empty());
}

#[test]
fn links_are_cut_without_a_word() {
    let mut world = world();
    let (one, two, three) = (world.client(), world.client(), world.client());
    let control = world.open(1);
    assert_eq!(world.control(control, "fail link"), "ok closed 1");
    assert_eq!([one, two, three].map(|link| world.is_closed(link)), [true, false, false]);
    assert_eq!(world.control(control, "close links"), "ok closed 2");
    assert!(!world.is_closed(control));
    assert_eq!(world.frames(two), []);
}

#[test]
fn a_stalled_switch_reads_and_does_nothing() {
    let mut world = world();
    let alice = world.client();
    world.command("stall on");
    world.send(alice, &Request::GetCstaFeatures);
    world.send_xml(alice, 5, "<Broken");
    assert_eq!(world.frames(alice), []);
    world.command("stall off");
    assert_eq!(world.outcome(alice, &Request::GetCstaFeatures), "GetCSTAFeaturesResponse");
}

/// The requests that the client received: invoke ID and status.
fn statuses(world: &mut World, link: LinkId) -> Vec<(u16, Option<String>, String)> {
    let frames = world.frames(link);
    frames
        .iter()
        .map(|(invoke, xml)| {
            with(xml, |message| match message {
                Message::Request(Request::SystemStatus { register, status }) => {
                    (*invoke, register.map(ToString::to_string), status.word().to_string())
                }
                other => panic!("{other:?}"),
            })
        })
        .collect()
}

#[test]
fn a_change_of_status_is_told_to_who_wants_to_know() {
    let mut world = world();
    let (plain, registered) = (world.client(), world.client());
    let sessionless = world.open(0);
    let types = RequestTypes { system_status: true, ..RequestTypes::default() };
    let filter = Some(StatusFilter::default().excluding(SystemStatus::OverloadImminent));
    let xml = world.ask_xml(registered, &Request::SystemRegister { types, filter });
    let register = with(&xml, |message| match message {
        Message::Response(Response::SystemRegister { register, filter: actual }) => {
            assert_eq!(actual, filter);
            register.to_string()
        }
        other => panic!("{other:?}"),
    });
    assert_eq!(world.command("system overloadReached"), "ok told 2");
    assert_eq!(world.command("system overloadImminent"), "ok told 1");
    let told =
        |invoke, register: Option<&str>, word: &str| (invoke, register.map(String::from), word.to_string());
    assert_eq!(
        statuses(&mut world, plain),
        [told(1, None, "overloadReached"), told(2, None, "overloadImminent")]
    );
    assert_eq!(statuses(&mut world, registered), [told(1, Some(&register), "overloadReached")]);
    assert_eq!(world.frames(sessionless), []);
    let xml = world.ask_xml(plain, &Request::RequestSystemStatus { register: None });
    assert!(xml.contains("<systemStatus>overloadImminent</systemStatus>"), "{xml}");
}

#[test]
fn a_disabled_switch_refuses_and_an_enabled_one_has_no_old_monitors() {
    let mut world = world();
    let alice = world.client();
    let reference = world.monitor(alice, "1001");
    world.command("system disabled");
    world.frames(alice);
    let start =
        Request::MonitorStart { object: MonitorObject::Device(device("1001")), filter: None, kind: None };
    assert_eq!(world.outcome(alice, &start), "systemResourceAvailibility/resourceOutOfService");
    world.command("system enabled");
    world.frames(alice);
    let stop = Request::MonitorStop { cross_reference: &reference };
    assert_eq!(world.outcome(alice, &stop), "operation/invalidMonitorCrossRefID");
    assert_eq!(world.outcome(alice, &start), "MonitorStartResponse");
}

#[test]
fn the_switch_itself_stops_monitors_and_asks_the_client_to_agree() {
    let mut world = world();
    let alice = world.client();
    let reference = world.monitor(alice, "1001");
    assert_eq!(world.command("unmonitor 1001"), "ok stopped 1");
    let (invoke, xml) = world.frames(alice).remove(0);
    with(&xml, |message| match message {
        Message::Request(Request::MonitorStop { cross_reference }) => assert_eq!(cross_reference, reference),
        other => panic!("{other:?}"),
    });
    world.send_xml(alice, invoke, &format!("<MonitorStopResponse xmlns=\"{VERSION}\"/>"));
    assert!(!world.noticed("client_error"), "{:?}", world.notices);
    assert_eq!(world.command("unmonitor 1001"), "ok stopped 0");
    assert_eq!(world.switch.counts().monitors, 0);
}

#[test]
fn an_event_of_any_kind_can_be_sent_to_the_monitors_of_a_phone() {
    let mut world = world();
    let (alice, bob) = (world.client(), world.client());
    let references = [world.monitor(alice, "1001"), world.monitor(bob, "1001")];
    assert_eq!(world.command("event 1001 <OfferedEvent a=\"b  c\"><x>REF</x></OfferedEvent>"), "ok told 2");
    for (link, reference) in [alice, bob].into_iter().zip(references) {
        let expected = format!("<OfferedEvent a=\"b  c\"><x>{reference}</x></OfferedEvent>");
        assert_eq!(world.frames(link), [(9999, expected)]);
    }
    assert_eq!(world.command("event 1001 nothing"), "error an event is an XML document");
}

#[test]
fn help_lists_the_verbs_and_says_more_about_one() {
    let mut world = world();
    let help = world.command("help");
    assert!(VERBS.iter().all(|verb| help.contains(&verb.usage())), "{help}");
    for verb in VERBS {
        let answer = world.command(&format!("help {}", verb.word));
        let expected = format!("ok {}: {} Example: {}", verb.usage(), verb.doc, verb.example);
        assert_eq!(answer, expected);
    }
    assert!(world.command("help dance").starts_with("error \"dance\" is not a command; the commands are: "));
}

#[test]
fn each_verb_takes_what_its_example_shows_and_nothing_more() {
    for verb in VERBS {
        let mut world = world();
        assert!(verb.example.starts_with(verb.word), "{}", verb.example);
        let answer = world.command(verb.example);
        assert!(!answer.contains("is not"), "{}: {answer}", verb.example);
        if verb.word == "event" {
            continue;
        }
        let line = format!("{} one two three four five", verb.word);
        let wrong =
            format!("error {line:?} is not how it is used: {}, for example: {}", verb.usage(), verb.example);
        assert_eq!(world.command(&line), wrong);
    }
}
