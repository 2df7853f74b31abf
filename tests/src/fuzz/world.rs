//! Fuzzing of two gateways at one phone system, with scripted clients and with clients behind a load balancer: the
//! bytes choose who sends what and what the network does.
//!
//! The machines run in a [`crate::World`], which checks after each turn that the next wake-up is in the future and that
//! the incremental fingerprint equals the recomputed one. The bytes also choose the network's weather and seed its
//! random numbers.

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

/// Two gateways, a phone system and clients under operations read from `bytes`. States: each notice, each method and
/// status and each kind of document of the gateways, how full their tables and the phone system's were, and what the
/// scripted clients saw.
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
