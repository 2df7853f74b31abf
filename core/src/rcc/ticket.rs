//! What belongs to a request that a phone system was asked: given to the pool with it, and back with the answer.

use super::session::Monitor;
use super::switch_monitor::SwitchMonitor;
use crate::slots::Handle;
use crate::step::{ClientRequestId, SessionId};
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::Response;
use crate::wire::csta::services::Service;

/// What the phone system was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ticket {
    /// Whether it knows a line, while a user signs in.
    VerifyLine(SessionId),
    /// A switch monitor to be started.
    StartMonitor(Handle<SwitchMonitor>),
    /// A switch monitor to be stopped.
    StopMonitor,
    /// Which calls there are, for a monitor whose client is behind, and which this switch monitor feeds.
    Resync(Handle<Monitor>, Handle<SwitchMonitor>),
    /// What a client asked for.
    Service {
        /// Whose client.
        session: SessionId,
        /// Its request.
        request: ClientRequestId,
        /// The service.
        service: &'static Service,
    },
}

crate::digest! { enum Ticket {
    VerifyLine(session) = 0,
    StartMonitor(switch_monitor) = 1,
    StopMonitor = 2,
    Service { session, request, service => service.root } = 3,
    Resync(monitor, switch_monitor) = 4,
} }

/// Whether a positive response is one to this service.
pub(crate) fn fits(service: &Service, response: &Response<'_>) -> bool {
    if let Response::Relayed(relayed) = response {
        relayed.service == service
    } else {
        response.name() == service.response_root
    }
}

/// The error in a response; a response that answers something else is no answer at all.
pub(crate) fn error_of(response: &Response<'_>) -> CstaError {
    if let Response::Error(error) = response { *error } else { CstaError::UNSPECIFIED }
}
