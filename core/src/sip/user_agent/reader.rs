//! Reading a SIP connection: one message at a time.

use core::fmt::Display;
use core::net::SocketAddr;

use crate::action::Level;
use crate::input::LinkId;
use crate::sip::transactions::Flow;
use crate::slots::AnyHandle;
use crate::step::Step;
use crate::wire::sip::{Frame, Framed, Framer, Scratch};

/// Where a message came from.
#[derive(Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) flow: Flow,
    /// Who sent it.
    pub(crate) peer: SocketAddr,
    /// Whether the sender is on the access list.
    pub(crate) allowed: bool,
}

/// The reader of a link, checked out while a message is processed, so that the message can borrow from it while the
/// user agent changes.
pub(crate) struct Reader {
    /// The link that it belongs to.
    pub(super) handle: AnyHandle,
    pub(super) link: LinkId,
    /// Where its messages come from.
    pub(crate) origin: Origin,
    /// Whether the link was opened by a peer that is not on the access list.
    pub(super) is_unlisted: bool,
    pub(super) framer: Framer,
}

/// The result of reading.
pub(crate) enum Read<'a> {
    /// No complete message yet.
    Nothing,
    /// A message, and whether it is the last to be read from the link.
    Message(Frame<'a>, bool),
    /// The link is to be closed.
    Ends,
}

/// Logs that nothing more is read from a link.
pub(super) fn note_broken(step: &mut Step<'_>, link: LinkId, peer: SocketAddr, why: &dyn Display) {
    let fields: &[(&str, &dyn Display)] = &[("link", &link), ("peer", &peer), ("why", why)];
    step.actions.notify(Level::Warn, "link_broken", fields);
}

impl Reader {
    /// Reads at most one message from `bytes`. Returns how many bytes were taken, and the result.
    pub(crate) fn read<'a>(
        &'a mut self,
        step: &mut Step<'_>,
        bytes: &'a [u8],
        scratch: &mut Scratch,
    ) -> (usize, Read<'a>) {
        let (taken, found) = self.framer.push_noting(bytes, step.config.limits.message_bytes, scratch);
        let read = match found {
            Framed::Incomplete => Read::Nothing,
            // RFC 5626 4.4.1: a double CRLF is answered with one.
            Framed::KeepAlive => {
                step.actions.write(self.link, b"\r\n");
                if self.is_unlisted { Read::Ends } else { Read::Nothing }
            }
            // An unlisted peer gets one answer only: more would pile up if it does not read them.
            Framed::Message(message) => Read::Message(message, self.is_unlisted),
            // RFC 3261 18.3: the message at fault is answered, and nothing behind it is read.
            Framed::Broken(error, head) => {
                if self.origin.allowed {
                    note_broken(step, self.link, self.origin.peer, &error);
                } else {
                    step.note_unlisted(self.origin.peer, &[("discarded", &error)]);
                }
                head.map_or(Read::Ends, |head| Read::Message(head, true))
            }
        };
        (taken, read)
    }
}
