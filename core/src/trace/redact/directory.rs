//! Marks the values in a directory file: everything that says who somebody is and which line is whose.

use core::ops::Range;

use super::mark::{Mark, Marks};

/// Attributes whose values are words of the format.
const WORDS: [&[u8]; 3] = [b"enabled", b"kind", b"role"];

/// Marks the words of each line: its kind and the names of attributes are locked.
pub(super) fn mark(marks: &mut Marks<'_>) {
    let mut start = 0;
    for (number, line) in marks.bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        // The first line names the format.
        if number > 0 {
            let is_appearance = line.starts_with(b"appearance ");
            for (place, word) in words(line).enumerate().skip(1) {
                let text = line.get(word.clone()).unwrap_or_default();
                let equals = text.iter().take_while(|byte| **byte != b'"').position(|byte| *byte == b'=');
                let (name, value) =
                    text.split_at_checked(equals.map_or(0, |at| at + 1)).unwrap_or((text, b""));
                let is_word = name.strip_suffix(b"=").is_some_and(|name| WORDS.contains(&name));
                // A line, a device, and an index.
                let is_index = is_appearance && place == 3 && name.is_empty();
                if !is_word && !is_index {
                    let scheme =
                        [&b"sip:"[..], b"sips:"].into_iter().find(|scheme| value.starts_with(scheme));
                    let begins = word.start + name.len() + scheme.map_or(0, <[u8]>::len);
                    marks.set(start + begins..start + word.end, Mark::Sensitive);
                }
            }
        }
        start += line.len();
    }
}

/// The words of a line, between spaces that are not in quotation marks.
fn words(line: &[u8]) -> impl Iterator<Item = Range<usize>> + use<'_> {
    let mut at = 0;
    core::iter::from_fn(move || {
        at += line.get(at..)?.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let start = at;
        let (mut is_quoted, mut is_escaped) = (false, false);
        for byte in line.get(at..)? {
            if !is_quoted && byte.is_ascii_whitespace() {
                break;
            }
            is_quoted ^= *byte == b'"' && !is_escaped;
            is_escaped = *byte == b'\\' && !is_escaped;
            at += 1;
        }
        (at > start).then_some(start..at)
    })
}
