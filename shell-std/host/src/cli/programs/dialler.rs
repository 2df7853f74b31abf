//! A gateway that listens nowhere: it only dials its CTI connections.

use ctigate_core::engine::{Engine, Overview};
use ctigate_core::{Actions, Input, Instant, Listen, Machine, Taken, Wake};

/// A gateway without listening addresses.
pub(super) struct Dialler(pub(super) Engine);

impl Machine for Dialler {
    fn listens(&self) -> Vec<Listen> {
        Vec::new()
    }

    fn step(&mut self, now: Instant, input: Input<'_>, actions: &mut Actions) -> Taken {
        self.0.step(now, input, actions)
    }

    fn next_wake(&self) -> Option<Wake> {
        self.0.next_wake()
    }

    fn digest(&mut self) -> u64 {
        self.0.digest()
    }

    fn full_digest(&self) -> u64 {
        self.0.full_digest()
    }

    fn overview(&self) -> Option<Overview> {
        Some(self.0.overview())
    }
}
