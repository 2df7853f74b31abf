//! CSTA III over TCP as a client: application session (ECMA-354), invoke IDs, window and queue.
//!
//! Invoke IDs are separate per direction: 1 to 9998 for requests, 9999 for events. One whose request was given up is not
//! used again before its late answer came.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::String;

use super::gathering::{Announced, Gathering, Outcome};
use super::protocol::{Incoming, LinkProtocol, Output, Refused, RequestId};
use crate::config::{Cti, SessionKind};
use crate::time::{Duration, Instant};
use crate::wire::csta::emit::{self, Verbatim};
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::{
    Event, Message, Namespace, Request, RequestTypes, Response, StatusFilter, SystemStatus,
};
use crate::wire::csta::parse::{Document, Kind, Malformed};
use crate::wire::csta::services::Served;
use crate::wire::csta_frame::{self, TooLong};

mod digest;

/// The invoke ID of events.
const EVENT: u16 = 9999;
/// The highest invoke ID of a request.
const LAST_INVOKE: u16 = 9998;
/// Invoke IDs kept for the link's own requests, beside the window's.
const OWN_INVOKES: usize = 16;

/// What an invoke ID was used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Session,
    Features,
    Registration,
    Heartbeat,
    /// What nobody waits for the answer of.
    Nothing,
    Service(RequestId),
}

/// One CSTA link.
pub(crate) struct CstaLink {
    application: String,
    session_kind: SessionKind,
    requested_duration: u32,
    namespace: Namespace,
    window: usize,
    queue_limit: usize,
    /// `sessionID`, once the application session is open.
    session: Option<Box<str>>,
    /// How long the session lasts without a reset, in seconds, as the phone system said.
    granted: Option<u32>,
    next_invoke: u16,
    outstanding: BTreeMap<u16, Asked>,
    by_request: BTreeMap<RequestId, u16>,
    /// Invoke IDs nobody waits for any more, until their late answers come.
    abandoned: BTreeSet<u16>,
    /// Requests that wait for room in the window, oldest first.
    queue: VecDeque<Queued>,
    /// How long an answer may take, the time in the queue included.
    patience: Duration,
    /// Answers whose data come in parts.
    gathering: Gathering,
}

/// A request that waits for room in the window.
struct Queued {
    who: RequestId,
    document: Box<[u8]>,
    since: Instant,
}

impl CstaLink {
    pub(crate) fn new(config: &Cti) -> Self {
        Self {
            application: config.application.clone(),
            session_kind: config.session,
            requested_duration: config.session_duration,
            namespace: Namespace::International(config.protocol_version),
            window: usize::from(config.window),
            queue_limit: config.queue,
            session: None,
            granted: None,
            next_invoke: 1,
            outstanding: BTreeMap::new(),
            by_request: BTreeMap::new(),
            abandoned: BTreeSet::new(),
            queue: VecDeque::new(),
            patience: config.service_timeout,
            gathering: Gathering::default(),
        }
    }

    /// An invoke ID that is not in use.
    fn draw_invoke(&mut self) -> Option<u16> {
        for _ in 0..LAST_INVOKE {
            let invoke = self.next_invoke;
            self.next_invoke = if invoke >= LAST_INVOKE { 1 } else { invoke + 1 };
            if !self.outstanding.contains_key(&invoke) && !self.abandoned.contains(&invoke) {
                return Some(invoke);
            }
        }
        None
    }

    /// Sends a request of the link's own.
    fn ask(&mut self, asked: Asked, request: &Request<'_>, output: &mut Output<'_>) {
        let Some(invoke) = self.draw_invoke() else { return };
        let namespace = self.namespace;
        let written =
            write_frame(output, invoke, |out| emit::request(out, namespace, request, &mut Verbatim));
        // Only what the phone system itself named can be too long: it gets no request, as if none had answered.
        if written.is_ok() {
            self.outstanding.insert(invoke, asked);
        }
    }

    fn ask_features(&mut self, output: &mut Output<'_>) {
        self.ask(Asked::Features, &Request::GetCstaFeatures, output);
    }

    /// Takes the link's next message; the document was framed under `invoke`.
    pub(crate) fn on_document<'d>(
        &mut self,
        invoke: u16,
        document: &'d Document<'_>,
        output: &mut Output<'_>,
    ) -> Incoming<'d> {
        match document.message() {
            Ok(Message::Event(Event::Unknown { .. })) => {
                Incoming::Discarded("an event of a kind that is not known")
            }
            Ok(Message::Event(event)) => Incoming::Event(event),
            Ok(Message::Response(response)) => self.on_response(invoke, response, output),
            Ok(Message::Request(request)) => self.on_request(invoke, &request, output),
            // The phone system numbers its requests by itself: one may well have the number of a request of ours.
            Err(malformed) => match document.kind() {
                Kind::Event => Incoming::Discarded("an event lacks a required element"),
                Kind::Response => self.on_malformed_response(invoke, malformed, output),
                Kind::Request => {
                    self.answer(invoke, &Response::Error(malformed.error), output);
                    Incoming::Discarded("a request of the phone system lacks a required element")
                }
            },
        }
    }

    /// A response that cannot be read. Whoever asked gets an error; but a link that answers its heartbeats lives, and
    /// what says no is never malformed.
    fn on_malformed_response<'d>(
        &mut self,
        invoke: u16,
        malformed: Malformed,
        output: &mut Output<'_>,
    ) -> Incoming<'d> {
        if self.outstanding.get(&invoke) == Some(&Asked::Heartbeat) {
            self.outstanding.remove(&invoke);
            return Incoming::Alive;
        }
        if let Some(Asked::Service(who)) = self.outstanding.get(&invoke).copied() {
            self.outstanding.remove(&invoke);
            self.by_request.remove(&who);
            self.gathering.answered(who);
            self.send_queued(output);
            return Incoming::Malformed(who, malformed);
        }
        self.on_response(invoke, Response::Error(CstaError::UNSPECIFIED), output)
    }

    fn on_response<'d>(
        &mut self,
        invoke: u16,
        response: Response<'d>,
        output: &mut Output<'_>,
    ) -> Incoming<'d> {
        let Some(asked) = self.outstanding.remove(&invoke) else {
            return self.on_late_response(invoke, &response, output);
        };
        match asked {
            Asked::Service(who) => {
                self.by_request.remove(&who);
                self.send_queued(output);
                if let Response::DataFollow { service, cross_reference, source } = response {
                    let announced = Announced { service, cross_reference, source };
                    return gathered(self.gathering.announce(who, announced, self.namespace));
                }
                self.gathering.answered(who);
                Incoming::Response(who, response)
            }
            Asked::Session => self.on_session(&response, output),
            Asked::Features => {
                let filter = Some(StatusFilter::default());
                let types = RequestTypes { system_status: true, ..RequestTypes::default() };
                self.ask(Asked::Registration, &Request::SystemRegister { types, filter }, output);
                let told =
                    if let Response::GetCstaFeatures(features) = response { Some(features) } else { None };
                Incoming::Ready(told)
            }
            Asked::Heartbeat => self.on_heartbeat(&response),
            // A phone system without registrations tells nothing of itself; the heartbeat still does.
            Asked::Registration | Asked::Nothing => Incoming::Nothing,
        }
    }

    /// A response that nobody waits for. A monitor that it brings is stopped: its events would have nowhere to go.
    fn on_late_response<'d>(
        &mut self,
        invoke: u16,
        response: &Response<'d>,
        output: &mut Output<'_>,
    ) -> Incoming<'d> {
        if !self.abandoned.remove(&invoke) {
            return Incoming::Unexpected;
        }
        if let Response::MonitorStart { cross_reference, .. } = response {
            self.ask(Asked::Nothing, &Request::MonitorStop { cross_reference }, output);
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
            // It answers, and has no way to say how it is.
            (SessionKind::None, Response::Error(CstaError::SERVICE_NOT_SUPPORTED)) => {}
            (SessionKind::None, _) => {
                return Incoming::Failed("the phone system does not say that it can serve");
            }
        }
        self.ask_features(output);
        Incoming::Nothing
    }

    /// What a heartbeat's answer says. An application session that was not renewed will end; a phone system that would
    /// not say how it is answers all the same.
    fn on_heartbeat<'d>(&mut self, response: &Response<'d>) -> Incoming<'d> {
        if let Response::ResetApplicationSessionTimerRefused { .. } = response {
            return Incoming::Failed("the application session is not known any more");
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

    /// The phone system's own requests are answered under their invoke ID: a link that does not is dropped.
    fn on_request<'d>(
        &mut self,
        invoke: u16,
        request: &Request<'d>,
        output: &mut Output<'_>,
    ) -> Incoming<'d> {
        match *request {
            Request::SystemStatus { status, .. } => {
                self.answer(invoke, &Response::SystemStatus, output);
                Incoming::Status(status)
            }
            Request::RequestSystemStatus { .. } => {
                self.answer(invoke, &Response::RequestSystemStatus { status: SystemStatus::Normal }, output);
                Incoming::Nothing
            }
            Request::MonitorStop { cross_reference } => {
                self.answer(invoke, &Response::MonitorStop, output);
                Incoming::MonitorStopped(cross_reference)
            }
            Request::ApplicationSessionTerminated { .. } => {
                Incoming::Failed("the phone system ended the application session")
            }
            // Neither is ever answered.
            Request::SnapshotData(ref data) => gathered(self.gathering.add(data, self.namespace)),
            Request::Relayed(relayed) if relayed.service.served == Served::Told => Incoming::Told(relayed),
            // The standard knows no response to SystemRegisterAbort; some phone systems wait for one.
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
                Incoming::Discarded("a service asked of the gateway that it does not have")
            }
        }
    }

    fn answer(&self, invoke: u16, response: &Response<'_>, output: &mut Output<'_>) {
        if invoke != EVENT {
            let namespace = self.namespace;
            let written =
                write_frame(output, invoke, |out| emit::response(out, namespace, response, &mut Verbatim));
            debug_assert!(written.is_ok(), "the gateway's own answers are short");
        }
    }

    /// Sends what waited, as far as the window allows. What waited too long is let go: its own time-out answers it.
    fn send_queued(&mut self, output: &mut Output<'_>) {
        while self.by_request.len() < self.window {
            let Some(waited) = self.queue.front().map(|front| output.now.since(front.since)) else { return };
            if self.is_too_late(waited) {
                self.queue.pop_front();
                continue;
            }
            let Some(invoke) = self.draw_invoke() else { return };
            let Some(Queued { who, document, since: _ }) = self.queue.pop_front() else { return };
            self.await_answer(invoke, who);
            let written = write_frame(output, invoke, |out| out.extend_from_slice(&document));
            debug_assert!(written.is_ok(), "what does not fit into a frame is not queued");
        }
    }

    /// Whether a request that waited so long would hardly be answered in the fifth of its time that is left. Sent all
    /// the same, a crowd of such would use up the invoke IDs of a phone system that is merely slow.
    fn is_too_late(&self, waited: Duration) -> bool {
        waited.times(5) > self.patience.times(4)
    }

    /// The data of an answer may come in messages of their own, before or behind it.
    fn expect_data(&mut self, who: RequestId, request: &Request<'_>) {
        if matches!(request.name(), "SnapshotDevice" | "SnapshotCall") {
            self.gathering.expect(who);
        }
    }

    fn await_answer(&mut self, invoke: u16, who: RequestId) {
        self.outstanding.insert(invoke, Asked::Service(who));
        self.by_request.insert(who, invoke);
    }
}

/// What becomes of an answer whose data come in parts.
fn gathered<'d>(outcome: Outcome) -> Incoming<'d> {
    match outcome {
        Outcome::Waits => Incoming::Nothing,
        Outcome::Whole(who, whole) => Incoming::Whole(who, whole),
        Outcome::TooMuch(who) => {
            let why = "an answer in parts that are more than is kept";
            Incoming::Unusable(who, CstaError::RESOURCE_LIMIT_EXCEEDED, why)
        }
        Outcome::Ambiguous(who) => {
            let why = "an answer whose data nobody can tell from another's";
            Incoming::Unusable(who, CstaError::UNSPECIFIED, why)
        }
        Outcome::Unexpected => Incoming::Discarded("a part of a snapshot that nobody waits for"),
    }
}

/// What follows when a phone system that is asked says how it is, if it cannot serve.
const fn cannot_serve<'d>(status: SystemStatus) -> Option<Incoming<'d>> {
    if matches!(status, SystemStatus::Disabled) {
        Some(Incoming::Failed("the phone system says it is disabled"))
    } else if matches!(status, SystemStatus::Initializing) {
        Some(Incoming::Failed("the phone system says it is initializing"))
    } else {
        None
    }
}

fn write_frame(
    output: &mut Output<'_>,
    invoke: u16,
    fill: impl FnOnce(&mut alloc::vec::Vec<u8>),
) -> Result<(), TooLong> {
    output.actions.try_write_with(output.link, |out| csta_frame::frame(out, invoke, fill))
}

impl LinkProtocol for CstaLink {
    fn longest_silence(&self) -> Option<Duration> {
        // The session is refreshed at the latest at half its duration; one of no duration is none that was granted.
        self.granted
            .filter(|seconds| *seconds > 0)
            .map(|seconds| Duration::from_millis(u64::from(seconds) * 500))
    }

    fn open(&mut self, output: &mut Output<'_>) {
        self.session = None;
        self.granted = None;
        self.next_invoke = 1;
        self.outstanding.clear();
        self.by_request.clear();
        self.abandoned.clear();
        self.queue.clear();
        self.gathering.clear();
        match self.session_kind {
            SessionKind::Application => {
                let application = self.application.clone();
                let protocol_version = self.namespace.uri();
                let duration = Some(self.requested_duration);
                let request = Request::StartApplicationSession {
                    application: &application,
                    protocol_version,
                    duration,
                };
                self.ask(Asked::Session, &request, output);
            }
            SessionKind::None => {
                self.ask(Asked::Session, &Request::RequestSystemStatus { register: None }, output);
            }
        }
    }

    fn request(
        &mut self,
        who: RequestId,
        request: &Request<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), Refused> {
        let namespace = self.namespace;
        if self.by_request.len() < self.window {
            let invoke = self.draw_invoke().ok_or(Refused::Busy)?;
            write_frame(output, invoke, |out| emit::request(out, namespace, request, &mut Verbatim))
                .map_err(|TooLong| Refused::TooLong)?;
            self.await_answer(invoke, who);
            self.expect_data(who, request);
            return Ok(());
        }
        if self.queue.len() >= self.queue_limit {
            return Err(Refused::Busy);
        }
        let mut document = alloc::vec::Vec::new();
        emit::request(&mut document, namespace, request, &mut Verbatim);
        if document.len() > csta_frame::MAX_DOCUMENT {
            return Err(Refused::TooLong);
        }
        let document = document.into_boxed_slice();
        self.queue.push_back(Queued { who, document, since: output.now });
        self.expect_data(who, request);
        Ok(())
    }

    fn abandon(&mut self, who: RequestId, output: &mut Output<'_>) {
        let sent = self.by_request.remove(&who);
        self.gathering.abandon(who, sent);
        if let Some(invoke) = sent {
            self.outstanding.remove(&invoke);
            self.abandoned.insert(invoke);
            self.send_queued(output);
            return;
        }
        // All wait equally long: the one given up is among those that are due, if it is still here.
        let due = |queued: &&Queued| output.now.since(queued.since) >= self.patience;
        if let Some(place) = self.queue.iter().take_while(due).position(|queued| queued.who == who) {
            self.queue.remove(place);
        }
    }

    fn is_worn_out(&self) -> bool {
        usize::from(LAST_INVOKE) < self.abandoned.len() + self.window + OWN_INVOKES
    }

    fn heartbeat(&mut self, output: &mut Output<'_>) {
        match self.session.clone() {
            Some(session) => {
                let duration = Some(self.requested_duration);
                let request = Request::ResetApplicationSessionTimer { session: &session, duration };
                self.ask(Asked::Heartbeat, &request, output);
            }
            None => self.ask(Asked::Heartbeat, &Request::RequestSystemStatus { register: None }, output),
        }
    }

    fn close(&mut self, output: &mut Output<'_>) {
        if let Some(session) = self.session.take() {
            let request = Request::StopApplicationSession { session: &session, reason: "normal" };
            self.ask(Asked::Nothing, &request, output);
        }
    }
}
