//! The pump drives a machine: it takes steps, records them and applies their actions, and handles overdue timers up to
//! a budget. A shell only waits and carries bytes.

use core::net::SocketAddr;

use crate::action::{Action, Actions, Notice};
use crate::input::{Input, LinkId, ListenerId, Taken};
use crate::machine::{Machine, Wake};
use crate::reply::{ReplyResult, Token};
use crate::secret::Fill;
use crate::time::Instant;

/// The most overdue timers and portions of jobs handled in one turn; the rest is left to the next.
const TICKS_PER_TURN: usize = 64;

/// What a shell does for a machine. No method may block; bytes for a link are queued and written together when the turn
/// ends.
pub trait Effects {
    /// Begin to open a connection to `host:port`.
    fn connect(&mut self, link: LinkId, address: &str);
    /// Send bytes on a connection.
    fn write(&mut self, link: LinkId, bytes: &[u8]);
    /// Send bytes on a connection, with a secret filled in. Without it, the connection is lost.
    fn write_secret(&mut self, link: LinkId, bytes: &[u8], fill: Fill);
    /// Close a connection once what was written is sent.
    fn close(&mut self, link: LinkId);
    /// Send a datagram.
    fn send_datagram(&mut self, listener: ListenerId, peer: SocketAddr, bytes: &[u8]);
    /// Notify the operator.
    fn notify(&mut self, notice: Notice<'_>);
    /// Print a line to standard output.
    fn print(&mut self, text: &str);
    /// Keep a value; an empty one: forget the key.
    fn persist(&mut self, token: Token, key: &str, value: &str);
    /// Answer a command.
    fn reply(&mut self, token: Token, result: ReplyResult);
    /// The machine has ended.
    fn finish(&mut self, status: u8);
}

/// Effects that do nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoEffects;

impl Effects for NoEffects {
    fn connect(&mut self, _link: LinkId, _address: &str) {}

    fn write(&mut self, _link: LinkId, _bytes: &[u8]) {}

    fn write_secret(&mut self, _link: LinkId, _bytes: &[u8], _fill: Fill) {}

    fn close(&mut self, _link: LinkId) {}

    fn send_datagram(&mut self, _listener: ListenerId, _peer: SocketAddr, _bytes: &[u8]) {}

    fn notify(&mut self, _notice: Notice<'_>) {}

    fn print(&mut self, _text: &str) {}

    fn persist(&mut self, _token: Token, _key: &str, _value: &str) {}

    fn reply(&mut self, _token: Token, _result: ReplyResult) {}

    fn finish(&mut self, _status: u8) {}
}

/// Records what happens, step by step.
pub trait Recorder {
    /// The machine is about to take a step: [`Recorder::step`] or [`Recorder::panicked`] follows.
    fn begin(&mut self) {}
    /// A step was taken: when, with which input (the bytes that were taken), and with which actions.
    fn step(&mut self, now: Instant, input: Input<'_>, actions: &Actions);
    /// The machine panicked in this step: when, and on which input (all of it). Called while the panic unwinds; need
    /// not return.
    fn panicked(&mut self, now: Instant, input: Input<'_>);
    /// Whether to compute the state's fingerprint after the step just recorded.
    fn wants_digest(&mut self) -> bool;
    /// Whether to compute the state's fingerprint at the end of the run.
    fn wants_last_digest(&mut self) -> bool {
        false
    }
    /// The fingerprint after the step just recorded.
    fn digest(&mut self, digest: u64);
}

/// Records nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoRecorder;

impl Recorder for NoRecorder {
    fn step(&mut self, _now: Instant, _input: Input<'_>, _actions: &Actions) {}

    fn panicked(&mut self, _now: Instant, _input: Input<'_>) {}

    fn wants_digest(&mut self) -> bool {
        false
    }

    fn digest(&mut self, _digest: u64) {}
}

impl<R: Recorder + ?Sized> Recorder for alloc::boxed::Box<R> {
    fn begin(&mut self) {
        (**self).begin();
    }

    fn step(&mut self, now: Instant, input: Input<'_>, actions: &Actions) {
        (**self).step(now, input, actions);
    }

    fn panicked(&mut self, now: Instant, input: Input<'_>) {
        (**self).panicked(now, input);
    }

    fn wants_digest(&mut self) -> bool {
        (**self).wants_digest()
    }

    fn wants_last_digest(&mut self) -> bool {
        (**self).wants_last_digest()
    }

    fn digest(&mut self, digest: u64) {
        (**self).digest(digest);
    }
}

/// A machine, its recorder, and the list that its actions go into.
pub struct Pump<M, R> {
    machine: M,
    recorder: R,
    actions: Actions,
    next_link: u64,
}

impl<M: Machine, R: Recorder> Pump<M, R> {
    /// Drives `machine`, recording with `recorder`.
    pub fn new(machine: M, recorder: R) -> Self {
        Self { machine, recorder, actions: Actions::new(), next_link: 1 }
    }

    /// The machine.
    pub const fn machine(&self) -> &M {
        &self.machine
    }

    /// The machine, to take its fingerprint.
    pub const fn machine_mut(&mut self) -> &mut M {
        &mut self.machine
    }

    /// The recorder, to be read.
    pub const fn recorder(&self) -> &R {
        &self.recorder
    }

    /// The recorder.
    pub const fn recorder_mut(&mut self) -> &mut R {
        &mut self.recorder
    }

    /// The machine and the recorder, when the run is over.
    pub fn into_parts(self) -> (M, R) {
        (self.machine, self.recorder)
    }

    /// Ends the run cleanly: the recording ends with the state's fingerprint, if the recorder asks for it.
    pub fn end(mut self) {
        if self.recorder.wants_last_digest() {
            self.recorder.digest(self.machine.digest());
        }
    }

    /// The most actions any step has caused.
    #[must_use]
    pub fn high_water(&self) -> usize {
        self.actions.high_water()
    }

    /// Draws the number of a connection just accepted: odd, never used twice.
    pub const fn accepted(&mut self) -> LinkId {
        let link = LinkId::new(self.next_link);
        self.next_link = self.next_link.wrapping_add(2);
        link
    }

    /// Gives the machine one input, in as many steps as it has messages, and records each.
    pub fn input(&mut self, now: Instant, input: Input<'_>, effects: &mut impl Effects) {
        let Input::Bytes { link, mut bytes } = input else {
            self.step(now, input, effects);
            return;
        };
        loop {
            let Taken(taken) = self.step(now, Input::Bytes { link, bytes }, effects);
            bytes = bytes.get(taken..).unwrap_or_default();
            if bytes.is_empty() || taken == 0 {
                debug_assert!(bytes.is_empty(), "a step with bytes left over must take some");
                return;
            }
        }
    }

    /// Handles what is overdue, up to a budget. Returns when the machine next needs to be woken.
    pub fn overdue(&mut self, now: Instant, effects: &mut impl Effects) -> Option<Wake> {
        for _ in 0..TICKS_PER_TURN {
            let wake = self.machine.next_wake()?;
            if wake.at > now {
                return Some(wake);
            }
            self.step(now, Input::Tick, effects);
        }
        self.machine.next_wake()
    }

    fn step(&mut self, now: Instant, input: Input<'_>, effects: &mut impl Effects) -> Taken {
        self.actions.clear();
        let attempt = Attempt::begin(&mut self.recorder, now, input);
        let taken = self.machine.step(now, input, &mut self.actions);
        attempt.succeeded();
        self.recorder.step(now, input.up_to(taken), &self.actions);
        if self.recorder.wants_digest() {
            self.recorder.digest(self.machine.digest());
        }
        for action in self.actions.iter() {
            apply(action, effects);
        }
        taken
    }
}

/// A step in progress. If it is dropped by a panic, the recorder gets the input that caused the panic.
struct Attempt<'a, R: Recorder> {
    recorder: &'a mut R,
    now: Instant,
    input: Input<'a>,
}

impl<'a, R: Recorder> Attempt<'a, R> {
    fn begin(recorder: &'a mut R, now: Instant, input: Input<'a>) -> Self {
        recorder.begin();
        Self { recorder, now, input }
    }

    fn succeeded(self) {
        core::mem::forget(self);
    }
}

impl<R: Recorder> Drop for Attempt<'_, R> {
    fn drop(&mut self) {
        self.recorder.panicked(self.now, self.input);
    }
}

fn apply(action: Action<'_>, effects: &mut impl Effects) {
    match action {
        Action::Connect { link, address } => effects.connect(link, address),
        Action::Write { link, bytes } => effects.write(link, bytes),
        Action::WriteSecret { link, bytes, fill } => effects.write_secret(link, bytes, fill),
        Action::Close { link } => effects.close(link),
        Action::SendDatagram { listener, peer, bytes } => effects.send_datagram(listener, peer, bytes),
        Action::Notify(notice) => effects.notify(notice),
        Action::Print { text } => effects.print(text),
        Action::Persist { token, key, value } => effects.persist(token, key, value),
        Action::Reply { token, result } => effects.reply(token, result),
        Action::Finish { status } => effects.finish(status),
    }
}
