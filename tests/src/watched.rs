//! Machines that are looked at after every step, wherever they are.

use ctigate_core::{Actions, Input, Instant, Listen, Machine, Taken, Wake};

/// A machine, and what is done after each of its steps: with the machine as it is then, the input (as much of it as was
/// taken), and what is wanted.
pub(crate) struct Watched<M, F> {
    /// The machine.
    pub(crate) machine: M,
    /// What is done.
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
