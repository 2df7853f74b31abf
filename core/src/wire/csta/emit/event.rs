//! Writes the bodies of events.

use super::{
    super::{
        events::{Part, Shape, Slot, located::Located},
        member::{CONNECTION_LIST, Names},
        model::{CallEvent, Event, ListItem, LocalConnectionState, Party, Redirection},
        read::{self, Element},
        relayed::Value,
    },
    Rewrite, copy,
    writer::Writer,
};

/// Writes the content of the root.
pub(super) fn body<R: Rewrite>(w: &mut Writer<'_, R>, event: &Event<'_>) {
    match event {
        Event::Call(event) => call_event(w, event),
        Event::Other { shape, source, cross_reference } => other_event(w, shape, *source, cross_reference),
        Event::Unknown { .. } => {}
    }
}

/// Writes an event by its shape. A required element whose value is unknown is written as unknown.
fn call_event<R: Rewrite>(w: &mut Writer<'_, R>, event: &CallEvent<'_>) {
    let slots = event.kind.slots();
    let from = event.source.map(|source| From::new(w, source, slots));
    for (index, slot) in slots.iter().enumerate() {
        match slot.part {
            Part::CrossReference => w.cross_reference(event.cross_reference),
            Part::Connection => w.connection(slot.name, event.connection),
            Part::SecondConnection => {
                if let Some(second) = event.second {
                    w.connection(slot.name, second);
                }
            }
            Part::Subject => w.party(slot.name, event.subject),
            Part::NewParty => w.party(slot.name, event.new_party.unwrap_or(Party::NotKnown)),
            Part::List => list(w, slot.name, event),
            Part::Calling => w.party(slot.name, event.calling.unwrap_or(Party::NotKnown)),
            Part::Called => w.party(slot.name, event.called.unwrap_or(Party::NotKnown)),
            Part::Redirection => {
                w.redirection(slot.name, event.redirection.unwrap_or(Redirection::NotSpecified));
            }
            Part::LocalState => w.optional(slot.name, event.local.map(LocalConnectionState::word)),
            Part::Cause => w.leaf(slot.name, if event.cause.is_empty() { "normal" } else { event.cause }),
            Part::Copy(names) => {
                if let Some(from) = &from {
                    from.copy(w, index, slot, names);
                }
            }
        }
    }
    if let Some(from) = from {
        from.rest(w, slots);
    }
}

fn other_event<R: Rewrite>(
    w: &mut Writer<'_, R>,
    shape: &'static Shape,
    source: Element<'_>,
    cross_reference: &str,
) {
    let from = From::new(w, source, shape.slots);
    for (index, slot) in shape.slots.iter().enumerate() {
        if let Part::Copy(names) = slot.part {
            from.copy(w, index, slot, names);
        } else {
            debug_assert_eq!(slot.part, Part::CrossReference, "others are modelled events' own");
            w.cross_reference(cross_reference);
        }
    }
    from.rest(w, shape.slots);
}

/// Writes an event of this shape from the values given to its elements, those of the reader's edition.
pub(super) fn composed<R: Rewrite>(
    w: &mut Writer<'_, R>,
    shape: &Shape,
    cross_reference: &str,
    given: &[(&'static str, Value<'_>)],
) {
    let has = |name: &str| shape.slots.iter().any(|slot| slot.name == name);
    debug_assert!(given.iter().all(|(name, _)| has(name)), "{given:?} is not of {}", shape.root);
    let edition = w.edition;
    for slot in shape.slots.iter().filter(|slot| slot.since <= edition) {
        if slot.part == Part::CrossReference {
            w.cross_reference(cross_reference);
        } else if let Some((name, value)) = given.iter().find(|(name, _)| *name == slot.name) {
            w.value(name, *value);
        }
    }
}

/// Writes the connections of a call that resulted from others.
fn list<R: Rewrite>(w: &mut Writer<'_, R>, name: &str, event: &CallEvent<'_>) {
    if event.given_list.is_empty()
        && let Some(node) = event.source.and_then(|source| read::child(source, name))
    {
        copy::element(w, node, CONNECTION_LIST);
        return;
    }
    w.element(name, |w| {
        for item in event.given_list {
            w.element("connectionListItem", |w| list_item(w, item));
        }
    });
}

fn list_item<R: Rewrite>(w: &mut Writer<'_, R>, item: &ListItem<'_>) {
    if let Some(new) = item.new {
        w.connection("newConnection", new);
    }
    if let Some(old) = item.old {
        w.connection("oldConnection", old);
    }
    match item.endpoint {
        Some(Party::Device(device)) => w.element("endpoint", |w| w.shown_device("deviceID", device)),
        Some(Party::NotKnown) => w.element("endpoint", |w| w.leaf("notKnown", "")),
        Some(Party::Restricted) => w.element("endpoint", |w| w.leaf("restricted", "")),
        None => {}
    }
}

/// The document that an event came in.
struct From<'a> {
    source: Element<'a>,
    located: Located<'a>,
    /// Whether it is in the reader's edition.
    same: bool,
}

impl<'a> From<'a> {
    fn new<R: Rewrite>(w: &Writer<'_, R>, source: Element<'a>, slots: &[Slot]) -> Self {
        Self { source, located: Located::new(source, slots), same: copy::is_of_edition(w, source) }
    }

    /// Copies the element of a slot, if the reader's edition has it.
    fn copy<R: Rewrite>(&self, w: &mut Writer<'_, R>, index: usize, slot: &Slot, names: Names) {
        let passes = self.same || slot.since <= w.edition;
        if let Some(node) = self.located.at(index).filter(|_| passes) {
            copy::element(w, node, names);
        }
    }

    /// Copies the elements that no table knows, if the document is in the reader's edition, and the `extensions`.
    fn rest<R: Rewrite>(&self, w: &mut Writer<'_, R>, slots: &[Slot]) {
        if self.same && self.located.unknown > 0 {
            copy::unknown(w, self.source, |name| slots.iter().any(|slot| slot.name == name));
        }
        if let Some(extensions) = read::child(self.source, "extensions") {
            copy::element(w, extensions, Names::None);
        }
    }
}
