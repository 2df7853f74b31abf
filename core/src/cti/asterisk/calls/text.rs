//! Texts of the call model: names of devices and channels, numbers, names of people.

use core::borrow::Borrow;
use core::cmp::Ordering;
use core::fmt;
use core::ops::Deref;

use crate::digest::{Digest, Digester};
use crate::word::Word;

/// A text that is mostly short, and then stored in place.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Text(Word);

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(Word::from(text))
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self
    }
}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Digest for Text {
    fn digest(&self, digester: &mut Digester) {
        digester.text(self);
    }
}
