//! The links a machine has, and everything it can want of them. Nothing here waits.

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::net::{Shutdown, TcpStream, UdpSocket};
use std::rc::{Rc, Weak};
use std::time::Instant as Monotonic;

use ctigate_core::{Closed, Effects, Level, LinkId, ListenerId, Notice, Peer};
use ctigate_host::console::Console;
use ctigate_host::shell::{LAGGING_PART, LINGER_LIMIT, Limits, Listener, READ_BYTES, Socket};
use smol::{Async, LocalExecutor, Task, Timer};

use crate::reading::{self, Buffer};
use crate::run::Inlet;
use crate::writing::{Congestion, Queued, write_now};

/// How often the end looks whether everything is written.
const END_STEP: Duration = Duration::from_millis(5);

struct Link {
    stream: Rc<Async<TcpStream>>,
    /// What this turn wants sent.
    outbox: Vec<u8>,
    congestion: Option<Rc<Congestion>>,
    /// Whether the peer opened it: it is the one that asks.
    by_peer: bool,
}

/// A link we closed: when it is cut, and what it may still have to send.
struct Cut {
    at: Monotonic,
    stream: Weak<Async<TcpStream>>,
    congestion: Option<Rc<Congestion>>,
}

/// All links and sockets of one machine.
pub(crate) struct Links {
    executor: Rc<LocalExecutor<'static>>,
    inlet: Inlet,
    buffer: Buffer,
    console: Console,
    limits: Limits,
    open: BTreeMap<LinkId, Link>,
    /// Asked for, not open yet.
    awaited: BTreeSet<LinkId>,
    /// Links with something in their outbox.
    touched: Vec<LinkId>,
    lost: Vec<(LinkId, Closed)>,
    /// By time: all have the same to live.
    cuts: VecDeque<Cut>,
    udp: BTreeMap<ListenerId, Rc<Async<UdpSocket>>>,
    /// The tasks that serve listening sockets; they end when this is dropped.
    serving: Vec<Task<()>>,
    refused: u64,
    finished: Option<u8>,
}

impl Links {
    pub(crate) fn new(
        executor: Rc<LocalExecutor<'static>>,
        inlet: Inlet,
        console: Console,
        limits: Limits,
    ) -> Self {
        Self {
            executor,
            inlet,
            buffer: Buffer::default(),
            console,
            limits,
            open: BTreeMap::new(),
            awaited: BTreeSet::new(),
            touched: Vec::new(),
            lost: Vec::new(),
            cuts: VecDeque::new(),
            udp: BTreeMap::new(),
            serving: Vec::new(),
            refused: 0,
            finished: None,
        }
    }

    /// Starts to serve a listening socket.
    pub(crate) fn listen(&mut self, listener: Listener) {
        let Listener { id, address: _, socket } = listener;
        let inlet = self.inlet.clone();
        let started = match socket {
            Socket::Tcp(socket) => {
                Async::new(socket).map(|socket| self.executor.spawn(reading::accept(id, socket, inlet)))
            }
            Socket::Udp(socket) => Async::new(socket).map(Rc::new).map(|socket| {
                self.udp.insert(id, Rc::clone(&socket));
                self.executor.spawn(reading::datagrams(id, socket, inlet))
            }),
        };
        match started {
            Ok(task) => self.serving.push(task),
            Err(error) => self.trouble(id, &error),
        }
    }

    /// Tells the operator that a listening socket has trouble.
    pub(crate) fn trouble(&self, listener: ListenerId, error: &io::Error) {
        let fields: &[(&str, &dyn core::fmt::Display)] = &[("listener", &listener.place()), ("error", error)];
        self.console.tell(Level::Error, "listener_failing", fields);
    }

    /// Whether there is room for one more link; if not, the refusal is counted and told (every power of two).
    pub(crate) fn admits(&mut self, peer: SocketAddr) -> bool {
        if self.open.len().saturating_add(self.awaited.len()) < self.limits.links {
            return true;
        }
        self.refused = self.refused.saturating_add(1);
        if self.refused.is_power_of_two() {
            self.console.tell(
                Level::Warn,
                "link_refused",
                &[("peer", &peer), ("limit", &self.limits.links), ("refused", &self.refused)],
            );
        }
        false
    }

    /// Takes an open connection in and starts to read it. `None` when it is gone already.
    pub(crate) fn open(
        &mut self,
        link: LinkId,
        stream: Async<TcpStream>,
        peer: SocketAddr,
        listener: Option<ListenerId>,
    ) -> Option<Peer> {
        let opened = self.start(link, stream, listener.is_some());
        match opened {
            Ok(local) => Some(Peer { address: peer, local, listener }),
            Err(error) => {
                self.console.tell(Level::Error, "link_lost", &[("peer", &peer), ("error", &error)]);
                if listener.is_none() {
                    self.lost.push((link, Closed::Broken));
                }
                None
            }
        }
    }

    fn start(&mut self, link: LinkId, stream: Async<TcpStream>, by_peer: bool) -> io::Result<SocketAddr> {
        stream.get_ref().set_nodelay(true)?;
        let local = stream.get_ref().local_addr()?;
        let stream = Rc::new(stream);
        let (inlet, buffer) = (self.inlet.clone(), self.buffer.clone());
        self.executor.spawn(reading::read(link, Rc::clone(&stream), inlet, buffer)).detach();
        self.open.insert(link, Link { stream, outbox: Vec::new(), congestion: None, by_peer });
        Ok(local)
    }

    /// Whether the link was asked for and the answer is still awaited; this is the answer.
    pub(crate) fn awaited(&mut self, link: LinkId) -> bool {
        self.awaited.remove(&link)
    }

    /// Whether the link is open.
    pub(crate) fn knows(&self, link: LinkId) -> bool {
        self.open.contains_key(&link)
    }

    /// Whether so much waits to be sent on the link that it should not be read for now. A link that we opened is always
    /// read: what waits there is what we ask, and a peer that waits until we read would take no more of it.
    pub(crate) fn is_lagging(&self, link: LinkId) -> bool {
        let link = self.open.get(&link).filter(|link| link.by_peer);
        let congestion = link.and_then(|link| link.congestion.as_ref());
        congestion.is_some_and(|congestion| congestion.waiting() > self.limits.queue_bytes / LAGGING_PART)
    }

    /// The peer ended the link. False if we had ended it before.
    pub(crate) fn ended(&mut self, link: LinkId, why: Closed) -> bool {
        let known = self.knows(link);
        match why {
            // What the peer was sent before it stopped sending may still reach it.
            Closed::ByPeer => self.close(link),
            Closed::Broken
            | Closed::Refused
            | Closed::Unreachable
            | Closed::TimedOut
            | Closed::NameUnknown
            | Closed::TooSlow => {
                self.cut(link);
            }
        }
        known
    }

    /// Forgets a link at once.
    fn cut(&mut self, link: LinkId) {
        if let Some(link) = self.open.remove(&link) {
            // An error says that it is gone, which is what is wanted.
            let _ = link.stream.get_ref().shutdown(Shutdown::Both);
        }
    }

    /// Writes what this turn wants sent, each link's bytes at once.
    pub(crate) fn flush(&mut self) {
        for id in core::mem::take(&mut self.touched) {
            let Some(link) = self.open.get_mut(&id) else { continue };
            if let Err(why) = link.send(&self.executor, self.limits.queue_bytes) {
                self.cut(id);
                self.lost.push((id, why));
            }
        }
    }

    /// Does what is due by time; returns the links lost since the last call, for the machine to be told.
    pub(crate) fn lost(&mut self) -> Vec<(LinkId, Closed)> {
        let now = Monotonic::now();
        while self.cuts.front().is_some_and(|cut| cut.at <= now) {
            self.cuts.pop_front().iter().for_each(Cut::now);
        }
        core::mem::take(&mut self.lost)
    }

    /// When [`Links::lost`] has something to do next.
    pub(crate) fn deadline(&self) -> Option<Monotonic> {
        if self.lost.is_empty() { self.cuts.front().map(|cut| cut.at) } else { Some(Monotonic::now()) }
    }

    /// The exit status, once the machine has come to its end.
    pub(crate) const fn finished(&self) -> Option<u8> {
        self.finished
    }

    /// Ends everything: what was written is given a bounded time to go out.
    pub(crate) async fn end(mut self) {
        self.serving.clear();
        for link in self.open.keys().copied().collect::<Vec<_>>() {
            self.close(link);
        }
        let limit = Monotonic::now().checked_add(LINGER_LIMIT);
        while limit.is_some_and(|limit| Monotonic::now() < limit) && self.cuts.iter().any(Cut::is_busy) {
            Timer::after(END_STEP).await;
        }
        self.cuts.iter().for_each(Cut::now);
        self.console.flush();
    }
}

impl Cut {
    /// Whether there is something left to send.
    fn is_busy(&self) -> bool {
        self.congestion.as_ref().is_some_and(|congestion| congestion.is_busy())
    }

    fn now(&self) {
        if let Some(stream) = self.stream.upgrade() {
            // It may be gone already.
            let _ = stream.get_ref().shutdown(Shutdown::Both);
        }
    }
}

impl Link {
    /// Sends the outbox: at once as far as the link takes it, the rest by a task that waits.
    fn send(&mut self, executor: &LocalExecutor<'static>, limit: usize) -> Result<(), Closed> {
        if let Some(congestion) = &self.congestion {
            match congestion.queue(&mut self.outbox, limit) {
                Queued::Waiting => return Ok(()),
                Queued::Full => return Err(Closed::TooSlow),
                Queued::Over => self.congestion = None,
            }
        }
        let sent = write_now(&self.stream, &self.outbox).map_err(|_| Closed::Broken)?;
        if sent == self.outbox.len() {
            self.outbox.clear();
            self.outbox.shrink_to(READ_BYTES);
            return Ok(());
        }
        let rest = self.outbox.split_off(sent);
        self.outbox = Vec::new();
        if rest.len() > limit {
            return Err(Closed::TooSlow);
        }
        let congestion = Congestion::new(rest);
        executor.spawn(Rc::clone(&congestion).write_all(Rc::clone(&self.stream))).detach();
        self.congestion = Some(congestion);
        Ok(())
    }
}

impl Effects for Links {
    fn connect(&mut self, link: LinkId, address: &str) {
        self.awaited.insert(link);
        self.executor.spawn(reading::connect(link, address.to_owned(), self.inlet.clone())).detach();
    }

    fn write(&mut self, link: LinkId, bytes: &[u8]) {
        if let Some(open) = self.open.get_mut(&link) {
            if open.outbox.is_empty() {
                self.touched.push(link);
            }
            open.outbox.extend_from_slice(bytes);
        }
    }

    fn close(&mut self, link: LinkId) {
        self.awaited.remove(&link);
        let Some(mut open) = self.open.remove(&link) else { return };
        if open.outbox.is_empty() || open.send(&self.executor, self.limits.queue_bytes).is_ok() {
            let busy = open.congestion.take().filter(|congestion| congestion.close());
            if busy.is_none() {
                // An error says that the peer has gone, too.
                let _ = open.stream.get_ref().shutdown(Shutdown::Write);
            }
            if let Some(at) = Monotonic::now().checked_add(LINGER_LIMIT) {
                self.cuts.push_back(Cut { at, stream: Rc::downgrade(&open.stream), congestion: busy });
            }
        } else {
            let _ = open.stream.get_ref().shutdown(Shutdown::Both);
        }
    }

    fn send_datagram(&mut self, listener: ListenerId, peer: SocketAddr, bytes: &[u8]) {
        if let Some(socket) = self.udp.get(&listener) {
            // A datagram that cannot be sent is lost, as datagrams may be: the transaction layer sends again.
            let _ = socket.get_ref().send_to(bytes, peer);
        }
    }

    fn notify(&mut self, notice: Notice<'_>) {
        self.console.notice(notice);
    }

    fn print(&mut self, text: &str) {
        self.console.print(text);
    }

    fn finish(&mut self, status: u8) {
        self.finished = self.finished.or(Some(status));
    }
}
