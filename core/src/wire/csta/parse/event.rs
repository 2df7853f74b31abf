//! Events.

use super::{
    super::{
        errors::CstaError,
        events::{FILTER_MEMBERS, Part},
        model::{CallEvent, CallEventKind, Event, LocalConnectionState, Party},
        read::{self, Element, Reader},
    },
    Misshapen,
};

/// The event whose root is `root`.
pub(super) fn read(root: Element<'_>) -> Result<Event<'_>, Misshapen> {
    let name = root.tag_name().name();
    if let Some(kind) = CallEventKind::from_word(name) {
        return call_event(kind, root).map(Event::Call);
    }
    let known = FILTER_MEMBERS.iter().find(|member| member.event == name);
    let reader = Reader { service: known.map_or("event", |member| member.event), root };
    Ok(Event::Other { name, cross_reference: cross_reference(reader)?, source: root })
}

fn cross_reference(reader: Reader<'_>) -> Result<&str, Misshapen> {
    reader.text("monitorCrossRefID", CstaError::INVALID_MONITOR_CROSS_REF_ID)
}

/// An event without its connection tells nothing; its parties may be missing, since links leave them out.
fn call_event(kind: CallEventKind, root: Element<'_>) -> Result<CallEvent<'_>, Misshapen> {
    let reader = Reader { service: kind.word(), root };
    let slot = |part| kind.name_of(part).and_then(|name| read::child(root, name));
    let local = slot(Part::LocalState).and_then(read::text).and_then(LocalConnectionState::from_word);
    Ok(CallEvent {
        kind,
        cross_reference: cross_reference(reader)?,
        connection: reader.connection(kind.name_of(Part::Connection).unwrap_or_default())?,
        subject: slot(Part::Subject).map_or(Party::NotKnown, read::party),
        calling: slot(Part::Calling).map(read::party),
        called: slot(Part::Called).map(read::party),
        redirection: slot(Part::Redirection).map(read::redirection),
        local,
        cause: slot(Part::Cause).and_then(read::text).unwrap_or_default(),
        source: Some(root),
    })
}
