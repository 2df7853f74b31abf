//! `ctigate`: ctigate on smol.
//!
//! One thread runs everything of a machine: a task per link reads, runs the machine with what it has read and writes at
//! once; the loop wakes the machine in time; a link that cannot take what it is sent has a writing task until it can
//! again.

mod reading;
mod run;
mod tasks;

#[cfg(test)]
#[path = "../../tests/shells/conformance.rs"]
mod conformance;

use std::process::ExitCode;

fn main() -> ExitCode {
    ctigate_host::main(&run::SHELL)
}
