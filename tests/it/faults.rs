//! What goes wrong between requests: repetitions at the wrong time, connections that fail with work under way, tables
//! that are full. Nobody waits for ever, nothing is left behind.

mod connections;
mod link;
mod phone_system;
mod sessions;
mod transactions;

use ctigate_tests::bench::Bench;

/// The notices of this name since last asked.
fn told(bench: &mut Bench, name: &str) -> Vec<String> {
    bench.notices().into_iter().filter(|notice| notice.split(' ').next() == Some(name)).collect()
}
