//! The lines that a line URI names (system requirement L2).

use alloc::vec::Vec;

use super::{Finder, Notes};
use crate::line::dial::Number;
use crate::line::directory::LineId;
use crate::line::rules::Cause;
use crate::line::tel::Tel;

impl Finder<'_> {
    /// Finds the lines that a line URI names: by directory number, by E.164 number, or by what the number rules make of
    /// it; of its partition, if it names one.
    pub(super) fn find_lines(&self, wanted: &Tel<'_>, notes: &mut dyn Notes) -> Vec<LineId> {
        let number = wanted.subscriber();
        let mut lines: Vec<LineId> = self.directory.lines_numbered(number).collect();
        notes.note("line by number", &number, &Lines(lines.len()));
        if lines.is_empty() && wanted.is_global() {
            lines = self.lines_with_alias(wanted);
            notes.note("line by E.164 number", &number, &Lines(lines.len()));
        }
        if lines.is_empty()
            && let Some(directory_number) = self.by_rules(number)
        {
            lines = self.directory.lines_numbered(&directory_number).collect();
            notes.note("line by number rules (numbers.line)", &directory_number, &Lines(lines.len()));
        }
        if let Some(partition) = wanted.partition() {
            lines.retain(|line| self.directory.line(*line).partition == partition);
            notes.note("partition", &partition, &Lines(lines.len()));
        }
        lines
    }

    /// Returns the number by which the phone system knows a line, by the number rules. `None` if no rule matches.
    fn by_rules(&self, number: &str) -> Option<Number> {
        let outcome = self.rules.line(number);
        outcome.number.ok().filter(|_| matches!(outcome.cause, Cause::Rule(_)))
    }

    /// Returns the lines with an E.164 number; if it has an extension, the one that has that as its number, if any.
    fn lines_with_alias(&self, wanted: &Tel<'_>) -> Vec<LineId> {
        let lines: Vec<LineId> = self.directory.lines_with_alias(wanted.subscriber()).collect();
        let Some(extension) = wanted.ext() else { return lines };
        let has_extension = |line: &&LineId| self.directory.line(**line).number == extension;
        let with_extension: Vec<LineId> = lines.iter().filter(has_extension).copied().collect();
        if with_extension.is_empty() { lines } else { with_extension }
    }
}

/// A number of lines, in words.
struct Lines(usize);

impl core::fmt::Display for Lines {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.0 {
            0 => f.write_str("nothing"),
            1 => f.write_str("1 line"),
            count => write!(f, "{count} lines"),
        }
    }
}
