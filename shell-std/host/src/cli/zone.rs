//! The local time zone: what the environment variable `TZ` or the file `/etc/localtime` says (RFC 9636, POSIX 8.3).

use std::path::{Path, PathBuf};
use std::{env, fs};

use ctigate_core::time::{civil, days};

/// The most bytes of a time zone's file.
const LONGEST_FILE: u64 = 1024 * 1024;

/// A time zone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Zone {
    /// How far it is ahead of UTC before the first transition, in seconds.
    before: i32,
    /// When that changed, in seconds since 1970, and to what.
    transitions: Vec<(i64, i32)>,
    /// What holds after the last transition.
    rule: Option<Rule>,
}

/// A rule for all years: the standard time, and the daylight saving time with its begin and end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rule {
    standard: i32,
    saving: Option<(i32, Change, Change)>,
}

/// When the time changes in each year, in seconds of the local day before the change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Change {
    day: Day,
    seconds: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Day {
    /// The day of the year, from 1; February 29 is not counted.
    Julian(i64),
    /// The day of the year, from 0.
    Ordinal(i64),
    /// The nth (5: the last) of this weekday (0: Sunday) in this month.
    Weekday { month: u64, nth: i64, weekday: i64 },
}

impl Zone {
    /// The zone of this process; UTC if nothing says which.
    pub(crate) fn local() -> Self {
        let named = env::var("TZ").ok();
        let read = |path: &Path| {
            let is_short = fs::metadata(path).is_ok_and(|file| file.len() <= LONGEST_FILE);
            fs::read(path).ok().filter(|_| is_short).and_then(|bytes| Self::from_file(&bytes))
        };
        let found = match named.as_deref().map(|name| name.trim_start_matches(':')) {
            None => read(Path::new("/etc/localtime")),
            Some("") => None,
            Some(name) => {
                let path = PathBuf::from("/usr/share/zoneinfo").join(name);
                read(&path).or_else(|| Some(Self { rule: Some(Rule::parse(name)?), ..Self::default() }))
            }
        };
        found.unwrap_or_default()
    }

    /// How far it is ahead of UTC at a time in seconds since 1970, in seconds.
    pub(crate) fn ahead(&self, unix: u64) -> i32 {
        let unix = i64::try_from(unix).unwrap_or(i64::MAX);
        let passed = self.transitions.partition_point(|(at, _)| *at <= unix);
        match (&self.rule, passed.checked_sub(1).and_then(|last| self.transitions.get(last))) {
            (Some(rule), _) if passed == self.transitions.len() => rule.ahead(unix),
            (_, Some((_, ahead))) => *ahead,
            (_, None) => self.before,
        }
    }

    /// Reads a file of the time zone database, which must have times of 64 bits.
    fn from_file(bytes: &[u8]) -> Option<Self> {
        let skipped = Counts::read(bytes)?;
        let bytes = bytes.get(44 + skipped.length(4)?..)?;
        let counts = Counts::read(bytes)?;
        let data = bytes.get(44..)?;
        let times = data.get(..counts.times.checked_mul(8)?)?;
        let kinds = data.get(times.len()..)?.get(..counts.times)?;
        let types = data.get(times.len() + kinds.len()..)?.get(..counts.types.checked_mul(6)?)?;
        let ahead_of = |kind: usize| {
            let kind = types.get(kind.checked_mul(6)?..)?.first_chunk()?;
            Some(i32::from_be_bytes(*kind))
        };
        let mut transitions = Vec::with_capacity(counts.times);
        for (at, kind) in times.chunks_exact(8).zip(kinds) {
            transitions.push((i64::from_be_bytes(*at.first_chunk()?), ahead_of((*kind).into())?));
        }
        let footer = data.get(counts.length(8)?..).and_then(|footer| core::str::from_utf8(footer).ok());
        let rule = footer.and_then(|footer| Rule::parse(footer.trim_matches('\n')));
        Some(Self { before: ahead_of(0)?, transitions, rule })
    }
}

/// How many of each there are in one block of a file.
struct Counts {
    times: usize,
    types: usize,
    letters: usize,
    leaps: usize,
    marks: usize,
}

impl Counts {
    fn read(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.get(..44).filter(|bytes| bytes.starts_with(b"TZif"))?;
        let count = |index: usize| {
            let bytes = bytes.get(20 + 4 * index..)?.first_chunk()?;
            usize::try_from(u32::from_be_bytes(*bytes)).ok()
        };
        let marks = count(0)?.checked_add(count(1)?)?;
        Some(Self { marks, leaps: count(2)?, times: count(3)?, types: count(4)?, letters: count(5)? })
    }

    /// The length of the block behind its header, with times of `width` bytes.
    fn length(&self, width: usize) -> Option<usize> {
        let times = self.times.checked_mul(width.checked_add(1)?)?;
        let leaps = self.leaps.checked_mul(width.checked_add(4)?)?;
        let types = self.types.checked_mul(6)?;
        [leaps, types, self.letters, self.marks].iter().try_fold(times, |sum, part| sum.checked_add(*part))
    }
}

impl Rule {
    /// Reads a rule such as `CET-1CEST,M3.5.0,M10.5.0/3`.
    fn parse(text: &str) -> Option<Self> {
        let (offset, rest) = split_time(after_name(text)?)?;
        let standard = i32::try_from(-offset).ok()?;
        if rest.is_empty() {
            return Some(Self { standard, saving: None });
        }
        let rest = after_name(rest)?;
        let (saving, rest) = match split_time(rest) {
            Some((offset, rest)) => (i32::try_from(-offset).ok()?, rest),
            None => (standard.checked_add(3600)?, rest),
        };
        let mut changes = rest.strip_prefix(',')?.split(',').map(Change::parse);
        let (begin, end) = (changes.next()??, changes.next()??);
        Some(Self { standard, saving: Some((saving, begin, end)) })
    }

    fn ahead(&self, unix: i64) -> i32 {
        let Some((saving, begin, end)) = self.saving else { return self.standard };
        let local = u64::try_from(unix.saturating_add(self.standard.into())).unwrap_or_default();
        let (year, ..) = civil(local / 86_400);
        let begin = begin.in_year(year).saturating_sub(self.standard.into());
        let end = end.in_year(year).saturating_sub(saving.into());
        let is_saving =
            if begin < end { (begin..end).contains(&unix) } else { !(end..begin).contains(&unix) };
        if is_saving { saving } else { self.standard }
    }
}

/// What follows the name of a time: letters, or anything in angle brackets.
fn after_name(text: &str) -> Option<&str> {
    if let Some(quoted) = text.strip_prefix('<') {
        return quoted.split_once('>').map(|(_, rest)| rest);
    }
    let rest = text.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
    (text.len().saturating_sub(rest.len()) >= 3).then_some(rest)
}

/// Reads `hours[:minutes[:seconds]]` with an optional sign, in seconds, and returns the rest.
fn split_time(text: &str) -> Option<(i64, &str)> {
    let end = text.find(|letter: char| !(letter.is_ascii_digit() || ":+-".contains(letter)));
    let (time, rest) = text.split_at_checked(end.unwrap_or(text.len()))?;
    let (sign, time) = match time.strip_prefix('-') {
        Some(time) => (-1, time),
        None => (1, time.strip_prefix('+').unwrap_or(time)),
    };
    let mut seconds = 0_i64;
    for (part, unit) in time.split(':').zip([3600, 60, 1]) {
        let part: i64 = part.parse().ok().filter(|part| (0..=167).contains(part))?;
        seconds = seconds.checked_add(part.checked_mul(unit)?)?;
    }
    Some((sign * seconds, rest))
}

impl Change {
    fn parse(text: &str) -> Option<Self> {
        let (day, time) = text.split_once('/').unwrap_or((text, "2"));
        let seconds = split_time(time).filter(|(_, rest)| rest.is_empty())?.0;
        let day = if let Some(rest) = day.strip_prefix('M') {
            let mut parts = rest.split('.').map(|part| part.parse::<i64>().ok());
            let (month, nth, weekday) = (parts.next()??, parts.next()??, parts.next()??);
            let month = u64::try_from(month).ok().filter(|month| (1..=12).contains(month))?;
            Day::Weekday { month, nth, weekday }
        } else if let Some(rest) = day.strip_prefix('J') {
            Day::Julian(rest.parse().ok()?)
        } else {
            Day::Ordinal(day.parse().ok()?)
        };
        Some(Self { day, seconds })
    }

    /// When it is in `year`, in seconds since 1970 of the local time before it.
    fn in_year(self, year: u64) -> i64 {
        let first = |year: u64, month: u64| i64::try_from(days(year, month, 1)).unwrap_or(i64::MAX);
        let day = match self.day {
            Day::Ordinal(day) => first(year, 1).saturating_add(day),
            Day::Julian(day) => {
                let is_leap = first(year, 3).saturating_sub(first(year, 2)) == 29;
                first(year, 1).saturating_add(day).saturating_sub(i64::from(!(is_leap && day >= 60)))
            }
            Day::Weekday { month, nth, weekday } => {
                let start = first(year, month);
                let next = if month == 12 { first(year + 1, 1) } else { first(year, month + 1) };
                // 1970-01-01 was a Thursday.
                let ahead = (weekday - (start + 4)).rem_euclid(7);
                let mut day = start.saturating_add(ahead).saturating_add(7 * (nth - 1));
                while day >= next {
                    day -= 7;
                }
                day
            }
        };
        day.saturating_mul(86_400).saturating_add(self.seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> Zone {
        Zone { rule: Some(Rule::parse(text).unwrap()), ..Zone::default() }
    }

    #[test]
    fn rules_say_when_the_clocks_change() {
        let berlin = rule("CET-1CEST,M3.5.0,M10.5.0/3");
        // 2026-03-29 and 2026-10-25, 01:00 UTC.
        for (unix, ahead) in [(0, 3600), (1_774_745_999, 3600), (1_774_746_000, 7200), (1_792_889_999, 7200)]
        {
            assert_eq!(berlin.ahead(unix), ahead, "{unix}");
        }
        assert_eq!(berlin.ahead(1_792_890_000), 3600);
        // The southern summer spans the year's end.
        let sydney = rule("AEST-10AEDT,M10.1.0,M4.1.0/3");
        assert_eq!((sydney.ahead(1_767_225_600), sydney.ahead(1_782_864_000)), (39_600, 36_000));
        assert_eq!(rule("<+0530>-5:30").ahead(0), 19_800);
        assert_eq!(rule("NST3:30NDT,M3.2.0,M11.1.0").ahead(0), -12_600);
        let julian = rule("AAA0BBB,J60/0,J61/0");
        assert_eq!(
            [1_709_164_800, 1_709_251_200].map(|unix| julian.ahead(unix)),
            [0, 3600],
            "2024-02-29, 03-01"
        );
        for wrong in ["", "AB1", "CET", "CET-1CEST", "CET-1CEST,M13.1.0,M1.1.0", "CET-1CEST,1"] {
            assert_eq!(Rule::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_file_of_the_database_gives_transitions_and_the_rule_after_them() {
        let block = |version: u8, width: usize| {
            let mut bytes = [b"TZif".as_slice(), &[version], &[0; 15]].concat();
            for count in [0_u32, 0, 0, 2, 2, 4] {
                bytes.extend_from_slice(&count.to_be_bytes());
            }
            for at in [1_000_i64, 2_000] {
                bytes.extend_from_slice(&at.to_be_bytes()[8 - width..]);
            }
            bytes.extend_from_slice(&[1, 0]);
            for ahead in [600_i32, -600] {
                bytes.extend_from_slice(&ahead.to_be_bytes());
                bytes.extend_from_slice(&[0, 0]);
            }
            bytes.extend_from_slice(b"LMT\0");
            bytes
        };
        let whole = [block(b'2', 4), block(b'2', 8), b"\nCET-1\n".to_vec()].concat();
        let zone = Zone::from_file(&whole).unwrap();
        assert_eq!([999, 1_000, 1_999, 2_000].map(|unix| zone.ahead(unix)), [600, -600, -600, 3600]);
        for cut in 0..whole.len() - 8 {
            // It must not panic; a file without its footer has no rule.
            let _ = Zone::from_file(&whole[..cut]);
        }
        assert_eq!(Zone::from_file(b"no zone"), None);
    }
}
