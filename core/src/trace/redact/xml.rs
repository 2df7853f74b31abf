//! XML within other bytes: tags are the protocol's own, text is sensitive unless its element says otherwise.

use alloc::vec::Vec;

use super::mark::{Mark, Marks};

/// The deepest nesting that is followed.
const DEPTH: usize = 64;

/// The longest tag that is looked for, in bytes.
const LONGEST: usize = 4096;

/// Elements whose text is the protocol's own: references, states, reasons, versions and spans.
const OWN: &str = "actualProtocolVersion actualSessionDuration appEndReason applicationID autoOriginate callID cause \
    definedError localConnectionInfo monitorCrossRefID monitorMediaClass monitorType operation \
    performanceManagement privateErrorCode protocolVersion requestedSessionDuration security \
    servEndReason serviceCrossRefID sessionID stateIncompatibility subscribedResourceAvailability \
    sysStatRegisterID systemResourceAvailibility systemStatus timestamp unspecified";

/// Marks tags and texts in all of `marks`.
pub(super) fn mark(marks: &mut Marks<'_>) {
    // For each open element, whether its text is the protocol's own.
    let mut open: Vec<bool> = Vec::new();
    let mut at = 0;
    let mut text = 0;
    while let Some(rest) = marks.bytes.get(at..).filter(|rest| !rest.is_empty()) {
        // Where a message begins, whatever the one before left open is over.
        if rest.first() == Some(&0) || rest.starts_with(b"SIP/2.0") {
            open.clear();
        }
        let Some(length) = tag_length(rest) else {
            at = at.saturating_add(1);
            continue;
        };
        if let Some(own) = open.last() {
            marks.set(text..at, if *own { Mark::Locked } else { Mark::Sensitive });
        }
        let end = at.saturating_add(length);
        let tag = rest.get(..length).unwrap_or_default();
        if tag.starts_with(b"<![CDATA[") {
            let own = open.last().copied().unwrap_or(true);
            marks.set(at..end, if own { Mark::Locked } else { Mark::Sensitive });
            marks.set(at..at.saturating_add(9), Mark::Locked);
        } else {
            marks.set(at..end, Mark::Locked);
            follow(&mut open, tag);
        }
        (at, text) = (end, end);
    }
}

/// Opens or closes what `tag` opens or closes.
fn follow(open: &mut Vec<bool>, tag: &[u8]) {
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
        open.push(OWN.split(' ').any(|own| own.as_bytes() == local));
    }
}

/// How long the tag, comment, CDATA section or instruction at the front is, if one is there.
fn tag_length(bytes: &[u8]) -> Option<usize> {
    let [b'<', second, ..] = bytes else { return None };
    if !(second.is_ascii_alphabetic() || b"/?!_".contains(second)) {
        return None;
    }
    // An address in a SIP header stands in angle brackets too.
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
