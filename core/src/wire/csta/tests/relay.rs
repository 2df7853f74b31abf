//! Events that pass through: what is rewritten, and what stays.

use alloc::{format, string::String, vec::Vec};

use super::read;
use crate::wire::csta::{
    emit::{self, Rewrite, text},
    model::{Device, Message, Namespace},
};

/// Marks what it was given.
struct Marks;

impl Rewrite for Marks {
    fn cross_reference(&mut self, id: &str, out: &mut Vec<u8>) {
        text(out, &format!("X({id})"));
    }

    fn call(&mut self, call: &str, out: &mut Vec<u8>) {
        text(out, &format!("C({call})"));
    }

    fn device(&mut self, device: Device<'_>, out: &mut Vec<u8>) {
        text(out, &format!("D({})", device.id));
    }

    fn keeps_type_of_number(&mut self, device: Device<'_>) -> bool {
        device.type_of_number == Some("dynamic")
    }

    fn connection_device(&mut self, device: Device<'_>, out: &mut Vec<u8>) {
        text(out, &format!("CD({})", device.id));
    }
}

/// The body of what is written for an event that a link sent in its own namespace.
fn relayed(name: &str, body: &str) -> String {
    let source = format!("<{name} xmlns=\"{}\" xmlns:p=\"urn:p\">{body}</{name}>", Namespace::Ch(5).uri());
    let document = read(&source);
    let mut out = Vec::new();
    match document.message() {
        Ok(Message::Event(event)) => emit::event(&mut out, Namespace::ED3, &event, &mut Marks),
        other => panic!("{other:?}: {source}"),
    }
    let written = String::from_utf8(out).unwrap();
    read(&written);
    let head = format!("<?xml version=\"1.0\"?><{name} xmlns=\"{}\">", Namespace::ED3.uri());
    written.strip_prefix(&head).unwrap().strip_suffix(&format!("</{name}>")).unwrap().into()
}

#[test]
fn every_kind_of_identifier_in_an_unmodelled_event_is_rewritten() {
    let body = "<monitorCrossRefID> 7 </monitorCrossRefID><primaryOldCall><callID>1</callID>\
                <deviceID typeOfNumber=\"dynamic\">a</deviceID></primaryOldCall><transferringDevice><deviceIdentifier \
                typeOfNumber=\"other\">b</deviceIdentifier></transferringDevice><transferredConnections>\
                <connectionListItem><newConnection><callID>2</callID><deviceID>c</deviceID></newConnection><endpoint>\
                <deviceID>d</deviceID></endpoint></connectionListItem></transferredConnections><lastRedirectionDevice>\
                <numberDialed>e</numberDialed></lastRedirectionDevice><forwardTo>f</forwardTo><unheard \
                typeOfNumber=\"dynamic\">g</unheard><cause>transfer</cause><device><notKnown/></device>";
    assert_eq!(
        relayed("TransferedEvent", body),
        "<monitorCrossRefID>X(7)</monitorCrossRefID><primaryOldCall><callID>C(1)</callID><deviceID \
         typeOfNumber=\"dynamic\">CD(a)</deviceID></primaryOldCall><transferringDevice><deviceIdentifier>D(b)\
         </deviceIdentifier></transferringDevice><transferredConnections><connectionListItem><newConnection><callID>C(2)\
         </callID><deviceID>CD(c)</deviceID></newConnection><endpoint><deviceID>D(d)</deviceID></endpoint>\
         </connectionListItem></transferredConnections><lastRedirectionDevice><numberDialed>D(e)</numberDialed>\
         </lastRedirectionDevice><forwardTo>D(f)</forwardTo><unheard typeOfNumber=\"dynamic\">D(g)</unheard>\
         <cause>transfer</cause><device><notKnown></notKnown></device>"
    );
}

#[test]
fn white_space_and_comments_between_elements_are_left_out() {
    let body =
        "\n  <monitorCrossRefID>7</monitorCrossRefID>\n  <!-- no -->\n <queue>\n <notKnown/>\n </queue>\n";
    assert_eq!(
        relayed("QueuedEvent", body),
        "<monitorCrossRefID>X(7)</monitorCrossRefID><queue><notKnown></notKnown></queue>"
    );
}

#[test]
fn private_data_keep_their_namespaces_texts_and_attributes() {
    let id = "<monitorCrossRefID>7</monitorCrossRefID>";
    let private = "<private><p:a p:b=\"1\" c=\"&lt;&#10;\"> x <callID>9</callID></p:a><d xmlns=\"urn:d\" xml:lang=\"de\"><callID>9</callID>\
                   </d></private>";
    assert_eq!(
        relayed("QueuedEvent", &format!("{id}{private}")),
        "<monitorCrossRefID>X(7)</monitorCrossRefID><private><p:a xmlns:p=\"urn:p\" p:b=\"1\" c=\"&lt;&#10;\"> x \
         <callID>C(9)</callID></p:a><d xmlns=\"urn:d\" xml:lang=\"de\"><callID>9</callID></d></private>"
    );
    let back = "<private><d xmlns=\"urn:d\"><q:e xmlns:q=\"http://www.ecma.ch/standards/ecma-323/csta/ed5\"/></d></private>";
    assert_eq!(
        relayed("QueuedEvent", &format!("{id}{back}")),
        format!(
            "<monitorCrossRefID>X(7)</monitorCrossRefID><private><d xmlns=\"urn:d\"><e xmlns=\"{}\"></e></d></private>",
            Namespace::ED3.uri()
        )
    );
}

#[test]
fn an_identifier_that_cannot_be_read_is_not_passed_on() {
    let body = "<monitorCrossRefID>7</monitorCrossRefID><forwardTo>1<!-- -->2</forwardTo>";
    assert_eq!(
        relayed("ForwardingEvent", body),
        "<monitorCrossRefID>X(7)</monitorCrossRefID><forwardTo></forwardTo>"
    );
}

#[test]
fn a_modelled_event_rewrites_its_slots_and_what_it_copies() {
    let body = "<monitorCrossRefID>7</monitorCrossRefID><establishedConnection><callID>1</callID><deviceID>a</deviceID>\
                </establishedConnection><answeringDevice><deviceIdentifier>a</deviceIdentifier></answeringDevice>\
                <callingDevice><restricted/></callingDevice><calledDevice><deviceIdentifier>b</deviceIdentifier>\
                </calledDevice><lastRedirectionDevice><numberDialed>c</numberDialed></lastRedirectionDevice>\
                <originatinNIDConnection><callID>1</callID><deviceID>t</deviceID></originatinNIDConnection>\
                <cause>newCall</cause><associatedCallingDevice><deviceIdentifier>t</deviceIdentifier>\
                </associatedCallingDevice><deviceHistory><deviceHistoryListItem><oldDeviceID><numberDialed>h</numberDialed>\
                </oldDeviceID></deviceHistoryListItem></deviceHistory><locationInfo>later</locationInfo>";
    assert_eq!(
        relayed("EstablishedEvent", body),
        "<monitorCrossRefID>X(7)</monitorCrossRefID><establishedConnection><callID>C(1)</callID><deviceID>CD(a)</deviceID>\
         </establishedConnection><answeringDevice><deviceIdentifier>D(a)</deviceIdentifier></answeringDevice>\
         <callingDevice><restricted/></callingDevice><calledDevice><deviceIdentifier>D(b)</deviceIdentifier></calledDevice>\
         <lastRedirectionDevice><numberDialed>D(c)</numberDialed></lastRedirectionDevice><originatinNIDConnection><callID>\
         C(1)</callID><deviceID>CD(t)</deviceID></originatinNIDConnection><cause>newCall</cause><associatedCallingDevice>\
         <deviceIdentifier>D(t)</deviceIdentifier></associatedCallingDevice><deviceHistory><deviceHistoryListItem>\
         <oldDeviceID><numberDialed>D(h)</numberDialed></oldDeviceID></deviceHistoryListItem></deviceHistory>"
    );
}
