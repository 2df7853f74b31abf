//! Runs the script: one line after another, each until it is done or its time is up.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;

use ctigate_core::time::Instant;

use super::commands;
use super::happening::Wanted;
use super::script::{self, Line, Order};
use super::{Client, Phase, Step};

/// The most lines that are queued.
const MAX_LINES: usize = 100_000;

/// The most lines that are begun in one step.
const LINES_PER_STEP: usize = 8;

/// What the current line waits for.
#[derive(Debug)]
enum Doing {
    /// For sign-in to succeed or fail: the end of a script.
    SignIn,
    /// For the session, so that the service can be requested.
    Session(Order),
    /// For the answer to its request.
    Answer,
    /// For something to happen.
    Happening(Wanted),
    /// For time to pass.
    Sleep,
}

#[derive(Debug)]
struct Current {
    text: String,
    doing: Doing,
    until: Instant,
}

/// The state of the script.
#[derive(Debug, Default)]
pub(super) struct Runner {
    lines: VecDeque<String>,
    current: Option<Current>,
    /// Whether no more lines will come.
    pub(super) ended: bool,
    /// Whether lines are left that could begin at once.
    pub(super) backlog: bool,
}

impl Runner {
    /// Adds a line; `false` if there are too many.
    pub(super) fn add(&mut self, line: &str) -> bool {
        let room = self.lines.len() < MAX_LINES;
        if room {
            self.lines.push_back(line.into());
        }
        room
    }

    /// When the current line's time is up, if it has a limit.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.current.as_ref().map(|current| current.until)
    }

    /// Drops all lines.
    pub(super) fn clear(&mut self) {
        self.lines.clear();
        self.current = None;
        self.backlog = false;
    }

    /// Notes that the answer for the current line came.
    pub(super) fn answered(&mut self) {
        if self.current.as_ref().is_some_and(|current| matches!(current.doing, Doing::Answer)) {
            self.current = None;
        }
    }
}

impl Client {
    /// Runs the script as far as possible.
    pub(super) fn run_script(&mut self, step: &mut Step<'_>) {
        self.runner.backlog = false;
        for _ in 0..LINES_PER_STEP {
            let more = self.may_run() && self.continue_line(step) && self.begin_line(step);
            if !more {
                return;
            }
        }
        self.runner.backlog = true;
    }

    /// Whether the script may run, which it may before the client ends.
    fn may_run(&self) -> bool {
        !matches!(self.phase, Phase::Leaving { .. } | Phase::Finished)
    }

    /// Continues the current line. Returns whether it is done, or there is none.
    fn continue_line(&mut self, step: &mut Step<'_>) -> bool {
        let Some(current) = self.runner.current.take() else { return true };
        match current.doing {
            Doing::Happening(ref wanted) if self.happenings.take(wanted) => return true,
            Doing::SignIn if self.is_ready() || self.phase == Phase::Ended => return true,
            Doing::Session(order) if self.is_ready() => {
                self.runner.current = Some(Current { doing: Doing::Answer, ..current });
                self.ask(step, &order);
                return self.runner.current.is_none();
            }
            Doing::Session(_) if self.phase == Phase::Ended => {
                self.fail(step, &format!("{}: not signed in", current.text));
                return self.may_run();
            }
            Doing::SignIn | Doing::Session(_) | Doing::Answer | Doing::Happening(_) | Doing::Sleep => {}
        }
        self.runner.current = Some(current);
        false
    }

    /// Begins the next line; returns `false` if there is none.
    fn begin_line(&mut self, step: &mut Step<'_>) -> bool {
        let usual = self.config.timeout;
        let Some(text) = self.runner.lines.pop_front() else {
            if self.runner.ended && (self.is_ready() || self.phase == Phase::Ended) {
                self.leave(step);
            } else if self.runner.ended {
                let (text, until) = (String::from("sign-in"), step.now + usual);
                self.runner.current = Some(Current { text, doing: Doing::SignIn, until });
            }
            return false;
        };
        let (doing, span) = match script::parse(&text) {
            Ok(Line::Empty) => return true,
            Ok(Line::Service(order)) => (Doing::Session(order), usual),
            Ok(Line::Wait(wanted, time)) => (Doing::Happening(wanted), time.unwrap_or(usual)),
            Ok(Line::Sleep(time)) => (Doing::Sleep, time),
            Ok(Line::Quit) => {
                // As at the end of the lines, where the sign-in may have to be awaited.
                self.runner.clear();
                self.runner.ended = true;
                return true;
            }
            Ok(Line::Help) => {
                step.actions.print(format_args!("commands: {}", commands::words()));
                return true;
            }
            Err(what) => {
                self.fail(step, &what);
                return self.may_run();
            }
        };
        self.runner.current = Some(Current { text, doing, until: step.now + span });
        true
    }

    /// Handles a current line whose time is up.
    pub(super) fn line_timed_out(&mut self, step: &mut Step<'_>) {
        let Some(current) = self.runner.current.take() else { return };
        let what = match current.doing {
            Doing::Sleep => return,
            Doing::SignIn | Doing::Session(_) => "not signed in in time",
            Doing::Answer => "no answer in time",
            Doing::Happening(_) => "did not happen in time",
        };
        self.fail(step, &format!("{}: {what}", current.text));
    }

    /// Handles a line that failed: the client signs out, unless a person types the lines.
    pub(super) fn fail(&mut self, step: &mut Step<'_>, what: &str) {
        step.actions.print(format_args!("failed: {what}"));
        self.failed = true;
        if !self.config.interactive || self.runner.ended {
            self.leave(step);
        }
    }
}

ctigate_core::digest! { struct Runner { lines, current, ended, backlog } }

ctigate_core::digest! { struct Current { text, until, doing } }

ctigate_core::digest! { enum Doing {
    Session(order: _) = 0, // The service stands in the text.
    Answer = 1,
    Happening(wanted) = 2,
    Sleep = 3,
    SignIn = 4,
} }
