//! The table of SIP connections.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

use crate::config::Config;
use crate::digest::Digester;
use crate::input::{LinkId, ListenerId, Peer};
use crate::links::{Links, Owner};
use crate::slots::{Full, Handle, Slots};
use crate::step::{Step, TimerKey};
use crate::time::Instant;
use crate::timer::Deadline;
use crate::wire::sip::Framer;

/// One SIP connection.
pub(crate) struct SipLink {
    pub(super) id: LinkId,
    pub(super) framer: Framer,
    pub(super) peer: Option<SocketAddr>,
    /// Our end's address, which Contact names unless an address is configured.
    pub(super) local: Option<SocketAddr>,
    /// Whether the peer is on the access list.
    pub(super) allowed: bool,
    /// `host:port`, if we opened it.
    pub(super) target: Option<Box<str>>,
    /// How far opening it has come, if we open it; `None` once it is open.
    pub(super) opening: Option<Opening>,
    /// How many dialogs it carries: those whose requests of ours take it.
    pub(super) dialogs: u32,
    /// How many requests that came over it are held.
    pub(super) unanswered: u32,
    /// When something came last, whatever it was.
    pub(super) heard_at: Instant,
    /// When the message began of which only a part has come.
    pub(super) began_at: Option<Instant>,
    /// Whether it is closed as soon as what is held is answered; nothing is read from it any more.
    pub(super) ending: bool,
    /// When it has taken too long to open, is to be tried again, or ends because nothing complete came.
    pub(crate) deadline: Deadline,
}

/// One of our connections that is not open yet.
#[derive(Default)]
pub(super) struct Opening {
    /// What is to be sent once it is open.
    pub(super) waiting: Vec<u8>,
    /// How many events are in `waiting`.
    pub(super) events: u64,
    /// How often it failed to open.
    pub(super) failures: usize,
    /// Whether it waits for the next attempt.
    pub(super) paused: bool,
}

impl SipLink {
    /// A connection that a peer opened.
    pub(super) fn accepted(id: LinkId, peer: Peer, allowed: bool, heard_at: Instant) -> Self {
        let (address, local) = (Some(peer.address), Some(peer.local));
        Self { peer: address, local, allowed, heard_at, ..Self::to(id, None, None) }
    }

    /// A connection that we open.
    pub(super) fn to(id: LinkId, target: Option<Box<str>>, opening: Option<Opening>) -> Self {
        Self {
            id,
            framer: Framer::default(),
            peer: None,
            local: None,
            allowed: false,
            target,
            opening,
            dialogs: 0,
            unanswered: 0,
            heard_at: Instant::ZERO,
            began_at: None,
            ending: false,
            deadline: Deadline::default(),
        }
    }

    /// Whether an unlisted peer opened it.
    pub(super) const fn is_unlisted(&self) -> bool {
        self.target.is_none() && !self.allowed
    }
}

/// All SIP connections.
pub(crate) struct SipLinks {
    pub(crate) slots: Slots<SipLink>,
    pub(super) by_target: BTreeMap<Box<str>, LinkId>,
    /// Our address as the last peer that connected reached it.
    pub(super) reached_at: Option<IpAddr>,
    /// The number of connections of unlisted peers.
    pub(super) unlisted: usize,
    /// The connection being read, if a body on it holds the beginning of the next message. Empty between steps.
    pub(super) torn: Option<LinkId>,
    /// The addresses we listen on, if open: TCP first, then UDP, in configured order.
    pub(super) listening: Vec<Option<SocketAddr>>,
}

impl SipLinks {
    pub(in crate::sip::user_agent) fn new(config: &Config) -> Self {
        Self {
            slots: Slots::new(config.limits.links),
            by_target: BTreeMap::new(),
            reached_at: None,
            unlisted: 0,
            torn: None,
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
        let Self { slots: _, by_target: _, reached_at, unlisted: _, torn: _, listening } = self;
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

    /// Adds a connection, and makes it known.
    pub(super) fn insert(&mut self, known: &mut Links, link: SipLink) -> Result<Handle<SipLink>, Full> {
        let (id, target, unlisted) = (link.id, link.target.clone(), link.is_unlisted());
        let handle = self.slots.insert(link)?;
        self.unlisted += usize::from(unlisted);
        known.assign(id, Owner::Sip(handle.cast()));
        if let Some(target) = target {
            self.by_target.insert(target, id);
        }
        Ok(handle)
    }

    /// Forgets a connection.
    pub(super) fn remove(&mut self, step: &mut Step<'_>, handle: Handle<SipLink>) -> Option<SipLink> {
        let mut link = self.slots.remove(handle)?;
        step.timers.cancel(&mut link.deadline, TimerKey::Link(handle.cast()));
        step.links.release(link.id);
        self.unlisted -= usize::from(link.is_unlisted());
        if let Some(target) = &link.target {
            self.by_target.remove(target);
        }
        Some(link)
    }

    /// An open connection, or one that is being opened, for changing it.
    pub(super) fn find(&mut self, known: &Links, id: LinkId) -> Option<&mut SipLink> {
        self.slots.get_mut(sip_link(known, id)?)
    }

    /// The same, for reading.
    pub(super) fn get(&self, known: &Links, id: LinkId) -> Option<&SipLink> {
        self.slots.get(sip_link(known, id)?)
    }
}

/// The user agent's entry of a link, if it is open or being opened.
pub(in crate::sip::user_agent) fn sip_link(known: &Links, id: LinkId) -> Option<Handle<SipLink>> {
    if let Some(Owner::Sip(handle)) = known.owner(id) { Some(handle.cast()) } else { None }
}

crate::digest! { struct SipLink {
    id,
    framer,
    peer,
    local,
    allowed,
    target,
    opening,
    dialogs,
    unanswered,
    heard_at,
    began_at,
    ending,
    deadline,
} }

crate::digest! { struct Opening { waiting, events, failures, paused } }
