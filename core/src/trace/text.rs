//! The text of a trace: numbers, without `core::fmt`, and the two forms of bytes.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::plain::deceives;
use crate::text::push_hex;

/// Where an escaped line of at least this many bytes may be broken, between two XML tags.
const BREAK_AFTER: usize = 72;

/// Appends `number` in decimal.
pub(super) fn push_decimal(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0_u8; 20];
    let mut used = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' | u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
        used += 1;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(digits.len().saturating_sub(used)..).unwrap_or_default());
}

/// Appends a count in decimal.
pub(super) fn push_count(out: &mut Vec<u8>, count: usize) {
    push_decimal(out, u64::try_from(count).unwrap_or(u64::MAX));
}

/// Reads exactly `N` bytes in hexadecimal digits.
pub(super) fn read_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != N.checked_mul(2)? {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = pair.iter().try_fold(0_u8, |byte, digit| {
            let digit = char::from(*digit).to_digit(16)?;
            Some((byte << 4) | u8::try_from(digit).ok()?)
        })?;
    }
    Some(bytes)
}

/// Appends `bytes` with `\`, what could deceive a reader ([`deceives`]) and what is not UTF-8 escaped, byte by byte.
pub(super) fn push_escaped(out: &mut Vec<u8>, bytes: &[u8]) {
    let plain = |byte: &u8| (0x20..0x7f).contains(byte) && *byte != b'\\';
    if bytes.iter().all(plain) {
        out.extend_from_slice(bytes);
        return;
    }
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            push_escaped_character(out, character);
        }
        for byte in chunk.invalid() {
            push_escaped_byte(out, *byte);
        }
    }
}

/// Appends `bytes` as [`push_escaped`] does, with spaces escaped too; without any bytes, `-`.
pub(super) fn push_word(out: &mut Vec<u8>, bytes: &[u8]) {
    match bytes {
        b"" => out.push(b'-'),
        b"-" => push_escaped_byte(out, b'-'),
        _ => {
            for (index, part) in bytes.split(|byte| *byte == b' ').enumerate() {
                if index > 0 {
                    push_escaped_byte(out, b' ');
                }
                push_escaped(out, part);
            }
        }
    }
}

/// The text from which [`push_word`] made `word`.
pub(super) fn unescape_word(word: &str) -> Option<Cow<'_, str>> {
    if word == "-" { Some(Cow::Borrowed("")) } else { unescape(word) }
}

fn push_escaped_character(out: &mut Vec<u8>, character: char) {
    let mut encoded = [0; 4];
    let encoded = character.encode_utf8(&mut encoded).as_bytes();
    match character {
        '\\' => out.extend_from_slice(b"\\\\"),
        '\n' => out.extend_from_slice(b"\\n"),
        '\r' => out.extend_from_slice(b"\\r"),
        '\t' => out.extend_from_slice(b"\\t"),
        character if deceives(character) => {
            for byte in encoded {
                push_escaped_byte(out, *byte);
            }
        }
        _ => out.extend_from_slice(encoded),
    }
}

fn push_escaped_byte(out: &mut Vec<u8>, byte: u8) {
    out.extend_from_slice(b"\\x");
    push_hex(out, &[byte]);
}

/// Appends the bytes from which [`push_escaped`] made `escaped`; returns whether it is valid.
pub(super) fn push_unescaped(out: &mut Vec<u8>, escaped: &[u8]) -> bool {
    let mut rest = escaped;
    while let Some(index) = rest.iter().position(|byte| *byte == b'\\') {
        let (plain, escape) = rest.split_at_checked(index).unwrap_or((rest, &[]));
        out.extend_from_slice(plain);
        let (byte, after) = match escape {
            [_, b'\\', after @ ..] => (b'\\', after),
            [_, b'n', after @ ..] => (b'\n', after),
            [_, b'r', after @ ..] => (b'\r', after),
            [_, b't', after @ ..] => (b'\t', after),
            [_, b'x', first, second, after @ ..] => {
                let pair = [*first, *second];
                let Some([byte]) = core::str::from_utf8(&pair).ok().and_then(read_hex::<1>) else {
                    return false;
                };
                (byte, after)
            }
            _ => return false,
        };
        out.push(byte);
        rest = after;
    }
    out.extend_from_slice(rest);
    true
}

/// The text from which `escaped` was made.
pub(super) fn unescape(escaped: &str) -> Option<Cow<'_, str>> {
    if !escaped.contains('\\') {
        return Some(Cow::Borrowed(escaped));
    }
    let mut bytes = Vec::with_capacity(escaped.len());
    if !push_unescaped(&mut bytes, escaped.as_bytes()) {
        return None;
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

/// Appends `bytes` as escaped lines, each with its end.
pub(super) fn push_payload(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut mark = b'|';
    let mut rest = bytes;
    loop {
        let piece = next_piece(rest);
        let (shown, after) = rest.split_at_checked(piece).unwrap_or((rest, &[]));
        let after_break = after.strip_prefix(b"\r\n");
        out.push(mark);
        if !shown.is_empty() {
            out.push(b' ');
            push_escaped(out, shown);
        }
        out.push(b'\n');
        mark = if after_break.is_some() { b'|' } else { b'+' };
        rest = after_break.unwrap_or(after);
        if rest.is_empty() && after_break.is_none() {
            return;
        }
    }
}

/// How many bytes go into one line: up to CR LF, up to and including a lone LF, or up to a place where XML may be
/// broken.
fn next_piece(bytes: &[u8]) -> usize {
    let mut before = 0;
    for (index, byte) in bytes.iter().enumerate() {
        let next = bytes.get(index.saturating_add(1)).copied();
        match (byte, next) {
            (b'\r', Some(b'\n')) => return index,
            (b'\n', _) => return index.saturating_add(1),
            (b'<', Some(next)) if before == b'>' && index >= BREAK_AFTER && next != b'/' => return index,
            _ => before = *byte,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(bytes: &[u8]) -> String {
        let mut out = Vec::new();
        push_payload(&mut out, bytes);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_are_written_as_formatting_writes_them() {
        for number in [0, 1, 9, 10, 99, 100, 1_234_567_890, u64::MAX] {
            let mut out = Vec::new();
            push_decimal(&mut out, number);
            assert_eq!(out, alloc::format!("{number}").into_bytes());
        }
    }

    #[test]
    fn hexadecimal_reads_back() {
        let mut out = Vec::new();
        push_hex(&mut out, &[0, 0x9a, 0xff]);
        assert_eq!(out, b"009aff");
        assert_eq!(read_hex("009aff"), Some([0, 0x9a, 0xff]));
        assert_eq!(read_hex::<1>("0"), None);
        assert_eq!(read_hex::<1>("0g"), None);
        assert_eq!(read_hex::<1>("+1"), None);
    }

    #[test]
    fn escaped_payloads_look_like_the_messages_they_are() {
        assert_eq!(escaped(b""), "|\n");
        assert_eq!(escaped(b"A: b\r\n\r\n"), "| A: b\n|\n|\n");
        assert_eq!(escaped(b"A: b\r\n\r\n<x/>"), "| A: b\n|\n| <x/>\n");
        assert_eq!(escaped(b"a\nb\rc\\\0\xff\xc3\xbc"), "| a\\n\n+ b\\rc\\\\\\x00\\xff\u{fc}\n");
        assert_eq!(escaped(b"a\n"), "| a\\n\n");
        assert_eq!(escaped(b" a "), "|  a \n");
        assert_eq!(escaped("\u{85}".as_bytes()), "| \\xc2\\x85\n");
        assert_eq!(escaped("\u{202e}".as_bytes()), "| \\xe2\\x80\\xae\n");
    }

    #[test]
    fn long_xml_is_broken_between_tags() {
        let first = alloc::format!("<{}>", "a".repeat(80));
        let text = alloc::format!("{first}<b></b>");
        assert_eq!(escaped(text.as_bytes()), alloc::format!("| {first}\n+ <b></b>\n"));
    }

    #[test]
    fn a_word_has_no_space_and_is_never_empty() {
        for text in ["", "-", "--", " ", "a b", " a\tb\\ ", "M\u{fc}ller", "\u{202e}"] {
            let mut out = Vec::new();
            push_word(&mut out, text.as_bytes());
            let word = String::from_utf8(out).unwrap();
            assert!(!word.is_empty() && !word.contains(' '), "{word}");
            assert_eq!(unescape_word(&word).as_deref(), Some(text));
        }
    }

    #[test]
    fn broken_escapes_are_refused() {
        for text in ["\\", "\\q", "\\x", "\\x0", "\\xg0", "\\xff"] {
            assert_eq!(unescape(text), None, "{text}");
        }
        assert_eq!(unescape("a\\\\b\\xc3\\xbc").as_deref(), Some("a\\b\u{fc}"));
    }
}
