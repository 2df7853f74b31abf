//! Messages composed of values.

use alloc::vec::Vec;

use super::super::emit::{self, Verbatim};
use super::super::events::{Part, Shape, shapes};
use super::super::model::{Device, Event, Message, Namespace, Party, Response};
use super::super::parse::Document;
use super::super::relayed::{Relayed, Value};
use super::super::services;
use crate::wire::csta::guard::XmlLimits;

const fn device(id: &str) -> Device<'_> {
    Device { id, type_of_number: None }
}

fn event(root: &str, edition: u8, given: &[(&'static str, Value<'_>)]) -> Vec<u8> {
    let mut out = Vec::new();
    let shape = Shape::named(root).unwrap();
    emit::composed_event(&mut out, Namespace::International(edition), shape, "7", given);
    out
}

#[test]
fn a_composed_event_has_its_elements_in_the_schemas_order() {
    let given = [
        ("forwardTo", Value::Device(device("1002"))),
        ("ringDuration", Value::Text("20")),
        ("forwardStatus", Value::Text("true")),
        ("device", Value::Party(Party::Device(device("1001")))),
    ];
    let expected = concat!(
        r#"<?xml version="1.0"?><ForwardingEvent xmlns="http://www.ecma-international.org/standards/ecma-323/csta/ed3">"#,
        "<monitorCrossRefID>7</monitorCrossRefID><device><deviceIdentifier>1001</deviceIdentifier></device>",
        "<forwardStatus>true</forwardStatus><forwardTo>1002</forwardTo></ForwardingEvent>",
    );
    assert_eq!(core::str::from_utf8(&event("ForwardingEvent", 3, &given)).unwrap(), expected);
    let later = event("ForwardingEvent", 6, &given);
    assert!(core::str::from_utf8(&later).unwrap().contains("<ringDuration>20</ringDuration>"));
}

#[test]
fn every_shape_of_event_can_be_composed_and_is_read_again() {
    for shape in shapes() {
        let required = |part| matches!(part, Part::Connection | Part::Subject | Part::Cause);
        let given = shape.slots.iter().filter(|slot| required(slot.part)).map(|slot| {
            let value = if slot.part == Part::Connection {
                Value::Elements(const { &[("callID", Value::Text("1")), ("deviceID", Value::Text("2"))] })
            } else if slot.part == Part::Subject {
                Value::Party(Party::NotKnown)
            } else {
                Value::Text("normal")
            };
            (slot.name, value)
        });
        let given: Vec<_> = given.collect();
        let bytes = event(shape.root, 3, &given);
        let document = Document::parse(&bytes, &XmlLimits::default()).unwrap();
        assert_eq!(document.name(), shape.root);
        let read = document.message();
        match shape.kind {
            Some(kind) => {
                let Ok(Message::Event(Event::Call(read))) = read else { panic!("{kind:?}: {read:?}") };
                assert_eq!((read.kind, read.cross_reference, read.connection.call), (kind, "7", Some("1")));
            }
            None => assert!(matches!(read, Ok(Message::Event(Event::Other { .. }))), "{}", shape.root),
        }
    }
}

#[test]
fn a_composed_response_holds_elements_within_elements() {
    let service = services::named("GetForwarding").unwrap();
    let one: &[(&str, Value<'_>)] =
        &[("forwardingType", Value::Text("forwardBusy")), ("forwardStatus", Value::Text("false"))];
    let list = [("forwardListItem", Value::Elements(one)), ("forwardListItem", Value::Elements(&[]))];
    let given = [("forwardingList", Value::Elements(&list))];
    let mut out = Vec::new();
    let response = Response::Relayed(Relayed::response(service, &given));
    emit::response(&mut out, Namespace::ED3, &response, &mut Verbatim);
    let expected = concat!(
        "<forwardingList><forwardListItem><forwardingType>forwardBusy</forwardingType><forwardStatus>false",
        "</forwardStatus></forwardListItem><forwardListItem/></forwardingList></GetForwardingResponse>",
    );
    assert!(core::str::from_utf8(&out).unwrap().ends_with(expected));
}
