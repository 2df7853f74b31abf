//! Copies of what is not modelled: the receiver's namespace in place of the sender's, identifiers rewritten, everything
//! of foreign namespaces (private data) kept as it is.

use alloc::vec::Vec;

use super::{
    super::{
        model::{Device, Namespace},
        read::{self, Element},
    },
    Rewrite,
    writer::Writer,
};

/// Elements that are a `DeviceID` by themselves, wherever they hold text.
const DEVICE_IDS: [&str; 12] = [
    "callingDevice",
    "device",
    "deviceForMessage",
    "deviceIdentifier",
    "deviceObject",
    "dialingSequence",
    "diallingSequence",
    "forwardDN",
    "forwardTo",
    "numberDialed",
    "oldDeviceID",
    "originatingDevice",
];

/// The namespace of the prefix `xml`, which needs no declaration.
const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// The namespaces declared around what is being written: prefix (none for the default one) and name.
type Scope<'a> = Vec<(Option<&'a str>, &'a str)>;

/// Copies an element. Depth is what the parser's guard allowed.
pub(super) fn element<R: Rewrite>(w: &mut Writer<'_, R>, node: Element<'_>) {
    let mut scope = alloc::vec![(None, w.uri), (Some("xml"), XML)];
    within(w, node, &mut scope);
}

/// Copies all elements of a root.
pub(super) fn children<R: Rewrite>(w: &mut Writer<'_, R>, root: Element<'_>) {
    root.children().filter(roxmltree::Node::is_element).for_each(|child| element(w, child));
}

/// Whether an element belongs to the message itself. Peers that forget the namespace mean CSTA's.
fn is_ours(node: Element<'_>) -> bool {
    let uri = node.tag_name().namespace();
    let root = node.document().root_element().tag_name().namespace();
    uri.is_none() || uri == root || uri.is_some_and(|uri| Namespace::parse(uri).is_some())
}

fn within<'a, R: Rewrite>(w: &mut Writer<'_, R>, node: Element<'a>, scope: &mut Scope<'a>) {
    let outer = scope.len();
    let ours = is_ours(node);
    let identifier = if ours { identifier(node) } else { None };
    let uri = node.tag_name().namespace().unwrap_or_default();
    let prefix = if ours { None } else { prefix(node, uri) };

    w.raw("<");
    name(w, prefix, node.tag_name().name());
    declare(w, scope, prefix, if ours { w.uri } else { uri });
    attributes(w, node, identifier, scope);
    w.raw(">");
    match identifier {
        Some(identifier) => identifier.write(w),
        None => content(w, node, ours, scope),
    }
    w.raw("</");
    name(w, prefix, node.tag_name().name());
    w.raw(">");
    scope.truncate(outer);
}

fn name<R: Rewrite>(w: &mut Writer<'_, R>, prefix: Option<&str>, local: &str) {
    if let Some(prefix) = prefix {
        w.text(prefix);
        w.raw(":");
    }
    w.text(local);
}

/// The prefix that stands for `uri` at this place in the source; none where it is the default namespace.
fn prefix<'a>(node: Element<'a>, uri: &str) -> Option<&'a str> {
    if node.default_namespace() == Some(uri) { None } else { bound_prefix(node, uri) }
}

/// A prefix that stands for `uri` at this place in the source.
fn bound_prefix<'a>(node: Element<'a>, uri: &str) -> Option<&'a str> {
    if uri == XML {
        return Some("xml");
    }
    node.namespaces().filter(|namespace| namespace.uri() == uri).find_map(roxmltree::Namespace::name)
}

/// Declares a namespace, unless the prefix stands for it already.
fn declare<'a, R: Rewrite>(
    w: &mut Writer<'_, R>,
    scope: &mut Scope<'a>,
    prefix: Option<&'a str>,
    uri: &'a str,
) {
    let bound = scope.iter().rev().find(|(bound, _)| *bound == prefix);
    if bound.is_some_and(|(_, bound)| *bound == uri) {
        return;
    }
    w.raw(" xmlns");
    if let Some(prefix) = prefix {
        w.raw(":");
        w.text(prefix);
    }
    w.raw("=\"");
    w.text(uri);
    w.raw("\"");
    scope.push((prefix, uri));
}

fn attributes<'a, R: Rewrite>(
    w: &mut Writer<'_, R>,
    node: Element<'a>,
    identifier: Option<Identifier<'a>>,
    scope: &mut Scope<'a>,
) {
    for attribute in node.attributes() {
        if attribute.name() == "typeOfNumber"
            && let Some(Identifier::Device(device) | Identifier::ConnectionDevice(device)) = identifier
            && !w.rewrite.keeps_type_of_number(device)
        {
            continue;
        }
        let prefix = attribute.namespace().and_then(|uri| Some((bound_prefix(node, uri)?, uri)));
        if let Some((prefix, uri)) = prefix {
            declare(w, scope, Some(prefix), uri);
        }
        w.raw(" ");
        name(w, prefix.map(|(prefix, _)| prefix), attribute.name());
        w.raw("=\"");
        w.text(attribute.value());
        w.raw("\"");
    }
}

/// Elements and texts. White space between our own elements is left out, comments are left out everywhere.
fn content<'a, R: Rewrite>(w: &mut Writer<'_, R>, node: Element<'a>, ours: bool, scope: &mut Scope<'a>) {
    for child in node.children() {
        if child.is_element() {
            within(w, child, scope);
        } else if child.is_text() {
            let text = child.text().unwrap_or_default();
            if !ours || text.contains(|character: char| !character.is_ascii_whitespace()) {
                w.text(text);
            }
        }
    }
}

/// An element's text that names something, and so is rewritten.
#[derive(Clone, Copy)]
enum Identifier<'a> {
    CrossReference(&'a str),
    Call(&'a str),
    Device(Device<'a>),
    ConnectionDevice(Device<'a>),
    /// It names something, but cannot be read: left out, rather than passed on as the other side spelt it.
    Unreadable,
}

impl Identifier<'_> {
    fn write<R: Rewrite>(self, w: &mut Writer<'_, R>) {
        match self {
            Self::CrossReference(id) => w.rewrite.cross_reference(id, w.out),
            Self::Call(call) => w.rewrite.call(call, w.out),
            Self::Device(device) => w.rewrite.device(device, w.out),
            Self::ConnectionDevice(device) => w.rewrite.connection_device(device, w.out),
            Self::Unreadable => {}
        }
    }
}

/// What an element of ours names, if it does.
fn identifier(node: Element<'_>) -> Option<Identifier<'_>> {
    if node.children().any(|child| child.is_element()) {
        return None;
    }
    let name = node.tag_name().name();
    let is_device = DEVICE_IDS.contains(&name) || node.has_attribute("typeOfNumber");
    if !is_device && !matches!(name, "monitorCrossRefID" | "callID" | "deviceID") {
        return None;
    }
    let Some(device) = read::device(node) else { return Some(Identifier::Unreadable) };
    match name {
        _ if device.id.is_empty() => None,
        "monitorCrossRefID" => Some(Identifier::CrossReference(device.id)),
        "callID" => Some(Identifier::Call(device.id)),
        "deviceID" if is_of_connection(node) => Some(Identifier::ConnectionDevice(device)),
        _ => Some(Identifier::Device(device)),
    }
}

/// Whether this `deviceID` is a `ConnectionID`'s half, and not one of the choices of an endpoint, nor a list's.
fn is_of_connection(node: Element<'_>) -> bool {
    let parent = node.parent_element().map(|parent| parent.tag_name().name()).unwrap_or_default();
    !(parent == "endpoint" || parent == "associatedNID" || parent.ends_with("List"))
}
