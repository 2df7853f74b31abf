//! Tests of the pool alone: the test plays the links, and tickets are numbers.

mod bench;
mod devices;
mod mute;
mod rate;
mod unreadable;

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use bench::{Bench, NORMAL, STOP};

use crate::cti::ConnectionRef;
use crate::cti::pool::Due;
use crate::cti::protocol::{RequestId, Slot};
use crate::step::TimerKey;
use crate::time::Duration;
use crate::timer::Timers;
use crate::wire::csta::errors::CstaError;

const STOPPED: &str = "<MonitorStopResponse/>";

#[test]
fn connections_are_dialled_at_once_and_serve_when_their_link_is_ready() {
    let mut bench = Bench::new(2, "");
    bench.tick();
    assert_eq!(bench.news(), ["dialled 0", "dialled 1"]);
    assert!(!bench.pool.serves());
    bench.bring_up(1);
    assert_eq!(bench.news(), ["in service 1.2"]);
    assert_eq!((bench.pool.serving(), bench.shared.counters.connections_served), (1, 1));
    let notice = bench.notices().pop().unwrap();
    assert_eq!(notice, "cti_in_service cti=pbx1 connection=2 address=pbx1:1 missing=pbx0");
    bench.bring_up(0);
    let notice = bench.notices().pop().unwrap();
    assert_eq!(notice, "cti_in_service cti=pbx0 connection=1 address=pbx0:1", "nothing is missing");
}

#[test]
fn turns_go_round_those_in_service_and_moves_have_turns_of_their_own() {
    let mut bench = Bench::new(3, "");
    bench.tick();
    assert_eq!(bench.pool.take_turn(""), None);
    bench.bring_up(0);
    bench.bring_up(2);
    let turns: Vec<u8> = (0..4).filter_map(|_| bench.turn()).collect();
    assert_eq!(turns, [0, 2, 0, 2]);
    let moves: Vec<u8> = (0..3).filter_map(|_| bench.pool.take_move("").map(ConnectionRef::index)).collect();
    assert_eq!(moves, [0, 2, 0]);
    bench.bring_up(1);
    assert_eq!(bench.turn(), Some(0));
    assert_eq!(bench.turn(), Some(1));
}

#[test]
fn one_that_is_overloaded_is_passed_over_unless_all_are() {
    let mut bench = Bench::in_service(2, "");
    let turns = |bench: &mut Bench| -> Vec<u8> { (0..2).filter_map(|_| bench.turn()).collect() };
    bench.status(0, "overloadReached");
    assert_eq!(bench.news(), ["status 0.1 overloadReached"]);
    assert_eq!(turns(&mut bench), [1, 1]);
    bench.status(1, "overloadImminent");
    assert_eq!(turns(&mut bench), [0, 1]);
    bench.status(0, "messagesLost");
    bench.status(1, "overloadRelieved");
    assert_eq!(turns(&mut bench), [1, 1], "lost messages say nothing of the load");
}

#[test]
fn a_phone_system_that_cannot_serve_is_given_up() {
    for status in ["disabled", "initializing"] {
        let mut bench = Bench::in_service(1, "");
        bench.status(0, status);
        assert_eq!(bench.news(), ["lost 0.1"]);
        let notices = bench.notices();
        assert!(notices.iter().any(|notice| notice.contains(&format!("it is {status}"))), "{notices:?}");
        assert!(notices.iter().any(|notice| notice == "cti_none_in_service connections=1"), "{notices:?}");
    }
}

#[test]
fn a_heartbeat_that_is_answered_is_news_and_measured() {
    let mut bench = Bench::in_service(1, "");
    bench.advance(Duration::from_secs(30));
    assert_eq!(bench.state(0), "AwaitingHeartbeat");
    let (invoke, _) = bench.sent(0).pop().unwrap();
    bench.now = bench.now + Duration::from_millis(7);
    bench.say(0, invoke, NORMAL);
    assert_eq!((bench.news(), bench.state(0)), (vec!["alive 0.1".into()], "InService"));
    assert_eq!(bench.pool.at(0).unwrap().vitals.round_trip, Some(Duration::from_millis(7)));
}

#[test]
fn a_heartbeat_that_is_missed_loses_the_connection_and_it_is_dialled_anew() {
    let mut bench = Bench::in_service(2, "");
    let link = bench.link(0);
    bench.advance(Duration::from_secs(30));
    bench.say_to_last(1, NORMAL);
    bench.news();
    bench.advance(Duration::from_secs(6));
    assert_eq!(bench.news(), ["lost 0.1"]);
    assert_eq!(bench.shared.counters.heartbeats_missed, 1);
    assert!(bench.closed.contains(&link) && bench.shared.links.owner(link).is_none());
    assert!(bench.pool.take_turn("").is_some_and(|one| one.index() == 1), "the other goes on");
    bench.advance(Duration::from_secs(4));
    assert_eq!(bench.news(), ["dialled 0"]);
    assert_eq!(bench.pool.at(0).unwrap().id, 3, "every connect has an ID of its own");
}

#[test]
fn an_answer_comes_back_with_its_ticket() {
    let mut bench = Bench::in_service(1, "");
    let connection = bench.pool.take_turn("").unwrap();
    bench.ask(connection, 7, STOP).unwrap();
    bench.ask(connection, 8, STOP).unwrap();
    let asked = bench.sent(0);
    assert_eq!(asked.len(), 2);
    bench.say(0, asked[1].0, STOPPED);
    assert_eq!(bench.news(), ["answer 8 over 0.1: MonitorStopResponse"]);
    bench.say(0, asked[0].0, "<MonitorStartResponse/>");
    assert_eq!(bench.news(), ["answer 7 over 0.1: CSTAErrorCode"], "one that cannot be read is an error");
    assert!(bench.notices().iter().any(|notice| notice.starts_with("message_discarded")));
    assert!(bench.pool.requests().is_empty());
    bench.advance(Duration::from_secs(20));
    assert_eq!(bench.shared.counters.services_timed_out, 0, "their time-outs are cancelled");
    bench.say(0, asked[1].0, STOPPED);
    assert!(bench.news().is_empty(), "there is one answer");
    assert_eq!(bench.shared.counters.answers_unknown, 1);
}

#[test]
fn a_request_in_time_out_is_told_before_it_is_abandoned_and_its_late_answer_is_dropped() {
    let mut bench = Bench::in_service(1, "cti.window = 1\n");
    let connection = bench.pool.take_turn("").unwrap();
    bench.ask(connection, 7, STOP).unwrap();
    bench.now = bench.now + Duration::from_secs(2);
    bench.ask(connection, 8, STOP).unwrap();
    let [(first, _)] = bench.sent(0).try_into().unwrap();
    let (at, TimerKey::Pending(handle)) = bench.shared.timers.next().unwrap() else { panic!("a time-out") };
    bench.now = at;
    bench.shared.timers.pop_due(at);
    Timers::<TimerKey>::fired(bench.pool.request_deadline(handle.cast()).unwrap());
    let due = bench.act(|pool, step| pool.on_request_due(step, handle.cast()));
    let Due { id, ended, .. } = due.unwrap();
    assert_eq!((ended.ticket, ended.connection), (7, connection));
    assert_eq!(bench.shared.counters.services_timed_out, 1, "it is counted");
    assert!(bench.sent(0).is_empty(), "the window is full until the request is abandoned");
    bench.abandon(connection, id);
    assert_eq!(bench.sent(0).len(), 1, "then the next is sent");
    bench.say(0, first, STOPPED);
    assert!(bench.news().is_empty());
    assert_eq!(bench.shared.counters.answers_late, 1);
}

#[test]
fn what_is_under_way_when_a_connection_is_lost_is_taken_back_by_its_asker() {
    let mut bench = Bench::in_service(2, "");
    let (first, second) = (bench.pool.take_turn("").unwrap(), bench.pool.take_turn("").unwrap());
    bench.ask(first, 1, STOP).unwrap();
    bench.ask(second, 2, STOP).unwrap();
    bench.close(0);
    assert_eq!(bench.news(), ["lost 0.1"]);
    assert_eq!(bench.ask(first, 3, STOP), Err(CstaError::NETWORK_OUT_OF_SERVICE));
    let handles: Vec<_> = (0..2).filter_map(|slot| bench.pool.requests().at(slot)).collect();
    let back = |bench: &mut Bench, handle| bench.act(|pool, step| pool.take_back(step, handle, first));
    let taken: Vec<u32> =
        handles.iter().filter_map(|handle| back(&mut bench, *handle)).map(|ended| ended.ticket).collect();
    assert_eq!(taken, [1], "the other's goes on");
    bench.say_to_last(1, STOPPED);
    assert_eq!(bench.news(), ["answer 2 over 1.2: MonitorStopResponse"]);
    assert_eq!(bench.pool.fold(), bench.pool.recompute());
}

#[test]
fn a_connection_that_is_replaced_is_not_the_one_it_was() {
    let mut bench = Bench::in_service(1, "");
    let before = bench.pool.take_turn("").unwrap();
    assert!(!bench.pool.is_replaced(before), "it serves itself");
    bench.close(0);
    assert!(bench.pool.is_latest(before) && bench.pool.in_service(before).is_none());
    bench.advance(Duration::from_secs(3));
    bench.bring_up(0);
    assert!(bench.pool.is_replaced(before) && !bench.pool.is_latest(before));
    assert_eq!(bench.ask(before, 1, STOP), Err(CstaError::NETWORK_OUT_OF_SERVICE));
    let id = RequestId::new(0);
    bench.abandon(before, id);
    let news = bench.news();
    assert_eq!(news, ["lost 0.1", "dialled 0", "in service 0.2"], "the new one is not given up for it");
}

#[test]
fn a_link_whose_request_numbers_are_worn_out_is_renewed() {
    let mut bench = Bench::in_service(1, "cti.window = 9000\ncti.heartbeat = 3000\n");
    let connection = bench.pool.take_turn("").unwrap();
    for ticket in 0..983 {
        bench.ask(connection, ticket, STOP).unwrap();
    }
    bench.advance(Duration::from_secs(10));
    let news = bench.news();
    let lost = news.iter().position(|news| news == "lost 0.1");
    assert_eq!(lost, Some(983), "all had been told by then");
    assert!(news[..983].iter().all(|news| news.starts_with("due ")));
    assert!(bench.notices().iter().any(|notice| notice.contains("too few invoke IDs are left")));
}

#[test]
fn a_request_that_finds_no_room_is_refused_and_nothing_is_under_way() {
    let mut bench = Bench::in_service(1, "cti.window = 1\ncti.queue = 0\n");
    let connection = bench.pool.take_turn("").unwrap();
    bench.ask(connection, 1, STOP).unwrap();
    let before = (bench.pool.fold(), bench.shared.timers.len());
    assert_eq!(bench.ask(connection, 2, STOP), Err(CstaError::RESOURCE_BUSY));
    let long = "x".repeat(70_000);
    bench.say_to_last(0, STOPPED);
    assert_eq!(bench.ask(connection, 3, &long), Err(CstaError::INVALID_PARAMETER_VALUE));
    assert!(bench.pool.requests().is_empty() && bench.shared.timers.len() < before.1);
    assert_eq!((bench.shared.counters.services, bench.pool.fold()), (1, bench.pool.recompute()));
}

#[test]
fn events_come_up_with_the_document_they_came_in_however_the_stream_is_cut() {
    let event = "<DeliveredEvent><monitorCrossRefID>m</monitorCrossRefID><connection><callID>7</callID>\
                 <deviceID>1001</deviceID></connection></DeliveredEvent>";
    let mut bench = Bench::in_service(1, "");
    bench.say(0, 9999, event);
    let news = bench.news();
    assert!(news.len() == 1 && news[0].starts_with("event 0.1 m as <"), "{news:?}");
    let frame = Bench::frame(9999, event);
    for cut in 1..frame.len() {
        let (head, tail) = frame.split_at(cut);
        bench.bytes(0, head);
        assert!(bench.news().is_empty());
        bench.bytes(0, tail);
        assert_eq!(bench.news(), news);
    }
}

#[test]
fn half_a_message_of_an_earlier_connect_is_forgotten() {
    let mut bench = Bench::in_service(1, "");
    bench.bytes(0, &Bench::frame(9999, "<DeliveredEvent/>")[..12]);
    bench.close(0);
    bench.advance(Duration::from_secs(3));
    bench.bring_up(0);
    assert_eq!(bench.news(), ["lost 0.1", "dialled 0", "in service 0.2"]);
}

#[test]
fn a_reader_is_not_put_back_into_a_connection_that_was_dialled_anew() {
    let mut bench = Bench::in_service(1, "");
    let mut reading = bench.pool.check_out(0).unwrap();
    assert!(bench.pool.check_out(0).is_none(), "there is one");
    let half = Bench::frame(9999, "<DeliveredEvent/>");
    let mut slot = Slot::default();
    bench.act(|pool, step| drop(pool.on_bytes(step, &mut reading, &half[..12], &mut slot)));
    bench.close(0);
    bench.advance(Duration::from_secs(3));
    bench.pool.put_back(reading);
    bench.bring_up(0);
    assert_eq!(bench.news().last().unwrap(), "in service 0.2", "the old reader had half a message");
}

#[test]
fn a_stream_that_is_no_stream_of_frames_is_given_up() {
    let mut bench = Bench::in_service(1, "");
    bench.bytes(0, b"HTTP/1.1 400 Bad Request\r\n");
    assert_eq!(bench.news(), ["lost 0.1"]);
    assert!(bench.notices().iter().any(|notice| notice.contains("two zero bytes")));
}

#[test]
fn leave_is_taken_of_links_that_are_open() {
    let mut bench = Bench::in_service(2, "cti.session = \"application\"\n");
    bench.close(1);
    bench.sent(0);
    bench.act(super::Pool::leave);
    let sent = bench.sent(0);
    assert!(sent.len() == 1 && sent[0].1.contains("StopApplicationSession"), "{sent:?}");
    assert_eq!(bench.closed.len(), 1);
}
