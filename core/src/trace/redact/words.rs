//! Replaces words and numbers, each consistently by another one, letters by letters and digits by digits.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::hash::Hasher as _;

use siphasher::sip::SipHasher24;

use super::mark::Mark;

/// How many replacements are tried if one is already in use.
const ATTEMPTS: u64 = 256;

/// Words of the protocols, of their values and of the configuration: never replaced.
const KEPT: &str = "ack alerting any app application apps auto branch busy bye call cancel com connected context cseq \
    csta ctigate debug default device dialstring disabled donotprompt ed3 enabled enterprise epid error \
    example expires fail false from gruu gt gw handling hold http info initiated int invalid invite json \
    line local localhost logfmt lr lt maddr manual message method monitor net none normal notknown null \
    opaque options org phone prompt proxy queued quot received replace required rport signal sip sips \
    status system tag tcp tel timer tls transport true ttl udp update uri urn user via warn xml";

/// The replacements of words.
pub(super) struct Words {
    secret: [u8; 16],
    /// Words (in lower case) that are replaced wherever they occur.
    sensitive: BTreeSet<Vec<u8>>,
    /// The replacement of each word so far, both in lower case.
    replacements: BTreeMap<Vec<u8>, Vec<u8>>,
    taken: BTreeSet<Vec<u8>>,
}

/// The length of the word at the beginning of `bytes`, or of the character, if it is not in a word.
pub(super) fn length(bytes: &[u8]) -> usize {
    let end = bytes.iter().position(|byte| !is_word(*byte)).unwrap_or(bytes.len());
    end.max(1)
}

/// Whether `byte` belongs to a word: a letter, a digit, or part of a character beyond ASCII.
pub(super) const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

fn is_number(word: &[u8]) -> bool {
    word.iter().all(u8::is_ascii_digit)
}

fn is_kept(lower: &[u8]) -> bool {
    KEPT.split(' ').any(|kept| kept.as_bytes() == lower)
}

impl Words {
    /// Without any sensitive words yet.
    pub(super) const fn new(secret: &[u8; 16]) -> Self {
        Self {
            secret: *secret,
            sensitive: BTreeSet::new(),
            replacements: BTreeMap::new(),
            taken: BTreeSet::new(),
        }
    }

    /// Notes a word at a sensitive position. If it is long enough not to occur by chance, it is sensitive everywhere.
    pub(super) fn learn(&mut self, word: &[u8]) {
        let least = if is_number(word) { 5 } else { 3 };
        if word.len() >= least && word.iter().all(|byte| is_word(*byte)) {
            self.sensitive.insert(word.to_ascii_lowercase());
        }
    }

    /// Appends the word or character at the beginning of `bytes`, replaced if necessary. Returns how many bytes were
    /// taken.
    pub(super) fn replace_front(
        &mut self,
        before: Option<u8>,
        bytes: &[u8],
        mark: Mark,
        out: &mut Vec<u8>,
    ) -> usize {
        let length = length(bytes);
        let word = bytes.get(..length).unwrap_or_default();
        let lower = word.to_ascii_lowercase();
        let replaced = match mark {
            Mark::Sensitive => true,
            Mark::Plain => self.sensitive.contains(&lower),
            Mark::Locked => false,
        };
        let is_entity = before == Some(b'&') || before == Some(b'#');
        let any_word = word.iter().all(|byte| is_word(*byte));
        if !replaced || is_entity || !any_word || is_kept(&lower) {
            out.extend_from_slice(word);
            return length;
        }
        let replacement = self.replacement(lower);
        let with_case = word
            .iter()
            .zip(&replacement)
            .map(|(old, new)| if old.is_ascii_uppercase() { new.to_ascii_uppercase() } else { *new });
        out.extend(with_case);
        length
    }

    fn replacement(&mut self, lower: Vec<u8>) -> Vec<u8> {
        if let Some(replacement) = self.replacements.get(&lower) {
            return replacement.clone();
        }
        let mut replacement = self.invent(&lower, 0);
        for attempt in 1..ATTEMPTS {
            // One-digit numbers may stay the same, since there are so few.
            let same = replacement == lower && lower.len() > 1;
            if !same && !self.taken.contains(&replacement) && !is_kept(&replacement) {
                break;
            }
            replacement = self.invent(&lower, attempt);
        }
        self.taken.insert(replacement.clone());
        self.replacements.insert(lower, replacement.clone());
        replacement
    }

    /// A word of the same shape: as many bytes, digits in the same positions, and the same leading zeros.
    fn invent(&self, lower: &[u8], attempt: u64) -> Vec<u8> {
        let mut out = Vec::with_capacity(lower.len());
        let mut leading = true;
        for chunk in lower.utf8_chunks() {
            for character in chunk.valid().chars() {
                let index = u64::try_from(out.len()).unwrap_or(u64::MAX);
                let drawn = self.draw(lower, attempt, index);
                let new = match character {
                    '0' if leading => '0',
                    '0'..='9' => pick(if leading { ('1', 9) } else { ('0', 10) }, drawn),
                    _ => pick(alphabet(character), drawn),
                };
                leading = leading && new == '0';
                out.extend_from_slice(new.encode_utf8(&mut [0; 4]).as_bytes());
            }
            out.extend_from_slice(chunk.invalid());
        }
        out
    }

    fn draw(&self, word: &[u8], attempt: u64, index: u64) -> u64 {
        let mut hasher = SipHasher24::new_with_key(&self.secret);
        hasher.write(&attempt.to_le_bytes());
        hasher.write(&index.to_le_bytes());
        hasher.write(word);
        hasher.finish()
    }
}

/// A range of letters with as many bytes as `character`: the first letter, and their number.
const fn alphabet(character: char) -> (char, u32) {
    match character.len_utf8() {
        1 => ('a', 26),
        2 => ('\u{430}', 32),
        3 => ('\u{4e00}', 20_000),
        _ => ('\u{20000}', 40_000),
    }
}

fn pick((first, count): (char, u32), drawn: u64) -> char {
    let offset = u32::try_from(drawn % u64::from(count)).unwrap_or_default();
    char::from_u32(u32::from(first).saturating_add(offset)).unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;

    fn replace(words: &mut Words, word: &str) -> String {
        let mut out = Vec::new();
        words.replace_front(None, word.as_bytes(), Mark::Sensitive, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_word_keeps_its_shape_and_nothing_else() {
        let mut words = Words::new(&[7; 16]);
        for word in ["Alice", "alice", "0049301234567", "desk2", "M\u{fc}ller", "\u{4e2d}\u{6587}", "x1"] {
            let replaced = replace(&mut words, word);
            assert_ne!(replaced, word);
            assert_eq!(replaced.len(), word.len());
            assert_eq!(replaced, replace(&mut words, word), "always the same");
            let digits =
                |text: &str| text.chars().map(|character| character.is_ascii_digit()).collect::<Vec<_>>();
            assert_eq!(digits(&replaced), digits(word));
        }
        assert!(replace(&mut words, "0049301234567").starts_with("00"));
        assert_eq!(replace(&mut words, "ALICE"), replace(&mut words, "alice").to_uppercase());
        assert_eq!(replace(&mut words, "transport"), "transport");
    }

    #[test]
    fn no_two_numbers_become_the_same() {
        let mut words = Words::new(&[7; 16]);
        let replaced: BTreeSet<_> =
            (1000..1900).map(|number| replace(&mut words, &format!("{number}"))).collect();
        assert_eq!(replaced.len(), 900);
    }

    #[test]
    fn another_secret_makes_other_words() {
        let (mut words, mut others) = (Words::new(&[7; 16]), Words::new(&[8; 16]));
        assert_ne!(replace(&mut words, "alexander"), replace(&mut others, "alexander"));
    }
}
