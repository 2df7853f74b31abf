//! Secrets, which a machine names but never holds (invariant 9). What it writes says where a secret belongs; the host
//! fills it in behind the recorder, so that no trace, log or state has it.

use alloc::vec::Vec;
use core::fmt;

use crate::text::{push_hex, push_number};
use crate::wire::csta::emit;

/// The name of a secret: the index of the CTI connection whose password it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretId(pub u8);

/// How a secret is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filling {
    /// As the text of an XML element.
    Xml {
        /// The index of a length in two bytes, most significant first, which grows by the secret's length.
        length_at: usize,
    },
    /// As the proof that its owner knows it: the MD5 digest (RFC 1321) of a challenge and the secret, in hexadecimal
    /// digits.
    Md5 {
        /// The challenge, which is written in decimal digits.
        challenge: u64,
    },
}

/// Where a secret belongs in the bytes of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// The secret.
    pub secret: SecretId,
    /// It goes in front of the byte with this index.
    pub at: usize,
    /// How it is written.
    pub filling: Filling,
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

    /// The place in a buffer that begins at index `start` of the one that it is for.
    pub(crate) fn behind(self, start: usize) -> Self {
        let filling = match self.filling {
            Filling::Xml { length_at } => Filling::Xml { length_at: length_at.saturating_sub(start) },
            Filling::Md5 { challenge } => Filling::Md5 { challenge },
        };
        Self { at: self.at.saturating_sub(start), filling, ..self }
    }

    fn filled(&self, bytes: &[u8], secret: &str, out: &mut Vec<u8>) -> Result<(), FillError> {
        let start = out.len();
        let (before, after) = bytes.split_at_checked(self.at).ok_or(FillError::NoPlace)?;
        out.extend_from_slice(before);
        match self.filling {
            Filling::Xml { .. } => emit::text(out, secret),
            Filling::Md5 { challenge } => push_proof(out, challenge, secret),
        }
        let grown = out.len() - start - before.len();
        out.extend_from_slice(after);
        let Filling::Xml { length_at } = self.filling else { return Ok(()) };
        let at = start + length_at;
        let field = out.get_mut(at..at + 2).and_then(|field| <&mut [u8; 2]>::try_from(field).ok());
        let field = field.filter(|_| length_at + 2 <= self.at).ok_or(FillError::NoPlace)?;
        let length = usize::from(u16::from_be_bytes(*field)) + grown;
        *field = u16::try_from(length).map_err(|_| FillError::TooLong)?.to_be_bytes();
        Ok(())
    }
}

fn push_proof(out: &mut Vec<u8>, challenge: u64, secret: &str) {
    let mut digits = Vec::new();
    push_number(&mut digits, challenge);
    let mut digest = md5::Context::new();
    digest.consume(&digits);
    digest.consume(secret);
    push_hex(out, &digest.finalize().0);
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILL: Fill = Fill { secret: SecretId(0), at: 7, filling: Filling::Xml { length_at: 2 } };

    #[test]
    fn a_challenge_is_answered_by_the_digest_of_challenge_and_secret() {
        // As a real Asterisk accepted them, with the secret `example`.
        for (challenge, proof) in [
            (730_342_727, "0c30a3f3f25af8d1592879b0ea09ff3c"),
            (902_055_091, "abd521f2973f51e3fa117c755292aa44"),
        ] {
            let mut out = Vec::from(*b"before");
            let fill = Fill { secret: SecretId(0), at: 5, filling: Filling::Md5 { challenge } };
            fill.apply(b"Key: \r\n\r\n", "example", &mut out).unwrap();
            assert_eq!(core::str::from_utf8(&out), Ok(&*alloc::format!("beforeKey: {proof}\r\n\r\n")));
            let nowhere = Fill { at: 99, ..fill }.apply(b"Key: ", "example", &mut out);
            assert_eq!((nowhere, out.len()), (Err(FillError::NoPlace), 47));
        }
    }

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
        let length_at = |length_at| Fill { filling: Filling::Xml { length_at }, ..FILL };
        for fill in [Fill { at: 99, ..FILL }, length_at(6), length_at(99)] {
            let mut out = Vec::new();
            assert_eq!(fill.apply(b"\0\0\0\x0a<p></p>", "a", &mut out), Err(FillError::NoPlace));
            assert!(out.is_empty());
        }
    }
}
