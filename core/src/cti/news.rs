//! News of the pool: the value that each call returns, one per cause. It borrows from the reader and the bytes that
//! were read, never from the pool.

use super::ConnectionRef;
use crate::wire::csta::model::{Event, Response, SystemStatus};
use crate::wire::csta::relayed::Relayed;

/// A request that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended<T> {
    /// The ticket that was given with it.
    pub(crate) ticket: T,
    /// The connection it went over.
    pub(crate) connection: ConnectionRef,
}

/// News of the pool.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is returned, dealt with and forgotten, never stored")]
#[must_use]
pub(crate) enum News<'d, T> {
    /// Nothing that concerns other parts.
    Nothing,
    /// The connection at this index is dialled again; everything received over it before is void.
    Dialled(u8),
    /// A connection came into service.
    InService(ConnectionRef),
    /// A connection that was in service is of no more use. The requests under way over it are still there.
    Lost(ConnectionRef),
    /// A connection answered its heartbeat.
    Alive(ConnectionRef),
    /// A request was answered. An unusable answer is given as an error.
    Answer(Ended<T>, Response<'d>),
    /// An event arrived.
    Event {
        /// The connection it came over.
        connection: ConnectionRef,
        /// The event.
        event: Event<'d>,
        /// The CSTA document that it came in; `None` where the link speaks something else.
        document: Option<&'d [u8]>,
    },
    /// A message arrived that an earlier response announced.
    Told {
        /// The connection it came over.
        connection: ConnectionRef,
        /// The message, which is a request of the phone system.
        request: Relayed<'d>,
        /// The CSTA document that it came in; `None` where the link speaks something else.
        document: Option<&'d [u8]>,
    },
    /// The phone system stopped a monitor by itself.
    MonitorStopped {
        /// The connection it came over.
        connection: ConnectionRef,
        /// The monitor's name at the phone system.
        cross_reference: &'d str,
        /// The CSTA document that it came in; `None` where the link speaks something else.
        document: Option<&'d [u8]>,
    },
    /// The phone system answered a MonitorStart that was given up, and was asked to stop the monitor.
    LateMonitor {
        /// The connection it came over.
        connection: ConnectionRef,
        /// The monitor's name at the phone system.
        cross_reference: &'d str,
    },
    /// The phone system reported its status and remains in service.
    Status {
        /// The connection it came over.
        connection: ConnectionRef,
        /// The status.
        status: SystemStatus,
    },
}
