//! The bench: one engine, whose clients and phone systems are driven by hand, message by message, in virtual time. It
//! is for tests of one rule at a time; whole conversations belong into the [`crate::World`].

mod asterisk;
mod client;
mod golden;
mod phone_system;
mod reloading;
mod scene;

use std::collections::BTreeMap;
use std::sync::Arc;

use core::net::SocketAddr;

use ctigate_core::config::Config;
use ctigate_core::engine::Engine;
use ctigate_core::line::directory::Directory;
use ctigate_core::secret::Fill;
use ctigate_core::setting::{Setting, Value};
use ctigate_core::trace::{self, Digests, Form, Header, LadderOptions, TraceRecorder};
use ctigate_core::{
    Closed, Duration, Effects, Input, Instant, Level, LinkId, ListenerId, Machine as _, Notice, Peer, Pump,
    ReplyResult, Seed, Token,
};

pub use crate::client::Line;
pub use crate::sip::{Sip, csta};
pub use asterisk::{Acted, Asterisk};
pub use client::{Client, only};
pub use golden::replayed;
pub(crate) use phone_system::SESSION;
pub use phone_system::{Asked, PhoneSystem, csta_error, snapshot};
pub use scene::HELD;

/// Where the gateway listens.
const GATEWAY: &str = "127.0.0.1:5060";

/// The actions of the gateway that no test has taken yet.
#[derive(Default)]
struct Wanted {
    connects: Vec<(LinkId, String)>,
    streams: BTreeMap<LinkId, Vec<u8>>,
    closed: Vec<LinkId>,
    datagrams: Vec<(SocketAddr, Vec<u8>)>,
    notices: Vec<(Level, String)>,
    persists: Vec<(Token, String, String)>,
    replies: Vec<(Token, ReplyResult)>,
    finished: Option<u8>,
}

impl Effects for Wanted {
    fn connect(&mut self, link: LinkId, address: &str) {
        self.connects.push((link, address.into()));
    }

    fn write(&mut self, link: LinkId, bytes: &[u8]) {
        self.streams.entry(link).or_default().extend_from_slice(bytes);
    }

    // Nobody fills a secret in here.
    fn write_secret(&mut self, link: LinkId, bytes: &[u8], _fill: Fill) {
        self.write(link, bytes);
    }

    fn close(&mut self, link: LinkId) {
        self.closed.push(link);
    }

    fn send_datagram(&mut self, _listener: ListenerId, peer: SocketAddr, bytes: &[u8]) {
        self.datagrams.push((peer, bytes.to_vec()));
    }

    fn notify(&mut self, notice: Notice<'_>) {
        self.notices.push((notice.level, format!("{} {}", notice.name, notice.fields)));
    }

    fn print(&mut self, _text: &str) {}

    fn persist(&mut self, token: Token, key: &str, value: &str) {
        self.persists.push((token, key.into(), value.into()));
    }

    fn reply(&mut self, token: Token, result: ReplyResult) {
        self.replies.push((token, result));
    }

    fn finish(&mut self, status: u8) {
        self.finished = Some(status);
    }
}

/// The golden trace that a run must equal.
#[derive(Clone, Copy, Debug)]
struct Golden {
    name: &'static str,
    why: &'static str,
}

/// A gateway, driven by hand. When it is dropped, the run is replayed in a new engine and compared with its golden
/// trace, if it has one.
pub struct Bench {
    pump: Pump<Engine, TraceRecorder>,
    now: Instant,
    wanted: Wanted,
    ports: u16,
    /// The phone systems that answer heartbeats while time passes.
    alive: Vec<PhoneSystem>,
    /// The golden trace that the run must equal.
    golden: Option<Golden>,
    /// Makes the engine, and another for the replay.
    make: Make,
    /// The settings that it runs with.
    settings: Vec<Setting>,
    /// The directories that it was reloaded with.
    directories: Vec<Arc<Directory>>,
    /// The trace as far as it was shown.
    shown: Vec<u8>,
}

/// Makes a gateway.
pub type Make = fn(Config, Seed) -> Engine;

impl Bench {
    /// A gateway with one CTI connection and all defaults, which has not been started.
    ///
    /// # Panics
    /// If the configuration is wrong.
    #[must_use]
    pub fn new() -> Self {
        Self::with(&[])
    }

    /// The same with other settings.
    ///
    /// # Panics
    /// If the configuration is wrong.
    #[must_use]
    pub fn with(more: &[(&str, Value)]) -> Self {
        Self::of(more, Engine::new)
    }

    /// The same with a gateway that `make` makes.
    ///
    /// # Panics
    /// If the configuration is wrong.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test's configuration is right or the test is wrong")]
    pub fn of(more: &[(&str, Value)], make: Make) -> Self {
        let settings = settings(more);
        let config = Config::from_settings(&settings).expect("the bench's configuration is right");
        let seed = Seed::from_number(1);
        let engine = make(config, seed);
        let recorder =
            TraceRecorder::new(Header::new("gateway", seed, settings.clone()), Form::Escaped, Digests::Every);
        let mut bench = Self {
            pump: Pump::new(engine, recorder),
            now: Instant::ZERO,
            wanted: Wanted::default(),
            ports: 40_000,
            alive: Vec::new(),
            golden: None,
            make,
            settings,
            directories: Vec::new(),
            shown: Vec::new(),
        };
        bench.input(Input::Clock { unix_micros: 1_735_689_600_000_000 });
        for index in 0..2 {
            let address = address(GATEWAY);
            bench.input(Input::Listening { listener: ListenerId::new(index), address });
        }
        bench.settle();
        bench
    }

    /// The engine, for reading its state.
    #[must_use]
    pub const fn engine(&self) -> &Engine {
        self.pump.machine()
    }

    /// The most actions any step has caused.
    #[must_use]
    pub fn high_water(&self) -> usize {
        self.pump.high_water()
    }

    /// Gives the gateway an input, and checks what must hold after every step.
    ///
    /// # Panics
    /// If the incremental fingerprint differs from the recomputed one.
    pub fn input(&mut self, input: Input<'_>) {
        self.pump.input(self.now, input, &mut self.wanted);
        let kept = self.pump.machine_mut().digest();
        assert_eq!(kept, self.pump.machine().full_digest(), "the fingerprint went astray");
    }

    /// Takes what the gateway wants to be kept: token, key and value.
    pub fn persists(&mut self) -> Vec<(Token, String, String)> {
        core::mem::take(&mut self.wanted.persists)
    }

    /// Takes the gateway's answers to commands.
    pub fn replies(&mut self) -> Vec<(Token, ReplyResult)> {
        core::mem::take(&mut self.wanted.replies)
    }

    /// Lets the gateway handle everything that is due now.
    ///
    /// # Panics
    /// If that does not end.
    pub fn settle(&mut self) {
        for _ in 0..10_000 {
            match self.pump.overdue(self.now, &mut self.wanted) {
                Some(wake) if wake.at <= self.now => {}
                _ => return,
            }
        }
        panic_on_live_lock();
    }

    /// Lets time pass, timer by timer.
    pub fn advance(&mut self, span: Duration) {
        let end = self.now + span;
        self.settle();
        while let Some(wake) = self.pump.machine().next_wake().filter(|wake| wake.at <= end) {
            self.now = self.now.max(wake.at);
            self.settle();
            for system in self.alive.clone() {
                system.keep_alive(self);
            }
        }
        self.now = end;
        self.settle();
    }

    /// Lets time pass while the gateway is suspended: no timer fires before the end.
    pub fn sleep(&mut self, span: Duration) {
        self.now = self.now + span;
        self.settle();
    }

    /// Lets time pass until something is due, at most until `end`. Returns false once it is `end`.
    pub(crate) fn advance_once(&mut self, end: Instant) -> bool {
        let due = self.pump.machine().next_wake().filter(|wake| wake.at <= end);
        self.now = due.map_or(end, |wake| self.now.max(wake.at));
        self.settle();
        due.is_some()
    }

    /// Lets time pass until the gateway asks for a connection, at most for the longest pause before a reconnect.
    pub fn await_dialling(&mut self) {
        let end = self.now + Duration::from_secs(61);
        while self.wanted.connects.is_empty() && self.advance_once(end) {}
    }

    /// Lets these phone systems, and no others, answer heartbeats by themselves while time passes.
    pub fn heartbeats(&mut self, from: impl IntoIterator<Item = PhoneSystem>) {
        self.alive = from.into_iter().collect();
    }

    /// Puts bytes back that were sent on a connection and no test has taken yet.
    fn put_back(&mut self, link: LinkId, bytes: &[u8]) {
        let sent = self.wanted.streams.entry(link).or_default();
        sent.splice(0..0, bytes.iter().copied());
    }

    /// The time.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// Opens a connection to the gateway from `127.0.0.1`.
    pub fn connect(&mut self) -> LinkId {
        self.connect_from("127.0.0.1")
    }

    /// Opens a connection to the gateway from an address.
    pub fn connect_from(&mut self, host: &str) -> LinkId {
        self.ports += 1;
        let link = self.pump.accepted();
        let peer = Peer {
            address: address(&format!("{host}:{}", self.ports)),
            local: address(GATEWAY),
            listener: Some(ListenerId::new(0)),
        };
        self.input(Input::Opened { link, peer });
        link
    }

    /// Sends bytes to the gateway and lets it handle what is due.
    pub fn send(&mut self, link: LinkId, bytes: &[u8]) {
        self.input(Input::Bytes { link, bytes });
        self.settle();
    }

    /// Sends a datagram to the gateway.
    pub fn send_datagram(&mut self, from: SocketAddr, bytes: &[u8]) {
        self.input(Input::Datagram { listener: ListenerId::new(1), peer: from, bytes });
        self.settle();
    }

    /// Ends a connection.
    pub fn close(&mut self, link: LinkId) {
        self.input(Input::Closed { link, why: Closed::ByPeer });
        self.settle();
    }

    /// The bytes sent on a connection since the last call.
    pub fn received(&mut self, link: LinkId) -> Vec<u8> {
        self.wanted.streams.remove(&link).unwrap_or_default()
    }

    /// The SIP messages sent on a connection since the last call.
    pub fn messages(&mut self, link: LinkId) -> Vec<Sip> {
        Sip::split(&self.received(link))
    }

    /// The SIP messages sent to a datagram peer since the last call.
    pub fn datagrams(&mut self, to: SocketAddr) -> Vec<Sip> {
        let (ours, others) =
            core::mem::take(&mut self.wanted.datagrams).into_iter().partition(|(peer, _)| *peer == to);
        self.wanted.datagrams = others;
        let ours: Vec<(SocketAddr, Vec<u8>)> = ours;
        ours.iter().flat_map(|(_, bytes)| Sip::split(bytes)).collect()
    }

    /// The connections that the gateway asked for since the last call: number and address.
    pub fn connects(&mut self) -> Vec<(LinkId, String)> {
        core::mem::take(&mut self.wanted.connects)
    }

    /// Opens a connection that the gateway asked for.
    pub fn opened(&mut self, link: LinkId, peer: &str) {
        let peer = Peer { address: address(peer), local: address("127.0.0.1:50000"), listener: None };
        self.input(Input::Opened { link, peer });
        self.settle();
    }

    /// Whether the gateway closed a connection.
    #[must_use]
    pub fn is_closed(&self, link: LinkId) -> bool {
        self.wanted.closed.contains(&link)
    }

    /// The notices since the last call: name and fields.
    pub fn notices(&mut self) -> Vec<String> {
        core::mem::take(&mut self.wanted.notices).into_iter().map(|(_, notice)| notice).collect()
    }

    /// The same with their levels; they are not taken.
    #[must_use]
    pub fn levelled_notices(&self) -> Vec<(Level, String)> {
        self.wanted.notices.clone()
    }

    /// The exit status, once the gateway has ended.
    #[must_use]
    pub const fn finished(&self) -> Option<u8> {
        self.wanted.finished
    }

    /// Makes the run a golden trace, `tests/golden/NAME.trace`, which begins with `why`.
    pub const fn golden(&mut self, name: &'static str, why: &'static str) {
        self.golden = Some(Golden { name, why });
    }

    /// The ladder of the run so far, with the bytes of each message.
    pub fn ladder(&mut self) -> Vec<String> {
        let mut more = Vec::new();
        self.pump.recorder_mut().take_pending(&mut more);
        self.shown.append(&mut more);
        let options = LadderOptions { wire: true, ..LadderOptions::default() };
        let mut lines = Vec::new();
        // The run has not ended: that is an error behind the last line.
        let _ = trace::ladder(&[&self.shown], &options, &mut |line| lines.push(line.into()));
        lines
    }

    /// Adds a comment on what comes next, for readers of the trace.
    pub fn note(&mut self, remark: &str) {
        self.pump.recorder_mut().comment(&format!(" {remark}"));
    }
}

impl Default for Bench {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let recorder = self.pump.recorder_mut();
        recorder.end_segment();
        let (mut trace, mut rest) = (core::mem::take(&mut self.shown), Vec::new());
        recorder.take_pending(&mut rest);
        trace.append(&mut rest);
        golden::check(&trace, self.golden, (self.make, &self.directories));
    }
}

#[expect(clippy::panic, reason = "a live-lock is a bug that must stop the test")]
fn panic_on_live_lock() {
    panic!("the gateway is never done with what is due now");
}

/// The bench's configuration, in which `more` replaces settings.
#[must_use]
pub fn settings(more: &[(&str, Value)]) -> Vec<Setting> {
    let text = |text: &str| Value::Text(text.into());
    let own = [
        ("sip.tcp", Value::List(vec![text(GATEWAY)])),
        ("sip.udp", Value::List(vec![text(GATEWAY)])),
        ("cti.connection[0].address", text("127.0.0.1:4000")),
    ];
    let replaced = |key: &str| more.iter().any(|(name, _)| *name == key);
    own.iter()
        .filter(|(key, _)| !replaced(key))
        .chain(more)
        .map(|(key, value)| Setting { key: (*key).into(), value: value.clone() })
        .collect()
}

/// A socket address.
///
/// # Panics
/// If it is none.
#[must_use]
#[expect(clippy::expect_used, reason = "a test's address is right or the test is wrong")]
pub fn address(text: &str) -> SocketAddr {
    text.parse().expect("a socket address")
}
