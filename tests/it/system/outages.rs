//! S6, S8, S9, S10: what is lost, and how clients continue.

use ctigate_core::Duration;
use ctigate_tests::simulate::{Entry, Run, Schedule, What, WorldPlan};
use ctigate_tests::world::{Care, Death};
use ctigate_tests::{Agent, Random};

use super::{call, house, indexes, monitors, wait_for};

#[test]
fn s6_requests_of_a_session_whose_connection_failed_are_returned_at_once() {
    let (mut world, office) = house(2);
    let mut alice = Agent::signed_in(&mut world, 100, "alice", "1001").unwrap();
    let mut bob = Agent::signed_in(&mut world, 101, "bob", "1002").unwrap();
    world.crash(office.switches[0], Death::Killed);
    wait_for(&mut world, &office, "cti_out_of_service", (0, 1));
    let asked = world.now();
    let refused = call(&mut alice, &mut world).unwrap();
    assert_eq!((refused.status(), refused.root()), (200, "CSTAErrorCode"));
    assert_eq!(refused.element("systemResourceAvailibility"), "networkOutOfService");
    assert!(world.now() - asked < 10_000, "nobody is asked, so nobody is waited for");
    // Sessions on other connections continue.
    let features = bob.serve(&mut world, "GetCSTAFeatures", "").unwrap();
    assert_eq!(features.root(), "GetCSTAFeaturesResponse");
}

#[test]
fn s6_a_request_under_way_is_returned_when_its_connection_fails() {
    let (mut world, office) = house(1);
    let mut alice = Agent::signed_in(&mut world, 100, "alice", "1001").unwrap();
    world.line(office.switches[0], "stall on");
    let body = alice.document("SnapshotDevice", "<snapshotObject>tel:1001</snapshotObject>");
    let request = alice.compose("INFO", "", &body);
    alice.line.send(&mut world, &request);
    world.run_for(Duration::from_millis(100)).unwrap();
    world.crash(office.switches[0], Death::Killed);
    world.run_for(Duration::from_millis(100)).unwrap();
    let answer = alice.answer(&world, 0, &format!("{} INFO", alice.sequence - 1)).unwrap();
    assert_eq!(answer.root(), "CSTAErrorCode");
}

#[test]
fn s8_an_info_meets_another_connection_id_and_the_new_invite_goes_on() {
    let (mut world, office) = house(2);
    let mut alice = Agent::signed_in(&mut world, 100, "alice", "1001").unwrap();
    let reference = alice.monitor(&mut world).unwrap().named("monitorCrossRefID").to_owned();
    // The link fails; the phone system and its calls do not.
    world.line(office.switches[0], "fail link");
    wait_for(&mut world, &office, "cti_in_service", (0, 2));
    assert_eq!(alice.serve(&mut world, "GetCSTAFeatures", "").unwrap().status(), 481);
    // A re-INVITE serves as the new INVITE: the same dialog, the next connection, the monitor with the ID that she
    // knows.
    let answer = alice.sign_in(&mut world).unwrap();
    assert_eq!((answer.status(), answer.element("systemStatus")), (200, "normal"));
    world.run_for(Duration::from_secs(1)).unwrap();
    assert_eq!((monitors(&office, 0), monitors(&office, 1)), (0, 1), "its turn was the second's");
    world.line(office.switches[1], "dial 1005 1001");
    world.run_for(Duration::from_secs(1)).unwrap();
    let events = alice.requests(&world);
    let event = events.iter().find(|event| event.root() == "DeliveredEvent").unwrap();
    assert_eq!(event.element("monitorCrossRefID"), reference);
    // So is an INVITE in a new dialog.
    let mut anew = Agent::signed_in(&mut world, 101, "anew", "1001").unwrap();
    assert_eq!(anew.serve(&mut world, "GetCSTAFeatures", "").unwrap().root(), "GetCSTAFeaturesResponse");
}

/// The client's next request is outside any dialog.
fn invites_anew(agent: &mut Agent) {
    agent.call_id.push_str("-anew");
    agent.gateway_tag.clear();
}

#[test]
fn s8_a_session_whose_client_invites_anew_makes_room_for_the_new_one() {
    let (mut world, office) = house(2);
    let mut alice = Agent::signed_in(&mut world, 100, "alice", "1001").unwrap();
    let mut bob = Agent::signed_in(&mut world, 101, "bob", "1002").unwrap();
    world.line(office.switches[0], "fail link");
    world.line(office.switches[1], "fail link");
    wait_for(&mut world, &office, "cti_in_service", (0, 2));
    wait_for(&mut world, &office, "cti_in_service", (1, 2));
    for stale in [&mut alice, &mut bob] {
        assert_eq!(stale.serve(&mut world, "GetCSTAFeatures", "").unwrap().status(), 481);
    }
    assert_eq!(office.view().sessions, 2);
    invites_anew(&mut alice);
    assert_eq!(alice.sign_in(&mut world).unwrap().status(), 200);
    assert_eq!(office.view().sessions, 2, "her old session is gone, his is not");
    assert_eq!(bob.sign_in(&mut world).unwrap().element("systemStatus"), "normal", "he refreshes");
    invites_anew(&mut bob);
    assert_eq!(bob.sign_in(&mut world).unwrap().status(), 200);
    assert_eq!(office.view().sessions, 3, "another client of his is not in the way");
}

#[test]
fn s8_a_session_that_named_its_line_late_is_not_in_the_way_of_another_after_its_refresh() {
    let (mut world, office) = house(1);
    let mut alice = Agent::tcp(&mut world, 100, "alice", "1001").unwrap();
    let named = alice.sign_in_body();
    let nameless = alice.document("RequestSystemStatus", "");
    assert_eq!(alice.sign_in_with(&mut world, "", &nameless).unwrap().status(), 200);
    world.line(office.switches[0], "fail link");
    wait_for(&mut world, &office, "cti_in_service", (0, 2));
    assert_eq!(alice.serve(&mut world, "GetCSTAFeatures", "").unwrap().status(), 481);
    assert_eq!(alice.sign_in_with(&mut world, "", &named).unwrap().status(), 200);
    invites_anew(&mut alice);
    assert_eq!(alice.sign_in_with(&mut world, "", &nameless).unwrap().status(), 200);
    assert_eq!(office.view().sessions, 2, "the refreshed session is not stale any more");
}

#[test]
fn s8_a_phone_system_that_has_begun_anew_has_no_monitors_and_is_dialled_again() {
    let (mut world, office) = house(1);
    let mut alice = Agent::signed_in(&mut world, 100, "alice", "1001").unwrap();
    alice.monitor(&mut world).unwrap();
    world.line(office.switches[0], "system enabled");
    wait_for(&mut world, &office, "cti_in_service", (0, 2));
    assert_eq!(alice.sign_in(&mut world).unwrap().element("systemStatus"), "normal");
    world.run_for(Duration::from_secs(1)).unwrap();
    world.line(office.switches[0], "dial 1005 1001");
    world.run_for(Duration::from_secs(1)).unwrap();
    assert!(alice.has_event(&world, "DeliveredEvent"), "her monitor was started again");
}

#[test]
fn s9_a_refresh_by_update_takes_the_next_connection_in_service_as_one_by_re_invite_does() {
    let (mut world, office) = house(2);
    let mut alice = Agent::signed_in(&mut world, 100, "alice", "1001").unwrap();
    alice.monitor(&mut world).unwrap();
    world.crash(office.switches[0], Death::Killed);
    wait_for(&mut world, &office, "cti_out_of_service", (0, 1));
    let refused = alice.serve(&mut world, "GetCSTAFeatures", "").unwrap();
    assert_eq!((refused.status(), refused.root()), (200, "CSTAErrorCode"));
    assert_eq!(alice.ask(&mut world, "UPDATE", "", "").unwrap().status(), 200);
    assert_eq!(alice.serve(&mut world, "GetCSTAFeatures", "").unwrap().root(), "GetCSTAFeaturesResponse");
    world.run_for(Duration::from_secs(1)).unwrap();
    assert_eq!(monitors(&office, 1), 1);
}

#[test]
fn s9_what_is_down_is_skipped_and_rejoins_at_its_place() {
    let (mut world, office) = house(3);
    world.crash(office.switches[1], Death::Killed);
    wait_for(&mut world, &office, "cti_out_of_service", (1, 1));
    for client in 0..4 {
        Agent::signed_in(&mut world, 100 + client, &format!("user{client}"), "1001").unwrap();
    }
    assert_eq!(indexes(&world, &office), ["1", "3", "1", "3"]);
    let (mut other, again) = house(3);
    other.line(again.switches[1], "fail link");
    wait_for(&mut other, &again, "cti_out_of_service", (1, 1));
    Agent::signed_in(&mut other, 100, "user100", "1001").unwrap();
    Agent::signed_in(&mut other, 101, "user101", "1001").unwrap();
    wait_for(&mut other, &again, "cti_in_service", (1, 2));
    for client in 2..5 {
        Agent::signed_in(&mut other, 100 + client, &format!("user{client}"), "1001").unwrap();
    }
    assert_eq!(indexes(&other, &again), ["1", "3", "1", "2", "3"]);
}

#[test]
fn s9_with_none_in_service_clients_are_told_disabled_and_come_back_by_themselves() {
    let (mut world, office) = house(1);
    let mut alice = Agent::signed_in(&mut world, 100, "alice", "1001").unwrap();
    alice
        .serve(&mut world, "SystemRegister", "<requestTypes><systemStatus>true</systemStatus></requestTypes>")
        .unwrap();
    world.line(office.switches[0], "stall on");
    wait_for(&mut world, &office, "cti_out_of_service", (0, 1));
    for answer in [alice.sign_in(&mut world).unwrap(), {
        let mut bob = ctigate_tests::Agent::tcp(&mut world, 101, "bob", "1002").unwrap();
        bob.sign_in(&mut world).unwrap()
    }] {
        assert_eq!((answer.status(), answer.element("systemStatus")), (200, "disabled"));
        assert!(answer.header("Session-Expires").starts_with("90"), "{answer:?}");
    }
    world.line(office.switches[0], "stall off");
    wait_for(&mut world, &office, "cti_in_service", (0, 2));
    world.run_for(Duration::from_secs(1)).unwrap();
    let told = alice.requests(&world);
    let last = told.iter().rev().find(|event| event.root() == "SystemStatus").unwrap();
    assert_eq!(last.element("systemStatus"), "enabled");
    assert_eq!(alice.sign_in(&mut world).unwrap().element("systemStatus"), "normal");
}

#[test]
fn s9_that_a_first_connection_is_back_is_told_to_all_who_registered() {
    let (mut world, office) = house(2);
    let types = "<requestTypes><systemStatus>true</systemStatus></requestTypes>";
    let users = [(100, "alice"), (101, "bob")];
    let mut clients = users.map(|(last, user)| Agent::signed_in(&mut world, last, user, "1001").unwrap());
    for client in &mut clients {
        client.serve(&mut world, "SystemRegister", types).unwrap();
    }
    assert_eq!(indexes(&world, &office), ["1", "2"]);
    for switch in 0..2 {
        world.line(office.switches[switch], "stall on");
        wait_for(&mut world, &office, "cti_out_of_service", (switch, 1));
    }
    world.line(office.switches[1], "stall off");
    wait_for(&mut world, &office, "cti_in_service", (1, 2));
    world.run_for(Duration::from_secs(1)).unwrap();
    for client in &mut clients {
        let told = client.requests(&world);
        let last = told.iter().rev().find(|event| event.root() == "SystemStatus").unwrap();
        assert_eq!(last.element("systemStatus"), "enabled");
        assert_eq!(client.sign_in(&mut world).unwrap().element("systemStatus"), "normal");
    }
}

#[test]
fn s10_a_node_that_dies_takes_only_its_own_sessions_whose_clients_go_on_at_the_other() {
    let mut taken_over = 0;
    for seed in 0..12 {
        let mut random = Random::new(seed);
        let mut plan = WorldPlan::draw(&mut random);
        plan.nodes = 2;
        for client in &mut plan.clients {
            client.stays = true;
        }
        // It is down for longer than the time within which clients must be served.
        let crash = What::NodeCrash { node: 0, silent: seed % 2 == 0, ms: 300_000 };
        let entry = Entry { at: 8_000_000, salt: 1, what: crash };
        let ask = |index: u64| Entry {
            at: 1_000_000 * (index + 3),
            salt: random.clone().bits().wrapping_add(index),
            what: What::Ask { client: usize::try_from(index).unwrap_or(0) % plan.clients.len() },
        };
        let mut entries: Vec<Entry> = (0..5).map(ask).collect();
        entries.push(entry);
        entries.extend((6..30).map(ask));
        let schedule = Schedule { storm: 60_000_000, entries };
        let run = Run { plan, schedule, ..Run::of(seed) };
        let report = run.once(Care::Light).unwrap_or_else(|fault| panic!("{fault}\n{}", run.schedule));
        taken_over += report.met.get("notice dialog_taken_over").copied().unwrap_or_default();
    }
    assert!(taken_over > 5, "{taken_over} dialogs were taken over");
}
