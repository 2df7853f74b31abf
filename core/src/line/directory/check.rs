//! What each text of an entry may be.

use alloc::string::String;

use super::super::tel::Tel;
use crate::plain::deceives;

/// What a text may be.
pub(super) struct Rule {
    /// The most bytes; the least is 1.
    most: usize,
    fits: fn(&str) -> bool,
    /// What it must be, for people.
    pub(super) bound: &'static str,
}

impl Rule {
    pub(super) fn allows(&self, text: &str) -> bool {
        !text.is_empty() && text.len() <= self.most && !text.chars().any(deceives) && (self.fits)(text)
    }
}

pub(super) const USER_ID: Rule = Rule {
    most: 128,
    fits: |text| !text.contains([' ', '@', ':', ';', ',', '<', '>', '"', '\\']),
    bound: "1 to 128 bytes, without blanks, control characters and @ : ; , < > \" \\",
};

/// RFC 5321 4.5.3.1.3: a path has at most 256 bytes, with its brackets.
pub(super) const MAIL: Rule = Rule {
    most: 254,
    fits: |text| is_address(text),
    bound: "a mail address of at most 254 bytes, such as alice@example.com",
};

pub(super) const SIP: Rule = Rule {
    most: 255,
    fits: |text| {
        let scheme = text
            .split_once(':')
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("sip") || scheme.eq_ignore_ascii_case("sips"));
        scheme.is_some_and(|(_, address)| is_address(address))
    },
    bound: "a SIP address of at most 255 bytes without parameters, such as sip:alice@example.com",
};

pub(super) const NUMBER: Rule = Rule {
    most: 64,
    fits: |text| text.bytes().all(|byte| byte.is_ascii_graphic() && !b"/@;,\"\\".contains(&byte)),
    bound: "1 to 64 visible ASCII characters, without / @ ; , \" \\",
};

pub(super) const PARTITION: Rule = Rule {
    most: 64,
    fits: |text| !text.contains(['/', '@', ';', ',', '"', '\\']) && text.trim() == text,
    bound: "at most 64 bytes, without / @ ; , \" \\, control characters, and blanks at its ends",
};

pub(super) const DEVICE: Rule = Rule {
    most: 64,
    fits: |text| !text.contains(char::is_whitespace) && !text.contains(['/', '@', ';', ',', '"', '\\']),
    bound: "1 to 64 bytes, without blanks, control characters and / @ ; , \" \\",
};

/// ECMA-269 10.1 allows 64 characters; phone systems add to them.
pub(super) const DEVICE_ID: Rule = Rule {
    most: 128,
    fits: |text| text.trim() == text,
    bound: "1 to 128 bytes, without control characters, and blanks at its ends",
};

pub(super) const NAME: Rule = Rule {
    most: 256,
    fits: |text| text.trim() == text,
    bound: "1 to 256 bytes, without control characters, and blanks at its ends",
};

pub(super) const E164: Rule = Rule {
    most: 64,
    fits: |text| e164(text).is_some(),
    bound: "an E.164 number, which is + and 2 to 15 digits, such as +14255550101",
};

/// Whether a text is `user@host`.
fn is_address(text: &str) -> bool {
    let Some((user, host)) = text.split_once('@') else { return false };
    let clean = |part: &str, not: &[char]| {
        !part.is_empty() && !part.contains(char::is_whitespace) && !part.contains(not)
    };
    clean(user, &['<', '>', '"', ',', ';', ':']) && clean(host, &['@', '<', '>', '"', ',', ';', '?', '/'])
}

/// An E.164 number as `+` and digits, from any form in which a global number without parameters is read ([`Tel`]).
/// `None` for anything else, such as one with an extension.
#[must_use]
pub fn e164(text: &str) -> Option<String> {
    let tel = Tel::read(text).ok().filter(|tel| tel.parameters().next().is_none())?;
    let digits = tel.number()?.strip_prefix('+')?;
    let fits = (2..=15).contains(&digits.len()) && !digits.starts_with('0');
    (fits && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| alloc::format!("+{digits}"))
}
