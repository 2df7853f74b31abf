//! Services. Each handler writes its answer before any event it causes, or returns an error, which becomes a
//! CSTAErrorCode.
//!
//! A service is one row of [`TABLE`] and one handler.

mod calls;
mod joining;
mod system;
mod waiting;

pub(super) use system::static_device;

use ctigate_core::slots::Handle;
use ctigate_core::wire::csta::errors::CstaError;
use ctigate_core::wire::csta::model::{Request, SystemStatus};
use ctigate_core::wire::csta::services::{self as csta, COUNT, Features, named};

use super::link::Link;
use super::phones::KINDS;
use super::{Step, Switch, To};

/// Serves one request and answers it, unless it is refused.
type Handler = fn(&mut Switch, &mut Step<'_>, To, &Request<'_>) -> Result<(), CstaError>;

/// The error of a handler for a request of another service, which means that its row has the wrong name.
pub(super) const MISROUTED: CstaError = CstaError::GENERIC_OPERATION;

/// What a service is about, which determines when it is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    /// The application session itself (ECMA-354): also served outside a session. GetCSTAFeatures does not list it.
    Session,
    /// The phone system as a whole: also served while it is out of service.
    System,
    /// Phones and their calls.
    Phones,
}

/// A service.
struct Service {
    /// The name of its request's root.
    name: &'static str,
    about: About,
    handler: Handler,
}

const fn service(name: &'static str, about: About, handler: Handler) -> Service {
    Service { name, about, handler }
}

/// All services that are served. GetCSTAFeatures lists those of CSTA.
const TABLE: &[Service] = &[
    service("StartApplicationSession", About::Session, Switch::start_session),
    service("ResetApplicationSessionTimer", About::Session, Switch::reset_session),
    service("StopApplicationSession", About::Session, Switch::stop_session),
    service("GetCSTAFeatures", About::System, Switch::get_features),
    service("RequestSystemStatus", About::System, Switch::request_system_status),
    service("SystemStatus", About::System, Switch::client_status),
    service("SystemRegister", About::System, Switch::system_register),
    service("SystemRegisterCancel", About::System, Switch::system_register_cancel),
    service("MonitorStart", About::Phones, Switch::monitor_start),
    service("MonitorStop", About::Phones, Switch::monitor_stop),
    service("SnapshotDevice", About::Phones, Switch::snapshot_device),
    service("MakeCall", About::Phones, Switch::make_call),
    service("AnswerCall", About::Phones, Switch::answer_call),
    service("ClearConnection", About::Phones, Switch::clear_connection),
    service("DeflectCall", About::Phones, Switch::deflect_call),
    service("HoldCall", About::Phones, Switch::hold_call),
    service("RetrieveCall", About::Phones, Switch::retrieve_call),
    service("ConsultationCall", About::Phones, Switch::consultation_call),
    service("AlternateCall", About::Phones, Switch::alternate_call),
    service("ReconnectCall", About::Phones, Switch::reconnect_call),
    service("TransferCall", About::Phones, Switch::transfer_call),
    service("ConferenceCall", About::Phones, Switch::conference_call),
    service("SingleStepTransferCall", About::Phones, Switch::single_step_transfer),
    service("SingleStepConferenceCall", About::Phones, Switch::single_step_conference),
    service("JoinCall", About::Phones, Switch::join_call),
    service("IntrudeCall", About::Phones, Switch::intrude_call),
    service("DirectedPickupCall", About::Phones, Switch::directed_pickup),
    service("GroupPickupCall", About::Phones, Switch::group_pickup),
    service("ParkCall", About::Phones, Switch::park_call),
    service("CamponCall", About::Phones, Switch::camp_on_call),
    service("CallBack", About::Phones, Switch::call_back),
    service("CancelCallBack", About::Phones, Switch::cancel_call_back),
    service("ClearCall", About::Phones, Switch::clear_call),
    service("DialDigits", About::Phones, Switch::dial_digits),
    service("GenerateDigits", About::Phones, Switch::generate_digits),
    service("SnapshotCall", About::Phones, Switch::snapshot_call),
];

/// The roots of the events that monitors report.
pub fn events() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|kind| kind.root()).chain(["CallBackEvent"])
}

/// The services of CSTA that a client can ask for, by their requests' names.
pub fn services() -> impl Iterator<Item = &'static str> {
    TABLE.iter().filter(|service| service.about != About::Session).map(|service| service.name)
}

/// The requests of application sessions (ECMA-354), which no list of CSTA's has.
const OF_SESSIONS: [&str; 3] =
    ["StartApplicationSession", "ResetApplicationSessionTimer", "StopApplicationSession"];

/// The names of all requests, served or not.
#[expect(clippy::indexing_slicing, reason = "it is computed by the compiler, which refuses a wrong index")]
pub(super) const REQUESTS: [&str; OF_SESSIONS.len() + COUNT] = {
    let mut names = [""; OF_SESSIONS.len() + COUNT];
    let mut index = 0;
    while index < names.len() {
        let sessions = OF_SESSIONS.len();
        names[index] = if index < sessions { OF_SESSIONS[index] } else { csta::REQUESTS[index - sessions] };
        index += 1;
    }
    names
};

/// Whether a request is for a service that is not served here.
pub(super) fn is_unknown(request: &str) -> bool {
    let is_served = TABLE.iter().any(|service| service.name == request);
    !is_served && named(request).is_some()
}

/// The features for GetCSTAFeatures: exactly [`services`] and [`events`].
#[must_use]
pub fn features() -> Features {
    let services = services().fold(Features::NONE, Features::with_service);
    events().fold(services, Features::with_event)
}

impl Switch {
    /// Serves a request and answers it, unless it is refused.
    pub(super) fn serve(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        request: &Request<'_>,
    ) -> Result<(), CstaError> {
        let service = TABLE.iter().find(|service| service.name == request.name());
        // An unknown service is treated as one about phones.
        self.may_ask(step, to.0, service.map_or(About::Phones, |service| service.about))?;
        if let Some(service) = service {
            return (service.handler)(self, step, to, request);
        }
        if matches!(
            request,
            Request::SystemRegisterAbort { .. } | Request::ApplicationSessionTerminated { .. }
        ) {
            self.client_error(step, to.0, "a client sent a request that only a switch sends");
        }
        Err(CstaError::SERVICE_NOT_SUPPORTED)
    }

    /// Checks that a service may be requested now: within a session if one is required, and while the switch is in
    /// service.
    fn may_ask(&self, step: &mut Step<'_>, handle: Handle<Link>, about: About) -> Result<(), CstaError> {
        if about == About::Session {
            return Ok(());
        }
        let in_session = self.links.get(handle).and_then(Link::cti).is_some_and(|cti| cti.session.is_some());
        if self.config.session_required && !in_session {
            self.client_error(step, handle, "a service was requested outside an application session");
            return Err(CstaError::SECURITY_VIOLATION);
        }
        let out = matches!(self.status, SystemStatus::Disabled | SystemStatus::Initializing);
        if out && about != About::System { Err(CstaError::RESOURCE_OUT_OF_SERVICE) } else { Ok(()) }
    }
}
