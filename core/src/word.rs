//! Short texts kept in place: the name of a call or a device is a few characters, and were each of them in a piece of
//! memory of its own, that would be one more place to fetch for a phone that was quiet.

use alloc::boxed::Box;
use core::fmt;
use core::ops::Deref;

use crate::digest::{Digest, Digester};

/// The most bytes kept in place: as many as make a word no larger than what points to a text elsewhere.
const IN_PLACE: usize = 22;

/// A text that is mostly short.
#[derive(Clone)]
pub(crate) enum Word {
    InPlace(heapless::String<IN_PLACE, u8>),
    Elsewhere(Box<str>),
}

impl From<&str> for Word {
    fn from(text: &str) -> Self {
        heapless::String::try_from(text).map_or_else(|_| Self::Elsewhere(Box::from(text)), Self::InPlace)
    }
}

impl Deref for Word {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::InPlace(text) => text,
            Self::Elsewhere(text) => text,
        }
    }
}

impl PartialEq for Word {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Word {}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}

impl Digest for Word {
    fn digest(&self, digester: &mut Digester) {
        digester.text(self);
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;

    #[test]
    fn a_text_of_any_length_is_what_it_was_and_short_ones_are_in_place() {
        for length in 0..64 {
            let text: String = (b'!'..).take(length).map(char::from).collect();
            let word = Word::from(&*text);
            assert_eq!((&*word, word.clone()), (&*text, word.clone()));
            assert_eq!(matches!(word, Word::InPlace(_)), length <= IN_PLACE, "{text}");
        }
        assert_ne!(Word::from("1"), Word::from("2"));
        assert_eq!(size_of::<Word>(), 3 * size_of::<usize>());
    }
}
