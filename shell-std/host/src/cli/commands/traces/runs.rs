//! The runs that recordings are of: files that are given together may be segments of one run, or of several.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ctigate_core::Seed;
use ctigate_core::line::directory::Directory;
use ctigate_core::trace::Reader;

use super::shown;
use crate::cli::terminal::Terminal;
use crate::record::directories;

/// The numbers that are written as words.
const WORDS: [&str; 8] = ["two", "three", "four", "five", "six", "seven", "eight", "nine"];

/// One run.
pub(super) struct Run {
    machine: String,
    seed: Seed,
    files: Vec<PathBuf>,
    /// Its segments, in the order in which they were given.
    pub(super) segments: Vec<Vec<u8>>,
}

impl Run {
    /// The directory of users and lines with this hash, from the file beside one of its own.
    pub(super) fn directory(&self, hash: u128) -> Option<Arc<Directory>> {
        let beside = |file: &PathBuf| directories::find(file.parent().unwrap_or(Path::new("")), hash);
        self.files.iter().find_map(beside)
    }

    /// Its files' names.
    pub(super) fn name(&self) -> String {
        shown(&self.files)
    }
}

/// Reads the files, puts those of one run together, and says how many runs there are if it is not one. Reports a file
/// that cannot be read.
pub(super) fn read(files: &[PathBuf], terminal: &mut Terminal<'_>) -> Option<Vec<Run>> {
    let mut runs: Vec<Run> = Vec::new();
    for file in files {
        match add(file, &mut runs) {
            Ok(()) => {}
            Err(error) => {
                terminal.complain(&format!("{}: {error}", file.display()));
                return None;
            }
        }
    }
    Some(runs)
}

/// Reads the segments of one run, and reports those that cannot be read.
pub(in super::super) fn read_one(files: &[PathBuf], terminal: &mut Terminal<'_>) -> Option<Vec<Vec<u8>>> {
    read(files, terminal)?.pop().map(|run| run.segments)
}

fn add(file: &PathBuf, runs: &mut Vec<Run>) -> Result<(), String> {
    let text = fs::read(file).map_err(|error| format!("cannot read the trace: {error}"))?;
    let (machine, seed) = {
        let reader = Reader::new(&text, 1).map_err(|error| error.to_string())?;
        (reader.header().machine.clone(), reader.header().seed)
    };
    if let Some(run) = runs.iter_mut().find(|run| run.machine == machine && run.seed == seed) {
        run.files.push(file.clone());
        run.segments.push(text);
    } else {
        runs.push(Run { machine, seed, files: vec![file.clone()], segments: vec![text] });
    }
    Ok(())
}

/// How many runs there are, and which.
pub(super) fn named(runs: &[Run]) -> String {
    let count = runs.len();
    let word = count.checked_sub(2).and_then(|index| WORDS.get(index));
    let word = word.map_or_else(|| count.to_string(), |word| (*word).to_owned());
    let names: Vec<String> = runs.iter().map(Run::name).collect();
    format!("{word} runs here: {}", names.join(", "))
}

/// What stands above a run: nothing if it is the only one; above the first, which there are.
pub(super) fn heading(runs: &[Run], number: usize, run: &Run) -> String {
    match (runs, number) {
        ([_], _) => String::new(),
        (_, 1) => format!("{}\n\n1: {}\n", named(runs), run.name()),
        _ => format!("\n{number}: {}\n", run.name()),
    }
}
