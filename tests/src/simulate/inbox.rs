//! Reads SIP messages as they arrive, in one pass. It uses as little SIP as possible, so that it shares no bugs with
//! the gateway.

use core::net::SocketAddr;

use ctigate_core::LinkId;

use crate::world::{HostId, World};

/// The value of a header field.
pub(super) fn header<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let lines = text.split("\r\n").skip(1).take_while(|line| !line.is_empty());
    let mut fields = lines.filter_map(|line| line.split_once(':'));
    fields.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// The text between the first `<name>` and the next end tag.
pub(super) fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    elements(text, name).next()
}

/// The texts of all elements of this name that hold nothing but text.
pub(super) fn elements<'a>(text: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let open = format!("<{name}>");
    let mut rest = text;
    core::iter::from_fn(move || {
        let (_, after) = rest.split_once(open.as_str())?;
        rest = after;
        after.split("</").next()
    })
}

/// The name of a body's root element.
pub(super) fn root(text: &str) -> &str {
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let body = body.split_once("?>").map_or(body, |(_, body)| body);
    body.trim_start().trim_start_matches('<').split([' ', '>', '/']).next().unwrap_or_default()
}

/// The branch in the topmost Via.
pub(super) fn branch(text: &str) -> &str {
    let via = header(text, "Via").unwrap_or_default();
    via.split("branch=").nth(1).and_then(|rest| rest.split(';').next()).unwrap_or_default()
}

/// The status of a response; 0 for a request.
pub(super) fn status(text: &str) -> u16 {
    let status = text.strip_prefix("SIP/2.0 ").and_then(|rest| rest.get(..3));
    status.and_then(|status| status.parse().ok()).unwrap_or(0)
}

/// The length of the first message in `bytes`, if it is complete.
pub(super) fn complete(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")?.saturating_add(4);
    let text = core::str::from_utf8(bytes.get(..head)?).ok()?;
    let length = header(text, "Content-Length").map_or(Some(0), |length| length.parse().ok())?;
    let whole = head.saturating_add(length);
    (bytes.len() >= whole).then_some(whole)
}

/// How much of a connection, or of a host's datagrams, was read.
#[derive(Debug, Default)]
pub(super) struct Cursor(usize);

impl Cursor {
    /// The next message of a connection.
    pub(super) fn next_on(&mut self, world: &World, host: HostId, link: LinkId) -> Option<String> {
        let mut rest = world.received(host, link).get(self.0..)?;
        while let Some(after) = rest.strip_prefix(b"\r\n") {
            rest = after;
            self.0 = self.0.saturating_add(2);
        }
        let length = complete(rest)?;
        self.0 = self.0.saturating_add(length);
        rest.get(..length).map(|message| String::from_utf8_lossy(message).into_owned())
    }

    /// The next datagram, and who sent it.
    pub(super) fn next_datagram(&mut self, world: &World, host: HostId) -> Option<(SocketAddr, String)> {
        let (peer, bytes) = world.datagrams(host).get(self.0)?;
        self.0 = self.0.saturating_add(1);
        Some((*peer, String::from_utf8_lossy(bytes).into_owned()))
    }
}
