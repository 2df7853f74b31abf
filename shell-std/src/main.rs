//! `ctigate-std`: ctigate with blocking threads and nothing but the standard library.
//!
//! One thread per link reads, runs the machine with what it has read when it is its turn, and writes what the machine
//! wants, without waiting; one thread wakes the machine in time; a link that cannot take what it is sent has a writing
//! thread until it can again.

mod reading;
mod run;
mod threads;

#[cfg(test)]
#[path = "../../tests/shells/conformance.rs"]
mod conformance;

use std::process::ExitCode;

fn main() -> ExitCode {
    ctigate_host::main(&run::SHELL)
}
