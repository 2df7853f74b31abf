//! The command line: commands and their arguments, configuration files, help, and the machines that the commands run.

mod arguments;
pub(crate) mod commands;
mod configuration;
mod directory;
mod help;
mod programs;
mod prompt;
mod signals;
mod terminal;
mod when;
mod zone;
