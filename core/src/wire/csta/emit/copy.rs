//! Copies elements that are not modelled: the sender's namespace is replaced by the receiver's, identifiers are
//! rewritten, and elements of foreign namespaces (private data) stay unchanged.

use alloc::vec::Vec;

use super::{
    super::{
        member::{Names, UNKNOWN},
        model::{Device, Namespace},
        read::{self, Element},
        relayed::PrivateData,
    },
    Rewrite, Shown, private,
    writer::Writer,
};

/// The namespace of the prefix `xml`, which needs no declaration.
pub(super) const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// The namespace declarations in scope: prefix (`None` for the default namespace) and name.
type Scope<'a> = Vec<(Option<&'a str>, &'a str)>;

/// Copies an element; `names` says where identifiers are in it. The depth is limited by the parser's guard.
pub(super) fn element<R: Rewrite>(w: &mut Writer<'_, R>, node: Element<'_>, names: Names) {
    passing(w, node, names, PrivateData::All);
}

/// Like [`element`], without the private data that are not passed on.
pub(super) fn passing<R: Rewrite>(
    w: &mut Writer<'_, R>,
    node: Element<'_>,
    names: Names,
    passing: PrivateData,
) {
    let mut scope = alloc::vec![(None, w.uri), (Some("xml"), XML)];
    within(w, node, Place { names, in_connection: false, passing }, &mut scope);
}

/// Copies the items of a snapshot unchanged.
pub(super) fn items<R: Rewrite>(w: &mut Writer<'_, R>, list: Element<'_>) {
    let items = list.children().filter(|child| child.tag_name().name().ends_with("ResponseInfo"));
    items.for_each(|item| element(w, item, Names::None));
}

/// Copies a response's content other than the snapshot, unchanged.
pub(super) fn beside_snapshot<R: Rewrite>(w: &mut Writer<'_, R>, root: Element<'_>) {
    let others = root
        .children()
        .filter(|child| child.is_element() && child.tag_name().name() != "crossRefIDorSnapshotData");
    others.for_each(|other| element(w, other, Names::None));
}

/// Copies the children of a root that no table knows; whatever looks like an identifier there is treated as one.
pub(super) fn unknown<R: Rewrite>(w: &mut Writer<'_, R>, root: Element<'_>, is_known: impl Fn(&str) -> bool) {
    let children = root.children().filter(roxmltree::Node::is_element);
    for child in children {
        let name = child.tag_name().name();
        if name != "extensions" && !is_known(name) {
            element(w, child, UNKNOWN);
        }
    }
}

/// Whether a document is in its reader's edition. One that does not say is in the edition agreed with its writer.
pub(super) fn is_of_edition<R: Rewrite>(w: &Writer<'_, R>, root: Element<'_>) -> bool {
    let namespace = root.tag_name().namespace().and_then(Namespace::parse);
    let edition = namespace.map(Namespace::edition).or_else(|| w.rewrite.agreed_edition());
    edition.is_none_or(|edition| edition == w.edition)
}

/// Where identifiers are below an element.
#[derive(Clone, Copy)]
struct Place {
    names: Names,
    in_connection: bool,
    passing: PrivateData,
}

fn within<'a, R: Rewrite>(w: &mut Writer<'_, R>, node: Element<'a>, place: Place, scope: &mut Scope<'a>) {
    let outer = scope.len();
    let ours = read::is_ours(node);
    let identifier = if ours { identifier(node, place) } else { None };
    if let Some(Identifier::Device(device)) = identifier
        && let hidden @ (Shown::NotKnown | Shown::Restricted) = w.rewrite.shown(device)
    {
        // Where the schema has no choice, a device without an identifier is left out.
        if place.has_choice(node) {
            w.empty(if hidden == Shown::Restricted { "restricted" } else { "notKnown" });
        }
        return;
    }
    let uri = node.tag_name().namespace().unwrap_or_default();
    let prefix = if ours { None } else { prefix(node, uri) };

    w.raw("<");
    name(w, prefix, node.tag_name().name());
    declare(w, scope, prefix, if ours { w.uri } else { uri });
    attributes(w, node, (identifier, place.passing), scope);
    w.raw(">");
    match identifier {
        Some(identifier) => identifier.write(w),
        None => content(w, node, place.below(node), scope),
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

/// The prefix of `uri` at `node` in the source; `None` if it is the default namespace.
fn prefix<'a>(node: Element<'a>, uri: &str) -> Option<&'a str> {
    if node.default_namespace() == Some(uri) { None } else { bound_prefix(node, uri) }
}

/// A prefix bound to `uri` at `node` in the source.
fn bound_prefix<'a>(node: Element<'a>, uri: &str) -> Option<&'a str> {
    if uri == XML {
        return Some("xml");
    }
    node.namespaces().filter(|namespace| namespace.uri() == uri).find_map(roxmltree::Namespace::name)
}

/// Declares a namespace, unless the prefix is already bound to it.
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
    (identifier, passing): (Option<Identifier<'a>>, PrivateData),
    scope: &mut Scope<'a>,
) {
    for attribute in node.attributes() {
        if attribute.namespace().is_some_and(|uri| private::keeps(passing, node, uri)) {
            continue;
        }
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

/// Copies elements and text. White space between CSTA's elements is left out, comments are left out everywhere.
fn content<'a, R: Rewrite>(w: &mut Writer<'_, R>, node: Element<'a>, place: Place, scope: &mut Scope<'a>) {
    let ours = read::is_ours(node);
    for child in node.children() {
        if child.is_element() {
            if !private::stays(place.passing, child) {
                within(w, child, place, scope);
            }
        } else if child.is_text() {
            let text = child.text().unwrap_or_default();
            if !ours || text.contains(|character: char| !character.is_ascii_whitespace()) {
                w.text(text);
            }
        }
    }
}

/// An identifier in an element's text, which is rewritten.
#[derive(Clone, Copy)]
enum Identifier<'a> {
    Call(&'a str),
    Device(Device<'a>),
    ConnectionDevice(Device<'a>),
    /// An identifier that cannot be read: it is left out rather than passed on unchanged.
    Unreadable,
}

impl Identifier<'_> {
    fn write<R: Rewrite>(self, w: &mut Writer<'_, R>) {
        match self {
            Self::Call(call) => w.rewrite.call(call, w.out),
            Self::Device(device) => w.rewrite.device(device, w.out),
            Self::ConnectionDevice(device) => w.rewrite.connection_device(device, w.out),
            Self::Unreadable => {}
        }
    }
}

impl Place {
    /// Whether the schema has `notKnown` and `restricted` beside this element.
    fn has_choice(self, node: Element<'_>) -> bool {
        let choices = ["deviceIdentifier", "numberDialed", "deviceID"];
        matches!(self.names, Names::Within { .. }) && choices.contains(&node.tag_name().name())
    }

    /// Where identifiers are below `node`, which is none itself.
    fn below(self, node: Element<'_>) -> Self {
        let name = node.tag_name().name();
        let in_connection = self.in_connection
            || match self.names {
                Names::Connection => true,
                Names::Within { connections, .. } => connections.contains(&name),
                Names::None | Names::Device => false,
            };
        let names = match self.names {
            Names::Within { .. } => self.names,
            Names::None | Names::Device | Names::Connection => Names::None,
        };
        Self { names, in_connection, passing: self.passing }
    }
}

/// The identifier that a CSTA element holds, if any.
fn identifier(node: Element<'_>, place: Place) -> Option<Identifier<'_>> {
    let name = node.tag_name().name();
    // `deviceIdentifier`: some phone systems write the device of a connection like a party.
    let is_of_connection = place.in_connection && matches!(name, "callID" | "deviceID" | "deviceIdentifier");
    let is_device = match place.names {
        Names::Device => true,
        Names::Within { devices, .. } => devices.contains(&name),
        Names::None | Names::Connection => false,
    };
    if !(is_of_connection || is_device) || node.children().any(|child| child.is_element()) {
        return None;
    }
    let Some(device) = read::device(node) else { return Some(Identifier::Unreadable) };
    if device.id.is_empty() {
        None
    } else if is_of_connection && name == "callID" {
        Some(Identifier::Call(device.id))
    } else if is_of_connection {
        Some(Identifier::ConnectionDevice(device))
    } else {
        Some(Identifier::Device(device))
    }
}
