//! Writes typed messages, each on one line, in edition 3's element order. Identifiers pass through a [`Rewrite`], so
//! that a message from one side is translated for the other without an intermediate copy.

use alloc::vec::Vec;

use super::events::Shape;
use super::model::{
    AVAYA, Device, Event, Message, MonitorFilter, MonitorObject, MonitorType, Namespace, Request, Response,
    SnapshotData,
};
use super::relayed::Value;
use super::services::Service;

mod copy;
mod event;
mod private;
mod relayed;
mod request;
mod response;
mod snapshot;
mod writer;

use writer::Writer;

/// How a device outside a ConnectionID appears to the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// By an identifier.
    Device,
    /// As unknown (`notKnown`): it has no identifier that means anything to the reader.
    NotKnown,
    /// As withheld (`restricted`).
    Restricted,
}

/// How identifiers are written. Each method appends an element's text to `out`, escaped with [`text`].
pub trait Rewrite {
    /// A monitorCrossRefID.
    fn cross_reference(&mut self, id: &str, out: &mut Vec<u8>);

    /// A callID.
    fn call(&mut self, call: &str, out: &mut Vec<u8>);

    /// A `DeviceID` outside a `ConnectionID`.
    fn device(&mut self, device: Device<'_>, out: &mut Vec<u8>);

    /// How a device outside a `ConnectionID` appears. [`Self::device`] is called for one that appears by an identifier,
    /// and where the schema requires an identifier.
    fn shown(&mut self, _: Device<'_>) -> Shown {
        Shown::Device
    }

    /// Whether the attribute `typeOfNumber` of `device` is written. It must not be if [`Self::device`] writes text of
    /// another type.
    fn keeps_type_of_number(&mut self, device: Device<'_>) -> bool;

    /// The attribute `typeOfNumber` that is written beside the text of `device`.
    fn type_of_number<'d>(&mut self, device: Device<'d>) -> Option<&'d str> {
        device.type_of_number.filter(|_| self.keeps_type_of_number(device))
    }

    /// Says whether the devices that follow are numbers to be dialled.
    fn dials(&mut self, _is_dialled: bool) {}

    /// The `deviceID` of the user's own line in a response that announces its connection.
    fn own_device(&mut self, device: Device<'_>, out: &mut Vec<u8>) {
        self.connection_device(device, out);
    }

    /// Whether [`Self::own_device`] writes the name that the other side uses.
    fn keeps_own_device(&self) -> bool {
        true
    }

    /// Whether the service or event that `feature`, a member of `list`, stands for may be announced as one that a
    /// device has.
    fn offers(&self, _list: &str, _feature: &str) -> bool {
        true
    }

    /// The edition of ECMA-323 of a document from the other side that does not say; `None` for its reader's edition.
    fn agreed_edition(&self) -> Option<u8> {
        None
    }

    /// The device of a `ConnectionID`.
    fn connection_device(&mut self, device: Device<'_>, out: &mut Vec<u8>) {
        self.device(device, out);
    }
}

/// Writes every identifier unchanged.
#[derive(Clone, Copy, Debug, Default)]
pub struct Verbatim;

impl Rewrite for Verbatim {
    fn cross_reference(&mut self, id: &str, out: &mut Vec<u8>) {
        text(out, id);
    }

    fn call(&mut self, call: &str, out: &mut Vec<u8>) {
        text(out, call);
    }

    fn device(&mut self, device: Device<'_>, out: &mut Vec<u8>) {
        text(out, device.id);
    }

    fn keeps_type_of_number(&mut self, _: Device<'_>) -> bool {
        true
    }
}

/// Appends text, escaped for an element or for an attribute in double quotes. White space other than spaces becomes
/// character references, so that a document stays on one line and nothing is lost by normalization; characters that XML
/// 1.0 does not allow are dropped.
pub fn text(out: &mut Vec<u8>, value: &str) {
    let mut room = [0; 4];
    let mut rest = value;
    loop {
        // Nearly all text needs no escaping and is copied in one piece.
        let needs_care = |byte: u8| NEEDS_CARE.get(usize::from(byte)).is_some_and(|needs_care| *needs_care);
        let plain = rest.bytes().position(needs_care).unwrap_or(rest.len());
        let (plain, behind) = rest.split_at_checked(plain).unwrap_or((rest, ""));
        out.extend_from_slice(plain.as_bytes());
        let mut characters = behind.chars();
        let Some(character) = characters.next() else { return };
        let instead = match character {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '"' => "&quot;",
            '\t' => "&#9;",
            '\n' => "&#10;",
            '\r' => "&#13;",
            '\0'..' ' | '\u{fffe}' | '\u{ffff}' => "",
            _ => character.encode_utf8(&mut room),
        };
        out.extend_from_slice(instead.as_bytes());
        rest = characters.as_str();
    }
}

/// For each byte, whether a character that begins with it may need escaping or dropping. U+FFFE and U+FFFF, which XML
/// 1.0 does not allow, begin with `EF`.
#[expect(
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "it is computed by the compiler, which refuses a wrong index"
)]
static NEEDS_CARE: [bool; 256] = {
    let mut needs_care = [false; 256];
    let mut byte = 0_u8;
    while byte < u8::MAX {
        needs_care[byte as usize] = matches!(byte, b'&' | b'<' | b'>' | b'"' | 0..b' ' | 0xef);
        byte += 1;
    }
    needs_care
};

/// Appends any message as a whole document. ECMA-354's messages are in a namespace of their own, whatever `namespace`
/// is.
pub fn message(out: &mut Vec<u8>, namespace: Namespace, message: &Message<'_>, rewrite: &mut impl Rewrite) {
    match message {
        Message::Request(request) => self::request(out, namespace, request, rewrite),
        Message::Response(response) => self::response(out, namespace, response, rewrite),
        Message::Event(event) => self::event(out, namespace, event, rewrite),
    }
}

/// Appends a request as a whole document.
pub fn request(out: &mut Vec<u8>, namespace: Namespace, request: &Request<'_>, rewrite: &mut impl Rewrite) {
    let mut writer = if request.is_application_session() {
        Writer::of_session(out, rewrite)
    } else {
        Writer::new(out, namespace, rewrite)
    };
    writer.document(request.name(), |w| request::body(w, request));
}

/// Appends a request as a whole document, with the private data in which a client names the line it signs in for.
pub fn request_with_line(out: &mut Vec<u8>, namespace: Namespace, request: &Request<'_>, line: &str) {
    Writer::new(out, namespace, &mut Verbatim).document(request.name(), |w| {
        request::body(w, request);
        w.raw("<extensions><privateData><private><lcs:line xmlns:lcs=\"");
        w.raw("http://schemas.microsoft.com/Lcs/2005/04/RCCExtension\">");
        w.text(line);
        w.raw("</lcs:line></private></privateData></extensions>");
    });
}

/// Appends a MonitorStart for an Avaya as a whole document: its private data turn the sense of the filter round, so that
/// the events named in it are those that are sent, as all its clients do.
pub fn inverted_monitor_start(
    out: &mut Vec<u8>,
    namespace: Namespace,
    (object, filter, kind): (MonitorObject<'_>, MonitorFilter, Option<MonitorType>),
    rewrite: &mut impl Rewrite,
) {
    Writer::new(out, namespace, rewrite).document("MonitorStart", |w| {
        request::monitor_object(w, object);
        w.wanted_events("requestedMonitorFilter", filter);
        w.optional("monitorType", kind.map(MonitorType::word));
        // So do clients that are made from its schema: the element in no namespace, its children in Avaya's.
        w.raw("<extensions><privateData><private><AvayaEvents xmlns=\"\"><invertFilter xmlns=\"");
        w.raw(AVAYA);
        w.raw("\">true</invertFilter></AvayaEvents></private></privateData></extensions>");
    });
}

/// Appends Avaya's GetThirdPartyDeviceId as a whole document: the question for the identifier of a device.
pub fn third_party_device_id(out: &mut Vec<u8>, switch_name: &str, extension: &str) {
    Writer::of_avaya(out, &mut Verbatim).document("GetThirdPartyDeviceId", |w| {
        w.leaf("switchName", switch_name);
        w.leaf("extension", extension);
    });
}

/// Appends a `StartApplicationSession` (ECMA-354) as a whole document, with the application's name, the versions it
/// speaks in order of preference, and the duration in seconds. `specific` appends the content of
/// `applicationSpecificInfo`, such as a login; if it appends nothing, that element is left out.
pub fn start_application_session(
    out: &mut Vec<u8>,
    application: &str,
    versions: &[&str],
    duration: Option<u32>,
    specific: impl FnOnce(&mut Vec<u8>),
) {
    Writer::of_session(out, &mut Verbatim).document("StartApplicationSession", |w| {
        request::start_session(w, application, versions, duration, specific);
    });
}

/// Appends the items of a part of a snapshot, for a document in `namespace`.
pub fn snapshot_items(out: &mut Vec<u8>, namespace: Namespace, data: &SnapshotData<'_>) {
    copy::items(&mut Writer::new(out, namespace, &mut Verbatim), data.items);
}

/// Appends the content of a response other than the snapshot that it announces, for a document in `namespace`.
pub fn beside_snapshot(out: &mut Vec<u8>, namespace: Namespace, root: roxmltree::Node<'_, '_>) {
    copy::beside_snapshot(&mut Writer::new(out, namespace, &mut Verbatim), root);
}

/// Appends the response whose data came in parts: all `items`, and the response's other content, `beside`.
pub fn whole_snapshot(
    out: &mut Vec<u8>,
    namespace: Namespace,
    service: &Service,
    (items, beside): (&[u8], &[u8]),
) {
    Writer::new(out, namespace, &mut Verbatim).document(service.response_root, |w| {
        w.element("crossRefIDorSnapshotData", |w| {
            w.element("snapshotData", |w| w.out.extend_from_slice(items));
        });
        w.out.extend_from_slice(beside);
    });
}

/// Appends a response as a whole document.
pub fn response(
    out: &mut Vec<u8>,
    namespace: Namespace,
    response: &Response<'_>,
    rewrite: &mut impl Rewrite,
) {
    let mut writer = if response.is_application_session() {
        Writer::of_session(out, rewrite)
    } else {
        Writer::new(out, namespace, rewrite)
    };
    writer.document(response.name(), |w| response::body(w, response));
}

/// Appends an event as a whole document.
pub fn event(out: &mut Vec<u8>, namespace: Namespace, event: &Event<'_>, rewrite: &mut impl Rewrite) {
    Writer::new(out, namespace, rewrite).document(event.name(), |w| event::body(w, event));
}

/// Appends an event of any shape as a whole document, composed of values for its elements. Elements are written in the
/// schema's order, whatever the order of `given`; those of a later edition than the reader's are left out.
pub fn composed_event(
    out: &mut Vec<u8>,
    namespace: Namespace,
    shape: &Shape,
    cross_reference: &str,
    given: &[(&'static str, Value<'_>)],
) {
    Writer::new(out, namespace, &mut Verbatim)
        .document(shape.root, |w| event::composed(w, shape, cross_reference, given));
}

/// Appends a response as a whole document, composed of values for its elements, which are written in this order.
pub fn composed_response(
    out: &mut Vec<u8>,
    namespace: Namespace,
    service: &Service,
    given: &[(&'static str, Value<'_>)],
) {
    Writer::new(out, namespace, &mut Verbatim).document(service.response_root, |w| {
        for (name, value) in given {
            w.value(name, *value);
        }
    });
}
