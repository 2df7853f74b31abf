//! Runs the script: one line after another, each until it is done or its time is up.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use ctigate_core::time::Instant;

use super::calls::Call;
use super::commands;
use super::happening::{Happening, Sort, Wanted};
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
    /// For its time to pass without something happening.
    Never(Wanted),
    /// For the calls to be these.
    Picture(Vec<String>),
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
            Doing::Picture(ref calls) if self.calls.are(calls) => return true,
            Doing::Never(ref wanted) => {
                if let Some(happened) = self.happenings.pick(wanted) {
                    self.fail(step, &format!("{}: happened: {happened}", current.text));
                    return self.may_run();
                }
            }
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
            Doing::SignIn
            | Doing::Session(_)
            | Doing::Answer
            | Doing::Happening(_)
            | Doing::Picture(_)
            | Doing::Sleep => {}
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
            Ok(Line::Never(wanted, time)) => (Doing::Never(wanted), time.unwrap_or(usual)),
            Ok(Line::Picture(calls, time)) => (Doing::Picture(calls), time.unwrap_or(usual)),
            Ok(Line::Calls) => {
                self.show_calls(step);
                return true;
            }
            Ok(Line::Sleep(time)) => (Doing::Sleep, time),
            Ok(Line::Quit) => {
                // As at the end of the lines, where the sign-in may have to be awaited.
                self.runner.clear();
                self.runner.ended = true;
                return true;
            }
            Ok(Line::Help(topic)) => {
                help(step, &topic);
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
            Doing::Sleep | Doing::Never(_) => return,
            Doing::SignIn | Doing::Session(_) => "not signed in in time".into(),
            Doing::Answer => "no answer in time".into(),
            Doing::Happening(_) => "did not happen in time".into(),
            Doing::Picture(_) => format!("the calls are {}", self.calls.outline()),
        };
        self.learning = None;
        self.fail(step, &format!("{}: {what}", current.text));
    }

    /// Shows the calls, a line for each.
    fn show_calls(&mut self, step: &mut Step<'_>) {
        let shown: Vec<Happening> = self.calls.iter().map(describe).collect();
        if shown.is_empty() {
            step.actions.print(format_args!("calls none"));
        }
        for happening in shown {
            self.happen(step, happening);
        }
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

/// A call as `calls` shows it.
fn describe(call: &Call) -> Happening {
    Happening::new(Sort::Result, "call")
        .with("number", &call.number())
        .with("call", &call.id())
        .with("state", &call.state().word())
        .with("with", &call.states())
        .with_some("consultation-of", call.consultation_of())
}

/// Lists the commands, or says more about one.
fn help(step: &mut Step<'_>, topic: &str) {
    let about = commands::about(topic);
    if about.is_empty() {
        step.actions.print(format_args!("commands: {}", commands::words()));
    }
    for line in about {
        step.actions.print(format_args!("{line}"));
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
    Never(wanted) = 5,
    Picture(calls) = 6,
} }
