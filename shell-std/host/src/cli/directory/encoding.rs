//! The characters of files to import.

use std::borrow::Cow;

/// What Windows-1252 has where ISO 8859-1 has control characters, from 0x80 on; U+FFFD where it has nothing.
const FROM_80: [char; 32] = [
    '€', '\u{fffd}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{fffd}', 'Ž', '\u{fffd}',
    '\u{fffd}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{fffd}', 'ž', 'Ÿ',
];

/// The text of a file: UTF-8, with or without a byte order mark; UTF-16 with one; otherwise Latin-1, with what
/// Windows-1252 adds to it.
pub(super) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let utf_16 = |bytes: &[u8], read: fn([u8; 2]) -> u16| {
        let (units, _) = bytes.as_chunks();
        Cow::Owned(String::from_utf16_lossy(&units.iter().map(|unit| read(*unit)).collect::<Vec<_>>()))
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => return utf_16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => return utf_16(rest, u16::from_be_bytes),
        _ => {}
    }
    match core::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(_) => Cow::Owned(bytes.iter().map(|byte| character(*byte)).collect()),
    }
}

fn character(byte: u8) -> char {
    let windows = byte.checked_sub(0x80).and_then(|index| FROM_80.get(usize::from(index)));
    windows.copied().unwrap_or(char::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_8_latin_1_and_utf_16_are_read() {
        for (bytes, text) in [
            (b"J\xc3\xb6rg".as_slice(), "Jörg"),
            (b"\xef\xbb\xbfJ\xc3\xb6rg", "Jörg"),
            (b"J\xf6rg \x80 \x96\xff", "Jörg € –ÿ"),
            (b"\xff\xfeJ\x00\xf6\x00", "Jö"),
            (b"\xfe\xff\x00J\x00\xf6", "Jö"),
            (b"", ""),
        ] {
            assert_eq!(decode(bytes), text);
        }
    }
}
