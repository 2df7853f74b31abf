//! A client's belief about its calls, formed only from what it was told.

use std::collections::BTreeMap;

use crate::simulate::inbox::element;

/// The line's calls: callID and the state of the line's own connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Belief(BTreeMap<String, String>);

impl Belief {
    pub(super) fn calls(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(call, state)| (call.as_str(), state.as_str()))
    }

    pub(super) fn forget(&mut self) {
        self.0.clear();
    }

    /// The newest call in one of these states, or any call if no states are given.
    pub(super) fn newest(&self, states: &[&str]) -> Option<&str> {
        let fits = |state: &str| states.is_empty() || states.contains(&state);
        self.calls().filter(|(_, state)| fits(state)).last().map(|(call, _)| call)
    }

    /// Takes an event: `localConnectionInfo` is the state of the line's own connection.
    pub(super) fn learn(&mut self, event: &str) {
        let (Some(call), Some(state)) = (element(event, "callID"), element(event, "localConnectionInfo"))
        else {
            return;
        };
        if state == "null" {
            self.0.remove(call);
        } else {
            self.0.insert(call.to_owned(), state.to_owned());
        }
    }

    /// Takes a snapshot, which replaces all calls.
    pub(super) fn replace(&mut self, snapshot: &str) {
        self.0.clear();
        for item in snapshot.split("<snapshotDeviceResponseInfo>").skip(1) {
            if let (Some(call), Some(state)) =
                (element(item, "callID"), element(item, "localConnectionState"))
            {
                self.0.insert(call.to_owned(), state.to_owned());
            }
        }
    }
}
