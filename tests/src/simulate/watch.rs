//! Machines that are looked at after every step.

use core::cell::{Cell, RefCell};
use std::rc::Rc;

use ctigate_core::{Actions, Input, Instant, Machine};

use crate::watched::Watched;

/// Whoever looks at a machine after every step.
pub(super) trait Watcher<M> {
    /// A step was made: the machine as it is now, what came in (as much of it as was taken), and what is wanted.
    fn after(&mut self, machine: &M, now: Instant, input: &Input<'_>, actions: &Actions);
}

/// Makes machines of which the first is watched: the others live its life again, which nobody need look at.
pub(super) fn watched<M: Machine + 'static>(
    make: impl Fn() -> M + 'static,
    watcher: Rc<RefCell<dyn Watcher<M>>>,
) -> impl Fn() -> Box<dyn Machine> + 'static {
    let first = Cell::new(true);
    move || {
        let watcher = first.replace(false).then(|| Rc::clone(&watcher));
        let after = move |machine: &M, now: Instant, input: &Input<'_>, actions: &Actions| {
            if let Some(watcher) = &watcher {
                watcher.borrow_mut().after(machine, now, input, actions);
            }
        };
        Box::new(Watched { machine: make(), after })
    }
}
