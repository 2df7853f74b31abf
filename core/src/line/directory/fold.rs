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

/// Compares two texts without case, character by character.
pub(super) fn compare(one: &str, other: &str) -> Ordering {
    if one.is_ascii() && other.is_ascii() {
        let mut pairs = one.bytes().zip(other.bytes());
        let differs = pairs.find(|(here, there)| !here.eq_ignore_ascii_case(there));
        return differs.map_or_else(
            || one.len().cmp(&other.len()),
            |(here, there)| here.to_ascii_lowercase().cmp(&there.to_ascii_lowercase()),
        );
    }
    one.chars().map(fold).cmp(other.chars().map(fold))
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
        ] {
            assert_eq!(compare(one, other), order, "{one} {other}");
            assert_eq!(compare(other, one), order.reverse(), "{other} {one}");
            assert_eq!(folded(one) == folded(other), order.is_eq(), "{one} {other}");
        }
    }
}
