use super::*;
use crate::wire::csta::model::ListItem;

fn item(states: &[State]) -> SnapshotItem<'static> {
    let connection = Connection { call: Some("7"), device: None };
    SnapshotItem { connection, endpoint: None, states: states.iter().copied().collect(), source: None }
}

#[test]
fn a_call_that_waits_is_known_and_told_again_after_a_move_if_it_had_failed() {
    let mut calls = Calls::default();
    let call = |id| Connection { call: Some(id), device: None };
    let stage = |calls: &Calls, id| calls.find(id).map(|call| call.stage);
    calls.add_new("1001", &call("7"), Stage::Failed, 9);
    calls.note_queued("1001", None, 9);
    assert_eq!(stage(&calls, "7"), Some(Stage::Failed));
    calls.note_queued("1001", Some((call("7"), Some(State::Connected))), 9);
    assert_ne!(stage(&calls, "7"), Some(Stage::Failed));
    calls.note_queued("1001", Some((call("8"), Some(State::Queued))), 9);
    assert_eq!(stage(&calls, "8"), Some(Stage::Queued));
}

#[test]
fn a_snapshot_says_how_far_a_call_has_come() {
    for (states, stage) in [
        (&[State::Initiated, State::Null][..], Stage::Initiated),
        (&[State::Connected, State::Null], Stage::Originated),
        (&[State::Connected, State::Alerting], Stage::Delivered),
        (&[State::Connected, State::Queued], Stage::Delivered),
        (&[State::Alerting, State::Connected], Stage::Ringing),
        (&[State::Connected, State::Connected], Stage::Established),
        (&[State::Connected, State::Hold], Stage::Established),
        (&[State::Connected, State::Null, State::Connected], Stage::Established),
        (&[State::Hold, State::Connected], Stage::Held),
        (&[State::Connected, State::Fail], Stage::Failed),
        (&[State::Null, State::Fail], Stage::Failed),
        (&[State::Queued, State::Connected], Stage::Queued),
    ] {
        assert_eq!(seen(&item(states), 8), Seen::At(stage), "{states:?}");
    }
    assert_eq!(seen(&item(&[State::Null, State::Connected]), 8), Seen::Gone);
    assert_eq!(seen(&item(&[]), 8), Seen::Unknown);
}

#[test]
fn what_is_plainly_another_number_is_not_the_line_s_own_device() {
    for (device, dynamic, own) in
        [("1002", false, "1001"), ("1002", true, "1002"), ("1001:CM1::0", false, "1001:CM1::0")]
    {
        let device = Device { id: device, type_of_number: dynamic.then_some("dynamic") };
        let mut calls = Calls::default();
        calls.add_new("1001", &Connection { call: Some("1"), device: Some(device) }, Stage::Held, 9);
        assert_eq!(calls.find("1").map(|call| &*call.device), Some(own));
    }
}

fn merged(kind: CallEventKind, subject: &str, local: Option<State>) -> Calls {
    let connection = |call, device| Connection {
        call: Some(call),
        device: Some(Device { id: device, type_of_number: None }),
    };
    let mut calls = Calls::default();
    calls.add_new("1001", &connection("1", "1001"), Stage::Held, 9);
    calls.add_new("1001", &connection("2", "1001"), Stage::Established, 9);
    let item = |old, device| ListItem {
        new: Some(connection("3", device)),
        old: Some(connection(old, device)),
        endpoint: None,
    };
    let list = [item("2", "1003"), item("1", "1002")];
    let event = CallEvent {
        second: Some(connection("2", "1001")),
        subject: Party::Device(Device { id: subject, type_of_number: None }),
        given_list: &list,
        local,
        ..CallEvent::new(kind, connection("1", "1001"))
    };
    calls.learn("1001", &event, 9);
    calls
}

#[test]
fn a_line_that_transfers_its_calls_is_in_none_of_them() {
    let transfered = CallEventKind::Transfered;
    assert_eq!(merged(transfered, "1001", None).len(), 0);
    assert_eq!(merged(transfered, "", Some(State::Null)).len(), 0);
    let stayed = merged(transfered, "1002", Some(State::Connected));
    assert_eq!(stayed.iter().map(|call| &*call.id).collect::<alloc::vec::Vec<_>>(), ["3"]);
}

#[test]
fn calls_that_become_a_conference_are_one_under_its_name() {
    let calls = merged(CallEventKind::Conferenced, "1001", Some(State::Connected));
    assert_eq!(calls.len(), 1);
    assert_eq!(calls.find("3").map(|call| call.stage), Some(Stage::Established));
    assert_eq!(calls.find("3").map(|call| &*call.device), Some("1001"));
}

#[test]
fn what_happens_to_another_party_does_not_change_how_the_line_takes_part() {
    use CallEventKind as Kind;
    for (kind, before, local, after) in [
        // In a conference, a further party rings, is busy, answers, holds.
        (Kind::Delivered, Stage::Established, Some(State::Connected), Stage::Established),
        (Kind::Delivered, Stage::Established, None, Stage::Established),
        (Kind::Failed, Stage::Established, None, Stage::Established),
        (Kind::Held, Stage::Established, None, Stage::Established),
        (Kind::Established, Stage::Held, None, Stage::Held),
        (Kind::Delivered, Stage::Held, Some(State::Hold), Stage::Held),
        (Kind::Retrieved, Stage::Held, Some(State::Connected), Stage::Established),
        // The first other party does: this is how far the call has come.
        (Kind::Delivered, Stage::Originated, Some(State::Connected), Stage::Delivered),
        (Kind::Failed, Stage::Originated, Some(State::Connected), Stage::Failed),
        (Kind::Established, Stage::Delivered, None, Stage::Established),
        (Kind::Established, Stage::Ringing, Some(State::Alerting), Stage::Ringing),
        (Kind::ConnectionCleared, Stage::Ringing, Some(State::Alerting), Stage::Ringing),
    ] {
        let connection = Connection { call: Some("1"), device: None };
        let mut calls = Calls::default();
        calls.add_new("1001", &connection, before, 9);
        let subject = Party::Device(Device { id: "1009", type_of_number: None });
        let event = CallEvent { subject, local, ..CallEvent::new(kind, connection) };
        calls.learn("1001", &event, 9);
        assert_eq!(calls.find("1").map(|call| call.stage), Some(after), "{kind:?} {before:?} {local:?}");
    }
}

#[test]
fn of_two_calls_that_become_one_the_one_that_talks_says_how() {
    for kind in [CallEventKind::Conferenced, CallEventKind::Transfered] {
        for (local, stage) in [(None, Stage::Established), (Some(State::Alerting), Stage::Ringing)] {
            let calls = merged(kind, "1002", local);
            assert_eq!(calls.find("3").map(|call| call.stage), Some(stage), "{kind:?} {local:?}");
            assert_eq!((calls.successor("1"), calls.successor("2")), (Some("3"), Some("3")));
        }
    }
}

#[test]
fn the_oldest_call_makes_room_at_the_limit() {
    let mut calls = Calls::default();
    for id in ["1", "2", "3"] {
        let connection = Connection { call: Some(id), device: None };
        calls.add_new("1001", &connection, Stage::Initiated, 2);
    }
    assert_eq!(calls.len(), 2);
    assert!(calls.find("1").is_none() && calls.find("3").is_some());
}
