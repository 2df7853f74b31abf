//! A SIP message's way in: to its transaction, its dialog and its method (RFC 3261 8.2, 12.2.2, 17.2.3, 18.1.2).

use alloc::borrow::Cow;
use alloc::string::{String, ToString as _};
use core::fmt::{self, Display};
use core::net::SocketAddr;

use super::links::sip_link;
use super::respond::Reply;
use super::{Gateway, Step};
use crate::action::Level;
use crate::entropy::Domain;
use crate::rcc::session::{ServerTransaction, Session};
use crate::sip::transactions::{Flow, ServerMachine, matching_key};
use crate::sip::{invite_server, non_invite_server};
use crate::slots::Handle;
use crate::wire::csta::parse::Document;
use crate::wire::sip::media::CSTA_XML;
use crate::wire::sip::{Limits, Scheme, Uri, emit, reason_phrase};
use crate::wire::sip::{Message, Method, Start};

/// The methods we take, for Allow (client quirk 6).
pub(super) const ALLOW: &str = "INVITE, ACK, BYE, CANCEL, INFO, UPDATE, OPTIONS";

/// A request at hand.
pub(super) struct Received<'m> {
    pub(super) message: &'m Message<'m>,
    pub(super) method: Method<'m>,
    pub(super) uri: &'m str,
    /// Who sent it.
    pub(super) peer: SocketAddr,
    /// Whether the access list knows who sent it.
    pub(super) allowed: bool,
    /// Where it came from.
    pub(super) flow: Flow,
    /// Where its answer goes: a datagram's Via may name another port (RFC 3261 18.2.2, RFC 3581).
    pub(super) answer_flow: Flow,
    pub(super) key: u128,
    /// The tag we add to To where there is none yet.
    pub(super) local_tag: heapless::String<16>,
    /// The session whose dialog it is in.
    pub(super) session: Option<Handle<Session>>,
    /// Whether To has a tag: it is inside some dialog, known or not.
    pub(super) in_dialog: bool,
}

impl Gateway {
    pub(super) fn on_sip(
        &mut self,
        step: &mut Step<'_>,
        flow: Flow,
        peer: SocketAddr,
        allowed: bool,
        bytes: &[u8],
    ) {
        let mut unfolded = core::mem::take(&mut self.buffers.unfolded);
        let limits = Limits { headers: step.config.limits.headers, head: step.config.limits.message_bytes };
        // By reference: a message is too large to be moved about.
        match &Message::parse(bytes, &mut unfolded, limits) {
            Ok(message) => match message.start {
                Start::Request { method, uri } => {
                    self.on_request(step, flow, peer, allowed, (message, method, uri));
                }
                Start::Response { status, .. } => self.on_sip_response(step, status, message),
            },
            Err(error) => {
                step.counters.messages_discarded += 1;
                step.discard(&peer, error);
            }
        }
        self.buffers.unfolded = unfolded;
    }

    fn on_request(
        &mut self,
        step: &mut Step<'_>,
        flow: Flow,
        peer: SocketAddr,
        allowed: bool,
        (message, method, uri): (&Message<'_>, Method<'_>, &str),
    ) {
        let to_tag = message.to().and_then(|to| to.tag());
        let session = to_tag.and_then(|tag| self.session_of(step, message, tag));
        if method == Method::Ack {
            if allowed {
                self.on_ack(step, message, session);
            }
            return;
        }
        let key = matching_key(step.entropy, message, method);
        if let Some(transaction) = self.repeated((message, method), key, session).filter(|_| allowed) {
            step.counters.requests_repeated += 1;
            self.on_repeated(step, transaction, answer_flow(flow, message));
            return;
        }
        step.counters.requests += 1;
        let received = Received {
            message,
            method,
            uri,
            peer,
            allowed,
            flow,
            answer_flow: answer_flow(flow, message),
            key,
            local_tag: tag_for(step, method, key, to_tag.is_some()),
            session,
            in_dialog: to_tag.is_some(),
        };
        self.write_reply_head(&received, &received.local_tag);
        match refusal(&received) {
            Some(refusal) => self.refuse(step, &received, &refusal),
            None => self.dispatch(step, &received),
        }
    }

    fn dispatch(&mut self, step: &mut Step<'_>, received: &Received<'_>) {
        match received.method {
            Method::Options => self.on_options(step, received),
            Method::Cancel => self.on_cancel(step, received),
            Method::Invite if !received.in_dialog => self.on_sign_in(step, received),
            Method::Invite | Method::Bye | Method::Info | Method::Update => match received.session {
                Some(session) => self.on_in_dialog(step, received, session),
                None if received.method == Method::Invite => self.on_takeover(step, received),
                None => self.refuse(step, received, &Refusal::new(481, "")),
            },
            // An ACK never comes here, and all other methods were refused before.
            Method::Ack | Method::Other(_) => {}
        }
    }

    /// The transaction that a request belongs to already. A BYE that finds a session is never done: a datagram with a
    /// re-INVITE came behind it, and made the session again ([`super::takeover`]).
    fn repeated(
        &self,
        (message, method): (&Message<'_>, Method<'_>),
        key: u128,
        session: Option<Handle<Session>>,
    ) -> Option<Handle<ServerTransaction>> {
        let transaction = message.via().and_then(|_| self.transactions.find(key))?;
        let epoch = session.and_then(|handle| self.sessions.get(handle)).map(|one| one.dialog.epoch);
        let is_new = epoch.is_some_and(|epoch| {
            method == Method::Bye || self.transactions.is_superseded(transaction, epoch)
        });
        (!is_new).then_some(transaction)
    }

    /// The session whose dialog a message with this To tag is in.
    fn session_of(&self, step: &Step<'_>, message: &Message<'_>, to_tag: &str) -> Option<Handle<Session>> {
        let remote_tag = message.from().and_then(|from| from.tag()).unwrap_or_default();
        let key = dialog_key(step, message.call_id()?, to_tag, remote_tag);
        self.by_dialog.get(key)
    }

    /// Writes the reply head anew for an answer that leaves nothing behind: its tag is a function of the request.
    pub(super) fn forget_tag(&mut self, received: &Received<'_>) {
        if received.method == Method::Invite && !received.in_dialog {
            self.write_reply_head(received, &stateless_tag(received.key));
        }
    }

    /// The lines every response to this request repeats; a dialog's also its Record-Route (RFC 3261 12.1.1).
    fn write_reply_head(&mut self, received: &Received<'_>, tag: &str) {
        self.buffers.head.clear();
        let tag = Some(tag).filter(|tag| !tag.is_empty());
        emit::reply_head(&mut self.buffers.head, received.message, tag, Some(received.peer));
        if matches!(received.method, Method::Invite | Method::Update) {
            emit::record_routes(&mut self.buffers.head, received.message);
        }
    }

    /// A request that is known already (RFC 3261 17.2): its response is repeated, or it is absorbed.
    fn on_repeated(&mut self, step: &mut Step<'_>, handle: Handle<ServerTransaction>, flow: Flow) {
        let Some(transaction) = self.transactions.server.get_mut(handle) else { return };
        // A stream that is gone carries no answer; the client waits for it where it asked again.
        if let (Flow::Stream(before), Flow::Stream(_)) = (transaction.flow, flow)
            && sip_link(step.links, before).is_none()
        {
            transaction.flow = flow;
        }
        let now = step.now;
        match transaction.machine {
            ServerMachine::Invite(_) => {
                let cause = invite_server::Cause::Request;
                let then = self.transactions.on_invite(handle, cause, now, step.timers);
                self.after_invite(step, handle, then);
            }
            ServerMachine::NonInvite(_) => {
                let cause = non_invite_server::Cause::Request;
                if self.transactions.on_non_invite(handle, cause, now, step.timers) {
                    self.resend(step, handle);
                }
            }
        }
    }

    /// The CSTA document a request carries. `None`: it carries none that can be read, and was refused.
    pub(super) fn read_document<'m>(
        &mut self,
        step: &mut Step<'_>,
        received: &Received<'m>,
    ) -> Option<Document<'m>> {
        let Some(body) = received.message.csta_body() else {
            self.refuse(step, received, &Refusal::with(415, "Accept", CSTA_XML));
            return None;
        };
        match Document::parse(body, &self.xml_limits) {
            Ok(document) => Some(document),
            Err(error) => {
                let detail = error.to_string();
                let refusal = Refusal { detail, ..Refusal::new(400, "Malformed CSTA document") };
                self.refuse(step, received, &refusal);
                None
            }
        }
    }

    /// Refuses a request, and says why to client and operator.
    pub(super) fn refuse(&mut self, step: &mut Step<'_>, received: &Received<'_>, refusal: &Refusal<'_>) {
        let user = received.message.from().map_or("", |from| from.uri);
        let call_id = received.message.call_id().unwrap_or_default();
        let fields: &[(&str, &dyn Display)] = &[
            ("method", &received.method.name()),
            ("status", &refusal.status),
            ("why", &refusal),
            ("user", &user),
            ("call_id", &call_id),
        ];
        // Where the gateway is told to leave, turning users away is what was asked for.
        let level = if self.takes_sessions() { Level::Warn } else { Level::Info };
        step.actions.notify(level, "request_refused", fields);
        let mut reply = Reply::new(refusal.status);
        reply.reason = &refusal.reason;
        let warning = format_args!("399 ctigate \"{}\"", refusal.detail);
        let with_warning: &[(&str, &dyn Display)] = &[("Warning", &warning)];
        if !refusal.detail.is_empty() {
            reply.more = with_warning;
        }
        let with_header: &[(&str, &dyn Display)] = &[(refusal.header.0, &refusal.header.1)];
        if !refusal.header.0.is_empty() {
            reply.more = with_header;
        }
        self.reply(step, received, &reply);
    }
}

/// Why a request is refused.
pub(super) struct Refusal<'a> {
    pub(super) status: u16,
    /// The reason phrase; empty for the status's own.
    pub(super) reason: Cow<'a, str>,
    /// A Warning's text (RFC 3261 20.43); empty for none.
    pub(super) detail: String,
    /// A header that the status demands; an empty name for none.
    pub(super) header: (&'static str, &'a str),
}

impl<'a> Refusal<'a> {
    /// A refusal with this reason phrase.
    pub(super) fn new(status: u16, reason: impl Into<Cow<'a, str>>) -> Self {
        Self { status, reason: reason.into(), detail: String::new(), header: ("", "") }
    }

    /// A refusal with a header that the status demands.
    pub(super) const fn with(status: u16, header: &'static str, value: &'a str) -> Self {
        Self { status, reason: Cow::Borrowed(""), detail: String::new(), header: (header, value) }
    }
}

impl Display for Refusal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.reason.is_empty() { reason_phrase(self.status) } else { &self.reason })?;
        if !self.detail.is_empty() {
            write!(f, " ({})", self.detail)?;
        }
        if !self.header.0.is_empty() {
            write!(f, " ({}: {})", self.header.0, self.header.1)?;
        }
        Ok(())
    }
}

fn tag(number: u64) -> heapless::String<16> {
    use core::fmt::Write as _;

    let mut tag = heapless::String::new();
    let _fits = write!(tag, "{number:016x}");
    tag
}

/// A tag that is a function of the request (RFC 3261 8.2.7).
fn stateless_tag(key: u128) -> heapless::String<16> {
    tag(u64::try_from(key & u128::from(u64::MAX)).unwrap_or(0))
}

/// What is wrong with a request whatever it asks (RFC 3261 8.2.1, 8.2.2). Strangers are told nothing else than that
/// they are.
fn refusal<'a>(received: &Received<'a>) -> Option<Refusal<'a>> {
    if !received.allowed {
        return Some(Refusal::new(403, "Peer not on the access list"));
    }
    if let Some(flaw) = &received.message.flaw {
        return Some(Refusal::new(flaw.status(), flaw.to_string()));
    }
    if matches!(received.method, Method::Other(_)) {
        return Some(Refusal::with(405, "Allow", ALLOW));
    }
    match Uri::parse(received.uri).map(|uri| uri.scheme) {
        Some(Scheme::Sip | Scheme::Sips | Scheme::Tel) => {}
        Some(Scheme::Other(_)) => return Some(Refusal::new(416, "")),
        None => return Some(Refusal::new(400, "Malformed Request-URI")),
    }
    // 8.2.2.3: not checked for CANCEL (and ACK).
    let unknown = received.message.requires().find(|option| !option.eq_ignore_ascii_case("timer"));
    match unknown {
        Some(option) if received.method != Method::Cancel => Some(Refusal::with(420, "Unsupported", option)),
        _ => None,
    }
}

/// Where the answer to a message goes. RFC 3581 4: with `rport`, back where the datagram came from; RFC 3261 18.2.2:
/// otherwise to the sender's address and the port its Via names.
fn answer_flow(flow: Flow, message: &Message<'_>) -> Flow {
    match (flow, message.via()) {
        (Flow::Datagram(listener, peer), Some(via)) if via.rport.is_none() => {
            Flow::Datagram(listener, SocketAddr::new(peer.ip(), via.port.unwrap_or(5060)))
        }
        (flow, _) => flow,
    }
}

/// The hash a dialog is looked up by (RFC 3261 12: Call-ID and both tags).
pub(super) fn dialog_key(step: &Step<'_>, call_id: &str, local_tag: &str, remote_tag: &str) -> u128 {
    step.entropy.key([&b"dialog"[..], call_id.as_bytes(), local_tag.as_bytes(), remote_tag.as_bytes()])
}

/// A tag of our own: drawn for a dialog to be, otherwise a function of the request, so that an answer repeated
/// without any state has the same one (RFC 3261 8.2.7).
fn tag_for(step: &mut Step<'_>, method: Method<'_>, key: u128, in_dialog: bool) -> heapless::String<16> {
    if in_dialog {
        heapless::String::new()
    } else if method == Method::Invite {
        tag(step.entropy.draw(Domain::Tag))
    } else {
        stateless_tag(key)
    }
}
