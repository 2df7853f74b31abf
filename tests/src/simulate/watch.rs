//! Machines that are watched after every step.

use core::cell::{Cell, RefCell};
use std::rc::Rc;

use ctigate_core::{Actions, Input, Instant, Machine};

use crate::watched::Watched;

/// A watcher of a machine.
pub(super) trait Watcher<M> {
    /// Called after a step, with the machine, the input (the bytes that were taken) and the actions.
    fn after(&mut self, machine: &M, now: Instant, input: &Input<'_>, actions: &Actions);
}

/// A factory of machines of which only the first is watched; the others replay its run.
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
