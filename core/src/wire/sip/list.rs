//! Lists and parameters inside header values: split where the grammar splits, never inside quotes or angle brackets.

use super::octets;

/// The items of a header value, without empty items and surrounding white space, otherwise byte for byte.
#[derive(Clone, Debug)]
pub struct Split<'a> {
    rest: Option<&'a str>,
    separator: u8,
}

impl<'a> Split<'a> {
    /// Items of a comma-separated list (RFC 3261 7.3.1).
    #[must_use]
    pub const fn commas(text: &'a str) -> Self {
        Self { rest: Some(text), separator: b',' }
    }

    /// Items between semicolons: parameters, mostly with a semicolon before the first.
    #[must_use]
    pub fn semicolons(text: &'a str) -> Self {
        Self { rest: Some(text.strip_prefix(';').unwrap_or(text)), separator: b';' }
    }
}

impl<'a> Iterator for Split<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        while let Some(text) = self.rest.take() {
            let item = match item_end(text, self.separator) {
                Some(end) => {
                    self.rest = text.get(end.saturating_add(1)..);
                    text.get(..end).unwrap_or_default()
                }
                None => text,
            };
            let item = trim(item);
            if !item.is_empty() {
                return Some(item);
            }
        }
        None
    }
}

/// The text before the first `separator` outside quoted strings and angle brackets, and the text after it, if there is
/// one. Unlike [`Split`] it shows empty items.
#[must_use]
pub fn split_item(text: &str, separator: u8) -> (&str, Option<&str>) {
    match item_end(text, separator) {
        Some(end) => (text.get(..end).unwrap_or_default(), text.get(end.saturating_add(1)..)),
        None => (text, None),
    }
}

/// The position of the first `separator` outside quoted strings and angle brackets.
fn item_end(text: &str, separator: u8) -> Option<usize> {
    let text = text.as_bytes();
    let mut at = 0_usize;
    loop {
        let rest = text.get(at..)?;
        let found = memchr::memchr3(separator, b'"', b'<', rest)?;
        let behind = rest.get(found.saturating_add(1)..)?;
        at = at.saturating_add(found);
        let inside = match rest.get(found)? {
            mark if *mark == separator => return Some(at),
            b'<' => memchr::memchr(b'>', behind)?,
            _ => quote_end(behind)?,
        };
        at = at.saturating_add(inside).saturating_add(2);
    }
}

/// The position of the first quote that no backslash is before.
fn quote_end(text: &[u8]) -> Option<usize> {
    let mut nesting = Nesting::Quotes;
    text.iter().position(|byte| {
        nesting = nesting.behind(*byte);
        nesting == Nesting::Outside
    })
}

/// Whether every quote and angle bracket of `text` is closed, so that parameters can be appended to it.
#[must_use]
pub fn is_closed(text: &str) -> bool {
    let opening = memchr::memchr2(b'"', b'<', text.as_bytes());
    opening.is_none() || text.bytes().fold(Nesting::Outside, Nesting::behind) == Nesting::Outside
}

/// What a position in a header value is inside of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nesting {
    Outside,
    Quotes,
    /// After a backslash in a quoted string.
    Escape,
    Brackets,
}

impl Nesting {
    /// The nesting after `byte`.
    const fn behind(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Outside, b'"') | (Self::Escape, _) => Self::Quotes,
            (Self::Outside, b'<') => Self::Brackets,
            (Self::Quotes, b'\\') => Self::Escape,
            (Self::Quotes, b'"') | (Self::Brackets, b'>') => Self::Outside,
            (same, _) => same,
        }
    }
}

/// `text` without surrounding spaces and tabs.
#[must_use]
pub fn trim(text: &str) -> &str {
    let bytes = text.as_bytes();
    // Nearly all texts have none.
    if bytes.first().copied().is_some_and(is_blank) || bytes.last().copied().is_some_and(is_blank) {
        text.trim_matches([' ', '\t'])
    } else {
        text
    }
}

/// Whether a byte is a space or a tab.
#[must_use]
pub const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Whether there is a space or a tab in `text`.
#[must_use]
pub fn has_blank(text: &str) -> bool {
    memchr::memchr2(b' ', b'\t', text.as_bytes()).is_some()
}

/// The texts before and after the first space or tab.
#[must_use]
pub fn split_at_blank(text: &str) -> Option<(&str, &str)> {
    let index = text.as_bytes().iter().copied().position(is_blank)?;
    Some((text.get(..index)?, text.get(index.saturating_add(1)..)?))
}

/// The position of the first `mark`, an ASCII character.
#[must_use]
pub fn position(text: &str, mark: u8) -> Option<usize> {
    debug_assert!(mark.is_ascii(), "another byte may be part of a character");
    memchr::memchr(mark, text.as_bytes())
}

/// The texts before and after the first `mark`, an ASCII character.
#[must_use]
pub fn split_once(text: &str, mark: u8) -> Option<(&str, &str)> {
    let index = position(text, mark)?;
    Some((text.get(..index)?, text.get(index.saturating_add(1)..)?))
}

/// The text before the first `mark`, an ASCII character, and the text from `mark` on.
#[must_use]
pub fn cut(text: &str, mark: u8) -> Option<(&str, &str)> {
    match position(text, mark) {
        Some(end) => text.split_at_checked(end),
        None => Some((text, "")),
    }
}

/// The name and the value of a parameter; the value is empty if it has none. Quotes around a value are removed; escapes
/// inside them are not.
#[must_use]
pub fn parameter(item: &str) -> (&str, &str) {
    match split_once(item, b'=') {
        None => (trim(item), ""),
        Some((name, value)) => {
            let value = trim(value);
            let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
            (trim(name), bare.unwrap_or(value))
        }
    }
}

/// All parameters of `;a=1;b`.
pub fn parameters(text: &str) -> impl Iterator<Item = (&str, &str)> {
    Split::semicolons(text).map(parameter)
}

/// The value of the parameter `name`, compared case-insensitively, in `;a=1;b`; empty if it has no value.
#[must_use]
pub fn find<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    parameters(text).find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// Reads a whole number of decimal digits only; `None` if it is not one or does not fit.
#[must_use]
pub fn number<T: TryFrom<u64>>(text: &str) -> Option<T> {
    let text = trim(text);
    let number = text.bytes().try_fold(0_u64, |number, byte| {
        let digit = Some(byte.wrapping_sub(b'0')).filter(|digit| *digit < 10)?;
        number.checked_mul(10)?.checked_add(digit.into())
    })?;
    if text.is_empty() { None } else { number.try_into().ok() }
}

/// Whether `text` is a token (RFC 3261 25.1).
#[must_use]
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && octets::TOKEN.has_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn commas_inside_quotes_and_brackets_do_not_split() {
        let text = r#""Doe, \"J, <", <sip:a@b;x="1,2",y> ;q=1 ,, <sip:c>,"#;
        let items: Vec<&str> = Split::commas(text).collect();
        assert_eq!(items, [r#""Doe, \"J, <""#, r#"<sip:a@b;x="1,2",y> ;q=1"#, "<sip:c>"]);
    }

    #[test]
    fn a_text_is_split_at_its_first_mark_whatever_stands_around_it() {
        assert_eq!(split_once("ä=ö=ü", b'='), Some(("ä", "ö=ü")));
        assert_eq!(split_once("=", b'='), Some(("", "")));
        assert_eq!(split_once("äöü", b'='), None);
        assert_eq!(cut("ä;ö;ü", b';'), Some(("ä", ";ö;ü")));
        assert_eq!(cut("äöü", b';'), Some(("äöü", "")));
    }

    #[test]
    fn parameters_are_found_without_case_and_with_space_around_the_equals_sign() {
        let text = "; Tag = abc ;flag; quoted = \"a;b\";empty=";
        assert_eq!(find(text, "tag"), Some("abc"));
        assert_eq!(find(text, "FLAG"), Some(""));
        assert_eq!(find(text, "quoted"), Some("a;b"));
        assert_eq!(find(text, "empty"), Some(""));
        assert_eq!(find(text, "b"), None);
    }

    #[test]
    fn numbers_are_digits_only() {
        assert_eq!(number::<u32>(" 42 "), Some(42));
        for bad in ["", "+1", "-1", "4 2", "4294967296", "0x10"] {
            assert_eq!(number::<u32>(bad), None, "{bad}");
        }
    }
}
