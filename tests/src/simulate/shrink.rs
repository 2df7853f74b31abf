//! Shrinks a failing run, and writes the nodes' traces.

use std::path::{Path, PathBuf};

use super::{Canary, Entry, Run, Schedule};
use crate::world::{Care, Fault};
use ctigate_core::trace::directory_file;

/// The most runs that shrinking takes.
const RUNS: usize = 600;

/// A failing run, and the shortest schedule found that fails in the same way.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The original fault.
    pub fault: Fault,
    /// The shrunk run.
    pub run: Run,
    /// The fault of the shrunk run.
    pub shrunk: Fault,
    /// How many runs shrinking took.
    pub runs: usize,
}

impl core::fmt::Display for Failure {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { fault: _, run, shrunk, runs } = self;
        write!(f, "shrunk in {runs} runs to {}\n{:?}\n{shrunk}", run.schedule, run.plan)
    }
}

/// The signature of a fault: the first words of its text, without numbers and names.
#[must_use]
pub fn sign(fault: &Fault) -> String {
    let line = fault.what.lines().next().unwrap_or_default();
    let line =
        line.split_once(": ").map_or(line, |(host, rest)| if host.contains(' ') { line } else { rest });
    let plain =
        line.split(' ').filter(|word| word.chars().all(|letter| letter.is_alphabetic() || letter == '-'));
    plain.take(6).collect::<Vec<_>>().join(" ")
}

/// Runs a seed and, if it fails, shrinks its schedule.
#[must_use]
pub fn examine(run: &Run, careful: bool) -> Option<Failure> {
    let fails = |run: &Run| if careful { run.twice() } else { run.once(Care::Light) }.err();
    let fault = fails(run)?;
    let wanted = sign(&fault);
    let mut runs = 1;
    let mut shrunk = (run.clone(), fault.clone());
    let mut tries = |entries: &[Entry], storm: u64| {
        if runs >= RUNS {
            return None;
        }
        runs += 1;
        let schedule = Schedule { storm, entries: entries.to_vec() };
        let tried = Run { schedule, ..run.clone() };
        let fault = fails(&tried).filter(|fault| sign(fault) == wanted)?;
        Some((tried, fault))
    };
    let mut parts = 2;
    loop {
        let entries = shrunk.0.schedule.entries.clone();
        let Some(smaller) = without_a_part(&entries, shrunk.0.schedule.storm, parts, &mut tries) else {
            if parts >= entries.len() {
                break;
            }
            parts = (parts * 2).min(entries.len());
            continue;
        };
        shrunk = smaller;
        parts = (parts - 1).max(2);
    }
    // Let the storm end with its last fault.
    let last = shrunk.0.schedule.entries.iter().rfind(|entry| entry.at < run.schedule.storm);
    let storm = last.map_or(1, |entry| entry.at.saturating_add(1));
    let entries = shrunk.0.schedule.entries.clone();
    if let Some(shorter) = tries(&entries, storm) {
        shrunk = shorter;
    }
    Some(Failure { fault, run: shrunk.0, shrunk: shrunk.1, runs })
}

/// Leaves out one of `parts` equal parts at a time (delta debugging); returns the first run that still fails.
fn without_a_part(
    entries: &[Entry],
    storm: u64,
    parts: usize,
    tries: &mut impl FnMut(&[Entry], u64) -> Option<(Run, Fault)>,
) -> Option<(Run, Fault)> {
    let size = entries.len().div_ceil(parts.max(1)).max(1);
    (0..entries.len()).step_by(size).find_map(|from| {
        let mut rest = entries.to_vec();
        rest.drain(from..from.saturating_add(size).min(entries.len()));
        tries(&rest, storm)
    })
}

/// Runs once more, and writes the traces of all nodes into `folder`. `ctigate replay` takes each of them.
///
/// # Errors
/// A file that cannot be written.
pub fn traces(run: &Run, folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let (_, mut world) = run.in_world(Care::Full);
    std::fs::create_dir_all(folder)?;
    let mut written = Vec::new();
    for index in 0..run.plan.nodes {
        let Some(host) = world.host_named(&format!("node{index}")) else { continue };
        for directory in world.directories(host) {
            let mut text = String::new();
            directory.write(&mut text);
            std::fs::write(folder.join(directory_file(directory.hash())), text)?;
        }
        for (life, trace) in world.end_traces(host).iter().enumerate() {
            let broken =
                if run.canary == Canary::Healthy { String::new() } else { format!("-{:?}", run.canary) };
            let path = folder.join(format!("simulation-{}{broken}-node{index}-life{life}.trace", run.seed));
            std::fs::write(&path, trace)?;
            written.push(path);
        }
    }
    Ok(written)
}
