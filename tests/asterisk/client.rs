//! A scripted client that is given one line after the other.

use core::time::Duration;
use std::thread;
use std::time::Instant;

use crate::command;
use crate::gateway::Gateway;
use crate::program::Running;

/// A line that a client answers with one line as soon as it has done all lines before.
const SYNC: (&str, &str) = ("help quit\n", "quit: ");

/// How long a client takes for a line at most: longer than it waits for something.
const PATIENCE: Duration = Duration::from_secs(65);

/// A client that is signed in.
pub(crate) struct Client(Running);

impl Client {
    /// Signs somebody in for a line, and waits until it is monitored.
    pub(crate) fn signed_in(gateway: &Gateway, number: &str) -> Self {
        Self::of(gateway, number, number)
    }

    /// The same for a user of another name.
    pub(crate) fn of(gateway: &Gateway, user: &str, number: &str) -> Self {
        let user = format!("sip:{user}@example.com");
        let line = format!("tel:{number};phone-context=dialstring");
        let arguments = ["client", "--server", &gateway.sip, "--user", &user, "--line", &line];
        let running = Running::spawn(command().args(arguments));
        running.wait_for("monitor ");
        Self(running)
    }

    /// Gives it a line, and does not wait.
    pub(crate) fn tell(&mut self, line: &str) {
        self.0.tell(&format!("{line}\n"));
    }

    /// Waits until it has done every line that it was given.
    pub(crate) fn done(&mut self) -> Result<(), String> {
        let before = self.said().matches(SYNC.1).count();
        self.0.tell(SYNC.0);
        let began = Instant::now();
        loop {
            let said = self.said();
            if let Some(failed) = said.lines().find(|line| line.starts_with("failed: ")) {
                return Err(format!("{failed}\n{said}"));
            }
            if said.matches(SYNC.1).count() > before {
                return Ok(());
            }
            if began.elapsed() > PATIENCE {
                return Err(format!("the client does not go on:\n{said}"));
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Does a line, which must succeed.
    pub(crate) fn does(&mut self, line: &str) {
        self.tell(line);
        self.done().unwrap_or_else(|why| panic!("{line}: {why}"));
    }

    /// What it said so far.
    pub(crate) fn said(&self) -> String {
        self.0.said()
    }

    /// Signs out; no line may have failed.
    pub(crate) fn quit(mut self) {
        self.tell("quit");
        self.ended().unwrap_or_else(|why| panic!("{why}"));
    }

    /// Waits for the end of one that was told to quit; no line may have failed.
    pub(crate) fn ended(mut self) -> Result<(), String> {
        match self.0.end_within(PATIENCE) {
            0 => Ok(()),
            status => Err(format!("it ended with {status}:\n{}", self.said())),
        }
    }
}
