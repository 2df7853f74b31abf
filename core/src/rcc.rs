//! Remote call control: what one user's session is, and how the phone system's identifiers look to that user.

pub(crate) mod behind;
pub(crate) mod calls;
pub(crate) mod change;
pub(crate) mod device;
pub(crate) mod keep;
pub(crate) mod relay;
pub(crate) mod session;
pub(crate) mod sessions;
pub(crate) mod view;
pub(crate) mod watch;
