//! What a client is told while it is brought up to date, tested at [`Resync`].

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::*;
use crate::config::Config;
use crate::setting::read_line;
use crate::wire::csta::model::{CallEventKind, Connection, Device, ListItem, LocalConnectionState as State};

const LINE: &str = "1001";

fn limits() -> Limits {
    let text = "sip.tcp = [\"127.0.0.1:5060\"]\ncti.connection[0].address = \"pbx:1\"";
    let settings: Vec<_> = text.lines().map(|line| read_line(line).unwrap()).collect();
    Config::from_settings(&settings).unwrap().limits
}

fn connection(call: &str) -> Connection<'_> {
    Connection { call: Some(call), device: Some(Device { id: LINE, type_of_number: None }) }
}

fn event(call: &str, kind: CallEventKind, local: State) -> Event<'_> {
    Event::Call(CallEvent { local: Some(local), ..CallEvent::new(kind, connection(call)) })
}

fn began(call: &str) -> Event<'_> {
    event(call, CallEventKind::Established, State::Connected)
}

fn held(call: &str) -> Event<'_> {
    event(call, CallEventKind::Held, State::Hold)
}

fn cleared(call: &str) -> Event<'_> {
    event(call, CallEventKind::ConnectionCleared, State::Null)
}

fn calls(known: &[(&str, Stage)]) -> Calls {
    let mut calls = Calls::default();
    for (call, stage) in known {
        calls.add_new(LINE, &connection(call), *stage, 8);
    }
    calls
}

/// Applies a snapshot of the phone system numbered `switch` with these calls. Returns the line's present calls.
fn compare(resync: &mut Resync, switch: u8, there: &[(&'static str, State)]) -> Calls {
    let item = |(call, own): &(&'static str, State)| SnapshotItem {
        connection: connection(call),
        endpoint: None,
        states: [*own, State::Connected].into_iter().collect(),
        source: None,
    };
    let items: Vec<SnapshotItem<'_>> = there.iter().map(item).collect();
    let begun = resync.take_begun();
    resync.compare(&Snapshot { switch, line: LINE, items: &items, limit: 8 }, &begun)
}

/// Handles an event, which is stored as `name` if it waits.
fn comes(resync: &mut Resync, event: &Event<'_>, name: &str) -> Way {
    let way = resync.way_of(0, event);
    if way == Way::Waits {
        assert!(resync.hold((LINE, event), &limits(), || name.as_bytes().into()));
    } else if let Event::Call(call) = event {
        resync.calls.learn(LINE, call, 8);
    }
    way
}

/// Returns everything that is told: changes as phone system, call and stage; events that waited by their names. `now`:
/// the line's calls at the end.
fn told(resync: &mut Resync, now: &Calls) -> Vec<String> {
    let mut told = Vec::new();
    loop {
        if let Some(change) = resync.next_change(8) {
            let stage = change.now.map_or("over", Stage::name);
            told.push(format!("{}_{} {stage}", change.switch, &*change.call.id));
        } else if let Some(kept) = resync.next_held() {
            let name = core::str::from_utf8(&kept).unwrap();
            let call = name.split(' ').next().unwrap();
            let event = if name.ends_with("cleared") { cleared(call) } else { began(call) };
            if let Event::Call(call) = &event {
                resync.calls.learn(LINE, call, 8);
            }
            told.push(name.to_string());
        } else if !resync.clear_leftovers(now) {
            return told;
        }
    }
}

fn asked(known: &[(&str, Stage)]) -> Resync {
    let mut resync = Resync::new(0, calls(known));
    resync.asked();
    resync
}

#[test]
fn an_event_about_a_known_call_passes_and_one_about_another_waits() {
    let mut resync = asked(&[("1", Stage::Established)]);
    assert_eq!(comes(&mut resync, &held("1"), "1 held"), Way::Passes);
    assert_eq!(comes(&mut resync, &began("2"), "2 began"), Way::Waits);
    let now = compare(&mut resync, 0, &[("1", State::Hold), ("2", State::Connected)]);
    assert_eq!(told(&mut resync, &now), ["0_2 established"]);
    assert!(resync.is_over());
}

#[test]
fn no_event_overtakes_one_of_its_calls_that_waits() {
    let mut resync = asked(&[]);
    assert_eq!(comes(&mut resync, &began("1"), "1 began"), Way::Waits);
    // The client asks for its calls, and is told of this one.
    resync.calls_told(0, true, 8).unwrap().add_new(LINE, &connection("1"), Stage::Established, 8);
    assert_eq!(comes(&mut resync, &cleared("1"), "1 cleared"), Way::Waits);
    let now = compare(&mut resync, 0, &[]);
    assert_eq!(told(&mut resync, &now), ["0_1 over", "1 began", "1 cleared"]);
}

#[test]
fn an_event_about_two_calls_waits_where_either_does() {
    let joined = [ListItem { new: Some(connection("3")), old: Some(connection("1")), endpoint: None }];
    let merge = Event::Call(CallEvent {
        second: Some(connection("2")),
        given_list: &joined,
        local: Some(State::Connected),
        ..CallEvent::new(CallEventKind::Conferenced, connection("1"))
    });
    for (known, way) in [(&["1", "2"][..], Way::Passes), (&["1"], Way::Waits), (&["2"], Way::Waits)] {
        let known: Vec<(&str, Stage)> = known.iter().map(|call| (*call, Stage::Held)).collect();
        assert_eq!(asked(&known).way_of(0, &merge), way, "{known:?}");
    }
    // The snapshot supersedes the event, by the new callID of the merged calls.
    let mut resync = asked(&[("1", Stage::Held)]);
    comes(&mut resync, &merge, "3 merged");
    let now = compare(&mut resync, 0, &[("3", State::Connected)]);
    assert_eq!(told(&mut resync, &now), ["0_1 over", "0_3 established"]);
}

#[test]
fn a_call_that_the_client_is_unsure_of_is_shown_whatever_its_stage() {
    for (own, stage) in
        [(State::Alerting, "ringing"), (State::Connected, "established"), (State::Hold, "held")]
    {
        let mut resync = asked(&[("1", Stage::Unsure)]);
        let now = compare(&mut resync, 0, &[("1", own)]);
        assert_eq!(told(&mut resync, &now), [format!("0_1 {stage}")]);
    }
}

#[test]
fn a_call_that_ended_unheard_after_its_event_waited_is_cleared() {
    let mut resync = Resync::new(0, Calls::default());
    assert_eq!(comes(&mut resync, &began("1"), "1 began"), Way::Waits);
    resync.asked();
    let now = compare(&mut resync, 0, &[]);
    assert_eq!(told(&mut resync, &now), ["1 began", "0_1 over"]);
}

#[test]
fn a_call_that_began_after_the_snapshot_was_asked_for_goes_on() {
    let mut resync = asked(&[]);
    assert_eq!(comes(&mut resync, &began("1"), "1 began"), Way::Waits);
    let now = compare(&mut resync, 0, &[]);
    assert!(now.find("1").is_some());
    assert_eq!(told(&mut resync, &now), ["1 began"]);
}

#[test]
fn the_end_of_another_system_s_calls_is_told_though_the_monitor_is_lost_again() {
    let mut resync = asked(&[("1", Stage::Established)]);
    compare(&mut resync, 1, &[("2", State::Connected)]);
    resync.lose();
    resync.asked();
    let now = compare(&mut resync, 1, &[]);
    assert_eq!(told(&mut resync, &now), ["0_1 over"]);
}

#[test]
fn what_is_still_to_be_told_is_not_lost_with_a_second_answer() {
    let mut resync = asked(&[("1", Stage::Established)]);
    for _ in 0..2 {
        compare(&mut resync, 1, &[("2", State::Connected)]);
    }
    let now = calls(&[("2", Stage::Established)]);
    assert_eq!(told(&mut resync, &now), ["0_1 over", "1_2 established"]);
}

#[test]
fn of_several_snapshots_asked_for_the_last_one_counts() {
    let mut resync = asked(&[]);
    resync.verify();
    assert!(!resync.answered(), "another is to be asked for");
    resync.asked();
    assert!(resync.answered());
    resync.asked();
    resync.verify();
    resync.asked();
    assert!(!resync.answered(), "another was asked for since");
    assert!(resync.answered());
}

#[test]
fn without_a_snapshot_events_pass_and_the_client_s_own_view_is_kept() {
    let mut resync = asked(&[("1", Stage::Established)]);
    resync.compare_without(0);
    // This client need not know what the line's other clients know.
    assert_eq!(told(&mut resync, &calls(&[("3", Stage::Held)])), [""; 0]);
    assert!(!resync.is_over());
    assert_eq!(comes(&mut resync, &began("2"), "2 began"), Way::Passes);
    resync.verify();
    resync.asked();
    let now = compare(&mut resync, 0, &[("2", State::Connected), ("3", State::Hold)]);
    assert_eq!(told(&mut resync, &now), ["0_1 over", "0_3 held"]);
    assert!(resync.is_over());
}

#[test]
fn a_phone_system_without_snapshots_has_no_calls_of_another() {
    let mut resync = asked(&[("1", Stage::Established)]);
    resync.compare_without(1);
    assert_eq!(told(&mut resync, &Calls::default()), ["0_1 over"]);
}
