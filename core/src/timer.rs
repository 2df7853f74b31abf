//! Deadlines, in order. Every deadline set is either reached or cancelled exactly; none goes stale.

use alloc::collections::BTreeSet;

use crate::time::Instant;

/// One owner's one deadline: where it stands in the queue, or that it does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// When it is due, if it is set.
    #[must_use]
    pub const fn at(self) -> Option<Instant> {
        self.0
    }

    /// Whether it is set.
    #[must_use]
    pub const fn is_set(self) -> bool {
        self.0.is_some()
    }
}

crate::digest! { struct Deadline(at) }

/// All deadlines of a machine; `K` says whose and what for.
#[derive(Debug)]
pub struct Timers<K: Ord + Copy> {
    queue: BTreeSet<(Instant, K)>,
}

impl<K: Ord + Copy> Default for Timers<K> {
    fn default() -> Self {
        Self { queue: BTreeSet::new() }
    }
}

impl<K: Ord + Copy> Timers<K> {
    /// No deadlines.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets `deadline`, which is `key`'s, to `at`; a time it had before is forgotten.
    pub fn set(&mut self, deadline: &mut Deadline, key: K, at: Instant) {
        self.cancel(deadline, key);
        deadline.0 = Some(at);
        let fresh = self.queue.insert((at, key));
        debug_assert!(fresh, "two deadlines under one key");
    }

    /// Forgets `deadline`, which is `key`'s, if it is set.
    pub fn cancel(&mut self, deadline: &mut Deadline, key: K) {
        if let Some(at) = deadline.0.take() {
            let found = self.queue.remove(&(at, key));
            debug_assert!(found, "a deadline that was set is in the queue");
        }
    }

    /// The earliest deadline.
    #[must_use]
    pub fn next(&self) -> Option<(Instant, K)> {
        self.queue.first().copied()
    }

    /// Takes the earliest deadline out if it is due. The owner must then call [`Timers::fired`] on its own record.
    pub fn pop_due(&mut self, now: Instant) -> Option<(Instant, K)> {
        let first = self.next()?;
        if first.0 > now {
            return None;
        }
        self.queue.pop_first()
    }

    /// Notes in the owner's record that its deadline was reached.
    pub fn fired(deadline: &mut Deadline) {
        deadline.0 = None;
    }

    /// How many deadlines are set.
    #[must_use]
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Whether none is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}
