//! The output of a running machine: notices to the log, lines to standard output. Neither blocks.

use core::fmt::Display;
use core::sync::atomic::{AtomicU8, Ordering};
use std::io::Write;
use std::sync::Arc;

use ctigate_core::setting::Setting;
use ctigate_core::{Action, Actions, Level, Notice, plain};

use super::lines::{Lines, Loss};
use super::log;

/// The most log lines that wait for a slow standard error.
const LOG_LINES: usize = 8 * 1024;
/// The most printed lines that wait for a slow standard output.
const PRINTED_LINES: usize = 64 * 1024;

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// `time=.. level=.. name=.. key=value`.
    #[default]
    Logfmt,
    /// One JSON object a line.
    Json,
}

/// A machine's log and standard output.
#[derive(Clone)]
pub struct Console {
    log: Lines,
    out: Lines,
    format: Format,
    least: Arc<Least>,
    /// The machine whose console it is, and its configuration.
    machine: Arc<(String, Vec<Setting>)>,
}

/// The least urgent level that is logged, as its number; it may change while the machine runs.
struct Least(AtomicU8);

impl Least {
    fn new(level: Level) -> Self {
        Self(AtomicU8::new(number(level)))
    }

    fn admits(&self, level: Level) -> bool {
        number(level) >= self.0.load(Ordering::Relaxed)
    }

    fn set(&self, level: Level) {
        self.0.store(number(level), Ordering::Relaxed);
    }
}

/// The number of a level; more urgent ones have greater numbers.
fn number(level: Level) -> u8 {
    (0..).zip(Level::ALL).find(|(_, one)| *one == level).map_or(0, |(number, _)| number)
}

impl Console {
    /// Notices of level `least` or above go to `err` in `format`, printed lines to `out`; each is written by a thread
    /// of its own.
    #[must_use]
    pub fn new(err: Box<dyn Write + Send>, out: Box<dyn Write + Send>, format: Format, least: Level) -> Self {
        let machine = Arc::default();
        let log = Lines::new(err, LOG_LINES, lost(format, "standard error"));
        let out = Lines::new(out, PRINTED_LINES, lost(format, "standard output"));
        Self { log, out, format, least: Arc::new(Least::new(least)), machine }
    }

    /// The same console, for this machine with these settings: its log calls connections by their names.
    #[must_use]
    pub(crate) fn of(self, machine: &str, settings: &[Setting]) -> Self {
        Self { machine: Arc::new((machine.to_owned(), settings.to_vec())), ..self }
    }

    /// The machine whose console it is, and its settings; empty if nobody has said.
    pub(crate) fn machine(&self) -> (&str, &[Setting]) {
        (&self.machine.0, &self.machine.1)
    }

    /// Changes the least urgent level that is logged, for all that share this console.
    pub(crate) fn set_least(&self, least: Level) {
        self.least.set(least);
    }

    /// Whether notices of this level are logged.
    #[must_use]
    pub fn shows(&self, level: Level) -> bool {
        self.least.admits(level)
    }

    /// Logs a notice of the machine.
    pub fn notice(&self, notice: Notice<'_>) {
        if self.shows(notice.level) {
            self.log.push(log::line(self.format, &super::utc::now(), notice));
        }
    }

    /// Logs a notice of the shell itself.
    pub fn tell(&self, level: Level, name: &'static str, fields: &[(&str, &dyn Display)]) {
        noticed(level, name, fields, |notice| self.notice(notice));
    }

    /// Prints one line.
    pub fn print(&self, text: &str) {
        self.out.push(plain::line(text).into_owned());
    }

    /// Waits, for a bounded time, until everything is written.
    pub fn flush(&self) {
        self.out.flush();
        self.log.flush();
    }
}

/// Makes a notice of the shell itself, and gives it to `take`.
fn noticed(level: Level, name: &'static str, fields: &[(&str, &dyn Display)], take: impl FnOnce(Notice<'_>)) {
    let mut actions = Actions::new();
    actions.notify(level, name, fields);
    if let Some(Action::Notify(notice)) = actions.iter().next() {
        take(notice);
    }
}

/// The line that says how many lines an output lost.
fn lost(format: Format, output: &'static str) -> Loss {
    Box::new(move |count| {
        let mut text = String::new();
        let why = format_args!("{output} was too slow or had no room");
        let fields: &[(&str, &dyn Display)] = &[("count", &count), ("why", &why)];
        noticed(Level::Warn, "lines_dropped", fields, |notice| {
            text = log::line(format, &super::utc::now(), notice);
        });
        text
    })
}
