//! Tests against a real Asterisk with real phones, with the files of `docs/examples/asterisk`. Both shells compile this
//! file; each runs its own program. `.ci/run asterisk` fetches what is needed.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

use std::path::PathBuf;
use std::process::Command;

mod announcing;
mod calls;
mod client;
mod endpoints;
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
#[path = "../peers/proxy.rs"]
#[expect(dead_code, reason = "not every helper is needed")]
mod proxy;
mod relay;
mod rights;
mod session;
mod sipe;
#[path = "../it/asterisk/stories.rs"]
mod stories;
mod told;
#[path = "../peers/sipe/client.rs"]
#[expect(dead_code, reason = "not every helper is needed")]
mod window;
#[path = "../it/asterisk/world.rs"]
mod world;

/// The program under test.
fn command() -> Command {
    let program = option_env!("CARGO_BIN_EXE_ctigate").or(option_env!("CARGO_BIN_EXE_ctigate-std"));
    Command::new(PathBuf::from(program.unwrap()))
}

/// A program that belongs to a package; the test fails if it is not installed.
fn installed(program: &str, package: &str) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    assert!(found, "'{program}' of the package {package} is missing: run the tests by .ci/run asterisk");
    Command::new(program)
}

/// A file of the tests with other peers.
fn file(name: &str) -> String {
    format!("{}/../tests/peers/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A command of a program that ends with this thread, however that ends.
fn mortal(program: &str) -> Command {
    installed(program, program);
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM", program]);
    command
}
