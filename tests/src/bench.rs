//! The gateway on a workbench: one engine whose clients and phone system are played by hand, message by message, in
//! virtual time. For tests of one rule at a time; whole conversations belong into the [`crate::World`].

mod client;
mod golden;
mod phone_system;
mod scene;

use std::collections::BTreeMap;

use core::net::SocketAddr;

use ctigate_core::config::Config;
use ctigate_core::engine::Engine;
use ctigate_core::setting::{Setting, Value};
use ctigate_core::trace::{Digests, Form, Header, TraceRecorder};
use ctigate_core::{
    Closed, Duration, Effects, Input, Instant, LinkId, ListenerId, Machine as _, Notice, Peer, Pump, Seed,
};

pub use crate::client::Line;
pub use crate::sip::{Sip, csta};
pub use client::{Client, only};
pub use golden::replayed;
pub(crate) use phone_system::SESSION;
pub use phone_system::{Asked, PhoneSystem, csta_error, snapshot};
pub use scene::HELD;

/// Where the gateway listens.
const GATEWAY: &str = "127.0.0.1:5060";

/// What the gateway wanted.
#[derive(Default)]
struct Wanted {
    connects: Vec<(LinkId, String)>,
    streams: BTreeMap<LinkId, Vec<u8>>,
    closed: Vec<LinkId>,
    datagrams: Vec<(SocketAddr, Vec<u8>)>,
    notices: Vec<String>,
    finished: Option<u8>,
}

impl Effects for Wanted {
    fn connect(&mut self, link: LinkId, address: &str) {
        self.connects.push((link, address.into()));
    }

    fn write(&mut self, link: LinkId, bytes: &[u8]) {
        self.streams.entry(link).or_default().extend_from_slice(bytes);
    }

    fn close(&mut self, link: LinkId) {
        self.closed.push(link);
    }

    fn send_datagram(&mut self, _listener: ListenerId, peer: SocketAddr, bytes: &[u8]) {
        self.datagrams.push((peer, bytes.to_vec()));
    }

    fn notify(&mut self, notice: Notice<'_>) {
        self.notices.push(format!("{} {}", notice.name, notice.fields));
    }

    fn print(&mut self, _text: &str) {}

    fn finish(&mut self, status: u8) {
        self.finished = Some(status);
    }
}

/// A golden trace that a run is to be.
#[derive(Clone, Copy, Debug)]
struct Golden {
    name: &'static str,
    why: &'static str,
}

/// A gateway, and all that its peers have to say. When it is dropped, what happened is lived again in a new engine, and
/// compared with the golden trace it is to be, if it is one.
pub struct Bench {
    pump: Pump<Engine, TraceRecorder>,
    now: Instant,
    wanted: Wanted,
    ports: u16,
    /// The phone systems that answer heartbeats while time passes.
    alive: Vec<PhoneSystem>,
    /// The golden trace that the run is to be.
    golden: Option<Golden>,
    /// Makes the engine, and once more for the run to be lived again.
    make: Make,
}

/// Makes a gateway.
pub type Make = fn(Config, Seed) -> Engine;

impl Bench {
    /// A gateway with one CTI connection and every default, that has not been started.
    ///
    /// # Panics
    /// If the configuration is wrong.
    #[must_use]
    pub fn new() -> Self {
        Self::with(&[])
    }

    /// The same with settings of the test's own.
    ///
    /// # Panics
    /// If the configuration is wrong.
    #[must_use]
    pub fn with(more: &[(&str, Value)]) -> Self {
        Self::of(more, Engine::new)
    }

    /// The same with a gateway of the test's own making.
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
            TraceRecorder::new(Header::new("gateway", seed, settings), Form::Escaped, Digests::Every);
        let mut bench = Self {
            pump: Pump::new(engine, recorder),
            now: Instant::ZERO,
            wanted: Wanted::default(),
            ports: 40_000,
            alive: Vec::new(),
            golden: None,
            make,
        };
        bench.input(Input::Clock { unix_micros: 1_735_689_600_000_000 });
        for place in 0..2 {
            let address = address(GATEWAY);
            bench.input(Input::Listening { listener: ListenerId::new(place), address });
        }
        bench.settle();
        bench
    }

    /// The engine, to be read.
    #[must_use]
    pub const fn engine(&self) -> &Engine {
        self.pump.machine()
    }

    /// The most actions any step has caused.
    #[must_use]
    pub fn high_water(&self) -> usize {
        self.pump.high_water()
    }

    /// Gives the gateway an input, and checks what must hold after every one.
    ///
    /// # Panics
    /// If the state's fingerprint, kept from step to step, is not what it is computed anew.
    pub fn input(&mut self, input: Input<'_>) {
        self.pump.input(self.now, input, &mut self.wanted);
        let kept = self.pump.machine_mut().digest();
        assert_eq!(kept, self.pump.machine().full_digest(), "the fingerprint went astray");
    }

    /// Lets the gateway do all that is due now.
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

    /// Lets time pass while the gateway stands still: no timer fires before the end.
    pub fn sleep(&mut self, span: Duration) {
        self.now = self.now + span;
        self.settle();
    }

    /// Lets time pass until something is due, at most until `end`. False: it is `end` now.
    pub(crate) fn advance_once(&mut self, end: Instant) -> bool {
        let due = self.pump.machine().next_wake().filter(|wake| wake.at <= end);
        self.now = due.map_or(end, |wake| self.now.max(wake.at));
        self.settle();
        due.is_some()
    }

    /// Lets time pass until the gateway wants a connection, as long as it ever waits before it dials again.
    pub fn await_dialling(&mut self) {
        let end = self.now + Duration::from_secs(61);
        while self.wanted.connects.is_empty() && self.advance_once(end) {}
    }

    /// While time passes, these phone systems answer heartbeats by themselves, and no others.
    pub fn heartbeats(&mut self, from: impl IntoIterator<Item = PhoneSystem>) {
        self.alive = from.into_iter().collect();
    }

    /// Puts bytes back in front of those sent on a connection: they were not asked for yet.
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

    /// Sends bytes to the gateway and lets it do what is due.
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

    /// The bytes sent on a connection since last asked.
    pub fn received(&mut self, link: LinkId) -> Vec<u8> {
        self.wanted.streams.remove(&link).unwrap_or_default()
    }

    /// The SIP messages sent on a connection since last asked.
    pub fn messages(&mut self, link: LinkId) -> Vec<Sip> {
        Sip::split(&self.received(link))
    }

    /// The SIP messages sent to a datagram peer since last asked.
    pub fn datagrams(&mut self, to: SocketAddr) -> Vec<Sip> {
        let (ours, others) =
            core::mem::take(&mut self.wanted.datagrams).into_iter().partition(|(peer, _)| *peer == to);
        self.wanted.datagrams = others;
        let ours: Vec<(SocketAddr, Vec<u8>)> = ours;
        ours.iter().flat_map(|(_, bytes)| Sip::split(bytes)).collect()
    }

    /// The connections wanted since last asked: number and address.
    pub fn connects(&mut self) -> Vec<(LinkId, String)> {
        core::mem::take(&mut self.wanted.connects)
    }

    /// Answers a wanted connection: it is open.
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

    /// What the operator was told since last asked: name and fields.
    pub fn notices(&mut self) -> Vec<String> {
        core::mem::take(&mut self.wanted.notices)
    }

    /// The exit status, once the gateway has come to its end.
    #[must_use]
    pub const fn finished(&self) -> Option<u8> {
        self.wanted.finished
    }

    /// The run is a story worth keeping: the trace `tests/golden/NAME.trace`, which begins with `why`.
    pub const fn golden(&mut self, name: &'static str, why: &'static str) {
        self.golden = Some(Golden { name, why });
    }

    /// A remark on what comes next, for readers of the trace.
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
        let mut trace = Vec::new();
        recorder.take_pending(&mut trace);
        golden::check(&trace, self.golden, self.make);
    }
}

#[expect(clippy::panic, reason = "a live-lock is a bug that must stop the test")]
fn panic_on_live_lock() {
    panic!("the gateway is never done with what is due now");
}

/// The bench's configuration, with settings of the test's own in place of its.
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
