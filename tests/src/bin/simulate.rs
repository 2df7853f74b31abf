//! Walks the simulated world: `simulate --seeds 300 --from COMMIT` derives seeds from a commit's hash, `simulate --seed 7`
//! walks one again. Each walk is made twice and replayed. The exit status is 1 with the first fault, 2 for wrong arguments.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Instant;

use ctigate_tests::simulate::{Report, simulate};

const USAGE: &str = "usage: simulate --seeds COUNT [--from COMMIT] | simulate --seed SEED";

/// What to walk.
#[derive(Debug, PartialEq, Eq)]
enum Walks {
    /// Seeds that follow from a commit's hash.
    Many { count: u64, from: String },
    /// One seed.
    One(u64),
}

fn arguments(words: &[String]) -> Option<Walks> {
    let (mut count, mut from, mut seed) = (None, String::from("0"), None);
    for pair in words.chunks(2) {
        match pair {
            [name, value] if name == "--seeds" => count = value.parse().ok(),
            [name, value] if name == "--from" => value.clone_into(&mut from),
            [name, value] if name == "--seed" => seed = value.parse().ok(),
            _ => return None,
        }
    }
    match (count, seed) {
        (Some(count), None) => Some(Walks::Many { count, from }),
        (None, Some(seed)) => Some(Walks::One(seed)),
        _ => None,
    }
}

/// The number in the first digits of a commit's hash; other texts give numbers too.
fn first_seed(commit: &str) -> u64 {
    let digits: String = commit.chars().take(12).collect();
    u64::from_str_radix(&digits, 16)
        .unwrap_or_else(|_| commit.bytes().fold(0, |sum, byte| sum * 31 + u64::from(byte)))
}

fn walk(walks: &Walks, out: &mut impl Write) -> io::Result<bool> {
    let (seeds, first) = match walks {
        Walks::Many { count, from } => (*count, first_seed(from)),
        Walks::One(seed) => (1, *seed),
    };
    let began = Instant::now();
    let mut whole = Report::default();
    for walked in 0..seeds {
        let seed = first.wrapping_add(walked);
        match simulate(seed) {
            Ok(report) => whole.add(&report),
            Err(fault) => {
                writeln!(out, "{fault}\nagain: cargo run -p ctigate-tests --bin simulate -- --seed {seed}")?;
                return Ok(false);
            }
        }
        if (walked + 1) % 50 == 0 {
            writeln!(out, "{} walks, {} s", walked + 1, began.elapsed().as_secs())?;
        }
    }
    for (what, count) in &whole.met {
        writeln!(out, "{count:>9}  {what}")?;
    }
    let Report { steps, high_water, .. } = whole;
    let seconds = began.elapsed().as_secs();
    writeln!(
        out,
        "{seeds} walks from seed {first}: {steps} steps of the gateway, at most {high_water} actions in one, {seconds} s"
    )?;
    Ok(true)
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let Some(walks) = arguments(&words) else {
        // If standard error is gone there is nobody left to tell.
        let _ = writeln!(io::stderr(), "{USAGE}");
        return ExitCode::from(2);
    };
    match walk(&walks, &mut io::stdout().lock()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) | Err(_) => ExitCode::FAILURE,
    }
}
