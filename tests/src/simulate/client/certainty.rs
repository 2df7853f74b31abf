//! How certain a client's belief is: whether it was told everything since it last had complete knowledge.

use std::collections::{BTreeMap, BTreeSet};

use super::{Client, SECOND};
use crate::simulate::ledger::{Times, Untold};
use crate::world::World;

/// How late a message can be.
const LATE: u64 = 3 * SECOND;

/// Why a client may believe something wrong without a fault of the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::simulate) enum Excuse {
    /// It was not told something it should know.
    Untold(Untold),
    /// It used two nodes that both had the dialog, so that neither told it everything.
    CameBack,
}

/// Since when a client has been told everything, and what it may have missed before.
#[derive(Clone, Debug, Default)]
pub(super) struct Certainty {
    /// When it last asked for all its calls, or its dialog was taken over by a node that shows them all.
    known: u64,
    /// When its monitor was requested or recreated.
    monitored: u64,
    /// The calls it believed in when its dialog was last taken over, and those from events that were written before: if
    /// they ended meanwhile, no node knows.
    ghosts: BTreeSet<String>,
    came_back: bool,
    /// When each node took its dialog over, as far as it knows.
    takeovers: BTreeMap<usize, u64>,
}

impl Certainty {
    /// Notes the answer to a request for all its calls.
    pub(super) fn asked(&mut self, at: u64) {
        self.known = at;
        self.ghosts.clear();
        self.came_back = false;
    }

    /// Notes that it has a monitor.
    pub(super) const fn monitored(&mut self, at: u64) {
        self.monitored = at;
    }

    /// Notes an event about a call, which the node wrote at this time.
    pub(super) fn told(&mut self, call: &str, node: usize, written: u64) {
        if self.takeovers.get(&node).is_some_and(|at| written < *at) {
            self.ghosts.insert(call.to_owned());
        } else {
            self.ghosts.remove(call);
        }
    }
}

impl Client {
    /// Notes that a node answered a re-INVITE. Returns whether that node took the dialog over.
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
        belief.forget_parties();
        true
    }

    pub(super) fn has_been_taken_over(&self) -> bool {
        !self.certainty.takeovers.is_empty()
    }

    pub(in crate::simulate) fn has_ghosts(&self) -> bool {
        !self.certainty.ghosts.is_empty()
    }

    /// Whether a call that it believes in may have ended without any node knowing.
    pub(in crate::simulate) fn may_be_ghost(&self, call: &str) -> bool {
        self.certainty.ghosts.contains(call)
    }

    /// Why it may believe something wrong.
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
        // What is written to a stream that lasts does arrive.
        let broken = self.plan.udp || self.has_lost_a_link(world, dialog.node);
        let written = matches!(untold, Untold::Event | Untold::MonitorStop);
        (broken || !written).then_some(Excuse::Untold(untold))
    }

    /// Whether events may still come that are older than the answer if it asked now.
    pub(in crate::simulate) fn waits_for_old(&self, world: &World) -> bool {
        self.excuse(world) == Some(Excuse::Untold(Untold::Lost("event_lost")))
    }

    fn has_lost_a_link(&self, world: &World, node: usize) -> bool {
        let links = self.paths.iter().filter(|path| path.node == node).filter_map(|path| path.link);
        links.into_iter().any(|link| !world.is_whole(self.host, link))
    }

    /// Asks for its calls again, and starts a new monitor if it may have missed the end of the old one.
    pub(in crate::simulate) fn make_sure(&mut self, excuse: Option<Excuse>) {
        self.snapped = false;
        if let Some(Excuse::Untold(Untold::MonitorStop | Untold::Lost(_))) = excuse {
            self.monitor = None;
        }
    }
}
