//! Requests of ours inside a dialog: events in INFO, the end in BYE, a refresh in UPDATE; and their answers.

use alloc::vec::Vec;
use core::fmt::{Display, Write as _};

use super::{Engine, Step, TimerKey};
use crate::action::Level;
use crate::entropy::Domain;
use crate::rcc::session::{ClientTransaction, Phase, Session};
use crate::sip::invite_server;
use crate::sip::non_invite_client::{Cause, State, Then};
use crate::sip::transactions::{Flow, Purpose};
use crate::slots::Handle;
use crate::text::Text;
use crate::timer::Timers;
use crate::wire::sip::Message;
use crate::wire::sip::media::CSTA_XML;
use crate::wire::sip::via::MAGIC_COOKIE;

/// A request to be sent.
#[derive(Clone, Copy)]
pub(super) enum Outgoing<'a> {
    /// An event's document.
    Event(&'a [u8]),
    Bye,
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
        match self {
            Self::Event(_) => "INFO",
            Self::Bye => "BYE",
            Self::Refresh => "UPDATE",
        }
    }
}

impl Engine {
    /// Sends a request in a session's dialog. What cannot be sent is said and not kept.
    pub(super) fn send_request(
        &mut self,
        step: &mut Step<'_>,
        handle: Handle<Session>,
        outgoing: Outgoing<'_>,
    ) {
        let Some(flow) = self.flow_to(step, handle) else {
            self.note_unsent(step, handle, outgoing, "its connection is gone and its route is not known");
            return;
        };
        let now = step.now;
        let secret = self.entropy.draw(Domain::Branch);
        let machine = State::new(&[], now, flow.is_reliable());
        let opened = self.transactions.open_client(
            (outgoing.purpose(), handle, flow, secret),
            &mut self.timers,
            machine,
        );
        let transaction = match opened {
            Ok(transaction) => transaction,
            // On a stream only a 404, 410 or 481 would be missed, and the next event's answer says the same.
            Err(_) if flow.is_reliable() && matches!(outgoing, Outgoing::Event(_)) => {
                Handle::from_number(u64::MAX)
            }
            Err(_) => {
                self.note_unsent(step, handle, outgoing, "limits.transactions is reached");
                return;
            }
        };
        let mut bytes = core::mem::take(&mut self.buffers.message);
        bytes.clear();
        self.write_request(handle, outgoing, (transaction, secret), flow, &mut bytes);
        let sent = self.send(step, flow, &bytes);
        if !sent {
            self.transactions.drop_client(transaction, &mut self.timers);
            self.note_unsent(step, handle, outgoing, "too much waits for its connection");
        } else if let Outgoing::Event(_) = outgoing {
            self.note_event_sent(flow);
        }
        if sent && !flow.is_reliable() {
            if let Some(opened) = self.transactions.client.get_mut(transaction) {
                opened.machine = State::new(&bytes, now, false);
            }
            if let (Outgoing::Event(_), Some(session)) = (outgoing, self.sessions.get_mut(handle)) {
                let before = session.outbox.sent(transaction, now + self.config.sip.udp_event_timeout);
                if let Some(before) = before {
                    self.transactions.drop_client(before, &mut self.timers);
                }
            }
        }
        self.buffers.message = bytes;
    }

    /// A request of ours is lost: it is said, and an event counted.
    fn note_unsent(
        &mut self,
        step: &mut Step<'_>,
        handle: Handle<Session>,
        outgoing: Outgoing<'_>,
        why: &str,
    ) {
        self.counters.events_lost += u64::from(matches!(outgoing, Outgoing::Event(_)));
        let fields: &[(&str, &dyn Display)] =
            &[("session", &handle), ("method", &outgoing.method()), ("why", &why)];
        step.actions.notify(Level::Warn, "request_unsent", fields);
    }

    fn write_request(
        &mut self,
        handle: Handle<Session>,
        outgoing: Outgoing<'_>,
        (transaction, secret): (Handle<ClientTransaction>, u64),
        flow: Flow,
        out: &mut Vec<u8>,
    ) {
        let mut room = core::mem::take(&mut self.buffers.address);
        room.clear();
        self.write_own_address(flow, &mut room);
        let address = core::str::from_utf8(&room).unwrap_or_default();
        let Some(session) = self.sessions.get_mut(handle) else { return };
        let sequence = session.dialog.next_sequence();
        let method = outgoing.method();
        let transport = if flow.is_reliable() { "TCP" } else { "UDP" };
        let mut text = Text(out);
        let _infallible = write!(
            text,
            "{method} {} SIP/2.0\r\nVia: SIP/2.0/{transport} {address};branch={MAGIC_COOKIE}{:016x}{secret:016x};rport\r\n\
             Max-Forwards: 70\r\n",
            session.dialog.request_uri(),
            transaction.number(),
        );
        session.dialog.write_head(text.0);
        let _infallible = write!(text, "CSeq: {sequence} {method}\r\n");
        if let Outgoing::Refresh = outgoing {
            let (seconds, _) =
                session.timer.interval.unwrap_or((0, crate::sip::session_timer::Refresher::Gateway));
            let scheme = if flow.is_reliable() { ";transport=tcp" } else { "" };
            let _infallible = write!(
                text,
                "Contact: <sip:ctigate@{address}{scheme}>\r\nSupported: timer\r\n\
                 Session-Expires: {seconds};refresher=uac\r\n",
            );
        }
        match outgoing {
            Outgoing::Event(document) => {
                let _infallible = write!(
                    text,
                    "Content-Disposition: signal;handling=required\r\nContent-Type: {CSTA_XML}\r\n\
                     Content-Length: {}\r\n\r\n",
                    document.len(),
                );
                text.0.extend_from_slice(document);
            }
            Outgoing::Bye | Outgoing::Refresh => text.0.extend_from_slice(b"Content-Length: 0\r\n\r\n"),
        }
        self.buffers.address = room;
    }

    /// A response came: its branch names the transaction, and repeats a number that only we and the client know.
    pub(super) fn on_sip_response(&mut self, step: &mut Step<'_>, status: u16, message: &Message<'_>) {
        let branch = message.via().and_then(|via| via.branch).unwrap_or_default();
        let Some((handle, secret)) = read_branch(branch) else { return };
        let known = self.transactions.client.get(handle).is_some_and(|one| one.secret == secret);
        if !known {
            return;
        }
        let cause = if status < 200 { Cause::Provisional } else { Cause::Final };
        let Some(transaction) = self.transactions.client.get(handle) else { return };
        let (purpose, session) = (transaction.purpose, transaction.owner);
        let then = self.transactions.on_client(handle, cause, step.now, &mut self.timers);
        if then == Then::Answered {
            self.on_answered(step, session, (handle, purpose), status);
        }
    }

    fn on_answered(
        &mut self,
        step: &mut Step<'_>,
        handle: Handle<Session>,
        (transaction, purpose): (Handle<ClientTransaction>, Purpose),
        status: u16,
    ) {
        // Client quirk 3: SIPE never answers events, and proxies answer for it with 408; only these say that the
        // client knows the dialog no more (RFC 3261 12.2.1.2 would count 408 among them).
        if matches!(status, 404 | 410 | 481) && purpose != Purpose::Bye {
            self.end_session(step, handle, "the client knows the dialog no more");
            return;
        }
        let Some(session) = self.sessions.get_mut(handle) else { return };
        match purpose {
            Purpose::Event => {
                session.outbox.answered(transaction);
                self.send_waiting_events(step, handle);
            }
            Purpose::Refresh if (200..300).contains(&status) => self.restart_session_timer(step, handle),
            Purpose::Refresh | Purpose::Bye => {}
        }
    }

    pub(super) fn on_client_timer(&mut self, step: &mut Step<'_>, handle: Handle<ClientTransaction>) {
        self.transactions.client_fired(handle);
        let Some(transaction) = self.transactions.client.get(handle) else { return };
        let flow = transaction.flow;
        let then = self.transactions.on_client(handle, Cause::Timer, step.now, &mut self.timers);
        if then == Then::Resend {
            let machine = self.transactions.client.get(handle).map(|transaction| &transaction.machine);
            if let Some(request) = machine.and_then(State::request).map(Vec::from) {
                self.send(step, flow, &request);
            }
        }
        // Silence ends nothing (client quirk 3); the transaction is forgotten.
    }

    /// Our part of the refresh is due: an UPDATE, and the next one half an interval later.
    pub(super) fn on_refresh_due(&mut self, step: &mut Step<'_>, handle: Handle<Session>) {
        let Some(session) = self.sessions.get_mut(handle) else { return };
        Timers::<TimerKey>::fired(&mut session.refresh);
        if let Some(at) = session.timer.refresh_at(step.now) {
            self.timers.set(&mut session.refresh, TimerKey::Refresh(handle), at);
        }
        self.send_request(step, handle, Outgoing::Refresh);
    }

    /// Ends a session of our own accord: the client is told with BYE, if it is known to be this node's.
    pub(super) fn sign_out(&mut self, step: &mut Step<'_>, handle: Handle<Session>, why: &str) {
        if let Some(Phase::SigningIn { invite }) = self.sessions.get(handle).map(|session| session.phase) {
            self.answer(step, invite, &super::respond::Reply::new(480));
        } else if !self.may_be_elsewhere(step.now, handle) {
            self.send_request(step, handle, Outgoing::Bye);
        }
        self.end_session(step, handle, why);
    }

    /// Forgets a session and all that is its own.
    pub(super) fn end_session(&mut self, step: &mut Step<'_>, handle: Handle<Session>, why: &str) {
        self.settle_invite(step, handle, invite_server::Cause::Left);
        let Some(session) = self.sessions.get(handle) else { return };
        let fields: &[(&str, &dyn Display)] = &[
            ("session", &handle),
            ("user", &session.user()),
            ("line", &session.line()),
            ("why", &why),
            ("call_id", &session.dialog.call_id()),
        ];
        // One that never began was refused or cancelled, and that was said.
        if session.phase == Phase::Established {
            self.counters.sessions_ended += 1;
            step.actions.notify(Level::Info, "session_ended", fields);
        }
        for monitor in session.monitors.clone().iter().copied() {
            self.drop_monitor(step, monitor);
        }
        self.hold_to(handle, None);
        self.forget_stale(handle);
        let Some(mut session) = self.sessions.remove(handle) else { return };
        self.timers.cancel(&mut session.expiry, TimerKey::Expiry(handle));
        self.timers.cancel(&mut session.refresh, TimerKey::Refresh(handle));
        if let Some(deadline) = session.outbox.deadline() {
            self.timers.cancel(deadline, TimerKey::Outbox(handle));
        }
        self.by_dialog.remove(session.dialog.key(), handle);
    }
}

/// The transaction and the secret in a branch of ours.
fn read_branch(branch: &str) -> Option<(Handle<ClientTransaction>, u64)> {
    let rest = branch.strip_prefix(MAGIC_COOKIE).filter(|rest| rest.len() == 32)?;
    let (handle, secret) = rest.split_at_checked(16)?;
    let handle = u64::from_str_radix(handle, 16).ok()?;
    Some((Handle::from_number(handle), u64::from_str_radix(secret, 16).ok()?))
}
