//! Interprets the messages of a CSTA link.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::ToString as _;
use alloc::vec::Vec;

use super::{Asked, CstaLink};
use crate::config::SessionKind;
use crate::cti::gathering::{Announced, Outcome};
use crate::cti::protocol::{Frame, Incoming, Output, RequestId, Slot};
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::{Event, Message, Request, RequestTypes, Response, StatusFilter, SystemStatus};
use crate::wire::csta::parse::{Document, Kind, Malformed};
use crate::wire::csta::services::Served;

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
        spare: &'b mut Vec<u8>,
        slot: &'d mut Slot<'b>,
        output: &mut Output<'_>,
    ) -> Incoming<'d> {
        let Frame { number: invoke, bytes } = frame;
        let document = match Document::parse(bytes, &self.xml_limits) {
            Ok(document) => document,
            Err(error) => return Incoming::Discarded(Cow::Owned(error.to_string())),
        };
        match self.on_document(invoke, bytes, slot.document.insert(document), output) {
            Read::As(incoming) => incoming,
            Read::Whole(id, whole) => {
                *spare = Vec::from(whole);
                self.on_whole(id, spare, &mut slot.whole)
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
            Ok(Message::Event(Event::Unknown { .. })) => discarded("an event of a kind that is not known"),
            Ok(Message::Event(event)) => Incoming::Event { event, document: Some(bytes) }.into(),
            Ok(Message::Response(response)) => self.on_response(invoke, response, output),
            Ok(Message::Request(request)) => self.on_request(invoke, bytes, &request, output),
            // Invoke IDs are separate per direction: a request of the phone system may have the ID of one of ours.
            Err(malformed) => match document.kind() {
                Kind::Event => discarded("an event lacks a required element"),
                Kind::Response => self.on_malformed_response(invoke, malformed, output),
                Kind::Request => {
                    self.answer(invoke, &Response::Error(malformed.error), output);
                    discarded("a request of the phone system lacks a required element")
                }
            },
        }
    }

    /// A response that cannot be read is an error for whoever sent the request. But a malformed response to a heartbeat
    /// still shows that the link is alive, and a refusal is never malformed.
    fn on_malformed_response<'d>(
        &mut self,
        invoke: u16,
        malformed: Malformed,
        output: &mut Output<'_>,
    ) -> Read<'d> {
        if self.outstanding.get(&invoke) == Some(&Asked::Heartbeat) {
            self.outstanding.remove(&invoke);
            return Incoming::Alive.into();
        }
        if let Some(Asked::Service(id)) = self.outstanding.get(&invoke).copied() {
            self.outstanding.remove(&invoke);
            self.by_request.remove(&id);
            self.gathering.answered(id);
            self.send_queued(output);
            let why = Cow::Owned(malformed.to_string());
            return Incoming::Unusable(id, CstaError::UNSPECIFIED, why).into();
        }
        self.on_response(invoke, Response::Error(CstaError::UNSPECIFIED), output)
    }

    fn on_response<'d>(&mut self, invoke: u16, response: Response<'d>, output: &mut Output<'_>) -> Read<'d> {
        let Some(asked) = self.outstanding.remove(&invoke) else {
            return self.on_late_response(invoke, &response, output).into();
        };
        match asked {
            Asked::Service(id) => {
                self.by_request.remove(&id);
                self.send_queued(output);
                if let Response::DataFollow { service, cross_reference, source } = response {
                    let announced = Announced { service, cross_reference, source };
                    return gathered(self.gathering.announce(id, announced, self.namespace));
                }
                self.gathering.answered(id);
                Incoming::Response(id, response).into()
            }
            Asked::Session => self.on_session(&response, output).into(),
            Asked::Features => {
                let filter = Some(StatusFilter::default());
                let types = RequestTypes { system_status: true, ..RequestTypes::default() };
                self.ask(Asked::Registration, &Request::SystemRegister { types, filter }, output);
                let told =
                    if let Response::GetCstaFeatures(features) = response { Some(features) } else { None };
                Incoming::Ready(told).into()
            }
            Asked::Heartbeat => self.on_heartbeat(&response).into(),
            // A phone system that refuses the registration does not report its status by itself; the heartbeat asks for
            // it.
            Asked::Registration | Asked::Nothing => Incoming::Nothing.into(),
        }
    }

    /// A response to a request that was given up. If it starts a monitor, that monitor is stopped: its events would
    /// have no use.
    fn on_late_response<'d>(
        &mut self,
        invoke: u16,
        response: &Response<'d>,
        output: &mut Output<'_>,
    ) -> Incoming<'d> {
        if !self.abandoned.remove(&invoke) {
            return Incoming::Unexpected;
        }
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
        match (self.session_kind, response) {
            (SessionKind::Application, Response::StartApplicationSession { session, duration, .. }) => {
                self.session = Some(Box::from(*session));
                self.granted = Some(*duration);
            }
            (SessionKind::Application, _) => {
                return Incoming::Failed("the phone system refused the application session");
            }
            (SessionKind::None, Response::RequestSystemStatus { status }) => {
                if let Some(failed) = cannot_serve(*status) {
                    return failed;
                }
            }
            // It is alive, but does not support SystemStatus.
            (SessionKind::None, Response::Error(CstaError::SERVICE_NOT_SUPPORTED)) => {}
            (SessionKind::None, _) => {
                return Incoming::Failed("the phone system does not say that it can serve");
            }
        }
        self.ask_features(output);
        Incoming::Nothing
    }

    /// Interprets the answer to a heartbeat. If the application session was not renewed, it will end; if a phone system
    /// merely refuses to give its status, it is alive.
    fn on_heartbeat<'d>(&mut self, response: &Response<'d>) -> Incoming<'d> {
        if let Response::ResetApplicationSessionTimerRefused { .. } = response {
            return Incoming::Failed("the application session is no longer known");
        }
        if self.session.is_some() && matches!(response, Response::Error(_)) {
            return Incoming::Failed("the phone system would not renew the application session");
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
            Request::ApplicationSessionTerminated { .. } => {
                Incoming::Failed("the phone system ended the application session").into()
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
            | Request::GetCstaFeatures
            | Request::MonitorStart { .. }
            | Request::ChangeMonitorFilter { .. }
            | Request::SnapshotDevice { .. }
            | Request::Relayed(_)
            | Request::StartApplicationSession { .. }
            | Request::ResetApplicationSessionTimer { .. }
            | Request::StopApplicationSession { .. }
            | Request::Other { .. } => {
                self.answer(invoke, &Response::Error(CstaError::SERVICE_NOT_SUPPORTED), output);
                discarded("a request for a service that the gateway does not have")
            }
        }
    }
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
        Some(Incoming::Failed("the phone system says it is disabled"))
    } else if matches!(status, SystemStatus::Initializing) {
        Some(Incoming::Failed("the phone system says it is initializing"))
    } else {
        None
    }
}
