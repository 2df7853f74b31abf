//! Short texts stored in place. The name of a call or a device has a few characters; stored elsewhere, each would cost
//! one more cache miss when a quiet phone becomes active.

use alloc::boxed::Box;
use core::fmt;
use core::ops::Deref;

use heapless::LenType;

use crate::digest::{Digest, Digester};

/// The most bytes stored in place: as many as fit without making a word larger than a pointer to a text elsewhere.
const IN_PLACE: usize = 22;

/// A text that is mostly short.
pub(crate) type Word = Near<IN_PLACE, u8>;

/// A text that is stored in place if it has at most `N` bytes, as most do. `L` is the type of its length.
#[derive(Clone)]
pub(crate) enum Near<const N: usize, L: LenType> {
    InPlace(heapless::String<N, L>),
    Elsewhere(Box<str>),
}

impl<const N: usize, L: LenType> Default for Near<N, L> {
    fn default() -> Self {
        Self::InPlace(heapless::String::new())
    }
}

impl<const N: usize, L: LenType> From<&str> for Near<N, L> {
    fn from(text: &str) -> Self {
        heapless::String::try_from(text).map_or_else(|_| Self::Elsewhere(Box::from(text)), Self::InPlace)
    }
}

impl<const N: usize, L: LenType> Deref for Near<N, L> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::InPlace(text) => text,
            Self::Elsewhere(text) => text,
        }
    }
}

impl<const N: usize, L: LenType> PartialEq for Near<N, L> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<const N: usize, L: LenType> Eq for Near<N, L> {}

impl<const N: usize, L: LenType> fmt::Debug for Near<N, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<const N: usize, L: LenType> fmt::Display for Near<N, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}

impl<const N: usize, L: LenType> Digest for Near<N, L> {
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
        assert!(size_of::<Near<{ IN_PLACE + 1 }, u8>>() > size_of::<Word>(), "as many as find room");
    }
}
