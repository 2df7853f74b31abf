//! The gateway's peers, which implement [`ctigate_core::Machine`] as the gateway does: the built-in phone system
//! ([`switch`]) and the scripted client ([`client`]). The demo, the tests and the simulation run the gateway against
//! them.
//!
//! They use only the public items of the core and, like the core, have no clock, no entropy, no sockets and no global
//! state. The gateway does not depend on them, so that changes here do not affect the replay of its recordings.
#![no_std]

extern crate alloc;

/// The name of this build of the two: a hash of the core's sources and dependencies and of their own.
pub const BUILD: &str = env!("CTIGATE_BUILD");

pub mod client;
mod octets;
pub mod switch;
