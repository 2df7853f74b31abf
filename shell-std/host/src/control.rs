//! The control socket: one line in, an answer out, and that was it.
//!
//! The answer's first line is `ok`, or `failed` and why; text may follow. Everything is bounded in size and time, so
//! that who sends nonsense, or nothing, or does not read, harms nobody.

use core::time::Duration;

mod client;
mod server;
mod socket;
mod status;

pub(crate) use client::ask;
pub(crate) use server::Server;
pub(crate) use socket::ControlSocket;

/// How long one side waits for the other, all in all.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest request.
const REQUEST_BYTES: usize = 64;
/// The longest answer.
const ANSWER_BYTES: usize = 256 * 1024;

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// How the gateway is doing, as tables.
    Status,
    /// The same as JSON.
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
