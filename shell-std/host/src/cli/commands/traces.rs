//! The commands for recordings: `replay`, `trace ladder`, `trace redact`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use ctigate_core::config::FindDirectory;
use ctigate_core::trace::{self, LadderOptions};

use super::{FAILED, GOOD, said};
use crate::cli::arguments::LadderRequest;
use crate::cli::programs;
use crate::cli::terminal::{self, Terminal};
use crate::cli::when::When;
use crate::cli::zone::Zone;
use crate::record::{directories, files};

mod runs;

pub(super) use runs::read_one as read;

/// Replays each run and reports the result.
pub(super) fn replay(files: &[PathBuf], terminal: &mut Terminal<'_>) -> u8 {
    let Some(runs) = runs::read(files, terminal) else { return FAILED };
    let mut status = GOOD;
    for (number, run) in (1..).zip(&runs) {
        let name = runs::heading(&runs, number, run);
        let mut find = |hash| run.directory(hash);
        status = status.max(match replayed(&run.segments, &mut find) {
            Ok(summary) => said(terminal.say(&format!("{name}{summary}\n"))),
            Err(difference) => {
                terminal.complain(&format!("{}: {difference}", run.name()));
                FAILED
            }
        });
    }
    status
}

/// Replays a run; `find` finds the directories that it names.
///
/// # Errors
/// The first difference, or why the run cannot be replayed.
pub(super) fn replayed(
    segments: &[Vec<u8>],
    find: &mut FindDirectory<'_>,
) -> Result<trace::Summary, trace::ReplayError> {
    let segments: Vec<&[u8]> = segments.iter().map(Vec::as_slice).collect();
    trace::replay_with(&segments, find, programs::reborn)
}

/// Draws each run.
pub(super) fn ladder(request: &LadderRequest, terminal: &mut Terminal<'_>) -> u8 {
    let Some(runs) = runs::read(&request.traces, terminal) else { return FAILED };
    let (zone, width) = (Zone::local(), terminal::width());
    let ahead = |unix| zone.ahead(unix);
    let mut status = GOOD;
    let mut is_empty = true;
    for (number, run) in (1..).zip(&runs) {
        let LadderRequest { traces: _, call_id, user, line, since, until, wire } = request;
        let moment =
            |when: &Option<When>| when.map(|when| when.resolve(began(&run.segments), &zone)).transpose();
        let (since, until) = match (moment(since), moment(until)) {
            (Ok(since), Ok(until)) => (since, until),
            (Err(error), _) | (_, Err(error)) => {
                terminal.complain(&format!("{}: {error}", run.name()));
                return FAILED;
            }
        };
        let options = LadderOptions {
            call_id: call_id.as_deref(),
            user: user.as_deref(),
            line: line.as_deref(),
            since,
            until,
            wire: *wire,
            width,
            ahead: Some(&ahead),
        };
        let (text, error) = drawn(&run.segments, &options);
        is_empty &= text.lines().nth(1).is_none();
        status = status.max(said(terminal.say(&(runs::heading(&runs, number, run) + &text))));
        if let Some(error) = error {
            terminal.complain(&format!("{}: {error}", run.name()));
            status = FAILED;
        }
    }
    if is_empty
        && status == GOOD
        && let Some(wanted) = wanted(request)
    {
        terminal.complain(&format!("{}: it has no message{wanted}", shown(&request.traces)));
        return FAILED;
    }
    status
}

/// What a ladder is to be of, if that is not everything.
fn wanted(request: &LadderRequest) -> Option<String> {
    let LadderRequest { traces: _, call_id, user, line, since, until, wire: _ } = request;
    let user = user.as_ref().map(|user| format!(" of user '{user}'"));
    let line = line.as_ref().map(|line| format!(" of line '{line}'"));
    let call_id = call_id.as_ref().map(|id| format!(" with the Call-ID '{id}'"));
    let time = since.or(*until).map(|_| " of that time".into());
    let all: String = [user, line, call_id, time].into_iter().flatten().collect();
    (!all.is_empty()).then_some(all)
}

/// When the machine of a run was created, in microseconds since 1970, if the run says so.
fn began(segments: &[Vec<u8>]) -> Option<u64> {
    let segments: Vec<&[u8]> = segments.iter().map(Vec::as_slice).collect();
    trace::began(&segments).ok().flatten()
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
    let Some(runs) = runs::read(files, terminal) else { return FAILED };
    let [run] = runs.as_slice() else {
        terminal
            .complain(&format!("{}; give the files of one, since one file is written", runs::named(&runs)));
        return FAILED;
    };
    let segments: Vec<&[u8]> = run.segments.iter().map(Vec::as_slice).collect();
    let redacted = programs::random().and_then(|secret| {
        trace::redact_with(
            &segments,
            &secret,
            programs::keys,
            &mut |hash| run.directory(hash),
            programs::reborn,
        )
        .map_err(|error| format!("{}: {error}", shown(files)))
    });
    let written = redacted.and_then(|redacted| {
        let folder = out.parent().unwrap_or(Path::new(""));
        let stored = redacted.directories.iter().try_for_each(|one| directories::store(folder, one));
        let written = stored.and_then(|()| files::create(out)?.write_all(&redacted.trace));
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
            let mut beside = String::new();
            for one in &redacted.directories {
                beside.extend(["beside it: ", &trace::directory_file(one.hash()), "\n"]);
            }
            said(terminal.say(&format!(
                "{}: {} steps redacted{parted}\n{beside}",
                out.display(),
                redacted.steps
            )))
        }
        Err(complaint) => {
            terminal.complain(&complaint);
            FAILED
        }
    }
}

/// The files' names, for error messages.
pub(super) fn shown(files: &[PathBuf]) -> String {
    match files {
        [only] => only.display().to_string(),
        [first, ..] => format!("{} and its segments", first.display()),
        [] => String::new(),
    }
}
