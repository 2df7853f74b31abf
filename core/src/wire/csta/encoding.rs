//! Documents that are not in UTF-8, as some phone systems send them: declared as ISO-8859-1, windows-1252 or US-ASCII,
//! or with bytes that the declared encoding does not have. Such a byte is left out: a telephone that rings must be
//! shown even if a name in the event cannot be read.
//!
//! As on the Web (WHATWG, Encoding Standard), ISO-8859-1 is read as windows-1252, which has printable characters where
//! ISO-8859-1 has control characters that nobody means.

use alloc::vec::Vec;

use super::guard::{XmlError, XmlLimits};
use super::parse::Document;

/// The characters of windows-1252 from 0x80 to 0x9F; NUL where it has none. From 0xA0 on they are Unicode's.
const WINDOWS_1252: [char; 32] = [
    '\u{20AC}', '\0', '\u{201A}', '\u{0192}', '\u{201E}', '\u{2026}', '\u{2020}', '\u{2021}', '\u{02C6}',
    '\u{2030}', '\u{0160}', '\u{2039}', '\u{0152}', '\0', '\u{017D}', '\0', '\0', '\u{2018}', '\u{2019}',
    '\u{201C}', '\u{201D}', '\u{2022}', '\u{2013}', '\u{2014}', '\u{02DC}', '\u{2122}', '\u{0161}',
    '\u{203A}', '\u{0153}', '\0', '\u{017E}', '\u{0178}',
];

/// The names by which each encoding is declared, in small letters (IANA's character sets and their usual aliases).
const NAMES: [(Encoding, &[&str]); 2] = [
    (
        Encoding::Windows1252,
        &["iso-8859-1", "iso8859-1", "latin1", "l1", "windows-1252", "cp1252", "cp-1252"],
    ),
    (Encoding::Ascii, &["us-ascii", "ascii", "iso646-us"]),
];

/// An encoding of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    /// UTF-8; also where another encoding is declared that is not known here.
    Utf8,
    /// Windows-1252 and ISO-8859-1.
    Windows1252,
    /// US-ASCII.
    Ascii,
}

/// Reads a document in any of the encodings. Returns its text in UTF-8, which may be in `room`, and the document.
///
/// # Errors
/// Those of [`Document::parse`].
pub fn parse<'b>(
    bytes: &'b [u8],
    limits: &XmlLimits,
    room: &'b mut Vec<u8>,
) -> Result<(&'b [u8], Document<'b>), XmlError> {
    let encoding = declared(bytes);
    let mut error = XmlError::NotUtf8;
    if encoding == Encoding::Utf8 || bytes.is_ascii() {
        match Document::parse(bytes, limits) {
            Ok(document) => return Ok((bytes, document)),
            Err(XmlError::NotUtf8) => {}
            Err(XmlError::NotWellFormed) => error = XmlError::NotWellFormed,
            Err(other) => return Err(other),
        }
    }
    if !decode(bytes, encoding, room) {
        return Err(error);
    }
    let text = &**room;
    match Document::parse(text, limits) {
        Ok(document) => Ok((text, document)),
        Err(XmlError::NotWellFormed) => Err(error),
        Err(other) => Err(other),
    }
}

/// The beginnings of declarations that name UTF-8, or nothing.
const USUAL: [&[u8]; 2] = [b"<?xml version=\"1.0\"?>", b"<?xml version=\"1.0\" encoding=\"UTF-8\""];

/// The encoding that a document's XML declaration names.
fn declared(bytes: &[u8]) -> Encoding {
    if USUAL.iter().any(|usual| bytes.starts_with(usual)) {
        return Encoding::Utf8;
    }
    let name = bytes.strip_prefix(b"<?xml").and_then(|rest| {
        let declaration = rest.get(..memchr::memchr(b'>', rest)?)?;
        let at = declaration.windows(8).position(|word| word == b"encoding")?;
        let mut words = declaration.get(at + 8..)?.split(|byte| b"\"'".contains(byte));
        let equals = words.next()?.trim_ascii();
        words.next().filter(|_| equals == b"=")
    });
    let is = |(_, names): &&(Encoding, &[&str])| {
        name.is_some_and(|name| names.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(name)))
    };
    NAMES.iter().find(is).map_or(Encoding::Utf8, |(encoding, _)| *encoding)
}

/// Writes the text of `bytes` into `text`, in UTF-8, without what cannot be decoded and without control characters that
/// XML does not allow. Returns false if it is the same as `bytes`.
fn decode(bytes: &[u8], encoding: Encoding, text: &mut Vec<u8>) -> bool {
    text.clear();
    match encoding {
        Encoding::Utf8 => {
            for chunk in bytes.utf8_chunks() {
                text.extend_from_slice(chunk.valid().as_bytes());
            }
        }
        Encoding::Ascii => text.extend(bytes.iter().filter(|byte| byte.is_ascii())),
        Encoding::Windows1252 => {
            for &byte in bytes {
                let high = byte.checked_sub(0x80).and_then(|at| WINDOWS_1252.get(usize::from(at)));
                let letter = high.copied().unwrap_or(char::from(byte));
                if letter != '\0' {
                    text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                }
            }
        }
    }
    text.retain(|byte| *byte >= b' ' || b"\t\n\r".contains(byte));
    text.as_slice() != bytes
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;

    /// The text of an element with this content, in a document with this declaration.
    fn read(declaration: &str, content: &[u8]) -> Result<String, XmlError> {
        let document = [declaration.as_bytes(), b"<DeliveredEvent>", content, b"</DeliveredEvent>"].concat();
        let mut room = Vec::new();
        let (text, document) = parse(&document, &XmlLimits::default(), &mut room)?;
        assert_eq!(document.name(), "DeliveredEvent");
        let text = core::str::from_utf8(text).unwrap();
        let (_, content) = text.split_once("<DeliveredEvent>").unwrap();
        Ok(content.strip_suffix("</DeliveredEvent>").unwrap().into())
    }

    #[test]
    fn latin_1_windows_1252_and_ascii_are_decoded_as_declared() {
        for (name, bytes, text) in [
            ("ISO-8859-1", b"M\xFCller".as_slice(), "M\u{fc}ller"),
            ("iso-8859-1", b"\x80 \xA4 \xFF", "\u{20ac} \u{a4} \u{ff}"),
            ("Windows-1252", b"\x8A\x9F\x81\x8D\x8F\x90\x9D!", "\u{160}\u{178}!"),
            ("US-ASCII", b"M\xFCller", "Mller"),
            ("ISO-8859-1", "\u{fc}".as_bytes(), "\u{c3}\u{bc}"),
            ("UTF-8", "\u{fc}".as_bytes(), "\u{fc}"),
        ] {
            for quote in ['"', '\''] {
                let declaration = alloc::format!("<?xml version='1.0' encoding = {quote}{name}{quote}?>\n");
                assert_eq!(read(&declaration, bytes).as_deref(), Ok(text), "{declaration}");
            }
        }
    }

    #[test]
    fn a_byte_that_cannot_be_decoded_is_lost_and_the_rest_is_read() {
        for declaration in ["", "<?xml version=\"1.0\"?>", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"] {
            assert_eq!(read(declaration, b"M\xFCller").as_deref(), Ok("Mller"), "{declaration}");
            assert_eq!(read(declaration, b"M\x00\x01\x1Fller\t").as_deref(), Ok("Mller\t"), "{declaration}");
        }
    }

    #[test]
    fn what_is_not_well_formed_either_way_is_told_as_what_it_is() {
        let told = |bytes: &[u8]| parse(bytes, &XmlLimits::default(), &mut Vec::new()).unwrap_err();
        assert_eq!(told(b"<a>\xFC</b>"), XmlError::NotUtf8);
        assert_eq!(told(b"<a></b>"), XmlError::NotWellFormed);
        assert_eq!(told(b"\xFF\xFE<a/>\xD8<"), XmlError::Truncated);
        assert_eq!(told(b""), XmlError::NotWellFormed);
        assert_eq!(told(b"<a"), XmlError::Truncated);
    }
}
