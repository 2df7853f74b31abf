//! Runs simulations: `simulate --seeds 3000 --from COMMIT` runs seeds that follow from a commit's hash, `simulate
//! --seed 7` a single one. For a seed that fails, the shortest schedule found that fails in the same way is shown, and
//! the nodes' traces are written to the folder `--traces` (`target/simulation`). The exit status is 1 if a seed failed,
//! 2 for wrong arguments.

use core::time::Duration;
use std::io::{self, IsTerminal as _, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use ctigate_tests::Fault;
use ctigate_tests::simulate::{DESKS, Progress, Report, Run, crowd, examine, simulate, traces};

const USAGE: &str = "usage: simulate --seeds COUNT [--from COMMIT] [--traces FOLDER] | simulate --seed SEED [--traces FOLDER]";

/// The most seeds that are shrunk when several fail at once.
const SHRUNK: usize = 2;

/// What to run.
#[derive(Debug, PartialEq, Eq)]
enum Seeds {
    /// Consecutive seeds.
    Many { count: u64, first: u64 },
    /// One seed.
    One(u64),
}

struct Arguments {
    seeds: Seeds,
    traces: String,
}

fn arguments(words: &[String]) -> Option<Arguments> {
    let (mut count, mut from, mut seed) = (None, String::from("0"), None);
    let mut traces = String::from("target/simulation");
    for pair in words.chunks(2) {
        match pair {
            [name, value] if name == "--seeds" => count = value.parse().ok(),
            [name, value] if name == "--from" => value.clone_into(&mut from),
            [name, value] if name == "--seed" => seed = value.parse().ok(),
            [name, value] if name == "--traces" => value.clone_into(&mut traces),
            _ => return None,
        }
    }
    let seeds = match (count, seed) {
        (Some(count), None) => Seeds::Many { count, first: first_seed(&from) },
        (None, Some(seed)) => Seeds::One(seed),
        _ => return None,
    };
    Some(Arguments { seeds, traces })
}

/// A number from the first digits of a commit's hash, or from any other text.
fn first_seed(commit: &str) -> u64 {
    let digits: String = commit.chars().take(12).collect();
    u64::from_str_radix(&digits, 16)
        .unwrap_or_else(|_| commit.bytes().fold(0, |sum, byte| sum * 31 + u64::from(byte)))
}

/// A progress bar on a terminal, or a line now and then elsewhere.
struct Bar {
    terminal: bool,
    began: Instant,
    last: Instant,
}

impl Bar {
    fn new() -> Self {
        let now = Instant::now();
        Self { terminal: io::stderr().is_terminal(), began: now, last: now }
    }

    fn show(&mut self, Progress { done, of }: Progress) {
        let pause = if self.terminal { Duration::from_millis(200) } else { Duration::from_secs(20) };
        if self.last.elapsed() < pause && done < of {
            return;
        }
        self.last = Instant::now();
        let seconds = self.began.elapsed().as_secs();
        let left = seconds.saturating_mul(of.saturating_sub(done)).checked_div(done).unwrap_or(0);
        // If standard error is gone there is nobody left to tell.
        let mut out = io::stderr().lock();
        if self.terminal {
            let filled = done.saturating_mul(40).checked_div(of).unwrap_or(0);
            let bar: String = (0..40).map(|index| if index < filled { '#' } else { '.' }).collect();
            let end = if done >= of { "\n" } else { "" };
            let _ = write!(out, "\r[{bar}] {done} of {of} seeds, {seconds} s, {left} s to go {end}");
        } else {
            let _ = writeln!(out, "{done} of {of} seeds, {seconds} s");
        }
        let _ = out.flush();
    }
}

/// Shrinks a failing seed, and shows the result and where its traces are.
fn explain(fault: &Fault, folder: &str, out: &mut impl Write) -> io::Result<()> {
    let seed = fault.seed;
    if fault.what.starts_with(DESKS) {
        return writeln!(out, "{fault}");
    }
    writeln!(out, "{fault}\nshrinking it ...")?;
    out.flush()?;
    let run = Run::of(seed);
    // If one run shows the fault, it need not be run twice each time.
    let failure = examine(&run, false).or_else(|| examine(&run, true));
    let Some(failure) = failure else {
        return writeln!(
            out,
            "{fault}\nand it does not fail again: the simulation depends on something outside"
        );
    };
    writeln!(out, "{failure}")?;
    for path in traces(&failure.run, Path::new(folder))? {
        writeln!(out, "trace: ctigate replay {}", path.display())?;
    }
    writeln!(out, "again: cargo run --release -p ctigate-tests --bin simulate -- --seed {seed}\n")
}

fn run(arguments: &Arguments, out: &mut impl Write) -> io::Result<bool> {
    let began = Instant::now();
    let mut bar = Bar::new();
    let (report, faults) = match arguments.seeds {
        Seeds::Many { count, first } => {
            writeln!(out, "seeds {first} to {}", first.wrapping_add(count).wrapping_sub(1))?;
            crowd(first, count, |progress| bar.show(progress))
        }
        Seeds::One(seed) => match simulate(seed).and_then(|_| Run::of(seed).twice()) {
            Ok(report) => (report, Vec::new()),
            Err(fault) => (Report::default(), vec![fault]),
        },
    };
    writeln!(out, "{report}\n{} s", began.elapsed().as_secs())?;
    for fault in faults.iter().take(SHRUNK) {
        explain(fault, &arguments.traces, out)?;
    }
    Ok(faults.is_empty())
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let Some(arguments) = arguments(&words) else {
        // If standard error is gone there is nobody left to tell.
        let _ = writeln!(io::stderr(), "{USAGE}");
        return ExitCode::from(2);
    };
    // The message of a machine's panic is in the fault.
    std::panic::set_hook(Box::new(|_| {}));
    match run(&arguments, &mut io::stdout().lock()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) | Err(_) => ExitCode::FAILURE,
    }
}
