//! The values in a document, each with the names of the elements it stands in, and how a script names them.

use alloc::string::String;
use alloc::vec::Vec;

use roxmltree::Node;

use ctigate_core::line::dial::dialable;

use super::calls::text_of;

/// The most values that are kept of a document.
const KEPT: usize = 512;

/// Elements that say no more than that they are a device.
const GENERAL: [&str; 2] = ["deviceIdentifier", "numberDialed"];

/// What a script writes for an element that is absent.
const ABSENT: &str = "-";

/// The values of a document, in its order. A name has the names of the elements from below the root to the value,
/// joined by dots: `callingDevice.deviceIdentifier`. The name of an element without content is a value of the element
/// around it: `lastRedirectionDevice` has the value `notRequired`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Values(Vec<(String, String)>);

impl Values {
    /// The values below `root`.
    pub(super) fn of(root: Node<'_, '_>) -> Self {
        let mut values = Self::default();
        values.collect(root, "");
        values
    }

    fn collect(&mut self, node: Node<'_, '_>, name: &str) {
        let mut inner = node.children().filter(Node::is_element).peekable();
        if inner.peek().is_none() && !name.is_empty() {
            let text: String = node.children().filter_map(|child| child.text()).collect();
            self.push(name, text.trim());
            return;
        }
        for child in inner {
            let here = child.tag_name().name();
            let path = if name.is_empty() { here.into() } else { [name, here].join(".") };
            self.collect(child, &path);
        }
    }

    fn push(&mut self, name: &str, text: &str) {
        let (name, text) = match name.rsplit_once('.') {
            Some((around, last)) if text.is_empty() => (around, last),
            Some(_) | None => (name, text),
        };
        if self.0.len() < KEPT {
            self.0.push((name.into(), text.into()));
        }
    }

    /// The values for people, in the document's order: each with the name of its own element or, if that says no more
    /// than that it is a device, of the one around it; and numbers without what is around them.
    pub(super) fn shown(&self) -> impl Iterator<Item = (&str, String)> {
        self.0.iter().map(|(name, value)| {
            let mut names = name.rsplit('.');
            let own = names.next().unwrap_or_default();
            let name = if GENERAL.contains(&own) { names.next().unwrap_or(own) } else { own };
            let value = if value.starts_with("tel:") { text_of(value) } else { value.clone() };
            (name, value)
        })
    }

    /// The values of the element that `name` names, which may leave out names at either end:
    /// `newConnection.callID` and `newConnection` both name
    /// `transferredConnections.connectionListItem.newConnection.callID`. Letters are compared without their case.
    pub(super) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(path, _)| is_part(path, name)).map(|(_, value)| value.as_str())
    }

    /// Whether the element that `name` names has this value, or is absent if that is what `wanted` says.
    pub(super) fn has(&self, name: &str, wanted: &str) -> bool {
        let mut found = self.named(name);
        if wanted == ABSENT { found.next().is_none() } else { found.any(|found| is_same(found, wanted)) }
    }
}

/// Whether the names in `name` follow each other somewhere in `path`.
fn is_part(path: &str, name: &str) -> bool {
    let mut starts =
        core::iter::once(path).chain(path.match_indices('.').filter_map(|(at, _)| path.get(at + 1..)));
    starts.any(|rest| {
        let begins = rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
        begins && rest.get(name.len()..).is_some_and(|behind| behind.is_empty() || behind.starts_with('.'))
    })
}

/// Whether two values are equal, or notations of the same number.
pub(super) fn is_same(found: &str, wanted: &str) -> bool {
    let numbers = || dialable(found).ok().zip(dialable(wanted).ok());
    found == wanted || numbers().is_some_and(|(found, wanted)| found == wanted)
}

ctigate_core::digest! { struct Values(values) }

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &[u8] = b"<TransferedEvent><transferredConnections><connectionListItem><newConnection><callID>7</callID>\
        <deviceID>tel:1003</deviceID></newConnection></connectionListItem></transferredConnections>\
        <lastRedirectionDevice><notRequired/></lastRedirectionDevice><agentID/><cause> transfer </cause></TransferedEvent>";

    fn values() -> Values {
        let text = core::str::from_utf8(EVENT).unwrap();
        Values::of(roxmltree::Document::parse(text).unwrap().root_element())
    }

    #[test]
    fn an_element_is_named_by_any_part_of_its_dotted_name() {
        let values = values();
        for name in [
            "transferredConnections.connectionListItem.newConnection.callID",
            "newConnection.callID",
            "newConnection",
            "callid",
            "transferredConnections",
        ] {
            assert!(values.has(name, "7"), "{name}");
        }
        for name in ["Connection.callID", "newConnection.call", "transferredConnections.callID", "new", ""] {
            assert!(!values.has(name, "7"), "{name}");
        }
        assert!(values.has("deviceID", "1003"), "numbers are compared as numbers");
        assert!(values.has("cause", "transfer") && !values.has("cause", "Transfer"));
    }

    #[test]
    fn an_element_without_content_is_a_value_and_an_absent_one_can_be_asked_for() {
        let values = values();
        assert!(values.has("lastRedirectionDevice", "notRequired"));
        assert!(values.has("agentID", ""));
        assert!(values.has("callingDevice", "-") && !values.has("cause", "-"));
        let shown: Vec<_> = values.shown().collect();
        assert_eq!(shown[..2], [("callID", String::from("7")), ("deviceID", "1003".into())]);
        let device =
            "<E><originatingDevice><deviceIdentifier>tel:1;x=y</deviceIdentifier></originatingDevice></E>";
        let values = Values::of(roxmltree::Document::parse(device).unwrap().root_element());
        assert_eq!(values.shown().next(), Some(("originatingDevice", "1".into())));
    }
}
