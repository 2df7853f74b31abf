//! A dialog's texts in one piece of memory, usually within the dialog itself: those of a quiet phone are not in the
//! cache, and one piece is fetched faster than nine.

use alloc::string::String;

use crate::word::Near;

/// The most bytes stored within the dialog: enough for a client behind one proxy.
const BESIDE: usize = 372;

/// The texts, in the order of storage: those that all our requests need are adjacent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Text {
    /// The line that the dialog is about; empty until it is known.
    Line,
    /// By what the phone system knows the line, if that does not follow from it.
    Device,
    /// Call-ID.
    CallId,
    /// Our From: the INVITE's To, with our tag.
    Local,
    /// Our To: the INVITE's From, byte for byte.
    Remote,
    /// The Request-URI of our requests: the remote target, or the first route if that is a strict router.
    RequestUri,
    /// Complete `Route:` lines, in order.
    Routes,
    /// Our tag.
    LocalTag,
    /// `host:port` that our requests go to when the dialog's flow is gone; empty if it cannot be determined.
    NextHop,
    /// The URI in the INVITE's From.
    User,
}

impl Text {
    /// All texts, in the order of storage.
    pub(super) const ALL: [Self; 10] = [
        Self::Line,
        Self::Device,
        Self::CallId,
        Self::Local,
        Self::Remote,
        Self::RequestUri,
        Self::Routes,
        Self::LocalTag,
        Self::NextHop,
        Self::User,
    ];

    const fn index(self) -> usize {
        match self {
            Self::Line => 0,
            Self::Device => 1,
            Self::CallId => 2,
            Self::Local => 3,
            Self::Remote => 4,
            Self::RequestUri => 5,
            Self::Routes => 6,
            Self::LocalTag => 7,
            Self::NextHop => 8,
            Self::User => 9,
        }
    }
}

/// The texts, concatenated, and where each but the last ends.
#[repr(C)]
#[derive(Debug, Default)]
pub(super) struct Texts {
    ends: [u32; Text::ALL.len() - 1],
    all: Near<BESIDE, u16>,
}

impl Texts {
    /// One text.
    pub(super) fn get(&self, text: Text) -> &str {
        let index = text.index();
        let end = |index: usize| self.ends.get(index).and_then(|end| usize::try_from(*end).ok());
        let start = index.checked_sub(1).and_then(end).unwrap_or_default();
        self.all.get(start..end(index).unwrap_or(self.all.len())).unwrap_or_default()
    }

    /// Sets some of the texts and leaves the others.
    pub(super) fn set(&mut self, changed: &[(Text, &str)]) {
        let new = |text: Text| {
            let change = changed.iter().find(|(which, _)| *which == text);
            change.map_or_else(|| self.get(text), |(_, value)| *value)
        };
        let mut all = String::with_capacity(Text::ALL.map(|text| new(text).len()).iter().sum());
        let mut ends = [0; Text::ALL.len() - 1];
        for (index, text) in Text::ALL.into_iter().enumerate() {
            all.push_str(new(text));
            if let Some(end) = ends.get_mut(index) {
                *end = u32::try_from(all.len()).unwrap_or(u32::MAX);
            }
        }
        *self = Self { ends, all: Near::from(&*all) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_there_and_all_else_stays() {
        let mut texts = Texts::default();
        assert!(Text::ALL.iter().all(|text| texts.get(*text).is_empty()));
        texts.set(&[(Text::Remote, "alice"), (Text::CallId, "one"), (Text::NextHop, "host:1")]);
        let there = Text::ALL.map(|text| texts.get(text));
        assert_eq!(there, ["", "", "one", "", "alice", "", "", "", "host:1", ""]);
        texts.set(&[(Text::Remote, "bob;tag=ä"), (Text::Routes, "Route: x\r\n")]);
        let there = Text::ALL.map(|text| texts.get(text));
        assert_eq!(there, ["", "", "one", "", "bob;tag=ä", "", "Route: x\r\n", "", "host:1", ""]);
    }

    #[test]
    fn each_text_is_kept_however_long_it_and_the_others_are() {
        let mut texts = Texts::default();
        let mut expected = Text::ALL.map(|_| String::new());
        // Texts of 100 bytes do not all fit within the dialog.
        for length in [1, 100, 7, 0, 3] {
            for (index, text) in Text::ALL.into_iter().enumerate() {
                expected[index] = alloc::format!("{index}ä").repeat(length);
                texts.set(&[(text, &expected[index])]);
                let there = Text::ALL.map(|text| texts.get(text));
                assert_eq!(there, expected.each_ref().map(String::as_str), "{text:?} was set");
            }
        }
    }
}
