//! A client's belief about its calls, formed only from what it was told.

use std::collections::{BTreeMap, BTreeSet};

use crate::simulate::inbox::{element, elements, root};

/// What a client believes of one call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Known {
    /// The state of the line's own connection.
    state: String,
    /// The numbers of the parties, if the client was told all of them: by a transfer or a conference, and since then.
    parties: Option<BTreeSet<String>>,
    /// Whether the parties may be others than the client was told, or not be known: because it asked for its calls since,
    /// or came into the call.
    doubted: bool,
}

/// The line's calls, by callID.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::simulate) struct Belief {
    calls: BTreeMap<String, Known>,
    /// The callIDs of calls that ended.
    gone: BTreeSet<String>,
    /// The callIDs of calls that go on under another: for a while the gateway takes them for the new one.
    renamed: BTreeSet<String>,
}

impl Belief {
    /// Each callID, with the state of the line's own connection.
    pub(in crate::simulate) fn calls(&self) -> impl Iterator<Item = (&str, &str)> {
        self.calls.iter().map(|(call, known)| (call.as_str(), known.state.as_str()))
    }

    /// The calls whose parties the client should know if they are a conference, with those that it knows.
    pub(super) fn parties(&self) -> impl Iterator<Item = (&str, Option<&BTreeSet<String>>)> {
        let sure = self.calls.iter().filter(|(_, known)| !known.doubted);
        sure.map(|(call, known)| (call.as_str(), known.parties.as_ref()))
    }

    /// The callIDs of calls that ended.
    pub(super) fn gone(&self) -> impl Iterator<Item = &str> {
        self.gone.difference(&self.renamed).map(String::as_str)
    }

    pub(super) fn forget(&mut self) {
        self.calls.clear();
        self.gone.clear();
        self.renamed.clear();
    }

    /// Forgets who is in the calls: a node that does not know what it was told will tell who is in conferences.
    pub(super) fn forget_parties(&mut self) {
        for known in self.calls.values_mut() {
            (known.parties, known.doubted) = (None, false);
        }
    }

    /// Forgets the other party of calls of two: that may have changed unheard.
    pub(super) fn forget_pairs(&mut self) {
        for known in self.calls.values_mut() {
            known.parties.take_if(|parties| parties.len() < 3);
        }
    }

    /// Doubts who is in the calls: it was perhaps not told.
    pub(super) fn doubt_parties(&mut self) {
        for known in self.calls.values_mut() {
            (known.parties, known.doubted) = (None, true);
        }
    }

    /// The newest call in one of these states, or any call if no states are given.
    pub(in crate::simulate) fn newest(&self, states: &[&str]) -> Option<&str> {
        let fits = |state: &str| states.is_empty() || states.contains(&state);
        self.calls().filter(|(_, state)| fits(state)).last().map(|(call, _)| call)
    }

    /// Takes an event: `localConnectionInfo` is the state of the line's own connection.
    pub(in crate::simulate) fn learn(&mut self, event: &str) {
        let Some(call) = element(event, "callID") else { return };
        let name = root(event);
        if ["TransferedEvent", "ConferencedEvent"].contains(&name) {
            return self.merge(event, call);
        }
        if name == "CallClearedEvent" {
            self.end(call);
            return;
        }
        let Some(state) = element(event, "localConnectionInfo") else { return };
        if state == "null" {
            self.end(call);
            return;
        }
        self.gone.remove(call);
        // Into a call that others began it may come as the third, which no event says.
        let doubted = !["ServiceInitiatedEvent", "OriginatedEvent"].contains(&name);
        let known = self.calls.entry(call.to_owned());
        let known = known.or_insert_with(|| Known { doubted, ..Known::default() });
        state.clone_into(&mut known.state);
        if let Some(parties) = &mut known.parties {
            note(parties, name, event);
        }
    }

    /// Takes an event that makes one call of two, or adds a party to one or removes it: all that its list names go on
    /// under the new callID.
    fn merge(&mut self, event: &str, primary: &str) {
        let new = parts(event, "newConnection").find_map(|new| element(new, "callID")).unwrap_or(primary);
        let second = parts(event, "secondaryOldCall").find_map(|second| element(second, "callID"));
        let listed = parts(event, "oldConnection").filter_map(|old| element(old, "callID"));
        let old: Vec<&str> = [Some(primary), second].into_iter().flatten().chain(listed).collect();
        let state = element(event, "localConnectionInfo").filter(|state| *state != "null");
        for old in old.into_iter().filter(|old| *old != new) {
            self.end(old);
            if state.is_some() {
                self.renamed.insert(old.to_owned());
            }
        }
        let Some(state) = state else { return self.end(new) };
        let parties = parts(event, "newConnection").filter_map(|new| element_with(new, "deviceID"));
        let parties = Some(parties.map(number).collect());
        self.gone.remove(new);
        self.calls.insert(new.to_owned(), Known { state: state.to_owned(), parties, doubted: false });
    }

    fn end(&mut self, call: &str) {
        self.calls.remove(call);
        self.gone.insert(call.to_owned());
    }

    /// Takes a snapshot, which replaces all calls.
    pub(super) fn replace(&mut self, snapshot: &str) {
        let before = core::mem::take(&mut self.calls);
        for item in snapshot.split("<snapshotDeviceResponseInfo>").skip(1) {
            if let (Some(call), Some(state)) =
                (element(item, "callID"), element(item, "localConnectionState"))
            {
                self.gone.remove(call);
                let known = Known { state: state.to_owned(), parties: None, doubted: true };
                self.calls.insert(call.to_owned(), known);
            }
        }
        self.gone.extend(before.into_keys().filter(|call| !self.calls.contains_key(call)));
    }
}

/// Notes what an event says of a party of a call whose parties are known.
fn note(parties: &mut BTreeSet<String>, name: &str, event: &str) {
    let (device, joins) = match name {
        "DeliveredEvent" => ("alertingDevice", true),
        "EstablishedEvent" => ("answeringDevice", true),
        "ConnectionClearedEvent" => ("releasingDevice", false),
        "DivertedEvent" => ("divertingDevice", false),
        _ => return,
    };
    let device = parts(event, device).find_map(|device| element_with(device, "deviceIdentifier"));
    let Some(number) = device.map(number) else { return };
    if joins {
        parties.insert(number);
    } else {
        parties.remove(&number);
    }
}

/// The texts behind each `<name>`.
pub(in crate::simulate) fn parts<'a>(text: &'a str, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    text.split(&open)
        .skip(1)
        .map(move |part| part.split(close.as_str()).next().unwrap_or_default())
        .collect::<Vec<_>>()
        .into_iter()
}

/// The text of the first element of this name, which may have attributes.
pub(in crate::simulate) fn element_with<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let behind = text.split(&format!("<{name}")).skip(1).find(|rest| rest.starts_with(['>', ' ']))?;
    behind.split_once('>')?.1.split("</").next()
}

/// The number of a device: `tel:1002;phone-context=dialstring` is 1002.
pub(in crate::simulate) fn number(device: &str) -> String {
    let number = device.strip_prefix("tel:").unwrap_or(device);
    number.split([';', ':']).next().unwrap_or_default().to_owned()
}

/// All callIDs in a document, in order.
pub(in crate::simulate) fn call_ids(text: &str) -> Vec<&str> {
    elements(text, "callID").collect()
}
