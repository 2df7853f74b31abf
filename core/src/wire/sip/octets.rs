//! Sets of bytes, stored as tables: membership is a single look-up.

/// A set of bytes.
pub(super) struct Octets([bool; 256]);

/// The bytes of a header name: RFC 9110's `token`, which is wider than RFC 3261's, so that an unusual header does not
/// make a message invalid.
pub(super) static NAME: Octets = Octets::alphanumeric_and(b"!#$%&'*+-.^_`|~");

/// RFC 3261's `token` (25.1).
pub(super) static TOKEN: Octets = Octets::alphanumeric_and(b"-.!%*_+`'~");

/// The bytes of a label, which is a part of a host name.
pub(super) static LABEL: Octets = Octets::alphanumeric_and(b"-_");

/// What may stand in an address that nothing encloses.
pub(super) static BARE_ADDRESS: Octets = Octets::all_but(b" \t<\"");

/// What may stand in a URI, as far as it is not to be mixed up with what is around it.
pub(super) static URI: Octets = Octets::all_but(b" \t<>\"");

/// What may stand in the value of a parameter without quotes, as far as it is not to be mixed up with what is around
/// it.
pub(super) static PARAMETER_VALUE: Octets = Octets::all_but(b" \t<>\",;");

impl Octets {
    #[expect(
        clippy::indexing_slicing,
        clippy::as_conversions,
        reason = "it is computed by the compiler, which refuses a wrong index"
    )]
    const fn alphanumeric_and(marks: &[u8]) -> Self {
        let mut set = [false; 256];
        let mut letter = 0_u8;
        while letter < u8::MAX {
            set[letter as usize] = letter.is_ascii_alphanumeric();
            letter += 1;
        }
        let mut at = 0;
        while at < marks.len() {
            set[marks[at] as usize] = true;
            at += 1;
        }
        Self(set)
    }

    #[expect(
        clippy::indexing_slicing,
        clippy::as_conversions,
        reason = "it is computed by the compiler, which refuses a wrong index"
    )]
    const fn all_but(marks: &[u8]) -> Self {
        let mut set = [true; 256];
        let mut at = 0;
        while at < marks.len() {
            set[marks[at] as usize] = false;
            at += 1;
        }
        Self(set)
    }

    /// Whether `byte` is in the set.
    pub(super) fn has(&self, byte: u8) -> bool {
        self.0.get(usize::from(byte)).is_some_and(|is_in| *is_in)
    }

    /// Whether all bytes of `text` are in the set.
    pub(super) fn has_all(&self, text: &[u8]) -> bool {
        // Without a way out in between it takes half as long, and texts are short.
        text.iter().fold(true, |all, byte| all & self.has(*byte))
    }
}

/// The position of the first byte, from `from` on, that is a control character or no ASCII character. Eight bytes are
/// looked at at once.
pub(super) fn first_unusual(bytes: &[u8], from: usize) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    let (eights, rest) = bytes.get(from..)?.as_chunks::<8>();
    let mut at = from;
    for eight in eights {
        let word = u64::from_le_bytes(*eight);
        // The highest bit of a byte is set in one of these if the byte is below 0x20, from 0x80 on, or 0x7f. A byte
        // above one of them may be taken for one by mistake, but the lowest of them is one.
        let marks = word.wrapping_sub(ONES * 0x20) | word | word.wrapping_add(ONES);
        let marks = marks & (ONES * 0x80);
        if marks != 0 {
            let index = usize::try_from(marks.trailing_zeros() / 8).unwrap_or_default();
            return at.checked_add(index);
        }
        at = at.saturating_add(8);
    }
    let is_unusual = |byte: &u8| !matches!(byte, b' '..=b'~');
    rest.iter().position(is_unusual).and_then(|index| at.checked_add(index))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_unusual_byte_is_found_wherever_it_is() {
        for byte in 0..=u8::MAX {
            for usual in [b' ', b'a', b'~'] {
                for at in 0..20 {
                    let mut bytes = [usual; 20];
                    bytes[at] = byte;
                    let expected = (!(b' '..=b'~').contains(&byte)).then_some(at);
                    assert_eq!(first_unusual(&bytes, 0), expected, "{byte} at {at}");
                    assert_eq!(first_unusual(&bytes, at + 1), None);
                }
            }
        }
        assert_eq!(first_unusual(b"", 0), None);
        assert_eq!(first_unusual(b"a\r\n \n", 1), Some(1));
    }
}
