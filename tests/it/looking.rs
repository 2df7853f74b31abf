//! Reading sessions, as an operator does who is told that a phone does not follow its client.

use ctigate_core::Duration;
use ctigate_core::config::Config;
use ctigate_core::engine::{Engine, MOST_VISITED, SessionQuestion, ShownSession, Sought};
use ctigate_core::{Machine as _, Seed};
use ctigate_tests::bench::{Bench, Client, csta_error, only};

/// All sessions that are sought, found in portions of at most `most`, with all that is known of them.
fn found(bench: &Bench, sought: &Sought, most: usize) -> Vec<ShownSession> {
    let (mut all, mut from) = (Vec::new(), 0);
    loop {
        let question = SessionQuestion { sought: sought.clone(), from, visits: 2, most, is_detailed: true };
        let portion = bench.engine().find_sessions(&question);
        assert!(portion.sessions.len() <= most);
        all.extend(portion.sessions);
        match portion.next {
            Some(next) => from = next,
            None => return all,
        }
    }
}

fn the_only(bench: &Bench) -> ShownSession {
    let [session] = found(bench, &Sought::default(), 10).try_into().expect("one session");
    session
}

fn users(bench: &Bench, sought: &Sought) -> Vec<String> {
    found(bench, sought, 2).into_iter().map(|session| session.user).collect()
}

#[test]
fn a_session_is_shown_with_its_monitor_and_what_feeds_it() {
    let (mut bench, system, mut client) = Bench::with_client(&[]);
    client.sign_in(&mut bench, system);
    let session = the_only(&bench);
    let details = session.details.expect("they were asked for");
    assert_eq!((session.user.as_str(), session.device.as_str()), ("sip:alice@example.com", "1001"));
    assert_eq!((session.line.as_str(), session.monitors, session.calls), (client.uri.as_str(), 0, 0));
    assert!(details.is_established && details.is_registered && details.monitors.is_empty());
    assert_eq!(details.call_id, "alice-call");
    assert!(details.peer.is_some_and(|peer| peer.ip().is_loopback()));
    let bound = details.connection.expect("a CTI connection");
    assert_eq!((bound.state, bound.in_service, bound.is_replaced), ("InService", true, false));
    client.monitor(&mut bench, system, "m1");
    let details = the_only(&bench).details.expect("they were asked for");
    let [monitor] = details.monitors.as_slice() else { panic!("{details:?}") };
    let source = monitor.source.as_ref().expect("what feeds it");
    assert_eq!((source.device.as_str(), source.id.as_deref()), ("1001", Some("m1")));
}

#[test]
fn a_session_is_shown_since_when_and_when_it_was_refreshed() {
    let (mut bench, system, mut client) = Bench::with_client(&[]);
    bench.advance(Duration::from_secs(10));
    client.sign_in(&mut bench, system);
    let begun = the_only(&bench);
    let first = begun.details.expect("they were asked for").refreshed.expect("a session timer");
    bench.advance(Duration::from_secs(20));
    client.invite(&mut bench);
    let session = the_only(&bench);
    let details = session.details.expect("they were asked for");
    assert_eq!(session.since, begun.since);
    let refreshed = details.refreshed.expect("a session timer");
    assert_eq!(refreshed.since(first), Duration::from_secs(20));
    assert!(details.expires.is_some_and(|expires| expires > refreshed));
}

#[test]
fn what_last_went_wrong_in_a_session_is_kept_with_its_time() {
    let (mut bench, system, mut client) = Bench::with_client(&[]);
    client.sign_in(&mut bench, system);
    assert_eq!(the_only(&bench).last_error, None);
    bench.advance(Duration::from_secs(5));
    let object = client.monitor_object();
    client.info(&mut bench, "MonitorStart", &object);
    system
        .serve(&mut bench, "MonitorStart", |_| csta_error("operation", "privilegeViolationSpecifiedDevice"));
    only(&client.heard(&mut bench), 200);
    let (what, at) = the_only(&bench).last_error.expect("an error");
    assert_eq!(what, "MonitorStart: operation/privilegeViolationSpecifiedDevice");
    assert!(at > the_only(&bench).since);
    only(&client.info(&mut bench, "NoSuchService", ""), 200);
    let (what, later) = the_only(&bench).last_error.expect("an error");
    assert!(what.starts_with("NoSuchService: ") && later >= at, "{what}");
}

#[test]
fn sessions_are_found_by_user_line_device_and_connection() {
    let (mut bench, system) = Bench::in_service(&[]);
    for (user, number) in [("alice", "1001"), ("bob", "1002"), ("carol", "1001")] {
        let mut client = Client::new(&mut bench, user);
        client.uri = format!("tel:{number};phone-context=dialstring");
        client.sign_in(&mut bench, system);
    }
    let uri = |name: &str| format!("sip:{name}@example.com");
    let all = [uri("alice"), uri("bob"), uri("carol")];
    assert_eq!(users(&bench, &Sought::default()), all);
    for wanted in ["bob", "BOB@example.com", "sip:bob@example.com"] {
        assert_eq!(users(&bench, &Sought { user: Some(wanted.into()), ..Sought::default() }), [uri("bob")]);
    }
    for wanted in ["1001", "tel:1001;phone-context=dialstring", "tel:1-0-0-1"] {
        let found = users(&bench, &Sought { line: Some(wanted.into()), ..Sought::default() });
        assert_eq!(found, [uri("alice"), uri("carol")], "{wanted}");
    }
    let device = Some("1002".into());
    assert_eq!(users(&bench, &Sought { device, ..Sought::default() }), [uri("bob")]);
    let name = the_name(&bench);
    let both = Sought { connection: Some(name), user: Some("carol".into()), ..Sought::default() };
    assert_eq!(users(&bench, &both), [uri("carol")]);
    assert_eq!(users(&bench, &Sought { connection: Some("other".into()), ..both }), [""; 0]);
}

fn the_name(bench: &Bench) -> String {
    bench.engine().connections().next().expect("a connection").name.into()
}

#[test]
fn a_question_looks_into_a_bounded_part_of_the_sessions() {
    let (mut bench, system) = Bench::in_service(&[]);
    for number in 0..5 {
        let mut client = Client::new(&mut bench, &format!("user{number}"));
        client.sign_in(&mut bench, system);
    }
    let last = Sought { user: Some("user4".into()), ..Sought::default() };
    let ask = |from, visits| {
        let question = SessionQuestion { sought: last.clone(), from, visits, most: 10, is_detailed: false };
        let portion = bench.engine().find_sessions(&question);
        (portion.sessions.len(), portion.next)
    };
    assert_eq!((ask(0, 3), ask(3, 3)), ((0, Some(3)), (1, None)));
    assert_eq!((ask(0, 0), ask(0, MOST_VISITED), ask(9, 1)), ((0, Some(1)), (1, None), (0, None)));
    assert_eq!(found(&bench, &last, 10).len(), 1);
}

#[test]
fn reading_sessions_changes_nothing_and_history_is_in_no_fingerprint() {
    let (mut bench, system, mut client) = Bench::with_client(&[]);
    client.sign_in(&mut bench, system);
    let before = bench.engine().full_digest();
    found(&bench, &Sought::default(), 10);
    assert_eq!(bench.engine().full_digest(), before);
    let other = |config: Config, seed: Seed| Engine::new(config, seed);
    let idle = Bench::of(&[], other);
    assert_eq!(found(&idle, &Sought::default(), 10), []);
}

#[test]
fn a_session_whose_connection_is_gone_says_so() {
    let (mut bench, system, mut client) = Bench::with_client(&[]);
    client.sign_in(&mut bench, system);
    bench.close(system.link());
    bench.settle();
    let details = the_only(&bench).details.expect("they were asked for");
    let bound = details.connection.expect("a CTI connection");
    assert!(!bound.in_service && bound.state == "Down", "{bound:?}");
}
