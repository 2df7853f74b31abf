//! After a failover 20,000 users sign in at once. They are served in order, within the limits, and each is answered
//! once, however slow the phone system is.

use std::collections::{BTreeMap, VecDeque};

use core::net::SocketAddr;

use ctigate_core::config::Config;
use ctigate_core::engine::{Counters, Engine, View};
use ctigate_core::secret::Fill;
use ctigate_core::setting::Value;
use ctigate_core::{
    Duration, Effects, Input, Instant, LinkId, ListenerId, Machine as _, NoRecorder, Notice, Peer, Pump,
    ReplyResult, Seed, Token,
};
use ctigate_tests::bench::{Client, Line, Sip, address, csta, settings};

const USERS: usize = 20_000;
/// The same number, for comparison with counters.
const ALL: u64 = 20_000;
/// How many connections they share, as behind proxies.
const LINKS: usize = 4;

/// What the gateway sent and the test has not processed, in order.
#[derive(Default)]
struct Sent {
    connects: Vec<LinkId>,
    writes: VecDeque<(LinkId, Vec<u8>)>,
}

impl Effects for Sent {
    fn connect(&mut self, link: LinkId, _address: &str) {
        self.connects.push(link);
    }

    fn write(&mut self, link: LinkId, bytes: &[u8]) {
        self.writes.push_back((link, bytes.to_vec()));
    }

    fn write_secret(&mut self, link: LinkId, _: &[u8], _: Fill) {
        panic!("nobody logs in on {link}");
    }

    fn close(&mut self, link: LinkId) {
        panic!("the gateway closes {link}");
    }

    fn send_datagram(&mut self, _listener: ListenerId, _peer: SocketAddr, _bytes: &[u8]) {}

    fn notify(&mut self, _notice: Notice<'_>) {}

    fn print(&mut self, _text: &str) {}

    fn persist(&mut self, _token: Token, _key: &str, _value: &str) {}

    fn reply(&mut self, _token: Token, _result: ReplyResult) {}

    fn finish(&mut self, _status: u8) {}
}

/// Something that is scheduled.
enum Due {
    /// A user signs in.
    SignIn(usize),
    /// The phone system answers the request of this invoke ID.
    Answer(String, String),
}

/// How a phone system and its users behave.
#[derive(Clone, Copy)]
struct Habits {
    /// The time over which the users sign in.
    over: Duration,
    /// How long the phone system takes to confirm a line; `None` if it never answers.
    slow: Option<Duration>,
    /// Whether users who are refused come back after their Retry-After.
    comes_back: bool,
}

struct Rush {
    pump: Pump<Engine, NoRecorder>,
    sent: Sent,
    now: Instant,
    habits: Habits,
    due: BTreeMap<(Instant, usize), Due>,
    count: usize,
    system: LinkId,
    links: Vec<LinkId>,
    clients: Vec<Client>,
    /// The final answers each user got.
    answers: Vec<Vec<u16>>,
    retries: Vec<u64>,
    /// The lines that the phone system was asked about, in order.
    asked: Vec<String>,
    /// The peak of each table.
    peak: View,
}

impl Rush {
    fn new(more: &[(&str, Value)], habits: Habits) -> Self {
        let config = Config::from_settings(&settings(more)).unwrap();
        let mut pump = Pump::new(Engine::new(config, Seed::from_number(1)), NoRecorder);
        let mut sent = Sent::default();
        pump.overdue(Instant::ZERO, &mut sent);
        let system = sent.connects.pop().unwrap();
        let peer =
            Peer { address: address("127.0.0.1:4000"), local: address("127.0.0.1:50000"), listener: None };
        pump.input(Instant::ZERO, Input::Opened { link: system, peer }, &mut sent);
        let local = address("127.0.0.1:5060");
        let peer = Peer { address: address("127.0.0.1:40000"), local, listener: Some(ListenerId::new(0)) };
        let links: Vec<LinkId> = (0..LINKS).map(|_| pump.accepted()).collect();
        for link in &links {
            pump.input(Instant::ZERO, Input::Opened { link: *link, peer }, &mut sent);
        }
        let mut rush = Self {
            pump,
            sent,
            now: Instant::ZERO,
            habits,
            due: BTreeMap::new(),
            count: 0,
            system,
            links,
            clients: Vec::new(),
            answers: vec![Vec::new(); USERS],
            retries: Vec::new(),
            asked: Vec::new(),
            peak: View::default(),
        };
        rush.take_what_was_sent();
        rush.run_until(Duration::from_secs(1));
        for user in 0..USERS {
            let line = Line::Stream(rush.links[user % LINKS]);
            let mut client = Client::over(line, &format!("u{user}"));
            client.uri = format!("tel:{};phone-context=dialstring", 1_000_000 + user);
            rush.clients.push(client);
            let index = u64::try_from(user).unwrap();
            let offset = habits.over.as_micros() * index / ALL;
            rush.later(Duration::from_micros(offset), Due::SignIn(user));
        }
        rush
    }

    fn later(&mut self, span: Duration, due: Due) {
        self.count += 1;
        self.due.insert((self.now + span, self.count), due);
    }

    /// Runs everything that is due within `span`.
    fn run_until(&mut self, span: Duration) {
        let end = self.now + span;
        loop {
            let wake = self.pump.machine().next_wake().map(|wake| wake.at.max(self.now));
            let next = self.due.keys().next().map(|(at, _)| *at);
            let Some(at) = [wake, next].into_iter().flatten().min().filter(|at| *at <= end) else { break };
            self.now = at;
            if next == Some(at) {
                let (_, due) = self.due.pop_first().unwrap();
                self.happen(due);
            }
            self.pump.overdue(self.now, &mut self.sent);
            self.take_what_was_sent();
            self.note_peak();
        }
        self.now = end;
    }

    fn happen(&mut self, due: Due) {
        match due {
            Due::SignIn(user) => {
                let client = &mut self.clients[user];
                let body = client.sign_in_body();
                let invite = client.request("INVITE", &body);
                self.input(self.links[user % LINKS], invite.as_bytes());
            }
            Due::Answer(invoke, document) => {
                let length = u16::try_from(document.len() + 8).unwrap().to_be_bytes();
                let frame = [&[0, 0], &length[..], invoke.as_bytes(), document.as_bytes()].concat();
                self.input(self.system, &frame);
            }
        }
    }

    fn input(&mut self, link: LinkId, bytes: &[u8]) {
        self.pump.input(self.now, Input::Bytes { link, bytes }, &mut self.sent);
    }

    fn take_what_was_sent(&mut self) {
        while let Some((link, bytes)) = self.sent.writes.pop_front() {
            if link == self.system {
                let text = String::from_utf8_lossy(&bytes[4..]).into_owned();
                let (invoke, document) = text.split_at(4);
                self.ask(invoke, document);
            } else {
                for answer in Sip::split(&bytes).iter().filter(|answer| answer.status() >= 200) {
                    self.take_answer(answer);
                }
            }
        }
    }

    fn ask(&mut self, invoke: &str, document: &str) {
        let session = "http://www.ecma-international.org/standards/ecma-354/appl_session";
        let (slow, answer) = if document.contains("<SnapshotDevice") {
            let line = document.split("Object>").nth(1).unwrap_or_default();
            self.asked.push(line.split('<').next().unwrap_or_default().to_owned());
            let none = "<crossRefIDorSnapshotData><snapshotData/></crossRefIDorSnapshotData>";
            (self.habits.slow, csta("SnapshotDeviceResponse", none))
        } else if document.contains("<StartApplicationSession") {
            let started = format!(
                "<StartApplicationSessionPosResponse xmlns=\"{session}\"><sessionID>s</sessionID>\
                 <actualProtocolVersion>x</actualProtocolVersion>\
                 <actualSessionDuration>180</actualSessionDuration></StartApplicationSessionPosResponse>"
            );
            (Some(Duration::ZERO), started)
        } else if document.contains("<ResetApplicationSessionTimer") {
            (Some(Duration::ZERO), format!("<ResetApplicationSessionTimerPosResponse xmlns=\"{session}\"/>"))
        } else if document.contains("<GetCSTAFeatures") {
            let services = "<supportedServices><snapshotServList><snapshotDevice/></snapshotServList>\
                            </supportedServices>";
            (Some(Duration::ZERO), csta("GetCSTAFeaturesResponse", services))
        } else {
            let id = "<sysStatRegisterID>r1</sysStatRegisterID>";
            (Some(Duration::ZERO), csta("SystemRegisterResponse", id))
        };
        if let Some(slow) = slow {
            self.later(slow, Due::Answer(invoke.into(), answer));
        }
    }

    fn take_answer(&mut self, answer: &Sip) {
        let user: usize =
            answer.header("Call-ID").trim_start_matches('u').trim_end_matches("-call").parse().unwrap();
        self.answers[user].push(answer.status());
        let client = &mut self.clients[user];
        if answer.status() == 200 {
            client.take_tag(answer);
        }
        let ack = client.ack(answer);
        if answer.status() != 200 && self.habits.comes_back {
            let seconds = answer.header("Retry-After").parse().unwrap();
            self.retries.push(seconds);
            self.later(Duration::from_secs(seconds), Due::SignIn(user));
        }
        self.input(self.links[user % LINKS], ack.as_bytes());
    }

    fn note_peak(&mut self) {
        let view = self.pump.machine().view();
        self.peak.sessions = self.peak.sessions.max(view.sessions);
        self.peak.pending = self.peak.pending.max(view.pending);
        self.peak.server_transactions = self.peak.server_transactions.max(view.server_transactions);
    }

    fn counters(&self) -> &Counters {
        self.pump.machine().counters()
    }

    /// Asserts that each user was answered 200 once, with the phone system in service all the time.
    fn assert_all_are_in(&self) {
        assert!(self.answers.iter().all(|answers| *answers == [200]), "each is let in, once");
        let view = self.pump.machine().view();
        assert_eq!((view.sessions, view.pending, view.server_transactions), (USERS, 0, 0));
        assert_eq!((self.counters().sign_ins, self.counters().connections_lost), (ALL, 0));
        assert!(self.asked.is_sorted(), "the phone system is asked in the order they came");
    }
}

#[test]
fn twenty_thousand_sign_ins_at_once_are_all_taken_in_order_by_a_slow_phone_system() {
    let habits = Habits { over: Duration::ZERO, slow: Some(Duration::from_secs(3)), comes_back: false };
    let mut rush = Rush::new(&[], habits);
    rush.run_until(Duration::from_secs(20));
    rush.assert_all_are_in();
    assert_eq!(rush.peak.pending, 11_000, "window and queue, and no more");
}

#[test]
fn a_phone_system_that_says_nothing_of_twenty_thousand_lines_is_not_given_up() {
    let habits = Habits { over: Duration::ZERO, slow: None, comes_back: false };
    let mut rush = Rush::new(&[], habits);
    rush.run_until(Duration::from_secs(40));
    rush.assert_all_are_in();
    assert_eq!(rush.asked.len(), 1_000, "what is too late is not asked");
}

#[test]
fn answers_that_come_after_everybody_gave_up_harm_nobody() {
    let habits =
        Habits { over: Duration::from_secs(4), slow: Some(Duration::from_secs(7)), comes_back: false };
    let mut rush = Rush::new(&[], habits);
    rush.run_until(Duration::from_secs(30));
    rush.assert_all_are_in();
    let asked = u64::try_from(rush.asked.len()).unwrap();
    assert_eq!(rush.counters().answers_late, asked);
}

#[test]
fn those_for_whom_there_is_no_room_come_back_apart_and_are_let_in() {
    let habits = Habits { over: Duration::ZERO, slow: Some(Duration::from_secs(1)), comes_back: true };
    let mut rush = Rush::new(&[("limits.transactions", Value::Integer(2_000))], habits);
    rush.run_until(Duration::from_millis(1));
    let turned_away = rush.answers.iter().filter(|answers| *answers == &[503]).count();
    assert_eq!(turned_away, USERS - 2_000);
    rush.run_until(Duration::from_secs(600));
    assert!(rush.answers.iter().all(|answers| {
        let (last, before) = answers.split_last().unwrap();
        *last == 200 && before.iter().all(|status| *status == 503)
    }));
    assert_eq!(rush.pump.machine().view().sessions, USERS);
    assert_eq!(rush.peak.server_transactions, 2_000);
    let at = |second: u64| rush.retries.iter().filter(|retry| **retry == second).count();
    let most = (30..=90).map(at).max().unwrap();
    assert!(most < rush.retries.len() / 30, "{most} of {} are told the same second", rush.retries.len());
}
