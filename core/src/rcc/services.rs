//! Clients' CSTA requests. Every request gets exactly one answer: a response, or the most specific CSTAErrorCode.

use super::control::Control;
use super::noting::Field;
use super::relaying::Relay;
use super::session::{Carrier, Monitor, Registration, Session};
use super::ticket::{Ticket, fits};
use crate::action::Level;
use crate::cti::ConnectionRef;
use crate::line::identifier::{is_other_number, with_number};
use crate::slots::Handle;
use crate::step::{ClientRequestId, SessionId, Step};
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::{Device, Request, RequestTypes, Response, StatusFilter};
use crate::wire::csta::services::Service;
use crate::word::Word;

/// What to do with a client's request.
#[expect(clippy::large_enum_variant, reason = "it is returned, dealt with and forgotten, never stored")]
pub(crate) enum Verdict<'r> {
    /// Answer it with this response.
    Answer(Response<'r>),
    /// Refuse it with this error.
    Refuse(CstaError),
    /// Answer it with this registration's ID; events wait until shortly after that.
    Registered(Registration),
    /// Answer that this monitor is stopped; then [`Control::drop_monitor`] is due.
    Stop(Handle<Monitor>),
    /// Hold the request, for which this monitor was created; then [`Control::join`] is due.
    Monitor(Handle<Monitor>),
    /// Hold the request and ask the phone system; then [`Control::ask`] is due.
    Ask(Question<'r>),
}

/// A request to a phone system on behalf of a client.
pub(crate) struct Question<'r> {
    session: SessionId,
    /// The service.
    pub(crate) service: &'static Service,
    what: Asked<'r>,
}

#[expect(clippy::large_enum_variant, reason = "it is returned, dealt with and forgotten, never stored")]
enum Asked<'r> {
    /// A snapshot of a line, over this connection.
    Snapshot(ConnectionRef, Word),
    /// The client's request, relayed according to the service's row.
    Relay(Relay<'r>),
}

impl Asked<'_> {
    /// The identifier by which the phone system knows the line that the request acts for.
    fn line(&self) -> &str {
        match self {
            Self::Snapshot(_, line) => line,
            Self::Relay(relay) => relay.line(),
        }
    }
}

impl<C: Carrier> Control<C> {
    /// Handles a client's request.
    pub(crate) fn request<'r>(
        &mut self,
        step: &mut Step<'_>,
        session: SessionId,
        request: &'r Request<'r>,
    ) -> Verdict<'r> {
        let verdict = match *request {
            Request::GetCstaFeatures => self.features_of(session).map(Verdict::Answer),
            Request::RequestSystemStatus { .. } => {
                let status = self.status_of(session);
                Ok(Verdict::Answer(Response::RequestSystemStatus { status }))
            }
            Request::SystemRegister { types, filter } => self.register(session, types, filter),
            Request::SystemRegisterCancel { register } => self.cancel_registration(session, register),
            Request::MonitorStart { object, filter, .. } => {
                let monitor = self.prepare_monitor(step, session, object, filter.unwrap_or_default());
                monitor.map(Verdict::Monitor)
            }
            // The gateway handles MonitorStop itself, and tells the phone system if no other client needs the monitor.
            Request::MonitorStop { cross_reference } => {
                let monitor = self.monitor_named(session, cross_reference);
                monitor.map(Verdict::Stop).ok_or(CstaError::INVALID_MONITOR_CROSS_REF_ID)
            }
            // It handles ChangeMonitorFilter too, since it asks the phone system for all events.
            Request::ChangeMonitorFilter { cross_reference, filter } => {
                let monitor = self.monitor_named(session, cross_reference);
                let monitor = monitor.and_then(|monitor| self.monitors.get_mut(monitor));
                monitor.ok_or(CstaError::INVALID_MONITOR_CROSS_REF_ID).map(|monitor| {
                    monitor.filter = filter;
                    Verdict::Answer(Response::ChangeMonitorFilter { filter: Some(filter) })
                })
            }
            Request::SnapshotDevice { device } => self.snapshot(step, session, device),
            Request::Relayed(ref relayed) => self.resolve_relay(step, session, relayed).map(|relay| {
                Verdict::Ask(Question { session, service: relayed.service, what: Asked::Relay(relay) })
            }),
            Request::SystemStatus { .. }
            | Request::SystemRegisterAbort { .. }
            | Request::SnapshotData(_)
            | Request::StartApplicationSession { .. }
            | Request::ResetApplicationSessionTimer { .. }
            | Request::StopApplicationSession { .. }
            | Request::ApplicationSessionTerminated { .. }
            | Request::Other { .. } => Err(CstaError::SERVICE_NOT_SUPPORTED),
        };
        verdict.unwrap_or_else(Verdict::Refuse)
    }

    /// Returns what the gateway can do over a session's link, from the table that dispatches.
    fn features_of<'r>(&self, session: SessionId) -> Result<Response<'r>, CstaError> {
        let connection = self.link_of(session)?;
        let number = || self.sessions.get(session).map(Session::number).unwrap_or_default();
        let features = self.pool.at(connection.index()).map(|one| one.offered_to(number));
        Ok(Response::GetCstaFeatures(features.unwrap_or_default()))
    }

    fn register<'r>(
        &mut self,
        session: SessionId,
        types: RequestTypes,
        filter: Option<StatusFilter>,
    ) -> Result<Verdict<'r>, CstaError> {
        let one = self.sessions.get_mut(session).ok_or(CstaError::GENERIC_OPERATION)?;
        if !types.system_status {
            return Err(CstaError::INVALID_PARAMETER_VALUE);
        }
        if one.registration.is_some() {
            return Err(CstaError::REGISTRATION_LIMIT_EXCEEDED);
        }
        let registration =
            Registration { id: one.reference(u32::MAX, 0), filter: filter.unwrap_or_default() };
        one.registration = Some(registration);
        Ok(Verdict::Registered(registration))
    }

    fn cancel_registration<'r>(
        &mut self,
        session: SessionId,
        register: &str,
    ) -> Result<Verdict<'r>, CstaError> {
        let one = self.sessions.get_mut(session).ok_or(CstaError::GENERIC_OPERATION)?;
        if one.registration.is_none_or(|registration| !registration.id.is_named(register)) {
            return Err(CstaError::INVALID_PARAMETER_VALUE);
        }
        one.registration = None;
        Ok(Verdict::Answer(Response::SystemRegisterCancel))
    }

    fn snapshot<'r>(
        &mut self,
        step: &Step<'_>,
        session: SessionId,
        device: Device<'_>,
    ) -> Result<Verdict<'r>, CstaError> {
        let number = self.line_named(step, session, device)?;
        let (link, service) = self.link_for(session, "SnapshotDevice", &number)?;
        Ok(Verdict::Ask(Question { session, service, what: Asked::Snapshot(link, number) }))
    }

    /// Asks the phone system on behalf of a client, whose request is held until the answer.
    ///
    /// # Errors
    /// The CSTAErrorCode to answer if the phone system cannot be asked; nothing has changed then.
    pub(crate) fn ask(
        &mut self,
        step: &mut Step<'_>,
        request: ClientRequestId,
        question: &Question<'_>,
    ) -> Result<(), CstaError> {
        let Question { session, service, ref what } = *question;
        let number = what.line();
        let is_for_other = self.sessions.get(session).is_some_and(|one| one.number() != number);
        let ticket = Ticket::Service { session, request, service, is_for_other };
        let link = match what {
            Asked::Snapshot(link, number) => {
                let device = Device { id: number, type_of_number: None };
                self.pool.ask(step, *link, ticket, &Request::SnapshotDevice { device })?;
                *link
            }
            Asked::Relay(relay) => {
                self.ask_relay(step, relay, ticket)?;
                relay.link()
            }
        };
        if service.brings_list() {
            self.device_lists.ask(link);
        }
        Ok(())
    }

    /// Handles the end of a request made for a client. Returns the error to send in place of a response that must not
    /// reach the client.
    pub(super) fn on_served(
        &mut self,
        step: &mut Step<'_>,
        connection: ConnectionRef,
        (session, service, is_for_other): (SessionId, &'static Service, bool),
        response: &Response<'_>,
    ) -> Option<CstaError> {
        if !fits(service, response) {
            if !matches!(response, Response::Error(_)) {
                step.counters.documents_discarded += 1;
                let why = "a response to another service than was asked for";
                self.pool.discard(step, connection.index(), &why);
            }
            return None;
        }
        if self.names_foreign_connection(step, session, connection, response) {
            return Some(CstaError::GENERIC_OPERATION);
        }
        let line = if is_for_other {
            self.line_told(step, session, response)
        } else {
            Some(self.number_of(session))
        };
        if let Some(line) = line {
            let overtaken = self.sessions.get(session).is_some_and(|one| one.carrier.may_be_overtaken());
            self.note_told(step, (session, &line, overtaken), connection, response);
            self.compare_response(step, (connection, &line), response);
        }
        self.expect_device_list(session, connection, response);
        None
    }

    /// Whether a response names as the session's own a connection that is known to belong to another line.
    fn names_foreign_connection(
        &self,
        step: &mut Step<'_>,
        handle: SessionId,
        link: ConnectionRef,
        response: &Response<'_>,
    ) -> bool {
        let Response::Relayed(relayed) = response else { return false };
        let mut devices = relayed.own_connections().filter_map(|connection| connection.device).peekable();
        if devices.peek().is_none() {
            return false;
        }
        let number = self.sessions.get(handle).map(Session::number).unwrap_or_default();
        let is_monitored = |other: &str| self.switch_monitors.of_device(link, other).is_some();
        let others = devices.filter(|device| {
            is_other_number(*device, number) && with_number(*device, is_monitored) == Some(true)
        });
        let mut others = others.filter(|device| self.line_of_user(step, handle, device.id).is_none());
        let Some(other) = others.next() else { return false };
        let fields: &[Field<'_>] = &[
            ("cti", &self.cti_name(link)),
            ("service", &relayed.service.root),
            ("device", &other.id),
            ("why", &"the phone system announces a connection of another line"),
        ];
        self.note_session(step, (Level::Warn, "response_refused"), handle, fields);
        true
    }
}
