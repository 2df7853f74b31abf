//! Answering requests, at once or, if they are held, later.

use alloc::vec::Vec;
use core::fmt::Display;

use super::UserAgent;
use super::leg::Legs;
use super::links::sip_link;
use super::noting::{Field, user_in, value_in};
use super::overload::{Overload, retry_after};
use super::reader::Origin;
use super::received::{Received, Refusal, stateless_tag, torn_refusal};
use crate::action::Level;
use crate::expected::Expected as _;
use crate::sip::transactions::{Flow, ServerMachine, ServerTransaction, merge_key};
use crate::sip::{invite_server, non_invite_server};
use crate::slots::Handle;
use crate::step::{SessionId, Step};
use crate::wire::sip::Method;
use crate::wire::sip::emit;
use crate::wire::sip::media::CSTA_XML;

/// A held request, to be answered later.
pub(crate) type HeldRequest = Handle<ServerTransaction>;

/// A request to be answered.
#[derive(Clone, Copy)]
pub(crate) enum Asked<'r, 'm> {
    /// The request of this step.
    AtHand(&'r Received<'m>),
    /// A held request. If it no longer exists, the answer is dropped.
    Held(HeldRequest),
}

/// A response to be sent.
#[derive(Clone, Copy)]
pub(crate) struct Reply<'a> {
    pub(super) status: u16,
    /// The reason phrase; empty for the default of the status.
    pub(super) reason: &'a str,
    /// Header fields in addition to those of every response.
    pub(super) more: &'a [(&'a str, &'a dyn Display)],
    /// A CSTA document.
    pub(super) body: Option<&'a [u8]>,
}

impl<'a> Reply<'a> {
    /// A response with a status only.
    pub(crate) const fn new(status: u16) -> Self {
        Self { status, reason: "", more: &[], body: None }
    }

    /// A response with a reason phrase.
    pub(crate) const fn because(status: u16, reason: &'a str) -> Self {
        Self { status, reason, more: &[], body: None }
    }

    /// A 200 with a CSTA document.
    pub(crate) const fn document(body: &'a [u8]) -> Self {
        Self { status: 200, reason: "", more: &[], body: Some(body) }
    }

    fn write(&self, head: &[u8], out: &mut Vec<u8>) {
        let body = self.body.map(|body| (CSTA_XML, body));
        out.clear();
        emit::response(out, self.status, self.reason, head, self.more, body);
    }
}

impl UserAgent {
    /// Answers a request.
    ///
    /// For a request of this step a transaction is only kept if the response may have to be retransmitted, which
    /// applies to INVITEs and to everything on datagrams, and if there is room to spare. Unlisted peers are answered
    /// statelessly (RFC 3261 8.2.7): their requests take no room, and a datagram, whose source address may be forged,
    /// causes at most one.
    pub(crate) fn answer(
        &mut self,
        step: &mut Step<'_>,
        legs: &mut impl Legs,
        asked: Asked<'_, '_>,
        reply: &Reply<'_>,
    ) {
        let received = match asked {
            Asked::AtHand(received) => received,
            Asked::Held(handle) => return self.answer_held(step, legs, handle, reply),
        };
        let repeatable = received.method == Method::Invite || !received.flow.is_reliable();
        // Without a Via no retransmission could be matched to it.
        if repeatable && received.allowed && received.message.via().is_some() && self.has_room_to_spare(step)
        {
            if let Some(handle) = self.open(step, legs, received) {
                return self.answer_held(step, legs, handle, reply);
            }
            note_full(step);
        }
        self.answer_statelessly(step, received, reply);
    }

    /// Writes the header fields that every response to this request repeats; in a dialog also its Record-Route (RFC
    /// 3261 12.1.1).
    pub(super) fn write_reply_head(&mut self, received: &Received<'_>, tag: &str) {
        self.head.clear();
        let tag = Some(tag).filter(|tag| !tag.is_empty());
        emit::reply_head(&mut self.head, received.message, tag, Some(received.peer));
        if matches!(received.method, Method::Invite | Method::Update) {
            emit::record_routes(&mut self.head, received.message);
        }
    }

    /// Rewrites the reply head for a stateless answer, whose tag is a function of the request.
    fn forget_tag(&mut self, received: &Received<'_>) {
        if received.method == Method::Invite && !received.in_dialog {
            self.write_reply_head(received, &stateless_tag(received.key));
        }
    }

    /// Answers a request without keeping a transaction. A retransmission is processed again.
    fn answer_statelessly(&mut self, step: &mut Step<'_>, received: &Received<'_>, reply: &Reply<'_>) {
        self.forget_tag(received);
        step.counters.replied(reply.status);
        let Self { links, head, message, .. } = self;
        reply.write(head, message);
        links.respond(step, received.answer_flow, message);
    }

    fn answer_held(
        &mut self,
        step: &mut Step<'_>,
        legs: &mut impl Legs,
        handle: HeldRequest,
        reply: &Reply<'_>,
    ) {
        let Self { links, transactions, message, .. } = self;
        let Some(transaction) = transactions.server.get(handle) else { return };
        let (flow, was_held) = (transaction.flow, transaction.is_unanswered());
        let is_invite = matches!(transaction.machine, ServerMachine::Invite(_));
        if let Some(leg) = transaction.owner.and_then(|owner| legs.leg_mut(owner)) {
            leg.unanswered = leg.unanswered.saturating_sub(1);
        }
        step.counters.replied(reply.status);
        reply.write(&transaction.head, message);
        links.respond(step, transaction.flow, message);
        if is_invite {
            let success = (200..300).contains(&reply.status);
            let event = invite_server::Event::Final { success, response: message, resend: true };
            let effect = transactions.on_invite(handle, event, step.now, step.timers);
            debug_assert_eq!(effect, invite_server::Effect::Nothing, "a final response causes nothing more");
        } else {
            let event = non_invite_server::Event::Final(message);
            transactions.on_non_invite(handle, event, step.now, step.timers);
        }
        if was_held {
            links.note_answered(step, flow);
        }
    }

    /// Refuses a request, and tells client and operator why.
    pub(crate) fn refuse(
        &mut self,
        step: &mut Step<'_>,
        legs: &mut impl Legs,
        received: &Received<'_>,
        refusal: &Refusal<'_>,
    ) {
        let Received { flow, peer, allowed, .. } = *received;
        let torn = torn_refusal();
        let is_torn = allowed && flow.is_reliable() && received.message.swallows();
        let refusal = if is_torn { &torn } else { refusal };
        if is_torn {
            self.links.break_off(step, Origin { flow, peer, allowed });
        }
        note_refusal(step, legs, received, refusal);
        let mut reply = Reply::because(refusal.status, &refusal.reason);
        let warning = format_args!("399 ctigate \"{}\"", refusal.detail);
        let with_warning: &[(&str, &dyn Display)] = &[("Warning", &warning)];
        if !refusal.detail.is_empty() {
            reply.more = with_warning;
        }
        let with_header: &[(&str, &dyn Display)] = &[(refusal.header.0, &refusal.header.1)];
        if !refusal.header.0.is_empty() {
            reply.more = with_header;
        }
        self.answer(step, legs, Asked::AtHand(received), &reply);
    }

    /// Holds a request of a session, to be answered later. Returns `None` if there is no room and it was refused.
    pub(crate) fn hold(
        &mut self,
        step: &mut Step<'_>,
        legs: &mut impl Legs,
        received: &Received<'_>,
        session: SessionId,
    ) -> Option<HeldRequest> {
        let Some(handle) = self.open(step, legs, received) else {
            note_full(step);
            // This includes a re-INVITE in a dialog that is not known here: another node may have room to take it over.
            let begins = received.method == Method::Invite && received.session.is_none();
            let (status, seconds) =
                if begins { Overload::Full.answer(step) } else { (500, retry_after(step, (5, 15))) };
            let retry: &[(&str, &dyn Display)] = &[("Retry-After", &seconds)];
            self.answer_statelessly(step, received, &Reply { more: retry, ..Reply::new(status) });
            return None;
        };
        if let Some(transaction) = self.transactions.server.get_mut(handle) {
            transaction.owner = Some(session);
        }
        if received.method == Method::Invite && !received.in_dialog {
            self.transactions.note_merge_key(handle, merge_key(step.entropy, received.message));
        }
        if let Some(leg) = legs.leg_mut(session) {
            leg.unanswered += 1;
        }
        Some(handle)
    }

    fn open(
        &mut self,
        step: &mut Step<'_>,
        legs: &impl Legs,
        received: &Received<'_>,
    ) -> Option<HeldRequest> {
        let machine = if received.method == Method::Invite {
            ServerMachine::Invite(invite_server::State::new(step.now))
        } else {
            ServerMachine::NonInvite(non_invite_server::State::Trying)
        };
        let branchless = !received.message.via().is_some_and(|via| via.has_rfc3261_branch());
        let leg = received.session.and_then(|session| legs.leg(session));
        let epoch = leg.map_or(0, |leg| leg.dialog.epoch);
        let origin = (received.answer_flow, received.in_dialog && branchless, epoch);
        let handle = self.transactions.open(received.key, origin, &self.head, machine, step.timers).ok()?;
        self.links.note_held(step, received.answer_flow);
        Some(handle)
    }

    /// Whether there is room for a transaction that is kept only for retransmissions. The last quarter of the table is
    /// reserved for requests that must be held: on datagrams an immediate answer is kept for 32 seconds (timers J and
    /// H), and clients that are refused repeatedly would keep all others from being served.
    fn has_room_to_spare(&self, step: &Step<'_>) -> bool {
        let limit = step.config.limits.transactions;
        self.transactions.server.len() < limit.saturating_sub(limit / 4)
    }

    /// Whether the answer to a held request can reach its client: it came by datagram, or its stream is still open.
    pub(crate) fn reaches(&self, step: &Step<'_>, held: HeldRequest) -> bool {
        self.transactions.server.get(held).is_some_and(|transaction| match transaction.flow {
            Flow::Stream(link) => sip_link(step.links, link).is_some(),
            Flow::Datagram(..) => true,
        })
    }

    /// Sends a transaction's response again.
    pub(super) fn resend(&mut self, step: &mut Step<'_>, handle: HeldRequest) {
        let Self { links, transactions, .. } = self;
        let Some(transaction) = transactions.server.get(handle).expected("a transaction") else { return };
        let response = match &transaction.machine {
            ServerMachine::Invite(state) => state.response(),
            ServerMachine::NonInvite(state) => state.response(),
        };
        if let Some(response) = response {
            links.respond(step, transaction.flow, response);
        }
    }

    /// Does what a transition of an INVITE server transaction requires.
    pub(super) fn after_invite(
        &mut self,
        step: &mut Step<'_>,
        handle: HeldRequest,
        effect: invite_server::Effect,
    ) {
        match effect {
            invite_server::Effect::Nothing => {}
            invite_server::Effect::Resend => self.resend(step, handle),
            invite_server::Effect::SendTrying => {
                let Self { links, transactions, message, .. } = self;
                let Some(transaction) = transactions.server.get(handle).expected("a transaction") else {
                    return;
                };
                Reply::new(100).write(&transaction.head, message);
                links.respond(step, transaction.flow, message);
            }
            // Client quirk 6: a missing ACK ends no session. SIPE's ACK to a re-INVITE may have any CSeq; if one is
            // lost, the client's next request shows that it received the 2xx.
            invite_server::Effect::Unacknowledged => {
                let head = self.transactions.server.get(handle).map_or(&[][..], |one| &one.head);
                let fields: &[Field<'_>] = &[
                    ("transaction", &handle),
                    ("user", &user_in(head)),
                    ("call_id", &value_in(head, "Call-ID")),
                ];
                step.actions.notify(Level::Warn, "ack_missing", fields);
            }
        }
    }

    /// Handles a server transaction's deadline.
    pub(crate) fn on_server_timer(&mut self, step: &mut Step<'_>, handle: HeldRequest) {
        let Some(transaction) = self.transactions.server.get(handle).expected("a transaction") else {
            return;
        };
        let now = step.now;
        match transaction.machine {
            ServerMachine::Invite(_) => {
                let event = invite_server::Event::Timer;
                let effect = self.transactions.on_invite(handle, event, now, step.timers);
                self.after_invite(step, handle, effect);
            }
            ServerMachine::NonInvite(_) => {
                let event = non_invite_server::Event::Timer;
                self.transactions.on_non_invite(handle, event, now, step.timers);
            }
        }
    }
}

/// Notes that a request is refused.
fn note_refusal(step: &mut Step<'_>, legs: &impl Legs, received: &Received<'_>, refusal: &Refusal<'_>) {
    let user = received.message.from().map_or("", |from| from.uri);
    let call_id = received.message.call_id().unwrap_or_default();
    let (name, session) = (received.method.name(), received.session.as_ref());
    let leg = session.and_then(|session| legs.leg(*session));
    let dialogs_line = leg.map_or("", |leg| leg.dialog.line());
    let (line, remedy) = refusal.about.unwrap_or((dialogs_line, ""));
    let all: [Field<'_>; 9] = [
        ("method", &name),
        ("status", &refusal.status),
        ("why", &refusal),
        ("user", &user),
        ("call_id", &call_id),
        ("peer", &received.peer),
        ("line", &line),
        ("remedy", &remedy),
        session.map_or(("session", &""), |session| -> Field<'_> { ("session", session) }),
    ];
    let is_known = [!line.is_empty(), !remedy.is_empty(), session.is_some() && !dialogs_line.is_empty()];
    let known = all.iter().zip([true; 6].into_iter().chain(is_known));
    let fields: heapless::Vec<Field<'_>, 9> =
        known.filter_map(|(field, is_known)| is_known.then_some(*field)).collect();
    // In a drain or a stop, refusing users is expected.
    let level = if step.takes_sessions() { Level::Warn } else { Level::Info };
    if received.allowed {
        step.actions.notify(level, "request_refused", &fields);
    } else {
        step.note_unlisted(received.peer, &fields);
    }
}

fn note_full(step: &mut Step<'_>) {
    let limit = step.config.limits.transactions;
    let fields: &[(&str, &dyn Display)] = &[("table", &"limits.transactions"), ("limit", &limit)];
    step.actions.notify(Level::Error, "table_full", fields);
}
