//! Writes the seeds of every fuzz target: `corpus FOLDER` puts them into `FOLDER/TARGET/seed-NUMBER`, and leaves other
//! files alone. The exit status is 1 if that fails, 2 for wrong arguments.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use ctigate_tests::fuzz::TARGETS;

fn write(folder: &Path, out: &mut impl Write) -> io::Result<()> {
    for target in TARGETS {
        let folder = folder.join(target.name);
        fs::create_dir_all(&folder)?;
        let seeds = (target.seeds)()?;
        for (number, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("seed-{number:04}")), seed)?;
        }
        writeln!(out, "{}: {} seeds", target.name, seeds.len())?;
    }
    Ok(())
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [folder] = words.as_slice() else {
        // If standard error is closed the message is lost.
        let _ = writeln!(io::stderr(), "usage: corpus FOLDER");
        return ExitCode::from(2);
    };
    match write(Path::new(folder), &mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}
