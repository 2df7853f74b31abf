//! What is told as a document of CSTA, because it has no type of its own.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::ToString as _;
use alloc::vec::Vec;

use super::endpoints::Endpoints;
use super::monitors::Monitor;
use crate::cti::asterisk::calls::{AtDevice, News, Who};
use crate::cti::protocol::{Incoming, RequestId, Slot, Spare};
use crate::slots::Handle;
use crate::wire::csta::emit::{self, Verbatim};
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::events::Shape;
use crate::wire::csta::guard::XmlLimits;
use crate::wire::csta::model::{
    Connection, Device, LocalConnectionState, Message, Namespace, Party, Redirection, Request, Response,
};
use crate::wire::csta::parse::Document;
use crate::wire::csta::relayed::{Relayed, Value};
use crate::wire::csta::services::{self, Service};

/// The most devices in one part of a list.
const PART: usize = 100;

const fn device(id: &str) -> Device<'_> {
    Device { id, type_of_number: None }
}

/// News that a call waits at a place: parked, or in a queue.
pub(super) fn queued(monitor: Handle<Monitor>, news: &News) -> Option<Box<[u8]>> {
    let call = news.call.to_string();
    let at = if news.subject.device.is_empty() { &news.subject.number } else { &news.subject.device };
    let connection = Connection { call: Some(&call), device: Some(device(at)) };
    let given = [
        ("queuedConnection", Value::Connection(connection)),
        ("queue", Value::Party(party(&news.subject))),
        ("callingDevice", Value::Party(party(&news.calling))),
        ("calledDevice", Value::Party(party(&news.called))),
        ("lastRedirectionDevice", Value::Redirection(Redirection::NotRequired)),
        ("localConnectionInfo", Value::Text(news.local.word())),
        ("cause", Value::Text(news.cause)),
    ];
    event("QueuedEvent", &monitor.number().to_string(), &given)
}

fn party(who: &Who) -> Party<'_> {
    match (who.number.is_empty(), who.device.is_empty()) {
        (false, _) => Party::Device(device(&who.number)),
        (true, false) => Party::Device(device(&who.device)),
        (true, true) => Party::NotKnown,
    }
}

/// The parts of the list of endpoints that is named `list`.
pub(super) fn devices(list: &str, endpoints: &Endpoints) -> Vec<Box<[u8]>> {
    let Some(service) = services::named("SwitchingFunctionDevices") else { return Vec::new() };
    let names: Vec<&str> = endpoints.names().collect();
    let chunks: Vec<&[&str]> =
        if names.is_empty() { Vec::from([&[][..]]) } else { names.chunks(PART).collect() };
    let count = chunks.len();
    let part = |(index, names): (usize, &[&str])| {
        let members: Vec<_> = names
            .iter()
            .map(|name| {
                [("deviceID", Value::Device(device(name))), ("deviceCategory", Value::Text("station"))]
            })
            .collect();
        let items: Vec<(&'static str, Value<'_>)> =
            members.iter().map(|one| ("device", Value::Elements(one))).collect();
        let segment = format!("{}", index + 1);
        let given = [
            ("serviceCrossRefID", Value::Text(list)),
            ("segmentID", Value::Text(&segment)),
            ("lastSegment", Value::Text(if index + 1 == count { "true" } else { "false" })),
            ("deviceList", Value::Elements(&items)),
        ];
        let mut document = Vec::new();
        let request = Request::Relayed(Relayed::request(service, &given));
        emit::request(&mut document, Namespace::ED3, &request, &mut Verbatim);
        document.into_boxed_slice()
    };
    chunks.into_iter().enumerate().map(part).collect()
}

/// An event with these members, for the monitor named so.
pub(super) fn event(
    root: &str,
    cross_reference: &str,
    given: &[(&'static str, Value<'_>)],
) -> Option<Box<[u8]>> {
    let mut document = Vec::new();
    emit::composed_event(&mut document, Namespace::ED3, Shape::named(root)?, cross_reference, given);
    Some(document.into_boxed_slice())
}

/// One party of a call.
fn on_call<'a>(call: &'a str, who: &'a Who, state: LocalConnectionState) -> [(&'static str, Value<'a>); 3] {
    let of = if who.device.is_empty() { &who.number } else { &who.device };
    let connection = Connection { call: Some(call), device: Some(device(of)) };
    [
        ("deviceOnCall", Value::Party(party(who))),
        ("callIdentifier", Value::Connection(connection)),
        ("localConnectionInfo", Value::Text(state.word())),
    ]
}

/// The answer to Snapshot Call: who is in a call at `line`, which comes first.
pub(super) fn call(service: &Service, line: &str, at: &AtDevice) -> Box<[u8]> {
    let id = at.call.to_string();
    let own = Who { device: line.into(), ..Who::default() };
    let parties = core::iter::once(&own).chain(&at.others).zip(&at.states);
    let rows: Vec<_> = parties.map(|(who, state)| on_call(&id, who, *state)).collect();
    let items: Vec<(&'static str, Value<'_>)> =
        rows.iter().map(|row| ("snapshotCallResponseInfo", Value::Elements(row))).collect();
    let data = [("snapshotData", Value::Elements(&items))];
    let mut given = Vec::from([("crossRefIDorSnapshotData", Value::Elements(&data))]);
    let ends = [("callingDevice", &at.calling), ("calledDevice", &at.called)];
    given.extend(ends.map(|(name, who)| (name, Value::Party(party(who)))));
    response(service, &given)
}

/// A response with these members.
pub(super) fn response(service: &Service, given: &[(&'static str, Value<'_>)]) -> Box<[u8]> {
    let mut document = Vec::new();
    emit::composed_response(&mut document, Namespace::ED3, service, given);
    document.into_boxed_slice()
}

/// Answers a request with a document.
pub(super) fn answer<'d, 'b: 'd>(
    id: RequestId,
    document: Box<[u8]>,
    spare: &'b mut Spare,
    slot: &'d mut Slot<'b>,
) -> Incoming<'d> {
    spare.text = document.into_vec();
    let read = Document::parse(&spare.text, &XmlLimits::default());
    let message = read.ok().map(|read| slot.document.insert(read).message());
    match message {
        Some(Ok(Message::Response(response))) => Incoming::Response(id, response),
        _ => Incoming::Response(id, Response::Error(CstaError::GENERIC_OPERATION)),
    }
}

/// Tells a document.
pub(super) fn told<'d, 'b: 'd>(
    document: Box<[u8]>,
    spare: &'b mut Spare,
    slot: &'d mut Slot<'b>,
) -> Incoming<'d> {
    spare.text = document.into_vec();
    let bytes: &'b [u8] = &spare.text;
    let Ok(read) = Document::parse(bytes, &XmlLimits::default()) else {
        debug_assert!(false, "what was written can be read");
        return Incoming::Nothing;
    };
    let read: &'d Document<'b> = slot.document.insert(read);
    match read.message() {
        Ok(Message::Event(event)) => Incoming::Event { event, document: Some(bytes) },
        Ok(Message::Request(Request::Relayed(request))) => Incoming::Told { request, document: Some(bytes) },
        Ok(Message::Request(_) | Message::Response(_)) | Err(_) => Incoming::Nothing,
    }
}
