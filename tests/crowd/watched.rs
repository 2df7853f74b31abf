//! A running program, and its figures from the kernel.

use core::time::Duration;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

/// How long a program may take to log something.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often its log is checked.
const STEP: Duration = Duration::from_millis(20);
/// A tick of the kernel's processor time.
const TICK: Duration = Duration::from_millis(10);

/// A program whose log is a file. Killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    log: String,
}

impl Process {
    /// Starts it.
    pub(crate) fn start(command: &mut Command, log: String) -> io::Result<Self> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&log)?).spawn()?;
        Ok(Self { child, log })
    }

    /// Waits until it has logged this; returns the rest of the line.
    pub(crate) fn wait_for(&self, part: &str) -> io::Result<String> {
        self.wait_for_times(part, 1)
    }

    /// Waits until it has logged this a number of times; returns the rest of the line.
    pub(crate) fn wait_for_times(&self, part: &str, times: usize) -> io::Result<String> {
        let began = Instant::now();
        loop {
            let log = fs::read_to_string(&self.log)?;
            if let Some(rest) = log.split(part).nth(times) {
                return Ok(rest.split_ascii_whitespace().next().unwrap_or_default().to_owned());
            }
            if began.elapsed() > PATIENCE {
                return Err(io::Error::other(format!("'{part}' was never said: {log}")));
            }
            thread::sleep(STEP);
        }
    }

    /// Sends a phone system a control line, and returns its answer.
    pub(crate) fn ask(&self, line: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect(self.wait_for("key=control transport=TCP address=")?)?;
        writeln!(stream, "{line}")?;
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer)?;
        Ok(answer.trim_end().to_owned())
    }

    /// Asks it to stop.
    pub(crate) fn terminate(&self) -> io::Result<()> {
        let id = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status().map(drop)
    }

    /// Its resident memory, in KiB.
    pub(crate) fn resident(&self) -> io::Result<usize> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        line.trim().trim_end_matches(" kB").parse().map_err(io::Error::other)
    }

    /// The processor time it has used, in user and in kernel mode.
    pub(crate) fn processor_time(&self) -> io::Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_ascii_whitespace();
        let ticks: u32 = fields.skip(11).take(2).filter_map(|field| field.parse::<u32>().ok()).sum();
        Ok(TICK.saturating_mul(ticks))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
