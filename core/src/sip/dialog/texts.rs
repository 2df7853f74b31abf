//! A dialog's texts in one piece of memory: those of a phone that was quiet are in no cache, and one piece is fetched
//! faster than nine.

use alloc::boxed::Box;
use alloc::string::String;

/// The texts, by their places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Text {
    /// What the core above calls the line that the dialog is about; empty until it knows.
    Line,
    /// Call-ID.
    CallId,
    /// Our tag.
    LocalTag,
    /// What we write into From: the INVITE's To, with our tag.
    Local,
    /// What we write into To: the INVITE's From, byte for byte.
    Remote,
    /// The Request-URI of our requests: the remote target, or the first route if that is a strict router.
    RequestUri,
    /// Complete `Route:` lines, in order.
    Routes,
    /// `host:port` our requests go to when the dialog's flow is gone; empty if it cannot be told.
    NextHop,
    /// The URI in the INVITE's From.
    User,
}

impl Text {
    /// All of them, in the order of their places.
    pub(super) const ALL: [Self; 9] = [
        Self::Line,
        Self::CallId,
        Self::LocalTag,
        Self::Local,
        Self::Remote,
        Self::RequestUri,
        Self::Routes,
        Self::NextHop,
        Self::User,
    ];

    const fn place(self) -> usize {
        match self {
            Self::Line => 0,
            Self::CallId => 1,
            Self::LocalTag => 2,
            Self::Local => 3,
            Self::Remote => 4,
            Self::RequestUri => 5,
            Self::Routes => 6,
            Self::NextHop => 7,
            Self::User => 8,
        }
    }
}

/// The texts one behind the other, and where each ends.
#[derive(Debug, Default)]
pub(super) struct Texts {
    all: Box<str>,
    ends: [u32; Text::ALL.len()],
}

impl Texts {
    /// One of them.
    pub(super) fn get(&self, text: Text) -> &str {
        let place = text.place();
        let end = |place: usize| self.ends.get(place).and_then(|end| usize::try_from(*end).ok());
        let start = place.checked_sub(1).and_then(end).unwrap_or_default();
        self.all.get(start..end(place).unwrap_or_default()).unwrap_or_default()
    }

    /// Sets some of them; the others stay.
    pub(super) fn set(&mut self, changed: &[(Text, &str)]) {
        let new = |text: Text| {
            let change = changed.iter().find(|(which, _)| *which == text);
            change.map_or_else(|| self.get(text), |(_, value)| *value)
        };
        let mut all = String::with_capacity(Text::ALL.map(|text| new(text).len()).iter().sum());
        let ends = Text::ALL.map(|text| {
            all.push_str(new(text));
            u32::try_from(all.len()).unwrap_or(u32::MAX)
        });
        *self = Self { all: all.into_boxed_str(), ends };
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
        texts.set(&[(Text::Remote, "bob;tag=ä"), (Text::Routes, "Route: x\r\n")]);
        let there = Text::ALL.map(|text| texts.get(text));
        assert_eq!(there, ["", "one", "", "", "bob;tag=ä", "", "Route: x\r\n", "host:1", ""]);
    }
}
