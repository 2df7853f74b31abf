//! A request or response that is read and written by its service's row. Elements that are not in the row are copied
//! from the document it came in.

use super::errors::CstaError;
use super::member::{Member, Names, Role, is_readable};
use super::model::{Connection, Device, Party, Redirection};
use super::parse::Malformed;
use super::read::{self, Element};
use super::services::Service;

/// A value given to a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// A `ConnectionID`.
    Connection(Connection<'a>),
    /// A `DeviceID`.
    Device(Device<'a>),
    /// Several `DeviceID`s: a list or, if the receiver's edition has none here, the first of them.
    Devices(&'a [Device<'a>]),
    /// A device that may be unknown or withheld.
    Party(Party<'a>),
    /// The device that a call was redirected from, or why there is none.
    Redirection(Redirection<'a>),
    /// A text, a word or a number.
    Text(&'a str),
    /// A text in an element of this name within.
    Within(&'static str, &'a str),
    /// Elements within, in this order.
    Elements(&'a [(&'static str, Value<'a>)]),
    /// The member is left out, whatever the document has.
    Nothing,
}

/// How much of the private data, and of the security data beside them, is passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrivateData {
    /// All.
    All,
    /// All but Microsoft's, which identify the client and its line.
    AllButMicrosofts,
    /// None.
    None,
}

/// A request or a response.
#[derive(Clone, Copy, Debug)]
pub struct Relayed<'a> {
    /// The service.
    pub service: &'static Service,
    /// Its row's members: those of its request, or of its response.
    pub members: &'static [Member],
    /// Values by member name; they replace those in `source`.
    pub given: &'a [(&'static str, Value<'a>)],
    /// The document's root, if it came in one.
    pub source: Option<Element<'a>>,
    /// The edition of ECMA-323 that it came in; 0 if the document does not say.
    pub edition: u8,
    /// How much of the private data in `source` is passed on.
    pub private_data: PrivateData,
}

impl<'a> Relayed<'a> {
    /// A request composed of values.
    #[must_use]
    pub const fn request(service: &'static Service, given: &'a [(&'static str, Value<'a>)]) -> Self {
        let members = service.request;
        Self { service, members, given, source: None, edition: 0, private_data: PrivateData::All }
    }

    /// A response composed of values.
    #[must_use]
    pub const fn response(service: &'static Service, given: &'a [(&'static str, Value<'a>)]) -> Self {
        Self { members: service.response, ..Self::request(service, given) }
    }

    /// Reads the message whose root is `root`, and checks what its row requires.
    pub(super) fn read(
        service: &'static Service,
        members: &'static [Member],
        root: Element<'a>,
        edition: u8,
    ) -> Result<Self, Malformed> {
        let is_request = root.tag_name().name() == service.root;
        check(members, root, edition, is_request).map_err(|Fault { member, error, is_twice }| {
            let message = if is_request { service.root } else { service.response_root };
            Malformed { service: message, element: member.name, error, is_twice }
        })?;
        let private_data = PrivateData::All;
        Ok(Self { service, members, given: &[], source: Some(root), edition, private_data })
    }

    /// The value given to the member of that name.
    #[must_use]
    pub fn given(&self, name: &str) -> Option<Value<'a>> {
        self.given.iter().find(|(given, _)| *given == name).map(|(_, value)| *value)
    }

    /// Whether it has the member of that name, whatever is in it.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        match self.given(name) {
            Some(value) => value != Value::Nothing,
            None => self.element_named(name).is_some(),
        }
    }

    fn member(&self, name: &str) -> Option<&'static Member> {
        self.members.iter().find(|member| member.name == name)
    }

    /// A member's element in `source`, in any edition's spelling.
    pub(super) fn element(&self, member: &Member) -> Option<Element<'a>> {
        let source = self.source?;
        read::own_child(source, member.name).or_else(|| read::own_child(source, member.before?.1))
    }

    /// The element of the member of that name.
    fn element_named(&self, name: &str) -> Option<Element<'a>> {
        self.member(name).and_then(|member| self.element(member))
    }

    /// A member that is a `ConnectionID`.
    #[must_use]
    pub fn connection(&self, name: &str) -> Option<Connection<'a>> {
        match self.given(name) {
            Some(Value::Connection(connection)) => Some(connection),
            Some(_) => None,
            None => self.element_named(name).map(read::connection),
        }
    }

    /// A member that is a `DeviceID`; of a list of them, the first. Its text may be empty.
    #[must_use]
    pub fn device(&self, name: &str) -> Option<Device<'a>> {
        match self.given(name) {
            Some(Value::Device(device)) => Some(device),
            Some(Value::Devices(devices)) => devices.first().copied(),
            Some(_) => None,
            None => self.devices(name).next().flatten(),
        }
    }

    /// The connections of the own line that it announces, if it is a response.
    pub fn own_connections(&self) -> impl Iterator<Item = Connection<'a>> + use<'a> {
        let relayed = *self;
        let own = |member: &&Member| member.role == Role::Announced { own: true };
        self.members.iter().filter(own).filter_map(move |member| relayed.connection(member.name))
    }

    /// The devices of a member that is a list or a single device; `None` for each that cannot be read.
    pub fn devices(&self, name: &str) -> impl Iterator<Item = Option<Device<'a>>> + use<'a> {
        let given = match self.given(name) {
            Some(Value::Device(device)) => Some(Given::One(device)),
            Some(Value::Devices(devices)) => Some(Given::Several(devices)),
            Some(_) | None => None,
        };
        let element = if self.given(name).is_none() { self.element_named(name) } else { None };
        let may_be_list = self.member(name).is_some_and(|member| member.list.is_some());
        let is_list = may_be_list && element.is_some_and(|element| element.first_element_child().is_some());
        let items = element.filter(|_| is_list).into_iter().flat_map(|list| list.children());
        let items = items.filter(roxmltree::Node::is_element).chain(element.filter(|_| !is_list));
        let (one, several): (Option<Device<'a>>, &'a [Device<'a>]) = match given {
            Some(Given::One(device)) => (Some(device), &[]),
            Some(Given::Several(devices)) => (None, devices),
            None => (None, &[]),
        };
        one.into_iter().chain(several.iter().copied()).map(Some).chain(items.map(read::device))
    }

    /// A member that is a text, a word or a number, if it is not empty.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&'a str> {
        match self.given(name) {
            Some(Value::Text(text)) => Some(text),
            Some(_) => None,
            None => self.element_named(name).and_then(read::text).filter(|text| !text.is_empty()),
        }
    }

    /// The text of an element inside a member, if it is not empty. Of several, that of the first.
    #[must_use]
    pub fn text_within(&self, name: &str, inner: &str) -> Option<&'a str> {
        match self.given(name) {
            Some(Value::Elements(elements)) => {
                let (_, value) = elements.iter().find(|(element, _)| *element == inner)?;
                if let Value::Text(text) = value { Some(*text) } else { None }
            }
            Some(Value::Within(element, text)) => (element == inner).then_some(text),
            Some(_) => None,
            None => self.element_named(name).and_then(|element| read::child_text(element, inner)),
        }
    }

    /// A member that is a truth value.
    #[must_use]
    pub fn truth(&self, name: &str) -> Option<bool> {
        match self.text(name)? {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        }
    }
}

/// A fault in a message.
struct Fault {
    member: &'static Member,
    error: CstaError,
    is_twice: bool,
}

/// Checks, in one pass, that each element can be read and occurs once, and that none is missing.
fn check(members: &'static [Member], root: Element<'_>, edition: u8, is_request: bool) -> Result<(), Fault> {
    // A response is left to the client to judge, except for what it announces.
    let is_judged =
        |member: &Member| is_request || matches!(member.role, Role::Announced { .. } | Role::CrossReference);
    let mut seen = 0_u64;
    for node in root.children().filter(|node| node.is_element() && read::is_ours(*node)) {
        let name = node.tag_name().name();
        let found = members.iter().zip(0_u32..).find(|(member, _)| member.is_named(name));
        let Some((member, index)) = found.filter(|(member, _)| is_judged(member)) else { continue };
        let is_twice = seen >> index & 1 == 1;
        if is_twice || !is_readable(member, node) {
            return Err(Fault { member, error: member.unreadable(), is_twice });
        }
        seen |= 1 << index;
    }
    let is_missing =
        |member: &Member| member.required && is_judged(member) && (edition == 0 || member.since <= edition);
    let mut missing =
        members.iter().zip(0_u32..).filter(|(member, index)| seen >> index & 1 == 0 && is_missing(member));
    missing.next().map_or(Ok(()), |(member, _)| Err(Fault { member, error: member.error, is_twice: false }))
}

enum Given<'a> {
    One(Device<'a>),
    Several(&'a [Device<'a>]),
}

impl PartialEq for Relayed<'_> {
    /// Whether all members are equal.
    fn eq(&self, other: &Self) -> bool {
        let same = |member: &Member| {
            let name = member.name;
            match member.role {
                Role::Own
                | Role::OwnCall
                | Role::Held
                | Role::Active
                | Role::Foreign
                | Role::Announced { .. }
                | Role::Copied(Names::Connection) => self.connection(name) == other.connection(name),
                Role::Line { .. } | Role::Dialled { .. } | Role::Number | Role::Copied(Names::Device) => {
                    self.devices(name).eq(other.devices(name))
                }
                Role::Text
                | Role::Truth
                | Role::Count
                | Role::Word(_)
                | Role::CrossReference
                | Role::Copied(Names::None | Names::Within { .. })
                | Role::Narrowed
                | Role::Withheld => self.text(name) == other.text(name),
            }
        };
        self.service == other.service && self.members.iter().all(same)
    }
}

impl Eq for Relayed<'_> {}
