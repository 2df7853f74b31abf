//! Marks XML within other bytes: tags belong to the protocol, text is sensitive, depending on its element.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::Range;

use super::mark::{Mark, Marks};
use crate::wire::csta::events::{Part, shapes};
use crate::wire::csta::member::{Member, Role};
use crate::wire::csta::services;

/// The greatest depth that is followed.
const DEPTH: usize = 64;

/// The longest tag that is found, in bytes.
const LONGEST: usize = 4096;

/// Elements whose text belongs to the protocol, in addition to those that [`own_names`] finds in the rows: references,
/// states, reasons, versions and times.
const OWN: &str = "actualProtocolVersion actualSessionDuration appEndReason applicationID callID definedError \
    monitorMediaClass monitorType operation performanceManagement privateErrorCode protocolVersion \
    requestedSessionDuration security servEndReason sessionID stateIncompatibility \
    subscribedResourceAvailability sysStatRegisterID systemResourceAvailibility systemStatus timestamp unspecified";

/// Whether the text of an element belongs to the protocol.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Text {
    Own,
    /// It does if it consists of letters only: it is a word of the schema, and which words there are depends on the
    /// edition.
    Word,
    Sensitive,
    /// It is sensitive, as is everything below it: private data, whatever the names of its elements.
    Private,
}

impl Text {
    /// Whether `text` in such an element belongs to the protocol.
    fn locks(self, text: &[u8]) -> bool {
        match self {
            Self::Own => true,
            Self::Word => text.iter().all(|byte| byte.is_ascii_alphabetic() || byte.is_ascii_whitespace()),
            Self::Sensitive | Self::Private => false,
        }
    }
}

/// The elements whose text belongs to the protocol: those in [`OWN`], and the values and references of all rows. A name
/// with any other role in some row is not included.
fn own_names() -> BTreeMap<&'static str, Text> {
    let rows = || services::all().iter().flat_map(|service| service.request.iter().chain(service.response));
    let spelt = |member: &'static Member| {
        [Some(member.name), member.before.map(|(_, name)| name)].into_iter().flatten()
    };
    let is_own = |member: &&Member| {
        matches!(member.role, Role::Truth | Role::Count | Role::Word(_) | Role::CrossReference)
    };
    let slots = shapes().flat_map(|shape| shape.slots);
    let of_events =
        slots.filter(|slot| matches!(slot.part, Part::CrossReference | Part::LocalState | Part::Cause));
    let mut own: BTreeMap<&str, Text> = OWN.split(' ').map(|name| (name, Text::Own)).collect();
    own.extend(rows().filter(is_own).flat_map(spelt).map(|name| (name, Text::Own)));
    own.extend(of_events.map(|slot| (slot.name, Text::Own)));
    let is_word = |member: &&Member| member.role == Role::Word(&[]);
    own.extend(rows().filter(is_word).flat_map(spelt).map(|name| (name, Text::Word)));
    for name in rows().filter(|member| !is_own(member)).flat_map(spelt) {
        own.remove(name);
    }
    own
}

/// Marks tags and texts within `range`.
pub(super) fn mark(marks: &mut Marks<'_>, range: Range<usize>) {
    if range.is_empty() {
        return;
    }
    let own = own_names();
    let mut open: Vec<Text> = Vec::new();
    let mut at = range.start;
    let mut text = range.start;
    while let Some(rest) = marks.bytes.get(at..range.end).filter(|rest| !rest.is_empty()) {
        // A new message ends all elements that the previous one left open.
        if rest.first() == Some(&0) || rest.starts_with(b"SIP/2.0") {
            open.clear();
        }
        let Some(length) = tag_length(rest) else {
            at = at.saturating_add(1);
            continue;
        };
        if let Some(kind) = open.last() {
            let said = marks.bytes.get(text..at).unwrap_or_default();
            marks.set(text..at, if kind.locks(said) { Mark::Locked } else { Mark::Sensitive });
        }
        let end = at.saturating_add(length);
        let tag = rest.get(..length).unwrap_or_default();
        if tag.starts_with(b"<![CDATA[") {
            let said = tag.get(9..length.saturating_sub(3)).unwrap_or_default();
            let is_own = open.last().is_none_or(|kind| kind.locks(said));
            marks.set(at..end, if is_own { Mark::Locked } else { Mark::Sensitive });
            marks.set(at..at.saturating_add(9), Mark::Locked);
        } else {
            marks.set(at..end, Mark::Locked);
            follow(&mut open, tag, &own);
        }
        (at, text) = (end, end);
    }
}

/// Opens or closes an element, as `tag` does.
fn follow(open: &mut Vec<Text>, tag: &[u8], own: &BTreeMap<&str, Text>) {
    if tag.starts_with(b"</") {
        open.pop();
    } else if !tag.starts_with(b"<?")
        && !tag.starts_with(b"<!")
        && !tag.ends_with(b"/>")
        && open.len() < DEPTH
    {
        let name = tag.get(1..).unwrap_or_default();
        let end =
            name.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'>').unwrap_or(name.len());
        let name = name.get(..end).unwrap_or_default();
        let local = name.rsplit(|byte| *byte == b':').next().unwrap_or_default();
        let is_private = local == b"private" || open.last() == Some(&Text::Private);
        let known = core::str::from_utf8(local).ok().and_then(|local| own.get(local).copied());
        open.push(if is_private { Text::Private } else { known.unwrap_or(Text::Sensitive) });
    }
}

/// The length of the tag, comment, CDATA section or instruction at the beginning, if there is one.
fn tag_length(bytes: &[u8]) -> Option<usize> {
    let [b'<', second, ..] = bytes else { return None };
    if !(second.is_ascii_alphabetic() || b"/?!_".contains(second)) {
        return None;
    }
    // A URI in a SIP header is in angle brackets too.
    let is_uri = ["sip:", "sips:", "tel:", "http:", "https:", "urn:"].iter().any(|scheme| {
        bytes.get(1..=scheme.len()).is_some_and(|front| front.eq_ignore_ascii_case(scheme.as_bytes()))
    });
    if is_uri {
        return None;
    }
    let end: &[u8] = if bytes.starts_with(b"<![CDATA[") { b"]]>" } else { b">" };
    let found = bytes.windows(end.len()).take(LONGEST).position(|window| window == end)?;
    Some(found.saturating_add(end.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_element_is_listed_that_follows_from_a_row() {
        let members =
            services::all().iter().flat_map(|service| service.request.iter().chain(service.response));
        let slots = shapes().flat_map(|shape| shape.slots);
        let parts = slots.filter(|slot| !matches!(slot.part, Part::Copy(_)));
        for name in members.map(|member| member.name).chain(parts.map(|slot| slot.name)) {
            assert!(OWN.split(' ').all(|own| own != name), "{name}");
        }
    }
}
