//! The services of CSTA, one row each. The row determines how a service's messages are read and written, its name in
//! GetCSTAFeatures, whose devices and connections a client may name in it, what is dialled, and its documentation.
//!
//! In GetCSTAFeatures the presence of a member means that the service is supported, its absence that no device supports
//! it. ECMA-285's ASN.1 marks all four members of `SnapshotServList` as required, which would announce services that do
//! not exist. Here that list, like the others, holds only what is supported, and is left out if nothing is.

use core::fmt;

use super::member::{Member, Names, Role};

/// Who serves a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Served {
    /// The gateway itself, whatever the phone system can do.
    Here,
    /// The gateway, using the same service of the phone system.
    ByLink,
    /// The phone system: the gateway relays it by its row.
    Relayed,
    /// It is not requested: the phone system sends it to a client that requested it by another service.
    Told,
    /// Nobody.
    Nowhere,
}

/// One service.
#[derive(Clone, Copy)]
pub struct Service {
    /// The request's root.
    pub root: &'static str,
    /// The response's root.
    pub response_root: &'static str,
    /// The root of the messages that bring its data, if its response may announce such messages.
    pub data_root: &'static str,
    /// The list of `supportedServices` that it is in.
    pub list: &'static str,
    /// The member of that list which stands for it.
    pub feature: &'static str,
    /// Who serves it.
    pub served: Served,
    /// Its first edition of ECMA-323.
    pub since: u8,
    /// Its index in [`all`], and its bit in [`Features::services`].
    pub index: u8,
    /// The request's elements in the schema's order, without `extensions`; empty if the gateway interprets it.
    pub request: &'static [Member],
    /// The response's elements likewise.
    pub response: &'static [Member],
}

/// A row: the request's root, its list and member in GetCSTAFeatures, and who serves it.
macro_rules! service {
    ($root:literal, $list:literal, $feature:literal, $served:ident, $request:expr, $response:expr) => {
        Service {
            root: $root,
            response_root: concat!($root, "Response"),
            data_root: concat!($root, "Data"),
            list: $list,
            feature: $feature,
            served: Served::$served,
            since: 2,
            index: 0,
            request: $request,
            response: $response,
        }
    };
}

/// A service that the phone system serves: the members of its request and its response.
macro_rules! relay {
    ($root:literal, $list:literal, $feature:literal, $request:expr, $response:expr) => {
        service!($root, $list, $feature, Relayed, $request, $response)
    };
}

/// A message that the phone system sends to a client that requested it by another service.
macro_rules! told {
    ($root:literal, $list:literal, $feature:literal, $request:expr) => {
        service!($root, $list, $feature, Told, $request, &[])
    };
}

/// A service of the gateway's own.
macro_rules! own_service {
    ($root:literal, $list:literal, $feature:literal) => {
        service!($root, $list, $feature, Here, &[], &[])
    };
}

/// A service that the gateway serves using the phone system's.
macro_rules! by_link {
    ($root:literal, $list:literal, $feature:literal) => {
        service!($root, $list, $feature, ByLink, &[], &[])
    };
}

/// A service that has a name only.
macro_rules! unserved {
    ($root:literal, $list:literal, $feature:literal) => {
        service!($root, $list, $feature, Nowhere, &[], &[])
    };
}

mod call_associated;
mod call_control;
mod events;
mod logical;
mod physical;
mod system;
mod vendor;

pub use events::EVENTS;

const GROUPS: [&[Service]; 6] = [
    system::SYSTEM,
    call_control::CALL_CONTROL,
    call_associated::CALL_ASSOCIATED,
    physical::PHYSICAL,
    logical::LOGICAL,
    vendor::VENDOR,
];

/// How many services there are.
#[expect(clippy::indexing_slicing, reason = "it is computed by the compiler, which refuses a wrong index")]
pub const COUNT: usize = {
    let (mut count, mut group) = (0, 0);
    while group < GROUPS.len() {
        count += GROUPS[group].len();
        group += 1;
    }
    count
};

#[expect(clippy::indexing_slicing, reason = "it is computed by the compiler, which refuses a wrong index")]
static SERVICES: [Service; COUNT] = {
    let mut all = [GROUPS[0][0]; COUNT];
    let (mut index, mut group) = (0, 0);
    while group < GROUPS.len() {
        let mut row = 0;
        while row < GROUPS[group].len() {
            all[index] = GROUPS[group][row];
            #[expect(
                clippy::as_conversions,
                clippy::cast_possible_truncation,
                reason = "there are fewer than 128"
            )]
            let number = index as u8;
            all[index].index = number;
            index += 1;
            row += 1;
        }
        group += 1;
    }
    all
};

/// The names of all services' requests, in the order of [`all`].
#[expect(clippy::indexing_slicing, reason = "it is computed by the compiler, which refuses a wrong index")]
pub const REQUESTS: [&str; COUNT] = {
    let mut names = [""; COUNT];
    let (mut index, mut group) = (0, 0);
    while group < GROUPS.len() {
        let mut row = 0;
        while row < GROUPS[group].len() {
            names[index] = GROUPS[group][row].root;
            index += 1;
            row += 1;
        }
        group += 1;
    }
    names
};

/// The names of all services' requests, and of all events.
#[expect(clippy::indexing_slicing, reason = "it is computed by the compiler, which refuses a wrong index")]
pub const FEATURES: [&str; COUNT + EVENTS.len()] = {
    let mut names = [""; COUNT + EVENTS.len()];
    let mut index = 0;
    while index < names.len() {
        names[index] = if index < COUNT { REQUESTS[index] } else { EVENTS[index - COUNT].root };
        index += 1;
    }
    names
};

/// All services, in the schema's order of lists and members. The order within `physDevServList` is the ASN.1's.
#[must_use]
pub fn all() -> &'static [Service] {
    &SERVICES
}

/// The service whose request's root is named `root`.
#[must_use]
pub fn named(root: &str) -> Option<&'static Service> {
    SERVICES.iter().find(|service| service.root == root)
}

impl PartialEq for Service {
    fn eq(&self, other: &Self) -> bool {
        self.index == other.index
    }
}

impl Eq for Service {}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.root)
    }
}

impl Service {
    /// The same service, added in a later edition.
    const fn since(self, edition: u8) -> Self {
        Self { since: edition, ..self }
    }

    /// Whether its request and response are read and written by its row.
    #[must_use]
    pub const fn is_relayed(&self) -> bool {
        matches!(self.served, Served::Relayed | Served::Told)
    }

    /// Whether a client's request for it goes to the phone system.
    #[must_use]
    pub const fn needs_link(&self) -> bool {
        matches!(self.served, Served::Relayed | Served::ByLink)
    }

    /// Whether a client may ask for it.
    #[must_use]
    pub const fn is_offered(&self) -> bool {
        self.needs_link() || matches!(self.served, Served::Here)
    }

    /// Whether its response announces an identifier that later messages will use.
    #[must_use]
    pub fn announces(&self) -> bool {
        self.response.iter().any(|member| {
            let lists = |names| matches!(names, Names::Within { connections: [_, ..], .. });
            matches!(member.role, Role::Announced { .. } | Role::CrossReference)
                || matches!(member.role, Role::Copied(names) if lists(names))
        })
    }

    /// Whether its response announces messages that bring a list.
    #[must_use]
    pub fn brings_list(&self) -> bool {
        self.response.iter().any(|member| member.role == Role::CrossReference)
    }
}

/// One event of `supportedEvents`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The event's root.
    pub root: &'static str,
    /// The list that it is in.
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
    /// One bit per service, in the order of [`all`].
    pub services: u128,
    /// One bit per event, in the order of [`EVENTS`].
    pub events: u64,
}

/// The services that each edition of ECMA-323 has, from 0 on; later ones have all.
#[expect(clippy::indexing_slicing, reason = "it is computed by the compiler, which refuses a wrong index")]
#[expect(clippy::as_conversions, reason = "a constant has no other way from a `u8` to an index")]
static UP_TO_EDITION: [u128; 8] = {
    let mut editions = [0; 8];
    let mut index = 0;
    while index < COUNT {
        let mut edition = SERVICES[index].since as usize;
        while edition < editions.len() {
            editions[edition] |= 1 << index;
            edition += 1;
        }
        index += 1;
    }
    editions
};

/// The position of an event.
fn event_bit(root: &str) -> Option<u32> {
    EVENTS.iter().zip(0..).find(|(entry, _)| entry.root == root).map(|(_, bit)| bit)
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

    /// All services and events in the lists.
    pub const ALL: Self = Self { services: !0 >> (128 - COUNT), events: !0 >> (64 - EVENTS.len()) };

    /// The same set, with a service.
    #[must_use]
    pub const fn with(self, service: &Service) -> Self {
        Self { services: self.services | 1 << service.index, ..self }
    }

    /// The same set, without a service.
    #[must_use]
    pub const fn without(self, service: &Service) -> Self {
        Self { services: self.services & !(1 << service.index), ..self }
    }

    /// The set without what is in another.
    #[must_use]
    pub const fn less(self, other: Self) -> Self {
        Self { services: self.services & !other.services, events: self.events & !other.events }
    }

    /// Whether a service is in the set.
    #[must_use]
    pub const fn has(self, service: &Service) -> bool {
        self.services >> service.index & 1 == 1
    }

    /// The same set, with the service whose request's root is named `request`. Unknown names change nothing.
    #[must_use]
    pub fn with_service(self, request: &str) -> Self {
        named(request).map_or(self, |service| self.with(service))
    }

    /// Whether the service whose request's root is named `request` is in the set.
    #[must_use]
    pub fn has_service(self, request: &str) -> bool {
        named(request).is_some_and(|service| self.has(service))
    }

    /// The same set, with the event whose root is named `event`. Unknown names change nothing.
    #[must_use]
    pub fn with_event(self, event: &str) -> Self {
        Self { events: event_bit(event).map_or(self.events, |bit| self.events | 1 << bit), ..self }
    }

    /// Whether the event whose root is named `event` is in the set.
    #[must_use]
    pub fn has_event(self, event: &str) -> bool {
        event_bit(event).is_some_and(|bit| self.events >> bit & 1 == 1)
    }

    /// Whether the set has the service or event that `feature` stands for in `list`.
    #[must_use]
    pub fn has_feature(self, list: &str, feature: &str) -> bool {
        self.services().any(|service| service.list == list && service.feature == feature)
            || self.events().any(|event| event.list == list && event.feature == feature)
    }

    /// The same set, without the services that `edition` does not have.
    #[must_use]
    pub fn of_edition(self, edition: u8) -> Self {
        let known = UP_TO_EDITION.get(usize::from(edition)).copied().unwrap_or(Self::ALL.services);
        Self { services: self.services & known, ..self }
    }

    /// The services and events that are in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self { services: self.services & other.services, events: self.events & other.events }
    }

    /// The services and events that are in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self { services: self.services | other.services, events: self.events | other.events }
    }

    /// The services of the set, in the schema's order.
    pub fn services(self) -> impl Iterator<Item = &'static Service> {
        set_bits(self.services).filter_map(|index| SERVICES.get(index))
    }

    /// The events of the set, in the schema's order.
    pub fn events(self) -> impl Iterator<Item = &'static Entry> {
        set_bits(u128::from(self.events)).filter_map(|bit| EVENTS.get(bit))
    }
}

#[cfg(test)]
mod tests;
