//! Reads one segment of a trace, step by step. Errors name the line.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::hash::text_hash;
use super::step::{RecordedAction, RecordedInput, Step};
use super::text::{push_unescaped, read_hex};
use super::{Header, MAGIC, PANIC};
use crate::config::DirectoryVersion;
use crate::entropy::Seed;
use crate::setting::read_line;
use crate::time::Instant;

mod entry;
use entry::{Layout, Words};

/// An error in a trace, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// The number of the segment among those given, from 1.
    pub segment: usize,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { segment, line, what } = self;
        if *segment > 1 {
            write!(f, "segment {segment}, line {line}: {what}")
        } else {
            write!(f, "line {line}: {what}")
        }
    }
}

impl core::error::Error for ReadError {}

/// Reads one segment.
#[derive(Clone, Debug)]
pub struct Reader<'t> {
    text: &'t [u8],
    /// The position of the next line, and its number.
    at: usize,
    line: usize,
    header: Header,
    /// The segment's number, and the hash of the one before that it holds.
    segment: u64,
    previous: Option<u128>,
    /// The number of this segment among those given.
    given: usize,
    ended: bool,
}

impl<'t> Reader<'t> {
    /// Reads the header of `text`, which is number `given` (from 1) of the segments given; only errors use that number.
    ///
    /// # Errors
    /// What is wrong with the header.
    pub fn new(text: &'t [u8], given: usize) -> Result<Self, ReadError> {
        let header = Header {
            comment: Vec::new(),
            version: String::new(),
            build: String::new(),
            machine: String::new(),
            seed: Seed::new([0; 32]),
            settings: Vec::new(),
            directory: None,
        };
        let mut reader =
            Self { text, at: 0, line: 1, header, segment: 0, previous: None, given, ended: false };
        reader.read_header()?;
        Ok(reader)
    }

    /// The header of the run.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The segment's number in its run, from 1.
    #[must_use]
    pub const fn segment(&self) -> u64 {
        self.segment
    }

    /// The hash of the segment before, which this one holds.
    #[must_use]
    pub const fn previous(&self) -> Option<u128> {
        self.previous
    }

    /// The line that is read next.
    #[must_use]
    pub const fn line(&self) -> usize {
        self.line
    }

    /// Whether the segment's end mark was read. If it was not and no step is left, the segment was truncated.
    #[must_use]
    pub const fn is_ended(&self) -> bool {
        self.ended
    }

    /// The hash of the text up to the end mark or the next line.
    #[must_use]
    pub fn hash_so_far(&self) -> u128 {
        text_hash(self.text.get(..self.at).unwrap_or_default())
    }

    pub(super) fn error(&self, line: usize, what: impl Into<String>) -> ReadError {
        ReadError { segment: self.given, line, what: what.into() }
    }

    /// The next line without its end, without taking it; `None` at the end of the text.
    fn peek(&self) -> Result<Option<&'t str>, ReadError> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(None);
        }
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
            return Err(self.error(self.line, "the trace is cut short within this line"));
        };
        let line = rest.get(..end).unwrap_or_default();
        match core::str::from_utf8(line) {
            Ok(line) => Ok(Some(line)),
            Err(_) => Err(self.error(self.line, "this line is not text; the trace was edited")),
        }
    }

    /// Takes `bytes` bytes of text, which hold `lines` line ends.
    const fn advance(&mut self, bytes: usize, lines: usize) {
        self.at = self.at.saturating_add(bytes);
        self.line = self.line.saturating_add(lines);
    }

    const fn advance_line(&mut self, line: &str) {
        self.advance(line.len().saturating_add(1), 1);
    }

    fn read_header(&mut self) -> Result<(), ReadError> {
        if self.peek()? != Some(MAGIC) {
            return Err(self.error(1, format!("this is not a trace: its first line is not «{MAGIC}»")));
        }
        self.advance_line(MAGIC);
        while self.segment == 0 {
            let Some(line) = self.peek()? else {
                return Err(self.error(self.line, "the trace is cut short within its header"));
            };
            self.read_header_line(line).map_err(|what| self.error(self.line, what))?;
            self.advance_line(line);
        }
        if self.header.machine.is_empty() {
            return Err(self.error(self.line, "the header does not name its machine"));
        }
        Ok(())
    }

    fn read_header_line(&mut self, line: &str) -> Result<(), String> {
        if let Some(comment) = line.strip_prefix('#') {
            self.header.comment.push(comment.into());
            return Ok(());
        }
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "version" => self.header.version = rest.into(),
            "build" => self.header.build = rest.into(),
            "machine" => self.header.machine = rest.into(),
            "seed" => {
                let seed = read_hex(rest).ok_or("the seed must be 64 hexadecimal digits")?;
                self.header.seed = Seed::new(seed);
            }
            "setting" => self.header.settings.push(read_line(rest)?),
            "directory" => {
                let hash = read_hex::<16>(rest).ok_or("a directory's hash must be 32 hexadecimal digits")?;
                self.header.directory = Some(DirectoryVersion::of_hash(u128::from_be_bytes(hash)));
            }
            "segment" => {
                let mut words = Words::new(rest);
                let number = words.number().filter(|number| *number > 0);
                self.segment = number.ok_or("a segment's number must follow")?;
                if words.next() == Some("previous") {
                    let hash = words.next().and_then(read_hex::<16>);
                    self.previous = Some(u128::from_be_bytes(hash.ok_or("a hash of 32 digits must follow")?));
                }
            }
            _ => return Err(format!("expected a header line, not «{}»", shorten(word))),
        }
        Ok(())
    }

    /// The next step; `None` if there is none left, whether the segment is complete or not ([`Reader::is_ended`]).
    ///
    /// # Errors
    /// What is wrong, and at which line.
    pub fn next_step(&mut self) -> Result<Option<Step<'t>>, ReadError> {
        let comment = self.skip_to_paragraph()?;
        let Some(line) = self.peek()? else { return Ok(None) };
        if let Some(hash) = line.strip_prefix("end") {
            self.read_end(line, hash)?;
            return Ok(None);
        }
        let at = self.line;
        let rest = line.strip_prefix('@');
        let rest = rest.ok_or_else(|| self.error(at, "expected a step, which begins with @, or the end"))?;
        let (micros, input) = rest.split_once(' ').unwrap_or((rest, ""));
        let micros = micros.parse().map_err(|_| self.error(at, "expected microseconds after the @"))?;
        self.advance_line(line);
        let input = self.input(input, at)?;
        let panicked = self.panic()?;
        let (actions, digest) = if panicked { (Vec::new(), None) } else { (self.actions()?, self.digest()?) };
        self.expect_paragraph_end()?;
        let now = Instant::from_micros(micros);
        Ok(Some(Step { comment, line: at, now, input, actions, panicked, digest, end_line: self.line }))
    }

    /// Skips blank lines and comments; returns the last comment, from its first `#` to the end of its last line.
    fn skip_to_paragraph(&mut self) -> Result<&'t str, ReadError> {
        let mut comment = None;
        let mut end = self.at;
        while let Some(line) = self.peek()? {
            if line.starts_with('#') {
                comment = comment.or(Some(self.at));
                end = self.at.saturating_add(line.len());
            } else if !line.is_empty() {
                break;
            }
            self.advance_line(line);
        }
        let comment = comment.and_then(|start| self.text.get(start..end)).unwrap_or_default();
        Ok(core::str::from_utf8(comment).unwrap_or_default())
    }

    fn read_end(&mut self, line: &str, hash: &str) -> Result<(), ReadError> {
        if !hash.is_empty() {
            let hash = hash.strip_prefix(' ').and_then(read_hex::<16>).map(u128::from_be_bytes);
            if hash != Some(self.hash_so_far()) {
                let what = "this segment was edited: its text does not have the hash that stands here";
                return Err(self.error(self.line, what));
            }
        }
        let end = self.at;
        self.advance_line(line);
        if self.peek()?.is_some() {
            return Err(self.error(self.line, "expected nothing after the end"));
        }
        // So that `hash_so_far` is the hash that the next segment must hold.
        self.at = end;
        self.ended = true;
        Ok(())
    }

    fn input(&mut self, line: &str, at: usize) -> Result<RecordedInput<'t>, ReadError> {
        let input = entry::input(line, |layout| self.payload(layout))?;
        input.ok_or_else(|| self.error(at, format!("expected an input, not «{}»", shorten(line))))
    }

    fn actions(&mut self) -> Result<Vec<(usize, RecordedAction<'t>)>, ReadError> {
        let mut actions = Vec::new();
        while let Some(line) = self.peek()? {
            let Some(rest) = line.strip_prefix("> ") else { break };
            let at = self.line;
            self.advance_line(line);
            let action = entry::action(rest, |layout| self.payload(layout))?;
            let expected = || self.error(at, format!("expected an action, not «{}»", shorten(rest)));
            actions.push((at, action.ok_or_else(expected)?));
        }
        Ok(actions)
    }

    /// Reads the mark of a panic, if there is one.
    fn panic(&mut self) -> Result<bool, ReadError> {
        let panicked = self.peek()? == Some(PANIC);
        if panicked {
            self.advance_line(PANIC);
        }
        Ok(panicked)
    }

    fn digest(&mut self) -> Result<Option<(usize, u64)>, ReadError> {
        let Some(line) = self.peek()? else { return Ok(None) };
        let Some(digest) = line.strip_prefix('=') else { return Ok(None) };
        let at = self.line;
        let digest =
            read_hex(digest).ok_or_else(|| self.error(at, "expected 16 hexadecimal digits after ="))?;
        self.advance_line(line);
        Ok(Some((at, u64::from_be_bytes(digest))))
    }

    fn expect_paragraph_end(&self) -> Result<(), ReadError> {
        match self.peek()? {
            None | Some("") => Ok(()),
            Some(line) => {
                let what = format!("expected an action, a digest or an empty line, not «{}»", shorten(line));
                Err(self.error(self.line, what))
            }
        }
    }

    /// Reads the bytes below a line.
    fn payload(&mut self, layout: Layout) -> Result<Cow<'t, [u8]>, ReadError> {
        let Layout::Verbatim(length) = layout else { return self.escaped_payload().map(Cow::Owned) };
        let rest = self.text.get(self.at..).unwrap_or_default();
        let Some((bytes, after)) = rest.split_at_checked(length) else {
            let what = format!("the trace is cut short: {length} bytes were to follow, {} do", rest.len());
            return Err(self.error(self.line, what));
        };
        let lines = bytes.split(|byte| *byte == b'\n').skip(1).count();
        if after.first() != Some(&b'\n') {
            let what = "after these bytes the line does not end; the trace was edited or cut short";
            return Err(self.error(self.line.saturating_add(lines), what));
        }
        self.advance(length.saturating_add(1), lines.saturating_add(1));
        Ok(Cow::Borrowed(bytes))
    }

    fn escaped_payload(&mut self) -> Result<Vec<u8>, ReadError> {
        let mut bytes = Vec::new();
        let mut first = true;
        while let Some(line) = self.peek()? {
            let (content, joint) = match (line.strip_prefix('|'), line.strip_prefix('+')) {
                (Some(content), _) if first => (content, ""),
                (Some(content), _) => (content, "\r\n"),
                (None, Some(content)) if !first => (content, ""),
                _ => break,
            };
            bytes.extend_from_slice(joint.as_bytes());
            let content = if content.is_empty() { Some("") } else { content.strip_prefix(' ') };
            if !content.is_some_and(|content| push_unescaped(&mut bytes, content.as_bytes())) {
                return Err(self.error(self.line, "expected a space and escaped text"));
            }
            first = false;
            self.advance_line(line);
        }
        if first {
            Err(self.error(self.line, "expected the bytes' first line, which begins with |"))
        } else {
            Ok(bytes)
        }
    }
}

/// The beginning of `text`, for an error to quote.
fn shorten(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.into(),
    }
}
