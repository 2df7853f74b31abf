//! Machines that are looked at after every step.

use core::cell::{Cell, RefCell};
use std::rc::Rc;

use ctigate_core::{Actions, Input, Instant, Listen, Machine, Taken, Wake};

/// Whoever looks at a machine after every step.
pub(super) trait Watcher<M> {
    /// A step was made: the machine as it is now, what came in (as much of it as was taken), and what is wanted.
    fn after(&mut self, machine: &M, now: Instant, input: &Input<'_>, actions: &Actions);
}

/// A machine with its watcher.
struct Watched<M> {
    machine: M,
    watcher: Option<Rc<RefCell<dyn Watcher<M>>>>,
}

/// Makes machines of which the first is watched: the others live its life again, which nobody need look at.
pub(super) fn watched<M: Machine + 'static>(
    make: impl Fn() -> M + 'static,
    watcher: Rc<RefCell<dyn Watcher<M>>>,
) -> impl Fn() -> Box<dyn Machine> + 'static {
    let first = Cell::new(true);
    move || {
        let watcher = first.replace(false).then(|| Rc::clone(&watcher));
        Box::new(Watched { machine: make(), watcher })
    }
}

impl<M: Machine> Machine for Watched<M> {
    fn listens(&self) -> Vec<Listen> {
        self.machine.listens()
    }

    fn step(&mut self, now: Instant, input: Input<'_>, actions: &mut Actions) -> Taken {
        let taken = self.machine.step(now, input, actions);
        if let Some(watcher) = &self.watcher {
            watcher.borrow_mut().after(&self.machine, now, &input.up_to(taken), actions);
        }
        taken
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
