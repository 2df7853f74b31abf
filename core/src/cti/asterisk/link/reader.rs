//! Cuts the messages of the manager interface out of a link's stream.

use alloc::string::{String, ToString as _};

use crate::cti::protocol::{Frame, Framed, Reader};
use crate::wire::ami;

/// A frame that is a message.
pub(super) const MESSAGE: u16 = 0;
/// The greeting.
pub(super) const GREETING: u16 = 1;
/// A message that a caller may have written.
pub(super) const DOUBTFUL: u16 = 2;
/// A message that exceeds a limit.
pub(super) const EXCEEDED: u16 = 3;

/// The reader of one connect.
#[derive(Debug, Default)]
pub(super) struct AmiReader {
    reader: ami::Reader,
    /// Why the last message was rejected.
    why: String,
}

crate::digest! { struct AmiReader {
    reader,
    why: _, // It was returned.
} }

impl Reader for AmiReader {
    fn push<'b>(&'b mut self, bytes: &'b [u8]) -> (usize, Framed<'b>) {
        let Self { reader, why } = self;
        let (taken, read) = reader.push(bytes);
        let framed = match read {
            ami::Read::Incomplete => Framed::Incomplete,
            ami::Read::Greeting(version) => Framed::Message(Frame::new(GREETING, version.as_bytes())),
            ami::Read::Message(message) => {
                let frame = Frame::new(MESSAGE, message.as_str().as_bytes());
                Framed::Message(Frame { lines: Some(message), ..frame })
            }
            ami::Read::Rejected(flaw) => {
                *why = flaw.to_string();
                let kind = if flaw.is_doubtful() { DOUBTFUL } else { EXCEEDED };
                Framed::Message(Frame::new(kind, why.as_bytes()))
            }
            ami::Read::Broken => Framed::Broken("it is no manager interface of Asterisk"),
        };
        (taken, framed)
    }
}
