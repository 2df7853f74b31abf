//! `replay`, `trace ladder`, `trace redact`: what can be done with a recording.

use std::fs;
use std::path::PathBuf;

use ctigate_core::trace::{self, LadderOptions};

use super::{FAILED, said};
use crate::arguments::LadderRequest;
use crate::programs;
use crate::terminal::Terminal;

/// Lives a run again, and says how it went.
pub(super) fn replay(files: &[PathBuf], terminal: &mut Terminal<'_>) -> u8 {
    let Some(segments) = read(files, terminal) else { return FAILED };
    match replayed(&segments) {
        Ok(summary) => said(terminal.say(&format!("{summary}\n"))),
        Err(difference) => {
            terminal.complain(&format!("{}: {difference}", shown(files)));
            FAILED
        }
    }
}

/// Lives a run again.
///
/// # Errors
/// The first difference, or why there is nothing to live.
pub(super) fn replayed(segments: &[Vec<u8>]) -> Result<trace::Summary, trace::ReplayError> {
    let segments: Vec<&[u8]> = segments.iter().map(Vec::as_slice).collect();
    trace::replay(&segments, programs::reborn)
}

/// Draws a run.
pub(super) fn ladder(request: &LadderRequest, terminal: &mut Terminal<'_>) -> u8 {
    let LadderRequest { traces, call_id, user, wire } = request;
    let Some(segments) = read(traces, terminal) else { return FAILED };
    let options = LadderOptions { call_id: call_id.as_deref(), user: user.as_deref(), wire: *wire };
    let (text, error) = drawn(&segments, &options);
    let good = terminal.say(&text);
    match error {
        None => said(good),
        Some(error) => {
            terminal.complain(&format!("{}: {error}", shown(traces)));
            FAILED
        }
    }
}

/// The ladder of a run as far as it can be read, and what is wrong behind that.
pub(super) fn drawn(segments: &[Vec<u8>], options: &LadderOptions<'_>) -> (String, Option<trace::ReadError>) {
    let segments: Vec<&[u8]> = segments.iter().map(Vec::as_slice).collect();
    let mut text = String::new();
    let drawn = trace::ladder(&segments, options, &mut |line| {
        text.push_str(line);
        text.push('\n');
    });
    (text, drawn.err())
}

/// Reads the segments of a run; what cannot be read is said.
pub(super) fn read(files: &[PathBuf], terminal: &mut Terminal<'_>) -> Option<Vec<Vec<u8>>> {
    let mut segments = Vec::new();
    for file in files {
        match fs::read(file) {
            Ok(text) => segments.push(text),
            Err(error) => {
                terminal.complain(&format!("{}: cannot read the trace: {error}", file.display()));
                return None;
            }
        }
    }
    Some(segments)
}

/// The files' names, for complaints.
fn shown(files: &[PathBuf]) -> String {
    match files {
        [only] => only.display().to_string(),
        [first, ..] => format!("{} and its segments", first.display()),
        [] => String::new(),
    }
}
