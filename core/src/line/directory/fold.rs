//! Comparing without case.

use alloc::string::String;
use core::cmp::Ordering;

/// A character without case. One that is not ASCII never becomes one that is: U+212A is no `k`, so that nobody is taken
/// for another user by a letter that only looks like his.
fn fold(character: char) -> char {
    if character.is_ascii() {
        return character.to_ascii_lowercase();
    }
    let mut lower = character.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(one), None) if !one.is_ascii() => one,
        _ => character,
    }
}

/// Compares two texts without case, character by character. In one pass: up to where they differ, bytes of ASCII are
/// characters.
pub(super) fn compare<'t>(one: &'t str, other: &'t str) -> Ordering {
    if one == other {
        return Ordering::Equal;
    }
    let mut at = 0_usize;
    for (here, there) in one.bytes().zip(other.bytes()) {
        if here == there && here.is_ascii() {
            at = at.saturating_add(1);
            continue;
        }
        if !(here.is_ascii() && there.is_ascii()) {
            let rest = |text: &'t str| text.get(at..).unwrap_or_default().chars().map(fold);
            return rest(one).cmp(rest(other));
        }
        let (here, there) = (here.to_ascii_lowercase(), there.to_ascii_lowercase());
        if here != there {
            return here.cmp(&there);
        }
        at = at.saturating_add(1);
    }
    one.len().cmp(&other.len())
}

/// A hash of a text, the same for texts that [`compare`] finds equal (FNV-1a; it does not resist those who choose texts).
pub(super) fn hash(text: &str) -> u64 {
    const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let mixed = |hash: u64, part: u32| (hash ^ u64::from(part)).wrapping_mul(PRIME);
    let hash = if text.is_ascii() {
        text.bytes().fold(BASIS, |hash, byte| mixed(hash, u32::from(byte.to_ascii_lowercase())))
    } else {
        text.chars().fold(BASIS, |hash, character| mixed(hash, u32::from(fold(character))))
    };
    // The table takes the upper bits to tell entries apart.
    hash ^ hash.wrapping_shl(32)
}

/// A text without case: two are equal if [`compare`] says so.
pub(super) fn folded(text: &str) -> String {
    text.chars().map(fold).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_does_not_matter_and_no_other_letter_becomes_ascii() {
        for (one, other, order) in [
            ("Alice", "aLICE", Ordering::Equal),
            ("Jörg", "JÖRG", Ordering::Equal),
            ("nic\u{212a}", "nick", Ordering::Greater),
            ("\u{130}", "i", Ordering::Greater),
            ("stra\u{df}e", "strasse", Ordering::Greater),
            ("a", "B", Ordering::Less),
            ("", "a", Ordering::Less),
            ("z", "ä", Ordering::Less),
            ("abcä", "ABCZ", Ordering::Greater),
            ("abcÄb", "ABCäa", Ordering::Greater),
            ("abä", "ABÄ", Ordering::Equal),
            ("ab", "ABä", Ordering::Less),
            ("A1", "ab", Ordering::Less),
        ] {
            assert_eq!(compare(one, other), order, "{one} {other}");
            assert_eq!(compare(other, one), order.reverse(), "{other} {one}");
            assert_eq!(folded(one) == folded(other), order.is_eq(), "{one} {other}");
            assert_eq!(hash(one) == hash(other), order.is_eq(), "{one} {other}");
        }
    }
}
