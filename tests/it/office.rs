//! Clients, the gateway and a phone system in one office: what real clients send and expect, end to end. A test of a
//! client quirk has its number; every story is run twice and replayed.

mod body;
mod dialog;
mod event;
mod refresh;
mod request;
mod sign_out;

use ctigate_tests::office::Office;
use ctigate_tests::{Fault, Plan, Weather, World, twice};

/// Runs a story in calm weather, in an office of the usual plan with these settings of the gateway.
#[track_caller]
fn story(settings: &[&str], told: impl Fn(&mut World, &Office) -> Result<(), Fault>) {
    let plan = Plan::gateway(settings);
    let end = twice(1, Weather::CALM, |world| {
        let office = Office::open(world, &plan)?;
        told(world, &office)
    });
    end.unwrap_or_else(|fault| panic!("{fault}"));
}
