//! The callIDs of calls. They follow from the Linkedid that the first channel of a call has, which is the Uniqueid of
//! that channel: so every link to one Asterisk, whenever it was opened, gives a call the same callID.
//!
//! A Uniqueid is the second in which the channel began and how many began before it since Asterisk was started, as in
//! `1700000000.12`, perhaps behind the name of the system (`pbx-1700000000.12`). The second keeps apart what began
//! before and after a restart. Who asks for a channel may choose another form.

use alloc::collections::BTreeSet;

use super::news::CallId;
use crate::digest::Digester;

/// The highest callID: eight digits, since such a callID remains a number for clients behind that of its phone system.
const HIGHEST: u32 = 99_999_999;

/// How many channels begin before one has the same last digits as another.
const COUNTS: u32 = 100_000;

/// How many seconds are told apart.
const SECONDS: u64 = 999;

/// The callID of the call with this Linkedid, which none of `taken` is.
pub(super) fn number(linked: &str, taken: &BTreeSet<CallId>) -> CallId {
    let mut number = counted(linked).unwrap_or_else(|| hashed(linked));
    while taken.contains(&CallId(number)) {
        number = if number >= HIGHEST { 1 } else { number + 1 };
    }
    CallId(number)
}

/// That of the usual form.
fn counted(unique: &str) -> Option<u32> {
    let (begun, count) = unique.rsplit_once('.')?;
    let begun = begun.rsplit_once('-').map_or(begun, |(_, begun)| begun);
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(begun) || !is_number(count) {
        return None;
    }
    let second = begun.parse::<u64>().ok()? % SECONDS;
    let second = u32::try_from(second).ok()?;
    let count = count.parse::<u32>().ok()? % COUNTS;
    Some((second + 1) * COUNTS + count)
}

/// That of any other form: the same wherever it is read.
fn hashed(unique: &str) -> u32 {
    let mut digester = Digester::new();
    digester.text(unique);
    u32::try_from(digester.finish() % u64::from(HIGHEST)).unwrap_or_default() + 1
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;

    fn alone(linked: &str) -> CallId {
        number(linked, &BTreeSet::new())
    }

    #[test]
    fn a_call_has_the_count_and_the_second_of_its_first_channel() {
        for (linked, expected) in [
            ("1700000000.12", 70_200_012),
            ("1700000000.13", 70_200_013),
            // Another second, as after a restart.
            ("1700000007.12", 70_900_012),
            ("pbx-1700000000.12", 70_200_012),
            ("pbx.east-2-1700000000.12", 70_200_012),
            ("1700000000.100012", 70_200_012),
            ("0.0", 100_000),
            ("998.99999", HIGHEST),
        ] {
            assert_eq!(alone(linked), CallId(expected), "{linked}");
        }
    }

    #[test]
    fn any_other_form_has_a_number_of_its_own_that_is_always_the_same() {
        let odd = [
            "ctigate-1",
            "ctigate-2",
            "1700000000",
            "1700000000.",
            ".12",
            "-.12",
            "1700000000.-5",
            "1700000000.12;2",
            "1700000000.4294967296",
            "99999999999999999999.1",
            "17000000\u{661}0.1",
            "d5c1a1a4-7c3f-4f4e-9d7c-0c6b8a3ef1aa",
            "",
        ];
        let numbers: BTreeSet<CallId> = odd.iter().map(|linked| alone(linked)).collect();
        assert_eq!(numbers.len(), odd.len());
        // Another node must give the same, whatever machine and version it is.
        assert_eq!(alone("ctigate-1").to_string(), "63052595");
        assert!(numbers.iter().all(|number| (1..=HIGHEST).contains(&number.0)), "{numbers:?}");
    }

    #[test]
    fn a_call_whose_number_another_call_has_gets_the_next_one() {
        let mut taken = BTreeSet::from([CallId(70_200_012), CallId(70_200_013)]);
        assert_eq!(number("1700000000.12", &taken), CallId(70_200_014));
        taken.insert(CallId(HIGHEST));
        assert_eq!(number("998.99999", &taken), CallId(1));
    }
}
