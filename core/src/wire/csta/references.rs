//! References to characters by their number (XML 1.0, 4.1), which the parser replaces without looking whether there is
//! such a character.

use super::guard::XmlError;

/// Checks that every reference to a character in a document names one that a document may hold.
///
/// # Errors
/// [`XmlError::NoCharacter`] if one does not.
pub fn check(text: &[u8]) -> Result<(), XmlError> {
    // Nearly all documents have none.
    if memchr::memchr(b'&', text).is_none() {
        return Ok(());
    }
    let mut rest = text;
    while let Some(at) = memchr::memchr2(b'<', b'&', rest) {
        rest = rest.get(at..).unwrap_or_default();
        rest = match rest {
            [b'&', b'#', number @ ..] => {
                let end = memchr::memchr(b';', number).ok_or(XmlError::NoCharacter)?;
                let (number, behind) = number.split_at_checked(end).unwrap_or_default();
                if is_character(number) { behind } else { return Err(XmlError::NoCharacter) }
            }
            [b'<', b'!', b'-', b'-', ..] => behind(rest, b"-->"),
            [b'<', b'!', b'[', ..] => behind(rest, b"]]>"),
            [b'<', b'?', ..] => behind(rest, b"?>"),
            [_, behind @ ..] => behind,
            [] => break,
        };
    }
    Ok(())
}

/// What follows the first `end` in `text`, where no reference is one.
fn behind<'a>(text: &'a [u8], end: &[u8]) -> &'a [u8] {
    let at = memchr::memmem::find(text, end).unwrap_or(text.len());
    text.get(at..).unwrap_or_default()
}

/// Whether a number, in decimal or after an `x` in hexadecimal digits, is that of a character of XML 1.0 (2.2).
fn is_character(number: &[u8]) -> bool {
    let Ok(number) = core::str::from_utf8(number) else { return false };
    let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |digits| (digits, 16));
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return false;
    }
    let character = u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    character
        .is_some_and(|character| matches!(character, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..))
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn a_reference_names_a_character_that_a_document_may_hold() {
        for good in [
            "",
            "&#9;",
            "&#xA;",
            "&#65;",
            "&#x41;&#x0041;",
            "&#xD7FF;",
            "&#xE000;",
            "&#xfffd;",
            "&#x10FFFF;",
            "&amp;#0;",
        ] {
            for document in [format!("<a>{good}</a>"), format!("<a b='{good}'/>{good}")] {
                assert_eq!(check(document.as_bytes()), Ok(()), "{document}");
            }
        }
        for bad in [
            "&#0;",
            "&#8;",
            "&#x1F;",
            "&#xD800;",
            "&#xDFFF;",
            "&#xFFFE;",
            "&#xFFFF;",
            "&#x110000;",
            "&#1114112;",
            "&#;",
            "&#x;",
            "&#+1;",
            "&#x+41;",
            "&#a;",
            "&#99999999999;",
            "&#65",
            "&#X41;",
        ] {
            for document in [
                format!("<a>{bad}</a>"),
                format!("<?x?><a b='&#65;{bad}'/>"),
                format!("<!-- --><![CDATA[]]>{bad}"),
            ] {
                assert_eq!(check(document.as_bytes()), Err(XmlError::NoCharacter), "{document}");
            }
            for document in [
                format!("<!--{bad}-->"),
                format!("<a><![CDATA[{bad}]]>&#65;</a>"),
                format!("<?x {bad}?><a/>"),
            ] {
                assert_eq!(check(document.as_bytes()), Ok(()), "{document}");
            }
        }
    }
}
