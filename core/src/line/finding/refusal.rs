//! Why a request finds no line appearance, or none that it may control.

use core::fmt;

/// What can be done about a device that is not registered just now, which is no refusal for good.
pub const UNREGISTERED_REMEDY: &str =
    "connect the phone, or start the soft phone; the client asks again by itself";

/// What can be done about a line that the phone system does not know.
pub const UNKNOWN_TO_PHONE_SYSTEM_REMEDY: &str = "enter the line at the phone system, or correct its number or device_id \
     in the directory, or the number rule that leads to it (numbers.line)";

/// Why a user controls no line. Each has its own status, counter and remedy, so that nobody has to guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// The directory has no user with this URI.
    UnknownUser,
    /// The user is not enabled for remote call control.
    NotEnabled,
    /// The line exists, but the user may not control it.
    NotAuthorized,
    /// The directory has no such line.
    UnknownLine,
    /// The directory has no such device, or the line is not on it.
    UnknownDevice,
    /// The line is on several devices or in several partitions, and nothing says which is meant.
    AmbiguousLine,
}

impl Refusal {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::UnknownUser,
        Self::NotEnabled,
        Self::NotAuthorized,
        Self::UnknownLine,
        Self::UnknownDevice,
        Self::AmbiguousLine,
    ];

    /// The status of the answer to the INVITE: 403 Forbidden, 404 Not Found, or 485 Ambiguous (RFC 3261 21.4).
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::UnknownUser | Self::UnknownLine | Self::UnknownDevice => 404,
            Self::NotEnabled | Self::NotAuthorized => 403,
            Self::AmbiguousLine => 485,
        }
    }

    /// The reason phrase.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::UnknownUser => "Unknown user",
            Self::NotEnabled => "User not enabled for remote call control",
            Self::NotAuthorized => "User not authorized for this line",
            Self::UnknownLine => "Unknown line",
            Self::UnknownDevice => "Unknown device",
            Self::AmbiguousLine => "Ambiguous line",
        }
    }

    /// The counter that counts it.
    #[must_use]
    pub const fn counter(self) -> &'static str {
        match self {
            Self::UnknownUser => "users_unknown",
            Self::NotEnabled => "users_not_enabled",
            Self::NotAuthorized => "lines_not_authorized",
            Self::UnknownLine => "lines_unknown",
            Self::UnknownDevice => "devices_unknown",
            Self::AmbiguousLine => "lines_ambiguous",
        }
    }

    /// What an administrator can do about it.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::UnknownUser => {
                "enter the user in the directory, with this SIP address or mail address; a user ID counts only in \
                 directory.domains"
            }
            Self::NotEnabled => "set the user's enabled to true in the directory",
            Self::NotAuthorized => "add the line to the user's lines in the directory",
            Self::UnknownLine => {
                "enter the line in the directory, or a number rule that leads to it (numbers.line)"
            }
            Self::UnknownDevice => {
                "enter the device with this line in the directory, or correct the line URI's device"
            }
            Self::AmbiguousLine => {
                "let the user select one ('ctigate ctl select'), or name device or partition in the line URI"
            }
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = match self {
            Self::UnknownUser => "unknown user",
            Self::NotEnabled => "user not enabled for remote call control",
            Self::NotAuthorized => "user not authorized for this line",
            Self::UnknownLine => "unknown line",
            Self::UnknownDevice => "unknown device",
            Self::AmbiguousLine => "ambiguous line",
        };
        f.write_str(reason)
    }
}
