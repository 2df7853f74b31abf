//! What both programs share and what needs std, once: commands, configuration text, log, recorder, the demo.
//!
//! A program is a shell (something that waits and carries bytes, see [`shell::Shell`]) and a call of
//! [`main`](fn@main). The arrows point inwards: a shell knows this package, this package knows the core. Inside, `cli`
//! knows all, `control` and [`net`] know [`shell`], and all of them [`record`].

mod cli;
mod control;
pub mod net;
pub mod record;
pub mod shell;

pub use cli::commands::main;
