//! Whether the gateway goes on: a drain leaves sessions to other nodes, a stop ends them, and either is bounded in
//! time.
//!
//! ```text
//!   Running --drain--> Draining --stop or time up--> Stopping
//!   Running --stop--> Stopping
//!   Draining, Stopping --nothing left to wait for--> Terminated
//!   Stopping --time up--> Terminated
//! ```

use crate::transition::assert_transition;

/// Whether the gateway goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Running,
    /// No new session is taken; those there are may go elsewhere.
    Draining,
    /// Sessions are being told.
    Stopping,
    /// All is said; nothing more is wanted.
    Terminated,
}

/// What can happen to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The operator wants a drain.
    Drain,
    /// The operator wants a stop.
    Stop,
    /// A drain or a stop has taken as long as it may.
    TimeUp,
    /// A drain or a stop has nothing more to wait for.
    Done,
}

/// All transitions.
pub(crate) const TABLE: &[(&str, &str)] = &[
    ("Running", "Draining"),
    ("Running", "Stopping"),
    ("Draining", "Stopping"),
    ("Draining", "Terminated"),
    ("Stopping", "Terminated"),
];

impl Phase {
    /// The phase's name, as in [`TABLE`].
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Draining => "Draining",
            Self::Stopping => "Stopping",
            Self::Terminated => "Terminated",
        }
    }

    /// Takes an event.
    pub(crate) fn on(self, event: Event) -> Self {
        let next = match (self, event) {
            (Self::Running, Event::Drain) => Self::Draining,
            (Self::Running | Self::Draining, Event::Stop) | (Self::Draining, Event::TimeUp) => Self::Stopping,
            (Self::Stopping, Event::TimeUp) | (Self::Draining | Self::Stopping, Event::Done) => {
                Self::Terminated
            }
            (phase, Event::Drain | Event::Stop | Event::TimeUp | Event::Done) => phase,
        };
        assert_transition(TABLE, self.name(), next.name());
        next
    }
}
