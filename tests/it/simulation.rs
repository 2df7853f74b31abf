//! Random walks through the whole system.

use ctigate_tests::simulate;
use ctigate_tests::simulate::Report;

/// How many seeds the tests walk; `simulate` walks more.
const SEEDS: u64 = 30;

#[test]
fn walks_hold_every_promise_and_get_everywhere() {
    let mut whole = Report::default();
    for seed in 0..SEEDS {
        match simulate(seed) {
            Ok(report) => whole.add(&report),
            Err(fault) => {
                panic!("{fault}\nagain: cargo run -p ctigate-tests --bin simulate -- --seed {seed}")
            }
        }
    }
    for met in [
        "status 200",
        "status 481",
        "csta MakeCallResponse",
        "csta CSTAErrorCode",
        "csta DeliveredEvent",
        "csta EstablishedEvent",
        "csta HeldEvent",
        "csta ConnectionClearedEvent",
        "request INFO",
        "request BYE",
        "notice session_ended",
        "notice cti_out_of_service",
    ] {
        assert!(whole.met.contains_key(met), "no walk met with «{met}»: {:#?}", whole.met);
    }
}
