//! Hundreds of sessions in calls, whose phone systems are killed, suspended and restarted, one after another, while the
//! clients keep sending requests.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::thread;

use crate::crowd::{Crowd, Index, Ticket};
use crate::house::{House, LIMIT, Node, assert_fair, call_all};

const SESSIONS: usize = 240;

/// The pause between two requests of the crowd.
const PAUSE: Duration = Duration::from_millis(4);

/// Ends the crowd's requests even if the test fails.
struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Lets one client after the other send a request; one that is answered 481 sends a new INVITE.
fn bustle(crowd: &Crowd, indexes: &[Index], over: &AtomicBool) {
    let mut asked: Vec<Option<Ticket>> = vec![None; indexes.len()];
    for turn in (0..indexes.len()).cycle() {
        if over.load(Ordering::Acquire) {
            return;
        }
        let (index, before) = (indexes[turn], asked[turn]);
        let answer = before.map(|ticket| crowd.answer_so_far(ticket));
        asked[turn] = match answer {
            Some(None) => before,
            Some(Some(answer)) if answer.status() == 481 => Some(crowd.invite(index)),
            _ => Some(crowd.snapshot(index)),
        };
        thread::sleep(PAUSE);
    }
}

/// Asserts that lost sessions are distributed over all phone systems in service.
fn assert_shared_out(house: &House, lost: usize, from: usize) {
    let moved = house.wait_until_passed(from, "MonitorStartResponse", lost);
    assert_eq!(moved.iter().sum::<usize>(), lost, "{moved:?}");
    assert_fair(&moved);
}

/// Clients whose connection was lost send an INVITE again, in the old dialog.
fn refresh_the_lost(house: &House, indexes: &[Index]) {
    let asked: Vec<_> = indexes.iter().map(|index| house.crowd.snapshot(*index)).collect();
    let answers = house.crowd.answers(&asked);
    let lost = indexes.iter().zip(answers).filter(|(_, answer)| answer.status() == 481);
    let invites: Vec<_> = lost.map(|(index, _)| house.crowd.invite(*index)).collect();
    for answer in house.crowd.answers(&invites) {
        assert_eq!(answer.element("systemStatus"), "normal", "{answer:?}");
    }
}

/// Asserts that the requests about one client's line never return to a connection that they have left.
fn assert_affinity(house: &House, index: Index, from: usize) {
    let mut path = house.path(index, from);
    let (way, hops) = (path.clone(), path.len());
    path.sort_unstable();
    path.dedup();
    assert_eq!(path.len(), hops, "client {index} went back to a connection: {way:?}");
}

/// Runs the faults, one after another.
fn go_wrong(house: &House) {
    // Killed during calls, and restarted without calls and monitors.
    let lost = house.nodes[0].monitors();
    house.nodes[0].kill();
    house.wait_out_of_service(0, 1);
    let mark = house.record.mark();
    house.restart(0);
    assert_shared_out(house, lost, mark);

    // Suspended: nothing is closed, nothing is sent. New sessions go to the others.
    let (lost, times) = (house.nodes[1].monitors(), house.times_in_service(1));
    house.nodes[1].signal("STOP");
    let why = house.wait_out_of_service(1, 1);
    assert!(why.contains("why=\"a heartbeat was not answered\""), "{why}");
    let mark = house.record.mark();
    house.crowd.sign_in(SESSIONS..SESSIONS + 20);
    assert_eq!(house.passed(mark, "MonitorStart"), [10, 0, 10]);
    let mark = house.record.mark();
    house.nodes[1].signal("CONT");
    house.wait_back_in_service(1, times);
    assert_shared_out(house, lost, mark);

    // Two at once: new sessions go to the third.
    for node in [1, 2] {
        house.nodes[node].kill();
        house.wait_out_of_service(node, [1, 2, 1][node]);
    }
    let mark = house.record.mark();
    house.crowd.sign_in(SESSIONS + 20..SESSIONS + 30);
    assert_eq!(house.passed(mark, "MonitorStart"), [10, 0, 0]);
    house.restart(1);
    house.restart(2);
}

#[test]
fn no_request_is_left_unanswered_while_phone_systems_are_killed_stopped_and_restarted() {
    let house = House::open("outages", 3);
    let from = house.record.mark();
    let indexes = house.crowd.sign_in(0..SESSIONS);
    assert_eq!(house.passed(from, "MonitorStart"), [SESSIONS / 3; 3]);
    call_all(&house, &indexes);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let _ending = Ending(&over);
        scope.spawn(|| bustle(&house.crowd, &indexes, &over));
        go_wrong(&house);
    });
    house.crowd.assert_all_answered_within(LIMIT);
    // After that all clients have service again, with the IDs they hold, and none is monitored twice.
    let all: Vec<Index> = (0..SESSIONS + 30).collect();
    refresh_the_lost(&house, &all);
    call_all(&house, &all);
    assert_eq!(house.nodes.iter().map(Node::monitors).sum::<usize>(), all.len());
    for index in all {
        assert_affinity(&house, index, from);
    }
    house.close();
}

/// Waits until the phone systems in service have a monitor for every client.
fn assert_all_moved(house: &House, from: usize, lost: usize) {
    let moved = house.wait_until_passed(from, "MonitorStartResponse", lost);
    assert_eq!(moved.iter().sum::<usize>(), lost, "{moved:?}");
}

#[test]
fn with_rebind_no_client_sends_an_invite_and_all_are_served_while_phone_systems_come_and_go() {
    let house = House::open_with_rebind("outages-rebind", 3);
    let from = house.record.mark();
    let indexes = house.crowd.sign_in(0..SESSIONS);
    call_all(&house, &indexes);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let _ending = Ending(&over);
        scope.spawn(|| bustle(&house.crowd, &indexes, &over));
        // Killed during calls, suspended, killed again: each time the others take over its sessions.
        for (node, fault, times) in [(0, "KILL", 1), (1, "STOP", 1), (2, "KILL", 1)] {
            let (lost, mark) = (house.nodes[node].monitors(), house.record.mark());
            let in_service = house.times_in_service(node);
            if fault == "KILL" {
                house.nodes[node].kill();
            } else {
                house.nodes[node].signal(fault);
            }
            house.wait_out_of_service(node, times);
            assert_all_moved(&house, mark, lost);
            if fault == "KILL" {
                house.restart(node);
            } else {
                house.nodes[node].signal("CONT");
                house.wait_back_in_service(node, in_service);
            }
        }
    });
    house.crowd.assert_all_answered_within(LIMIT);
    assert_eq!(house.crowd.count("INVITE"), SESSIONS, "a client was told to send its INVITE anew");
    // At the phone system that was only suspended, some clients are still in their calls; all others can make one.
    let snapshots: Vec<_> = indexes.iter().map(|index| house.crowd.snapshot(*index)).collect();
    let answers = house.crowd.answers(&snapshots);
    assert!(answers.iter().all(|answer| answer.root() == "SnapshotDeviceResponse"), "{answers:#?}");
    let idle = indexes.iter().zip(answers).filter(|(_, answer)| !answer.body().contains("<callID>"));
    let idle: Vec<Index> = idle.map(|(index, _)| *index).collect();
    assert!(idle.len() >= SESSIONS / 3, "{idle:?}");
    call_all(&house, &idle);
    assert_eq!(house.nodes.iter().map(Node::monitors).sum::<usize>(), indexes.len());
    for index in indexes {
        assert_affinity(&house, index, from);
    }
    house.close();
}
