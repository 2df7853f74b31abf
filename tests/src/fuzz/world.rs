//! Two gateways at one phone system, with scripted clients, and clients that a balancer leads to either: bytes choose who
//! speaks, which way, and what the network does to it.
//!
//! The machines are those of the core, in a [`crate::World`], which checks after each turn that the next wake-up lies
//! ahead and that the state's fingerprint is what it is computed anew. The bytes choose the network's weather and its
//! dice, too.

mod operations;
mod retell;
mod stage;
mod town;

use super::choices::Choices;
use super::reached::Reached;
use stage::Stage;

pub(super) use retell::seeds;

/// The most operations of one run.
const OPERATIONS: usize = 60;

/// Two gateways, a phone system and clients under operations read from `bytes`. States: each notice that a gateway gave,
/// each method and status it spoke and each document it sent, how full its tables were, how full the phone system's, and
/// what the scripted clients saw.
///
/// # Panics
/// If a property does not hold.
pub fn world(bytes: &[u8], reached: &mut Reached) {
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
