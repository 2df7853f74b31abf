//! The chain of a run's segments: numbered from 1, each with the hash of the one before.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::Header;
use super::read::{ReadError, Reader};
use super::step::Step;

/// A run, of which the segments are read in order.
#[derive(Clone, Debug)]
pub struct Trace<'t> {
    header: Header,
    readers: Vec<Reader<'t>>,
    /// The index of the segment being read.
    at: usize,
}

impl<'t> Trace<'t> {
    /// Reads the segments' headers and checks that they belong to one run, in order, from its first segment on, with
    /// none missing.
    ///
    /// # Errors
    /// What is wrong, and in which segment.
    pub fn open(segments: &[&'t [u8]]) -> Result<Self, ReadError> {
        let mut readers: Vec<Reader<'t>> = Vec::with_capacity(segments.len());
        for (given, text) in (1..).zip(segments) {
            let reader = Reader::new(text, given)?;
            check_place(&reader, readers.last())
                .map_err(|what| reader.error(reader.line().saturating_sub(1), what))?;
            readers.push(reader);
        }
        let Some(first) = readers.first() else {
            return Err(ReadError { segment: 1, line: 1, what: "there is no trace to read".into() });
        };
        Ok(Self { header: first.header().clone(), readers, at: 0 })
    }

    /// The header of the run.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The number of the segment being read, from 1.
    #[must_use]
    pub const fn segment(&self) -> usize {
        self.at.saturating_add(1)
    }

    /// The next step of the run; `None` if there is none left.
    ///
    /// # Errors
    /// What is wrong, and at which line; this includes a segment other than the last that was truncated or edited.
    pub fn next_step(&mut self) -> Result<Option<Step<'t>>, ReadError> {
        loop {
            let Some(reader) = self.readers.get_mut(self.at) else { return Ok(None) };
            if let Some(step) = reader.next_step()? {
                return Ok(Some(step));
            }
            let next = self.at.saturating_add(1);
            let (Some(reader), Some(following)) = (self.readers.get(self.at), self.readers.get(next)) else {
                return Ok(None);
            };
            check_joint(reader, following)?;
            self.at = next;
        }
    }

    /// Once all steps are read: the segment and line where the trace ends without an end mark, if it does.
    #[must_use]
    pub fn cut(&self) -> Option<(usize, usize)> {
        let reader = self.readers.get(self.at)?;
        (!reader.is_ended()).then(|| (self.segment(), reader.line()))
    }
}

/// Checks by the headers that `reader` follows `previous`.
fn check_place(reader: &Reader<'_>, previous: Option<&Reader<'_>>) -> Result<(), String> {
    let number = reader.segment();
    let expected = previous.map_or(1, |previous| previous.segment().saturating_add(1));
    if number > expected {
        return Err(format!("segment {expected} is missing before segment {number}"));
    }
    if number < expected {
        return Err(format!("segment {number} is out of order: segment {expected} was expected"));
    }
    let Some(previous) = previous else { return Ok(()) };
    let one_run = {
        let Header { comment: _, version, build, machine, seed, settings, directory } = reader.header();
        let before = previous.header();
        *version == before.version
            && *build == before.build
            && *machine == before.machine
            && *seed == before.seed
            && *settings == before.settings
            && *directory == before.directory
    };
    if one_run { Ok(()) } else { Err(format!("segment {number} belongs to another run")) }
}

/// Checks that `following` has the hash of `reader`, all steps of which have been read.
fn check_joint(reader: &Reader<'_>, following: &Reader<'_>) -> Result<(), ReadError> {
    let number = reader.segment();
    if !reader.is_ended() {
        return Err(
            reader.error(reader.line(), format!("segment {number} is cut short: its end mark is missing"))
        );
    }
    if following.previous() != Some(reader.hash_so_far()) {
        let what =
            format!("segment {number} was edited, or is another run's: this hash is not that of its text");
        return Err(following.error(following.line().saturating_sub(1), what));
    }
    Ok(())
}
