//! Events that are passed on: what is rewritten, and what is not.

use alloc::{format, string::String, vec::Vec};

use super::read;
use crate::wire::csta::{
    emit::{self, Rewrite, text},
    model::{Device, Message, Namespace},
};

/// Marks the identifiers it writes.
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

/// The body of what is written for an event that a link sent in edition 5.
fn relayed(name: &str, body: &str) -> String {
    relayed_from(Namespace::Ch(5), name, body)
}

/// The body of what is written in edition 3 for an event that a link sent in its own namespace.
fn relayed_from(namespace: Namespace, name: &str, body: &str) -> String {
    let source = format!("<{name} xmlns=\"{}\" xmlns:p=\"urn:p\">{body}</{name}>", namespace.uri());
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
fn every_kind_of_identifier_is_rewritten_where_its_row_says_it_stands() {
    let id = "<monitorCrossRefID> 7 </monitorCrossRefID>";
    let written = "<monitorCrossRefID>X(7)</monitorCrossRefID>";
    for (event, body, expected) in [
        (
            "TransferedEvent",
            "<primaryOldCall><callID>1</callID><deviceID typeOfNumber=\"dynamic\">a</deviceID></primaryOldCall>\
             <transferringDevice><deviceIdentifier typeOfNumber=\"other\">b</deviceIdentifier></transferringDevice>\
             <transferredToDevice><notKnown/></transferredToDevice><transferredConnections><connectionListItem>\
             <newConnection><callID>2</callID><deviceID>c</deviceID></newConnection><endpoint><deviceID>d</deviceID>\
             </endpoint></connectionListItem></transferredConnections><cause>transfer</cause>",
            "<primaryOldCall><callID>C(1)</callID><deviceID typeOfNumber=\"dynamic\">CD(a)</deviceID></primaryOldCall>\
             <transferringDevice><deviceIdentifier>D(b)</deviceIdentifier></transferringDevice>\
             <transferredToDevice><notKnown/></transferredToDevice><transferredConnections><connectionListItem>\
             <newConnection><callID>C(2)</callID><deviceID>CD(c)</deviceID></newConnection><endpoint><deviceID>D(d)\
             </deviceID></endpoint></connectionListItem></transferredConnections><cause>transfer</cause>",
        ),
        (
            "QueuedEvent",
            "<queuedConnection><callID>1</callID><deviceID>a</deviceID></queuedConnection><queue><deviceIdentifier>b\
             </deviceIdentifier></queue><lastRedirectionDevice><numberDialed>e</numberDialed></lastRedirectionDevice>",
            "<queuedConnection><callID>C(1)</callID><deviceID>CD(a)</deviceID></queuedConnection><queue>\
             <deviceIdentifier>D(b)</deviceIdentifier></queue><lastRedirectionDevice><numberDialed>D(e)</numberDialed>\
             </lastRedirectionDevice>",
        ),
        (
            "ForwardingEvent",
            "<device><notKnown/></device><forwardTo typeOfNumber=\"dynamic\">f</forwardTo>",
            "<device><notKnown></notKnown></device><forwardTo typeOfNumber=\"dynamic\">D(f)</forwardTo>",
        ),
        (
            "ServiceCompletionFailureEvent",
            "<primaryCall><deviceID>a</deviceID><connectionID><callID>1</callID><deviceID>b</deviceID></connectionID>\
             </primaryCall>",
            "<primaryCall><deviceID>D(a)</deviceID><connectionID><callID>C(1)</callID><deviceID>CD(b)</deviceID>\
             </connectionID></primaryCall>",
        ),
        (
            "DoNotDisturbEvent",
            "<callingDeviceList><callingDevice>a</callingDevice><callingDevice>b</callingDevice></callingDeviceList>",
            "<callingDeviceList><callingDevice>D(a)</callingDevice><callingDevice>D(b)</callingDevice></callingDeviceList>",
        ),
    ] {
        assert_eq!(relayed(event, &format!("{id}{body}")), format!("{written}{expected}"), "{event}");
    }
}

#[test]
fn what_no_table_knows_passes_between_equal_editions_alone() {
    let body = "<monitorCrossRefID>7</monitorCrossRefID><unheard><callID>9</callID><connection><callID>1</callID>\
                <deviceID>a</deviceID></connection></unheard><queue><notKnown/></queue>";
    let known = "<monitorCrossRefID>X(7)</monitorCrossRefID><queue><notKnown></notKnown></queue>";
    assert_eq!(relayed("QueuedEvent", body), known);
    let unheard = "<unheard><callID>9</callID><connection><callID>C(1)</callID><deviceID>CD(a)</deviceID>\
                   </connection></unheard>";
    for namespace in [Namespace::ED3, Namespace::Ch(3)] {
        assert_eq!(relayed_from(namespace, "QueuedEvent", body), format!("{known}{unheard}"));
    }
}

#[test]
fn a_member_of_a_later_edition_is_kept_from_an_earlier_one() {
    let body = "<monitorCrossRefID>7</monitorCrossRefID><device><notKnown/></device><forwardStatus>true</forwardStatus>\
                <ringDuration>9</ringDuration>";
    let early = relayed_from(Namespace::International(6), "ForwardingEvent", body);
    assert!(early.ends_with("<forwardStatus>true</forwardStatus>"), "{early}");
    let source = format!("<ForwardingEvent xmlns=\"{}\">{body}</ForwardingEvent>", Namespace::ED3.uri());
    let document = read(&source);
    let Ok(Message::Event(event)) = document.message() else { panic!("{source}") };
    let mut out = Vec::new();
    emit::event(&mut out, Namespace::International(6), &event, &mut Marks);
    let late = String::from_utf8(out).unwrap();
    assert!(late.contains("<ringDuration>9</ringDuration>"), "{late}");
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
    let private = "<extensions><privateData><private><p:a p:b=\"1\" c=\"&lt;&#10;\"> x <callID>9</callID></p:a><d \
                   xmlns=\"urn:d\" xml:lang=\"de\"><callID>9</callID></d></private></privateData></extensions>";
    // Nothing in private data is rewritten, not even what looks like a CSTA identifier.
    assert_eq!(
        relayed("QueuedEvent", &format!("{id}{private}")),
        "<monitorCrossRefID>X(7)</monitorCrossRefID><extensions><privateData><private><p:a xmlns:p=\"urn:p\" p:b=\"1\" \
         c=\"&lt;&#10;\"> x <callID>9</callID></p:a><d xmlns=\"urn:d\" xml:lang=\"de\"><callID>9</callID></d></private>\
         </privateData></extensions>"
    );
    let back = "<extensions><d xmlns=\"urn:d\"><q:e xmlns:q=\"http://www.ecma.ch/standards/ecma-323/csta/ed5\"/></d></extensions>";
    assert_eq!(
        relayed("QueuedEvent", &format!("{id}{back}")),
        format!(
            "<monitorCrossRefID>X(7)</monitorCrossRefID><extensions><d xmlns=\"urn:d\"><e xmlns=\"{}\"></e></d></extensions>",
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
