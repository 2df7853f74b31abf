//! Every quirk of real clients, by its number: what must not break anything.

mod events;
mod forms;
mod numbers;
mod refresh;
mod routing;
mod sipe;
mod transactions;

use ctigate_tests::bench::{Bench, Client, PhoneSystem};

/// A gateway in service.
fn gateway() -> (Bench, PhoneSystem) {
    let mut bench = Bench::new();
    let system = PhoneSystem::answer(&mut bench);
    (bench, system)
}

/// A gateway in service with a client that signed in over a stream.
fn signed_in() -> (Bench, PhoneSystem, Client) {
    let (mut bench, system) = gateway();
    let mut client = Client::new(&mut bench, "alice");
    client.sign_in(&mut bench, system);
    (bench, system, client)
}
