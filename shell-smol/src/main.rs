//! `ctigate`: ctigate on smol.
//!
//! One thread does everything for a machine: a task per link reads, steps the machine with what it has read, and writes
//! the results at once; the loop wakes the machine for its timers; a link whose socket is full has a writing task until
//! its queue is empty.

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
