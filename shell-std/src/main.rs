//! `ctigate-std`: ctigate with blocking threads and nothing but the standard library.
//!
//! One thread per link reads, steps the machine under a lock with what it has read, and writes the results without
//! blocking; one thread wakes the machine for its timers; a link whose socket is full has a writing thread until its
//! queue is empty.

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
