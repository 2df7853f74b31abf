//! Support for the tests: the simulated world of hosts, one virtual clock and network weather; the bench; the
//! simulation; the bodies of the fuzz targets; and toy machines that test the world itself.
//!
//! A host is a machine behind the same pump that the shells use. Between hosts every byte travels through a network
//! that cuts, merges, delays, loses, duplicates and reorders according to the weather, which is drawn from a seed, so
//! that a seed reproduces a run. The world does not panic: what goes wrong is a [`Fault`].

pub mod agent;
pub mod ami;
pub mod bench;
pub mod captured;
pub mod client;
pub mod exchange;
pub mod fuzz;
pub mod line_protocol;
pub mod office;
pub mod random;
pub mod recordings;
pub mod simulate;
pub mod sip;
pub mod sip_peer;
pub mod steady;
pub mod stories;
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
