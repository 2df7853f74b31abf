//! Which phones obey NOTIFY with `Event: talk` and `Event: hold`: those of endpoints that are configured, those that
//! registered as a user agent that is configured, and those that announced it in a call (`Allow-Events: talk, hold`),
//! as the dialplan tells by `UserEvent(PhoneObeys)`.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use super::AsteriskLink;
use super::asking::Asked;
use super::endpoints::Standing;
use super::pace::Pace;
use crate::cti::asterisk::calls::Text;
use crate::cti::protocol::Output;
use crate::digest::Digester;
use crate::time::{Duration, Instant};
use crate::wire::ami::write::Action;
use crate::wire::ami::{Message, Rights};
use crate::wire::csta::model::{Device, Party};
use crate::wire::csta::relayed::Value;

/// The least time between two lists of contacts.
const PAUSE: Duration = Duration::from_secs(30);

/// The most endpoints of which is remembered that their phones announced it, and the most contacts that are remembered.
const MOST: usize = 40_000;

/// What phones have shown of themselves.
#[derive(Debug, Default)]
pub(super) struct Phones {
    /// The endpoints of which all contacts are of user agents that obey.
    agents: BTreeSet<Text>,
    /// Whether so far all contacts are, of each endpoint in the list that is being read.
    listed: BTreeMap<Text, bool>,
    /// How many contacts that list had so far.
    items: usize,
    /// The endpoints whose contacts have changed since that list was asked for.
    changed: BTreeSet<Text>,
    /// The endpoints whose phones announced it in a call.
    announced: BTreeSet<Text>,
    /// The fingerprints of the contacts that are there, as far as events told of them.
    contacts: BTreeSet<u64>,
    /// When contacts are listed.
    pub(super) pace: Pace,
    /// The fingerprint of what was learnt.
    mark: u64,
}

crate::digest! { struct Phones {
    agents: _, // In `mark`.
    listed: _, // In `mark`.
    items: _, // In `mark`.
    changed: _, // In `mark`.
    announced: _, // In `mark`.
    contacts: _, // In `mark`.
    pace,
    mark,
} }

impl Phones {
    /// Whether the phone of an endpoint has shown that it obeys.
    fn obeys(&self, endpoint: &str) -> bool {
        self.announced.contains(endpoint) || self.agents.contains(endpoint)
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

    /// Whether an event tells that the phones of an endpoint are others now: one is gone, or one is there that was not.
    /// A contact is known by its URI; a phone that refreshes its registration, answers OPTIONS or does not, is the same.
    fn are_others(&mut self, endpoint: &str, uri: &str, status: &str) -> bool {
        let mut digester = Digester::new();
        digester.text(endpoint);
        digester.text(uri);
        let contact = digester.finish();
        if status == "Removed" {
            self.contacts.remove(&contact);
            return true;
        }
        let is_new = !self.contacts.contains(&contact);
        if is_new && self.contacts.len() < MOST {
            self.contacts.insert(contact);
        }
        is_new
    }

    /// Nothing is known any more of the phones of an endpoint.
    fn forget(&mut self, endpoint: &str) {
        self.mark("forgotten", endpoint, false);
        self.announced.remove(endpoint);
        self.agents.remove(endpoint);
        if self.pace.is_under_way() {
            self.changed.insert(endpoint.into());
        }
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

    /// Whether it matters of which user agents the contacts are, and Asterisk lists them for this user.
    fn reads_contacts(&self) -> bool {
        !self.settings.obedient_user_agents.is_empty() && self.session.rights().allow(Rights::SYSTEM)
    }

    /// Asks for the contacts, if they matter.
    pub(super) fn list_contacts(&mut self, output: &mut Output<'_>) {
        if !self.reads_contacts() {
            return;
        }
        self.phones.listed.clear();
        self.phones.changed.clear();
        self.phones.items = 0;
        self.phones.mark("list", "", true);
        let number = self.send(&Action::PjsipShowContacts, Asked::Contacts, output);
        if let Some(lost) = self.phones.pace.begin(output.now(), number) {
            self.asked.remove(&lost);
        }
    }

    /// One contact of the list (event `ContactList`).
    pub(super) fn contact(&mut self, item: &Message<'_>) {
        self.phones.items += 1;
        let Some(endpoint) = item.value("Endpoint").filter(|endpoint| !endpoint.is_empty()) else { return };
        let agent = item.value("UserAgent").unwrap_or_default();
        let obeys = is_of(agent, &self.settings.obedient_user_agents);
        self.phones.mark("contact", endpoint, obeys);
        let all = self.phones.listed.entry(endpoint.into()).or_insert(true);
        *all = *all && obeys;
    }

    /// The list of contacts has ended (event `ContactListComplete`). One that lacks some tells nothing: the phone that is
    /// missing may be one that does not obey.
    pub(super) fn end_contacts(&mut self, end: &Message<'_>, now: Instant) {
        let told: Option<usize> = end.value("ListItems").and_then(|items| items.parse().ok());
        let is_whole = told == Some(self.phones.items);
        if !is_whole {
            self.phones.listed.clear();
        }
        self.learn_contacts();
        if !is_whole {
            self.phones.pace.want(now, PAUSE);
        }
    }

    /// What was listed is all that there is.
    pub(super) fn learn_contacts(&mut self) {
        self.phones.pace.end();
        self.phones.mark("all", "", true);
        let listed = core::mem::take(&mut self.phones.listed);
        let since = core::mem::take(&mut self.phones.changed);
        let obeys = |(endpoint, all)| (all && !since.contains(&endpoint)).then_some(endpoint);
        let agents = listed.into_iter().filter_map(obeys).collect();
        let before = core::mem::replace(&mut self.phones.agents, agents);
        let others = before.symmetric_difference(&self.phones.agents);
        let told: Vec<Text> =
            others.filter(|endpoint| !self.phones.announced.contains(*endpoint)).cloned().collect();
        for endpoint in told {
            self.tell_capabilities(&endpoint);
        }
    }

    /// A phone has registered, or no longer is (event `ContactStatus`). What was learnt of another one is forgotten.
    pub(super) fn contact_changed(&mut self, event: &Message<'_>, now: Instant) {
        let [endpoint, uri, status] =
            ["EndpointName", "URI", "ContactStatus"].map(|name| event.value(name).unwrap_or_default());
        if self.endpoints.standing(endpoint) == Standing::Unknown
            || !self.phones.are_others(endpoint, uri, status)
        {
            return;
        }
        let did_obey = self.obeys(endpoint);
        self.phones.forget(endpoint);
        if self.reads_contacts() {
            self.phones.pace.want(now, PAUSE);
        }
        self.tell_if_changed(endpoint, did_obey);
    }

    /// The dialplan says what a phone announced (event `UserEvent`). It counts only where Asterisk also tells that another
    /// phone has registered.
    pub(super) fn has_announced(&mut self, event: &Message<'_>) {
        let endpoint = event.value("Endpoint").unwrap_or_default();
        let learns = self.settings.learns_obedience && self.session.hears_system();
        if !learns || self.endpoints.standing(endpoint) == Standing::Unknown {
            return;
        }
        let says = |key| event.value(key).is_some_and(|value| value.eq_ignore_ascii_case("yes"));
        let obeys = says("Talk") && says("Hold");
        let did_obey = self.obeys(endpoint);
        self.phones.mark("announced", endpoint, obeys);
        if !obeys {
            self.phones.announced.remove(endpoint);
        } else if self.phones.announced.len() < MOST {
            self.phones.announced.insert(endpoint.into());
        }
        self.tell_if_changed(endpoint, did_obey);
    }

    fn tell_if_changed(&mut self, endpoint: &str, did_obey: bool) {
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
