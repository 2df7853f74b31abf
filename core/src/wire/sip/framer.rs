//! Cuts messages out of a stream of bytes, by Content-Length (RFC 3261 18.3).
//!
//! The time is linear however the stream is divided: an incomplete head is never searched again from its beginning,
//! each byte is copied at most once, and a message that arrives whole is not copied at all.

use alloc::vec::Vec;
use core::fmt;

use super::message::Scratch;
use super::octets;
use crate::digest::{Digest, Digester};

/// The capacity that the buffer keeps after a message.
const KEPT_ROOM: usize = 4096;

/// Why a stream cannot be cut into messages any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// A message is larger than the limit.
    TooLarge,
    /// A Content-Length is not a number.
    BadContentLength,
    /// Two Content-Lengths differ.
    ConflictingContentLength,
    /// There is a Content-Type, and so a body, but no Content-Length.
    NoContentLength,
    /// What should begin a message begins none.
    NotSip,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "message larger than the limit",
            Self::BadContentLength => "Content-Length is not a number",
            Self::ConflictingContentLength => "Content-Lengths differ",
            Self::NoContentLength => "a body without Content-Length",
            Self::NotSip => "what follows is no SIP message",
        })
    }
}

/// One message, and the end of its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// All its bytes, from its first line on.
    pub bytes: &'a [u8],
    /// The length of its head, the empty line included; `None` if there is no end.
    pub(super) head: Option<usize>,
    /// Why its body cannot be told from what follows, if it cannot.
    pub(super) broken: Option<FrameError>,
    /// Whether its lines are noted in the scratch memory that was given to [`Framer::push_noting`].
    pub(super) is_noted: bool,
}

impl<'a> Frame<'a> {
    /// Takes a datagram for one message, without line ends before it.
    #[must_use]
    pub fn datagram(bytes: &'a [u8]) -> Self {
        let is_line_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
        let begin = bytes.iter().position(|byte| !is_line_end(byte)).unwrap_or(bytes.len());
        let bytes = bytes.get(begin..).unwrap_or_default();
        Self { bytes, head: HeadEnd::default().search(bytes), broken: None, is_noted: false }
    }
}

/// The result of [`Framer::push`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framed<'a> {
    /// No message is complete yet.
    Incomplete,
    /// A double CRLF between messages, to be answered with one CRLF (RFC 5626 4.4.1).
    KeepAlive,
    /// One message, head and body.
    Message(Frame<'a>),
    /// The stream cannot be read any further. The head of the message at fault comes along, once, if it is complete and
    /// the message can be answered.
    Broken(FrameError, Option<Frame<'a>>),
}

/// Why a message has no end that can be found, and where its head ends if it can be answered.
type Torn = (FrameError, Option<usize>);

/// How many bytes a message has.
#[derive(Clone, Copy, Debug)]
struct Size {
    /// Its head, the empty line included.
    head: usize,
    /// Head and body.
    whole: usize,
}

/// Cuts one stream into messages.
#[derive(Debug, Default)]
pub struct Framer {
    /// An incomplete message from its first byte on, or the complete one that was returned last.
    buffer: Vec<u8>,
    /// The state of the search for the end of the head.
    head: HeadEnd,
    /// The message's size, once its head is complete.
    size: Option<Size>,
    /// Line ends seen between messages.
    blank_lines: u8,
    /// Whether the buffer holds a message that was returned.
    handed_out: bool,
    /// What broke the stream.
    broken: Option<FrameError>,
}

impl Framer {
    /// Takes one message, or all bytes of an incomplete one. Returns how many bytes were taken, and the result. `limit`
    /// bounds a message, head and body together.
    pub fn push<'a>(&'a mut self, bytes: &'a [u8], limit: usize) -> (usize, Framed<'a>) {
        self.push_with(bytes, limit, None)
    }

    /// Takes one message as [`Self::push`] does. If it comes whole, and its head is as heads usually are, the lines are
    /// noted in `scratch` on the way, so that [`super::Message::from_frame`] need not look for them again.
    pub fn push_noting<'a>(
        &'a mut self,
        bytes: &'a [u8],
        limit: usize,
        scratch: &mut Scratch,
    ) -> (usize, Framed<'a>) {
        scratch.forget();
        let (taken, mut framed) = self.push_with(bytes, limit, Some(scratch));
        match &mut framed {
            Framed::Message(frame) => frame.is_noted = true,
            Framed::Incomplete | Framed::KeepAlive | Framed::Broken(..) => scratch.forget(),
        }
        (taken, framed)
    }

    fn push_with<'a>(
        &'a mut self,
        bytes: &'a [u8],
        limit: usize,
        scratch: Option<&mut Scratch>,
    ) -> (usize, Framed<'a>) {
        self.forget_handed_out();
        if let Some(error) = self.broken {
            self.buffer = Vec::new();
            return (bytes.len(), Framed::Broken(error, None));
        }
        let (skipped, keep_alive) = self.skip_line_ends(bytes);
        if keep_alive {
            return (skipped, Framed::KeepAlive);
        }
        let message = bytes.get(skipped..).unwrap_or_default();
        match self.take(message, limit, scratch) {
            Err((error, end)) => {
                self.broken = Some(error);
                (bytes.len(), Framed::Broken(error, self.torn(message, error, end)))
            }
            Ok(None) => (bytes.len(), Framed::Incomplete),
            Ok(Some(taken)) => {
                let size = self.size.take();
                self.head = HeadEnd::default();
                let bytes = if self.buffer.is_empty() {
                    message.get(..taken).unwrap_or_default()
                } else {
                    self.handed_out = true;
                    self.buffer.as_slice()
                };
                let head = size.map(|size| size.head);
                let frame = Frame { bytes, head, broken: None, is_noted: false };
                (skipped.saturating_add(taken), Framed::Message(frame))
            }
        }
    }

    /// The head of the message whose end cannot be found: `end` bytes of `message` or, if it was kept, of the buffer.
    fn torn<'a>(&'a mut self, message: &'a [u8], error: FrameError, end: Option<usize>) -> Option<Frame<'a>> {
        self.size = None;
        let Some(end) = end else {
            self.buffer = Vec::new();
            return None;
        };
        let bytes = if self.buffer.is_empty() {
            message.get(..end).unwrap_or_default()
        } else {
            self.handed_out = true;
            self.buffer.get(..end).unwrap_or_default()
        };
        Some(Frame { bytes, head: Some(end), broken: Some(error), is_noted: false })
    }

    /// Whether it is between two messages.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.buffer.is_empty() || self.handed_out
    }

    fn forget_handed_out(&mut self) {
        if self.handed_out {
            self.handed_out = false;
            self.buffer.clear();
            if self.buffer.capacity() > KEPT_ROOM {
                self.buffer = Vec::new();
            }
        }
    }

    /// Skips line ends between messages; stops after the second one in a row.
    fn skip_line_ends(&mut self, bytes: &[u8]) -> (usize, bool) {
        if !self.buffer.is_empty() {
            return (0, false);
        }
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                b'\r' => {}
                b'\n' if self.blank_lines > 0 => {
                    self.blank_lines = 0;
                    return (at.saturating_add(1), true);
                }
                b'\n' => self.blank_lines = 1,
                _ => {
                    self.blank_lines = 0;
                    return (at, false);
                }
            }
        }
        (bytes.len(), false)
    }

    /// How many of `bytes` complete the message; `None` if all were kept and it is still incomplete.
    fn take(
        &mut self,
        bytes: &[u8],
        limit: usize,
        scratch: Option<&mut Scratch>,
    ) -> Result<Option<usize>, Torn> {
        // What follows a message is told from its body by the first byte, even before a line of it is complete.
        if self.buffer.is_empty() && bytes.first().is_some_and(|first| !octets::TOKEN.has(*first)) {
            return Err((FrameError::NotSip, None));
        }
        let found = match self.size {
            Some(size) => Some((size, 0)),
            None => self.end_head(bytes, limit, scratch)?,
        };
        let Some((size, kept)) = found else { return Ok(None) };
        self.size = Some(size);
        let missing = size.whole.saturating_sub(self.buffer.len());
        let rest = bytes.get(kept..).unwrap_or_default();
        let Some(part) = rest.get(..missing) else {
            self.keep(rest, limit)?;
            return Ok(None);
        };
        if !self.buffer.is_empty() {
            self.keep(part, limit)?;
        }
        Ok(Some(kept.saturating_add(missing)))
    }

    /// The size of the message whose head ends in `bytes`, and how many of these were kept to read it. `None`: the head
    /// does not end yet, and all of them were kept.
    fn end_head(
        &mut self,
        bytes: &[u8],
        limit: usize,
        scratch: Option<&mut Scratch>,
    ) -> Result<Option<(Size, usize)>, Torn> {
        if self.buffer.is_empty() {
            let noted = scratch.and_then(|scratch| scratch.note(bytes));
            let noted = noted.map(|(end, length)| Head { end, length: length.map(Ok) });
            if let Some(head) = noted.or_else(|| Head::read(bytes)) {
                return Ok(Some((head.size(bytes, limit)?, 0)));
            }
        }
        let Some(end) = self.head.search(bytes) else {
            self.keep(bytes, limit)?;
            return Ok(None);
        };
        self.keep(bytes.get(..end).unwrap_or_default(), limit)?;
        let head = Head::read(&self.buffer);
        debug_assert!(head.is_some(), "its end was just found");
        Ok(Some((head.unwrap_or_default().size(&self.buffer, limit)?, end)))
    }

    fn keep(&mut self, bytes: &[u8], limit: usize) -> Result<(), Torn> {
        if self.buffer.len().saturating_add(bytes.len()) > limit {
            return Err((FrameError::TooLarge, None));
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }
}

impl Digest for Framer {
    fn digest(&self, digester: &mut Digester) {
        let Self { buffer, head, size, blank_lines, handed_out, broken } = self;
        let kept = if *handed_out { &[] } else { buffer.as_slice() };
        digester.bytes(kept);
        digester.number(match head {
            HeadEnd::Inside => 0,
            HeadEnd::LineEnd => 1,
            HeadEnd::CarriageReturn => 2,
        });
        size.map(|size| size.whole).digest(digester);
        digester.number(u64::from(*blank_lines));
        broken.is_some().digest(digester);
    }
}

/// Finds the empty line that ends a head, across any number of pieces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum HeadEnd {
    /// Inside a line.
    #[default]
    Inside,
    /// After a line feed.
    LineEnd,
    /// After a line feed and a carriage return.
    CarriageReturn,
}

impl HeadEnd {
    /// Searches the next piece; returns the position after the empty line, if it ends in this piece.
    pub(super) fn search(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0_usize;
        loop {
            let rest = bytes.get(at..)?;
            if *self == Self::Inside {
                let line_feed = memchr::memchr(b'\n', rest)?;
                at = at.saturating_add(line_feed).saturating_add(1);
                *self = Self::LineEnd;
                continue;
            }
            let byte = *rest.first()?;
            at = at.saturating_add(1);
            *self = match byte {
                b'\n' => {
                    *self = Self::Inside;
                    return Some(at);
                }
                b'\r' if *self == Self::LineEnd => Self::CarriageReturn,
                _ => Self::Inside,
            };
        }
    }
}

/// A whole head, as far as framing needs it.
#[derive(Default)]
struct Head {
    /// How many bytes it has, the empty line included.
    end: usize,
    /// Its Content-Length, if it has one.
    length: Option<Result<usize, FrameError>>,
}

impl Head {
    /// Reads the head that `bytes` begin with, if all of it is there.
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut length = None;
        for line_feed in memchr::memchr_iter(b'\n', bytes) {
            let begin = line_feed.saturating_add(1);
            let line = bytes.get(begin..).unwrap_or_default();
            // Most lines are told apart from a Content-Length by their first letter.
            let value = match line {
                [b'\n', ..] => return Some(Self { end: begin.saturating_add(1), length }),
                [b'\r', b'\n', ..] => return Some(Self { end: begin.saturating_add(2), length }),
                [b'C' | b'c', ..] => header_value(line, "Content-Length"),
                [b'L' | b'l', ..] => header_value(line, "l"),
                _ => None,
            };
            if let Some(value) = value {
                length = Some(match (length, number(value)) {
                    (Some(Err(error)), _) | (_, Err(error)) => Err(error),
                    (Some(Ok(one)), Ok(other)) if one != other => Err(FrameError::ConflictingContentLength),
                    (_, Ok(length)) => Ok(length),
                });
            }
        }
        None
    }

    /// How large the message is that begins `bytes`. Without a Content-Length it has no body (RFC 3261 20.14), so that
    /// a Content-Type says that it was forgotten.
    fn size(&self, bytes: &[u8], limit: usize) -> Result<Size, Torn> {
        if self.end > limit {
            return Err((FrameError::TooLarge, None));
        }
        let torn = |error| (error, Some(self.end));
        let length = match self.length {
            Some(length) => length.map_err(torn)?,
            None if has_content_type(bytes.get(..self.end).unwrap_or_default()) => {
                return Err(torn(FrameError::NoContentLength));
            }
            None => 0,
        };
        let whole = self.end.checked_add(length).filter(|whole| *whole <= limit);
        Ok(Size { head: self.end, whole: whole.ok_or(torn(FrameError::TooLarge))? })
    }
}

/// Whether a head has a Content-Type.
fn has_content_type(head: &[u8]) -> bool {
    memchr::memchr_iter(b'\n', head).any(|line_feed| {
        let line = head.get(line_feed.saturating_add(1)..).unwrap_or_default();
        matches!(line, [b'C' | b'c', ..])
            && (header_value(line, "Content-Type").is_some() || header_value(line, "c").is_some())
    })
}

/// The text after the colon, if the first of these lines is a header of this name.
fn header_value<'a>(lines: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let (written, rest) = lines.split_at_checked(name.len())?;
    let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let value = rest.get(blanks..)?.strip_prefix(b":")?;
    let name = name.as_bytes();
    (written == name || written.eq_ignore_ascii_case(name)).then_some(value)
}

/// The number at the beginning of `text`, which is the value of a header: digits with surrounding white space, perhaps
/// folded over several lines.
fn number(text: &[u8]) -> Result<usize, FrameError> {
    let mut value = None;
    let mut ended = false;
    let mut bytes = text.iter().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\n' if !matches!(bytes.peek(), Some(b' ' | b'\t')) => break,
            b' ' | b'\t' | b'\r' | b'\n' => ended = value.is_some(),
            b'0'..=b'9' if !ended => {
                let digit = usize::from(byte.wrapping_sub(b'0'));
                let longer = value.unwrap_or(0_usize).checked_mul(10).and_then(|ten| ten.checked_add(digit));
                value = Some(longer.ok_or(FrameError::TooLarge)?);
            }
            _ => return Err(FrameError::BadContentLength),
        }
    }
    value.ok_or(FrameError::BadContentLength)
}

#[cfg(test)]
mod tests;
