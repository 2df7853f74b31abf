//! Drives remote call control as the engine does ([`crate::engine`]), with clients that get typed news instead of SIP,
//! and records what must never happen.

mod news;

use alloc::borrow::ToOwned as _;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::client::{Client, ClientMonitor, UnderWay};
use super::phone_systems::LINES;
use crate::cti::ConnectionRef;
use crate::few::Few;
use crate::rcc::change::Change;
use crate::rcc::control::{Control, News, What};
use crate::rcc::monitoring::Waiter;
use crate::rcc::moving::rebinds;
use crate::rcc::resync::ToTell;
use crate::rcc::services::Verdict;
use crate::rcc::session::{Carrier, Monitor, Session};
use crate::rcc::switch_monitor::SwitchMonitor;
use crate::rcc::view::hexadecimal;
use crate::slots::Handle;
use crate::step::{ClientRequestId, SessionId, Step};
use crate::wire::csta::guard::XmlLimits;
use crate::wire::csta::model::{Device, Event, Message, MonitorObject, Namespace, Request};
use crate::wire::csta::parse::Document;

/// A carrier that has nothing but its names.
#[derive(Debug)]
pub(super) struct Bare {
    line: Box<str>,
    base: Box<str>,
    is_established: bool,
}

crate::digest! { struct Bare { line, base, is_established } }

impl Carrier for Bare {
    fn line(&self) -> &str {
        &self.line
    }

    fn set_line(&mut self, line: &str) {
        self.line = Box::from(line);
    }

    fn user(&self) -> &str {
        &self.base
    }

    fn base(&self) -> &str {
        &self.base
    }

    fn is_established(&self) -> bool {
        self.is_established
    }
}

/// A client's request that was not answered at once.
struct Held {
    client: usize,
    session: SessionId,
    starts: bool,
    answers: u32,
}

/// Remote call control and its clients.
pub(super) struct Driver {
    pub(super) control: Control<Bare>,
    pub(super) clients: Vec<Client>,
    held: BTreeMap<u64, Held>,
    sessions_had: u64,
    /// The violations so far: things that must never happen, and did.
    pub(super) broken: Vec<String>,
    /// Whether the answer being handled names a monitor that began while its line had no calls.
    pub(super) quiet: bool,
    /// Whether clients ask for the existing calls even then.
    pub(super) prefers_asking: bool,
    /// What happened so far, if it is recorded.
    pub(super) story: Option<Vec<String>>,
    xml_limits: XmlLimits,
}

impl Driver {
    pub(super) fn new(control: Control<Bare>, clients: Vec<Client>) -> Self {
        Self {
            control,
            clients,
            held: BTreeMap::new(),
            sessions_had: 0,
            broken: Vec::new(),
            quiet: false,
            prefers_asking: false,
            story: None,
            xml_limits: XmlLimits::default(),
        }
    }

    /// Adds a line to the story, if it is recorded.
    pub(super) fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(story) = &mut self.story {
            story.push(line());
        }
    }

    fn client_of(&mut self, session: SessionId) -> Option<&mut Client> {
        self.clients.iter_mut().find(|client| client.session == Some(session))
    }

    /// Returns the number of unanswered requests.
    pub(super) fn unanswered(&self) -> usize {
        self.held.values().filter(|held| held.answers == 0).count()
    }

    pub(super) fn sign_in(&mut self, step: &mut Step<'_>, client: usize, is_established: bool) {
        self.sessions_had += 1;
        let line = format!("tel:{};phone-context=dialstring", LINES[self.clients[client].line]);
        let base = format!("session {}", self.sessions_had);
        let carrier = Bare { line: line.into(), base: base.into(), is_established };
        let session = self.control.sessions.insert(Session {
            connection: None,
            namespace: Namespace::ED3,
            told_gone: false,
            carrier,
            monitors: Few::default(),
            monitors_had: 0,
            registration: None,
        });
        let session = session.unwrap();
        let connection = self.control.pool.take_turn();
        self.control.bind(session, connection);
        self.clients[client].session = Some(session);
        self.note(|| format!("client {client} signs in: {session} {connection:?}"));
        if is_established {
            self.accept(step, session);
        }
    }

    /// Tells a client that its sign-in succeeded.
    pub(super) fn accept(&mut self, step: &mut Step<'_>, session: SessionId) {
        let Some(one) = self.control.sessions.get_mut(session) else { return };
        one.carrier.is_established = true;
        if rebinds(step.config) && self.control.link_of(session).is_err() {
            self.rebind_session(step, session);
        }
        if let Ok(link) = self.control.link_of(session) {
            self.restart_monitors(step, session, link);
        }
    }

    pub(super) fn sign_out(&mut self, step: &mut Step<'_>, client: usize) {
        let line = self.clients[client].line;
        self.note(|| format!("client {client} signs out"));
        let Some(session) = self.clients[client].session else { return };
        let monitors = self.control.sessions.get(session).map(|one| one.monitors.clone());
        for monitor in monitors.unwrap_or_default().iter().copied() {
            self.control.drop_monitor(step, monitor);
        }
        self.control.bind(session, None);
        self.control.forget_stale(step, session);
        self.control.sessions.remove(session);
        self.clients[client] = Client::new(line);
    }

    /// Refreshes a session. If its connection is gone, it takes the next one in service.
    pub(super) fn refresh(&mut self, step: &mut Step<'_>, client: usize) {
        self.note(|| format!("client {client} refreshes"));
        let Some(session) = self.clients[client].session else { return };
        let bound = self.control.link_of(session).ok();
        if bound.is_none() && rebinds(step.config) {
            self.rebind_session(step, session);
            return;
        }
        let Some(connection) = bound.or_else(|| self.control.pool.take_turn()) else { return };
        self.control.bind(session, Some(connection));
        self.restart_monitors(step, session, connection);
    }

    /// Requests a monitor of a client's line.
    pub(super) fn start_monitor(&mut self, step: &mut Step<'_>, client: usize) {
        let device = Device { id: LINES[self.clients[client].line], type_of_number: None };
        let object = MonitorObject::Device(device);
        self.request(step, client, &Request::MonitorStart { object, filter: None, kind: None });
    }

    /// Requests the end of a client's first monitor.
    pub(super) fn stop_monitor(&mut self, step: &mut Step<'_>, client: usize) {
        if let Some(one) = self.clients[client].monitors.first() {
            let cross_reference = &hexadecimal(one.cross_reference);
            self.request(step, client, &Request::MonitorStop { cross_reference });
        }
    }

    /// Requests a snapshot of a client's line.
    pub(super) fn ask_for_calls(&mut self, step: &mut Step<'_>, client: usize) {
        let device = Device { id: LINES[self.clients[client].line], type_of_number: None };
        self.request(step, client, &Request::SnapshotDevice { device });
    }

    fn request(&mut self, step: &mut Step<'_>, client: usize, request: &Request<'_>) {
        self.note(|| format!("client {client} asks: {}", request.name()));
        let Some(session) = self.clients[client].session else { return };
        if !self.control.sessions.get(session).is_some_and(|one| one.carrier.is_established) {
            return;
        }
        if rebinds(step.config) {
            if self.control.link_of(session).is_err() {
                self.rebind_session(step, session);
            }
        } else if self.control.is_stale(session) {
            return;
        }
        if self.control.sessions.get(session).is_some_and(|one| one.connection.is_none()) {
            self.refresh(step, client);
        }
        match self.control.request(step, session, request) {
            Verdict::Answer(_) | Verdict::Refuse(_) | Verdict::Registered(_) => {}
            Verdict::Stop(monitor) => {
                self.clients[client].monitors.remove(0);
                self.control.drop_monitor(step, monitor);
            }
            Verdict::Monitor(monitor) => {
                let held = self.hold(client, session, true);
                if self.control.join(monitor, held) {
                    self.quiet = false;
                    self.announce_monitor((held, monitor));
                }
            }
            Verdict::Ask(question) => {
                let held = self.hold(client, session, false);
                if self.control.ask(step, held, &question).is_err() {
                    self.answer(held);
                }
            }
        }
    }

    fn hold(&mut self, client: usize, session: SessionId, starts: bool) -> ClientRequestId {
        let number = u64::try_from(self.held.len()).unwrap() + 1;
        self.clients[client].starting += usize::from(starts);
        self.held.insert(number, Held { client, session, starts, answers: 0 });
        Handle::from_number(number)
    }

    /// Notes that a request was answered. Returns its client, unless the session that it was made in has ended.
    fn answer(&mut self, request: ClientRequestId) -> Option<&mut Client> {
        let held = self.held.get_mut(&request.number()).unwrap();
        held.answers += 1;
        if held.answers > 1 {
            self.broken.push(format!("a request was answered {} times", held.answers));
        }
        let (session, starts) = (held.session, held.starts);
        let client = Some(&mut self.clients[held.client]).filter(|client| client.session == Some(session))?;
        client.starting -= usize::from(starts);
        Some(client)
    }

    /// Passes news to its client.
    fn tell(&mut self, news: &News<'_>) {
        if let What::Event { cross_reference, switch, event: Event::Call(event) } = news.what {
            let call = event.connection.call.unwrap_or_default();
            self.note(|| {
                format!("   to {}: {cross_reference:08x} {:?} {switch}_{call}", news.session, event.kind)
            });
        }
        let mut broken = None;
        let Some(client) = self.client_of(news.session) else {
            self.broken.push("something is told in a session that has ended".to_owned());
            return;
        };
        match news.what {
            What::Event { cross_reference, switch, event: Event::Call(event) } => {
                if client.knows(cross_reference) {
                    client.under_way.push_back(UnderWay::new(cross_reference, switch, event));
                } else {
                    broken = Some("an event names a monitor that its client does not know");
                }
            }
            What::MonitorStopped(cross_reference) => {
                if !client.knows(cross_reference) {
                    broken = Some("a monitor ends that its client does not know");
                }
                client.monitors.retain(|one| one.cross_reference != cross_reference);
            }
            What::Event { .. } | What::Status(..) | What::Part(..) => {}
        }
        self.broken.extend(broken.map(str::to_owned));
    }

    fn announce_monitor(&mut self, (waiting, monitor): Waiter) {
        let (quiet, prefers_asking) = (self.quiet, self.prefers_asking);
        let told = self.control.announcement(monitor).map(|told| told.cross_reference);
        let Some(client) = self.answer(waiting) else { return };
        if let Some(cross_reference) = told {
            client.monitors.push(ClientMonitor { cross_reference, calls: BTreeMap::new() });
            client.has_to_ask |= !quiet || prefers_asking || core::mem::take(&mut client.asked_early);
        }
    }

    fn restart_monitors(&mut self, step: &mut Step<'_>, session: SessionId, link: ConnectionRef) {
        let monitors = self.control.sessions.get(session).map(|one| one.monitors.clone());
        for monitor in monitors.unwrap_or_default().iter().copied() {
            if let Some(news) = self.control.restart_monitor(step, (monitor, link)) {
                self.tell(&news);
            }
        }
    }

    fn rebind_session(&mut self, step: &mut Step<'_>, session: SessionId) {
        let Some(connection) = self.control.move_session(step, session) else { return };
        if self.control.sessions.get(session).is_some_and(|one| one.carrier.is_established) {
            self.restart_monitors(step, session, connection);
        }
    }

    fn fan_out(
        &mut self,
        step: &mut Step<'_>,
        switch_monitor: Handle<SwitchMonitor>,
        event: &Event<'_>,
        document: Option<&[u8]>,
    ) {
        self.control.learn(step, switch_monitor, event);
        let mut index = 0;
        while let Some(monitor) = self.control.fed_by(switch_monitor, index) {
            if let Some(news) = self.control.pass_on(step, monitor, event, document) {
                self.tell(&news);
            }
            index += 1;
        }
    }

    fn tell_changes(&mut self, step: &mut Step<'_>, monitor: Handle<Monitor>) {
        loop {
            match self.control.next_to_tell(step, monitor) {
                ToTell::Change(change) => self.tell_change(monitor, &change),
                ToTell::Held(document) => {
                    let document = Document::parse(&document, &self.xml_limits).unwrap();
                    let Ok(Message::Event(event)) = document.message() else { panic!("no event was kept") };
                    if let Some(news) = self.control.as_told(step, monitor, &event) {
                        self.tell(&news);
                    }
                }
                ToTell::Nothing => return,
            }
        }
    }

    fn tell_change(&mut self, monitor: Handle<Monitor>, change: &Change) {
        let Some(number) = self.control.line_of(monitor) else { return };
        for kind in change.events() {
            let event = Event::Call(change.event(*kind, &number));
            if let Some(news) = self.control.as_seen(monitor, &event, Some(change.switch)) {
                self.tell(&news);
            }
        }
    }
}
