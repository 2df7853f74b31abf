//! How far what a client believes can be relied on: whether it was told of all that happened since it last knew all.

use std::collections::{BTreeMap, BTreeSet};

use super::{Client, SECOND};
use crate::simulate::ledger::{Times, Untold};
use crate::world::World;

/// What is so late that it will not come any more.
const LATE: u64 = 3 * SECOND;

/// Why a client may believe what is not so, though the gateway did what it could.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::simulate) enum Excuse {
    /// It was not told something.
    Untold(Untold),
    /// It went to a node that still had the dialog while another had it too: each told it what it did not know of.
    CameBack,
}

/// Since when a client is told of everything, and what it may have missed before.
#[derive(Clone, Debug, Default)]
pub(super) struct Certainty {
    /// When it last asked for all its calls, or had its dialog taken over by a node that shows them all.
    known: u64,
    /// When its monitor was asked for, or made again.
    monitored: u64,
    /// Calls it believed in when its dialog was last taken over, and those it was told of afterwards by what was written
    /// before: if they ended then, nobody can tell.
    ghosts: BTreeSet<String>,
    came_back: bool,
    /// When each node took its dialog over, as far as it has come to know.
    takeovers: BTreeMap<usize, u64>,
}

impl Certainty {
    /// It asked for all its calls, and has the answer.
    pub(super) fn asked(&mut self, at: u64) {
        self.known = at;
        self.ghosts.clear();
        self.came_back = false;
    }

    /// It asked for a monitor, and has it.
    pub(super) const fn monitored(&mut self, at: u64) {
        self.monitored = at;
    }

    /// It was told of a call by an event that the node wrote at this time.
    pub(super) fn told(&mut self, call: &str, node: usize, written: u64) {
        if self.takeovers.get(&node).is_some_and(|at| written < *at) {
            self.ghosts.insert(call.to_owned());
        } else {
            self.ghosts.remove(call);
        }
    }
}

impl Client {
    /// A re-INVITE was answered by a node. Whether that node made its session anew.
    pub(super) fn is_taken_over(&mut self, node: usize, moved: bool) -> bool {
        let call_id = self.call_id().unwrap_or_default();
        let latest = self.ledger.borrow().taken_over(node, call_id);
        let known = self.certainty.takeovers.get(&node).copied();
        let Some(at) = latest.filter(|at| known.is_none_or(|known| known < *at)) else {
            self.certainty.came_back |= moved;
            return false;
        };
        let Self { certainty, belief, .. } = self;
        certainty.takeovers.insert(node, at);
        (certainty.known, certainty.monitored) = (at, at);
        certainty.ghosts = belief.calls().map(|(call, _)| call.to_owned()).collect();
        certainty.came_back = false;
        true
    }

    pub(super) fn has_been_taken_over(&self) -> bool {
        !self.certainty.takeovers.is_empty()
    }

    pub(in crate::simulate) fn has_ghosts(&self) -> bool {
        !self.certainty.ghosts.is_empty()
    }

    /// Whether a call that it believes in may have ended without anybody being able to tell.
    pub(in crate::simulate) fn may_be_ghost(&self, call: &str) -> bool {
        self.certainty.ghosts.contains(call)
    }

    /// Why it may believe what is not so.
    pub(in crate::simulate) fn excuse(&self, world: &World) -> Option<Excuse> {
        if self.certainty.came_back {
            return Some(Excuse::CameBack);
        }
        let dialog = self.dialog.as_ref()?;
        let Certainty { known, monitored, .. } = self.certainty;
        let times = Times { monitored, known, until: world.now().saturating_sub(LATE) };
        let ledger = self.ledger.borrow();
        let heard = |via: &str| self.heard.contains(via);
        let untold = ledger.untold((dialog.node, &dialog.call_id), times, heard)?;
        // What is written into a stream that lasts arrives.
        let broken = self.plan.udp || self.has_lost_a_link(world, dialog.node);
        let written = matches!(untold, Untold::Event | Untold::MonitorStop);
        (broken || !written).then_some(Excuse::Untold(untold))
    }

    /// Whether events may still come that are older than what it would be told if it asked.
    pub(in crate::simulate) fn waits_for_old(&self, world: &World) -> bool {
        self.excuse(world) == Some(Excuse::Untold(Untold::Lost("event_lost")))
    }

    fn has_lost_a_link(&self, world: &World, node: usize) -> bool {
        let links = self.paths.iter().filter(|path| path.node == node).filter_map(|path| path.link);
        links.into_iter().any(|link| !world.is_whole(self.host, link))
    }

    /// Asks for its calls once more, and watches them anew where it may have missed that its monitor ended.
    pub(in crate::simulate) fn make_sure(&mut self, excuse: Option<Excuse>) {
        self.snapped = false;
        if let Some(Excuse::Untold(Untold::MonitorStop | Untold::Lost(_))) = excuse {
            self.monitor = None;
        }
    }
}
