//! The options of those commands of `ctl` that look at users and sessions.

use ctigate_core::engine::Sought;
use lexopt::Parser;

use super::super::explain::Asked;
use super::super::{Stop, text};
use crate::control::{MOST_SESSIONS, Request, SessionsRequest};

/// Which command has which options.
const OPTIONS: [(&str, &[&str]); 2] =
    [("sessions", &["--user", "--line", "--device", "--connection", "--after", "--limit"]), ("session", &[])];

/// The options that were given.
#[derive(Debug, Default)]
pub(super) struct Looking {
    sought: Sought,
    after: Option<String>,
    limit: Option<String>,
    asked: Asked,
}

impl Looking {
    /// Reads an option's value, if the command has the option. Returns whether it has.
    pub(super) fn take(
        &mut self,
        command: &str,
        option: &str,
        parser: &mut Parser,
    ) -> Result<bool, lexopt::Error> {
        if command == "explain" {
            return self.asked.take(option, parser);
        }
        let has = |(name, options): &(&str, &[&str])| *name == command && options.contains(&option);
        if !OPTIONS.iter().any(has) {
            return Ok(false);
        }
        let Self { sought, after, limit, .. } = self;
        let kept = match option {
            "--user" => &mut sought.user,
            "--line" => &mut sought.line,
            "--device" => &mut sought.device,
            "--connection" => &mut sought.connection,
            "--after" => after,
            "--limit" => limit,
            _ => return Ok(false),
        };
        text(option, kept, parser)?;
        Ok(true)
    }

    /// The request of `explain`.
    pub(super) fn explain(self, json: bool) -> Result<Request, Stop> {
        Ok(Request::Explain { question: self.asked.question()?, json })
    }

    /// The request of `sessions` or, for one user, of `session`.
    pub(super) fn sessions(self, user: Option<&str>, json: bool) -> Result<SessionsRequest, lexopt::Error> {
        let Self { mut sought, after, limit, .. } = self;
        if let Some(user) = user {
            sought.user = Some(user.to_owned());
        }
        let most = u64::try_from(MOST_SESSIONS).unwrap_or(u64::MAX);
        let after = number("--after", after, 0, u32::MAX.into())?.and_then(|after| u32::try_from(after).ok());
        let limit = number("--limit", limit, 1, most)?.and_then(|limit| usize::try_from(limit).ok());
        Ok(SessionsRequest { sought, after: after.unwrap_or(0), limit, is_detailed: user.is_some(), json })
    }
}

/// A whole number from `least` to `most`.
fn number(option: &str, value: Option<String>, least: u64, most: u64) -> Result<Option<u64>, lexopt::Error> {
    let Some(value) = value else { return Ok(None) };
    let read = value.parse().ok().filter(|number| (least..=most).contains(number));
    let wrong = || format!("{option} '{value}': expected a whole number from {least} to {most}");
    read.ok_or_else(|| wrong().into()).map(Some)
}
