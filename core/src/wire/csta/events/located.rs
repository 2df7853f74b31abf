//! Where the elements of an event stand in the document that it came in.

use roxmltree::Node;

use super::Slot;
use crate::wire::csta::read::Element;

/// The most slots that any shape has.
pub(in crate::wire::csta) const MAX_SLOTS: usize = 32;

/// An event's elements, each at its slot's place.
pub(in crate::wire::csta) struct Located<'a> {
    nodes: [Option<Element<'a>>; MAX_SLOTS],
    /// How many elements no slot stands for, `extensions` aside.
    pub(in crate::wire::csta) unknown: usize,
}

impl<'a> Located<'a> {
    /// Looks at each child of `root` once. Senders keep to the schema's order, so the search goes on from the last find.
    /// Of an element that stands there twice the first counts.
    pub(in crate::wire::csta) fn new(root: Element<'a>, slots: &[Slot]) -> Self {
        let mut located = Self { nodes: [None; MAX_SLOTS], unknown: 0 };
        let mut next = 0;
        for child in root.children().filter(Node::is_element) {
            let name = child.tag_name().name();
            let is_named = |place: &usize| slots.get(*place).is_some_and(|slot| slot.name == name);
            let Some(place) = (next..slots.len()).chain(0..next.min(slots.len())).find(is_named) else {
                located.unknown += usize::from(name != "extensions");
                continue;
            };
            next = place + 1;
            if let Some(node @ None) = located.nodes.get_mut(place) {
                *node = Some(child);
            }
        }
        located
    }

    /// The element at a slot's place.
    pub(in crate::wire::csta) fn at(&self, place: usize) -> Option<Element<'a>> {
        self.nodes.get(place).copied().flatten()
    }
}
