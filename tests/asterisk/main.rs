//! Tests against a real Asterisk with real phones, with the files of `docs/examples/asterisk`. Both shells compile this
//! file; each runs its own program. `.ci/run asterisk` fetches what is needed.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

use std::path::PathBuf;
use std::process::Command;

mod calls;
mod client;
mod gateway;
mod hostile;
mod house;
mod manager;
mod many;
mod obedient;
mod outages;
mod phone;
#[path = "../process/program.rs"]
#[expect(dead_code, reason = "not every helper is needed")]
mod program;
mod relay;
mod rights;
mod session;
#[path = "../it/asterisk/stories.rs"]
mod stories;
mod told;
#[path = "../it/asterisk/world.rs"]
mod world;

/// The program under test.
fn command() -> Command {
    let program = option_env!("CARGO_BIN_EXE_ctigate").or(option_env!("CARGO_BIN_EXE_ctigate-std"));
    Command::new(PathBuf::from(program.unwrap()))
}

/// A command of a program that ends with this thread, however that ends.
fn mortal(program: &str) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    assert!(found, "'{program}' is missing: run the tests by .ci/run asterisk");
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM", program]);
    command
}
