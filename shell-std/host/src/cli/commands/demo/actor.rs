//! One program of the demo, running on a thread of its own.

use core::time::Duration;
use std::path::Path;
use std::sync::mpsc;
use std::thread::{Scope, ScopedJoinHandle};

use ctigate_core::Level;

use super::gathered::Gathered;
use crate::cli::commands::FAILED;
use crate::cli::programs::Ready;
use crate::record::console::{Console, Format};
use crate::shell::{Said, Shell, Source, Speaker};

/// How long a program may take to start.
const BEGIN_LIMIT: Duration = Duration::from_secs(5);

/// A running program.
pub(super) struct Actor<'scope> {
    name: &'static str,
    role: &'static str,
    /// Its log.
    pub(super) log: Gathered,
    /// What it prints.
    pub(super) printed: Gathered,
    /// Gives it lines; `None` if it did not start in time.
    speaker: Option<Speaker>,
    thread: ScopedJoinHandle<'scope, u8>,
}

/// A program that has ended.
pub(super) struct Ended {
    /// Its name.
    pub(super) name: &'static str,
    /// Its role.
    pub(super) role: &'static str,
    /// Its exit status.
    pub(super) status: u8,
    /// Its log.
    pub(super) log: Vec<String>,
    /// What it printed.
    pub(super) printed: Vec<String>,
}

impl<'scope> Actor<'scope> {
    /// Starts a program.
    ///
    /// # Errors
    /// If it cannot be recorded.
    pub(super) fn start<'env>(
        scope: &'scope Scope<'scope, 'env>,
        shell: &'env dyn Shell,
        (name, role): (&'static str, &'static str),
        ready: Ready,
        record: Option<&Path>,
    ) -> Result<Self, Vec<String>> {
        let (log, printed) = (Gathered::default(), Gathered::default());
        let console =
            Console::new(Box::new(log.clone()), Box::new(printed.clone()), Format::Logfmt, Level::Info);
        let (hand_over, speaker) = mpsc::channel();
        let sources: Vec<Source> = vec![Box::new(move |speaker| {
            // The demo may be over already.
            let _ = hand_over.send(speaker);
        })];
        let program = ready.program(record, &console, sources).map_err(|complaint| vec![complaint])?;
        let thread = scope.spawn(move || shell.run(program));
        let speaker = speaker.recv_timeout(BEGIN_LIMIT).ok();
        Ok(Self { name, role, log, printed, speaker, thread })
    }

    /// Tells it something, unless it has ended by itself.
    pub(super) fn say(&self, said: Said) {
        let _is_running = self.speaker.as_ref().is_some_and(|speaker| speaker.say(said));
    }

    /// Tells it to stop, and waits for its end.
    pub(super) fn stop(self) -> Ended {
        self.say(Said::Stop);
        self.end()
    }

    /// Waits for its end.
    pub(super) fn end(self) -> Ended {
        let status = self.thread.join().unwrap_or(FAILED);
        let (log, printed) = (self.log.lines(), self.printed.lines());
        Ended { name: self.name, role: self.role, status, log, printed }
    }
}
