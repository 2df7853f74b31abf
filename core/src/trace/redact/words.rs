//! Replaces words and numbers, each consistently by another one, letters by letters and digits by digits.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::hash::Hasher as _;

use siphasher::sip::SipHasher24;

use super::mark::Mark;
use crate::setting::Setting;

mod series;

use series::Series;

/// How many replacements are tried if one is already in use. Of the 90 numbers of two digits the last one left is found
/// with certainty, in practice.
const ATTEMPTS: u64 = 4096;

/// How many of them must also differ from every word that is to be replaced, so that the result can be searched for
/// those. There may be no such replacement, as for numbers of one digit.
const STRICT_ATTEMPTS: u64 = 256;

/// Words of the protocols, of their values and of the configuration: never replaced.
const KEPT: &str = "ack alerting any app application apps auto branch busy bye call cancel com connected context cseq \
    csta ctigate debug default device dialstring disabled donotprompt ed3 enabled enterprise epid error \
    example expires fail false from gruu gt gw handling hold http info initiated int invalid invite json \
    line local localhost logfmt lr lt maddr manual message method monitor net none normal notknown null \
    opaque options org phone prompt proxy queued quot received replace required rport signal sip sips \
    status system tag tcp tel timer tls transport true ttl udp update uri urn user v via warn xml";

/// The replacements of words.
pub(super) struct Words {
    secret: [u8; 16],
    /// Words (in lower case) that are replaced wherever they occur.
    sensitive: BTreeSet<Vec<u8>>,
    /// All words (in lower case) that were found at sensitive positions.
    originals: BTreeSet<Vec<u8>>,
    /// Numbers that a setting numbers on.
    series: Vec<Series>,
    /// The replacement of each word so far, both in lower case.
    replacements: BTreeMap<Vec<u8>, Vec<u8>>,
    taken: BTreeSet<Vec<u8>>,
}

/// The length of the word at the beginning of `bytes`, or of the character, if it is not in a word. An escaped
/// character (`%2B`) is one, and the `v` of a vanity suffix (`5551234v:4`) does not belong to the number before it.
pub(super) fn length(bytes: &[u8]) -> usize {
    if let [b'%', high, low, ..] = bytes
        && high.is_ascii_hexdigit()
        && low.is_ascii_hexdigit()
    {
        return 3;
    }
    let end = bytes.iter().position(|byte| !is_word(*byte)).unwrap_or(bytes.len());
    let word = bytes.get(..end).unwrap_or_default();
    let vanity = word.strip_suffix(b"v").filter(|number| !number.is_empty() && is_number(number));
    if let Some(number) = vanity.filter(|_| bytes.get(end) == Some(&b':')) {
        return number.len();
    }
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
            originals: BTreeSet::new(),
            series: Vec::new(),
            replacements: BTreeMap::new(),
            taken: BTreeSet::new(),
        }
    }

    /// Notes a word at a sensitive position. If it is long enough not to occur by chance, it is sensitive everywhere.
    pub(super) fn learn(&mut self, word: &[u8]) {
        if !word.iter().all(|byte| is_word(*byte)) {
            return;
        }
        let least = if is_number(word) { 5 } else { 3 };
        if word.len() >= least {
            self.sensitive.insert(word.to_ascii_lowercase());
        }
        self.originals.insert(word.to_ascii_lowercase());
    }

    /// Notes the numbers that `settings` number on, which stay in order: a table's `number` and the `count - 1` behind
    /// it.
    pub(super) fn learn_series(&mut self, settings: &[Setting]) {
        for (first, count) in series::find(settings) {
            let series =
                Series::new(first, count, &self.series, |attempt| self.draw(first.as_bytes(), attempt, 0));
            self.series.extend(series);
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
        let replacement = self.series.iter().find_map(|series| series.replacement(&lower));
        let replacement = replacement.unwrap_or_else(|| self.choose(&lower));
        self.taken.insert(replacement.clone());
        self.replacements.insert(lower, replacement.clone());
        replacement
    }

    /// A word of the same shape that is free.
    fn choose(&self, lower: &[u8]) -> Vec<u8> {
        let mut replacement = self.invent(lower, 0);
        for attempt in 1..ATTEMPTS {
            // One-digit numbers may stay the same, since there are so few.
            let same = replacement == lower && lower.len() > 1;
            let is_original = attempt < STRICT_ATTEMPTS && self.originals.contains(&replacement);
            let is_taken = self.taken.contains(&replacement)
                || self.series.iter().any(|series| series.has_taken(&replacement));
            if !same && !is_original && !is_taken && !is_kept(&replacement) {
                break;
            }
            replacement = self.invent(lower, attempt);
        }
        replacement
    }

    /// A word of the same shape: as many bytes, digits in the same positions, and the same leading zeros. What can be
    /// dialled, digits and the letters A to D, is replaced by what can be dialled.
    fn invent(&self, lower: &[u8], attempt: u64) -> Vec<u8> {
        let mut out = Vec::with_capacity(lower.len());
        let mut leading = true;
        let is_key = |byte: &u8| (b'a'..=b'd').contains(byte);
        let may_be_dialled = lower.iter().any(u8::is_ascii_digit) || lower.iter().all(is_key);
        for chunk in lower.utf8_chunks() {
            for character in chunk.valid().chars() {
                let index = u64::try_from(out.len()).unwrap_or(u64::MAX);
                let drawn = self.draw(lower, attempt, index);
                let new = match character {
                    '0' if leading => '0',
                    '0'..='9' => pick(if leading { ('1', 9) } else { ('0', 10) }, drawn),
                    'a'..='d' if may_be_dialled => pick(('a', 4), drawn),
                    'e'..='z' if may_be_dialled => pick(('e', 22), drawn),
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
    fn what_can_be_dialled_stays_so_and_what_cannot_does_not() {
        let mut words = Words::new(&[7; 16]);
        for number in ["5551234v:4", "%2B493012345", "*31#d", "1800FLOWERS", "31b", "7001v", "+4930%2312"] {
            let mut out = Vec::new();
            let mut rest = number.as_bytes();
            while !rest.is_empty() {
                let taken = words.replace_front(None, rest, Mark::Sensitive, &mut out);
                rest = &rest[taken..];
            }
            let replaced = String::from_utf8(out).unwrap();
            let dialled = |text: &str| crate::line::dial::dialable(text).map(|number| number.len()).ok();
            assert_ne!(replaced, number);
            assert_eq!(dialled(&replaced), dialled(number), "{replaced} for {number}");
        }
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
