//! Numbers that a phone system can dial.

use core::fmt;

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
/// [`NotDialable`] if it contains anything else, or nothing is left.
pub fn dialable(text: &str) -> Result<Number, NotDialable> {
    let text = text.trim();
    let rest = match text.split_once(':') {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("tel") => rest,
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("sip") || scheme.eq_ignore_ascii_case("sips") => {
            rest.split_once('@').map_or("", |(user, _host)| user)
        }
        _ => text,
    };
    let rest = rest.split_once(';').map_or(rest, |(number, _params)| number);
    let rest = rest.split_once("v:").map_or(rest, |(number, _vanity)| number);
    let mut number = Number::new();
    let mut characters = rest.chars();
    while let Some(character) = characters.next() {
        let character = if character == '%' { unescape(&mut characters)? } else { character };
        let digit = match character {
            '-' | '.' | '(' | ')' | ' ' => continue,
            '0'..='9' | '*' | '#' | 'A'..='D' => character,
            'a'..='d' => character.to_ascii_uppercase(),
            '+' if number.is_empty() => character,
            other => return Err(NotDialable::Character(other)),
        };
        number.push(digit).map_err(|_| NotDialable::TooLong)?;
    }
    if number.trim_start_matches('+').is_empty() { Err(NotDialable::Empty) } else { Ok(number) }
}

/// The character that two hexadecimal digits after a percent sign stand for.
fn unescape(characters: &mut core::str::Chars<'_>) -> Result<char, NotDialable> {
    let mut digit = || characters.next().and_then(|digit| digit.to_digit(16));
    let code = digit().zip(digit()).map(|(high, low)| high.saturating_mul(16).saturating_add(low));
    code.and_then(char::from_u32).ok_or(NotDialable::Character('%'))
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
            ("TEL:73124;phone-context=dialstring", "73124"),
            ("sip:1002@example.com;user=phone", "1002"),
            ("sip:1002;phone-context=x@example.com", "1002"),
            ("*31#d", "*31#D"),
            ("tel:%2331", "#31"),
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
}
