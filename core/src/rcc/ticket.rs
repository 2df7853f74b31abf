//! The context of a request to a phone system: given to the pool with the request, and returned with the answer.

use super::session::Monitor;
use super::switch_monitor::SwitchMonitor;
use crate::slots::Handle;
use crate::step::{ClientRequestId, SessionId};
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::Response;
use crate::wire::csta::services::Service;

/// The purpose of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ticket {
    /// To check that the phone system knows a line, while a user signs in.
    VerifyLine(SessionId),
    /// To start a switch monitor.
    StartMonitor(Handle<SwitchMonitor>),
    /// To stop a switch monitor.
    StopMonitor,
    /// To get a snapshot for a monitor whose client is out of date, and which this switch monitor feeds; the number of
    /// the request.
    Resync(Handle<Monitor>, Handle<SwitchMonitor>, u64),
    /// To learn who is in a call of this switch monitor's line; the number of the request.
    Parties(Handle<SwitchMonitor>, u64),
    /// A request of a client.
    Service {
        /// The client's session.
        session: SessionId,
        /// The client's request.
        request: ClientRequestId,
        /// The service it asked for.
        service: &'static Service,
        /// Whether it is for another line than the session's.
        is_for_other: bool,
    },
}

crate::digest! { enum Ticket {
    VerifyLine(session) = 0,
    StartMonitor(switch_monitor) = 1,
    StopMonitor = 2,
    Service { session, request, service => service.root, is_for_other } = 3,
    Resync(monitor, switch_monitor, number) = 4,
    Parties(switch_monitor, number) = 5,
} }

/// Whether a positive response belongs to this service.
pub(crate) fn fits(service: &Service, response: &Response<'_>) -> bool {
    if let Response::Relayed(relayed) = response {
        relayed.service == service
    } else {
        response.name() == service.response_root
    }
}

/// Returns the error in a response. A response to something else counts as an unspecified error.
pub(super) fn error_of(response: &Response<'_>) -> CstaError {
    if let Response::Error(error) = response { *error } else { CstaError::UNSPECIFIED }
}
