//! How Asterisk escapes text.

use alloc::borrow::Cow;
use alloc::string::String;

/// The letters behind a backslash, and what they stand for.
const ESCAPES: [(u8, char); 11] = [
    (b'\\', '\\'),
    (b'\'', '\''),
    (b'"', '"'),
    (b'?', '?'),
    (b'n', '\n'),
    (b'r', '\r'),
    (b't', '\t'),
    (b'a', '\u{7}'),
    (b'b', '\u{8}'),
    (b'v', '\u{b}'),
    (b'f', '\u{c}'),
];

/// A text whose quotes, backslashes and controls are escaped as in C, without these escapes. A backslash that begins
/// none stays.
#[must_use]
pub fn unescaped(text: &str) -> Cow<'_, str> {
    let Some((before, mut rest)) = text.split_once('\\') else { return Cow::Borrowed(text) };
    let mut plain = String::with_capacity(text.len());
    plain.push_str(before);
    // `rest` is what follows a backslash.
    loop {
        let escape = ESCAPES.iter().find(|(letter, _)| rest.as_bytes().first() == Some(letter));
        match escape {
            Some((_, meant)) => {
                plain.push(*meant);
                rest = rest.get(1..).unwrap_or_default();
            }
            None => plain.push('\\'),
        }
        let Some((before, after)) = rest.split_once('\\') else {
            plain.push_str(rest);
            return Cow::Owned(plain);
        };
        plain.push_str(before);
        rest = after;
    }
}
