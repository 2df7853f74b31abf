//! A message's head: start line and header lines. An ordinary head is read in place; one with folded lines, space
//! before a colon or invalid bytes is first normalized in a copy.

use alloc::string::String;

use super::flaw::{Flaw, ParseError};
use super::header::{Known, Line, Lines, MAX_HEADERS};
use super::list;
use super::message::Start;
use super::method::Method;
use super::octets;

/// The header lines must be normalized before they can be read.
pub(super) struct Disorder;

/// Reads the lines of a head in place: the first line, then header lines up to the empty line.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    /// How many of the bytes are UTF-8: usually all of them. No line may end beyond these.
    valid: usize,
    /// Where the next line begins.
    at: usize,
    /// Whether control characters may be in the lines.
    is_mended: bool,
}

impl<'a> Reader<'a> {
    /// Reads a head of which `text` is the part that is UTF-8.
    pub(super) const fn new(head: &'a [u8], text: &str) -> Self {
        Self { bytes: head, valid: text.len(), at: 0, is_mended: false }
    }

    /// Reads a head that was put in order: the control characters that are left in it may be there.
    pub(super) const fn mended(text: &'a str) -> Self {
        Self { bytes: text.as_bytes(), valid: text.len(), at: 0, is_mended: true }
    }

    /// The length of the first line, without its line end.
    pub(super) fn first(&mut self) -> Option<usize> {
        self.end_line(0)
    }

    /// Where the line ends that `from` is in, without its line end; the next begins behind that. `None` if it has no
    /// end, or has control characters other than tabs.
    fn end_line(&mut self, from: usize) -> Option<usize> {
        let mut at = from;
        loop {
            at = octets::first_unusual(self.bytes, at)?;
            let length = match self.bytes.get(at..)? {
                [b'\r', b'\n', ..] => 2,
                [b'\n', ..] => 1,
                [b'\t' | 0x80.., ..] => 0,
                _ if self.is_mended => 0,
                _ => return None,
            };
            if length > 0 {
                self.at = at.saturating_add(length);
                return Some(at);
            }
            at = at.saturating_add(1);
        }
    }

    /// The next header line; `None` at the empty line.
    fn next(&mut self) -> Result<Option<Line>, Disorder> {
        let begin = self.at;
        let rest = self.bytes.get(begin..).unwrap_or_default();
        if matches!(rest, [b'\n', ..] | [b'\r', b'\n', ..]) {
            return Ok(None);
        }
        let (name, length) = match Known::at_start_of(rest) {
            Some((name, length)) => (Some(name), length),
            None => name_of(rest)?,
        };
        let colon = begin.saturating_add(length);
        let mut end = self.end_line(colon).ok_or(Disorder)?;
        let mut value = colon.saturating_add(1);
        while value < end && self.is_blank(value) {
            value = value.saturating_add(1);
        }
        while value < end && self.is_blank(end.saturating_sub(1)) {
            end = end.saturating_sub(1);
        }
        Ok(Some(Line { name, begin, colon, value, end }))
    }

    fn is_blank(&self, at: usize) -> bool {
        self.bytes.get(at).copied().is_some_and(list::is_blank)
    }
}

/// The name that a line begins with, if it is a known one, and its length.
fn name_of(line: &[u8]) -> Result<(Option<Known>, usize), Disorder> {
    let length = line.iter().position(|byte| !octets::NAME.has(*byte)).ok_or(Disorder)?;
    let (name, behind) = line.split_at_checked(length).ok_or(Disorder)?;
    if name.is_empty() || behind.first() != Some(&b':') {
        Err(Disorder)
    } else {
        Ok((Known::from_bytes(name), length))
    }
}

/// Notes the positions of the header lines, at most `limit` of them.
pub(super) fn header_lines(
    reader: &mut Reader<'_>,
    limit: usize,
    lines: &mut Lines,
) -> Result<Option<Flaw>, Disorder> {
    let (mut flaw, mut count) = (None, 0_usize);
    while let Some(line) = reader.next()? {
        if count == MAX_HEADERS {
            return Ok(Some(Flaw::TooManyHeaders));
        }
        // Lines beyond the limit only have to be lines.
        if flaw.is_none() && reader.at > reader.valid {
            return Err(Disorder);
        }
        if count < limit {
            lines.push(line);
        } else {
            flaw = Some(Flaw::TooManyHeaders);
        }
        count = count.saturating_add(1);
    }
    Ok(flaw)
}

/// A head whose lines were noted while it was cut out of a stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Noted {
    /// The length of its first line, without its line end.
    pub(super) first: usize,
    /// Its own length, the empty line included.
    pub(super) end: usize,
}

/// Notes the lines of the head that `bytes` begin with. `None` if it is not complete, or not in order; whether it is
/// UTF-8 is not examined.
pub(super) fn note(bytes: &[u8], lines: &mut Lines) -> Option<Noted> {
    lines.clear();
    let mut reader = Reader { bytes, valid: usize::MAX, at: 0, is_mended: false };
    let first = reader.first()?;
    let flaw = header_lines(&mut reader, MAX_HEADERS, lines).ok()?;
    let empty_line = if bytes.get(reader.at) == Some(&b'\r') { 2 } else { 1 };
    flaw.is_none().then_some(Noted { first, end: reader.at.saturating_add(empty_line) })
}

/// Normalizes `head` into `out`, so that [`header_lines`] can read what follows the first line. Returns the first error
/// that was repaired; folding and space before the colon are no errors.
pub(super) fn put_in_order(head: &[u8], out: &mut String) -> Option<Flaw> {
    out.clear();
    let text = String::from_utf8_lossy(head);
    let mut flaw = core::str::from_utf8(head).is_err().then_some(Flaw::NotUtf8);
    let mut lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    push_clean(out, lines.next().unwrap_or_default(), &mut Quoting::Outside, &mut flaw);
    out.push_str("\r\n");
    let mut open = false;
    // A quoted string may be folded.
    let mut quoting = Quoting::Outside;
    for line in lines.take_while(|line| !line.is_empty()) {
        if line.starts_with([' ', '\t']) {
            if open {
                out.push(' ');
                push_clean(out, list::trim(line), &mut quoting, &mut flaw);
            } else {
                flaw = flaw.or(Some(Flaw::HeaderLine));
            }
            continue;
        }
        if open {
            out.push_str("\r\n");
        }
        open = match line.split_once(':') {
            Some((name, value)) if list::is_token(list::trim(name)) => {
                out.push_str(list::trim(name));
                out.push(':');
                quoting = Quoting::Outside;
                push_clean(out, list::trim(value), &mut quoting, &mut flaw);
                true
            }
            Some(_) | None => {
                flaw = flaw.or(Some(Flaw::HeaderLine));
                false
            }
        };
    }
    out.push_str(if open { "\r\n\r\n" } else { "\r\n" });
    flaw
}

/// Where in a quoted string a position is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quoting {
    Outside,
    Inside,
    /// After a backslash: this character may be a control character (RFC 3261 25.1, `quoted-pair`).
    Escaped,
}

/// Appends a header's value, or a part of it, with spaces instead of control characters where there must be none.
fn push_clean(out: &mut String, text: &str, quoting: &mut Quoting, flaw: &mut Option<Flaw>) {
    out.extend(text.chars().map(|character| {
        let was_escaped = *quoting == Quoting::Escaped;
        *quoting = match (*quoting, character) {
            (Quoting::Outside, '"') | (Quoting::Escaped, _) => Quoting::Inside,
            (Quoting::Inside, '"') => Quoting::Outside,
            (Quoting::Inside, '\\') => Quoting::Escaped,
            (same, _) => same,
        };
        if character.is_ascii_control() && character != '\t' && (!was_escaped || character == '\r') {
            *flaw = flaw.or(Some(Flaw::ControlCharacter));
            return ' ';
        }
        character
    }));
}

/// Reads a request line or a status line (RFC 3261 7.1, 7.2).
pub(super) fn start_line(line: &str) -> Result<(Start<'_>, Option<Flaw>), ParseError> {
    let (first, rest) = list::split_once(line, b' ').ok_or(ParseError::StartLine)?;
    if first.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("SIP/")) {
        return status_line(first, rest);
    }
    let (uri, is_version_2) = match rest.strip_suffix(" SIP/2.0") {
        Some(uri) => (uri, true),
        None if is_version_2(rest) => ("", true),
        None => other_version(rest).ok_or(ParseError::StartLine)?,
    };
    let uri_alone = list::trim(uri);
    if !list::is_token(first) {
        return Err(ParseError::StartLine);
    }
    let flaw = if !is_version_2 {
        Some(Flaw::Version)
    } else if uri_alone.is_empty()
        || uri_alone.len() != uri.len()
        || list::has_blank(uri)
        || rest.ends_with([' ', '\t'])
    {
        Some(Flaw::RequestLine)
    } else {
        None
    };
    Ok((Start::Request { method: Method::from_name(first), uri: uri_alone }, flaw))
}

/// The Request-URI, and whether the version after it is 2.0 all the same, however it is written.
fn other_version(rest: &str) -> Option<(&str, bool)> {
    let (uri, version) = rest.trim_end().rsplit_once(' ')?;
    let (name, number) = list::split_once(version, b'/')?;
    (list::is_token(name) && !number.is_empty()).then(|| (uri, is_version_2(version)))
}

fn status_line<'a>(version: &str, rest: &'a str) -> Result<(Start<'a>, Option<Flaw>), ParseError> {
    let (code, reason) = list::split_once(rest, b' ').unwrap_or((rest, ""));
    let status = list::number::<u16>(code).filter(|status| (100..700).contains(status) && code.len() == 3);
    let status = status.ok_or(ParseError::StartLine)?;
    let flaw = (!is_version_2(version)).then_some(Flaw::Version);
    Ok((Start::Response { status, reason }, flaw))
}

/// The version is compared case-insensitively (RFC 3261 7.1).
fn is_version_2(version: &str) -> bool {
    version.eq_ignore_ascii_case("SIP/2.0")
}
