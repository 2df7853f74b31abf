//! Questions about users and their sessions, as they come over the control socket.

use core::fmt::{self, Write as _};

use ctigate_core::engine::Sought;
use ctigate_core::line::explaining::Question;

/// The most sessions in one answer.
pub(crate) const MOST_SESSIONS: usize = 1_000;
/// How many sessions are in one answer unless the request says so.
pub(crate) const USUAL_SESSIONS: usize = 100;

/// A question for sessions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SessionsRequest {
    /// Which.
    pub(crate) sought: Sought,
    /// Where to go on, as an earlier answer said; 0 at first.
    pub(crate) after: u32,
    /// The most sessions to show; [`USUAL_SESSIONS`] if it is not given.
    pub(crate) limit: Option<usize>,
    /// Whether to show everything that is known.
    pub(crate) is_detailed: bool,
    /// Whether to answer as JSON.
    pub(crate) json: bool,
}

impl SessionsRequest {
    /// Reads what is behind the first word.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut request = Self::default();
        for word in text.split_ascii_whitespace() {
            match word.split_once('=') {
                None if word == "json" => request.json = true,
                None if word == "detailed" => request.is_detailed = true,
                Some(("after", after)) => request.after = after.parse().ok()?,
                Some(("limit", limit)) => {
                    request.limit =
                        Some(limit.parse().ok().filter(|limit| (1..=MOST_SESSIONS).contains(limit))?);
                }
                Some(("user", value)) => request.sought.user = Some(unescaped(value)?),
                Some(("line", value)) => request.sought.line = Some(unescaped(value)?),
                Some(("device", value)) => request.sought.device = Some(unescaped(value)?),
                Some(("connection", value)) => request.sought.connection = Some(unescaped(value)?),
                _ => return None,
            }
        }
        Some(request)
    }
}

/// What is behind the first word of the request.
impl fmt::Display for SessionsRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sought, after, limit, is_detailed, json } = self;
        let Sought { user, line, device, connection } = sought;
        write!(f, "after={after}")?;
        if let Some(limit) = limit {
            write!(f, " limit={limit}")?;
        }
        for (name, value) in [("user", user), ("line", line), ("device", device), ("connection", connection)]
        {
            if let Some(value) = value {
                write!(f, " {name}={}", Escaped(value))?;
            }
        }
        f.write_str(if *is_detailed { " detailed" } else { "" })?;
        f.write_str(if *json { " json" } else { "" })
    }
}

/// Reads what is behind `explain`: the question, and whether the answer is to be JSON.
pub(super) fn question(text: &str) -> Option<(Question, bool)> {
    let (mut question, mut user, mut json) = (Question::default(), None, false);
    for word in text.split_ascii_whitespace() {
        match word.split_once('=') {
            None if word == "json" => json = true,
            Some(("user", value)) => user = Some(unescaped(value)?),
            Some(("line", value)) => question.line = unescaped(value)?,
            Some(("dial", value)) => question.dial = Some(unescaped(value)?),
            Some(("peer", value)) => question.peer = Some(value.parse().ok()?),
            _ => return None,
        }
    }
    Some((Question { user: user?, ..question }, json))
}

/// What is behind `explain`.
pub(super) struct Asking<'q>(pub(super) &'q Question, pub(super) bool);

impl fmt::Display for Asking<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(Question { user, line, dial, peer }, json) = self;
        write!(f, "user={} line={}", Escaped(user), Escaped(line))?;
        if let Some(dial) = dial {
            write!(f, " dial={}", Escaped(dial))?;
        }
        if let Some(peer) = peer {
            write!(f, " peer={peer}")?;
        }
        f.write_str(if *json { " json" } else { "" })
    }
}

/// A value without spaces: what would end it is written as `%` with two hexadecimal digits.
struct Escaped<'t>(&'t str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match u8::try_from(character) {
                Ok(byte) if byte.is_ascii() && (byte <= b' ' || byte == b'%' || byte == 0x7f) => {
                    write!(f, "%{byte:02x}")?;
                }
                _ => f.write_char(character)?,
            }
        }
        Ok(())
    }
}

/// Reads a value that [`Escaped`] wrote.
fn unescaped(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut value = String::from(parts.next()?);
    for part in parts {
        let byte = u8::from_str_radix(part.get(..2)?, 16).ok().filter(u8::is_ascii)?;
        value.push(char::from(byte));
        value.push_str(part.get(2..)?);
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_any_characters_is_read_as_it_is_written() {
        for text in ["", "tel:+1 (425) 555-0101", "a%20b\r\n\tc\u{7f}\u{fc}%", "=;=", "\0"] {
            let written = Escaped(text).to_string();
            assert!(!written.contains(|character: char| character.is_ascii_whitespace()), "{written}");
            assert_eq!(unescaped(&written).as_deref(), Some(text));
        }
        for nonsense in ["%", "%4", "%zz", "%ff"] {
            assert_eq!(unescaped(nonsense), None, "{nonsense}");
        }
    }
}
