//! The texts of a directory, in one string.

use alloc::string::String;

use super::{number, position};

/// Where a text is in [`Texts`]. The empty one stands for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    start: u32,
    pub(super) bytes: u32,
}

/// Texts one behind the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts(String);

impl Texts {
    pub(super) fn get(&self, span: Span) -> &str {
        let start = position(span.start);
        self.0.get(start..start.saturating_add(position(span.bytes))).unwrap_or_default()
    }

    pub(super) fn some(&self, span: Span) -> Option<&str> {
        Some(self.get(span)).filter(|text| !text.is_empty())
    }

    /// Appends a text. Beyond 4 GiB it is lost, which the limits on entries exclude.
    pub(super) fn push(&mut self, text: &str) -> Span {
        let Ok(start) = u32::try_from(self.0.len()) else { return Span::default() };
        self.0.push_str(text);
        Span { start, bytes: number(text.len()) }
    }
}
