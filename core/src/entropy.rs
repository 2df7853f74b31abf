//! Identifiers as a function of seed, domain and a count per domain: drawing one more tag does not change any later
//! Call-ID.

use core::hash::Hasher as _;

use siphasher::sip::SipHasher24;
use siphasher::sip128::{Hasher128 as _, SipHasher24 as SipHasher24x128};

/// The 32 random bytes a machine begins with. The shell reads them from the operating system, once; a test chooses
/// them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Seed([u8; 32]);

impl Seed {
    /// A seed of these bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A seed made from one number, for tests and simulations.
    #[must_use]
    pub fn from_number(number: u64) -> Self {
        let mut bytes = [0; 32];
        for (index, byte) in bytes.iter_mut().zip(number.to_le_bytes()) {
            *index = byte;
        }
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn half(&self, second: bool) -> [u8; 16] {
        let mut half = [0; 16];
        let skipped = if second { 16 } else { 0 };
        for (index, byte) in half.iter_mut().zip(self.0.iter().skip(skipped)) {
            *index = *byte;
        }
        half
    }
}

impl core::fmt::Debug for Seed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Seed(..)")
    }
}

/// What an identifier is for. Each domain has its own count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// Tags of dialogs.
    Tag,
    /// Branches of Via headers.
    Branch,
    /// Call-IDs, and names the scripted client invents.
    CallId,
    /// Registration and cross-reference IDs.
    Reference,
    /// Spread of waiting times.
    Jitter,
    /// Spread of Retry-After, so that clients that were refused do not all come back at once.
    RetryAfter,
}

/// The number of domains.
const DOMAINS: usize = 6;

/// Draws identifiers, and keys the hashes by which text from peers is looked up.
pub struct Entropy {
    seed: Seed,
    drawn: [u64; DOMAINS],
}

impl Entropy {
    /// Made from `seed`, with nothing drawn yet.
    #[must_use]
    pub const fn new(seed: Seed) -> Self {
        Self { seed, drawn: [0; DOMAINS] }
    }

    /// The next identifier of `domain`.
    pub fn draw(&mut self, domain: Domain) -> u64 {
        let index = match domain {
            Domain::Tag => 0,
            Domain::Branch => 1,
            Domain::CallId => 2,
            Domain::Reference => 3,
            Domain::Jitter => 4,
            Domain::RetryAfter => 5,
        };
        let mut hasher = SipHasher24::new_with_key(&self.seed.half(false));
        if let Some(count) = self.drawn.get_mut(index) {
            hasher.write(&count.to_le_bytes());
            *count = count.wrapping_add(1);
        }
        hasher.write(&length_bytes(index));
        hasher.finish()
    }

    /// A hash of `parts` that cannot be predicted without the seed: for looking up what a peer chose.
    #[must_use]
    pub fn key<'a>(&self, parts: impl IntoIterator<Item = &'a [u8]>) -> u128 {
        let mut gathered = Gathered::new(SipHasher24x128::new_with_key(&self.seed.half(true)));
        for part in parts {
            gathered.write(&length_bytes(part.len()));
            gathered.write(part);
        }
        gathered.finish()
    }
}

crate::digest! { struct Entropy { seed => seed.bytes().as_slice(), drawn } }

/// A length as eight little-endian bytes, whatever the machine.
fn length_bytes(value: usize) -> [u8; 8] {
    u64::try_from(value).unwrap_or(u64::MAX).to_le_bytes()
}

/// A hasher that is fed whole blocks, since it takes longer for many short pieces than for the same bytes at once.
struct Gathered {
    hasher: SipHasher24x128,
    block: heapless::Vec<u8, 256>,
}

impl Gathered {
    const fn new(hasher: SipHasher24x128) -> Self {
        Self { hasher, block: heapless::Vec::new() }
    }

    fn write(&mut self, bytes: &[u8]) {
        if self.block.extend_from_slice(bytes).is_ok() {
            return;
        }
        self.hasher.write(&self.block);
        self.block.clear();
        if self.block.extend_from_slice(bytes).is_err() {
            self.hasher.write(bytes);
        }
    }

    fn finish(mut self) -> u128 {
        self.hasher.write(&self.block);
        self.hasher.finish128().as_u128()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn a_key_is_the_hash_of_lengths_and_parts_however_long_they_are() {
        let text: Vec<u8> = (0..=u8::MAX).cycle().take(900).collect();
        let entropy = Entropy::new(Seed::from_number(7));
        for length in 0..300 {
            let parts = [&text[..length], b"between", &text[length..2 * length], b"", &text[..3 * length]];
            let mut hasher = SipHasher24x128::new_with_key(&entropy.seed.half(true));
            for part in parts {
                hasher.write(&u64::try_from(part.len()).unwrap().to_le_bytes());
                hasher.write(part);
            }
            assert_eq!(entropy.key(parts), hasher.finish128().as_u128(), "{length}");
        }
    }
}
