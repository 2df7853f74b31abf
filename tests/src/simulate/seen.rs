//! What is observed of machines: a node's engine after every step, and a phone system's calls.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::FIRST_PHONE;
use ctigate_core::engine::{Engine, View};
use ctigate_core::wire::csta::model::LocalConnectionState;
use ctigate_peers::switch::settings::{DoNotDisturb, Forward};
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
    /// Whether its client was told that it is signed in.
    pub(super) is_established: bool,
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
    /// The choices in force, by user ID without case; looked at if there is a directory.
    pub(super) chosen: BTreeMap<String, String>,
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
                    seen.is_established = session.is_established;
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
                        is_established: session.is_established,
                    };
                    self.sessions.truncate(count);
                    self.sessions.push(seen);
                }
            }
            count = count.saturating_add(1);
        }
        self.sessions.truncate(count);
    }

    /// Brings the observation of users' choices up to date.
    pub(super) fn look_at_choices(&mut self, engine: &Engine) {
        self.chosen = engine.selections("").map(|one| (one.user.into(), one.choice.into())).collect();
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
    /// Who took part in each call, one after another: the phones that were reached, and all, a bit for each.
    parties: BTreeMap<String, Vec<(u64, u64)>>,
    /// Every call in which a phone held its part.
    pub(super) held: BTreeSet<(String, u64)>,
    /// What is set at each phone: its forwarding, and which calls must not disturb.
    set: BTreeMap<u64, (Vec<Forward>, Option<DoNotDisturb>)>,
    /// How many of the changes were made before it counts that clients are told.
    earlier: BTreeMap<u64, usize>,
    /// What changed at each phone.
    changes: BTreeMap<u64, Vec<String>>,
}

impl SeenCalls {
    /// The states of a phone's connections.
    pub(super) fn states(&self, phone: u64) -> Vec<&'static str> {
        self.now.iter().filter(|(at, _, _)| *at == phone).map(|(_, _, state)| *state).collect()
    }

    /// The phones that have calls, once for each.
    pub(super) fn phones(&self) -> Vec<u64> {
        self.now.iter().map(|(phone, _, _)| *phone).collect()
    }

    /// The phones in a call.
    pub(super) fn parties(&self, call: &str) -> BTreeSet<String> {
        self.now.iter().filter(|(_, other, _)| other == call).map(|(phone, _, _)| phone.to_string()).collect()
    }

    /// Whether three phones or more are in a call, and not all but one ring.
    pub(super) fn is_conference(&self, call: &str) -> bool {
        let states = self.now.iter().filter(|(_, other, _)| other == call).map(|(_, _, state)| *state);
        let talking = states.clone().filter(|state| ["connected", "hold"].contains(state));
        states.count() > 2 && talking.count() > 1
    }

    /// Whether the phones in `list` ever were those in the call; others may have been ringing.
    pub(super) fn ever_were_in(&self, call: &str, list: &[u64]) -> bool {
        let listed = list.iter().fold(0, |bits, phone| bits | bit(*phone));
        let past = self.parties.get(call).into_iter().flatten();
        past.into_iter().any(|(reached, all)| listed & reached == *reached && listed & all == listed)
    }

    fn note_parties(&mut self) {
        let mut bits: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for (phone, call, state) in &self.now {
            let (reached, all) = bits.entry(call).or_default();
            *all |= bit(*phone);
            if !["alerting", "queued"].contains(state) {
                *reached |= bit(*phone);
            }
        }
        for (call, bits) in bits {
            let past = match self.parties.get_mut(call) {
                Some(past) => past,
                None => self.parties.entry(call.to_owned()).or_default(),
            };
            if past.last() != Some(&bits) {
                past.push(bits);
            }
        }
    }

    /// Lets it count from now on that clients are told what changes at the phones.
    pub(super) fn heed_settings(&mut self) {
        self.earlier = self.changes.iter().map(|(phone, changes)| (*phone, changes.len())).collect();
    }

    /// Looks at what is set as if for the first time: the phone system begins anew.
    pub(super) fn forget_settings(&mut self) {
        self.set.clear();
    }

    /// What was changed at a phone, and how many of these changes came before they counted.
    pub(super) fn changes(&self, phone: u64) -> (&[String], usize) {
        let changes = self.changes.get(&phone).map(Vec::as_slice).unwrap_or_default();
        (changes, self.earlier.get(&phone).copied().unwrap_or_default())
    }

    /// Notes what changed at a phone.
    fn look_at_settings(&mut self, switch: &Switch, phone: u64) {
        let phones = switch.phones();
        let Some(settings) = phones.find(&phone.to_string()).and_then(|phone| phones.settings(phone)) else {
            return;
        };
        let now = (settings.forwards(), settings.do_not_disturb());
        let Some((forwards, refused)) = self.set.get_mut(&phone) else {
            self.set.insert(phone, (now.0.to_vec(), now.1.cloned()));
            return;
        };
        if (forwards.as_slice(), refused.as_ref()) == now {
            return;
        }
        let changes = self.changes.entry(phone).or_default();
        for Forward { kind, active, to, .. } in now.0.iter().filter(|forward| !forwards.contains(forward)) {
            changes.push(format!("{} {active} {to}", kind.word));
        }
        if refused.as_ref() != now.1 {
            changes.push(format!("doNotDisturb {}", now.1.is_some()));
        }
        *forwards = now.0.to_vec();
        *refused = now.1.cloned();
    }

    /// All calls; `None` if there are some in which no phone takes part at the moment, but one may later.
    pub(super) fn alive(&self) -> Option<BTreeSet<String>> {
        let alive: BTreeSet<String> = self.now.iter().map(|(_, call, _)| call.clone()).collect();
        let all = self.counts.is_some_and(|counts| counts.calls == alive.len());
        all.then_some(alive)
    }

    pub(super) fn look(&mut self, switch: &Switch, phones: impl Iterator<Item = u64> + Clone) {
        let counts = switch.counts();
        let idle = counts.calls == 0 && self.now.is_empty();
        self.counts = Some(counts);
        phones.clone().for_each(|phone| self.look_at_settings(switch, phone));
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
                if state == LocalConnectionState::Hold && !self.held.contains(&(call.clone(), phone)) {
                    self.held.insert((call.clone(), phone));
                }
                self.now.push((phone, call, state.word()));
            }
            let most = self.most.entry(phone).or_default();
            *most = self.now.len().saturating_sub(before).max(*most);
        }
        self.note_parties();
    }
}

/// The bit of a phone among the parties of a call.
fn bit(phone: u64) -> u64 {
    u32::try_from(phone.saturating_sub(FIRST_PHONE))
        .ok()
        .and_then(|index| 1_u64.checked_shl(index))
        .unwrap_or(0)
}
