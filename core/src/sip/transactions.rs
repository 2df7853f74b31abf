//! The transaction layer (RFC 3261 17): tables, matching, timers. What is sent when is decided by the machines beside
//! this file; what a request means is decided by the core above.

use alloc::boxed::Box;
use core::net::SocketAddr;

use super::{invite_server, non_invite_client, non_invite_server};
use crate::entropy::Entropy;
use crate::index::Index;
use crate::input::{LinkId, ListenerId};
use crate::slots::{Full, Handle, Slots};
use crate::step::{SessionId, TimerKey};
use crate::time::Instant;
use crate::timer::{Deadline, Timers};
use crate::wire::sip::{Message, Method};

/// Where a message came from, and where its answer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// A stream connection.
    Stream(LinkId),
    /// Datagrams between one of our sockets and a peer.
    Datagram(ListenerId, SocketAddr),
}

impl Flow {
    /// Whether nothing is lost or repeated on it.
    pub(crate) const fn is_reliable(self) -> bool {
        matches!(self, Self::Stream(_))
    }
}

crate::digest! { enum Flow { Stream(link), Datagram(listener, peer) } }

/// Which of the two server machines.
#[derive(Debug)]
pub(crate) enum ServerMachine {
    Invite(invite_server::State),
    NonInvite(non_invite_server::State),
}

/// A request that was received, until it needs no more care.
#[derive(Debug)]
pub(crate) struct ServerTransaction {
    pub(crate) key: u128,
    pub(crate) flow: Flow,
    /// The lines every response repeats, and for an INVITE its Record-Route.
    pub(crate) head: Box<[u8]>,
    pub(crate) machine: ServerMachine,
    /// Whether it is inside a dialog and without a branch, so that its like may be new (quirks 1 and 2).
    branchless: bool,
    /// Its dialog's [`crate::sip::dialog::Dialog::epoch`] when it came.
    epoch: u32,
    /// The session it belongs to, once there is one.
    pub(crate) owner: Option<SessionId>,
    pub(crate) deadline: Deadline,
}

/// What one of our requests was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// An event, in an INFO.
    Event,
    /// The end of a session.
    Bye,
    /// A refresh of ours, in an UPDATE.
    Refresh,
}

/// A request that we sent.
#[derive(Debug)]
pub(crate) struct ClientTransaction {
    pub(crate) purpose: Purpose,
    pub(crate) owner: SessionId,
    pub(crate) flow: Flow,
    /// The random part of its branch: an answer must repeat it.
    pub(crate) secret: u64,
    pub(crate) machine: non_invite_client::State,
    pub(crate) deadline: Deadline,
}

/// All transactions. A client transaction is dropped only before it was answered.
pub(crate) struct Transactions {
    pub(crate) server: Slots<ServerTransaction>,
    pub(crate) client: Slots<ClientTransaction>,
    by_key: Index<ServerTransaction>,
    /// How many BYEs of ours are not answered yet: a stop waits for them and for nothing else.
    pub(crate) byes: usize,
}

impl Transactions {
    pub(crate) fn new(limit: usize) -> Self {
        Self { server: Slots::new(limit), client: Slots::new(limit), by_key: Index::default(), byes: 0 }
    }

    /// The transaction a request belongs to, if it is not the first of its kind.
    pub(crate) fn find(&self, key: u128) -> Option<Handle<ServerTransaction>> {
        self.by_key.get(key)
    }

    /// Whether a request without a branch is new although it matches a transaction (client quirk 2): its dialog has
    /// answered a re-INVITE since, which clears what was completed. One under way still is what it was, except on a
    /// stream, where nothing is ever repeated. With a branch, the branch decides (quirk 1).
    pub(crate) fn is_superseded(&self, handle: Handle<ServerTransaction>, epoch: u32) -> bool {
        self.server.get(handle).is_some_and(|transaction| match &transaction.machine {
            ServerMachine::Invite(_) => false,
            ServerMachine::NonInvite(state) => {
                let is_cleared = state.response().is_some() || transaction.flow.is_reliable();
                transaction.branchless && transaction.epoch != epoch && is_cleared
            }
        })
    }

    /// How many requests [`Transactions::find`] finds.
    pub(crate) fn indexed(&self) -> usize {
        self.by_key.len()
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
        let deadline = Deadline::default();
        let handle =
            self.client.insert(ClientTransaction { purpose, owner, flow, secret, machine, deadline })?;
        self.byes += usize::from(purpose == Purpose::Bye);
        self.settle_client(handle, timers);
        Ok(handle)
    }

    /// Lets an INVITE's machine take a event.
    pub(crate) fn on_invite(
        &mut self,
        handle: Handle<ServerTransaction>,
        event: invite_server::Event<'_>,
        now: Instant,
        timers: &mut Timers<TimerKey>,
    ) -> invite_server::Effect {
        let Some(transaction) = self.server.get_mut(handle) else { return invite_server::Effect::Nothing };
        // Quirk 2: the like of a re-INVITE without a branch is new once this one is acknowledged, on datagrams too.
        let ends = transaction.branchless && matches!(event, invite_server::Event::Ack);
        let reliable = ends || transaction.flow.is_reliable();
        let ServerMachine::Invite(machine) = &mut transaction.machine else {
            return invite_server::Effect::Nothing;
        };
        let state = core::mem::replace(machine, invite_server::State::Terminated);
        let (state, effect) = state.on(event, now, reliable);
        *machine = state;
        self.settle_server(handle, timers);
        effect
    }

    /// Lets another request's machine take a event. True: its response is to be sent again.
    pub(crate) fn on_non_invite(
        &mut self,
        handle: Handle<ServerTransaction>,
        event: non_invite_server::Event<'_>,
        now: Instant,
        timers: &mut Timers<TimerKey>,
    ) -> bool {
        let Some(transaction) = self.server.get_mut(handle) else { return false };
        let reliable = transaction.flow.is_reliable();
        let ServerMachine::NonInvite(machine) = &mut transaction.machine else { return false };
        let state = core::mem::replace(machine, non_invite_server::State::Terminated);
        let (state, resend) = state.on(event, now, reliable);
        *machine = state;
        self.settle_server(handle, timers);
        resend
    }

    /// Lets one of our requests' machine take a event.
    pub(crate) fn on_client(
        &mut self,
        handle: Handle<ClientTransaction>,
        event: non_invite_client::Event,
        now: Instant,
        timers: &mut Timers<TimerKey>,
    ) -> non_invite_client::Effect {
        let Some(transaction) = self.client.get_mut(handle) else {
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

    /// Forgets a client transaction, whatever its state.
    pub(crate) fn drop_client(&mut self, handle: Handle<ClientTransaction>, timers: &mut Timers<TimerKey>) {
        if let Some(mut transaction) = self.client.remove(handle) {
            timers.cancel(&mut transaction.deadline, TimerKey::Client(handle.cast()));
            self.byes -= usize::from(transaction.purpose == Purpose::Bye);
        }
    }

    /// After a state change: the timer is set anew, or the transaction is over and forgotten.
    fn settle_server(&mut self, handle: Handle<ServerTransaction>, timers: &mut Timers<TimerKey>) {
        let Some(transaction) = self.server.get_mut(handle) else { return };
        let (deadline, over) = match &transaction.machine {
            ServerMachine::Invite(state) => {
                (state.deadline(), matches!(state, invite_server::State::Terminated))
            }
            ServerMachine::NonInvite(state) => {
                (state.deadline(), matches!(state, non_invite_server::State::Terminated))
            }
        };
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
        let Some(transaction) = self.client.get_mut(handle) else { return };
        if let Some(at) = transaction.machine.deadline() {
            timers.set(&mut transaction.deadline, TimerKey::Client(handle.cast()), at);
        } else {
            timers.cancel(&mut transaction.deadline, TimerKey::Client(handle.cast()));
            self.client.remove(handle);
        }
    }
}

/// The key a request is matched by (RFC 3261 17.2.3).
///
/// With a branch on the topmost Via, the branch decides; without one (client quirk 1), the fields of the older rule. An
/// ACK has its INVITE's key, a CANCEL one of its own. A request without a Via matches nothing: it must not be kept.
///
/// Beyond that, the body is compared, except of INVITEs. A client repeats what it sent byte for byte (17.1.2.2), so no
/// repetition with a branch is taken for another request, and none is done twice. But a CSeq that goes back (client quirk 2) makes all
/// that 17.2.3 compares come again, without a branch and where a stateless proxy makes branches of such fields (16.11):
/// what is asked then is in the body. Only the very same that is asked within 32 s of its answer (timer J), by datagram
/// and with the branch of before, is answered as before; to do what was asked once twice, a call, would be worse. Without
/// a branch [`Transactions::is_superseded`] has the last word.
pub(crate) fn matching_key(entropy: &Entropy, message: &Message<'_>, method: Method<'_>) -> u128 {
    // An INVITE's key is its ACK's and its CANCEL's too, whose bodies are others.
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

crate::digest! { struct ServerTransaction {
    key => key.to_le_bytes().as_slice(),
    flow,
    head,
    machine,
    branchless,
    epoch,
    owner,
    deadline,
} }

crate::digest! { enum ServerMachine { Invite(state), NonInvite(state) } }

crate::digest! { struct ClientTransaction { purpose, owner, flow, secret, machine, deadline } }

crate::digest! { enum Purpose { Event = 0, Bye = 1, Refresh = 2 } }
