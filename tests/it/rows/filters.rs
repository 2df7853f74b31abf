//! Monitor filters that clients change.

use ctigate_tests::bench::{Client, only};

use super::desk::{Desk, OTHER};
use super::samples::{connection, element};

/// A monitor filter that filters these events out.
fn filter(id: &str, member: &str, value: &str) -> String {
    let members = element("callcontrol", &element(member, value));
    element("monitorCrossRefID", id) + &element("requestedFilterList", &members)
}

#[test]
fn a_filter_that_is_changed_takes_effect_at_once() {
    let mut desk = Desk::new(3, 3);
    let id = desk.client.monitor(&mut desk.bench, desk.system, "m1");
    for (value, heard) in [("true", vec![]), ("false", vec!["HeldEvent"])] {
        let changed = only(&desk.ask("ChangeMonitorFilter", &filter(&id, "held", value)), 200);
        assert_eq!(changed.root(), "ChangeMonitorFilterResponse");
        assert_eq!(changed.body().contains("<held>true</held>"), value == "true");
        desk.held("7");
        assert_eq!(desk.heard_roots(), heard);
        assert_eq!(desk.system.asked(&mut desk.bench), []);
    }
}

#[test]
fn a_filter_that_cannot_be_read_or_is_anothers_changes_nothing() {
    let mut desk = Desk::new(3, 3);
    let id = desk.client.monitor(&mut desk.bench, desk.system, "m1");
    let mut bob = Client::new(&mut desk.bench, "bob");
    bob.uri = OTHER.into();
    bob.sign_in(&mut desk.bench, desk.system);
    let bobs = bob.monitor(&mut desk.bench, desk.system, "m2");
    for (inside, value) in [
        (filter("ffffffff", "held", "true"), "invalidMonitorCrossRefID"),
        (filter("m1", "held", "true"), "invalidMonitorCrossRefID"),
        (filter(&bobs, "held", "true"), "invalidMonitorCrossRefID"),
        (filter("", "held", "true"), "invalidMonitorCrossRefID"),
        (filter(&id, "held", "maybe"), "invalidMonitorFilter"),
        (element("monitorCrossRefID", &id), "invalidMonitorFilter"),
    ] {
        desk.refuses("ChangeMonitorFilter", &inside, value);
    }
    desk.held("7");
    assert_eq!(desk.heard_roots(), ["HeldEvent"]);
    let held = connection("heldConnection", "9", "1002")
        + "<holdingDevice><deviceIdentifier>1002</deviceIdentifier></holdingDevice><cause>normal</cause>";
    desk.system.event(&mut desk.bench, "HeldEvent", "m2", &held);
    assert_eq!(only(&bob.heard(&mut desk.bench), 0).root(), "HeldEvent");
}
