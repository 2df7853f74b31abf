//! A queue of deadlines. Every deadline that is set either fires or is cancelled; none goes stale.

use alloc::collections::BTreeSet;

use crate::time::Instant;

/// The owner's record of its deadline: when it is due, if it is set.
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

/// All deadlines of a machine; `K` is a deadline's owner and purpose.
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

    /// Sets the deadline of `key` to `at`, in place of the time it was set to before, if any.
    pub fn set(&mut self, deadline: &mut Deadline, key: K, at: Instant) {
        self.cancel(deadline, key);
        deadline.0 = Some(at);
        let fresh = self.queue.insert((at, key));
        debug_assert!(fresh, "two deadlines under one key");
    }

    /// Cancels the deadline of `key`, if it is set.
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

    /// Removes the earliest deadline if it is due. The owner must then call [`Timers::fired`] on its record.
    pub fn pop_due(&mut self, now: Instant) -> Option<(Instant, K)> {
        let first = self.next()?;
        if first.0 > now {
            return None;
        }
        self.queue.pop_first()
    }

    /// Notes in the owner's record that the deadline has fired.
    pub fn fired(deadline: &mut Deadline) {
        deadline.0 = None;
    }

    /// How many deadlines are set.
    #[must_use]
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Whether no deadline is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}
