//! Valid messages as seeds: those of the golden traces and of the recorded client, and some of every kind.

use std::collections::BTreeSet;
use std::io;

use ctigate_core::wire::csta::{
    emit::{self, Verbatim},
    errors::CstaError,
    events::shapes,
    member::Member,
    model::{
        CallEvent, CallEventKind, Connection, Device, Event, LocalConnectionState, Message, MonitorFilter,
        MonitorObject, MonitorType, Namespace, Party, Redirection, Request, RequestTypes, Response,
        SnapshotItem, StatusFilter, SystemStatus,
    },
    services::{self, Features},
};
use ctigate_core::wire::csta_frame;

use super::choices::Choices;
use super::literature::{self, Story};
use super::numbers;
use super::rows::{self, Form, Voice};

const LINE: &str = "tel:73124;phone-context=dialstring;partition=BE_BRS_INT";

/// A transferred call as a link reports it, with a vendor's private data.
const TRANSFERRED: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<c:TransferedEvent xmlns:c=\"http://www.ecma-international.org/standards/ecma-323/csta/ed5\" xmlns:p=\"urn:maker\">
  <c:monitorCrossRefID>7</c:monitorCrossRefID>
  <c:primaryOldCall><c:callID>1</c:callID><c:deviceID typeOfNumber=\"dynamic\">a</c:deviceID></c:primaryOldCall>
  <!-- who -->
  <c:transferringDevice><c:deviceIdentifier bitRate='constant'>1001 &amp; co</c:deviceIdentifier></c:transferringDevice>
  <c:transferredConnections><c:connectionListItem><c:endpoint><c:deviceID>9</c:deviceID></c:endpoint>
  </c:connectionListItem></c:transferredConnections><c:cause>transfer</c:cause>
  <c:extensions><c:privateData><c:private><p:a p:b='1' xml:lang='de'><d xmlns='urn:d'>x<![CDATA[<y>]]></d></p:a>
  </c:private></c:privateData></c:extensions>
</c:TransferedEvent>
";

const INVITE: &str = "INVITE sip:gw@127.0.0.1:17061 SIP/2.0\r
Via: SIP/2.0/tcp 127.0.0.1:59982\r
From: <sip:alice@example.com>;tag=624596613;epid=cf0b98dadeb9\r
To: <sip:gw@127.0.0.1:17061>\r
Max-Forwards: 70\r
CSeq: 1 INVITE\r
Call-ID: 2BA9gF2B8aF584i99C4m8CFFtF7AEb9FCDx4623x\r
Contact: <sip:alice@example.com:59982;maddr=127.0.0.1;transport=tcp>;proxy=replace\r
Supported: timer\r
Content-Disposition: signal;handling=required\r
Content-Type: application/csta+xml\r
Content-Length: 7\r
\r
<A>b/>\n";

const INFO: &str = "INFO sip:gw@[2001:db8::1]:5060;transport=tcp SIP/2.0\r
v: SIP/2.0/TLS proxy.example.com:5061;branch=z9hG4bK1;rport, SIP/2.0/TCP [::1]\r
f: \"Doe, <J>\" <tel:+14255550150;ext=1>;tag=1\r
t: sip:gw@h;tag=gw1\r
i: a@b\r
CSeq: 2\r
 INFO\r
Route: <sip:proxy@127.0.0.1;lr;ms-route-sig=aAbB>,<sip:p2;lr>\r
Record-Route: <sip:proxy@127.0.0.1;lr>\r
Session-Expires: 1800;refresher=uac\r
Min-SE: 90\r
Content-Type: multipart/mixed;boundary=\"xx\"\r
l: 58\r
\r
--xx\r
Content-Type: application/csta+xml\r
\r
<A/>\r
--xx--\r
";

const RESPONSE: &str = "SIP/2.0 200 OK\r
Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKx;received=10.0.0.2\r
From: <sip:a@b>;tag=1\r
To: <sip:c@d>;tag=2\r
Call-ID: 1\r
CSeq: 7 UPDATE\r
Allow: INVITE, ACK, BYE, CANCEL, INFO, UPDATE, OPTIONS\r
Content-Length: 0\r
\r
";

/// Seeds of a target, or why the golden traces cannot be read.
pub(super) type Seeds = io::Result<Vec<Vec<u8>>>;

/// `first`, then what `find` returns for each golden trace, without duplicates.
fn with_literature(first: Vec<Vec<u8>>, find: impl Fn(&Story) -> Vec<Vec<u8>>) -> Seeds {
    let mut seen = BTreeSet::new();
    let mut seeds = first;
    seeds.extend(literature::stories()?.iter().flat_map(find));
    seeds.retain(|seed| seen.insert(seed.clone()));
    Ok(seeds)
}

/// Single messages.
pub(super) fn sip_messages() -> Seeds {
    let mut first = [INVITE, INFO, RESPONSE].map(|text| text.as_bytes().to_vec()).to_vec();
    first.extend(literature::recorded_requests()?);
    first.extend(literature::torture()?);
    with_literature(first, Story::sip_messages)
}

/// Several messages in a row, and keep-alives between them.
pub(super) fn sip_streams() -> Seeds {
    let texts = [[INVITE, INFO, RESPONSE], [RESPONSE, "\r\n\r\n", RESPONSE], ["\r\n", INFO, "\r\n\r\n"]];
    let mut first = texts.map(|texts| texts.concat().into_bytes()).to_vec();
    first.push(literature::recorded_requests()?.concat());
    with_literature(first, |story| story.sip_streams().cloned().collect())
}

/// URIs that name numbers.
pub(super) fn tel_uris() -> Seeds {
    with_literature(numbers::uris(&[]), |story| numbers::uris(&story.csta_documents()))
}

/// Rules, and numbers.
pub(super) fn number_rules() -> Seeds {
    with_literature(numbers::rules(&[]), |story| numbers::rules(&story.csta_documents()))
}

/// Documents of every kind.
pub(super) fn csta_documents() -> Seeds {
    with_literature(written_documents(), Story::csta_documents)
}

/// Several frames in a row.
pub(super) fn csta_streams() -> Seeds {
    let frames = |documents: &[Vec<u8>]| {
        let mut out = Vec::new();
        for (invoke, document) in (9997..).zip(documents) {
            let framed = csta_frame::frame(&mut out, invoke, |out| out.extend_from_slice(document));
            framed.map_err(|error| io::Error::other(format!("{error:?}")))?;
        }
        Ok(out)
    };
    let first = written_documents().chunks(3).map(frames).collect::<Seeds>()?;
    with_literature(first, |story| story.csta_streams().cloned().collect())
}

/// An Avaya's answer to the question for a device.
const NAMED: &str = "<GetThirdPartyDeviceIdResponse xmlns=\"http://www.avaya.com/csta\"><device typeOfNumber=\"other\" \
    mediaClass=\"voice\" bitRate=\"constant\">1001:CM1::0</device></GetThirdPartyDeviceIdResponse>";

fn written_documents() -> Vec<Vec<u8>> {
    let mut documents: Vec<Vec<u8>> = Vec::new();
    let all = requests().into_iter().map(Message::Request);
    let all = all.chain(responses().into_iter().map(Message::Response));
    for message in all.chain(CallEventKind::ALL.iter().map(|kind| Message::Event(Event::Call(event(*kind)))))
    {
        let mut out = Vec::new();
        emit::message(&mut out, Namespace::ED3, &message, &mut Verbatim);
        documents.push(out);
    }
    let mut sign_in = Vec::new();
    emit::request_with_line(&mut sign_in, Namespace::Ch(2), &Request::GetCstaFeatures, LINE);
    documents.push(sign_in);
    documents.push(NAMED.as_bytes().to_vec());
    documents.extend(documents_of_rows());
    documents.push(TRANSFERRED.as_bytes().to_vec());
    documents.push(
        TRANSFERRED
            .replace("TransferedEvent", "EstablishedEvent")
            .replace("primaryOldCall", "establishedConnection")
            .into_bytes(),
    );
    documents
}

/// The complete messages of every row, and snapshots in parts.
fn documents_of_rows() -> Vec<Vec<u8>> {
    let none = &mut Choices::new(&[]);
    let voice = Voice { edition: 3, line: LINE, devices: &["1002"], calls: &["17"], reference: "99fda87c" };
    let late = Voice { edition: 6, ..voice };
    let mut texts = Vec::new();
    for service in services::all().iter().filter(|service| service.is_relayed()) {
        let of = |members: &[Member]| if members.iter().any(|one| one.since > 3) { late } else { voice };
        texts.push(rows::request(none, service, of(service.request)));
        texts.push(rows::response(none, service, of(service.response)));
    }
    texts.extend(shapes().map(|shape| rows::event(none, shape, voice)));
    for service in ["SnapshotDevice", "SnapshotCall"].into_iter().filter_map(services::named) {
        for form in [Form::Whole, Form::Announced, Form::Part { last: false }, Form::Part { last: true }] {
            texts.push(rows::snapshot(&mut Choices::new(&[2]), service, form, voice));
        }
    }
    texts.into_iter().map(String::into_bytes).collect()
}

const DEVICE: Device<'static> = Device { id: LINE, type_of_number: Some("other") };
const CONNECTION: Connection<'static> = Connection { call: Some("0_99f261b4"), device: Some(DEVICE) };

fn requests() -> Vec<Request<'static>> {
    let types = RequestTypes { system_status: true, ..RequestTypes::default() };
    vec![
        Request::SystemStatus { register: Some("1"), status: SystemStatus::MessagesLost },
        Request::SystemRegister { types, filter: Some(StatusFilter(5)) },
        Request::MonitorStart {
            object: MonitorObject::Device(DEVICE),
            filter: Some(MonitorFilter(0x1f_0001)),
            kind: Some(MonitorType::Device),
        },
        Request::MonitorStart { object: MonitorObject::Call(CONNECTION), filter: None, kind: None },
        Request::MonitorStop { cross_reference: "99fda87c" },
        Request::SnapshotDevice { device: DEVICE },
        Request::ChangeMonitorFilter { cross_reference: "99fda87c", filter: MonitorFilter(0x1f_0001) },
        Request::StartApplicationSession { application: "gw", protocol_version: "ed3", duration: Some(180) },
        Request::StopApplicationSession { session: "1", reason: "over" },
    ]
}

fn responses() -> Vec<Response<'static>> {
    let states = [LocalConnectionState::Connected, LocalConnectionState::Hold].into_iter().collect();
    let item =
        SnapshotItem { connection: CONNECTION, endpoint: Some(Party::Device(DEVICE)), states, source: None };
    vec![
        Response::RequestSystemStatus { status: SystemStatus::Normal },
        Response::GetCstaFeatures(Features::ALL),
        Response::MonitorStart { cross_reference: "99fda87c", filter: Some(MonitorFilter(3)) },
        Response::SnapshotDevice { items: vec![item.clone(), item], source: None },
        Response::ChangeMonitorFilter { filter: Some(MonitorFilter(3)) },
        Response::StartApplicationSession { session: "1", protocol_version: "ed3", duration: 600 },
        Response::StartApplicationSessionRefused { error: "serverResourcesBusy" },
        Response::Error(CstaError::SERVICE_NOT_SUPPORTED),
        Response::Error(CstaError::UNSPECIFIED),
    ]
}

fn event(kind: CallEventKind) -> CallEvent<'static> {
    CallEvent {
        cross_reference: "99fda87c",
        subject: Party::Device(DEVICE),
        calling: Some(Party::Restricted),
        called: Some(Party::NotKnown),
        redirection: Some(Redirection::NumberDialed(DEVICE)),
        local: Some(LocalConnectionState::Alerting),
        cause: "newCall",
        ..CallEvent::new(kind, CONNECTION)
    }
}
