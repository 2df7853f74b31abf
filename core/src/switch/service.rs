//! Services: what a client asks, and the answer. Each answers in its own time, before any event it causes; what cannot
//! be done is an error that becomes a CSTAErrorCode.

mod calls;
mod system;

pub(super) use system::static_device;

use super::link::Link;
use super::{Step, Switch};
use crate::slots::Handle;
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::{CallEventKind, Request, SystemStatus};
use crate::wire::csta::services::Features;

/// The services of CSTA that a client can ask for: what GetCSTAFeatures says and what is served.
pub const SERVICES: &[&str] = &[
    "GetCSTAFeatures",
    "RequestSystemStatus",
    "SystemStatus",
    "SystemRegister",
    "SystemRegisterCancel",
    "MonitorStart",
    "MonitorStop",
    "SnapshotDevice",
    "MakeCall",
    "AnswerCall",
    "ClearConnection",
    "HoldCall",
    "RetrieveCall",
];

/// The events that monitors report.
pub const EVENTS: &[CallEventKind] = CallEventKind::ALL;

/// What GetCSTAFeatures says: [`SERVICES`] and [`EVENTS`], no more and no less.
#[must_use]
pub fn features() -> Features {
    let services = SERVICES.iter().fold(Features::NONE, |set, service| set.with_service(service));
    EVENTS.iter().fold(services, |set, event| set.with_event(event.word()))
}

impl Switch {
    /// Serves a request and answers it, unless it is refused.
    pub(super) fn serve(
        &mut self,
        step: &mut Step<'_>,
        to: (Handle<Link>, u16),
        request: &Request<'_>,
    ) -> Result<(), CstaError> {
        match *request {
            Request::StartApplicationSession { application, protocol_version, duration } => {
                return self.start_session(step, to, application, protocol_version, duration);
            }
            Request::ResetApplicationSessionTimer { session, duration } => {
                return self.reset_session(step, to, session, duration);
            }
            Request::StopApplicationSession { session, reason } => {
                return self.stop_session(step, to, session, reason);
            }
            Request::RequestSystemStatus { .. }
            | Request::SystemStatus { .. }
            | Request::SystemRegister { .. }
            | Request::SystemRegisterCancel { .. }
            | Request::SystemRegisterAbort { .. }
            | Request::GetCstaFeatures
            | Request::MonitorStart { .. }
            | Request::MonitorStop { .. }
            | Request::SnapshotDevice { .. }
            | Request::MakeCall { .. }
            | Request::AnswerCall { .. }
            | Request::ClearConnection { .. }
            | Request::HoldCall { .. }
            | Request::RetrieveCall { .. }
            | Request::ApplicationSessionTerminated { .. }
            | Request::Other { .. } => {}
        }
        self.may_ask(step, to.0, request)?;
        match *request {
            Request::RequestSystemStatus { .. } => self.request_system_status(step, to),
            Request::SystemStatus { status, .. } => self.client_status(step, to, status),
            Request::SystemRegister { types, filter } => self.system_register(step, to, types, filter)?,
            Request::SystemRegisterCancel { register } => self.system_register_cancel(step, to, register)?,
            Request::GetCstaFeatures => self.get_features(step, to),
            Request::MonitorStart { object, filter, kind } => {
                self.monitor_start(step, to, object, filter, kind)?;
            }
            Request::MonitorStop { cross_reference } => self.monitor_stop(step, to, cross_reference)?,
            Request::SnapshotDevice { device } => self.snapshot_device(step, to, device)?,
            Request::MakeCall { calling, called, auto_originate } => {
                self.make_call(step, to, calling, called, auto_originate)?;
            }
            Request::AnswerCall { connection } => self.answer_call(step, to, &connection)?,
            Request::ClearConnection { connection } => self.clear_connection(step, to, &connection)?,
            Request::HoldCall { connection } => self.hold_call(step, to, &connection)?,
            Request::RetrieveCall { connection } => self.retrieve_call(step, to, &connection)?,
            // These are a switch's own to send.
            Request::SystemRegisterAbort { .. } | Request::ApplicationSessionTerminated { .. } => {
                self.client_error(step, to.0, "a client asks for what only a switch sends");
                return Err(CstaError::SERVICE_NOT_SUPPORTED);
            }
            Request::StartApplicationSession { .. }
            | Request::ResetApplicationSessionTimer { .. }
            | Request::StopApplicationSession { .. }
            | Request::Other { .. } => return Err(CstaError::SERVICE_NOT_SUPPORTED),
        }
        Ok(())
    }

    /// Whether services are served at all: within a session where one is needed, and while the switch is in service.
    fn may_ask(
        &self,
        step: &mut Step<'_>,
        handle: Handle<Link>,
        request: &Request<'_>,
    ) -> Result<(), CstaError> {
        let in_session = self.links.get(handle).and_then(Link::cti).is_some_and(|cti| cti.session.is_some());
        if self.config.session_required && !in_session {
            self.client_error(step, handle, "a service is asked for outside an application session");
            return Err(CstaError::SECURITY_VIOLATION);
        }
        let about_system = matches!(
            request,
            Request::RequestSystemStatus { .. }
                | Request::SystemStatus { .. }
                | Request::SystemRegister { .. }
                | Request::SystemRegisterCancel { .. }
                | Request::GetCstaFeatures
        );
        let out = matches!(self.status, SystemStatus::Disabled | SystemStatus::Initializing);
        if out && !about_system { Err(CstaError::RESOURCE_OUT_OF_SERVICE) } else { Ok(()) }
    }
}
