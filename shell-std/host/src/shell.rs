//! What a shell must do: wait, carry bytes, and let a machine decide everything else.

use core::net::SocketAddr;
use core::time::Duration;
use std::net::{TcpListener, UdpSocket};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};

use ctigate_core::engine::Overview;
use ctigate_core::{Command, Input, Instant, ListenerId, Machine, Recorder};

use crate::record::console::Console;

/// The bytes a link may have waiting to be sent: an answer for each of 10,000 dialogs that share it. A peer that lets
/// more pile up is closed as too slow.
pub const QUEUE_BYTES: usize = 16 * 1024 * 1024;
/// The part of these that may wait while the link is read on: a peer that asks faster than it takes the answers is held
/// up, not cut off.
pub const LAGGING_PART: usize = 16;
/// How long a link may take none of what waits for it.
pub const STALL_LIMIT: Duration = Duration::from_secs(60);
/// How long opening a connection may take, name resolution included: longer than a gateway ever waits, which gives up
/// by itself (`cti.connect_timeout`). It ends what nobody else would.
pub const CONNECT_LIMIT: Duration = Duration::from_secs(70);
/// How long a link we closed may take to send its rest and to be closed by the peer.
pub const LINGER_LIMIT: Duration = Duration::from_secs(2);
/// How long to wait before accepting again when the system is out of sockets or memory.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long a machine may take to say how it is doing.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);
/// The commands that may wait for the machine; whoever brings one more waits.
pub const INBOX: usize = 1024;
/// The most bytes read from a link at once.
pub const READ_BYTES: usize = 16 * 1024;
/// The largest datagram there is.
pub const DATAGRAM_BYTES: usize = 65_535;

/// A way to run machines on real sockets.
pub trait Shell: Sync {
    /// The program's name, for help and error messages.
    fn program(&self) -> &'static str;

    /// The most links this shell carries, whatever the configuration says.
    fn links(&self) -> usize;

    /// Runs one machine on the calling thread until it finishes; returns its exit status. Several may run at once,
    /// each on a thread of its own.
    fn run(&self, program: Program) -> u8;
}

/// A machine ready to run: its sockets are open, and all it needs from outside is at hand.
pub struct Program {
    /// The machine.
    pub machine: Box<dyn Machine + Send>,
    /// What keeps its steps.
    pub recorder: Box<dyn Recorder + Send>,
    /// Where its notices and lines go.
    pub console: Console,
    /// Its open sockets, in the order of [`Machine::listens`].
    pub listeners: Vec<Listener>,
    /// Where its commands come from. Each is called once, when all sockets are served, and must not wait.
    pub sources: Vec<Source>,
    /// The limits the shell watches over.
    pub limits: Limits,
}

/// The limits a shell watches over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most links open at once; one more is closed when it is accepted.
    pub links: usize,
    /// The most bytes a link may have waiting to be sent.
    pub queue_bytes: usize,
    /// How long a link may take none of them before it is closed as too slow.
    pub stalled: Duration,
}

/// One open listening socket.
#[derive(Debug)]
pub struct Listener {
    /// Its place in the machine's list.
    pub id: ListenerId,
    /// The address it really has.
    pub address: SocketAddr,
    /// The socket.
    pub socket: Socket,
}

/// A listening socket, by transport.
#[derive(Debug)]
pub enum Socket {
    /// Accepts connections.
    Tcp(TcpListener),
    /// Takes datagrams.
    Udp(UdpSocket),
}

impl Listener {
    /// The input that tells the machine.
    #[must_use]
    pub const fn listening(&self) -> Input<'static> {
        Input::Listening { listener: self.id, address: self.address }
    }
}

/// A command, on its way to the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// See [`Command::Line`].
    Line(String),
    /// See [`Command::End`].
    End,
    /// See [`Command::Drain`].
    Drain,
    /// See [`Command::Stop`].
    Stop,
}

impl Said {
    /// The command as the machine takes it.
    #[must_use]
    pub fn command(&self) -> Command<'_> {
        match self {
            Self::Line(line) => Command::Line(line),
            Self::End => Command::End,
            Self::Drain => Command::Drain,
            Self::Stop => Command::Stop,
        }
    }
}

/// What is spoken to a running machine from elsewhere in the process.
pub enum Spoken {
    /// A command, which is an input and is recorded.
    Command(Said),
    /// A question, which changes nothing.
    Question(Question),
}

/// A question how the machine is doing, and the way back for the answer.
pub struct Question(SyncSender<Answer>);

/// How a machine is doing.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The machine's time.
    pub(crate) now: Instant,
    pub(crate) overview: Overview,
}

impl Question {
    /// Answers, if the machine is one that somebody operates. Never waits.
    pub fn answer(self, now: Instant, machine: &impl Machine) {
        if let Some(overview) = machine.overview() {
            // Who asked may have lost patience.
            let _ = self.0.try_send(Answer { now, overview });
        }
    }
}

/// Why a machine did not say how it is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Silence {
    /// It is no more.
    Gone,
    /// It is too busy.
    Busy,
}

/// Speaks to a running machine, from any thread. Waits while the machine is busy.
#[derive(Clone)]
pub struct Speaker(Arc<dyn Fn(Spoken) -> bool + Send + Sync>);

impl Speaker {
    /// A speaker that hands what is spoken to `deliver`, which says whether the machine is still there.
    pub fn new(deliver: impl Fn(Spoken) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(deliver))
    }

    /// Says one command; returns false when nobody listens any more.
    #[must_use]
    pub fn say(&self, said: Said) -> bool {
        (self.0)(Spoken::Command(said))
    }

    /// Asks how the machine is doing.
    ///
    /// # Errors
    /// It does not say.
    pub(crate) fn ask(&self) -> Result<Answer, Silence> {
        let (question, answer) = mpsc::sync_channel(1);
        if !(self.0)(Spoken::Question(Question(question))) {
            return Err(Silence::Gone);
        }
        answer.recv_timeout(ANSWER_LIMIT).map_err(|error| match error {
            RecvTimeoutError::Timeout => Silence::Busy,
            RecvTimeoutError::Disconnected => Silence::Gone,
        })
    }
}

/// Something that will speak once it is given a speaker.
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
