//! What a shell must do: wait, carry bytes, and let a machine decide everything else.

use core::net::SocketAddr;
use core::time::Duration;
use std::net::{TcpListener, UdpSocket};
use std::sync::Arc;

use ctigate_core::{Command, Input, ListenerId, Machine, Recorder};

use crate::console::Console;

/// The bytes a link may have waiting to be sent; a peer that lets more pile up is closed as too slow.
pub const QUEUE_BYTES: usize = 1024 * 1024;
/// How long opening a connection may take, name resolution included.
pub const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// How long a link we closed may take to send its rest and to be closed by the peer.
pub const LINGER_LIMIT: Duration = Duration::from_secs(2);
/// How long to wait before accepting again when the system is out of sockets or memory.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// The messages (reads, connections, commands) that may wait for the machine; whoever brings one more waits.
pub const INBOX: usize = 1024;
/// The most messages handled before what they caused is written: one turn.
pub const MESSAGES_PER_TURN: usize = 64;
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

/// Brings commands to a running machine, from any thread. Waits while the machine's inbox is full.
#[derive(Clone)]
pub struct Speaker(Arc<dyn Fn(Said) -> bool + Send + Sync>);

impl Speaker {
    /// A speaker that hands commands to `deliver`, which says whether the machine is still there.
    pub fn new(deliver: impl Fn(Said) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(deliver))
    }

    /// Says one command; returns false when nobody listens any more.
    #[must_use]
    pub fn say(&self, said: Said) -> bool {
        (self.0)(said)
    }
}

/// Something that will bring commands once it is given a speaker.
pub type Source = Box<dyn FnOnce(Speaker) + Send>;
