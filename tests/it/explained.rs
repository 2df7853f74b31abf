//! Why a user would control a line, or would not: the cause of every refusal is found, with its remedy. The engine, in
//! which the directory of the cases is, explains what it would do; and so does a configuration by itself.

use std::sync::Arc;

use ctigate_core::config::Config;
use ctigate_core::engine::{Engine, SessionQuestion, ShownRefusal, Sought};
use ctigate_core::line::directory::Directory;
use ctigate_core::line::explaining::{Explanation, Known, Question, Row, explain};
use ctigate_core::line::finding::{
    CASES, Case, DIRECTORY, Refusal, Registered, ServerType, UNKNOWN_TO_PHONE_SYSTEM_REMEDY,
    UNREGISTERED_REMEDY,
};
use ctigate_core::setting::Value;
use ctigate_core::{Command, Input, Seed, Token};
use ctigate_tests::bench::{Bench, Client, PhoneSystem, csta_error, settings, snapshot};

const ALICE: &str = "sip:alice@example.com";
const LINE: &str = "tel:1001;phone-context=dialstring";

fn directory() -> Directory {
    Directory::read(DIRECTORY, "cases").expect("the cases' directory can be read")
}

fn listed(config: Config, seed: Seed) -> Engine {
    Engine::new(config, seed).with_directory(Arc::new(directory()))
}

/// The configuration of the cases.
fn config(server: ServerType) -> Config {
    let text = |text: &str| Value::Text(text.into());
    let server = if server == ServerType::Lcs { "lcs" } else { "ocs" };
    let settings = settings(&[
        ("directory.server", text(server)),
        ("directory.domains", Value::List(vec![text("example.com")])),
        ("numbers.line[0].begins", text("+493012345")),
        ("numbers.line[0].digits", text("14")),
        ("numbers.line[0].strip", Value::Integer(10)),
        ("numbers.dial[0].begins", text("0")),
        ("numbers.dial[0].prepend", text("9")),
        ("numbers.emergency", Value::List(vec![text("112")])),
    ]);
    Config::from_settings(&settings).expect("the cases' configuration is right")
}

/// Explains a case by the configuration and what the case says of devices.
fn explained(case: &Case, question: &Question) -> Explanation {
    let (config, directory) = (config(case.server), directory());
    let choice = |_: &str| Some(case.selected).filter(|selected| !selected.is_empty());
    let registered = |id| case.registered(&directory, id);
    explain(
        &Known {
            site: &config.site(),
            directory: Some(&directory),
            choice: &choice,
            registered: &registered,
            said: &|_| None,
        },
        question,
    )
}

fn question(user: &str, line: &str) -> Question {
    Question { user: user.into(), line: line.into(), ..Question::default() }
}

/// The refusal and the remedy with which an explanation ends.
fn end(explanation: &Explanation) -> (&Row, &str) {
    let [.., refused, remedy] = explanation.rows.as_slice() else { panic!("{explanation:#?}") };
    assert_eq!((refused.step, remedy.step), ("refused", "remedy"), "{explanation:#?}");
    (refused, &remedy.looked_for)
}

fn assert_refused(explanation: &Explanation, refusal: Refusal) {
    let (refused, remedy) = end(explanation);
    assert_eq!(refused.looked_for, format!("{} {}", refusal.status(), refusal.reason()), "{explanation:#?}");
    assert_eq!((refused.place, remedy), (refusal.counter(), refusal.remedy()), "{explanation:#?}");
    assert!(!explanation.succeeds);
}

#[test]
fn the_cause_of_every_refusal_is_found_with_its_remedy() {
    for case in CASES {
        let explanation = explained(case, &question(case.user, case.line));
        match case.outcome {
            Err(refusal) => assert_refused(&explanation, refusal),
            Ok(appearance) if case.registered == Registered::No && appearance.contains("SOFT") => {
                assert_eq!(end(&explanation).1, UNREGISTERED_REMEDY, "{case:?}");
            }
            Ok(appearance) => {
                let [.., controls, device] = explanation.rows.as_slice() else { panic!("{explanation:#?}") };
                assert_eq!(
                    (controls.step, controls.looked_for.as_str()),
                    ("controls", appearance),
                    "{case:?}"
                );
                assert_eq!(device.step, "device ID", "{case:?}");
                assert!(explanation.succeeds, "{case:?}");
            }
        }
    }
}

#[test]
fn every_step_says_what_was_looked_for_and_where() {
    for case in CASES {
        let explanation = explained(case, &question(case.user, case.line));
        for row in &explanation.rows {
            let is_end = matches!(row.step, "refused" | "remedy" | "controls");
            assert!(!row.looked_for.is_empty(), "{row:?}");
            assert!(is_end || !row.place.is_empty() && !row.found.is_empty(), "{row:?}");
        }
    }
}

#[test]
fn a_running_gateway_explains_the_refusals_that_it_gives() {
    for refusal in Refusal::ALL {
        let case = CASES.iter().find(|case| case.outcome == Err(refusal)).expect("a case of each refusal");
        let domains = ("directory.domains", Value::List(vec![Value::Text("example.com".into())]));
        let bench = Bench::of(&[domains], listed);
        assert_refused(&bench.engine().explain(&question(case.user, case.line)), refusal);
    }
}

#[test]
fn a_running_gateway_explains_by_the_choices_in_force() {
    let domains = ("directory.domains", Value::List(vec![Value::Text("example.com".into())]));
    let mut bench = Bench::of(&[domains], listed);
    let bob = question("sip:bob@example.com", "tel:1002;phone-context=dialstring");
    assert_refused(&bench.engine().explain(&bob), Refusal::AmbiguousLine);
    let command = Command::Select { user: "bob", choice: "SOFT2:1" };
    bench.input(Input::Command { token: Some(Token::new(1)), command });
    let [(token, ..)] = bench.persists().try_into().expect("a choice to keep");
    bench.input(Input::Persisted { token, result: Ok(()) });
    let explanation = bench.engine().explain(&bob);
    let selection = explanation.rows.iter().find(|row| row.step == "selection").expect("a selection");
    assert_eq!(selection.looked_for, "SOFT2:1");
    let device = explanation.rows.last().expect("a row");
    assert_eq!((device.step, device.found.as_str()), ("device ID", "1002:CM1:192.0.2.10:1"));
    assert!(explanation.succeeds);
}

#[test]
fn a_running_gateway_knows_that_a_device_is_not_registered() {
    let domains = ("directory.domains", Value::List(vec![Value::Text("example.com".into())]));
    let mut bench = Bench::of(&[domains], listed);
    let system = PhoneSystem::answer(&mut bench);
    let mut client = Client::new(&mut bench, "alice");
    let asked = question(ALICE, &client.uri);
    assert!(bench.engine().explain(&asked).succeeds);
    let body = client.sign_in_body();
    client.send(&mut bench, "INVITE", &body);
    let error = csta_error("systemResourceAvailibility", "deviceOutOfService");
    system.serve(&mut bench, "SnapshotDevice", |_| error);
    client.heard(&mut bench);
    let explanation = bench.engine().explain(&asked);
    let (refused, remedy) = end(&explanation);
    assert_eq!((refused.place, remedy), ("devices_unregistered", UNREGISTERED_REMEDY));
}

#[test]
fn what_depends_on_the_registration_of_a_soft_phone_is_said_for_both() {
    let case = Case { registered: Registered::NotAsked, server: ServerType::Lcs, ..CASES[0] };
    let explanation = explained(&case, &question("sip:bob@example.com", "tel:1002;phone-context=dialstring"));
    let said =
        |step: &str| explanation.rows.iter().find(|row| row.step == step).map(|row| row.found.as_str());
    assert_eq!(said("if registered"), Some("1002@SOFT2 is controlled"));
    assert_eq!(said("if not"), Some("1002@HARD2 is controlled"));
    assert!(explanation.succeeds);
}

#[test]
fn a_number_is_followed_to_what_the_phone_system_dials() {
    for (number, dials) in [
        ("+1 (425) 555-0150", Ok("+14255550150")),
        ("tel:0-30-1234", Ok("90301234")),
        ("112", Ok("112")),
        ("call me", Err("write digits")),
        ("", Err("write a number")),
        ("1234567890123456789012345678901234567890123456789012345678901234567", Err("write at most 64")),
    ] {
        let asked = Question { dial: Some(number.into()), ..question(ALICE, LINE) };
        let explanation = explained(&CASES[0], &asked);
        assert_eq!(explanation.succeeds, dials.is_ok(), "{number}");
        match dials {
            Ok(dials) => {
                let row = explanation.rows.iter().find(|row| row.step == "dials").expect("what is dialled");
                assert_eq!(row.looked_for, dials);
            }
            Err(remedy) => {
                let (refused, found) = end(&explanation);
                assert!(refused.looked_for.ends_with("invalidCalledDeviceID"), "{refused:?}");
                assert!(found.starts_with(remedy), "{found}");
            }
        }
    }
}

#[test]
fn a_peer_that_is_not_in_sip_allow_is_not_believed() {
    for (peer, believed) in [("127.0.0.1", true), ("192.0.2.1", false), ("::1", true)] {
        let peer = Some(peer.parse().expect("an address"));
        let explanation = explained(&CASES[0], &Question { peer, ..question(ALICE, LINE) });
        assert_eq!((explanation.succeeds, explanation.rows[0].place), (believed, "sip.allow"), "{peer:?}");
        assert!(believed || end(&explanation).0.looked_for.starts_with("403 "), "{explanation:#?}");
    }
}

/// What the gateway has to say of a user's last refused sign-in.
fn last_refusal(bench: &Bench, user: &str) -> Option<ShownRefusal> {
    let sought = Sought { user: Some(user.into()), ..Sought::default() };
    let question = SessionQuestion { sought, from: 0, visits: 1_000, most: 10, is_detailed: true };
    bench.engine().find_sessions(&question).refused
}

/// Alice tries to sign in, and the phone system says this of her line. Returns the status that she is answered.
fn tries(bench: &mut Bench, system: PhoneSystem, name: &'static str, said: &str) -> u16 {
    let mut alice = Client::new(bench, name);
    alice.uri = LINE.into();
    let body = alice.sign_in_body();
    let request = alice.request("INVITE", &body);
    let request = request.replacen(&format!("<sip:{name}@example.com>"), &format!("<{ALICE}>"), 1);
    alice.say(bench, &request);
    system.serve(bench, "SnapshotDevice", |_| said.into());
    let answer = alice.heard(bench).pop().expect("an answer");
    alice.take_tag(&answer);
    alice.send(bench, "ACK", "");
    answer.status()
}

#[test]
fn what_the_phone_system_said_of_a_line_it_does_not_know_is_explained() {
    let domains = ("directory.domains", Value::List(vec![Value::Text("example.com".into())]));
    let open: fn(Config, Seed) -> Engine = Engine::new;
    for make in [listed, open] {
        let mut bench = Bench::of(core::slice::from_ref(&domains), make);
        let system = PhoneSystem::answer(&mut bench);
        let asked = question(ALICE, LINE);
        assert!(bench.engine().explain(&asked).succeeds, "nothing is known of it");
        assert_eq!(tries(&mut bench, system, "first", &csta_error("operation", "invalidDeviceID")), 404);
        assert!(bench.notices().iter().any(|told| told.contains(UNKNOWN_TO_PHONE_SYSTEM_REMEDY)));
        for user in [ALICE, "sip:alice@example.com;gruu"] {
            let explanation = bench.engine().explain(&question(user, LINE));
            let (refused, remedy) = end(&explanation);
            assert_eq!((refused.looked_for.as_str(), refused.place), ("404 Unknown line", "lines_unknown"));
            assert_eq!(remedy, UNKNOWN_TO_PHONE_SYSTEM_REMEDY);
            let said = &explanation.rows[explanation.rows.len() - 3];
            let found = "nothing: it answered operation/invalidDeviceID to SnapshotDevice";
            assert_eq!((&*said.looked_for, said.place, &*said.found), ("1001", "phone system", found));
        }
        let refused = last_refusal(&bench, "alice").expect("her last refusal");
        assert_eq!((&*refused.user, &*refused.line, &*refused.device), (ALICE, LINE, "1001"));
        assert_eq!(refused.status, "404 Unknown line");
        assert_eq!(refused.said.as_deref(), Some("operation/invalidDeviceID"));
        assert_eq!(refused.remedy, UNKNOWN_TO_PHONE_SYSTEM_REMEDY);
        assert_eq!(last_refusal(&bench, "bob"), None);
        // Once the line was entered, she gets in, and nothing of it is left.
        assert_eq!(tries(&mut bench, system, "second", &snapshot("1001", &[])), 200);
        assert!(bench.engine().explain(&asked).succeeds);
        assert_eq!(last_refusal(&bench, "alice"), None);
    }
}

#[test]
fn the_last_refusal_of_a_user_is_kept_whoever_refused() {
    for case in CASES {
        let Err(refusal) = case.outcome else { continue };
        let domains = ("directory.domains", Value::List(vec![Value::Text("example.com".into())]));
        let server = if case.server == ServerType::Lcs { "lcs" } else { "ocs" };
        let server = ("directory.server", Value::Text(server.into()));
        let mut bench = Bench::of(&[domains, server], listed);
        let system = PhoneSystem::answer(&mut bench);
        let mut client = Client::new(&mut bench, "alice");
        client.uri = case.line.into();
        let body = client.sign_in_body();
        let request = client.request("INVITE", &body);
        let request = request.replacen("<sip:alice@example.com>", &format!("<{}>", case.user), 1);
        client.say(&mut bench, &request);
        // Devices that are asked for are not registered.
        for one in system.asked(&mut bench) {
            let error = csta_error("systemResourceAvailibility", "deviceOutOfService");
            system.say(&mut bench, one.invoke, &error);
        }
        let refused = last_refusal(&bench, case.user).unwrap_or_else(|| panic!("{case:?}"));
        assert_eq!(refused.status, format!("{} {}", refusal.status(), refusal.reason()), "{case:?}");
        assert_eq!((refused.said.as_deref(), refused.remedy), (None, refusal.remedy()), "{case:?}");
    }
}

#[test]
fn without_a_directory_the_line_uri_alone_is_followed() {
    let config = config(ServerType::Ocs);
    let choice = |_: &str| None;
    let registered = |_| Registered::NotAsked;
    let site = config.site();
    let said = |_: &str| None;
    let known = Known { site: &site, directory: None, choice: &choice, registered: &registered, said: &said };
    for (line, device) in
        [(LINE, "1001"), ("tel:+4930123451001", "1001"), ("tel:+1-425-555-0101", "+14255550101")]
    {
        let explanation = explain(&known, &question("sip:stranger@evil.example", line));
        assert_eq!(explanation.rows.last().map(|row| row.found.as_str()), Some(device), "{line}");
        assert!(explanation.succeeds);
    }
    let explanation = explain(&known, &question(ALICE, "tel:1001%00"));
    assert!(end(&explanation).0.looked_for.starts_with("404 ") && !explanation.succeeds);
}
