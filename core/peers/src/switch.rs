//! The built-in phone system: a CTI server (CSTA III over TCP, ECMA-323 without SOAP; ECMA-354 sessions) with phones.
//!
//! The gateway is demonstrated, tested and simulated against it, so it checks everything that the gateway sends: errors
//! of a client are answered as the standards require, and logged as notices.
//!
//! [`phones`] is the call model, which knows no bytes. [`Switch`] connects it to CTI links, and to control links, on
//! which lines of text control the phones.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use ctigate_core::action::{Actions, Level};
use ctigate_core::digest::Digester;
use ctigate_core::entropy::{Domain, Entropy, Seed};
use ctigate_core::input::{Closed, Command, Input, LinkId, Listen, ListenerId, Peer, Taken, Transport};
use ctigate_core::machine::{Machine, Wake, Why};
use ctigate_core::reply::Refusal;
use ctigate_core::slots::{Handle, Slots};
use ctigate_core::time::{Duration, Instant};
use ctigate_core::timer::Timers;
use ctigate_core::wire::csta::model::{LocalConnectionState, SystemStatus};

mod changes;
pub mod config;
mod control;
pub mod link;
pub mod monitors;
pub mod names;
mod permitted;
pub mod phones;
mod report;
mod service;
mod session;
pub mod settings;
mod talk;

pub use config::{Answer, PhoneConfig, SWITCH_KEYS, SwitchConfig};
pub use control::verbs::{VERBS, Verb};
pub use service::{EVENTS, documented, features, services};

use link::{Cti, Kind, Line, Lines, Link, List};
use monitors::Monitors;
use phones::Phones;

/// The phone system.
pub struct Switch {
    /// Never changes.
    config: SwitchConfig,
    phones: Phones,
    links: Slots<Link>,
    /// Follows from `links`.
    by_id: BTreeMap<LinkId, Handle<Link>>,
    monitors: Monitors,
    /// Follows from the links' deadlines.
    timers: Timers<Key>,
    /// Mixed into callIDs; never changes.
    call_salt: u32,
    /// Mixed into sessionIDs and sysStatRegisterIDs; never changes.
    session_salt: u32,
    status: SystemStatus,
    /// Lists of devices that are being sent, in turn.
    lists: VecDeque<List>,
    /// The serviceCrossRefID of the last one.
    last_list: u32,
    /// Whether requests are read but not answered.
    stalled: bool,
    /// How long answers are held back.
    delay: Duration,
    stopped: bool,
}

/// A deadline's owner and purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    /// An application session ends unless it is reset.
    Session(Handle<Link>),
    /// A question was not answered.
    Question(Handle<Link>),
    /// A delayed answer is due.
    Answer(Handle<Link>),
}

/// The destination of an answer: the link, and the invoke ID.
type To = (Handle<Link>, u16);

/// One step: the time, and the list of actions.
struct Step<'a> {
    now: Instant,
    actions: &'a mut Actions,
}

impl Switch {
    /// A phone system with all phones on hook and no link.
    #[must_use]
    pub fn new(config: SwitchConfig, seed: Seed) -> Self {
        let mut entropy = Entropy::new(seed);
        let mut salt = |domain| u32::try_from(entropy.draw(domain) >> 32).unwrap_or_default();
        let (call_salt, monitor_salt) = (salt(Domain::CallId), salt(Domain::Reference));
        let session_salt = salt(Domain::Tag);
        Self {
            phones: Phones::new(&config),
            links: Slots::new(config.links),
            by_id: BTreeMap::new(),
            monitors: Monitors::new(config.monitors, monitor_salt),
            timers: Timers::new(),
            call_salt,
            session_salt,
            status: SystemStatus::Normal,
            lists: VecDeque::new(),
            last_list: 0,
            stalled: false,
            delay: config.response_delay,
            stopped: false,
            config,
        }
    }

    /// Phones and calls, for tests.
    #[must_use]
    pub const fn phones(&self) -> &Phones {
        &self.phones
    }

    /// How many links, monitors and calls there are, for tests.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts { links: self.links.len(), monitors: self.monitors.count(), calls: self.phones.calls().len() }
    }

    /// The calls of the phone of this number, oldest first: each call's callID, and the state of the phone's own
    /// connection in it. For tests.
    pub fn calls_at(&self, number: &str) -> impl Iterator<Item = (String, LocalConnectionState)> {
        let seen = self.phones.find(number).into_iter().flat_map(|phone| self.phones.snapshot(phone));
        seen.map(|seen| (names::name(seen.handle, self.call_salt), seen.own()))
    }

    fn opened(&mut self, step: &mut Step<'_>, id: LinkId, peer: Peer) {
        let control = ListenerId::new(u16::try_from(self.config.cti.len()).unwrap_or(u16::MAX));
        let kind = match peer.listener {
            Some(listener) if listener == control => Kind::Control(Lines::default()),
            Some(_) => Kind::Cti(Cti::new()),
            None => {
                step.actions.close(id);
                return;
            }
        };
        let name = kind.name();
        let Ok(handle) = self.links.insert(Link { id, peer: peer.address, kind }) else {
            let limit = self.config.links;
            step.actions.notify(Level::Warn, "link_refused", &[("peer", &peer.address), ("limit", &limit)]);
            step.actions.close(id);
            return;
        };
        self.by_id.insert(id, handle);
        step.actions.notify(
            Level::Info,
            "link_opened",
            &[("link", &id), ("peer", &peer.address), ("kind", &name)],
        );
        if !self.config.session_required {
            self.greet(step, handle);
        }
    }

    fn bytes(&mut self, step: &mut Step<'_>, id: LinkId, bytes: &[u8]) -> usize {
        let Some(handle) = self.by_id.get(&id).copied() else { return bytes.len() };
        let Some(link) = self.links.get_mut(handle) else { return bytes.len() };
        match &mut link.kind {
            Kind::Control(lines) => {
                let (taken, found) = lines.take(bytes);
                self.control_line(step, id, found);
                taken
            }
            Kind::Cti(cti) => {
                let mut framer = core::mem::take(&mut cti.framer);
                let (taken, found) = framer.push(bytes);
                self.framed(step, handle, &found);
                if let Some(cti) = self.links.get_mut(handle).and_then(Link::cti_mut) {
                    cti.framer = framer;
                }
                taken
            }
        }
    }

    fn control_line(&mut self, step: &mut Step<'_>, id: LinkId, line: Line) {
        let answer = match line {
            Line::Incomplete => return,
            Line::TooLong => control::too_long(),
            Line::Whole(line) => match core::str::from_utf8(&line) {
                Ok(line) => self.command(step, line),
                Err(_) => String::from("error the line is not UTF-8"),
            },
        };
        // The command may have closed this link.
        if self.by_id.contains_key(&id) && !answer.is_empty() {
            step.actions.write_with(id, |out| {
                out.extend_from_slice(answer.as_bytes());
                out.push(b'\n');
            });
        }
    }

    /// Forgets a link that is closed, or is about to be, with everything that belongs to it.
    fn forget(&mut self, handle: Handle<Link>) {
        let Some(link) = self.links.get_mut(handle) else { return };
        let id = link.id;
        if let Some(cti) = link.cti_mut() {
            self.timers.cancel(&mut cti.question_deadline, Key::Question(handle));
            self.timers.cancel(&mut cti.delayed_deadline, Key::Answer(handle));
            if let Some(session) = &mut cti.session {
                self.timers.cancel(&mut session.deadline, Key::Session(handle));
            }
            self.monitors.begin_sweep();
        }
        self.links.remove(handle);
        self.by_id.remove(&id);
    }

    /// Closes a link, and logs why.
    fn drop_link(
        &mut self,
        step: &mut Step<'_>,
        handle: Handle<Link>,
        level: Level,
        name: &'static str,
        why: &str,
    ) {
        let Some(id) = self.links.get(handle).map(|link| link.id) else { return };
        step.actions.notify(level, name, &[("link", &id), ("why", &why)]);
        step.actions.close(id);
        self.forget(handle);
    }

    fn closed(&mut self, step: &mut Step<'_>, id: LinkId, why: Closed) {
        let Some(handle) = self.by_id.get(&id).copied() else { return };
        step.actions.notify(Level::Info, "link_closed", &[("link", &id), ("why", &why.name())]);
        self.forget(handle);
    }

    /// Handles one overdue timer, else a portion of remaining work.
    fn tick(&mut self, step: &mut Step<'_>) {
        let of_links = self.timers.next().map(|(at, _)| at);
        let of_phones = self.phones.next_due();
        let phones_first = match (of_phones, of_links) {
            (Some(phones), Some(links)) => phones <= links,
            (phones, _) => phones.is_some(),
        };
        if phones_first {
            let mut told = Vec::new();
            if self.phones.tick(step.now, &mut told) {
                self.report(step, &told);
                return;
            }
        } else if let Some((_, key)) = self.timers.pop_due(step.now) {
            self.due(step, key);
            return;
        }
        if self.send_segment(step) {
            return;
        }
        let links = &self.links;
        self.monitors.sweep(|monitor| is_alive(links, monitor));
    }

    fn due(&mut self, step: &mut Step<'_>, key: Key) {
        let (Key::Session(handle) | Key::Question(handle) | Key::Answer(handle)) = key;
        let Some(cti) = self.links.get_mut(handle).and_then(Link::cti_mut) else { return };
        match key {
            Key::Session(_) => {
                if let Some(session) = &mut cti.session {
                    Timers::<Key>::fired(&mut session.deadline);
                }
                self.session_expired(step, handle);
            }
            Key::Question(_) => {
                Timers::<Key>::fired(&mut cti.question_deadline);
                self.drop_link(
                    step,
                    handle,
                    Level::Warn,
                    "link_broken",
                    "a request was not answered in time",
                );
            }
            Key::Answer(_) => {
                Timers::<Key>::fired(&mut cti.delayed_deadline);
                self.release_answer(step, handle);
            }
        }
    }

    fn stop(&mut self, step: &mut Step<'_>) {
        self.stopped = true;
        step.actions.notify(Level::Info, "stopping", &[("links", &self.links.len())]);
        for handle in self.all_links() {
            self.terminate_session(step, handle);
            if let Some(id) = self.links.get(handle).map(|link| link.id) {
                step.actions.close(id);
            }
            self.forget(handle);
        }
        step.actions.finish(0);
    }

    fn all_links(&self) -> Vec<Handle<Link>> {
        self.links.iter().map(|(handle, _)| handle).collect()
    }

    /// The fingerprint, given those of the tables.
    fn fingerprint(&self, phones: u64, links: u64, monitors: u64) -> u64 {
        let Self {
            config: _,
            phones: _,
            links: _,
            by_id: _,
            monitors: _,
            timers: _,
            call_salt,
            session_salt,
            status,
            lists,
            last_list,
            stalled,
            delay,
            stopped,
        } = self;
        let mut digester = Digester::new();
        digester.number(phones);
        digester.number(links);
        digester.number(monitors);
        digester.value(call_salt);
        digester.value(session_salt);
        digester.text(status.word());
        digester.value(lists);
        digester.value(last_list);
        digester.flag(*stalled);
        digester.value(delay);
        digester.flag(*stopped);
        digester.finish()
    }
}

/// The sizes of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Links, of both kinds.
    pub links: usize,
    /// Monitors, including dead ones that are not yet removed.
    pub monitors: usize,
    /// Calls.
    pub calls: usize,
}

/// Whether a monitor's link is open, in the session in which the monitor was started.
fn is_alive(links: &Slots<Link>, monitor: &monitors::Monitor) -> bool {
    let cti = links.get(monitor.link).and_then(Link::cti);
    cti.is_some_and(|cti| cti.epoch == monitor.epoch)
}

impl Machine for Switch {
    fn listens(&self) -> Vec<Listen> {
        let listen = |key: &str, address| Listen { transport: Transport::Tcp, address, key: key.to_string() };
        let cti = self.config.cti.iter().map(|address| listen("listen", *address));
        cti.chain(self.config.control.map(|address| listen("control", address))).collect()
    }

    fn step(&mut self, now: Instant, input: Input<'_>, actions: &mut Actions) -> Taken {
        let mut step = Step { now, actions };
        let whole = match input {
            Input::Bytes { bytes, .. } | Input::Datagram { bytes, .. } => bytes.len(),
            Input::Tick
            | Input::Listening { .. }
            | Input::Opened { .. }
            | Input::Closed { .. }
            | Input::Command { .. }
            | Input::Persisted { .. }
            | Input::Restored { .. }
            | Input::Clock { .. } => 0,
        };
        if self.stopped {
            if let Input::Opened { link, .. } = input {
                step.actions.close(link);
            }
            return Taken(whole);
        }
        let mut taken = whole;
        match input {
            Input::Tick => self.tick(&mut step),
            Input::Opened { link, peer } => self.opened(&mut step, link, peer),
            Input::Bytes { link, bytes } => taken = self.bytes(&mut step, link, bytes),
            Input::Closed { link, why } => self.closed(&mut step, link, why),
            Input::Command { command: Command::Line(line), .. } => {
                let answer = self.command(&mut step, line);
                if !answer.is_empty() {
                    step.actions.print(format_args!("{answer}"));
                }
            }
            Input::Command { command: Command::Stop, .. } => self.stop(&mut step),
            Input::Command { token, .. } => step.actions.reply(token, Err(Refusal::Unknown)),
            // The host logs the addresses, and nothing is kept.
            Input::Listening { .. }
            | Input::Persisted { .. }
            | Input::Restored { .. }
            | Input::Datagram { .. }
            | Input::Clock { .. } => {}
        }
        self.light_lamps(&mut step);
        Taken(taken)
    }

    fn next_wake(&self) -> Option<Wake> {
        if self.stopped {
            return None;
        }
        if self.monitors.is_sweeping() || !self.lists.is_empty() {
            return Some(Wake { at: Instant::ZERO, why: Why::Backlog });
        }
        let phones = self.phones.next_due().map(|at| Wake { at, why: Why::Timer("phone") });
        let links = self.timers.next().map(|(at, key)| Wake { at, why: Why::Timer(key.name()) });
        phones.into_iter().chain(links).min_by_key(|wake| wake.at)
    }

    fn digest(&mut self) -> u64 {
        let (phones, links, monitors) = (self.phones.fold(), self.links.fold(), self.monitors.fold());
        self.fingerprint(phones, links, monitors)
    }

    fn full_digest(&self) -> u64 {
        self.fingerprint(self.phones.recompute(), self.links.recompute(), self.monitors.recompute())
    }

    fn build(&self) -> &'static str {
        crate::BUILD
    }
}

impl Key {
    const fn name(self) -> &'static str {
        match self {
            Self::Session(_) => "session",
            Self::Question(_) => "question",
            Self::Answer(_) => "answer",
        }
    }
}

impl Kind {
    const fn name(&self) -> &'static str {
        match self {
            Self::Cti(_) => "cti",
            Self::Control(_) => "control",
        }
    }
}

#[cfg(test)]
#[expect(clippy::wildcard_enum_match_arm, reason = "a test says what it expects; all else fails it")]
mod tests;
