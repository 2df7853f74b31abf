//! The control socket. Each conversation is one line in and one answer out.
//!
//! The first line of an answer is `ok`, or `failed` with the reason; text may follow. Everything is bounded in size and
//! time, so that a client that sends garbage, sends nothing or does not read does no harm.

use core::time::Duration;

mod client;
mod server;
mod socket;
mod status;

pub(crate) use client::ask;
pub(crate) use server::Server;
pub(crate) use socket::ControlSocket;

/// How long one side waits for the other, in total.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest request, in bytes.
const REQUEST_BYTES: usize = 64;
/// The longest answer, in bytes.
const ANSWER_BYTES: usize = 256 * 1024;

/// A request over the control socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// The gateway's status as tables.
    Status,
    /// The gateway's status as JSON.
    StatusJson,
    /// See [`ctigate_core::Command::Drain`].
    Drain,
    /// See [`ctigate_core::Command::Stop`].
    Stop,
}

impl Request {
    const ALL: [Self; 4] = [Self::Status, Self::StatusJson, Self::Drain, Self::Stop];

    /// The request as a line, without its end.
    const fn line(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::StatusJson => "status json",
            Self::Drain => "drain",
            Self::Stop => "stop",
        }
    }
}
