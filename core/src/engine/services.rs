//! What a client asks for by CSTA. Every request gets exactly one answer: a response, or the most telling CSTAErrorCode.

use alloc::boxed::Box;
use core::fmt::Display;

use super::outcome::Purpose;
use super::receive::Received;
use super::respond::Reply;
use super::{Gateway, Step};
use crate::action::Level;
use crate::cti::ConnectionRef;
use crate::digest::Digester;
use crate::rcc::device::number_of;
use crate::rcc::session::{Registration, ServerTransaction, Session};
use crate::rcc::view::{read_hexadecimal, write_hexadecimal};
use crate::slots::Handle;
use crate::wire::csta::emit::{self, Verbatim};
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::{Device, Request, RequestTypes, Response, StatusFilter};
use crate::wire::csta::services::{self, Served, Service};

impl Gateway {
    /// Serves one CSTA request of a client.
    pub(super) fn serve(
        &mut self,
        step: &mut Step<'_>,
        received: &Received<'_>,
        handle: Handle<Session>,
        request: &Request<'_>,
    ) {
        match *request {
            Request::GetCstaFeatures => self.serve_features(step, received, handle),
            Request::RequestSystemStatus { .. } => {
                let status = self.status_of(handle);
                self.reply_response(step, received, handle, &Response::RequestSystemStatus { status });
            }
            Request::SystemRegister { types, filter } => {
                self.serve_register(step, received, handle, types, filter);
            }
            Request::SystemRegisterCancel { register } => {
                self.serve_register_cancel(step, received, handle, register);
            }
            Request::MonitorStart { object, filter, .. } => {
                self.serve_monitor_start(step, received, handle, object, filter.unwrap_or_default());
            }
            Request::MonitorStop { cross_reference } => {
                self.serve_monitor_stop(step, received, handle, cross_reference);
            }
            Request::ChangeMonitorFilter { cross_reference, filter } => {
                self.serve_change_filter(step, received, handle, (cross_reference, filter));
            }
            Request::SnapshotDevice { device } => self.serve_snapshot(step, received, handle, device),
            Request::Relayed(ref relayed) => self.relay(step, received, handle, relayed),
            Request::SystemStatus { .. }
            | Request::SystemRegisterAbort { .. }
            | Request::SnapshotData(_)
            | Request::StartApplicationSession { .. }
            | Request::ResetApplicationSessionTimer { .. }
            | Request::StopApplicationSession { .. }
            | Request::ApplicationSessionTerminated { .. }
            | Request::Other { .. } => {
                self.reply_error(step, received, handle, CstaError::SERVICE_NOT_SUPPORTED);
            }
        }
    }

    /// What this gateway can do over this session's link: made from the table that dispatches.
    fn serve_features(&mut self, step: &mut Step<'_>, received: &Received<'_>, handle: Handle<Session>) {
        match self.link_of(handle) {
            Ok(connection) => {
                let number = || self.sessions.get(handle).map(Session::number).unwrap_or_default();
                let features = self.pool.at(connection.index()).map(|one| one.features.offered_to(number));
                let response = Response::GetCstaFeatures(features.unwrap_or_default());
                self.reply_response(step, received, handle, &response);
            }
            Err(error) => self.reply_error(step, received, handle, error),
        }
    }

    fn serve_register(
        &mut self,
        step: &mut Step<'_>,
        received: &Received<'_>,
        handle: Handle<Session>,
        types: RequestTypes,
        filter: Option<StatusFilter>,
    ) {
        let Some(session) = self.sessions.get_mut(handle) else { return };
        if !types.system_status {
            self.reply_error(step, received, handle, CstaError::INVALID_PARAMETER_VALUE);
            return;
        }
        if session.registration.is_some() {
            self.reply_error(step, received, handle, CstaError::REGISTRATION_LIMIT_EXCEEDED);
            return;
        }
        let id = reference(session.dialog.local_tag(), u32::MAX);
        let filter = filter.unwrap_or_default();
        session.registration = Some(Registration { id, filter });
        let mut register = alloc::vec::Vec::new();
        write_hexadecimal(id, &mut register);
        let register = core::str::from_utf8(&register).unwrap_or_default();
        let response = Response::SystemRegister { register, filter: Some(filter) };
        self.reply_response(step, received, handle, &response);
        let quiet_until = step.now + step.config.sip.event_delay;
        if let Some(session) = self.sessions.get_mut(handle) {
            session.outbox.keep_quiet(quiet_until);
        }
    }

    fn serve_register_cancel(
        &mut self,
        step: &mut Step<'_>,
        received: &Received<'_>,
        handle: Handle<Session>,
        register: &str,
    ) {
        let Some(session) = self.sessions.get_mut(handle) else { return };
        let named = read_hexadecimal(register);
        if session.registration.is_some_and(|registration| Some(registration.id) == named) {
            session.registration = None;
            self.reply_response(step, received, handle, &Response::SystemRegisterCancel);
        } else {
            self.reply_error(step, received, handle, CstaError::INVALID_PARAMETER_VALUE);
        }
    }

    fn serve_snapshot(
        &mut self,
        step: &mut Step<'_>,
        received: &Received<'_>,
        handle: Handle<Session>,
        device: Device<'_>,
    ) {
        if !self.is_own_line(step, handle, device) {
            self.reply_error(step, received, handle, CstaError::PRIVILEGE_VIOLATION_SPECIFIED_DEVICE);
            return;
        }
        let number = self.number_of(handle);
        let request = Request::SnapshotDevice { device: Device { id: &number, type_of_number: None } };
        match self.link_for(handle, "SnapshotDevice") {
            Ok((link, service)) => self.pass_on(step, received, handle, (link, service), &request),
            Err(error) => self.reply_error(step, received, handle, error),
        }
    }

    /// Asks the phone system; its answer will be the client's.
    pub(super) fn pass_on(
        &mut self,
        step: &mut Step<'_>,
        received: &Received<'_>,
        handle: Handle<Session>,
        (link, service): (ConnectionRef, &'static Service),
        request: &Request<'_>,
    ) {
        let Some(transaction) = self.hold(step, received, handle) else { return };
        let purpose = Purpose::Service(service);
        if let Err(error) = self.ask(step, link, handle, Some(transaction), purpose, request) {
            self.answer_error(step, transaction, handle, error);
            return;
        }
        if service.brings_list() {
            self.device_lists.ask(link);
        }
        if let Some(session) = self.sessions.get_mut(handle).filter(|_| service.announces()) {
            session.outbox.announce();
        }
    }

    /// The session's connection, if it is in service and its phone system does the service named `root` for the line.
    pub(super) fn link_for(
        &self,
        handle: Handle<Session>,
        root: &str,
    ) -> Result<(ConnectionRef, &'static Service), CstaError> {
        let service = services::named(root).ok_or(CstaError::SERVICE_NOT_SUPPORTED)?;
        let number = self.sessions.get(handle).map(Session::number).unwrap_or_default();
        Ok((self.link_with(handle, number, service)?, service))
    }

    /// The same for a service and a line that the phone system knows as `number`.
    pub(super) fn link_with(
        &self,
        handle: Handle<Session>,
        number: &str,
        service: &'static Service,
    ) -> Result<ConnectionRef, CstaError> {
        let link = self.link_of(handle)?;
        let can = self.pool.at(link.index()).is_some_and(|one| one.features.of(number).has(service));
        if can { Ok(link) } else { Err(CstaError::SERVICE_NOT_SUPPORTED) }
    }

    /// Whether the edition that a session's client speaks has a service.
    pub(super) fn speaks(&self, handle: Handle<Session>, service: &Service) -> bool {
        self.sessions.get(handle).is_some_and(|session| session.namespace.edition() >= service.since)
    }

    /// Whether a client may ask for the service named `root` now.
    pub(super) fn offers(&self, handle: Handle<Session>, root: &str) -> bool {
        services::named(root).is_some_and(|service| match service.served {
            Served::Here => true,
            Served::ByLink | Served::Relayed if !self.speaks(handle, service) => false,
            Served::ByLink | Served::Relayed => {
                self.link_with(handle, &self.number_of(handle), service)
                    != Err(CstaError::SERVICE_NOT_SUPPORTED)
            }
            Served::Told | Served::Nowhere => false,
        })
    }

    /// The session's connection, if it is in service (S6: requests are returned at once while it is not).
    pub(super) fn link_of(&self, handle: Handle<Session>) -> Result<ConnectionRef, CstaError> {
        let connection = self.sessions.get(handle).and_then(|session| session.connection);
        connection
            .filter(|connection| self.pool.in_service(*connection).is_some())
            .ok_or(CstaError::NETWORK_OUT_OF_SERVICE)
    }

    /// The number the phone system knows the session's line by.
    pub(super) fn number_of(&self, handle: Handle<Session>) -> Box<str> {
        self.sessions.get(handle).map(|session| Box::from(session.number())).unwrap_or_default()
    }

    /// Whether a device is the session's line, in any form clients send it (L5). A session that named no line when
    /// it signed in takes the first device it names.
    pub(super) fn is_own_line(
        &mut self,
        step: &Step<'_>,
        handle: Handle<Session>,
        device: Device<'_>,
    ) -> bool {
        let (Some(session), Some(number)) = (self.sessions.get(handle), number_of(device.id)) else {
            return false;
        };
        if !session.line().is_empty() {
            return session.number() == number;
        }
        if device.id.len() > step.config.limits.dialog_bytes {
            return false;
        }
        if let Some(session) = self.sessions.get_mut(handle) {
            session.dialog.set_line(device.id);
        }
        true
    }

    /// Answers at once with a CSTA response of the gateway's own.
    pub(super) fn reply_response(
        &mut self,
        step: &mut Step<'_>,
        received: &Received<'_>,
        handle: Handle<Session>,
        response: &Response<'_>,
    ) {
        let Some(namespace) = self.sessions.get(handle).map(|session| session.namespace) else { return };
        let mut body = core::mem::take(&mut self.buffers.body);
        body.clear();
        emit::response(&mut body, namespace, response, &mut Verbatim);
        self.reply(step, received, &Reply::document(&body));
        self.buffers.body = body;
    }

    /// Answers at once with a CSTAErrorCode.
    pub(super) fn reply_error(
        &mut self,
        step: &mut Step<'_>,
        received: &Received<'_>,
        handle: Handle<Session>,
        error: CstaError,
    ) {
        self.note_error(step, handle, error);
        self.reply_response(step, received, handle, &Response::Error(error));
    }

    /// Answers a held request with a CSTAErrorCode.
    pub(super) fn answer_error(
        &mut self,
        step: &mut Step<'_>,
        transaction: Handle<ServerTransaction>,
        handle: Handle<Session>,
        error: CstaError,
    ) {
        self.note_error(step, handle, error);
        let namespace = self.sessions.get(handle).map(|session| session.namespace).unwrap_or_default();
        let mut body = core::mem::take(&mut self.buffers.body);
        body.clear();
        emit::response(&mut body, namespace, &Response::Error(error), &mut Verbatim);
        self.answer(step, transaction, &Reply::document(&body));
        self.buffers.body = body;
    }

    fn note_error(&self, step: &mut Step<'_>, handle: Handle<Session>, error: CstaError) {
        let user = self.sessions.get(handle).map(Session::user).unwrap_or_default();
        let fields: &[(&str, &dyn Display)] = &[("session", &handle), ("user", &user), ("error", &error)];
        step.actions.notify(Level::Info, "service_failed", fields);
    }
}

/// The identifier number `count` of a dialog: a function of our tag and the count alone, so that another node that
/// takes the dialog over arrives at the same (S10).
pub(super) fn reference(local_tag: &str, count: u32) -> u32 {
    let mut digester = Digester::new();
    digester.text(local_tag);
    digester.number(u64::from(count));
    u32::try_from(digester.finish() >> 32).unwrap_or(0)
}
