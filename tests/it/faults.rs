//! What goes wrong between requests: repetitions at the wrong time, connections that fail with work under way, tables
//! that are full. Nobody waits for ever, nothing is left behind.

mod connections;
mod link;
mod phone_system;
mod sessions;
mod transactions;

use ctigate_core::setting::Value;
use ctigate_tests::bench::{Bench, Client, PhoneSystem};

/// A gateway in service, with settings of the test's own, and a client that signed in over a stream.
fn signed_in(more: &[(&str, Value)]) -> (Bench, PhoneSystem, Client) {
    let mut bench = Bench::with(more);
    let system = PhoneSystem::answer(&mut bench);
    let mut client = Client::new(&mut bench, "alice");
    client.sign_in(&mut bench, system);
    (bench, system, client)
}

/// The notices of this name since last asked.
fn told(bench: &mut Bench, name: &str) -> Vec<String> {
    bench.notices().into_iter().filter(|notice| notice.split(' ').next() == Some(name)).collect()
}

/// A MonitorStart's children for a client's own line.
fn monitored(client: &Client) -> String {
    format!("<monitorObject><deviceObject>{}</deviceObject></monitorObject>", client.uri)
}

/// A MakeCall's children for a client's own line.
fn call(client: &Client) -> String {
    format!(
        "<callingDevice>{}</callingDevice><calledDirectoryNumber>tel:1002</calledDirectoryNumber>",
        client.uri
    )
}

const HELD: &str = "<heldConnection><callID>7</callID><deviceID>1001</deviceID></heldConnection>\
    <holdingDevice><deviceIdentifier>1001</deviceIdentifier></holdingDevice>\
    <localConnectionInfo>hold</localConnectionInfo><cause>normal</cause>";
