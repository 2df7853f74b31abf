//! The roles of a relayed service's elements: a connection or device and whose it must be, a number to be dialled, a
//! plain value, or content that is only copied. A role belongs to an element of a certain service, not to an element's
//! name alone: `newDestination` is dialled in DeflectCall but the user's own line in GroupPickupCall.

use super::errors::CstaError;
use super::read::{self, Element};

/// The most members of one message: a bit for each says whether it was seen.
pub const MAX_MEMBERS: usize = 64;

/// Where the identifiers are in an element that is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// Nowhere.
    None,
    /// The element is a `DeviceID`.
    Device,
    /// The element is a `ConnectionID`.
    Connection,
    /// Somewhere inside, under these names.
    Within {
        /// Elements that are each a `DeviceID`.
        devices: &'static [&'static str],
        /// Elements that are each a `ConnectionID`.
        connections: &'static [&'static str],
    },
}

/// A subject, calling, called, associated or network device.
pub const PARTY: Names = Names::Within { devices: &["deviceIdentifier"], connections: &[] };
/// `lastRedirectionDevice`.
pub const REDIRECTION: Names = Names::Within { devices: &["numberDialed"], connections: &[] };
/// `deviceHistory`.
pub const HISTORY: Names = Names::Within { devices: &["numberDialed"], connections: &["oldConnectionID"] };
/// A list of `connectionListItem`; its `endpoint` and `associatedNID` name devices.
pub const CONNECTION_LIST: Names =
    Names::Within { devices: &["deviceID"], connections: &["newConnection", "oldConnection"] };
/// For an element that no table knows: whatever looks like an identifier is treated as one.
pub(super) const UNKNOWN: Names = Names::Within {
    devices: &["deviceID", "deviceIdentifier", "numberDialed", "device", "callingDevice", "deviceObject"],
    connections: &["connection", "connectionID", "newConnection", "oldConnection", "callIdentifier"],
};

/// The role of an element of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A connection of the user's own line, in any form clients send it.
    Own,
    /// A call that the user's own line takes part in; the callID alone names it.
    OwnCall,
    /// Of two own connections, the held one.
    Held,
    /// Of two own connections, the active one.
    Active,
    /// Another device's connection: to be picked up, or to be joined.
    Foreign,
    /// The user's own line.
    Line {
        /// Whether the gateway adds it if the client left it out.
        filled: bool,
    },
    /// A number that is dialled, now or later.
    Dialled {
        /// Whether it may be empty or end in `;`, to be completed by DialDigits.
        in_part: bool,
        /// The member, if any, whose truth value decides whether it is dialled at all.
        only_if: Option<&'static str>,
    },
    /// Another device, named by its number and never dialled.
    Number,
    /// Free text.
    Text,
    /// A truth value.
    Truth,
    /// A whole number.
    Count,
    /// A word of the schema: one of these, if they are the same in every edition.
    Word(&'static [&'static str]),
    /// Copied, with identifiers rewritten.
    Copied(Names),
    /// In a response: a connection that events will use.
    Announced {
        /// Whether it is the own line's.
        own: bool,
    },
    /// In a response: the cross-reference ID of the messages that bring the data.
    CrossReference,
    /// In a response: lists of services or events, narrowed to what the gateway offers.
    Narrowed,
    /// Never passed on: it holds numbers in a form that no standard defines, so they cannot be checked.
    Withheld,
}

/// One element of a service's request or response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// The element's name.
    pub name: &'static str,
    /// Its role.
    pub role: Role,
    /// Whether it is required.
    pub required: bool,
    /// Its first edition of ECMA-323.
    pub since: u8,
    /// Its earlier spelling, and the last edition that has it.
    pub before: Option<(u8, &'static str)>,
    /// If it is a list: the first edition in which it is one, and the name of its items.
    pub list: Option<(u8, &'static str)>,
    /// The error for a request in which it is missing or, unless `invalidParameterValue` fits better, has no usable
    /// value.
    pub error: CstaError,
}

/// `autoOriginate`.
pub const AUTO_ORIGINATE: &[&str] = &["prompt", "doNotPrompt"];
/// `participationType`.
pub const PARTICIPATION: &[&str] = &["silent", "active", "none"];
/// `consultOptions`.
pub const CONSULT_OPTIONS: &[&str] = &["unrestricted", "consultOnly", "transferOnly", "conferenceOnly"];
/// `digitMode`.
pub const DIGIT_MODE: &[&str] = &["rotaryPulse", "dTMF"];
/// `ringMode`.
pub const RING_MODE: &[&str] = &["ringing", "notRinging"];
/// `lampBrightness`.
pub const LAMP_BRIGHTNESS: &[&str] = &["unspecified", "dim", "bright"];
/// `requestedAgentState`.
pub const AGENT_STATE: &[&str] = &["loggedOn", "loggedOff", "notReady", "ready", "workingAfterCall"];
/// `forwardingType`.
pub const FORWARDING_TYPE: &[&str] = &[
    "forwardImmediate",
    "forwardBusy",
    "forwardNoAns",
    "forwardDND",
    "forwardBusyInt",
    "forwardBusyExt",
    "forwardNoAnsInt",
    "forwardNoAnsExt",
    "forwardImmInt",
    "forwardImmExt",
    "forwardDNDInt",
    "forwardDNDExt",
];

/// A member with an identifier, which is required.
const fn identifier(name: &'static str, role: Role, error: CstaError) -> Member {
    Member { name, role, required: true, since: 2, before: None, list: None, error }
}

/// A member without an identifier, which is optional.
const fn value(name: &'static str, role: Role) -> Member {
    let error = CstaError::INVALID_PARAMETER_VALUE;
    Member { name, role, required: false, since: 2, before: None, list: None, error }
}

pub(super) const fn own(name: &'static str) -> Member {
    identifier(name, Role::Own, CstaError::INVALID_CONNECTION_ID)
}

pub(super) const fn own_call(name: &'static str) -> Member {
    identifier(name, Role::OwnCall, CstaError::INVALID_CALL_ID)
}

pub(super) const fn held(name: &'static str) -> Member {
    identifier(name, Role::Held, CstaError::INVALID_HELD_CONNECTION_ID)
}

pub(super) const fn active(name: &'static str) -> Member {
    identifier(name, Role::Active, CstaError::INVALID_ACTIVE_CONNECTION_ID)
}

pub(super) const fn foreign(name: &'static str) -> Member {
    identifier(name, Role::Foreign, CstaError::INVALID_CONNECTION_ID)
}

pub(super) const fn line(name: &'static str) -> Member {
    identifier(name, Role::Line { filled: false }, CstaError::INVALID_DEVICE_ID)
}

/// The own line, where it is the calling device.
pub(super) const fn calling(name: &'static str) -> Member {
    identifier(name, Role::Line { filled: false }, CstaError::INVALID_CALLING_DEVICE_ID)
}

pub(super) const fn dialled(name: &'static str, error: CstaError) -> Member {
    identifier(name, Role::Dialled { in_part: false, only_if: None }, error)
}

/// A number that is dialled if the truth value `only_if` is true.
pub(super) const fn dialled_if(name: &'static str, only_if: &'static str, error: CstaError) -> Member {
    identifier(name, Role::Dialled { in_part: false, only_if: Some(only_if) }, error)
}

pub(super) const fn number(name: &'static str) -> Member {
    identifier(name, Role::Number, CstaError::INVALID_DEVICE_ID)
}

pub(super) const fn text(name: &'static str) -> Member {
    value(name, Role::Text)
}

pub(super) const fn truth(name: &'static str) -> Member {
    value(name, Role::Truth)
}

pub(super) const fn count(name: &'static str) -> Member {
    value(name, Role::Count)
}

/// A word of an enumeration that editions add to.
pub(super) const fn word(name: &'static str) -> Member {
    value(name, Role::Word(&[]))
}

pub(super) const fn word_of(name: &'static str, words: &'static [&'static str]) -> Member {
    value(name, Role::Word(words))
}

pub(super) const fn copied(name: &'static str) -> Member {
    value(name, Role::Copied(Names::None))
}

pub(super) const fn within(name: &'static str, names: Names) -> Member {
    value(name, Role::Copied(names))
}

pub(super) const fn withheld(name: &'static str) -> Member {
    value(name, Role::Withheld)
}

pub(super) const fn announced(name: &'static str) -> Member {
    identifier(name, Role::Announced { own: false }, CstaError::INVALID_CONNECTION_ID)
}

pub(super) const fn announced_own(name: &'static str) -> Member {
    identifier(name, Role::Announced { own: true }, CstaError::INVALID_CONNECTION_ID)
}

pub(super) const fn cross_reference(name: &'static str) -> Member {
    identifier(name, Role::CrossReference, CstaError::INVALID_CROSS_REF_ID)
}

pub(super) const fn narrowed(name: &'static str) -> Member {
    value(name, Role::Narrowed)
}

impl Member {
    pub(super) const fn optional(self) -> Self {
        Self { required: false, ..self }
    }

    pub(super) const fn required(self) -> Self {
        Self { required: true, error: CstaError::PARAMETER_MISSING, ..self }
    }

    pub(super) const fn since(self, edition: u8) -> Self {
        Self { since: edition, ..self }
    }

    pub(super) const fn spelt_until(self, edition: u8, name: &'static str) -> Self {
        Self { before: Some((edition, name)), ..self }
    }

    pub(super) const fn listed(self, item: &'static str, since: u8) -> Self {
        Self { list: Some((since, item)), ..self }
    }

    /// An own line that the gateway adds if the client left it out.
    pub(super) const fn filled(self) -> Self {
        Self { role: Role::Line { filled: true }, required: false, ..self }
    }

    /// A number that may be empty or end in `;`.
    pub(super) const fn in_part(self) -> Self {
        Self { role: Role::Dialled { in_part: true, only_if: None }, ..self }
    }

    /// The error for a request in which it is present but cannot be read.
    pub(super) fn unreadable(&self) -> CstaError {
        if self.error == CstaError::PARAMETER_MISSING {
            CstaError::INVALID_PARAMETER_VALUE
        } else {
            self.error
        }
    }

    /// Its name as `edition` spells it.
    #[must_use]
    pub fn name_in(&self, edition: u8) -> &'static str {
        self.before.filter(|(last, _)| edition <= *last).map_or(self.name, |(_, name)| name)
    }

    /// Whether `name` is this member's name in any edition.
    #[must_use]
    pub fn is_named(&self, name: &str) -> bool {
        self.name == name || self.before.is_some_and(|(_, before)| before == name)
    }

    /// Whether it may pass from a message of edition `from` into one of edition `to`.
    #[must_use]
    pub fn passes(&self, from: u8, to: u8) -> bool {
        self.role != Role::Withheld && (to >= self.since || from == to)
    }

    /// The name of its items, if it is a list in that edition.
    #[must_use]
    pub fn item_in(&self, edition: u8) -> Option<&'static str> {
        self.list.filter(|(since, _)| edition >= *since).map(|(_, item)| item)
    }
}

/// Whether an element can be read in its member's role.
pub(super) fn is_readable(member: &Member, node: Element<'_>) -> bool {
    match member.role {
        Role::Own | Role::OwnCall | Role::Held | Role::Active | Role::Foreign | Role::Announced { .. } => {
            let connection = read::connection(node);
            connection.call.is_some() || connection.device.is_some()
        }
        Role::Dialled { .. } | Role::Number if member.list.is_some() => {
            // It is a list of devices, or a device.
            let named = match node.first_element_child() {
                Some(_) => node
                    .children()
                    .filter(roxmltree::Node::is_element)
                    .any(|item| read::known_device(item).is_some()),
                None => read::known_device(node).is_some(),
            };
            named || !member.required
        }
        Role::Dialled { in_part: true, .. } => read::device(node).is_some(),
        // If it is not required, or may be empty, an empty element means the same as none.
        Role::Line { .. } | Role::Dialled { .. } | Role::Number => {
            read::device(node).is_some_and(|device| !member.required || !device.id.is_empty())
        }
        Role::CrossReference => read::text(node).is_some_and(|text| !text.is_empty()),
        Role::Text | Role::Copied(_) | Role::Narrowed | Role::Withheld => true,
        Role::Truth => read::truth(node).is_some(),
        Role::Count => read::text(node).is_some_and(|text| text.parse::<i64>().is_ok()),
        Role::Word(words) => read::text(node)
            .is_some_and(|text| if words.is_empty() { !text.is_empty() } else { words.contains(&text) }),
    }
}
