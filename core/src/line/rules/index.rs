//! The index of a table of rules: for each character at each position, a bit for each rule that allows it there. The
//! rules for a number are the bits that are left when the sets of its characters are intersected, 64 rules at once; so
//! a thousand rules cost little more than a few, whatever their forms are.

use alloc::vec;
use alloc::vec::Vec;

use super::form::{Form, SYMBOLS, symbol};
use crate::line::dial::MAX_DIGITS;

/// The bits of one word.
const WIDTH: usize = 64;

/// An index of forms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Index {
    /// The words that a set takes.
    words: usize,
    /// How many positions have sets; behind them every rule allows all.
    positions: usize,
    /// The set for a character at a position, for all positions and characters in order.
    allowed: Vec<u64>,
    /// The set for a number of characters, from none to the most.
    lengths: Vec<u64>,
}

impl Index {
    pub(super) fn new<'f>(forms: impl ExactSizeIterator<Item = &'f Form> + Clone) -> Self {
        let words = forms.len().div_ceil(WIDTH);
        let positions = forms.clone().map(|form| form.classes.len().max(1)).max().unwrap_or_default();
        let sets = |count: usize| vec![0; count.saturating_mul(words)];
        let mut index = Self {
            words,
            positions,
            allowed: sets(positions.saturating_mul(SYMBOLS.len())),
            lengths: sets(MAX_DIGITS.saturating_add(1)),
        };
        for (rule, form) in forms.enumerate() {
            for length in form.least..=form.most {
                index.set(rule, length, |index| &mut index.lengths);
            }
            for position in 0..positions {
                for at in 0..SYMBOLS.len() {
                    let bit = u32::try_from(at).ok().and_then(|at| form.class(position).checked_shr(at));
                    if bit.is_some_and(|bit| bit & 1 == 1) {
                        index.set(rule, place(position, at), |index| &mut index.allowed);
                    }
                }
            }
        }
        index
    }

    fn set(&mut self, rule: usize, set: usize, sets: fn(&mut Self) -> &mut Vec<u64>) {
        let at = set.saturating_mul(self.words).saturating_add(rule / WIDTH);
        if let Some(word) = sets(self).get_mut(at) {
            *word |= 1 << (rule % WIDTH);
        }
    }

    fn word(&self, sets: &[u64], set: usize, word: usize) -> u64 {
        sets.get(set.saturating_mul(self.words).saturating_add(word)).copied().unwrap_or_default()
    }

    /// The rules for a number, in their order.
    pub(super) fn matching<'i>(&'i self, number: &str) -> impl Iterator<Item = usize> + use<'i> {
        let mut places = heapless::Vec::<usize, MAX_DIGITS>::new();
        let characters = if self.words == 0 { "" } else { number };
        for (position, byte) in characters.bytes().take(self.positions).enumerate() {
            // What is in no number has no set.
            let at = symbol(byte).map_or(usize::MAX, |at| place(position, at));
            let _ = places.push(at);
        }
        let length = number.len();
        (0..self.words).flat_map(move |word| {
            let mut left = self.word(&self.lengths, length, word);
            for place in &places {
                if left == 0 {
                    break;
                }
                left &= self.word(&self.allowed, *place, word);
            }
            Bits(left).map(move |bit| word.saturating_mul(WIDTH).saturating_add(bit))
        })
    }
}

/// The set for a character at a position.
fn place(position: usize, at: usize) -> usize {
    position.saturating_mul(SYMBOLS.len()).saturating_add(at)
}

/// The positions of the bits in a word.
struct Bits(u64);

impl Iterator for Bits {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let bit = usize::try_from(self.0.trailing_zeros()).ok().filter(|_| self.0 != 0)?;
        self.0 &= self.0.wrapping_sub(1);
        Some(bit)
    }
}
