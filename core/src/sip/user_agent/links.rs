//! SIP connections: access, opening connections to a client's next hop, sending.

mod ending;
mod table;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

use super::leg::Legs;
use super::noting::{Field, user_in, value_in};
use super::reader::{Origin, Reader};
use crate::action::Level;
use crate::expected::Expected as _;
use crate::input::{Closed, LinkId, ListenerId, Peer};
use crate::links::Links;
use crate::sip::transactions::Flow;
use crate::slots::{Full, Handle};
use crate::step::{SessionId, Step, TimerKey};
use crate::text::push_address;
use crate::time::{Duration, Instant};
pub(crate) use table::SipLinks;
pub(super) use table::sip_link;
use table::{Opening, SipLink};

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
            let accepted = SipLink::accepted(link, peer, allowed, step.now);
            match self.insert(step.links, accepted) {
                Ok(handle) => {
                    self.await_more(step, handle);
                    None
                }
                Err(Full) => Some(("limits.links is reached", limit)),
            }
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

    /// Finds out again whether the peers of connections in these slots are on the access list, which has changed. From
    /// now on they are answered accordingly.
    pub(crate) fn recheck(&mut self, step: &Step<'_>, slots: core::ops::Range<u32>) {
        for slot in slots {
            let Some(link) = self.slots.at(slot).and_then(|handle| self.slots.get_mut(handle)) else {
                continue;
            };
            let Some(peer) = link.peer else { continue };
            let was_unlisted = link.is_unlisted();
            link.allowed = is_allowed(step, peer.ip());
            self.unlisted = self.unlisted + usize::from(link.is_unlisted()) - usize::from(was_unlisted);
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
        entry.heard_at = step.now;
        if let Some(opening) = entry.opening.take() {
            step.counters.events_sent += opening.events;
            step.actions.write(link, &opening.waiting);
        }
        self.await_more(step, handle);
    }

    pub(crate) fn on_closed(&mut self, step: &mut Step<'_>, handle: Handle<SipLink>, why: Closed) {
        let Some(mut entry) = self.remove(step, handle).expected("a link") else { return };
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
        let why = why.name();
        let target = entry.target.as_deref().unwrap_or_default();
        let all: [(Field<'_>, bool); 5] = [
            (("link", &link), true),
            (
                entry.peer.as_ref().map_or(("peer", &""), |peer| -> Field<'_> { ("peer", peer) }),
                entry.peer.is_some(),
            ),
            (("target", &target), !target.is_empty()),
            (("why", &why), true),
            (("bytes_lost", &lost), true),
        ];
        let known = all.into_iter().filter(|(_, is_known)| *is_known);
        let fields: heapless::Vec<Field<'_>, 5> = known.map(|(field, _)| field).collect();
        step.actions.notify(level, "link_closed", &fields);
    }

    /// Schedules another attempt for a connection that failed to open and has messages waiting (client quirk 8).
    fn redial(&mut self, step: &mut Step<'_>, mut entry: SipLink, pause: Duration, why: Closed) {
        let target = entry.target.as_deref().unwrap_or_default();
        let pause_ms = pause.as_micros() / 1_000;
        let fields: &[(&str, &dyn core::fmt::Display)] =
            &[("target", &target), ("why", &why.name()), ("again_in_ms", &pause_ms)];
        step.actions.notify(Level::Info, "link_not_opened", fields);
        entry.id = step.links.draw();
        // Dialogs take the new one with their next request.
        entry.dialogs = 0;
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
            step.timers.set(&mut entry.deadline, TimerKey::Link(handle.cast()), until);
        }
    }

    /// Handles a connection's deadline: it is to be tried again, has taken too long to open, or ends.
    pub(crate) fn on_link_due(&mut self, step: &mut Step<'_>, handle: Handle<SipLink>) {
        let Some(entry) = self.slots.get_mut(handle).expected("a link") else { return };
        let link = entry.id;
        let Some(opening) = &mut entry.opening else { return self.on_silence(step, handle) };
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
        let entry = self.slots.get_mut(handle).filter(|entry| !entry.ending)?;
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

    /// Puts a reader back. If its link `ends`, nothing more is read from it, and it is closed: at once or, if requests
    /// that came over it are held, after their answers. Returns whether it ends.
    pub(crate) fn check_in(&mut self, step: &mut Step<'_>, reader: Reader, ends: bool) -> bool {
        let handle = reader.handle.cast();
        let ends = self.torn.take() == Some(reader.link) || ends;
        let Some(entry) = self.slots.get_mut(handle) else { return ends };
        if ends && entry.unanswered == 0 {
            self.end(step, handle);
            return true;
        }
        entry.ending = ends;
        entry.heard_at = step.now;
        let is_partial = ends || !reader.framer.is_idle();
        entry.began_at = is_partial.then(|| entry.began_at.unwrap_or(step.now));
        entry.framer = reader.framer;
        self.await_more(step, handle);
        ends
    }

    /// The peer of a flow, while it is open.
    pub(crate) fn peer_of(&self, known: &Links, flow: Flow) -> Option<SocketAddr> {
        match flow {
            Flow::Datagram(_, peer) => Some(peer),
            Flow::Stream(link) => self.get(known, link)?.peer,
        }
    }

    /// Sends a response, or drops it if the connection is gone.
    pub(super) fn respond(&mut self, step: &mut Step<'_>, flow: Flow, response: &[u8]) {
        if !self.send(step, flow, response) {
            // RFC 3261 18.2.2 would open a connection to the address in Via. That is the client's proxy, which lost the
            // request along with its connection and has answered it by itself.
            let status = response.split(|byte| *byte == b'\r').next().unwrap_or_default();
            let status = core::str::from_utf8(status).unwrap_or_default();
            let fields: &[Field<'_>] = &[
                ("response", &status),
                ("user", &user_in(response)),
                ("call_id", &value_in(response, "Call-ID")),
                ("why", &"the connection it came on is gone"),
            ];
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
        self.follow(step, legs, session, flow);
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

/// Reads a datagram. Returns `None` if it holds no message.
pub(crate) fn on_datagram(
    step: &mut Step<'_>,
    listener: ListenerId,
    peer: SocketAddr,
    bytes: &[u8],
) -> Option<Origin> {
    // These keep an address translation open; RFC 5626 4.4.1 has them answered on streams only.
    if bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
        return None;
    }
    Some(Origin { flow: Flow::Datagram(listener, peer), peer, allowed: is_allowed(step, peer.ip()) })
}

/// Whether an address is on the access list. Peers that are not are answered 403.
fn is_allowed(step: &Step<'_>, address: IpAddr) -> bool {
    step.config.sip.allow.iter().any(|network| network.contains(address))
}
