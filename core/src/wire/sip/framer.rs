//! Cuts messages out of a stream of bytes, by Content-Length (RFC 3261 18.3).
//!
//! The time is linear however the stream is divided: each byte is examined once for the end of the head and copied at
//! most once, and a message that arrives whole is not copied at all.

use alloc::vec::Vec;
use core::fmt;

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

/// The result of [`Framer::push`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framed<'a> {
    /// No message is complete yet.
    Incomplete,
    /// A double CRLF between messages, to be answered with one CRLF (RFC 5626 4.4.1).
    KeepAlive,
    /// One message, head and body.
    Message(&'a [u8]),
    /// The stream cannot be read any further.
    Broken(FrameError),
}

/// Cuts one stream into messages.
#[derive(Debug, Default)]
pub struct Framer {
    /// An incomplete message from its first byte on, or the complete one that was returned last.
    buffer: Vec<u8>,
    /// The state of the search for the end of the head.
    head: HeadEnd,
    /// The whole message's size, once its head is complete.
    size: Option<usize>,
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
                (self.head, self.size) = (HeadEnd::default(), None);
                let whole = if self.buffer.is_empty() {
                    message.get(..taken).unwrap_or_default()
                } else {
                    self.handed_out = true;
                    self.buffer.as_slice()
                };
                (skipped.saturating_add(taken), Framed::Message(whole))
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
                    let size = head.checked_add(length).filter(|size| *size <= limit);
                    *self.size.insert(size.ok_or(FrameError::TooLarge)?)
                }
            },
        };
        let missing = size.saturating_sub(self.buffer.len());
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
        size.digest(digester);
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

/// The position of a line feed that another line end seems to follow.
#[expect(clippy::needless_bitwise_bool, reason = "without branches, many bytes are looked at at once")]
fn pair_of_line_ends(bytes: &[u8]) -> Option<usize> {
    let is_pair = |(byte, next): (&u8, &u8)| (*byte == b'\n') & ((*next == b'\r') | (*next == b'\n'));
    let behind = bytes.get(1..)?;
    // Whole blocks are compared at once, which the compiler vectorizes.
    let mut blocks = bytes.as_chunks::<32>().0.iter().zip(behind.as_chunks::<32>().0);
    let has_pair = |(block, behind): (&[u8; 32], &[u8; 32])| {
        block.iter().zip(behind).fold(false, |any, pair| any | is_pair(pair))
    };
    let block = blocks.position(has_pair).unwrap_or(behind.len() / 32);
    let begin = block.saturating_mul(32);
    let index = bytes.get(begin..)?.iter().zip(behind.get(begin..)?).position(is_pair)?;
    Some(begin.saturating_add(index))
}

/// The head's Content-Length; 0 if there is none.
fn content_length(head: &[u8]) -> Result<usize, FrameError> {
    let mut found = None;
    let mut rest = head;
    while let Some(line_feed) = memchr::memchr(b'\n', rest) {
        rest = rest.get(line_feed.saturating_add(1)..).unwrap_or_default();
        let Some(value) = content_length_value(rest) else { continue };
        let length = number(value)?;
        if found.is_some_and(|found| found != length) {
            return Err(FrameError::ConflictingContentLength);
        }
        found = Some(length);
    }
    Ok(found.unwrap_or(0))
}

/// The text after the colon, if the first of these lines is a Content-Length.
fn content_length_value(lines: &[u8]) -> Option<&[u8]> {
    // Most lines are ruled out by their first letter, or by the byte after the name's length.
    let length = match lines.first()? {
        b'C' | b'c' => "Content-Length".len(),
        b'L' | b'l' => "l".len(),
        _ => return None,
    };
    let (name, rest) = lines.split_at_checked(length)?;
    let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let value = rest.get(blanks..)?.strip_prefix(b":")?;
    (length == 1 || name.eq_ignore_ascii_case(b"Content-Length")).then_some(value)
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
