//! What the elements of a relayed service are to the gateway: whose connection or device, a number to be dialled, a
//! plain value, or something that it only copies. A role belongs to a service and its element, never to an element's
//! name alone: `newDestination` is dialled in DeflectCall and the user's own line in GroupPickupCall.

use super::errors::CstaError;
use super::read::{self, Element};

/// The most members of one message: so many bits say which were seen.
pub const MAX_MEMBERS: usize = 64;

/// Where the identifiers stand in an element that is copied.
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
/// What no table knows: whatever looks like an identifier is one.
pub(super) const UNKNOWN: Names = Names::Within {
    devices: &["deviceID", "deviceIdentifier", "numberDialed", "device", "callingDevice", "deviceObject"],
    connections: &["connection", "connectionID", "newConnection", "oldConnection", "callIdentifier"],
};

/// What an element of a service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A connection of the user's own line, in any form clients send it.
    Own,
    /// A call that the user's own line takes part in; the callID alone names it.
    OwnCall,
    /// The held one of two own connections.
    Held,
    /// The active one of two own connections.
    Active,
    /// Another device's connection: to be picked up, or to be joined.
    Foreign,
    /// The user's own line.
    Line {
        /// Whether the gateway writes it where the client left it out.
        filled: bool,
    },
    /// What is dialled, or called later.
    Dialled {
        /// Whether it may be empty or end in `;`, to be completed by DialDigits.
        in_part: bool,
        /// The truth value that decides whether it is dialled at all, if there is one.
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
    /// A word of the schema; of these, where they are the same in every edition.
    Word(&'static [&'static str]),
    /// Not looked into, but for identifiers to be rewritten.
    Copied(Names),
    /// In a response: a connection that events will use.
    Announced {
        /// Whether it is the own line's.
        own: bool,
    },
    /// In a response: what names the messages that bring the data.
    CrossReference,
    /// In a response: lists of services or events, narrowed to what the gateway offers.
    Narrowed,
    /// Never passed on: it names numbers in a form that no reference tells, so nobody could check them.
    Withheld,
}

/// One element of a service's request or response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// The element's name.
    pub name: &'static str,
    /// What it is.
    pub role: Role,
    /// Whether it must be there.
    pub required: bool,
    /// Its first edition of ECMA-323.
    pub since: u8,
    /// Another spelling of it, and the last edition that has it.
    pub before: Option<(u8, &'static str)>,
    /// Where it is a list: its items' name, and the first edition in which it is one.
    pub list: Option<(u8, &'static str)>,
    /// What a request without it is answered; and one whose value means nothing, unless that is `invalidParameterValue`.
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

/// A member that names something: required.
const fn identifier(name: &'static str, role: Role, error: CstaError) -> Member {
    Member { name, role, required: true, since: 2, before: None, list: None, error }
}

/// A member that names nothing: optional.
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

/// The own line, in the service where it is what calls.
pub(super) const fn calling(name: &'static str) -> Member {
    identifier(name, Role::Line { filled: false }, CstaError::INVALID_CALLING_DEVICE_ID)
}

pub(super) const fn dialled(name: &'static str, error: CstaError) -> Member {
    identifier(name, Role::Dialled { in_part: false, only_if: None }, error)
}

/// What is dialled if the truth value `only_if` says so.
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

    /// An own line that the gateway writes where the client left it out.
    pub(super) const fn filled(self) -> Self {
        Self { role: Role::Line { filled: true }, required: false, ..self }
    }

    /// A number that may be empty or end in `;`.
    pub(super) const fn in_part(self) -> Self {
        Self { role: Role::Dialled { in_part: true, only_if: None }, ..self }
    }

    /// What a request is answered in which it stands, but cannot be read: it is not missing.
    pub(super) fn unreadable(&self) -> CstaError {
        if self.error == CstaError::PARAMETER_MISSING {
            CstaError::INVALID_PARAMETER_VALUE
        } else {
            self.error
        }
    }

    /// How `edition` spells its name.
    #[must_use]
    pub fn name_in(&self, edition: u8) -> &'static str {
        self.before.filter(|(last, _)| edition <= *last).map_or(self.name, |(_, name)| name)
    }

    /// Whether an element of that local name is this member, in any edition's spelling.
    #[must_use]
    pub fn is_named(&self, name: &str) -> bool {
        self.name == name || self.before.is_some_and(|(_, before)| before == name)
    }

    /// Whether a message of `to`'s edition may have it that came in one of `from`'s.
    #[must_use]
    pub fn passes(&self, from: u8, to: u8) -> bool {
        self.role != Role::Withheld && (to >= self.since || from == to)
    }

    /// The items' name, where a message of that edition has a list of them here.
    #[must_use]
    pub fn item_in(&self, edition: u8) -> Option<&'static str> {
        self.list.filter(|(since, _)| edition >= *since).map(|(_, item)| item)
    }
}

/// Whether an element can be read as what its member is.
pub(super) fn is_readable(member: &Member, node: Element<'_>) -> bool {
    match member.role {
        Role::Own | Role::OwnCall | Role::Held | Role::Active | Role::Foreign | Role::Announced { .. } => {
            let connection = read::connection(node);
            connection.call.is_some() || connection.device.is_some()
        }
        Role::Dialled { .. } | Role::Number if member.list.is_some() => {
            // A list of devices, or a device.
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
        // Where it is not required, or stands for nothing, an empty one says as much as none.
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
