//! Requests inside a dialog beside refreshes: BYE, INFO; and OPTIONS, wherever it comes.

use core::fmt::Display;

use super::overload::Why;
use super::overload::overload;
use super::rebind::rebinds;
use super::receive::{ALLOW, Received, Refusal};
use super::respond::Reply;
use super::{Gateway, Step};
use crate::action::Level;
use crate::rcc::session::{Phase, Session};
use crate::slots::Handle;
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::Message as Csta;
use crate::wire::sip::Method;
use crate::wire::sip::media::CSTA_XML;

impl Gateway {
    pub(super) fn on_in_dialog(
        &mut self,
        step: &mut Step<'_>,
        received: &Received<'_>,
        handle: Handle<Session>,
    ) {
        if received.method == Method::Bye {
            self.on_bye(step, received, handle);
            return;
        }
        if received.method == Method::Invite {
            self.on_reinvite(step, received, handle);
            return;
        }
        // S8: the connection the session began with was replaced; the client is to INVITE anew.
        let connection = self.sessions.get(handle).and_then(|session| session.connection);
        if rebinds(step.config) {
            if self.link_of(handle).is_err() {
                self.rebind_session(step, handle);
            }
        } else if connection.is_some_and(|connection| self.pool.is_replaced(connection)) {
            self.refuse_stale(step, received, handle);
            return;
        }
        // Client quirk 8: events go where the answer to the client's last request goes.
        if let Some(session) = self.sessions.get_mut(handle) {
            session.dialog.flow = received.answer_flow;
        }
        if received.method == Method::Update {
            self.on_update(step, received, handle);
            return;
        }
        if connection.is_none() {
            self.renew_connection(step, handle);
        }
        self.on_info(step, received, handle);
    }

    /// BYE (RFC 3261 15.1.2). What the client asked before and was not answered yet gets 487 when its answer comes.
    fn on_bye(&mut self, step: &mut Step<'_>, received: &Received<'_>, handle: Handle<Session>) {
        self.reply(step, received, &Reply::new(200));
        if let Some(Phase::SigningIn { invite }) = self.sessions.get(handle).map(|session| session.phase) {
            self.answer(step, invite, &Reply::new(487));
        }
        self.end_session(step, handle, "BYE");
    }

    /// INFO in its legacy use (client quirk 11): a CSTA request, or nothing at all.
    fn on_info(&mut self, step: &mut Step<'_>, received: &Received<'_>, handle: Handle<Session>) {
        let message = received.message;
        if message.body.is_empty() {
            self.reply(step, received, &Reply::new(200));
            return;
        }
        let Some(document) = self.read_document(step, received) else { return };
        if let (Some(session), Some(namespace)) = (self.sessions.get_mut(handle), document.namespace()) {
            session.namespace = namespace;
        }
        match document.message() {
            Ok(Csta::Request(request)) => self.serve(step, received, handle, &request),
            Ok(Csta::Response(_) | Csta::Event(_)) => {
                self.refuse(step, received, &Refusal::new(400, "A CSTA request was expected"));
            }
            Err(misshapen) => {
                let error = if self.offers(handle, document.name()) {
                    misshapen.error
                } else {
                    CstaError::SERVICE_NOT_SUPPORTED
                };
                let fields: &[(&str, &dyn Display)] = &[("session", &handle), ("why", &misshapen)];
                step.actions.notify(Level::Info, "service_refused", fields);
                self.reply_error(step, received, handle, error);
            }
        }
    }

    /// OPTIONS: a load balancer's probe, or a client's question (RFC 3261 11).
    pub(super) fn on_options(&mut self, step: &mut Step<'_>, received: &Received<'_>) {
        if received.in_dialog && received.session.is_none() {
            self.refuse(step, received, &Refusal::new(481, ""));
            return;
        }
        let headers: &[(&str, &dyn Display)] = &[
            ("Allow", &ALLOW),
            ("Accept", &CSTA_XML),
            ("Supported", &"timer"),
            ("Accept-Encoding", &"identity"),
        ];
        if self.takes_sessions() || received.in_dialog {
            self.reply(step, received, &Reply { more: headers, ..Reply::new(200) });
            return;
        }
        // Load balancers ask often: it is not logged each time.
        let (status, seconds) = overload(step, Why::Leaving);
        let retry: &[(&str, &dyn Display)] = &[("Retry-After", &seconds)];
        self.reply(step, received, &Reply { more: retry, ..Reply::new(status) });
    }
}
