//! The machine's time: whole microseconds since it was created, by the monotonic clock.

use core::time::Duration;
use std::time::{Instant as Monotonic, SystemTime, UNIX_EPOCH};

use ctigate_core::{Input, Instant, Wake};

/// How often the machine gets the wall-clock time.
const WALL_CLOCK_EVERY: Duration = Duration::from_mins(1);
/// How long a machine may take to stop after the command.
const STOP_LIMIT: Duration = Duration::from_secs(10);
/// The exit status of a machine that did not stop in time.
const OVERRAN: u8 = 1;

/// A machine's clock, with the two timers of the shell itself: one for passing on the wall-clock time, one that limits
/// a stop.
#[derive(Debug)]
pub(crate) struct Clock {
    birth: Monotonic,
    tell_wall: Monotonic,
    stop_by: Option<Monotonic>,
}

impl Clock {
    /// A clock that starts now.
    pub(crate) fn new() -> Self {
        let birth = Monotonic::now();
        Self { birth, tell_wall: birth, stop_by: None }
    }

    /// The time since the machine was created.
    pub(crate) fn now(&self) -> Instant {
        Instant::from_micros(u64::try_from(self.birth.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    /// The wall-clock time, if it is due to be passed on.
    pub(crate) fn wall_clock(&mut self) -> Option<Input<'static>> {
        let now = Monotonic::now();
        if now < self.tell_wall {
            return None;
        }
        self.tell_wall = now.checked_add(WALL_CLOCK_EVERY)?;
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Some(Input::Clock { unix_micros: u64::try_from(unix.as_micros()).unwrap_or(u64::MAX) })
    }

    /// Begins to limit the time of a stop.
    pub(crate) fn stopping(&mut self) {
        self.stop_by = self.stop_by.or_else(|| Monotonic::now().checked_add(STOP_LIMIT));
    }

    /// The exit status, if the machine did not stop in time.
    pub(crate) fn overran(&self) -> Option<u8> {
        self.stop_by.filter(|by| Monotonic::now() >= *by).map(|_| OVERRAN)
    }

    /// When to stop waiting for messages: at the machine's wake-up, the shell's deadline, or the clock's own.
    pub(crate) fn until(&self, wake: Option<Wake>, shell: Option<Monotonic>) -> Monotonic {
        let wake = wake.and_then(|wake| self.birth.checked_add(Duration::from_micros(wake.at.as_micros())));
        [wake, shell, self.stop_by].into_iter().flatten().fold(self.tell_wall, Monotonic::min)
    }
}

#[cfg(test)]
mod tests {
    use ctigate_core::Why;

    use super::*;

    #[test]
    fn the_wall_clock_is_told_at_once_and_then_not_for_a_minute() {
        let mut clock = Clock::new();
        assert!(
            matches!(clock.wall_clock(), Some(Input::Clock { unix_micros }) if unix_micros > 1_700_000_000_000_000)
        );
        assert_eq!(clock.wall_clock(), None);
    }

    #[test]
    fn waiting_ends_at_the_earliest_of_wake_shell_and_wall_clock() {
        let mut clock = Clock::new();
        clock.wall_clock();
        let wake = Wake { at: Instant::from_micros(2_000_000), why: Why::Backlog };
        assert_eq!(clock.until(Some(wake), None), clock.birth + Duration::from_secs(2));
        let earlier = clock.birth + Duration::from_secs(1);
        assert_eq!(clock.until(Some(wake), Some(earlier)), earlier);
        assert_eq!(clock.until(None, None), clock.tell_wall);
    }

    #[test]
    fn a_machine_told_to_stop_has_ten_seconds() {
        let mut clock = Clock::new();
        clock.wall_clock();
        assert_eq!(clock.overran(), None);
        clock.stopping();
        assert_eq!(clock.overran(), None);
        assert!(clock.until(None, None) <= Monotonic::now() + STOP_LIMIT);
        clock.stop_by = Some(clock.birth);
        assert_eq!(clock.overran(), Some(OVERRAN));
    }
}
