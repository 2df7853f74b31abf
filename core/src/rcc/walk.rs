//! The walk over the sessions that moves them to connections in service, one after the other.
//!
//! ```text
//!   Idle --wanted--> Pausing --timer--> Walking --settled one--> Pausing ... Walking --end--> Idle
//!   Walking --no connection in service--> Waiting --one is--> Pausing
//!   Walking --end, some could not be fed--> Resting --timer--> Walking
//! ```

use crate::time::{Duration, Instant};
use crate::transition::assert_transition;

/// How long the walk rests before it retries monitors that could not be started for a temporary reason. It doubles each
/// time in a row: a phone system that is full for hours is not asked for every line every few seconds.
const REST: Duration = Duration::from_secs(5);

/// The longest rest.
const LONGEST_REST: Duration = Duration::from_secs(60);

/// A failure within this time after a rest counts as a repetition of the failure before it: twice the longest time that
/// an answer may take.
const AGAIN: Duration = Duration::from_secs(60);

/// Up to this lateness of a timer, the next one is set correspondingly earlier, so that the average pace is kept even
/// on a busy machine.
const LATE: Duration = Duration::from_millis(100);

/// The walk and its last rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Walker {
    state: State,
    /// The number of walks begun.
    walks: u32,
    rest: Option<Rest>,
}

/// A rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rest {
    until: Instant,
    pause: Duration,
}

/// The state of the walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// No session lacks anything.
    Idle,
    /// Some sessions lack a connection, and none is in service.
    Waiting,
    /// One was moved; the next follows after a pause.
    Pausing {
        /// The end of the pause.
        until: Instant,
        /// The walk.
        walk: Walk,
    },
    /// The next session is being searched for.
    Walking {
        /// The walk.
        walk: Walk,
    },
    /// All were looked at; some monitors are to be tried again.
    Resting {
        /// The end of the rest.
        until: Instant,
    },
}

/// One walk over the table of sessions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Walk {
    /// The next slot to look at.
    pub(crate) slot: u32,
    /// How many sessions were moved.
    pub(crate) moved: u32,
    /// When the last move, or the walk itself, was due.
    due: Instant,
    /// Whether one more walk is needed, for a later cause.
    again: bool,
    /// Whether a monitor could not be started and is to be tried again.
    unfed: bool,
}

/// An event of the walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// Sessions may have lost their connection, or a connection is in service again.
    Wanted,
    /// No connection is in service.
    NoneServes,
    /// The deadline was reached.
    Timer,
    /// The slots before this one were looked at.
    Looked(u32),
    /// A session was given what it lacked.
    Settled {
        /// The slot after that session.
        next: u32,
        /// The pause before the next one.
        pause: Duration,
        /// Whether the session was moved; it may only have lacked a monitor.
        moved: bool,
    },
    /// All slots were looked at.
    End,
    /// A monitor could not be started, for a temporary reason.
    Unfed,
}

/// All transitions.
pub(crate) const TABLE: &[(&str, &str)] = &[
    ("Idle", "Pausing"),
    ("Idle", "Resting"),
    ("Pausing", "Walking"),
    ("Walking", "Pausing"),
    ("Walking", "Waiting"),
    ("Walking", "Resting"),
    ("Walking", "Idle"),
    ("Waiting", "Pausing"),
    ("Resting", "Pausing"),
    ("Resting", "Walking"),
];

impl State {
    /// The state's name, as in [`TABLE`].
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Idle => "Idle",
            Self::Waiting => "Waiting",
            Self::Pausing { .. } => "Pausing",
            Self::Walking { .. } => "Walking",
            Self::Resting { .. } => "Resting",
        }
    }

    /// When it wants [`Event::Timer`].
    pub(crate) const fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Pausing { until, .. } | Self::Resting { until } => Some(*until),
            Self::Idle | Self::Waiting | Self::Walking { .. } => None,
        }
    }

    /// Whether a walk is going on.
    const fn is_on_walk(&self) -> bool {
        matches!(self, Self::Pausing { .. } | Self::Walking { .. })
    }

    /// Whether some monitors are to be tried again.
    const fn has_unfed(&self) -> bool {
        match self {
            Self::Pausing { walk, .. } | Self::Walking { walk } => walk.unfed,
            Self::Resting { .. } => true,
            Self::Idle | Self::Waiting => false,
        }
    }

    /// Returns the state after an event; a rest takes `pause`.
    fn on(self, event: Event, now: Instant, pause: Duration) -> Self {
        let next = match (self, event) {
            (Self::Idle | Self::Waiting | Self::Resting { .. }, Event::Wanted) => {
                Self::Pausing { until: now, walk: Walk::default() }
            }
            (Self::Pausing { until, walk }, Event::Wanted) => {
                Self::Pausing { until, walk: Walk { again: true, ..walk } }
            }
            (Self::Walking { walk }, Event::Wanted) => Self::Walking { walk: Walk { again: true, ..walk } },
            (Self::Walking { .. }, Event::NoneServes) => Self::Waiting,
            (Self::Pausing { until, walk }, Event::Timer) => {
                Self::Walking { walk: Walk { due: until, ..walk } }
            }
            (Self::Resting { until }, Event::Timer) => {
                Self::Walking { walk: Walk { due: until, ..Walk::default() } }
            }
            (Self::Walking { walk }, Event::Looked(slot)) => Self::Walking { walk: Walk { slot, ..walk } },
            (Self::Walking { walk }, Event::Settled { next, pause, moved }) => {
                let moved = walk.moved.saturating_add(u32::from(moved));
                let from = if now.since(walk.due) <= LATE { walk.due } else { now };
                Self::Pausing { until: from + pause, walk: Walk { slot: next, moved, ..walk } }
            }
            (Self::Walking { walk }, Event::End) if walk.again => {
                Self::Walking { walk: Walk { moved: walk.moved, due: walk.due, ..Walk::default() } }
            }
            (Self::Walking { walk }, Event::End) if walk.unfed => Self::Resting { until: now + pause },
            (Self::Walking { .. }, Event::End) => Self::Idle,
            (Self::Idle, Event::Unfed) => Self::Resting { until: now + pause },
            (Self::Pausing { until, walk }, Event::Unfed) => {
                Self::Pausing { until, walk: Walk { unfed: true, ..walk } }
            }
            (Self::Walking { walk }, Event::Unfed) => Self::Walking { walk: Walk { unfed: true, ..walk } },
            (
                state,
                Event::NoneServes
                | Event::Timer
                | Event::Looked(_)
                | Event::Settled { .. }
                | Event::End
                | Event::Unfed,
            ) => state,
        };
        assert_transition(TABLE, self.name(), next.name());
        next
    }
}

impl Walker {
    /// A walk that has nothing to do.
    pub(crate) const IDLE: Self = Self { state: State::Idle, walks: 0, rest: None };

    /// Returns the state.
    pub(crate) const fn state(&self) -> State {
        self.state
    }

    /// Returns the number of the current or last walk.
    pub(crate) const fn walk(&self) -> u32 {
        self.walks
    }

    /// Whether some monitors are to be tried again.
    pub(super) const fn has_unfed(&self) -> bool {
        self.state.has_unfed()
    }

    /// Handles an event.
    pub(crate) fn on(&mut self, event: Event, now: Instant) {
        if event == Event::Wanted {
            self.rest = None;
        }
        let pause = self.next_pause(now);
        let next = self.state.on(event, now, pause);
        if let (State::Idle | State::Walking { .. }, State::Resting { until }) = (self.state, next) {
            self.rest = Some(Rest { until, pause });
        }
        if !self.state.is_on_walk() || event == Event::End {
            self.walks = self.walks.wrapping_add(u32::from(next.is_on_walk()));
        }
        self.state = next;
    }

    fn next_pause(&self, now: Instant) -> Duration {
        let before = self.rest.filter(|rest| now <= rest.until + AGAIN);
        before.map_or(REST, |rest| rest.pause.times(2).min(LONGEST_REST))
    }
}

crate::digest! { struct Walker {
    state,
    walks,
    rest => (rest.map(|rest| rest.until), rest.map(|rest| rest.pause)),
} }

crate::digest! { struct Walk { slot, moved, again, due, unfed } }

crate::digest! { enum State, State::name {
    Idle,
    Waiting,
    Pausing { until, walk },
    Walking { walk },
    Resting { until },
} }

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    const PACE: Duration = Duration::from_millis(10);

    fn moved(next: u32) -> Event {
        Event::Settled { next, pause: PACE, moved: true }
    }

    fn run(events: &[Event]) -> State {
        events.iter().fold(State::Idle, |state, event| state.on(*event, Instant::ZERO, REST))
    }

    #[test]
    fn sessions_are_moved_one_after_the_other_at_the_pace() {
        let state = run(&[Event::Wanted, Event::Timer, moved(7)]);
        assert_eq!(state.deadline(), Some(Instant::ZERO + PACE));
        let done = [Event::Wanted, Event::Timer, moved(7), Event::Timer, Event::End];
        assert_eq!(run(&done), State::Idle);
    }

    #[test]
    fn a_late_wake_up_is_made_up_for_unless_it_is_very_late() {
        let at = |millis| Instant::ZERO + Duration::from_millis(millis);
        let later =
            |state: State, millis| state.on(Event::Timer, at(millis), REST).on(moved(1), at(millis), REST);
        let first = later(run(&[Event::Wanted]), 35);
        assert_eq!(first.deadline(), Some(at(10)));
        let second = later(first, 35);
        assert_eq!(second.deadline(), Some(at(20)));
        assert_eq!(later(second, 500).deadline(), Some(at(510)));
    }

    #[test]
    fn a_second_cause_makes_a_second_walk() {
        let state = run(&[Event::Wanted, Event::Timer, Event::Looked(9), Event::Wanted, Event::End]);
        assert_eq!(state, State::Walking { walk: Walk::default() });
        assert_eq!(state.on(Event::End, Instant::ZERO, REST), State::Idle);
    }

    #[test]
    fn without_a_connection_all_wait_and_the_walk_begins_anew() {
        let state = run(&[Event::Wanted, Event::Timer, Event::Looked(9), Event::NoneServes]);
        assert_eq!(state, State::Waiting);
        let again = state.on(Event::Wanted, Instant::ZERO, REST);
        assert_eq!(again, State::Pausing { until: Instant::ZERO, walk: Walk::default() });
    }

    #[test]
    fn a_monitor_that_could_not_be_fed_is_tried_again_later() {
        let state = run(&[Event::Wanted, Event::Timer, Event::Unfed, Event::End]);
        assert_eq!(state.deadline(), Some(Instant::ZERO + REST));
    }

    #[test]
    fn a_monitor_that_repeatedly_cannot_be_fed_is_tried_ever_more_rarely() {
        let mut walker = Walker::IDLE;
        let mut now = Instant::ZERO;
        let mut pauses = Vec::new();
        for _ in 0..6 {
            walker.on(Event::Unfed, now);
            let until = walker.state().deadline().unwrap();
            pauses.push(until.since(now).as_secs());
            walker.on(Event::Timer, until);
            // The phone system is asked, and refuses when the walk is over.
            walker.on(moved(1), until);
            walker.on(Event::Timer, until + PACE);
            walker.on(Event::End, until + PACE);
            now = until + Duration::from_secs(4);
        }
        assert_eq!(pauses, [5, 10, 20, 40, 60, 60]);
        walker.on(Event::Unfed, now + AGAIN);
        assert_eq!(walker.state().deadline(), Some(now + AGAIN + REST), "that is another matter");
    }

    /// Ends a rest and runs a walk on which nothing can be fed. Returns the end of the next rest.
    fn walk_in_vain(walker: &mut Walker, now: Instant) -> Instant {
        for event in [Event::Timer, Event::Unfed, Event::End] {
            walker.on(event, now);
        }
        walker.state().deadline().unwrap()
    }

    #[test]
    fn a_refusal_during_the_walk_makes_the_rests_longer_too() {
        let mut walker = Walker::IDLE;
        walker.on(Event::Unfed, Instant::ZERO);
        let mut until = walker.state().deadline().unwrap();
        for pause in [10, 20, 40, 60, 60] {
            let next = walk_in_vain(&mut walker, until);
            assert_eq!(next.since(until).as_secs(), pause);
            until = next;
        }
    }

    #[test]
    fn a_new_cause_makes_the_pauses_short_again() {
        let mut walker = Walker::IDLE;
        walker.on(Event::Unfed, Instant::ZERO);
        let until = walker.state().deadline().unwrap();
        let now = walk_in_vain(&mut walker, until);
        walker.on(Event::Wanted, now);
        assert_eq!(walk_in_vain(&mut walker, now), now + REST);
    }
}
