//! Why a message is rejected.

use core::fmt;

use super::lines::{MAX_KEY, MAX_LINE, MAX_LINES, MAX_MESSAGE};

/// Why a message is rejected. Those that [`Self::is_doubtful`] names may come from a caller whose number holds line
/// ends; the others are beyond a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// A line has more than [`MAX_LINE`] bytes.
    LongLine,
    /// A key has more than [`MAX_KEY`] bytes.
    LongKey,
    /// The message has more than [`MAX_MESSAGE`] bytes.
    LongMessage,
    /// The message has more than [`MAX_LINES`] lines.
    ManyLines,
    /// It begins with neither `Event` nor `Response`.
    NoKind,
    /// A line has no colon.
    NoKey,
    /// A key that may come once comes twice.
    Twice,
    /// A caller's number and name do not stand together, as Asterisk always writes them.
    Parted,
    /// It stands between the two parts of a message that a value has cut in two.
    Between,
    /// It is an event, no item of a list, and its second line is not `Privilege`.
    NoPrivilege,
    /// It lacks a key that every message of its kind has.
    Lacks {
        /// Whose key it is: what stands before the name in the message, such as `Dest`, or nothing.
        whose: &'static str,
        /// The key's name.
        key: &'static str,
    },
}

impl Flaw {
    /// Whether a caller may have written the message, or a part of it, so that what is known of calls may be wrong.
    #[must_use]
    pub const fn is_doubtful(self) -> bool {
        match self {
            Self::LongLine | Self::LongKey | Self::LongMessage | Self::ManyLines => false,
            Self::NoKind
            | Self::NoKey
            | Self::Twice
            | Self::Parted
            | Self::Between
            | Self::NoPrivilege
            | Self::Lacks { .. } => true,
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LongLine => write!(f, "a line has more than {MAX_LINE} bytes"),
            Self::LongKey => write!(f, "a key has more than {MAX_KEY} bytes"),
            Self::LongMessage => write!(f, "a message has more than {MAX_MESSAGE} bytes"),
            Self::ManyLines => write!(f, "a message has more than {MAX_LINES} lines"),
            Self::NoKind => f.write_str("a message is neither an event nor a response"),
            Self::NoKey => f.write_str("a line has no key"),
            Self::Twice => f.write_str("a key that may come once comes twice"),
            Self::Parted => f.write_str("a number and its name do not stand together"),
            Self::Between => f.write_str("a message stands between two parts of another"),
            Self::NoPrivilege => f.write_str("an event does not say which privilege it needs"),
            Self::Lacks { whose, key } => write!(f, "a message lacks {whose}{key}"),
        }
    }
}

impl core::error::Error for Flaw {}
