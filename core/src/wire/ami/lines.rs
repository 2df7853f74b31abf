//! The lines of a message, found in one pass over its bytes however they arrive.

use alloc::vec::Vec;

use memchr::memchr;

use super::flaw::Flaw;

/// The most bytes of a message, its line ends included. The longest one seen, the settings of an endpoint, has 4,000.
pub const MAX_MESSAGE: usize = 65_535;

/// The most bytes of a line without its end. Asterisk cuts most values at 1,024.
pub const MAX_LINE: usize = 8_192;

/// The most bytes of a key. The longest one seen has 43.
pub const MAX_KEY: usize = 128;

/// The most lines of a message. The settings of an endpoint have 144.
pub const MAX_LINES: usize = 512;

/// Where one line is, as indexes into its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    start: u16,
    colon: u16,
    end: u16,
}

impl Line {
    /// The key's bytes: everything before the first colon.
    pub(super) fn key(self, message: &[u8]) -> &[u8] {
        message.get(usize::from(self.start)..usize::from(self.colon)).unwrap_or_default()
    }

    /// Where the value is: behind the colon and one blank.
    pub(super) fn value(self, message: &[u8]) -> core::ops::Range<usize> {
        let end = usize::from(self.end);
        let start = (usize::from(self.colon) + 1).min(end);
        if message.get(start) == Some(&b' ') && start < end { start + 1..end } else { start..end }
    }

    /// Whether it has a colon.
    pub(super) const fn has_key(self) -> bool {
        self.colon < self.end
    }
}

/// What [`Lines::scan`] has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scanned {
    /// The end of the bytes.
    Incomplete,
    /// The first line, which was asked for alone; it ends before this index.
    First(usize),
    /// An empty line before a message; it ends before this index.
    Blank(usize),
    /// The empty line that ends a message, and itself before this index.
    Whole(usize),
    /// A line that makes the message exceed a limit; the rest begins at this index.
    Exceeded(Flaw, usize),
}

/// An index of the lines of one message. Its memory is used again for the next one.
#[derive(Debug, Default)]
pub struct Lines {
    found: Vec<Line>,
    /// Where the line begins whose end is not yet known.
    start: usize,
    /// How many bytes were examined.
    examined: usize,
}

impl Lines {
    /// The lines.
    pub(super) fn found(&self) -> &[Line] {
        &self.found
    }

    /// Begins with another message.
    pub(super) fn clear(&mut self) {
        let Self { found, start, examined } = self;
        found.clear();
        *start = 0;
        *examined = 0;
    }

    /// Examines what is new of `message`, which holds the message from its first byte on, up to its end at most. Lines
    /// end with CR LF or, since Asterisk has been seen to, with LF alone.
    pub(super) fn scan(&mut self, message: &[u8], first_alone: bool) -> Scanned {
        while let Some(at) = message.get(self.examined..).and_then(|rest| memchr(b'\n', rest)) {
            let end = self.examined + at;
            let line = message.get(self.start..end).unwrap_or_default();
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let start = core::mem::replace(&mut self.start, end + 1);
            self.examined = end + 1;
            if line.is_empty() {
                return if self.found.is_empty() { Scanned::Blank(end + 1) } else { Scanned::Whole(end + 1) };
            }
            if let Err(flaw) = self.push(start, line) {
                return Scanned::Exceeded(flaw, end + 1);
            }
            if first_alone {
                return Scanned::First(end + 1);
            }
        }
        self.examined = message.len();
        // The line's end may be there but for its last byte. (Other limits are checked once a line is whole, so that the
        // result does not depend on how the stream is divided.)
        if message.len() - self.start.min(message.len()) > MAX_LINE + 1 {
            return Scanned::Exceeded(Flaw::LongLine, message.len());
        }
        Scanned::Incomplete
    }

    fn push(&mut self, start: usize, line: &[u8]) -> Result<(), Flaw> {
        let colon = memchr(b':', line).unwrap_or(line.len());
        if line.len() > MAX_LINE {
            return Err(Flaw::LongLine);
        }
        // Two bytes end the line, and two more the message.
        if start + line.len() + 4 > MAX_MESSAGE {
            return Err(Flaw::LongMessage);
        }
        if self.found.len() == MAX_LINES {
            return Err(Flaw::ManyLines);
        }
        if colon > MAX_KEY && colon < line.len() {
            return Err(Flaw::LongKey);
        }
        let short = |index: usize| u16::try_from(index).map_err(|_| Flaw::LongMessage);
        self.found.push(Line {
            start: short(start)?,
            colon: short(start + colon)?,
            end: short(start + line.len())?,
        });
        Ok(())
    }
}
