//! What GetCSTAFeatures speaks of: services and events, each one bit here, one empty element on the wire.
//!
//! The presence of a member means support, its absence that no device supports it. ECMA-285's ASN.1 marks all four
//! members of `SnapshotServList` as required; that would announce services that do not exist. Truth goes before the
//! mark: that list holds what is supported, as the others do, and is left out where nothing is.

mod tables;

pub use tables::{EVENTS, SERVICES};

/// One service or event of the lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The root's name of the request, or of the event.
    pub root: &'static str,
    /// The list that it stands in.
    pub list: &'static str,
    /// The member that stands for it.
    pub feature: &'static str,
}

const fn entry(root: &'static str, list: &'static str, feature: &'static str) -> Entry {
    Entry { root, list, feature }
}

/// A set of services and events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// One bit a service, in the order of [`SERVICES`].
    pub services: u128,
    /// One bit an event, in the order of [`EVENTS`].
    pub events: u64,
}

/// The position of `root` in `table`.
fn bit(table: &[Entry], root: &str) -> Option<u32> {
    table.iter().zip(0..).find(|(entry, _)| entry.root == root).map(|(_, bit)| bit)
}

/// The positions of a set's bits, lowest first.
fn set_bits(mut set: u128) -> impl Iterator<Item = usize> {
    core::iter::from_fn(move || {
        let lowest = set.trailing_zeros();
        set &= set.checked_sub(1)?;
        usize::try_from(lowest).ok()
    })
}

impl Features {
    /// No service and no event.
    pub const NONE: Self = Self { services: 0, events: 0 };

    /// All services and events that the lists know.
    pub const ALL: Self = Self { services: !0 >> (128 - SERVICES.len()), events: !0 >> (64 - EVENTS.len()) };

    /// The same set, with the service whose request's root is named `request`. Unknown names change nothing.
    #[must_use]
    pub fn with_service(self, request: &str) -> Self {
        Self {
            services: bit(SERVICES, request).map_or(self.services, |bit| self.services | 1 << bit),
            ..self
        }
    }

    /// Whether the service whose request's root is named `request` is in the set.
    #[must_use]
    pub fn has_service(self, request: &str) -> bool {
        bit(SERVICES, request).is_some_and(|bit| self.services >> bit & 1 == 1)
    }

    /// The same set, with the event whose root is named `event`. Unknown names change nothing.
    #[must_use]
    pub fn with_event(self, event: &str) -> Self {
        Self { events: bit(EVENTS, event).map_or(self.events, |bit| self.events | 1 << bit), ..self }
    }

    /// Whether the event whose root is named `event` is in the set.
    #[must_use]
    pub fn has_event(self, event: &str) -> bool {
        bit(EVENTS, event).is_some_and(|bit| self.events >> bit & 1 == 1)
    }

    /// What both sets have.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self { services: self.services & other.services, events: self.events & other.events }
    }

    /// What either set has.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self { services: self.services | other.services, events: self.events | other.events }
    }

    /// The services of the set, in the schema's order.
    pub fn services(self) -> impl Iterator<Item = &'static Entry> {
        set_bits(self.services).filter_map(|bit| SERVICES.get(bit))
    }

    /// The events of the set, in the schema's order.
    pub fn events(self) -> impl Iterator<Item = &'static Entry> {
        set_bits(u128::from(self.events)).filter_map(|bit| EVENTS.get(bit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_and_event_is_one_bit_of_its_own() {
        assert_eq!((SERVICES.len(), EVENTS.len()), (100, 53));
        let mut set = Features::NONE;
        for entry in SERVICES {
            assert!(!set.has_service(entry.root), "{} twice", entry.root);
            set = set.with_service(entry.root);
            assert!(set.has_service(entry.root));
        }
        for entry in EVENTS {
            assert!(!set.has_event(entry.root), "{} twice", entry.root);
            set = set.with_event(entry.root);
            assert!(set.has_event(entry.root));
        }
        assert_eq!(set, Features::ALL);
        assert_eq!((set.services().count(), set.events().count()), (100, 53));
    }

    #[test]
    fn an_unknown_name_is_in_no_set() {
        assert_eq!(Features::NONE.with_service("DanceCall").with_event("DancedEvent"), Features::NONE);
        assert!(!Features::ALL.has_service("DanceCall") && !Features::ALL.has_event("DancedEvent"));
    }

    #[test]
    fn an_intersection_has_what_both_have() {
        let one = Features::NONE.with_service("MakeCall").with_service("HoldCall").with_event("HeldEvent");
        let other = Features::NONE.with_service("MakeCall").with_event("HeldEvent").with_event("FailedEvent");
        let both = Features::NONE.with_service("MakeCall").with_event("HeldEvent");
        assert_eq!(one.intersection(other), both);
        assert_eq!(both.intersection(one.union(other)), both);
    }
}
