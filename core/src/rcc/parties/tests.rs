use super::*;
use crate::wire::csta::model::ListItem;

const fn device(id: &str) -> Device<'_> {
    Device { id, type_of_number: None }
}

fn parties(names: &[&str]) -> Parties {
    Parties(names.iter().map(|name| Word::from(*name)).collect())
}

fn on_call(id: &str, state: Option<State>) -> OnCall<'_> {
    let connection = Connection { call: Some("5"), device: Some(device(id)) };
    OnCall { device: Party::Device(device(id)), connection: Some(connection), state }
}

#[test]
fn only_one_number_that_left_is_told_as_such() {
    let left = |name: &str| Difference::Left(Vec::from([Word::from(name)]));
    for (knows, found, difference) in [
        (&["1002", "1003"][..], &["1003", "1002"][..], Difference::None),
        (&["1002", "1003"], &["1002"], left("1003")),
        (&["1002", "1003", "1004"], &["1002"], Difference::Others),
        (&["1002", "T7"], &["1002"], Difference::Others),
        (&["1002", "1003"], &["1002", "1004"], Difference::Others),
        (&["1002", "1003"], &["1002", "1003", "1004"], Difference::Others),
    ] {
        assert_eq!(parties(found).difference(Some(&parties(knows))), difference, "{knows:?} {found:?}");
    }
    assert_eq!(parties(&[]).difference(None), Difference::Others);
}

#[test]
fn of_a_call_that_is_no_conference_any_more_all_that_left_are_told() {
    let left = |names: &[&str]| Difference::Left(names.iter().map(|name| Word::from(*name)).collect());
    for (knows, found, difference) in [
        (&["1002", "1003"][..], &["1002"][..], left(&["1003"])),
        (&["1002", "1003"], &["701"], left(&["1002", "1003"])),
        (&["1002", "T7"], &["701"], left(&["1002"])),
        (&["1002"], &["1002"], Difference::None),
    ] {
        assert_eq!(
            parties(found).difference_of_two(Some(&parties(knows))),
            difference,
            "{knows:?} {found:?}"
        );
    }
    assert_eq!(parties(&["1002"]).difference_of_two(None), Difference::None);
}

#[test]
fn a_party_is_known_by_its_number_in_whichever_form() {
    let call = Call::new("5", device("1001:7"), super::super::calls::Stage::Established);
    let found = ["tel:1001;phone-context=dialstring", "N<1002>Bob", "1003:CM::0", "SIP/trunk"];
    let found: Vec<OnCall<'_>> = found.iter().map(|id| on_call(id, None)).collect();
    assert_eq!(
        Parties::found("1001", &call, &found).as_deref(),
        Some(&parties(&["1002", "1003", "SIP/trunk"]))
    );
    assert!(own_in("1001", &call, &found).is_some());
    assert_eq!(own_in("1009", &call, &found), None);
    let dynamic = Device { id: "1001:7", type_of_number: Some("dynamic") };
    let connection = Some(Connection { call: Some("5"), device: Some(dynamic) });
    let own = OnCall { device: Party::NotKnown, connection, state: Some(State::Hold) };
    assert_eq!(own_in("1009", &call, &[own]), Some(own));
    let unnamed = OnCall { device: Party::Restricted, connection: None, state: None };
    assert_eq!(Parties::found("1001", &call, &[unnamed]), None, "nobody can say who that is");
}

#[test]
fn a_call_that_only_rings_at_several_phones_is_no_conference() {
    use State::{Alerting, Connected, Hold, Null};
    let is = |states: &[State]| is_conference(states.iter().copied().map(Some));
    assert!(is(&[Connected, Connected, Connected]) && is(&[Hold, Connected, Alerting]));
    assert!(is(&[Alerting, Connected, Hold]));
    assert!(!is(&[Connected, Alerting, Alerting]) && !is(&[Alerting, Connected, Alerting]));
    assert!(!is(&[Connected, Connected]) && !is(&[Connected, Connected, Null]) && !is(&[]));
    assert!(is_conference([None, None, None].into_iter()));
}

#[test]
fn who_is_in_a_call_of_more_parties_than_are_remembered_counts_as_unknown() {
    let names: Vec<alloc::string::String> = (1002..1050).map(|name| alloc::format!("{name}")).collect();
    let call = Call::new("5", device("1001"), super::super::calls::Stage::Established);
    for (count, is_known) in [(MOST - 1, true), (MOST, false), (48, false)] {
        let list: Vec<ListItem<'_>> = names
            .iter()
            .take(count)
            .map(|name| Connection { call: Some("5"), device: Some(device(name)) })
            .map(|new| ListItem { new: Some(new), old: None, endpoint: None })
            .collect();
        let connection = Connection { call: Some("5"), device: None };
        let event = CallEvent { given_list: &list, ..CallEvent::new(Kind::Conferenced, connection) };
        assert_eq!(Parties::listed("1001", &call, &event).is_some(), is_known, "{count}");
        assert!(lists_parties(&event));
    }
}

#[test]
fn what_events_say_of_others_is_noted() {
    let mut known = parties(&["1002", "1003"]);
    for (kind, id) in [
        (Kind::Established, "1004"),
        (Kind::ConnectionCleared, "1002"),
        (Kind::Delivered, "1005"),
        (Kind::Held, "1003"),
        (Kind::Diverted, "1005"),
        (Kind::NetworkReached, "1003"),
    ] {
        let connection = Connection { call: Some("5"), device: Some(device(id)) };
        known.note(&CallEvent { subject: Party::Device(device(id)), ..CallEvent::new(kind, connection) });
    }
    assert_eq!(known, parties(&["1004", "1003"]));
}
