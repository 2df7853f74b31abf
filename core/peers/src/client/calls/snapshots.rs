//! What snapshots say of the calls.

use alloc::string::String;
use alloc::vec::Vec;

use ctigate_core::wire::csta::model::{LocalConnectionState as State, Party as Named, SnapshotItem};
use roxmltree::Node;

use super::following::{child, connection, party};
use super::{Calls, Party, number_of};

impl Calls {
    /// Takes a snapshot of the line: there are these calls, and no others.
    pub(crate) fn found(&mut self, items: &[SnapshotItem<'_>]) {
        let gone = |id: &str| !items.iter().any(|item| item.connection.call == Some(id));
        let ended: Vec<String> = self.live.iter().map(|call| call.id.clone()).filter(|id| gone(id)).collect();
        for id in ended {
            self.end(&id);
        }
        for item in items {
            self.found_one(item);
        }
    }

    fn found_one(&mut self, item: &SnapshotItem<'_>) {
        let endpoint =
            item.endpoint.filter(|it| !matches!(it, Named::Device(device) if self.is_own(device.id)));
        let (own, others) =
            item.states.split_first().map_or((None, &[][..]), |(own, others)| (Some(*own), others));
        let Some(call) = self.see(&item.connection) else { return };
        call.state = own.unwrap_or(call.state);
        if own == Some(State::Null) {
            self.end(item.connection.call.unwrap_or_default());
            return;
        }
        let known: Option<Vec<State>> = call.parties.iter().map(|party| party.state).collect();
        if known.is_some_and(|known| is_same(&known, others)) && (others.len() > 1 || endpoint.is_none()) {
            return;
        }
        // It says of one party at most whose state it is. Who else was known is kept as long as the count fits.
        if others.len() == 1 || call.parties.len() != others.len() {
            let number = endpoint.and_then(number_of);
            let known = call.parties.iter().find(|party| number.is_none() || party.number == number);
            let mut first = known.cloned().unwrap_or(Party { id: None, number, state: None });
            first.state = others.first().copied();
            let unnamed = |state: &State| Party { id: None, number: None, state: Some(*state) };
            call.parties = others.iter().skip(1).map(unnamed).collect();
            if !others.is_empty() {
                call.parties.insert(0, first);
            }
        } else {
            let all = others.first().filter(|first| others.iter().all(|other| other == *first));
            call.parties.iter_mut().for_each(|party| party.state = all.copied());
        }
    }

    /// Takes a snapshot of one call: these devices are in it, and no others. Returns them, the line among them, as
    /// `calls` shows parties.
    pub(crate) fn found_parties(&mut self, root: Node<'_, '_>) -> Vec<String> {
        let data = child(root, "crossRefIDorSnapshotData").and_then(|data| child(data, "snapshotData"));
        let items: Vec<_> =
            data.into_iter().flat_map(|data| data.children()).filter(Node::is_element).collect();
        let mut parties = Vec::new();
        let mut own = None;
        let mut shown = Vec::new();
        for item in &items {
            let named = child(*item, "callIdentifier").map(connection);
            let device = child(*item, "deviceOnCall").map_or(Named::NotKnown, party);
            let state = child(*item, "localConnectionInfo").and_then(|state| state.text());
            let state = state.map(str::trim).and_then(State::from_word);
            let is_own = match device {
                Named::Device(device) => self.is_own(device.id),
                Named::NotKnown | Named::Restricted => named.is_some_and(|named| self.is_own_device(&named)),
            };
            let party = Party {
                id: named.and_then(|named| named.device).map(|device| device.id.into()),
                number: number_of(device),
                state,
            };
            shown.push([party.shown(), party.word()].join(":"));
            if is_own {
                own = named.and_then(|named| Some((String::from(named.call?), state)));
            } else {
                parties.push(party);
            }
        }
        if let Some((id, state)) = own
            && let Some(call) = self.call(&id)
        {
            call.state = state.unwrap_or(call.state);
            call.parties = parties;
        }
        shown
    }
}

/// Whether two lists have the same states, in whatever order.
fn is_same(one: &[State], other: &[State]) -> bool {
    let sorted = |states: &[State]| {
        let mut states = states.to_vec();
        states.sort_unstable();
        states
    };
    sorted(one) == sorted(other)
}
