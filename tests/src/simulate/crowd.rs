//! Runs many seeds on all processors.

use core::num::NonZero;
use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;

use core::time::Duration;

use super::{Report, simulate};
use crate::world::Fault;

/// The progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Seeds that were run.
    pub done: u64,
    /// Seeds that are to be run.
    pub of: u64,
}

/// After this many failures no new seeds are begun.
const FAILURES: u64 = 3;

/// Runs `count` seeds from `first`, and reports progress to `told`. Returns the combined report and the seeds that
/// failed, in order; after a few failures no new seeds are begun.
pub fn crowd(first: u64, count: u64, mut told: impl FnMut(Progress)) -> (Report, Vec<Fault>) {
    let next = AtomicU64::new(0);
    let failed = AtomicU64::new(0);
    let (sender, receiver) = mpsc::channel();
    let mut whole = Report::default();
    let mut faults = Vec::new();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, NonZero::get) {
            let (sender, next, failed) = (sender.clone(), &next, &failed);
            scope.spawn(move || {
                while failed.load(Ordering::Relaxed) < FAILURES {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count {
                        break;
                    }
                    let outcome = simulate(first.wrapping_add(index));
                    failed.fetch_add(u64::from(outcome.is_err()), Ordering::Relaxed);
                    if sender.send(outcome).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut done = 0_u64;
        loop {
            match receiver.recv_timeout(Duration::from_millis(500)) {
                Ok(Ok(report)) => whole.add(&report),
                Ok(Err(fault)) => faults.push(fault),
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    told(Progress { done, of: count });
                    continue;
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
            done = done.saturating_add(1);
            told(Progress { done, of: count });
        }
    });
    faults.sort_by_key(|fault| fault.seed.wrapping_sub(first));
    (whole, faults)
}
