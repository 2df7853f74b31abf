//! The simulated world: hosts, one virtual clock, and weather between them; and the toy machines that prove the world
//! sees what it should.
//!
//! A host is a machine of the core behind the same pump that the shells use. Between hosts every byte travels through
//! a network that cuts, merges, delays, loses, doubles and reorders as the weather says; the weather is drawn from a
//! seed, so a run is repeated by its seed alone. Nothing here panics: what goes wrong is a [`Fault`].

pub mod agent;
pub mod bench;
pub mod captured;
pub mod client;
pub mod fuzz;
pub mod line_protocol;
pub mod office;
pub mod random;
pub mod simulate;
pub mod sip;
pub mod sip_peer;
pub mod steady;
pub mod toy;
mod watched;
pub mod world;

pub use agent::Agent;
pub use client::Client;
pub use line_protocol::LineProtocol;
pub use office::{GATEWAY, Office, Plan, Wants};
pub use random::Random;
pub use simulate::simulate;
pub use sip::Sip;
pub use sip_peer::SipPeer;
pub use world::{Fault, HostId, Weather, World, twice};
