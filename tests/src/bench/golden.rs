//! Golden traces: runs that are kept, to be read and compared, in `tests/golden`. `BLESS=1` rewrites them.

use std::path::{Path, PathBuf};

use std::sync::Arc;

use super::{Golden, Make};
use ctigate_core::Machine;
use ctigate_core::engine::Engine;
use ctigate_core::line::directory::Directory;
use ctigate_core::trace::{Summary, replay_with};

/// The path of a golden trace.
fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(format!("{name}.trace"))
}

/// Replays a trace of the gateway in a new engine.
///
/// # Panics
/// If the replay differs from the recording, with the first difference.
#[must_use]
pub fn replayed(trace: &[u8]) -> Summary {
    replayed_by(trace, (Engine::new, &[]))
}

#[expect(clippy::panic, reason = "a run that does not replay fails the test")]
fn replayed_by(trace: &[u8], (make, directories): (Make, &[Arc<Directory>])) -> Summary {
    let make = |header: &ctigate_core::trace::Header| {
        let engine: Box<dyn Machine> = Box::new(make(header.config()?, header.seed));
        Ok(engine)
    };
    let mut find = |hash| directories.iter().find(|directory| directory.hash() == hash).cloned();
    replay_with(&[trace], &mut find, make).unwrap_or_else(|error| panic!("{error}"))
}

/// Checks that a run replays, states included, and that it is the golden trace `name`.
///
/// # Panics
/// If not.
#[expect(clippy::panic, reason = "a golden trace that differs fails the test")]
pub(super) fn check(trace: &[u8], golden: Option<Golden>, make: (Make, &[Arc<Directory>])) {
    assert!(replayed_by(trace, make).digests > 0, "states were compared");
    let Some(Golden { name, why }) = golden else { return };
    let fresh = as_story(&String::from_utf8_lossy(trace), why);
    let path = path(name);
    if std::env::var_os("BLESS").is_some() {
        let written = std::fs::write(&path, &fresh);
        assert!(written.is_ok(), "{}: {written:?}", path.display());
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = kept.lines().zip(fresh.lines()).position(|(kept, fresh)| kept != fresh);
    if kept != fresh {
        let line = differs.map_or(kept.lines().count().min(fresh.lines().count()), |line| line) + 1;
        let show = |text: &str| text.lines().nth(line - 1).unwrap_or("(nothing)").to_owned();
        panic!(
            "{}:{line}: kept\n  {}\nnow\n  {}\n(BLESS=1 cargo test keeps what is now; CHANGELOG says why)",
            path.display(),
            show(&kept),
            show(&fresh),
        );
    }
}

/// A trace that begins with `why`, without the lines that depend on the build: version, build, and fingerprints. No
/// line of a payload begins like these.
fn as_story(trace: &str, why: &str) -> String {
    let mut text = String::new();
    for (index, line) in trace.lines().enumerate() {
        if index == 1 {
            why.lines().for_each(|line| text.extend(["# ", line.trim(), "\n"]));
        }
        match line.split_once(' ') {
            Some(("version", _)) => text.push_str("version any"),
            Some(("build", _)) => text.push_str("build any"),
            _ if line.starts_with('=') => continue,
            _ => text.push_str(line),
        }
        text.push('\n');
    }
    text
}
