//! Canaries: machines that are broken on purpose, which the world must detect.

mod engines;

use ctigate_core::Duration;
use ctigate_tests::toy::Canary;
use ctigate_tests::{Weather, twice};

use crate::world::toys;

/// The fault that the world reports for a toy broken in this way, which asks in this way.
fn caught(canary: Canary, way: &str) -> String {
    let told = twice(7, Weather { loss: 300, ..Weather::STORM }, |world| {
        let (asker, answerer) = toys(world, canary);
        world.line(asker, way);
        world.run_for(Duration::from_millis(400))?;
        world.cut_link(asker, answerer);
        world.run_until("all is answered", Duration::from_secs(60), |world| {
            world.has_printed(asker, "done")
        })?;
        world.run_for(Duration::from_secs(2))
    });
    match told {
        Ok(()) => "nothing".to_owned(),
        Err(fault) => fault.to_string(),
    }
}

#[track_caller]
fn assert_caught(canary: Canary, way: &str, message: &str) {
    let said = caught(canary, way);
    assert!(said.contains(message), "{canary:?} was expected to be caught by «{message}»; caught: {said}");
}

const UDP: &str = "udp 192.0.2.1:7 9";
const TCP: &str = "tcp answerer:7 9";

#[test]
fn a_healthy_toy_is_not_accused() {
    assert_eq!(caught(Canary::Healthy, UDP), "nothing");
    assert_eq!(caught(Canary::Healthy, TCP), "nothing");
}

#[test]
fn a_stale_wake_up_is_caught() {
    assert_caught(Canary::StaleWake, UDP, "a stale wake-up");
}

#[test]
fn a_machine_that_spins_is_caught() {
    assert_caught(Canary::Spin, UDP, "live-lock");
}

#[test]
fn a_change_that_the_digest_misses_is_caught() {
    assert_caught(Canary::ForgottenDigest, UDP, "computed anew");
}

#[test]
fn a_counter_outside_the_machine_is_caught() {
    assert_caught(Canary::OutsideCounter, UDP, "does not run the same way twice");
}

#[test]
fn an_address_in_memory_is_caught() {
    let said = caught(Canary::Address, UDP);
    let seen = ["does not run the same way twice", "does not replay"].iter().any(|sign| said.contains(sign));
    assert!(seen, "{said}");
}

#[test]
fn a_step_that_fills_its_actions_is_caught() {
    assert_caught(Canary::Flood, UDP, "there is no room for more");
}

#[test]
fn a_step_that_overflows_its_actions_is_caught() {
    let message = if cfg!(debug_assertions) { "panicked" } else { "there is no room for more" };
    assert_caught(Canary::Overflow, UDP, message);
}

#[test]
fn a_write_to_a_closed_connection_is_caught() {
    assert_caught(Canary::LateWrite, TCP, "wrote to #");
}

#[test]
fn a_connection_number_used_twice_is_caught() {
    assert_caught(Canary::SameLink, TCP, "a number is never used again");
}
