//! Header names and the list of a message's headers.

use alloc::vec::Vec;
use core::fmt;

/// The most headers a message may have.
pub const MAX_HEADERS: usize = 128;

/// Declares the known names, with their full and compact forms.
macro_rules! names {
    ($($(#[$doc:meta])* $name:ident = $full:literal $(, $compact:literal)?;)+) => {
        /// A header's name, known or not. Names are compared case-insensitively, and compact forms equal full ones (RFC
        /// 3261 7.3.3).
        #[derive(Clone, Copy, Debug, Eq)]
        pub enum Name<'a> {
            $($(#[$doc])* $name,)+
            /// Any other, as it was written.
            Other(&'a str),
        }

        /// A known name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Known {
            $($name,)+
        }

        impl Known {
            /// Their number.
            const COUNT: usize = [$($full),+].len();

            /// The known name written `name`, full or compact, in any case.
            pub(super) fn from_bytes(name: &[u8]) -> Option<Self> {
                if let [letter] = name {
                    return match letter.to_ascii_lowercase() {
                        $($($compact => Some(Self::$name),)?)+
                        _ => None,
                    };
                }
                match outline(name) {
                    // Usually it is written as in the RFCs.
                    $(outlines::$name
                        if name == $full.as_bytes() || name.eq_ignore_ascii_case($full.as_bytes()) =>
                    {
                        Some(Self::$name)
                    })+
                    _ => None,
                }
            }

            /// The known name that a line begins with, and its length, if it is written as in the RFCs, and a colon and a
            /// space follow, as they nearly always do.
            pub(super) fn at_start_of(line: &[u8]) -> Option<(Self, usize)> {
                match beginning(line) {
                    $(beginnings::$name if line.starts_with(concat!($full, ": ").as_bytes()) => {
                        Some((Self::$name, $full.len()))
                    })+
                    _ => None,
                }
            }

            /// The known name as a [`Name`].
            pub(super) const fn name<'n>(self) -> Name<'n> {
                match self {
                    $(Self::$name => Name::$name,)+
                }
            }

            /// Its index among the known names.
            #[expect(clippy::as_conversions, reason = "a variant has no other way to its number")]
            const fn index(self) -> usize {
                self as usize
            }
        }

        impl<'a> Name<'a> {
            /// The name written `text`, full or compact, in any case.
            #[must_use]
            pub fn from_text(text: &'a str) -> Self {
                Known::from_bytes(text.as_bytes()).map_or(Self::Other(text), Known::name)
            }

            /// The name in full, as the RFCs write it.
            #[must_use]
            pub const fn text(self) -> &'a str {
                match self {
                    $(Self::$name => $full,)+
                    Self::Other(text) => text,
                }
            }

            /// The known name, if it is one.
            pub(super) const fn known(self) -> Option<Known> {
                match self {
                    $(Self::$name => Some(Known::$name),)+
                    Self::Other(_) => None,
                }
            }
        }

        #[cfg(test)]
        const NAMES: [Name<'_>; Known::COUNT] = [$(Name::$name),+];

        /// Outlines, which distinguish most known names at once.
        #[expect(non_upper_case_globals, reason = "they are called as the names are")]
        mod outlines {
            $(pub(super) const $name: (usize, u8, u8) = super::outline($full.as_bytes());)+
        }

        /// How lines with these names begin, which tells most of them apart at once.
        #[expect(non_upper_case_globals, reason = "they are called as the names are")]
        mod beginnings {
            $(pub(super) const $name: u32 = super::beginning(concat!($full, ": ").as_bytes());)+
        }
    };
}

/// A name's length, first and last letter, which together hardly any two names share.
const fn outline(name: &[u8]) -> (usize, u8, u8) {
    match name {
        [first, .., last] => (name.len(), first.to_ascii_lowercase(), last.to_ascii_lowercase()),
        _ => (name.len(), 0, 0),
    }
}

/// The first four bytes of a line.
const fn beginning(line: &[u8]) -> u32 {
    match line {
        [one, two, three, four, ..] => u32::from_le_bytes([*one, *two, *three, *four]),
        _ => 0,
    }
}

names! {
    /// Via.
    Via = "Via", b'v';
    /// From.
    From = "From", b'f';
    /// To.
    To = "To", b't';
    /// Call-ID.
    CallId = "Call-ID", b'i';
    /// `CSeq`.
    CSeq = "CSeq";
    /// Contact.
    Contact = "Contact", b'm';
    /// Max-Forwards.
    MaxForwards = "Max-Forwards";
    /// Content-Length.
    ContentLength = "Content-Length", b'l';
    /// Content-Type.
    ContentType = "Content-Type", b'c';
    /// Content-Disposition.
    ContentDisposition = "Content-Disposition";
    /// Content-Encoding.
    ContentEncoding = "Content-Encoding", b'e';
    /// Route.
    Route = "Route";
    /// Record-Route.
    RecordRoute = "Record-Route";
    /// User-Agent.
    UserAgent = "User-Agent";
    /// Server.
    Server = "Server";
    /// Supported.
    Supported = "Supported", b'k';
    /// Require.
    Require = "Require";
    /// Proxy-Require.
    ProxyRequire = "Proxy-Require";
    /// Unsupported.
    Unsupported = "Unsupported";
    /// Allow.
    Allow = "Allow";
    /// Accept.
    Accept = "Accept";
    /// Session-Expires (RFC 4028).
    SessionExpires = "Session-Expires", b'x';
    /// Min-SE (RFC 4028).
    MinSe = "Min-SE";
    /// Warning.
    Warning = "Warning";
    /// Retry-After.
    RetryAfter = "Retry-After";
    /// Expires.
    Expires = "Expires";
    /// Reason (RFC 3326).
    Reason = "Reason";
    /// P-Asserted-Identity (RFC 3325).
    AssertedIdentity = "P-Asserted-Identity";
    /// Event (RFC 6665).
    Event = "Event", b'o';
    /// Allow-Events (RFC 6665).
    AllowEvents = "Allow-Events", b'u';
    /// Refer-To (RFC 3515).
    ReferTo = "Refer-To", b'r';
    /// Referred-By (RFC 3892).
    ReferredBy = "Referred-By", b'b';
    /// Subject.
    Subject = "Subject", b's';
}

impl PartialEq for Name<'_> {
    fn eq(&self, other: &Self) -> bool {
        if let (Self::Other(one), Self::Other(two)) = (self, other) {
            return one.eq_ignore_ascii_case(two);
        }
        core::mem::discriminant(self) == core::mem::discriminant(other)
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// One header line, unfolded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// Its name.
    pub name: Name<'a>,
    /// Its value without surrounding white space, otherwise byte for byte.
    pub value: &'a str,
}

/// The positions of a header line's parts in its head.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    /// The name, if it is a known one.
    pub(super) name: Option<Known>,
    /// Where the name begins.
    pub(super) begin: usize,
    /// Where the name ends.
    pub(super) colon: usize,
    /// Where the value begins, without white space before it.
    pub(super) value: usize,
    /// Where the value ends, without white space after it.
    pub(super) end: usize,
}

impl Line {
    fn name_in(self, head: &str) -> Name<'_> {
        let written = || Name::Other(head.get(self.begin..self.colon).unwrap_or_default());
        self.name.map_or_else(written, Known::name)
    }

    /// The value without surrounding white space.
    fn value_in(self, head: &str) -> &str {
        head.get(self.value..self.end).unwrap_or_default()
    }
}

/// Whether a known name occurs in a head, and in which line first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Seen {
    /// Nowhere.
    #[default]
    Never,
    /// Once.
    Once(u8),
    /// Several times, first in this line.
    Again(u8),
}

/// The positions of a head's lines. The buffer is reused for the next head.
#[derive(Debug)]
pub(super) struct Lines {
    list: Vec<Line>,
    seen: [Seen; Known::COUNT],
}

impl Lines {
    pub(super) const fn new() -> Self {
        Self { list: Vec::new(), seen: [Seen::Never; Known::COUNT] }
    }

    pub(super) fn clear(&mut self) {
        self.list.clear();
        self.seen = [Seen::Never; Known::COUNT];
    }

    /// Adds a line at the end.
    pub(super) fn push(&mut self, line: Line) {
        if let Some(seen) = line.name.and_then(|name| self.seen.get_mut(name.index())) {
            debug_assert!(self.list.len() < MAX_HEADERS, "no more lines are noted than a message may have");
            *seen = match *seen {
                Seen::Never => Seen::Once(u8::try_from(self.list.len()).unwrap_or(u8::MAX)),
                Seen::Once(first) | Seen::Again(first) => Seen::Again(first),
            };
        }
        self.list.push(line);
    }

    /// Their number.
    pub(super) const fn len(&self) -> usize {
        self.list.len()
    }

    /// The value of a line of `head`.
    pub(super) fn value_of<'a>(&self, index: u8, head: &'a [u8]) -> Option<&'a [u8]> {
        let line = self.list.get(usize::from(index))?;
        head.get(line.value..line.end)
    }

    /// Whether there is a line with a known name, and which is the first.
    pub(super) fn seen(&self, name: Known) -> Seen {
        self.seen.get(name.index()).copied().unwrap_or_default()
    }

    /// A slice that contains all lines called `name`.
    fn candidates(&self, name: Name<'_>) -> &[Line] {
        let seen = name.known().map_or(Seen::Again(0), |known| self.seen(known));
        let candidates = match seen {
            Seen::Never => None,
            Seen::Once(at) => self.list.get(usize::from(at)..=usize::from(at)),
            Seen::Again(first) => self.list.get(usize::from(first)..),
        };
        candidates.unwrap_or_default()
    }
}

/// A message's headers in their order, at most [`MAX_HEADERS`].
#[derive(Clone, Copy, Debug)]
pub struct Headers<'a> {
    head: &'a str,
    lines: &'a Lines,
}

impl<'a> Headers<'a> {
    /// The headers whose lines are in `head`.
    pub(super) const fn new(head: &'a str, lines: &'a Lines) -> Self {
        Self { head, lines }
    }

    /// All, in order.
    pub fn iter(&self) -> impl Iterator<Item = Header<'a>> + use<'a> {
        let Self { head, lines } = *self;
        lines.list.iter().map(|line| Header { name: line.name_in(head), value: line.value_in(head) })
    }

    /// Whether there is a header with a known name, and which is the first.
    pub(super) fn seen(&self, name: Known) -> Seen {
        self.lines.seen(name)
    }

    /// The values of all headers called `name`, in order.
    pub fn named<'n>(&self, name: Name<'n>) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        let Self { head, lines } = *self;
        let found = lines.candidates(name).iter().filter(move |line| line.name_in(head) == name);
        found.map(|line| line.value_in(head))
    }

    /// The value of the first header called `name`.
    #[must_use]
    pub fn first(&self, name: Name<'_>) -> Option<&'a str> {
        let Some(known) = name.known() else { return self.named(name).next() };
        let line = match self.seen(known) {
            Seen::Never => None,
            Seen::Once(at) | Seen::Again(at) => self.lines.list.get(usize::from(at)),
        };
        line.map(|line| line.value_in(self.head))
    }

    /// Their number.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines.list.len()
    }

    /// Whether there are no headers.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.list.is_empty()
    }
}

impl PartialEq for Headers<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Headers<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_known_as_the_rfcs_write_it_and_in_any_case() {
        for name in NAMES {
            let text = name.text();
            assert_eq!(Name::from_text(text).known(), name.known(), "{text}");
            for written in [text.to_ascii_uppercase(), text.to_ascii_lowercase()] {
                assert_eq!(Name::from_text(&written).known(), name.known(), "{written}");
            }
        }
    }

    #[test]
    fn names_compare_without_case_and_compact_forms_equal_full_ones() {
        for (compact, full) in [
            ("i", "CALL-ID"),
            ("M", "contact"),
            ("e", "Content-Encoding"),
            ("l", "content-LENGTH"),
            ("c", "Content-Type"),
            ("s", "Subject"),
            ("f", "From"),
            ("t", "to"),
            ("V", "Via"),
            ("k", "Supported"),
            ("x", "session-expires"),
            ("o", "Event"),
            ("u", "Allow-Events"),
            ("r", "Refer-To"),
            ("b", "Referred-By"),
        ] {
            assert_eq!(Name::from_text(compact), Name::from_text(full), "{compact}");
            assert!(!matches!(Name::from_text(full), Name::Other(_)), "{full}");
        }
        assert_eq!(Name::from_text("X-Thing"), Name::Other("x-thing"));
        assert_eq!(Name::from_text("Vxa"), Name::Other("vxa"));
        assert_ne!(Name::from_text("X-Thing"), Name::Other("x-think"));
        assert_eq!(Name::from_text("z"), Name::Other("Z"));
    }
}
