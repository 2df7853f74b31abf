//! Beginning and refreshing a dialog: answers to INVITE, re-INVITE and UPDATE, ACK, session timers.

use core::fmt::Display;

use super::UserAgent;
use super::answering::{Asked, HeldRequest, Reply};
use super::leg::{Leg, Legs, Phase};
use super::received::{ALLOW, Received, Refusal, dialog_key, unusable_dialog};
use super::requests::restart_session_timer;
use crate::expected::Expected as _;
use crate::sip::dialog::Dialog;
use crate::sip::invite_server;
use crate::sip::session_timer::{Agreed, Bounds, Offer, Refresher, negotiate};
use crate::sip::transactions::{Flow, matching_key};
use crate::step::{SessionId, Step, TimerKey};
use crate::wire::sip::Refresher as Side;
use crate::wire::sip::media::CSTA_XML;
use crate::wire::sip::{Message, Method};

impl UserAgent {
    /// Negotiates a request's session timer (RFC 4028). Returns `None` if the request was refused with 422.
    pub(crate) fn settle_timer(
        &mut self,
        step: &mut Step<'_>,
        legs: &mut impl Legs,
        received: &Received<'_>,
    ) -> Option<Agreed> {
        let sip = &step.config.sip;
        let bounds =
            Bounds { expires: sip.session_expires, min: sip.min_session_expires, linger: sip.linger };
        match negotiate(offer_of(received.message), bounds) {
            Ok(agreed) => Some(agreed),
            Err(too_small) => {
                let min = alloc::format!("{}", too_small.min);
                self.refuse(step, legs, received, &Refusal::with(422, "Min-SE", min));
                None
            }
        }
    }

    /// The leg that an INVITE begins, or that continues another node's dialog with a re-INVITE; the CSeq of our
    /// requests continues from `sequence`. Returns `None` if the INVITE was refused.
    pub(crate) fn begin_leg(
        &mut self,
        step: &mut Step<'_>,
        legs: &mut impl Legs,
        received: &Received<'_>,
        (local_tag, line, sequence): (&str, &str, u32),
        timer: Agreed,
    ) -> Option<Leg> {
        let message = received.message;
        let remote_tag = message.from().and_then(|from| from.tag()).unwrap_or_default();
        let key = dialog_key(step, message.call_id().unwrap_or_default(), local_tag, remote_tag);
        let limit = step.config.limits.dialog_bytes;
        match Dialog::new(message, received.answer_flow, (local_tag, line), key, limit) {
            Ok(mut dialog) => {
                dialog.count_from(sequence);
                Some(Leg::new(dialog, timer))
            }
            Err(unusable) => {
                self.refuse(step, legs, received, &unusable_dialog(unusable));
                None
            }
        }
    }

    /// Holds the INVITE of a session that was just created with its leg. Returns `None` if there is no room and it was
    /// refused; the caller then forgets the session.
    pub(crate) fn hold_invite(
        &mut self,
        step: &mut Step<'_>,
        legs: &mut impl Legs,
        received: &Received<'_>,
        session: SessionId,
    ) -> Option<HeldRequest> {
        let invite = self.hold(step, legs, received, session)?;
        if let Some(leg) = legs.leg_mut(session) {
            self.by_dialog.insert(leg.dialog.key(), session);
            leg.phase = Phase::SigningIn { invite };
            self.links.carry(step, leg.dialog.flow);
        }
        Some(invite)
    }

    /// Holds a re-INVITE or UPDATE of a session, and applies it to dialog and session timer. Returns `None` if it was
    /// refused and nothing has changed.
    pub(crate) fn hold_refresh(
        &mut self,
        step: &mut Step<'_>,
        legs: &mut impl Legs,
        received: &Received<'_>,
        session: SessionId,
        timer: Agreed,
    ) -> Option<HeldRequest> {
        let limit = step.config.limits.dialog_bytes;
        let is_invite = received.method == Method::Invite;
        let dialog = &legs.leg(session)?.dialog;
        let checked = if is_invite {
            dialog.check_refresh(received.message, limit)
        } else {
            dialog.check_retarget(received.message, limit)
        };
        if let Err(unusable) = checked {
            self.refuse(step, legs, received, &unusable_dialog(unusable));
            return None;
        }
        let held = self.hold(step, legs, received, session)?;
        let leg = legs.leg_mut(session)?;
        leg.timer = timer;
        if is_invite {
            leg.dialog.refresh(received.message);
            leg.dialog.epoch = leg.dialog.epoch.wrapping_add(1);
            self.links.follow(step, legs, session, received.answer_flow);
        } else {
            leg.dialog.retarget(received.message);
        }
        Some(held)
    }

    /// Answers an INVITE or re-INVITE 200, with a document. With `expires_soon` the interval is short, so that clients
    /// that never retry come back soon by refreshing (S9).
    pub(crate) fn accept_invite(
        &mut self,
        step: &mut Step<'_>,
        legs: &mut impl Legs,
        session: SessionId,
        invite: HeldRequest,
        (document, expires_soon): (&[u8], bool),
    ) {
        self.acknowledge(step, legs, session);
        let Some(leg) = legs.leg_mut(session).expected("a leg") else { return };
        leg.unacknowledged = Some(invite);
        if expires_soon {
            leg.timer.shorten(step.config.sip.unavailable_expires);
        }
        self.accept_refresh(step, legs, session, invite, Some(document));
        restart_session_timer(step, legs, session);
    }

    /// Answers an UPDATE 200 (RFC 3311).
    pub(crate) fn accept_update(
        &mut self,
        step: &mut Step<'_>,
        legs: &mut impl Legs,
        session: SessionId,
        update: HeldRequest,
    ) {
        self.accept_refresh(step, legs, session, update, None);
    }

    /// Answers an INVITE, re-INVITE or UPDATE 200, with the header fields that each of them needs (client quirk 6).
    fn accept_refresh(
        &mut self,
        step: &mut Step<'_>,
        legs: &mut impl Legs,
        session: SessionId,
        held: HeldRequest,
        body: Option<&[u8]>,
    ) {
        let Some(leg) = legs.leg(session).expected("a leg") else { return };
        let (flow, timer) = (leg.dialog.flow, leg.timer);
        let address = self.own_address(step, flow);
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
            // RFC 4028 9: required if the client is the refresher.
            ("Require", &"timer"),
        ];
        let count = match timer.interval {
            None => 4,
            Some((_, Refresher::Gateway)) => 5,
            Some((_, Refresher::Client)) => 6,
        };
        let more = headers.get(..count).unwrap_or_default();
        self.answer(step, legs, Asked::Held(held), &Reply { more, body, ..Reply::new(200) });
    }

    fn own_address(&self, step: &Step<'_>, flow: Flow) -> alloc::string::String {
        let mut address = alloc::vec::Vec::new();
        self.links.write_own_address(step, flow, &mut address);
        alloc::string::String::from_utf8(address).unwrap_or_default()
    }

    /// Handles an ACK: for the INVITE with the same key, and for the dialog's INVITE that still waits for one, whatever
    /// the CSeq (client quirk 2).
    pub(super) fn on_ack(
        &mut self,
        step: &mut Step<'_>,
        legs: &mut impl Legs,
        message: &Message<'_>,
        session: Option<SessionId>,
    ) {
        let key = matching_key(step.entropy, message, Method::Invite);
        if let Some(transaction) = self.transactions.find(key) {
            self.on_invite_event(step, transaction, invite_server::Event::Ack);
        }
        if let Some(session) = session {
            self.acknowledge(step, legs, session);
        }
    }

    /// Notes that the client has the 2xx that is still being retransmitted: it acknowledged it, or sent another
    /// request.
    fn acknowledge(&mut self, step: &mut Step<'_>, legs: &mut impl Legs, session: SessionId) {
        self.settle_invite(step, legs, session, invite_server::Event::Ack);
    }

    /// Stops retransmitting the 2xx of a session that ends.
    pub(crate) fn leave_invite(&mut self, step: &mut Step<'_>, legs: &mut impl Legs, session: SessionId) {
        self.settle_invite(step, legs, session, invite_server::Event::Left);
    }

    fn settle_invite(
        &mut self,
        step: &mut Step<'_>,
        legs: &mut impl Legs,
        session: SessionId,
        event: invite_server::Event<'_>,
    ) {
        let waiting = legs.leg(session).and_then(|leg| leg.unacknowledged);
        let Some(transaction) = waiting else { return };
        if let Some(leg) = legs.leg_mut(session) {
            leg.unacknowledged = None;
        }
        self.on_invite_event(step, transaction, event);
    }

    fn on_invite_event(
        &mut self,
        step: &mut Step<'_>,
        transaction: HeldRequest,
        event: invite_server::Event<'_>,
    ) {
        let effect = self.transactions.on_invite(transaction, event, step.now, step.timers);
        self.after_invite(step, transaction, effect);
    }

    /// Forgets the leg of a session that has ended.
    pub(crate) fn forget(&mut self, step: &mut Step<'_>, session: SessionId, mut leg: Leg) {
        step.timers.cancel(&mut leg.expiry, TimerKey::Expiry(session));
        step.timers.cancel(&mut leg.refresh, TimerKey::Refresh(session));
        if let Some(deadline) = leg.outbox.deadline() {
            step.timers.cancel(deadline, TimerKey::Outbox(session));
        }
        self.by_dialog.remove(leg.dialog.key(), session);
        self.links.release(step, leg.dialog.flow);
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
