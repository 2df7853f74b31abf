//! The whole gateway: bytes are a list of small operations on it, and on its clients and phone systems.
//!
//! The bytes are read from the front; a stage that has no more of them comes to its end. Clients and phone systems that
//! behave well by themselves (the first bytes say so, and later ones change it) let chance reach deep states.

mod choices;
mod ledger;
mod mangle;
mod operations;
mod speech;
mod stage;
mod systems;

use std::collections::BTreeMap;

use choices::Choices;
use stage::Stage;

/// The most operations of one run.
const OPERATIONS: usize = 160;

/// How often each of the gateway's notices was given, and how many of some things there were at a time.
#[derive(Debug, Default)]
pub struct Reached {
    counts: BTreeMap<String, usize>,
}

impl Reached {
    /// The number that belongs to `name`.
    #[must_use]
    pub fn count(&self, name: &str) -> usize {
        self.counts.get(name).copied().unwrap_or(0)
    }

    /// Adds what another run reached.
    pub fn add(&mut self, other: &Self) {
        for (name, count) in &other.counts {
            *self.counts.entry(name.clone()).or_default() += count;
        }
    }

    fn note(&mut self, name: &str) {
        if name.is_empty() {
            return;
        }
        *self.counts.entry(name.into()).or_default() += 1;
    }

    fn at_least(&mut self, name: &str, count: usize) {
        let most = self.counts.entry(name.into()).or_default();
        *most = count.max(*most);
    }
}

/// The whole gateway under operations read from `bytes`.
///
/// # Panics
/// If a property does not hold.
pub fn engine(bytes: &[u8]) {
    let _ = reached(bytes);
}

/// The same, and what was reached.
///
/// # Panics
/// If a property does not hold.
#[must_use]
pub fn reached(bytes: &[u8]) -> Reached {
    let mut choices = Choices::new(bytes);
    let mut stage = Stage::new(&mut choices);
    for _ in 0..OPERATIONS {
        if choices.is_empty() {
            break;
        }
        operations::one(&mut stage, &mut choices);
        stage.look();
    }
    stage.end()
}
