//! The clients' side of remote call control: sessions that nothing carries, and requests that are remembered until they
//! are answered. Records what must never happen.

use alloc::borrow::ToOwned as _;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::client::{Client, UnderWay};
use crate::rcc::clients::{Answer, Asked, Checked, Clients};
use crate::rcc::control::{Control, News, What};
use crate::rcc::reference::Reference;
use crate::rcc::session::Carrier;
use crate::slots::Handle;
use crate::step::{ClientRequestId, SessionId, Step};
use crate::time::Instant;
use crate::wire::csta::model::{Event, Request, Response};

/// A carrier that has nothing but its names.
#[derive(Debug)]
pub(super) struct Bare {
    line: Box<str>,
    device: Box<str>,
    base: Box<str>,
    is_established: bool,
    may_be_overtaken: bool,
}

crate::digest! { struct Bare { line, device, base, is_established, may_be_overtaken } }

impl Bare {
    pub(super) fn new(line: String, base: String, is_established: bool) -> Self {
        Self {
            line: line.into(),
            device: Box::default(),
            base: base.into(),
            is_established,
            may_be_overtaken: false,
        }
    }

    /// Establishes the session.
    pub(super) const fn establish(&mut self) {
        self.is_established = true;
    }

    /// Sets whether events are on their way to its client.
    pub(super) const fn set_under_way(&mut self, any: bool) {
        self.may_be_overtaken = any;
    }

    /// Whether its client may send requests.
    pub(super) const fn may_request(&self) -> bool {
        self.is_established
    }
}

impl Carrier for Bare {
    fn line(&self) -> &str {
        &self.line
    }

    fn device(&self) -> &str {
        &self.device
    }

    fn set_line(&mut self, line: &str, device: &str) {
        (self.line, self.device) = (Box::from(line), Box::from(device));
    }

    fn user(&self) -> &str {
        &self.base
    }

    fn base(&self) -> &str {
        &self.base
    }

    fn has_decimal_references(&self) -> bool {
        true
    }

    fn call_id(&self) -> &str {
        &self.base
    }

    fn is_established(&self) -> bool {
        self.is_established
    }

    fn may_be_overtaken(&self) -> bool {
        self.may_be_overtaken
    }

    fn expect_announcement(&mut self) {}

    fn keep_quiet(&mut self, _until: Instant) {}
}

/// A client's request that was not answered at once.
struct Held {
    session: SessionId,
    starts: bool,
    answers: u32,
}

/// All clients.
pub(super) struct Desks {
    pub(super) clients: Vec<Client>,
    held: BTreeMap<u64, Held>,
    /// The violations so far: things that must never happen, and did.
    pub(super) broken: Vec<String>,
    /// Whether the answer being handled names a monitor that began while its line had no calls.
    pub(super) quiet: bool,
    /// Whether clients ask for the existing calls even then.
    pub(super) prefers_asking: bool,
    /// What happened so far, if it is recorded.
    pub(super) story: Option<Vec<String>>,
}

impl Desks {
    pub(super) const fn new(clients: Vec<Client>) -> Self {
        Self {
            clients,
            held: BTreeMap::new(),
            broken: Vec::new(),
            quiet: false,
            prefers_asking: false,
            story: None,
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

    /// Notes that a held request was answered.
    fn note_answered(&mut self, request: ClientRequestId) {
        let Some(held) = self.held.get_mut(&request.number()) else {
            self.broken.push("an answer has no request".to_owned());
            return;
        };
        held.answers += 1;
        if held.answers > 1 {
            self.broken.push(format!("a request was answered {} times", held.answers));
        }
        let (session, starts) = (held.session, held.starts);
        if let Some(client) = self.client_of(session) {
            client.starting -= usize::from(starts);
        }
    }

    /// Passes an event to its client, which it will reach later.
    fn tell_event(&mut self, news: &News<'_>) -> Result<(), &'static str> {
        let client = self.client_of(news.session).ok_or("something is told in a session that has ended")?;
        match news.what {
            What::Event { cross_reference, switch, event: Event::Call(event) } => {
                if !client.knows(cross_reference) {
                    return Err("an event names a monitor that its client does not know");
                }
                client.under_way.push_back(UnderWay::new(cross_reference, switch, event));
            }
            What::MonitorStopped(cross_reference) => {
                if !client.knows(cross_reference) {
                    return Err("a monitor ends that its client does not know");
                }
                client.monitors.retain(|one| one.cross_reference != cross_reference);
            }
            What::Event { .. } | What::Status(..) | What::Part(..) => {}
        }
        Ok(())
    }
}

impl Clients<Bare> for Desks {
    type Received<'m> = Request<'m>;

    fn tell(&mut self, _: &mut Step<'_>, control: &mut Control<Bare>, news: &News<'_>) {
        if let What::Event { cross_reference, switch, event: Event::Call(event) } = news.what {
            let call = event.connection.call.unwrap_or_default();
            self.note(|| {
                format!("   to {}: {cross_reference:?} {:?} {switch}_{call}", news.session, event.kind)
            });
            if let Some(one) = control.sessions.get_mut(news.session) {
                one.carrier.set_under_way(true);
            }
        }
        let told = self.tell_event(news);
        self.broken.extend(told.err().map(str::to_owned));
    }

    fn hold(
        &mut self,
        _: &mut Step<'_>,
        _: &mut Control<Bare>,
        received: &Request<'_>,
        session: SessionId,
    ) -> Option<ClientRequestId> {
        let number = u64::try_from(self.held.len()).unwrap() + 1;
        let starts = matches!(received, Request::MonitorStart { .. });
        self.client_of(session)?.starting += usize::from(starts);
        self.held.insert(number, Held { session, starts, answers: 0 });
        Some(Handle::from_number(number))
    }

    fn reaches(&self, _: &Step<'_>, _: ClientRequestId) -> bool {
        true
    }

    fn answer(
        &mut self,
        _: &mut Step<'_>,
        control: &mut Control<Bare>,
        session: SessionId,
        asked: Asked<'_, Request<'_>>,
        answer: Answer<'_>,
    ) {
        if let Asked::Held(request) = asked {
            self.note_answered(request);
        }
        let (quiet, prefers_asking) = (self.quiet, self.prefers_asking);
        let bound = control.sessions.get(session).and_then(|one| one.connection);
        let switch = bound.map_or(0, |bound| control.switch_of(bound));
        let monitors = control.sessions.get(session).map_or(&[][..], |one| &one.monitors);
        let is_shown = |reference: Reference| {
            let mut monitors = monitors.iter().filter_map(|monitor| control.monitors.get(*monitor));
            monitors.any(|one| one.cross_reference == reference && one.resync.is_some())
        };
        let Some(client) = self.client_of(session) else { return };
        match answer {
            Answer::Own(Response::MonitorStart { cross_reference, .. }) => {
                let cross_reference = Reference::Decimal(cross_reference.parse().unwrap());
                client.begin_monitor(cross_reference);
                let asks = if is_shown(cross_reference) { false } else { !quiet };
                client.has_to_ask |= asks || prefers_asking || core::mem::take(&mut client.asked_early);
            }
            Answer::Own(Response::MonitorStop) => {
                if let Asked::AtHand(Request::MonitorStop { cross_reference }) = asked {
                    let stopped = Reference::Decimal(cross_reference.parse().unwrap());
                    client.monitors.retain(|one| one.cross_reference != stopped);
                }
            }
            Answer::Relayed(Response::SnapshotDevice { items, .. }) => {
                client.see(switch, items);
                client.has_to_ask = false;
                client.asked_early |= client.starting > 0;
                self.note(|| format!("   to {session}: a snapshot"));
            }
            Answer::Own(_) | Answer::Relayed(_) | Answer::Error(_) => {}
        }
    }

    fn peer(
        &self,
        _step: &Step<'_>,
        _control: &Control<Bare>,
        _session: SessionId,
    ) -> Option<core::net::SocketAddr> {
        None
    }

    fn announced(&mut self, _: &mut Step<'_>, _: &mut Control<Bare>, _: SessionId) {}

    fn on_line_checked(&mut self, _: &mut Step<'_>, _: &mut Control<Bare>, _: SessionId, _: Checked) {
        self.broken.push("a line was checked without a sign-in".to_owned());
    }

    // Its desks have no directory.
    fn check_right(&mut self, _: &mut Step<'_>, _: &mut Control<Bare>, _: SessionId) {}

    fn check_links(&mut self, _: &mut Step<'_>, _: u32) -> Option<u32> {
        None
    }

    fn sign_out(&mut self, step: &mut Step<'_>, control: &mut Control<Bare>, session: SessionId, _: &str) {
        if let Some(client) = self.client_of(session) {
            *client = Client::new(client.line, client.knows_few);
        }
        control.remove_session(step, session);
    }
}
