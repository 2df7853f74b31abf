//! Which private data, and which security data beside them, are passed on to the other side.

use super::{
    super::{
        member::Names,
        model::Namespace,
        read::{self, Element},
        relayed::PrivateData,
    },
    Rewrite,
    copy::{self, XML},
    writer::Writer,
};

/// The namespace of Microsoft's private data, which name the client's line, for example.
const MICROSOFT: &str = "http://schemas.microsoft.com/Lcs/";

/// Whether private data of the namespace `uri` at `node` are held back.
pub(super) fn keeps(passing: PrivateData, node: Element<'_>, uri: &str) -> bool {
    match passing {
        PrivateData::All => false,
        PrivateData::AllButMicrosofts => uri.starts_with(MICROSOFT),
        PrivateData::None => {
            let root = node.document().root_element().tag_name().namespace();
            uri != XML && Some(uri) != root && Namespace::parse(uri).is_none()
        }
    }
}

/// Whether an element is held back, whatever it contains.
pub(super) fn stays(passing: PrivateData, node: Element<'_>) -> bool {
    let name = node.tag_name().name();
    let is_standards = matches!(name, "privateData" | "securityData");
    (passing == PrivateData::None && is_standards)
        || node.tag_name().namespace().is_some_and(|uri| keeps(passing, node, uri))
}

/// Whether an element, or anything in it, is held back.
pub(super) fn any_stays(passing: PrivateData, node: Element<'_>) -> bool {
    node.descendants().filter(roxmltree::Node::is_element).any(|inner| {
        let mut attributes = inner.attributes();
        stays(passing, inner)
            || attributes.any(|attribute| attribute.namespace().is_some_and(|uri| keeps(passing, inner, uri)))
    })
}

/// Copies a message's `extensions`, without what is held back; writes nothing if nothing is left.
pub(super) fn extensions<R: Rewrite>(w: &mut Writer<'_, R>, source: Element<'_>, passing: PrivateData) {
    let Some(node) = read::own_child(source, "extensions") else { return };
    match passing {
        PrivateData::All => copy::element(w, node, Names::None),
        PrivateData::AllButMicrosofts => without_microsofts(w, node, passing),
        PrivateData::None => {}
    }
}

/// Writes the extensions without Microsoft's private data.
fn without_microsofts<R: Rewrite>(w: &mut Writer<'_, R>, node: Element<'_>, passing: PrivateData) {
    let before = w.out.len();
    let mut is_any = false;
    w.open("extensions");
    for child in node.children().filter(roxmltree::Node::is_element) {
        let is_private = child.tag_name().name() == "privateData";
        if let Some(private) = read::child(child, "private").filter(|_| is_private) {
            is_any |= private_data(w, private, passing);
        } else if !any_stays(passing, child) {
            copy::element(w, child, Names::None);
            is_any = true;
        }
    }
    w.close("extensions");
    if !is_any {
        w.out.truncate(before);
    }
}

fn private_data<R: Rewrite>(w: &mut Writer<'_, R>, private: Element<'_>, passing: PrivateData) -> bool {
    let children = private.children().filter(roxmltree::Node::is_element);
    let mut others = children.filter(|child| !any_stays(passing, *child)).peekable();
    let is_any = others.peek().is_some();
    if is_any {
        w.element("privateData", |w| {
            w.element("private", |w| others.for_each(|child| copy::element(w, child, Names::None)));
        });
    }
    is_any
}
