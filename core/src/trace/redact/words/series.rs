//! Numbers that a setting numbers on: a table's `number`, and `count - 1` more behind it, as for phones. They are
//! replaced by as many numbers in order, so that the machine makes of the setting what the rest of the trace says.

use alloc::format;
use alloc::vec::Vec;

use crate::setting::{Setting, Value};

/// How many places are tried for a series.
const ATTEMPTS: u64 = 256;

/// Numbers in order, all with the same count of digits, and where they are moved to.
pub(super) struct Series {
    first: u64,
    count: u64,
    digits: usize,
    /// What replaces the first.
    base: u64,
}

/// The series in `settings`: the first number of each, and how many there are.
pub(super) fn find(settings: &[Setting]) -> impl Iterator<Item = (&str, u64)> {
    let value = |key: &str| settings.iter().find(|setting| setting.key == key).map(|setting| &setting.value);
    settings.iter().filter_map(move |setting| {
        let Some(Value::Text(first)) = setting.key.ends_with("].number").then_some(&setting.value) else {
            return None;
        };
        let table = setting.key.strip_suffix("number")?;
        let Some(Value::Integer(count)) = value(&format!("{table}count")) else { return None };
        Some((first.as_str(), u64::try_from(*count).ok().filter(|count| *count > 1)?))
    })
}

impl Series {
    /// Finds a place for a series that begins with `first`, apart from `others` if there is room; `draw` gives a random
    /// number for each attempt. `None` if these are not numbers that a setting can number on.
    pub(super) fn new(first: &str, count: u64, others: &[Self], draw: impl Fn(u64) -> u64) -> Option<Self> {
        let digits = first.len();
        let first: u64 = first.parse().ok()?;
        let last = first.checked_add(count)?.checked_sub(1)?;
        let significant = last.checked_ilog10().unwrap_or_default();
        let lowest = 10_u64.checked_pow(significant)?;
        // As many digits as the last number has, for all of them.
        let highest = lowest.checked_mul(10)?.checked_sub(count)?;
        let places = highest.checked_sub(lowest)?.checked_add(1)?;
        let mut series = Self { first, count, digits, base: first };
        for attempt in 0..ATTEMPTS {
            let base = lowest.saturating_add(draw(attempt) % places);
            let meets = |start: u64, long: u64| {
                base < start.saturating_add(long) && start < base.saturating_add(count)
            };
            let is_free = others.iter().all(|other| !meets(other.base, other.count));
            let is_new = !meets(first, count) && others.iter().all(|other| !meets(other.first, other.count));
            // Half of the attempts for one that has nothing of the old numbers.
            if is_free && (is_new || attempt > ATTEMPTS / 2) {
                series.base = base;
                break;
            }
        }
        Some(series)
    }

    /// The replacement of `word`, if it is a number of this series.
    pub(super) fn replacement(&self, word: &[u8]) -> Option<Vec<u8>> {
        let number = self.number(word)?;
        let offset = number.checked_sub(self.first).filter(|offset| *offset < self.count)?;
        let width = self.digits;
        Some(format!("{:0width$}", self.base.saturating_add(offset)).into_bytes())
    }

    /// Whether `word` replaces a number of this series.
    pub(super) fn has_taken(&self, word: &[u8]) -> bool {
        let offset = self.number(word).and_then(|number| number.checked_sub(self.base));
        offset.is_some_and(|offset| offset < self.count)
    }

    /// `word` as a number, if it has as many digits as those of this series.
    fn number(&self, word: &[u8]) -> Option<u64> {
        let digits = core::str::from_utf8(word).ok().filter(|word| word.len() == self.digits)?;
        digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse().ok())?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    fn settings(lines: &[&str]) -> Vec<Setting> {
        lines.iter().map(|line| crate::setting::read_line(line).unwrap()).collect()
    }

    fn text(series: &Series, word: &str) -> Option<String> {
        series.replacement(word.as_bytes()).map(|word| String::from_utf8(word).unwrap())
    }

    #[test]
    fn numbers_that_a_setting_numbers_on_stay_in_order_and_move() {
        let settings = settings(&[
            "phone[0].number = \"2000\"",
            "phone[0].count = 500",
            "phone[1].number = \"0099\"",
            "phone[1].count = 2",
            "phone[2].number = \"5000\"",
        ]);
        let found: Vec<_> = find(&settings).collect();
        assert_eq!(found, [("2000", 500), ("0099", 2)]);
        for secret in 0..100 {
            let draw = |attempt: u64| (secret + attempt).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 7;
            let long = Series::new("2000", 500, &[], draw).unwrap();
            let short = Series::new("0099", 2, core::slice::from_ref(&long), draw).unwrap();
            let first: u64 = text(&long, "2000").unwrap().parse().unwrap();
            assert_eq!(text(&long, "2499").unwrap(), format!("{}", first + 499));
            assert!((1000..=9500).contains(&first) && !(1501..2500).contains(&first), "{first}");
            assert_eq!((text(&long, "2500"), text(&long, "1999"), text(&long, "02000")), (None, None, None));
            let first: u64 = text(&short, "0099").unwrap().parse().unwrap();
            assert_eq!(text(&short, "0100").unwrap(), format!("{:04}", first + 1));
            assert!(short.has_taken(text(&short, "0100").unwrap().as_bytes()));
        }
    }

    #[test]
    fn a_series_that_fills_its_digits_stays_where_it_is() {
        let all = Series::new("1000", 9000, &[], |_| 7).unwrap();
        assert_eq!(text(&all, "1234").unwrap(), "1234");
        assert!(Series::new("10*1", 3, &[], |_| 7).is_none());
    }
}
