//! Faults between requests: retransmissions at the wrong time, connections that fail with requests under way, full
//! tables. No request stays unanswered, and nothing is left over.

mod connections;
mod link;
mod phone_system;
mod sessions;
mod transactions;

use ctigate_tests::bench::Bench;

/// The notices of this name since the last call.
fn told(bench: &mut Bench, name: &str) -> Vec<String> {
    bench.notices().into_iter().filter(|notice| notice.split(' ').next() == Some(name)).collect()
}
