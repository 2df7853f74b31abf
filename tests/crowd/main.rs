//! A whole company signed in to one gateway over real sockets: how fast, in how much memory, and at what cost while
//! nothing happens. Both shells compile this file; each runs its own program, against two phone systems of its own:
//!
//! `cargo bench -p ctigate-smol --bench crowd`, or with `-- --sessions 10000` fewer of them.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a measurement may fail")]

use core::fmt::Write as _;
use core::time::Duration;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;
use std::{env, thread};

#[path = "../process/program.rs"]
#[expect(dead_code, reason = "no program is talked to here")]
mod program;
mod proxy;
#[path = "../process/sip.rs"]
mod sip;
mod watched;

use program::Folder;
use proxy::{Outcome, Proxy, Round};
use watched::Process;

/// Sessions, unless the command line says otherwise.
const SESSIONS: usize = 100_000;
/// Connections that all users share, as behind proxies.
const PROXIES: usize = 8;
/// Users of one connection who are at it at the same time.
const WINDOW: usize = 64;
/// Phone systems.
const SWITCHES: usize = 2;
/// The number of the first phone.
const FIRST: usize = 200_000;
/// How long nothing is done, to see what that costs; it holds a heartbeat of every connection.
const IDLE: Duration = Duration::from_secs(35);
/// How often each client refreshes its session.
const REFRESH_EVERY: u64 = 1_800;

/// The program under test.
fn command() -> Command {
    let program = option_env!("CARGO_BIN_EXE_ctigate").or(option_env!("CARGO_BIN_EXE_ctigate-std"));
    Command::new(PathBuf::from(program.unwrap()))
}

fn main() -> io::Result<()> {
    let words: Vec<String> = env::args().skip(1).filter(|word| word != "--bench").collect();
    let sessions = match words.as_slice() {
        [] => Ok(SESSIONS),
        [option, number] if option == "--sessions" => number.parse().map_err(io::Error::other),
        _ => Err(io::Error::other("usage: [--sessions NUMBER]")),
    };
    Company::found(sessions?)?.measure(&mut io::stdout().lock())
}

/// The gateway, its phone systems and everybody who is signed in.
struct Company {
    sessions: usize,
    gateway: Process,
    _switches: Vec<Process>,
    proxies: Vec<Proxy>,
    _folder: Folder,
}

impl Company {
    fn found(sessions: usize) -> io::Result<Self> {
        let folder = Folder::new("crowd");
        let phones = format!("[[phone]]\nnumber = \"{FIRST}\"\ncount = {sessions}\n");
        let phones = folder.write("phones.toml", &phones);
        let mut config = format!("[sip]\ntcp = [\"127.0.0.1:0\"]\n[limits]\nsessions = {sessions}\n");
        let mut switches = Vec::new();
        for place in 0..SWITCHES {
            let mut command = command();
            command.args(["switch", "--listen", "127.0.0.1:0", "--config", &phones]);
            let switch = Process::start(&mut command, folder.path(&format!("switch{place}.log")))?;
            let address = switch.wait_for("key=listen transport=TCP address=")?;
            write!(config, "[[cti.connection]]\naddress = \"{address}\"\nname = \"node{place}\"\n").unwrap();
            switches.push(switch);
        }
        let config = folder.write("gateway.toml", &config);
        let mut command = command();
        command.args(["run", "--config", &config]);
        let gateway = Process::start(&mut command, folder.path("gateway.log"))?;
        let address = gateway.wait_for("key=sip.tcp transport=TCP address=")?;
        for place in 0..SWITCHES {
            gateway.wait_for(&format!("name=cti_in_service cti=node{place} "))?;
        }
        let users =
            |proxy| (0..sessions).filter(move |user| user % PROXIES == proxy).map(|user| FIRST + user);
        let proxies = (0..PROXIES).map(|proxy| Proxy::open(&address, users(proxy)));
        let proxies = proxies.collect::<io::Result<Vec<Proxy>>>()?;
        Ok(Self { sessions, gateway, _switches: switches, proxies, _folder: folder })
    }

    fn measure(mut self, out: &mut impl Write) -> io::Result<()> {
        let sessions = self.sessions;
        writeln!(out, "\n{sessions} sessions behind {PROXIES} connections, {SWITCHES} phone systems\n")?;
        row(out, "", "measured", "aim")?;
        let before = self.gateway.resident()?;
        let signing = self.round(Round::SignIn, WINDOW)?;
        let after = self.gateway.resident()?;
        row(out, "sign-ins a second, each with its monitor", &signing.rate(sessions), ">= 5000")?;
        row(out, "  processor time each", &signing.cost(sessions), "")?;
        row(out, "  longest wait for an answer, of half of them", &signing.waits(), "< 5 s")?;
        let bytes = after.saturating_sub(before) * 1024 / sessions;
        row(out, "resident memory a session", &format!("{bytes} B"), "<= 8192 B")?;

        let used = self.gateway.processor_time()?;
        thread::sleep(IDLE);
        let used = self.gateway.processor_time()?.saturating_sub(used);
        row(out, "processor while nothing happens, heartbeats only", &share(used, IDLE), "")?;
        let refreshing = self.round(Round::Refresh, WINDOW)?;
        row(out, "refreshes a second", &refreshing.rate(sessions), "")?;
        row(out, "  processor time each", &refreshing.cost(sessions), "")?;
        let idle = used
            + refreshing.used.saturating_mul(u32::try_from(IDLE.as_secs()).unwrap())
                / u32::try_from(REFRESH_EVERY).unwrap();
        let name = "processor with heartbeats and a refresh every 30 min";
        row(out, name, &share(idle, IDLE), "<= 2.00 %")?;

        let asking = self.round(Round::Snapshot, WINDOW)?;
        row(out, "requests a second that the phone system is asked", &asking.rate(sessions), "")?;
        row(out, "  longest wait for an answer, of half of them", &asking.waits(), "< 5 s")?;
        let leaving = self.round(Round::SignOut, WINDOW)?;
        row(out, "sign-outs a second", &leaving.rate(sessions), "")?;
        Ok(())
    }

    /// Everybody plays a round; all must succeed.
    fn round(&mut self, round: Round, window: usize) -> io::Result<Measured> {
        let (began, used) = (Instant::now(), self.gateway.processor_time()?);
        let outcomes: Vec<io::Result<Outcome>> = thread::scope(|scope| {
            let play = |proxy| scope.spawn(move || Proxy::play(proxy, round, window));
            let playing: Vec<_> = self.proxies.iter_mut().map(play).collect();
            playing.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let (took, used) = (began.elapsed(), self.gateway.processor_time()?.saturating_sub(used));
        let mut all = Outcome::default();
        for outcome in outcomes {
            all.add(outcome?);
        }
        if all.failures > 0 {
            let (failures, example) = (all.failures, all.example);
            return Err(io::Error::other(format!("{round:?} failed {failures} times:\n{example}")));
        }
        all.waits.sort_unstable();
        Ok(Measured { took, used, waits: all.waits })
    }
}

/// What a round took.
struct Measured {
    took: Duration,
    /// Of the gateway's processor time.
    used: Duration,
    /// In order.
    waits: Vec<Duration>,
}

impl Measured {
    fn rate(&self, count: usize) -> String {
        let millis = self.took.as_millis().max(1);
        format!("{}", u128::try_from(count).unwrap() * 1_000 / millis)
    }

    fn cost(&self, count: usize) -> String {
        format!("{} µs", self.used.as_micros() / u128::try_from(count).unwrap())
    }

    fn waits(&self) -> String {
        let (longest, median) = (self.waits[self.waits.len() - 1], self.waits[self.waits.len() / 2]);
        format!("{} ms, {} ms", longest.as_millis(), median.as_millis())
    }
}

/// A share of a processor, in per cent.
fn share(used: Duration, of: Duration) -> String {
    let parts = used.as_micros() * 10_000 / of.as_micros();
    format!("{}.{:02} %", parts / 100, parts % 100)
}

fn row(out: &mut impl Write, name: &str, measured: &str, aim: &str) -> io::Result<()> {
    writeln!(out, "{name:54} {measured:>16} {aim:>10}")?;
    out.flush()
}
