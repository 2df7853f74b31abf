//! What happens again and again is said once a minute, with a count.

use core::time::Duration;
use std::time::Instant as Monotonic;

/// How often it is said at most.
const EVERY: Duration = Duration::from_mins(1);

/// Counts what happens between two times that it is said.
#[derive(Debug, Default)]
pub(crate) struct Seldom {
    /// Until when it is only counted.
    until: Option<Monotonic>,
    count: u64,
}

impl Seldom {
    /// Notes that it happens now. Returns how often it did since it was last said, if it is to be said again.
    pub(crate) fn note(&mut self, now: Monotonic) -> Option<u64> {
        self.count = self.count.saturating_add(1);
        if self.until.is_some_and(|until| now < until) {
            return None;
        }
        self.until = now.checked_add(EVERY);
        Some(core::mem::take(&mut self.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_at_once_and_then_once_a_minute_with_a_count() {
        let (mut seldom, began) = (Seldom::default(), Monotonic::now());
        let said: Vec<_> = (0..1_500)
            .filter_map(|tenth| {
                let count = seldom.note(began + Duration::from_millis(tenth * 100))?;
                Some((tenth, count))
            })
            .collect();
        assert_eq!(said, [(0, 1), (600, 600), (1_200, 600)]);
    }
}
