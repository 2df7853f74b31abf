//! The control socket. Each conversation is one line in and one answer out.
//!
//! The first line of an answer is `ok`, or `failed` with the reason; text may follow. Everything is bounded in size and
//! time, so that a client that sends garbage, sends nothing or does not read does no harm.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use ctigate_core::Level;

use crate::shell::Speaker;

mod client;
mod server;
mod socket;
mod status;

pub(crate) use client::ask;
pub(crate) use server::Server;
pub(crate) use socket::ControlSocket;

/// How long one side waits for the other, in total.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the answer to a reload may take.
const RELOAD_PATIENCE: Duration = Duration::from_secs(120);
/// Reads the configuration again for a running machine, and has it change to that; returns what changed, for people.
/// Why it did not is the error.
pub(crate) type Reloading = Arc<dyn Fn(&Speaker) -> Result<String, String> + Send + Sync>;
/// The longest request, in bytes: one with the name of a connection.
const REQUEST_BYTES: usize = 512;
/// The longest answer, in bytes.
const ANSWER_BYTES: usize = 256 * 1024;

/// A request over the control socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// The gateway's status as tables.
    Status,
    /// The gateway's status as JSON.
    StatusJson,
    /// See [`ctigate_core::Command::Drain`].
    Drain,
    /// See [`ctigate_core::Command::Undrain`].
    Undrain,
    /// See [`ctigate_core::Command::Stop`].
    Stop,
    /// Read the configuration again, and change to it.
    Reload,
    /// See [`ctigate_core::Command::Redial`]: the connection's name.
    Redial(String),
    /// Log notices of this level and above.
    Log(Level),
}

impl Request {
    /// Those that are one or two fixed words.
    const PLAIN: [Self; 6] =
        [Self::Status, Self::StatusJson, Self::Drain, Self::Undrain, Self::Stop, Self::Reload];

    /// How long its answer may take.
    const fn patience(&self) -> Duration {
        // The files of a large directory are read first.
        if matches!(self, Self::Reload) { RELOAD_PATIENCE } else { PATIENCE }
    }

    /// Reads a line, without its end.
    fn parse(line: &str) -> Option<Self> {
        let plain = Self::PLAIN.into_iter().find(|request| request.to_string() == line);
        plain.or_else(|| match line.split_once(' ')? {
            ("redial", name) if !name.is_empty() => Some(Self::Redial(name.into())),
            ("log", level) => Level::named(level).map(Self::Log),
            _ => None,
        })
    }
}

/// The request as a line, without its end.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status => f.write_str("status"),
            Self::StatusJson => f.write_str("status json"),
            Self::Drain => f.write_str("drain"),
            Self::Undrain => f.write_str("undrain"),
            Self::Stop => f.write_str("stop"),
            Self::Reload => f.write_str("reload"),
            Self::Redial(name) => write!(f, "redial {name}"),
            Self::Log(level) => write!(f, "log {}", level.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_as_it_is_written() {
        let more = [Request::Redial("two words".into()), Request::Log(Level::Debug)];
        for request in Request::PLAIN.into_iter().chain(more) {
            assert_eq!(Request::parse(&request.to_string()), Some(request));
        }
        for nonsense in ["", "dance", "redial", "redial ", "log", "log loud", "status  json", "stop now"] {
            assert_eq!(Request::parse(nonsense), None, "{nonsense}");
        }
    }
}
