//! A limited rate of messages (`cti.rate`).

use alloc::vec::Vec;

use super::bench::{Bench, NORMAL, STOP};
use crate::cti::protocol::Urgency;
use crate::time::Duration;
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::Request;

/// What is sent in each second of the next `seconds`.
fn by_second(bench: &mut Bench, seconds: usize) -> Vec<usize> {
    (0..seconds)
        .map(|_| {
            bench.advance(Duration::from_secs(1));
            bench.sent(0).len()
        })
        .collect()
}

#[test]
fn requests_are_sent_at_the_rate_after_a_small_burst() {
    let mut bench = Bench::in_service(1, "cti.rate = 20\ncti.service_timeout = 10\n");
    bench.advance(Duration::from_secs(1));
    let connection = bench.pool.take_turn("").unwrap();
    for ticket in 0..100 {
        bench.ask(connection, ticket, STOP).unwrap();
    }
    assert_eq!(bench.sent(0).len(), 2, "a tenth of a second's");
    assert_eq!(by_second(&mut bench, 6), [20, 20, 20, 20, 18, 0]);
    assert_eq!(bench.pool.longest_backlog(), Duration::ZERO);
}

#[test]
fn without_a_rate_nothing_waits() {
    let mut bench = Bench::in_service(1, "");
    let connection = bench.pool.take_turn("").unwrap();
    for ticket in 0..1_000 {
        bench.ask(connection, ticket, STOP).unwrap();
    }
    assert_eq!((bench.sent(0).len(), bench.pool.longest_backlog()), (1_000, Duration::ZERO));
}

#[test]
fn what_a_person_clicks_overtakes_what_waits() {
    let mut bench = Bench::in_service(1, "cti.rate = 10\n");
    bench.advance(Duration::from_secs(1));
    let connection = bench.pool.take_turn("").unwrap();
    for ticket in 0..50 {
        bench.ask(connection, ticket, STOP).unwrap();
    }
    bench.sent(0);
    for (ticket, user) in [(100, 1), (101, 1), (102, 2)] {
        let request = Request::MonitorStop { cross_reference: if user == 1 { "one" } else { "two" } };
        let urgency = (ticket, Urgency::Person(user));
        bench.act(|pool, step| pool.ask_as(step, connection, urgency, &request)).unwrap();
    }
    bench.advance(Duration::from_millis(400));
    let sent = bench.sent(0);
    let names = ["one", "two", "one", "<monitorCrossRefID>m<"];
    assert!(
        sent.len() == 4 && sent.iter().zip(names).all(|((_, text), name)| text.contains(name)),
        "{sent:?}"
    );
}

#[test]
fn heartbeats_and_answers_do_not_wait_but_count() {
    let mut bench = Bench::in_service(1, "cti.rate = 1\ncti.heartbeat = 5\n");
    bench.advance(Duration::from_secs(4));
    let connection = bench.pool.take_turn("").unwrap();
    for ticket in 0..20 {
        bench.ask(connection, ticket, STOP).unwrap();
    }
    bench.sent(0);
    bench.status(0, "normal");
    assert_eq!(bench.sent(0).len(), 1, "the answer");
    bench.advance(Duration::from_secs(1));
    let sent = bench.sent(0);
    assert!(sent.len() == 1 && sent[0].1.contains("RequestSystemStatus"), "{sent:?}");
    bench.say(0, sent[0].0, NORMAL);
    assert_eq!(by_second(&mut bench, 3), [0, 1, 1]);
}

#[test]
fn a_wait_that_would_be_too_long_is_refused_at_once_and_time_outs_begin_after_it() {
    let mut bench = Bench::in_service(1, "cti.rate = 1\n");
    bench.advance(Duration::from_secs(10));
    let connection = bench.pool.take_turn("").unwrap();
    let asked: Vec<_> = (0..40).map(|ticket| bench.ask(connection, ticket, STOP)).collect();
    let taken = asked.iter().filter(|asked| asked.is_ok()).count();
    assert_eq!((taken, asked[39]), (27, Err(CstaError::RESOURCE_BUSY)));
    assert!(bench.pool.is_congested());
    let mut answered = 0;
    for _ in 0..40 {
        for (invoke, document) in bench.sent(0) {
            let answer = if document.contains("<MonitorStop") { "<MonitorStopResponse/>" } else { NORMAL };
            bench.say(0, invoke, answer);
            answered += usize::from(document.contains("<MonitorStop"));
        }
        bench.advance(Duration::from_secs(1));
    }
    let waited_too_long = 27 - answered;
    assert!(waited_too_long <= 2, "one waited for a heartbeat: {answered}");
    assert_eq!(bench.shared.counters.services_timed_out, u64::try_from(waited_too_long).unwrap());
    assert!(!bench.pool.is_congested() && bench.pool.requests().is_empty());
}

#[test]
fn what_waits_is_forgotten_with_its_connection() {
    let mut bench = Bench::in_service(1, "cti.rate = 1\n");
    let connection = bench.pool.take_turn("").unwrap();
    for ticket in 0..10 {
        bench.ask(connection, ticket, STOP).unwrap();
    }
    bench.close(0);
    bench.sent(0);
    bench.advance(Duration::from_secs(3));
    bench.bring_up(0);
    assert_eq!(bench.pool.longest_backlog(), Duration::ZERO);
    assert_eq!(by_second(&mut bench, 10), [0; 10]);
}
