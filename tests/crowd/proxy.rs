//! One connection to the gateway with many users, as behind a proxy: all do the same, a limited number at a time.

use core::time::Duration;
use std::io::{self, BufReader, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use ctigate_tests::sip::csta;
use ctigate_tests::{Client, Sip};

/// Bytes read at a time.
const READ_BYTES: usize = 64 * 1024;

/// How many requests are sent before received bytes are checked.
const BURST: usize = 64;

/// A round, which every user does once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Round {
    /// INVITE and ACK, then MonitorStart.
    SignIn,
    /// Re-INVITE and ACK.
    Refresh,
    /// SystemRegister, for the phone system's status.
    Register,
    /// SnapshotDevice, which the phone system is asked for.
    Snapshot,
    /// MakeCall.
    Call,
    /// BYE.
    SignOut,
}

/// The outcome of one round, or of several.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// How long each request waited for its answer.
    pub(crate) waits: Vec<Duration>,
    /// How many answers were no success.
    pub(crate) failures: usize,
    /// The first of them.
    pub(crate) example: String,
    /// Events that came meanwhile.
    pub(crate) events: usize,
}

impl Outcome {
    /// Adds another outcome.
    pub(crate) fn add(&mut self, other: Self) {
        self.waits.extend(other.waits);
        self.failures += other.failures;
        self.events += other.events;
        if self.example.is_empty() {
            self.example = other.example;
        }
    }
}

struct User {
    client: Client<()>,
    asked: Instant,
    /// The CSeq of the request that waits for its answer; 0 if none does.
    awaited: u32,
}

/// One connection and its users.
pub(crate) struct Proxy {
    stream: BufReader<TcpStream>,
    users: Vec<User>,
    /// What is to be sent as soon as there is nothing to read.
    out: Vec<u8>,
    outcome: Outcome,
}

impl Proxy {
    /// Opens a connection; the users' lines have these numbers.
    pub(crate) fn open(gateway: &str, numbers: impl Iterator<Item = usize>) -> io::Result<Self> {
        let stream = TcpStream::connect(gateway)?;
        stream.set_nodelay(true)?;
        let port = stream.local_addr()?.port();
        let user = |(index, number): (usize, usize)| User {
            client: Client::communicator((), number, &format!("{index}-{port}")),
            asked: Instant::now(),
            awaited: 0,
        };
        let users = numbers.enumerate().map(user).collect();
        let stream = BufReader::with_capacity(READ_BYTES, stream);
        Ok(Self { stream, users, out: Vec::new(), outcome: Outcome::default() })
    }

    /// The first `count` users play a round, at most `window` of them at a time.
    pub(crate) fn play(&mut self, round: Round, count: usize, window: usize) -> io::Result<Outcome> {
        let (mut next, mut open) = (0, 0);
        let count = count.min(self.users.len());
        while next < count || open > 0 {
            // The gateway cuts off a peer that writes without reading.
            for _ in 0..BURST.min(window - open).min(count - next) {
                self.begin(next, round);
                next += 1;
                open += 1;
            }
            if self.stream.buffer().is_empty() {
                self.stream.get_mut().write_all(&self.out)?;
                self.out.clear();
            }
            let message =
                Sip::read(&mut self.stream).ok_or_else(|| io::Error::other("the gateway closed"))?;
            if self.take(&message, round) {
                open -= 1;
            }
        }
        self.stream.get_mut().write_all(&self.out)?;
        self.out.clear();
        Ok(core::mem::take(&mut self.outcome))
    }

    /// Answers the gateway's requests until each user has got one, or the connection is closed; returns their number.
    pub(crate) fn listen(&mut self) -> usize {
        let mut heard = 0;
        while heard < self.users.len() && self.flush().is_ok() {
            let Some(message) = Sip::read(&mut self.stream) else { break };
            self.out.extend_from_slice(message.answered(200).as_bytes());
            heard += 1;
        }
        // The gateway may have closed the connection.
        let _ = self.stream.get_mut().write_all(&self.out);
        self.out.clear();
        heard
    }

    /// Waits for a request of the gateway's and answers it; `None` if none comes within the time.
    pub(crate) fn hear(&mut self, within: Duration) -> io::Result<Option<Sip>> {
        self.stream.get_ref().set_read_timeout(Some(within))?;
        let heard = Sip::read(&mut self.stream);
        self.stream.get_ref().set_read_timeout(None)?;
        if let Some(message) = &heard {
            self.stream.get_mut().write_all(message.answered(200).as_bytes())?;
        }
        Ok(heard)
    }

    /// Sends what is to be sent, unless there is something to read first.
    fn flush(&mut self) -> io::Result<()> {
        if self.stream.buffer().is_empty() {
            self.stream.get_mut().write_all(&self.out)?;
            self.out.clear();
        }
        Ok(())
    }

    fn begin(&mut self, index: usize, round: Round) {
        let client = &mut self.users[index].client;
        match round {
            Round::SignIn | Round::Refresh => {
                if round == Round::SignIn {
                    client.gateway_tag.clear();
                }
                let body = client.sign_in_body();
                self.ask(index, "INVITE", &body);
            }
            Round::Snapshot => {
                let object = client.snapshot_object();
                self.ask(index, "INFO", &csta("SnapshotDevice", &object));
            }
            Round::Call => {
                let call = format!(
                    "<callingDevice>{}</callingDevice><calledDirectoryNumber>tel:0309999</calledDirectoryNumber>\
                     <autoOriginate>doNotPrompt</autoOriginate>",
                    client.uri
                );
                self.ask(index, "INFO", &csta("MakeCall", &call));
            }
            Round::Register => {
                let types = "<requestTypes><systemStatus>true</systemStatus></requestTypes>";
                self.ask(index, "INFO", &csta("SystemRegister", types));
            }
            Round::SignOut => self.ask(index, "BYE", ""),
        }
    }

    fn ask(&mut self, index: usize, method: &str, body: &str) {
        let user = &mut self.users[index];
        (user.asked, user.awaited) = (Instant::now(), user.client.sequence);
        let text = user.client.compose(method, "", body);
        self.out.extend_from_slice(text.as_bytes());
    }

    /// Takes a message; returns whether it ends its user's round.
    fn take(&mut self, message: &Sip, round: Round) -> bool {
        match message.status() {
            0 => {
                self.outcome.events += 1;
                self.out.extend_from_slice(message.answered(200).as_bytes());
                false
            }
            100 => false,
            status => self.take_answer(message, status, round),
        }
    }

    fn take_answer(&mut self, message: &Sip, status: u16, round: Round) -> bool {
        let index: usize = message.header("Call-ID").split('-').next().unwrap().parse().unwrap();
        let (sequence, method) = message.sequence();
        let user = &mut self.users[index];
        if method == "INVITE" {
            user.client.take_tag(message);
            self.out.extend_from_slice(user.client.ack(message).as_bytes());
        }
        // The answer to an INVITE is retransmitted until its ACK arrives.
        if user.awaited != sequence {
            return false;
        }
        user.awaited = 0;
        self.outcome.waits.push(user.asked.elapsed());
        let wanted = if round == Round::Snapshot { "SnapshotDeviceResponse" } else { message.root() };
        let good = status == 200 && message.root() == wanted && wanted != "CSTAErrorCode";
        let served = method != "INVITE" || message.element("systemStatus") == "normal";
        if !(good && served) {
            self.outcome.failures += 1;
            if self.outcome.example.is_empty() {
                self.outcome.example.clone_from(&message.text);
            }
            return true;
        }
        if round == Round::SignIn && method == "INVITE" {
            let object = self.users[index].client.monitor_object();
            self.ask(index, "INFO", &csta("MonitorStart", &object));
            return false;
        }
        true
    }
}
