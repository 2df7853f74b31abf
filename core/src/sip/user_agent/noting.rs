//! Notices about dialogs and messages: each names the session, its user, line and Call-ID, as far as they are known.

use core::fmt::Display;

use super::leg::Legs;
use crate::action::Level;
use crate::step::{SessionId, Step};

/// A field of a notice.
pub(super) type Field<'a> = (&'a str, &'a dyn Display);

/// The most fields of a notice about a session.
const MOST_FIELDS: usize = 12;

/// Notifies the operator of what concerns a session: the notice names it before `more`.
pub(super) fn note_leg(
    step: &mut Step<'_>,
    legs: &impl Legs,
    (level, name): (Level, &'static str),
    session: SessionId,
    more: &[Field<'_>],
) {
    let dialog = legs.leg(session).map(|leg| &leg.dialog);
    let (user, line) = dialog.map_or(("", ""), |dialog| (dialog.user(), dialog.line()));
    let call_id = dialog.map_or("", |dialog| dialog.call_id());
    let known: [(&str, &&str); 3] = [("user", &user), ("line", &line), ("call_id", &call_id)];
    let known = known.iter().filter(|(_, value)| !value.is_empty());
    let known = known.map(|(key, value)| -> Field<'_> { (key, *value) });
    let fields: heapless::Vec<Field<'_>, MOST_FIELDS> = core::iter::once::<Field<'_>>(("session", &session))
        .chain(known)
        .chain(more.iter().copied())
        .collect();
    step.actions.notify(level, name, &fields);
}

/// The value of a header field in a response of our own or in what it repeats; empty if it has none.
pub(super) fn value_in<'a>(head: &'a [u8], name: &str) -> &'a str {
    let found = head.split(|byte| *byte == b'\n').find_map(|line| {
        let (start, value) = line.split_at_checked(name.len())?;
        value.strip_prefix(b":").filter(|_| start.eq_ignore_ascii_case(name.as_bytes()))
    });
    found.and_then(|value| core::str::from_utf8(value).ok()).map_or("", str::trim)
}

/// The URI of a From header field's value.
pub(super) fn user_in(head: &[u8]) -> &str {
    let from = value_in(head, "From");
    let inside = from.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inside.map_or_else(|| from.split(';').next().unwrap_or_default(), |(uri, _)| uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_names_its_user_and_its_dialog() {
        let head = b"SIP/2.0 200 OK\r\nVia: x\r\nFrom: \"A <b>\" <sip:alice@h>;tag=1\r\nCall-ID: 7@h\r\n\r\n";
        assert_eq!((user_in(head), value_in(head, "Call-ID")), ("sip:alice@h", "7@h"));
        assert_eq!((user_in(b"From: sip:a@h;tag=1\n"), value_in(b"", "Call-ID")), ("sip:a@h", ""));
    }
}
