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
mod gathered;
mod play;

use play::Outcome;

/// The script of Alice, 1001.
const ALICE: &str = "\
call 1002
wait delivered 5s
wait established 5s
hold
wait held 5s
retrieve
wait retrieved 5s
hangup
wait cleared 5s
quit
";

/// The script of Bob, 1002.
const BOB: &str = "\
wait delivered 10s
answer
wait established 5s
wait held 5s
wait retrieved 5s
wait cleared 5s
quit
";

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
            LadderOptions { wire, width: terminal::width(), ahead: Some(&ahead), ..LadderOptions::default() };
        traces::drawn(&segments, &options)
    };
    let replayed = traces::replayed(&segments);
    let elapsed = began.elapsed();
    let mut good = terminal.say(&ladder);
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
