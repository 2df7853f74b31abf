//! The gateway's promises about its CTI connections, S1 to S10, tested with processes that are killed and suspended.
//! The relays between the processes count what the gateway does.

use core::time::Duration;
use std::time::Instant;

use ctigate_tests::Sip;

use crate::crowd::Index;
use crate::house::{HEARTBEAT, House, LIMIT, assert_fair, call_all};
use crate::relay::Passed;

/// The time for an answer that needs no one else, on a busy machine.
const AT_ONCE: Duration = Duration::from_secs(1);

/// The clients whose sessions are at one phone system.
fn living_at(house: &House, node: usize, indexes: &[Index], from: usize) -> Vec<Index> {
    indexes.iter().copied().filter(|index| house.home(*index, from) == node).collect()
}

fn assert_returned(answer: &Sip) {
    assert_eq!((answer.status(), answer.root()), (200, "CSTAErrorCode"), "{answer:?}");
}

#[test]
fn s1_eight_connections_are_used_in_the_order_of_their_configuration() {
    let house = House::open("s1", 8);
    let from = house.record.mark();
    for user in 0..16 {
        let index = house.crowd.sign_in(user..user + 1)[0];
        assert_eq!(house.home(index, from), user % 8);
    }
    house.close();
}

#[test]
fn s2_all_connections_are_dialled_at_start_and_each_has_its_heartbeat() {
    let house = House::with_some("s2", 3, 2);
    house.wait_in_service(2);
    house.wait_out_of_service(2, 1);
    // It serves with the available connection, and keeps dialling the other.
    house.crowd.sign_in(0..4);
    house.record.wait_until_dialled(2, 2);
    for node in 0..2 {
        let beats = |passed: &[Passed]| -> Vec<Instant> {
            passed.iter().filter(|one| is_heartbeat(one, node)).map(|beat| beat.at).collect()
        };
        house.record.wait_until("a second heartbeat", 0, |passed| beats(passed).len() >= 2);
        let beats = beats(&house.record.since(0));
        let between = beats[1] - beats[0];
        assert!(between + AT_ONCE > Duration::from_secs(HEARTBEAT), "{between:?}");
        assert!(between < Duration::from_secs(HEARTBEAT) + AT_ONCE, "{between:?}");
    }
    house.close();
}

fn is_heartbeat(passed: &Passed, node: usize) -> bool {
    passed.root == "ResetApplicationSessionTimer" && passed.node == node
}

#[test]
fn s3_a_sign_in_becomes_a_session_that_monitors_its_user_s_phone_and_no_other() {
    let house = House::open("s3", 1);
    let indexes = house.crowd.sign_in(0..3);
    let mark = house.crowd.mark();
    house.nodes[0].tell("dial 20001 30001");
    house.crowd.wait_for_events(&indexes[1..2], "EstablishedEvent", mark);
    house.nodes[0].tell("hangup 20001");
    house.crowd.wait_for_events(&indexes[1..2], "ConnectionClearedEvent", mark);
    for bystander in [indexes[0], indexes[2]] {
        assert!(house.crowd.events(bystander, mark).is_empty(), "told of a call that is not theirs");
    }
    house.close();
}

#[test]
fn s4_new_sessions_go_to_the_connections_in_turn() {
    let house = House::open("s4", 3);
    let from = house.record.mark();
    let indexes = house.crowd.sign_in(0..300);
    for root in ["SnapshotDevice", "MonitorStart"] {
        assert_eq!(house.passed(from, root), [100, 100, 100], "{root}");
    }
    // Requests in a dialog take no turn.
    let refreshes: Vec<_> = indexes[..50].iter().map(|index| house.crowd.invite(*index)).collect();
    house.crowd.answers(&refreshes);
    let snapshots: Vec<_> = indexes[..50].iter().map(|index| house.crowd.snapshot(*index)).collect();
    house.crowd.answers(&snapshots);
    for user in 300..306 {
        let index = house.crowd.sign_in(user..user + 1)[0];
        assert_eq!(house.home(index, from), user % 3);
    }
    house.close();
}

#[test]
fn s5_all_of_a_session_goes_over_the_connection_it_began_with() {
    let house = House::open("s5", 3);
    let from = house.record.mark();
    let indexes = house.crowd.sign_in(0..60);
    call_all(&house, &indexes);
    let refreshes: Vec<_> = indexes.iter().map(|index| house.crowd.invite(*index)).collect();
    house.crowd.answers(&refreshes);
    let snapshots: Vec<_> = indexes.iter().map(|index| house.crowd.snapshot(*index)).collect();
    house.crowd.answers(&snapshots);
    for index in &indexes {
        house.home(*index, from);
    }
    // Another phone system has a phone of that number too; its events are not for this client.
    let mark = house.crowd.mark();
    let strange = (house.home(indexes[0], from) + 1) % 3;
    house.nodes[strange].tell("dial 20000 30000");
    house.crowd.answer(house.crowd.snapshot(indexes[0]));
    assert!(house.crowd.events(indexes[0], mark).is_empty(), "told by a phone system it is not on");
    house.close();
}

#[test]
fn s6_requests_of_a_session_whose_connection_failed_are_returned() {
    let house = House::open("s6", 3);
    let from = house.record.mark();
    let indexes = house.crowd.sign_in(0..60);
    let at = |node| living_at(&house, node, &indexes, from);
    let (well, killed, stalled) = (at(0), at(1), at(2));

    house.nodes[1].kill();
    house.wait_out_of_service(1, 1);
    for index in &killed {
        let began = Instant::now();
        let answer = house.crowd.answer(house.crowd.make_call(*index));
        assert_returned(&answer);
        assert_eq!(answer.element("systemResourceAvailibility"), "networkOutOfService");
        assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    }

    // A silent phone system whose connection stays open: half of the requests wait for their time-out, the others for
    // the heartbeat's.
    house.nodes[2].signal("STOP");
    let began = Instant::now();
    let waiting: Vec<_> = stalled.iter().map(|index| house.crowd.make_call(*index)).collect();
    let lost = house.wait_out_of_service(2, 1);
    assert!(lost.contains("why=\"a heartbeat was not answered\""), "{lost}");
    assert!(began.elapsed() < Duration::from_secs(2 * HEARTBEAT) + AT_ONCE, "{:?}", began.elapsed());
    house.crowd.answers(&waiting).iter().for_each(assert_returned);
    let calls: Vec<_> = stalled.iter().map(|index| house.crowd.snapshot(*index)).collect();
    house.crowd.answers(&calls).iter().for_each(assert_returned);

    // The others are served as usual.
    let calls: Vec<_> = well.iter().map(|index| house.crowd.make_call(*index)).collect();
    for answer in house.crowd.answers(&calls) {
        assert_eq!(answer.root(), "MakeCallResponse", "{answer:?}");
    }
    house.close();
}

#[test]
fn s7_a_lost_connection_is_dialled_until_it_is_back_and_beats_again() {
    let house = House::open("s7", 2);
    let connection = |house: &House| house.wait_back_in_service(0, house.times_in_service(0) - 1);
    let first = connection(&house);
    let mut ids = vec![first];
    for _ in 0..2 {
        house.nodes[0].kill();
        house.record.wait_until_dialled(0, 2);
        let mark = house.record.mark();
        house.restart(0);
        ids.push(connection(&house));
        let beats = |passed: &[Passed]| passed.iter().any(|one| is_heartbeat(one, 0));
        house.record.wait_until("a heartbeat", mark, beats);
    }
    let known = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), known, "a connection ID was used twice: {ids:?}");
    house.close();
}

#[test]
fn s8_a_session_of_a_replaced_connection_is_taken_up_by_the_next_invite() {
    let house = House::open("s8", 3);
    let from = house.record.mark();
    let indexes = house.crowd.sign_in(0..60);
    let lost = living_at(&house, 1, &indexes, from);
    call_all(&house, &lost);
    house.nodes[1].kill();
    house.wait_out_of_service(1, 1);
    house.restart(1);

    let (refreshing, beginning) = lost.split_at(lost.len() / 2);
    let infos: Vec<_> = lost.iter().map(|index| house.crowd.snapshot(*index)).collect();
    for answer in house.crowd.answers(&infos) {
        assert_eq!(answer.status(), 481, "{answer:?}");
    }
    // In the old dialog: the monitors continue with the IDs that the clients hold, and the clients learn what ended
    // meanwhile.
    let (from, mark) = (house.record.mark(), house.crowd.mark());
    let held: Vec<String> = refreshing.iter().map(|index| house.crowd.monitor(*index)).collect();
    let refreshes: Vec<_> = refreshing.iter().map(|index| house.crowd.invite(*index)).collect();
    for answer in house.crowd.answers(&refreshes) {
        assert_eq!(answer.element("systemStatus"), "normal", "{answer:?}");
    }
    house.crowd.wait_for_events(refreshing, "ConnectionClearedEvent", mark);
    call_all(&house, refreshing);
    assert_fair(&house.passed(from, "MonitorStart"));
    for (index, held) in refreshing.iter().zip(held) {
        assert_eq!(house.crowd.monitor(*index), held);
        house.home(*index, from);
    }
    // In a new dialog.
    let users = beginning.iter().map(|index| house.crowd.number(*index));
    let users: Vec<usize> = users.map(|number| number - crate::crowd::FIRST).collect();
    let mark = house.crowd.mark();
    let anew: Vec<Index> = users.iter().flat_map(|user| house.crowd.sign_in(*user..user + 1)).collect();
    let calls: Vec<_> = anew.iter().map(|index| house.crowd.make_call(*index)).collect();
    house.crowd.answers(&calls);
    house.crowd.wait_for_events(&anew, "EstablishedEvent", mark);
    house.close();
}

#[test]
fn s8_with_rebind_a_session_goes_on_over_another_connection_as_if_nothing_had_been() {
    let house = House::open_with_rebind("s8-rebind", 3);
    let from = house.record.mark();
    let indexes = house.crowd.sign_in(0..60);
    let lost = living_at(&house, 1, &indexes, from);
    call_all(&house, &lost);
    let (from, mark) = (house.record.mark(), house.crowd.mark());
    house.nodes[1].kill();
    house.wait_out_of_service(1, 1);
    let moved = house.wait_until_passed(from, "MonitorStartResponse", lost.len());
    assert_eq!(moved, [lost.len() / 2, 0, lost.len() / 2]);
    // Clients that send no requests also learn what ended with the phone system, and what begins elsewhere.
    house.crowd.wait_for_events(&lost, "ConnectionClearedEvent", mark);
    let mark = house.crowd.mark();
    for index in &lost {
        let number = house.crowd.number(*index);
        house.nodes[house.home(*index, from)].tell(&format!("dial {number} {}", crate::crowd::FIRST));
    }
    house.crowd.wait_for_events(&lost, "OriginatedEvent", mark);
    let snapshots: Vec<_> = lost.iter().map(|index| house.crowd.snapshot(*index)).collect();
    for answer in house.crowd.answers(&snapshots) {
        assert_eq!(answer.root(), "SnapshotDeviceResponse", "{answer:?}");
    }
    house.close();
}

#[test]
fn s9_what_is_down_is_skipped_and_rejoins_at_its_place() {
    let house = House::open("s9", 3);
    house.nodes[1].kill();
    house.wait_out_of_service(1, 1);
    let from = house.record.mark();
    house.crowd.sign_in(0..41);
    assert_eq!(house.passed(from, "MonitorStart"), [21, 0, 20]);
    house.restart(1);
    let from = house.record.mark();
    for turn in 0..9 {
        let index = house.crowd.sign_in(41 + turn..42 + turn)[0];
        assert_eq!(house.home(index, from), (1 + turn) % 3);
    }
    house.close();
}

#[test]
fn s9_with_none_in_service_clients_are_told_disabled_and_come_back_by_themselves() {
    let house = House::open("s9-none", 2);
    let from = house.record.mark();
    let signed_in = house.crowd.sign_in(0..20);
    // A client gets events of the phone system that its session is at.
    let at_first = living_at(&house, 0, &signed_in, from);
    let types = "<requestTypes><systemStatus>true</systemStatus></requestTypes>";
    let registered = house.crowd.info(at_first[0], "SystemRegister", types);
    assert_eq!(house.crowd.answer(registered).root(), "SystemRegisterResponse");
    for node in 0..2 {
        house.nodes[node].kill();
        house.wait_out_of_service(node, 1);
    }
    let late: Vec<Index> = (20..30).map(|user| house.crowd.dialog(user)).collect();
    let invites: Vec<_> = late.iter().chain(&signed_in).map(|index| house.crowd.invite(*index)).collect();
    for answer in house.crowd.answers(&invites) {
        assert_eq!(answer.status(), 200, "{answer:?}");
        assert_eq!(answer.element("systemStatus"), "disabled");
        assert!(answer.header("Session-Expires").starts_with("90;"), "{answer:?}");
    }
    let said = house.gateway.said().matches("name=cti_none_in_service ").count();
    assert_eq!(said, 1, "{}", house.gateway.said());
    // A request is still answered at once.
    let began = Instant::now();
    let clicks: Vec<_> = late.iter().map(|index| house.crowd.make_call(*index)).collect();
    house.crowd.answers(&clicks).iter().for_each(assert_returned);
    assert!(began.elapsed() < LIMIT / 2, "{:?}", began.elapsed());

    let mark = house.crowd.mark();
    house.restart(0);
    house.crowd.wait_for_events(&at_first[..1], "SystemStatus", mark);
    let refreshes: Vec<_> = late.iter().chain(&signed_in).map(|index| house.crowd.invite(*index)).collect();
    for answer in house.crowd.answers(&refreshes) {
        assert_eq!(answer.element("systemStatus"), "normal", "{answer:?}");
    }
    house.crowd.monitor_all(&late);
    let mark = house.crowd.mark();
    let all: Vec<Index> = late.iter().chain(&signed_in).copied().collect();
    let calls: Vec<_> = all.iter().map(|index| house.crowd.make_call(*index)).collect();
    house.crowd.answers(&calls);
    house.crowd.wait_for_events(&all, "EstablishedEvent", mark);
    house.close();
}

#[test]
fn s10_the_sessions_of_a_gateway_that_was_killed_go_on_at_the_other() {
    let mut house = House::open_with_two("s10", 2);
    let indexes: Vec<Index> = (0..40).map(|user| house.crowd.dialog(user)).collect();
    let (dying, staying) = indexes.split_at(20);
    for index in staying {
        house.crowd.lead_to(*index, 1);
    }
    house.crowd.begin_all(&indexes);
    let held: Vec<String> = dying.iter().map(|index| house.crowd.monitor(*index)).collect();

    let other = house.other.take().unwrap();
    drop(core::mem::replace(&mut house.gateway, other));
    call_all(&house, staying);
    for index in dying {
        house.crowd.lead_to(*index, 1);
    }
    let strange: Vec<_> = dying.iter().map(|index| house.crowd.snapshot(*index)).collect();
    for answer in house.crowd.answers(&strange) {
        assert_eq!(answer.status(), 481, "{answer:?}");
    }
    // Their refresh has everything that is needed: no client starts a monitor, and events have the ID that the client
    // holds.
    let refreshes: Vec<_> = dying.iter().map(|index| house.crowd.invite(*index)).collect();
    for answer in house.crowd.answers(&refreshes) {
        assert_eq!(answer.element("systemStatus"), "normal", "{answer:?}");
    }
    call_all(&house, dying);
    for (index, held) in dying.iter().zip(held) {
        assert_eq!(house.crowd.monitor(*index), held);
    }
    house.close();
}
