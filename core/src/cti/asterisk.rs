//! Asterisk as a phone system, over the Asterisk Manager Interface (AMI).

pub mod calls;
pub(crate) mod link;
pub mod session;
