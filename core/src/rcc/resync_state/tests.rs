//! What a client is told while it is brought up to date, tested at [`Resync`].

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::*;
use crate::rcc::calls::Stage;
use crate::wire::csta::model::{
    CallEventKind, Connection, Device, ListItem, LocalConnectionState as State, SnapshotItem,
};

const LINE: &str = "1001";

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

/// A client that is brought up to date, and what events told the line's switch monitor.
struct Line {
    resync: Resync,
    known: Calls,
}

impl Line {
    /// A client that knows these calls of the phone system numbered 0; nothing was requested yet.
    fn new(known: &[(&str, Stage)]) -> Self {
        Self { resync: Resync::new(0, calls(known)), known: Calls::default() }
    }

    /// Handles an event, which is stored as `name` if it waits.
    fn comes(&mut self, event: &Event<'_>, name: &str) -> Way {
        let Event::Call(call) = event else { panic!("{event:?}") };
        self.known.learn(LINE, call, 8);
        self.resync.note(LINE, event, 8);
        let way = self.resync.way_of(0, event);
        if way == Way::Waits {
            assert!(self.resync.hold(event, 8, || name.as_bytes().into()));
        } else {
            self.resync.calls.learn(LINE, call, 8);
        }
        way
    }

    /// Applies a snapshot of the phone system numbered `switch` with these calls.
    fn compare(&mut self, switch: u8, there: &[(&'static str, State)]) {
        let item = |(call, own): &(&'static str, State)| SnapshotItem {
            connection: connection(call),
            endpoint: None,
            states: [*own, State::Connected].into_iter().collect(),
            source: None,
        };
        let items: Vec<SnapshotItem<'_>> = there.iter().map(item).collect();
        let (since, known) = (self.resync.take_since(), core::mem::take(&mut self.known));
        let snapshot = Snapshot {
            switch,
            line: LINE,
            items: &items,
            limit: 8,
            parties: 8,
            since: &since,
            known: &known,
        };
        self.known = self.resync.compare(&snapshot);
    }

    /// The line's present calls.
    fn calls(&self) -> Vec<(&str, Stage)> {
        self.known.iter().map(|call| (&*call.id, call.stage)).collect()
    }
}

/// Returns everything that is told: changes as phone system, call and stage; events that waited by their names.
fn told(Line { resync, known }: &mut Line) -> Vec<String> {
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
        } else if !resync.clear_leftovers(known) {
            return told;
        }
    }
}

/// The same as [`Line::new`], and a snapshot is requested.
fn asked(known: &[(&str, Stage)]) -> Line {
    let mut line = Line::new(known);
    line.resync.asked(1);
    line
}

#[test]
fn an_event_about_a_known_call_passes_and_one_about_another_waits() {
    let mut line = asked(&[("1", Stage::Established)]);
    assert_eq!(line.comes(&held("1"), "1 held"), Way::Passes);
    assert_eq!(line.comes(&began("2"), "2 began"), Way::Waits);
    line.compare(0, &[("1", State::Hold), ("2", State::Connected)]);
    assert_eq!(told(&mut line), ["0_2 established"]);
    assert!(line.resync.is_over());
}

#[test]
fn no_event_overtakes_one_of_its_calls_that_waits() {
    let mut line = asked(&[]);
    assert_eq!(line.comes(&began("1"), "1 began"), Way::Waits);
    // The client asks for its calls, and is told of this one.
    line.resync.calls_told(0, true, 8).unwrap().add_new(LINE, &connection("1"), Stage::Established, 8);
    assert_eq!(line.comes(&cleared("1"), "1 cleared"), Way::Waits);
    line.compare(0, &[]);
    assert_eq!(told(&mut line), ["0_1 over", "1 began", "1 cleared"]);
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
        assert_eq!(asked(&known).resync.way_of(0, &merge), way, "{known:?}");
    }
    // The snapshot supersedes the event, by the new callID of the merged calls.
    let mut line = asked(&[("1", Stage::Held)]);
    line.comes(&merge, "3 merged");
    line.compare(0, &[("3", State::Connected)]);
    assert_eq!(told(&mut line), ["0_1 over", "0_3 established"]);
}

#[test]
fn a_call_that_the_client_is_unsure_of_is_shown_whatever_its_stage() {
    for (own, stage) in
        [(State::Alerting, "ringing"), (State::Connected, "established"), (State::Hold, "held")]
    {
        let mut line = asked(&[("1", Stage::Unsure)]);
        line.compare(0, &[("1", own)]);
        assert_eq!(told(&mut line), [format!("0_1 {stage}")]);
    }
}

#[test]
fn a_call_that_ended_unheard_after_its_event_waited_is_cleared() {
    let mut line = Line::new(&[]);
    assert_eq!(line.comes(&began("1"), "1 began"), Way::Waits);
    line.resync.asked(2);
    line.compare(0, &[]);
    assert_eq!(told(&mut line), ["1 began", "0_1 over"]);
}

#[test]
fn a_call_that_began_after_the_snapshot_was_asked_for_goes_on() {
    let mut line = asked(&[]);
    assert_eq!(line.comes(&began("1"), "1 began"), Way::Waits);
    line.compare(0, &[]);
    assert_eq!(line.calls(), [("1", Stage::Established)]);
    assert_eq!(told(&mut line), ["1 began"]);
}

#[test]
fn the_end_of_another_system_s_calls_is_told_though_the_monitor_is_lost_again() {
    let mut line = asked(&[("1", Stage::Established)]);
    line.compare(1, &[("2", State::Connected)]);
    line.resync.lose();
    line.resync.asked(2);
    line.compare(1, &[]);
    assert_eq!(told(&mut line), ["0_1 over"]);
}

#[test]
fn what_is_still_to_be_told_is_not_lost_with_a_second_answer() {
    let mut line = asked(&[("1", Stage::Established)]);
    for _ in 0..2 {
        line.compare(1, &[("2", State::Connected)]);
    }
    assert_eq!(told(&mut line), ["0_1 over", "1_2 established"]);
}

#[test]
fn of_several_snapshots_requested_the_last_one_decides() {
    let mut line = asked(&[]);
    assert!(line.resync.is_decided_by(1));
    line.resync.verify();
    assert!(!line.resync.is_decided_by(1), "another is to be requested");
    line.resync.asked(2);
    assert!(!line.resync.is_decided_by(1) && line.resync.is_decided_by(2));
}

#[test]
fn events_since_the_request_have_the_last_word_on_their_calls() {
    let mut line = asked(&[("1", Stage::Established), ("2", Stage::Established)]);
    line.comes(&held("1"), "1 held");
    line.comes(&cleared("2"), "2 cleared");
    line.comes(&began("3"), "3 began");
    line.comes(&cleared("3"), "3 cleared");
    // The phone system took it before all that.
    line.compare(0, &[("1", State::Connected), ("2", State::Connected), ("3", State::Connected)]);
    assert_eq!(line.calls(), [("1", Stage::Held)]);
    assert_eq!(told(&mut line), ["3 began", "3 cleared"]);
}

#[test]
fn without_a_snapshot_events_pass_and_the_client_s_own_view_is_kept() {
    let mut line = asked(&[("1", Stage::Established)]);
    line.resync.compare_without(0);
    // This client need not know what the line's other clients know.
    line.known = calls(&[("3", Stage::Held)]);
    assert_eq!(told(&mut line), [""; 0]);
    assert!(!line.resync.is_over());
    assert_eq!(line.comes(&began("2"), "2 began"), Way::Passes);
    line.resync.verify();
    line.resync.asked(2);
    line.compare(0, &[("2", State::Connected), ("3", State::Hold)]);
    assert_eq!(told(&mut line), ["0_1 over", "0_3 held"]);
    assert!(line.resync.is_over());
}

#[test]
fn a_phone_system_without_snapshots_has_no_calls_of_another() {
    let mut line = asked(&[("1", Stage::Established)]);
    line.resync.compare_without(1);
    assert_eq!(told(&mut line), ["0_1 over"]);
}
