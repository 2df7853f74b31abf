//! Processing a received message: its transaction, its dialog and its method (RFC 3261 8.2, 12.2.2, 17.2.3, 18.1.2).

use core::fmt::Display;

use super::answering::{Asked, HeldRequest, Reply};
use super::leg::{Legs, Phase};
use super::links::sip_link;
use super::overload::Overload;
use super::reader::Origin;
use super::received::{
    ALLOW, Received, Refusal, answer_flow, dialog_key, refusal, tag_for, target_refusal, torn_refusal,
};
use super::{News, UserAgent};
use crate::expected::Expected as _;
use crate::sip::transactions::{Flow, ServerMachine, matching_key, merge_key};
use crate::sip::{invite_server, non_invite_server};
use crate::step::{SessionId, Step};
use crate::wire::sip::media::CSTA_XML;
use crate::wire::sip::{Message, Method, Start, Unacceptable, Uri};

impl UserAgent {
    /// Processes a message.
    pub(crate) fn on_message<'m>(
        &mut self,
        step: &mut Step<'_>,
        legs: &mut impl Legs,
        origin: Origin,
        message: &'m Message<'m>,
    ) -> News<'m> {
        match message.start {
            Start::Request { method, uri } => self.on_request(step, legs, origin, (message, method, uri)),
            Start::Response { status, .. } => {
                if origin.flow.is_reliable() && message.swallows() {
                    self.links.break_off(step, origin);
                }
                self.on_response(step, legs, status, message)
            }
        }
    }

    fn on_request<'m>(
        &mut self,
        step: &mut Step<'_>,
        legs: &mut impl Legs,
        Origin { flow, peer, allowed }: Origin,
        (message, method, uri): (&'m Message<'m>, Method<'m>, &'m str),
    ) -> News<'m> {
        let to_tag = message.to().and_then(|to| to.tag());
        let session = to_tag.and_then(|tag| self.session_of(step, message, tag));
        let content = message.document();
        let torn = allowed && is_torn((message, method), content, flow);
        if torn {
            self.links.break_off(step, Origin { flow, peer, allowed });
        }
        if method == Method::Ack {
            if allowed {
                self.on_ack(step, legs, message, session);
            }
            return News::Nothing;
        }
        let key = matching_key(step.entropy, message, method);
        let repeated = self.repeated(legs, (message, method), key, session);
        if let Some(transaction) = repeated.filter(|_| allowed) {
            step.counters.requests_repeated += 1;
            self.on_repeated(step, transaction, answer_flow(flow, message));
            return News::Nothing;
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
            document: content.unwrap_or_default(),
        };
        self.write_reply_head(&received, &received.local_tag);
        let refusal = refusal(&received, content);
        match refusal.or_else(|| torn.then(torn_refusal)) {
            Some(refusal) => self.refused(step, legs, &received, &refusal),
            None => self.dispatch(step, legs, received),
        }
    }

    fn dispatch<'m>(
        &mut self,
        step: &mut Step<'_>,
        legs: &mut impl Legs,
        received: Received<'m>,
    ) -> News<'m> {
        match (received.method, received.session) {
            (Method::Options, _) => self.on_options(step, legs, &received),
            (Method::Cancel, _) => self.on_cancel(step, legs, &received),
            (Method::Invite, _) if !received.in_dialog => self.on_invite(step, legs, received),
            (Method::Bye, Some(session)) => self.on_bye(step, legs, &received, session),
            (Method::Info, Some(session)) => News::InSession(received, session),
            (Method::Invite | Method::Update, Some(session)) => match target_refusal(&received) {
                Some(refusal) => self.refused(step, legs, &received, &refusal),
                None => News::InSession(received, session),
            },
            (Method::Invite, None) => self.on_invite_elsewhere(step, legs, received),
            (Method::Bye | Method::Info | Method::Update, None) => {
                self.refused(step, legs, &received, &Refusal::new(481, ""))
            }
            // An ACK does not get here, and other methods have been refused.
            (Method::Ack | Method::Other(_), _) => News::Nothing,
        }
    }

    /// Handles an INVITE outside any dialog.
    fn on_invite<'m>(
        &mut self,
        step: &mut Step<'_>,
        legs: &mut impl Legs,
        received: Received<'m>,
    ) -> News<'m> {
        if self.is_merged(step, received.message) {
            return self.refused(step, legs, &received, &Refusal::new(482, "Merged Request"));
        }
        if !step.takes_sessions() {
            self.turn_away(step, legs, &received, Overload::Leaving);
            return News::Nothing;
        }
        if !is_for_us(step, received.uri) {
            return self.refused(step, legs, &received, &Refusal::new(404, "Not our domain"));
        }
        match target_refusal(&received) {
            Some(refusal) => self.refused(step, legs, &received, &refusal),
            None => News::SignIn(received),
        }
    }

    /// Whether an INVITE outside any dialog has come another way already, and is not answered yet (RFC 3261 8.2.2.2).
    /// If the connection it came on is gone, so is the answer, and this one is the next try of a proxy.
    fn is_merged(&self, step: &Step<'_>, invite: &Message<'_>) -> bool {
        let before = self.transactions.find_merged(merge_key(step.entropy, invite));
        before.is_some_and(|before| match before.flow {
            Flow::Stream(link) => sip_link(step.links, link).is_some(),
            Flow::Datagram(..) => true,
        })
    }

    /// Handles a re-INVITE in a dialog that is not known here. Without a CSTA document it is refused.
    fn on_invite_elsewhere<'m>(
        &mut self,
        step: &mut Step<'_>,
        legs: &mut impl Legs,
        received: Received<'m>,
    ) -> News<'m> {
        if !step.takes_sessions() {
            self.turn_away(step, legs, &received, Overload::Leaving);
            return News::Nothing;
        }
        let to = received.message.to();
        let Some((to, tag)) = to.and_then(|to| Some((to.uri, to.tag()?))) else { return News::Nothing };
        // The Request-URI may be another node's Contact; To still names the target of the first INVITE.
        if !is_for_us(step, received.uri) && !is_for_us(step, to) {
            return self.refused(step, legs, &received, &Refusal::new(404, "Not our domain"));
        }
        if received.document.is_none() {
            return self.refused(step, legs, &received, &Refusal::new(481, ""));
        }
        match target_refusal(&received) {
            Some(refusal) => self.refused(step, legs, &received, &refusal),
            None => News::Takeover(received, tag),
        }
    }

    /// Handles BYE (RFC 3261 15.1.2). Requests of the client that are still held are answered 487 when their answers
    /// come.
    fn on_bye<'m>(
        &mut self,
        step: &mut Step<'_>,
        legs: &mut impl Legs,
        received: &Received<'m>,
        session: SessionId,
    ) -> News<'m> {
        self.answer(step, legs, Asked::AtHand(received), &Reply::new(200));
        if let Some(Phase::SigningIn { invite }) = legs.leg(session).map(|leg| leg.phase) {
            self.answer(step, legs, Asked::Held(invite), &Reply::new(487));
        }
        News::Over(session, "BYE")
    }

    /// Handles CANCEL (RFC 3261 9.2): 200 if it matches an INVITE, and 487 for that INVITE if it was not answered yet.
    fn on_cancel<'m>(
        &mut self,
        step: &mut Step<'_>,
        legs: &mut impl Legs,
        received: &Received<'m>,
    ) -> News<'m> {
        let key = matching_key(step.entropy, received.message, Method::Invite);
        let Some(invite) = self.transactions.find(key) else {
            return self.refused(step, legs, received, &Refusal::new(481, ""));
        };
        self.answer(step, legs, Asked::AtHand(received), &Reply::new(200));
        let session = self.transactions.server.get(invite).and_then(|transaction| transaction.owner);
        let signing_in = session
            .filter(|session| legs.leg(*session).is_some_and(|leg| leg.phase == Phase::SigningIn { invite }));
        let Some(session) = signing_in else { return News::Nothing };
        self.answer(step, legs, Asked::Held(invite), &Reply::new(487));
        News::Over(session, "cancelled")
    }

    /// Handles OPTIONS: the probe of a load balancer, or a client's query (RFC 3261 11).
    fn on_options<'m>(
        &mut self,
        step: &mut Step<'_>,
        legs: &mut impl Legs,
        received: &Received<'m>,
    ) -> News<'m> {
        if received.in_dialog && received.session.is_none() {
            return self.refused(step, legs, received, &Refusal::new(481, ""));
        }
        let asked = Asked::AtHand(received);
        if step.takes_sessions() || received.in_dialog {
            let headers: &[(&str, &dyn Display)] = &[
                ("Allow", &ALLOW),
                ("Accept", &CSTA_XML),
                ("Supported", &"timer"),
                ("Accept-Encoding", &"identity"),
            ];
            self.answer(step, legs, asked, &Reply { more: headers, ..Reply::new(200) });
        } else {
            // Load balancers probe often: refusals are not logged.
            let (status, seconds) = Overload::Leaving.answer(step);
            let retry: &[(&str, &dyn Display)] = &[("Retry-After", &seconds)];
            self.answer(step, legs, asked, &Reply { more: retry, ..Reply::new(status) });
        }
        News::Nothing
    }

    /// The transaction of which a request is a retransmission, if any. A BYE that matches a transaction but finds a
    /// session is new: a re-INVITE on datagrams was delivered after the first BYE, and the session was taken over
    /// again.
    fn repeated(
        &self,
        legs: &impl Legs,
        (message, method): (&Message<'_>, Method<'_>),
        key: u128,
        session: Option<SessionId>,
    ) -> Option<HeldRequest> {
        let transaction = message.via().and_then(|_| self.transactions.find(key))?;
        let epoch = session.and_then(|session| legs.leg(session)).map(|leg| leg.dialog.epoch);
        let is_new = epoch.is_some_and(|epoch| {
            method == Method::Bye || self.transactions.is_superseded(transaction, epoch)
        });
        (!is_new).then_some(transaction)
    }

    /// The session whose dialog a message with this To tag is in.
    fn session_of(&self, step: &Step<'_>, message: &Message<'_>, to_tag: &str) -> Option<SessionId> {
        let remote_tag = message.from().and_then(|from| from.tag()).unwrap_or_default();
        let key = dialog_key(step, message.call_id()?, to_tag, remote_tag);
        self.by_dialog.get(key)
    }

    /// Handles a retransmission (RFC 3261 17.2): the response is sent again, or the request is absorbed.
    fn on_repeated(&mut self, step: &mut Step<'_>, handle: HeldRequest, flow: Flow) {
        let Self { links, transactions, .. } = self;
        let Some(transaction) = transactions.server.get_mut(handle).expected("a transaction") else {
            return;
        };
        // If the stream that the request came on is gone, the answer goes to the one on which the client repeated it.
        if let (Flow::Stream(before), Flow::Stream(_)) = (transaction.flow, flow)
            && sip_link(step.links, before).is_none()
        {
            transaction.flow = flow;
            if transaction.is_unanswered() {
                links.note_held(step, flow);
            }
        }
        let now = step.now;
        match transaction.machine {
            ServerMachine::Invite(_) => {
                let event = invite_server::Event::Request;
                let effect = self.transactions.on_invite(handle, event, now, step.timers);
                self.after_invite(step, handle, effect);
            }
            ServerMachine::NonInvite(_) => {
                let event = non_invite_server::Event::Request;
                if self.transactions.on_non_invite(handle, event, now, step.timers) {
                    self.resend(step, handle);
                }
            }
        }
    }

    /// Refuses a request; there is no news.
    fn refused<'m>(
        &mut self,
        step: &mut Step<'_>,
        legs: &mut impl Legs,
        received: &Received<'m>,
        refusal: &Refusal<'_>,
    ) -> News<'m> {
        self.refuse(step, legs, received, refusal);
        News::Nothing
    }
}

/// Whether the body of a request on a stream reaches into the next message. A whole document is not searched here:
/// reading it shows the same.
fn is_torn(
    (message, method): (&Message<'_>, Method<'_>),
    content: Result<Option<&[u8]>, Unacceptable>,
    flow: Flow,
) -> bool {
    if message.body.is_empty() || !flow.is_reliable() {
        return false;
    }
    let is_whole = matches!(content, Ok(Some(document)) if document.len() == message.body.len());
    let is_read = matches!(method, Method::Invite | Method::Info) && is_whole;
    !is_read && message.swallows()
}

/// Whether a dialog-forming request is for this gateway: for our domain, our advertised host, or an address we listen
/// on; for any host, if no domain is configured.
fn is_for_us(step: &Step<'_>, uri: &str) -> bool {
    let (Some(domain), Some(uri)) = (&step.config.sip.domain, Uri::parse(uri)) else { return true };
    let host = uri.host;
    let advertised = step.config.sip.advertised.as_deref().unwrap_or_default();
    let is_address = host.trim_matches(['[', ']']).parse::<core::net::IpAddr>().is_ok();
    is_address
        || host.eq_ignore_ascii_case(domain)
        || advertised.rsplit_once(':').is_some_and(|(ours, _)| ours.eq_ignore_ascii_case(host))
}
