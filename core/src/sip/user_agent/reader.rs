//! What reads a SIP connection, and what it has read.

use core::fmt::Display;
use core::net::SocketAddr;

use crate::action::Level;
use crate::input::LinkId;
use crate::sip::transactions::Flow;
use crate::slots::AnyHandle;
use crate::step::Step;
use crate::wire::sip::{Frame, Framed, Framer};

/// Where a message came from.
#[derive(Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) flow: Flow,
    /// Who sent it.
    pub(crate) peer: SocketAddr,
    /// Whether the access list knows who sent it.
    pub(crate) allowed: bool,
}

/// What reads a link: checked out of it while a message is read, so that the message can borrow from it while the user
/// agent changes.
pub(crate) struct Reader {
    /// Which link's it is.
    pub(super) handle: AnyHandle,
    pub(super) link: LinkId,
    /// Where its messages come from.
    pub(crate) origin: Origin,
    /// Whether a peer opened the link that is not on the access list.
    pub(super) is_unlisted: bool,
    pub(super) framer: Framer,
}

/// What was read.
pub(crate) enum Read<'a> {
    /// Nothing yet.
    Nothing,
    /// One message; and whether it is the last that the link is read for.
    Message(Frame<'a>, bool),
    /// The link ends.
    Ends,
}

impl Reader {
    /// Takes at most one message from `bytes`: how many of them were taken, and what they made.
    pub(crate) fn read<'a>(&'a mut self, step: &mut Step<'_>, bytes: &'a [u8]) -> (usize, Read<'a>) {
        let (taken, found) = self.framer.push(bytes, step.config.limits.message_bytes);
        let read = match found {
            Framed::Incomplete => Read::Nothing,
            // RFC 5626 4.4.1: a double CRLF is answered with one.
            Framed::KeepAlive => {
                step.actions.write(self.link, b"\r\n");
                if self.is_unlisted { Read::Ends } else { Read::Nothing }
            }
            // One answer is all an unlisted peer gets: more would pile up with one that does not read.
            Framed::Message(message) => Read::Message(message, self.is_unlisted),
            Framed::Broken(error) => {
                let fields: &[(&str, &dyn Display)] =
                    &[("link", &self.link), ("peer", &self.origin.peer), ("why", &error)];
                step.actions.notify(Level::Warn, "link_broken", fields);
                Read::Ends
            }
        };
        (taken, read)
    }
}
