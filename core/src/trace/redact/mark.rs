//! Marks the bytes of a text that are sensitive by their position: in URIs, display names, hosts, the text of CSTA
//! elements, and unknown headers; and those that belong to the protocols and must be kept.

use alloc::vec::Vec;
use core::ops::Range;

use super::message::{self, Parts};
use super::xml;
use super::{ami, directory};
use crate::setting::Kind;

/// What happens to the word that begins at a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Replaced if it is sensitive elsewhere.
    Plain,
    /// Replaced.
    Sensitive,
    /// Never replaced.
    Locked,
}

/// The kind of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speech {
    /// SIP messages, one after the other.
    Sip,
    /// CSTA documents in frames.
    Csta,
    /// Messages of an Asterisk's manager interface.
    Ami,
    /// Lines of text from a person or a script.
    Lines,
    /// A user ID.
    User,
    /// The key of what is kept for a user: what it is, a slash, and the user ID.
    UserKey,
    /// A user's choice: `automatic`, or a device's name with an index behind a colon.
    Choice,
    /// A directory file.
    Directory,
    /// A setting's value, of this kind.
    Setting(Kind),
}

/// The choice that names no device.
const AUTOMATIC: &[u8] = b"automatic";

/// The marks of a text, under construction.
pub(super) struct Marks<'a> {
    pub(super) bytes: &'a [u8],
    marks: Vec<Mark>,
}

impl Marks<'_> {
    pub(super) fn set(&mut self, range: Range<usize>, mark: Mark) {
        self.marks.get_mut(range).into_iter().flatten().for_each(|index| *index = mark);
    }
}

/// Marks every byte of `bytes`.
pub(super) fn mark(bytes: &[u8], speech: Speech) -> Vec<Mark> {
    let whole = match speech {
        // One of the words that the key allows: it says how the machine is to act, and nothing of anybody.
        Speech::Setting(Kind::Choice(_)) => return alloc::vec![Mark::Locked; bytes.len()],
        Speech::Choice if bytes == AUTOMATIC => Mark::Locked,
        Speech::Setting(_) | Speech::User | Speech::UserKey | Speech::Choice => Mark::Sensitive,
        Speech::Sip | Speech::Csta | Speech::Ami | Speech::Lines => Mark::Plain,
        Speech::Directory => Mark::Locked,
    };
    let mut marks = Marks { bytes, marks: alloc::vec![whole; bytes.len()] };
    match speech {
        Speech::Sip => mark_messages(&mut marks),
        Speech::Lines => {
            mark_lines(&mut marks, 0..bytes.len(), mark_numbers);
            xml::mark(&mut marks, 0..bytes.len());
        }
        Speech::Choice | Speech::Setting(Kind::Listen | Kind::Target) => lock_after_last(&mut marks, b':'),
        Speech::UserKey => {
            let kind = bytes.iter().position(|byte| *byte == b'/').unwrap_or(0);
            marks.set(0..kind, Mark::Locked);
        }
        Speech::Setting(Kind::Network) => lock_after_last(&mut marks, b'/'),
        Speech::Csta => xml::mark(&mut marks, 0..bytes.len()),
        Speech::Ami => ami::mark(&mut marks),
        // Its SIP addresses have no parameters: all is done.
        Speech::Directory => {
            directory::mark(&mut marks);
            return marks.marks;
        }
        Speech::Setting(_) | Speech::User => {}
    }
    for scheme in ["sip:", "sips:", "tel:"] {
        mark_uris(&mut marks, scheme);
    }
    marks.marks
}

/// Marks headers and bodies, each by their own rules: what looks like a tag in a display name is none.
fn mark_messages(marks: &mut Marks<'_>) {
    for Parts { headers, body } in message::messages(marks.bytes) {
        mark_lines(marks, headers, mark_header);
        mark_lines(marks, body.clone(), mark_header);
        xml::mark(marks, body);
    }
}

/// Calls `each` with every line in `range`; one that begins with a space continues the line before (RFC 3261, 7.3.1).
fn mark_lines(marks: &mut Marks<'_>, range: Range<usize>, each: impl Fn(&mut Marks<'_>, Range<usize>)) {
    let mut start = range.start;
    let mut end = range.start;
    for line in marks.bytes.get(range).unwrap_or_default().split_inclusive(|byte| *byte == b'\n') {
        if !line.first().is_some_and(|byte| b" \t".contains(byte)) {
            each(marks, start..end);
            start = end;
        }
        end += line.len();
    }
    each(marks, start..end);
}

/// Marks numbers of at least three digits, unless the line is one that takes a time.
fn mark_numbers(marks: &mut Marks<'_>, range: Range<usize>) {
    let line = marks.bytes.get(range.clone()).unwrap_or_default().trim_ascii_start();
    if line.split(u8::is_ascii_whitespace).next() == Some(b"delay") {
        return;
    }
    let mut at = range.start;
    while at < range.end {
        let rest = marks.bytes.get(at..range.end).unwrap_or_default();
        let length = super::words::length(rest);
        let word = rest.get(..length).unwrap_or_default();
        if length >= 3 && word.iter().all(u8::is_ascii_digit) {
            marks.set(at..at + length, Mark::Sensitive);
        }
        at += length;
    }
}

/// Locks the number after the last `sign`: a port, or the length of a network's prefix.
fn lock_after_last(marks: &mut Marks<'_>, sign: u8) {
    if let Some(index) = marks.bytes.iter().rposition(|byte| *byte == sign) {
        lock_number(marks, index.saturating_add(1));
    }
}

fn lock_number(marks: &mut Marks<'_>, start: usize) {
    let digits = marks.bytes.get(start..).unwrap_or_default();
    let digits = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    marks.set(start..start.saturating_add(digits), Mark::Locked);
}

/// Headers whose values belong to the protocol, in lower case, with their compact names.
const STRUCTURE: &str = "accept allow allow-events c content-disposition content-encoding content-length content-type cseq \
    date e event expires k l max-forwards mime-version min-se proxy-require rack require retry-after \
    rseq server session-expires supported timestamp unsupported user-agent warning x";

/// Headers that hold addresses: display names, hosts and URIs are sensitive, parameters are not.
const ADDRESSES: &str = "alert-info contact f from m p-asserted-identity p-preferred-identity record-route refer-to \
    referred-by remote-party-id reply-to route t to";

/// Marks one line of a SIP message. This includes lines of bodies, which do not look like headers.
fn mark_header(marks: &mut Marks<'_>, range: Range<usize>) {
    let line = marks.bytes.get(range.clone()).unwrap_or_default();
    if line.windows(7).any(|window| window == b"SIP/2.0") && !is_header(line) {
        marks.set(range, Mark::Locked);
        return;
    }
    let Some(colon) = line.iter().position(|byte| *byte == b':').filter(|_| is_header(line)) else { return };
    let name = line.get(..colon).unwrap_or_default().trim_ascii().to_ascii_lowercase();
    let is = |names: &str| names.split(' ').any(|known| known.as_bytes() == name);
    let value = range.start + colon + 1..range.end;
    marks.set(range.start..value.start, Mark::Locked);
    if is(STRUCTURE) {
        marks.set(value, Mark::Locked);
    } else if is("via v") {
        mark_vias(marks, value);
    } else if is("call-id i") {
        let host = line.iter().position(|byte| *byte == b'@').map_or(range.end, |at| range.start + at);
        // Usually random; a client may have put its user's name there.
        marks.set(host..range.end, Mark::Sensitive);
    } else if is(ADDRESSES) {
        mark_display_names(marks, value);
    } else {
        marks.set(value, Mark::Sensitive);
    }
}

/// Whether a line begins like a header, with a token and a colon.
fn is_header(line: &[u8]) -> bool {
    let name = line.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-').count();
    let behind = line.get(name..).unwrap_or_default().trim_ascii_start();
    name > 0 && behind.first() == Some(&b':')
}

/// Marks the host in `SIP/2.0/TCP host:port;params`.
fn mark_vias(marks: &mut Marks<'_>, value: Range<usize>) {
    let mut start = value.start;
    let text = marks.bytes.get(value).unwrap_or_default();
    for via in text.split_inclusive(|byte| *byte == b',') {
        let end = via.iter().position(|byte| *byte == b';').unwrap_or(via.len());
        let protocol = via.get(..end).unwrap_or_default();
        let sent_by = protocol.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
        let transport = protocol.get(sent_by..).unwrap_or_default();
        let space = transport.iter().position(u8::is_ascii_whitespace).unwrap_or(0);
        marks.set(start..start + sent_by + space, Mark::Locked);
        mark_host(marks, start + sent_by + space..start + end);
        start += via.len();
    }
}

/// Marks the host in `host` or `host:port`.
fn mark_host(marks: &mut Marks<'_>, range: Range<usize>) {
    let host = marks.bytes.get(range.clone()).unwrap_or_default();
    let port = host.iter().rposition(|byte| *byte == b':').map(|colon| range.start + colon + 1);
    marks.set(range, Mark::Sensitive);
    if let Some(port) = port {
        lock_number(marks, port);
    }
}

/// Marks the display name before each `<`, back to the comma after the previous address.
fn mark_display_names(marks: &mut Marks<'_>, value: Range<usize>) {
    let mut name = Some(value.start);
    for index in value {
        match (marks.bytes.get(index), name) {
            (Some(b'<'), Some(start)) => {
                marks.set(start..index, Mark::Sensitive);
                name = None;
            }
            (Some(b','), None) => name = Some(index),
            _ => {}
        }
    }
}

/// The longest URI that is found, in bytes.
const LONGEST_URI: usize = 4096;

/// Marks the user and the host, or the number and its context, in each URI of `scheme`.
fn mark_uris(marks: &mut Marks<'_>, scheme: &str) {
    let mut at = 0;
    while let Some(rest) = marks.bytes.get(at..) {
        let found =
            rest.windows(scheme.len()).position(|window| window.eq_ignore_ascii_case(scheme.as_bytes()));
        let Some(found) = found else { return };
        let start = at + found + scheme.len();
        let before = (at + found).checked_sub(1).and_then(|before| marks.bytes.get(before));
        if before.is_none_or(|before| !super::words::is_word(*before)) {
            let rest = marks.bytes.get(start..).unwrap_or_default();
            let ends = |byte: &u8| byte.is_ascii_whitespace() || b"<>\"'".contains(byte);
            let end = rest.iter().take(LONGEST_URI).position(ends).unwrap_or(rest.len().min(LONGEST_URI));
            let range = start..start + end;
            if scheme == "tel:" { mark_number(marks, range) } else { mark_sip_uri(marks, range) }
        }
        at = start;
    }
}

fn mark_sip_uri(marks: &mut Marks<'_>, range: Range<usize>) {
    let uri = marks.bytes.get(range.clone()).unwrap_or_default();
    let user = uri.iter().position(|byte| *byte == b'@').map_or(0, |at| at + 1);
    let host = uri.get(user..).unwrap_or_default();
    let host = user + host.iter().position(|byte| b";?,".contains(byte)).unwrap_or(host.len());
    marks.set(range.start..range.start + user, Mark::Sensitive);
    mark_host(marks, range.start + user..range.start + host);
    let params = range.start + host..range.end;
    mark_param(marks, params, b"maddr=");
}

fn mark_number(marks: &mut Marks<'_>, range: Range<usize>) {
    let uri = marks.bytes.get(range.clone()).unwrap_or_default();
    let number = uri.iter().position(|byte| b";?,".contains(byte)).unwrap_or(uri.len());
    marks.set(range.start..range.start + number, Mark::Sensitive);
    mark_param(marks, range.start + number..range.end, b"phone-context=");
    mark_param(marks, range.start + number..range.end, b"partition=");
}

/// Marks the value of the parameter `name` (with its `=`), if present.
fn mark_param(marks: &mut Marks<'_>, range: Range<usize>, name: &[u8]) {
    let params = marks.bytes.get(range.clone()).unwrap_or_default();
    let found = params.windows(name.len()).position(|window| window.eq_ignore_ascii_case(name));
    let Some(start) = found.map(|found| found + name.len()) else { return };
    let value = params.get(start..).unwrap_or_default();
    let end = value.iter().position(|byte| b";?,>".contains(byte)).unwrap_or(value.len());
    marks.set(range.start + start..range.start + start + end, Mark::Sensitive);
}
