//! The scripted client, the gateway and the phone system together, in good weather and bad.

use ctigate_core::{Command, Duration, Seed, Transport};
use ctigate_peers::client::{Client, ClientConfig};
use ctigate_tests::office::{GATEWAY, Office, Plan, ip};
use ctigate_tests::random::Random;
use ctigate_tests::world::{Fault, HostId, Weather, World, twice};

const ALICE: &[&str] = &[
    "wait signed-in 60s",
    "wait monitor 60s",
    "sleep 1s",
    "call 1002",
    "wait established called=1002 60s",
    "hold",
    "wait held 60s",
    "retrieve",
    "wait retrieved 60s",
    "snapshot",
    "refresh",
    "wait refreshed 60s",
    "update",
    "hangup",
    "wait cleared 60s",
    "quit",
];

const BOB: &[&str] = &[
    "wait monitor 60s",
    "wait delivered calling=1001 60s",
    "answer",
    "wait established 60s",
    "wait cleared 120s",
    "quit",
];

const CALLER: &[&str] = &[
    "wait monitor 60s",
    "sleep 1s",
    "call 1002",
    "wait diverted local=connected 60s",
    "wait delivered called=1002 60s",
    "wait established called=1002 60s",
    "hangup",
    "wait cleared 60s",
    "quit",
];

const DEFLECTING: &[&str] = &[
    "wait monitor 60s",
    "wait delivered calling=1001 60s",
    "deflect 1003",
    "wait ok deflect 60s",
    "wait diverted local=null 60s",
    "snapshot",
    "wait snapshot 0 60s",
    "quit",
];

const ANSWERING: &[&str] = &[
    "wait monitor 60s",
    "wait delivered calling=1001 60s",
    "answer",
    "wait established called=1002 60s",
    "wait cleared 60s",
    "quit",
];

fn client(world: &mut World, name: &str, index: u8, number: &str, transport: Transport) -> HostId {
    let (user, line) = (format!("sip:{name}@example.com"), format!("tel:{number};phone-context=dialstring"));
    let mut config = ClientConfig::new(GATEWAY, &user, &line);
    config.transport = transport;
    config.timeout = Duration::from_secs(60);
    let seed = Seed::from_number(world.seed().wrapping_add(u64::from(index)));
    world.add(name, ip(index), move || Box::new(Client::new(config.clone(), seed)))
}

fn story(world: &mut World, transport: Transport) -> Result<(HostId, HostId), Fault> {
    let _office = Office::open(world, &Plan::default())?;
    let alice = client(world, "alice", 21, "1001", transport);
    let bob = client(world, "bob", 22, "1002", transport);
    // Bob is called only when he can see it.
    world.run_until("Bob sees his phone", Duration::from_secs(120), |world| {
        world.has_printed(bob, "monitor ")
    })?;
    for (host, lines) in [(alice, ALICE), (bob, BOB)] {
        for line in lines {
            world.line(host, line);
        }
        world.command(host, Command::End);
    }
    world.run_until("both clients come to their end", Duration::from_secs(600), |world| {
        world.finished(alice).is_some() && world.finished(bob).is_some()
    })?;
    Ok((alice, bob))
}

#[test]
fn a_call_that_is_deflected_is_answered_elsewhere() {
    let played = twice(3, Weather::CALM, |world| {
        let _office = Office::open(world, &Plan::default())?;
        let people = [("carol", 23, "1003"), ("bob", 22, "1002"), ("alice", 21, "1001")];
        let hosts = people.map(|(name, index, line)| client(world, name, index, line, Transport::Tcp));
        for (host, lines) in hosts.into_iter().zip([ANSWERING, DEFLECTING, CALLER]) {
            for line in lines {
                world.line(host, line);
            }
            world.command(host, Command::End);
        }
        world.run_until("all come to their end", Duration::from_secs(600), |world| {
            hosts.iter().all(|host| world.finished(*host).is_some())
        })?;
        Ok(hosts.map(|host| (world.finished(host), world.printed(host).to_vec())))
    });
    let played = played.unwrap_or_else(|fault| panic!("{fault}"));
    assert!(played.iter().all(|(status, _)| *status == Some(0)), "{played:#?}");
}

#[track_caller]
fn both_end_well(seed: u64, weather: Weather, transport: Transport) {
    let played = twice(seed, weather, |world| {
        let (alice, bob) = story(world, transport)?;
        let show = |host| (world.finished(host), world.printed(host).to_vec());
        Ok((show(alice), show(bob)))
    });
    let ((alice, said), (bob, heard)) = played.unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!((alice, bob), (Some(0), Some(0)), "seed {seed}\nalice: {said:#?}\nbob: {heard:#?}");
}

#[test]
fn alice_calls_bob_over_tcp() {
    both_end_well(1, Weather::CALM, Transport::Tcp);
}

#[test]
fn alice_calls_bob_over_udp() {
    both_end_well(1, Weather::CALM, Transport::Udp);
}

#[test]
fn alice_calls_bob_in_any_weather() {
    for seed in 1..=20 {
        let weather = Weather::drawn(&mut Random::new(seed));
        both_end_well(seed, weather, Transport::Tcp);
        both_end_well(seed, weather, Transport::Udp);
    }
}
