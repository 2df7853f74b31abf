//! What both programs share and needs std: commands, configuration files, log, recorder, the demo.
//!
//! A program consists of a shell (which waits and carries bytes, see [`shell::Shell`]) and a call of [`main`](fn@main).
//! A shell depends on this package, and this package on the core. Within it, `cli` uses all modules, `control` uses
//! [`net`], both use [`shell`], and all of them use [`record`].

mod cli;
mod control;
pub mod net;
pub mod record;
pub mod shell;
pub mod store;

pub use cli::commands::main;
