//! A gateway in its steady state, for measurements: many users are signed in with monitors; nothing is recorded, and
//! nothing is checked that would cost time.

use core::fmt::Write as _;
use std::sync::Arc;

use ctigate_core::config::Config;
use ctigate_core::engine::Engine;
use ctigate_core::line::directory::Directory;
use ctigate_core::secret::Fill;
use ctigate_core::{
    Duration, Effects, Input, Instant, LinkId, ListenerId, NoRecorder, Notice, Peer, Pump, ReplyResult, Seed,
    Token,
};

use crate::bench::{address, csta};

mod documents;
mod site;

use documents::{DIGITS, HELD, TRANSFERRED, conferenced, connection, line_of, number_of};

/// How many SIP connections the users share, as behind proxies.
const CONNECTIONS: usize = 16;

/// The services of the phone system.
const SERVICES: &str = "<supportedServices><monitoringServList><monitorStart/><monitorStop/></monitoringServList>\
    <snapshotServList><snapshotDevice/></snapshotServList><callControlServList><answerCall/><clearConnection/>\
    <holdCall/><makeCall/><retrieveCall/><transferCall/></callControlServList><callAssociatedServList><generateDigits/>\
    </callAssociatedServList></supportedServices><supportedEvents>\
    <callControlEvtsList><delivered/><established/><held/></callControlEvtsList></supportedEvents>";

/// What the gateway sent in its last turn.
#[derive(Default)]
struct Sent {
    bytes: Vec<u8>,
    /// Where the bytes of each write end, and its link.
    writes: Vec<(LinkId, usize)>,
    connect: Option<LinkId>,
}

impl Effects for Sent {
    fn connect(&mut self, link: LinkId, _address: &str) {
        self.connect = Some(link);
    }

    fn write(&mut self, link: LinkId, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.writes.push((link, self.bytes.len()));
    }

    fn write_secret(&mut self, _link: LinkId, bytes: &[u8], _fill: Fill) {
        self.bytes.extend_from_slice(bytes);
    }

    fn close(&mut self, _link: LinkId) {}

    fn send_datagram(&mut self, _listener: ListenerId, _peer: core::net::SocketAddr, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn notify(&mut self, _notice: Notice<'_>) {}

    fn print(&mut self, _text: &str) {}

    fn persist(&mut self, _token: Token, _key: &str, _value: &str) {}

    fn reply(&mut self, _token: Token, _result: ReplyResult) {}

    fn finish(&mut self, _status: u8) {}
}

/// The state of a signed-in user that its next request needs.
struct User {
    link: LinkId,
    tag: String,
}

/// A gateway, its phone system and its users.
pub struct Steady {
    pump: Pump<Engine, NoRecorder>,
    now: Instant,
    sent: Sent,
    system: LinkId,
    links: Vec<LinkId>,
    users: Vec<User>,
    requests: usize,
    /// How many users in a row share a line.
    sharing: usize,
    /// The directory, which a shell keeps until another is in place, so that the gateway never frees it.
    directory: Option<Arc<Directory>>,
    /// The phone system's answer.
    answer: Vec<u8>,
}

/// A round, which can be repeated and leaves nothing over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// INFO GetCSTAFeatures, which the gateway answers by itself.
    Features,
    /// INFO HoldCall, through the link and back.
    Hold,
    /// INFO `GenerateDigits`, another relayed service.
    Digits,
    /// INFO `TransferCall` of two calls, and a response with the connections of the call that results.
    Transfer,
    /// `ConferencedEvent` of a call with three parties, and the client's 200s.
    ThreeParties,
    /// The same with eight parties.
    EightParties,
    /// An event of the phone system to the one client that monitors the device, and the client's 200.
    Event,
    /// INVITE, the phone system's confirmation of the line, 200, ACK; then BYE and its 200.
    SignIn,
}

impl Round {
    /// All rounds.
    pub const ALL: [Self; 8] = [
        Self::Features,
        Self::Hold,
        Self::Digits,
        Self::Transfer,
        Self::Event,
        Self::ThreeParties,
        Self::EightParties,
        Self::SignIn,
    ];

    /// The round's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Features => "features",
            Self::Hold => "hold",
            Self::Digits => "digits",
            Self::Transfer => "transfer",
            Self::ThreeParties => "three-parties",
            Self::EightParties => "eight-parties",
            Self::Event => "event",
            Self::SignIn => "sign-in",
        }
    }
}

impl Steady {
    /// A gateway with `users` signed-in users, each with a monitor of a line of their own.
    ///
    /// # Panics
    /// If the gateway does not do its part.
    #[must_use]
    pub fn new(users: usize) -> Self {
        Self::sharing(users, 1)
    }

    /// The same, where `sharing` users in a row have their monitors on the same line.
    ///
    /// # Panics
    /// If the gateway does not do its part.
    #[must_use]
    pub fn sharing(users: usize, sharing: usize) -> Self {
        Self::of_site(users, sharing, 0)
    }

    /// The same, at a site with so many `entries` in its directory, and 1,000 rules for numbers in each table; without
    /// both if there are none.
    ///
    /// # Panics
    /// If the gateway does not do its part.
    #[must_use]
    pub fn of_site(users: usize, sharing: usize, entries: usize) -> Self {
        let mut steady = Self { sharing, ..Self::in_service(users, entries) };
        for user in 0..users {
            steady.add_user(user);
        }
        // After this, events need not wait for announced identifiers.
        steady.pass(Duration::from_secs(1));
        steady
    }

    /// A gateway in service with room for `users` users, none of whom is signed in.
    ///
    /// # Panics
    /// If the gateway does not do its part.
    #[must_use]
    pub fn without_users(users: usize) -> Self {
        Self::in_service(users, 0)
    }

    #[expect(clippy::expect_used, reason = "a measurement's configuration is right or it measures nothing")]
    fn in_service(users: usize, entries: usize) -> Self {
        let settings = site::configured(users, entries > 0);
        let config = Config::from_settings(&settings).expect("the configuration is right");
        let mut engine = Engine::new(config, Seed::from_number(1));
        let directory = (entries > 0).then(|| site::directory(entries));
        if let Some(directory) = &directory {
            engine = engine.with_directory(Arc::clone(directory));
        }
        let mut pump = Pump::new(engine, NoRecorder);
        let mut sent = Sent::default();
        pump.overdue(Instant::ZERO, &mut sent);
        let system = sent.connect.expect("the gateway dials its CTI connection");
        let mut steady = Self {
            pump,
            now: Instant::ZERO,
            sent,
            system,
            links: Vec::new(),
            users: Vec::new(),
            requests: 0,
            sharing: 1,
            directory,
            answer: Vec::new(),
        };
        steady.begin_service();
        steady
    }

    fn begin_service(&mut self) {
        let peer =
            Peer { address: address("127.0.0.1:4000"), local: address("127.0.0.1:50000"), listener: None };
        self.input(Input::Opened { link: self.system, peer });
        let session = "<StartApplicationSessionPosResponse \
            xmlns=\"http://www.ecma-international.org/standards/ecma-354/appl_session\"><sessionID>s</sessionID>\
            <actualProtocolVersion>x</actualProtocolVersion><actualSessionDuration>180</actualSessionDuration>\
            </StartApplicationSessionPosResponse>";
        self.answer_with(session);
        self.answer_with(&csta("GetCSTAFeaturesResponse", SERVICES));
        self.answer_with(&csta("SystemRegisterResponse", "<sysStatRegisterID>r1</sysStatRegisterID>"));
        for _ in 0..CONNECTIONS {
            let link = self.pump.accepted();
            let local = address("127.0.0.1:5060");
            let peer =
                Peer { address: address("127.0.0.1:40000"), local, listener: Some(ListenerId::new(0)) };
            self.input(Input::Opened { link, peer });
            self.links.push(link);
        }
    }

    /// How many bytes the gateway sent with the last input.
    #[must_use]
    pub const fn sent(&self) -> usize {
        self.sent.bytes.len()
    }

    /// The memory that this uses for the users, apart from the gateway.
    #[must_use]
    pub fn own_bytes(&self) -> usize {
        let tags: usize = self.users.iter().map(|user| user.tag.capacity()).sum();
        tags + self.users.capacity() * size_of::<User>()
    }

    /// The engine, for reading its state.
    #[must_use]
    pub const fn engine(&self) -> &Engine {
        self.pump.machine()
    }

    /// Gives the gateway an input and handles what is due, as a shell does.
    fn input(&mut self, input: Input<'_>) {
        self.sent.bytes.clear();
        self.sent.writes.clear();
        self.now = self.now + Duration::from_micros(1);
        self.pump.input(self.now, input, &mut self.sent);
        self.pump.overdue(self.now, &mut self.sent);
    }

    fn pass(&mut self, span: Duration) {
        self.now = self.now + span;
        self.pump.overdue(self.now, &mut self.sent);
    }

    /// Answers the gateway's last request to the phone system.
    ///
    /// # Panics
    /// If there was none.
    fn answer_with(&mut self, document: &str) {
        let invoke = *self.sent.bytes.get(4..).and_then(<[u8]>::first_chunk::<4>).unwrap_or(b"none");
        assert!(invoke.iter().all(u8::is_ascii_digit), "the phone system was not asked: {}", self.heard());
        self.say(invoke, document);
    }

    /// Sends a document of the phone system.
    fn say(&mut self, invoke: [u8; 4], document: &str) {
        let mut frame = core::mem::take(&mut self.answer);
        frame.clear();
        let length = u16::try_from(document.len() + 8).unwrap_or(u16::MAX);
        frame.extend_from_slice(&[0, 0]);
        frame.extend_from_slice(&length.to_be_bytes());
        frame.extend_from_slice(&invoke);
        frame.extend_from_slice(document.as_bytes());
        self.input(Input::Bytes { link: self.system, bytes: &frame });
        self.answer = frame;
    }

    /// What the gateway sent with the last input.
    fn heard(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.sent.bytes)
    }

    /// Signs a user in and starts its monitor.
    ///
    /// # Panics
    /// If the gateway does not do its part.
    pub fn add_user(&mut self, user: usize) {
        let tag = self.sign_in(user);
        let link = self.link_of(user);
        self.users.push(User { link, tag });
        let device = self.line_of(user);
        let object = format!("<monitorObject><deviceObject>{device}</deviceObject></monitorObject>");
        let info = self.info(user, "MonitorStart", &object);
        self.input(Input::Bytes { link, bytes: info.as_bytes() });
        // Those who share a line share the gateway's monitor of it.
        if self.first_of_line(user) == user {
            let named = format!("<monitorCrossRefID>m{user}</monitorCrossRefID>");
            self.answer_with(&csta("MonitorStartResponse", &named));
        }
        assert!(self.heard().starts_with("SIP/2.0 200 "), "{}", self.heard());
    }

    /// The first of those who share a user's line.
    const fn first_of_line(&self, user: usize) -> usize {
        user - user % self.sharing
    }

    /// A user's line URI.
    fn line_of(&self, user: usize) -> String {
        line_of(self.first_of_line(user))
    }

    fn link_of(&self, user: usize) -> LinkId {
        self.links.get(user % CONNECTIONS).copied().unwrap_or(self.system)
    }

    /// INVITE, SnapshotDevice, 200, ACK; returns the gateway's tag.
    fn sign_in(&mut self, user: usize) -> String {
        let link = self.link_of(user);
        let private = format!(
            "<extensions><privateData><private>\
             <lcs:line xmlns:lcs=\"http://schemas.microsoft.com/Lcs/2005/04/RCCExtension\">{}</lcs:line>\
             </private></privateData></extensions>",
            self.line_of(user),
        );
        let invite = self.request(user, "INVITE", "", &csta("RequestSystemStatus", &private));
        self.input(Input::Bytes { link, bytes: invite.as_bytes() });
        let none = "<crossRefIDorSnapshotData><snapshotData/></crossRefIDorSnapshotData>";
        self.answer_with(&csta("SnapshotDeviceResponse", none));
        let heard = self.heard();
        assert!(heard.starts_with("SIP/2.0 200 "), "{heard}");
        let to = heard.lines().find(|line| line.starts_with("To:")).unwrap_or_default();
        let tag = to.split_once(";tag=").map_or("", |(_, tag)| tag).to_owned();
        let ack = self.request(user, "ACK", &tag, "");
        self.input(Input::Bytes { link, bytes: ack.as_bytes() });
        tag
    }

    fn request(&mut self, user: usize, method: &str, tag: &str, body: &str) -> String {
        self.requests += 1;
        let to_tag = if tag.is_empty() { "" } else { ";tag=" };
        let content = if body.is_empty() {
            ""
        } else {
            "Content-Disposition: signal;handling=required\r\nContent-Type: application/csta+xml\r\n"
        };
        let sequence = self.requests;
        format!(
            "{method} sip:gw@127.0.0.1:5060 SIP/2.0\r\n\
             Via: SIP/2.0/TCP 127.0.0.1:49999;branch=z9hG4bK{sequence:012x}\r\n\
             From: <sip:user{user}@example.com>;tag=client{user};epid=cf0b98dadeb9\r\n\
             To: <sip:gw@127.0.0.1:5060>{to_tag}{tag}\r\nMax-Forwards: 70\r\nCSeq: {sequence} {method}\r\n\
             User-Agent: UCCAPI/2.0.6362.111 OC/2.0.6362.111 (Microsoft Office Communicator)\r\n\
             Call-ID: {user:032x}\r\nContact: <sip:user{user}@127.0.0.1:49999;transport=tcp>;proxy=replace\r\n\
             Supported: timer\r\n{content}Content-Length: {}\r\n\r\n{body}",
            body.len(),
        )
    }

    fn info(&mut self, user: usize, root: &str, children: &str) -> String {
        let tag = self.users.get(user).map(|user| user.tag.clone()).unwrap_or_default();
        self.request(user, "INFO", &tag, &csta(root, children))
    }

    /// The bytes that begin a round, with the next user, which is far from the last one in memory.
    #[must_use]
    pub fn begin(&mut self, round: Round) -> (usize, String) {
        let user = self.requests.wrapping_mul(7_919) % self.users.len().max(1);
        let mut opening = String::new();
        match round {
            Round::Features => opening = self.info(user, "GetCSTAFeatures", ""),
            Round::Hold => {
                let held = "<callToBeHeld><callID>177</callID><deviceID>";
                let held = format!("{held}{}</deviceID></callToBeHeld>", self.line_of(user));
                opening = self.info(user, "HoldCall", &held);
            }
            Round::Digits => {
                let connection = connection("connectionToSendDigits", "177", &self.line_of(user));
                let digits = format!("{connection}<charactersToSend>123#</charactersToSend>");
                opening = self.info(user, "GenerateDigits", &digits);
            }
            Round::Transfer => {
                let line = self.line_of(user);
                let calls = connection("heldCall", "177", &line) + &connection("activeCall", "178", &line);
                opening = self.info(user, "TransferCall", &calls);
            }
            Round::ThreeParties | Round::EightParties => {
                self.requests += 1;
                let parties = if round == Round::ThreeParties { 3 } else { 8 };
                let _infallible = write!(
                    opening,
                    "{}",
                    csta("ConferencedEvent", &conferenced(self.first_of_line(user), parties))
                );
            }
            Round::Event => {
                self.requests += 1;
                let first = self.first_of_line(user);
                let number = number_of(first);
                let device = |name: &str, number: &str| {
                    format!("<{name}><deviceIdentifier>{number}</deviceIdentifier></{name}>")
                };
                let event = format!(
                    "<monitorCrossRefID>m{first}</monitorCrossRefID><heldConnection><callID>77</callID>\
                     <deviceID>{number}</deviceID></heldConnection>{}\
                     <localConnectionInfo>hold</localConnectionInfo><cause>normal</cause>",
                    device("holdingDevice", &number),
                );
                let _infallible = write!(opening, "{}", csta("HeldEvent", &event));
            }
            Round::SignIn => self.requests += 1,
        }
        (user, opening)
    }

    /// Plays a round to its end.
    ///
    /// # Panics
    /// If the gateway does not do its part.
    pub fn play(&mut self, round: Round, user: usize, opening: &str) {
        let link = self.users.get(user).map_or(self.system, |user| user.link);
        match round {
            Round::Features => self.input(Input::Bytes { link, bytes: opening.as_bytes() }),
            Round::Hold => {
                self.input(Input::Bytes { link, bytes: opening.as_bytes() });
                self.answer_with(HELD);
            }
            Round::Digits => {
                self.input(Input::Bytes { link, bytes: opening.as_bytes() });
                self.answer_with(DIGITS);
            }
            Round::Transfer => {
                self.input(Input::Bytes { link, bytes: opening.as_bytes() });
                self.answer_with(TRANSFERRED);
            }
            Round::Event | Round::ThreeParties | Round::EightParties => {
                self.say(*b"9999", opening);
                self.answer_events();
            }
            Round::SignIn => {
                let user = self.users.len() + user;
                let tag = self.sign_in(user);
                let bye = self.request(user, "BYE", &tag, "");
                let link = self.link_of(user);
                self.input(Input::Bytes { link, bytes: bye.as_bytes() });
            }
        }
        let is_event = matches!(round, Round::Event | Round::ThreeParties | Round::EightParties);
        debug_assert!(self.sent() > 0 || is_event, "the gateway said nothing");
    }

    /// The clients' 200s to the INFOs that the gateway just sent.
    fn answer_events(&mut self) {
        let heard = core::mem::take(&mut self.sent.bytes);
        let writes = core::mem::take(&mut self.sent.writes);
        let mut ok = core::mem::take(&mut self.answer);
        assert_eq!(writes.len(), self.sharing, "every client of the line is told");
        let mut from = 0;
        for (link, to) in &writes {
            let info = heard.get(from..*to).unwrap_or_default();
            from = *to;
            ok.clear();
            ok.extend_from_slice(b"SIP/2.0 200 OK\r\n");
            for line in info.split_inclusive(|byte| *byte == b'\n') {
                let repeated = [&b"Via:"[..], b"From:", b"To:", b"Call-ID:", b"CSeq:"];
                if repeated.iter().any(|name| line.starts_with(name)) {
                    ok.extend_from_slice(line);
                }
            }
            ok.extend_from_slice(b"Content-Length: 0\r\n\r\n");
            self.input(Input::Bytes { link: *link, bytes: &ok });
        }
        self.sent.bytes = heard;
        self.sent.writes = writes;
        self.answer = ok;
    }
}
