//! The elements of an event in its document.

use roxmltree::Node;

use super::Slot;
use crate::wire::csta::read::Element;

/// The most slots of any shape.
pub(in crate::wire::csta) const MAX_SLOTS: usize = 32;

/// An event's elements, each at the index of its slot.
pub(in crate::wire::csta) struct Located<'a> {
    nodes: [Option<Element<'a>>; MAX_SLOTS],
    /// How many elements have no slot, apart from `extensions`.
    pub(in crate::wire::csta) unknown: usize,
}

impl<'a> Located<'a> {
    /// Visits each child of `root` once. Senders follow the schema's order, so the search continues from the last
    /// match. If an element occurs twice, the first counts.
    pub(in crate::wire::csta) fn new(root: Element<'a>, slots: &[Slot]) -> Self {
        let mut located = Self { nodes: [None; MAX_SLOTS], unknown: 0 };
        let mut next = 0;
        for child in root.children().filter(Node::is_element) {
            let name = child.tag_name().name();
            let is_named = |index: &usize| slots.get(*index).is_some_and(|slot| slot.name == name);
            let Some(index) = (next..slots.len()).chain(0..next.min(slots.len())).find(is_named) else {
                located.unknown += usize::from(name != "extensions");
                continue;
            };
            next = index + 1;
            if let Some(node @ None) = located.nodes.get_mut(index) {
                *node = Some(child);
            }
        }
        located
    }

    /// The element at the index of a slot.
    pub(in crate::wire::csta) fn at(&self, index: usize) -> Option<Element<'a>> {
        self.nodes.get(index).copied().flatten()
    }
}
