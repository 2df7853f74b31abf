//! Messages that have to wait are stored as CSTA documents: the original one, or, if the link speaks something else,
//! one written here in the gateway's edition.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::wire::csta::emit::{self, Verbatim};
use crate::wire::csta::model::{Event, Namespace, Request};

/// Returns an event as a document.
pub(crate) fn event(event: &Event<'_>, document: Option<&[u8]>, edition: u8) -> Box<[u8]> {
    let namespace = Namespace::International(edition);
    keep(document, |out| emit::event(out, namespace, event, &mut Verbatim))
}

/// Returns a request of the phone system as a document.
pub(crate) fn request(request: &Request<'_>, document: Option<&[u8]>, edition: u8) -> Box<[u8]> {
    let namespace = Namespace::International(edition);
    keep(document, |out| emit::request(out, namespace, request, &mut Verbatim))
}

fn keep(document: Option<&[u8]>, write: impl FnOnce(&mut Vec<u8>)) -> Box<[u8]> {
    document.map_or_else(
        || {
            let mut written = Vec::new();
            write(&mut written);
            written.into_boxed_slice()
        },
        Box::from,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::csta::guard::XmlLimits;
    use crate::wire::csta::model::{CallEvent, CallEventKind, Connection, Device, Message};
    use crate::wire::csta::parse::Document;

    const CONNECTION: Connection<'static> =
        Connection { call: Some("7"), device: Some(Device { id: "1001", type_of_number: None }) };

    #[test]
    fn what_came_as_a_document_is_kept_as_that_document() {
        let event = super::event(&Event::Unknown { name: "x" }, Some(b"<as it came/>"), 3);
        assert_eq!(&*event, b"<as it came/>");
    }

    #[test]
    fn an_event_of_another_link_is_kept_as_a_document_that_says_the_same() {
        for edition in 3..=6 {
            let call =
                CallEvent { cross_reference: "m", ..CallEvent::new(CallEventKind::Delivered, CONNECTION) };
            let kept = super::event(&Event::Call(call), None, edition);
            let document = Document::parse(&kept, &XmlLimits::default()).unwrap();
            let Ok(Message::Event(Event::Call(read))) = document.message() else {
                panic!("{}", core::str::from_utf8(&kept).unwrap())
            };
            assert_eq!(
                (read.kind, read.cross_reference, read.connection),
                (CallEventKind::Delivered, "m", CONNECTION)
            );
        }
    }

    #[test]
    fn the_end_of_a_monitor_is_kept_as_the_request_that_says_so() {
        let kept = request(&Request::MonitorStop { cross_reference: "m" }, None, 3);
        let document = Document::parse(&kept, &XmlLimits::default()).unwrap();
        assert!(matches!(
            document.message(),
            Ok(Message::Request(Request::MonitorStop { cross_reference: "m" }))
        ));
    }
}
