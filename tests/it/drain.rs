//! Drains: no new sessions are accepted, existing ones may move to other nodes, and the rest are ended in time.

use ctigate_core::setting::Value;
use ctigate_core::{Command, Duration, Input};
use ctigate_tests::bench::{Bench, Client, Line, Sip, address, csta, only};

fn command(bench: &mut Bench, command: Command<'_>) {
    bench.input(Input::from(command));
    bench.settle();
}

fn with_500() -> [(&'static str, Value); 1] {
    [("sip.may_say_503", Value::Flag(false))]
}

fn retry_after(refused: &Sip) -> u32 {
    refused.header("Retry-After").parse().expect("seconds to wait")
}

#[test]
fn a_gateway_that_drains_takes_no_new_session_and_tells_load_balancers() {
    for (more, status) in [(&[][..], 503), (&with_500()[..], 500)] {
        let (mut bench, _system, _client, _) = Bench::monitored(more);
        command(&mut bench, Command::Drain);
        let mut other = Client::new(&mut bench, "bob");
        let body = other.sign_in_body();
        let refused = only(&other.send(&mut bench, "INVITE", &body), status);
        assert!((5..=15).contains(&retry_after(&refused)));
        retry_after(&only(&other.send(&mut bench, "OPTIONS", ""), status));
        assert_eq!(bench.engine().view().sessions, 1);
    }
}

#[test]
fn a_gateway_that_drains_serves_requests_and_events_in_its_dialogs() {
    let (mut bench, system, mut client, _) = Bench::monitored(&[]);
    command(&mut bench, Command::Drain);
    only(&client.info(&mut bench, "GetCSTAFeatures", ""), 200);
    only(&client.send(&mut bench, "UPDATE", ""), 200);
    only(&client.send(&mut bench, "OPTIONS", ""), 200);
    let held = "<heldConnection><callID>7</callID><deviceID>1001</deviceID></heldConnection>\
        <holdingDevice><deviceIdentifier>1001</deviceIdentifier></holdingDevice><cause>normal</cause>";
    system.event(&mut bench, "HeldEvent", "m1", held);
    assert_eq!(client.heard(&mut bench)[0].root(), "HeldEvent");
}

#[test]
fn a_refresh_in_a_drain_is_left_to_another_node_without_bye_and_the_last_one_ends_it() {
    let (mut bench, system, mut client, _) = Bench::monitored(&[]);
    bench.golden(
        "drain-leaves-sessions-to-another-node",
        "A drain: a re-INVITE is answered 503, so that a proxy gives it to another node, which takes the dialog over; \
         this one forgets the session without BYE, stops its monitor, and ends.",
    );
    command(&mut bench, Command::Drain);
    let body = client.sign_in_body();
    retry_after(&only(&client.send(&mut bench, "INVITE", &body), 503));
    assert_eq!((bench.engine().view().sessions, bench.engine().counters().sessions_handed_over), (0, 1));
    assert_eq!(bench.finished(), None, "the phone system is still asked to stop a monitor");
    system.serve(&mut bench, "MonitorStop", |_| csta("MonitorStopResponse", ""));
    assert_eq!(client.heard(&mut bench), [], "no BYE");
    assert_eq!(bench.finished(), Some(0));
}

#[test]
fn a_session_that_a_drain_leaves_goes_on_at_another_node_with_the_same_request() {
    let (mut bench, _system, mut client, _) = Bench::monitored(&[]);
    command(&mut bench, Command::Drain);
    let body = client.sign_in_body();
    let refresh = client.request("INVITE", &body);
    only(&client.say(&mut bench, &refresh), 503);
    let (mut other, system) = Bench::in_service(&[]);
    client.line = Line::Stream(other.connect());
    assert_eq!(client.say(&mut other, &refresh), [], "the phone system is asked for the line first");
    system.knows_line(&mut other);
    assert_eq!(only(&client.heard(&mut other), 200).element("systemStatus"), "normal");
    assert_eq!(other.engine().counters().takeovers, 1);
    // A second node that drains takes nothing over.
    command(&mut other, Command::Drain);
    client.tag = "another".into();
    only(&client.send(&mut other, "INVITE", &body), 503);
}

#[test]
fn a_refresh_that_was_left_to_another_node_is_answered_the_same_when_it_is_repeated() {
    let (mut bench, system, _other, _) = Bench::monitored(&[]);
    let line = Line::Datagram(address("127.0.0.1:5099"));
    let mut client = Client::over(line, "bob");
    client.uri = "tel:1002;phone-context=dialstring".into();
    client.sign_in(&mut bench, system);
    command(&mut bench, Command::Drain);
    let body = client.sign_in_body();
    let refresh = client.request("INVITE", &body);
    let refused = only(&client.say(&mut bench, &refresh), 503);
    assert_eq!(client.say(&mut bench, &refresh), [refused]);
    assert_eq!(bench.engine().counters().sessions_handed_over, 1);
}

#[test]
fn a_refresh_that_no_other_node_could_take_over_is_served_in_a_drain_too() {
    let (mut bench, _system, mut client, _) = Bench::monitored(&[]);
    command(&mut bench, Command::Drain);
    only(&client.send(&mut bench, "INVITE", ""), 200);
    client.send(&mut bench, "ACK", "");
    let lineless = csta("RequestSystemStatus", "");
    only(&client.send(&mut bench, "INVITE", &lineless), 200);
    assert_eq!(bench.engine().view().sessions, 1);
}

#[test]
fn a_refresh_in_a_drain_is_served_where_this_node_may_not_say_503() {
    let (mut bench, _system, mut client, _) = Bench::monitored(&with_500());
    command(&mut bench, Command::Drain);
    let body = client.sign_in_body();
    only(&client.send(&mut bench, "INVITE", &body), 200);
    assert_eq!(bench.engine().view().sessions, 1);
}

#[test]
fn what_a_drain_leaves_is_ended_with_bye_when_its_time_is_over() {
    let (mut bench, _system, client, _) = Bench::monitored(&[("sip.drain_timeout", Value::Integer(10))]);
    command(&mut bench, Command::Drain);
    bench.advance(Duration::from_millis(9_999));
    assert_eq!(client.heard(&mut bench), []);
    bench.advance(Duration::from_millis(1));
    let [bye] = client.heard(&mut bench).try_into().expect("one BYE");
    assert_eq!((bye.method(), bench.finished()), ("BYE", None));
    client.say(&mut bench, &bye.answered(200));
    assert_eq!(bench.finished(), Some(0));
}

#[test]
fn a_second_drain_changes_nothing_and_a_stop_ends_a_drain_at_once() {
    let (mut bench, _system, client, _) = Bench::monitored(&[("sip.drain_timeout", Value::Integer(10))]);
    command(&mut bench, Command::Drain);
    bench.advance(Duration::from_secs(6));
    command(&mut bench, Command::Drain);
    assert_eq!(bench.engine().overview().phase, "Draining");
    bench.advance(Duration::from_secs(3));
    assert_eq!(client.heard(&mut bench), [], "it ends when it was to end");
    command(&mut bench, Command::Stop);
    assert_eq!(client.heard(&mut bench)[0].method(), "BYE");
    command(&mut bench, Command::Drain);
    assert_eq!(bench.engine().overview().phase, "Stopping");
    bench.advance(Duration::from_secs(3));
    assert_eq!(bench.finished(), Some(0));
}

#[test]
fn a_drain_without_sessions_ends_at_once() {
    let (mut bench, _system) = Bench::in_service(&[]);
    command(&mut bench, Command::Drain);
    assert_eq!(bench.finished(), Some(0));
}

#[test]
fn those_turned_away_together_are_told_to_come_back_apart() {
    let mut seen = std::collections::BTreeSet::new();
    let (mut bench, system, mut client, _) = Bench::monitored(&[("limits.sessions", Value::Integer(1))]);
    for index in 0..64 {
        let mut other = Client::new(&mut bench, &format!("user{index}"));
        let body = other.sign_in_body();
        seen.insert(retry_after(&only(&other.send(&mut bench, "INVITE", &body), 503)));
    }
    assert!(seen.iter().all(|seconds| (30..=90).contains(seconds)), "{seen:?}");
    assert!(seen.len() > 20, "{seen:?}");
    only(&client.send(&mut bench, "BYE", ""), 200);
    system.serve(&mut bench, "MonitorStop", |_| csta("MonitorStopResponse", ""));
}

#[test]
fn a_refresh_in_a_drain_is_served_while_the_client_waits_for_an_answer() {
    let (mut bench, system, mut client, _) = Bench::monitored(&[]);
    let hold = "<callToBeHeld><callID>17</callID></callToBeHeld>";
    client.info(&mut bench, "HoldCall", hold);
    command(&mut bench, Command::Drain);
    client.invite(&mut bench);
    system.serve(&mut bench, "HoldCall", |_| csta("HoldCallResponse", ""));
    assert_eq!(only(&client.heard(&mut bench), 200).root(), "HoldCallResponse");
    let body = client.sign_in_body();
    only(&client.send(&mut bench, "INVITE", &body), 503);
    assert_eq!(bench.engine().view().sessions, 0);
}

#[test]
fn a_drain_that_is_taken_back_lets_sessions_begin_and_stay() {
    let (mut bench, system, mut client, _) = Bench::monitored(&[("sip.drain_timeout", Value::Integer(10))]);
    command(&mut bench, Command::Drain);
    bench.advance(Duration::from_secs(6));
    let drained = bench.engine().overview();
    assert_eq!((drained.phase, bench.now().since(drained.phase_since)), ("Draining", Duration::from_secs(6)));
    command(&mut bench, Command::Undrain);
    assert!(bench.notices().contains(&"drain_ended sessions=1".to_owned()));
    let running = bench.engine().overview();
    assert_eq!((running.phase, running.phase_since, running.ends_at), ("Running", bench.now(), None));
    let body = client.sign_in_body();
    only(&client.send(&mut bench, "INVITE", &body), 200);
    client.send(&mut bench, "ACK", "");
    let mut bob = Client::new(&mut bench, "bob");
    bob.uri = "tel:1002;phone-context=dialstring".into();
    bob.sign_in(&mut bench, system);
    bench.advance(Duration::from_secs(60));
    assert_eq!((bench.finished(), bench.engine().view().sessions), (None, 2));
}

#[test]
fn taking_a_drain_back_changes_nothing_where_there_is_none() {
    let (mut bench, _system, client, _) = Bench::monitored(&[]);
    command(&mut bench, Command::Undrain);
    assert_eq!(bench.engine().overview().phase, "Running");
    command(&mut bench, Command::Stop);
    command(&mut bench, Command::Undrain);
    assert_eq!(bench.engine().overview().phase, "Stopping");
    assert_eq!(client.heard(&mut bench)[0].method(), "BYE");
}

#[test]
fn each_session_is_counted_once_whether_left_to_another_node_or_ended() {
    let (mut bench, system, mut client, _) = Bench::monitored(&[]);
    let mut others: Vec<Client> = Vec::new();
    for (name, number) in [("bob", 1002), ("carol", 1003), ("dave", 1004)] {
        let mut other = Client::new(&mut bench, name);
        other.uri = format!("tel:{number};phone-context=dialstring");
        other.sign_in(&mut bench, system);
        others.push(other);
    }
    only(&others[0].send(&mut bench, "BYE", ""), 200);
    command(&mut bench, Command::Drain);
    let body = client.sign_in_body();
    only(&client.send(&mut bench, "INVITE", &body), 503);
    command(&mut bench, Command::Stop);
    bench.advance(Duration::from_secs(4));
    assert_eq!(bench.finished(), Some(0));
    let counters = bench.engine().counters();
    assert_eq!((counters.sign_ins, counters.sessions_handed_over, counters.sessions_ended), (4, 1, 3));
}
