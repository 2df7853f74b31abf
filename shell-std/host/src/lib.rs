//! What both programs share and what needs std, once: commands, configuration text, log, recorder, the demo.
//!
//! A program is a shell (something that waits and carries bytes, see [`shell::Shell`]) and a call of
//! [`main`](fn@main). The arrows point inwards: a shell knows this package, this package knows the core.

mod arguments;
mod clock;
mod commands;
mod configuration;
pub mod congestion;
pub mod console;
mod control;
mod descriptors;
mod help;
mod json;
mod lines;
pub mod links;
mod listening;
mod log;
mod panics;
mod programs;
mod recording;
pub mod shell;
mod signals;
mod status;
pub mod stream;
mod terminal;
mod utc;
pub mod work;

pub use commands::main;
