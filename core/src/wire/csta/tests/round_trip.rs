//! Round trips: `parse(emit(m)) == m`.

use alloc::{collections::BTreeSet, string::ToString as _};

use super::{namespaces, read, samples, write};
use crate::wire::csta::{
    errors::CstaError,
    model::{CallEvent, CallEventKind, Event, Message, Namespace, Response},
    services::{self, Served},
};

/// Compares everything but an event's source.
fn assert_same(message: &Message<'_>, again: &Message<'_>, text: &str) {
    match (message, again) {
        (Message::Request(one), Message::Request(other)) => assert_eq!(one, other, "{text}"),
        (
            Message::Response(Response::DataFollow { service, cross_reference, .. }),
            Message::Response(Response::DataFollow { service: same, cross_reference: again, .. }),
        ) => assert_eq!((service, cross_reference), (same, again), "{text}"),
        (
            Message::Response(Response::SnapshotDevice { items, .. }),
            Message::Response(Response::SnapshotDevice { items: again, .. }),
        ) => assert_eq!(items, again, "{text}"),
        (Message::Response(one), Message::Response(other)) => assert_eq!(one, other, "{text}"),
        (Message::Event(Event::Call(one)), Message::Event(Event::Call(other))) => {
            let CallEvent {
                kind,
                cross_reference,
                connection,
                subject,
                calling,
                called,
                redirection,
                local,
                cause,
                second,
                new_party,
                given_list: _,
                source: _,
            } = *one;
            assert_eq!((second, new_party), (other.second, other.new_party), "{text}");
            assert!(one.list().eq(other.list()), "{text}");
            assert_eq!(
                (kind, cross_reference, connection),
                (other.kind, other.cross_reference, other.connection)
            );
            assert_eq!((subject, calling, called), (other.subject, other.calling, other.called), "{text}");
            assert_eq!((redirection, local, cause), (other.redirection, other.local, other.cause), "{text}");
        }
        (one, other) => panic!("{} became {}: {text}", one.name(), other.name()),
    }
}

#[test]
fn every_message_is_read_as_it_was_written_in_every_namespace() {
    let mut names = BTreeSet::new();
    for seed in 0..60 {
        for message in samples::messages(seed) {
            for namespace in namespaces() {
                let text = write(namespace, &message);
                let document = read(&text);
                assert_eq!(document.name(), message.name());
                let session = document.is_application_session();
                assert_eq!(document.namespace(), (!session).then_some(namespace), "{text}");
                assert_same(&message, &document.message().unwrap(), &text);
                names.insert(message.name().to_string());
            }
        }
    }
    let relayed = services::all().iter().filter(|service| service.served == Served::Relayed).count();
    assert_eq!(names.len(), 15 + 16 + CallEventKind::ALL.len() + 2 * relayed + 1);
}

#[test]
fn what_was_read_is_written_as_it_was_read() {
    for seed in 0..20 {
        for message in samples::messages(seed) {
            let text = write(Namespace::ED3, &message);
            assert_eq!(write(Namespace::ED3, &read(&text).message().unwrap()), text);
        }
    }
}

#[test]
fn every_error_is_read_as_it_was_written() {
    for error in CstaError::all() {
        let text = write(Namespace::ED3, &Message::Response(Response::Error(error)));
        assert_same(&Message::Response(Response::Error(error)), &read(&text).message().unwrap(), &text);
    }
}

#[test]
fn a_document_is_one_line_with_a_declaration() {
    for seed in 0..20 {
        for message in samples::messages(seed) {
            let text = write(Namespace::ED3, &message);
            assert!(text.starts_with("<?xml version=\"1.0\"?><"), "{text}");
            assert!(!text.contains(|character: char| character.is_ascii_control()), "{text}");
        }
    }
}
