//! Changing configuration and directory in a run, at the gateway's face.

use std::sync::Arc;

use ctigate_core::Duration;
use ctigate_core::config::{Config, KEYS};
use ctigate_core::engine::Engine;
use ctigate_core::line::directory::Directory;
use ctigate_core::line::finding::{DIRECTORY, Refusal};
use ctigate_core::setting::Value;
use ctigate_core::{Level, Machine as _, Seed};
use ctigate_tests::Random;
use ctigate_tests::bench::{Bench, Client, PhoneSystem, only, snapshot};

/// The directory of the cases, with each of `changes` made: what is replaced, and by what.
pub(crate) fn directory(changes: &[(&str, &str)]) -> Arc<Directory> {
    let mut text = DIRECTORY.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    Arc::new(Directory::read(&text, "cases").unwrap_or_else(|mistakes| panic!("{mistakes}")))
}

pub(crate) fn listed(config: Config, seed: Seed) -> Engine {
    Engine::new(config, seed).with_directory(directory(&[]))
}

pub(crate) fn domains() -> (&'static str, Value) {
    ("directory.domains", Value::List(vec![Value::Text("example.com".into())]))
}

/// A gateway with the directory of the cases, in service, and two clients that are signed in: alice at 1001, and bob at
/// the hard phone of 1002.
pub(crate) fn office() -> (Bench, PhoneSystem, Client, Client) {
    let mut bench = Bench::of(&[domains()], listed);
    let system = PhoneSystem::answer(&mut bench);
    let alice = signed_in(&mut bench, system, "alice", "tel:1001;phone-context=dialstring");
    let bob = signed_in(&mut bench, system, "bob", "tel:1002;device=HARD2");
    bench.notices();
    (bench, system, alice, bob)
}

pub(crate) fn signed_in(bench: &mut Bench, system: PhoneSystem, user: &'static str, line: &str) -> Client {
    let mut client = Client::new(bench, user);
    client.uri = line.into();
    let body = client.sign_in_body();
    client.send(bench, "INVITE", &body);
    system.knows_line(bench);
    let answer = client.heard(bench).pop().expect("an answer");
    assert_eq!(answer.status(), 200);
    client.take_tag(&answer);
    client.send(bench, "ACK", "");
    client
}

fn methods(bench: &mut Bench, client: &Client) -> Vec<String> {
    let word = |start: &str| start.split(' ').next().unwrap_or_default().to_owned();
    client.heard(bench).iter().map(|message| word(message.start())).collect()
}

#[test]
fn a_session_whose_right_is_gone_ends_with_the_reason_and_others_go_on_untouched() {
    for (from, to, refusal) in [
        ("user alice mail", "user anna mail", Refusal::UnknownUser),
        (
            "user alice mail=alice.ames@example.com",
            "user alice enabled=no mail=a@example.com",
            Refusal::NotEnabled,
        ),
        ("example.org line=1001", "example.org line=1003", Refusal::NotAuthorized),
    ] {
        let (mut bench, _, alice, bob) = office();
        let (_, replies) = bench.reload(&[domains()], Some(&directory(&[(from, to)])));
        assert_eq!(replies, [Ok(())]);
        assert_eq!(methods(&mut bench, &alice), ["BYE"], "{refusal}");
        assert_eq!(methods(&mut bench, &bob), [""; 0], "{refusal}");
        let notices = bench.notices();
        let [line] =
            notices.iter().filter(|line| line.starts_with("right_withdrawn")).collect::<Vec<_>>()[..]
        else {
            panic!("{notices:#?}");
        };
        let why = format!("why=\"{refusal}\"");
        for part in [why.as_str(), refusal.remedy(), "call_id=alice-call", "peer=127.0.0.1:"] {
            assert!(line.contains(part), "{part} is in {line}");
        }
        assert_eq!(bench.engine().view().sessions, 1);
        let counters = bench.engine().counters();
        assert_eq!((counters.reloads, counters.rights_withdrawn), (1, 1));
    }
}

#[test]
fn a_line_that_is_gone_takes_its_session_along() {
    let (mut bench, _, alice, bob) = office();
    let gone = directory(&[
        ("line 1001 e164=+14255550101\n", "line 1007\n"),
        ("appearance 1001 HARD1", "appearance 1007 HARD1"),
        ("example.org line=1001", "example.org line=1007"),
        ("carol enabled=no line=1001", "carol enabled=no line=1007"),
    ]);
    bench.reload(&[domains()], Some(&gone));
    assert_eq!((methods(&mut bench, &alice), methods(&mut bench, &bob)), (vec!["BYE".into()], vec![]));
    assert!(bench.notices().iter().any(|line| line.contains(Refusal::UnknownLine.remedy())));
}

#[test]
fn a_session_follows_its_line_to_another_device() {
    let (mut bench, system, alice, mut bob) = office();
    let monitored = bob.monitor_object();
    bob.info(&mut bench, "MonitorStart", &monitored);
    system.start_monitor(&mut bench, "m1");
    bob.heard(&mut bench);
    let moved = directory(&[("device_id=1002:CM1:192.0.2.10:0", "device_id=1002:CM1:192.0.2.10:7")]);
    bench.reload(&[domains()], Some(&moved));
    assert_eq!((methods(&mut bench, &alice), methods(&mut bench, &bob)), (vec![], vec![]));
    assert_eq!(bench.engine().view().sessions, 2);
    let numbers: Vec<_> = bench.engine().sessions().map(|session| session.number.to_owned()).collect();
    assert!(numbers.contains(&"1002:CM1:192.0.2.10:7".into()), "{numbers:?}");
}

#[test]
fn a_choice_that_a_sign_in_would_have_to_make_is_no_reason_to_end_a_session() {
    let (mut bench, system, alice, bob) = office();
    // The line is on two devices: a sign-in that names none would be ambiguous.
    let two = directory(&[
        ("device SOFT2", "device SOFT1 kind=soft\ndevice SOFT2"),
        (
            "appearance 1001 HARD1 1\n",
            "appearance 1001 HARD1 1\nappearance 1001 SOFT1 1 device_id=1001:soft\n",
        ),
    ]);
    bench.reload(&[domains()], Some(&two));
    assert_eq!((methods(&mut bench, &alice), methods(&mut bench, &bob)), (vec![], vec![]));
    let mut other = Client::new(&mut bench, "alice-2");
    other.uri = "tel:1001".into();
    let body = other.sign_in_body();
    let request = other.request("INVITE", &body).replacen("<sip:alice-2@", "<sip:alice@", 1);
    assert_eq!(other.say(&mut bench, &request).pop().expect("an answer").status(), 485);
    let _ = system;
}

#[test]
fn in_mid_call_others_hear_and_dial_as_before() {
    let (mut bench, system, _alice, mut bob) = office();
    let object = "1002:CM1:192.0.2.10:0";
    let monitored = bob.monitor_object();
    bob.info(&mut bench, "MonitorStart", &monitored);
    assert_eq!(system.start_monitor(&mut bench, "m1").element("deviceObject"), object);
    bob.heard(&mut bench);
    bench.reload(&[domains()], Some(&directory(&[("user alice mail", "user anna mail")])));
    let snapshot_of = bob.snapshot_object();
    bob.info(&mut bench, "SnapshotDevice", &snapshot_of);
    let asked =
        system.serve(&mut bench, "SnapshotDevice", |asked| snapshot(asked.element("snapshotObject"), &[]));
    assert_eq!(asked.element("snapshotObject"), object);
    only(&bob.heard(&mut bench), 200);
    assert_eq!(bench.engine().view().monitors, 1);
}

#[test]
fn settings_that_can_change_in_a_run_take_effect_and_the_others_are_named() {
    let (mut bench, system) = Bench::in_service(&[]);
    let client = signed_in(&mut bench, system, "alice", "tel:1001");
    let text = |text: &str| Value::Text(text.into());
    let more = [
        ("sip.allow", Value::List(vec![text("192.0.2.0/24")])),
        ("sip.udp", Value::List(vec![text("127.0.0.1:5062")])),
        ("limits.sessions", Value::Integer(7)),
        ("cti.connection[0].address", text("127.0.0.1:4999")),
        ("cti.connection[0].private_data", Value::Flag(true)),
        ("cti.service_timeout", Value::Integer(9)),
    ];
    let (change, _) = bench.reload(&more, None);
    let needs_restart =
        ["cti.connection[0].address", "cti.connection[0].private_data", "limits.sessions", "sip.udp"];
    assert_eq!(change.needs_restart, needs_restart);
    assert_eq!(change.changed, ["cti.service_timeout", "sip.allow"]);
    // Its address is not on the list any more, which is known of its connection, too.
    let mut other = Client::new(&mut bench, "bob");
    only(&other.send(&mut bench, "OPTIONS", ""), 403);
    let mut client = client;
    only(&client.send(&mut bench, "OPTIONS", ""), 403);
}

#[test]
fn a_time_out_that_changed_counts_for_the_next_request() {
    let (mut bench, system) = Bench::in_service(&[]);
    let mut client = signed_in(&mut bench, system, "alice", "tel:1001");
    bench.reload(&[("cti.service_timeout", Value::Integer(2))], None);
    let object = client.monitor_object();
    client.info(&mut bench, "MonitorStart", &object);
    bench.advance(Duration::from_secs(3));
    assert_eq!(bench.engine().counters().services_timed_out, 1);
}

#[test]
fn from_open_to_listed_who_is_not_in_the_directory_ends_and_back_all_may() {
    let (mut bench, system) = Bench::in_service(&[domains()]);
    let alice = signed_in(&mut bench, system, "alice", "tel:1001");
    let eve = signed_in(&mut bench, system, "eve", "tel:1003");
    bench.reload(&[domains()], Some(&directory(&[])));
    assert_eq!((methods(&mut bench, &alice), methods(&mut bench, &eve)), (vec![], vec!["BYE".into()]));
    bench.reload(&[domains()], None);
    signed_in(&mut bench, system, "mallory", "tel:1009");
    assert_eq!(bench.engine().view().sessions, 2);
}

#[test]
fn a_sign_in_under_way_is_found_by_the_new_directory() {
    for devices_are_asked in [false, true] {
        let server = if devices_are_asked { "lcs" } else { "ocs" };
        let settings = [domains(), ("directory.server", Value::Text(server.into()))];
        let mut bench = Bench::of(&settings, listed);
        let system = PhoneSystem::answer(&mut bench);
        let mut bob = Client::new(&mut bench, "bob");
        bob.uri = if devices_are_asked { "tel:1002" } else { "tel:1002;device=HARD2" }.into();
        let body = bob.sign_in_body();
        assert!(bob.send(&mut bench, "INVITE", &body).is_empty());
        bench.reload(&settings, Some(&directory(&[("user bob line=1002", "user bob line=1003")])));
        if devices_are_asked {
            system.knows_line(&mut bench);
        }
        assert_eq!(bob.heard(&mut bench).pop().expect("an answer").status(), 403);
        assert_eq!(bench.engine().view().sessions, 0);
    }
}

#[test]
fn a_reload_of_the_same_changes_nothing_but_is_noted() {
    let (mut bench, _, alice, bob) = office();
    let before = bench.engine().view();
    let (change, replies) = bench.reload(&[domains()], Some(&directory(&[])));
    assert_eq!((change.changed.len(), change.needs_restart.len(), replies), (0, 0, vec![Ok(())]));
    assert_eq!((methods(&mut bench, &alice), methods(&mut bench, &bob)), (vec![], vec![]));
    assert_eq!(bench.engine().view(), before);
    let told = bench.levelled_notices();
    let of_reload = |(level, line): &&(Level, String)| *level == Level::Info && line.starts_with("reloaded");
    assert_eq!(told.iter().filter(of_reload).count(), 1, "{told:?}");
    assert!(bench.engine().next_wake().is_some());
}

#[test]
fn a_gateway_that_stops_still_answers_a_reload() {
    let (mut bench, ..) = office();
    bench.input(ctigate_core::Command::Stop.into());
    let (_, replies) = bench.reload(&[domains()], None);
    assert_eq!(replies, [Ok(())]);
}

#[test]
fn the_administrators_manual_names_every_key_that_needs_a_restart() {
    let manual = include_str!("../../docs/administration.md");
    let (_, rest) = manual.split_once("Keys that need a restart: ").expect("the list");
    let (list, _) = rest.split_once("\n\n").expect("its end");
    let named: Vec<&str> = list.split('`').skip(1).step_by(2).collect();
    let keys = KEYS.iter().filter(|key| key.needs_restart).map(|key| key.name);
    assert_eq!(named, keys.collect::<Vec<_>>());
}

/// Users and lines of the random walk; a user's name is also the beginning of his clients' Call-IDs.
const USERS: [&str; 3] = ["alice", "bob", "carol"];
const NUMBERS: [&str; 4] = ["1001", "1002", "1003", "1004"];

/// A directory in which each user has some of the lines, and some are not enabled.
fn drawn(random: &mut Random) -> Arc<Directory> {
    let mut text = String::from("ctigate directory 1\n");
    for number in NUMBERS {
        text.extend(["line ", number, "\n"]);
    }
    for user in USERS {
        if random.chance(100) {
            continue;
        }
        text.extend(["user ", user, if random.chance(100) { " enabled=no" } else { "" }]);
        for number in NUMBERS {
            if random.chance(600) {
                text.extend([" line=", number]);
            }
        }
        text.push('\n');
    }
    Arc::new(Directory::read(&text, "drawn").unwrap_or_else(|mistakes| panic!("{mistakes}")))
}

/// Whether the directory gives a user a line.
fn may(directory: &Directory, user: &str, number: &str) -> bool {
    directory.user_by_id(user).is_some_and(|id| {
        let of = |appearance| directory.line(directory.appearance(appearance).line).number;
        directory.user(id).enabled && directory.appearances_of_user(id).any(|one| of(one) == number)
    })
}

#[test]
fn no_session_controls_a_line_its_user_may_not_whatever_is_reloaded_when() {
    let (mut ended, mut stayed) = (0, 0);
    for seed in 0..40 {
        let random = &mut Random::new(seed);
        let mut directory = Some(directory(&[]));
        let mut bench = Bench::of(&[domains()], listed);
        let system = PhoneSystem::answer(&mut bench);
        for round in 0..25 {
            if random.chance(400) {
                directory = (!random.chance(100)).then(|| drawn(random));
                let before = bench.engine().view().sessions;
                bench.reload(&[domains()], directory.as_ref());
                let after = bench.engine().view().sessions;
                ended += before - after;
                stayed += after;
            } else {
                let user = USERS[random.index(3)];
                let mut client = Client::new(&mut bench, &format!("{user}-{round}"));
                client.uri = format!("tel:{}", NUMBERS[random.index(4)]);
                let body = client.sign_in_body();
                let request = client.request("INVITE", &body);
                let from = format!("<sip:{}@", client.name);
                let request = request.replacen(&from, &format!("<sip:{user}@"), 1);
                if client.say(&mut bench, &request).is_empty() {
                    if random.chance(300) {
                        directory = Some(drawn(random));
                        bench.reload(&[domains()], directory.as_ref());
                    }
                    system.knows_line(&mut bench);
                    if let Some(answer) = client.heard(&mut bench).pop() {
                        client.take_tag(&answer);
                        client.send(&mut bench, "ACK", "");
                    }
                }
            }
            let Some(directory) = &directory else { continue };
            for session in bench.engine().sessions() {
                let user = session.call_id.split('-').next().unwrap_or_default();
                assert!(may(directory, user, session.number), "seed {seed}, round {round}: {session:?}");
            }
        }
    }
    assert!(ended > 50 && stayed > 50, "{ended} ended, {stayed} stayed");
}
