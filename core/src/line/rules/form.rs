//! Which numbers a rule is for: at each position a class of characters, and between two bounds a number of characters.
//! There is nothing to go back for: each character is looked at once.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::line::dial::{MAX_DIGITS, Number};

/// The characters of a number, each a bit of a class: digits, then `*`, `#`, `A` to `D`, and `+`.
pub(super) const SYMBOLS: &[u8; 17] = b"0123456789*#ABCD+";

/// A set of characters.
pub(super) type Class = u32;

pub(super) const DIGITS: Class = 0x3ff;
const PLUS: Class = 1 << 16;
const KEYS: Class = PLUS - 1;

/// The position of a character in [`SYMBOLS`].
pub(super) fn symbol(byte: u8) -> Option<usize> {
    match byte {
        b'0'..=b'9' => Some(usize::from(byte.wrapping_sub(b'0'))),
        _ => SYMBOLS.iter().position(|symbol| *symbol == byte.to_ascii_uppercase()),
    }
}

fn class_of(byte: u8) -> Option<Class> {
    symbol(byte).and_then(|symbol| 1_u32.checked_shl(u32::try_from(symbol).ok()?))
}

/// The numbers that a rule is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Form {
    /// What may stand at each of the first positions.
    pub(super) classes: Vec<Class>,
    /// The least and the most characters, the `+` counted; at least as many as there are classes.
    pub(super) least: usize,
    pub(super) most: usize,
}

/// A visual separator (RFC 3966 5.1.1) or a space, which does not count.
const fn separates(byte: u8) -> bool {
    matches!(byte, b'-' | b'.' | b'(' | b')' | b' ')
}

/// The digits of `text`, which may be few: nothing at all, or only a `+`. `None` if something else is in it.
pub(super) fn figures(text: &str) -> Option<Number> {
    let mut number = Number::new();
    for byte in text.bytes().filter(|byte| !separates(*byte)) {
        let known = symbol(byte).is_some() && (byte != b'+' || number.is_empty());
        let figure = Some(char::from(byte.to_ascii_uppercase())).filter(|_| known)?;
        number.push(figure).ok()?;
    }
    Some(number)
}

impl Form {
    /// All numbers without `+`.
    const fn any() -> Self {
        Self { classes: Vec::new(), least: 1, most: MAX_DIGITS }
    }

    /// The numbers that begin with `figures`.
    pub(super) fn beginning(figures: &str) -> Self {
        let classes: Vec<Class> = figures.bytes().filter_map(class_of).collect();
        Self { least: classes.len().max(1), classes, ..Self::any() }
    }

    /// This number alone.
    pub(super) fn only(number: &str) -> Self {
        let form = Self::beginning(number);
        Self { most: form.least, ..form }
    }

    /// The numbers with so many characters.
    pub(super) fn long((least, most): (usize, usize)) -> Self {
        Self { least: least.max(1), most, classes: Vec::new() }
    }

    /// Reads a pattern: digits, `*`, `#`, `A` to `D` and a leading `+` stand for themselves, `x` for any digit, `[1-4*]`
    /// for one of several, and `*` at the end for any rest.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn pattern(text: &str) -> Result<Self, String> {
        let (fixed, is_open) = match text.strip_suffix('*') {
            Some(fixed) => (fixed, true),
            None => (text, false),
        };
        let mut classes = Vec::new();
        let mut rest = fixed.as_bytes();
        while let Some((first, behind)) = rest.split_first() {
            rest = behind;
            let class = match *first {
                byte if separates(byte) => continue,
                b'x' | b'X' => DIGITS,
                b'*' => return Err("may have a * only at its end, for any rest; write [*] for the key *".into()),
                b'[' => {
                    let end = behind.iter().position(|byte| *byte == b']').ok_or("has a [ without its ]")?;
                    let (inside, behind) = behind.split_at_checked(end).unwrap_or_default();
                    rest = behind.get(1..).unwrap_or_default();
                    one_of(inside)?
                }
                byte => class_of(byte).ok_or_else(|| {
                    format!(
                        "must be of 0-9 # A-D, x for any digit, [..] for one of several, a + at its beginning and a * \
                         at its end, not {:?}",
                        char::from(byte)
                    )
                })?,
            };
            if class & PLUS != 0 && !classes.is_empty() {
                return Err("may have a + only at its beginning".into());
            }
            classes.push(class);
        }
        if classes.len() > MAX_DIGITS {
            return Err(format!(
                "stands for {} characters, and a number has {MAX_DIGITS} at most",
                classes.len()
            ));
        }
        if classes.is_empty() && !is_open {
            return Err("stands for no number".into());
        }
        let least = classes.len().max(1);
        Ok(Self { classes, least, most: if is_open { MAX_DIGITS } else { least } })
    }

    /// What may stand at a position.
    pub(super) fn class(&self, position: usize) -> Class {
        // Only a rule that says `+` is for numbers with one.
        self.classes.get(position).copied().unwrap_or(KEYS)
    }

    /// Whether a number of this form may have a `+`.
    pub(super) fn may_begin_with_plus(&self) -> bool {
        self.class(0) & PLUS != 0
    }

    /// The least characters with which a number of this form has a digit: a `+` alone is none.
    pub(super) fn least_with_digits(&self) -> usize {
        if self.class(0) == PLUS { 2 } else { 1 }
    }

    /// The same form with this class at a position, which each of its numbers has.
    pub(super) fn with(mut self, position: usize, class: Class) -> Self {
        while self.classes.len() <= position {
            self.classes.push(KEYS);
        }
        if let Some(there) = self.classes.get_mut(position) {
            *there = class;
        }
        self
    }

    /// The numbers that are of both forms; `None` if there is none.
    pub(super) fn and(&self, other: &Self) -> Option<Self> {
        let depth = self.classes.len().max(other.classes.len());
        let meet = |position| match (self.classes.get(position), other.classes.get(position)) {
            (Some(one), Some(other)) => one & other,
            (Some(one), None) | (None, Some(one)) => *one,
            (None, None) => KEYS,
        };
        let classes: Vec<Class> = (0..depth).map(meet).collect();
        let least = self.least.max(other.least).max(depth);
        let most = self.most.min(other.most);
        (least <= most && !classes.contains(&0)).then_some(Self { classes, least, most })
    }

    /// Whether some number is of both forms.
    pub(super) fn meets(&self, other: &Self) -> bool {
        let depth = self.classes.len().max(other.classes.len());
        self.least.max(other.least) <= self.most.min(other.most)
            && (0..depth).all(|position| self.class(position) & other.class(position) != 0)
    }

    /// What the first characters are, if they can only be these.
    pub(super) fn fixed(&self, count: usize) -> Option<Number> {
        let mut fixed = Number::new();
        for class in self.classes.get(..count)? {
            let only = class.is_power_of_two().then_some(class.trailing_zeros())?;
            let byte = SYMBOLS.get(usize::try_from(only).ok()?)?;
            fixed.push(char::from(*byte)).ok()?;
        }
        Some(fixed)
    }

    /// A number of this form: with its least or greatest digits, and with so many more characters than the least.
    pub(super) fn example(&self, is_greatest: bool, more: usize) -> Number {
        let mut number = Number::new();
        for position in 0..self.least.saturating_add(more).min(self.most) {
            let class = Some(self.class(position) & DIGITS).filter(|digits| *digits != 0);
            let class = class.unwrap_or(self.class(position));
            let at =
                if is_greatest { class.checked_ilog2().unwrap_or_default() } else { class.trailing_zeros() };
            let byte = usize::try_from(at).ok().and_then(|at| SYMBOLS.get(at)).copied().unwrap_or(b'0');
            // It is as long as a number may be at most.
            let _ = number.push(char::from(byte));
        }
        number
    }
}

/// Reads what stands in brackets: characters, and ranges of digits or letters.
fn one_of(inside: &[u8]) -> Result<Class, String> {
    let wrong = || {
        let text = String::from_utf8_lossy(inside);
        format!("has [{text}]: in brackets there must be characters, or ranges such as 1-4")
    };
    let mut class = 0;
    let mut rest = inside;
    while let Some((first, behind)) = rest.split_first() {
        let (last, behind) = match behind {
            [b'-', last, behind @ ..] => (last, behind),
            _ => (first, behind),
        };
        let ends = symbol(*first).zip(symbol(*last)).filter(|(from, to)| from <= to);
        let (from, to) = ends.ok_or_else(wrong)?;
        let is_range = first != last;
        let is_alike = |byte: &u8| byte.is_ascii_digit() || byte.is_ascii_alphabetic();
        if is_range && !(is_alike(first) && first.is_ascii_digit() == last.is_ascii_digit() && is_alike(last))
        {
            return Err(wrong());
        }
        for at in from..=to {
            class |= u32::try_from(at).ok().and_then(|at| 1_u32.checked_shl(at)).unwrap_or_default();
        }
        rest = behind;
    }
    if class == 0 { Err(wrong()) } else { Ok(class) }
}
