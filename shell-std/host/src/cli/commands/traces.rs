//! The commands for recordings: `replay`, `trace ladder`, `trace redact`.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use ctigate_core::trace::{self, LadderOptions};

use super::{FAILED, said};
use crate::cli::arguments::LadderRequest;
use crate::cli::programs;
use crate::cli::terminal::Terminal;

/// Replays a run and reports the result.
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

/// Replays a run.
///
/// # Errors
/// The first difference, or why the run cannot be replayed.
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
        None if (call_id.is_some() || user.is_some()) && text.lines().nth(1).is_none() => {
            let call_id = call_id.as_ref().map(|id| format!(" with the Call-ID '{id}'")).unwrap_or_default();
            let user = user.as_ref().map(|user| format!(" of user '{user}'")).unwrap_or_default();
            terminal.complain(&format!("{}: it has no message{user}{call_id}", shown(traces)));
            FAILED
        }
        None => said(good),
        Some(error) => {
            terminal.complain(&format!("{}: {error}", shown(traces)));
            FAILED
        }
    }
}

/// The ladder of a run as far as it can be read, and the error after that, if any.
pub(super) fn drawn(segments: &[Vec<u8>], options: &LadderOptions<'_>) -> (String, Option<trace::ReadError>) {
    let segments: Vec<&[u8]> = segments.iter().map(Vec::as_slice).collect();
    let mut text = String::new();
    let drawn = trace::ladder(&segments, options, &mut |line| {
        text.push_str(line);
        text.push('\n');
    });
    (text, drawn.err())
}

/// Writes a redacted copy of a run, in which nothing identifies people or systems.
pub(super) fn redact(files: &[PathBuf], out: &Path, terminal: &mut Terminal<'_>) -> u8 {
    let Some(segments) = read(files, terminal) else { return FAILED };
    let segments: Vec<&[u8]> = segments.iter().map(Vec::as_slice).collect();
    let redacted = programs::random().and_then(|secret| {
        trace::redact(&segments, &secret, programs::keys, programs::reborn)
            .map_err(|error| format!("{}: {error}", shown(files)))
    });
    let written = redacted.and_then(|redacted| {
        let written = File::create_new(out).and_then(|mut file| file.write_all(&redacted.trace));
        written.map(|()| redacted).map_err(|error| format!("-o {}: cannot write it: {error}", out.display()))
    });
    match written {
        Ok(redacted) => {
            let parted = match redacted.parted {
                Some((segment, line)) => {
                    format!(
                        "; from segment {segment}, line {line} of the original on, the engine acts differently"
                    )
                }
                None => String::new(),
            };
            said(terminal.say(&format!("{}: {} steps redacted{parted}\n", out.display(), redacted.steps)))
        }
        Err(complaint) => {
            terminal.complain(&complaint);
            FAILED
        }
    }
}

/// Reads the segments of a run, and reports those that cannot be read.
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

/// The files' names, for error messages.
fn shown(files: &[PathBuf]) -> String {
    match files {
        [only] => only.display().to_string(),
        [first, ..] => format!("{} and its segments", first.display()),
        [] => String::new(),
    }
}
