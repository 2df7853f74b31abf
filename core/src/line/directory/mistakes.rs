//! What is wrong with a directory's entries, with places: a bounded list, and how many more there are.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

use crate::plain::Plain;

/// The most mistakes that are kept in words; further ones are counted.
pub const MAX_SHOWN: usize = 100;

/// The most characters of a value that a mistake repeats.
const VALUE_SHOWN: usize = 80;

/// A file that entries come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileId(pub(super) u32);

/// Where an entry is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    file: FileId,
    line: u32,
    column: u32,
}

impl Place {
    /// A line of a file, from 1; 0 for the file as a whole.
    #[must_use]
    pub fn new(file: FileId, line: usize) -> Self {
        Self { file, line: super::number(line), column: 0 }
    }

    /// The same place, with a column, from 1.
    #[must_use]
    pub fn column(self, column: usize) -> Self {
        Self { column: super::number(column), ..self }
    }
}

/// Every mistake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mistakes {
    files: Vec<String>,
    shown: Vec<(Place, String)>,
    count: usize,
}

impl Mistakes {
    pub(super) fn file(&mut self, name: &str) -> FileId {
        let id = FileId(super::number(self.files.len()));
        self.files.push(Plain(name).to_string());
        id
    }

    /// Adds one. What it says is only put into words while there is room.
    pub(super) fn add(&mut self, place: Place, what: fmt::Arguments<'_>) {
        self.count = self.count.saturating_add(1);
        if self.shown.len() < MAX_SHOWN {
            self.shown.push((place, Plain(&what.to_string()).to_string()));
        }
    }

    pub(super) fn sort(&mut self) {
        self.shown.sort_by_key(|(place, _)| *place);
    }

    /// A place for people: `file:line` or `file:line:column`.
    pub(super) fn at(&self, place: Place) -> String {
        let file = self.files.get(super::position(place.file.0)).map_or("", String::as_str);
        match place {
            Place { line: 0, .. } => file.into(),
            Place { line, column: 0, .. } => format!("{file}:{line}"),
            Place { line, column, .. } => format!("{file}:{line}:{column}"),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many there are, whether kept in words or not.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.count
    }

    /// Those that are kept in words, at most [`MAX_SHOWN`], by place: `file:line: what is wrong`.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.shown.iter().map(|(place, what)| format!("{}: {what}", self.at(*place)))
    }

    /// How many are not kept in words.
    #[must_use]
    pub const fn more(&self) -> usize {
        self.count.saturating_sub(self.shown.len())
    }
}

/// One line for each, and one that says how many more there are.
impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.lines() {
            writeln!(f, "{line}")?;
        }
        if self.more() > 0 { writeln!(f, "and {} more", self.more()) } else { Ok(()) }
    }
}

/// A value in a mistake: in quotation marks, and cut if it is long.
pub(super) struct Shown<'v>(pub(super) &'v str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(VALUE_SHOWN).and_then(|(end, _)| self.0.get(..end)) {
            Some(cut) => write!(f, "\"{cut}…\""),
            None => write!(f, "\"{}\"", self.0),
        }
    }
}
