//! The links a machine has, and everything it can want of them. Nothing here waits.

use core::net::SocketAddr;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{Shutdown, TcpListener, TcpStream, UdpSocket};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Instant as Monotonic;

use ctigate_core::{Closed, Effects, Level, LinkId, ListenerId, Notice, Peer};
use ctigate_host::console::Console;
use ctigate_host::shell::{CONNECT_LIMIT, LAGGING_PART, LINGER_LIMIT, Limits, Listener, READ_BYTES, Socket};
use rustix::net::{SendFlags, sendto};

use crate::reading;
use crate::run::Inlet;
use crate::writing::{Congestion, Queued, write_now};

/// How often the end looks whether everything is written.
const END_STEP: Duration = Duration::from_millis(5);

struct Link {
    stream: Arc<TcpStream>,
    /// What this turn wants sent.
    outbox: Vec<u8>,
    congestion: Option<Arc<Congestion>>,
    /// Whether the peer opened it: it is the one that asks.
    by_peer: bool,
}

/// What is to be done later, by time.
enum Later {
    /// The connection that was asked for has taken too long.
    GiveUp(LinkId),
    /// A link we closed has had its time.
    Cut(Weak<TcpStream>, Option<Arc<Congestion>>),
}

/// All links and sockets of one machine.
pub(crate) struct Links {
    inlet: Inlet,
    console: Console,
    limits: Limits,
    open: BTreeMap<LinkId, Link>,
    /// Asked for, not open yet.
    awaited: BTreeSet<LinkId>,
    /// Links with something in their outbox.
    touched: Vec<LinkId>,
    lost: Vec<(LinkId, Closed)>,
    later: BTreeMap<(Monotonic, u64), Later>,
    later_count: u64,
    tcp: Vec<Arc<TcpListener>>,
    udp: BTreeMap<ListenerId, Arc<UdpSocket>>,
    stopped: Arc<AtomicBool>,
    refused: u64,
    finished: Option<u8>,
}

impl Links {
    pub(crate) fn new(inlet: Inlet, console: Console, limits: Limits) -> Self {
        Self {
            inlet,
            console,
            limits,
            open: BTreeMap::new(),
            awaited: BTreeSet::new(),
            touched: Vec::new(),
            lost: Vec::new(),
            later: BTreeMap::new(),
            later_count: 0,
            tcp: Vec::new(),
            udp: BTreeMap::new(),
            stopped: Arc::new(AtomicBool::new(false)),
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
                let socket = Arc::new(socket);
                let started = reading::serve(id, &socket, inlet, &self.stopped, reading::accept);
                self.tcp.push(socket);
                started
            }
            Socket::Udp(socket) => {
                let socket = Arc::new(socket);
                let started = reading::serve(id, &socket, inlet, &self.stopped, reading::datagrams);
                self.udp.insert(id, socket);
                started
            }
        };
        if let Err(error) = started {
            self.trouble(id, &error);
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
        stream: TcpStream,
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

    fn start(&mut self, link: LinkId, stream: TcpStream, by_peer: bool) -> io::Result<SocketAddr> {
        stream.set_nodelay(true)?;
        let local = stream.local_addr()?;
        let stream = Arc::new(stream);
        let (reader, inlet) = (Arc::clone(&stream), self.inlet.clone());
        reading::spawn("read", move || reading::read(link, &reader, &inlet))?;
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

    /// What waits to be sent on the link, if it is so much that it should not be read for now. A link that we opened is
    /// always read: what waits there is what we ask, and a peer that waits until we read would take no more of it.
    pub(crate) fn lagging(&self, link: LinkId) -> Option<Arc<Congestion>> {
        let link = self.open.get(&link).filter(|link| link.by_peer)?;
        let congestion = link.congestion.as_ref();
        congestion.filter(|congestion| congestion.waiting() > self.limits.queue_bytes / LAGGING_PART).cloned()
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
            let _ = link.stream.shutdown(Shutdown::Both);
        }
    }

    /// Writes what this turn wants sent, each link's bytes at once.
    pub(crate) fn flush(&mut self) {
        for id in core::mem::take(&mut self.touched) {
            let Some(link) = self.open.get_mut(&id) else { continue };
            if let Err(why) = link.send(self.limits.queue_bytes) {
                self.cut(id);
                self.lost.push((id, why));
            }
        }
    }

    /// Does what is due by time; returns the links lost since the last call, for the machine to be told.
    pub(crate) fn lost(&mut self) -> Vec<(LinkId, Closed)> {
        let now = Monotonic::now();
        while let Some(entry) = self.later.first_entry().filter(|entry| entry.key().0 <= now) {
            match entry.remove() {
                Later::GiveUp(link) => {
                    if self.awaited.remove(&link) {
                        self.lost.push((link, Closed::TimedOut));
                    }
                }
                Later::Cut(stream, _) => {
                    if let Some(stream) = stream.upgrade() {
                        // It may be gone already.
                        let _ = stream.shutdown(Shutdown::Both);
                    }
                }
            }
        }
        core::mem::take(&mut self.lost)
    }

    /// When [`Links::lost`] has something to do next.
    pub(crate) fn deadline(&self) -> Option<Monotonic> {
        if self.lost.is_empty() {
            self.later.first_key_value().map(|((at, _), _)| *at)
        } else {
            Some(Monotonic::now())
        }
    }

    fn later(&mut self, after: Duration, what: Later) {
        if let Some(at) = Monotonic::now().checked_add(after) {
            self.later.insert((at, self.later_count), what);
            self.later_count = self.later_count.wrapping_add(1);
        }
    }

    /// The exit status, once the machine has come to its end.
    pub(crate) const fn finished(&self) -> Option<u8> {
        self.finished
    }

    /// Ends everything: what was written is given a bounded time to go out.
    pub(crate) fn end(mut self) {
        self.stopped.store(true, Ordering::Release);
        for link in self.open.keys().copied().collect::<Vec<_>>() {
            self.close(link);
        }
        let limit = Monotonic::now().checked_add(LINGER_LIMIT);
        let busy = |later: &Later| matches!(later, Later::Cut(_, Some(congestion)) if congestion.is_busy());
        while limit.is_some_and(|limit| Monotonic::now() < limit) && self.later.values().any(busy) {
            thread::sleep(END_STEP);
        }
        for later in self.later.values() {
            if let Later::Cut(stream, _) = later
                && let Some(stream) = stream.upgrade()
            {
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
        // Wakes the threads that serve the listening sockets; they find that it is over.
        for socket in &self.tcp {
            let _ = rustix::net::shutdown(socket, rustix::net::Shutdown::Both);
        }
        for socket in self.udp.values() {
            let _ = rustix::net::shutdown(socket, rustix::net::Shutdown::Both);
        }
        self.console.flush();
    }
}

impl Link {
    /// Sends the outbox: at once as far as the link takes it, the rest by a thread that waits.
    fn send(&mut self, limit: usize) -> Result<(), Closed> {
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
        let congestion = Congestion::begin(Arc::clone(&self.stream), rest).map_err(|_| Closed::Broken)?;
        self.congestion = Some(congestion);
        Ok(())
    }
}

impl Effects for Links {
    fn connect(&mut self, link: LinkId, address: &str) {
        match reading::connect(link, address.to_owned(), self.inlet.clone()) {
            Ok(()) => {
                self.awaited.insert(link);
                self.later(CONNECT_LIMIT, Later::GiveUp(link));
            }
            Err(error) => {
                self.console.tell(Level::Error, "connect_failed", &[("to", &address), ("error", &error)]);
                self.lost.push((link, Closed::Broken));
            }
        }
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
        if open.outbox.is_empty() || open.send(self.limits.queue_bytes).is_ok() {
            let busy = open.congestion.take().filter(|congestion| congestion.close());
            if busy.is_none() {
                // An error says that the peer has gone, too.
                let _ = open.stream.shutdown(Shutdown::Write);
            }
            self.later(LINGER_LIMIT, Later::Cut(Arc::downgrade(&open.stream), busy));
        } else {
            let _ = open.stream.shutdown(Shutdown::Both);
        }
    }

    fn send_datagram(&mut self, listener: ListenerId, peer: SocketAddr, bytes: &[u8]) {
        if let Some(socket) = self.udp.get(&listener) {
            // A datagram that cannot be sent is lost, as datagrams may be: the transaction layer sends again.
            let _ = sendto(socket, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL, &peer);
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
