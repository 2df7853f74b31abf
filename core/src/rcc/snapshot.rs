//! A snapshot of a line, and the events that came since it was requested.

use super::calls::{Calls, Seen, Stage, seen};
use crate::wire::csta::model::SnapshotItem;
use crate::word::Word;

/// A snapshot, to be compared with what clients know.
pub(crate) struct Snapshot<'a> {
    /// The number of the phone system that gave it.
    pub(crate) switch: u8,
    /// The line that it is of.
    pub(crate) line: &'a str,
    /// The calls at the line.
    pub(crate) items: &'a [SnapshotItem<'a>],
    /// How many of them count.
    pub(crate) limit: usize,
    /// How many parties of each count.
    pub(crate) parties: usize,
    /// The calls of the events that came since it was requested.
    pub(crate) since: &'a [Recent],
    /// The line's calls as events left them.
    pub(crate) known: &'a Calls,
}

/// A call that an event was about.
#[derive(Debug)]
pub(crate) struct Recent {
    pub(super) call: Word,
    /// Whether the call is over at the line since, at least under this callID.
    pub(super) is_over: bool,
    /// Whether a transfer or conference gave it this callID.
    pub(super) is_renamed: bool,
}

impl Snapshot<'_> {
    fn recent(&self, id: &str) -> Option<&Recent> {
        self.since.iter().find(|recent| recent.is_of(id))
    }

    /// Whether an event since the request says that this call goes on.
    pub(super) fn goes_on(&self, id: &str) -> bool {
        self.recent(id).is_some_and(|recent| !recent.is_over)
    }

    /// Whether it has its callID from a transfer or conference since the request.
    pub(super) fn is_renamed(&self, id: &str) -> bool {
        self.recent(id).is_some_and(|recent| recent.is_renamed)
    }

    /// Returns the stage of a call in the snapshot; `before` is the one that the client knows. An event that came since
    /// the request decides: the snapshot may be older. `None` if the line has no part in the call any more.
    pub(super) fn stage_of(&self, id: &str, item: &SnapshotItem<'_>, before: Option<Stage>) -> Option<Stage> {
        let sure = |stage: Option<Stage>| stage.filter(|stage| *stage != Stage::Unsure);
        if let Some(recent) = self.recent(id) {
            if recent.is_over {
                return None;
            }
            let learnt = sure(self.known.find(id).map(|call| call.stage));
            if let Some(stage) = learnt.or(sure(before)) {
                return Some(stage);
            }
        }
        match seen(item, self.parties) {
            Seen::Gone => None,
            Seen::At(stage) => Some(stage),
            Seen::Unknown => Some(sure(before).unwrap_or(Stage::Established)),
        }
    }
}

impl Recent {
    pub(super) fn is_of(&self, id: &str) -> bool {
        *self.call == *id
    }
}

crate::digest! { struct Recent { call, is_over, is_renamed } }
