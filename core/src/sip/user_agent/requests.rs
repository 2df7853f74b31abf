//! Our requests inside a dialog, and their answers: INFO for events, BYE for the end, UPDATE for a refresh.

use super::leg::Legs;
use super::noting::{Field, note_leg};
use super::{News, UserAgent};
use crate::action::Level;
use crate::entropy::Domain;
use crate::expected::Expected as _;
use crate::sip::non_invite_client::{Effect, Event, State};
use crate::sip::session_timer::Refresher;
use crate::sip::transactions::{ClientTransaction, Flow, Purpose};
use crate::slots::Handle;
use crate::step::{SessionId, Step, TimerKey};
use crate::text::{push_all, push_hex, push_number};
use crate::wire::sip::Message;
use crate::wire::sip::media::CSTA_XML;
use crate::wire::sip::via::MAGIC_COOKIE;

/// A request that we sent, until its transaction ends.
type SentRequest = Handle<ClientTransaction>;

/// A request to be sent.
#[derive(Clone, Copy)]
pub(crate) enum Outgoing<'a> {
    /// An event's document.
    Event(&'a [u8]),
    /// The end of the session.
    Bye,
    /// Our refresh.
    Refresh,
}

impl Outgoing<'_> {
    const fn purpose(self) -> Purpose {
        match self {
            Self::Event(_) => Purpose::Event,
            Self::Bye => Purpose::Bye,
            Self::Refresh => Purpose::Refresh,
        }
    }

    const fn method(self) -> &'static str {
        self.purpose().method()
    }
}

/// A request being written, and the identification of its transaction.
struct Draft<'a> {
    outgoing: Outgoing<'a>,
    /// `None` if no transaction is kept.
    transaction: Option<SentRequest>,
    secret: u64,
    flow: Flow,
}

impl UserAgent {
    /// Sends an event's document to a client, or queues it ([`super::outbox`]).
    pub(crate) fn send_event(
        &mut self,
        step: &mut Step<'_>,
        legs: &mut impl Legs,
        session: SessionId,
        document: &[u8],
    ) {
        let limit = step.config.limits.queued_events;
        let Some(leg) = legs.leg_mut(session).expected("a leg") else { return };
        if leg.outbox.is_empty() && leg.outbox.is_open(step.now) {
            self.send_request(step, legs, session, Outgoing::Event(document));
            return;
        }
        if leg.outbox.hold(document, limit).is_err() {
            let fields: &[Field<'_>] = &[("why", &"limits.queued_events is reached"), ("limit", &limit)];
            step.counters.events_lost += 1;
            note_leg(step, legs, (Level::Warn, "event_lost"), session, fields);
        }
        schedule_events(step, legs, session);
    }

    /// Sends the events that wait, as far as they may be sent.
    pub(crate) fn send_waiting_events(
        &mut self,
        step: &mut Step<'_>,
        legs: &mut impl Legs,
        session: SessionId,
    ) {
        while step.actions.room() > 2 {
            let Some(leg) = legs.leg_mut(session).expected("a leg") else { return };
            let Some(document) = leg.outbox.next(step.now) else { break };
            self.send_request(step, legs, session, Outgoing::Event(&document));
        }
        schedule_events(step, legs, session);
    }

    /// Sends a request in a session's dialog. If it cannot be sent, it is logged and dropped.
    pub(crate) fn send_request(
        &mut self,
        step: &mut Step<'_>,
        legs: &mut impl Legs,
        session: SessionId,
        outgoing: Outgoing<'_>,
    ) {
        let Some(flow) = self.links.flow_to(step, legs, session) else {
            note_unsent(step, legs, (session, outgoing), "its connection is gone and its route is not known");
            return;
        };
        let secret = step.entropy.draw(Domain::Branch);
        let machine = State::new(&[], step.now, flow.is_reliable());
        let opened = (outgoing.purpose(), session, flow, secret);
        let transaction = match self.transactions.open_client(opened, step.timers, machine) {
            Ok(transaction) => Some(transaction),
            // Without a transaction, only an answer of 404, 410 or 481 is missed on a stream; the next event gets the
            // same answer.
            Err(_) if flow.is_reliable() && matches!(outgoing, Outgoing::Event(_)) => None,
            Err(_) => {
                note_unsent(step, legs, (session, outgoing), "limits.transactions is reached");
                return;
            }
        };
        self.write_request(step, legs, session, &Draft { outgoing, transaction, secret, flow });
        let Self { links, transactions, message, .. } = self;
        if !links.send(step, flow, message) {
            if let Some(transaction) = transaction {
                transactions.drop_client(transaction, step.timers);
            }
            note_unsent(step, legs, (session, outgoing), "too many bytes wait for its connection");
            return;
        }
        if let Outgoing::Event(_) = outgoing {
            links.note_event_sent(step, flow);
        }
        if let Some(transaction) = transaction.filter(|_| !flow.is_reliable()) {
            self.await_answer(step, legs, session, (transaction, outgoing));
        }
    }

    /// Notes that a request was sent by datagram: it is retransmitted until it is answered, and an event holds back the
    /// next one.
    fn await_answer(
        &mut self,
        step: &mut Step<'_>,
        legs: &mut impl Legs,
        session: SessionId,
        (transaction, outgoing): (SentRequest, Outgoing<'_>),
    ) {
        if let Some(opened) = self.transactions.client.get_mut(transaction) {
            opened.machine = State::new(&self.message, step.now, false);
        }
        if let (Outgoing::Event(_), Some(leg)) = (outgoing, legs.leg_mut(session)) {
            let before = leg.outbox.sent(transaction, step.now + step.config.sip.udp_event_timeout);
            if let Some(before) = before {
                self.transactions.drop_client(before, step.timers);
            }
        }
    }

    fn write_request(
        &mut self,
        step: &Step<'_>,
        legs: &mut impl Legs,
        session: SessionId,
        draft: &Draft<'_>,
    ) {
        let Self { links, transactions, message, address, .. } = self;
        let Draft { outgoing, transaction, secret, flow } = *draft;
        address.clear();
        message.clear();
        links.write_own_address(step, flow, address);
        let address = core::str::from_utf8(address).unwrap_or_default();
        let Some(leg) = legs.leg_mut(session).expected("a leg") else { return };
        let sequence = leg.dialog.next_sequence();
        if let Some(opened) = transaction.and_then(|transaction| transactions.client.get_mut(transaction)) {
            opened.sequence = sequence;
        }
        let method = outgoing.method();
        let transport = if flow.is_reliable() { "TCP" } else { "UDP" };
        let uri = leg.dialog.request_uri();
        push_all(message, &[method, " ", uri, " SIP/2.0\r\nVia: SIP/2.0/", transport, " ", address]);
        push_all(message, &[";branch=", MAGIC_COOKIE]);
        push_hex(message, &transaction.map_or(u64::MAX, Handle::number).to_be_bytes());
        push_hex(message, &secret.to_be_bytes());
        push_all(message, &[";rport\r\nMax-Forwards: 70\r\n"]);
        leg.dialog.write_head(message);
        push_all(message, &["CSeq: "]);
        push_number(message, sequence.into());
        push_all(message, &[" ", method, "\r\n"]);
        if let Outgoing::Refresh = outgoing {
            let (seconds, _) = leg.timer.interval.unwrap_or((0, Refresher::Gateway));
            let scheme = if flow.is_reliable() { ";transport=tcp" } else { "" };
            push_all(message, &["Contact: <sip:ctigate@", address, scheme, ">\r\nSupported: timer\r\n"]);
            push_all(message, &["Session-Expires: "]);
            push_number(message, seconds.into());
            push_all(message, &[";refresher=uac\r\n"]);
        }
        match outgoing {
            Outgoing::Event(document) => {
                push_all(
                    message,
                    &["Content-Disposition: signal;handling=required\r\nContent-Type: ", CSTA_XML],
                );
                push_all(message, &["\r\nContent-Length: "]);
                push_number(message, u64::try_from(document.len()).unwrap_or(u64::MAX));
                push_all(message, &["\r\n\r\n"]);
                message.extend_from_slice(document);
            }
            Outgoing::Bye | Outgoing::Refresh => message.extend_from_slice(b"Content-Length: 0\r\n\r\n"),
        }
    }

    /// Handles a response. Its branch names the transaction, and holds a number that only we and the receiver of the
    /// request know; its CSeq is the request's (RFC 3261 17.1.3, 8.2.6.2), and it has no Via but ours (8.1.3.3).
    pub(super) fn on_response<'m>(
        &mut self,
        step: &mut Step<'_>,
        legs: &mut impl Legs,
        status: u16,
        message: &Message<'_>,
    ) -> News<'m> {
        let branch = message.via().and_then(|via| via.branch).unwrap_or_default();
        let Some((handle, secret)) = read_branch(branch) else { return News::Nothing };
        let (Some(1), Some(cseq)) = (message.via_count(), message.cseq()) else { return News::Nothing };
        let known = self.transactions.client.get(handle).filter(|one| {
            (one.secret, one.sequence) == (secret, cseq.number) && one.purpose.method() == cseq.method.name()
        });
        let Some(transaction) = known else { return News::Nothing };
        let (purpose, session) = (transaction.purpose, transaction.owner);
        let event = if status < 200 { Event::Provisional } else { Event::Final };
        match self.transactions.on_client(handle, event, step.now, step.timers) {
            Effect::Answered => self.on_answered(step, legs, session, (handle, purpose), status),
            Effect::Nothing | Effect::Resend | Effect::TimedOut => News::Nothing,
        }
    }

    fn on_answered<'m>(
        &mut self,
        step: &mut Step<'_>,
        legs: &mut impl Legs,
        session: SessionId,
        (transaction, purpose): (SentRequest, Purpose),
        status: u16,
    ) -> News<'m> {
        // Client quirk 3: SIPE never answers events, and proxies answer 408 for it. So only these statuses mean that
        // the client no longer knows the dialog; by RFC 3261 12.2.1.2 a 408 would too.
        if matches!(status, 404 | 410 | 481) && purpose != Purpose::Bye {
            return News::Over(session, "the client no longer knows the dialog");
        }
        let Some(leg) = legs.leg_mut(session) else { return News::Nothing };
        match purpose {
            Purpose::Event => {
                leg.outbox.answered(transaction);
                self.send_waiting_events(step, legs, session);
            }
            Purpose::Refresh if (200..300).contains(&status) => restart_session_timer(step, legs, session),
            Purpose::Refresh | Purpose::Bye => {}
        }
        News::Nothing
    }

    /// Handles a client transaction's deadline. A missing answer ends no session (client quirk 3); the transaction is
    /// forgotten.
    pub(crate) fn on_client_timer(&mut self, step: &mut Step<'_>, handle: SentRequest) {
        let Self { links, transactions, .. } = self;
        let Some(flow) = transactions.client.get(handle).map(|transaction| transaction.flow) else { return };
        if transactions.on_client(handle, Event::Timer, step.now, step.timers) == Effect::Resend {
            let machine = transactions.client.get(handle).map(|transaction| &transaction.machine);
            if let Some(request) = machine.and_then(State::request) {
                links.send(step, flow, request);
            }
        }
    }

    /// Refreshes a session with an UPDATE; the next one is due half an interval later.
    pub(crate) fn on_refresh_due(&mut self, step: &mut Step<'_>, legs: &mut impl Legs, session: SessionId) {
        let Some(leg) = legs.leg_mut(session).expected("a leg") else { return };
        if let Some(at) = leg.timer.refresh_at(step.now) {
            step.timers.set(&mut leg.refresh, TimerKey::Refresh(session), at);
        }
        self.send_request(step, legs, session, Outgoing::Refresh);
    }
}

/// Lets events continue a little after a response that announces an identifier.
pub(crate) fn note_announced(step: &mut Step<'_>, legs: &mut impl Legs, session: SessionId) {
    let quiet_until = step.now + step.config.sip.event_delay;
    if let Some(leg) = legs.leg_mut(session) {
        leg.outbox.announced(quiet_until);
    }
    schedule_events(step, legs, session);
}

/// Restarts a session's expiry and, if we are the refresher, our refresh.
pub(crate) fn restart_session_timer(step: &mut Step<'_>, legs: &mut impl Legs, session: SessionId) {
    let Some(leg) = legs.leg_mut(session).expected("a leg") else { return };
    let expiry = step.now + leg.timer.lifetime;
    step.timers.set(&mut leg.expiry, TimerKey::Expiry(session), expiry);
    match leg.timer.refresh_at(step.now) {
        Some(at) => step.timers.set(&mut leg.refresh, TimerKey::Refresh(session), at),
        None => step.timers.cancel(&mut leg.refresh, TimerKey::Refresh(session)),
    }
}

/// Schedules the next attempt to send a session's events that wait.
fn schedule_events(step: &mut Step<'_>, legs: &mut impl Legs, session: SessionId) {
    let Some(leg) = legs.leg_mut(session) else { return };
    let next = leg.outbox.next_at();
    let Some(deadline) = leg.outbox.deadline() else { return };
    match next {
        Some(at) => step.timers.set(deadline, TimerKey::Outbox(session), at),
        None => step.timers.cancel(deadline, TimerKey::Outbox(session)),
    }
    leg.outbox.tidy();
}

/// Logs a request that could not be sent, and counts it if it is an event.
fn note_unsent(
    step: &mut Step<'_>,
    legs: &impl Legs,
    (session, outgoing): (SessionId, Outgoing<'_>),
    why: &str,
) {
    step.counters.events_lost += u64::from(matches!(outgoing, Outgoing::Event(_)));
    let fields: &[Field<'_>] = &[("method", &outgoing.method()), ("why", &why)];
    note_leg(step, legs, (Level::Warn, "request_unsent"), session, fields);
}

/// The transaction and the secret in one of our branches.
fn read_branch(branch: &str) -> Option<(SentRequest, u64)> {
    let rest = branch.strip_prefix(MAGIC_COOKIE).filter(|rest| rest.len() == 32)?;
    let (handle, secret) = rest.split_at_checked(16)?;
    let handle = u64::from_str_radix(handle, 16).ok()?;
    Some((Handle::from_number(handle), u64::from_str_radix(secret, 16).ok()?))
}
