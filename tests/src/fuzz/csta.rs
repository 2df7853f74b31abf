//! CSTA documents and frames.

use std::borrow::Cow;

use ctigate_core::wire::csta::{
    emit::{self, Verbatim},
    encoding,
    guard::{XmlError, XmlLimits},
    model::{Event, Message, Namespace, Request, Response},
    parse::Document,
};
use ctigate_core::wire::csta_frame::{self, FrameError, Framed, Framer};

use super::{Reached, pieces};

/// Limits that are wide enough for whatever is written for a document within the default limits.
const WIDE: XmlLimits =
    XmlLimits { bytes: usize::MAX, depth: 64, attributes: 256, namespaces: 16_384, elements: 16_384 };

/// A CSTA document is read or refused; what was read can be written, and what was written reads the same. States: each
/// way to be refused, each kind of message, each namespace.
///
/// # Panics
/// If a property does not hold.
pub fn csta_document(bytes: &[u8], reached: &mut Reached) {
    in_any_encoding(bytes);
    let document = match Document::parse(bytes, &XmlLimits::default()) {
        Ok(document) => document,
        Err(error) => return reached.note(format!("refused: {error:?}")),
    };
    let line = document.line();
    assert!(line.is_none_or(|line| !line.is_empty()), "an empty line");
    reached.note(if line.is_some() { "with a line" } else { "without a line" });
    reached.note(document.namespace().map_or(Cow::Borrowed("no namespace of CSTA"), |namespace| {
        Cow::Owned(format!("namespace {namespace:?}"))
    }));
    let message = match document.message() {
        Ok(message) => message,
        Err(error) => return reached.note(format!("not understood: {error:?}")),
    };
    reached.note(String::from(kind(&message)));
    assert_eq!(document.name(), message.name(), "a message has its root's name");

    let namespace = document.namespace().unwrap_or(Namespace::ED3);
    let mut written = Vec::new();
    emit::message(&mut written, namespace, &message, &mut Verbatim);
    let again = rewritten(&written, namespace);
    assert_eq!(again.as_deref(), Ok(written.as_slice()), "written, read and written again");
}

/// A document of a phone system is read in the encoding that it declares, and what was read is UTF-8 that reads the
/// same.
fn in_any_encoding(bytes: &[u8]) {
    let mut room = Vec::new();
    let Ok((text, document)) = encoding::parse(bytes, &XmlLimits::default(), &mut room) else { return };
    let again = Document::parse(text, &XmlLimits::default());
    assert_eq!(again.as_ref().map(Document::name), Ok(document.name()), "decoded once, read for good");
}

/// The kind of a message; those that are not modelled are one kind each.
fn kind<'a>(message: &Message<'a>) -> &'a str {
    match message {
        Message::Request(Request::Other { .. }) => "request of another name",
        Message::Request(request) => request.name(),
        Message::Response(Response::Other { .. }) => "response of another name",
        Message::Response(response) => response.name(),
        Message::Event(Event::Call(event)) => event.kind.word(),
        Message::Event(Event::Other { shape, .. }) => shape.root,
        Message::Event(Event::Unknown { .. }) => "event of another name",
    }
}

/// The kind of message in a document; empty if it is none.
pub(super) fn kind_of(text: &str) -> String {
    let Ok(document) = Document::parse(text.as_bytes(), &WIDE) else { return String::new() };
    document.message().map_or_else(|_| String::new(), |message| kind(&message).into())
}

/// Reads a message and writes it again.
fn rewritten(text: &[u8], namespace: Namespace) -> Result<Vec<u8>, XmlError> {
    let document = Document::parse(text, &WIDE)?;
    let message = document.message();
    assert!(message.is_ok(), "{message:?}: {}", String::from_utf8_lossy(text));
    let mut out = Vec::new();
    if let Ok(message) = message {
        emit::message(&mut out, namespace, &message, &mut Verbatim);
    }
    Ok(out)
}

/// The content of a stream of frames.
#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    frames: Vec<(u16, Vec<u8>)>,
    broken: Option<FrameError>,
    /// The bytes of an incomplete frame.
    held: usize,
}

fn cut<'a>(stream: impl Iterator<Item = &'a [u8]>) -> Found {
    let mut framer = Framer::default();
    let mut found = Found::default();
    for piece in stream {
        let mut rest = piece;
        while !rest.is_empty() {
            let (taken, next) = framer.push(rest);
            match next {
                Framed::Frame { invoke, document } => found.frames.push((invoke, document.to_vec())),
                Framed::Incomplete => assert_eq!(taken, rest.len(), "incomplete, and bytes left"),
                Framed::Broken(error) => found.broken = Some(error),
            }
            assert!(taken > 0, "nothing was taken");
            rest = rest.get(taken..).unwrap_or_default();
        }
    }
    found.held = framer.held();
    found
}

/// A stream of CSTA frames gives the same frames however it is divided; written again, they are the beginning of the
/// stream. States: how many frames there were, how the stream ends, and those of its documents.
///
/// # Panics
/// If a property does not hold.
pub fn csta_frame(bytes: &[u8], reached: &mut Reached) {
    let found = cut(core::iter::once(bytes));
    assert_eq!(cut(pieces(bytes)), found, "in pieces");
    assert_eq!(cut(bytes.chunks(1)), found, "byte by byte");

    let mut written = Vec::new();
    for (invoke, document) in &found.frames {
        let framed = csta_frame::frame(&mut written, *invoke, |out| out.extend_from_slice(document));
        assert_eq!(framed, Ok(()), "what came in a frame fits into one");
        csta_document(document, reached);
    }
    assert!(bytes.starts_with(&written), "the frames are the stream's beginning");
    assert!(found.broken.is_some() || written.len() + found.held == bytes.len(), "bytes were lost");
    let Found { frames, broken, held } = &found;
    reached.note(format!("stream of {}, {} held: {broken:?}", frames.len().min(5), (*held).min(9)));
}

/// Regression tests for what the fuzzer found.
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_that_grows_when_it_is_written_does_not_grow_beyond_its_bound() {
        for name in [">", "\"", "&#34;", "&#x22;", "&#9;", "\t", "'", "&apos;", "&lt;", "&#38;", "\u{e4}"] {
            for count in 1..=256 {
                let quote = if name == "'" { '"' } else { '\'' };
                let name = name.repeat(count);
                let document = format!(
                    "<OfferedEvent xmlns=\"http://www.ecma-international.org/standards/ecma-323/csta/ed5\">\
                     <monitorCrossRefID>7</monitorCrossRefID><extensions>\
                     <p:a xmlns:p={quote}{name}{quote}/></extensions></OfferedEvent>"
                );
                csta_document(document.as_bytes(), &mut Reached::default());
            }
        }
    }
}
