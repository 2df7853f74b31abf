//! Machines with a function that is called after every step.

use ctigate_core::engine::Selection;
use ctigate_core::{Actions, Input, Instant, Listen, Machine, Taken, Wake};

/// A machine, and the function that is called after each step with the machine, the input (the bytes that were taken)
/// and the actions.
pub(crate) struct Watched<M, F> {
    /// The machine.
    pub(crate) machine: M,
    /// The function.
    pub(crate) after: F,
}

impl<M: Machine, F: FnMut(&M, Instant, &Input<'_>, &Actions)> Machine for Watched<M, F> {
    fn listens(&self) -> Vec<Listen> {
        self.machine.listens()
    }

    fn step(&mut self, now: Instant, input: Input<'_>, actions: &mut Actions) -> Taken {
        let taken = self.machine.step(now, input, actions);
        (self.after)(&self.machine, now, &input.up_to(taken), actions);
        taken
    }

    fn selections(&self, after: &str, most: usize) -> Vec<Selection> {
        self.machine.selections(after, most)
    }

    fn build(&self) -> &'static str {
        self.machine.build()
    }

    fn next_wake(&self) -> Option<Wake> {
        self.machine.next_wake()
    }

    fn digest(&mut self) -> u64 {
        self.machine.digest()
    }

    fn full_digest(&self) -> u64 {
        self.machine.full_digest()
    }
}
