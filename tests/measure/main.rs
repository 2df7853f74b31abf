//! Measures what a request costs the whole process, on real sockets: `cargo bench -p ctigate-smol -p ctigate-std
//! --bench process`. Both shells compile this file; each measures its own program. SIPp (Debian's `sip-tester`) is the
//! load and, in its own answering mode under the same load, the yardstick. It takes two minutes per program.
//!
//! `-- WORD` measures only rows with that word in their names. `-- look` runs one long load, for a profiler:
//! `tests/measure/profile.sh`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a measurement that cannot be made may fail")]

use core::fmt;
use std::env;
use std::io::{self, Write as _};

mod answerer;
mod floor;
mod processor;
mod program;
mod sipp;

use answerer::Answerer;
use program::Office;
use sipp::{FEATURES, HOLD, Load, SNAPSHOT, TRANSFER};

/// How often each figure is measured; the least counts, since other load only adds.
const TIMES: usize = 3;

/// A load at which the program is never idle.
const SATURATION: Load = Load { dialogs: 1_000, connections: 1, calls: 6_000, document: FEATURES };
/// A load of one client, which waits for each answer.
const ONE_AT_A_TIME: Load = Load { dialogs: 1, calls: 250, ..SATURATION };

fn main() -> io::Result<()> {
    sipp::must_be_installed();
    let word = env::args().skip(1).find(|word| !word.starts_with("--"));
    match word.as_deref() {
        Some("look") => look(),
        word => print_table(&mut Table { out: io::stdout().lock(), word: word.unwrap_or_default() }),
    }
}

fn print_table(table: &mut Table<'_>) -> io::Result<()> {
    let name = program::name();
    writeln!(
        table.out,
        "microseconds of processor time per answered request; the least of {TIMES} measurements\n"
    )?;
    let office = Office::open(false);
    let office = &office;
    let of_gateway = |load: Load| move || office.processor_time(load);
    let snapshot = Load { document: SNAPSHOT, ..SATURATION };
    table.row(&format!("{name}: 1,000 dialogs on 1 connection, GetCSTAFeatures"), of_gateway(SATURATION))?;
    table.row(&format!("{name}: SnapshotDevice, through the link and back"), of_gateway(snapshot))?;
    table.row(&format!("{name}: 1 dialog"), of_gateway(ONE_AT_A_TIME))?;
    let phone_system = Answerer::start();
    let answered = Office::with_answerer(&phone_system);
    for (what, document) in [("HoldCall", HOLD), ("TransferCall", TRANSFER)] {
        let load = Load { document, ..SATURATION };
        table.row(&format!("{name}: {what}, through the link and back"), || {
            let before = phone_system.served();
            let time = answered.processor_time(load);
            assert_eq!(phone_system.served() - before, u64::from(load.calls) * 10, "each was asked for");
            time
        })?;
    }
    for (dialogs, calls) in [(10, 3_000), (100, 6_000), (10_000, 20_000)] {
        let load = Load { dialogs, calls, ..SATURATION };
        table.row(&format!("{name}: {dialogs} dialogs on 1 connection"), of_gateway(load))?;
    }
    for connections in [4, 64] {
        let load = Load { connections, ..SATURATION };
        table.row(&format!("{name}: 1,000 dialogs on {connections} connections"), of_gateway(load))?;
    }
    let recording = Office::open(true);
    let recorded = || recording.processor_time(SATURATION);
    table.row(&format!("{name}: 1,000 dialogs on 1 connection, recording"), recorded)?;
    table.row("SIPp answering: 1,000 dialogs on 1 connection", || sipp::answering(SATURATION))?;
    table.row("SIPp answering: 1 dialog", || sipp::answering(ONE_AT_A_TIME))?;
    table.row("a bare read and write of as many bytes: 1 at a time", || floor::read_and_write(1))?;
    table.row("a bare read and write of as many bytes: 20 at a time", || floor::read_and_write(20))
}

/// Runs one long load.
fn look() -> io::Result<()> {
    let office = Office::open(false);
    writeln!(io::stdout(), "{} {}", program::path().display(), office.gateway_id())?;
    let time = office.processor_time(Load { calls: 30_000, ..SATURATION });
    writeln!(io::stdout(), "{time} microseconds a request")
}

fn least(mut measure: impl FnMut() -> Nanos) -> Nanos {
    (0..TIMES).map(|_| measure()).min().unwrap()
}

/// Nanoseconds, shown as microseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Nanos(u64);

impl fmt::Display for Nanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:4}.{}", self.0 / 1_000, self.0 % 1_000 / 100)
    }
}

struct Table<'a> {
    out: io::StdoutLock<'a>,
    /// The word that a row's name must contain to be measured.
    word: &'a str,
}

impl Table<'_> {
    fn row(&mut self, what: &str, measure: impl FnMut() -> Nanos) -> io::Result<()> {
        if !what.contains(self.word) {
            return Ok(());
        }
        writeln!(self.out, "{what:66} {}", least(measure))?;
        self.out.flush()
    }
}
