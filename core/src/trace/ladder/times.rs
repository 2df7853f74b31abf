//! The times of a ladder's rows: since the machine was created, and on the clock of those who read it.

use alloc::format;
use alloc::string::String;

use super::super::chain::Trace;
use super::super::read::ReadError;
use super::super::step::RecordedInput;
use crate::time::{Instant, civil};

/// A point in time of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Since the machine was created.
    Offset(Instant),
    /// Microseconds since 1970.
    Unix(u64),
}

/// When the machine of the run in `segments` was created, in microseconds since 1970, by the first clock in it; `None`
/// if it has none.
///
/// # Errors
/// What is wrong before the first clock, and at which line.
pub fn began(segments: &[&[u8]]) -> Result<Option<u64>, ReadError> {
    let mut trace = Trace::open(segments)?;
    while let Some(step) = trace.next_step()? {
        if let RecordedInput::Clock { unix_micros } = step.input {
            return Ok(Some(unix_micros.saturating_sub(step.now.as_micros())));
        }
    }
    Ok(None)
}

/// How far a local time is ahead of UTC, in seconds, at a time in seconds since 1970.
pub type Ahead<'a> = &'a dyn Fn(u64) -> i32;

/// The times of one run.
#[derive(Clone, Copy)]
pub(super) struct Times<'a> {
    began: Option<u64>,
    ahead: Option<Ahead<'a>>,
}

impl<'a> Times<'a> {
    pub(super) const fn new(began: Option<u64>, ahead: Option<Ahead<'a>>) -> Self {
        Self { began, ahead }
    }

    /// The clock says that it is `unix_micros` now.
    pub(super) fn set(&mut self, now: Instant, unix_micros: u64) {
        self.began = Some(unix_micros.saturating_sub(now.as_micros()));
    }

    /// What the local times are, for the heading.
    pub(super) const fn name(&self) -> &'static str {
        match (self.began, self.ahead) {
            (None, _) => "",
            (Some(_), None) => "UTC",
            (Some(_), Some(_)) => "local time",
        }
    }

    fn unix(&self, now: Instant) -> Option<u64> {
        Some(self.began?.saturating_add(now.as_micros()))
    }

    /// Whether `now` is before `moment`. A point of a clock that the run does not have is before everything.
    pub(super) fn is_before(&self, now: Instant, moment: Moment) -> bool {
        match moment {
            Moment::Offset(at) => now < at,
            Moment::Unix(at) => self.unix(now).is_some_and(|now| now < at),
        }
    }

    /// The seconds since 1970 at `now`, moved to the local time zone; how far that is ahead of UTC, and the
    /// milliseconds.
    fn local(&self, now: Instant) -> Option<(u64, i32, u64)> {
        let unix = self.unix(now)?;
        let seconds = unix / 1_000_000;
        let ahead = self.ahead.map_or(0, |ahead| ahead(seconds));
        Some((seconds.saturating_add_signed(ahead.into()), ahead, unix / 1_000 % 1_000))
    }

    /// The local time of day with milliseconds, and the offset in seconds with microseconds.
    pub(super) fn row(&self, now: Instant) -> String {
        let micros = now.as_micros();
        let offset = format!("{:>4}.{:06}", micros / 1_000_000, micros % 1_000_000);
        let Some((seconds, _, millis)) = self.local(now) else { return format!("{:12} {offset}", "") };
        let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
        format!("{hour:02}:{minute:02}:{second:02}.{millis:03} {offset}")
    }

    /// The local date at `now`, with how far the local time is ahead of UTC.
    pub(super) fn date(&self, now: Instant) -> Option<String> {
        let (seconds, ahead, _) = self.local(now)?;
        let (year, month, day) = civil(seconds / 86_400);
        let sign = if ahead < 0 { '-' } else { '+' };
        let minutes = ahead.unsigned_abs() / 60;
        Some(format!("{year:04}-{month:02}-{day:02} (UTC{sign}{:02}:{:02})", minutes / 60, minutes % 60))
    }
}
