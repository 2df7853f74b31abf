//! Tests of the client against prepared answers. `Stage` is its environment: a clock, what it sent, what it showed.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::net::SocketAddr;

use ctigate_core::action::Action;
use ctigate_core::input::ListenerId;
use ctigate_core::input::{Closed, Peer};
use ctigate_core::wire::sip::{Limits, Message, Name, Scratch, emit};

use super::*;

mod lines;
mod rows;
mod signing;

const LINE: &str = "tel:1001;phone-context=dialstring";
const STATUS: &str =
    "<RequestSystemStatusResponse><systemStatus>normal</systemStatus></RequestSystemStatusResponse>";
const FEATURES: &str = "<GetCSTAFeaturesResponse><supportedServices><callControlServList><makeCall/>\
    </callControlServList></supportedServices></GetCSTAFeaturesResponse>";
const MONITOR: &str =
    "<MonitorStartResponse><monitorCrossRefID>99fda87c</monitorCrossRefID></MonitorStartResponse>";
const MADE: &str = "<MakeCallResponse><callingDevice><callID>0_1</callID><deviceID>tel:1001;phone-context=dialstring\
    </deviceID></callingDevice></MakeCallResponse>";

struct Stage {
    client: Client,
    now: Instant,
    /// What the client sent and no test has taken yet.
    sent: Vec<Vec<u8>>,
    shown: Vec<String>,
    finished: Option<u8>,
    /// Whether the client closed its connection, or gave up opening it.
    closed: bool,
    asked_for: Option<String>,
    udp: bool,
}

fn server() -> SocketAddr {
    "192.0.2.1:5060".parse().unwrap()
}

fn local() -> SocketAddr {
    "192.0.2.9:40000".parse().unwrap()
}

impl Stage {
    fn new(udp: bool) -> Self {
        let mut config = ClientConfig::new("192.0.2.1:5060", "sip:alice@example.com", LINE);
        if udp {
            config.transport = Transport::Udp;
        }
        let client = Client::new(config, Seed::from_number(7));
        let (now, sent, shown) = (Instant::ZERO, Vec::new(), Vec::new());
        Self { client, now, sent, shown, finished: None, closed: false, asked_for: None, udp }
    }

    /// A stage on which the client has a connection and has sent its first INVITE.
    fn inviting(udp: bool) -> (Self, Vec<u8>) {
        let mut stage = Self::new(udp);
        if udp {
            stage.input(Input::Listening { listener: ListenerId::new(0), address: local() });
            stage.settle();
        } else {
            stage.settle();
            assert_eq!(stage.asked_for.as_deref(), Some("192.0.2.1:5060"));
            let peer = Peer { address: server(), local: local(), listener: None };
            stage.input(Input::Opened { link: LINK, peer });
        }
        let invite = stage.take("INVITE");
        (stage, invite)
    }

    /// A stage on which the client has signed in and monitors its line.
    fn signed_in() -> Self {
        let (mut stage, invite) = Self::inviting(false);
        stage.accept(&invite, &["Session-Expires: 1800;refresher=uac"], STATUS);
        stage.take("ACK");
        let (features, monitor) = (stage.take("INFO"), stage.take("INFO"));
        stage.accept(&features, &[], FEATURES);
        stage.accept(&monitor, &[], MONITOR);
        stage.shown.clear();
        stage
    }

    fn input(&mut self, input: Input<'_>) {
        let mut actions = Actions::new();
        self.client.step(self.now, input, &mut actions);
        assert_eq!(self.client.digest(), self.client.full_digest());
        for action in actions.iter() {
            match action {
                Action::Connect { link, address } => {
                    assert_eq!(link, LINK);
                    self.asked_for = Some(address.to_string());
                }
                Action::Write { bytes, .. }
                | Action::WriteSecret { bytes, .. }
                | Action::SendDatagram { bytes, .. } => {
                    self.sent.push(bytes.to_vec());
                }
                Action::Print { text } => self.shown.push(text.to_string()),
                Action::Finish { status } => self.finished = Some(status),
                Action::Close { link } => {
                    assert_eq!(link, LINK);
                    self.closed = true;
                }
                Action::Persist { .. } | Action::Reply { .. } | Action::Notify(_) => {}
            }
        }
    }

    /// Handles everything that is due.
    fn settle(&mut self) {
        for _ in 0..100 {
            match self.client.next_wake() {
                Some(wake) if wake.at <= self.now => self.input(Input::Tick),
                Some(_) | None => return,
            }
        }
        panic!("the client spins");
    }

    /// Lets time pass, from deadline to deadline.
    fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(wake) = self.client.next_wake().filter(|wake| wake.at <= end) {
            self.now = self.now.max(wake.at);
            self.settle();
        }
        self.now = end;
    }

    fn say(&mut self, lines: &[&str]) {
        for line in lines {
            self.input(Input::from(Command::Line(line)));
        }
        self.settle();
    }

    fn arrive(&mut self, bytes: &[u8]) {
        if self.udp {
            self.input(Input::Datagram { listener: ListenerId::new(0), peer: server(), bytes });
        } else {
            self.input(Input::Bytes { link: LINK, bytes });
        }
        self.settle();
    }

    /// Takes the next message sent, which must begin with `start`.
    fn take(&mut self, start: &str) -> Vec<u8> {
        assert!(
            !self.sent.is_empty(),
            "nothing was sent where {start} was expected; shown: {:?}",
            self.shown
        );
        let first = self.sent.remove(0);
        assert!(first.starts_with(start.as_bytes()), "{start}: {}", String::from_utf8_lossy(&first));
        first
    }

    /// Answers a request.
    fn answer(&mut self, request: &[u8], (status, reason): (u16, &str), lines: &[&str], body: &str) {
        let bytes = answer(request, (status, reason), lines, body);
        self.arrive(&bytes);
    }

    fn accept(&mut self, request: &[u8], lines: &[&str], body: &str) {
        self.answer(request, (200, ""), lines, body);
    }

    /// Sends a request of the gateway in the client's dialog.
    fn ask(&mut self, method: &str, branch: &str, body: &str) {
        let mut head = Vec::new();
        self.client.dialog.write_names(&mut head);
        let head = String::from_utf8(head)
            .unwrap()
            .replace("From:", "X:")
            .replace("To:", "From:")
            .replace("X:", "To:");
        let head = format!("Via: SIP/2.0/UDP 192.0.2.1;branch={branch}\r\n{head}CSeq: 1 {method}\r\n");
        let method = ctigate_core::wire::sip::Method::from_name(method);
        let document = document(body);
        let mut bytes = Vec::new();
        let body = (!body.is_empty()).then_some(("application/csta+xml", document.as_bytes()));
        emit::request(&mut bytes, method, "sip:alice@192.0.2.9", head.as_bytes(), &[], body);
        self.arrive(&bytes);
    }

    fn event(&mut self, body: &str) {
        self.ask("INFO", "z9hG4bKevent", body);
        self.take("SIP/2.0 200 OK");
    }

    /// What was shown since the last call.
    fn shown(&mut self) -> Vec<String> {
        core::mem::take(&mut self.shown)
    }
}

/// A document of edition 3 with this root.
fn document(root: &str) -> String {
    let end = root.find('>').unwrap_or_default();
    let (open, rest) = root.split_at(end);
    format!("{open} xmlns=\"http://www.ecma-international.org/standards/ecma-323/csta/ed3\"{rest}")
}

fn answer(request: &[u8], (status, reason): (u16, &str), lines: &[&str], body: &str) -> Vec<u8> {
    let mut scratch = Scratch::new();
    let message = Message::parse(request, &mut scratch, Limits::default()).unwrap();
    let mut head = Vec::new();
    emit::reply_head(&mut head, &message, Some("gw1"), None);
    head.extend_from_slice(b"Contact: <sip:ctigate@192.0.2.1:5060;transport=tcp>\r\n");
    for line in lines {
        head.extend_from_slice(line.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    let document = document(body);
    let body = (!body.is_empty()).then_some(("application/csta+xml", document.as_bytes()));
    let mut out = Vec::new();
    emit::response(&mut out, status, reason, &head, &[], body);
    out
}

/// An event of call `0_1` from 1001 to 1002.
fn event(name: &str, connection: &str, device: &str, local: &str) -> String {
    format!(
        "<{name}><monitorCrossRefID>99fda87c</monitorCrossRefID><{connection}><callID>0_1</callID>\
         <deviceID>{device}</deviceID></{connection}><subject><deviceIdentifier>tel:1002</deviceIdentifier></subject>\
         <callingDevice><deviceIdentifier>{LINE}</deviceIdentifier></callingDevice>\
         <calledDevice><deviceIdentifier>tel:1002</deviceIdentifier></calledDevice>\
         <lastRedirectionDevice><notRequired/></lastRedirectionDevice>\
         <localConnectionInfo>{local}</localConnectionInfo><cause>newCall</cause></{name}>"
    )
}

fn delivered() -> String {
    event("DeliveredEvent", "connection", "tel:1002", "connected")
        .replace("<subject>", "<alertingDevice>")
        .replace("</subject>", "</alertingDevice>")
}

fn established() -> String {
    event("EstablishedEvent", "establishedConnection", "tel:1002", "connected")
        .replace("<subject>", "<answeringDevice>")
        .replace("</subject>", "</answeringDevice>")
}

fn body_of(bytes: &[u8]) -> String {
    let mut scratch = Scratch::new();
    let message = Message::parse(bytes, &mut scratch, Limits::default()).unwrap();
    String::from_utf8(message.body.to_vec()).unwrap()
}

fn header_of(bytes: &[u8], name: &str) -> String {
    let mut scratch = Scratch::new();
    let message = Message::parse(bytes, &mut scratch, Limits::default()).unwrap();
    assert_eq!(message.flaw, None);
    message.headers_named(Name::from_text(name)).collect::<Vec<_>>().join("|")
}
