//! CTI connections that fail, and phone systems that are slow.

use ctigate_core::setting::Value;
use ctigate_core::{Closed, Duration, Input};
use ctigate_tests::bench::{Client, PhoneSystem, csta, csta_error, only};

use super::{HELD, call, monitored, signed_in};

fn register(bench: &mut ctigate_tests::bench::Bench, client: &mut Client) {
    let inside = "<requestTypes><systemStatus>true</systemStatus></requestTypes><requestedStatusFilter/>";
    assert_eq!(only(&client.info(bench, "SystemRegister", inside), 200).root(), "SystemRegisterResponse");
}

fn reconnect(bench: &mut ctigate_tests::bench::Bench, system: PhoneSystem) -> PhoneSystem {
    bench.heartbeats(None);
    bench.close(system.link());
    bench.advance(Duration::from_secs(3));
    PhoneSystem::answer(bench)
}
