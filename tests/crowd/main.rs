//! Measures 100,000 sessions at one gateway over real sockets: time, memory, and cost when idle. Both shells compile
//! this file; each runs its own program, against two phone systems of its own:
//!
//! `cargo bench -p ctigate-smol --bench crowd`, or with `-- --sessions 10000` for fewer.

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
#[expect(dead_code, reason = "no client makes a call here")]
mod proxy;
mod watched;

use program::Folder;
use proxy::{Outcome, Proxy, Round};
use watched::Process;

/// The default number of sessions.
const SESSIONS: usize = 100_000;
/// The connections that all users share, as behind proxies.
const PROXIES: usize = 8;
/// How many users of one connection are active at the same time.
const WINDOW: usize = 64;
/// Phone systems.
const SWITCHES: usize = 2;
/// The number of the first phone.
const FIRST: usize = 200_000;
/// How long the gateway is idle, to measure its cost; long enough for a heartbeat of every connection.
const IDLE: Duration = Duration::from_secs(3);
/// How many users sign in at once after a failover.
const AT_ONCE: usize = 20_000;
/// How many sessions the gateway moves per second, when it moves them by itself.
const REBIND_RATE: u32 = 5_000;
/// How long the phone system may take to get everything, and how often it is checked.
const PATIENCE: Duration = Duration::from_mins(1);
const STEP: Duration = Duration::from_millis(20);
/// The name of a row.
const WAITS: &str = "  longest wait for an answer, of half of them";
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
    let (sessions, out) = (sessions?, &mut io::stdout().lock());
    Company::found(sessions, "")?.measure(out)?;
    let rebind = format!("[cti]\nrecovery = \"rebind\"\nrebind_rate = {REBIND_RATE}\n");
    Company::found(sessions, &rebind)?.measure_rebind(out)
}

/// The gateway, its phone systems and all users.
struct Company {
    sessions: usize,
    gateway: Process,
    /// With their addresses.
    switches: Vec<(Process, String)>,
    proxies: Vec<Proxy>,
    folder: Folder,
}

impl Company {
    fn found(sessions: usize, more: &str) -> io::Result<Self> {
        let folder = Folder::new("crowd");
        let phones = format!("[[phone]]\nnumber = \"{FIRST}\"\ncount = {sessions}\n");
        folder.write("phones.toml", &phones);
        let mut config = format!(
            "[sip]\ntcp = [\"127.0.0.1:0\"]\nstop_timeout = 8\n[limits]\nsessions = {sessions}\n{more}"
        );
        let mut switches = Vec::new();
        for index in 0..SWITCHES {
            let (switch, address) = start_switch(&folder, index, "127.0.0.1:0")?;
            write!(
                config,
                "[[cti.connection]]\naddress = \"{address}\"\nname = \"node{index}\"\nswitch = \"{index}\"\n"
            )
            .unwrap();
            switches.push((switch, address));
        }
        let config = folder.write("gateway.toml", &config);
        let mut command = command();
        command.args(["run", "--config", &config]);
        let gateway = Process::start(&mut command, folder.path("gateway.log"))?;
        let address = gateway.wait_for("key=sip.tcp transport=TCP address=")?;
        for index in 0..SWITCHES {
            gateway.wait_for_times(&in_service(index), 1)?;
        }
        let users =
            |proxy| (0..sessions).filter(move |user| user % PROXIES == proxy).map(|user| FIRST + user);
        let proxies = (0..PROXIES).map(|proxy| Proxy::open(&address, users(proxy)));
        let proxies = proxies.collect::<io::Result<Vec<Proxy>>>()?;
        Ok(Self { sessions, gateway, switches, proxies, folder })
    }

    fn measure(mut self, out: &mut impl Write) -> io::Result<()> {
        let sessions = self.sessions;
        writeln!(out, "\n{sessions} sessions behind {PROXIES} connections, {SWITCHES} phone systems\n")?;
        row(out, "", "measured", "aim")?;
        self.measure_sign_in(out)?;
        self.measure_idleness(out)?;
        let asking = self.round(Round::Snapshot, sessions, WINDOW)?;
        row(out, "requests a second that the phone system is asked", &asking.rate(), "")?;
        row(out, WAITS, &asking.waits(), "< 5 s")?;
        self.measure_failure(out)?;
        self.measure_failover(out)
    }

    /// All users leave, and many come back at the same moment, as from a node that died.
    fn measure_failover(mut self, out: &mut impl Write) -> io::Result<()> {
        let sessions = self.sessions;
        let leaving = self.round(Round::SignOut, sessions, WINDOW)?;
        row(out, "sign-outs a second", &leaving.rate(), "")?;
        let many = AT_ONCE.min(sessions);
        let signing = self.round(Round::SignIn, many, many)?;
        row(out, &format!("{many} sign-ins all at once: a second"), &signing.rate(), ">= 5000")?;
        row(out, WAITS, &signing.waits(), "< 5 s")?;
        self.round(Round::SignOut, many, WINDOW)?;
        self.measure_telling(out)
    }

    /// Messages to all users at the same moment: both phone systems are gone, and the gateway stops.
    fn measure_telling(mut self, out: &mut impl Write) -> io::Result<()> {
        let sessions = self.sessions;
        self.round(Round::SignIn, sessions, WINDOW)?;
        self.round(Round::Register, sessions, WINDOW)?;
        let began = Instant::now();
        self.switches.clear();
        let told = self.listen(began)?;
        row(out, "clients told a second that their phone system is gone", &told.rate(), "")?;
        let began = Instant::now();
        self.gateway.terminate()?;
        let told = self.listen(began)?;
        row(out, "clients told a second that the gateway stops", &told.rate(), "")
    }

    /// Waits until every user has got a message.
    fn listen(&mut self, began: Instant) -> io::Result<Measured> {
        let heard: Vec<usize> = thread::scope(|scope| {
            let listen = |proxy| scope.spawn(move || Proxy::listen(proxy));
            let listening: Vec<_> = self.proxies.iter_mut().map(listen).collect();
            listening.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let (count, took) = (heard.iter().sum(), began.elapsed());
        if count < self.sessions {
            return Err(io::Error::other(format!("only {count} of {} were told", self.sessions)));
        }
        Ok(Measured { count, took, used: Duration::ZERO, waits: Vec::new() })
    }

    fn measure_sign_in(&mut self, out: &mut impl Write) -> io::Result<()> {
        let before = self.gateway.resident()?;
        let signing = self.round(Round::SignIn, self.sessions, WINDOW)?;
        let after = self.gateway.resident()?;
        row(out, "sign-ins a second, each with its monitor", &signing.rate(), ">= 5000")?;
        row(out, "  processor time each", &signing.cost(), "")?;
        row(out, WAITS, &signing.waits(), "< 5 s")?;
        let bytes = after.saturating_sub(before) * 1024 / self.sessions;
        row(out, "resident memory a session", &format!("{bytes} B"), "<= 8192 B")
    }

    fn measure_idleness(&mut self, out: &mut impl Write) -> io::Result<()> {
        let used = self.gateway.processor_time()?;
        thread::sleep(IDLE);
        let used = self.gateway.processor_time()?.saturating_sub(used);
        row(out, "processor while nothing happens, heartbeats only", &share(used, IDLE), "")?;
        let refreshing = self.round(Round::Refresh, self.sessions, WINDOW)?;
        row(out, "refreshes a second", &refreshing.rate(), "")?;
        row(out, "  processor time each", &refreshing.cost(), "")?;
        let refreshes = refreshing.used.saturating_mul(u32::try_from(IDLE.as_secs()).unwrap());
        let idle = used + refreshes / u32::try_from(REFRESH_EVERY).unwrap();
        let name = "processor with heartbeats and a refresh every 30 min";
        row(out, name, &share(idle, IDLE), "<= 2.00 %")
    }

    /// One phone system dies; each session's next refresh moves it to the other. Then the first comes back.
    fn measure_failure(&mut self, out: &mut impl Write) -> io::Result<()> {
        let (dead, address) = self.switches.remove(0);
        drop(dead);
        self.gateway.wait_for("name=cti_out_of_service cti=node0 ")?;
        let began = Instant::now();
        let moving = self.round(Round::Refresh, self.sessions, WINDOW)?;
        self.wait_for_monitors(began)?;
        let moved = Measured { took: began.elapsed(), ..moving };
        row(out, "refreshes a second when one phone system has died", &moved.rate(), "")?;
        row(out, WAITS, &moved.waits(), "< 5 s")?;
        self.switches.insert(0, start_switch(&self.folder, 0, &address)?);
        self.gateway.wait_for_times(&in_service(0), 2).map(drop)
    }

    /// One phone system dies and the gateway moves its sessions by itself, while all users keep sending requests.
    fn measure_rebind(mut self, out: &mut impl Write) -> io::Result<()> {
        let sessions = self.sessions;
        self.round(Round::SignIn, sessions, WINDOW)?;
        drop(self.switches.remove(0));
        self.gateway.wait_for("name=cti_out_of_service cti=node0 ")?;
        let began = Instant::now();
        let asking = self.round(Round::Snapshot, sessions / 10, 1)?;
        self.wait_for_monitors(began)?;
        let moved = Measured { count: sessions / SWITCHES, took: began.elapsed(), ..asking };
        row(out, "sessions rebound a second by the gateway itself", &moved.rate(), &REBIND_RATE.to_string())?;
        row(out, WAITS, &moved.waits(), "< 5 s")
    }

    /// Waits until the only phone system has a monitor for every user.
    fn wait_for_monitors(&self, began: Instant) -> io::Result<()> {
        let wanted = format!("monitors={}", self.sessions);
        loop {
            let status = self.switches[0].0.ask("status")?;
            if status.split(' ').any(|word| word == wanted) {
                return Ok(());
            }
            if began.elapsed() > PATIENCE {
                return Err(io::Error::other(format!("there are not {wanted} in time, but {status}")));
            }
            thread::sleep(STEP);
        }
    }

    /// Lets `count` users play a round, at most `window` on each connection at a time; all must succeed.
    fn round(&mut self, round: Round, count: usize, window: usize) -> io::Result<Measured> {
        let (began, used) = (Instant::now(), self.gateway.processor_time()?);
        let outcomes: Vec<io::Result<Outcome>> = thread::scope(|scope| {
            let play =
                |proxy| scope.spawn(move || Proxy::play(proxy, round, count.div_ceil(PROXIES), window));
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
        Ok(Measured { count, took, used, waits: all.waits })
    }
}

/// Starts a phone system; returns it and its address.
fn start_switch(folder: &Folder, index: usize, address: &str) -> io::Result<(Process, String)> {
    let phones = folder.path("phones.toml");
    let mut command = command();
    command.args(["switch", "--listen", address, "--control", "127.0.0.1:0", "--config", &phones]);
    let switch = Process::start(&mut command, folder.path(&format!("switch{index}.log")))?;
    let address = switch.wait_for("key=listen transport=TCP address=")?;
    Ok((switch, address))
}

/// What the gateway logs for a phone system in service.
fn in_service(index: usize) -> String {
    format!("name=cti_in_service cti=node{index} ")
}

/// The measurements of a round.
struct Measured {
    /// How many played.
    count: usize,
    took: Duration,
    /// The gateway's processor time.
    used: Duration,
    /// The waiting times, sorted.
    waits: Vec<Duration>,
}

impl Measured {
    fn rate(&self) -> String {
        let millis = self.took.as_millis().max(1);
        format!("{}", u128::try_from(self.count).unwrap() * 1_000 / millis)
    }

    fn cost(&self) -> String {
        format!("{} µs", self.used.as_micros() / u128::try_from(self.count).unwrap())
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
