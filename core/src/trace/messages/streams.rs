//! Cuts the bytes of a link into messages. The first byte shows the protocol.

use alloc::vec::Vec;

use crate::wire::csta_frame;
use crate::wire::sip;

/// The longest SIP message, in bytes.
const MESSAGE_LIMIT: usize = 1024 * 1024;

/// One direction of one link.
#[derive(Debug, Default)]
pub(super) enum Stream {
    /// Nothing was sent yet.
    #[default]
    Silent,
    /// SIP.
    Sip(sip::Framer),
    /// CSTA III over TCP.
    Frames(csta_frame::Framer),
    /// An Asterisk's manager interface, the last message incomplete.
    Ami(Vec<u8>),
    /// Lines of text, the last one incomplete.
    Lines(Vec<u8>),
}

/// What a link carries, as far as that does not show by its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Usual {
    /// SIP.
    Sip,
    /// SIP or, since the machine opened the link, an Asterisk's manager interface.
    Dialled,
    /// Lines of text.
    Lines,
}

/// One message.
#[derive(Debug)]
pub(super) enum Piece<'a> {
    /// A SIP message.
    Sip(&'a [u8]),
    /// Line ends that keep a SIP connection alive.
    KeepAlive,
    /// A CSTA document and its invoke ID.
    Frame(u16, &'a [u8]),
    /// A message of an Asterisk's manager interface.
    Ami(&'a [u8]),
    /// A line of text.
    Line(&'a [u8]),
    /// The bytes cannot be interpreted from here on.
    Broken,
}

impl Stream {
    /// Takes `bytes` and calls `each` with every message that they complete. What a stream carries that does not begin
    /// with zero, `usual` says.
    pub(super) fn feed(&mut self, mut bytes: &[u8], usual: Usual, mut each: impl FnMut(Piece<'_>)) {
        if let (Self::Silent, Some(first)) = (&*self, bytes.first()) {
            *self = match first {
                0 => Self::Frames(csta_frame::Framer::default()),
                // No SIP that a machine sends or gets over a link that it opened itself begins so.
                b'A' if usual == Usual::Dialled => Self::Ami(Vec::new()),
                _ if usual == Usual::Lines => Self::Lines(Vec::new()),
                _ => Self::Sip(sip::Framer::default()),
            };
        }
        while !bytes.is_empty() {
            let taken = match self {
                Self::Silent => return,
                Self::Sip(framer) => feed_sip(framer, bytes, &mut each),
                Self::Frames(framer) => feed_frames(framer, bytes, &mut each),
                Self::Ami(held) => Some(feed_ami(held, bytes, &mut each)),
                Self::Lines(held) => Some(feed_lines(held, bytes, &mut each)),
            };
            let Some(taken) = taken else {
                // What comes next may be understood again.
                *self = Self::Silent;
                return each(Piece::Broken);
            };
            bytes = bytes.get(taken.max(1)..).unwrap_or_default();
        }
    }
}

fn feed_sip(framer: &mut sip::Framer, bytes: &[u8], each: &mut impl FnMut(Piece<'_>)) -> Option<usize> {
    let (taken, found) = framer.push(bytes, MESSAGE_LIMIT);
    match found {
        sip::Framed::Incomplete => {}
        sip::Framed::KeepAlive => each(Piece::KeepAlive),
        sip::Framed::Message(message) => each(Piece::Sip(message.bytes)),
        sip::Framed::Broken(_, head) => {
            if let Some(head) = head {
                each(Piece::Sip(head.bytes));
            }
            return None;
        }
    }
    Some(taken)
}

fn feed_frames(
    framer: &mut csta_frame::Framer,
    bytes: &[u8],
    each: &mut impl FnMut(Piece<'_>),
) -> Option<usize> {
    let (taken, found) = framer.push(bytes);
    match found {
        csta_frame::Framed::Incomplete => {}
        csta_frame::Framed::Frame { invoke, document } => each(Piece::Frame(invoke, document)),
        csta_frame::Framed::Broken(_) => return None,
    }
    Some(taken)
}

fn feed_ami(held: &mut Vec<u8>, bytes: &[u8], each: &mut impl FnMut(Piece<'_>)) -> usize {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let taken = end.map_or(bytes.len(), |end| end.saturating_add(1));
    let start = held.len();
    held.extend_from_slice(bytes.get(..taken).unwrap_or_default());
    if end.is_none() && held.len() <= MESSAGE_LIMIT {
        return taken;
    }
    // The rest of a line whose beginning came before.
    let line = held.get(..start).unwrap_or_default().iter().rposition(|byte| *byte == b'\n');
    let line = held.get(line.map_or(0, |end| end + 1)..).unwrap_or_default();
    let is_over = line.trim_ascii().is_empty() || held.starts_with(b"Asterisk Call Manager/");
    if is_over || held.len() > MESSAGE_LIMIT {
        if !held.trim_ascii().is_empty() {
            each(Piece::Ami(held));
        }
        held.clear();
    }
    taken
}

fn feed_lines(held: &mut Vec<u8>, bytes: &[u8], each: &mut impl FnMut(Piece<'_>)) -> usize {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let taken = end.map_or(bytes.len(), |end| end.saturating_add(1));
    held.extend_from_slice(bytes.get(..taken).unwrap_or_default());
    if end.is_some() {
        each(Piece::Line(held.trim_ascii_end()));
        held.clear();
    }
    taken
}
