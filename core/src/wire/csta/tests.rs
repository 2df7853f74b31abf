//! Tests with whole documents.

mod composed;
mod errors;
mod form;
mod hostile;
mod relay;
mod round_trip;
mod samples;
mod tolerance;

use alloc::{string::String, vec::Vec};

use super::{
    emit::{self, Verbatim},
    guard::XmlLimits,
    model::{Message, Namespace},
    parse::Document,
};

/// Reads a document that must be valid.
fn read(text: &str) -> Document<'_> {
    Document::parse(text.as_bytes(), &XmlLimits::default()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Writes a message with its identifiers unchanged.
fn write(namespace: Namespace, message: &Message<'_>) -> String {
    let mut out = Vec::new();
    emit::message(&mut out, namespace, message, &mut Verbatim);
    String::from_utf8(out).unwrap()
}

/// Every supported namespace.
fn namespaces() -> impl Iterator<Item = Namespace> {
    (2..=6).flat_map(|edition| [Namespace::International(edition), Namespace::Ch(edition)])
}
