//! One host: a machine behind its pump with its journal, or a bare host that a test drives by hand. It checks what must
//! hold after every turn of a machine.

use std::collections::BTreeMap;
use std::sync::Arc;

use core::net::{IpAddr, SocketAddr};

use ctigate_core::action::MAX_ACTIONS;
use ctigate_core::engine::Selection;
use ctigate_core::line::directory::Directory;
use ctigate_core::secret::Fill;
use ctigate_core::trace::{self, Header};
use ctigate_core::{
    Closed, Effects, Input, Instant, Level, LinkId, Listen, ListenerId, Machine, Notice, Pump, ReplyResult,
    Token, Why,
};

use super::journal::{Care, Journal};
use super::store::{Keeping, Store};

/// Makes the machine of a host, and another for each replay.
pub type Factory = Box<dyn Fn() -> Box<dyn Machine>>;

/// How often, in turns, a machine's fingerprint is recomputed and compared.
const fn audit_every(care: Care) -> u64 {
    match care {
        Care::Full => 16,
        Care::Light => 64,
    }
}

/// An action of a machine on the network or its store.
pub(super) enum Wanted {
    Connect(LinkId, String),
    Write(LinkId, Vec<u8>),
    Close(LinkId),
    Datagram(ListenerId, SocketAddr, Vec<u8>),
    Keep(Keeping),
}

/// A notice of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// How urgent.
    pub level: Level,
    /// What happened.
    pub name: &'static str,
    /// Its fields in logfmt.
    pub fields: String,
}

/// Collects a machine's actions.
#[derive(Default)]
pub(super) struct Outbox {
    pub(super) wanted: Vec<Wanted>,
    pub(super) printed: Vec<String>,
    pub(super) said: Vec<Said>,
    pub(super) replies: Vec<(Token, ReplyResult)>,
    pub(super) finished: Option<u8>,
}

impl Effects for Outbox {
    fn connect(&mut self, link: LinkId, address: &str) {
        self.wanted.push(Wanted::Connect(link, address.to_owned()));
    }

    fn write(&mut self, link: LinkId, bytes: &[u8]) {
        if let Some(Wanted::Write(last, gathered)) = self.wanted.last_mut()
            && *last == link
        {
            gathered.extend_from_slice(bytes);
            return;
        }
        self.wanted.push(Wanted::Write(link, bytes.to_vec()));
    }

    // Nobody fills a secret in here.
    fn write_secret(&mut self, link: LinkId, bytes: &[u8], _fill: Fill) {
        self.write(link, bytes);
    }

    fn close(&mut self, link: LinkId) {
        self.wanted.push(Wanted::Close(link));
    }

    fn send_datagram(&mut self, listener: ListenerId, peer: SocketAddr, bytes: &[u8]) {
        self.wanted.push(Wanted::Datagram(listener, peer, bytes.to_vec()));
    }

    fn notify(&mut self, notice: Notice<'_>) {
        let Notice { level, name, fields } = notice;
        self.said.push(Said { level, name, fields: fields.to_owned() });
    }

    fn print(&mut self, text: &str) {
        self.printed.push(text.to_owned());
    }

    fn persist(&mut self, token: Token, key: &str, value: &str) {
        self.wanted.push(Wanted::Keep(Keeping { token, key: key.to_owned(), value: value.to_owned() }));
    }

    fn reply(&mut self, token: Token, result: ReplyResult) {
        self.replies.push((token, result));
    }

    fn finish(&mut self, status: u8) {
        self.finished = Some(status);
    }
}

/// What a bare host has received.
#[derive(Default)]
pub(super) struct Inbox {
    pub(super) streams: BTreeMap<LinkId, Vec<u8>>,
    pub(super) closed: BTreeMap<LinkId, Closed>,
    pub(super) datagrams: Vec<(SocketAddr, Vec<u8>)>,
    next_link: u64,
}

enum Body {
    Machine { pump: Box<Pump<Box<dyn Machine>, Journal>>, factory: Factory },
    Bare(Inbox),
}

/// A host: its addresses, its machine, and its output.
pub(super) struct Host {
    pub(super) name: String,
    pub(super) ip: IpAddr,
    pub(super) listens: Vec<Listen>,
    /// When the machine was created, in the world's microseconds.
    born: u64,
    /// How far the machine's clock has jumped ahead, in microseconds.
    skew: u64,
    care: Care,
    body: Body,
    /// The runs of earlier machines on this host.
    past: Vec<(Journal, Factory)>,
    pub(super) outbox: Outbox,
    pub(super) store: Store,
    /// When the machine is to be woken, in the world's microseconds.
    pub(super) wake: Option<u64>,
    pub(super) next_port: u16,
    turns: u64,
}

impl Host {
    pub(super) fn machine(
        (name, ip): (&str, IpAddr),
        (born, care): (u64, Care),
        header: Option<Header>,
        factory: Factory,
    ) -> Self {
        let (listens, body) = be_born(care, header, factory);
        Self { care, ..Self::new(name, ip, born, listens, body) }
    }

    /// Replaces the machine by a new one, which keeps nothing but the addresses.
    pub(super) fn reborn(&mut self, now: u64, header: Option<Header>, factory: Factory) {
        let (listens, body) = be_born(self.care, header, factory);
        if let Body::Machine { pump, factory } = core::mem::replace(&mut self.body, body) {
            let (_, journal) = pump.into_parts();
            self.past.push((journal, factory));
        }
        self.listens = placed(self.ip, listens);
        (self.born, self.skew, self.wake) = (now, 0, None);
        self.outbox.finished = None;
    }

    /// The users' choices that are in force at its machine.
    pub(super) fn selections(&self) -> Vec<Selection> {
        match &self.body {
            Body::Machine { pump, .. } => pump.machine().selections("", usize::MAX),
            Body::Bare(_) => Vec::new(),
        }
    }

    /// How many machines the host had before this one.
    pub(super) const fn life(&self) -> usize {
        self.past.len()
    }

    /// Lets the machine's clock jump ahead.
    pub(super) const fn jump(&mut self, by: u64) {
        self.skew = self.skew.saturating_add(by);
    }

    pub(super) fn bare(name: &str, ip: IpAddr, born: u64, listens: Vec<Listen>) -> Self {
        Self::new(name, ip, born, listens, Body::Bare(Inbox::default()))
    }

    fn new(name: &str, ip: IpAddr, born: u64, listens: Vec<Listen>, body: Body) -> Self {
        Self {
            name: name.to_owned(),
            ip,
            listens: placed(ip, listens),
            born,
            skew: 0,
            care: Care::Full,
            body,
            past: Vec::new(),
            outbox: Outbox::default(),
            store: Store::default(),
            wake: None,
            next_port: 49_152,
            turns: 0,
        }
    }

    /// The machine's time.
    fn instant(&self, now: u64) -> Instant {
        Instant::from_micros(now.saturating_sub(self.born).saturating_add(self.skew))
    }

    /// Whether it is to be woken by `at`.
    pub(super) fn wakes_by(&self, at: u64) -> bool {
        self.wake.is_some_and(|wake| wake <= at)
    }

    /// An unused address of the host, for a connection it asks for.
    pub(super) const fn free_address(&mut self) -> SocketAddr {
        self.next_port = if self.next_port == u16::MAX { 49_152 } else { self.next_port.wrapping_add(1) };
        SocketAddr::new(self.ip, self.next_port)
    }

    /// The number of a connection accepted here.
    pub(super) fn accepted(&mut self) -> LinkId {
        match &mut self.body {
            Body::Machine { pump, .. } => pump.accepted(),
            Body::Bare(inbox) => inbox.next_link(),
        }
    }

    pub(super) const fn inbox(&mut self) -> Option<&mut Inbox> {
        match &mut self.body {
            Body::Bare(inbox) => Some(inbox),
            Body::Machine { .. } => None,
        }
    }

    pub(super) const fn seen(&self) -> Option<&Inbox> {
        match &self.body {
            Body::Bare(inbox) => Some(inbox),
            Body::Machine { .. } => None,
        }
    }

    /// Runs one turn: an input, or a wake-up if there is none, then what is overdue. Returns an error if an invariant
    /// does not hold.
    pub(super) fn turn(&mut self, now: u64, input: Option<Input<'_>>) -> Result<(), String> {
        let instant = self.instant(now);
        let (born, skew) = (self.born, self.skew);
        let pump = match &mut self.body {
            Body::Machine { pump, .. } => pump,
            Body::Bare(inbox) => {
                if let Some(input) = input {
                    inbox.take(input);
                }
                return Ok(());
            }
        };
        if let Some(input) = input {
            pump.input(instant, input, &mut self.outbox);
        }
        let before = pump.recorder_mut().count();
        let wake = pump.overdue(instant, &mut self.outbox);
        let ticks = pump.recorder_mut().count().saturating_sub(before);
        self.wake = wake.map(|wake| wake.at.as_micros().saturating_add(born).saturating_sub(skew));
        self.turns = self.turns.wrapping_add(1);
        if let Some(at) = pump.recorder_mut().idle_tick() {
            return Err(format!(
                "a stale wake-up: the tick at {} us did nothing; it now wants {wake:?}",
                at.as_micros()
            ));
        }
        if let Some(wake) = wake
            && wake.at <= instant
            && ticks == 0
            && wake.why != Why::Backlog
        {
            return Err(format!("{wake:?} is overdue and the turn did nothing about it"));
        }
        if pump.high_water() >= MAX_ACTIONS {
            return Err(format!("a step caused {} actions: there is no room for more", pump.high_water()));
        }
        if self.turns.is_multiple_of(audit_every(self.care)) { self.audit() } else { Ok(()) }
    }

    /// Compares the incremental fingerprint with the recomputed one.
    pub(super) fn audit(&mut self) -> Result<(), String> {
        let Body::Machine { pump, .. } = &mut self.body else { return Ok(()) };
        let kept = pump.machine_mut().digest();
        let anew = pump.machine().full_digest();
        if kept == anew {
            return Ok(());
        }
        Err(format!(
            "the digest kept is {kept:016x}, computed anew it is {anew:016x}: a change was not folded in"
        ))
    }

    /// The machine's journal.
    pub(super) const fn journal(&mut self) -> Option<&mut Journal> {
        match &mut self.body {
            Body::Machine { pump, .. } => Some(pump.recorder_mut()),
            Body::Bare(_) => None,
        }
    }

    /// Replays the runs so far in new machines.
    pub(super) fn replay(&mut self) -> Result<(), String> {
        for (journal, factory) in &mut self.past {
            lived_again(journal, factory)?;
        }
        let Body::Machine { pump, factory } = &mut self.body else { return Ok(()) };
        lived_again(pump.recorder_mut(), factory)
    }

    /// The traces of all machines of this host, the oldest first.
    pub(super) fn end_traces(&mut self) -> Vec<Vec<u8>> {
        let mut traces: Vec<Vec<u8>> =
            self.past.iter_mut().filter_map(|(journal, _)| journal.end_trace()).collect();
        traces.extend(self.journal().and_then(Journal::end_trace));
        traces
    }

    /// The directories that the traces name.
    pub(super) fn directories(&self) -> Vec<Arc<Directory>> {
        let present = match &self.body {
            Body::Machine { pump, .. } => pump.recorder().directories(),
            Body::Bare(_) => &[],
        };
        let past = self.past.iter().flat_map(|(journal, _)| journal.directories());
        past.chain(present).cloned().collect()
    }

    /// The first difference between this run and another of the same host.
    pub(super) fn difference(&self, other: &Self) -> Option<String> {
        match (&self.body, &other.body) {
            (Body::Machine { pump: one, .. }, Body::Machine { pump: two, .. }) => {
                let mut past = self.past.iter().zip(&other.past);
                past.find_map(|((one, _), (two, _))| one.difference(two))
                    .or_else(|| one.recorder().difference(two.recorder()))
            }
            (Body::Bare(_), Body::Bare(_)) => None,
            (Body::Machine { .. }, Body::Bare(_)) | (Body::Bare(_), Body::Machine { .. }) => {
                Some("it was another kind of host".to_owned())
            }
        }
    }

    /// How many steps the machine has made.
    pub(super) fn steps(&self) -> usize {
        match &self.body {
            Body::Machine { pump, .. } => {
                let past: usize = self.past.iter().map(|(journal, _)| journal.count()).sum();
                past.saturating_add(pump.recorder().count())
            }
            Body::Bare(_) => 0,
        }
    }

    /// The most actions any step has caused.
    pub(super) fn high_water(&self) -> usize {
        match &self.body {
            Body::Machine { pump, .. } => pump.high_water(),
            Body::Bare(_) => 0,
        }
    }

    /// The last `count` steps, for a fault's message.
    pub(super) fn last_steps(&self, count: usize) -> String {
        let Body::Machine { pump, .. } = &self.body else { return String::new() };
        let steps = pump.recorder().steps();
        let mut text = String::new();
        for step in steps.iter().skip(steps.len().saturating_sub(count)) {
            text.push_str(&step.to_string());
            text.push('\n');
        }
        text
    }
}

/// Creates a machine.
fn be_born(care: Care, header: Option<Header>, factory: Factory) -> (Vec<Listen>, Body) {
    let mut machine = factory();
    let journal = Journal::new(care, machine.digest(), header);
    let listens = machine.listens();
    (listens, Body::Machine { pump: Box::new(Pump::new(machine, journal)), factory })
}

/// The addresses at which a host at `ip` listens, with a chosen port if none was asked for.
fn placed(ip: IpAddr, listens: Vec<Listen>) -> Vec<Listen> {
    let numbered = listens.into_iter().zip(20_000_u16..);
    numbered
        .map(|(mut listen, free)| {
            let port = if listen.address.port() == 0 { free } else { listen.address.port() };
            listen.address = SocketAddr::new(ip, port);
            listen
        })
        .collect()
}

/// Replays a run in a new machine, and its trace, if there is one, through text and reader.
fn lived_again(journal: &mut Journal, factory: &Factory) -> Result<(), String> {
    journal.replay(&mut factory())?;
    if let Some(trace) = journal.end_trace() {
        let mut find = |hash| journal.directories().iter().find(|one| one.hash() == hash).cloned();
        let replayed = trace::replay_with(&[&trace], &mut find, |_| Ok(factory()));
        replayed.map_err(|error| format!("by way of its trace: {error}"))?;
    }
    Ok(())
}

impl Inbox {
    /// The number of a connection opened or accepted by a bare host.
    pub(super) const fn next_link(&mut self) -> LinkId {
        self.next_link = self.next_link.wrapping_add(1);
        LinkId::new(self.next_link)
    }

    fn take(&mut self, input: Input<'_>) {
        match input {
            Input::Opened { link, .. } => {
                self.streams.entry(link).or_default();
            }
            Input::Bytes { link, bytes } => self.streams.entry(link).or_default().extend_from_slice(bytes),
            Input::Closed { link, why } => {
                self.closed.insert(link, why);
            }
            Input::Datagram { peer, bytes, .. } => self.datagrams.push((peer, bytes.to_vec())),
            Input::Tick
            | Input::Listening { .. }
            | Input::Command { .. }
            | Input::Persisted { .. }
            | Input::Restored { .. }
            | Input::Clock { .. } => {}
        }
    }
}
