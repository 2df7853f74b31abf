//! Answering requests: at once, or later through a transaction that was held.

use alloc::vec::Vec;
use core::fmt::Display;

use super::UserAgent;
use super::leg::Legs;
use super::links::sip_link;
use super::overload::{Overload, retry_after};
use super::received::{Received, Refusal, stateless_tag};
use crate::action::Level;
use crate::sip::transactions::{Flow, ServerMachine, ServerTransaction};
use crate::sip::{invite_server, non_invite_server};
use crate::slots::Handle;
use crate::step::{SessionId, Step};
use crate::wire::sip::Method;
use crate::wire::sip::emit;
use crate::wire::sip::media::CSTA_XML;

/// A request that is held, to be answered later.
pub(crate) type HeldRequest = Handle<ServerTransaction>;

/// A request to be answered.
#[derive(Clone, Copy)]
pub(crate) enum Asked<'r, 'm> {
    /// It came in this step.
    AtHand(&'r Received<'m>),
    /// It was held. An answer for one that is no more is dropped.
    Held(HeldRequest),
}

/// A response to be.
#[derive(Clone, Copy)]
pub(crate) struct Reply<'a> {
    pub(super) status: u16,
    /// The reason phrase; empty for the status's own.
    pub(super) reason: &'a str,
    /// Headers beside those every response has.
    pub(super) more: &'a [(&'a str, &'a dyn Display)],
    /// A CSTA document.
    pub(super) body: Option<&'a [u8]>,
}

impl<'a> Reply<'a> {
    /// A bare response.
    pub(crate) const fn new(status: u16) -> Self {
        Self { status, reason: "", more: &[], body: None }
    }

    /// One with a reason phrase of its own.
    pub(crate) const fn because(status: u16, reason: &'a str) -> Self {
        Self { status, reason, more: &[], body: None }
    }

    /// 200 with a CSTA document.
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
    /// Of a request at hand only what may have to be said again is kept, INVITEs anywhere and everything on datagrams,
    /// as long as there is plenty of room. Peers that are not allowed are answered statelessly (RFC 3261 8.2.7): what
    /// they ask takes no place, and one datagram, whose sender's address may be another's, causes no more than one.
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
        // Without a Via nothing could be matched to it.
        if repeatable && received.allowed && received.message.via().is_some() && self.has_room_to_spare(step)
        {
            if let Some(handle) = self.open(step, legs, received) {
                return self.answer_held(step, legs, handle, reply);
            }
            note_full(step);
        }
        self.answer_statelessly(step, received, reply);
    }

    /// The lines every response to this request repeats; a dialog's also its Record-Route (RFC 3261 12.1.1).
    pub(super) fn write_reply_head(&mut self, received: &Received<'_>, tag: &str) {
        self.head.clear();
        let tag = Some(tag).filter(|tag| !tag.is_empty());
        emit::reply_head(&mut self.head, received.message, tag, Some(received.peer));
        if matches!(received.method, Method::Invite | Method::Update) {
            emit::record_routes(&mut self.head, received.message);
        }
    }

    /// Writes the reply head anew for an answer that leaves nothing behind: its tag is a function of the request.
    fn forget_tag(&mut self, received: &Received<'_>) {
        if received.method == Method::Invite && !received.in_dialog {
            self.write_reply_head(received, &stateless_tag(received.key));
        }
    }

    /// Answers a request and keeps nothing. It is answered anew when it comes again.
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
        let is_invite = matches!(transaction.machine, ServerMachine::Invite(_));
        if let Some(leg) = transaction.owner.and_then(|owner| legs.leg_mut(owner)) {
            leg.unanswered = leg.unanswered.saturating_sub(1);
        }
        step.counters.replied(reply.status);
        reply.write(&transaction.head, message);
        links.respond(step, transaction.flow, message);
        if is_invite {
            let success = (200..300).contains(&reply.status);
            let event = invite_server::Event::Final { success, response: message };
            let effect = transactions.on_invite(handle, event, step.now, step.timers);
            debug_assert_eq!(effect, invite_server::Effect::Nothing, "a final response causes nothing more");
        } else {
            let event = non_invite_server::Event::Final(message);
            transactions.on_non_invite(handle, event, step.now, step.timers);
        }
    }

    /// Refuses a request at hand, and says why to client and operator.
    pub(crate) fn refuse(
        &mut self,
        step: &mut Step<'_>,
        legs: &mut impl Legs,
        received: &Received<'_>,
        refusal: &Refusal<'_>,
    ) {
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
        let level = if step.takes_sessions() { Level::Warn } else { Level::Info };
        step.actions.notify(level, "request_refused", fields);
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

    /// Keeps a request of a session to be answered later. `None`: there is no room, and it was refused.
    pub(crate) fn hold(
        &mut self,
        step: &mut Step<'_>,
        legs: &mut impl Legs,
        received: &Received<'_>,
        session: SessionId,
    ) -> Option<HeldRequest> {
        let Some(handle) = self.open(step, legs, received) else {
            note_full(step);
            // Also in a dialog that is not known here: another node may have room to take it over.
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
        self.transactions.open(received.key, origin, &self.head, machine, step.timers).ok()
    }

    /// Whether an answer that can as well be made again may take a place among the transactions. The last quarter is
    /// for requests that must be held: answers given at once take a place on datagrams for 32 seconds (timers J and H),
    /// and clients that ask such things often, or are refused, would keep everybody else from being served at all.
    fn has_room_to_spare(&self, step: &Step<'_>) -> bool {
        let limit = step.config.limits.transactions;
        self.transactions.server.len() < limit.saturating_sub(limit / 4)
    }

    /// The session that a held request was received for.
    pub(crate) fn owner(&self, held: HeldRequest) -> Option<SessionId> {
        self.transactions.server.get(held).and_then(|transaction| transaction.owner)
    }

    /// Whether the answer to a request that is held has a way to its client: the stream it came on last is open.
    pub(crate) fn reaches(&self, step: &Step<'_>, held: HeldRequest) -> bool {
        self.transactions.server.get(held).is_some_and(|transaction| match transaction.flow {
            Flow::Stream(link) => sip_link(step.links, link).is_some(),
            Flow::Datagram(..) => true,
        })
    }

    /// Sends a transaction's response again.
    pub(super) fn resend(&mut self, step: &mut Step<'_>, handle: HeldRequest) {
        let Self { links, transactions, .. } = self;
        let Some(transaction) = transactions.server.get(handle) else { return };
        let response = match &transaction.machine {
            ServerMachine::Invite(state) => state.response(),
            ServerMachine::NonInvite(state) => state.response(),
        };
        if let Some(response) = response {
            links.respond(step, transaction.flow, response);
        }
    }

    /// Does what an INVITE's machine wants.
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
                let Some(transaction) = transactions.server.get(handle) else { return };
                Reply::new(100).write(&transaction.head, message);
                links.respond(step, transaction.flow, message);
            }
            // Client quirk 6: a missing ACK ends nothing. SIPE's ACK to a re-INVITE may come under any CSeq, a lost one
            // on datagrams is made good by the next request.
            invite_server::Effect::Unacknowledged => {
                step.actions.notify(Level::Warn, "ack_missing", &[("transaction", &handle)]);
            }
        }
    }

    /// A server transaction's deadline was reached.
    pub(crate) fn on_server_timer(&mut self, step: &mut Step<'_>, handle: HeldRequest) {
        let Some(transaction) = self.transactions.server.get(handle) else { return };
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

fn note_full(step: &mut Step<'_>) {
    let limit = step.config.limits.transactions;
    let fields: &[(&str, &dyn Display)] = &[("table", &"limits.transactions"), ("limit", &limit)];
    step.actions.notify(Level::Error, "table_full", fields);
}
