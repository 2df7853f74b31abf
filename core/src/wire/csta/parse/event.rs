//! Reads events.

use super::{
    super::{
        errors::CstaError,
        events::{Part, Shape, located::Located},
        model::{CallEvent, Connection, Event, ListItem, LocalConnectionState, Party},
        read::{self, Element},
    },
    Malformed,
};

/// Reads the event whose root is `root`.
pub(super) fn read(root: Element<'_>) -> Result<Event<'_>, Malformed> {
    let name = root.tag_name().name();
    let Some(shape) = Shape::named(name) else { return Ok(Event::Unknown { name }) };
    let located = Located::new(root, shape.slots);
    let at = |part: Part| {
        let index = shape.slots.iter().position(|slot| slot.part == part)?;
        located.at(index)
    };
    let malformed = |part, error| {
        let element = shape.name_of(part).unwrap_or_default();
        Malformed { service: shape.root, element, error, is_twice: false }
    };
    let cross_reference = at(Part::CrossReference).and_then(read::text).filter(|text| !text.is_empty());
    let missing = malformed(Part::CrossReference, CstaError::INVALID_MONITOR_CROSS_REF_ID);
    let cross_reference = cross_reference.ok_or(missing)?;
    let Some(kind) = shape.kind else { return Ok(Event::Other { shape, cross_reference, source: root }) };
    // An event without its connection is useless; parties may be missing, since some phone systems leave them out.
    let connection = at(Part::Connection).map(read::connection);
    let connection = connection.filter(|connection| connection.call.is_some() || connection.device.is_some());
    let missing = malformed(Part::Connection, CstaError::INVALID_CONNECTION_ID);
    Ok(Event::Call(CallEvent {
        kind,
        cross_reference,
        connection: connection.ok_or(missing)?,
        second: at(Part::SecondConnection).map(read::connection),
        subject: at(Part::Subject).map_or(Party::NotKnown, read::party),
        new_party: at(Part::NewParty).map(read::party),
        given_list: &[],
        calling: at(Part::Calling).map(read::party),
        called: at(Part::Called).map(read::party),
        redirection: at(Part::Redirection).map(read::redirection),
        local: at(Part::LocalState).and_then(read::text).and_then(LocalConnectionState::from_word),
        cause: at(Part::Cause).and_then(read::text).unwrap_or_default(),
        source: Some(root),
    }))
}

impl<'a> CallEvent<'a> {
    /// The connections of a call that resulted from others (`transferredConnections`, `conferenceConnections`).
    pub fn list(&self) -> impl Iterator<Item = ListItem<'a>> + use<'a> {
        let name = self.kind.name_of(Part::List);
        let list = self.source.and_then(|source| read::child(source, name?));
        let items = list.into_iter().flat_map(|list| list.children()).filter(roxmltree::Node::is_element);
        self.given_list.iter().copied().chain(items.map(list_item))
    }
}

fn list_item(item: Element<'_>) -> ListItem<'_> {
    let endpoint = read::child(item, "endpoint").map(|endpoint| {
        if let Some(device) = read::child(endpoint, "deviceID").and_then(read::known_device) {
            Party::Device(device)
        } else if read::child(endpoint, "restricted").is_some() {
            Party::Restricted
        } else {
            Party::NotKnown
        }
    });
    let connection = |name| read::child(item, name).map(read::connection);
    ListItem { new: connection("newConnection"), old: connection("oldConnection"), endpoint }
}

impl<'a> Event<'a> {
    /// The call that waits now, and the state in it of the device that is monitored, if that is what happened: a
    /// `QueuedEvent`, which is not modelled.
    #[must_use]
    pub fn queued(&self) -> Option<(Connection<'a>, Option<LocalConnectionState>)> {
        let Self::Other { shape, source, .. } = self else { return None };
        let queued = read::child(*source, "queuedConnection").filter(|_| shape.root == "QueuedEvent")?;
        let local = read::child_text(*source, "localConnectionInfo");
        Some((read::connection(queued), local.and_then(LocalConnectionState::from_word)))
    }
}
