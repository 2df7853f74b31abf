//! Requests in a session: re-INVITE and UPDATE, which refresh it, and INFO, which carries CSTA (client quirks 6 and 11).

use core::fmt::Display;

use super::rebind::rebinds;
use super::{Gateway, Step};
use crate::action::Level;
use crate::sip::user_agent::{Asked, Received, Refusal, Reply};
use crate::step::SessionId;
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::Message as Csta;
use crate::wire::sip::Method;

impl Gateway {
    pub(super) fn on_in_session(&mut self, step: &mut Step<'_>, received: &Received<'_>, session: SessionId) {
        if received.method == Method::Invite {
            self.on_reinvite(step, received, session);
            return;
        }
        // S8: the connection the session began with was replaced; the client is to INVITE anew.
        let connection = self.sessions.get(session).and_then(|one| one.connection);
        if rebinds(step.config) {
            if self.link_of(session).is_err() {
                self.rebind_session(step, session);
            }
        } else if connection.is_some_and(|connection| self.pool.is_replaced(connection)) {
            self.refuse_stale(step, received, session);
            return;
        }
        // Client quirk 8: events go where the answer to the client's last request goes.
        if let Some(one) = self.sessions.get_mut(session) {
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

    /// INFO in its legacy use (client quirk 11): a CSTA request, or nothing at all.
    fn on_info(&mut self, step: &mut Step<'_>, received: &Received<'_>, session: SessionId) {
        if received.message.body.is_empty() {
            self.ua.answer(step, &mut self.sessions, Asked::AtHand(received), &Reply::new(200));
            return;
        }
        let Some(document) = self.read_document(step, received) else { return };
        if let (Some(one), Some(namespace)) = (self.sessions.get_mut(session), document.namespace()) {
            one.namespace = namespace;
        }
        match document.message() {
            Ok(Csta::Request(request)) => self.serve(step, received, session, &request),
            Ok(Csta::Response(_) | Csta::Event(_)) => {
                let refusal = Refusal::new(400, "A CSTA request was expected");
                self.ua.refuse(step, &mut self.sessions, received, &refusal);
            }
            Err(misshapen) => {
                let error = if self.offers(session, document.name()) {
                    misshapen.error
                } else {
                    CstaError::SERVICE_NOT_SUPPORTED
                };
                let fields: &[(&str, &dyn Display)] = &[("session", &session), ("why", &misshapen)];
                step.actions.notify(Level::Info, "service_refused", fields);
                self.respond(step, session, Asked::AtHand(received), Err(error));
            }
        }
    }
}
