//! Octets as CSTA writes them.

use alloc::string::String;
use core::fmt::Write as _;

/// The octets of a text in hexadecimal (XML Schema, hexBinary), in its canonical form.
pub(crate) fn hexadecimal(text: &str) -> String {
    let mut digits = String::with_capacity(text.len().saturating_mul(2));
    for octet in text.bytes() {
        // Writing to a string cannot fail.
        let _ = write!(digits, "{octet:02X}");
    }
    digits
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_text_is_written_as_its_octets() {
        assert_eq!(super::hexadecimal("A1\u{e4}/"), "4131C3A42F");
        assert_eq!(super::hexadecimal(""), "");
    }
}
