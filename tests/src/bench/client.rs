//! A client played by hand, as SIPE and Communicator speak.

use core::net::SocketAddr;

use ctigate_core::LinkId;

use super::wire::Sip;
use super::{Bench, PhoneSystem};

/// ECMA-323 edition 3.
const CSTA: &str = "http://www.ecma-international.org/standards/ecma-323/csta/ed3";

/// How a client reaches the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// A stream connection.
    Stream(LinkId),
    /// Datagrams from an address.
    Datagram(SocketAddr),
}

/// One client's dialog.
#[derive(Clone, Debug)]
pub struct Client {
    /// How it reaches the gateway.
    pub line: Line,
    /// From's user, and the Call-ID.
    pub name: String,
    /// Its line URI.
    pub uri: String,
    /// Its tag.
    pub tag: String,
    /// The gateway's tag, once it is known.
    pub gateway_tag: String,
    /// The CSeq of the next request.
    pub sequence: u32,
    /// Whether it puts a branch into its Via (SIPE does not: quirk 1).
    pub branch: bool,
    /// Header lines every request of it has beside its own, each with its line end.
    pub more: String,
    branches: u32,
}

impl Client {
    /// A client named `name` with the line `1001`, over a stream of its own.
    pub fn new(bench: &mut Bench, name: &str) -> Self {
        let line = Line::Stream(bench.connect());
        Self::over(line, name)
    }

    /// A client named `name` with the line `1001`.
    #[must_use]
    pub fn over(line: Line, name: &str) -> Self {
        Self {
            line,
            name: name.into(),
            uri: "tel:1001;phone-context=dialstring".into(),
            tag: format!("{name}-tag"),
            gateway_tag: String::new(),
            sequence: 1,
            branch: true,
            more: "Supported: timer\r\n".into(),
            branches: 0,
        }
    }

    /// A request, as it would be sent next.
    pub fn request(&mut self, method: &str, body: &str) -> String {
        self.branches += 1;
        let (transport, sent_by) = match self.line {
            Line::Stream(_) => ("TCP", "127.0.0.1:49999".to_owned()),
            Line::Datagram(from) => ("UDP", from.to_string()),
        };
        let branch = if self.branch {
            format!(";branch=z9hG4bK{}{}", self.name, self.branches)
        } else {
            String::new()
        };
        let to_tag =
            if self.gateway_tag.is_empty() { String::new() } else { format!(";tag={}", self.gateway_tag) };
        let content = if body.is_empty() {
            String::new()
        } else {
            "Content-Disposition: signal;handling=required\r\nContent-Type: application/csta+xml\r\n".into()
        };
        let Self { name, tag, sequence, more, .. } = self;
        let message = format!(
            "{method} sip:gw@127.0.0.1:5060 SIP/2.0\r\nVia: SIP/2.0/{transport} {sent_by}{branch}\r\n\
             From: <sip:{name}@example.com>;tag={tag};epid=cf0b98dadeb9\r\nTo: <sip:gw@127.0.0.1:5060>{to_tag}\r\n\
             Max-Forwards: 70\r\nCSeq: {sequence} {method}\r\nCall-ID: {name}-call\r\n\
             Contact: <sip:{name}@127.0.0.1:49999;transport=tcp>;proxy=replace\r\n{more}{content}\
             Content-Length: {}\r\n\r\n{body}",
            body.len(),
        );
        if method != "ACK" {
            self.sequence += 1;
        }
        message
    }

    /// Sends text as it is, and takes what comes back.
    pub fn say(&self, bench: &mut Bench, text: &str) -> Vec<Sip> {
        match self.line {
            Line::Stream(link) => bench.send(link, text.as_bytes()),
            Line::Datagram(from) => bench.send_datagram(from, text.as_bytes()),
        }
        self.heard(bench)
    }

    /// What the gateway said since last asked.
    pub fn heard(&self, bench: &mut Bench) -> Vec<Sip> {
        match self.line {
            Line::Stream(link) => bench.messages(link),
            Line::Datagram(from) => bench.datagrams(from),
        }
    }

    /// Sends a request, and takes what comes back.
    pub fn send(&mut self, bench: &mut Bench, method: &str, body: &str) -> Vec<Sip> {
        let request = self.request(method, body);
        self.say(bench, &request)
    }

    /// Sends a CSTA request by INFO, and takes what comes back.
    pub fn info(&mut self, bench: &mut Bench, root: &str, children: &str) -> Vec<Sip> {
        let body = document(root, children);
        self.send(bench, "INFO", &body)
    }

    /// The body of a sign-in.
    #[must_use]
    pub fn sign_in_body(&self) -> String {
        document(
            "RequestSystemStatus",
            &format!(
                "<extensions><privateData><private>\
                 <lcs:line xmlns:lcs=\"http://schemas.microsoft.com/Lcs/2005/04/RCCExtension\">{}</lcs:line>\
                 </private></privateData></extensions>",
                self.uri,
            ),
        )
    }

    /// Signs in: INVITE, the phone system's word for the line, 200, ACK. Returns the 200.
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

    /// INVITE, the first or a refresh, which is answered 200 without a question to the phone system; ACK. Returns the 200.
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

    /// The children of a MonitorStart for its line.
    #[must_use]
    pub fn monitor_object(&self) -> String {
        format!("<monitorObject><deviceObject>{}</deviceObject></monitorObject>", self.uri)
    }

    /// The children of a MakeCall from its line.
    #[must_use]
    pub fn call_to(&self, number: &str) -> String {
        format!(
            "<callingDevice>{}</callingDevice><calledDirectoryNumber>tel:{number}</calledDirectoryNumber>",
            self.uri
        )
    }

    /// Keeps the gateway's tag.
    pub fn take_tag(&mut self, answer: &Sip) {
        let to = answer.header("To");
        self.gateway_tag = to.split_once(";tag=").map_or("", |(_, tag)| tag).into();
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

/// A CSTA document as clients write it.
#[must_use]
pub fn document(root: &str, children: &str) -> String {
    format!("<?xml version=\"1.0\"?><{root} xmlns=\"{CSTA}\">{children}</{root}>")
}

/// The only message there is, which must be a response with this status.
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
