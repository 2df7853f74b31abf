//! Messages out of a stream of bytes, by Content-Length (RFC 3261 18.3).
//!
//! Linear however the bytes are cut: each byte is looked at once for the end of the head and copied at most once, and a
//! message that arrived whole is not copied at all.

use alloc::vec::Vec;
use core::fmt;

use crate::digest::{Digest, Digester};

/// The buffer's room that outlives a message.
const KEPT_ROOM: usize = 4096;

/// Why a stream cannot be cut into messages any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// A message is larger than the limit.
    TooLarge,
    /// A Content-Length is no number.
    BadContentLength,
    /// Two Content-Lengths differ.
    ConflictingContentLength,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "message larger than the limit",
            Self::BadContentLength => "Content-Length is not a number",
            Self::ConflictingContentLength => "Content-Lengths differ",
        })
    }
}

/// One message, and where its head ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// All its bytes, from its first line on.
    pub bytes: &'a [u8],
    /// How many of them its head has, the empty line included; `None` when that never comes.
    pub(super) head: Option<usize>,
}

impl<'a> Frame<'a> {
    /// The message that is all of a datagram, but for line ends before it.
    #[must_use]
    pub fn datagram(bytes: &'a [u8]) -> Self {
        let is_line_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
        let begin = bytes.iter().position(|byte| !is_line_end(byte)).unwrap_or(bytes.len());
        let bytes = bytes.get(begin..).unwrap_or_default();
        Self { bytes, head: HeadEnd::default().search(bytes) }
    }
}

/// What came of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framed<'a> {
    /// No message is complete yet.
    Incomplete,
    /// A double CRLF between messages: answered with one CRLF (RFC 5626 4.4.1).
    KeepAlive,
    /// One message, head and body.
    Message(Frame<'a>),
    /// The stream has lost its order; nothing more will come of it.
    Broken(FrameError),
}

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
    /// An incomplete message from its first byte on, or the complete one handed out last.
    buffer: Vec<u8>,
    /// How far the end of the head was seen.
    head: HeadEnd,
    /// The message's size, once its head is complete.
    size: Option<Size>,
    /// Line ends seen between messages.
    blank_lines: u8,
    /// The buffer holds a message that was handed out.
    handed_out: bool,
    /// What broke the stream.
    broken: Option<FrameError>,
}

impl Framer {
    /// Takes exactly one message, or all bytes of an incomplete one, and says how many bytes of `bytes` that was.
    /// `limit` bounds a message, head and body together.
    pub fn push<'a>(&'a mut self, bytes: &'a [u8], limit: usize) -> (usize, Framed<'a>) {
        if let Some(error) = self.broken {
            return (bytes.len(), Framed::Broken(error));
        }
        self.forget_handed_out();
        let (skipped, keep_alive) = self.skip_line_ends(bytes);
        if keep_alive {
            return (skipped, Framed::KeepAlive);
        }
        let message = bytes.get(skipped..).unwrap_or_default();
        match self.take(message, limit) {
            Err(error) => {
                self.broken = Some(error);
                self.buffer = Vec::new();
                (bytes.len(), Framed::Broken(error))
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
                (skipped.saturating_add(taken), Framed::Message(Frame { bytes, head }))
            }
        }
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

    /// Passes over line ends between messages; stops behind the second one in a row.
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

    /// How many of `bytes` complete the message; `None` when all of them were kept and it is incomplete.
    fn take(&mut self, bytes: &[u8], limit: usize) -> Result<Option<usize>, FrameError> {
        let mut kept = 0;
        let size = match self.size {
            Some(size) => size,
            None => match self.head.search(bytes) {
                None => {
                    self.keep(bytes, limit)?;
                    return Ok(None);
                }
                Some(end) => {
                    let (head, _) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
                    if self.buffer.len().saturating_add(end) > limit {
                        return Err(FrameError::TooLarge);
                    }
                    let length = if self.buffer.is_empty() {
                        content_length(head)?
                    } else {
                        self.keep(head, limit)?;
                        kept = end;
                        content_length(&self.buffer)?
                    };
                    let head = if kept == 0 { end } else { self.buffer.len() };
                    let whole = head.checked_add(length).filter(|whole| *whole <= limit);
                    *self.size.insert(Size { head, whole: whole.ok_or(FrameError::TooLarge)? })
                }
            },
        };
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

    fn keep(&mut self, bytes: &[u8], limit: usize) -> Result<(), FrameError> {
        if self.buffer.len().saturating_add(bytes.len()) > limit {
            return Err(FrameError::TooLarge);
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

/// Finds the empty line behind a head, over any number of pieces.
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
    /// Looks through the next piece; returns the place behind the empty line if that ends in it.
    pub(super) fn search(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0_usize;
        loop {
            let rest = bytes.get(at..)?;
            if *self == Self::Inside {
                let line_feed = pair_of_line_ends(rest).or_else(|| {
                    let last = rest.len().checked_sub(1)?;
                    (rest.get(last) == Some(&b'\n')).then_some(last)
                })?;
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

/// Where a line feed stands that another line end seems to follow.
#[expect(clippy::needless_bitwise_bool, reason = "without branches, many bytes are looked at at once")]
fn pair_of_line_ends(bytes: &[u8]) -> Option<usize> {
    let is_pair = |(byte, next): (&u8, &u8)| (*byte == b'\n') & ((*next == b'\r') | (*next == b'\n'));
    let behind = bytes.get(1..)?;
    // Blocks are looked at as wholes, which takes many bytes at once.
    let mut blocks = bytes.as_chunks::<32>().0.iter().zip(behind.as_chunks::<32>().0);
    let has_pair = |(block, behind): (&[u8; 32], &[u8; 32])| {
        block.iter().zip(behind).fold(false, |any, pair| any | is_pair(pair))
    };
    let block = blocks.position(has_pair).unwrap_or(behind.len() / 32);
    let begin = block.saturating_mul(32);
    let place = bytes.get(begin..)?.iter().zip(behind.get(begin..)?).position(is_pair)?;
    Some(begin.saturating_add(place))
}

/// The head's Content-Length; 0 when there is none.
fn content_length(head: &[u8]) -> Result<usize, FrameError> {
    let mut found = None;
    for line_feed in memchr::memchr_iter(b'\n', head) {
        let begin = line_feed.saturating_add(1);
        // Most lines are ruled out by their first letter.
        let name = match head.get(begin) {
            Some(b'C' | b'c') => "Content-Length",
            Some(b'L' | b'l') => "l",
            Some(_) | None => continue,
        };
        let Some(value) = content_length_value(head.get(begin..).unwrap_or_default(), name) else { continue };
        let length = number(value)?;
        if found.is_some_and(|found| found != length) {
            return Err(FrameError::ConflictingContentLength);
        }
        found = Some(length);
    }
    Ok(found.unwrap_or(0))
}

/// What follows the colon, if the first of these lines begins with `name`.
fn content_length_value<'a>(lines: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let (written, rest) = lines.split_at_checked(name.len())?;
    let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let value = rest.get(blanks..)?.strip_prefix(b":")?;
    let name = name.as_bytes();
    (written == name || written.eq_ignore_ascii_case(name)).then_some(value)
}

/// The number that is the value of a header at the beginning of `text`: digits with white space around them. Lines that
/// begin with white space belong to it.
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
