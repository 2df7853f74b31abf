//! The shape of each event: its elements in the schema's order, without `extensions`, which is the last of every event.

use super::{Part, Shape, Slot};
use crate::wire::csta::member::Names;

mod calls;
mod devices;
mod others;

/// Lists of devices that the caller is compared with.
const CALLING_DEVICES: Names = Names::Within { devices: &["callingDevice"], connections: &[] };
/// What is left of a call when a transfer or conference failed.
const PART_OF_CALL: Names = Names::Within { devices: &["deviceID"], connections: &["connectionID"] };

const fn slot(name: &'static str, part: Part) -> Slot {
    Slot { name, part, since: 2 }
}

/// An element without identifiers.
const fn plain(name: &'static str) -> Slot {
    slot(name, Part::Copy(Names::None))
}

impl Slot {
    /// The same slot, added in a later edition.
    const fn since(self, edition: u8) -> Self {
        Self { since: edition, ..self }
    }
}

/// The shapes of all known events. The modelled ones come first, in [`super::CallEventKind::ALL`]'s order.
pub fn shapes() -> impl Iterator<Item = &'static Shape> {
    calls::SHAPES.iter().chain(others::SHAPES).chain(devices::SHAPES)
}

/// The shapes of the modelled events, in [`super::CallEventKind::ALL`]'s order.
pub(super) const MODELLED: &[Shape] = calls::SHAPES;
