//! Answering requests: at once, or later through a transaction that was held.

use core::fmt::Display;

use super::links::sip_link;
use super::overload::Why;
use super::overload::{overload, retry_after};
use super::receive::Received;
use super::{Gateway, Step};
use crate::action::Level;
use crate::rcc::session::{ServerTransaction, Session};
use crate::sip::transactions::{Flow, ServerMachine};
use crate::sip::{invite_server, non_invite_server};
use crate::slots::Handle;
use crate::wire::sip::Method;
use crate::wire::sip::emit;
use crate::wire::sip::media::CSTA_XML;

/// A response to be.
#[derive(Clone, Copy)]
pub(super) struct Reply<'a> {
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
    pub(super) const fn new(status: u16) -> Self {
        Self { status, reason: "", more: &[], body: None }
    }

    /// 200 with a CSTA document.
    pub(super) const fn document(body: &'a [u8]) -> Self {
        Self { status: 200, reason: "", more: &[], body: Some(body) }
    }
}

fn write(reply: &Reply<'_>, head: &[u8], out: &mut alloc::vec::Vec<u8>) {
    let body = reply.body.map(|body| (CSTA_XML, body));
    emit::response(out, reply.status, reply.reason, head, reply.more, body);
}

impl Gateway {
    /// Answers a request at once.
    ///
    /// Only what may have to be said again is kept, INVITEs anywhere and everything on datagrams, as long as there is
    /// plenty of room. Peers that are not allowed are answered statelessly (RFC 3261 8.2.7): what they ask takes no place,
    /// and one datagram, whose sender's address may be another's, causes no more than one.
    pub(super) fn reply(&mut self, step: &mut Step<'_>, received: &Received<'_>, reply: &Reply<'_>) {
        let repeatable = received.method == Method::Invite || !received.flow.is_reliable();
        // Without a Via nothing could be matched to it.
        if repeatable && received.allowed && received.message.via().is_some() && self.has_room_to_spare(step)
        {
            if let Some(handle) = self.open(step, received) {
                self.answer(step, handle, reply);
                return;
            }
            note_full(step);
        }
        self.reply_statelessly(step, received, reply);
    }

    /// Answers a request and keeps nothing. It is answered anew when it comes again.
    fn reply_statelessly(&mut self, step: &mut Step<'_>, received: &Received<'_>, reply: &Reply<'_>) {
        self.forget_tag(received);
        step.counters.replied(reply.status);
        let mut bytes = core::mem::take(&mut self.buffers.message);
        bytes.clear();
        write(reply, &self.buffers.head, &mut bytes);
        self.send_response(step, received.answer_flow, &bytes);
        self.buffers.message = bytes;
    }

    /// Keeps a request to be answered later. `None`: there is no room, and it was refused.
    pub(super) fn hold(
        &mut self,
        step: &mut Step<'_>,
        received: &Received<'_>,
        session: Handle<Session>,
    ) -> Option<Handle<ServerTransaction>> {
        let Some(handle) = self.open(step, received) else {
            note_full(step);
            // Also in a dialog that is not known here: another node may have room to take it over.
            let begins = received.method == Method::Invite && received.session.is_none();
            let (status, seconds) =
                if begins { overload(step, Why::Full) } else { (500, retry_after(step, (5, 15))) };
            let retry: &[(&str, &dyn Display)] = &[("Retry-After", &seconds)];
            self.reply_statelessly(step, received, &Reply { more: retry, ..Reply::new(status) });
            return None;
        };
        if let Some(transaction) = self.transactions.server.get_mut(handle) {
            transaction.owner = Some(session);
        }
        if let Some(session) = self.sessions.get_mut(session) {
            session.unanswered += 1;
        }
        Some(handle)
    }

    fn open(&mut self, step: &mut Step<'_>, received: &Received<'_>) -> Option<Handle<ServerTransaction>> {
        let machine = if received.method == Method::Invite {
            ServerMachine::Invite(invite_server::State::new(step.now))
        } else {
            ServerMachine::NonInvite(non_invite_server::State::Trying)
        };
        let branchless = !received.message.via().is_some_and(|via| via.has_rfc3261_branch());
        let session = received.session.and_then(|handle| self.sessions.get(handle));
        let epoch = session.map_or(0, |session| session.dialog.epoch);
        let origin = (received.answer_flow, received.in_dialog && branchless, epoch);
        self.transactions.open(received.key, origin, &self.buffers.head, machine, step.timers).ok()
    }

    /// Whether an answer that can as well be made again may take a place among the transactions. The last quarter is for
    /// requests that must be held: answers given at once take a place on datagrams for 32 seconds (timers J and H), and
    /// clients that ask such things often, or are refused, would keep everybody else from being served at all.
    fn has_room_to_spare(&self, step: &Step<'_>) -> bool {
        let limit = step.config.limits.transactions;
        self.transactions.server.len() < limit.saturating_sub(limit / 4)
    }

    /// Whether the answer to a request that is held has a way to its client: the stream it came on last is open.
    pub(super) fn reaches(&self, step: &Step<'_>, handle: Handle<ServerTransaction>) -> bool {
        self.transactions.server.get(handle).is_some_and(|transaction| match transaction.flow {
            Flow::Stream(link) => sip_link(step.links, link).is_some(),
            Flow::Datagram(..) => true,
        })
    }

    /// Answers a request that was held. An answer for one that is no more is dropped.
    pub(super) fn answer(
        &mut self,
        step: &mut Step<'_>,
        handle: Handle<ServerTransaction>,
        reply: &Reply<'_>,
    ) {
        let Some(transaction) = self.transactions.server.get(handle) else { return };
        let flow = transaction.flow;
        let is_invite = matches!(transaction.machine, ServerMachine::Invite(_));
        if let Some(session) = transaction.owner.and_then(|owner| self.sessions.get_mut(owner)) {
            session.unanswered = session.unanswered.saturating_sub(1);
        }
        step.counters.replied(reply.status);
        let mut bytes = core::mem::take(&mut self.buffers.message);
        bytes.clear();
        write(reply, &transaction.head, &mut bytes);
        self.send_response(step, flow, &bytes);
        if is_invite {
            let success = (200..300).contains(&reply.status);
            let cause = invite_server::Cause::Final { success, response: &bytes };
            let then = self.transactions.on_invite(handle, cause, step.now, step.timers);
            debug_assert_eq!(then, invite_server::Then::Nothing, "a final response causes nothing more");
        } else {
            let cause = non_invite_server::Cause::Final(&bytes);
            self.transactions.on_non_invite(handle, cause, step.now, step.timers);
        }
        self.buffers.message = bytes;
    }

    fn send_response(&mut self, step: &mut Step<'_>, flow: Flow, bytes: &[u8]) {
        if !self.send(step, flow, bytes) {
            // RFC 3261 18.2.2 would open a connection to the Via's address: the client's proxy, which lost the request
            // with its connection and has answered it by itself.
            let fields: &[(&str, &dyn Display)] = &[("why", &"the connection it came on is gone")];
            step.actions.notify(Level::Info, "response_discarded", fields);
        }
    }

    /// Sends a transaction's response again.
    pub(super) fn resend(&mut self, step: &mut Step<'_>, handle: Handle<ServerTransaction>) {
        let Some(transaction) = self.transactions.server.get(handle) else { return };
        let response = match &transaction.machine {
            ServerMachine::Invite(state) => state.response(),
            ServerMachine::NonInvite(state) => state.response(),
        };
        let Some(response) = response.map(alloc::vec::Vec::from) else { return };
        let flow = transaction.flow;
        self.send_response(step, flow, &response);
    }

    /// Does what an INVITE's machine wants.
    pub(super) fn after_invite(
        &mut self,
        step: &mut Step<'_>,
        handle: Handle<ServerTransaction>,
        then: invite_server::Then,
    ) {
        match then {
            invite_server::Then::Nothing => {}
            invite_server::Then::Resend => self.resend(step, handle),
            invite_server::Then::SendTrying => {
                let Some(transaction) = self.transactions.server.get(handle) else { return };
                let (flow, head) = (transaction.flow, transaction.head.clone());
                let mut bytes = core::mem::take(&mut self.buffers.message);
                bytes.clear();
                write(&Reply::new(100), &head, &mut bytes);
                self.send_response(step, flow, &bytes);
                self.buffers.message = bytes;
            }
            // Client quirk 6: a missing ACK ends nothing. SIPE's ACK to a re-INVITE may come under any CSeq, a lost one
            // on datagrams is made good by the next request.
            invite_server::Then::Unacknowledged => {
                step.actions.notify(Level::Warn, "ack_missing", &[("transaction", &handle)]);
            }
        }
    }

    pub(super) fn on_server_timer(&mut self, step: &mut Step<'_>, handle: Handle<ServerTransaction>) {
        let Some(transaction) = self.transactions.server.get(handle) else { return };
        let now = step.now;
        match transaction.machine {
            ServerMachine::Invite(_) => {
                let cause = invite_server::Cause::Timer;
                let then = self.transactions.on_invite(handle, cause, now, step.timers);
                self.after_invite(step, handle, then);
            }
            ServerMachine::NonInvite(_) => {
                let cause = non_invite_server::Cause::Timer;
                self.transactions.on_non_invite(handle, cause, now, step.timers);
            }
        }
    }
}

fn note_full(step: &mut Step<'_>) {
    let limit = step.config.limits.transactions;
    let fields: &[(&str, &dyn Display)] = &[("table", &"limits.transactions"), ("limit", &limit)];
    step.actions.notify(Level::Error, "table_full", fields);
}
