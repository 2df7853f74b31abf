//! Secrets, which a machine names but never holds (invariant 9). What it writes says where a secret belongs; the host
//! fills it in behind the recorder, so that no trace, log or state has it.

use alloc::vec::Vec;
use core::fmt;

use crate::wire::csta::emit;

/// The name of a secret: the index of the CTI connection whose password it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretId(pub u8);

/// How a secret is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    /// As the text of an XML element.
    Xml,
}

impl Escape {
    /// The name in traces.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Xml => "xml",
        }
    }
}

/// Where a secret belongs in the bytes of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// The secret.
    pub secret: SecretId,
    /// It goes in front of the byte with this index.
    pub at: usize,
    /// How it is written.
    pub escape: Escape,
    /// The index of a length in two bytes, most significant first, which grows by the secret's length.
    pub length_at: usize,
}

/// Why a secret cannot be filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FillError {
    /// The length would exceed 65,535 bytes.
    TooLong,
    /// The bytes have no such place.
    NoPlace,
}

impl fmt::Display for FillError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the message would exceed 65,535 bytes",
            Self::NoPlace => "the message has no place for it",
        })
    }
}

impl core::error::Error for FillError {}

impl Fill {
    /// Appends `bytes` to `out`, with the secret filled in.
    ///
    /// # Errors
    /// [`FillError`]; then nothing is appended.
    pub fn apply(&self, bytes: &[u8], secret: &str, out: &mut Vec<u8>) -> Result<(), FillError> {
        let start = out.len();
        let filled = self.filled(bytes, secret, out);
        if filled.is_err() {
            out.truncate(start);
        }
        filled
    }

    fn filled(&self, bytes: &[u8], secret: &str, out: &mut Vec<u8>) -> Result<(), FillError> {
        let start = out.len();
        let (before, after) = bytes.split_at_checked(self.at).ok_or(FillError::NoPlace)?;
        out.extend_from_slice(before);
        match self.escape {
            Escape::Xml => emit::text(out, secret),
        }
        let grown = out.len() - start - before.len();
        out.extend_from_slice(after);
        let at = start + self.length_at;
        let field = out.get_mut(at..at + 2).and_then(|field| <&mut [u8; 2]>::try_from(field).ok());
        let field = field.filter(|_| self.length_at + 2 <= self.at).ok_or(FillError::NoPlace)?;
        let length = usize::from(u16::from_be_bytes(*field)) + grown;
        *field = u16::try_from(length).map_err(|_| FillError::TooLong)?.to_be_bytes();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILL: Fill = Fill { secret: SecretId(0), at: 7, escape: Escape::Xml, length_at: 2 };

    #[test]
    fn a_secret_is_escaped_and_counted_in_the_length() {
        let mut out = Vec::from(*b"before");
        FILL.apply(b"\0\0\0\x0a<p></p>", "a&\u{2039}\"\u{fc}", &mut out).unwrap();
        let expected = "<p>a&amp;\u{2039}&quot;\u{fc}</p>";
        assert_eq!(out.get(10..), Some(expected.as_bytes()));
        let grown = expected.len() - "<p></p>".len();
        assert_eq!(out.get(6..10), Some(&[0, 0, 0, 10 + u8::try_from(grown).unwrap()][..]));
    }

    #[test]
    fn a_message_that_would_be_too_long_is_not_written() {
        let mut out = Vec::new();
        assert_eq!(FILL.apply(b"\0\0\xff\xfe<p></p>", "ab", &mut out), Err(FillError::TooLong));
        assert!(out.is_empty());
        assert_eq!(FILL.apply(b"\0\0\xff\xfe<p></p>", "a", &mut out), Ok(()));
    }

    #[test]
    fn a_place_outside_the_message_is_none() {
        for fill in [Fill { at: 99, ..FILL }, Fill { length_at: 6, ..FILL }, Fill { length_at: 99, ..FILL }] {
            let mut out = Vec::new();
            assert_eq!(fill.apply(b"\0\0\0\x0a<p></p>", "a", &mut out), Err(FillError::NoPlace));
            assert!(out.is_empty());
        }
    }
}
