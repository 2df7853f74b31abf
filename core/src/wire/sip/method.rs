//! Request methods.

use core::fmt;

/// A request's method; case-sensitive (RFC 3261 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method<'a> {
    /// INVITE.
    Invite,
    /// ACK.
    Ack,
    /// BYE.
    Bye,
    /// CANCEL.
    Cancel,
    /// INFO (RFC 2976, 6086).
    Info,
    /// UPDATE (RFC 3311).
    Update,
    /// OPTIONS.
    Options,
    /// Any other.
    Other(&'a str),
}

impl<'a> Method<'a> {
    /// The method written `name`.
    #[must_use]
    pub fn from_name(name: &'a str) -> Self {
        match name {
            "INVITE" => Self::Invite,
            "ACK" => Self::Ack,
            "BYE" => Self::Bye,
            "CANCEL" => Self::Cancel,
            "INFO" => Self::Info,
            "UPDATE" => Self::Update,
            "OPTIONS" => Self::Options,
            other => Self::Other(other),
        }
    }

    /// The method as it is written.
    #[must_use]
    pub const fn name(self) -> &'a str {
        match self {
            Self::Invite => "INVITE",
            Self::Ack => "ACK",
            Self::Bye => "BYE",
            Self::Cancel => "CANCEL",
            Self::Info => "INFO",
            Self::Update => "UPDATE",
            Self::Options => "OPTIONS",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for Method<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
