//! Sending news to a client and answering it, in its own edition of CSTA.

use core::fmt::Display;

use super::{Gateway, Step};
use crate::action::Level;
use crate::rcc::control::{News, What};
use crate::rcc::view::{ClientView, hexadecimal, in_agreed_edition};
use crate::sip::user_agent::{Asked, Reply};
use crate::step::SessionId;
use crate::wire::csta::emit::{self, Verbatim};
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::{Request, Response};

impl Gateway {
    /// Sends news to a client.
    pub(super) fn tell(&mut self, step: &mut Step<'_>, news: &News<'_>) {
        let Self { ua, control, body, .. } = self;
        let Some(session) = control.sessions.get(news.session) else { return };
        let (namespace, agreed) = (session.namespace, step.config.cti.protocol_version);
        body.clear();
        match news.what {
            What::Event { cross_reference, switch, event } => {
                let mut view = ClientView::new(session, (switch, agreed), cross_reference);
                emit::event(body, namespace, event, &mut view);
            }
            // MonitorStop is the same message in both directions.
            What::MonitorStopped(cross_reference) => {
                let cross_reference = &hexadecimal(cross_reference);
                emit::request(body, namespace, &Request::MonitorStop { cross_reference }, &mut Verbatim);
            }
            What::Status(register, status) => {
                let register = hexadecimal(register);
                let told = Request::SystemStatus { register: Some(&register), status };
                emit::request(body, namespace, &told, &mut Verbatim);
            }
            What::Part(switch, part) => {
                let mut view = ClientView::new(session, (switch, agreed), 0);
                let told = Request::Relayed(in_agreed_edition(part, agreed));
                emit::request(body, namespace, &told, &mut view);
            }
        }
        ua.send_event(step, &mut control.sessions, news.session, body);
    }

    /// Answers a request of a session, at hand or held, with the gateway's own CSTA response or a CSTAErrorCode.
    pub(super) fn respond(
        &mut self,
        step: &mut Step<'_>,
        session: SessionId,
        asked: Asked<'_, '_>,
        outcome: Result<&Response<'_>, CstaError>,
    ) {
        let Self { ua, control, body, .. } = self;
        let one = control.sessions.get(session);
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
        ua.answer(step, &mut control.sessions, asked, &Reply::document(body));
    }

    /// Answers a held request of a session with a phone system's response, rewritten for the client.
    pub(super) fn relay_response(
        &mut self,
        step: &mut Step<'_>,
        session: SessionId,
        asked: Asked<'_, '_>,
        response: &Response<'_>,
    ) {
        let Self { ua, control, body, .. } = self;
        let Some(one) = control.sessions.get(session) else { return };
        let link = one.connection.and_then(|connection| control.pool.at(connection.index()));
        let switch = link.map_or(0, |link| link.switch);
        let features = link.map(|link| link.features.offered_to(|| one.number())).unwrap_or_default();
        let agreed = step.config.cti.protocol_version;
        let mut view = ClientView::new(one, (switch, agreed), 0).offering(one, features);
        let relayed;
        let response = if let Response::Relayed(told) = response {
            relayed = Response::Relayed(in_agreed_edition(told, agreed));
            &relayed
        } else {
            response
        };
        body.clear();
        emit::response(body, one.namespace, response, &mut view);
        ua.answer(step, &mut control.sessions, asked, &Reply::document(body));
    }
}
