//! The control socket. Each conversation is one line in and one answer out.
//!
//! The first line of an answer is `ok`, `no` if the answer to a question is that, or `failed` with the reason; text may
//! follow. Everything is bounded in size and
//! time, so that a client that sends garbage, sends nothing or does not read does no harm.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use ctigate_core::Level;
use ctigate_core::line::explaining::Question;

use crate::shell::Speaker;

mod client;
pub(crate) mod explanation;
mod looking;
mod server;
mod sessions;
mod socket;
mod status;

#[cfg(test)]
pub(crate) use client::ask;
pub(crate) use client::{Reply, answer};
pub(crate) use looking::{MOST_SESSIONS, SessionsRequest};
pub(crate) use server::Server;
pub(crate) use socket::ControlSocket;

/// How long one side waits for the other, in total.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the answer to a reload may take.
const RELOAD_PATIENCE: Duration = Duration::from_mins(2);
/// Reads the configuration again for a running machine, and has it change to that; returns what changed, for people.
/// Why it did not is the error.
pub(crate) type Reloading = Arc<dyn Fn(&Speaker) -> Result<String, String> + Send + Sync>;
/// The most choices in one answer.
const PAGE: usize = 500;
/// The longest request, in bytes: one with URIs.
const REQUEST_BYTES: usize = 4096;
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
    /// See [`ctigate_core::Command::Select`].
    Select {
        /// The user ID, without spaces.
        user: String,
        /// The choice, without spaces.
        choice: String,
    },
    /// The users' choices that are in force, from the first user behind this one: at most [`PAGE`].
    Selections(String),
    /// Sessions.
    Sessions(SessionsRequest),
    /// What would become of a sign-in.
    Explain {
        /// Whose, with which line.
        question: Question,
        /// Whether to answer as JSON.
        json: bool,
    },
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
            ("sessions", rest) => SessionsRequest::parse(rest).map(Self::Sessions),
            ("explain", rest) => {
                looking::question(rest).map(|(question, json)| Self::Explain { question, json })
            }
            ("log", level) => Level::named(level).map(Self::Log),
            ("select", rest) => {
                let (user, choice) = rest.split_once(' ')?;
                Some(Self::Select { user: user.into(), choice: choice.into() })
            }
            ("selections", after) => Some(Self::Selections(after.into())),
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
            Self::Sessions(request) => write!(f, "sessions {request}"),
            Self::Explain { question, json } => write!(f, "explain {}", looking::Asking(question, *json)),
            Self::Log(level) => write!(f, "log {}", level.name()),
            Self::Select { user, choice } => write!(f, "select {user} {choice}"),
            Self::Selections(after) => write!(f, "selections {after}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use ctigate_core::engine::Sought;

    use super::*;

    #[test]
    fn a_request_is_read_as_it_is_written() {
        let sought =
            Sought { user: Some("a b%".into()), line: Some("tel:+1 (425)".into()), ..Sought::default() };
        let all = SessionsRequest { sought, after: 7, limit: Some(1), is_detailed: true, json: true };
        let question = Question {
            user: "sip:a@b".into(),
            line: String::new(),
            dial: Some("+1 (425) 555-0150".into()),
            peer: Some([192, 0, 2, 1].into()),
        };
        let more = [
            Request::Redial("two words".into()),
            Request::Log(Level::Debug),
            Request::Sessions(SessionsRequest::default()),
            Request::Sessions(all),
            Request::Explain { question, json: true },
            Request::Select { user: "alice".into(), choice: "SEP0002FD3BB5C5:1".into() },
            Request::Selections(String::new()),
            Request::Selections("alice".into()),
        ];
        for request in Request::PLAIN.into_iter().chain(more) {
            assert_eq!(Request::parse(&request.to_string()), Some(request));
        }
        for nonsense in [
            "",
            "dance",
            "redial",
            "redial ",
            "log",
            "log loud",
            "status  json",
            "sessions limit=0",
            "sessions x=1",
            "explain",
            "explain line=1",
            "select alice",
            "selections",
            "stop now",
        ] {
            assert_eq!(Request::parse(nonsense), None, "{nonsense}");
        }
    }
}
