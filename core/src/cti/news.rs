//! What the pool has to say to whoever drives it: one cause, one news, as the value that a call returns. It borrows
//! from the reader and the bytes that were read, never from the pool.

use super::ConnectionRef;
use crate::wire::csta::model::{Event, Response, SystemStatus};
use crate::wire::csta::relayed::Relayed;

/// A request that has come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended<T> {
    /// What its asker gave with it.
    pub(crate) ticket: T,
    /// The connection it went over.
    pub(crate) connection: ConnectionRef,
}

/// What happened.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is returned, dealt with and forgotten, never stored")]
#[must_use]
pub(crate) enum News<'d, T> {
    /// Nothing that concerns anybody else.
    Nothing,
    /// The connection at this index is dialled anew: all that came over it before is void.
    Dialled(u8),
    /// A connection came into service.
    InService(ConnectionRef),
    /// A connection that was in service is of no more use. The requests under way over it are still there.
    Lost(ConnectionRef),
    /// A connection answered its heartbeat.
    Alive(ConnectionRef),
    /// A request was answered; an answer that is of no use is an error.
    Answer(Ended<T>, Response<'d>),
    /// An event came.
    Event {
        /// Over which connection.
        connection: ConnectionRef,
        /// The event.
        event: Event<'d>,
        /// The CSTA document that it came in; `None` where the link speaks something else.
        document: Option<&'d [u8]>,
    },
    /// What a response announced came.
    Told {
        /// Over which connection.
        connection: ConnectionRef,
        /// The request that brings it.
        request: Relayed<'d>,
        /// The CSTA document that it came in; `None` where the link speaks something else.
        document: Option<&'d [u8]>,
    },
    /// The phone system stopped a monitor by itself.
    MonitorStopped {
        /// Over which connection.
        connection: ConnectionRef,
        /// The monitor's name at the phone system.
        cross_reference: &'d str,
        /// The CSTA document that it came in; `None` where the link speaks something else.
        document: Option<&'d [u8]>,
    },
    /// The phone system started a monitor that nobody waits for any more, and is asked to stop it.
    LateMonitor {
        /// Over which connection.
        connection: ConnectionRef,
        /// The monitor's name at the phone system.
        cross_reference: &'d str,
    },
    /// The phone system says how it is, and goes on serving.
    Status {
        /// Over which connection.
        connection: ConnectionRef,
        /// How it is.
        status: SystemStatus,
    },
}
