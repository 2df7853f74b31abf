//! Requests to the phone system, and what becomes of them: an answer, a refusal, or silence.

use core::fmt::Display;

use super::respond::Reply;
use super::{Gateway, Step};
use crate::action::Level;
use crate::cti::ConnectionRef;
use crate::cti::news::Ended;
use crate::digest::{Digest, Digester};
use crate::rcc::session::{Monitor, ServerTransaction, Session};
use crate::rcc::view::{ClientView, in_agreed_edition};
use crate::rcc::watch::Watch;
use crate::slots::Handle;
use crate::wire::csta::emit;
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::{Request, Response};
use crate::wire::csta::services::Service;

/// What the phone system was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Whether it knows a line, while a user signs in.
    VerifyLine,
    /// A watch to be started.
    StartWatch(Handle<Watch>),
    /// A watch to be stopped.
    StopWatch,
    /// Which calls there are, for a monitor whose client is behind, and which this watch feeds.
    CatchUp(Handle<Monitor>, Handle<Watch>),
    /// What a client asked for.
    Service(&'static Service),
}

/// What belongs to a request that the phone system was asked: given to the pool with it, and back with the answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket {
    session: Handle<Session>,
    /// The client's request that waits for it.
    transaction: Option<Handle<ServerTransaction>>,
    purpose: Purpose,
}

impl Gateway {
    /// Asks the phone system over this very connection.
    ///
    /// # Errors
    /// The CSTAErrorCode to return, if it cannot be asked; then nothing has changed.
    pub(super) fn ask(
        &mut self,
        step: &mut Step<'_>,
        link: ConnectionRef,
        session: Handle<Session>,
        transaction: Option<Handle<ServerTransaction>>,
        purpose: Purpose,
        request: &Request<'_>,
    ) -> Result<(), CstaError> {
        self.pool.ask(step, link, Ticket { session, transaction, purpose }, request)
    }

    /// A request to the phone system has come to its end.
    pub(super) fn on_outcome(&mut self, step: &mut Step<'_>, ended: Ended<Ticket>, response: &Response<'_>) {
        let Ended { ticket, connection } = ended;
        let session = ticket.session;
        match ticket.purpose {
            Purpose::VerifyLine => self.on_line_verified(step, session, response),
            Purpose::StartWatch(watch) => {
                self.note_starting(connection, false);
                if let Response::MonitorStart { cross_reference, .. } = response {
                    self.on_watch_started(step, watch, cross_reference);
                } else {
                    self.on_watch_refused(step, watch, error_of(response));
                }
            }
            Purpose::StopWatch => self.on_watch_gone(connection),
            Purpose::CatchUp(monitor, watch) => {
                self.on_snapshot(step, (monitor, watch), connection, response);
            }
            Purpose::Service(service) => {
                self.on_served(step, ended, service, response);
            }
        }
        self.stop_more(step, connection);
    }

    /// Only a phone system that says it does not know the line keeps the user out.
    fn on_line_verified(&mut self, step: &mut Step<'_>, session: Handle<Session>, response: &Response<'_>) {
        let error = error_of(response);
        if error.means_unknown_device() {
            self.refuse_sign_in(step, session, &error);
        } else {
            self.accept_sign_in(step, session);
        }
    }

    /// What a client asked for has come to its end.
    fn on_served(
        &mut self,
        step: &mut Step<'_>,
        ended: Ended<Ticket>,
        service: &'static Service,
        response: &Response<'_>,
    ) {
        let Ended { ticket: Ticket { session, transaction, purpose: _ }, connection } = ended;
        let refused = Response::Error(CstaError::GENERIC_OPERATION);
        let mut response = response;
        if !fits(service, response) {
            if !matches!(response, Response::Error(_)) {
                step.counters.documents_discarded += 1;
                let why = "a response to another service than was asked for";
                self.pool.discard(step, connection.index(), &why);
            }
        } else if self.announces_anothers(step, session, connection, response) {
            response = &refused;
        } else {
            self.note_told(step, session, connection, response);
            self.expect_device_list(step, session, connection, response);
        }
        if service.brings_list() {
            self.device_lists.answered(connection);
        }
        if let Some(transaction) = transaction {
            self.on_service_outcome(step, (session, transaction), service, response);
        }
    }

    /// Whether a response announces as the session's own a connection that is known to be another line's.
    fn announces_anothers(
        &self,
        step: &mut Step<'_>,
        handle: Handle<Session>,
        link: ConnectionRef,
        response: &Response<'_>,
    ) -> bool {
        let Response::Relayed(relayed) = response else { return false };
        let mut devices = relayed.own_connections().filter_map(|connection| connection.device).peekable();
        if devices.peek().is_none() {
            return false;
        }
        let number = self.sessions.get(handle).map(Session::number).unwrap_or_default();
        let mut others = devices.filter(|device| {
            device.type_of_number != Some("dynamic")
                && device.id != number
                && self.watches.of_device(link, device.id).is_some()
        });
        let Some(other) = others.next() else { return false };
        let fields: &[(&str, &dyn Display)] = &[
            ("session", &handle),
            ("service", &relayed.service.root),
            ("device", &other.id),
            ("why", &"the phone system announces a connection of another line"),
        ];
        step.actions.notify(Level::Warn, "response_refused", fields);
        true
    }

    fn on_service_outcome(
        &mut self,
        step: &mut Step<'_>,
        (handle, transaction): (Handle<Session>, Handle<ServerTransaction>),
        service: &'static Service,
        response: &Response<'_>,
    ) {
        let Some(session) = self.sessions.get(handle) else {
            // RFC 3261 15.1.2: what was under way when the dialog ended.
            self.answer(step, transaction, &Reply::new(487));
            return;
        };
        if fits(service, response) {
            let link = session.connection.and_then(|connection| self.pool.at(connection.index()));
            let switch = link.map_or(0, |link| link.switch);
            let features = link.map(|link| link.features.offered_to(|| session.number())).unwrap_or_default();
            let agreed = step.config.cti.protocol_version;
            let mut view = ClientView::new(session, (switch, agreed), 0).offering(session, features);
            let relayed;
            let response = if let Response::Relayed(told) = response {
                relayed = Response::Relayed(in_agreed_edition(told, agreed));
                &relayed
            } else {
                response
            };
            let mut body = core::mem::take(&mut self.buffers.body);
            body.clear();
            emit::response(&mut body, session.namespace, response, &mut view);
            self.answer(step, transaction, &Reply::document(&body));
            self.buffers.body = body;
        } else {
            self.answer_error(step, transaction, handle, error_of(response));
        }
        if service.announces() {
            self.note_announced(step, handle);
        }
    }
}

/// Whether a positive response is one to this service.
fn fits(service: &Service, response: &Response<'_>) -> bool {
    if let Response::Relayed(relayed) = response {
        relayed.service == service
    } else {
        response.name() == service.response_root
    }
}

/// The error in a response; a response that answers something else is no answer at all.
pub(super) fn error_of(response: &Response<'_>) -> CstaError {
    if let Response::Error(error) = response { *error } else { CstaError::UNSPECIFIED }
}

impl Digest for Ticket {
    fn digest(&self, digester: &mut Digester) {
        let Self { session, transaction, purpose } = self;
        digester.value(session);
        digester.value(transaction);
        let (kind, of, service) = match purpose {
            Purpose::VerifyLine => (0, None, ""),
            Purpose::StartWatch(watch) => (1, Some(watch.number()), ""),
            Purpose::StopWatch => (2, None, ""),
            Purpose::Service(service) => (3, None, service.root),
            Purpose::CatchUp(monitor, watch) => {
                digester.value(watch);
                (4, Some(monitor.number()), "")
            }
        };
        digester.number(kind);
        digester.value(&of);
        digester.text(service);
    }
}
