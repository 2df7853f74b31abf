//! `demo`: the gateway, the phone system and two clients in this process, on loopback sockets. It runs the same
//! programs as `run`, `switch` and `client`; the ladder is drawn from its recording, which is also replayed.

use core::time::Duration;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant as Monotonic;
use std::{env, fs, io, process};

use ctigate_core::trace::LadderOptions;

use super::{FAILED, GOOD, traces};
use crate::cli::terminal::{self, Terminal};
use crate::cli::zone::Zone;
use crate::shell::Shell;

mod actor;
mod cast;
mod gathered;
mod play;
mod story;

use play::Outcome;

/// The columns of the demo's ladder, unless the terminal says how many it has.
const COLUMNS: usize = 100;

/// Plays the demo, shows its ladder, replays its recording, and reports the result.
pub(super) fn demo(shell: &dyn Shell, wire: bool, record: Option<&Path>, terminal: &mut Terminal<'_>) -> u8 {
    let began = Monotonic::now();
    let folder = record.map_or_else(temporary, Path::to_owned);
    let before = recordings(&folder).unwrap_or_default();
    let outcome = match play::play(shell, &folder) {
        Ok(outcome) => outcome,
        Err(complaints) => {
            for complaint in complaints {
                terminal.complain(&complaint);
            }
            return FAILED;
        }
    };
    let files: Vec<PathBuf> =
        recordings(&folder).unwrap_or_default().into_iter().filter(|file| !before.contains(file)).collect();
    let good = show(shell.program(), wire, &files, &outcome, began, terminal);
    if record.is_none() {
        if good {
            // A temporary folder that cannot be removed does no harm.
            let _ = fs::remove_dir_all(&folder);
        } else {
            terminal.complain(&format!("the recording is kept in {}", folder.display()));
        }
    }
    if good { GOOD } else { FAILED }
}

fn temporary() -> PathBuf {
    env::temp_dir().join(format!("ctigate-demo-{}", process::id()))
}

/// The traces in a folder, by name.
fn recordings(folder: &Path) -> io::Result<BTreeSet<PathBuf>> {
    let mut files = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "trace") {
            files.insert(path);
        }
    }
    Ok(files)
}

/// Shows the recording and a summary. Returns whether everything went as expected.
fn show(
    program: &str,
    wire: bool,
    files: &[PathBuf],
    outcome: &Outcome,
    began: Monotonic,
    terminal: &mut Terminal<'_>,
) -> bool {
    let Some(segments) = traces::read(files, terminal) else { return false };
    let (ladder, unreadable) = {
        let zone = Zone::local();
        let ahead = |unix| zone.ahead(unix);
        let options =
            LadderOptions { wire, width: columns(), ahead: Some(&ahead), ..LadderOptions::default() };
        traces::drawn(&segments, &options)
    };
    let told = beside(&outcome.told, &Zone::local());
    let replayed = traces::replayed(&segments, &mut |_| None);
    let elapsed = began.elapsed();
    let mut good = say_both(&ladder, &told, terminal);
    let replay = match &replayed {
        Ok(summary) => summary.to_string(),
        Err(error) => format!("failed: {error}"),
    };
    good &= terminal.say(&format!("\n{}", summary(program, outcome, &replay, elapsed)));
    let mut wrong: Vec<String> = outcome.wrong();
    wrong.extend(unreadable.map(|error| format!("the recording cannot be read: {error}")));
    wrong.extend(replayed.err().map(|error| format!("expected the replay to equal the recording; {error}")));
    for complaint in &wrong {
        terminal.complain(complaint);
    }
    good && wrong.is_empty()
}

fn columns() -> usize {
    Some(terminal::width()).filter(|width| *width > 0).unwrap_or(COLUMNS)
}

/// The steps of the story, each with its local time as the ladder writes it.
fn beside(told: &[(u64, &'static str)], zone: &Zone) -> Vec<(String, String)> {
    let line = |(number, (micros, says)): (usize, &(u64, &str))| {
        let unix = micros / 1_000_000;
        let local = unix.saturating_add_signed(zone.ahead(unix).into()) % 86_400;
        let time = format!(
            "{:02}:{:02}:{:02}.{:03}",
            local / 3600,
            local / 60 % 60,
            local % 60,
            micros / 1000 % 1000
        );
        let said = format!("{time} ==== {}. {says}", number + 1);
        (time, said)
    };
    told.iter().enumerate().map(line).collect()
}

/// Shows the ladder with each step of the story before what came of it.
fn say_both(ladder: &str, told: &[(String, String)], terminal: &mut Terminal<'_>) -> bool {
    let mut steps = told.iter().peekable();
    let mut good = true;
    for line in ladder.lines() {
        let is_timed = line.as_bytes().first().is_some_and(u8::is_ascii_digit) && line.get(2..3) == Some(":");
        while let Some((_, said)) = steps.next_if(|(time, _)| is_timed && line.get(..12) >= Some(time)) {
            good &= terminal.say_brightly(said);
        }
        good &= terminal.say(&format!("{line}\n"));
    }
    for (_, said) in steps {
        good &= terminal.say_brightly(said);
    }
    good
}

fn summary(program: &str, outcome: &Outcome, replay: &str, elapsed: Duration) -> String {
    let mut lines: Vec<String> = Vec::new();
    for actor in &outcome.ended {
        let well = if actor.status == GOOD { "good" } else { "FAILED" };
        lines.push(format!("{:<13}{well:<7}{}", actor.name, actor.role));
    }
    lines.push(format!("replay       {replay}"));
    lines.push(format!("{program} demo took {} ms\n", elapsed.as_millis()));
    lines.join("\n")
}
