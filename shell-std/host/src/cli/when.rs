//! Points in time on the command line: seconds since a run began, a time of day, or a date and a time.

use ctigate_core::Instant;
use ctigate_core::time::{civil, days};
use ctigate_core::trace::Moment;

use super::zone::Zone;

/// The forms, for error messages.
pub(crate) const FORMS: &str = "seconds since the run began (12.5), a local time (09:30 or 09:30:15.250), or a date and a time \
     (2026-03-01T09:30, with a Z at its end for UTC)";

const DAY: u64 = 86_400_000_000;

/// A point in time as it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// Microseconds since the run began.
    Offset(u64),
    /// The time of day in microseconds; the day since 1970, if it was given; and whether it is UTC.
    Clock { day: Option<u64>, time: u64, utc: bool },
}

impl When {
    /// Reads one of [`FORMS`].
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if !text.contains(':') {
            return seconds(text.strip_suffix('s').unwrap_or(text), u64::MAX / 1_000_000).map(Self::Offset);
        }
        let (date, rest) = match text.split_once(['T', ' ']) {
            Some((date, rest)) => (Some(date), rest),
            None => (None, text),
        };
        let (time, utc) = match rest.strip_suffix('Z') {
            Some(time) => (time, true),
            None => (rest, false),
        };
        let day = match date {
            Some(date) => Some(day(date)?),
            None => None,
        };
        let mut parts = time.splitn(3, ':');
        let hour = number(parts.next()?, 23)?;
        let minute = number(parts.next()?, 59)?;
        let second = parts.next().map_or(Some(0), |second| seconds(second, 59))?;
        Some(Self::Clock { day, time: (hour * 60 + minute) * 60_000_000 + second, utc })
    }

    /// The point in time in a run that began `began` microseconds after 1970. A time without a date is the first after
    /// the run began.
    ///
    /// # Errors
    /// The run has no clock to compare it with.
    pub(crate) fn resolve(self, began: Option<u64>, zone: &Zone) -> Result<Moment, String> {
        let (day, time, utc) = match self {
            Self::Offset(micros) => return Ok(Moment::Offset(Instant::from_micros(micros))),
            Self::Clock { day, time, utc } => (day, time, utc),
        };
        let Some(began) = began else {
            return Err("the recording has no clock: give seconds since it began".into());
        };
        let ahead = |unix: u64| if utc { 0 } else { i64::from(zone.ahead(unix / 1_000_000)) * 1_000_000 };
        let unix = |local: u64| {
            // The difference at the local time taken for UTC is usually right, and else that at the result is.
            let near = local.saturating_add_signed(-ahead(local));
            local.saturating_add_signed(-ahead(near))
        };
        if let Some(day) = day {
            return Ok(Moment::Unix(unix(day.saturating_mul(DAY).saturating_add(time))));
        }
        let today = began.saturating_add_signed(ahead(began)) / DAY * DAY;
        let first = unix(today.saturating_add(time));
        // Times on the command line usually have no fraction.
        let is_past = first.saturating_add(60_000_000) <= began;
        Ok(Moment::Unix(if is_past { unix(today.saturating_add(DAY).saturating_add(time)) } else { first }))
    }
}

/// A whole number of one or two digits, at most `most`.
fn number(text: &str, most: u64) -> Option<u64> {
    let is_number = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| is_number && *number <= most)
}

/// A number of seconds, whose whole part is at most `most`, in microseconds.
fn seconds(text: &str, most: u64) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 6 {
        return None;
    }
    let whole: u64 = whole.parse().ok().filter(|whole| *whole <= most)?;
    let fraction: u64 = format!("{fraction:0<6}").parse().ok()?;
    whole.checked_mul(1_000_000)?.checked_add(fraction)
}

/// The days since 1970 of a date such as `2026-03-01`.
fn day(text: &str) -> Option<u64> {
    let (year, rest) = text.split_once('-').filter(|(year, _)| year.len() == 4)?;
    let (month, day) = rest.split_once('-')?;
    let year: u64 = year.parse().ok().filter(|year| (1970..=9999).contains(year))?;
    let (month, day) = (number(month, 12)?, number(day, 31)?);
    let found = days(year, month, day);
    (month > 0 && day > 0 && civil(found) == (year, month, day)).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unix(text: &str, began: u64, zone: &Zone) -> Option<u64> {
        match When::parse(text)?.resolve(Some(began), zone).unwrap() {
            Moment::Unix(unix) => Some(unix),
            Moment::Offset(offset) => Some(offset.as_micros()),
        }
    }

    #[test]
    fn every_form_is_understood_and_nothing_else() {
        let zone = Zone::default();
        // 2026-03-01T09:29:59.5Z.
        let began = 1_772_357_399_500_000;
        for (text, expected) in [
            ("12.5", 12_500_000),
            ("90s", 90_000_000),
            ("09:30", 1_772_357_400_000_000),
            ("9:30:15.25", 1_772_357_415_250_000),
            // A minute that has begun counts from its beginning.
            ("09:29", 1_772_357_340_000_000),
            // Before the run began: the next day.
            ("08:00", 1_772_438_400_000_000),
            ("2026-03-01T09:30:00Z", 1_772_357_400_000_000),
            ("2026-03-01 09:30", 1_772_357_400_000_000),
        ] {
            assert_eq!(unix(text, began, &zone), Some(expected), "{text}");
        }
        for wrong in [
            "",
            "x",
            "-1",
            "1.",
            ".5",
            "24:00",
            "9:60",
            "9:30:60",
            "9:30:1.1234567",
            "2026-02-30T1:00",
            "12:",
        ] {
            assert_eq!(When::parse(wrong), None, "{wrong}");
        }
        let error = When::parse("9:30").unwrap().resolve(None, &zone).unwrap_err();
        assert_eq!(error, "the recording has no clock: give seconds since it began");
    }
}
