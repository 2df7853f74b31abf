//! Access to a document: children by local name, texts, and the types that many messages share.

use roxmltree::Node;

use super::{
    errors::CstaError,
    events::{FILTER_MEMBERS, STATUS_MEMBERS},
    model::{Connection, Device, MonitorFilter, Namespace, Party, Redirection, StatusFilter},
    parse::Malformed,
};

/// A node of a document, borrowed for the document's lifetime.
pub(super) type Element<'a> = Node<'a, 'a>;

/// Whether an element belongs to CSTA. Peers that leave the namespace out mean CSTA's.
pub(super) fn is_ours(node: Element<'_>) -> bool {
    let uri = node.tag_name().namespace();
    let root = node.document().root_element().tag_name().namespace();
    uri.is_none() || uri == root || uri.is_some_and(|uri| Namespace::parse(uri).is_some())
}

/// The first child element of that local name that belongs to CSTA.
pub(super) fn own_child<'a>(node: Element<'a>, name: &str) -> Option<Element<'a>> {
    node.children().find(|child| child.is_element() && child.tag_name().name() == name && is_ours(*child))
}

/// The first child element of that local name.
pub(super) fn child<'a>(node: Element<'a>, name: &str) -> Option<Element<'a>> {
    node.children().find(|child| child.is_element() && child.tag_name().name() == name)
}

/// The element at the end of a path of children.
pub(super) fn at<'a>(node: Element<'a>, path: &[&str]) -> Option<Element<'a>> {
    path.iter().try_fold(node, |node, name| child(node, name))
}

/// The first descendant of that local name.
pub(super) fn descendant<'a>(node: Element<'a>, name: &str) -> Option<Element<'a>> {
    node.descendants().skip(1).find(|inner| inner.is_element() && inner.tag_name().name() == name)
}

/// The text of an element, without surrounding white space. `None` if a comment or an element divides it: half a number
/// must not be read as a whole one.
pub(super) fn text(node: Element<'_>) -> Option<&str> {
    let pieces = node.children().filter(roxmltree::Node::is_text).filter_map(|child| child.text());
    let mut pieces = pieces.map(trim).filter(|piece| !piece.is_empty());
    match (pieces.next(), pieces.next()) {
        (None, _) => Some(""),
        (Some(piece), None) => Some(piece),
        (Some(_), Some(_)) => None,
    }
}

/// `text` without surrounding XML white space. Usually there is none.
fn trim(text: &str) -> &str {
    let is_plain = |byte: Option<&u8>| byte.is_some_and(|byte| *byte > b' ');
    let bytes = text.as_bytes();
    if is_plain(bytes.first()) && is_plain(bytes.last()) {
        text
    } else {
        text.trim_matches([' ', '\t', '\r', '\n'])
    }
}

/// The text of a child, if there is one that is not empty.
pub(super) fn child_text<'a>(node: Element<'a>, name: &str) -> Option<&'a str> {
    child(node, name).and_then(text).filter(|text| !text.is_empty())
}

/// Reads a truth value in either of XML Schema's spellings.
pub(super) fn truth(node: Element<'_>) -> Option<bool> {
    match text(node)? {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// Reads the element as a `DeviceID`; its text may be empty.
pub(super) fn device(node: Element<'_>) -> Option<Device<'_>> {
    Some(Device { id: text(node)?, type_of_number: node.attribute("typeOfNumber") })
}

/// Reads the element as a `DeviceID` that is not empty.
pub(super) fn known_device(node: Element<'_>) -> Option<Device<'_>> {
    device(node).filter(|device| !device.id.is_empty())
}

/// Reads the element as a `ConnectionID`; an empty half counts as missing.
pub(super) fn connection(node: Element<'_>) -> Connection<'_> {
    let device = child(node, "deviceID").and_then(|device| {
        // Some phone systems write it like a party.
        known_device(device).or_else(|| child(device, "deviceIdentifier").and_then(known_device))
    });
    Connection { call: child_text(node, "callID"), device }
}

/// Reads a device that may be unknown or withheld. If it cannot be read it is unknown.
pub(super) fn party(node: Element<'_>) -> Party<'_> {
    if let Some(device) = child(node, "deviceIdentifier").and_then(known_device) {
        Party::Device(device)
    } else if child(node, "restricted").is_some() {
        Party::Restricted
    } else {
        Party::NotKnown
    }
}

/// Reads the last redirection. If it cannot be read it is not specified.
pub(super) fn redirection(node: Element<'_>) -> Redirection<'_> {
    if let Some(device) = child(node, "numberDialed").and_then(known_device) {
        Redirection::NumberDialed(device)
    } else if child(node, "notKnown").is_some() {
        Redirection::NotKnown
    } else if child(node, "notRequired").is_some() {
        Redirection::NotRequired
    } else if child(node, "restricted").is_some() {
        Redirection::Restricted
    } else {
        Redirection::NotSpecified
    }
}

/// Reads the element as a monitor filter. Unknown groups and members are ignored; `None` if a truth value cannot be
/// read.
pub(super) fn monitor_filter(node: Element<'_>) -> Option<MonitorFilter> {
    let mut filter = MonitorFilter::NONE;
    for group in node.children().filter(Node::is_element) {
        for member in group.children().filter(Node::is_element) {
            let (group, name) = (group.tag_name().name(), member.tag_name().name());
            // Some peers spell the first group as the ASN.1 does, `callControl`.
            let known = FILTER_MEMBERS
                .iter()
                .find(|known| known.member == name && known.group.eq_ignore_ascii_case(group));
            if let Some(known) = known
                && truth(member)?
            {
                filter = filter.excluding(known.event);
            }
        }
    }
    Some(filter)
}

/// Reads the element as a status filter.
pub(super) fn status_filter(node: Element<'_>) -> Option<StatusFilter> {
    let mut filter = StatusFilter::default();
    for (name, status) in STATUS_MEMBERS {
        if let Some(member) = child(node, name)
            && truth(member)?
        {
            filter = filter.excluding(status);
        }
    }
    Some(filter)
}

/// Reads the elements of one message, and reports those that are missing or unreadable.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    /// The message's name, for the report.
    pub(super) service: &'static str,
    /// Its root.
    pub(super) root: Element<'a>,
}

impl<'a> Reader<'a> {
    /// The report that `element` is missing or unreadable.
    pub(super) const fn malformed(self, element: &'static str, error: CstaError) -> Malformed {
        Malformed { service: self.service, element, error, is_twice: false }
    }

    /// The text of a required child, which must not be empty.
    pub(super) fn text(self, element: &'static str, error: CstaError) -> Result<&'a str, Malformed> {
        child_text(self.root, element).ok_or(self.malformed(element, error))
    }

    /// The text of a child, if there is one that is not empty.
    pub(super) fn optional_text(self, element: &str) -> Option<&'a str> {
        child_text(self.root, element)
    }

    /// A required child that is a `DeviceID`, which must not be empty.
    pub(super) fn device(self, element: &'static str, error: CstaError) -> Result<Device<'a>, Malformed> {
        child(self.root, element).and_then(known_device).ok_or(self.malformed(element, error))
    }

    /// A required child that is a `ConnectionID` with at least one half.
    pub(super) fn connection(self, element: &'static str) -> Result<Connection<'a>, Malformed> {
        let connection = child(self.root, element).map(connection);
        let named = connection.filter(|connection| connection.call.is_some() || connection.device.is_some());
        named.ok_or(self.malformed(element, CstaError::INVALID_CONNECTION_ID))
    }

    /// A child that may be missing, but must be readable if present.
    pub(super) fn optional<T>(
        self,
        element: &'static str,
        error: CstaError,
        read: impl FnOnce(Element<'a>) -> Option<T>,
    ) -> Result<Option<T>, Malformed> {
        child(self.root, element).map(|node| read(node).ok_or(self.malformed(element, error))).transpose()
    }

    /// A required child whose text must be a word that `read` knows. A missing and an unknown one are different errors.
    pub(super) fn word<T>(
        self,
        element: &'static str,
        unknown: CstaError,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, Malformed> {
        let text = self.text(element, CstaError::PARAMETER_MISSING)?;
        read(text).ok_or(self.malformed(element, unknown))
    }

    /// A child that is a number of seconds, if there is one.
    pub(super) fn seconds(self, element: &'static str) -> Result<Option<u32>, Malformed> {
        self.optional(element, CstaError::INVALID_PARAMETER_VALUE, |node| text(node)?.parse().ok())
    }
}
