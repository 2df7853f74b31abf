//! Text appended to a buffer of bytes: formatted values and hexadecimal digits.

use alloc::vec::Vec;
use core::fmt;

/// Lets text be formatted into a buffer. Writing never fails.
pub(crate) struct Text<'a>(pub(crate) &'a mut Vec<u8>);

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// Appends formatted text.
pub(crate) fn push_formatted(out: &mut Vec<u8>, text: fmt::Arguments<'_>) {
    let written = fmt::Write::write_fmt(&mut Text(out), text);
    debug_assert!(written.is_ok(), "writing to memory cannot fail");
}

/// Appends `bytes` as lower-case hexadecimal digits. It avoids `core::fmt`, since recordings have many of them.
pub(crate) fn push_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    let digit = |value: u8| if value < 10 { b'0' + value } else { b'a' + value - 10 };
    for byte in bytes {
        out.extend_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
    }
}
