//! Who takes part in the demo: the phone system, the gateway and three clients, each a program on a thread of its own.

use core::time::Duration;

use super::actor::{Actor, Ended};
use super::story::Step;
use crate::shell::Said;

/// How long anything may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);

/// Somebody, or something, that is told what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// The client of line 1001.
    Alice,
    /// The client of line 1002.
    Bob,
    /// The client of line 1003.
    Carol,
    /// The people at the phones.
    Phones,
    /// The gateway.
    Gateway,
}

/// Everybody.
pub(super) struct Cast<'scope> {
    pub(super) switch: Actor<'scope>,
    pub(super) gateway: Actor<'scope>,
    /// Alice, Bob and Carol.
    pub(super) clients: [Actor<'scope>; 3],
}

impl<'scope> Cast<'scope> {
    const fn actor(&self, who: Who) -> &Actor<'scope> {
        let [alice, bob, carol] = &self.clients;
        match who {
            Who::Alice => alice,
            Who::Bob => bob,
            Who::Carol => carol,
            Who::Phones => &self.switch,
            Who::Gateway => &self.gateway,
        }
    }

    /// How often somebody has said something so far, in lines that contain `part`.
    fn times(&self, who: Who, part: &str) -> usize {
        let actor = self.actor(who);
        actor.printed.times(part) + actor.log.times(part)
    }

    /// Performs a step, and waits until everybody concerned has seen it.
    ///
    /// # Errors
    /// What was expected and did not happen.
    pub(super) fn perform(&self, step: &Step) -> Result<(), String> {
        let before: Vec<usize> = step.shows.iter().map(|(who, part)| self.times(*who, part)).collect();
        self.actor(step.who).say(Said::Line(step.line.into()));
        for ((who, part), before) in step.shows.iter().zip(before) {
            let actor = self.actor(*who);
            let output = if *who == Who::Gateway { &actor.log } else { &actor.printed };
            if !output.has_times(part, before + 1, PATIENCE) {
                return Err(format!("{}: expected {who:?} to show {part:?} within {PATIENCE:?}", step.says));
            }
        }
        Ok(())
    }

    /// Everybody signs out and ends.
    pub(super) fn end(self) -> Vec<Ended> {
        for client in &self.clients {
            client.say(Said::Line("quit".into()));
            client.say(Said::End);
        }
        let mut ended: Vec<Ended> = self.clients.into_iter().map(Actor::end).collect();
        ended.extend([self.gateway.stop(), self.switch.stop()]);
        ended
    }
}
