//! The hash of a segment's text. It detects a text that was edited, truncated or reordered. It does not have to resist
//! forgery, and costs an eighth of a keyed hash.

use alloc::vec::Vec;
use core::hash::Hasher as _;

use siphasher::sip128::{Hasher128 as _, SipHasher13};

/// The size of a block: four words of 64 bits.
const BLOCK: usize = 32;
/// Odd, so that multiplication by it is invertible: different words change a lane in different ways.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// Hashes a text that arrives in pieces of any size.
pub(super) struct TextHasher {
    /// One lane for each word of a block. They are independent, so that a processor can compute them in parallel.
    lanes: [u64; 4],
    /// The beginning of an incomplete block.
    rest: Vec<u8>,
    bytes: u64,
}

fn mix(lanes: &mut [u64; 4], block: &[u8; BLOCK]) {
    let (words, _) = block.as_chunks();
    for (lane, word) in lanes.iter_mut().zip(words) {
        let mixed = *lane ^ u64::from_le_bytes(*word);
        // A product spreads bits only upwards, so the upper ones are moved down first.
        *lane = (mixed ^ (mixed >> 32)).wrapping_mul(FACTOR).rotate_left(29);
    }
}

impl TextHasher {
    /// A hasher that has been fed nothing.
    pub(super) fn new() -> Self {
        Self { lanes: [1, 2, 3, 4], rest: Vec::with_capacity(BLOCK), bytes: 0 }
    }

    /// How many bytes it has been fed.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Feeds the text's next bytes.
    pub(super) fn write(&mut self, mut text: &[u8]) {
        self.bytes = self.bytes.saturating_add(u64::try_from(text.len()).unwrap_or(u64::MAX));
        let mut lanes = self.lanes;
        if !self.rest.is_empty() {
            let missing = BLOCK.saturating_sub(self.rest.len());
            let (front, after) = text.split_at_checked(missing).unwrap_or((text, &[]));
            self.rest.extend_from_slice(front);
            if let Ok(block) = self.rest.as_slice().try_into() {
                mix(&mut lanes, block);
                self.rest.clear();
            }
            text = after;
        }
        let (blocks, rest) = text.as_chunks();
        for block in blocks {
            mix(&mut lanes, block);
        }
        self.rest.extend_from_slice(rest);
        self.lanes = lanes;
    }

    /// The hash of the text so far.
    pub(super) fn finish(&self) -> u128 {
        let Self { lanes, rest, bytes } = self;
        let mut hasher = SipHasher13::new();
        for lane in lanes {
            hasher.write(&lane.to_le_bytes());
        }
        hasher.write(rest);
        hasher.write(&bytes.to_le_bytes());
        hasher.finish128().as_u128()
    }
}

/// The hash of a segment's text.
pub(super) fn text_hash(text: &[u8]) -> u128 {
    let mut hasher = TextHasher::new();
    hasher.write(text);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use super::*;

    fn text() -> Vec<u8> {
        (0..150).collect()
    }

    #[test]
    fn pieces_have_the_hash_of_the_whole() {
        let text = text();
        for size in 1..=text.len() {
            let mut hasher = TextHasher::new();
            for piece in text.chunks(size) {
                hasher.write(piece);
            }
            assert_eq!(hasher.finish(), text_hash(&text), "in pieces of {size}");
            assert_eq!(hasher.bytes(), 150);
        }
    }

    #[test]
    fn whatever_is_edited_changes_the_hash() {
        let text = text();
        let mut seen = BTreeSet::from([text_hash(&text)]);
        for index in 0..text.len() {
            for bit in 0..8 {
                let mut edited = text.clone();
                edited[index] ^= 1 << bit;
                assert!(seen.insert(text_hash(&edited)), "bit {bit} of byte {index}");
            }
            assert!(seen.insert(text_hash(&text[..index])), "cut to {index} bytes");
        }
        for index in 0..text.len() - 8 {
            let mut edited = text.clone();
            edited[index..].rotate_left(8);
            assert!(seen.insert(text_hash(&edited)), "words moved from byte {index} on");
        }
    }

    /// The hash must not change, since traces are read by other builds than wrote them.
    #[test]
    fn the_hash_of_a_text_stays_what_it_is() {
        assert_eq!(text_hash(b""), 283_621_552_165_690_680_425_647_562_519_954_487_504);
        assert_eq!(text_hash(&text()), 229_427_579_040_421_058_306_257_113_930_400_387_053);
    }
}
