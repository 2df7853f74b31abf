//! At level debug, the log has a line for each message that the links carry: who sent it to whom, of which user, line
//! and dialog it is, which service, event, call and devices it is about, and the whole error. At any other level this
//! costs nothing but to know the links.

use core::fmt::Display;
use core::net::SocketAddr;

use ctigate_core::trace::{Label, Message, Messages, Side};
use ctigate_core::{Level, LinkId};

use super::console::Console;

/// What is known of the links, and the log.
pub(crate) struct Watch {
    messages: Messages,
    console: Console,
}

impl Watch {
    /// Watches the links of the machine whose console this is.
    pub(crate) fn new(console: Console) -> Self {
        let (machine, settings) = console.machine();
        Self { messages: Messages::new(machine, settings), console }
    }

    /// The machine opens a link to `address`.
    pub(crate) fn connecting(&mut self, link: LinkId, address: &str) {
        self.messages.connecting(link, address);
    }

    /// A link is open.
    pub(crate) fn opened(&mut self, link: LinkId, peer: SocketAddr) {
        self.messages.opened(link, peer);
    }

    /// A link is gone.
    pub(crate) fn closed(&mut self, link: LinkId) {
        self.messages.closed(link);
    }

    /// A link carries `bytes`, from its peer (`inward`) or to it.
    pub(crate) fn bytes(&mut self, link: LinkId, bytes: &[u8], inward: bool) {
        let Self { messages, console } = self;
        if console.shows(Level::Debug) {
            messages.bytes(link, bytes, inward, &mut |message| tell(console, message));
        }
    }

    /// A datagram from (`inward`) or to `peer`.
    pub(crate) fn datagram(&mut self, peer: SocketAddr, bytes: &[u8], inward: bool) {
        let Self { messages, console } = self;
        if console.shows(Level::Debug) {
            messages.datagram(peer, bytes, inward, &mut |message| tell(console, message));
        }
    }
}

/// Logs one message. Line ends that keep a connection alive are none.
fn tell(console: &Console, message: &Message<'_>) {
    let Message { side, peer, inward, invoke, label, bytes } = message;
    if bytes.is_empty() {
        return;
    }
    let Label { text, user, call_id, line, service, call, calling, called, device, error, .. } = label;
    let peer_key = if *side == Side::Right { "cti" } else { "peer" };
    let all: [(&str, &dyn Display, bool); 12] = [
        (peer_key, peer, true),
        ("user", user, !user.is_empty()),
        ("line", line, !line.is_empty()),
        ("call_id", call_id, !call_id.is_empty()),
        ("invoke", &invoke.unwrap_or_default(), invoke.is_some()),
        ("service", service, !service.is_empty()),
        ("calling", calling, !calling.is_empty()),
        ("called", called, !called.is_empty()),
        ("call", call, !call.is_empty()),
        ("device", device, !device.is_empty()),
        ("error", error, !error.is_empty()),
        ("what", text, true),
    ];
    let said = all.into_iter().filter(|(_, _, is_said)| *is_said);
    let fields: Vec<(&str, &dyn Display)> = said.map(|(key, value, _)| (key, value)).collect();
    console.tell(Level::Debug, if *inward { "message_received" } else { "message_sent" }, &fields);
}
