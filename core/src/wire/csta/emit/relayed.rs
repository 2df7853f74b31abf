//! Writes requests and responses by the row of their service.

use super::{
    super::{
        member::{Member, Names, Role, UNKNOWN},
        model::Device,
        read::{self, Element},
        relayed::{PrivateData, Relayed, Value},
        services,
    },
    Rewrite, Shown, copy, private,
    writer::Writer,
};

/// Writes a message by its row: given values are written, elements of its source are copied if the reader's edition has
/// them.
pub(super) fn body<R: Rewrite>(w: &mut Writer<'_, R>, relayed: &Relayed<'_>) {
    let to = w.edition;
    let from = if relayed.edition == 0 { to } else { relayed.edition };
    for member in relayed.members.iter().filter(|member| member.passes(from, to)) {
        if let Some(value) = relayed.given(member.name) {
            given(w, member, value);
        } else if let Some(node) = relayed.element(member) {
            copied(w, member, node, relayed.private_data);
        }
    }
    let Some(source) = relayed.source else { return };
    if from == to {
        unknown(w, source, relayed);
    }
    private::extensions(w, source, relayed.private_data);
}

/// Writes a given value.
fn given<R: Rewrite>(w: &mut Writer<'_, R>, member: &Member, value: Value<'_>) {
    let name = member.name_in(w.edition);
    match value {
        Value::Device(device) => devices(w, member, &[device]),
        Value::Devices(given) => devices(w, member, given),
        Value::Connection(_)
        | Value::Party(_)
        | Value::Redirection(_)
        | Value::Text(_)
        | Value::Within(..)
        | Value::Elements(_)
        | Value::Nothing => w.value(name, value),
    }
}

fn devices<R: Rewrite>(w: &mut Writer<'_, R>, member: &Member, devices: &[Device<'_>]) {
    let name = member.name_in(w.edition);
    w.rewrite.dials(matches!(member.role, Role::Dialled { .. }));
    match member.item_in(w.edition) {
        Some(item) => w.element(name, |w| devices.iter().for_each(|device| listed(w, item, *device))),
        None => devices.iter().take(1).for_each(|device| {
            // A DeviceID cannot say that a device is unknown.
            if member.required || w.rewrite.shown(*device) == Shown::Device {
                w.device(name, *device);
            }
        }),
    }
    w.rewrite.dials(false);
}

/// Writes a device of a list, unless it has no identifier that means anything to the reader.
fn listed<R: Rewrite>(w: &mut Writer<'_, R>, item: &str, device: Device<'_>) {
    if w.rewrite.shown(device) == Shown::Device {
        w.device(item, device);
    }
}

fn copied<R: Rewrite>(w: &mut Writer<'_, R>, member: &Member, node: Element<'_>, passing: PrivateData) {
    match member.role {
        Role::Announced { own: true } => w.own_connection(member.name, read::connection(node)),
        Role::Own
        | Role::OwnCall
        | Role::Held
        | Role::Active
        | Role::Foreign
        | Role::Announced { own: false } => w.connection(member.name, read::connection(node)),
        Role::Line { .. } | Role::Dialled { .. } | Role::Number => {
            if let Some((_, item)) = member.list
                && node.first_element_child().is_some()
            {
                device_list(w, member, node, item);
            } else if let Some(device) = read::device(node) {
                // A list without devices is written without items.
                let is_empty = device.id.is_empty() && member.item_in(w.edition).is_some();
                devices(w, member, if is_empty { &[] } else { core::slice::from_ref(&device) });
            }
        }
        Role::Narrowed => narrowed(w, node),
        Role::Copied(names) => copy::passing(w, node, names, passing),
        Role::Text | Role::Truth | Role::Count | Role::Word(_) | Role::CrossReference => {
            if member.before.is_none() && passing == PrivateData::All {
                copy::element(w, node, Names::None);
            } else {
                texts(w, member.name_in(w.edition), node);
            }
        }
        Role::Withheld => {}
    }
}

/// Writes an element with the text of `node` only.
fn texts<R: Rewrite>(w: &mut Writer<'_, R>, name: &str, node: Element<'_>) {
    let pieces = node.children().filter(roxmltree::Node::is_text).filter_map(|piece| piece.text());
    w.element(name, |w| pieces.for_each(|piece| w.text(piece)));
}

/// Writes a list of devices, or the first of them if the reader's edition has no list here.
fn device_list<R: Rewrite>(w: &mut Writer<'_, R>, member: &Member, node: Element<'_>, item: &'static str) {
    let mut items = node.children().filter(roxmltree::Node::is_element).filter_map(read::device);
    if member.item_in(w.edition).is_some() {
        w.element(member.name, |w| items.for_each(|device| listed(w, item, device)));
    } else if let Some(device) = items.find(|device| !device.id.is_empty()) {
        devices(w, member, &[device]);
    }
}

/// Writes the lists of services and events that a device has, without those not offered to the reader. Unknown lists,
/// and lists that become empty, are left out.
fn narrowed<R: Rewrite>(w: &mut Writer<'_, R>, node: Element<'_>) {
    let name = node.tag_name().name();
    if let Some(list) = list_named(name) {
        filled(w, list, |w| features(w, list, node));
        return;
    }
    filled(w, name, |w| {
        for group in node.children().filter(roxmltree::Node::is_element) {
            if let Some(list) = list_named(group.tag_name().name()) {
                filled(w, list, |w| features(w, list, group));
            }
        }
    });
}

/// Writes an element, unless it would be empty.
fn filled<R: Rewrite>(w: &mut Writer<'_, R>, name: &str, fill: impl FnOnce(&mut Writer<'_, R>)) {
    let before = w.out.len();
    w.open(name);
    let empty = w.out.len();
    fill(w);
    if w.out.len() > empty {
        w.close(name);
    } else {
        w.out.truncate(before);
    }
}

fn features<R: Rewrite>(w: &mut Writer<'_, R>, list: &str, node: Element<'_>) {
    for feature in node.children().filter(roxmltree::Node::is_element) {
        if w.rewrite.offers(list, feature.tag_name().name()) {
            copy::element(w, feature, Names::None);
        }
    }
}

/// The known name of a list of services or events.
fn list_named(name: &str) -> Option<&'static str> {
    let services = services::all().iter().map(|service| service.list);
    services.chain(services::EVENTS.iter().map(|event| event.list)).find(|list| *list == name)
}

/// Copies the children of a root that its row does not know, except private data that are held back. A client's element
/// that may name a call or a device is dropped, since its owner cannot be checked.
fn unknown<R: Rewrite>(w: &mut Writer<'_, R>, source: Element<'_>, relayed: &Relayed<'_>) {
    let passing = relayed.private_data;
    for child in source.children().filter(roxmltree::Node::is_element) {
        let name = child.tag_name().name();
        let is_named = name == "extensions" || relayed.members.iter().any(|member| member.is_named(name));
        if is_named && read::is_ours(child) {
            continue;
        }
        let stays =
            passing != PrivateData::All && (private::any_stays(passing, child) || is_identifying(child));
        if !stays {
            copy::element(w, child, UNKNOWN);
        }
    }
}

/// What names of calls, devices and numbers have in them, in small letters.
const NAMING: [&str; 11] =
    ["call", "device", "connection", "number", "party", "dest", "dial", "line", "address", "forward", "user"];

/// Whether an element names a call or a device, as far as its name and those inside can tell.
fn is_identifying(node: Element<'_>) -> bool {
    node.descendants().filter(roxmltree::Node::is_element).any(|inner| {
        let name = inner.tag_name().name();
        let lower = name.to_ascii_lowercase();
        name.ends_with("DN")
            || name.ends_with("ID")
            || inner.has_attribute("typeOfNumber")
            || NAMING.iter().any(|naming| lower.contains(naming))
    })
}
