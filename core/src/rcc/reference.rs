//! The identifiers that the gateway gives to clients: of monitors (`monitorCrossRefID`), of registrations
//! (`sysStatRegisterID`), and of calls.
//!
//! The schema allows any text, but some clients read identifiers as integers, so those are decimal numbers of at most
//! nine digits without a leading zero.

use core::fmt::Write as _;

use crate::digest::{Digest, Digester};
use crate::text::push_number;

/// One more than the highest identifier.
const END: u64 = 1_000_000_000;

/// How many digits a phone system's callID may have to remain a number for clients.
const MOST_DIGITS: usize = 8;

/// The identifier of a monitor or of a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reference {
    /// A decimal number.
    Decimal(u32),
    /// Eight hexadecimal digits: in sessions that began at a node of an earlier version, whose clients hold such.
    Hexadecimal(u32),
}

/// An identifier as a text.
pub(crate) type ReferenceText = heapless::String<10>;

impl Reference {
    /// Derives the identifier number `count` from a session's base, so that another node that continues the session
    /// derives the same (S10). `attempt` is 0, or more if the earlier attempts gave identifiers that the session has.
    /// `is_decimal`: not of an earlier version.
    pub(super) fn derive(base: &str, count: u32, attempt: u32, is_decimal: bool) -> Self {
        let mut digester = Digester::new();
        digester.text(base);
        digester.number(u64::from(count));
        if attempt > 0 {
            digester.number(u64::from(attempt));
        }
        let hash = digester.finish();
        let narrow = |number: u64| u32::try_from(number).unwrap_or_default();
        if is_decimal {
            Self::Decimal(narrow(hash % (END - 1)) + 1)
        } else {
            Self::Hexadecimal(narrow(hash >> 32))
        }
    }

    /// Returns the identifier as a text.
    pub(crate) fn text(self) -> ReferenceText {
        let mut text = ReferenceText::new();
        let _fits = match self {
            Self::Decimal(number) => write!(text, "{number}"),
            Self::Hexadecimal(number) => write!(text, "{number:08x}"),
        };
        text
    }

    /// Appends the identifier.
    pub(super) fn write(self, out: &mut alloc::vec::Vec<u8>) {
        match self {
            Self::Decimal(number) => push_number(out, u64::from(number)),
            Self::Hexadecimal(number) => crate::text::push_hex(out, &number.to_be_bytes()),
        }
    }

    /// Whether a client means this identifier by `text`.
    pub(super) fn is_named(self, text: &str) -> bool {
        *self.text() == *text
    }
}

impl Digest for Reference {
    fn digest(&self, digester: &mut Digester) {
        let (Self::Decimal(number) | Self::Hexadecimal(number)) = self;
        digester.number(u64::from(*number));
    }
}

/// Appends a client's callID for a call of the phone system numbered `switch`, from 0: a number if the phone system's
/// is one that is short enough, with one more than the phone system's number in front; otherwise `0_` and so on in
/// front.
pub(super) fn write_call(call: &str, switch: u8, out: &mut alloc::vec::Vec<u8>) {
    if is_short_number(call) {
        out.push(b'1'.wrapping_add(switch));
        out.extend_from_slice(call.as_bytes());
    } else {
        out.push(b'0'.wrapping_add(switch));
        out.push(b'_');
        crate::wire::csta::emit::text(out, call);
    }
}

/// Returns the phone system's callID within a client's, in either form, if it is one of this phone system.
pub(super) fn call_of(call: &str, switch: u8) -> Option<&str> {
    let after = |first: u8| call.strip_prefix(char::from(first.wrapping_add(switch)));
    let long = after(b'0').and_then(|rest| rest.strip_prefix('_'));
    long.or_else(|| after(b'1').filter(|rest| is_short_number(rest))).filter(|call| !call.is_empty())
}

fn is_short_number(call: &str) -> bool {
    (1..=MOST_DIGITS).contains(&call.len()) && call.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn an_identifier_is_a_number_of_at_most_nine_digits_without_a_leading_zero() {
        for count in 0..10_000 {
            let text = Reference::derive("g0123456789abcde", count, 0, true).text();
            assert!((1..=9).contains(&text.len()) && !text.starts_with('0'), "{text}");
            assert!(text.parse::<u32>().is_ok(), "{text}");
        }
    }

    #[test]
    fn an_identifier_follows_from_base_count_and_attempt() {
        let one = Reference::derive("g1", 0, 0, true);
        assert_eq!(Reference::derive("g1", 0, 0, true), one);
        for other in [("g2", 0, 0), ("g1", 1, 0), ("g1", 0, 1)] {
            assert_ne!(Reference::derive(other.0, other.1, other.2, true), one);
        }
    }

    #[test]
    fn an_identifier_of_an_earlier_version_has_eight_hexadecimal_digits() {
        // What the version before gave the first monitor of this dialog.
        let mut digester = Digester::new();
        digester.text("99fda87c0123abcd");
        digester.number(0);
        let given = alloc::format!("{:08x}", digester.finish() >> 32);
        let derived = Reference::derive("99fda87c0123abcd", 0, 0, false);
        assert_eq!(*derived.text(), *given);
        assert!(derived.is_named(&given));
    }

    #[test]
    fn a_client_s_call_id_is_a_number_where_it_can_be_and_leads_back() {
        for (call, switch, shown) in [
            ("7", 0, "17"),
            ("007", 7, "8007"),
            ("12345678", 1, "212345678"),
            ("123456789", 1, "1_123456789"),
            ("FF0012", 0, "0_FF0012"),
            ("0_7", 2, "2_0_7"),
            ("<", 0, "0_&lt;"),
        ] {
            let mut out = Vec::new();
            write_call(call, switch, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), shown);
            let back = shown.replace("&lt;", "<");
            assert_eq!(call_of(&back, switch), Some(call), "{shown}");
            assert_eq!(call_of(&back, switch + 1), None, "{shown} is another phone system's");
        }
    }

    #[test]
    fn a_call_id_in_the_form_of_an_earlier_version_is_understood() {
        assert_eq!(call_of("0_7", 0), Some("7"));
        for wrong in ["", "0", "0_", "1", "7", "1x", "1123456789", "17_"] {
            assert_eq!(call_of(wrong, 0), None, "{wrong}");
        }
    }
}
