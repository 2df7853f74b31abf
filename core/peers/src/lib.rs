//! The gateway's peers, as machines with the gateway's own face ([`ctigate_core::Machine`]): the built-in phone system
//! ([`switch`]) and the scripted client ([`client`]). The demo, the tests and the simulation run it against them.
//!
//! They are built of the core's public parts alone, and like the core know no clock, no entropy, no sockets and no
//! global state. The gateway depends on nothing here: what a recording of it replays with does not change when they do.
#![no_std]

extern crate alloc;

/// The hash that names this build of the two: it covers the core's sources and dependencies, of which they are made, and
/// their own.
pub const BUILD: &str = env!("CTIGATE_BUILD");

pub mod client;
pub mod switch;
