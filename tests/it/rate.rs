//! `cti.rate`: phone systems that bear only so many messages a second.

use ctigate_core::Duration;
use ctigate_core::setting::Value;
use ctigate_tests::bench::{Asked, Bench, Client, PhoneSystem, csta, only, snapshot};

const TICK: Duration = Duration::from_millis(100);

/// Answers what the gateway asked for, and returns how much that was.
fn answer(bench: &mut Bench, system: PhoneSystem) -> usize {
    let asked = system.asked(bench);
    for one in &asked {
        let answer = match one.root() {
            "SnapshotDevice" => snapshot(one.element("snapshotObject"), &[]),
            "MonitorStart" => {
                let named =
                    format!("<monitorCrossRefID>n{}</monitorCrossRefID>", one.element("deviceObject"));
                csta("MonitorStartResponse", &named)
            }
            "MonitorStop" => csta("MonitorStopResponse", ""),
            "HoldCall" => csta("HoldCallResponse", ""),
            other => panic!("{other} was not expected"),
        };
        system.say(bench, one.invoke, &answer);
    }
    asked.len()
}

/// How many messages come in each tenth of a second until none does.
fn by_tick(bench: &mut Bench, system: PhoneSystem) -> Vec<usize> {
    let mut sent = vec![answer(bench, system)];
    while sent.last() != Some(&0) {
        bench.advance(TICK);
        sent.push(answer(bench, system));
    }
    sent
}

#[test]
fn mass_sign_in_obeys_the_rate_and_whoever_would_wait_too_long_is_asked_to_come_later() {
    let (mut bench, system) = Bench::in_service(&[("cti.rate", Value::Integer(20))]);
    bench.advance(Duration::from_secs(1));
    let mut clients: Vec<Client> = (0..260)
        .map(|index| {
            let mut client = Client::of_line(&mut bench, &format!("user{index}"), 1_000 + index);
            let body = client.sign_in_body();
            let request = client.request("INVITE", &body);
            client.say(&mut bench, &request);
            client
        })
        .collect();
    let sent = by_tick(&mut bench, system);
    assert!(sent[0] <= 2 && sent[1..].iter().all(|sent| *sent <= 3), "{sent:?}");
    assert!(sent.len() > 95, "ten seconds' worth are taken: {}", sent.len());
    assert_eq!(bench.engine().counters().sign_ins, u64::try_from(sent.iter().sum::<usize>()).unwrap());
    assert_eq!(bench.engine().counters().services_timed_out, 0);
    let refused = bench.engine().counters().refusals().find(|(status, _)| *status == 503);
    let (_, refused) = refused.unwrap();
    assert_eq!(bench.engine().counters().sign_ins + refused, 260, "each has its answer");
    let last = clients.last_mut().unwrap();
    let body = last.sign_in_body();
    last.send(&mut bench, "INVITE", &body);
    answer(&mut bench, system);
}

#[test]
fn a_click_goes_ahead_of_the_monitors_of_a_crowd() {
    let (mut bench, system) = Bench::in_service(&[("cti.rate", Value::Integer(200))]);
    let mut clients = Client::many(&mut bench, &[system], 20, 1_001);
    let (mut alice, _) = clients.pop().unwrap();
    bench.advance(Duration::from_secs(1));
    for index in 0..60 {
        let mut client = Client::of_line(&mut bench, &format!("late{index}"), 2_000 + index);
        let body = client.sign_in_body();
        client.send(&mut bench, "INVITE", &body);
    }
    system.asked(&mut bench);
    alice.info(&mut bench, "HoldCall", "<callToBeHeld><callID>0_7</callID></callToBeHeld>");
    bench.advance(Duration::from_millis(5));
    let asked: Vec<Asked> = system.asked(&mut bench);
    assert_eq!(asked.first().map(Asked::root), Some("HoldCall"));
    system.say(&mut bench, asked[0].invoke, &csta("HoldCallResponse", ""));
    assert_eq!(only(&alice.heard(&mut bench), 200).root(), "HoldCallResponse");
}

#[test]
fn rebinding_obeys_the_rate() {
    let settings = [
        ("cti.recovery", Value::Text("rebind".into())),
        ("cti.rebind_rate", Value::Integer(10_000)),
        ("cti.rate", Value::Integer(200)),
        ("cti.connection[1].address", Value::Text("127.0.0.1:4001".into())),
    ];
    let (mut bench, [first, second]) = Bench::with_systems(&settings);
    Client::many(&mut bench, &[first, second], 120, 1_001);
    bench.heartbeats([second]);
    bench.advance(Duration::from_secs(1));
    answer(&mut bench, second);
    bench.close(first.link());
    let mut total = 0;
    for tick in 0..15 {
        let mut sent = 0;
        for _ in 0..20 {
            sent += answer(&mut bench, second);
            bench.advance(Duration::from_millis(5));
        }
        assert!(sent <= if tick == 0 { 41 } else { 21 }, "{sent} in tenth {tick}");
        total += sent;
    }
    assert_eq!((total, bench.engine().counters().rebinds), (120, 60), "a monitor and a snapshot each");
    assert_eq!(bench.engine().counters().services_timed_out, 0);
}
