//! Requests that wait for their turn, where the rate of messages is limited (`cti.rate`).

use super::Pool;
use crate::digest::Digest;
use crate::step::{Step, TimerKey};
use crate::time::Duration;

/// If it takes longer than this to send what waits for its turn, users are asked to sign in later: their own requests
/// would wait so long that they fail.
const LONGEST_BACKLOG: Duration = Duration::from_secs(10);

impl<T: Digest + Copy> Pool<T> {
    /// Sets or cancels the deadline at which a connection sends what waits for its turn, and tells what it still has to
    /// tell.
    pub(super) fn set_send_deadline(&mut self, step: &mut Step<'_>, index: u8) {
        let Some(one) = self.at_mut(index) else { return };
        let next = match one.state.is_open() {
            true if one.protocol.has_more() => Some(step.now),
            true => one.protocol.next_send(step.now),
            false => None,
        };
        match next {
            Some(at) => step.timers.set(&mut one.send_deadline, TimerKey::Send(index), at),
            None => step.timers.cancel(&mut one.send_deadline, TimerKey::Send(index)),
        }
    }

    /// How long it takes until all that waits for its turn now is sent, on the connection in service where that takes
    /// longest.
    pub(crate) fn longest_backlog(&self) -> Duration {
        let serving = self.connections.iter().filter(|one| one.state.is_in_service());
        serving.map(|one| one.protocol.backlog()).max().unwrap_or_default()
    }

    /// Whether so much waits for its turn on all connections in service that users should sign in later.
    pub(crate) fn is_congested(&self) -> bool {
        let mut serving = self.connections.iter().filter(|one| one.state.is_in_service()).peekable();
        serving.peek().is_some() && serving.all(|one| one.protocol.backlog() > LONGEST_BACKLOG)
    }
}
