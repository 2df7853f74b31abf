//! Remote call control without SIP, under random orders of answers, events, moves, snapshots and stops, against a model
//! of the phone systems and of what each client knows. Once all is calm, each client must know exactly the calls that
//! exist.
//!
//! `CTIGATE_SEED=N cargo test --package ctigate-core property` repeats the run of a seed, `CTIGATE_SEEDS=N` tries so
//! many. The test must find the faults that patches put back (`tests/canaries`, `.ci/run canaries`).

mod client;
mod desks;
mod driver;
mod exchange;
mod generator;
mod line_protocol;
mod phone_systems;
mod random;

use generator::{run, story};

/// How many seeds are tried by default.
const SEEDS: u64 = 400;

#[test]
fn property_each_client_knows_the_existing_calls_once_all_is_calm() {
    let number = |text: Option<&str>| text.map(|text| text.parse::<u64>().unwrap());
    let (first, count) = match number(option_env!("CTIGATE_SEED")) {
        Some(seed) => (seed, 1),
        None => (0, number(option_env!("CTIGATE_SEEDS")).unwrap_or(SEEDS)),
    };
    for seed in first..first + count {
        if let Err(why) = run(seed) {
            panic!("the property does not hold: seed {seed}, {why}\n{}", story(seed));
        }
    }
}

#[test]
fn property_a_seed_leads_to_the_same_states_each_time() {
    for seed in 0..8 {
        let states = run(seed).unwrap();
        assert_eq!(run(seed), Ok(states));
        assert_ne!(run(seed + 1), Ok(states));
    }
}
