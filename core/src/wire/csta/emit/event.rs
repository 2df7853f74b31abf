//! Events' bodies.

use super::{
    super::{
        events::Part,
        model::{CallEvent, Event, LocalConnectionState, Party, Redirection},
        read,
    },
    Rewrite, copy,
    writer::Writer,
};

/// What stands inside the root.
pub(super) fn body<R: Rewrite>(w: &mut Writer<'_, R>, event: &Event<'_>) {
    match event {
        Event::Call(event) => call_event(w, event),
        Event::Other { source, .. } => copy::children(w, *source),
    }
}

/// Walks the event's shape. What is required and not known says so.
fn call_event<R: Rewrite>(w: &mut Writer<'_, R>, event: &CallEvent<'_>) {
    for slot in event.kind.slots() {
        match slot.part {
            Part::CrossReference => w.cross_reference(event.cross_reference),
            Part::Connection => w.connection(slot.name, event.connection),
            Part::Subject => w.party(slot.name, event.subject),
            Part::Calling => w.party(slot.name, event.calling.unwrap_or(Party::NotKnown)),
            Part::Called => w.party(slot.name, event.called.unwrap_or(Party::NotKnown)),
            Part::Redirection => {
                w.redirection(slot.name, event.redirection.unwrap_or(Redirection::NotSpecified));
            }
            Part::LocalState => {
                w.optional(slot.name, event.local.map(LocalConnectionState::word));
            }
            Part::Cause => w.leaf(slot.name, if event.cause.is_empty() { "normal" } else { event.cause }),
            Part::Copy => {
                if let Some(node) = event.source.and_then(|source| read::child(source, slot.name)) {
                    copy::element(w, node);
                }
            }
        }
    }
}
