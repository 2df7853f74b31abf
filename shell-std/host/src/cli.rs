//! What a user has before them: commands and their arguments, configuration text, help, and the machines that are run.

mod arguments;
pub(crate) mod commands;
mod configuration;
mod help;
mod programs;
mod signals;
mod terminal;
