//! Formatted text, written to the end of a buffer of bytes.

use alloc::vec::Vec;
use core::fmt;

/// A buffer as something that text is formatted into. It never fails.
pub(crate) struct Text<'a>(pub(crate) &'a mut Vec<u8>);

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// Appends what `text` formats to.
pub(crate) fn push_formatted(out: &mut Vec<u8>, text: fmt::Arguments<'_>) {
    let written = fmt::Write::write_fmt(&mut Text(out), text);
    debug_assert!(written.is_ok(), "writing to memory cannot fail");
}
