//! Cuts messages out of a stream, and checks them.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use memchr::memchr;

use super::check::{Check, Verdict};
use super::flaw::Flaw;
use super::lines::{Lines, MAX_MESSAGE, Scanned};
use super::message::Message;
use crate::digest::{Digest, Digester};

/// How the line begins that an AMI server sends first; its version follows.
const GREETING: &[u8] = b"Asterisk Call Manager/";

/// The capacity that the buffers keep after a message.
const KEPT_ROOM: usize = 8_192;

/// What is read of a stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Read<'b> {
    /// All bytes were taken; they end before a message, or inside one.
    Incomplete,
    /// The server's first line, with the version of its protocol.
    Greeting(&'b str),
    /// A message.
    Message(Message<'b>),
    /// A message that must not be used. If it exceeds a limit, its rest is skipped.
    Rejected(Flaw),
    /// The stream does not begin as AMI does. All that follows is taken and gives the same.
    Broken,
}

/// Which messages are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Responses, and the events in [`super::kinds::ROWS`].
    #[default]
    Known,
    /// Also other events, except `TestEvent`.
    All,
}

/// Where the stream has come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// Before the greeting.
    #[default]
    Greeting,
    /// In or before a message.
    Messages,
    /// In the rest of a message that exceeds a limit. The flag tells whether the line has no bytes so far.
    Skipping(bool),
    /// Nothing can be read any more.
    Broken,
}

/// What one message, or the end of the bytes, has come to.
enum Found {
    Incomplete,
    /// The greeting, or a message, in the bytes that were given or, if there is no range, in those that are held.
    Greeting(Option<Range<usize>>),
    Message(Option<Range<usize>>),
    Rejected(Flaw),
    Broken,
}

/// Reads the messages of one stream.
#[derive(Debug, Default)]
pub struct Reader {
    scope: Scope,
    phase: Phase,
    check: Check,
    /// The beginning of an incomplete message, or the message that was returned last.
    held: Vec<u8>,
    /// Whether the message in `held` or `clean` was returned, so that the next push discards it.
    given: bool,
    lines: Lines,
    /// The message that was returned last, if it had bytes that are not UTF-8.
    clean: String,
}

impl Digest for Reader {
    fn digest(&self, digester: &mut Digester) {
        // What was returned no longer counts; the lines and the clean text follow from the bytes.
        let Self { scope, phase, check, held, given, lines: _, clean: _ } = self;
        digester.flag(*scope == Scope::All);
        digester.number(match phase {
            Phase::Greeting => 0,
            Phase::Messages => 1,
            Phase::Skipping(false) => 2,
            Phase::Skipping(true) => 3,
            Phase::Broken => 4,
        });
        digester.value(check);
        digester.bytes(if *given { &[] } else { held });
    }
}

impl Reader {
    /// A reader of a stream from its beginning.
    #[must_use]
    pub fn new(scope: Scope) -> Self {
        Self { scope, ..Self::default() }
    }

    /// Takes bytes up to the end of one message that is to be read, without those that are dropped before it. Returns how
    /// many were taken, and the message. It must be called again with the rest until all are taken. Each byte is examined
    /// once, however the stream is divided, and a message that comes whole is not copied.
    pub fn push<'b>(&'b mut self, bytes: &'b [u8]) -> (usize, Read<'b>) {
        if self.given {
            self.discard();
        }
        let mut taken = 0;
        loop {
            let rest = bytes.get(taken..).unwrap_or_default();
            if rest.is_empty() {
                return (taken, Read::Incomplete);
            }
            let (more, found) = self.next(rest, taken);
            taken += more;
            let read = match found {
                Found::Incomplete => continue,
                Found::Rejected(flaw) => Read::Rejected(flaw),
                Found::Broken => Read::Broken,
                Found::Greeting(place) => {
                    let line = self.text(bytes, place);
                    Read::Greeting(line.get(GREETING.len()..).unwrap_or_default().trim_end())
                }
                Found::Message(place) => {
                    if !self.cleanse(bytes, place.clone()) {
                        return (taken, Read::Rejected(Flaw::LongMessage));
                    }
                    let text = self.text(bytes, place);
                    Read::Message(Message::new(text, self.lines.found()))
                }
            };
            return (taken, read);
        }
    }

    /// How many bytes of an unfinished message are held.
    #[must_use]
    pub fn held(&self) -> usize {
        if self.given { 0 } else { self.held.len() }
    }

    /// Takes at least one of `bytes`, up to the end of a message at most. `at` is where they are among all that were
    /// given.
    fn next(&mut self, bytes: &[u8], at: usize) -> (usize, Found) {
        match self.phase {
            Phase::Broken => (bytes.len(), Found::Broken),
            Phase::Skipping(fresh) => (self.skip(bytes, fresh), Found::Incomplete),
            Phase::Greeting | Phase::Messages if self.held.is_empty() => {
                let first_alone = self.phase == Phase::Greeting;
                let scanned = self.lines.scan(bytes, first_alone);
                if scanned == Scanned::Incomplete {
                    self.held.extend_from_slice(bytes);
                    return (bytes.len(), self.so_far());
                }
                let (end, found) = self.judge(scanned, bytes, |end| Some(at..at + end));
                (end, found)
            }
            Phase::Greeting | Phase::Messages => self.fill(bytes),
        }
    }

    /// Adds to the message that is held, line by line.
    fn fill(&mut self, bytes: &[u8]) -> (usize, Found) {
        let mut taken = 0;
        while let Some(rest) = bytes.get(taken..).filter(|rest| !rest.is_empty()) {
            let line = memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
            taken += line;
            let mut held = core::mem::take(&mut self.held);
            held.extend_from_slice(rest.get(..line).unwrap_or_default());
            let scanned = self.lines.scan(&held, self.phase == Phase::Greeting);
            let is_incomplete = scanned == Scanned::Incomplete;
            let found = (!is_incomplete).then(|| self.judge(scanned, &held, |_| None).1);
            self.held = held;
            match found {
                None => {}
                Some(found @ (Found::Greeting(_) | Found::Message(_))) => {
                    self.given = true;
                    return (taken, found);
                }
                Some(found) => {
                    self.held.clear();
                    return (taken, found);
                }
            }
        }
        (taken, self.so_far())
    }

    /// What an unfinished message, which is held, has come to.
    fn so_far(&mut self) -> Found {
        let shown = self.held.len().min(GREETING.len());
        if self.phase == Phase::Greeting && self.held.get(..shown) != GREETING.get(..shown) {
            return self.break_off();
        }
        Found::Incomplete
    }

    /// What has come to its end in `message`; `place` says where the message is that ends before an index.
    fn judge(
        &mut self,
        scanned: Scanned,
        message: &[u8],
        place: impl FnOnce(usize) -> Option<Range<usize>>,
    ) -> (usize, Found) {
        let (end, found) = match scanned {
            Scanned::Incomplete => return (message.len(), Found::Incomplete),
            Scanned::Blank(end) if self.phase == Phase::Greeting => (end, self.break_off()),
            Scanned::Blank(end) => {
                self.check.blank(end);
                (end, Found::Incomplete)
            }
            Scanned::First(end) if message.starts_with(GREETING) => {
                self.phase = Phase::Messages;
                self.given = true;
                return (end, Found::Greeting(place(end)));
            }
            Scanned::First(end) => (end, self.break_off()),
            Scanned::Whole(end) => {
                let message = message.get(..end).unwrap_or_default();
                match self.check.message(message, self.lines.found()) {
                    Verdict::Unknown if self.scope == Scope::Known => (end, Found::Incomplete),
                    Verdict::Passes | Verdict::Unknown => {
                        self.given = true;
                        return (end, Found::Message(place(end)));
                    }
                    Verdict::Drops => (end, Found::Incomplete),
                    Verdict::Rejected(flaw) => (end, Found::Rejected(flaw)),
                }
            }
            Scanned::Exceeded(_, end) if self.phase == Phase::Greeting => (end, self.break_off()),
            Scanned::Exceeded(flaw, end) => {
                let fresh = message.get(..end).is_some_and(|taken| taken.ends_with(b"\n"));
                self.phase = Phase::Skipping(fresh);
                (end, Found::Rejected(flaw))
            }
        };
        self.lines.clear();
        (end, found)
    }

    /// Skips the rest of a message, up to and with the empty line behind it. Returns how many bytes that took.
    fn skip(&mut self, bytes: &[u8], mut fresh: bool) -> usize {
        let mut taken = 0;
        while let Some(rest) = bytes.get(taken..).filter(|rest| !rest.is_empty()) {
            let end = memchr(b'\n', rest);
            let line = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
            fresh &= line.iter().all(|byte| *byte == b'\r');
            let Some(end) = end else {
                taken = bytes.len();
                break;
            };
            taken += end + 1;
            if fresh {
                self.phase = Phase::Messages;
                return taken;
            }
            fresh = true;
        }
        self.phase = Phase::Skipping(fresh);
        taken
    }

    fn break_off(&mut self) -> Found {
        self.phase = Phase::Broken;
        self.held = Vec::new();
        Found::Broken
    }

    /// Discards what was returned.
    fn discard(&mut self) {
        self.held.clear();
        self.held.shrink_to(KEPT_ROOM);
        self.clean.clear();
        self.clean.shrink_to(KEPT_ROOM);
        self.lines.clear();
        self.given = false;
    }

    /// Replaces what is not UTF-8 in a message, if there is any. Returns whether the message keeps to its limit.
    fn cleanse(&mut self, bytes: &[u8], place: Option<Range<usize>>) -> bool {
        let Self { held, lines, clean, .. } = self;
        let message = place.map_or(held.as_slice(), |place| bytes.get(place).unwrap_or_default());
        if core::str::from_utf8(message).is_ok() {
            return true;
        }
        for chunk in message.utf8_chunks() {
            clean.push_str(chunk.valid());
            if !chunk.invalid().is_empty() {
                clean.push(char::REPLACEMENT_CHARACTER);
            }
        }
        lines.clear();
        clean.len() <= MAX_MESSAGE && matches!(lines.scan(clean.as_bytes(), false), Scanned::Whole(_))
    }

    /// The text that was returned last: the clean one, or the one in its place.
    fn text<'b>(&'b self, bytes: &'b [u8], place: Option<Range<usize>>) -> &'b str {
        if !self.clean.is_empty() {
            return &self.clean;
        }
        let message = place.map_or(self.held.as_slice(), |place| bytes.get(place).unwrap_or_default());
        core::str::from_utf8(message).unwrap_or_default()
    }
}
