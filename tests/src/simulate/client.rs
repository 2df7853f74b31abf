//! A client that behaves like real ones: it signs in, monitors its line, refreshes, comes back after a 481, a time-out
//! or a lost connection, and keeps an idea of its calls. Over UDP it retransmits.

mod asking;
pub(super) mod belief;
mod calling;
mod certainty;
mod hearing;
mod writing;

use core::cell::RefCell;
use core::net::SocketAddr;
use std::collections::BTreeSet;
use std::rc::Rc;

use ctigate_core::{LinkId, Listen, Transport};

use super::inbox::Cursor;
use super::ledger::Ledger;
use super::plan::ClientPlan;
use super::report::Report;
use crate::office::ip;
use crate::random::Random;
use crate::sip::csta;
use crate::world::{Fault, HostId, World};
pub(super) use asking::Asked;
use belief::Belief;
use certainty::Certainty;

/// A second, in the world's microseconds.
const SECOND: u64 = 1_000_000;

/// How long a request may wait for its answer before the client gives up (RFC 3261, timers B and F).
const PATIENCE: u64 = 32 * SECOND;

/// The state of a node as the load balancer knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Health {
    /// It takes sessions.
    Up,
    /// It takes no new ones; requests in dialogs still go there.
    Leaving,
    /// It does not answer.
    Down,
}

/// The load balancer's knowledge of the nodes.
#[derive(Clone, Debug)]
pub(super) struct Balancer {
    health: Vec<Health>,
    next: usize,
}

impl Balancer {
    pub(super) fn new(nodes: usize) -> Self {
        Self { health: vec![Health::Up; nodes], next: 0 }
    }

    pub(super) fn set(&mut self, node: usize, health: Health) {
        if let Some(known) = self.health.get_mut(node) {
            *known = health;
        }
    }

    /// The node whose turn it is for a new dialog.
    fn turn(&mut self) -> usize {
        self.next = self.next.wrapping_add(1);
        self.other(self.next)
    }

    /// The node of a dialog, or another if that one does not answer.
    fn of(&self, node: usize) -> usize {
        if self.health.get(node) == Some(&Health::Leaving) { node } else { self.other(node) }
    }

    /// The first node from this one on that takes sessions.
    fn other(&self, first: usize) -> usize {
        let count = self.health.len().max(1);
        let indexes = (0..count).map(|offset| first.wrapping_add(offset) % count);
        let mut up = indexes.filter(|index| self.health.get(*index) == Some(&Health::Up));
        up.next().unwrap_or(first % count)
    }
}

/// A path to a node.
#[derive(Debug)]
struct Path {
    node: usize,
    /// The connection; none over UDP.
    link: Option<LinkId>,
    /// When it was opened.
    since: u64,
    read: Cursor,
}

/// A dialog with a node.
#[derive(Clone, Debug)]
struct Dialog {
    call_id: String,
    tag: String,
    node: usize,
    /// Whether the phone system is in service.
    normal: bool,
}

/// Where a session is: its node, its handle there, and its CTI connection.
pub(super) type Place = (usize, u64, (u8, u64));

/// The purpose of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    SignIn,
    Refresh,
    Update,
    Monitor,
    Snapshot,
    Probe,
    Bye,
    /// A service of a call that is over: it must be refused.
    Gone,
    /// Nothing that the client's own state depends on.
    Other,
}

/// What a client is due, by the directories in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Due {
    /// Service.
    #[default]
    Service,
    /// That its sign-ins are refused.
    Refusal,
    /// Either.
    Either,
}

/// One client.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Client {
    pub(super) plan: ClientPlan,
    pub(super) host: HostId,
    /// Whether it wants service now.
    pub(super) wants: bool,
    /// Whether nodes may have no room for its transactions, so that a retransmission over UDP may be a new request to
    /// them.
    pub(super) forgetful: bool,
    /// Whether the phone systems have no SnapshotDevice, so that it only knows what events say.
    pub(super) blind: bool,
    /// Whether there is room for another monitor in its dialog.
    pub(super) may_watch_twice: bool,
    /// Whether it refreshes often, in order to come back soon.
    pub(super) hurries: bool,
    /// What it is due.
    pub(super) due: Due,
    /// When its last sign-in was sent, if that was refused because of its user or line.
    refused_at: Option<u64>,
    /// The node that refused it last.
    refused_by: Option<usize>,
    /// Until when it does not refresh its session.
    sleeps_until: u64,
    dialog: Option<Dialog>,
    dialogs: u32,
    cseq: u32,
    branch: u32,
    paths: Vec<Path>,
    datagrams: Cursor,
    asked: Vec<Asked>,
    /// The first request that may still be under way.
    first_open: usize,
    retry_at: u64,
    refresh_at: u64,
    /// Whether it was refused a monitor without knowing of any: one that it does not know of uses the limit, until it
    /// signs out.
    begins_anew: bool,
    /// When it last had to refresh by re-INVITE at once.
    hastened_at: u64,
    believed_most: usize,
    probe_at: u64,
    monitor: Option<String>,
    /// Whether its last refresh was refused with 503, so that the next goes to another node, as with a proxy.
    turned_away: bool,
    /// The monitors of this dialog whose end it was told.
    stopped: Vec<String>,
    /// The first monitor of this dialog, which a node recreates that takes it over.
    first_monitor: Option<String>,
    /// Whether it asks for its calls after each refresh, as Communicator does; otherwise it relies on events.
    pub(super) asks: bool,
    /// Whether its node died, or it used another.
    moved: bool,
    snapped: bool,
    belief: Belief,
    certainty: Certainty,
    /// The events received in this dialog, by their topmost Via.
    heard: BTreeSet<String>,
    /// The CSeq of the last of them.
    heard_sequence: u64,
    /// The events that came by datagram since it last asked for its calls: a retransmitted answer may be older than
    /// they are. On a connection nothing overtakes.
    since_asked: Vec<String>,
    /// What it was told of its phone's forwarding, and of which calls must not disturb, since it heeds that.
    settings: Vec<String>,
    heeds_settings: bool,
    /// The monitor that tells it.
    settings_reference: Option<String>,
    /// Where its session was when it began to heed parties or settings.
    pub(super) place: Option<Place>,
    /// When its last answered refresh or sign-in was sent.
    refreshed_at: u64,
    ledger: Rc<RefCell<Ledger>>,
    random: Random,
    pub(super) report: Report,
}

impl Client {
    pub(super) fn new(world: &mut World, plan: &ClientPlan, last: u8, ledger: &Rc<RefCell<Ledger>>) -> Self {
        let address = SocketAddr::new(ip(last), 5060);
        let listen = Listen { transport: Transport::Udp, address, key: plan.user.clone() };
        let host = world.add_bare(&plan.user, ip(last), vec![listen]);
        let random = Random::new(world.seed().wrapping_add(u64::from(last)));
        Self {
            plan: plan.clone(),
            host,
            wants: true,
            forgetful: false,
            blind: false,
            may_watch_twice: false,
            hurries: false,
            due: Due::Service,
            refused_at: None,
            refused_by: None,
            sleeps_until: 0,
            dialog: None,
            dialogs: 0,
            cseq: 0,
            branch: 0,
            paths: Vec::new(),
            datagrams: Cursor::default(),
            asked: Vec::new(),
            first_open: 0,
            retry_at: 0,
            refresh_at: 0,
            begins_anew: false,
            hastened_at: 0,
            believed_most: 0,
            probe_at: 0,
            monitor: None,
            turned_away: false,
            stopped: Vec::new(),
            first_monitor: None,
            asks: plan.asks,
            moved: false,
            snapped: false,
            belief: Belief::default(),
            certainty: Certainty::default(),
            heard: BTreeSet::new(),
            heard_sequence: 0,
            since_asked: Vec::new(),
            settings: Vec::new(),
            heeds_settings: false,
            settings_reference: None,
            place: None,
            refreshed_at: 0,
            ledger: Rc::clone(ledger),
            random,
            report: Report::default(),
        }
    }

    /// The line as it names it.
    fn line(&self) -> String {
        self.plan.line()
    }

    /// Processes received messages, retransmits, and does what is necessary to have service.
    ///
    /// # Errors
    /// A message that the client must not get.
    pub(super) fn tend(&mut self, world: &mut World, balancer: &mut Balancer) -> Result<(), Fault> {
        self.hear(world)?;
        self.believed_most = self.believed_most.max(self.believes().count());
        self.resend(world);
        self.strive(world, balancer);
        Ok(())
    }

    /// Takes the next step towards service.
    fn strive(&mut self, world: &mut World, balancer: &mut Balancer) {
        let now = world.now();
        if now < self.retry_at || self.is_busy() {
            return;
        }
        if !self.wants || core::mem::take(&mut self.begins_anew) {
            // The answer to a sign-in may come when it is no longer wanted.
            self.retry_at = now.saturating_add(2 * SECOND);
            return self.sign_out(world, balancer);
        }
        let Some(dialog) = &self.dialog else { return self.sign_in(world, balancer) };
        if now < self.sleeps_until {
            return;
        }
        let (normal, node) = (dialog.normal, dialog.node);
        let often = if normal { 30 } else { 2 };
        if now >= self.refresh_at || (self.hurries && !normal) {
            self.retry_at = now.saturating_add(often.min(2) * SECOND);
            let may_update = normal && !self.plan.sipe && self.refreshed_at >= self.hastened_at;
            let update = self.random.chance(300) && may_update;
            self.refresh(world, balancer, update);
        } else if normal && self.monitor.is_none() {
            self.monitor(world, balancer);
        } else if normal && !self.snapped && !self.blind {
            self.snapshot(world, balancer);
        } else if now >= self.probe_at {
            self.probe_at = now.saturating_add(5 * SECOND);
            let body = csta("GetCSTAFeatures", "");
            self.ask(world, balancer.of(node), Purpose::Probe, ("INFO", "", &body));
        }
    }

    /// Whether it has the service it wants, or none if it is due none.
    pub(super) fn is_served(&self) -> bool {
        let refused = self.dialog.is_none() && self.refused_at.is_some();
        match self.due {
            Due::Service => self.has_service(),
            Due::Refusal => !self.wants || refused,
            Due::Either => refused || self.has_service(),
        }
    }

    fn has_service(&self) -> bool {
        let normal = self.dialog.as_ref().is_some_and(|dialog| dialog.normal);
        let knows = self.snapped || self.blind;
        !self.wants || (normal && self.monitor.is_some() && knows && !self.is_busy())
    }

    /// Whether it has the service it wants, and has refreshed since then; or was refused since then, if it is due none.
    pub(super) fn is_served_since(&self, since: u64) -> bool {
        let last = if self.dialog.is_none() { self.refused_at.unwrap_or(0) } else { self.refreshed_at };
        self.is_served() && (!self.wants || last >= since)
    }

    /// The Call-ID of its dialog.
    pub(super) fn call_id(&self) -> Option<&str> {
        self.dialog.as_ref().map(|dialog| dialog.call_id.as_str())
    }

    /// The node's tag in it.
    pub(super) fn tag(&self) -> Option<&str> {
        self.dialog.as_ref().map(|dialog| dialog.tag.as_str())
    }

    /// The node its dialog is with.
    pub(super) fn node(&self) -> Option<usize> {
        self.dialog.as_ref().map(|dialog| dialog.node)
    }

    /// Its idea of its calls: callID and its own state in each.
    pub(super) fn believes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.belief.calls()
    }

    /// Its calls whose parties it should know if they are a conference, with those that it knows.
    pub(super) fn believes_parties(&self) -> impl Iterator<Item = (&str, Option<&BTreeSet<String>>)> {
        self.belief.parties()
    }

    /// Forgets the other party of its calls of two: that may have changed unheard.
    pub(super) fn forget_pairs(&mut self) {
        self.belief.forget_pairs();
    }

    /// Doubts who is in its calls: it was perhaps not told.
    pub(super) fn doubt_parties(&mut self) {
        self.belief.doubt_parties();
    }

    /// Heeds from now on what it is told of its phone's settings.
    pub(super) fn heed_settings(&mut self) {
        self.heeds_settings = true;
        self.settings.clear();
        self.settings_reference = None;
    }

    /// What it was told of them since then.
    pub(super) fn settings(&self) -> &[String] {
        &self.settings
    }

    /// The most calls at a time that it ever believed to have.
    pub(super) const fn believed_most(&self) -> usize {
        self.believed_most
    }

    /// Its state, for a fault's message.
    pub(super) fn scene(&self) -> String {
        let Self { plan, wants, due, refused_at, dialog, monitor, snapped, belief, .. } = self;
        let user = &plan.user;
        format!(
            "{user}: wants {wants}, due {due:?}, refused {refused_at:?}, {dialog:?}, monitor {monitor:?}, snapshot \
             {snapped}, {belief:?}"
        )
    }

    /// Refreshes by re-INVITE as soon as it can: an UPDATE moves no session.
    pub(super) const fn hasten(&mut self, now: u64) {
        self.sleeps_until = 0;
        self.refresh_at = now;
        self.hastened_at = now;
    }

    /// Does not refresh its session until then.
    pub(super) const fn sleep(&mut self, until: u64) {
        self.sleeps_until = until;
    }

    /// Comes back as a new client.
    pub(super) fn come_back(&mut self) {
        self.wants = true;
    }

    /// Vanishes without signing out.
    pub(super) fn vanish(&mut self) {
        self.wants = false;
        self.lose_dialog(0);
    }

    /// Sends a BYE, if it has a session.
    pub(super) fn sign_out(&mut self, world: &mut World, balancer: &Balancer) {
        if let Some(dialog) = &self.dialog {
            let node = balancer.of(dialog.node);
            self.ask(world, node, Purpose::Bye, ("BYE", "", ""));
        }
    }

    /// Closes its connections.
    pub(super) fn hang_up(&self, world: &mut World) {
        for link in self.paths.iter().filter_map(|path| path.link) {
            world.close(self.host, link);
        }
    }

    /// Forgets its dialog; another may be begun at `retry_at`.
    fn lose_dialog(&mut self, retry_at: u64) {
        self.dialog = None;
        self.monitor = None;
        self.first_monitor = None;
        self.stopped.clear();
        self.moved = false;
        self.snapped = false;
        self.belief.forget();
        self.certainty = Certainty::default();
        self.heard.clear();
        self.heard_sequence = 0;
        self.retry_at = retry_at;
    }

    /// The path to a node, if it is open; otherwise one is opened.
    fn path(&mut self, world: &mut World, node: usize) -> Option<usize> {
        let newest = self.paths.iter().rposition(|path| path.node == node);
        if let Some((index, path)) = newest.and_then(|index| Some((index, self.paths.get(index)?))) {
            let Some(link) = path.link else { return Some(index) };
            if world.is_open(self.host, link) {
                return Some(index);
            }
            let waits = world.closed(self.host, link).is_none()
                && world.now() < path.since.saturating_add(10 * SECOND);
            if waits {
                return None;
            }
        }
        let link = (!self.plan.udp).then(|| world.connect(self.host, &node_address(node)));
        self.paths.push(Path { node, link, since: world.now(), read: Cursor::default() });
        self.plan.udp.then(|| self.paths.len().saturating_sub(1))
    }
}

/// The SIP address of a node.
pub(super) fn node_address(node: usize) -> String {
    let last = u8::try_from(node).unwrap_or(0).wrapping_add(1);
    SocketAddr::new(ip(last), 5060).to_string()
}
