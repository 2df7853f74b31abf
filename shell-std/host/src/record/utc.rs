//! Wall-clock time in the format of RFC 3339, in UTC with milliseconds.

use std::time::{SystemTime, UNIX_EPOCH};

use ctigate_core::time::civil;

/// The current time, such as `2026-03-01T12:00:00.123Z`.
pub(crate) fn now() -> String {
    at(SystemTime::now())
}

/// A point in time in the same format; one before 1970 is written as the beginning of 1970.
pub(crate) fn at(moment: SystemTime) -> String {
    let unix = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    rfc3339(unix.as_secs(), unix.subsec_millis())
}

/// The time `secs` seconds and `millis` milliseconds after the beginning of 1970.
fn rfc3339(secs: u64, millis: u32) -> String {
    let (year, month, day) = civil(secs / 86_400);
    let (hour, minute, second) = (secs / 3_600 % 24, secs / 60 % 60, secs % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments_are_written_as_rfc_3339_does() {
        assert_eq!(rfc3339(0, 0), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339(951_782_400, 7), "2000-02-29T00:00:00.007Z");
        assert_eq!(rfc3339(1_709_251_199, 999), "2024-02-29T23:59:59.999Z");
        assert_eq!(rfc3339(4_107_542_400, 0), "2100-03-01T00:00:00.000Z");
    }
}
