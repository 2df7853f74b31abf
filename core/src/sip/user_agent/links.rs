//! SIP connections: access, opening connections to a client's next hop, sending.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

use super::leg::Legs;
use super::reader::{Origin, Reader};
use crate::action::Level;
use crate::config::Config;
use crate::digest::Digester;
use crate::expected::Expected as _;
use crate::input::{Closed, LinkId, ListenerId, Peer};
use crate::links::{Links, Owner};
use crate::sip::transactions::Flow;
use crate::slots::{Full, Handle, Slots};
use crate::step::{SessionId, Step, TimerKey};
use crate::text::push_address;
use crate::time::{Duration, Instant};
use crate::timer::Deadline;
use crate::wire::sip::Framer;

/// The most bytes that wait for one of our connections to open.
const MAX_WAITING: usize = 256 * 1024;

/// The pauses between attempts to open a connection: together long enough for a proxy to restart, and short enough that
/// the events that wait are still useful.
const PAUSES: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4), Duration::from_secs(8)];

/// How long one of our connections may take to open.
const OPENS_WITHIN: Duration = Duration::from_secs(10);

/// The most connections of unlisted peers.
const MAX_UNLISTED: usize = 64;

/// One SIP connection.
pub(crate) struct SipLink {
    id: LinkId,
    framer: Framer,
    peer: Option<SocketAddr>,
    /// Our end's address, which Contact names unless an address is configured.
    local: Option<SocketAddr>,
    /// Whether the peer is on the access list.
    allowed: bool,
    /// `host:port`, if we opened it.
    target: Option<Box<str>>,
    /// How far opening it has come, if we open it; `None` once it is open.
    opening: Option<Opening>,
    /// When it has taken too long to open, or is to be tried again.
    pub(crate) deadline: Deadline,
}

/// One of our connections that is not open yet.
#[derive(Default)]
struct Opening {
    /// What is to be sent once it is open.
    waiting: Vec<u8>,
    /// How many events are in `waiting`.
    events: u64,
    /// How often it failed to open.
    failures: usize,
    /// Whether it waits for the next attempt.
    paused: bool,
}

impl SipLink {
    /// A connection that a peer opened.
    fn accepted(id: LinkId, peer: Peer, allowed: bool) -> Self {
        Self { peer: Some(peer.address), local: Some(peer.local), allowed, ..Self::to(id, None, None) }
    }

    /// A connection that we open.
    fn to(id: LinkId, target: Option<Box<str>>, opening: Option<Opening>) -> Self {
        Self {
            id,
            framer: Framer::default(),
            peer: None,
            local: None,
            allowed: false,
            target,
            opening,
            deadline: Deadline::default(),
        }
    }

    /// Whether an unlisted peer opened it.
    const fn is_unlisted(&self) -> bool {
        self.target.is_none() && !self.allowed
    }
}

/// All SIP connections.
pub(crate) struct SipLinks {
    pub(crate) slots: Slots<SipLink>,
    by_target: BTreeMap<Box<str>, LinkId>,
    /// Our address as the last peer that connected reached it.
    reached_at: Option<IpAddr>,
    /// The number of connections of unlisted peers.
    unlisted: usize,
    /// The addresses we listen on, if open: TCP first, then UDP, in configured order.
    listening: Vec<Option<SocketAddr>>,
}

impl SipLinks {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            slots: Slots::new(config.limits.links),
            by_target: BTreeMap::new(),
            reached_at: None,
            unlisted: 0,
            listening: alloc::vec![None; config.sip.tcp.len() + config.sip.udp.len()],
        }
    }

    /// Notes that an address we listen on is open.
    pub(crate) fn on_listening(&mut self, listener: ListenerId, address: SocketAddr) {
        if let Some(entry) = self.listening.get_mut(usize::from(listener.index())) {
            *entry = Some(address);
        }
    }

    /// Feeds the state outside the table of links.
    pub(crate) fn digest_rest(&self, digester: &mut Digester) {
        let Self { slots: _, by_target: _, reached_at, unlisted: _, listening } = self;
        crate::digest::sequence(digester, listening.iter());
        digester.value(reached_at);
    }

    /// The number of connections of unlisted peers.
    pub(crate) const fn unlisted(&self) -> usize {
        self.unlisted
    }

    /// The same, counted again.
    pub(crate) fn recount_unlisted(&self) -> usize {
        self.slots.iter().filter(|(_, link)| link.is_unlisted()).count()
    }

    fn insert(&mut self, known: &mut Links, link: SipLink) -> Result<Handle<SipLink>, Full> {
        let (id, target, unlisted) = (link.id, link.target.clone(), link.is_unlisted());
        let handle = self.slots.insert(link)?;
        self.unlisted += usize::from(unlisted);
        known.assign(id, Owner::Sip(handle.cast()));
        if let Some(target) = target {
            self.by_target.insert(target, id);
        }
        Ok(handle)
    }

    fn remove(&mut self, known: &mut Links, handle: Handle<SipLink>) -> Option<SipLink> {
        let link = self.slots.remove(handle)?;
        known.release(link.id);
        self.unlisted -= usize::from(link.is_unlisted());
        if let Some(target) = &link.target {
            self.by_target.remove(target);
        }
        Some(link)
    }

    fn find(&mut self, known: &Links, id: LinkId) -> Option<&mut SipLink> {
        self.slots.get_mut(sip_link(known, id)?)
    }

    fn get(&self, known: &Links, id: LinkId) -> Option<&SipLink> {
        self.slots.get(sip_link(known, id)?)
    }
}

/// The user agent's entry of a link, if it is open or being opened.
pub(super) fn sip_link(known: &Links, id: LinkId) -> Option<Handle<SipLink>> {
    if let Some(Owner::Sip(handle)) = known.owner(id) { Some(handle.cast()) } else { None }
}

impl SipLinks {
    /// Handles a connection that a peer opened.
    pub(crate) fn on_accepted(&mut self, step: &mut Step<'_>, link: LinkId, peer: Peer) {
        let limit = step.config.limits.links;
        let allowed = is_allowed(step, peer.address.ip());
        // Unlisted peers are answered, so that a proxy that was not listed by mistake is noticed; but they may use only
        // a small part of the table.
        let unlisted = (limit / 16).clamp(1, MAX_UNLISTED);
        let refused = if !allowed && self.unlisted() >= unlisted {
            Some(("too many connections of peers outside sip.allow", unlisted))
        } else {
            let accepted = SipLink::accepted(link, peer, allowed);
            self.insert(step.links, accepted).err().map(|Full| ("limits.links is reached", limit))
        };
        if let Some((why, limit)) = refused {
            let fields: &[(&str, &dyn core::fmt::Display)] =
                &[("peer", &peer.address), ("why", &why), ("limit", &limit)];
            if allowed {
                step.actions.notify(Level::Warn, "link_refused", fields);
            } else {
                step.note_unlisted(peer.address, &[("link", &why), ("limit", &limit)]);
            }
            step.actions.close(link);
        } else if allowed {
            self.reached_at = Some(peer.local.ip());
        }
    }

    /// Handles the opening of a connection that we asked for: what waited for it is sent.
    pub(crate) fn on_connected(&mut self, step: &mut Step<'_>, handle: Handle<SipLink>, peer: Peer) {
        let allowed = is_allowed(step, peer.address.ip());
        let Some(entry) = self.slots.get_mut(handle).expected("a link") else { return };
        let link = entry.id;
        // That a client's Contact or Record-Route names a peer does not make it a listed one.
        entry.allowed = allowed;
        entry.peer = Some(peer.address);
        entry.local = Some(peer.local);
        step.timers.cancel(&mut entry.deadline, TimerKey::Redial(handle.cast()));
        if let Some(opening) = entry.opening.take() {
            step.counters.events_sent += opening.events;
            step.actions.write(link, &opening.waiting);
        }
    }

    pub(crate) fn on_closed(&mut self, step: &mut Step<'_>, handle: Handle<SipLink>, why: Closed) {
        let Some(mut entry) = self.remove(step.links, handle).expected("a link") else { return };
        step.timers.cancel(&mut entry.deadline, TimerKey::Redial(handle.cast()));
        let link = entry.id;
        let opening = entry.opening.take().unwrap_or_default();
        let lost = opening.waiting.len();
        if lost > 0
            && let Some(pause) = PAUSES.get(opening.failures)
        {
            entry.opening = Some(opening);
            self.redial(step, entry, *pause, why);
            return;
        }
        step.counters.events_lost += opening.events;
        let level = if lost > 0 || why == Closed::TooSlow { Level::Warn } else { Level::Debug };
        let target = entry.target.as_deref().unwrap_or_default();
        let fields: &[(&str, &dyn core::fmt::Display)] =
            &[("link", &link), ("target", &target), ("why", &why.name()), ("bytes_lost", &lost)];
        step.actions.notify(level, "link_closed", fields);
    }

    /// Schedules another attempt for a connection that failed to open and has messages waiting (client quirk 8).
    fn redial(&mut self, step: &mut Step<'_>, mut entry: SipLink, pause: Duration, why: Closed) {
        let target = entry.target.as_deref().unwrap_or_default();
        let pause_ms = pause.as_micros() / 1_000;
        let fields: &[(&str, &dyn core::fmt::Display)] =
            &[("target", &target), ("why", &why.name()), ("again_in_ms", &pause_ms)];
        step.actions.notify(Level::Info, "link_not_opened", fields);
        entry.id = step.links.draw();
        if let Some(opening) = &mut entry.opening {
            opening.failures += 1;
            opening.paused = true;
        }
        // There is room: its old entry was just removed.
        let Some(handle) = self.insert(step.links, entry).ok().expected("room for a link") else { return };
        self.await_link(step, handle, step.now + pause);
    }

    /// Sets a connection's deadline.
    fn await_link(&mut self, step: &mut Step<'_>, handle: Handle<SipLink>, until: Instant) {
        if let Some(entry) = self.slots.get_mut(handle) {
            step.timers.set(&mut entry.deadline, TimerKey::Redial(handle.cast()), until);
        }
    }

    /// Handles the deadline of one of our connections: it is to be tried again, or has taken too long to open.
    pub(crate) fn on_redial_due(&mut self, step: &mut Step<'_>, handle: Handle<SipLink>) {
        let Some(entry) = self.slots.get_mut(handle).expected("a link") else { return };
        let link = entry.id;
        let Some(opening) = entry.opening.as_mut().expected("an opening") else { return };
        if core::mem::take(&mut opening.paused) {
            step.actions.connect(link, entry.target.as_deref().unwrap_or_default());
            self.await_link(step, handle, step.now + OPENS_WITHIN);
        } else {
            step.actions.close(link);
            self.on_closed(step, handle, Closed::TimedOut);
        }
    }

    /// Checks the reader of a link out. Returns `None` if nothing is to be read from the link.
    pub(crate) fn check_out(&mut self, handle: Handle<SipLink>) -> Option<Reader> {
        let entry = self.slots.get_mut(handle)?;
        let origin = Origin { flow: Flow::Stream(entry.id), peer: entry.peer?, allowed: entry.allowed };
        let framer = core::mem::take(&mut entry.framer);
        Some(Reader {
            handle: handle.cast(),
            link: entry.id,
            origin,
            is_unlisted: entry.is_unlisted(),
            framer,
        })
    }

    /// Puts a reader back, or closes its link if it `ends`. Returns whether the link was closed.
    pub(crate) fn check_in(&mut self, step: &mut Step<'_>, reader: Reader, ends: bool) -> bool {
        if ends {
            step.actions.close(reader.link);
            self.remove(step.links, reader.handle.cast());
        } else if let Some(entry) = self.slots.get_mut(reader.handle.cast()) {
            entry.framer = reader.framer;
        }
        ends
    }

    /// Sends a response, or drops it if the connection is gone.
    pub(super) fn respond(&mut self, step: &mut Step<'_>, flow: Flow, response: &[u8]) {
        if !self.send(step, flow, response) {
            // RFC 3261 18.2.2 would open a connection to the address in Via. That is the client's proxy, which lost the
            // request along with its connection and has answered it by itself.
            let fields: &[(&str, &dyn core::fmt::Display)] = &[("why", &"the connection it came on is gone")];
            step.actions.notify(Level::Info, "response_discarded", fields);
        }
    }

    /// Sends a message on a flow. Returns false if the flow's connection is gone.
    pub(super) fn send(&mut self, step: &mut Step<'_>, flow: Flow, message: &[u8]) -> bool {
        match flow {
            Flow::Datagram(listener, peer) => {
                step.actions.send_datagram(listener, peer, message);
                true
            }
            Flow::Stream(link) => {
                let Some(entry) = self.get(step.links, link) else { return false };
                if entry.opening.is_none() {
                    step.actions.write(link, message);
                    return true;
                }
                let opening = self.find(step.links, link).and_then(|entry| entry.opening.as_mut());
                let Some(opening) = opening.expected("an opening") else { return false };
                if opening.waiting.len() + message.len() > MAX_WAITING {
                    return false;
                }
                opening.waiting.extend_from_slice(message);
                true
            }
        }
    }

    /// Counts an event that [`Self::send`] accepted: as sent, or as waiting for its connection to open.
    pub(super) fn note_event_sent(&mut self, step: &mut Step<'_>, flow: Flow) {
        if let Flow::Stream(link) = flow
            && self.get(step.links, link).is_some_and(|entry| entry.opening.is_some())
            && let Some(opening) = self.find(step.links, link).and_then(|entry| entry.opening.as_mut())
        {
            opening.events += 1;
        } else {
            step.counters.events_sent += 1;
        }
    }

    /// The flow for one of our requests: the dialog's or, if its connection is gone, a new connection to the next hop
    /// of the route set (client quirk 8). Returns `None` if the client cannot be reached until it sends a request.
    pub(super) fn flow_to(
        &mut self,
        step: &mut Step<'_>,
        legs: &mut impl Legs,
        session: SessionId,
    ) -> Option<Flow> {
        let dialog = &legs.leg(session)?.dialog;
        let Flow::Stream(link) = dialog.flow else { return Some(dialog.flow) };
        if self.get(step.links, link).is_some() {
            return Some(dialog.flow);
        }
        let target = Box::<str>::from(dialog.next_hop()?);
        let link = match self.by_target.get(&target) {
            Some(link) => *link,
            None => self.open_link(step, &target)?,
        };
        let flow = Flow::Stream(link);
        legs.leg_mut(session)?.dialog.flow = flow;
        Some(flow)
    }

    fn open_link(&mut self, step: &mut Step<'_>, target: &str) -> Option<LinkId> {
        let link = step.links.draw();
        let connecting = SipLink::to(link, Some(Box::from(target)), Some(Opening::default()));
        let Ok(handle) = self.insert(step.links, connecting) else {
            let fields: &[(&str, &dyn core::fmt::Display)] =
                &[("target", &target), ("why", &"limits.links is reached")];
            step.actions.notify(Level::Warn, "link_refused", fields);
            return None;
        };
        step.actions.connect(link, target);
        self.await_link(step, handle, step.now + OPENS_WITHIN);
        Some(link)
    }

    /// Writes the `host:port` at which the other side of a flow reaches us.
    pub(super) fn write_own_address(&self, step: &Step<'_>, flow: Flow, out: &mut Vec<u8>) {
        if let Some(advertised) = &step.config.sip.advertised {
            out.extend_from_slice(advertised.as_bytes());
            return;
        }
        let local = match flow {
            Flow::Stream(link) => self.own_stream_address(step, link),
            Flow::Datagram(listener, _) => {
                self.listening.get(usize::from(listener.index())).copied().flatten()
            }
        };
        match local {
            Some(local) => push_address(out, local),
            None => out.extend_from_slice(b"invalid.invalid"),
        }
    }

    /// The address to which clients may open connections: the listener's port at the link's local address.
    fn own_stream_address(&self, step: &Step<'_>, link: LinkId) -> Option<SocketAddr> {
        let entry = self.get(step.links, link);
        let local = entry.and_then(|entry| entry.local);
        if entry.is_some_and(|entry| entry.target.is_none()) {
            return local;
        }
        // The local port of a connection that we opened is ephemeral, so the listener's is used. An unspecified address
        // is of no use to a peer; before the connection is open, the address that other peers reached us at serves.
        let listening = self.listening.iter().take(step.config.sip.tcp.len()).copied().flatten().next()?;
        let named = Some(listening.ip()).filter(|address| !address.is_unspecified());
        let address = local.map(|local| local.ip()).or(named).or(self.reached_at);
        Some(SocketAddr::new(address?, listening.port()))
    }
}

crate::digest! { struct SipLink { id, framer, peer, local, allowed, target, opening, deadline } }

crate::digest! { struct Opening { waiting, events, failures, paused } }

/// Reads a datagram. Returns `None` if it holds no message.
pub(crate) fn on_datagram(
    step: &mut Step<'_>,
    listener: ListenerId,
    peer: SocketAddr,
    bytes: &[u8],
) -> Option<Origin> {
    if bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
        if bytes.starts_with(b"\r\n\r\n") {
            step.actions.send_datagram(listener, peer, b"\r\n");
        }
        return None;
    }
    Some(Origin { flow: Flow::Datagram(listener, peer), peer, allowed: is_allowed(step, peer.ip()) })
}

/// Whether an address is on the access list. Peers that are not are answered 403.
fn is_allowed(step: &Step<'_>, address: IpAddr) -> bool {
    step.config.sip.allow.iter().any(|network| network.contains(address))
}
