//! Fuzzing of the whole gateway: the bytes are a list of small operations on it, its clients and its phone systems.
//!
//! The bytes are read from the front; the run ends when none are left. Clients and phone systems that behave well by
//! themselves (the first bytes say so, and later ones change it) allow random bytes to reach deep states.

mod operations;
mod retell;
mod stage;
mod systems;

use super::choices::Choices;
use super::reached::Reached;
use stage::Stage;

pub(super) use retell::seeds;

/// The most operations of one run.
const OPERATIONS: usize = 160;

/// The whole gateway under operations read from `bytes`. States: each notice, each method and status, each kind of
/// document that it sent, and how full its tables were.
///
/// # Panics
/// If a property does not hold.
pub fn engine(bytes: &[u8], reached: &mut Reached) {
    let mut choices = Choices::new(bytes);
    let mut stage = Stage::new(&mut choices);
    for _ in 0..OPERATIONS {
        if choices.is_empty() {
            break;
        }
        operations::one(&mut stage, &mut choices);
        stage.look();
    }
    reached.add(&stage.end());
}
