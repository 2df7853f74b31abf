//! Writes messages into a buffer: the inverse of [`super::Message::parse`].

use alloc::vec::Vec;
use core::fmt::Display;
use core::net::{IpAddr, SocketAddr};

use super::header::Name;
use super::host;
use super::list;
use super::media;
use super::message::Message;
use super::method::Method;
use super::octets;
use super::status::reason_phrase;
use super::via::Via;
use crate::text::{push_formatted, push_number};

/// Appends `name: value` and a line end. Control characters in the value become spaces, so that no value can end its
/// line.
pub fn header(out: &mut Vec<u8>, name: &str, value: &dyn Display) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    let begin = out.len();
    push_formatted(out, format_args!("{value}"));
    blank_controls(out, begin);
    out.extend_from_slice(b"\r\n");
}

/// Like [`header`], for a value that is text.
fn text_header(out: &mut Vec<u8>, name: &str, value: &str) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    text(out, value);
    out.extend_from_slice(b"\r\n");
}

/// Appends the header lines that every response repeats (RFC 3261 8.2.6.2): all Via, From, To, Call-ID and `CSeq`, if
/// present, byte for byte. To gets `local_tag` if it has no tag; the topmost Via gets the request's `source`, where RFC
/// 3261 18.2.1 and RFC 3581 4 require it.
pub fn reply_head(
    out: &mut Vec<u8>,
    request: &Message<'_>,
    local_tag: Option<&str>,
    source: Option<SocketAddr>,
) {
    for (index, value) in request.headers_named(Name::Via).enumerate() {
        out.extend_from_slice(b"Via: ");
        match source {
            Some(source) if index == 0 => topmost_via(out, value, request.via(), source),
            Some(_) | None => out.extend_from_slice(value.as_bytes()),
        }
        out.extend_from_slice(b"\r\n");
    }
    let repeated: [(Name<'_>, &[u8]); 4] =
        [(Name::From, b"From: "), (Name::To, b"To: "), (Name::CallId, b"Call-ID: "), (Name::CSeq, b"CSeq: ")];
    for (name, written) in repeated {
        let Some(value) = request.header(name) else { continue };
        out.extend_from_slice(written);
        out.extend_from_slice(value.as_bytes());
        if let Some(tag) = local_tag.filter(|_| name == Name::To && lacks_tag(request)) {
            out.extend_from_slice(b";tag=");
            out.extend_from_slice(tag.as_bytes());
        }
        out.extend_from_slice(b"\r\n");
    }
}

/// Whether To needs a tag. A To that cannot be read gets none, since it is not known where to put it.
fn lacks_tag(request: &Message<'_>) -> bool {
    request.to().is_some_and(|to| to.tag().is_none())
}

/// Appends a Via header's value, adding the request's `source` to its first item, `topmost`. All else is copied byte
/// for byte.
fn topmost_via(out: &mut Vec<u8>, value: &str, topmost: Option<Via<'_>>, source: SocketAddr) {
    let Some(via) = topmost else {
        out.extend_from_slice(value.as_bytes());
        return;
    };
    let address = source.ip().to_canonical();
    let is_complete = via.rport.is_none() && is_address(via.host, address);
    if is_complete && via.sound && via.received.is_none() {
        out.extend_from_slice(value.as_bytes());
        return;
    }
    out.extend_from_slice(via.raw.strip_suffix(via.params).unwrap_or(via.raw).as_bytes());
    let mut rest = via.params.strip_prefix(';');
    while let Some(text) = rest {
        let (item, behind) = list::split_item(text, b';');
        rest = behind;
        let (name, _) = list::parameter(item);
        if name.eq_ignore_ascii_case("received") {
            continue;
        }
        out.push(b';');
        if name.eq_ignore_ascii_case("rport") {
            let blanks = item.len().saturating_sub(item.trim_start_matches([' ', '\t']).len());
            out.extend_from_slice(item.get(..blanks).unwrap_or_default().as_bytes());
            push_formatted(out, format_args!("rport={}", source.port()));
        } else {
            out.extend_from_slice(item.as_bytes());
        }
    }
    if !is_complete {
        push_formatted(out, format_args!(";received={address}"));
    }
    let (first, _) = list::split_item(value, b',');
    let begin = first.trim_end_matches([' ', '\t']).len();
    out.extend_from_slice(value.get(begin..).unwrap_or_default().as_bytes());
}

/// Whether `host`, as it is written in Via, is `address`.
fn is_address(host: &str, address: IpAddr) -> bool {
    if let (IpAddr::V4(address), [b'1'..=b'9', ..]) = (address, host.as_bytes()) {
        return host::is_ipv4_address(host.as_bytes(), address);
    }
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    bare.parse::<IpAddr>().is_ok_and(|host| host.to_canonical() == address)
}

/// Appends the request's Record-Route lines in order, byte for byte (RFC 3261 12.1.1).
pub fn record_routes(out: &mut Vec<u8>, request: &Message<'_>) {
    for value in request.headers_named(Name::RecordRoute) {
        out.extend_from_slice(b"Record-Route: ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
}

/// Appends a response: status line with `reason` (or the RFC's default if it is empty), `head` ([`reply_head`], perhaps
/// with more lines), the headers `more`, and the body with its content type.
pub fn response(
    out: &mut Vec<u8>,
    status: u16,
    reason: &str,
    head: &[u8],
    more: &[(&str, &dyn Display)],
    body: Option<(&str, &[u8])>,
) {
    out.extend_from_slice(b"SIP/2.0 ");
    push_number(out, status.into());
    out.push(b' ');
    text(out, if reason.is_empty() { reason_phrase(status) } else { reason });
    out.extend_from_slice(b"\r\n");
    rest(out, head, more, body);
}

/// Appends a request: request line, `head` (finished header lines, or nothing), the headers `more`, and the body with
/// its content type.
pub fn request(
    out: &mut Vec<u8>,
    method: Method<'_>,
    uri: &str,
    head: &[u8],
    more: &[(&str, &dyn Display)],
    body: Option<(&str, &[u8])>,
) {
    for part in [method.name(), " ", uri, " SIP/2.0\r\n"] {
        out.extend_from_slice(part.as_bytes());
    }
    rest(out, head, more, body);
}

/// Appends everything after the first line. An empty body has no Content-Type (client quirk 4).
fn rest(out: &mut Vec<u8>, head: &[u8], more: &[(&str, &dyn Display)], body: Option<(&str, &[u8])>) {
    out.extend_from_slice(head);
    for (name, value) in more {
        header(out, name, value);
    }
    let (content_type, body) = body.unwrap_or_default();
    if !body.is_empty() {
        if content_type == media::CSTA_XML {
            // Client quirk 11: the legacy use of INFO.
            out.extend_from_slice(b"Content-Disposition: signal;handling=required\r\nContent-Type: ");
            out.extend_from_slice(media::CSTA_XML.as_bytes());
            out.extend_from_slice(b"\r\n");
        } else {
            text_header(out, Name::ContentType.text(), content_type);
        }
    }
    out.extend_from_slice(b"Content-Length: ");
    push_number(out, u64::try_from(body.len()).unwrap_or(u64::MAX));
    out.extend_from_slice(b"\r\n\r\n");
    out.extend_from_slice(body);
}

/// Appends text without control characters.
fn text(out: &mut Vec<u8>, value: &str) {
    let begin = out.len();
    out.extend_from_slice(value.as_bytes());
    blank_controls(out, begin);
}

/// Replaces the control characters from `begin` on by spaces.
fn blank_controls(out: &mut [u8], begin: usize) {
    if octets::first_unusual(out, begin).is_none() {
        return;
    }
    for byte in out.iter_mut().skip(begin).filter(|byte| byte.is_ascii_control()) {
        *byte = b' ';
    }
}

#[cfg(test)]
mod tests;
