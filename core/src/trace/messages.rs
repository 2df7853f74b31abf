//! Cuts what links carry into messages and says what each is about, for the ladder and for the log.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString as _};
use core::net::SocketAddr;

use crate::input::{LinkId, Transport};
use crate::setting::{Setting, Value};
use crate::wire::csta_frame::EVENT_INVOKE;

mod label;
mod streams;

pub use label::Label;
use streams::{Piece, Stream, Usual};

pub(super) use label::short;

/// The most lines that are remembered; if there are more dialogs, all are forgotten, and those still alive are known
/// again with their next sign-in.
const MOST_LINES: usize = 200_000;

/// The side of the machine that a peer is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Peers that connected to the machine.
    Left,
    /// Peers that the machine connected to.
    Right,
}

/// One message.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// The side of its peer.
    pub side: Side,
    /// Its peer: the name of the connection, or the address.
    pub peer: &'a str,
    /// Whether the peer sent it.
    pub inward: bool,
    /// The invoke ID of a CSTA frame.
    pub invoke: Option<u16>,
    /// What it is about.
    pub label: &'a Label,
    /// Its bytes; of a CSTA frame, the document.
    pub bytes: &'a [u8],
}

impl Message<'_> {
    /// Whether it is an event of a phone system.
    #[must_use]
    pub const fn is_event(&self) -> bool {
        matches!(self.invoke, Some(EVENT_INVOKE))
    }
}

/// The links of a machine, what they carry, and what is known of the dialogs.
#[derive(Debug)]
pub struct Messages {
    /// Whether links that do not speak CSTA carry lines of text instead of SIP.
    lines_of_text: bool,
    /// The configured addresses to connect to, with their names.
    names: BTreeMap<String, String>,
    links: BTreeMap<LinkId, Party>,
    /// The line of each dialog, by its Call-ID.
    lines: BTreeMap<String, String>,
}

/// The other end of a link.
#[derive(Debug)]
struct Party {
    side: Side,
    name: String,
    inward: Stream,
    outward: Stream,
}

impl Messages {
    /// The links of a `machine` with these settings, of which none is open yet.
    #[must_use]
    pub fn new(machine: &str, settings: &[Setting]) -> Self {
        Self {
            lines_of_text: machine == "switch",
            names: names(settings),
            links: BTreeMap::new(),
            lines: BTreeMap::new(),
        }
    }

    /// The name of the connection to `address`: the configured one, or the address.
    #[must_use]
    pub fn name_of<'a>(&'a self, address: &'a str) -> &'a str {
        self.names.get(address).map_or(address, String::as_str)
    }

    /// The names of the connections.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.values().map(String::as_str)
    }

    /// The name of a link's peer.
    #[must_use]
    pub fn peer(&self, link: LinkId) -> Option<&str> {
        self.links.get(&link).map(|party| party.name.as_str())
    }

    /// The machine opens a link to `address`.
    pub fn connecting(&mut self, link: LinkId, address: &str) {
        let name = self.name_of(address).to_string();
        self.links.insert(link, Party::new(Side::Right, name));
    }

    /// A link is open; returns whether the peer opened it.
    pub fn opened(&mut self, link: LinkId, peer: SocketAddr) -> bool {
        let is_new = !self.links.contains_key(&link);
        if is_new {
            self.links.insert(link, Party::new(Side::Left, peer.to_string()));
        }
        is_new
    }

    /// A link is closed; returns the name of its peer.
    pub fn closed(&mut self, link: LinkId) -> Option<String> {
        self.links.remove(&link).map(|party| party.name)
    }

    /// A link carries `bytes`, from its peer (`inward`) or to it; `each` is called with every message that they
    /// complete.
    pub fn bytes(&mut self, link: LinkId, bytes: &[u8], inward: bool, each: &mut dyn FnMut(&Message<'_>)) {
        let Self { lines_of_text, links, lines, names: _ } = self;
        let Some(Party { side, name, inward: read, outward: written }) = links.get_mut(&link) else { return };
        let stream = if inward { read } else { written };
        let usual = match side {
            _ if *lines_of_text => Usual::Lines,
            Side::Right => Usual::Dialled,
            Side::Left => Usual::Sip,
        };
        stream.feed(bytes, usual, |piece| {
            let (label, invoke, bytes) = match piece {
                Piece::Sip(message) => (sip(lines, message, inward), None, message),
                Piece::Frame(invoke, document) => (label::csta(document), Some(invoke), document),
                Piece::Ami(message) => (label::ami(message), None, message),
                Piece::KeepAlive => (Label::of("(keep-alive)"), None, [].as_slice()),
                Piece::Line(said) => (Label::of(&String::from_utf8_lossy(said)), None, said),
                Piece::Broken => (Label::of("(no message)"), None, bytes),
            };
            each(&Message { side: *side, peer: name, inward, invoke, label: &label, bytes });
        });
    }

    /// A datagram from (`inward`) or to `peer`.
    pub fn datagram(
        &mut self,
        peer: SocketAddr,
        bytes: &[u8],
        inward: bool,
        each: &mut dyn FnMut(&Message<'_>),
    ) {
        let label = sip(&mut self.lines, bytes, inward);
        let peer = format!("{peer}/{}", Transport::Udp.name());
        each(&Message { side: Side::Left, peer: &peer, inward, invoke: None, label: &label, bytes });
    }
}

/// Reads a SIP message, learns the line of its dialog, or adds it.
fn sip(lines: &mut BTreeMap<String, String>, bytes: &[u8], inward: bool) -> Label {
    let Some(mut label) = label::sip(bytes, inward) else { return Label::of("(no SIP)") };
    let is_known = lines.get(&label.call_id);
    if label.line.is_empty() {
        // A client that does not name its line monitors it.
        let monitored = if label.service == "MonitorStart" { label.device.as_str() } else { "" };
        label.line = is_known.cloned().unwrap_or_else(|| monitored.into());
    }
    if !label.line.is_empty() && is_known != Some(&label.line) {
        if lines.len() >= MOST_LINES {
            lines.clear();
        }
        lines.insert(label.call_id.clone(), label.line.clone());
    }
    label
}

/// The configured addresses to connect to, with their names.
fn names(settings: &[Setting]) -> BTreeMap<String, String> {
    let text = |key: &str| {
        let found = settings.iter().find(|setting| setting.key == key)?;
        if let Value::Text(text) = &found.value { Some(text.clone()) } else { None }
    };
    let name = |index: usize| {
        let table = format!("cti.connection[{index}]");
        let address = text(&format!("{table}.address"))?;
        let name = text(&format!("{table}.name")).unwrap_or_else(|| address.clone());
        Some((address, name))
    };
    (0..crate::config::MAX_CONNECTIONS).map_while(name).collect()
}

impl Party {
    const fn new(side: Side, name: String) -> Self {
        Self { side, name, inward: Stream::Silent, outward: Stream::Silent }
    }
}
