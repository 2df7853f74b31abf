//! Tests of the simulated world itself, with toys.

use core::net::{IpAddr, Ipv4Addr};

use ctigate_core::{Closed, Duration};
use ctigate_tests::toy::{Answerer, Asker, Canary};
use ctigate_tests::{Fault, HostId, Random, Weather, World, twice};

const PATIENCE: Duration = Duration::from_secs(600);

/// An address for tests (RFC 5737).
pub(crate) fn ip(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, last))
}

/// Adds a toy that asks and one that answers.
pub(crate) fn toys(world: &mut World, canary: Canary) -> (HostId, HostId) {
    let answerer = world.add("answerer", ip(1), || Box::new(Answerer::new()));
    let asker = world.add("asker", ip(2), move || Box::new(Asker::new(canary)));
    (asker, answerer)
}

fn ask(world: &mut World, way: &str) -> Result<usize, Fault> {
    let (asker, answerer) = toys(world, Canary::Healthy);
    world.line(asker, way);
    world.run_until("all is answered", PATIENCE, |world| world.has_printed(asker, "done"))?;
    world.run_for(Duration::from_secs(5))?;
    assert_eq!(world.connections(answerer), 0);
    Ok(world.steps(asker))
}

#[test]
fn every_question_is_answered_over_tcp_in_any_weather() {
    for seed in 0..60 {
        let weather = Weather::drawn(&mut Random::new(seed));
        twice(seed, weather, |world| ask(world, "tcp answerer:7 30")).unwrap();
    }
}

#[test]
fn every_question_is_answered_over_udp_in_any_weather() {
    for seed in 0..60 {
        let weather = Weather::drawn(&mut Random::new(seed));
        twice(seed, weather, |world| ask(world, "udp 192.0.2.1:7 30")).unwrap();
    }
}

#[test]
fn a_storm_costs_datagrams_that_calm_weather_does_not() {
    let calm = twice(1, Weather::CALM, |world| ask(world, "udp 192.0.2.1:7 50")).unwrap();
    let storm = twice(1, Weather::STORM, |world| ask(world, "udp 192.0.2.1:7 50")).unwrap();
    assert!(storm > calm + 20, "{storm} steps in the storm, {calm} in the calm");
}

#[test]
fn a_link_that_is_cut_is_told_to_both_ends_and_opened_anew() {
    let cut = twice(5, Weather::CALM, |world| {
        let (asker, answerer) = toys(world, Canary::Healthy);
        world.line(asker, "tcp answerer:7 100");
        for _ in 0..5 {
            world.run_for(Duration::from_millis(20))?;
            world.cut_link(answerer, asker);
        }
        world.run_until("all is answered", PATIENCE, |world| world.has_printed(asker, "done"))?;
        world.run_for(Duration::from_secs(1))?;
        Ok(world.connections(asker) + world.connections(answerer))
    });
    assert_eq!(cut, Ok(0));
}

#[test]
fn nobody_listens_and_nobody_has_the_name() {
    let mut world = World::new(1, Weather::CALM);
    let bare = world.add_bare("bare", ip(9), Vec::new());
    let refused = world.connect(bare, "192.0.2.77:7");
    let unknown = world.connect(bare, "nowhere:7");
    world.run_for(Duration::from_secs(1)).unwrap();
    assert_eq!(world.closed(bare, refused), Some(Closed::Refused));
    assert_eq!(world.closed(bare, unknown), Some(Closed::NameUnknown));
}

#[test]
fn a_bare_host_reads_what_arrived_before_the_end() {
    let mut world = World::new(1, Weather::STORM);
    world.add("answerer", ip(1), || Box::new(Answerer::new()));
    let bare = world.add_bare("bare", ip(9), Vec::new());
    let link = world.connect(bare, "answerer:7");
    world.run_until("it is open", PATIENCE, |world| world.is_open(bare, link)).unwrap();
    world.write(bare, link, b"ask 1\nask 2\n");
    world.write(bare, link, &[b'x'; 100]);
    world.run_until("the end", PATIENCE, |world| world.closed(bare, link).is_some()).unwrap();
    assert_eq!(world.received(bare, link), b"answer 1\nanswer 2\n");
    assert_eq!(world.closed(bare, link), Some(Closed::ByPeer));
}

#[test]
fn waiting_in_vain_says_for_what() {
    let mut world = World::new(1, Weather::CALM);
    let (asker, _) = toys(&mut world, Canary::Healthy);
    let fault = world
        .run_until("an answer to nothing", Duration::from_secs(1), |world| world.has_printed(asker, "done"))
        .unwrap_err();
    assert!(fault.to_string().contains("waited 1000 ms in vain for: an answer to nothing"), "{fault}");
}
