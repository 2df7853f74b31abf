//! The output of a running machine: notices to the log, lines to standard output. Neither blocks.

use core::fmt::Display;
use std::io::Write;
use std::sync::Arc;

use ctigate_core::setting::Setting;
use ctigate_core::{Action, Actions, Level, Notice};

use super::lines::Lines;
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
    least: Level,
    /// The machine whose console it is, and its configuration.
    machine: Arc<(String, Vec<Setting>)>,
}

impl Console {
    /// Notices of level `least` or above go to `err` in `format`, printed lines to `out`; each is written by a thread
    /// of its own.
    #[must_use]
    pub fn new(err: Box<dyn Write + Send>, out: Box<dyn Write + Send>, format: Format, least: Level) -> Self {
        let machine = Arc::default();
        Self { log: Lines::new(err, LOG_LINES), out: Lines::new(out, PRINTED_LINES), format, least, machine }
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

    /// Whether notices of this level are logged.
    #[must_use]
    pub fn shows(&self, level: Level) -> bool {
        level >= self.least
    }

    /// Logs a notice of the machine.
    pub fn notice(&self, notice: Notice<'_>) {
        if self.shows(notice.level) {
            self.log.push(log::line(self.format, &super::utc::now(), notice));
        }
    }

    /// Logs a notice of the shell itself.
    pub fn tell(&self, level: Level, name: &'static str, fields: &[(&str, &dyn Display)]) {
        let mut actions = Actions::new();
        actions.notify(level, name, fields);
        for action in actions.iter() {
            if let Action::Notify(notice) = action {
                self.notice(notice);
            }
        }
    }

    /// Prints one line.
    pub fn print(&self, text: &str) {
        self.out.push(text.into());
    }

    /// Waits, for a bounded time, until everything is written.
    pub fn flush(&self) {
        self.out.flush();
        self.log.flush();
    }
}
