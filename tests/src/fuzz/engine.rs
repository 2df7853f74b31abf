//! The whole gateway: bytes are a list of small operations on it, and on its clients and phone systems.
//!
//! The bytes are read from the front; a stage that has no more of them comes to its end. Clients and phone systems that
//! behave well by themselves (the first bytes say so, and later ones change it) let chance reach deep states.

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

/// The whole gateway under operations read from `bytes`. States: each notice it gave, each method and status it spoke
/// and each document it sent, and how full its tables were.
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
