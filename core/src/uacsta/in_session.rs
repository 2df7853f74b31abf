//! Requests in a session: re-INVITE and UPDATE, which refresh it, and INFO, which carries CSTA (client quirks 6 and
//! 11).

use core::fmt::Display;

use super::{Control, Leg, Uacsta};
use crate::action::Level;
use crate::rcc::clients::{self, Answer, Clients as _};
use crate::rcc::history::Why;
use crate::sip::user_agent::{Asked, Received, Refusal, Reply};
use crate::step::{SessionId, Step};
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::Message as Csta;
use crate::wire::sip::Method;

impl Uacsta {
    /// Handles a re-INVITE, an INFO or an UPDATE.
    pub(super) fn on_in_session(
        &mut self,
        step: &mut Step<'_>,
        control: &mut Control<Leg>,
        received: &Received<'_>,
        session: SessionId,
    ) {
        if received.method == Method::Invite {
            self.on_reinvite(step, control, received, session);
            return;
        }
        let connection = control.sessions.get(session).and_then(|one| one.connection);
        if !control.prepare_session(step, self, session) {
            // S8: 481 makes the client send a new INVITE.
            let refusal = Refusal::new(481, "CTI connection was replaced");
            self.ua.refuse(step, &mut control.sessions, received, &refusal);
            control.note_told_gone(step, session);
            return;
        }
        // Client quirk 8: events take the flow on which the client's last request is answered.
        self.ua.links.follow(step, &mut control.sessions, session, received.answer_flow);
        if received.method == Method::Update {
            self.on_update(step, control, received, session);
            return;
        }
        if connection.is_none() {
            control.renew_connection(step, self, session);
        }
        self.on_info(step, control, received, session);
    }

    /// Handles an INFO in its legacy use (client quirk 11): with a CSTA request, or without a body.
    fn on_info(
        &mut self,
        step: &mut Step<'_>,
        control: &mut Control<Leg>,
        received: &Received<'_>,
        session: SessionId,
    ) {
        // Without a body, or with one that is optional and not understood.
        if received.document.is_none() {
            let sessions = &mut control.sessions;
            self.ua.answer(step, sessions, Asked::AtHand(received), &Reply::new(200));
            return;
        }
        let Some(document) = self.read_document(step, control, received) else { return };
        if let (Some(one), Some(namespace)) = (control.sessions.get_mut(session), document.namespace()) {
            one.namespace = namespace;
        }
        match document.message() {
            Ok(Csta::Request(request)) => control.serve(step, self, received, session, &request),
            Ok(Csta::Response(_) | Csta::Event(_)) => {
                let refusal = Refusal::new(400, "A CSTA request was expected");
                self.ua.refuse(step, &mut control.sessions, received, &refusal);
            }
            Err(malformed) => {
                let error = if control.offers(session, document.name()) {
                    malformed.error
                } else {
                    CstaError::SERVICE_NOT_SUPPORTED
                };
                let fields: &[(&str, &dyn Display)] = &[
                    ("peer", &received.peer),
                    ("service", &document.name()),
                    ("why", &malformed),
                    ("error", &error),
                ];
                control.note_session(step, (Level::Info, "service_refused"), session, fields);
                control.keep_trouble(step.now, session, document.name(), Why::Error(error));
                self.answer(step, control, session, clients::Asked::AtHand(received), Answer::Error(error));
            }
        }
    }
}
