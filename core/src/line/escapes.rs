//! Percent escapes in URIs (RFC 3986 2.1): reading, writing, and finding what must not be hidden in them.

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt::{self, Write};

use crate::plain::deceives;

/// A percent sign without two hexadecimal digits after it, or escaped bytes that are not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wrong;

/// The characters of a text, with escapes replaced by what they stand for. It ends after the first wrong one.
pub(super) fn unescaped(text: &str) -> Unescaped<'_> {
    Unescaped { rest: text }
}

/// The iterator of [`unescaped`].
pub(super) struct Unescaped<'a> {
    rest: &'a str,
}

impl Iterator for Unescaped<'_> {
    type Item = Result<char, Wrong>;

    fn next(&mut self) -> Option<Result<char, Wrong>> {
        let first = self.rest.chars().next()?;
        if first != '%' {
            self.rest = self.rest.get(first.len_utf8()..).unwrap_or_default();
            return Some(Ok(first));
        }
        let character = self.character();
        if character.is_err() {
            self.rest = "";
        }
        Some(character)
    }
}

impl Unescaped<'_> {
    /// The character whose bytes are escaped at the beginning of the rest.
    fn character(&mut self) -> Result<char, Wrong> {
        let mut bytes = heapless::Vec::<u8, 4>::new();
        loop {
            let (byte, rest) = escaped_byte(self.rest).ok_or(Wrong)?;
            bytes.push(byte).map_err(|_| Wrong)?;
            self.rest = rest;
            match core::str::from_utf8(&bytes) {
                Ok(text) => return text.chars().next().ok_or(Wrong),
                // The character is not complete.
                Err(error) if error.error_len().is_none() => {}
                Err(_) => return Err(Wrong),
            }
        }
    }
}

/// The byte that is escaped at the beginning of a text, and the rest.
fn escaped_byte(text: &str) -> Option<(u8, &str)> {
    let digits = text.strip_prefix('%')?;
    let (digits, rest) = digits.split_at_checked(2)?;
    let is_hexadecimal = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let byte = u8::from_str_radix(digits, 16).ok().filter(|_| is_hexadecimal)?;
    Some((byte, rest))
}

/// A text with its escapes replaced by what they stand for.
pub(super) fn unescape(text: &str) -> Result<Cow<'_, str>, Wrong> {
    if memchr::memchr(b'%', text.as_bytes()).is_none() {
        return Ok(Cow::Borrowed(text));
    }
    unescaped(text).collect::<Result<String, Wrong>>().map(Cow::Owned)
}

/// The first character of a text, escaped or not, that could deceive a reader. What looks like an escape and is none
/// stands for itself, unless its bytes are not UTF-8: U+FFFD is returned for these.
pub(super) fn first_deceiving(text: &str) -> Option<char> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'%') {
        return None;
    }
    let mut rest = text;
    loop {
        let first = rest.chars().next()?;
        let mut taken = rest.get(first.len_utf8()..).unwrap_or_default();
        let mut character = first;
        if escaped_byte(rest).is_some() {
            let mut front = unescaped(rest);
            character = front.character().unwrap_or(char::REPLACEMENT_CHARACTER);
            if character == char::REPLACEMENT_CHARACTER {
                return Some(character);
            }
            taken = front.rest;
        }
        if deceives(character) {
            return Some(character);
        }
        rest = taken;
    }
}

/// Writes a text with escapes for all bytes but those that `is_kept` names, which are ASCII characters.
pub(super) fn escape(text: &str, is_kept: fn(u8) -> bool, out: &mut impl Write) -> fmt::Result {
    text.bytes().try_for_each(|byte| {
        if byte.is_ascii() && is_kept(byte) {
            out.write_char(char::from(byte))
        } else {
            write!(out, "%{byte:02X}")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read_as_utf_8_and_refused_where_they_are_none() {
        for (text, plain) in [
            ("", ""),
            ("abc", "abc"),
            ("%41b%63", "Abc"),
            ("%e4%b8%ad", "\u{4e2d}"),
            ("\u{4e2d}%25", "\u{4e2d}%"),
            ("%2500", "%00"),
        ] {
            assert_eq!(unescape(text).as_deref(), Ok(plain), "{text}");
        }
        for text in ["%", "%4", "%zz", "%+1", "%ff", "%c0%80", "%e4%b8", "%e4x", "%\u{4e2d}", "%ed%a0%80"] {
            assert_eq!(unescape(text), Err(Wrong), "{text}");
        }
    }

    #[test]
    fn what_deceives_is_found_whether_escaped_or_not() {
        for text in ["", "a %41", "100%", "%zz", "%4", "%\u{4e2d}", "\u{fc}%c3%bc", "%2500"] {
            assert_eq!(first_deceiving(text), None, "{text}");
        }
        for (text, character) in [
            ("a\0", '\0'),
            ("%00", '\0'),
            ("%zz%0A", '\n'),
            ("%E2%80%AE", '\u{202e}'),
            ("%C2%85", '\u{85}'),
            ("\u{2066}", '\u{2066}'),
            ("%C0%80", '\u{fffd}'),
            ("%E2%80", '\u{fffd}'),
        ] {
            assert_eq!(first_deceiving(text), Some(character), "{text}");
        }
    }

    #[test]
    fn what_is_escaped_reads_as_it_was() {
        let text = "a;b=c%\u{4e2d} \"";
        let mut out = String::new();
        escape(text, |byte| byte.is_ascii_alphanumeric(), &mut out).unwrap();
        assert_eq!(out, "a%3Bb%3Dc%25%E4%B8%AD%20%22");
        assert_eq!(unescape(&out).as_deref(), Ok(text));
    }
}
