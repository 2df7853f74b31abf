//! Text made safe for people. What strangers write must not move a terminal's cursor, forge a line or turn the
//! direction of what stands beside it. Whatever people read passes here, whichever field it comes from: log lines, as
//! logfmt and as JSON, ladders, the answers of `ctl`, error messages.

use alloc::borrow::Cow;
use alloc::string::ToString as _;
use core::fmt::{self, Write};

/// Whether a character could deceive a reader: a control character (C0, DEL, C1), a line or paragraph separator, or a
/// bidirectional mark (Unicode Standard Annex 9, 2).
#[must_use]
pub const fn deceives(character: char) -> bool {
    matches!(
        character,
        '\0'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200e}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
    )
}

/// Shows text with each character that deceives as JSON escapes it (RFC 8259, 7): `\n`, `\u202e`.
#[derive(Clone, Copy, Debug)]
pub struct Plain<'a>(pub &'a str);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| write_plain(f, character))
    }
}

/// Shows text in quotation marks, as JSON and logfmt write it: in addition `"` and `\` are escaped.
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a>(pub &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for character in self.0.chars() {
            if matches!(character, '"' | '\\') {
                f.write_char('\\')?;
            }
            write_plain(f, character)?;
        }
        f.write_char('"')
    }
}

fn write_plain(out: &mut fmt::Formatter<'_>, character: char) -> fmt::Result {
    match character {
        '\n' => out.write_str("\\n"),
        '\r' => out.write_str("\\r"),
        '\t' => out.write_str("\\t"),
        character if deceives(character) => write!(out, "\\u{:04x}", u32::from(character)),
        character => out.write_char(character),
    }
}

/// Text for one line, safe for people.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    if text.chars().any(deceives) { Cow::Owned(Plain(text).to_string()) } else { Cow::Borrowed(text) }
}

/// Text of several lines, safe for people: the line ends are kept.
#[must_use]
pub fn lines(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|character| character != '\n' && deceives(character)) {
        return Cow::Borrowed(text);
    }
    let shown = text.split_inclusive('\n').map(|part| match part.strip_suffix('\n') {
        Some(text) => Plain(text).to_string() + "\n",
        None => Plain(part).to_string(),
    });
    Cow::Owned(shown.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Characters that deceive, and some beside them that do not.
    const DECEIVING: &str = "\u{0}\u{7}\u{1b}\u{1f}\u{7f}\u{80}\u{85}\u{9b}\u{9f}\u{61c}\u{200e}\u{200f}\u{2028}\
        \u{2029}\u{202a}\u{202e}\u{2066}\u{2069}";
    const HONEST: &str =
        " ~\u{a0}\u{fc}\u{61b}\u{61d}\u{200d}\u{2010}\u{2027}\u{202f}\u{2065}\u{206a}\u{4e2d}\u{1f4de}";

    #[test]
    fn controls_separators_and_bidirectional_marks_are_shown_by_their_numbers() {
        assert!(DECEIVING.chars().all(deceives) && !HONEST.chars().any(deceives));
        assert_eq!(
            Plain("a\r\n\tb\u{1b}[2J\u{9b}\u{202e}\\\"").to_string(),
            "a\\r\\n\\tb\\u001b[2J\\u009b\\u202e\\\""
        );
        assert_eq!(Quoted("\u{2028}\"\\").to_string(), "\"\\u2028\\\"\\\\\"");
        for character in DECEIVING.chars() {
            let text = character.to_string();
            assert!(!line(&text).chars().any(deceives), "{character:?}");
        }
    }

    #[test]
    fn what_is_harmless_is_not_copied_and_lines_stay_lines() {
        assert!(matches!(line(HONEST), Cow::Borrowed(HONEST)));
        assert!(matches!(lines("a\nb\n"), Cow::Borrowed("a\nb\n")));
        assert_eq!(lines("a\u{8}\n\nb\r\nc"), "a\\u0008\n\nb\\r\nc");
    }
}
