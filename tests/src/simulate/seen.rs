//! What is observed of machines: a node's engine after every step, and a phone system's calls.

use std::collections::{BTreeMap, BTreeSet};

use ctigate_core::engine::{Engine, View};
use ctigate_peers::switch::{Counts, Switch};

/// One CTI connection of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SeenConnection {
    pub(super) id: u64,
    pub(super) in_service: bool,
    /// Whether its phone system reports overload, so that new sessions avoid it if possible.
    pub(super) overloaded: bool,
}

/// One session of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SeenSession {
    pub(super) handle: u64,
    pub(super) call_id: String,
    /// The node's tag.
    pub(super) tag: String,
    pub(super) number: String,
    /// Its CTI connection: index and connection ID.
    pub(super) connection: Option<(u8, u64)>,
}

impl SeenSession {
    /// Whether notices identify it by this name: slot and generation.
    pub(super) fn is_shown_as(&self, name: &str) -> bool {
        let [s0, s1, s2, s3, generation @ ..] = self.handle.to_le_bytes();
        let (slot, generation) = (u32::from_le_bytes([s0, s1, s2, s3]), u32::from_le_bytes(generation));
        name.strip_prefix('#').is_some_and(|name| name == format!("{slot}.{generation}"))
    }
}

/// A node after a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) view: View,
    pub(super) connections: Vec<SeenConnection>,
    pub(super) sessions: Vec<SeenSession>,
}

impl Seen {
    /// Brings the observation up to date; what has not changed is left alone.
    pub(super) fn look(&mut self, engine: &Engine) {
        self.view = engine.view();
        self.connections.clear();
        let connections = engine.connection_ids();
        self.connections.extend(connections.map(|(id, in_service, overloaded)| SeenConnection {
            id,
            in_service,
            overloaded,
        }));
        let mut count = 0_usize;
        for session in engine.sessions() {
            match self.sessions.get_mut(count) {
                Some(seen) if seen.handle == session.handle => {
                    seen.connection = session.connection;
                    if seen.number != session.number {
                        session.number.clone_into(&mut seen.number);
                    }
                }
                _ => {
                    let seen = SeenSession {
                        handle: session.handle,
                        call_id: session.call_id.to_owned(),
                        tag: session.local_tag.to_owned(),
                        number: session.number.to_owned(),
                        connection: session.connection,
                    };
                    self.sessions.truncate(count);
                    self.sessions.push(seen);
                }
            }
            count = count.saturating_add(1);
        }
        self.sessions.truncate(count);
    }

    pub(super) fn session(&self, handle: u64) -> Option<&SeenSession> {
        self.sessions.iter().find(|session| session.handle == handle)
    }

    /// The sessions with a Call-ID. There are two if an INVITE is retransmitted after its transaction is over, as after
    /// a clock jump.
    pub(super) fn under(&self, call_id: &str) -> impl Iterator<Item = &SeenSession> {
        self.sessions.iter().filter(move |session| session.call_id == call_id)
    }

    /// The session of the dialog with this Call-ID and this tag of the node.
    pub(super) fn of_dialog(&self, call_id: &str, tag: &str) -> Option<&SeenSession> {
        self.under(call_id).find(|session| session.tag == tag)
    }

    /// Whether this connect of a connection is in service.
    pub(super) fn serves(&self, (index, id): (u8, u64)) -> bool {
        let connection = self.connections.get(usize::from(index));
        connection.is_some_and(|one| one.id == id && one.in_service)
    }

    /// The indexes of the connections that take turns.
    pub(super) fn rotation(&self) -> impl Iterator<Item = u8> + use<'_> {
        let relaxed = self.connections.iter().any(|one| one.in_service && !one.overloaded);
        let indexes = (0..).zip(&self.connections);
        let serves = move |one: &SeenConnection| one.in_service && !(relaxed && one.overloaded);
        indexes.filter(move |(_, one)| serves(one)).map(|(index, _)| index)
    }

    /// The indexes of the connections in service.
    pub(super) fn in_service(&self) -> impl Iterator<Item = u8> + use<'_> {
        let indexes = (0..).zip(&self.connections);
        indexes.filter(|(_, one)| one.in_service).map(|(index, _)| index)
    }
}

/// A phone system's calls, current and past.
#[derive(Debug, Default)]
pub(super) struct SeenCalls {
    pub(super) counts: Option<Counts>,
    /// Each phone's calls, as callID and the phone's own state.
    pub(super) now: Vec<(u64, String, &'static str)>,
    /// Every callID, with each phone that ever took part.
    pub(super) ever: BTreeSet<(String, u64)>,
    /// The most calls that each phone had at a time.
    pub(super) most: BTreeMap<u64, usize>,
}

impl SeenCalls {
    pub(super) fn look(&mut self, switch: &Switch, phones: impl Iterator<Item = u64>) {
        let counts = switch.counts();
        let idle = counts.calls == 0 && self.now.is_empty();
        self.counts = Some(counts);
        if idle {
            return;
        }
        self.now.clear();
        for phone in phones {
            let before = self.now.len();
            for (call, state) in switch.calls_at(&phone.to_string()) {
                if !self.ever.contains(&(call.clone(), phone)) {
                    self.ever.insert((call.clone(), phone));
                }
                self.now.push((phone, call, state.word()));
            }
            let most = self.most.entry(phone).or_default();
            *most = self.now.len().saturating_sub(before).max(*most);
        }
    }
}
