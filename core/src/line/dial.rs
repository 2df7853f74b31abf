//! Numbers that a phone system can dial.

use core::fmt;

use super::escapes::{first_deceiving, unescaped};

/// The most digits a number may have.
pub const MAX_DIGITS: usize = 64;

/// A number to dial.
pub type Number = heapless::String<MAX_DIGITS>;

/// Why a text cannot be dialled. It is refused before the phone goes off hook (client quirk 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotDialable {
    /// Nothing is left to dial.
    Empty,
    /// It has a character no phone can dial.
    Character(char),
    /// It is longer than [`MAX_DIGITS`].
    TooLong,
}

impl fmt::Display for NotDialable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("nothing to dial"),
            Self::Character(character) => write!(f, "cannot dial {character:?}"),
            Self::TooLong => write!(f, "more than {MAX_DIGITS} digits"),
        }
    }
}

/// The digits to dial for `text`: a `tel:` URI, a `sip:` URI's user, or a bare number. Parameters, visual separators
/// (RFC 3966 5.1.1) and a vanity suffix (`5555551234v:41234`) are cut off; `0-9 * # A-D` and a leading `+` are kept.
///
/// # Errors
/// [`NotDialable`] if it contains anything else, or nothing is left; also if what is cut off has a character that
/// deceives readers, such as a control character, whether escaped or not.
pub fn dialable(text: &str) -> Result<Number, NotDialable> {
    let text = text.trim_ascii();
    if let Some(character) = first_deceiving(text) {
        return Err(NotDialable::Character(character));
    }
    let rest = match text.split_once(':') {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("tel") => rest,
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("sip") || scheme.eq_ignore_ascii_case("sips") => {
            rest.split_once('@').map_or("", |(user, _host)| without_password(user))
        }
        _ => text,
    };
    digits(rest.split_once(';').map_or(rest, |(number, _params)| number))
}

/// Whether an identifier has a character that could deceive a reader, escaped or not, other than white space around it.
pub(crate) fn deceives(id: &str) -> bool {
    first_deceiving(id.trim_ascii()).is_some()
}

/// The user of a `sip:` URI without its password (RFC 3261 19.1.1). A vanity suffix is none.
pub(super) fn without_password(user: &str) -> &str {
    user.split_once(':').map_or(user, |(name, _)| if name.ends_with('v') { user } else { name })
}

/// The digits of a number as it is written in a URI, without the URI's scheme, host and parameters.
///
/// # Errors
/// [`NotDialable`], as of [`dialable`].
pub(super) fn digits(text: &str) -> Result<Number, NotDialable> {
    let rest = text.split_once("v:").map_or(text, |(number, _vanity)| number);
    let mut number = Number::new();
    for character in unescaped(rest) {
        let digit = match character.map_err(|_| NotDialable::Character('%'))? {
            '-' | '.' | '(' | ')' | ' ' => continue,
            digit @ ('0'..='9' | '*' | '#' | 'A'..='D') => digit,
            digit @ 'a'..='d' => digit.to_ascii_uppercase(),
            '+' if number.is_empty() => '+',
            other => return Err(NotDialable::Character(other)),
        };
        number.push(digit).map_err(|_| NotDialable::TooLong)?;
    }
    if number.trim_start_matches('+').is_empty() { Err(NotDialable::Empty) } else { Ok(number) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quirk_5_what_cannot_be_dialled_is_cut_off_or_refused() {
        for (text, number) in [
            ("tel:5555551234v:41234", "5555551234"),
            ("5555551234v:41234", "5555551234"),
            ("tel:+1 (425) 555-01.50;ext=7", "+14255550150"),
            ("tel:%2B14255550101", "+14255550101"),
            ("TEL:73124;phone-context=dialstring", "73124"),
            ("sip:1002@example.com;user=phone", "1002"),
            ("sip:1002;phone-context=x@example.com", "1002"),
            ("sip:1002:secret@example.com", "1002"),
            ("sip:5551234v:4@example.com", "5551234"),
            ("*31#d", "*31#D"),
            ("tel:%2331", "#31"),
            ("\r\n 1002\t", "1002"),
        ] {
            assert_eq!(dialable(text).as_deref(), Ok(number), "{text}");
        }
        for text in ["", "tel:", "v:41234", "+", "tel:;ext=1", "()- ", "sip:example.com"] {
            assert_eq!(dialable(text), Err(NotDialable::Empty), "{text}");
        }
        assert_eq!(dialable("tel:1800FLOWERS"), Err(NotDialable::Character('F')));
        assert_eq!(dialable("1+2"), Err(NotDialable::Character('+')));
        assert_eq!(dialable("1%zz"), Err(NotDialable::Character('%')));
        assert_eq!(dialable("mailto:x"), Err(NotDialable::Character('m')));
        assert_eq!(dialable(&"1".repeat(65)), Err(NotDialable::TooLong));
    }

    #[test]
    fn a_number_beside_a_control_or_bidi_character_is_not_dialled() {
        for (text, character) in [
            ("tel:10\u{0}02", '\0'),
            ("tel:10%0002", '\0'),
            ("tel:1002;ext=1%0d%0a2", '\r'),
            ("tel:1002;x=\u{202e}", '\u{202e}'),
            ("tel:1002;x=%e2%80%ae", '\u{202e}'),
            ("sip:1002@example.com;x=%7F", '\u{7f}'),
            ("1002\n3", '\n'),
        ] {
            assert_eq!(dialable(text), Err(NotDialable::Character(character)), "{text:?}");
        }
    }
}
