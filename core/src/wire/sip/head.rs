//! A message's head: start line and header lines. The ordinary head is read in place; one that `httparse` refuses (folded
//! lines, space before the colon, bad bytes) is first put in order in a copy.

use alloc::string::String;

use super::flaw::{Flaw, ParseError};
use super::header::{Header, Headers, MAX_HEADERS, Name};
use super::list;
use super::message::Start;
use super::method::Method;

/// How many headers an ordinary message has at most: more take a second, larger attempt.
const ORDINARY_HEADERS: usize = 32;

/// Header lines that must be put in order before they can be read.
pub(super) struct Disorder;

/// Reads header lines into `headers`, at most `limit` of them.
pub(super) fn header_lines<'a>(
    lines: &'a [u8],
    limit: usize,
    headers: &mut Headers<'a>,
) -> Result<Option<Flaw>, Disorder> {
    let mut few = [httparse::EMPTY_HEADER; ORDINARY_HEADERS];
    match httparse::parse_headers(lines, &mut few) {
        Ok(httparse::Status::Complete((_, parsed))) => return fill(parsed, limit, headers),
        Err(httparse::Error::TooManyHeaders) => {}
        Ok(httparse::Status::Partial) | Err(_) => return Err(Disorder),
    }
    let mut many = [httparse::EMPTY_HEADER; MAX_HEADERS];
    match httparse::parse_headers(lines, &mut many) {
        Ok(httparse::Status::Complete((_, parsed))) => return fill(parsed, limit, headers),
        Err(httparse::Error::TooManyHeaders) => {}
        Ok(httparse::Status::Partial) | Err(_) => return Err(Disorder),
    }
    fill(&many, limit, headers)?;
    Ok(Some(Flaw::TooManyHeaders))
}

/// Keeps what `httparse` read.
fn fill<'a>(
    parsed: &[httparse::Header<'a>],
    limit: usize,
    headers: &mut Headers<'a>,
) -> Result<Option<Flaw>, Disorder> {
    for (place, header) in parsed.iter().enumerate() {
        let value = core::str::from_utf8(header.value).map_err(|_| Disorder)?;
        if place >= limit || !headers.push(Header { name: Name::from_text(header.name), value }) {
            return Ok(Some(Flaw::TooManyHeaders));
        }
    }
    Ok(None)
}

/// Writes `head` into `out` such that [`header_lines`] can read what follows the first line. Returns what had to be mended
/// and is not allowed; folding and space before the colon are allowed.
pub(super) fn put_in_order(head: &[u8], out: &mut String) -> Option<Flaw> {
    out.clear();
    let text = String::from_utf8_lossy(head);
    let mut flaw = core::str::from_utf8(head).is_err().then_some(Flaw::NotUtf8);
    let mut lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    push_clean(out, lines.next().unwrap_or_default(), &mut flaw);
    out.push_str("\r\n");
    let mut open = false;
    for line in lines.take_while(|line| !line.is_empty()) {
        if line.starts_with([' ', '\t']) {
            if open {
                out.push(' ');
                push_clean(out, list::trim(line), &mut flaw);
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
                push_clean(out, list::trim(value), &mut flaw);
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

fn push_clean(out: &mut String, text: &str, flaw: &mut Option<Flaw>) {
    out.extend(text.chars().map(|character| {
        if character.is_ascii_control() && character != '\t' {
            *flaw = flaw.or(Some(Flaw::ControlCharacter));
            return ' ';
        }
        character
    }));
}

/// Reads a request line or a status line (RFC 3261 7.1, 7.2).
pub(super) fn start_line(line: &str) -> Result<(Start<'_>, Option<Flaw>), ParseError> {
    let (first, rest) = line.split_once(' ').ok_or(ParseError::StartLine)?;
    if first.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("SIP/")) {
        return status_line(first, rest);
    }
    let (uri, version) = rest.trim_end().rsplit_once(' ').ok_or(ParseError::StartLine)?;
    let name = version.split_once('/').filter(|(name, number)| list::is_token(name) && !number.is_empty());
    let uri_alone = list::trim(uri);
    if !list::is_token(first) || name.is_none() || uri_alone.is_empty() {
        return Err(ParseError::StartLine);
    }
    let flaw = if !is_version_2(version) {
        Some(Flaw::Version)
    } else if uri_alone.len() != uri.len() || uri.contains([' ', '\t']) || rest.ends_with([' ', '\t']) {
        Some(Flaw::RequestLine)
    } else {
        None
    };
    Ok((Start::Request { method: Method::from_name(first), uri: uri_alone }, flaw))
}

fn status_line<'a>(version: &str, rest: &'a str) -> Result<(Start<'a>, Option<Flaw>), ParseError> {
    let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
    let status = list::number::<u16>(code).filter(|status| (100..700).contains(status) && code.len() == 3);
    let status = status.ok_or(ParseError::StartLine)?;
    let flaw = (!is_version_2(version)).then_some(Flaw::Version);
    Ok((Start::Response { status, reason }, flaw))
}

/// The version is compared without case (RFC 3261 7.1).
fn is_version_2(version: &str) -> bool {
    version.eq_ignore_ascii_case("SIP/2.0")
}
