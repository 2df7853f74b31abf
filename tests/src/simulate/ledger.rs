//! A ledger of what the nodes of a world have sent to clients, across restarts: nothing that must be unique may be used
//! twice, and events that cannot have arrived excuse a client that does not know of them.

use std::collections::{BTreeMap, BTreeSet};

use super::SECOND;

/// How long it takes to send all events that wait for a client that never answers: at most 64, 2 s each.
pub(super) const DRAINED: u64 = 130 * SECOND;

/// An event that a node wrote.
#[derive(Debug)]
struct Event {
    at: u64,
    node: usize,
    /// Its topmost Via: no two have the same.
    via: String,
    /// Whether it says that a monitor has ended.
    ends_monitor: bool,
}

/// A notice of a node that it could not tell a client something.
#[derive(Debug)]
struct Loss {
    at: u64,
    node: usize,
    /// The notice.
    name: &'static str,
}

/// What a client was not told, without a fault of the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Untold {
    /// A node gave this notice that it lost an event, perhaps a monitor's end.
    Lost(&'static str),
    /// A node gave notice that it got no snapshot.
    Unverified,
    /// An event was written but did not arrive.
    Event,
    /// A MonitorStop was written but did not arrive.
    MonitorStop,
}

/// What all nodes of a world have sent to clients.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Every announced monitorCrossRefID, with its dialog and the branch of the request whose answer announced it.
    references: BTreeMap<String, (String, String)>,
    /// Every callID announced by an answer to MakeCall, with that request.
    calls: BTreeMap<String, (String, String)>,
    /// Every answered BYE: its dialog and branch.
    byes: BTreeSet<(String, String)>,
    /// When a node last took over a dialog, by Call-ID.
    takeovers: BTreeMap<(String, usize), u64>,
    /// The nodes and dialogs with a monitor that could not be moved at once: what is set meanwhile is not told.
    unmoved: BTreeSet<(usize, String)>,
    /// The nodes and dialogs whose clients could not be told who is in a call.
    unintroduced: BTreeSet<(usize, String)>,
    events: BTreeMap<String, Vec<Event>>,
    losses: BTreeMap<String, Vec<Loss>>,
}

impl Ledger {
    /// Notes that an answer to the request with this branch announces a monitorCrossRefID. An answer may be
    /// retransmitted.
    ///
    /// # Errors
    /// If it was announced before.
    pub(super) fn announce_reference(
        &mut self,
        reference: &str,
        call_id: &str,
        branch: &str,
    ) -> Result<(), String> {
        let by = (call_id.to_owned(), branch.to_owned());
        let first = self.references.entry(reference.to_owned()).or_insert_with(|| by.clone());
        if first.0 == by.0 && first.1.is_empty() {
            // A node that took the dialog over used the monitor before the answer of the previous node announced it.
            first.1.clone_from(&by.1);
        }
        if *first == by {
            return Ok(());
        }
        Err(format!("a cross-reference ID is used twice: {reference}, by {first:?} and {by:?}"))
    }

    /// Notes that an answer to MakeCall announces a callID.
    ///
    /// # Errors
    /// If it was announced before.
    pub(super) fn announce_call(&mut self, call: &str, by: (&str, &str)) -> Result<(), String> {
        let by = (by.0.to_owned(), by.1.to_owned());
        let first = self.calls.entry(call.to_owned()).or_insert_with(|| by.clone());
        if *first == by {
            return Ok(());
        }
        Err(format!("a call ID is used twice: {call}, by {first:?} and {by:?}"))
    }

    /// Notes that a BYE is answered 200. Returns whether for the first time.
    pub(super) fn say_bye(&mut self, call_id: &str, branch: &str) -> bool {
        self.byes.insert((call_id.to_owned(), branch.to_owned()))
    }

    /// The dialog in which this monitorCrossRefID was announced, given that an event with it goes to `call_id`.
    pub(super) fn owner(&mut self, reference: &str, call_id: &str) -> Option<&str> {
        let taken_over = self.takeovers.keys().any(|(taken, _)| taken == call_id);
        if taken_over && !self.references.contains_key(reference) {
            // The node recreated the client's first monitor, whether or not the client had started it.
            self.references.insert(reference.to_owned(), (call_id.to_owned(), String::new()));
        }
        self.references.get(reference).map(|(dialog, _)| dialog.as_str())
    }

    pub(super) fn take_over(&mut self, at: u64, node: usize, call_id: &str) {
        self.takeovers.insert((call_id.to_owned(), node), at);
    }

    pub(super) fn leave_unmoved(&mut self, node: usize, call_id: &str) {
        self.unmoved.insert((node, call_id.to_owned()));
    }

    /// Whether a monitor of the dialog could ever not be moved at once.
    pub(super) fn was_unmoved(&self, node: usize, call_id: &str) -> bool {
        self.unmoved.contains(&(node, call_id.to_owned()))
    }

    pub(super) fn leave_unintroduced(&mut self, node: usize, call_id: &str) {
        self.unintroduced.insert((node, call_id.to_owned()));
    }

    /// Whether the client of a dialog must have been told who is in its calls.
    pub(super) fn tells_parties(&self, node: usize, call_id: &str) -> bool {
        let dialog = (node, call_id.to_owned());
        !self.unintroduced.contains(&dialog) && !self.unmoved.contains(&dialog)
    }

    /// When the node last took over the dialog.
    pub(super) fn taken_over(&self, node: usize, call_id: &str) -> Option<u64> {
        self.takeovers.get(&(call_id.to_owned(), node)).copied()
    }

    /// Notes an event that was written; a retransmission has the same Via. Returns whether it is none.
    pub(super) fn event(
        &mut self,
        at: u64,
        node: usize,
        (call_id, via): (&str, &str),
        ends_monitor: bool,
    ) -> bool {
        let events = self.events.entry(call_id.to_owned()).or_default();
        let is_first = !events.iter().rev().any(|event| event.via == via);
        if is_first {
            events.push(Event { at, node, via: via.to_owned(), ends_monitor });
        }
        is_first
    }

    /// When the event with this Via was written first.
    pub(super) fn written(&self, call_id: &str, via: &str) -> Option<u64> {
        let events = self.events.get(call_id)?;
        events.iter().rev().find(|event| event.via == via).map(|event| event.at)
    }

    /// Notes a node's notice that it could not tell the client of this dialog something.
    pub(super) fn lose(&mut self, at: u64, node: usize, call_id: &str, name: &'static str) {
        self.losses.entry(call_id.to_owned()).or_default().push(Loss { at, node, name });
    }

    /// What the client of a dialog was not told by a node, if anything; `heard` are the Vias of the events that it got.
    pub(super) fn untold(
        &self,
        (node, call_id): (usize, &str),
        times: Times,
        heard: impl Fn(&str) -> bool,
    ) -> Option<Untold> {
        let Times { monitored, known, until } = times;
        let losses = self.losses.get(call_id).map_or(&[][..], Vec::as_slice);
        let losses = losses.iter().filter(|loss| loss.node == node);
        let events = self.events.get(call_id).map_or(&[][..], Vec::as_slice);
        let mut unheard = events.iter().filter(|event| {
            event.node == node && event.at <= until && event.at >= monitored && !heard(&event.via)
        });
        if unheard.clone().any(|event| event.ends_monitor) {
            return Some(Untold::MonitorStop);
        }
        let mut hidden = losses.clone().filter(|loss| loss.name != "calls_unverified");
        // If an event was lost because too many waited, earlier ones may come after the client has asked.
        let since = |loss: &Loss| {
            if loss.name == "event_lost" { monitored.min(known.saturating_sub(DRAINED)) } else { monitored }
        };
        if let Some(loss) = hidden.find(|loss| loss.at >= since(loss)) {
            return Some(Untold::Lost(loss.name));
        }
        let mut unverified = losses.filter(|loss| loss.at >= known);
        let event = unheard.any(|event| event.at >= known).then_some(Untold::Event);
        unverified.next().map(|_| Untold::Unverified).or(event)
    }
}

/// Since when, and until when, a client must have been told everything.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// When it requested its monitor, whose end may be among the later losses.
    pub(super) monitored: u64,
    /// When it asked for its calls.
    pub(super) known: u64,
    /// Later messages may still be under way.
    pub(super) until: u64,
}
