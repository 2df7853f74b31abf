//! The transaction layer (RFC 3261 17): tables, matching, timers. The state machines decide what is sent and when; the
//! UA core decides what a request means.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use core::net::{IpAddr, SocketAddr};

use super::{invite_server, non_invite_client, non_invite_server};
use crate::config::Limits;
use crate::entropy::Entropy;
use crate::expected::Expected as _;
use crate::index::Index;
use crate::input::{LinkId, ListenerId};
use crate::slots::{Full, Handle, Slots};
use crate::step::{SessionId, TimerKey};
use crate::time::Instant;
use crate::timer::{Deadline, Timers};
use crate::wire::sip::{Message, Method};

/// The way that a message came and that its answer takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// A stream connection.
    Stream(LinkId),
    /// Datagrams between one of our sockets and a peer.
    Datagram(ListenerId, SocketAddr),
}

impl Flow {
    /// Whether it is a stream, on which nothing is lost or repeated.
    pub(crate) const fn is_reliable(self) -> bool {
        matches!(self, Self::Stream(_))
    }
}

crate::digest! { enum Flow { Stream(link), Datagram(listener, peer) } }

/// One of the two kinds of server transaction.
#[derive(Debug)]
pub(crate) enum ServerMachine {
    Invite(invite_server::State),
    NonInvite(non_invite_server::State),
}

/// A request that was received, until its transaction ends.
#[derive(Debug)]
pub(crate) struct ServerTransaction {
    pub(crate) key: u128,
    pub(crate) flow: Flow,
    /// The header fields that every response repeats, and for an INVITE its Record-Route.
    pub(crate) head: Box<[u8]>,
    pub(crate) machine: ServerMachine,
    /// Whether it is inside a dialog and without a branch, so that an equal request may be a new one (client quirks 1
    /// and 2).
    branchless: bool,
    /// The [`crate::sip::dialog::Dialog::epoch`] of its dialog when it arrived.
    epoch: u32,
    /// The session it belongs to, once there is one.
    pub(crate) owner: Option<SessionId>,
    /// The key that the same request is found by if it comes another way, while this one is not answered.
    merge_key: Option<u128>,
    pub(crate) deadline: Deadline,
}

impl ServerTransaction {
    /// Whether there is no final response yet.
    pub(crate) const fn is_unanswered(&self) -> bool {
        matches!(
            self.machine,
            ServerMachine::Invite(invite_server::State::Proceeding { .. })
                | ServerMachine::NonInvite(non_invite_server::State::Trying)
        )
    }
}

/// The purpose of one of our requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// An event, in an INFO.
    Event,
    /// The end of a session.
    Bye,
    /// A refresh, in an UPDATE.
    Refresh,
}

impl Purpose {
    /// The request's method.
    pub(crate) const fn method(self) -> &'static str {
        match self {
            Self::Event => "INFO",
            Self::Bye => "BYE",
            Self::Refresh => "UPDATE",
        }
    }
}

/// A request that we sent.
#[derive(Debug)]
pub(crate) struct ClientTransaction {
    pub(crate) purpose: Purpose,
    pub(crate) owner: SessionId,
    pub(crate) flow: Flow,
    /// The random part of its branch, which an answer must repeat.
    pub(crate) secret: u64,
    /// Its CSeq, which an answer must repeat as well.
    pub(crate) sequence: u32,
    pub(crate) machine: non_invite_client::State,
    pub(crate) deadline: Deadline,
}

/// All transactions.
pub(crate) struct Transactions {
    pub(crate) server: Slots<ServerTransaction>,
    pub(crate) client: Slots<ClientTransaction>,
    by_key: Index<ServerTransaction>,
    /// The INVITEs outside dialogs that are not answered yet.
    by_merge_key: Index<ServerTransaction>,
    /// How many answers are sent again by themselves to each address; those with none are not in it.
    resent: BTreeMap<IpAddr, usize>,
    /// The most of them for one address.
    resent_limit: usize,
    /// How many of our BYEs are not answered yet; a stop waits for these answers only.
    pub(crate) byes: usize,
}

impl Transactions {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            server: Slots::new(limits.transactions),
            client: Slots::new(limits.transactions),
            by_key: Index::default(),
            by_merge_key: Index::default(),
            resent: BTreeMap::new(),
            resent_limit: limits.unacknowledged,
            byes: 0,
        }
    }

    /// The transaction that a request matches, if any.
    pub(crate) fn find(&self, key: u128) -> Option<Handle<ServerTransaction>> {
        self.by_key.get(key)
    }

    /// Whether a request without a branch is new although it matches a transaction (client quirk 2): its dialog has
    /// answered a re-INVITE since, and the transaction is completed, or it is on a stream, where nothing is
    /// retransmitted. With a branch, the branch decides (client quirk 1).
    pub(crate) fn is_superseded(&self, handle: Handle<ServerTransaction>, epoch: u32) -> bool {
        self.server.get(handle).is_some_and(|transaction| match &transaction.machine {
            ServerMachine::Invite(_) => false,
            ServerMachine::NonInvite(state) => {
                let is_cleared = state.response().is_some() || transaction.flow.is_reliable();
                transaction.branchless && transaction.epoch != epoch && is_cleared
            }
        })
    }

    /// The INVITE with this [`merge_key`] that is not answered yet, if any.
    pub(crate) fn find_merged(&self, key: u128) -> Option<&ServerTransaction> {
        self.server.get(self.by_merge_key.get(key)?)
    }

    /// Lets an INVITE outside any dialog be found by its [`merge_key`] until it is answered.
    pub(crate) fn note_merge_key(&mut self, handle: Handle<ServerTransaction>, key: u128) {
        if let Some(transaction) = self.server.get_mut(handle) {
            transaction.merge_key = Some(key);
            self.by_merge_key.insert(key, handle);
        }
    }

    /// How many requests [`Transactions::find`] and [`Transactions::find_merged`] can find.
    pub(crate) fn indexed(&self) -> usize {
        self.by_key.len() + self.by_merge_key.len()
    }

    /// How many answers are sent again by themselves, to all addresses.
    pub(crate) fn resent(&self) -> usize {
        self.resent.values().sum()
    }

    /// Whether one more answer may be sent again by itself on a flow. Whoever the source address of a datagram belongs
    /// to may not have sent it, and gets no more than it can bear.
    fn may_resend(&self, flow: Flow) -> bool {
        let Flow::Datagram(_, peer) = flow else { return true };
        self.resent.get(&peer.ip()).is_none_or(|resent| *resent < self.resent_limit)
    }

    /// Notes that an answer is sent again by itself on a flow, or no longer.
    fn note_resent(&mut self, flow: Flow, begins: bool) {
        let Flow::Datagram(_, peer) = flow else { return };
        let resent = self.resent.entry(peer.ip()).or_default();
        *resent = if begins { resent.saturating_add(1) } else { resent.saturating_sub(1) };
        if *resent == 0 {
            self.resent.remove(&peer.ip());
        }
    }

    /// Keeps a request that is not answered at once.
    pub(crate) fn open(
        &mut self,
        key: u128,
        (flow, branchless, epoch): (Flow, bool, u32),
        head: &[u8],
        machine: ServerMachine,
        timers: &mut Timers<TimerKey>,
    ) -> Result<Handle<ServerTransaction>, Full> {
        let transaction = ServerTransaction {
            key,
            flow,
            head: Box::from(head),
            machine,
            branchless,
            epoch,
            owner: None,
            merge_key: None,
            deadline: Deadline::default(),
        };
        let handle = self.server.insert(transaction)?;
        self.by_key.insert(key, handle);
        self.settle_server(handle, timers);
        Ok(handle)
    }

    /// Keeps a request of ours until it is answered.
    pub(crate) fn open_client(
        &mut self,
        transaction: (Purpose, SessionId, Flow, u64),
        timers: &mut Timers<TimerKey>,
        machine: non_invite_client::State,
    ) -> Result<Handle<ClientTransaction>, Full> {
        let (purpose, owner, flow, secret) = transaction;
        let (sequence, deadline) = (0, Deadline::default());
        let opened = ClientTransaction { purpose, owner, flow, secret, sequence, machine, deadline };
        let handle = self.client.insert(opened)?;
        self.byes += usize::from(purpose == Purpose::Bye);
        self.settle_client(handle, timers);
        Ok(handle)
    }

    /// Gives an event to an INVITE server transaction.
    pub(crate) fn on_invite(
        &mut self,
        handle: Handle<ServerTransaction>,
        event: invite_server::Event<'_>,
        now: Instant,
        timers: &mut Timers<TimerKey>,
    ) -> invite_server::Effect {
        let Some(transaction) = self.server.get(handle) else { return invite_server::Effect::Nothing };
        let flow = transaction.flow;
        let event = if let invite_server::Event::Final { success, response, resend } = event {
            invite_server::Event::Final { success, response, resend: resend && self.may_resend(flow) }
        } else {
            event
        };
        let Some(transaction) = self.server.get_mut(handle) else { return invite_server::Effect::Nothing };
        // Client quirk 2: once a re-INVITE without a branch is acknowledged, an equal one is new, even on datagrams.
        let ends = transaction.branchless && matches!(event, invite_server::Event::Ack);
        let reliable = ends || transaction.flow.is_reliable();
        let ServerMachine::Invite(machine) = &mut transaction.machine else {
            debug_assert!(false, "an event of an INVITE for another transaction");
            return invite_server::Effect::Nothing;
        };
        let state = core::mem::replace(machine, invite_server::State::Terminated);
        let resent = state.resends();
        let (state, effect) = state.on(event, now, reliable);
        let resends = state.resends();
        *machine = state;
        if resends != resent {
            self.note_resent(flow, resends);
        }
        self.settle_server(handle, timers);
        effect
    }

    /// Gives an event to a non-INVITE server transaction. Returns whether its response is to be sent again.
    pub(crate) fn on_non_invite(
        &mut self,
        handle: Handle<ServerTransaction>,
        event: non_invite_server::Event<'_>,
        now: Instant,
        timers: &mut Timers<TimerKey>,
    ) -> bool {
        let Some(transaction) = self.server.get_mut(handle).expected("a transaction") else { return false };
        let reliable = transaction.flow.is_reliable();
        let ServerMachine::NonInvite(machine) = &mut transaction.machine else {
            debug_assert!(false, "an INVITE got an event of another transaction");
            return false;
        };
        let state = core::mem::replace(machine, non_invite_server::State::Terminated);
        let (state, resend) = state.on(event, now, reliable);
        *machine = state;
        self.settle_server(handle, timers);
        resend
    }

    /// Gives an event to a client transaction.
    pub(crate) fn on_client(
        &mut self,
        handle: Handle<ClientTransaction>,
        event: non_invite_client::Event,
        now: Instant,
        timers: &mut Timers<TimerKey>,
    ) -> non_invite_client::Effect {
        let Some(transaction) = self.client.get_mut(handle).expected("a transaction") else {
            return non_invite_client::Effect::Nothing;
        };
        let reliable = transaction.flow.is_reliable();
        let state = core::mem::replace(&mut transaction.machine, non_invite_client::State::Terminated);
        let (state, effect) = state.on(event, now, reliable);
        transaction.machine = state;
        let over =
            matches!(effect, non_invite_client::Effect::Answered | non_invite_client::Effect::TimedOut);
        self.byes -= usize::from(over && transaction.purpose == Purpose::Bye);
        self.settle_client(handle, timers);
        effect
    }

    /// Removes a client transaction, whatever its state.
    pub(crate) fn drop_client(&mut self, handle: Handle<ClientTransaction>, timers: &mut Timers<TimerKey>) {
        if let Some(mut transaction) = self.client.remove(handle) {
            timers.cancel(&mut transaction.deadline, TimerKey::Client(handle.cast()));
            self.byes -= usize::from(transaction.purpose == Purpose::Bye);
        }
    }

    /// After a change of state, sets the timer, or removes the transaction if it is over.
    fn settle_server(&mut self, handle: Handle<ServerTransaction>, timers: &mut Timers<TimerKey>) {
        let Some(transaction) = self.server.get_mut(handle).expected("a transaction") else { return };
        let (deadline, over) = match &transaction.machine {
            ServerMachine::Invite(state) => {
                (state.deadline(), matches!(state, invite_server::State::Terminated))
            }
            ServerMachine::NonInvite(state) => {
                (state.deadline(), matches!(state, non_invite_server::State::Terminated))
            }
        };
        if !transaction.is_unanswered()
            && let Some(key) = transaction.merge_key.take()
        {
            self.by_merge_key.remove(key, handle);
        }
        match deadline {
            Some(at) => timers.set(&mut transaction.deadline, TimerKey::Server(handle.cast()), at),
            None => timers.cancel(&mut transaction.deadline, TimerKey::Server(handle.cast())),
        }
        if over {
            let key = transaction.key;
            self.server.remove(handle);
            self.by_key.remove(key, handle);
        }
    }

    fn settle_client(&mut self, handle: Handle<ClientTransaction>, timers: &mut Timers<TimerKey>) {
        let Some(transaction) = self.client.get_mut(handle).expected("a transaction") else { return };
        if let Some(at) = transaction.machine.deadline() {
            timers.set(&mut transaction.deadline, TimerKey::Client(handle.cast()), at);
        } else {
            timers.cancel(&mut transaction.deadline, TimerKey::Client(handle.cast()));
            self.client.remove(handle);
        }
    }
}

/// The key that requests are matched by (RFC 3261 17.2.3).
///
/// If the topmost Via has a branch, the branch decides; if not (client quirk 1), the fields of the older rule do. An
/// ACK has its INVITE's key, a CANCEL one of its own. A request without a Via matches nothing and must not be kept.
///
/// In addition the body is compared, except for INVITEs. A retransmission is identical byte for byte (17.1.2.2), so it
/// always matches and is never executed twice. But if the CSeq goes back (client quirk 2), everything that 17.2.3
/// compares may occur again in a new request: without a branch, and with one that a stateless proxy computes from such
/// fields (16.11). The body tells those apart. Only an identical request with the same branch on datagrams, within 32 s
/// of the answer (timer J), is still answered as a retransmission; that is better than executing one request, such as a
/// call, twice. Without a branch [`Transactions::is_superseded`] decides.
pub(crate) fn matching_key(entropy: &Entropy, message: &Message<'_>, method: Method<'_>) -> u128 {
    // An INVITE's ACK and CANCEL are matched to it with this key, and have other bodies.
    let body = if method == Method::Invite { &[][..] } else { message.body };
    let body = Some(body).filter(|body| !body.is_empty());
    let method = method.name().as_bytes();
    let Some(via) = message.via() else { return entropy.key([&b"no via"[..], method]) };
    if via.has_rfc3261_branch() {
        let port = via.port.unwrap_or(0).to_le_bytes();
        let branch = via.branch.unwrap_or_default().as_bytes();
        let fields = [&b"branch"[..], branch, via.host.as_bytes(), &port, method];
        return entropy.key(fields.into_iter().chain(body));
    }
    let uri = match message.start {
        crate::wire::sip::Start::Request { uri, .. } => uri,
        crate::wire::sip::Start::Response { .. } => "",
    };
    let sequence = message.cseq().map_or(0, |sequence| sequence.number).to_le_bytes();
    let from_tag = message.from().and_then(|from| from.tag()).unwrap_or_default().as_bytes();
    let call_id = message.call_id().unwrap_or_default().as_bytes();
    let fields = [&b"fields"[..], uri.as_bytes(), from_tag, call_id, &sequence, via.raw.as_bytes(), method];
    entropy.key(fields.into_iter().chain(body))
}

/// The key by which a request outside any dialog is found that has come another way already (RFC 3261 8.2.2.2).
pub(crate) fn merge_key(entropy: &Entropy, message: &Message<'_>) -> u128 {
    let (sequence, method) = message.cseq().map_or((0, ""), |cseq| (cseq.number, cseq.method.name()));
    let from_tag = message.from().and_then(|from| from.tag()).unwrap_or_default().as_bytes();
    let call_id = message.call_id().unwrap_or_default().as_bytes();
    entropy.key([&b"merged"[..], from_tag, call_id, &sequence.to_le_bytes(), method.as_bytes()])
}

crate::digest! { struct ServerTransaction {
    key => key.to_le_bytes().as_slice(),
    flow,
    head,
    machine,
    branchless,
    epoch,
    owner,
    merge_key => merge_key.unwrap_or_default().to_le_bytes().as_slice(),
    deadline,
} }

crate::digest! { enum ServerMachine { Invite(state), NonInvite(state) } }

crate::digest! { struct ClientTransaction { purpose, owner, flow, secret, sequence, machine, deadline } }

crate::digest! { enum Purpose { Event = 0, Bye = 1, Refresh = 2 } }
