//! The calls at a device. What the model has of them is written from it; what the document says beside that is copied.

use super::{
    super::{
        member::{Member, Names, copied},
        model::{LocalConnectionState, SnapshotItem},
        read::{self, Element},
    },
    Rewrite, copy,
    writer::Writer,
};

/// What an item has besides what the model has of it, in the schema's order.
const COPIED: [Member; 4] = [
    copied("servicesPermitted"),
    copied("mediaServiceInfoList"),
    copied("mediaCallCharacteristics"),
    copied("callLinkageData").since(6),
];

/// Writes the content of the root of SnapshotDevice's response.
pub(super) fn body<R: Rewrite>(
    w: &mut Writer<'_, R>,
    items: &[SnapshotItem<'_>],
    source: Option<Element<'_>>,
) {
    let same = source.is_some_and(|source| copy::is_of_edition(w, source));
    w.element("crossRefIDorSnapshotData", |w| {
        w.element("snapshotData", |w| {
            for one in items {
                item(w, one, same);
            }
            let data = source.and_then(|root| read::at(root, &["crossRefIDorSnapshotData", "snapshotData"]));
            if let Some(data) = data.filter(|_| same) {
                copy::unknown(w, data, |name| name == "snapshotDeviceResponseInfo");
            }
        });
    });
    let Some(source) = source else { return };
    if same {
        copy::unknown(w, source, |name| name == "crossRefIDorSnapshotData");
    }
    extensions(w, source);
}

/// Writes one call; `same` says that it came in the reader's edition.
fn item<R: Rewrite>(w: &mut Writer<'_, R>, item: &SnapshotItem<'_>, same: bool) {
    w.element("snapshotDeviceResponseInfo", |w| {
        w.connection("connectionIdentifier", item.connection);
        if let Some(endpoint) = item.endpoint {
            w.party("endpointDevice", endpoint);
        }
        local_call_state(w, item, same);
        if let Some(source) = item.source {
            rest(w, source, same);
        }
    });
}

/// Copies the elements of an item that are not modelled, if the reader's edition has them.
fn rest<R: Rewrite>(w: &mut Writer<'_, R>, source: Element<'_>, same: bool) {
    let to = w.edition;
    for member in COPIED.iter().filter(|member| same || member.since <= to) {
        if let Some(node) = read::child(source, member.name) {
            copy::element(w, node, Names::None);
        }
    }
    if same {
        let modelled = ["connectionIdentifier", "endpointDevice", "localCallState"];
        copy::unknown(w, source, |name| {
            modelled.contains(&name) || COPIED.iter().any(|member| member.name == name)
        });
        // The schema has `extensions` in the root only.
        extensions(w, source);
    }
}

fn extensions<R: Rewrite>(w: &mut Writer<'_, R>, source: Element<'_>) {
    if let Some(node) = read::child(source, "extensions") {
        copy::element(w, node, Names::None);
    }
}

/// Writes the state of a call. If the model does not hold the whole state, because it is neither a list of states that
/// fits nor the word for one, it is copied, or written as `unknown` if the reader may not know its words; it is never
/// truncated.
fn local_call_state<R: Rewrite>(w: &mut Writer<'_, R>, item: &SnapshotItem<'_>, same: bool) {
    let node = item.source.and_then(|source| read::child(source, "localCallState"));
    let Some(node) = node else { return states(w, &item.states) };
    let list = read::child(node, "compoundCallState");
    let mut parties = list.iter().flat_map(roxmltree::Node::children).filter(roxmltree::Node::is_element);
    // A simple state's word is written as the equivalent list, which clients know.
    let is_simple =
        list.is_none() && (!item.states.is_empty() || read::child_text(node, "simpleCallState").is_none());
    if is_simple || list.is_some() && parties.clone().count() == item.states.len() {
        return states(w, &item.states);
    }
    let is_known = list.is_some()
        && parties.all(|party| read::text(party).and_then(LocalConnectionState::from_word).is_some());
    if same || is_known {
        copy::element(w, node, Names::None);
    } else {
        states(w, &[]);
    }
}

fn states<R: Rewrite>(w: &mut Writer<'_, R>, states: &[LocalConnectionState]) {
    w.element("localCallState", |w| {
        if states.is_empty() {
            w.empty("unknown");
        } else {
            w.element("compoundCallState", |w| {
                for state in states {
                    w.leaf("localConnectionState", state.word());
                }
            });
        }
    });
}
