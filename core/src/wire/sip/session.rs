//! The headers of session timers (RFC 4028).

use core::fmt;

use super::list;

/// The refresher of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refresher {
    /// The side that sent the request.
    Uac,
    /// The side that answered the request.
    Uas,
}

impl Refresher {
    /// The value as RFC 4028 writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Uac => "uac",
            Self::Uas => "uas",
        }
    }
}

/// Session-Expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionExpires {
    /// The interval in seconds.
    pub seconds: u32,
    /// The refresher, if given.
    pub refresher: Option<Refresher>,
}

impl SessionExpires {
    /// Reads a value such as `1800;refresher=uac`; `None` if its number is malformed.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (seconds, params) = text.split_once(';').unwrap_or((text, ""));
        let refresher = list::find(params, "refresher").and_then(|word| {
            [Refresher::Uac, Refresher::Uas].into_iter().find(|who| word.eq_ignore_ascii_case(who.name()))
        });
        Some(Self { seconds: seconds_of(seconds)?, refresher })
    }
}

impl fmt::Display for SessionExpires {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.seconds)?;
        self.refresher.map_or(Ok(()), |refresher| write!(f, ";refresher={}", refresher.name()))
    }
}

/// Reads a number of seconds in decimal digits; one that is too large saturates.
pub(super) fn seconds_of(text: &str) -> Option<u32> {
    let text = list::trim(text);
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn session_expires_reads_what_it_writes() {
        for (text, seconds, refresher) in [
            ("90", 90, None),
            ("1800;refresher=uac", 1800, Some(Refresher::Uac)),
            ("1;refresher=uas", 1, Some(Refresher::Uas)),
        ] {
            let parsed = SessionExpires::parse(text).unwrap();
            assert_eq!(parsed, SessionExpires { seconds, refresher });
            assert_eq!(parsed.to_string(), text);
        }
        assert_eq!(SessionExpires::parse("1800 ; Refresher = UAC").unwrap().refresher, Some(Refresher::Uac));
        assert_eq!(SessionExpires::parse("99999999999").unwrap().seconds, u32::MAX);
        assert_eq!(SessionExpires::parse("-5"), None);
        assert_eq!(SessionExpires::parse(";refresher=uac"), None);
    }
}
