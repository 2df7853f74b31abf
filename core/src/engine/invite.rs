//! Sign-in by INVITE, and what belongs to it: ACK and CANCEL.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt::Display;

use super::outcome::Purpose;
use super::overload::Why;
use super::rebind::rebinds;
use super::receive::dialog_key;
use super::receive::{ALLOW, Received, Refusal};
use super::respond::Reply;
use super::{Gateway, Step};
use crate::action::Level;
use crate::cti::ConnectionRef;
use crate::few::Few;
use crate::rcc::device::number_of;
use crate::rcc::outbox::Outbox;
use crate::rcc::session::{Phase, ServerTransaction, Session};
use crate::sip::dialog::{Dialog, Unusable};
use crate::sip::invite_server;
use crate::sip::session_timer::{Agreed, Bounds, Offer, Refresher, negotiate};
use crate::sip::transactions::{Flow, matching_key};
use crate::slots::Handle;
use crate::timer::Deadline;
use crate::wire::csta::emit::{self, Verbatim};
use crate::wire::csta::model::Message as Csta;
use crate::wire::csta::model::{Device, Namespace, Request, Response, SystemStatus};
use crate::wire::sip::Refresher as Side;
use crate::wire::sip::media::CSTA_XML;
use crate::wire::sip::uri::Uri;
use crate::wire::sip::{Message, Method};

/// What a sign-in's body says.
pub(super) struct SignIn {
    pub(super) namespace: Namespace,
    /// Empty if it names none.
    pub(super) line: Box<str>,
}

/// How a session's dialog begins.
#[derive(Clone, Copy, Debug)]
pub(super) enum Beginning {
    /// With this INVITE.
    Anew,
    /// At another node, or before this one was restarted: our CSeq goes on from `sequence`, the count of its monitors
    /// from `monitors`.
    Continued { sequence: u32, monitors: u32 },
}

impl Gateway {
    /// An INVITE outside any dialog: a user signs in.
    pub(super) fn on_sign_in(&mut self, step: &mut Step<'_>, received: &Received<'_>) {
        if !self.takes_sessions() {
            self.turn_away(step, received, Why::Leaving);
            return;
        }
        if !is_for_us(step, received.uri) {
            self.refuse(step, received, &Refusal::new(404, "Not our domain"));
            return;
        }
        let Some(sign_in) = self.read_sign_in(step, received) else { return };
        if let Some((handle, connection)) =
            self.begin_session(step, received, &sign_in, &received.local_tag, Beginning::Anew)
        {
            self.verify_line(step, handle, connection);
        }
    }

    /// Makes the session of an INVITE that is held, in a dialog under our tag `local_tag`. It takes the next connection
    /// in service. `None`: there is no room or no dialog, and the INVITE was refused.
    pub(super) fn begin_session(
        &mut self,
        step: &mut Step<'_>,
        received: &Received<'_>,
        sign_in: &SignIn,
        local_tag: &str,
        beginning: Beginning,
    ) -> Option<(Handle<Session>, Option<ConnectionRef>)> {
        let timer = self.settle_timer(step, received)?;
        let user = received.message.from().map_or("", |from| from.uri);
        self.make_room(step, user, &sign_in.line);
        if self.sessions.is_full() {
            self.turn_away(step, received, Why::Full);
            return None;
        }
        let mut dialog = self.begin_dialog(step, received, (local_tag, &sign_in.line))?;
        let (sequence, monitors_had) = match beginning {
            Beginning::Anew => (0, 0),
            Beginning::Continued { sequence, monitors } => (sequence, monitors),
        };
        dialog.count_from(sequence);
        let session = Session {
            dialog,
            namespace: sign_in.namespace,
            connection: None,
            // Replaced as soon as the INVITE is held.
            phase: Phase::Established,
            unanswered: 0,
            told_gone: false,
            monitors: Few::default(),
            monitors_had,
            registration: None,
            timer,
            expiry: Deadline::default(),
            refresh: Deadline::default(),
            unacknowledged: None,
            outbox: Outbox::default(),
        };
        let key = session.dialog.key();
        let handle = self.sessions.insert(session).ok()?;
        let Some(invite) = self.hold(step, received, handle) else {
            self.sessions.remove(handle);
            return None;
        };
        self.by_dialog.insert(key, handle);
        // Who is refused takes no turn.
        let connection = self.pool.take_turn();
        self.hold_to(handle, connection);
        if let Some(session) = self.sessions.get_mut(handle) {
            session.phase = Phase::SigningIn { invite };
        }
        Some((handle, connection))
    }

    /// Asks the phone system whether it knows the line; without a way to ask, the user is let in.
    pub(super) fn verify_line(
        &mut self,
        step: &mut Step<'_>,
        handle: Handle<Session>,
        connection: Option<ConnectionRef>,
    ) {
        let number = self.sessions.get(handle).map(|session| Box::<str>::from(session.number()));
        let asked = match (connection, number) {
            (Some(connection), Some(number))
                if self.can_verify(step, connection, &number) && !number.is_empty() =>
            {
                let request =
                    Request::SnapshotDevice { device: Device { id: &number, type_of_number: None } };
                self.ask(step, connection, handle, None, Purpose::VerifyLine, &request).is_ok()
            }
            _ => false,
        };
        if !asked {
            self.accept_sign_in(step, handle);
        }
    }

    fn can_verify(&self, step: &Step<'_>, connection: ConnectionRef, number: &str) -> bool {
        let features = self.pool.at(connection.place()).map(|one| one.features.of(number));
        step.config.cti.verify_line && features.unwrap_or_default().has_service("SnapshotDevice")
    }

    /// Answers a sign-in 200.
    pub(super) fn accept_sign_in(&mut self, step: &mut Step<'_>, handle: Handle<Session>) {
        let Some(session) = self.sessions.get_mut(handle) else { return };
        let Phase::SigningIn { invite } = session.phase else { return };
        session.phase = Phase::Established;
        if rebinds(step.config) && self.link_of(handle).is_err() {
            self.rebind_session(step, handle);
        }
        let status = self.status_of(handle);
        step.counters.sign_ins += 1;
        step.counters.sign_ins_unserved += u64::from(status == SystemStatus::Disabled);
        if let Some(session) = self.sessions.get(handle) {
            let place = session.connection.map_or(0, |connection| u64::from(connection.place()) + 1);
            let fields: &[(&str, &dyn Display)] = &[
                ("session", &handle),
                ("user", &session.user()),
                ("line", &session.line()),
                ("cti", &place),
                ("status", &status.word()),
                ("call_id", &session.dialog.call_id()),
            ];
            step.actions.notify(Level::Info, "session_started", fields);
        }
        self.answer_invite(step, handle, invite, status);
        // A dialog that was taken over had a monitor before.
        if let Ok(link) = self.link_of(handle) {
            self.restart_monitors(step, handle, link);
        }
    }

    /// The line is not known: 404, and nothing remains.
    pub(super) fn refuse_sign_in(&mut self, step: &mut Step<'_>, handle: Handle<Session>, why: &dyn Display) {
        let Some(session) = self.sessions.get(handle) else { return };
        let Phase::SigningIn { invite } = session.phase else { return };
        let fields: &[(&str, &dyn Display)] =
            &[("user", &session.user()), ("line", &session.line()), ("status", &404), ("why", why)];
        step.actions.notify(Level::Warn, "request_refused", fields);
        self.answer(step, invite, &Reply { reason: "Unknown line", ..Reply::new(404) });
        self.end_session(step, handle, "unknown line");
    }

    /// How the phone system behind a session is.
    pub(super) fn status_of(&self, handle: Handle<Session>) -> SystemStatus {
        let connection = self.sessions.get(handle).and_then(|session| session.connection);
        match connection.and_then(|connection| self.pool.in_service(connection)) {
            Some(_) => SystemStatus::Normal,
            None => SystemStatus::Disabled,
        }
    }

    /// The 200 to an INVITE or re-INVITE: always a RequestSystemStatusResponse (client quirk 6).
    pub(super) fn answer_invite(
        &mut self,
        step: &mut Step<'_>,
        handle: Handle<Session>,
        invite: Handle<ServerTransaction>,
        status: SystemStatus,
    ) {
        let unavailable = step.config.sip.unavailable_expires;
        self.acknowledge(step, handle);
        let Some(session) = self.sessions.get_mut(handle) else { return };
        session.unacknowledged = Some(invite);
        // Clients that never retry come back by themselves, soon (S9).
        if status == SystemStatus::Disabled {
            session.timer.shorten(unavailable);
        }
        let (flow, timer, namespace) = (session.dialog.flow, session.timer, session.namespace);
        let mut body = core::mem::take(&mut self.buffers.body);
        body.clear();
        emit::response(&mut body, namespace, &Response::RequestSystemStatus { status }, &mut Verbatim);
        self.answer_refresh(step, invite, flow, timer, Some(&body));
        self.buffers.body = body;
        self.restart_session_timer(step, handle);
    }

    /// The headers every 200 to INVITE, re-INVITE and UPDATE carries (client quirk 6).
    pub(super) fn answer_refresh(
        &mut self,
        step: &mut Step<'_>,
        transaction: Handle<ServerTransaction>,
        flow: Flow,
        timer: Agreed,
        body: Option<&[u8]>,
    ) {
        let mut address = Vec::new();
        self.write_own_address(step, flow, &mut address);
        let address = core::str::from_utf8(&address).unwrap_or_default();
        let transport = if flow.is_reliable() { ";transport=tcp" } else { "" };
        let contact = format_args!("<sip:ctigate@{address}{transport}>");
        let (seconds, refresher) = timer.interval.unwrap_or((0, Refresher::Client));
        let refresher = if refresher == Refresher::Client { "uac" } else { "uas" };
        let expires = format_args!("{seconds};refresher={refresher}");
        let headers: [(&str, &dyn Display); 6] = [
            ("Contact", &contact),
            ("Allow", &ALLOW),
            ("Supported", &"timer"),
            ("Accept", &CSTA_XML),
            ("Session-Expires", &expires),
            // RFC 4028 9: demanded where the client is to refresh.
            ("Require", &"timer"),
        ];
        let count = match timer.interval {
            None => 4,
            Some((_, Refresher::Gateway)) => 5,
            Some((_, Refresher::Client)) => 6,
        };
        let more = headers.get(..count).unwrap_or_default();
        self.answer(step, transaction, &Reply { more, body, ..Reply::new(200) });
    }

    /// The body of an INVITE. `None`: it was refused.
    pub(super) fn read_sign_in(&mut self, step: &mut Step<'_>, received: &Received<'_>) -> Option<SignIn> {
        let document = self.read_document(step, received)?;
        let is_sign_in = matches!(document.message(), Ok(Csta::Request(Request::RequestSystemStatus { .. })));
        if !is_sign_in {
            let refusal = Refusal::new(488, "An INVITE carries RequestSystemStatus here");
            self.refuse(step, received, &refusal);
            return None;
        }
        let line = document.line().unwrap_or_default();
        if line.len() > step.config.limits.dialog_bytes {
            self.refuse(step, received, &Refusal::new(400, "Line URI too long"));
            return None;
        }
        if !line.is_empty() && number_of(line).is_none() {
            self.refuse(step, received, &Refusal::new(404, "Unknown line"));
            return None;
        }
        let namespace = document.namespace().unwrap_or(Namespace::ED3);
        Some(SignIn { namespace, line: Box::from(line) })
    }

    /// RFC 4028. `None`: the request was refused with 422.
    pub(super) fn settle_timer(&mut self, step: &mut Step<'_>, received: &Received<'_>) -> Option<Agreed> {
        let sip = &step.config.sip;
        let bounds =
            Bounds { expires: sip.session_expires, min: sip.min_session_expires, linger: sip.linger };
        match negotiate(offer_of(received.message), bounds) {
            Ok(agreed) => Some(agreed),
            Err(too_small) => {
                let min = alloc::format!("{}", too_small.min);
                self.refuse(step, received, &Refusal::with(422, "Min-SE", &min));
                None
            }
        }
    }

    fn begin_dialog(
        &mut self,
        step: &mut Step<'_>,
        received: &Received<'_>,
        (local_tag, line): (&str, &str),
    ) -> Option<Dialog> {
        let message = received.message;
        let remote_tag = message.from().and_then(|from| from.tag()).unwrap_or_default();
        let key = dialog_key(step, message.call_id().unwrap_or_default(), local_tag, remote_tag);
        let limit = step.config.limits.dialog_bytes;
        match Dialog::new(message, received.answer_flow, (local_tag, line), key, limit) {
            Ok(dialog) => Some(dialog),
            Err(unusable) => {
                self.refuse(step, received, &unusable_dialog(unusable));
                None
            }
        }
    }

    /// An ACK: for the INVITE with its key, and for whichever of its dialog still waits for one, whatever the CSeq
    /// (client quirk 2).
    pub(super) fn on_ack(
        &mut self,
        step: &mut Step<'_>,
        message: &Message<'_>,
        session: Option<Handle<Session>>,
    ) {
        let key = matching_key(step.entropy, message, Method::Invite);
        if let Some(transaction) = self.transactions.find(key) {
            self.on_invite_cause(step, transaction, invite_server::Cause::Ack);
        }
        if let Some(session) = session {
            self.acknowledge(step, session);
        }
    }

    /// The client has the 2xx that its session still repeats: it acknowledged it, or it went on.
    pub(super) fn acknowledge(&mut self, step: &mut Step<'_>, handle: Handle<Session>) {
        self.settle_invite(step, handle, invite_server::Cause::Ack);
    }

    /// The 2xx that a session still repeats is repeated by itself no more.
    pub(super) fn settle_invite(
        &mut self,
        step: &mut Step<'_>,
        handle: Handle<Session>,
        cause: invite_server::Cause<'_>,
    ) {
        let waiting = self.sessions.get(handle).and_then(|session| session.unacknowledged);
        let Some(transaction) = waiting else { return };
        if let Some(session) = self.sessions.get_mut(handle) {
            session.unacknowledged = None;
        }
        self.on_invite_cause(step, transaction, cause);
    }

    fn on_invite_cause(
        &mut self,
        step: &mut Step<'_>,
        transaction: Handle<ServerTransaction>,
        cause: invite_server::Cause<'_>,
    ) {
        let then = self.transactions.on_invite(transaction, cause, step.now, step.timers);
        self.after_invite(step, transaction, then);
    }

    /// CANCEL (RFC 3261 9.2): 200 if there is such an INVITE, and 487 to that if it was not answered yet.
    pub(super) fn on_cancel(&mut self, step: &mut Step<'_>, received: &Received<'_>) {
        let key = matching_key(step.entropy, received.message, Method::Invite);
        let Some(invite) = self.transactions.find(key) else {
            self.refuse(step, received, &Refusal::new(481, ""));
            return;
        };
        self.reply(step, received, &Reply::new(200));
        let session = self.transactions.server.get(invite).and_then(|transaction| transaction.owner);
        let signing_in = session.filter(|handle| {
            self.sessions.get(*handle).is_some_and(|one| one.phase == Phase::SigningIn { invite })
        });
        if let Some(session) = signing_in {
            self.answer(step, invite, &Reply::new(487));
            self.end_session(step, session, "cancelled");
        }
    }
}

fn offer_of(message: &Message<'_>) -> Offer {
    let expires = message.session_expires();
    Offer {
        supported: message.supports("timer")
            || message.requires().any(|one| one.eq_ignore_ascii_case("timer")),
        expires: expires.as_ref().map(|expires| expires.seconds),
        min: message.min_se(),
        wants_us: expires.is_some_and(|expires| expires.refresher == Some(Side::Uas)),
    }
}

pub(super) fn unusable_dialog(unusable: Unusable) -> Refusal<'static> {
    match unusable {
        Unusable::NoContact => Refusal::new(400, "Missing Contact"),
        Unusable::TooLong => Refusal::new(400, "Route set or Contact too long"),
    }
}

/// Whether a dialog-forming request is for this gateway: our domain, our advertised host, or an address we
/// listen on; any, where no domain is configured.
pub(super) fn is_for_us(step: &Step<'_>, uri: &str) -> bool {
    let (Some(domain), Some(uri)) = (&step.config.sip.domain, Uri::parse(uri)) else { return true };
    let host = uri.host;
    let advertised = step.config.sip.advertised.as_deref().unwrap_or_default();
    let is_address = host.trim_matches(['[', ']']).parse::<core::net::IpAddr>().is_ok();
    is_address
        || host.eq_ignore_ascii_case(domain)
        || advertised.rsplit_once(':').is_some_and(|(ours, _)| ours.eq_ignore_ascii_case(host))
}
