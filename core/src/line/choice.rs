//! A user's choice of the line appearance that he controls, as operators and the store write it.

use alloc::borrow::Cow;
use core::fmt;

use crate::plain::deceives;

/// The word for the choice that names no device.
const AUTOMATIC: &str = "automatic";
/// The longest user ID, in bytes.
const USER_BYTES: usize = 256;
/// The longest name of a device, in bytes.
const DEVICE_BYTES: usize = 128;
/// The last index of a line appearance at its device.
const LAST_INDEX: u16 = 999;

/// A user's choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice<'a> {
    /// The line URI and the server's type decide.
    Automatic,
    /// A line appearance at this device.
    Device {
        /// The device's name, without case.
        name: &'a str,
        /// The index of the line appearance at the device, from 1; `None`: that of the line that the user names.
        index: Option<u16>,
    },
}

impl<'a> Choice<'a> {
    /// Reads `automatic` or `DEVICE[:INDEX]`.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        if text == AUTOMATIC {
            return Some(Self::Automatic);
        }
        let (name, index) = match text.split_once(':') {
            Some((name, index)) => (name, Some(parse_index(index)?)),
            None => (text, None),
        };
        is_word(name, DEVICE_BYTES).then_some(Self::Device { name, index })
    }
}

/// The choice as [`Choice::parse`] reads it.
impl fmt::Display for Choice<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Automatic => f.write_str(AUTOMATIC),
            Self::Device { name, index: None } => f.write_str(name),
            Self::Device { name, index: Some(index) } => write!(f, "{name}:{index}"),
        }
    }
}

fn parse_index(text: &str) -> Option<u16> {
    let is_written = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|index| is_written && *index <= LAST_INDEX)
}

/// Whether `text` may be a user ID.
pub(crate) fn is_user(text: &str) -> bool {
    is_word(text, USER_BYTES)
}

/// Whether `text` has at least one and at most `longest` bytes, and only characters that can be seen.
fn is_word(text: &str, longest: usize) -> bool {
    let hidden = |letter: char| letter.is_whitespace() || deceives(letter);
    !text.is_empty() && text.len() <= longest && !text.contains(hidden)
}

/// `text` without case: what names users and devices is compared so.
pub(crate) fn folded(text: &str) -> Cow<'_, str> {
    // Nearly all are.
    if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return Cow::Borrowed(text);
    }
    let is_folded = |letter: char| letter.to_lowercase().eq([letter]);
    if text.chars().all(is_folded) { Cow::Borrowed(text) } else { Cow::Owned(text.to_lowercase()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn a_choice_is_read_as_it_is_written() {
        let device = |name, index| Choice::Device { name, index };
        let choices = [
            ("automatic", Choice::Automatic),
            ("SEP0002FD3BB5C5", device("SEP0002FD3BB5C5", None)),
            ("SEP0002FD3BB5C5:1", device("SEP0002FD3BB5C5", Some(1))),
            ("Automatic", device("Automatic", None)),
            ("soft-phone.M\u{fc}ller:999", device("soft-phone.M\u{fc}ller", Some(999))),
        ];
        for (text, choice) in choices {
            assert_eq!((Choice::parse(text), choice.to_string().as_str()), (Some(choice), text));
        }
    }

    #[test]
    fn what_is_no_choice_is_not_read_as_one() {
        for text in
            ["", ":", ":1", "a:", "a:0", "a:01", "a:+1", "a:1000", "a:1:2", "a:x", "a b", "a\n", "a\u{202e}"]
        {
            assert_eq!(Choice::parse(text), None, "{text:?}");
        }
        assert!(Choice::parse(&"a".repeat(DEVICE_BYTES)).is_some());
        assert_eq!(Choice::parse(&"a".repeat(DEVICE_BYTES + 1)), None);
    }

    #[test]
    fn a_user_id_is_one_word_and_has_no_case() {
        assert!(is_user("alice") && is_user("alice@example.com") && is_user("M\u{fc}ller"));
        assert!(!is_user("") && !is_user("al ice") && !is_user("al\0ice") && !is_user(&"a".repeat(257)));
        assert_eq!(folded("Alice.M\u{dc}LLER"), folded("aLICE.m\u{fc}ller"));
        assert!(matches!(folded("alice"), Cow::Borrowed("alice")));
    }
}
