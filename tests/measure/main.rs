//! What a request costs the whole process, on real sockets: `cargo bench -p ctigate-smol -p ctigate-std --bench process`.
//! Both shells compile this file; each measures its own program. SIPp (Debian's `sip-tester`) is the load, and beside
//! it the yardstick: its own answering mode, asked the same. Takes about two minutes a program.
//!
//! With `-- look` it runs the load once and only for a profiler: the gateway's process ID is printed, and it is asked
//! for as long as SIPp takes.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a measurement that cannot be made may fail")]

use core::fmt;
use std::env;
use std::io::{self, Write as _};

mod floor;
mod processor;
mod program;
mod sipp;

use program::Office;
use sipp::{FEATURES, Load, SNAPSHOT};

/// So often each figure is measured; the least counts, since whatever else the machine does only adds.
const TIMES: usize = 3;

/// The load at which the program has always something to do.
const SATURATION: Load = Load { dialogs: 1_000, connections: 1, calls: 6_000, document: FEATURES };
/// Each client waits for its answer, and nobody else asks.
const ONE_AT_A_TIME: Load = Load { dialogs: 1, calls: 250, ..SATURATION };

fn main() -> io::Result<()> {
    sipp::must_be_installed();
    let mut words = env::args().skip(1).filter(|word| !word.starts_with("--"));
    let mut table = Table(io::stdout().lock());
    match words.next().as_deref() {
        None => print_table(&mut table),
        Some("look") => look(&mut table),
        Some(other) => Err(io::Error::other(format!("'{other}': there is nothing but 'look'"))),
    }
}

fn print_table(table: &mut Table<'_>) -> io::Result<()> {
    let name = program::name();
    writeln!(
        table.0,
        "microseconds of processor time per answered request; the least of {TIMES} measurements\n"
    )?;
    let office = Office::open(false);
    let of_gateway = |load: Load| least(|| office.processor_time(load));
    let saturated = of_gateway(SATURATION);
    table.row(&format!("{name}: 1,000 dialogs on 1 connection, GetCSTAFeatures"), saturated)?;
    let alone = of_gateway(ONE_AT_A_TIME);
    table.row(&format!("{name}: 1 dialog"), alone)?;
    table.row(
        &format!("{name}: SnapshotDevice, through the link and back"),
        of_gateway(Load { document: SNAPSHOT, ..SATURATION }),
    )?;
    for dialogs in [10, 100, 10_000] {
        let calls = if dialogs < 1_000 { 3_000 } else { 20_000 };
        table
            .row(&format!("{name}: {dialogs} dialogs"), of_gateway(Load { dialogs, calls, ..SATURATION }))?;
    }
    for connections in [4, 64] {
        table.row(
            &format!("{name}: 1,000 dialogs on {connections} connections"),
            of_gateway(Load { connections, ..SATURATION }),
        )?;
    }
    drop(office);
    let recording = Office::open(true);
    table
        .row(&format!("{name}: 1,000 dialogs, recording"), least(|| recording.processor_time(SATURATION)))?;
    drop(recording);
    table.row("SIPp answering: 1,000 dialogs", least(|| sipp::answering(SATURATION)))?;
    table.row("SIPp answering: 1 dialog", least(|| sipp::answering(ONE_AT_A_TIME)))?;
    table.row("a bare read and write of as many bytes: 1 at a time", least(|| floor::read_and_write(1)))?;
    table.row("a bare read and write of as many bytes: 20 at a time", least(|| floor::read_and_write(20)))
}

/// Asks once, at length.
fn look(table: &mut Table<'_>) -> io::Result<()> {
    let office = Office::open(false);
    writeln!(table.0, "process {}", office.gateway_id())?;
    let time = office.processor_time(Load { calls: 50_000, ..SATURATION });
    table.row(program::name(), time)
}

fn least(mut measure: impl FnMut() -> Nanos) -> Nanos {
    (0..TIMES).map(|_| measure()).min().unwrap()
}

/// Nanoseconds, written as microseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Nanos(u64);

impl fmt::Display for Nanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:4}.{}", self.0 / 1_000, self.0 % 1_000 / 100)
    }
}

struct Table<'a>(io::StdoutLock<'a>);

impl Table<'_> {
    fn row(&mut self, what: &str, time: Nanos) -> io::Result<()> {
        writeln!(self.0, "{what:66} {time}")?;
        self.0.flush()
    }
}
