//! Requests in a session: re-INVITE and UPDATE, which refresh it, and INFO, which carries CSTA (client quirks 6 and
//! 11).

use core::fmt::Display;

use super::{Gateway, Step};
use crate::action::Level;
use crate::rcc::moving::rebinds;
use crate::rcc::services::Verdict;
use crate::rcc::view::hexadecimal;
use crate::sip::user_agent::{Asked, Received, Refusal, Reply, expect_announcement, keep_quiet};
use crate::step::SessionId;
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::Message as Csta;
use crate::wire::csta::model::{Request, Response};
use crate::wire::sip::Method;

impl Gateway {
    /// Handles a re-INVITE, an INFO or an UPDATE.
    pub(super) fn on_in_session(&mut self, step: &mut Step<'_>, received: &Received<'_>, session: SessionId) {
        if received.method == Method::Invite {
            self.on_reinvite(step, received, session);
            return;
        }
        let connection = self.control.sessions.get(session).and_then(|one| one.connection);
        if rebinds(step.config) {
            if self.control.link_of(session).is_err() {
                self.rebind_session(step, session);
            }
        } else if self.control.is_stale(session) {
            // S8: 481 makes the client send a new INVITE.
            let refusal = Refusal::new(481, "CTI connection was replaced");
            self.ua.refuse(step, &mut self.control.sessions, received, &refusal);
            self.control.note_told_gone(step, session);
            return;
        }
        // Client quirk 8: events take the flow on which the client's last request is answered.
        if let Some(one) = self.control.sessions.get_mut(session) {
            one.carrier.dialog.flow = received.answer_flow;
        }
        if received.method == Method::Update {
            self.on_update(step, received, session);
            return;
        }
        if connection.is_none() {
            self.renew_connection(step, session);
        }
        self.on_info(step, received, session);
    }

    /// Handles an INFO in its legacy use (client quirk 11): with a CSTA request, or without a body.
    fn on_info(&mut self, step: &mut Step<'_>, received: &Received<'_>, session: SessionId) {
        if received.message.body.is_empty() {
            let sessions = &mut self.control.sessions;
            self.ua.answer(step, sessions, Asked::AtHand(received), &Reply::new(200));
            return;
        }
        let Some(document) = self.read_document(step, received) else { return };
        if let (Some(one), Some(namespace)) = (self.control.sessions.get_mut(session), document.namespace()) {
            one.namespace = namespace;
        }
        match document.message() {
            Ok(Csta::Request(request)) => self.serve(step, received, session, &request),
            Ok(Csta::Response(_) | Csta::Event(_)) => {
                let refusal = Refusal::new(400, "A CSTA request was expected");
                self.ua.refuse(step, &mut self.control.sessions, received, &refusal);
            }
            Err(malformed) => {
                let error = if self.control.offers(session, document.name()) {
                    malformed.error
                } else {
                    CstaError::SERVICE_NOT_SUPPORTED
                };
                let fields: &[(&str, &dyn Display)] = &[("session", &session), ("why", &malformed)];
                step.actions.notify(Level::Info, "service_refused", fields);
                self.respond(step, session, Asked::AtHand(received), Err(error));
            }
        }
    }

    /// Serves one CSTA request of a client.
    fn serve(
        &mut self,
        step: &mut Step<'_>,
        received: &Received<'_>,
        session: SessionId,
        request: &Request<'_>,
    ) {
        let asked = Asked::AtHand(received);
        match self.control.request(step, session, request) {
            Verdict::Answer(response) => self.respond(step, session, asked, Ok(&response)),
            Verdict::Refuse(error) => self.respond(step, session, asked, Err(error)),
            Verdict::Registered(registration) => {
                let register = &hexadecimal(registration.id);
                let filter = Some(registration.filter);
                self.respond(step, session, asked, Ok(&Response::SystemRegister { register, filter }));
                keep_quiet(step, &mut self.control.sessions, session);
            }
            Verdict::Stop(monitor) => {
                self.respond(step, session, asked, Ok(&Response::MonitorStop));
                self.control.drop_monitor(step, monitor);
            }
            Verdict::Monitor(monitor) => {
                let sessions = &mut self.control.sessions;
                let Some(held) = self.ua.hold(step, sessions, received, session) else {
                    self.control.drop_monitor(step, monitor);
                    return;
                };
                expect_announcement(sessions, session);
                if self.control.join(monitor, held.cast()) {
                    self.announce_monitor(step, (held.cast(), monitor));
                }
            }
            Verdict::Ask(question) => {
                let held = self.ua.hold(step, &mut self.control.sessions, received, session);
                let Some(held) = held else { return };
                if let Err(error) = self.control.ask(step, held.cast(), &question) {
                    self.respond(step, session, Asked::Held(held), Err(error));
                } else if question.service.announces() {
                    expect_announcement(&mut self.control.sessions, session);
                }
            }
        }
    }
}
