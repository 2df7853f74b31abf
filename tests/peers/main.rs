//! Tests of each program against independent peers: SIPp, SIPE behind a proxy, and Kamailio. Both shells compile this
//! file; each runs its own program. The packages of these peers must be installed.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

use std::path::PathBuf;
use std::process::Command;

mod balanced;
mod kamailio;
#[path = "../process/office.rs"]
#[expect(dead_code, reason = "not every peer needs every helper")]
mod office;
#[path = "../process/program.rs"]
#[expect(dead_code, reason = "not every peer needs every helper")]
mod program;
mod proxy;
mod rows;
mod sipe;
mod sipp;
mod site;
mod slapd;

/// The program under test.
fn command() -> Command {
    let program = option_env!("CARGO_BIN_EXE_ctigate").or(option_env!("CARGO_BIN_EXE_ctigate-std"));
    Command::new(PathBuf::from(program.unwrap()))
}

/// A peer's program; the test fails, naming the package, if it is not installed.
fn installed(program: &str, package: &str) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    assert!(found, "'{program}' is missing: install the package {package}");
    Command::new(program)
}

/// A file of this folder.
fn file(name: &str) -> String {
    format!("{}/../tests/peers/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Checks that a gateway has ended without sessions and without warnings; returns its log.
fn assert_served_well(folder: &program::Folder) -> String {
    let log = std::fs::read_to_string(folder.path("gateway.log")).unwrap();
    assert!(log.contains("name=stopping sessions=0"), "sessions are left:\n{log}");
    let mut lines = log.lines();
    assert!(!lines.any(|line| line.contains("level=warn") || line.contains("level=error")), "{log}");
    assert_replays(folder);
    log
}

/// Replays the recording.
fn assert_replays(folder: &program::Folder) {
    let (status, out, err) = program::output(&["replay", &folder.only("trace")]);
    assert_eq!(status, 0, "{out}{err}");
}
