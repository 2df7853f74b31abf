//! Which phones obey NOTIFY with `Event: talk` and `Event: hold`: those of endpoints that are configured, those that
//! registered as a user agent that is configured, and those that announced it in a call (`Allow-Events: talk, hold`),
//! as the dialplan tells by `UserEvent(PhoneObeys)`.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::AsteriskLink;
use super::asking::Asked;
use super::pace::Pace;
use crate::cti::asterisk::calls::Text;
use crate::cti::protocol::Output;
use crate::digest::Digester;
use crate::time::Duration;
use crate::wire::ami::Message;
use crate::wire::ami::write::Action;
use crate::wire::csta::model::{Device, Party};
use crate::wire::csta::relayed::Value;

/// The least time between two lists of contacts.
const PAUSE: Duration = Duration::from_secs(30);

/// The most endpoints of which is remembered what their phones announced. Once there are more, all is forgotten.
const MOST_ANNOUNCED: usize = 40_000;

/// What phones have shown of themselves.
#[derive(Debug, Default)]
pub(super) struct Phones {
    /// Whether all contacts of an endpoint are of a user agent that obeys.
    agents: BTreeMap<Text, bool>,
    /// The same of the list that is being read.
    listed: BTreeMap<Text, bool>,
    /// What the phones of an endpoint announced last.
    announced: BTreeMap<Text, bool>,
    /// When contacts are listed.
    pub(super) pace: Pace,
    /// The fingerprint of what was learnt.
    mark: u64,
}

crate::digest! { struct Phones {
    agents: _, // In `mark`.
    listed: _, // In `mark`.
    announced: _, // In `mark`.
    pace,
    mark,
} }

impl Phones {
    /// Whether the phone of an endpoint has shown that it obeys.
    fn obeys(&self, endpoint: &str) -> bool {
        let shown = |by: &BTreeMap<Text, bool>| by.get(endpoint).is_some_and(|obeys| *obeys);
        shown(&self.announced) || shown(&self.agents)
    }

    /// Notes that this was learnt, in this order.
    fn mark(&mut self, what: &str, endpoint: &str, obeys: bool) {
        let mut digester = Digester::new();
        digester.number(self.mark);
        digester.text(what);
        digester.text(endpoint);
        digester.flag(obeys);
        self.mark = digester.finish();
    }
}

/// Whether a user agent is of one of the kinds that are named by how they begin; `*` may stand at the end of each.
fn is_of(agent: &str, kinds: &[String]) -> bool {
    kinds.iter().any(|kind| agent.starts_with(kind.trim_end_matches('*')))
}

impl AsteriskLink {
    /// Whether the phone behind an endpoint obeys NOTIFY with `Event: talk` and `Event: hold`.
    pub(super) fn obeys(&self, endpoint: &str) -> bool {
        self.settings.obedient.iter().any(|one| one == "*" || one == endpoint) || self.phones.obeys(endpoint)
    }

    /// Asks for the contacts, if it matters of which user agents they are.
    pub(super) fn list_contacts(&mut self, output: &mut Output<'_>) {
        if self.settings.obedient_user_agents.is_empty() {
            return;
        }
        self.phones.listed.clear();
        self.phones.pace.begin(output.now());
        self.send(&Action::PjsipShowContacts, Asked::Contacts, output);
    }

    /// One contact of the list (event `ContactList`).
    pub(super) fn contact(&mut self, item: &Message<'_>) {
        let Some(endpoint) = item.value("Endpoint").filter(|endpoint| !endpoint.is_empty()) else { return };
        let agent = item.value("UserAgent").unwrap_or_default();
        let obeys = is_of(agent, &self.settings.obedient_user_agents);
        self.phones.mark("contact", endpoint, obeys);
        let all = self.phones.listed.entry(endpoint.into()).or_insert(true);
        *all = *all && obeys;
    }

    /// The list of contacts is complete.
    pub(super) fn end_contacts(&mut self) {
        self.phones.pace.end();
        self.phones.mark("all", "", true);
        let listed = core::mem::take(&mut self.phones.listed);
        let before = core::mem::replace(&mut self.phones.agents, listed);
        let obeyed = |agents: &BTreeMap<Text, bool>, endpoint: &Text| agents.get(endpoint) == Some(&true);
        let others = before.keys().filter(|endpoint| !self.phones.agents.contains_key(*endpoint));
        let changed: Vec<Text> = others
            .chain(self.phones.agents.keys())
            .filter(|endpoint| obeyed(&before, endpoint) != obeyed(&self.phones.agents, endpoint))
            .cloned()
            .collect();
        for endpoint in changed {
            self.tell_capabilities(&endpoint);
        }
    }

    /// A phone has registered, or no longer is (event `ContactStatus`): it may be another one now.
    pub(super) fn contact_changed(&mut self, event: &Message<'_>, output: &Output<'_>) {
        // A phone that answers OPTIONS, or does not, is the same one.
        if matches!(event.value("ContactStatus"), Some("Reachable" | "Unreachable")) {
            return;
        }
        if !self.settings.obedient_user_agents.is_empty() {
            self.phones.pace.want(output.now(), PAUSE);
        }
        let endpoint = event.value("EndpointName").unwrap_or_default();
        if self.phones.announced.get(endpoint) == Some(&true) {
            self.announce(endpoint, false);
        }
    }

    /// The dialplan says what a phone announced (event `UserEvent`).
    pub(super) fn has_announced(&mut self, event: &Message<'_>) {
        let Some(endpoint) = event.value("Endpoint").filter(|endpoint| !endpoint.is_empty()) else { return };
        let says = |key| event.value(key).is_some_and(|value| value.eq_ignore_ascii_case("yes"));
        let obeys = says("Talk") && says("Hold");
        if self.settings.learns_obedience && self.phones.announced.get(endpoint) != Some(&obeys) {
            self.announce(endpoint, obeys);
        }
    }

    fn announce(&mut self, endpoint: &str, obeys: bool) {
        let did_obey = self.obeys(endpoint);
        if self.phones.announced.len() >= MOST_ANNOUNCED {
            self.phones.announced.clear();
        }
        self.phones.mark("announced", endpoint, obeys);
        self.phones.announced.insert(endpoint.into(), obeys);
        if self.obeys(endpoint) != did_obey {
            self.tell_capabilities(&endpoint.into());
        }
    }

    /// Tells the monitors of a device that it can do other things now.
    fn tell_capabilities(&mut self, device: &Text) {
        let party = Party::Device(Device { id: device, type_of_number: None });
        let given = [("device", Value::Party(party))];
        self.tell_monitors(device, "DeviceCapsChangedEvent", &given);
    }
}
