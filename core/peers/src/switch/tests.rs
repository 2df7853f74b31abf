//! A test bench for the switch: clients, a control link and a clock. Every step checks the fingerprint, and every pause
//! checks that no timer is overdue.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::SocketAddr;

use ctigate_core::action::{Action, Actions};
use ctigate_core::entropy::Seed;
use ctigate_core::input::{Closed, Command, Input, LinkId, ListenerId, Peer, Taken};
use ctigate_core::machine::Machine as _;
use ctigate_core::time::{Duration, Instant};
use ctigate_core::wire::csta::emit::{self, Verbatim};
use ctigate_core::wire::csta::guard::XmlLimits;
use ctigate_core::wire::csta::model::{
    Connection, Device, Event, Message, MonitorObject, Namespace, Party, Redirection, Request, Response,
};
use ctigate_core::wire::csta::parse::Document;
use ctigate_core::wire::csta::relayed::{Relayed, Value};
use ctigate_core::wire::csta::services;
use ctigate_core::wire::csta_frame::{self, Framed, Framer};

use super::{Switch, SwitchConfig};

mod associating;
mod calls;
mod control;
mod devices;
mod entering;
mod errors;
mod faults;
mod features;
mod habits;
mod joining;
mod lines;
mod sessions;

const VERSION: &str = "http://www.ecma-international.org/standards/ecma-323/csta/ed3";

/// What one link received.
#[derive(Default)]
struct Inbox {
    bytes: Vec<u8>,
    closed: bool,
}

/// A request for the service `root` with these members, which are leaked until the test ends.
fn asks<'a>(root: &str, given: Vec<(&'static str, Value<'a>)>) -> Request<'a> {
    Request::Relayed(Relayed::request(services::named(root).unwrap(), Vec::leak(given)))
}

/// A request about one connection.
fn about<'a>(root: &str, connection: Connection<'a>) -> Request<'a> {
    let name = services::named(root).unwrap().request[0].name;
    asks(root, [(name, Value::Connection(connection))].into())
}

/// A request for MakeCall.
fn make<'a>(calling: &'a str, called: &'a str, auto_originate: Option<&'static str>) -> Request<'a> {
    let mut given = Vec::new();
    given.push(("callingDevice", Value::Device(device(calling))));
    given.push(("calledDirectoryNumber", Value::Device(device(called))));
    given.extend(auto_originate.map(|word| ("autoOriginate", Value::Text(word))));
    asks("MakeCall", given)
}

struct World {
    switch: Switch,
    now: Instant,
    inboxes: BTreeMap<LinkId, Inbox>,
    /// Names and fields of all notices.
    notices: Vec<String>,
    printed: Vec<String>,
    finished: Option<u8>,
    next_link: u64,
    next_invoke: u16,
    /// The device that each monitor was started on.
    monitored: BTreeMap<String, String>,
    /// Off in a test with so many entries that recomputing the fingerprint at each step takes seconds.
    checks_digest: bool,
}

fn device(id: &str) -> Device<'_> {
    Device { id, type_of_number: None }
}

fn connection<'a>(call: &'a str, id: &'a str) -> Connection<'a> {
    Connection { call: Some(call), device: Some(device(id)) }
}

fn world() -> World {
    World::new(|_| {})
}

impl World {
    fn new(change: impl FnOnce(&mut SwitchConfig)) -> Self {
        let mut config = SwitchConfig {
            cti: alloc::vec!["127.0.0.1:4721".parse().unwrap()],
            control: Some("127.0.0.1:4722".parse().unwrap()),
            ..SwitchConfig::default()
        };
        change(&mut config);
        Self {
            switch: Switch::new(config, Seed::from_number(7)),
            now: Instant::ZERO,
            inboxes: BTreeMap::new(),
            notices: Vec::new(),
            printed: Vec::new(),
            finished: None,
            next_link: 1,
            next_invoke: 0,
            monitored: BTreeMap::new(),
            checks_digest: true,
        }
    }

    fn step(&mut self, input: Input<'_>) -> usize {
        let mut actions = Actions::new();
        let Taken(taken) = self.switch.step(self.now, input, &mut actions);
        if self.checks_digest {
            assert_eq!(self.switch.digest(), self.switch.full_digest(), "after {input:?}");
        }
        for action in actions.iter() {
            match action {
                Action::Write { link, bytes } | Action::WriteSecret { link, bytes, .. } => {
                    let inbox = self.inboxes.get_mut(&link).expect("a link that was opened");
                    assert!(!inbox.closed, "nothing is written behind a close");
                    inbox.bytes.extend_from_slice(bytes);
                }
                Action::Close { link } => {
                    let inbox = self.inboxes.get_mut(&link).expect("a link that was opened");
                    assert!(!inbox.closed, "a link is closed once");
                    inbox.closed = true;
                }
                Action::Notify(notice) => self.notices.push(format!("{} {}", notice.name, notice.fields)),
                Action::Print { text } => self.printed.push(text.to_string()),
                Action::Finish { status } => self.finished = Some(status),
                Action::Connect { .. }
                | Action::SendDatagram { .. }
                | Action::Persist { .. }
                | Action::Reply { .. } => {
                    panic!("not a switch's wish: {action:?}")
                }
            }
        }
        taken
    }

    fn open(&mut self, listener: u16) -> LinkId {
        let link = LinkId::new(self.next_link);
        self.next_link += 2;
        self.inboxes.insert(link, Inbox::default());
        let address: SocketAddr = "127.0.0.1:50000".parse().unwrap();
        let peer = Peer { address, local: address, listener: Some(ListenerId::new(listener)) };
        self.step(Input::Opened { link, peer });
        link
    }

    fn bytes(&mut self, link: LinkId, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let taken = self.step(Input::Bytes { link, bytes });
            assert!(taken > 0, "a step takes something");
            bytes = &bytes[taken..];
        }
    }

    fn close(&mut self, link: LinkId) {
        self.step(Input::Closed { link, why: Closed::ByPeer });
        self.calm();
    }

    /// Handles what is overdue; fails if that takes too many ticks.
    fn calm(&mut self) {
        for _ in 0..10_000 {
            match self.switch.next_wake() {
                Some(wake) if wake.at <= self.now => {
                    self.step(Input::Tick);
                }
                Some(_) | None => return,
            }
        }
        panic!("the machine wants to be woken again and again: {:?}", self.switch.next_wake());
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(wake) = self.switch.next_wake().filter(|wake| wake.at <= end) {
            self.now = self.now.max(wake.at);
            self.calm();
        }
        self.now = end;
    }

    fn is_closed(&self, link: LinkId) -> bool {
        self.inboxes[&link].closed
    }

    /// The frames received since the last call.
    fn frames(&mut self, link: LinkId) -> Vec<(u16, String)> {
        let bytes = core::mem::take(&mut self.inboxes.get_mut(&link).unwrap().bytes);
        let mut framer = Framer::default();
        let mut found = Vec::new();
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let (taken, piece) = framer.push(rest);
            match piece {
                Framed::Frame { invoke, document } => {
                    found.push((invoke, String::from_utf8(document.to_vec()).unwrap()));
                }
                Framed::Incomplete | Framed::Broken(_) => panic!("not whole frames: {piece:?}"),
            }
            rest = &rest[taken..];
        }
        found
    }

    fn send_xml(&mut self, link: LinkId, invoke: u16, xml: &str) {
        let mut frame = Vec::new();
        csta_frame::frame(&mut frame, invoke, |out| out.extend_from_slice(xml.as_bytes())).unwrap();
        self.bytes(link, &frame);
    }

    /// Sends a request with a new invoke ID, which is returned.
    fn send(&mut self, link: LinkId, request: &Request<'_>) -> u16 {
        let mut xml = Vec::new();
        emit::request(&mut xml, Namespace::ED3, request, &mut Verbatim);
        self.next_invoke += 1;
        self.send_xml(link, self.next_invoke, core::str::from_utf8(&xml).unwrap());
        self.next_invoke
    }

    /// Sends a request; its answer must be the first frame received. The frames after it are kept for [`Self::frames`].
    fn ask_xml(&mut self, link: LinkId, request: &Request<'_>) -> String {
        assert_eq!(self.frames(link), [], "nothing is left unread before a request");
        let invoke = self.send(link, request);
        let mut frames = self.frames(link).into_iter();
        let (answered, xml) = frames.next().expect("an answer");
        assert_eq!(answered, invoke, "{xml}");
        let inbox = self.inboxes.get_mut(&link).unwrap();
        for (invoke, xml) in frames {
            csta_frame::frame(&mut inbox.bytes, invoke, |out| out.extend_from_slice(xml.as_bytes())).unwrap();
        }
        xml
    }

    /// The error that a request is answered with, or the name of the positive response.
    fn outcome(&mut self, link: LinkId, request: &Request<'_>) -> String {
        outcome_of(&self.ask_xml(link, request))
    }

    /// A CTI link in a session.
    fn client(&mut self) -> LinkId {
        let link = self.open(0);
        self.session(link);
        link
    }

    fn session(&mut self, link: LinkId) -> String {
        let start = Request::StartApplicationSession {
            application: "test",
            protocol_version: VERSION,
            duration: Some(60),
        };
        let xml = self.ask_xml(link, &start);
        with(&xml, |message| match message {
            Message::Response(Response::StartApplicationSession { session, .. }) => session.to_string(),
            other => panic!("{other:?}"),
        })
    }

    fn monitor(&mut self, link: LinkId, number: &str) -> String {
        let object = MonitorObject::Device(device(number));
        let xml = self.ask_xml(link, &Request::MonitorStart { object, filter: None, kind: None });
        let reference = with(&xml, |message| match message {
            Message::Response(Response::MonitorStart { cross_reference, .. }) => cross_reference.to_string(),
            other => panic!("{other:?}"),
        });
        assert!(self.monitored.insert(reference.clone(), number.to_string()).is_none(), "{reference} twice");
        reference
    }

    fn make_call(&mut self, link: LinkId, from: &str, to: &str, auto: Option<&'static str>) -> String {
        let request = make(from, to, auto);
        let xml = self.ask_xml(link, &request);
        with(&xml, |message| match message {
            Message::Response(Response::Relayed(made)) => {
                let calling = made.connection("callingDevice").unwrap();
                assert_eq!(calling.device, Some(device(from)));
                calling.call.unwrap().to_string()
            }
            other => panic!("{other:?}"),
        })
    }

    /// The events received since the last call, one line each.
    fn events(&mut self, link: LinkId, call: &str) -> Vec<String> {
        let frames = self.frames(link);
        frames
            .iter()
            .map(|(invoke, xml)| {
                assert_eq!(*invoke, 9999, "{xml}");
                with(xml, |message| match message {
                    Message::Event(Event::Call(event)) => {
                        assert_eq!(event.connection.call, Some(call), "{xml}");
                        let monitored = &self.monitored[event.cross_reference];
                        let kind = event.kind.word().replace("Event", "");
                        let parties = [Some(event.subject), event.calling, event.called].map(party);
                        let redirection = event.redirection.is_none_or(|by| by == Redirection::NotRequired);
                        assert!(redirection, "{xml}");
                        format!(
                            "{monitored}: {kind} {} [{}] {} {}",
                            event.connection.device.unwrap().id,
                            parties.join(" "),
                            event.local.unwrap().word(),
                            event.cause
                        )
                    }
                    other => panic!("{other:?}"),
                })
            })
            .collect()
    }

    /// Sends a line on the control link and returns the answer.
    fn control(&mut self, link: LinkId, command: &str) -> String {
        self.bytes(link, format!("{command}\n").as_bytes());
        let answer = core::mem::take(&mut self.inboxes.get_mut(&link).unwrap().bytes);
        let answer = String::from_utf8(answer).unwrap();
        answer.strip_suffix('\n').expect("one line").to_string()
    }

    fn command(&mut self, line: &str) -> String {
        self.step(Input::from(Command::Line(line)));
        self.printed.pop().unwrap()
    }

    fn noticed(&self, text: &str) -> bool {
        self.notices.iter().any(|notice| notice.contains(text))
    }
}

fn party(party: Option<Party<'_>>) -> String {
    match party {
        None => "-".into(),
        Some(Party::Device(device)) => device.id.into(),
        Some(Party::NotKnown | Party::Restricted) => "?".into(),
    }
}

fn with<T>(xml: &str, read: impl FnOnce(Message<'_>) -> T) -> T {
    let document = Document::parse(xml.as_bytes(), &XmlLimits::default()).unwrap();
    let message = document.message().unwrap_or_else(|error| panic!("{error} in {xml}"));
    read(message)
}

fn outcome_of(xml: &str) -> String {
    let document = Document::parse(xml.as_bytes(), &XmlLimits::default()).unwrap();
    match document.message().unwrap() {
        Message::Response(Response::Error(error)) => error.to_string(),
        Message::Response(_) => document.name().to_string(),
        other => panic!("{other:?}"),
    }
}
