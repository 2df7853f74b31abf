//! The hand-driven client at the bench, which writes as SIPE and Communicator do.

use super::{Bench, PhoneSystem};
use crate::client::Line;
use crate::sip::{Sip, csta};

/// A client at the bench.
pub type Client = crate::client::Client<Line>;

impl Client {
    /// A client named `name` with the line `1001`, over a stream of its own.
    pub fn new(bench: &mut Bench, name: &str) -> Self {
        let line = Line::Stream(bench.connect());
        Self::over(line, name)
    }

    /// The next request. An ACK has the CSeq of the request that follows, which the gateway must accept (client quirk
    /// 2).
    pub fn request(&mut self, method: &str, body: &str) -> String {
        self.via = match self.line {
            Line::Stream(_) => "TCP 127.0.0.1:49999".into(),
            Line::Datagram(from) => format!("UDP {from}"),
        };
        let sequence = self.sequence;
        if method != "ACK" {
            self.sequence += 1;
        }
        self.write(method, sequence, "", body)
    }

    /// Sends text, and returns what comes back.
    pub fn say(&self, bench: &mut Bench, text: &str) -> Vec<Sip> {
        match self.line {
            Line::Stream(link) => bench.send(link, text.as_bytes()),
            Line::Datagram(from) => bench.send_datagram(from, text.as_bytes()),
        }
        self.heard(bench)
    }

    /// What the gateway sent since the last call.
    pub fn heard(&self, bench: &mut Bench) -> Vec<Sip> {
        match self.line {
            Line::Stream(link) => bench.messages(link),
            Line::Datagram(from) => bench.datagrams(from),
        }
    }

    /// Sends a request, and returns what comes back.
    pub fn send(&mut self, bench: &mut Bench, method: &str, body: &str) -> Vec<Sip> {
        let request = self.request(method, body);
        self.say(bench, &request)
    }

    /// Sends a CSTA request by INFO, and returns what comes back.
    pub fn info(&mut self, bench: &mut Bench, root: &str, children: &str) -> Vec<Sip> {
        let body = csta(root, children);
        self.send(bench, "INFO", &body)
    }

    /// Signs in: INVITE, the phone system's confirmation of the line, 200, ACK. Returns the 200.
    ///
    /// # Panics
    /// If the gateway does not answer 200.
    pub fn sign_in(&mut self, bench: &mut Bench, system: PhoneSystem) -> Sip {
        let body = self.sign_in_body();
        let early = self.send(bench, "INVITE", &body);
        assert!(early.is_empty(), "the phone system is asked first: {early:#?}");
        system.knows_line(bench);
        let answers = self.heard(bench);
        let ok = only(&answers, 200);
        self.take_tag(&ok);
        self.send(bench, "ACK", "");
        ok
    }

    /// Sends an INVITE, the first or a refresh, which must be answered 200 without a request to the phone system, and
    /// its ACK. Returns the 200.
    ///
    /// # Panics
    /// If the gateway does not answer 200 at once.
    pub fn invite(&mut self, bench: &mut Bench) -> Sip {
        let body = self.sign_in_body();
        let ok = only(&self.send(bench, "INVITE", &body), 200);
        if self.gateway_tag.is_empty() {
            self.take_tag(&ok);
        }
        self.send(bench, "ACK", "");
        ok
    }

    /// Starts a monitor, which the phone system names; returns the gateway's cross-reference ID. Waits until events may
    /// follow.
    ///
    /// # Panics
    /// If the gateway does not answer 200.
    pub fn monitor(&mut self, bench: &mut Bench, system: PhoneSystem, named: &str) -> String {
        let object = self.monitor_object();
        self.info(bench, "MonitorStart", &object);
        system.start_monitor(bench, named);
        let answers = self.heard(bench);
        let id = only(&answers, 200).element("monitorCrossRefID").to_owned();
        bench.advance(ctigate_core::Duration::from_millis(20));
        id
    }
}

/// The only message, which must be a response with this status.
///
/// # Panics
/// If there is none, another, or more.
#[expect(clippy::panic, reason = "an answer that is not the expected one fails the test")]
#[expect(clippy::must_use_candidate, reason = "asking for it is a test in itself")]
pub fn only(answers: &[Sip], status: u16) -> Sip {
    match answers {
        [answer] if answer.status() == status => answer.clone(),
        others => panic!("one {status} was expected: {others:#?}"),
    }
}
