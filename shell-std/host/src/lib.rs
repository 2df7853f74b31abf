//! What both programs share and what needs std, once: commands, configuration text, log, recorder, the demo.
#![allow(dead_code)]
mod arguments;
pub mod clock;
mod configuration;
pub mod console;
mod lines;
mod listening;
mod log;
pub mod shell;
mod signals;
mod terminal;
mod utc;

/// Runs the program.
pub fn main(_shell: &dyn shell::Shell) -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
