//! Sign-in, refresh and sign-out, as SIPE and Communicator do them.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Display;

use ctigate_core::entropy::Domain;
use ctigate_core::time::Duration;
use ctigate_core::wire::csta::emit::{self as csta, Verbatim};
use ctigate_core::wire::csta::model::{Device, MonitorObject, Namespace, Request, SystemStatus};
use ctigate_core::wire::sip::media::CSTA_XML;
use ctigate_core::wire::sip::{Message, Method, Uri, emit};

use super::config::Reinvite;
use super::dialog::Dialog;
use super::flow::Way;
use super::happening::{Happening, Sort};
use super::transaction::{Purpose, Transaction};
use super::{Client, LEAVE_TIME, Monitor, Phase, Step};

/// How long before its expiry a session is refreshed.
const MARGIN: Duration = Duration::from_secs(60);

/// How often the client signs in again without an answer in between that the gateway gave in the session.
const SIGN_INS: u32 = 3;

/// The User-Agent of requests.
const USER_AGENT: &str = concat!("ctigate-client/", env!("CARGO_PKG_VERSION"));

impl Client {
    /// Signs in, or refreshes: INVITE with RequestSystemStatus and the line.
    pub(super) fn invite(&mut self, step: &mut Step<'_>, purpose: Purpose, for_line: bool) {
        let mut body = Vec::new();
        let request = Request::RequestSystemStatus { register: None };
        csta::request_with_line(&mut body, Namespace::ED3, &request, &self.config.line);
        let contact = self.contact();
        let more: [(&str, &dyn Display); 2] = [("Contact", &contact), ("Supported", &"timer")];
        self.request(step, Method::Invite, (purpose, for_line), &more, &body);
    }

    /// Requests a CSTA service, in an INFO.
    pub(super) fn info(
        &mut self,
        step: &mut Step<'_>,
        purpose: Purpose,
        for_line: bool,
        request: &Request<'_>,
    ) {
        let mut body = Vec::new();
        csta::request(&mut body, Namespace::ED3, request, &mut Verbatim);
        self.request(step, Method::Info, (purpose, for_line), &[], &body);
    }

    /// Sends GetCSTAFeatures, with the line as SIPE adds it.
    pub(super) fn ask_features(&mut self, step: &mut Step<'_>, for_line: bool) {
        let mut body = Vec::new();
        csta::request_with_line(&mut body, Namespace::ED3, &Request::GetCstaFeatures, &self.config.line);
        self.request(step, Method::Info, (Purpose::Service("features"), for_line), &[], &body);
    }

    /// Refreshes by UPDATE (RFC 3311, RFC 4028), as Communicator 2007 R2 does.
    pub(super) fn update(&mut self, step: &mut Step<'_>) {
        let contact = self.contact();
        let expires = format!("{};refresher=uac", self.expires.unwrap_or(1800));
        let more: [(&str, &dyn Display); 3] =
            [("Contact", &contact), ("Supported", &"timer"), ("Session-Expires", &expires)];
        self.request(step, Method::Update, (Purpose::Update, true), &more, &[]);
    }

    fn contact(&self) -> String {
        let user = Uri::parse(&self.config.user).and_then(|uri| uri.user).unwrap_or("client");
        let transport = self.config.transport;
        match self.flows.contact(transport) {
            Some(address) => {
                format!("<sip:{user}@{address};transport={}>", transport.name().to_ascii_lowercase())
            }
            None => format!("<{}>", self.config.user),
        }
    }

    /// Sends a request in the dialog and keeps it until it is answered.
    pub(super) fn request(
        &mut self,
        step: &mut Step<'_>,
        method: Method<'static>,
        (purpose, for_line): (Purpose, bool),
        more: &[(&str, &dyn Display)],
        body: &[u8],
    ) {
        let Some(way) = self.flows.server else { return };
        let sequence = self.dialog.next_sequence();
        let branch = format!("z9hG4bK{:016x}", self.entropy.draw(Domain::Branch));
        let head = self.head(method, sequence, &branch);
        let body = (!body.is_empty()).then_some((CSTA_XML, body));
        let uri = String::from(self.dialog.request_uri());
        let mut bytes = Vec::new();
        emit::request(&mut bytes, method, &uri, &head, more, body);
        way.send(step.actions, &bytes);
        let wire = (bytes.as_slice(), step.now, way.is_reliable());
        self.transactions.add(Transaction::new((method, sequence, branch), &uri, purpose, for_line, wire));
    }

    fn head(&self, method: Method<'_>, sequence: u32, branch: &str) -> Vec<u8> {
        let mut head = Vec::new();
        let sent_by = self.flows.local.map_or_else(|| "client.invalid".into(), |local| format!("{local}"));
        let transport = self.config.transport.name();
        emit::header(&mut head, "Via", &format_args!("SIP/2.0/{transport} {sent_by};branch={branch};rport"));
        self.dialog.write_routes(&mut head);
        self.dialog.write_names(&mut head);
        emit::header(&mut head, "CSeq", &format_args!("{sequence} {method}"));
        emit::header(&mut head, "Max-Forwards", &70);
        emit::header(&mut head, "User-Agent", &USER_AGENT);
        head
    }

    /// Acknowledges a 2xx (RFC 3261 13.2.2.4): a request of its own, with a branch of its own.
    pub(super) fn acknowledge_success(&mut self, step: &mut Step<'_>, sequence: u32) {
        let branch = format!("z9hG4bK{:016x}", self.entropy.draw(Domain::Branch));
        let head = self.head(Method::Ack, sequence, &branch);
        let mut bytes = Vec::new();
        emit::request(&mut bytes, Method::Ack, self.dialog.request_uri(), &head, &[], None);
        self.send(step, &bytes);
    }

    /// Acknowledges a failure (RFC 3261 17.1.1.3): the INVITE's Request-URI, branch and routes, the response's To.
    pub(super) fn acknowledge_failure(&self, step: &mut Step<'_>, uri: &str, answer: &Message<'_>) {
        let mut head = Vec::new();
        self.dialog.write_routes(&mut head);
        let number = answer.cseq().map_or(0, |cseq| cseq.number);
        let via = answer.via().map_or("", |via| via.raw);
        let from = answer.from().map_or("", |from| from.raw);
        let to = answer.to().map_or("", |to| to.raw);
        let call_id = answer.call_id().unwrap_or_default();
        for (name, value) in [("Via", via), ("From", from), ("To", to), ("Call-ID", call_id)] {
            emit::header(&mut head, name, &value);
        }
        emit::header(&mut head, "CSeq", &format_args!("{number} ACK"));
        emit::header(&mut head, "Max-Forwards", &70);
        let mut bytes = Vec::new();
        emit::request(&mut bytes, Method::Ack, uri, &head, &[], None);
        self.send(step, &bytes);
    }

    pub(super) fn send(&self, step: &mut Step<'_>, bytes: &[u8]) {
        if let Some(way) = self.flows.server {
            Way::send(way, step.actions, bytes);
        }
    }

    /// Handles a 2xx to INVITE or re-INVITE, with this status in its body.
    pub(super) fn invited(
        &mut self,
        step: &mut Step<'_>,
        purpose: Purpose,
        answer: &Message<'_>,
        status: Option<SystemStatus>,
    ) {
        if matches!(self.phase, Phase::Leaving { .. }) {
            self.say_bye(step);
            return;
        }
        self.phase = Phase::In;
        self.status = status;
        self.schedule_refresh(step, answer);
        let name = if purpose == Purpose::SignIn { "signed-in" } else { "refreshed" };
        let happening = Happening::new(Sort::Result, name)
            .with("status", &status.map_or("none", SystemStatus::word))
            .with_some("session-expires", self.expires);
        self.happen(step, happening);
        // SIPE continues only if the status is normal, and sends MonitorStart only if it has no monitor.
        if status == Some(SystemStatus::Normal) && self.monitor == Monitor::None {
            self.ask_features(step, false);
            let line = Device { id: &self.config.line.clone(), type_of_number: None };
            let request =
                Request::MonitorStart { object: MonitorObject::Device(line), filter: None, kind: None };
            self.monitor = Monitor::Asked;
            self.info(step, Purpose::Monitor, false, &request);
        }
    }

    /// Schedules the refresh, as SIPE does, 60 s before the session expires, but not before half the time has passed.
    pub(super) fn schedule_refresh(&mut self, step: &Step<'_>, answer: &Message<'_>) {
        self.expires = answer.session_expires().map(|expires| expires.seconds);
        self.refresh_at = self.expires.map(|seconds| {
            let whole = Duration::from_secs(u64::from(seconds));
            let half = Duration::from_micros(whole.as_micros() / 2);
            step.now + half.max(whole - MARGIN)
        });
    }

    /// Signs out: sends MonitorStop and BYE, one right after the other, and ends after that.
    pub(super) fn leave(&mut self, step: &mut Step<'_>) {
        self.runner.clear();
        match self.phase {
            Phase::Leaving { .. } | Phase::Finished => return,
            Phase::In => {
                self.phase = Phase::Leaving { until: step.now + LEAVE_TIME };
                if let Monitor::Running(ref id) = self.monitor {
                    let id = id.clone();
                    let request = Request::MonitorStop { cross_reference: &id };
                    self.info(step, Purpose::Service("monitor-stop"), false, &request);
                }
                self.say_bye(step);
            }
            // The answer needs an ACK and a BYE.
            Phase::Inviting => self.phase = Phase::Leaving { until: step.now + LEAVE_TIME },
            Phase::Born | Phase::Connecting { .. } | Phase::Ended => self.finish(step, None),
        }
        self.refresh_at = None;
    }

    pub(super) fn say_bye(&mut self, step: &mut Step<'_>) {
        self.request(step, Method::Bye, (Purpose::Bye, false), &[], &[]);
    }

    /// Handles the answer that the gateway does not know the session: the client signs in again as it is configured to,
    /// but not for ever, since the gateway may not know the new session either.
    pub(super) fn session_lost(&mut self, step: &mut Step<'_>, status: u16) {
        if self.phase == Phase::Inviting {
            // Another request of the old session, of which the client knows already.
            return;
        }
        let reinvite = if self.lost < SIGN_INS { self.config.reinvite } else { Reinvite::Never };
        if reinvite == Reinvite::Never || status != 481 || self.phase != Phase::In {
            self.session_ended(step, &status);
            return;
        }
        self.lost = self.lost.saturating_add(1);
        self.happen(step, Happening::new(Sort::Result, "reinvite").with("why", &status));
        if reinvite == Reinvite::Same {
            self.phase = Phase::Inviting;
            self.invite(step, Purpose::Refresh, false);
            return;
        }
        // In a new session the client knows of no calls until it is told.
        self.dialog = Dialog::new(&self.config, &mut self.entropy);
        self.monitor = Monitor::None;
        self.refresh_at = None;
        self.calls.clear();
        self.sign_in(step);
    }

    /// Signs in, by the first INVITE of a dialog.
    pub(super) fn sign_in(&mut self, step: &mut Step<'_>) {
        self.phase = Phase::Inviting;
        self.invite(step, Purpose::SignIn, false);
    }

    /// Handles the end of a session other than by our BYE.
    pub(super) fn session_ended(&mut self, step: &mut Step<'_>, why: &dyn Display) {
        if matches!(self.phase, Phase::Leaving { .. } | Phase::Finished) {
            self.finish(step, None);
            return;
        }
        self.phase = Phase::Ended;
        self.monitor = Monitor::None;
        self.refresh_at = None;
        self.happen(step, Happening::new(Sort::Fault, "ended").with("why", why));
    }
}
