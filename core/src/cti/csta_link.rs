//! The link protocol for CSTA III over TCP: application session (ECMA-354), invoke IDs, window and queue.
//!
//! Invoke IDs are separate per direction: 1 to 9998 for requests, 9999 for events. If a request was given up, its ID is
//! not reused until its late answer arrives.
//!
//! Many phone systems leave unanswered what they do not know, instead of refusing it. So a request for features or,
//! where there are no application sessions, for the status need not be answered; a heartbeat proves something only once
//! one was answered; and a service that is never answered is asked for once a minute only (`silence`).

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::gathering::Gathering;
use super::login;
use super::protocol::{
    Frame, Framed, Incoming, LinkProtocol, Output, Reader, Refused, RequestId, Slot, Spare, Urgency,
};
use crate::config::{Config, Login, SessionKind};
use crate::secret::{Fill, Filling};
use crate::time::{Duration, Instant};
use crate::wire::csta::emit::{self, Verbatim};
use crate::wire::csta::guard::XmlLimits;
use crate::wire::csta::model::{Namespace, Request, RequestTypes, Response, StatusFilter};
use crate::wire::csta::services::{Features, Service};
use crate::wire::csta_frame::{self, Framer};

use devices::Devices;
use sending::write_frame;
use silence::Silence;
use waiting::Waiting;

mod devices;
mod digest;
mod read;
mod sending;
mod silence;
mod waiting;

/// The invoke ID of events.
const EVENT: u16 = 9999;
/// The highest invoke ID of a request.
const LAST_INVOKE: u16 = 9998;
/// Invoke IDs reserved for the link's own requests.
const OWN_INVOKES: usize = 16;

/// What an invoke ID was used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Session,
    Features,
    Registration,
    Heartbeat,
    /// The identifier of a device, under this invoke ID.
    Device(u16),
    /// A request whose answer does not matter.
    Nothing,
    Service(Sent),
}

/// A request of the gateway's that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sent {
    id: RequestId,
    /// Its row; `None` for a request that has none.
    service: Option<&'static Service>,
    at: Instant,
    /// How many answers had come on this connect.
    answers: u32,
}

/// How far the opening of the link has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The session is being opened.
    Opening,
    /// The phone system was asked for its features.
    Asking,
    /// The link serves.
    Ready,
}

/// One CSTA link.
pub(crate) struct CstaLink {
    application: String,
    session_kind: SessionKind,
    requested_duration: u32,
    login: Option<Login>,
    /// The protocol versions offered for the application session.
    versions: Vec<String>,
    /// Whether the phone system's features are configured, so that it is not asked for them.
    has_features: bool,
    namespace: Namespace,
    window: usize,
    queue_limit: usize,
    /// `sessionID`, once the application session is open.
    session: Option<Box<str>>,
    /// How long the application session lasts without being reset, in seconds, as the phone system granted it.
    granted: Option<u32>,
    stage: Stage,
    next_invoke: u16,
    outstanding: BTreeMap<u16, Asked>,
    by_request: BTreeMap<RequestId, u16>,
    /// Invoke IDs of requests that were given up, until their late answers arrive.
    abandoned: BTreeMap<u16, Sent>,
    /// The invoke ID of the heartbeat that was not answered yet. The next one takes it too: phone systems that never
    /// answer a heartbeat must not use up the IDs.
    beat: Option<u16>,
    silence: Silence,
    /// Requests that wait for room in the window, or because the rate is limited.
    waiting: Waiting,
    /// How long an answer may take.
    patience: Duration,
    /// Answers whose data come in parts.
    gathering: Gathering,
    /// What the phone system calls its devices, if not by their numbers.
    devices: Option<Box<Devices>>,
    /// The limits on a document.
    xml_limits: XmlLimits,
}

impl CstaLink {
    /// The link of the connection at `index`.
    pub(crate) fn new(config: &Config, index: u8) -> Self {
        let xml_limits = XmlLimits::from(&config.limits);
        let connection = config.cti.connections.get(usize::from(index));
        let devices = Devices::new(config, index);
        let has_features = connection.is_some_and(|one| one.features.is_some());
        let config = &config.cti;
        let versions = connection.map(|one| one.versions.clone()).filter(|versions| !versions.is_empty());
        let spoken = Namespace::International(config.protocol_version).uri();
        Self {
            login: connection.and_then(|one| one.login.clone()),
            versions: versions.unwrap_or_else(|| alloc::vec![String::from(spoken)]),
            application: config.application.clone(),
            session_kind: config.session,
            requested_duration: config.session_duration,
            has_features,
            namespace: Namespace::International(config.protocol_version),
            window: usize::from(config.window),
            queue_limit: config.queue,
            session: None,
            granted: None,
            stage: Stage::Opening,
            next_invoke: 1,
            outstanding: BTreeMap::new(),
            by_request: BTreeMap::new(),
            abandoned: BTreeMap::new(),
            beat: None,
            silence: Silence::default(),
            waiting: Waiting::new(config.rate, config.service_timeout),
            patience: config.service_timeout,
            gathering: Gathering::default(),
            devices,
            xml_limits,
        }
    }

    /// Sends a request of the link's own.
    fn ask(&mut self, asked: Asked, request: &Request<'_>, output: &mut Output<'_>) {
        if let Some(invoke) = self.draw_invoke() {
            self.ask_as(invoke, asked, request, output);
        }
    }

    /// Sends a request of the link's own with this invoke ID.
    fn ask_as(&mut self, invoke: u16, asked: Asked, request: &Request<'_>, output: &mut Output<'_>) {
        let namespace = self.namespace;
        let written =
            write_frame(output, invoke, |out| emit::request(out, namespace, request, &mut Verbatim));
        self.waiting.sent(output.now());
        // A request can only be too long because of a name that the phone system chose. It is not sent, which has the
        // effect of a missing answer.
        if written.is_ok() {
            self.outstanding.insert(invoke, asked);
        }
    }

    /// Asks for an application session.
    fn start_session(&mut self, output: &mut Output<'_>) {
        let Some(invoke) = self.draw_invoke() else { return };
        let Self { application, versions, requested_duration, login, .. } = self;
        let versions: Vec<&str> = versions.iter().map(String::as_str).collect();
        let duration = Some(*requested_duration);
        let written = match login {
            None => write_frame(output, invoke, |out| {
                emit::start_application_session(out, application, &versions, duration, |_| ());
            }),
            Some(login) => output.try_write_secret_with(|out| {
                let (mut at, length_at) = (0, out.len() + csta_frame::LENGTH_AT);
                csta_frame::frame(out, invoke, |out| {
                    emit::start_application_session(out, application, &versions, duration, |out| {
                        at = login::write(login, out);
                    });
                })?;
                Ok(Fill { secret: login.secret, at, filling: Filling::Xml { length_at } })
            }),
        };
        // It can only be too long because of what is configured. It is not sent, which has the effect of a missing
        // answer.
        if written.is_ok() {
            self.outstanding.insert(invoke, Asked::Session);
        }
    }

    fn ask_features(&mut self, output: &mut Output<'_>) {
        self.stage = Stage::Asking;
        self.ask(Asked::Features, &Request::GetCstaFeatures, output);
    }

    /// Registers for the phone system's status: from now on the link serves.
    fn register(&mut self, output: &mut Output<'_>) {
        self.stage = Stage::Ready;
        let filter = Some(StatusFilter::default());
        let types = RequestTypes { system_status: true, ..RequestTypes::default() };
        self.ask(Asked::Registration, &Request::SystemRegister { types, filter }, output);
    }

    fn answer(&mut self, invoke: u16, response: &Response<'_>, output: &mut Output<'_>) {
        if invoke != EVENT {
            self.waiting.sent(output.now());
            let namespace = self.namespace;
            let written =
                write_frame(output, invoke, |out| emit::response(out, namespace, response, &mut Verbatim));
            debug_assert!(written.is_ok(), "the gateway's own answers are short");
        }
    }

    /// Takes back what an answer with this invoke ID is for.
    fn take_asked(&mut self, invoke: u16) -> Option<Asked> {
        let asked = self.outstanding.remove(&invoke)?;
        match asked {
            Asked::Service(sent) => {
                self.by_request.remove(&sent.id);
                self.silence.answered(sent.service);
            }
            Asked::Heartbeat => {
                self.beat = None;
                self.silence.heartbeat_answered();
            }
            Asked::Session if self.session_kind == SessionKind::None => self.silence.heartbeat_answered(),
            Asked::Features => self.silence.features_answered(),
            Asked::Device(_) => self.silence.answered(None),
            Asked::Session | Asked::Registration | Asked::Nothing => {}
        }
        Some(asked)
    }
}

/// Cuts frames out of the stream.
impl Reader for Framer {
    fn push<'b>(&'b mut self, bytes: &'b [u8]) -> (usize, Framed<'b>) {
        let (taken, framed) = Self::push(self, bytes);
        let framed = match framed {
            csta_frame::Framed::Incomplete => Framed::Incomplete,
            csta_frame::Framed::Frame { invoke, document } => Framed::Message(Frame::new(invoke, document)),
            csta_frame::Framed::Broken(error) => Framed::Broken(error.text()),
        };
        (taken, framed)
    }
}

impl LinkProtocol for CstaLink {
    fn reader(&self) -> Box<dyn Reader> {
        Box::new(Framer::default())
    }

    fn read<'d, 'b: 'd>(
        &mut self,
        frame: Frame<'b>,
        spare: &'b mut Spare,
        slot: &'d mut Slot<'b>,
        output: &mut Output<'_>,
    ) -> Incoming<'d> {
        self.on_frame(frame, spare, slot, output)
    }

    fn longest_silence(&self) -> Option<Duration> {
        // The session is refreshed at half its duration at the latest. A duration of zero counts as none granted.
        self.granted
            .filter(|seconds| *seconds > 0)
            .map(|seconds| Duration::from_millis(u64::from(seconds) * 500))
    }

    fn open(&mut self, output: &mut Output<'_>) {
        self.session = None;
        self.granted = None;
        self.stage = Stage::Opening;
        self.next_invoke = 1;
        self.beat = None;
        self.silence.begin();
        self.outstanding.clear();
        self.by_request.clear();
        self.abandoned.clear();
        self.waiting.clear();
        self.gathering.clear();
        if let Some(devices) = &mut self.devices {
            devices.clear();
        }
        match self.session_kind {
            SessionKind::Application => {
                self.start_session(output);
            }
            SessionKind::None => {
                self.ask(Asked::Session, &Request::RequestSystemStatus { register: None }, output);
            }
        }
    }

    fn request(
        &mut self,
        id: RequestId,
        urgency: Urgency,
        request: &Request<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), Refused> {
        self.send(id, urgency, request, output)
    }

    fn abandon(&mut self, id: RequestId, output: &mut Output<'_>) {
        let sent = self.by_request.remove(&id);
        self.gathering.abandon(id, sent);
        if let Some(invoke) = sent {
            if let Some(Asked::Service(sent)) = self.outstanding.remove(&invoke) {
                self.silence.unanswered(sent, output.now());
                self.abandoned.insert(invoke, sent);
            }
            self.send_queued(output);
            return;
        }
        self.abandon_held(id, output);
        self.waiting.remove(id, output.now());
    }

    fn extra_time(&self, id: RequestId) -> Duration {
        self.waiting.extra(id)
    }

    fn next_send(&self, now: Instant) -> Option<Instant> {
        self.waiting.next(now).filter(|_| self.has_room())
    }

    fn on_send_due(&mut self, output: &mut Output<'_>) {
        self.send_queued(output);
    }

    fn backlog(&self) -> Duration {
        self.waiting.backlog()
    }

    fn reconfigure(&mut self, config: &Config) {
        let config = &config.cti;
        self.window = usize::from(config.window);
        self.queue_limit = config.queue;
        self.patience = config.service_timeout;
        self.waiting.set_patience(config.service_timeout);
    }

    fn is_worn_out(&self) -> bool {
        usize::from(LAST_INVOKE) < self.abandoned.len() + self.window + OWN_INVOKES
    }

    fn longest_opening(&self) -> Option<Duration> {
        (self.session_kind == SessionKind::None).then_some(self.patience)
    }

    /// An application session must be granted. Without one, the phone system may not know RequestSystemStatus; if it
    /// has answered it before, something is wrong with it now.
    fn on_opening_unanswered(&mut self, output: &mut Output<'_>) -> bool {
        if self.stage == Stage::Opening {
            if self.session_kind == SessionKind::Application || self.silence.is_heartbeat_answered() {
                return false;
            }
            self.silence.heartbeat_unanswered();
            if !self.has_features {
                self.ask_features(output);
            }
        }
        self.register(output);
        true
    }

    fn on_heartbeat_unanswered(&mut self) -> bool {
        self.silence.heartbeat_unanswered();
        self.silence.judge_heartbeat()
    }

    fn is_mute(&self) -> bool {
        self.silence.is_mute()
    }

    fn unanswered(&self) -> Features {
        self.silence.given_up()
    }

    /// An application session is renewed even if the phone system does not confirm it. Its status is not requested over
    /// and over if it never tells it.
    fn heartbeat(&mut self, output: &mut Output<'_>) {
        let invoke = self.beat.or_else(|| self.draw_invoke());
        let Some(invoke) = invoke else { return };
        match self.session.clone() {
            Some(session) => {
                let duration = Some(self.requested_duration);
                let request = Request::ResetApplicationSessionTimer { session: &session, duration };
                self.ask_as(invoke, Asked::Heartbeat, &request, output);
            }
            None if self.silence.is_heartbeat_given_up() => return,
            None => {
                let request = Request::RequestSystemStatus { register: None };
                self.ask_as(invoke, Asked::Heartbeat, &request, output);
            }
        }
        self.beat = Some(invoke);
    }

    fn close(&mut self, output: &mut Output<'_>) {
        if let Some(session) = self.session.take() {
            let request = Request::StopApplicationSession { session: &session, reason: "normal" };
            self.ask(Asked::Nothing, &request, output);
        }
    }
}
