//! Line appearances: which line at which device a user controls, and why not, at the gateway's face.

use std::sync::Arc;

use ctigate_core::config::Config;
use ctigate_core::engine::Engine;
use ctigate_core::line::directory::Directory;
use ctigate_core::line::finding::{CASES, Case, DIRECTORY, Refusal, Registered, ServerType};
use ctigate_core::setting::Value;
use ctigate_core::{Command, Duration, Input, Refusal as NotDone, ReplyResult, Seed, Token};
use ctigate_tests::bench::{Asked, Bench, Client, Line, PhoneSystem, Sip, csta, csta_error, only, snapshot};

mod automatic;

/// A gateway with the directory of the cases.
fn listed(config: Config, seed: Seed) -> Engine {
    let directory = Directory::read(DIRECTORY, "cases").expect("the cases' directory can be read");
    Engine::new(config, seed).with_directory(Arc::new(directory))
}

/// The same in service, with these settings.
fn office(more: &[(&str, &str)]) -> (Bench, PhoneSystem) {
    office_with(more, &[])
}

/// The same, and a store that has kept these choices.
fn office_with(more: &[(&str, &str)], choices: &[(&str, &str)]) -> (Bench, PhoneSystem) {
    let domains = ("directory.domains", Value::List(vec![Value::Text("example.com".into())]));
    let more = more.iter().map(|(key, value)| (*key, Value::Text((*value).into())));
    let rule = [
        ("numbers.line[0].begins", Value::Text("+493012345".into())),
        ("numbers.line[0].digits", Value::Integer(14)),
        ("numbers.line[0].strip", Value::Integer(10)),
    ];
    let settings: Vec<(&str, Value)> = more.chain([domains]).chain(rule).collect();
    let mut bench = Bench::of(&settings, listed);
    for (user, choice) in choices {
        bench.input(Input::Restored { key: &format!("selection/{user}"), value: choice });
    }
    let system = PhoneSystem::answer(&mut bench);
    (bench, system)
}

/// A client that names this line.
fn client(bench: &mut Bench, line: &str) -> Client {
    let mut client = Client::new(bench, "alice");
    client.uri = line.into();
    client
}

/// Sends an INVITE of this user; the phone system knows every line, and says which devices are not registered. Returns
/// the last answer, and the devices that the phone system was asked for.
fn invite(
    bench: &mut Bench,
    system: PhoneSystem,
    client: &mut Client,
    user: &str,
    is_registered: impl Fn(&str) -> bool,
) -> (Sip, Vec<String>) {
    let body = client.sign_in_body();
    let request = client.request("INVITE", &body);
    let request = request.replacen("<sip:alice@example.com>", &format!("<{user}>"), 1);
    let mut answers = client.say(bench, &request);
    let mut devices = Vec::new();
    while answers.is_empty() {
        let answer = |asked: &Asked| {
            let device = asked.element("snapshotObject");
            if is_registered(device) {
                snapshot(device, &[])
            } else {
                csta_error("systemResourceAvailibility", "deviceOutOfService")
            }
        };
        devices.push(system.serve(bench, "SnapshotDevice", answer).element("snapshotObject").to_owned());
        answers = client.heard(bench);
    }
    let answer = answers.pop().expect("an answer");
    assert!(answers.is_empty(), "one answer: {answers:#?}");
    client.take_tag(&answer);
    client.send(bench, "ACK", "");
    (answer, devices)
}

/// By what the phone system knows the line appearance of a case.
fn device(appearance: &str) -> &str {
    match appearance {
        "1002@HARD2" => "1002:CM1:192.0.2.10:0",
        "1002@SOFT2" => "1002:CM1:192.0.2.10:1",
        other => other.split(['@', '/']).next().unwrap_or_default(),
    }
}

fn told(notices: &[String], name: &str) -> Vec<String> {
    notices.iter().filter(|notice| notice.starts_with(name)).cloned().collect()
}

#[test]
fn every_case_of_a_sign_in_controls_the_line_appearance_or_is_refused() {
    for case in CASES {
        let server = if case.server == ServerType::Lcs { "lcs" } else { "ocs" };
        let choice = ("bob", case.selected);
        let choices = if case.selected.is_empty() { &[][..] } else { &[choice] };
        let (mut bench, system) = office_with(&[("directory.server", server)], choices);
        let mut client = client(&mut bench, case.line);
        let registered = |device: &str| !device.ends_with(":1") || case.registered == Registered::Yes;
        let (answer, _) = invite(&mut bench, system, &mut client, case.user, registered);
        match case.outcome {
            Ok(appearance) => assert_controls(&mut bench, system, &mut client, (case, &answer, appearance)),
            Err(refusal) => {
                assert_eq!(answer.status(), refusal.status(), "{case:?}");
                assert!(answer.start().ends_with(refusal.reason()), "{case:?}: {}", answer.start());
                assert_eq!(bench.engine().view().sessions, 0, "{case:?}");
            }
        }
    }
}

fn assert_controls(
    bench: &mut Bench,
    system: PhoneSystem,
    client: &mut Client,
    (case, answer, appearance): (&Case, &Sip, &str),
) {
    assert_eq!(answer.status(), 200, "{case:?}");
    let is_registered = !device(appearance).ends_with(":1") || case.registered == Registered::Yes;
    let status = if is_registered { "normal" } else { "disabled" };
    assert_eq!(answer.element("systemStatus"), status, "{case:?}");
    if case.line.is_empty() {
        client.uri = "tel:1001;phone-context=dialstring".into();
    }
    let object = client.monitor_object();
    client.info(bench, "MonitorStart", &object);
    let asked = system.start_monitor(bench, "m1");
    assert_eq!(asked.element("deviceObject"), device(appearance), "{case:?}");
    only(&client.heard(bench), 200);
}

#[test]
fn each_refusal_is_one_line_in_the_log_with_its_remedy_and_a_count() {
    for refusal in Refusal::ALL {
        let case = CASES.iter().find(|case| case.outcome == Err(refusal)).expect("a case of each refusal");
        let (mut bench, system) = office(&[]);
        let mut client = client(&mut bench, case.line);
        bench.notices();
        invite(&mut bench, system, &mut client, case.user, |_| true);
        let [line] = told(&bench.notices(), "request_refused").try_into().expect("one line");
        for part in [refusal.reason(), refusal.remedy(), "call_id=alice-call", "peer=127.0.0.1:", "user="] {
            assert!(line.contains(part), "{part} is in {line}");
        }
        assert!(case.line.is_empty() || line.contains(" line="), "{line}");
        let counted = bench.engine().counters().named().into_iter().filter(|(name, count)| {
            (name.starts_with("users_") || name.starts_with("lines_") || name.starts_with("devices_"))
                && *count > 0
        });
        assert_eq!(counted.collect::<Vec<_>>(), [(refusal.counter(), 1)], "{refusal}");
    }
}

#[test]
fn a_number_not_diallable_is_one_line_in_the_log_with_its_remedy_and_a_count() {
    let long = "1".repeat(65);
    let numbers =
        [("tel:DANCE", "'N'"), (&*long, "64 digits"), ("sip:@", "nothing to dial"), ("12;", "DialDigits")];
    let (mut bench, system) = office(&[]);
    let mut client = client(&mut bench, "tel:1001;phone-context=dialstring");
    invite(&mut bench, system, &mut client, "sip:alice@example.com", |_| true);
    bench.notices();
    for (number, why) in numbers {
        let before = bench.engine().counters().numbers_not_diallable;
        let children = format!(
            "<callingDevice>tel:1001</callingDevice><calledDirectoryNumber>{number}</calledDirectoryNumber>"
        );
        let answer = only(&client.info(&mut bench, "MakeCall", &children), 200);
        assert_eq!(answer.element("operation"), "invalidCalledDeviceID", "{number}");
        assert!(system.asked(&mut bench).is_empty(), "{number}: no phone goes off hook");
        let [line] = told(&bench.notices(), "service_failed").try_into().expect("one line");
        let parts =
            ["service=MakeCall", "number=", " remedy=", "user=", " line=", "peer=127.0.0.1:", "call_id="];
        for part in parts.into_iter().chain([why]) {
            assert!(line.contains(part), "{part} is in {line}");
        }
        assert_eq!(bench.engine().counters().numbers_not_diallable, before + 1, "{number}");
    }
}

#[test]
fn a_device_that_is_not_registered_is_no_refusal_for_good() {
    let (mut bench, system) = office(&[]);
    let mut client = client(&mut bench, "tel:1001;phone-context=dialstring");
    bench.notices();
    let (answer, _) = invite(&mut bench, system, &mut client, "sip:alice@example.com", |_| false);
    assert_eq!((answer.status(), answer.element("systemStatus")), (200, "disabled"));
    assert!(answer.header("Session-Expires").starts_with("90"), "{answer:?}");
    let [line] = told(&bench.notices(), "device_not_registered").try_into().expect("one line");
    assert!(line.contains("remedy=") && line.contains("device=1001"), "{line}");
    assert_eq!(bench.engine().counters().devices_unregistered, 1);
    // The client asks again by itself; meanwhile the phone was connected.
    let refreshed = client.invite(&mut bench);
    assert_eq!(refreshed.element("systemStatus"), "disabled");
    system.knows_line(&mut bench);
    bench.advance(Duration::from_secs(30));
    let refreshed = client.invite(&mut bench);
    assert_eq!(refreshed.element("systemStatus"), "normal");
    assert!(refreshed.header("Session-Expires").starts_with("1800"), "{refreshed:?}");
}

#[test]
fn a_registered_soft_phone_is_asked_for_once_before_the_hard_phone() {
    for (is_registered, asked) in
        [(true, &["1002:CM1:192.0.2.10:1"][..]), (false, &["1002:CM1:192.0.2.10:1", "1002:CM1:192.0.2.10:0"])]
    {
        let (mut bench, system) = office(&[("directory.server", "lcs")]);
        let mut client = client(&mut bench, "tel:1002;phone-context=dialstring");
        let registered = |device: &str| is_registered || !device.ends_with(":1");
        let (answer, devices) = invite(&mut bench, system, &mut client, "sip:bob@example.com", registered);
        assert_eq!((answer.status(), answer.element("systemStatus")), (200, "normal"));
        assert_eq!(devices, asked);
    }
}

#[test]
fn a_stranger_never_controls_a_line_however_the_uri_is_written() {
    let users = ["sip:mallory@evil.example", "sip:bob@example.com"];
    let lines = [
        "tel:1001;phone-context=dialstring",
        "TEL:1001",
        "tel:%31%30%30%31",
        "tel:1-0-0-1",
        "tel:1001;device=HARD1",
        "tel:1001;DEVICE=hard1;device=HARD1",
        "tel:1001;partition=",
        "tel:1009;partition=Sales;partition=Sales;device=SOFT2",
        "sip:1001@example.com;user=phone",
        "sip:%31001@example.com",
        "1001",
        "tel:+14255550101",
        "tel:+1%2D425%2D555%2D0101",
        "tel:1001%00",
        "tel:1001%0d%0a",
        "tel:1002,tel:1001",
        " tel:1001 ",
    ];
    for user in users {
        for line in lines {
            let (mut bench, system) = office(&[]);
            let mut client = client(&mut bench, line);
            let (answer, devices) = invite(&mut bench, system, &mut client, user, |_| true);
            assert!([403, 404].contains(&answer.status()), "{user} {line}: {}", answer.start());
            assert!(devices.is_empty(), "{user} {line}: the phone system hears nothing of it");
        }
    }
}

#[test]
fn an_asserted_identity_counts_if_the_configuration_says_so() {
    for (identity, header, status) in [
        ("from", "P-Asserted-Identity: <sip:alice@example.com>\r\n", 404),
        ("p-asserted-identity", "P-Asserted-Identity: \"Ames\" <tel:+1>, <sip:alice@example.com>\r\n", 200),
        ("p-asserted-identity", "P-Asserted-Identity: <sip:bob@example.com>\r\n", 403),
        ("p-asserted-identity", "", 404),
    ] {
        let (mut bench, system) = office(&[("directory.identity", identity)]);
        let mut client = client(&mut bench, "tel:1001;phone-context=dialstring");
        client.more.push_str(header);
        let (answer, _) = invite(&mut bench, system, &mut client, "sip:proxy@evil.example", |_| true);
        assert_eq!(answer.status(), status, "{identity} {header}");
    }
}

#[test]
fn a_line_in_to_counts_if_the_body_names_none() {
    let (mut bench, system) = office(&[]);
    let mut client = client(&mut bench, "");
    let body = client.sign_in_body();
    let request = client.request("INVITE", &body);
    let request = request.replacen("To: <sip:gw@127.0.0.1:5060>", "To: <tel:1009;partition=Sales>", 1);
    let request = request.replacen("<sip:alice@", "<sip:bob@", 1);
    assert!(client.say(&mut bench, &request).is_empty(), "the phone system is asked first");
    assert_eq!(system.knows_line(&mut bench).element("snapshotObject"), "1009");
    only(&client.heard(&mut bench), 200);
}

#[test]
fn a_refresh_may_write_the_line_in_another_way() {
    let (mut bench, system) = office(&[]);
    let mut client = client(&mut bench, "tel:+1-425-555-0101");
    invite(&mut bench, system, &mut client, "sip:alice@example.com", |_| true);
    for (line, status) in [("tel:+14255550101", 200), ("tel:1001", 200), ("tel:1002", 488)] {
        client.uri = line.into();
        let body = client.sign_in_body();
        only(&client.send(&mut bench, "INVITE", &body), status);
        client.send(&mut bench, "ACK", "");
    }
}

#[test]
fn without_a_directory_a_line_is_the_number_however_it_is_written() {
    for line in
        ["tel:+1-425-555-0101", "tel:+1 (425) 555-0101", "tel:%2B14255550101", "tel:+14255550101;ext=7"]
    {
        let (mut bench, system) = Bench::in_service(&[]);
        let mut client = client(&mut bench, line);
        let (_, devices) = invite(&mut bench, system, &mut client, "sip:alice@example.com", |_| true);
        assert_eq!(devices, ["+14255550101"], "{line}");
        let object = client.monitor_object();
        client.info(&mut bench, "MonitorStart", &object);
        assert_eq!(system.start_monitor(&mut bench, "m1").element("deviceObject"), "+14255550101");
    }
}

/// Selects a line appearance for a user, which the store keeps; returns what the operator is told.
fn select(bench: &mut Bench, user: &str, choice: &str) -> ReplyResult {
    bench.input(Input::Command { token: Some(Token::new(1)), command: Command::Select { user, choice } });
    if let Some((token, ..)) = bench.persists().pop() {
        bench.input(Input::Persisted { token, result: Ok(()) });
    }
    bench.settle();
    bench.replies().pop().expect("an answer").1
}

/// Bob at his hard phone, with a monitor and a call there.
fn bob_talks(bench: &mut Bench, system: PhoneSystem) -> Client {
    let mut client = client(bench, "tel:1002;phone-context=dialstring;device=HARD2");
    let (answer, _) = invite(bench, system, &mut client, "sip:bob@example.com", |_| true);
    assert_eq!(answer.status(), 200);
    client.monitor(bench, system, "m1");
    let call = "<establishedConnection><callID>5</callID><deviceID>1002:CM1:192.0.2.10:0</deviceID>\
        </establishedConnection><answeringDevice><deviceIdentifier>1002</deviceIdentifier></answeringDevice>\
        <callingDevice><deviceIdentifier>1003</deviceIdentifier></callingDevice><calledDevice><deviceIdentifier>\
        1002</deviceIdentifier></calledDevice><lastRedirectionDevice><notRequired/></lastRedirectionDevice>\
        <localConnectionInfo>connected</localConnectionInfo><cause>newCall</cause>";
    system.event(bench, "EstablishedEvent", "m1", call);
    let [event] = client.heard(bench).try_into().expect("the event");
    assert_eq!(event.root(), "EstablishedEvent");
    client
}

#[test]
fn a_selection_takes_effect_in_mid_call_without_a_new_sign_in() {
    let (mut bench, system) = office(&[]);
    let client = bob_talks(&mut bench, system);
    assert_eq!(select(&mut bench, "Bob", "soft2:1"), Ok(()));
    let asked = system.asked(&mut bench);
    let roots: Vec<&str> = asked.iter().map(Asked::root).collect();
    assert_eq!(roots, ["MonitorStop", "MonitorStart", "SnapshotDevice"]);
    let soft = "1002:CM1:192.0.2.10:1";
    assert_eq!((asked[1].element("deviceObject"), asked[2].element("snapshotObject")), (soft, soft));
    system.say(&mut bench, asked[0].invoke, &csta("MonitorStopResponse", ""));
    let named = "<monitorCrossRefID>m2</monitorCrossRefID>";
    system.say(&mut bench, asked[1].invoke, &csta("MonitorStartResponse", named));
    system.say(&mut bench, asked[2].invoke, &snapshot(soft, &[]));
    system.has_calls(&mut bench, &[("6", "1003", ["alerting", "connected"])]);
    bench.advance(Duration::from_millis(20));
    let told = client.heard(&mut bench);
    let events: Vec<(&str, &str)> =
        told.iter().map(|event| (event.root(), event.element("callID"))).collect();
    assert_eq!(events.len(), 2, "{told:#?}");
    assert_eq!((events[0].0, events[1].0), ("ConnectionClearedEvent", "DeliveredEvent"));
    assert_ne!(
        events[0].1, events[1].1,
        "the call at the hard phone is over, that at the soft phone is shown"
    );
    let own = told[0].element("droppedConnection");
    assert!(own.is_empty() || own.contains("tel:1002;phone-context=dialstring"), "{}", told[0].body());
}

#[test]
fn a_node_that_does_not_know_the_choice_takes_over_at_the_line_uri_s_device() {
    let line = "tel:1002;phone-context=dialstring;device=HARD2";
    let (mut bench, system) = office_with(&[], &[("bob", "SOFT2:1")]);
    let mut client = client(&mut bench, line);
    let (_, devices) = invite(&mut bench, system, &mut client, "sip:bob@example.com", |_| true);
    assert_eq!(devices, ["1002:CM1:192.0.2.10:1"]);
    client.monitor(&mut bench, system, "m1");
    // Each node keeps its own choices; this one has none.
    let (mut other, system) = office(&[]);
    client.line = Line::Stream(other.connect());
    let (answer, devices) = invite(&mut other, system, &mut client, "sip:bob@example.com", |_| true);
    assert_eq!((answer.status(), &*devices), (200, &["1002:CM1:192.0.2.10:0".to_owned()][..]));
    assert_eq!(other.engine().counters().takeovers, 1);
    assert_eq!(system.start_monitor(&mut other, "m2").element("deviceObject"), "1002:CM1:192.0.2.10:0");
}

#[test]
fn a_selection_that_is_not_the_user_s_is_refused_and_changes_nothing() {
    let (mut bench, system) = office(&[]);
    bob_talks(&mut bench, system);
    for (user, choice, refusal) in [
        ("nobody", "SOFT2:1", NotDone::UnknownUser),
        ("bob", "SOFT3:1", NotDone::UnknownAppearance),
        ("bob", "SOFT2:2", NotDone::UnknownAppearance),
        ("bob", "HARD1:1", NotDone::NotAuthorized),
        ("bob", "SOFT2:", NotDone::ChoiceSyntax),
    ] {
        assert_eq!(select(&mut bench, user, choice), Err(refusal), "{user} {choice}");
        assert!(system.asked(&mut bench).is_empty(), "{user} {choice}");
    }
    // The device that the session controls already is no change.
    assert_eq!(select(&mut bench, "bob", "HARD2:1"), Ok(()));
    assert!(system.asked(&mut bench).is_empty());
}

#[test]
fn a_selection_while_a_monitor_starts_makes_its_refusal_void() {
    let (mut bench, system) = office(&[]);
    let mut client = client(&mut bench, "tel:1002;phone-context=dialstring;device=HARD2");
    invite(&mut bench, system, &mut client, "sip:bob@example.com", |_| true);
    let object = client.monitor_object();
    client.info(&mut bench, "MonitorStart", &object);
    assert_eq!(select(&mut bench, "bob", "SOFT2"), Ok(()));
    let asked = system.asked(&mut bench);
    let [former, new] = [":0", ":1"].map(|end| {
        let is_it = |one: &&Asked| one.root() == "MonitorStart" && one.element("deviceObject").ends_with(end);
        asked.iter().find(is_it).expect("a MonitorStart").invoke
    });
    system.say(&mut bench, former, &csta_error("systemResourceAvailibility", "generic"));
    assert!(client.heard(&mut bench).is_empty(), "the other device decides");
    let named = "<monitorCrossRefID>m1</monitorCrossRefID>";
    system.say(&mut bench, new, &csta("MonitorStartResponse", named));
    let answer = only(&client.heard(&mut bench), 200);
    assert_eq!(answer.root(), "MonitorStartResponse");
    assert_eq!(bench.engine().view().monitors, 1);
}

#[test]
fn a_selection_before_the_monitor_s_answer_moves_the_monitor_too() {
    let (mut bench, system) = office(&[]);
    let mut client = client(&mut bench, "tel:1002;phone-context=dialstring;device=HARD2");
    invite(&mut bench, system, &mut client, "sip:bob@example.com", |_| true);
    let object = client.monitor_object();
    client.info(&mut bench, "MonitorStart", &object);
    assert_eq!(select(&mut bench, "bob", "SOFT2"), Ok(()));
    let asked = system.asked(&mut bench);
    let devices: Vec<&str> = asked
        .iter()
        .filter(|asked| asked.root() == "MonitorStart")
        .map(|asked| asked.element("deviceObject"))
        .collect();
    assert_eq!(devices, ["1002:CM1:192.0.2.10:0", "1002:CM1:192.0.2.10:1"]);
    for (index, asked) in asked.iter().enumerate() {
        let named = format!("<monitorCrossRefID>m{index}</monitorCrossRefID>");
        let answer = match asked.root() {
            "MonitorStart" => csta("MonitorStartResponse", &named),
            _ => snapshot(asked.element("snapshotObject"), &[]),
        };
        system.say(&mut bench, asked.invoke, &answer);
    }
    only(&client.heard(&mut bench), 200);
    let stops = system.asked(&mut bench);
    assert!(stops.iter().any(|asked| asked.root() == "MonitorStop"), "{stops:#?}");
}
