//! Answers that are not bytes on a link: of the store to the machine, and of the machine to the operator.

use core::fmt;

/// Connects a question with its answer. Whoever asks draws it and never draws it twice: the host for a command, the
/// machine for what is to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Token(u64);

crate::digest! { struct Token(number) }

impl Token {
    /// The token numbered `number`.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The token's number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Why the store did not keep something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StoreFault {
    /// There is no store.
    Unset,
    /// There is no room: the disk is full, or a file may not grow.
    Full,
    /// It may be read only.
    ReadOnly,
    /// Another process uses it.
    InUse,
    /// Too much waits to be written.
    Busy,
    /// Any other failure.
    Failed,
}

impl StoreFault {
    /// All faults, in order.
    pub const ALL: [Self; 6] =
        [Self::Unset, Self::Full, Self::ReadOnly, Self::InUse, Self::Busy, Self::Failed];

    /// The fault as logs and traces write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unset => "unset",
            Self::Full => "full",
            Self::ReadOnly => "read-only",
            Self::InUse => "in-use",
            Self::Busy => "busy",
            Self::Failed => "failed",
        }
    }
}

/// The fault for people.
impl fmt::Display for StoreFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unset => "no store is configured (key store.path)",
            Self::Full => "the store is full: its disk has no room, or its file may not grow",
            Self::ReadOnly => "the store can be read only",
            Self::InUse => "another process uses the store",
            Self::Busy => "too much waits to be written to the store; try again",
            Self::Failed => "the store failed; the gateway's log says how",
        })
    }
}

/// The store's answer: `Ok` once what was to be kept survives a crash of the system.
pub type PersistResult = Result<(), StoreFault>;

/// Why a command was not carried out. Nothing has changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// The machine has no such command.
    Unknown,
    /// The gateway is ending.
    Ending,
    /// There is no such CTI connection.
    NoConnection,
    /// The CTI connection does not wait to be dialled.
    NotDown,
    /// A user ID cannot be read.
    UserSyntax,
    /// A choice cannot be read.
    ChoiceSyntax,
    /// There is no directory: line URIs decide what users control.
    NoDirectory,
    /// The directory has no such user.
    UnknownUser,
    /// The directory has no such device, or no line at this index of it.
    UnknownAppearance,
    /// The user may not control a line there.
    NotAuthorized,
    /// No further choice can be remembered (`limits.selections`).
    TooManyChoices,
    /// Too many choices wait to be kept.
    TooManyWaiting,
    /// The store did not keep it.
    Unkept(StoreFault),
}

impl Refusal {
    /// All refusals, in order.
    pub const ALL: [Self; 18] = [
        Self::Unknown,
        Self::Ending,
        Self::NoConnection,
        Self::NotDown,
        Self::UserSyntax,
        Self::ChoiceSyntax,
        Self::NoDirectory,
        Self::UnknownUser,
        Self::UnknownAppearance,
        Self::NotAuthorized,
        Self::TooManyChoices,
        Self::TooManyWaiting,
        Self::Unkept(StoreFault::Unset),
        Self::Unkept(StoreFault::Full),
        Self::Unkept(StoreFault::ReadOnly),
        Self::Unkept(StoreFault::InUse),
        Self::Unkept(StoreFault::Busy),
        Self::Unkept(StoreFault::Failed),
    ];

    /// The refusal as logs and traces write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Ending => "ending",
            Self::NoConnection => "no-connection",
            Self::NotDown => "not-down",
            Self::UserSyntax => "user-syntax",
            Self::ChoiceSyntax => "choice-syntax",
            Self::NoDirectory => "no-directory",
            Self::UnknownUser => "unknown-user",
            Self::UnknownAppearance => "unknown-appearance",
            Self::NotAuthorized => "not-authorized",
            Self::TooManyChoices => "too-many-choices",
            Self::TooManyWaiting => "too-many-waiting",
            Self::Unkept(StoreFault::Unset) => "store-unset",
            Self::Unkept(StoreFault::Full) => "store-full",
            Self::Unkept(StoreFault::ReadOnly) => "store-read-only",
            Self::Unkept(StoreFault::InUse) => "store-in-use",
            Self::Unkept(StoreFault::Busy) => "store-busy",
            Self::Unkept(StoreFault::Failed) => "store-failed",
        }
    }
}

/// The refusal for people.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "this program has no such command",
            Self::Ending => "the gateway is ending, which cannot be undone",
            Self::NoConnection => "there is no such CTI connection",
            Self::NotDown => "the CTI connection does not wait to be dialled",
            Self::UserSyntax => "a user ID has 1 to 256 bytes of visible characters, and no spaces",
            Self::ChoiceSyntax => {
                "expected 'automatic' or DEVICE[:INDEX], such as SEP0002FD3BB5C5:1, with an index from 1 to 999"
            }
            Self::NoDirectory => {
                "there is no directory of users and lines, so the line URI alone decides what a user controls; \
                 configure users, with directory.mode \"listed\""
            }
            Self::UnknownUser => "the directory has no user with this ID",
            Self::UnknownAppearance => "the directory has no such device, or no line at this index of it",
            Self::NotAuthorized => "the user may not control a line there by the directory",
            Self::TooManyChoices => "as many users as limits.selections allows have chosen already",
            Self::TooManyWaiting => "too many choices wait to be kept; try again",
            Self::Unkept(fault) => return write!(f, "{fault}"),
        })
    }
}

/// The answer to a command: `Ok` once it has been carried out.
pub type ReplyResult = Result<(), Refusal>;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use alloc::string::ToString as _;

    #[test]
    fn each_fault_and_refusal_has_a_name_and_a_text_of_its_own() {
        let faults = StoreFault::ALL.map(|fault| (fault.name(), fault.to_string()));
        let refusals = Refusal::ALL.map(|refusal| (refusal.name(), refusal.to_string()));
        for (name, _) in faults.iter().chain(&refusals) {
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{name}");
        }
        assert_eq!(faults.iter().collect::<BTreeSet<_>>().len(), faults.len());
        assert_eq!(refusals.iter().map(|(name, _)| name).collect::<BTreeSet<_>>().len(), refusals.len());
        assert_eq!(refusals.iter().map(|(_, text)| text).collect::<BTreeSet<_>>().len(), refusals.len());
        for fault in StoreFault::ALL {
            assert!(Refusal::ALL.contains(&Refusal::Unkept(fault)));
        }
    }
}
