//! Reading a client's request, and answering it with CSTA.

use alloc::string::ToString as _;
use core::fmt::Display;

use super::{Gateway, Step};
use crate::action::Level;
use crate::sip::user_agent::{Asked, Received, Refusal, Reply};
use crate::step::SessionId;
use crate::wire::csta::emit::{self, Verbatim};
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::Response;
use crate::wire::csta::parse::Document;
use crate::wire::sip::media::CSTA_XML;

impl Gateway {
    /// The CSTA document a request carries. `None`: it carries none that can be read, and was refused.
    pub(super) fn read_document<'m>(
        &mut self,
        step: &mut Step<'_>,
        received: &Received<'m>,
    ) -> Option<Document<'m>> {
        let Some(body) = received.message.csta_body() else {
            let refusal = Refusal::with(415, "Accept", CSTA_XML);
            self.ua.refuse(step, &mut self.sessions, received, &refusal);
            return None;
        };
        match Document::parse(body, &self.xml_limits) {
            Ok(document) => Some(document),
            Err(error) => {
                let detail = error.to_string();
                let refusal = Refusal { detail, ..Refusal::new(400, "Malformed CSTA document") };
                self.ua.refuse(step, &mut self.sessions, received, &refusal);
                None
            }
        }
    }

    /// Answers a request of a session, at hand or held, with a CSTA response of the gateway's own or a CSTAErrorCode.
    pub(super) fn respond(
        &mut self,
        step: &mut Step<'_>,
        session: SessionId,
        asked: Asked<'_, '_>,
        outcome: Result<&Response<'_>, CstaError>,
    ) {
        let Self { ua, sessions, body, .. } = self;
        let one = sessions.get(session);
        let namespace = one.map(|one| one.namespace).unwrap_or_default();
        body.clear();
        match outcome {
            Ok(response) => emit::response(body, namespace, response, &mut Verbatim),
            Err(error) => {
                let user = one.map_or("", |one| one.user());
                let fields: &[(&str, &dyn Display)] =
                    &[("session", &session), ("user", &user), ("error", &error)];
                step.actions.notify(Level::Info, "service_failed", fields);
                emit::response(body, namespace, &Response::Error(error), &mut Verbatim);
            }
        }
        ua.answer(step, sessions, asked, &Reply::document(body));
    }
}
