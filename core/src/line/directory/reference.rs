//! References to lines and line appearances: `NUMBER[/PARTITION][@DEVICE]`.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::mistakes::Shown;
use super::{Directory, LineId};

/// A reference taken apart. A partition that is named may be empty (`1001/`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reference<'r> {
    pub(super) number: &'r str,
    pub(super) partition: Option<&'r str>,
    pub(super) device: Option<&'r str>,
}

impl<'r> Reference<'r> {
    pub(super) fn read(text: &'r str) -> Self {
        let text = text.trim_ascii();
        let (line, device) = match text.split_once('@') {
            Some((line, device)) => (line, Some(device)),
            None => (text, None),
        };
        match line.split_once('/') {
            Some((number, partition)) => Self { number, partition: Some(partition), device },
            None => Self { number: line, partition: None, device },
        }
    }
}

/// Why a reference leads to no line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dangling {
    /// There is none.
    Unknown,
    /// Its number is in several partitions, and it names none.
    Ambiguous,
}

impl Directory {
    /// The line that a reference means.
    pub(super) fn line_meant(&self, reference: &Reference<'_>) -> Result<LineId, Dangling> {
        if let Some(partition) = reference.partition {
            return self.line_in(reference.number, partition).ok_or(Dangling::Unknown);
        }
        let mut lines = self.lines_numbered(reference.number);
        match (lines.next(), lines.next()) {
            (Some(line), None) => Ok(line),
            (Some(_), Some(_)) => Err(Dangling::Ambiguous),
            (None, _) => Err(Dangling::Unknown),
        }
    }

    /// Says why a reference leads to no line, and what would.
    pub(super) fn explain(&self, reference: &Reference<'_>, why: Dangling) -> String {
        let Reference { number, partition, .. } = *reference;
        let there: Vec<String> = self
            .lines_numbered(number)
            .take(3)
            .map(|line| format!("{number}/{}", self.line(line).partition))
            .collect();
        let there = there.join(", ");
        match (why, partition) {
            (Dangling::Ambiguous, _) => {
                format!("the number {number} is in several partitions: write one of {there}")
            }
            (Dangling::Unknown, None) => format!("there is no line {}", Shown(number)),
            (Dangling::Unknown, Some(partition)) if there.is_empty() => {
                format!("there is no line {} (in partition {})", Shown(number), Shown(partition))
            }
            (Dangling::Unknown, Some(partition)) => {
                format!("there is no line {} in partition {}, but {there}", Shown(number), Shown(partition))
            }
        }
    }
}
