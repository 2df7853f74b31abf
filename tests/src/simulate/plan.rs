//! The plan of a simulated world, drawn from the seed.

use core::net::SocketAddr;

use ctigate_core::config::MAX_CONNECTIONS;

use super::book::{Book, Named};
use super::client::belief::number;
use super::schedule::{GROUP, PARKING};
use crate::office::ip;
use crate::random::Random;

/// The phones of every phone system.
pub(super) const PHONES: u64 = 6;

/// The first phone's number.
pub(super) const FIRST_PHONE: u64 = 1001;

/// The most trunks of a phone system.
pub(super) const TRUNKS: u64 = 4;

/// The last part of the first client's address; those of the others follow.
pub(super) const FIRST_CLIENT: u8 = 101;

/// The most clients.
const CLIENTS: u64 = 6;

/// How a client treats the gateway's requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Answers them.
    Polite,
    /// Never answers events, like SIPE.
    Silent,
    /// A proxy answers events with 408.
    Proxied,
}

/// One client.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, Debug)]
pub struct ClientPlan {
    /// Its user's name.
    pub user: String,
    /// Its phone's number.
    pub number: String,
    /// Whether it uses UDP.
    pub udp: bool,
    /// How it treats events.
    pub manner: Manner,
    /// Whether, like SIPE, its CSeq goes back after each answered INVITE, and it refreshes in the same dialog after a
    /// 481.
    pub sipe: bool,
    /// Whether it asks for its calls after each refresh in the storm; SIPE never does.
    pub asks: bool,
    /// Whether it wants service in calm weather.
    pub stays: bool,
    /// How it names itself and its line, if there is a directory.
    pub named: Option<Named>,
}

impl ClientPlan {
    /// The URI in From.
    pub(super) fn from(&self) -> String {
        let own = || format!("sip:{}@example.com", self.user);
        self.named.as_ref().map_or_else(own, |named| named.from.clone())
    }

    /// The line as it names it.
    pub(super) fn line(&self) -> String {
        let own = || format!("tel:{};phone-context=dialstring", self.number);
        self.named.as_ref().map_or_else(own, |named| named.uri.clone())
    }

    /// Whether what it is told of its line may also be said of another phone, while the phone system knows its line as
    /// `phone`: its line URI has the other's number, and its user has chosen another line.
    pub(super) fn looks_like_another(&self, phone: &str) -> bool {
        let shown = number(&self.line());
        let is_phone = shown.parse().is_ok_and(|shown| (FIRST_PHONE..FIRST_PHONE + PHONES).contains(&shown));
        is_phone && shown != phone
    }
}

/// A CTI connection: which phone system, and its port there.
pub type CtiPlan = (usize, u16);

/// The bounds that tables are checked against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// `limits.sessions`.
    pub sessions: usize,
    /// `limits.monitors_per_session`.
    pub monitors_per_session: usize,
    /// `limits.monitors_per_device`.
    pub monitors_per_device: usize,
    /// `limits.calls_per_device`.
    pub calls_per_device: usize,
    /// `limits.transactions`.
    pub transactions: usize,
    /// `limits.links`.
    pub links: usize,
}

impl Bounds {
    /// The usual bounds, which are hardly ever reached.
    const USUAL: Self = Self {
        sessions: 100,
        monitors_per_session: 4,
        monitors_per_device: 32,
        calls_per_device: 32,
        transactions: 1_000,
        links: 64,
    };

    /// Whether every session may have one monitor more than it needs.
    pub(super) const fn has_spare_monitors(&self) -> bool {
        self.monitors_per_session == Self::USUAL.monitors_per_session
            && self.monitors_per_device == Self::USUAL.monitors_per_device
    }
}

/// A whole world.
#[derive(Clone, Debug)]
pub struct WorldPlan {
    /// How many gateway nodes there are.
    pub nodes: usize,
    /// How many phone systems there are.
    pub switches: usize,
    /// The CTI connections of every node, in configured order.
    pub connections: Vec<CtiPlan>,
    /// The nodes' settings other than addresses.
    pub gateway: Vec<String>,
    /// The phone systems' settings other than addresses.
    pub switch: Vec<String>,
    /// The bounds among the nodes' settings.
    pub bounds: Bounds,
    /// Whether clients may name other phones' connections.
    pub foreign_calls: bool,
    /// Whether the phone systems have SnapshotDevice.
    pub snapshots: bool,
    /// How long the load balancer takes to notice that a node is dead, in milliseconds.
    pub unnoticed: u64,
    /// The clients.
    pub clients: Vec<ClientPlan>,
    /// The directory of users and lines; without one, any line may be controlled.
    pub book: Option<Book>,
}

impl WorldPlan {
    /// Draws a world.
    #[must_use]
    pub fn draw(random: &mut Random) -> Self {
        let nodes = if random.chance(350) { 2 } else { 1 };
        let switches = 1 + random.index(3);
        let connections = draw_connections(random, switches);
        let (gateway, bounds) = draw_gateway(random);
        let switch = draw_switch(random);
        let clients = draw_clients(random, bounds.sessions);
        let unnoticed = if random.chance(300) { random.between(200, 10_000) } else { 0 };
        let snapshots = !random.chance(40);
        let foreign_calls = random.chance(300);
        let mut plan = Self {
            nodes,
            switches,
            connections,
            gateway,
            switch,
            bounds,
            foreign_calls,
            snapshots,
            unnoticed,
            clients,
            book: None,
        };
        plan.draw_rarities(random);
        plan
    }

    /// Draws a directory for a part of the worlds: those in which every phone may have any number of clients.
    #[must_use]
    pub fn with_book(mut self, random: &mut Random) -> Self {
        if !random.chance(450) || !self.bounds.has_spare_monitors() {
            return self;
        }
        let book = Book::draw(random, self.clients.len());
        for (index, client) in self.clients.iter_mut().enumerate() {
            client.named = Some(book.name(random, index));
        }
        self.book = Some(book);
        self
    }

    /// The plan of the client with a dialog: dialogs are named after its user.
    pub(super) fn client_of(&self, call_id: &str) -> Option<&ClientPlan> {
        let user = call_id.rsplit_once('-').map_or("", |(user, _)| user);
        self.clients.iter().find(|client| client.user == user)
    }

    /// Draws properties that few seeds have.
    fn draw_rarities(&mut self, random: &mut Random) {
        if random.chance(100) {
            self.gateway.push("cti.session = \"none\"".to_owned());
            self.switch.push("session = \"none\"".to_owned());
        }
        for (chance, setting) in [(200, "sip.may_say_503 = false"), (150, "cti.verify_line = false")] {
            if random.chance(chance) {
                self.gateway.push(setting.to_owned());
            }
        }
        if random.chance(100) {
            // Twice as many as the clients of a phone need: a takeover may bring a monitor that its client does not
            // know.
            let sharing = |number: &str| self.clients.iter().filter(|client| client.number == number).count();
            let need = self.clients.iter().map(|client| sharing(&client.number)).max().unwrap_or(1);
            let limit = need.saturating_mul(2).saturating_add(random.index(2));
            self.gateway.push(format!("limits.monitors_per_device = {limit}"));
            self.bounds.monitors_per_device = limit;
        }
        if random.chance(60) {
            let limit = random.between(1, 3);
            self.gateway.push(format!("limits.calls_per_device = {limit}"));
            self.bounds.calls_per_device = usize::try_from(limit).unwrap_or(usize::MAX);
        }
    }

    /// Whether CTI links have no application sessions.
    pub(super) fn has_no_sessions(&self) -> bool {
        self.gateway.iter().any(|line| line == "cti.session = \"none\"")
    }

    /// Whether a client's own connections lead to `target`; its dialogs are named after its user.
    pub(super) fn is_address_of(&self, target: &str, call_id: &str) -> bool {
        let user = call_id.rsplit_once('-').map_or("", |(user, _)| user);
        let index = self.clients.iter().position(|client| client.user == user);
        index.is_some_and(|index| client_address(index) == target)
    }

    /// Whether nodes move sessions by themselves.
    pub(super) fn rebinds(&self) -> bool {
        self.gateway.iter().any(|line| line == "cti.recovery = \"rebind\"")
    }

    /// The phone system that the number at the beginning of a callID stands for.
    #[must_use]
    pub fn switch_of(&self, index: usize) -> Option<usize> {
        self.connections.get(index).map(|(switch, _)| *switch)
    }
}

/// The SIP address of a client.
pub(super) fn client_address(index: usize) -> String {
    let last = u8::try_from(index).unwrap_or(0).wrapping_add(FIRST_CLIENT);
    SocketAddr::new(ip(last), 5060).to_string()
}

/// Draws one or two connections to each phone system, or as many as possible, in any order.
fn draw_connections(random: &mut Random, switches: usize) -> Vec<CtiPlan> {
    let mut connections = Vec::new();
    let most = random.chance(50);
    for switch in 0..switches {
        let count = match switch.saturating_add(1) {
            last if most && last == switches => MAX_CONNECTIONS.saturating_sub(connections.len()),
            _ if random.chance(400) => 2,
            _ => 1,
        };
        for port in (2_750..).take(count) {
            let index = random.index(connections.len() + 1);
            connections.insert(index, (switch, port));
        }
    }
    connections
}

fn draw_gateway(random: &mut Random) -> (Vec<String>, Bounds) {
    let heartbeat = random.between(2, 12);
    let mut settings = vec![
        "sip.session_expires = 90".to_owned(),
        "sip.linger = 90".to_owned(),
        "sip.stop_timeout = 2".to_owned(),
        format!("sip.drain_timeout = {}", random.between(1, 10)),
        format!("cti.session_duration = {}", heartbeat.saturating_add(random.between(9, 30))),
        format!("cti.reconnect_max = {}", random.between(1, 15)),
        format!("cti.recovery = \"{}\"", if random.chance(400) { "rebind" } else { "reinvite" }),
        format!("cti.rebind_rate = {}", random.between(1, 100)),
        format!("cti.heartbeat = {heartbeat}"),
        format!("cti.heartbeat_timeout = {}", random.between(1, heartbeat.saturating_sub(1).min(5))),
        format!("cti.service_timeout = {}", random.between(1, 5)),
    ];
    let mut bounds = Bounds::USUAL;
    for (setting, least, most, bound) in [
        ("sip.event_delay", 0, 60, None),
        ("cti.window", 1, 5, None),
        ("cti.queue", 2, 8, None),
        ("limits.queued_events", 8, 20, None),
        ("limits.sessions", 3, 7, Some(&mut bounds.sessions)),
        ("limits.monitors_per_session", 2, 4, Some(&mut bounds.monitors_per_session)),
        ("limits.transactions", 12, 80, Some(&mut bounds.transactions)),
        ("limits.links", 20, 32, Some(&mut bounds.links)),
    ] {
        if random.chance(200) {
            let value = random.between(least, most);
            settings.push(format!("{setting} = {value}"));
            if let Some(bound) = bound {
                *bound = usize::try_from(value).unwrap_or(usize::MAX);
            }
        }
    }
    (settings, bounds)
}

/// How phones are used that most phone systems have; `hangup_transfers` and the like are drawn for each phone.
fn draw_phone(random: &mut Random, index: u64, settings: &mut Vec<String>) {
    settings.push(format!("phone[{index}].number = \"{}\"", FIRST_PHONE.saturating_add(index)));
    let answer = random
        .pick(&["manual", "manual", "auto", "auto", "auto", "auto", "busy"])
        .copied()
        .unwrap_or("manual");
    settings.push(format!("phone[{index}].answer = \"{answer}\""));
    settings.push(format!("phone[{index}].no_answer_after_ms = {}", random.between(500, 8_000)));
    settings.push(format!("phone[{index}].answer_after_ms = {}", random.below(2_500)));
    if random.chance(250) {
        settings.push(format!("phone[{index}].hangup_transfers = true"));
    }
    if random.chance(600) {
        settings.push(format!("phone[{index}].pickup_group = {}", random.between(1, 2)));
    }
    if random.chance(150) {
        settings.push(format!("phone[{index}].call_waiting = false"));
    }
}

fn draw_switch(random: &mut Random) -> Vec<String> {
    let mut settings = Vec::new();
    for index in 0..PHONES {
        draw_phone(random, index, &mut settings);
    }
    let merged = random.pick(&["new", "new", "first", "second"]).copied().unwrap_or("new");
    settings.push(format!("merged_calls = \"{merged}\""));
    settings.push(format!("lines = {}", random.pick(&[1, 2, 2, 3, 4]).copied().unwrap_or(2)));
    settings.push(format!("trunks = {}", random.between(1, TRUNKS)));
    settings.push(format!("park_timeout_ms = {}", random.between(1_000, 30_000)));
    if random.chance(500) {
        settings.push("trunk_prefix = \"0\"".to_owned());
    }
    if random.chance(600) {
        settings.push(format!("parties = {}", random.between(3, 8)));
    }
    if random.chance(700) {
        settings.push(format!("parking = [\"{}\"]", PARKING.join("\", \"")));
    }
    if random.chance(300) {
        settings.push("permits = true".to_owned());
    }
    if random.chance(500) {
        let hunts = random.pick(&["all", "in_turn", "longest_idle"]).copied().unwrap_or("all");
        settings.push(format!("group[0].number = \"{GROUP}\""));
        settings.push("group[0].members = [\"1001\", \"1002\", \"1003\"]".to_owned());
        settings.push(format!("group[0].hunts = \"{hunts}\""));
        settings.push(format!("group[0].queue = {}", random.below(3)));
    }
    settings
}

fn draw_clients(random: &mut Random, sessions: usize) -> Vec<ClientPlan> {
    let count = random.between(1, CLIENTS);
    let udp = random.below(1_000);
    let drawn = (0..count).map(|index| {
        let shares = random.chance(250);
        let number = FIRST_PHONE.saturating_add(if shares { random.below(PHONES) } else { index });
        let manners = [Manner::Polite, Manner::Polite, Manner::Silent, Manner::Proxied];
        let sipe = random.chance(400);
        ClientPlan {
            user: format!("user{index}"),
            number: number.to_string(),
            udp: random.chance(udp),
            manner: random.pick(&manners).copied().unwrap_or(Manner::Polite),
            sipe,
            asks: !sipe && random.chance(500),
            // One session stays free for late INVITEs.
            stays: index < u64::try_from(sessions).unwrap_or(u64::MAX) && random.chance(850),
            named: None,
        }
    });
    drawn.collect()
}
