//! Measures a gateway at an Asterisk with thousands of phones, over real sockets: what an event costs, what a session and
//! a channel take, and how soon a click and an event go on. Both shells compile this file; each runs its own program. The
//! Asterisk is a part of the measurement, which tells a recorded call again and again:
//!
//! `cargo bench -p ctigate-smol -p ctigate-std --bench desks`

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a measurement may fail")]

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;
use std::{fs, thread};

mod manager;
#[path = "../process/program.rs"]
#[expect(dead_code, reason = "no program is talked to here")]
mod program;
#[path = "../crowd/proxy.rs"]
#[expect(dead_code, reason = "not all rounds are played")]
mod proxy;
#[path = "../crowd/watched.rs"]
#[expect(dead_code, reason = "not all is asked")]
mod watched;

use manager::{Call, House, Manager, Speaker};
use program::Folder;
use proxy::{Proxy, Round};
use watched::Process;

/// The sessions, the number of the first one's line, and the calls of two channels that there are.
const SESSIONS: usize = 5_000;
const FIRST: usize = 500_000;
const TALKING: usize = 5_000;
/// Devices that nobody monitors.
const OTHERS: [usize; 2] = [800_001, 800_002];
/// How many calls are told to find out what an event costs.
const CALLS: usize = 3_000;
/// How many of them at a time, if clients are told of them.
const AT_A_TIME: usize = 50;
/// How many clicks and events are timed.
const TIMED: usize = 1_000;
/// The calls a second that go on meanwhile.
const RATE: u64 = 200;
/// How many sign in at a time.
const WINDOW: usize = 64;
/// How long nothing comes after the last message.
const QUIET: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(10);
/// The event after which a called phone's client is told that it rings.
const RINGS: &str = "DialBegin";

/// The program under test.
fn command() -> Command {
    let program = option_env!("CARGO_BIN_EXE_ctigate").or(option_env!("CARGO_BIN_EXE_ctigate-std"));
    Command::new(PathBuf::from(program.unwrap()))
}

fn main() -> io::Result<()> {
    let out = &mut io::stdout().lock();
    let mut desks = Desks::open()?;
    desks.measure_memory(out)?;
    desks.measure_events(out)?;
    desks.measure_waits(out)
}

/// A gateway with sessions, and its Asterisk.
struct Desks {
    manager: Manager,
    gateway: Process,
    proxy: Proxy,
    call: Call,
    /// Its resident memory before the first session, in KiB.
    empty: usize,
    _folder: Folder,
}

impl Desks {
    fn open() -> io::Result<Self> {
        let folder = Folder::new("desks");
        let manager = Manager::open(House { first: FIRST, endpoints: SESSIONS, talking: TALKING })?;
        let password = folder.write("password", "example");
        fs::set_permissions(&password, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        let config = format!(
            "[sip]\ntcp = [\"127.0.0.1:0\"]\n[[cti.connection]]\nkind = \"asterisk\"\naddress = \"{}\"\n\
             user = \"ctigate\"\npassword_file = \"{password}\"\n",
            manager.address
        );
        let config = folder.write("gateway.toml", &config);
        let mut command = command();
        command.args(["run", "--config", &config]);
        let gateway = Process::start(&mut command, folder.path("gateway.log"))?;
        let address = gateway.wait_for("key=sip.tcp transport=TCP address=")?;
        gateway.wait_for("name=cti_in_service")?;
        let empty = gateway.resident()?;
        let proxy = Proxy::open(&address, FIRST..FIRST + SESSIONS)?;
        Ok(Self { manager, gateway, proxy, call: Call::recorded()?, empty, _folder: folder })
    }

    fn measure_memory(&mut self, out: &mut impl Write) -> io::Result<()> {
        let outcome = self.proxy.play(Round::SignIn, SESSIONS, WINDOW)?;
        if outcome.failures > 0 {
            return Err(io::Error::other(outcome.example));
        }
        while self.proxy.hear(QUIET)?.is_some() {}
        let (empty, all) = (self.empty, self.gateway.resident()?);
        writeln!(out, "resident memory, with {} channels: {} MiB", 2 * TALKING, empty.div_ceil(1_024))?;
        writeln!(out, "  and {SESSIONS} sessions with monitors: {} MiB (aim: 64)", all.div_ceil(1_024))
    }

    /// What events cost that no monitored phone has part in, and those of calls between two monitored ones.
    fn measure_events(&mut self, out: &mut impl Write) -> io::Result<()> {
        let events = u32::try_from(CALLS * self.call.len()).map_err(io::Error::other)?;
        let used = self.gateway.processor_time()?;
        for _ in 0..CALLS {
            self.manager.speaker.say(&self.call.between(OTHERS, RINGS).concat())?;
        }
        self.settle()?;
        let used = self.gateway.processor_time()?.saturating_sub(used) / events;
        writeln!(out, "processor time of an event that concerns nobody: {used:?} (aim: 3 µs)")?;
        let mut told = 0_u32;
        let used = self.gateway.processor_time()?;
        for batch in 0..CALLS / AT_A_TIME {
            for index in 0..AT_A_TIME {
                let caller = FIRST + 2 * (batch * AT_A_TIME + index) % SESSIONS;
                self.manager.speaker.say(&self.call.between([caller, caller + 1], RINGS).concat())?;
            }
            let mut cleared = 0;
            // Each of the two is told of both ends, but for what comes after its own.
            while cleared < 2 * AT_A_TIME {
                let heard = self.proxy.hear(PATIENCE)?.ok_or_else(|| io::Error::other("nothing is told"))?;
                told += 1;
                let is_over = heard.element("localConnectionInfo") == "null";
                cleared += usize::from(is_over && heard.root() == "ConnectionClearedEvent");
            }
        }
        let used = self.gateway.processor_time()?.saturating_sub(used) / events;
        writeln!(out, "  of a call of two monitored phones: {used:?} (aim: 15 µs)")?;
        writeln!(out, "    ({events} events, of which clients were told {told})")
    }

    /// Waits until the gateway has read all that was said.
    fn settle(&mut self) -> io::Result<()> {
        self.click().map(drop)
    }

    /// A client makes a call; returns how long it takes until the Asterisk is asked.
    fn click(&mut self) -> io::Result<Duration> {
        let before = Instant::now();
        let outcome = self.proxy.play(Round::Call, 1, 1)?;
        if outcome.failures > 0 {
            return Err(io::Error::other(outcome.example));
        }
        let originated = self.manager.originated.recv_timeout(PATIENCE).map_err(io::Error::other)?;
        while self.proxy.hear(Duration::from_millis(2))?.is_some() {}
        Ok(originated.saturating_duration_since(before))
    }

    /// A monitored phone is called; returns how long it takes until its client is told that it rings.
    fn ring(&mut self) -> io::Result<Duration> {
        let [rings, ends] = self.call.between([OTHERS[0], FIRST + 1], RINGS);
        let before = Instant::now();
        self.manager.speaker.say(&rings)?;
        let heard = self.proxy.hear(PATIENCE)?.ok_or_else(|| io::Error::other("nothing is told"))?;
        let took = before.elapsed();
        if heard.root() != "DeliveredEvent" {
            return Err(io::Error::other(heard.text));
        }
        self.manager.speaker.say(&ends)?;
        while self.proxy.hear(Duration::from_millis(2))?.is_some() {}
        Ok(took)
    }

    /// How soon clicks and events go on while others call.
    fn measure_waits(&mut self, out: &mut impl Write) -> io::Result<()> {
        let is_over = AtomicBool::new(false);
        let speaker = self.manager.speaker.clone();
        let mut others = Call::recorded()?;
        others.begin_at(CALLS * 1_000);
        let (clicks, rings) = thread::scope(|scope| {
            scope.spawn(|| call_on(&speaker, &mut others, &is_over));
            let clicks = (0..TIMED).map(|_| self.click()).collect::<io::Result<Vec<_>>>();
            let rings = (0..TIMED).map(|_| self.ring()).collect::<io::Result<Vec<_>>>();
            is_over.store(true, Ordering::Relaxed);
            (clicks, rings)
        });
        writeln!(out, "while {RATE} calls a second go on:")?;
        for (what, waits) in [("a click until Originate", clicks?), ("an event until its INFO", rings?)] {
            let [half, most] = percentiles(waits);
            writeln!(out, "  {what}: half within {half:?}, 99 of 100 within {most:?} (aim: 1 ms)")?;
        }
        Ok(())
    }
}

/// Calls go on, evenly, until it is over.
fn call_on(speaker: &Speaker, call: &mut Call, is_over: &AtomicBool) {
    let began = Instant::now();
    let pause = Duration::from_secs(1) / u32::try_from(RATE).unwrap_or(1);
    let mut next = began;
    while !is_over.load(Ordering::Relaxed) && speaker.say(&call.between(OTHERS, RINGS).concat()).is_ok() {
        next += pause;
        thread::sleep(next.saturating_duration_since(Instant::now()));
    }
}

/// What half of them, and 99 of 100, are below.
fn percentiles(mut waits: Vec<Duration>) -> [Duration; 2] {
    waits.sort_unstable();
    [50, 99].map(|part| waits.get(waits.len() * part / 100).copied().unwrap_or_default())
}
