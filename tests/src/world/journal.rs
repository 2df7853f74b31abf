//! A journal of a host's steps, kept in memory, for comparing two runs and replaying one.

use std::io::Write as _;
use std::sync::Arc;

use ctigate_core::line::directory::Directory;
use ctigate_core::trace::{Digests, Form, Header, RecordedCommand, TraceRecorder};
use ctigate_core::{
    Action, Actions, Closed, Command, Input, Instant, LinkId, ListenerId, Machine, Peer, PersistResult,
    Recorder, Taken, Token,
};

use core::net::SocketAddr;

/// An input that owns its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    Tick,
    Listening(ListenerId, SocketAddr),
    Opened(LinkId, Peer),
    Bytes(LinkId, Vec<u8>),
    Closed(LinkId, Closed),
    Datagram(ListenerId, SocketAddr, Vec<u8>),
    Command(Option<Token>, RecordedCommand<'static>),
    Persisted(Token, PersistResult),
    Restored(String, String),
    Clock(u64),
}

impl Kept {
    pub(super) fn of(input: Input<'_>) -> Self {
        match input {
            Input::Tick => Self::Tick,
            Input::Listening { listener, address } => Self::Listening(listener, address),
            Input::Opened { link, peer } => Self::Opened(link, peer),
            Input::Bytes { link, bytes } => Self::Bytes(link, bytes.to_vec()),
            Input::Closed { link, why } => Self::Closed(link, why),
            Input::Datagram { listener, peer, bytes } => Self::Datagram(listener, peer, bytes.to_vec()),
            Input::Command { token, command } => Self::Command(token, command.into()),
            Input::Persisted { token, result } => Self::Persisted(token, result),
            Input::Restored { key, value } => Self::Restored(key.to_owned(), value.to_owned()),
            Input::Clock { unix_micros } => Self::Clock(unix_micros),
        }
    }

    pub(super) fn input(&self) -> Input<'_> {
        match self {
            Self::Tick => Input::Tick,
            Self::Listening(listener, address) => Input::Listening { listener: *listener, address: *address },
            Self::Opened(link, peer) => Input::Opened { link: *link, peer: *peer },
            Self::Bytes(link, bytes) => Input::Bytes { link: *link, bytes },
            Self::Closed(link, why) => Input::Closed { link: *link, why: *why },
            Self::Datagram(listener, peer, bytes) => {
                Input::Datagram { listener: *listener, peer: *peer, bytes }
            }
            Self::Command(token, command) => Input::Command { token: *token, command: command.as_command() },
            Self::Persisted(token, result) => Input::Persisted { token: *token, result: *result },
            Self::Restored(key, value) => Input::Restored { key, value },
            Self::Clock(unix_micros) => Input::Clock { unix_micros: *unix_micros },
        }
    }

    /// How many bytes a step must have taken for this to have been recorded.
    fn length(&self) -> Option<usize> {
        if let Self::Bytes(_, bytes) = self { Some(bytes.len()) } else { None }
    }
}

impl core::fmt::Display for Kept {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Bytes(link, bytes) => write!(f, "bytes {link} {}", bytes.escape_ascii()),
            Self::Datagram(_, peer, bytes) => write!(f, "datagram from {peer} {}", bytes.escape_ascii()),
            Self::Tick
            | Self::Listening(..)
            | Self::Opened(..)
            | Self::Closed(..)
            | Self::Command(..)
            | Self::Persisted(..)
            | Self::Restored(..)
            | Self::Clock(_) => write!(f, "{self:?}"),
        }
    }
}

/// One step: the time, the input, the actions, and the state's fingerprint after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) now: Instant,
    pub(super) input: Kept,
    /// The actions as text, with their bytes verbatim.
    pub(super) actions: Vec<u8>,
    pub(super) digest: u64,
}

impl core::fmt::Display for Step {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { now, input, actions, digest } = self;
        writeln!(f, "@{} {input}", now.as_micros())?;
        for line in actions.split_inclusive(|byte| *byte == b'\n') {
            writeln!(f, "    {}", line.escape_ascii())?;
        }
        write!(f, "    ={digest:016x}")
    }
}

/// How much of a run is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Care {
    /// Every step, for comparison with another run and for replay.
    Full,
    /// Nothing but the last fingerprint: what must hold after every step is checked as well, at a fraction of the cost.
    Light,
}

/// A host's run.
pub(super) struct Journal {
    care: Care,
    steps: Vec<Step>,
    /// How many steps there were.
    count: usize,
    birth: u64,
    /// The fingerprint after the last step.
    last: u64,
    /// The last step was a tick without an action: when.
    suspect: Option<Instant>,
    /// The time of the first tick without any effect, which means that a deadline was stale.
    idle_tick: Option<Instant>,
    /// The same run as a trace, if requested.
    trace: Option<Box<TraceRecorder>>,
    /// The directories that the trace names.
    directories: Vec<Arc<Directory>>,
}

impl Journal {
    /// The journal of a new machine with this fingerprint; also a trace, if its header is given.
    pub(super) fn new(care: Care, birth: u64, header: Option<Header>) -> Self {
        let header = header.filter(|_| care == Care::Full);
        let version = header.as_ref().and_then(|header| header.directory.as_ref());
        let directories = version.and_then(|version| version.directory().cloned()).into_iter().collect();
        let trace = header.map(|header| Box::new(TraceRecorder::new(header, Form::Verbatim, Digests::Every)));
        let (steps, count, suspect, idle_tick) = (Vec::new(), 0, None, None);
        Self { care, steps, count, birth, last: birth, suspect, idle_tick, trace, directories }
    }

    /// The directories that the trace names.
    pub(super) fn directories(&self) -> &[Arc<Directory>] {
        &self.directories
    }

    /// How many steps there were.
    pub(super) const fn count(&self) -> usize {
        self.count
    }

    /// Ends the trace and returns it.
    pub(super) fn end_trace(&mut self) -> Option<Vec<u8>> {
        let trace = self.trace.as_mut()?;
        trace.end_segment();
        Some(trace.pending().to_vec())
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// When the machine was first woken for nothing, if ever, although it had asked for the wake-up.
    pub(super) const fn idle_tick(&self) -> Option<Instant> {
        self.idle_tick
    }

    /// Feeds the inputs to `machine`, a new one; returns the first difference, if there is one.
    pub(super) fn replay(&self, machine: &mut dyn Machine) -> Result<(), String> {
        let mut actions = Actions::new();
        if machine.digest() != self.birth {
            return Err("the machines differ at birth".to_owned());
        }
        for (index, step) in self.steps.iter().enumerate() {
            actions.clear();
            let Taken(taken) = machine.step(step.now, step.input.input(), &mut actions);
            let replayed = Step {
                now: step.now,
                input: step.input.clone(),
                actions: written(&actions),
                digest: machine.digest(),
            };
            if step.input.length().is_some_and(|length| length != taken) {
                return Err(format!("step {index} took {taken} bytes in the replay:\n{step}"));
            }
            if replayed != *step {
                return Err(format!("step {index} recorded as\n{step}\nreplays as\n{replayed}"));
            }
        }
        Ok(())
    }

    /// The first difference between two runs.
    pub(super) fn difference(&self, other: &Self) -> Option<String> {
        let pairs = self.steps.iter().zip(&other.steps).enumerate();
        for (index, (one, two)) in pairs {
            if one != two {
                return Some(format!("step {index} was\n{one}\nand the second time\n{two}"));
            }
        }
        let (one, two) = (self.steps.len(), other.steps.len());
        (one != two).then(|| format!("it took {one} steps and the second time {two}"))
    }
}

impl Recorder for Journal {
    fn step(&mut self, now: Instant, input: Input<'_>, actions: &Actions) {
        if let Some(trace) = &mut self.trace {
            trace.step(now, input, actions);
            if let Input::Command { command: Command::Reload(reload), .. } = input {
                self.directories.extend(reload.directory().cloned());
            }
        }
        self.count = self.count.saturating_add(1);
        self.suspect = (input == Input::Tick && actions.is_empty()).then_some(now);
        if self.care == Care::Full {
            self.steps.push(Step { now, input: Kept::of(input), actions: written(actions), digest: 0 });
        }
    }

    fn panicked(&mut self, now: Instant, input: Input<'_>) {
        if let Some(trace) = &mut self.trace {
            trace.panicked(now, input);
        }
    }

    fn wants_digest(&mut self) -> bool {
        true
    }

    fn digest(&mut self, digest: u64) {
        if let Some(trace) = &mut self.trace
            && trace.wants_digest()
        {
            trace.digest(digest);
        }
        let before = core::mem::replace(&mut self.last, digest);
        if let Some(step) = self.steps.last_mut() {
            step.digest = digest;
        }
        if let Some(at) = self.suspect.take().filter(|_| digest == before) {
            self.idle_tick = self.idle_tick.or(Some(at));
        }
    }
}

/// The actions as text, one per line.
fn written(actions: &Actions) -> Vec<u8> {
    let mut text = Vec::new();
    for action in actions.iter() {
        let done = match action {
            Action::Connect { link, address } => write!(text, "connect {link} {address}"),
            Action::Write { link, bytes } | Action::WriteSecret { link, bytes, .. } => {
                write!(text, "write {link} {} ", bytes.len()).and_then(|()| text.write_all(bytes))
            }
            Action::Close { link } => write!(text, "close {link}"),
            Action::SendDatagram { listener, peer, bytes } => {
                write!(text, "datagram {} {peer} {} ", listener.index(), bytes.len())
                    .and_then(|()| text.write_all(bytes))
            }
            Action::Notify(notice) => {
                write!(text, "{} {} {}", notice.level.name(), notice.name, notice.fields)
            }
            Action::Print { text: line } => write!(text, "print {line}"),
            Action::Persist { token, key, value } => write!(text, "persist {token} {key} {value}"),
            Action::Reply { token, result } => write!(text, "reply {token} {result:?}"),
            Action::Finish { status } => write!(text, "finish {status}"),
        };
        debug_assert!(done.is_ok(), "writing to memory cannot fail");
        text.push(b'\n');
    }
    text
}
