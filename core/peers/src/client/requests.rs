//! Requests from the gateway: events in INFO, BYE, and others.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Display;

use ctigate_core::input::Transport;
use ctigate_core::wire::csta::guard::XmlLimits;
use ctigate_core::wire::csta::model::{
    CallEvent, Event, LocalConnectionState, Message as Csta, Party, Request,
};
use ctigate_core::wire::csta::parse::Document;
use ctigate_core::wire::csta::services::Served;
use ctigate_core::wire::sip::{Limits, Message, Method, Scratch, emit};

use super::calls::text_of;
use super::flow::Way;
use super::happening::{Happening, Sort, shown};
use super::values::Values;
use super::{Client, Monitor, Step};

/// The methods that we support.
const ALLOW: &str = "ACK, BYE, INFO, OPTIONS, UPDATE";

impl Client {
    /// Takes one SIP message.
    pub(super) fn receive(&mut self, step: &mut Step<'_>, way: Way, bytes: &[u8]) {
        let mut scratch = Scratch::new();
        let Ok(message) = Message::parse(bytes, &mut scratch, Limits::default()) else { return };
        let Some(method) = message.method() else {
            if message.flaw.is_none() {
                self.response(step, &message, way.is_reliable());
            }
            return;
        };
        if method == Method::Ack {
            return;
        }
        let branch = String::from(message.via().and_then(|via| via.branch).unwrap_or_default());
        // Over UDP a request may be retransmitted.
        if !way.is_reliable()
            && let Some(answer) = self.transactions.answer(&branch)
        {
            way.send(step.actions, answer);
            return;
        }
        let mut head = Vec::new();
        emit::reply_head(&mut head, &message, None, way.source());
        let (status, why) = self.judge(&message, method);
        let expires = message.session_expires();
        let more: &[(&str, &dyn Display)] = match (&expires, method, status) {
            (Some(expires), Method::Update, 200) => &[("Session-Expires", expires)],
            (_, _, 405) => &[("Allow", &ALLOW)],
            _ => &[],
        };
        let mut answer = Vec::new();
        emit::response(&mut answer, status, &why, &head, more, None);
        way.send(step.actions, &answer);
        if !way.is_reliable() {
            self.transactions.keep_answer(&branch, &answer);
        }
        if status == 200 {
            self.obey(step, &message, method);
        }
    }

    /// The status and, if it is not the default, the reason phrase for the answer to a request.
    fn judge(&self, request: &Message<'_>, method: Method<'_>) -> (u16, String) {
        if let Some(flaw) = request.flaw {
            return (flaw.status(), alloc::format!("{flaw}"));
        }
        let status = match method {
            Method::Options => 200,
            Method::Info | Method::Bye | Method::Update if self.dialog.owns(request) => 200,
            Method::Info | Method::Bye | Method::Update | Method::Cancel => 481,
            Method::Invite | Method::Ack | Method::Other(_) => 405,
        };
        (status, String::new())
    }

    fn obey(&mut self, step: &mut Step<'_>, request: &Message<'_>, method: Method<'_>) {
        if method == Method::Bye {
            self.session_ended(step, &"BYE from the gateway");
            return;
        }
        let Some(body) = request.csta_body().filter(|_| method == Method::Info) else { return };
        let limits = XmlLimits::default();
        let Ok(document) = Document::parse(body, &limits) else {
            return self.malformed(step, "document");
        };
        match document.message() {
            Ok(Csta::Event(event)) => self.event(step, &event),
            Ok(Csta::Request(Request::SystemStatus { status, .. })) => {
                self.happen(
                    step,
                    Happening::new(Sort::Event, "system-status").with("status", &status.word()),
                );
            }
            Ok(Csta::Request(Request::Relayed(relayed))) if relayed.service.served == Served::Told => {
                self.segment(step, &relayed);
            }
            Ok(Csta::Request(_) | Csta::Response(_)) => self.malformed(step, document.name()),
            Err(malformed) => self.malformed(step, malformed.element),
        }
    }

    pub(super) fn malformed(&mut self, step: &mut Step<'_>, what: &str) {
        let happening =
            Happening::new(Sort::Fault, "error").with("category", &"malformed").with("value", &what);
        self.happen(step, happening);
    }

    fn event(&mut self, step: &mut Step<'_>, event: &Event<'_>) {
        let cross_reference = match event {
            Event::Call(event) => event.cross_reference,
            Event::Other { cross_reference, .. } => cross_reference,
            Event::Unknown { .. } => "",
        };
        // SIPE drops events of a monitor that it does not know. On a stream such an event is a fault of the gateway; on
        // datagrams it may overtake the answer to MonitorStart, or come after MonitorStop.
        if self.monitor != Monitor::Running(cross_reference.into()) {
            let early = self.config.transport == Transport::Udp && self.monitor == Monitor::Asked;
            let sort = if early { Sort::Result } else { Sort::Fault };
            let happening = Happening::new(sort, if early { "dropped" } else { "error" })
                .with("category", &"unknown-monitor")
                .with("value", &cross_reference);
            return self.happen(step, happening);
        }
        self.calls.event(event);
        let happening = match event {
            Event::Call(event) => describe(event),
            Event::Other { source, .. } => {
                Happening::new(Sort::Event, &shown(event.name())).showing(Values::of(*source))
            }
            Event::Unknown { .. } => Happening::new(Sort::Event, &shown(event.name())),
        };
        self.happen(step, happening);
    }
}

fn describe(event: &CallEvent<'_>) -> Happening {
    let party = |party: Option<Party<'_>>| party.map(party_text);
    // Where one call came of two, which they were and who is in it now.
    let is_joined = event.second.is_some() || event.list().next().is_some();
    let new = event.list().find_map(|item| item.new.and_then(|new| new.call));
    Happening::new(Sort::Event, &shown(event.kind.word()))
        .with_some("call", event.connection.call)
        .with_some("calling", party(event.calling))
        .with_some("called", party(event.called))
        .with_some("second", event.second.and_then(|second| second.call))
        .with_some("new", new)
        .with_some("by", party(Some(event.subject).filter(|_| is_joined)))
        .with_some("to", party(event.new_party.filter(|_| is_joined)))
        .with_some("local", event.local.map(LocalConnectionState::word))
        .with("cause", &event.cause)
        .told_by(event.source.map(Values::of).unwrap_or_default())
}

/// A party's number, if it has one.
fn party_text(party: Party<'_>) -> String {
    match party {
        Party::Device(device) => text_of(device.id),
        Party::NotKnown => "unknown".into(),
        Party::Restricted => "restricted".into(),
    }
}
