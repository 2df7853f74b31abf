//! The gateway's phases: a drain leaves sessions to other nodes, a stop ends them; both are bounded in time.
//!
//! ```text
//!   Running --drain--> Draining --stop or time up--> Stopping
//!   Running --stop--> Stopping
//!   Draining --undrain--> Running
//!   Draining, Stopping --nothing left to wait for--> Terminated
//!   Stopping --time up--> Terminated
//! ```

use crate::transition::assert_transition;

/// The gateway's phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Running,
    /// No new session is accepted; existing ones may move to other nodes.
    Draining,
    /// Sessions are being ended with BYE.
    Stopping,
    /// The gateway has ended.
    Terminated,
}

/// What can happen to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The operator asked for a drain.
    Drain,
    /// The operator asked to end a drain.
    Undrain,
    /// The operator asked for a stop.
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
    ("Draining", "Running"),
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

    /// The phase after an event.
    pub(crate) fn on(self, event: Event) -> Self {
        let next = match (self, event) {
            (Self::Running, Event::Drain) => Self::Draining,
            (Self::Draining, Event::Undrain) => Self::Running,
            (Self::Running | Self::Draining, Event::Stop) | (Self::Draining, Event::TimeUp) => Self::Stopping,
            (Self::Stopping, Event::TimeUp) | (Self::Draining | Self::Stopping, Event::Done) => {
                Self::Terminated
            }
            (phase, Event::Drain | Event::Undrain | Event::Stop | Event::TimeUp | Event::Done) => phase,
        };
        assert_transition(TABLE, self.name(), next.name());
        next
    }
}
