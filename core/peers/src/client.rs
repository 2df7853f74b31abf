//! The scripted client: a client of remote call control that behaves as SIPE and Communicator do, controlled by lines
//! of text.
//!
//! It connects and signs in (INVITE with RequestSystemStatus and the line), asks for the features and starts a monitor,
//! refreshes the session in time, and shows each event and each result as one line. Lines of the script run one after
//! another; one that fails ends the run with exit status 1. So does a fault (`error`, `refused`, ...) that no line
//! expected.
//!
//! | file | subject |
//! |---|---|
//! | `commands` | the table of commands |
//! | `script` | the language |
//! | `runner` | running the script |
//! | `connection` | the connection to the server |
//! | `session` | sign-in, refresh, sign-out |
//! | `services` | requests of the script, and their answers |
//! | `requests` | requests from the gateway, such as events |
//! | `happening` | what a script can wait for |
//! | `calls` | the client's picture of the calls, and which connection a command means |
//! | `values` | the values in a document, as scripts name them |
//! | `dialog`, `transaction`, `invite_client`, `flow` | SIP |

mod calls;
mod commands;
mod config;
mod connection;
mod dialog;
mod flow;
mod happening;
mod invite_client;
mod requests;
mod runner;
mod script;
mod services;
mod session;
mod transaction;
mod values;

use alloc::string::String;
use alloc::vec::Vec;

use ctigate_core::action::Actions;
use ctigate_core::digest::{Digest, Digester};
use ctigate_core::entropy::{Entropy, Seed};
use ctigate_core::input::{Closed, Command, Input, LinkId, Listen, Taken, Transport};
use ctigate_core::machine::{Machine, Wake, Why};
use ctigate_core::reply::{Refusal, Token};
use ctigate_core::tables;
use ctigate_core::time::{Duration, Instant};
use ctigate_core::wire::csta::model::{LocalConnectionState as State, SystemStatus};

pub use calls::{Call, Calls, Party};
pub use commands::{Entry, asking, completions, manual};
pub use config::{CLIENT_KEYS, ClientConfig, Reinvite};

use dialog::Dialog;
use flow::{Flows, Way};
use happening::{Happening, Happenings};
use runner::Runner;
use script::Order;
use transaction::{Effect, Purpose, Transactions};

/// The state machines that only the client has, since the gateway sends no INVITE.
pub const TABLES: &[tables::Machine] = &[tables::Machine {
    name: "INVITE client transaction",
    clause: "RFC 3261 17.1.1, RFC 6026 7.2",
    transitions: invite_client::TABLE,
}];

/// What a client may be doing, in a word: before and after its session, and while it is signed in the state of its most
/// active call, if it has one.
pub const STATES: &[&str] = &[
    "connecting",
    "signing-in",
    "idle",
    "alerting",
    "connected",
    "initiated",
    "fail",
    "queued",
    "hold",
    "signed-out",
];

/// How long to wait for the answers to MonitorStop and BYE.
const LEAVE_TIME: Duration = Duration::from_secs(2);

/// The largest SIP message.
const MAX_MESSAGE: usize = 65_536;

/// Exit status: a line failed, or there was a fault that no line expected.
const FAILED: u8 = 1;

/// Exit status: the gateway could not be reached.
const COULD_NOT_CONNECT: u8 = 2;

/// The connection to the server.
const LINK: LinkId = LinkId::new(0);

/// The phase of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing has happened yet.
    Born,
    /// The connection is being opened.
    Connecting {
        /// When it is given up.
        until: Instant,
    },
    /// The first INVITE is under way.
    Inviting,
    /// Signed in.
    In,
    /// The session is over or was refused. Lines that need none may still run.
    Ended,
    /// Signing out.
    Leaving {
        /// When it ends at the latest.
        until: Instant,
    },
    /// The client has ended.
    Finished,
}

/// The monitor of the line.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Monitor {
    None,
    Asked,
    /// Running, under this cross-reference ID.
    Running(String),
}

/// What a deadline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Timer {
    Start,
    Connect,
    Transaction,
    Refresh,
    Line,
    Leave,
}

impl Timer {
    const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Connect => "connecting",
            Self::Transaction => "client transaction",
            Self::Refresh => "session refresh",
            Self::Line => "line of the script",
            Self::Leave => "end of sign-out",
        }
    }
}

/// One step: the time, and the list of actions.
struct Step<'a> {
    now: Instant,
    actions: &'a mut Actions,
}

/// The scripted client.
pub struct Client {
    config: ClientConfig,
    entropy: Entropy,
    phase: Phase,
    flows: Flows,
    dialog: Dialog,
    transactions: Transactions,
    /// The session interval in seconds, if one was negotiated.
    expires: Option<u32>,
    refresh_at: Option<Instant>,
    /// The system status in the last answer to INVITE.
    status: Option<SystemStatus>,
    monitor: Monitor,
    calls: Calls,
    happenings: Happenings,
    runner: Runner,
    /// The current line, while it waits for a snapshot of another phone.
    learning: Option<Order>,
    /// The callID of the call about which somebody is about to be consulted.
    consulting: Option<String>,
    /// The phone that the last call back was requested for.
    target: Option<String>,
    /// How often the gateway did not know the session, since it last did.
    lost: u32,
    failed: bool,
}

impl Client {
    /// A client that has done nothing yet.
    #[must_use]
    pub fn new(config: ClientConfig, seed: Seed) -> Self {
        let mut entropy = Entropy::new(seed);
        let dialog = Dialog::new(&config, &mut entropy);
        let calls = Calls::new(&config.line);
        Self {
            config,
            entropy,
            phase: Phase::Born,
            flows: Flows::default(),
            dialog,
            transactions: Transactions::default(),
            expires: None,
            refresh_at: None,
            status: None,
            monitor: Monitor::None,
            calls,
            happenings: Happenings::default(),
            runner: Runner::default(),
            learning: None,
            consulting: None,
            target: None,
            lost: 0,
            failed: false,
        }
    }

    /// The calls at the line, as the client knows them from what it was told.
    #[must_use]
    pub const fn calls(&self) -> &Calls {
        &self.calls
    }

    /// What the client is doing: one of [`STATES`].
    #[must_use]
    pub fn state(&self) -> &'static str {
        match self.phase {
            Phase::Born | Phase::Connecting { .. } => "connecting",
            Phase::Inviting => "signing-in",
            Phase::In => self.calls.most_active().map_or("idle", State::word),
            Phase::Ended | Phase::Leaving { .. } | Phase::Finished => "signed-out",
        }
    }

    /// Shows what happened, and keeps it for the script unless the client is leaving. Then faults do not count: over
    /// UDP, MonitorStop may arrive after the BYE and be refused.
    fn happen(&mut self, step: &mut Step<'_>, happening: Happening) {
        step.actions.print(format_args!("{happening}"));
        if !matches!(self.phase, Phase::Leaving { .. }) {
            self.happenings.push(happening);
        }
    }

    /// Whether services can be requested: signed in, with an answer to MonitorStart.
    fn is_ready(&self) -> bool {
        self.phase == Phase::In && self.monitor != Monitor::Asked
    }

    /// Ends the client.
    fn finish(&mut self, step: &mut Step<'_>, status: Option<u8>) {
        if self.phase == Phase::Finished {
            return;
        }
        let failed = self.failed || self.happenings.any_fault();
        let status = status.unwrap_or(if failed { FAILED } else { 0 });
        self.runner.clear();
        if matches!(self.flows.server, Some(Way::Link(_))) || matches!(self.phase, Phase::Connecting { .. }) {
            step.actions.close(LINK);
        }
        self.phase = Phase::Finished;
        step.actions.finish(status);
    }

    fn command(&mut self, step: &mut Step<'_>, token: Option<Token>, command: Command<'_>) {
        let mut result = Ok(());
        match command {
            Command::Line(line) => {
                if !self.runner.add(line) {
                    self.fail(step, "too many lines");
                }
            }
            Command::End => self.runner.ended = true,
            Command::Drain | Command::Undrain | Command::Redial(_) | Command::Select { .. } => {
                result = Err(Refusal::Unknown);
            }
            Command::Stop => self.leave(step),
        }
        step.actions.reply(token, result);
    }

    /// The earliest deadline.
    fn deadline(&self) -> Option<(Instant, Timer)> {
        let udp = self.config.transport == Transport::Udp;
        let start = self.phase == Phase::Born && !(udp && self.flows.server.is_none());
        let connect = if let Phase::Connecting { until } = self.phase { Some(until) } else { None };
        let leave = if let Phase::Leaving { until } = self.phase { Some(until) } else { None };
        [
            (start.then_some(Instant::ZERO), Timer::Start),
            (connect, Timer::Connect),
            (self.transactions.deadline(), Timer::Transaction),
            (self.refresh_at, Timer::Refresh),
            (self.runner.deadline(), Timer::Line),
            (leave, Timer::Leave),
        ]
        .into_iter()
        .filter_map(|(at, timer)| Some((at?, timer)))
        .min_by_key(|(at, _)| *at)
    }

    fn tick(&mut self, step: &mut Step<'_>) {
        let Some((_, timer)) = self.deadline().filter(|(at, _)| *at <= step.now) else { return };
        match timer {
            Timer::Start => self.start(step),
            Timer::Connect => self.closed(step, LINK, Closed::TimedOut),
            Timer::Transaction => self.transaction_due(step),
            Timer::Refresh => {
                self.refresh_at = None;
                if self.phase == Phase::In && !self.transactions.has(Purpose::Refresh) {
                    self.invite(step, Purpose::Refresh, false);
                }
            }
            Timer::Line => self.line_timed_out(step),
            Timer::Leave => self.finish(step, None),
        }
    }

    fn transaction_due(&mut self, step: &mut Step<'_>) {
        let reliable = self.config.transport == Transport::Tcp;
        let Some(told) = self.transactions.tick(step.now, reliable) else { return };
        match told.effect {
            Effect::Resend => self.send(step, &told.request),
            Effect::TimedOut => self.unanswered(step, &told),
            Effect::Nothing | Effect::Final | Effect::Again => {}
        }
    }
}

impl Machine for Client {
    fn listens(&self) -> Vec<Listen> {
        let listen =
            |address| Listen { transport: self.config.transport, address, key: String::from("listen") };
        self.config.listens_at().map(listen).into_iter().collect()
    }

    fn step(&mut self, now: Instant, input: Input<'_>, actions: &mut Actions) -> Taken {
        let all = if let Input::Bytes { bytes, .. } = input { bytes.len() } else { 0 };
        if self.phase == Phase::Finished {
            return Taken(all);
        }
        let step = &mut Step { now, actions };
        let mut taken = all;
        match input {
            Input::Tick => self.tick(step),
            Input::Listening { listener, address } => match (self.config.transport, self.config.peer()) {
                (Transport::Udp, Some(peer)) => {
                    self.flows.server = Some(Way::Datagram(listener, peer));
                    self.flows.local = Some(address);
                }
                (Transport::Udp, None) | (Transport::Tcp, _) => self.flows.listening = Some(address),
            },
            Input::Opened { link, peer } => self.opened(step, link, peer),
            Input::Bytes { link, bytes } => taken = self.bytes(step, link, bytes),
            Input::Closed { link, why } => self.closed(step, link, why),
            Input::Datagram { listener, peer, bytes } => {
                self.receive(step, Way::Datagram(listener, peer), bytes);
            }
            Input::Command { token, command } => self.command(step, token, command),
            // It keeps nothing.
            Input::Persisted { .. } | Input::Restored { .. } | Input::Clock { .. } => {}
        }
        self.run_script(step);
        Taken(taken)
    }

    fn next_wake(&self) -> Option<Wake> {
        if self.phase == Phase::Finished {
            return None;
        }
        if self.runner.backlog {
            return Some(Wake { at: Instant::ZERO, why: Why::Backlog });
        }
        self.deadline().map(|(at, timer)| Wake { at, why: Why::Timer(timer.name()) })
    }

    fn digest(&mut self) -> u64 {
        self.full_digest()
    }

    fn full_digest(&self) -> u64 {
        let mut digester = Digester::new();
        self.feed(&mut digester);
        digester.finish()
    }

    fn build(&self) -> &'static str {
        crate::BUILD
    }
}

impl Client {
    /// Feeds every field. The client is small, so its fingerprint is always recomputed.
    fn feed(&self, digester: &mut Digester) {
        let Self {
            config,
            entropy,
            phase,
            flows,
            dialog,
            transactions,
            expires,
            refresh_at,
            status,
            monitor,
            calls,
            happenings,
            runner,
            learning,
            consulting,
            target,
            lost,
            failed,
        } = self;
        config.digest(digester);
        entropy.digest(digester);
        match phase {
            Phase::Born => digester.number(0),
            Phase::Connecting { until } => {
                digester.number(1);
                digester.value(until);
            }
            Phase::Inviting => digester.number(2),
            Phase::In => digester.number(3),
            Phase::Ended => digester.number(4),
            Phase::Leaving { until } => {
                digester.number(5);
                until.digest(digester);
            }
            Phase::Finished => digester.number(6),
        }
        flows.digest(digester);
        dialog.digest(digester);
        transactions.digest(digester);
        expires.digest(digester);
        refresh_at.digest(digester);
        digester.text(status.map_or("", SystemStatus::word));
        match monitor {
            Monitor::None => digester.number(0),
            Monitor::Asked => digester.number(1),
            Monitor::Running(id) => {
                digester.number(2);
                digester.text(id);
            }
        }
        calls.digest(digester);
        happenings.digest(digester);
        runner.digest(digester);
        // The order itself stands in the current line.
        learning.is_some().digest(digester);
        consulting.digest(digester);
        target.digest(digester);
        lost.digest(digester);
        failed.digest(digester);
    }
}

#[cfg(test)]
mod tests;
