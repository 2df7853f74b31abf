//! The deterministic heart of ctigate, an open CTI gateway for remote call control.
//!
//! No clock, no entropy, no sockets, no global state: what a machine does is a function of its configuration, its seed
//! and its inputs. Three machines implement [`Machine`]: the gateway itself ([`engine`]) and, in the package
//! `ctigate-peers`, the built-in phone system and the scripted client.
#![no_std]

extern crate alloc;

pub mod action;
pub mod config;
pub mod cti;
pub mod digest;
pub mod engine;
pub mod entropy;
mod expected;
mod few;
mod index;
pub mod input;
pub mod inventory;
mod level;
pub mod line;
mod links;
pub mod machine;
pub mod overview;
mod phase;
pub mod plain;
pub mod pump;
mod rcc;
pub mod reply;
pub mod secret;
pub mod setting;
pub mod sip;
pub mod slots;
mod step;
pub mod tables;
mod text;
pub mod time;
pub mod timer;
pub mod trace;
pub mod transition;
mod uacsta;
pub mod wire;
mod word;

pub use action::{Action, Actions, Level, Notice};
pub use entropy::Seed;
pub use input::{Closed, Command, Input, LinkId, Listen, ListenerId, Peer, Taken, Transport};
pub use machine::{BUILD, Machine, Wake, Why};
pub use pump::{Effects, NoEffects, NoRecorder, Pump, Recorder};
pub use reply::{PersistResult, Refusal, ReplyResult, StoreFault, Token};
pub use time::{Duration, Instant};
