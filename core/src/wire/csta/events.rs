//! Events, one row each, and the filters for events and status values.

use super::member::Names;
use super::model::{CallEventKind, MonitorFilter, StatusFilter, SystemStatus};

mod filter;
pub(super) mod located;
mod shapes;

pub use filter::FILTER_MEMBERS;
pub use shapes::shapes;

/// The meaning of an element of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `monitorCrossRefID`; required.
    CrossReference,
    /// The connection the event is about; required.
    Connection,
    /// The second of two calls that became one.
    SecondConnection,
    /// The device the event is about; required.
    Subject,
    /// The device that a call went to, or that was added to it; required where the event has it.
    NewParty,
    /// The connections of a call that resulted from others; required where the event has it.
    List,
    /// `callingDevice`; required where the event has it.
    Calling,
    /// `calledDevice`; required where the event has it.
    Called,
    /// `lastRedirectionDevice`; required where the event has it.
    Redirection,
    /// `localConnectionInfo`; optional.
    LocalState,
    /// `cause`; required.
    Cause,
    /// Not modelled: copied from the event's source, if present, with the identifiers in it rewritten.
    Copy(Names),
}

/// One element of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The element's name, as edition 3 spells it in this event.
    pub name: &'static str,
    /// Its meaning.
    pub part: Part,
    /// Its first edition of ECMA-323.
    pub since: u8,
}

/// An event's elements, in the schema's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The event's root.
    pub root: &'static str,
    /// The kind of event, if it is modelled.
    pub kind: Option<CallEventKind>,
    /// Its elements.
    pub slots: &'static [Slot],
}

impl Shape {
    /// The shape of the event whose root is named `root`.
    #[must_use]
    pub fn named(root: &str) -> Option<&'static Self> {
        shapes().find(|shape| shape.root == root)
    }

    /// The name of the element that is `part`, if the event has one.
    #[must_use]
    pub fn name_of(&self, part: Part) -> Option<&'static str> {
        self.slots.iter().find(|slot| slot.part == part).map(|slot| slot.name)
    }
}

impl CallEventKind {
    /// The event's elements.
    #[must_use]
    pub fn slots(self) -> &'static [Slot] {
        shapes::MODELLED.iter().find(|shape| shape.kind == Some(self)).map_or(&[], |shape| shape.slots)
    }

    /// The name of the element that is `part`, if the event has one.
    #[must_use]
    pub fn name_of(self, part: Part) -> Option<&'static str> {
        self.slots().iter().find(|slot| slot.part == part).map(|slot| slot.name)
    }
}

/// One member of a monitor filter, and the event it refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilterMember {
    /// The group element that it is in (`callcontrol`, so spelt).
    pub group: &'static str,
    /// The member element.
    pub member: &'static str,
    /// The event's root name.
    pub event: &'static str,
}

impl MonitorFilter {
    /// The filter that lets everything pass.
    pub const NONE: Self = Self(0);

    /// Whether the event whose root is named `event` is filtered out. Unknown events never are.
    #[must_use]
    pub fn excludes(self, event: &str) -> bool {
        FILTER_MEMBERS
            .iter()
            .zip(0..u64::BITS)
            .any(|(member, bit)| member.event == event && self.0 >> bit & 1 == 1)
    }

    /// The same filter, with the event whose root is named `event` filtered out. Unknown events change nothing.
    #[must_use]
    pub fn excluding(self, event: &str) -> Self {
        let bits = FILTER_MEMBERS.iter().zip(0..u64::BITS).filter(|(member, _)| member.event == event);
        Self(bits.fold(self.0, |bits, (_, bit)| bits | 1 << bit))
    }
}

impl StatusFilter {
    /// Whether `status` is filtered out.
    #[must_use]
    pub fn excludes(self, status: SystemStatus) -> bool {
        self.0 & Self::default().excluding(status).0 != 0
    }

    /// The same filter, with `status` filtered out.
    #[must_use]
    pub fn excluding(self, status: SystemStatus) -> Self {
        let bit = SystemStatus::ALL.iter().zip(0..u16::BITS).find(|(listed, _)| **listed == status);
        Self(bit.map_or(self.0, |(_, bit)| self.0 | 1 << bit))
    }
}

/// The members of `StatusFilter` in the schema's order. One is spelt differently from its value: `messageLost`.
pub const STATUS_MEMBERS: [(&str, SystemStatus); 9] = [
    ("initializing", SystemStatus::Initializing),
    ("enabled", SystemStatus::Enabled),
    ("normal", SystemStatus::Normal),
    ("messageLost", SystemStatus::MessagesLost),
    ("disabled", SystemStatus::Disabled),
    ("partiallyDisabled", SystemStatus::PartiallyDisabled),
    ("overloadImminent", SystemStatus::OverloadImminent),
    ("overloadReached", SystemStatus::OverloadReached),
    ("overloadRelieved", SystemStatus::OverloadRelieved),
];

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::super::services::EVENTS;
    use super::*;

    #[test]
    fn a_set_bit_excludes_its_event_and_no_other() {
        assert_eq!(FILTER_MEMBERS.len(), 18 + 5 + 11 + 14 + 4 + 1);
        for member in FILTER_MEMBERS {
            let filter = MonitorFilter::NONE.excluding(member.event);
            assert_eq!(filter.0.count_ones(), 1, "{}", member.event);
            for other in FILTER_MEMBERS {
                assert_eq!(filter.excludes(other.event), other.event == member.event);
            }
        }
        assert!(!MonitorFilter(u64::MAX).excludes("UnknownEvent"));
        assert_eq!(MonitorFilter::NONE.excluding("UnknownEvent"), MonitorFilter::NONE);
    }

    #[test]
    fn the_filters_member_transferred_speaks_of_an_event_with_one_r() {
        let member = FILTER_MEMBERS.iter().find(|member| member.member == "transferred").unwrap();
        assert_eq!((member.group, member.event), ("callcontrol", "TransferedEvent"));
    }

    #[test]
    fn a_status_filter_has_one_bit_a_value_in_their_order() {
        for (status, bit) in SystemStatus::ALL.iter().zip(0..) {
            assert_eq!(StatusFilter::default().excluding(*status), StatusFilter(1 << bit));
            assert!(StatusFilter(1 << bit).excludes(*status));
            assert!(!StatusFilter(!(1 << bit)).excludes(*status));
            assert!(STATUS_MEMBERS.iter().any(|(_, listed)| listed == status));
        }
    }

    #[test]
    fn every_kind_has_a_shape_with_the_parts_that_every_event_must_have() {
        assert_eq!(shapes::MODELLED.len(), CallEventKind::ALL.len());
        for (kind, shape) in CallEventKind::ALL.iter().zip(shapes::MODELLED) {
            assert_eq!((shape.kind, shape.root), (Some(*kind), kind.word()));
            // CallCleared has no subject: the call is over for all devices.
            let parts =
                [Part::CrossReference, Part::Connection, Part::Cause, Part::Subject, Part::LocalState];
            let count = if *kind == CallEventKind::CallCleared { 3 } else { parts.len() };
            for part in &parts[..count] {
                assert!(kind.name_of(*part).is_some(), "{kind:?} {part:?}");
            }
        }
        assert_eq!(CallEventKind::Originated.name_of(Part::Subject), Some("callingDevice"));
        assert_eq!(CallEventKind::Originated.name_of(Part::Calling), None);
    }

    #[test]
    fn every_event_of_the_lists_has_one_form_and_one_filter() {
        let listed: Vec<&str> = EVENTS.iter().map(|entry| entry.root).collect();
        assert_eq!(shapes().count(), listed.len());
        for root in listed {
            let shape = Shape::named(root).expect(root);
            assert_eq!(shape.slots.first().map(|slot| slot.part), Some(Part::CrossReference), "{root}");
            assert!(shape.slots.len() <= located::MAX_SLOTS);
            assert_eq!(FILTER_MEMBERS.iter().filter(|member| member.event == root).count(), 1, "{root}");
        }
    }
}
