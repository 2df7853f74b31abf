//! The interface of a shell, which waits and carries bytes and lets a machine decide everything else.

use core::net::SocketAddr;
use core::time::Duration;
use std::net::{TcpListener, UdpSocket};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};

use ctigate_core::engine::Overview;
use ctigate_core::{
    Command, Input, Instant, ListenerId, Machine, PersistResult, Recorder, ReplyResult, Token,
};

use crate::net::secrets::Secrets;
use crate::record::console::Console;
use crate::store::Store;

/// The most bytes that a link may have waiting to be sent: an answer for each of 10,000 dialogs that share it. If there
/// are more, the link is closed as too slow.
pub const QUEUE_BYTES: usize = 16 * 1024 * 1024;
/// If more than this fraction of [`QUEUE_BYTES`] waits, the link is not read: a peer that sends requests faster than it
/// reads the answers is slowed down, not cut off.
pub const LAGGING_PART: usize = 16;
/// How long a link may take none of the bytes that wait to be sent.
pub const STALL_LIMIT: Duration = Duration::from_mins(1);
/// How long opening a connection may take, including name resolution. This is longer than a gateway waits, which gives
/// up by itself (`cti.connect_timeout`); it bounds the others.
pub const CONNECT_LIMIT: Duration = Duration::from_secs(70);
/// How long a link that we closed may take to send what is left and to be closed by the peer.
pub const LINGER_LIMIT: Duration = Duration::from_secs(2);
/// How long to wait before accepting again if the system is out of sockets or memory.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long a machine may take to answer a question.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);
/// How long a machine may take to answer a command, which a store may have to keep.
const REPLY_LIMIT: Duration = Duration::from_secs(4);
/// The most commands that may wait for the machine; the sender of another one blocks.
pub const INBOX: usize = 1024;
/// The most bytes read from a link at once.
pub const READ_BYTES: usize = 16 * 1024;
/// The largest datagram.
pub const DATAGRAM_BYTES: usize = 65_535;

/// A way to run machines on real sockets.
pub trait Shell: Sync {
    /// The program's name, for help and error messages.
    fn program(&self) -> &'static str;

    /// The most links that this shell carries, whatever the configuration says.
    fn links(&self) -> usize;

    /// Runs one machine on the calling thread until it finishes; returns its exit status. Several may run at once,
    /// each on a thread of its own.
    fn run(&self, program: Program) -> u8;
}

/// A machine that is ready to run, with open sockets and everything else it needs.
pub struct Program {
    /// The machine.
    pub machine: Box<dyn Machine + Send>,
    /// The recorder of its steps.
    pub recorder: Box<dyn Recorder + Send>,
    /// The output for its notices and lines.
    pub console: Console,
    /// Its open sockets, in the order of [`Machine::listens`].
    pub listeners: Vec<Listener>,
    /// The sources of its commands. Each is called once, when all sockets are served, and must not block.
    pub sources: Vec<Source>,
    /// The limits that the shell enforces.
    pub limits: Limits,
    /// The secrets that are filled into what it sends.
    pub secrets: Secrets,
    /// What it keeps beyond its end.
    pub store: Store,
}

/// The limits that a shell enforces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most links open at once; another one is closed when it is accepted.
    pub links: usize,
    /// The most sockets of links, among them those of links that were closed and are being read to their end.
    pub sockets: usize,
    /// The most bytes a link may have waiting to be sent.
    pub queue_bytes: usize,
    /// How long a link may take none of them before it is closed.
    pub stalled: Duration,
}

/// One open listening socket.
#[derive(Debug)]
pub struct Listener {
    /// Its index in the machine's list.
    pub id: ListenerId,
    /// The address, with the actual port.
    pub address: SocketAddr,
    /// The socket.
    pub socket: Socket,
}

/// A listening socket, by transport.
#[derive(Debug)]
pub enum Socket {
    /// Accepts connections.
    Tcp(TcpListener),
    /// Receives datagrams.
    Udp(UdpSocket),
}

impl Listener {
    /// The input that informs the machine.
    #[must_use]
    pub const fn listening(&self) -> Input<'static> {
        Input::Listening { listener: self.id, address: self.address }
    }
}

/// A command for the machine, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// See [`Command::Line`].
    Line(String),
    /// See [`Command::End`].
    End,
    /// See [`Command::Drain`].
    Drain,
    /// See [`Command::Undrain`].
    Undrain,
    /// See [`Command::Redial`].
    Redial(u8),
    /// See [`Command::Stop`].
    Stop,
    /// See [`Command::Select`].
    Select {
        /// The user ID.
        user: String,
        /// The choice.
        choice: String,
    },
}

impl Said {
    /// The command as an input takes it.
    #[must_use]
    pub fn command(&self) -> Command<'_> {
        match self {
            Self::Line(line) => Command::Line(line),
            Self::End => Command::End,
            Self::Drain => Command::Drain,
            Self::Undrain => Command::Undrain,
            Self::Redial(index) => Command::Redial(*index),
            Self::Stop => Command::Stop,
            Self::Select { user, choice } => Command::Select { user, choice },
        }
    }
}

/// What other parts of the process send to a running machine.
pub enum Spoken {
    /// A command, which is an input and is recorded.
    Command(Said),
    /// A command that is answered, with the channel for the answer.
    Asked(Said, SyncSender<ReplyResult>),
    /// What became of something that the machine wants to keep, which is an input.
    Persisted(Token, PersistResult),
    /// A question, which does not change the machine.
    Question(Question),
}

/// A question for the machine's status, with the channel for the answer.
pub struct Question(SyncSender<Answer>);

/// A machine's status.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The machine's time.
    pub(crate) now: Instant,
    pub(crate) overview: Overview,
}

impl Question {
    /// Answers, if the machine has an overview. Never blocks.
    pub fn answer(self, now: Instant, machine: &impl Machine) {
        if let Some(overview) = machine.overview() {
            // The asker may have given up.
            let _ = self.0.try_send(Answer { now, overview });
        }
    }
}

/// Why a machine did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// It has ended.
    Gone,
    /// It is too busy.
    Busy,
}

/// Sends commands and questions to a running machine, from any thread. Blocks while the machine is busy.
#[derive(Clone)]
pub struct Speaker(Arc<dyn Fn(Spoken) -> bool + Send + Sync>);

impl Speaker {
    /// A speaker that passes everything to `deliver`, which returns whether the machine still runs.
    pub fn new(deliver: impl Fn(Spoken) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(deliver))
    }

    /// Sends a command; returns false if the machine has ended.
    #[must_use]
    pub fn say(&self, said: Said) -> bool {
        (self.0)(Spoken::Command(said))
    }

    /// Sends a command, and waits for its answer.
    ///
    /// # Errors
    /// If it is not answered. Whether it will be carried out is not known then.
    pub fn carry_out(&self, said: Said) -> Result<ReplyResult, Silence> {
        let (asker, answer) = mpsc::sync_channel(1);
        self.asked(Spoken::Asked(said, asker), &answer, REPLY_LIMIT)
    }

    /// Asks for the machine's status.
    ///
    /// # Errors
    /// If it does not answer.
    pub(crate) fn ask(&self) -> Result<Answer, Silence> {
        let (question, answer) = mpsc::sync_channel(1);
        self.asked(Spoken::Question(Question(question)), &answer, ANSWER_LIMIT)
    }

    fn asked<T>(&self, spoken: Spoken, answer: &Receiver<T>, limit: Duration) -> Result<T, Silence> {
        if !(self.0)(spoken) {
            return Err(Silence::Gone);
        }
        answer.recv_timeout(limit).map_err(|error| match error {
            RecvTimeoutError::Timeout => Silence::Busy,
            RecvTimeoutError::Disconnected => Silence::Gone,
        })
    }
}

/// A source of commands, which uses the speaker it is given.
pub type Source = Box<dyn FnOnce(Speaker) + Send>;

#[cfg(test)]
mod tests {
    use ctigate_core::config::Config;
    use ctigate_core::setting::{Setting, Value};

    use super::*;

    #[test]
    fn the_shell_waits_longer_for_a_connection_than_a_gateway_may_be_told_to() {
        let refused = |seconds: i64| {
            let setting = Setting { key: "cti.connect_timeout".into(), value: Value::Integer(seconds) };
            let errors = Config::from_settings(&[setting]).err().unwrap_or_default();
            errors.iter().any(|error| error.key == "cti.connect_timeout")
        };
        let limit = i64::try_from(CONNECT_LIMIT.as_secs()).unwrap();
        assert!(!refused(1) && refused(limit));
    }
}
