//! The gateway's peers, as machines with the gateway's own face ([`ctigate_core::Machine`]): the built-in phone system
//! ([`switch`]) and the scripted client ([`client`]). The demo, the tests and the simulation run it against them.
//!
//! They are built of the core's public parts alone, and like the core know no clock, no entropy, no sockets and no
//! global state. The gateway depends on nothing here: what a recording of it replays with does not change when they do.
#![no_std]

extern crate alloc;

pub mod client;
pub mod switch;
