//! What events say of the calls.

use alloc::string::String;
use alloc::vec::Vec;

use ctigate_core::wire::csta::events::Part;
use ctigate_core::wire::csta::events::Shape;
use ctigate_core::wire::csta::member::{Names, PARTY};
use ctigate_core::wire::csta::model::{
    CallEvent, CallEventKind as Kind, Connection, Device, Event, ListItem, LocalConnectionState as State,
    Party as Named,
};
use roxmltree::Node;

use super::{Call, Calls, Party, number_of};

/// The cause of the events of a call in which somebody is consulted.
const CONSULTATION: &str = "consultation";

/// What an event says of one connection.
struct Change<'a> {
    connection: Connection<'a>,
    /// The device whose connection it is.
    subject: Named<'a>,
    /// The state that the connection has now, if it changed.
    becomes: Option<State>,
    calling: Named<'a>,
    /// The number that a party behind a trunk is known by.
    behind: Option<Named<'a>>,
    /// The state of the line's own connection, if the event says it.
    local: Option<State>,
    cause: &'a str,
}

impl<'a> Change<'a> {
    fn of(event: &CallEvent<'a>) -> Self {
        let becomes = match event.kind {
            Kind::ServiceInitiated => State::Initiated,
            Kind::Delivered => State::Alerting,
            Kind::Originated | Kind::Established | Kind::Retrieved | Kind::NetworkReached => State::Connected,
            Kind::Held => State::Hold,
            Kind::Failed => State::Fail,
            Kind::ConnectionCleared
            | Kind::Diverted
            | Kind::Transfered
            | Kind::Conferenced
            | Kind::CallCleared => State::Null,
        };
        Self {
            connection: event.connection,
            subject: event.subject,
            becomes: Some(becomes),
            calling: event.calling.unwrap_or(Named::NotKnown),
            behind: event.called.filter(|_| event.kind == Kind::NetworkReached),
            local: event.local,
            cause: event.cause,
        }
    }

    /// What an event of call control that the core does not model says.
    fn unmodelled(shape: &Shape, root: Node<'a, 'a>) -> Option<Self> {
        let becomes = match shape.root {
            "OfferedEvent" => Some(State::Alerting),
            "QueuedEvent" => Some(State::Queued),
            "DigitsDialedEvent" | "CallInformationEvent" => None,
            _ => return None,
        };
        let slot = |part: Part| shape.slots.iter().find(|slot| slot.part == part).map(|slot| slot.name);
        let text = |name: &str| child(root, name).and_then(|node| node.text()).unwrap_or_default().trim();
        let party = |name: &str| child(root, name).map_or(Named::NotKnown, party);
        Some(Self {
            connection: connection(child(root, slot(Part::Copy(Names::Connection))?)?),
            subject: party(slot(Part::Copy(PARTY)).unwrap_or_default()),
            becomes,
            calling: party("callingDevice"),
            behind: None,
            local: State::from_word(text("localConnectionInfo")),
            cause: text("cause"),
        })
    }
}

/// The first child element of that name.
pub(super) fn child<'a>(node: Node<'a, 'a>, name: &str) -> Option<Node<'a, 'a>> {
    node.children().find(|child| child.is_element() && child.tag_name().name() == name)
}

fn device<'a>(node: Node<'a, 'a>) -> Option<Device<'a>> {
    let id = node.text().map(str::trim).filter(|id| !id.is_empty())?;
    Some(Device { id, type_of_number: node.attribute("typeOfNumber") })
}

/// Reads the element as a `ConnectionID`.
pub(super) fn connection<'a>(node: Node<'a, 'a>) -> Connection<'a> {
    let call = child(node, "callID").and_then(|call| call.text()).map(str::trim);
    Connection {
        call: call.filter(|call| !call.is_empty()),
        device: child(node, "deviceID").and_then(device),
    }
}

/// Reads the element as a device that may be unknown or withheld.
pub(super) fn party<'a>(node: Node<'a, 'a>) -> Named<'a> {
    if let Some(device) = child(node, "deviceIdentifier").and_then(device) {
        Named::Device(device)
    } else if child(node, "restricted").is_some() {
        Named::Restricted
    } else {
        Named::NotKnown
    }
}

impl Calls {
    /// Takes an event.
    pub(crate) fn event(&mut self, event: &Event<'_>) {
        match event {
            Event::Call(event) => match event.kind {
                Kind::Transfered | Kind::Conferenced => self.joined(event),
                Kind::CallCleared => self.end(event.connection.call.unwrap_or_default()),
                Kind::ServiceInitiated
                | Kind::Originated
                | Kind::Delivered
                | Kind::Established
                | Kind::Held
                | Kind::Retrieved
                | Kind::Failed
                | Kind::ConnectionCleared
                | Kind::NetworkReached
                | Kind::Diverted => self.changed(&Change::of(event)),
            },
            Event::Other { shape, source, .. } => {
                if let Some(change) = Change::unmodelled(shape, *source) {
                    self.changed(&change);
                }
            }
            Event::Unknown { .. } => {}
        }
    }

    /// Whether the device that an event is about is the line.
    fn is_subject(&self, subject: Named<'_>, connection: &Connection<'_>) -> bool {
        match subject {
            Named::Device(device) => self.is_own(device.id),
            Named::NotKnown | Named::Restricted => self.is_own_device(connection),
        }
    }

    fn changed(&mut self, change: &Change<'_>) {
        let Change { connection, subject, becomes, calling, behind, local, cause } = change;
        let Some(id) = connection.call else { return };
        let own = self.is_subject(*subject, connection);
        let state = local.or(becomes.filter(|_| own));
        let over = state == Some(State::Null) || *becomes == Some(State::Null);
        if self.index(id).is_none() && (over || becomes.is_none()) {
            return;
        }
        let caller =
            number_of(*calling).filter(|_| !matches!(*calling, Named::Device(it) if self.is_own(it.id)));
        let number = behind.and_then(number_of).or_else(|| number_of(*subject));
        let Some(call) = self.see(connection) else { return };
        call.state = state.unwrap_or(call.state);
        if own {
            if call.parties.is_empty() && (caller.is_some() || *becomes == Some(State::Alerting)) {
                call.parties.push(Party { id: None, number: caller, state: Some(State::Connected) });
            }
        } else if let Some(becomes) = *becomes {
            note(call, connection.device.map(|device| device.id), number.as_deref(), becomes);
        }
        if state == Some(State::Null) {
            self.end(id);
        } else if own && *becomes == Some(State::Hold) {
            self.held = Some(id.into());
        } else if own
            && *cause == CONSULTATION
            && matches!(becomes, Some(State::Initiated | State::Connected))
            && let Some(held) = self.held.clone()
        {
            self.consult(id, &held);
        }
    }

    /// Takes an event that makes one call of two, or adds a device to one.
    fn joined(&mut self, event: &CallEvent<'_>) {
        let is_transfer = event.kind == Kind::Transfered;
        let list: Vec<ListItem<'_>> = event.list().collect();
        let new = list.iter().find_map(|item| item.new.and_then(|new| new.call));
        let new = new.or(event.connection.call).unwrap_or_default();
        let second = event.second.and_then(|second| second.call);
        let listed = list.iter().filter_map(|item| item.old.and_then(|old| old.call));
        let old: Vec<&str> =
            event.connection.call.into_iter().chain(second).chain(listed).chain([new]).collect();
        let leaves = is_transfer && self.is_subject(event.subject, &event.connection);
        if leaves || event.local == Some(State::Null) {
            for id in old {
                self.end(id);
            }
            return;
        }
        let before = self.merge(&old, new);
        let own = list.iter().filter_map(|item| item.new).find(|new| self.is_own_device(new));
        let parties: Vec<Party> = if list.iter().any(|item| item.new.is_some()) {
            list.iter().filter_map(|item| self.listed(item, &before)).collect()
        } else {
            self.replaced(event, before)
        };
        let by = number_of(event.subject).filter(|_| !is_transfer);
        let Some(call) = self.call(new) else { return };
        call.state = event.local.unwrap_or(call.state);
        call.device =
            own.and_then(|own| own.device).map(|it| (it.id.into(), it.type_of_number.map(String::from)));
        call.parties = parties;
        call.consults = None;
        // Who makes a conference of a held call and an active one is active in it.
        let active = call.parties.iter_mut().find(|party| by.is_some() && party.number == by);
        if let Some(active) = active {
            active.state = Some(State::Connected);
        }
    }

    /// Makes one call of all that are known by these callIDs, and returns the parties that it had.
    fn merge(&mut self, old: &[&str], new: &str) -> Vec<Party> {
        let known: Vec<usize> = (0..self.live.len())
            .filter(|index| self.live.get(*index).is_some_and(|call| old.contains(&call.id())))
            .collect();
        let mut parties = Vec::new();
        let mut gone = Vec::new();
        for index in known.iter().rev() {
            let Some(call) = self.live.get_mut(*index) else { continue };
            parties.append(&mut call.parties);
            if Some(index) == known.first() {
                call.id = new.into();
            } else {
                gone.push(self.live.remove(*index).number);
            }
        }
        for call in &mut self.live {
            call.consults = call.consults.filter(|number| !gone.contains(number));
        }
        parties
    }

    /// The party that a list's item stands for; `None` for the line itself, and for the device that left.
    fn listed(&self, item: &ListItem<'_>, before: &[Party]) -> Option<Party> {
        let device = item.new?.device;
        let endpoint = match item.endpoint {
            Some(Named::Device(endpoint)) => Some(endpoint.id),
            Some(Named::NotKnown | Named::Restricted) | None => None,
        };
        let id = device.map(|device| device.id);
        if endpoint.or(id).is_some_and(|id| self.is_own(id)) {
            return None;
        }
        let number = endpoint.or(id).map(super::text_of);
        let known = before.iter().find(|party| party.is(id, number.as_deref()));
        Some(Party { id: id.map(String::from), number, state: known.and_then(|party| party.state) })
    }

    /// The parties after an event without a list: who did it leaves in a transfer, and somebody comes.
    fn replaced(&self, event: &CallEvent<'_>, mut parties: Vec<Party>) -> Vec<Party> {
        if event.kind == Kind::Transfered
            && let Some(left) = number_of(event.subject)
        {
            parties.retain(|party| party.number() != Some(&left));
        }
        if let Some(Named::Device(new)) = event.new_party
            && !self.is_own(new.id)
        {
            let number = Some(super::text_of(new.id));
            if !parties.iter().any(|party| party.number == number) {
                parties.push(Party { id: None, number, state: None });
            }
        }
        parties
    }
}

/// Notes the state of another device's connection.
fn note(call: &mut Call, id: Option<&str>, number: Option<&str>, becomes: State) {
    if becomes == State::Null {
        if let Some(index) = call.index(id, number) {
            call.parties.remove(index);
        }
    } else if let Some(party) = call.party(id, number) {
        party.state = Some(becomes);
    }
}
