//! The scripted client, controlled step by step.

use core::time::Duration;
use std::thread;
use std::time::Instant;

use crate::command;
use crate::program::Running;
use crate::site::Site;

/// The time limit of a script's line, and some more.
const PATIENCE: Duration = Duration::from_secs(15);

/// A scripted client that calls a phone which answers by itself.
pub(super) struct Client {
    pub(super) number: String,
    running: Running,
}

impl Client {
    pub(super) fn signs_in(site: &Site, number: &str) -> Self {
        let mut program = command();
        program.args(["client", "--server", &site.kamailio.address]);
        program.args(["--user", &format!("sip:{number}@example.com")]);
        program.args(["--line", &format!("tel:{number};phone-context=dialstring")]);
        let running = Running::spawn(&mut program);
        running.wait_for("monitor xref=");
        Self { number: number.to_owned(), running }
    }

    pub(super) fn calls(&mut self) {
        self.does(&format!("call {}\nwait established 5s", self.number.replacen('1', "2", 1)));
    }

    pub(super) fn refreshes(&mut self) {
        self.does("refresh\nwait refreshed status=normal 5s");
    }

    pub(super) fn hangs_up(&mut self) {
        self.does("hangup\nwait cleared 5s");
    }

    /// Waits for an event that contains `part`, unless it has come already.
    pub(super) fn hears(&self, part: &str) {
        self.running.wait_for(part);
    }

    /// Runs these lines, and waits for the last one.
    pub(super) fn does(&mut self, script: &str) {
        let before = self.running.said().matches("features services=").count();
        self.running.tell(&format!("{script}\nfeatures\n"));
        let began = Instant::now();
        while self.running.said().matches("features services=").count() == before {
            assert!(began.elapsed() < PATIENCE, "{script}:\n{}", self.running.said());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends its call and signs out.
    pub(super) fn signs_out(mut self) {
        self.running.tell("hangup\nwait cleared 5s\nquit\n");
        assert_eq!(self.running.end(), 0, "{}", self.running.said());
    }

    pub(super) fn signs_out_without_a_call(mut self) {
        self.running.tell("quit\n");
        assert_eq!(self.running.end(), 0, "{}", self.running.said());
    }
}
