//! What the call model reads of a message of the manager interface.

use alloc::borrow::Cow;

use crate::wire::ami::Message;

/// What Asterisk writes for a number or a name that it does not have.
const UNKNOWN: &str = "<unknown>";

/// The value of a key; empty if it is missing or not known.
pub(super) fn known<'b>(message: &Message<'b>, key: &str) -> &'b str {
    message.value(key).filter(|value| *value != UNKNOWN).unwrap_or_default()
}

/// The name of a person under a key; empty if it is missing or not known.
pub(super) fn name<'b>(message: &Message<'b>, key: &str) -> Cow<'b, str> {
    message.text(key).filter(|value| *value != UNKNOWN).unwrap_or_default()
}

/// Whether a text is a number that can be dialled, and not one of the dialplan's own names, such as `s` and `h`.
pub(super) fn is_number(text: &str) -> bool {
    let is_dialled = |byte: u8| byte.is_ascii_digit() || b"*#+".contains(&byte);
    !text.is_empty() && text.bytes().all(is_dialled)
}
