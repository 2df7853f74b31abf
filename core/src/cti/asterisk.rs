//! Asterisk as a phone system, over the Asterisk Manager Interface (AMI).

pub mod calls;
pub mod session;
