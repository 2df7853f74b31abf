//! Interprets the messages of a CSTA link.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::ToString as _;
use alloc::vec::Vec;

use super::{Asked, CstaLink, EVENT, Sent, Stage};
use crate::config::SessionKind;
use crate::cti::gathering::{Announced, Outcome};
use crate::cti::protocol::{Frame, Incoming, Output, RequestId, Slot, Spare};
use crate::wire::csta::encoding;
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::guard::XmlError;
use crate::wire::csta::model::{Event, Message, Request, Response, SystemStatus};
use crate::wire::csta::parse::{Document, Kind, Malformed};
use crate::wire::csta::services::{self, Features, Served};

/// The result of reading a message.
#[expect(clippy::large_enum_variant, reason = "it is read, passed on and forgotten, never stored")]
enum Read<'d> {
    /// What it means to the gateway.
    As(Incoming<'d>),
    /// It was the last part of an answer: this is the complete answer, as one document.
    Whole(RequestId, Box<[u8]>),
}

impl<'d> From<Incoming<'d>> for Read<'d> {
    fn from(incoming: Incoming<'d>) -> Self {
        Self::As(incoming)
    }
}

impl CstaLink {
    /// Reads the link's next message.
    pub(super) fn on_frame<'d, 'b: 'd>(
        &mut self,
        frame: Frame<'b>,
        spare: &'b mut Spare,
        slot: &'d mut Slot<'b>,
        output: &mut Output<'_>,
    ) -> Incoming<'d> {
        let Frame { number: invoke, bytes, lines: _ } = frame;
        let Spare { numbered, text, whole, words: _ } = spare;
        let bytes = self.devices.as_ref().map_or(bytes, |devices| devices.numbered(bytes, numbered));
        let (bytes, document) = match encoding::parse(bytes, &self.xml_limits, text) {
            Ok(read) => read,
            Err(error) => return self.on_unreadable(invoke, bytes, &error, output),
        };
        match self.on_document(invoke, bytes, slot.document.insert(document), output) {
            Read::As(incoming) => incoming,
            Read::Whole(id, answer) => {
                *whole = Vec::from(answer);
                self.on_whole(id, whole, &mut slot.whole)
            }
        }
    }

    /// A document that cannot be read. Under the invoke ID of a request of ours it is the answer, as far as its
    /// beginning does not say that it is something else.
    fn on_unreadable<'d>(
        &mut self,
        invoke: u16,
        bytes: &[u8],
        error: &XmlError,
        output: &mut Output<'_>,
    ) -> Incoming<'d> {
        if may_be_response(bytes) {
            if let Some(sent) = self.abandoned.remove(&invoke) {
                self.silence.answered(sent.service);
                return Incoming::Late;
            }
            if let Some(asked) = self.take_asked(invoke) {
                return self.on_bad_answer(asked, &format!("cannot be read: {error}"), output);
            }
        }
        Incoming::Discarded(Cow::Owned(error.to_string()))
    }

    /// An answer to `asked` that is not one, since it `is` something else or cannot be read. It is an error for whoever
    /// sent the request. But a heartbeat that is answered so still shows that the link is alive.
    fn on_bad_answer<'d>(&mut self, asked: Asked, is: &str, output: &mut Output<'_>) -> Incoming<'d> {
        match asked {
            Asked::Service(sent) => {
                self.gathering.answered(sent.id);
                self.send_queued(output);
                let why = format!("the answer to {} {is}", sent.service.map_or("a request", |one| one.root));
                Incoming::Unusable(sent.id, CstaError::UNSPECIFIED, Cow::Owned(why))
            }
            Asked::Session => {
                let opening = match self.session_kind {
                    SessionKind::Application => "StartApplicationSession",
                    SessionKind::None => "RequestSystemStatus",
                };
                Incoming::Failed(Cow::Owned(format!("the answer to {opening} {is}")))
            }
            Asked::Features => self.on_features(None, output),
            Asked::Heartbeat => Incoming::Alive,
            Asked::Device(invoke) => self.on_device(invoke, Err((CstaError::UNSPECIFIED, Some(is))), output),
            Asked::Registration | Asked::Nothing => {
                Incoming::Discarded(Cow::Owned(format!("an answer that {is}")))
            }
        }
    }

    /// All parts that a response announced have arrived: together they are the answer.
    fn on_whole<'d, 'b: 'd>(
        &self,
        id: RequestId,
        whole: &'b [u8],
        slot: &'d mut Option<Document<'b>>,
    ) -> Incoming<'d> {
        let document = match Document::parse(whole, &self.xml_limits) {
            Ok(document) => document,
            Err(error) => {
                let why = Cow::Owned(error.to_string());
                return Incoming::Unusable(id, CstaError::RESOURCE_LIMIT_EXCEEDED, why);
            }
        };
        let why = match slot.insert(document).message() {
            Ok(Message::Response(response)) => return Incoming::Response(id, response),
            Ok(Message::Request(_) | Message::Event(_)) => {
                Cow::Borrowed("an answer in parts that is not a response")
            }
            Err(malformed) => Cow::Owned(malformed.to_string()),
        };
        Incoming::Unusable(id, CstaError::UNSPECIFIED, why)
    }

    /// Reads a document that was framed with the invoke ID `invoke`; `bytes` is its text.
    fn on_document<'d>(
        &mut self,
        invoke: u16,
        bytes: &'d [u8],
        document: &'d Document<'_>,
        output: &mut Output<'_>,
    ) -> Read<'d> {
        match document.message() {
            Ok(Message::Event(Event::Unknown { name: root })) => Incoming::UnknownEvent(name(root)).into(),
            Ok(Message::Request(Request::Other { name: root })) if invoke == EVENT => {
                Incoming::UnknownEvent(name(root)).into()
            }
            Ok(Message::Event(event)) => Incoming::Event { event, document: Some(bytes) }.into(),
            Ok(Message::Response(response)) => self.on_response(invoke, response, document, output),
            Ok(Message::Request(request)) => self.on_request(invoke, bytes, &request, output),
            // Invoke IDs are separate per direction: a request of the phone system may have the ID of one of ours.
            Err(malformed) => match document.kind() {
                Kind::Event => discarded("an event lacks a required element"),
                Kind::Response => self.on_malformed_response(invoke, malformed, output),
                Kind::Request
                    if !is_of_phone_systems(document.name()) && self.outstanding.contains_key(&invoke) =>
                {
                    self.on_malformed_response(invoke, malformed, output)
                }
                Kind::Request => {
                    self.answer(invoke, &Response::Error(malformed.error), output);
                    discarded("a request of the phone system lacks a required element")
                }
            },
        }
    }

    /// A response that cannot be read is an error for whoever sent the request; a refusal is never malformed.
    fn on_malformed_response<'d>(
        &mut self,
        invoke: u16,
        malformed: Malformed,
        output: &mut Output<'_>,
    ) -> Read<'d> {
        match self.take_asked(invoke) {
            Some(asked) => self.on_bad_answer(asked, &format!("cannot be read: {malformed}"), output).into(),
            None => self.on_late_response(invoke, &Response::Error(CstaError::UNSPECIFIED), output).into(),
        }
    }

    fn on_response<'d>(
        &mut self,
        invoke: u16,
        response: Response<'d>,
        document: &Document<'_>,
        output: &mut Output<'_>,
    ) -> Read<'d> {
        let Some(asked) = self.take_asked(invoke) else {
            self.on_late_device(invoke, document.named_device(), output);
            return self.on_late_response(invoke, &response, output).into();
        };
        match asked {
            Asked::Service(sent) => {
                if !fits(sent, &response) {
                    let is = format!("is something else: {}", name(response.name()));
                    return self.on_bad_answer(asked, &is, output).into();
                }
                self.send_queued(output);
                if let Response::DataFollow { service, cross_reference, source } = response {
                    let announced = Announced { service, cross_reference, source };
                    return gathered(self.gathering.announce(sent.id, announced, self.namespace));
                }
                self.gathering.answered(sent.id);
                Incoming::Response(sent.id, response).into()
            }
            Asked::Session => self.on_session(&response, output).into(),
            Asked::Features => {
                let told =
                    if let Response::GetCstaFeatures(features) = response { Some(features) } else { None };
                self.on_features(told, output).into()
            }
            Asked::Heartbeat => self.on_heartbeat(&response).into(),
            Asked::Device(_) => match (document.named_device(), response) {
                (Some(id), _) => self.on_device(invoke, Ok(id), output).into(),
                (None, Response::Error(error)) => self.on_device(invoke, Err((error, None)), output).into(),
                (None, _) => self.on_bad_answer(asked, "names no device", output).into(),
            },
            // A phone system that refuses the registration does not report its status by itself; the heartbeat asks for
            // it.
            Asked::Registration | Asked::Nothing => Incoming::Nothing.into(),
        }
    }

    /// The answer to GetCSTAFeatures; `None` if it does not tell. The link may serve already, without the answer.
    fn on_features<'d>(&mut self, told: Option<Features>, output: &mut Output<'_>) -> Incoming<'d> {
        if self.stage == Stage::Ready {
            return told.map_or(Incoming::Nothing, Incoming::Features);
        }
        self.register(output);
        Incoming::Ready(told)
    }

    /// A response to a request that was given up. If it starts a monitor, that monitor is stopped: its events would
    /// have no use.
    fn on_late_response<'d>(
        &mut self,
        invoke: u16,
        response: &Response<'d>,
        output: &mut Output<'_>,
    ) -> Incoming<'d> {
        let Some(sent) = self.abandoned.remove(&invoke) else { return Incoming::Unexpected };
        self.silence.answered(sent.service);
        if let Response::MonitorStart { cross_reference, .. } = *response {
            self.ask(Asked::Nothing, &Request::MonitorStop { cross_reference }, output);
            return Incoming::LateMonitor { cross_reference };
        }
        let announced = if let Response::DataFollow { cross_reference, .. } = response {
            Some(*cross_reference)
        } else {
            None
        };
        self.gathering.came_late(invoke, announced);
        Incoming::Late
    }

    fn on_session<'d>(&mut self, response: &Response<'d>, output: &mut Output<'_>) -> Incoming<'d> {
        if self.stage != Stage::Opening {
            // It comes late: the link went on without it.
            return self.on_heartbeat(response);
        }
        match (self.session_kind, response) {
            (SessionKind::Application, Response::StartApplicationSession { session, duration, .. }) => {
                self.session = Some(Box::from(*session));
                self.granted = Some(*duration);
            }
            (SessionKind::Application, response) => {
                let why = "the phone system refused the application session";
                return failed(why, refusal(response));
            }
            (SessionKind::None, Response::RequestSystemStatus { status }) => {
                if let Some(failed) = cannot_serve(*status) {
                    return failed;
                }
            }
            // It is alive, but does not support SystemStatus.
            (SessionKind::None, Response::Error(CstaError::SERVICE_NOT_SUPPORTED)) => {}
            (SessionKind::None, response) => {
                return failed("the phone system does not say that it can serve", refusal(response));
            }
        }
        if self.has_features {
            self.register(output);
            return Incoming::Ready(None);
        }
        self.ask_features(output);
        Incoming::Begun
    }

    /// Interprets the answer to a heartbeat. If the application session was not renewed, it will end; if a phone system
    /// merely refuses to give its status, it is alive.
    fn on_heartbeat<'d>(&mut self, response: &Response<'d>) -> Incoming<'d> {
        if let Response::ResetApplicationSessionTimerRefused { .. } = response {
            return failed("the application session is no longer known", refusal(response));
        }
        if self.session.is_some() && matches!(response, Response::Error(_)) {
            return failed("the phone system would not renew the application session", refusal(response));
        }
        if let Response::ResetApplicationSessionTimer { duration: Some(duration) } = response {
            self.granted = Some(*duration);
        }
        let Response::RequestSystemStatus { status } = response else { return Incoming::Alive };
        cannot_serve(*status).unwrap_or(Incoming::Alive)
    }

    /// Answers the phone system's own requests under their invoke ID: phone systems drop a link that does not.
    fn on_request<'d>(
        &mut self,
        invoke: u16,
        bytes: &'d [u8],
        request: &Request<'d>,
        output: &mut Output<'_>,
    ) -> Read<'d> {
        match *request {
            Request::SystemStatus { status, .. } => {
                self.answer(invoke, &Response::SystemStatus, output);
                Incoming::Status(status).into()
            }
            Request::RequestSystemStatus { .. } => {
                self.answer(invoke, &Response::RequestSystemStatus { status: SystemStatus::Normal }, output);
                Incoming::Nothing.into()
            }
            Request::MonitorStop { cross_reference } => {
                self.answer(invoke, &Response::MonitorStop, output);
                Incoming::MonitorStopped { cross_reference, document: Some(bytes) }.into()
            }
            Request::ApplicationSessionTerminated { session, reason } => {
                if self.session.as_deref() == Some(session) {
                    return failed("the phone system ended the application session", name(reason)).into();
                }
                discarded("the end of an application session that is not this connection's")
            }
            // Neither message has a response.
            Request::SnapshotData(ref data) => gathered(self.gathering.add(data, self.namespace)),
            Request::Relayed(relayed) if relayed.service.served == Served::Told => {
                Incoming::Told { request: relayed, document: Some(bytes) }.into()
            }
            // The standard defines no response to SystemRegisterAbort, but some phone systems wait for one.
            Request::SystemRegisterAbort { .. }
            | Request::SystemRegister { .. }
            | Request::SystemRegisterCancel { .. }
            | Request::GetCstaFeatures => self.refuse(invoke, output),
            Request::MonitorStart { .. }
            | Request::ChangeMonitorFilter { .. }
            | Request::SnapshotDevice { .. }
            | Request::Relayed(_)
            | Request::StartApplicationSession { .. }
            | Request::ResetApplicationSessionTimer { .. }
            | Request::StopApplicationSession { .. }
            | Request::Other { .. } => match self.take_asked(invoke) {
                // Phone systems do not send such requests: it is meant as an answer.
                Some(asked) => {
                    let is = format!("is something else: {}", name(request.name()));
                    self.on_bad_answer(asked, &is, output).into()
                }
                None => self.refuse(invoke, output),
            },
        }
    }

    /// Refuses a request of the phone system.
    fn refuse<'d>(&mut self, invoke: u16, output: &mut Output<'_>) -> Read<'d> {
        self.answer(invoke, &Response::Error(CstaError::SERVICE_NOT_SUPPORTED), output);
        discarded("a request for a service that the gateway does not have")
    }
}

/// The most bytes of a name or a reason of the phone system's that are repeated.
const NAME_BYTES: usize = 100;

/// A name or a reason of the phone system's, as far as it is repeated.
fn name(text: &str) -> &str {
    let end = (0..=NAME_BYTES.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or_default()).unwrap_or_default()
}

/// The reason that a refusal gives; empty if there is none.
fn refusal<'d>(response: &Response<'d>) -> &'d str {
    if let Response::StartApplicationSessionRefused { error }
    | Response::ResetApplicationSessionTimerRefused { error } = response
    {
        return name(error);
    }
    if let Response::Error(error) = response { error.value() } else { "" }
}

/// A failure, with the phone system's own reason if it gave one.
fn failed<'d>(why: &'static str, reason: &str) -> Incoming<'d> {
    Incoming::Failed(if reason.is_empty() {
        Cow::Borrowed(why)
    } else {
        Cow::Owned(format!("{why}: {reason}"))
    })
}

/// Whether `response` answers what was asked for, or refuses it.
fn fits(sent: Sent, response: &Response<'_>) -> bool {
    let is_error = matches!(response, Response::Error(_));
    is_error || sent.service.is_none_or(|service| response.name() == service.response_root)
}

/// Whether a document that cannot be read may be a response, by the name that it begins with. If it has none, or only
/// the beginning of one, it may.
fn may_be_response(bytes: &[u8]) -> bool {
    let declared = bytes.starts_with(b"<?").then(|| memchr::memmem::find(bytes, b"?>")).flatten();
    let from = declared.map_or(0, |end| end + 2);
    let Some(open) = bytes.get(from..).and_then(|rest| memchr::memchr(b'<', rest)) else { return true };
    let tag = bytes.get(from + open + 1..).unwrap_or_default();
    let Some(end) = tag.iter().position(|byte| b" \t\r\n/>".contains(byte)) else { return true };
    let root = tag.get(..end).unwrap_or_default();
    let root = root.rsplit(|byte| *byte == b':').next().unwrap_or_default();
    core::str::from_utf8(root).is_ok_and(|root| !is_of_phone_systems(root))
}

/// Whether phone systems send requests and events with this root by themselves.
fn is_of_phone_systems(root: &str) -> bool {
    let requests = [
        "SystemStatus",
        "RequestSystemStatus",
        "SystemRegister",
        "SystemRegisterCancel",
        "SystemRegisterAbort",
        "GetCSTAFeatures",
        "MonitorStop",
        "ApplicationSessionTerminated",
        "SnapshotDeviceData",
        "SnapshotCallData",
    ];
    let is_told = services::named(root).is_some_and(|service| service.served == Served::Told);
    root.ends_with("Event") || is_told || requests.contains(&root)
}

/// A message that is discarded.
const fn discarded<'d>(why: &'static str) -> Read<'d> {
    Read::As(Incoming::Discarded(Cow::Borrowed(why)))
}

/// The result of adding a part to an answer.
fn gathered<'d>(outcome: Outcome) -> Read<'d> {
    match outcome {
        Outcome::Waits => Incoming::Nothing.into(),
        Outcome::Whole(id, whole) => Read::Whole(id, whole),
        Outcome::TooMuch(id) => {
            let why = Cow::Borrowed("an answer with more parts than are kept");
            Incoming::Unusable(id, CstaError::RESOURCE_LIMIT_EXCEEDED, why).into()
        }
        Outcome::Ambiguous(id) => {
            let why = Cow::Borrowed("an answer whose parts cannot be attributed");
            Incoming::Unusable(id, CstaError::UNSPECIFIED, why).into()
        }
        Outcome::Unexpected => discarded("a part of a snapshot that was not requested"),
    }
}

/// The failure that follows from a reported status, if with it the phone system cannot serve.
const fn cannot_serve<'d>(status: SystemStatus) -> Option<Incoming<'d>> {
    if matches!(status, SystemStatus::Disabled) {
        Some(Incoming::Failed(Cow::Borrowed("the phone system says it is disabled")))
    } else if matches!(status, SystemStatus::Initializing) {
        Some(Incoming::Failed(Cow::Borrowed("the phone system says it is initializing")))
    } else {
        None
    }
}
