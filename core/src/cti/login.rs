//! Logins of application sessions: what goes into `applicationSpecificInfo` of an application session's start
//! (ECMA-354), in the forms of phone systems. The password is a secret: it is named, and the host fills it in
//! ([`crate::secret`]).

use alloc::vec::Vec;

use crate::config::{Login, LoginKind};
use crate::text::push_number;
use crate::wire::csta::emit;
use crate::wire::csta::model::AVAYA;

/// How long an Avaya keeps a session whose connection is lost, in seconds. It is not attached to again.
const CLEANUP_DELAY: u32 = 5;

/// Appends the content of `applicationSpecificInfo`. Returns where in `out` the password belongs.
pub(super) fn write(login: &Login, out: &mut Vec<u8>) -> usize {
    match login.kind {
        LoginKind::Avaya => {
            out.extend_from_slice(b"<SessionLoginInfo xmlns=\"");
            out.extend_from_slice(AVAYA.as_bytes());
            out.extend_from_slice(b"\"><userName>");
            emit::text(out, &login.user);
            out.extend_from_slice(b"</userName><password>");
            let at = out.len();
            out.extend_from_slice(b"</password><sessionCleanupDelay>");
            push_number(out, u64::from(CLEANUP_DELAY));
            out.extend_from_slice(b"</sessionCleanupDelay></SessionLoginInfo>");
            at
        }
        // It has no application session.
        LoginKind::Asterisk => out.len(),
    }
}
