//! The inventory of a phone system, whose outcome is handed over when it ends.

use std::sync::mpsc::SyncSender;

use ctigate_core::inventory::{Inventory, Stations};
use ctigate_core::{Actions, Input, Instant, Listen, Machine, Taken, Wake};

/// An inventory, and who waits for its outcome.
pub(super) struct HandedOver {
    pub(super) inventory: Inventory,
    pub(super) outcome: SyncSender<Result<Stations, String>>,
}

impl Machine for HandedOver {
    fn listens(&self) -> Vec<Listen> {
        self.inventory.listens()
    }

    fn step(&mut self, now: Instant, input: Input<'_>, actions: &mut Actions) -> Taken {
        let taken = self.inventory.step(now, input, actions);
        if let Some(outcome) = self.inventory.take_outcome() {
            // There is room for one, and it ends once; who waited may have given up.
            let _ = self.outcome.try_send(outcome);
        }
        taken
    }

    fn next_wake(&self) -> Option<Wake> {
        self.inventory.next_wake()
    }

    fn digest(&mut self) -> u64 {
        self.inventory.digest()
    }

    fn full_digest(&self) -> u64 {
        self.inventory.full_digest()
    }
}
