//! A machine's links, and its actions on them. Nothing here blocks: whatever must wait is a task or thread, started by
//! the shell ([`Carrier`]).

use core::net::SocketAddr;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Weak};
use std::time::Instant as Monotonic;

use ctigate_core::secret::Fill;
use ctigate_core::{
    Closed, Effects, Level, LinkId, ListenerId, Notice, Peer, ReplyResult, StoreFault, Token,
};

use super::descriptors::{Named, is_exhausted};
use super::secrets::Secrets;
use super::seldom::Seldom;
use super::stream::{keep_alive, prepare, write_now};
use super::write_queue::WriteQueue;
use crate::record::console::Console;
use crate::record::watch::Watch;
use crate::shell::{CONNECT_LIMIT, LAGGING_PART, LINGER_LIMIT, Limits, Listener, READ_BYTES};
use crate::store::Keeper;

/// Starts the tasks or threads that wait for the links. Each hands what it gets to the machine
/// ([`super::work::Work::hear`]).
pub trait Carrier {
    /// An open connection.
    type Socket;

    /// The connection as a standard stream.
    fn stream(socket: &Self::Socket) -> &TcpStream;

    /// Starts to serve a listening socket.
    ///
    /// # Errors
    /// The system does not give what it takes.
    fn listen(&mut self, listener: Listener) -> io::Result<()>;

    /// Starts to read a connection to its end.
    ///
    /// # Errors
    /// The system does not give what it takes.
    fn read(&mut self, link: LinkId, socket: Arc<Self::Socket>) -> io::Result<()>;

    /// Starts to write a link's queue, until it is empty or the link has ended.
    ///
    /// # Errors
    /// The system does not give what it takes.
    fn write(&mut self, socket: Arc<Self::Socket>, write_queue: Arc<WriteQueue>) -> io::Result<()>;

    /// Starts to open a connection to `host:port`.
    ///
    /// # Errors
    /// The system does not give what it takes.
    fn connect(&mut self, link: LinkId, address: String) -> io::Result<()>;

    /// Sends a datagram, or drops it if that is not possible at once.
    fn send_datagram(&self, listener: ListenerId, peer: SocketAddr, bytes: &[u8]);

    /// Stops serving the listening sockets.
    fn stop_listening(&mut self);
}

struct Link<S> {
    socket: Arc<S>,
    /// What is to be sent at the end of the turn.
    outbox: Vec<u8>,
    write_queue: Option<Arc<WriteQueue>>,
    /// Whether the peer opened it, and so is the one that sends requests.
    by_peer: bool,
}

/// A link that we closed: when it is cut, and what it may still have to send.
struct Cut<S> {
    at: Monotonic,
    socket: Weak<S>,
    write_queue: Option<Arc<WriteQueue>>,
}

/// All links and sockets of one machine.
pub(crate) struct Links<C: Carrier> {
    carrier: C,
    console: Console,
    watch: Watch,
    limits: Limits,
    secrets: Secrets,
    keeper: Keeper,
    /// What could not be given to the store.
    unkept: VecDeque<(Token, StoreFault)>,
    /// Who waits for the answer to a command.
    askers: BTreeMap<Token, SyncSender<ReplyResult>>,
    open: BTreeMap<LinkId, Link<C::Socket>>,
    /// The links that are being opened.
    awaited: BTreeSet<LinkId>,
    /// Links with something in their outbox.
    touched: Vec<LinkId>,
    lost: Vec<(LinkId, Closed)>,
    /// When to give up a link that is being opened; in order of time, since all get the same time.
    patience: VecDeque<(Monotonic, LinkId)>,
    /// The links that we closed, in order of time.
    cuts: VecDeque<Cut<C::Socket>>,
    refused: u64,
    /// The listening sockets, and how often each failed.
    listening: BTreeMap<ListenerId, (SocketAddr, Seldom)>,
    /// How often a link could not be opened for want of a descriptor.
    exhausted: Seldom,
    finished: Option<u8>,
}

impl<C: Carrier> Links<C> {
    pub(crate) fn new(
        carrier: C,
        console: Console,
        (limits, secrets, keeper): (Limits, Secrets, Keeper),
    ) -> Self {
        Self {
            carrier,
            watch: Watch::new(console.clone()),
            console,
            limits,
            secrets,
            keeper,
            unkept: VecDeque::new(),
            askers: BTreeMap::new(),
            open: BTreeMap::new(),
            awaited: BTreeSet::new(),
            touched: Vec::new(),
            lost: Vec::new(),
            patience: VecDeque::new(),
            cuts: VecDeque::new(),
            refused: 0,
            listening: BTreeMap::new(),
            exhausted: Seldom::default(),
            finished: None,
        }
    }

    /// Starts to serve a listening socket.
    pub(crate) fn listen(&mut self, listener: Listener) {
        let id = listener.id;
        self.listening.insert(id, (listener.address, Seldom::default()));
        if let Err(error) = self.carrier.listen(listener) {
            self.trouble(id, &error);
        }
    }

    /// Notifies the operator of an error on a listening socket: of the first, and then once a minute, since it is tried
    /// again several times a second.
    pub(crate) fn trouble(&mut self, listener: ListenerId, error: &io::Error) {
        let Some((address, seldom)) = self.listening.get_mut(&listener) else { return };
        let Some(times) = seldom.note(Monotonic::now()) else { return };
        let fields: &[(&str, &dyn core::fmt::Display)] =
            &[("listener", address), ("error", &Named(error)), ("times", &times)];
        self.console.tell(Level::Error, "listener_failing", fields);
    }

    /// Notes who waits for the answer to a command.
    pub(crate) fn expect_reply(&mut self, token: Token, asker: SyncSender<ReplyResult>) {
        self.askers.insert(token, asker);
    }

    /// Returns the next that could not be given to the store, to be passed to the machine.
    pub(crate) fn unkept(&mut self) -> Option<(Token, StoreFault)> {
        self.unkept.pop_front()
    }

    /// What the log shows of the messages.
    pub(crate) const fn watch(&mut self) -> &mut Watch {
        &mut self.watch
    }

    /// Notifies the operator, once a minute, if a link could not be opened for want of a descriptor. Other errors are
    /// the machine's to report.
    pub(crate) fn unopened(&mut self, error: Option<&io::Error>) {
        if let Some(error) = error.filter(|error| is_exhausted(error))
            && let Some(times) = self.exhausted.note(Monotonic::now())
        {
            let fields: &[(&str, &dyn core::fmt::Display)] = &[("error", &Named(error)), ("times", &times)];
            self.console.tell(Level::Error, "connect_failed", fields);
        }
    }

    /// Whether there is room for one more link. If not, the refusal is counted, and logged if the count is a power of
    /// two. A link that we closed gives up its socket early if another needs it.
    pub(crate) fn admits(&mut self, peer: SocketAddr) -> bool {
        let links = self.open.len().saturating_add(self.awaited.len());
        while links.saturating_add(self.cuts.len()) >= self.limits.sockets
            && let Some(cut) = self.cuts.pop_front()
        {
            cut.now::<C>();
        }
        if links < self.limits.links.min(self.limits.sockets) {
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

    /// Adds an open connection and starts to read it; `None` if it is gone already.
    pub(crate) fn open(
        &mut self,
        link: LinkId,
        socket: C::Socket,
        peer: SocketAddr,
        listener: Option<ListenerId>,
    ) -> Option<Peer> {
        match self.start(link, socket, listener.is_some()) {
            Ok(local) => {
                self.watch.opened(link, peer);
                Some(Peer { address: peer, local, listener })
            }
            Err(error) => {
                self.console.tell(Level::Error, "link_lost", &[("peer", &peer), ("error", &Named(&error))]);
                if listener.is_none() {
                    self.watch.closed(link);
                    self.lost.push((link, Closed::Broken));
                }
                None
            }
        }
    }

    fn start(&mut self, link: LinkId, socket: C::Socket, by_peer: bool) -> io::Result<SocketAddr> {
        let stream = C::stream(&socket);
        prepare(stream, self.limits.stalled)?;
        if !by_peer {
            keep_alive(stream)?;
        }
        let local = stream.local_addr()?;
        let socket = Arc::new(socket);
        self.carrier.read(link, Arc::clone(&socket))?;
        self.open.insert(link, Link { socket, outbox: Vec::new(), write_queue: None, by_peer });
        Ok(local)
    }

    /// Whether the link was being opened; it no longer is after this call.
    pub(crate) fn awaited(&mut self, link: LinkId) -> bool {
        self.awaited.remove(&link)
    }

    /// Whether the link is open.
    pub(crate) fn knows(&self, link: LinkId) -> bool {
        self.open.contains_key(&link)
    }

    /// The link's write queue, if it is so long that the link should not be read for now. A link that we opened is
    /// always read: its queue holds our requests, and if the peer waits until we read its answers, it will not take
    /// more of them.
    pub(crate) fn lagging(&self, link: LinkId) -> Option<Arc<WriteQueue>> {
        let link = self.open.get(&link).filter(|link| link.by_peer)?;
        let write_queue = link.write_queue.as_ref();
        write_queue.filter(|queue| queue.waiting() > self.limits.queue_bytes / LAGGING_PART).cloned()
    }

    /// Notes that the peer ended the link. Returns the reason for the machine, or `None` if we had closed it before.
    pub(crate) fn ended(&mut self, link: LinkId, why: Closed) -> Option<Closed> {
        self.watch.closed(link);
        let write_queue = self.open.get(&link)?.write_queue.as_ref();
        // The system reports an error once: if the writer got it, the reader only finds the end.
        let failed = write_queue.and_then(|queue| queue.failed()).filter(|_| why == Closed::ByPeer);
        let why = failed.unwrap_or(why);
        match why {
            // What is still to be sent may reach the peer, which has only stopped sending.
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
        Some(why)
    }

    /// Forgets a link at once.
    fn cut(&mut self, link: LinkId) {
        self.watch.closed(link);
        if let Some(link) = self.open.remove(&link) {
            // An error means that it is gone already.
            let _ = C::stream(&link.socket).shutdown(Shutdown::Both);
        }
    }

    /// Writes what is to be sent in this turn, in one write per link.
    pub(crate) fn flush(&mut self) {
        for id in core::mem::take(&mut self.touched) {
            let Some(link) = self.open.get_mut(&id) else { continue };
            if let Err(why) = link.send(&mut self.carrier, self.limits.queue_bytes) {
                self.cut(id);
                self.lost.push((id, why));
            }
        }
    }

    /// Does what is due; returns the links lost since the last call, to be passed to the machine.
    pub(crate) fn lost(&mut self) -> Vec<(LinkId, Closed)> {
        let now = Monotonic::now();
        while let Some((_, link)) = self.patience.front().copied().filter(|(at, _)| *at <= now) {
            self.patience.pop_front();
            if self.awaited.remove(&link) {
                self.watch.closed(link);
                self.lost.push((link, Closed::TimedOut));
            }
        }
        while self.cuts.front().is_some_and(|cut| cut.at <= now) {
            self.cuts.pop_front().iter().for_each(Cut::now::<C>);
        }
        core::mem::take(&mut self.lost)
    }

    /// When [`Links::lost`] is next due.
    pub(crate) fn deadline(&self) -> Option<Monotonic> {
        if !self.lost.is_empty() {
            return Some(Monotonic::now());
        }
        let patience = self.patience.front().map(|(at, _)| *at);
        let cut = self.cuts.front().map(|cut| cut.at);
        patience.into_iter().chain(cut).min()
    }

    /// The exit status, once the machine has ended.
    pub(crate) const fn finished(&self) -> Option<u8> {
        self.finished
    }

    /// Stops serving sockets, and closes all links.
    pub(crate) fn close_all(&mut self) {
        self.carrier.stop_listening();
        while let Some(link) = self.open.keys().next().copied() {
            self.close(link);
        }
    }

    /// Whether a closed link still has something to send, and time left for it.
    pub(crate) fn is_busy(&self) -> bool {
        let now = Monotonic::now();
        let busy = |queue: &Arc<WriteQueue>| queue.is_busy();
        self.cuts.iter().any(|cut| cut.at > now && cut.write_queue.as_ref().is_some_and(busy))
    }

    /// Cuts the remaining links.
    pub(crate) fn end(self) {
        self.cuts.iter().for_each(Cut::now::<C>);
        self.console.flush();
    }
}

impl<S> Cut<S> {
    fn now<C: Carrier<Socket = S>>(&self) {
        if let Some(socket) = self.socket.upgrade() {
            // The connection may be gone already.
            let _ = C::stream(&socket).shutdown(Shutdown::Both);
        }
    }
}

impl<S> Link<S> {
    /// Sends the outbox: as far as the socket takes it at once, the rest through the write queue.
    fn send<C: Carrier<Socket = S>>(&mut self, carrier: &mut C, limit: usize) -> Result<(), Closed> {
        if let Some(write_queue) = &self.write_queue {
            if write_queue.push(&mut self.outbox, limit)? {
                return Ok(());
            }
            self.write_queue = None;
        }
        let sent = write_now(C::stream(&self.socket), &self.outbox)?;
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
        let write_queue = Arc::new(WriteQueue::new(rest));
        let started = carrier.write(Arc::clone(&self.socket), Arc::clone(&write_queue));
        started.map_err(|_| Closed::Broken)?;
        self.write_queue = Some(write_queue);
        Ok(())
    }
}

impl<C: Carrier> Effects for Links<C> {
    fn connect(&mut self, link: LinkId, address: &str) {
        self.watch.connecting(link, address);
        match self.carrier.connect(link, address.to_owned()) {
            Ok(()) => {
                self.awaited.insert(link);
                if let Some(at) = Monotonic::now().checked_add(CONNECT_LIMIT) {
                    self.patience.push_back((at, link));
                }
            }
            Err(error) => {
                self.console.tell(
                    Level::Error,
                    "connect_failed",
                    &[("to", &address), ("error", &Named(&error))],
                );
                self.lost.push((link, Closed::Broken));
            }
        }
    }

    fn write(&mut self, link: LinkId, bytes: &[u8]) {
        self.watch.bytes(link, bytes, false);
        if let Some(open) = self.open.get_mut(&link) {
            if open.outbox.is_empty() {
                self.touched.push(link);
            }
            open.outbox.extend_from_slice(bytes);
        }
    }

    fn write_secret(&mut self, link: LinkId, bytes: &[u8], fill: Fill) {
        self.watch.bytes(link, bytes, false);
        let Some(open) = self.open.get_mut(&link) else { return };
        if open.outbox.is_empty() {
            self.touched.push(link);
        }
        if let Err(error) = self.secrets.fill(bytes, fill, &mut open.outbox) {
            self.console.tell(Level::Error, "secret_missing", &[("link", &link), ("why", &error)]);
            self.lost.push((link, Closed::Broken));
        }
    }

    fn close(&mut self, link: LinkId) {
        self.watch.closed(link);
        self.awaited.remove(&link);
        let Some(mut open) = self.open.remove(&link) else { return };
        let sent = open.outbox.is_empty() || open.send(&mut self.carrier, self.limits.queue_bytes).is_ok();
        let stream = C::stream(&open.socket);
        if !sent {
            let _ = stream.shutdown(Shutdown::Both);
            return;
        }
        let write_queue = open.write_queue.take().filter(|queue| queue.close());
        if write_queue.is_none() {
            // An error means that the peer has gone, too.
            let _ = stream.shutdown(Shutdown::Write);
        }
        if let Some(at) = Monotonic::now().checked_add(LINGER_LIMIT) {
            self.cuts.push_back(Cut { at, socket: Arc::downgrade(&open.socket), write_queue });
        }
    }

    fn send_datagram(&mut self, listener: ListenerId, peer: SocketAddr, bytes: &[u8]) {
        self.watch.datagram(peer, bytes, false);
        self.carrier.send_datagram(listener, peer, bytes);
    }

    fn notify(&mut self, notice: Notice<'_>) {
        self.console.notice(notice);
    }

    fn print(&mut self, text: &str) {
        self.console.print(text);
    }

    fn persist(&mut self, token: Token, key: &str, value: &str) {
        if let Err(fault) = self.keeper.keep(token, key, value) {
            self.unkept.push_back((token, fault));
        }
    }

    fn reply(&mut self, token: Token, result: ReplyResult) {
        if let Some(asker) = self.askers.remove(&token) {
            // It may have given up.
            let _ = asker.try_send(result);
        }
    }

    fn finish(&mut self, status: u8) {
        self.finished = self.finished.or(Some(status));
    }
}
