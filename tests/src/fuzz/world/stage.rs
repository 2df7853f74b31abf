//! The machines and the clients behind the load balancer, and the properties that must hold.

use std::collections::{BTreeMap, VecDeque};

use ctigate_core::engine::View;
use ctigate_core::wire::sip::{Framed, Framer};
use ctigate_core::{Command, Duration, LinkId};

use super::town::{self, FIRST_PHONE, Gateway, PHONES, PhoneSystem};
use crate::bench::{Client, Line, Sip, address, csta};
use crate::fuzz::choices::Choices;
use crate::fuzz::reached::Reached;
use crate::world::{Death, Fault, HostId, Weather, World};

/// The longest SIP message; small, so that a fuzzer reaches it.
pub(super) const MESSAGE_BYTES: usize = 4096;

/// The longest message of a gateway.
const SAID_BYTES: usize = 65_536;

/// How long a session lives without a refresh, for any reasonable interval, in seconds.
const LONGEST: u32 = 10_000;

/// One client behind the balancer.
pub(super) struct Actor {
    pub(super) client: Client,
    /// The gateway that the balancer sends it to.
    pub(super) gateway: usize,
    /// The gateways' unanswered requests, and the connections they came over.
    pub(super) asked: VecDeque<(Line, Sip)>,
}

/// A connection of the balancer.
struct Heard {
    /// The gateway at its other end, if the balancer opened it.
    gateway: Option<usize>,
    framer: Framer,
    /// How many of its bytes were read.
    read: usize,
}

/// The world, with its hand-driven clients.
pub(super) struct Stage {
    pub(super) world: World,
    pub(super) gateways: Vec<Gateway>,
    pub(super) system: PhoneSystem,
    /// The scripted clients.
    pub(super) clients: Vec<HostId>,
    pub(super) actors: Vec<Actor>,
    balancer: HostId,
    links: BTreeMap<LinkId, Heard>,
    datagrams: usize,
    /// Whether clients behind the balancer behave well by themselves.
    pub(super) behave: bool,
    /// Whether bytes were damaged on their way.
    pub(super) damaged: bool,
    reached: Reached,
}

const NAMES: [&str; 4] = ["alice", "bob", "carol", "dave"];

/// Where datagrams to clients arrive.
const DATAGRAMS: &str = "127.0.0.1:49000";

/// How many bytes are read before the first operation, if all of them are zero.
pub(super) const FIRST_CHOICES: usize = 13;

/// Panics on a fault of the world.
#[expect(clippy::panic, reason = "a property that does not hold is what the fuzzer looks for")]
pub(super) fn sound<T>(done: Result<T, Fault>) -> T {
    done.unwrap_or_else(|fault| panic!("{fault}"))
}

impl Stage {
    pub(super) fn new(choices: &mut Choices<'_>) -> Self {
        let mut world = World::new(0, Weather::CALM);
        let plan = town::plan(choices);
        let system = sound(town::phone_system(&mut world));
        let gateways =
            vec![sound(town::gateway(&mut world, 1, &plan)), sound(town::gateway(&mut world, 2, &plan))];
        let indexes = [usize::from(!choices.chance(128)), 1];
        let clients = indexes.into_iter().zip(21..).filter_map(|(index, last)| {
            let udp = last == 22 && choices.chance(128);
            Some(sound(town::client(&mut world, last, gateways.get(index)?, udp)))
        });
        let clients = clients.collect();
        let balancer = town::balancer(&mut world);
        let mut stage = Self {
            world,
            gateways,
            system,
            clients,
            actors: Vec::new(),
            balancer,
            links: BTreeMap::new(),
            datagrams: 0,
            behave: !choices.chance(96),
            damaged: false,
            reached: Reached::default(),
        };
        for (index, name) in NAMES.into_iter().enumerate() {
            let gateway = index % 2;
            let line =
                if name == "dave" { Line::Datagram(address(DATAGRAMS)) } else { stage.connect(gateway) };
            let mut client = Client::over(line, name);
            client.branch = name != "bob";
            stage.actors.push(Actor { client, gateway, asked: VecDeque::new() });
        }
        stage.run(Duration::from_millis(20));
        if choices.chance(192) {
            stage.sign_in_all();
        }
        stage
    }

    /// Every client behind the balancer signs in and starts a monitor, as clients do.
    fn sign_in_all(&mut self) {
        for monitors in [false, true] {
            for index in 0..self.actors.len() {
                let Some(actor) = self.actors.get_mut(index) else { continue };
                let (method, body) = if monitors {
                    let object = format!("<deviceObject>{}</deviceObject>", actor.client.uri);
                    ("INFO", csta("MonitorStart", &format!("<monitorObject>{object}</monitorObject>")))
                } else {
                    ("INVITE", actor.client.sign_in_body())
                };
                let text = actor.client.request(method, &body);
                self.say(index, text.as_bytes());
            }
            self.run(Duration::from_millis(30));
        }
    }

    /// Lets time pass.
    pub(super) fn run(&mut self, span: Duration) {
        sound(self.world.run_for(span));
        self.look();
    }

    /// Opens a connection to a gateway.
    pub(super) fn connect(&mut self, gateway: usize) -> Line {
        let Some(to) = self.gateways.get_mut(gateway) else { return Line::Datagram(address(DATAGRAMS)) };
        let link = self.world.connect(self.balancer, &to.address.to_string());
        to.ledger.opened(link);
        self.links.insert(link, Heard { gateway: Some(gateway), framer: Framer::default(), read: 0 });
        Line::Stream(link)
    }

    /// The balancer ends a connection.
    pub(super) fn close(&mut self, over: Line) {
        let Line::Stream(link) = over else { return };
        if self.world.is_open(self.balancer, link) {
            self.world.close(self.balancer, link);
        }
        self.forget(link);
    }

    fn forget(&mut self, link: LinkId) {
        let heard = self.links.remove(&link);
        if let Some(gateway) = heard.and_then(|heard| heard.gateway)
            && let Some(gateway) = self.gateways.get_mut(gateway)
        {
            gateway.ledger.closed(link);
        }
    }

    /// Breaks all connections between the balancer and a gateway.
    pub(super) fn cut_off(&mut self, gateway: usize) {
        if let Some(gateway) = self.gateways.get(gateway) {
            self.world.cut_link(self.balancer, gateway.host);
        }
    }

    /// Holds up everything between the balancer and a gateway, or lets it through.
    pub(super) fn hold_up(&mut self, gateway: usize, hold: bool) {
        let Some(gateway) = self.gateways.get(gateway).map(|gateway| gateway.host) else { return };
        for (from, to) in [(self.balancer, gateway), (gateway, self.balancer)] {
            if hold {
                self.world.stall(from, to);
            } else {
                self.world.resume(from, to);
            }
        }
    }

    /// Crashes a gateway, and drops the answers that it owed.
    pub(super) fn crash(&mut self, index: usize, death: Death) {
        let Some(gateway) = self.gateways.get_mut(index) else { return };
        self.world.crash(gateway.host, death);
        for link in gateway.ledger.open() {
            gateway.ledger.closed(link);
        }
    }

    /// Restarts a gateway that has ended.
    pub(super) fn revive(&mut self, index: usize) {
        if let Some(gateway) = self.gateways.get_mut(index) {
            gateway.revive(&mut self.world);
        }
    }

    /// Sends bytes of a client to its gateway.
    pub(super) fn say(&mut self, index: usize, bytes: &[u8]) {
        let Some(actor) = self.actors.get(index) else { return };
        let (line, gateway) = (actor.client.line, actor.gateway);
        self.say_over(line, gateway, bytes);
    }

    /// Sends bytes from the balancer.
    pub(super) fn say_over(&mut self, over: Line, gateway: usize, bytes: &[u8]) {
        let Some(gateway) = self.gateways.get_mut(gateway) else { return };
        match over {
            Line::Stream(link) if self.world.is_open(self.balancer, link) => {
                gateway.ledger.said(link, bytes);
                self.world.write(self.balancer, link, bytes);
            }
            Line::Stream(_) => {}
            Line::Datagram(_) => {
                gateway.ledger.thrown(bytes);
                self.world.send_datagram(self.balancer, 0, gateway.address, bytes);
            }
        }
    }

    /// Processes the gateways' messages to clients behind the balancer, which react if they behave well; and notes
    /// table sizes.
    pub(super) fn look(&mut self) {
        for link in self.world.links(self.balancer) {
            self.hear_stream(link);
        }
        let news = self.world.datagrams(self.balancer).get(self.datagrams..).unwrap_or_default();
        let news: Vec<Vec<u8>> = news.iter().map(|(_, bytes)| bytes.clone()).collect();
        self.datagrams += news.len();
        for bytes in news {
            for message in Sip::split(&bytes) {
                self.hear(Line::Datagram(address(DATAGRAMS)), &message);
            }
        }
        for gateway in &self.gateways {
            self.reached.tables(&gateway.view());
        }
        let full = self.system.counts().map(|count| count.min(2));
        self.reached.note(format!("phone system {full:?}"));
    }

    fn hear_stream(&mut self, link: LinkId) {
        let over = self.world.closed(self.balancer, link).is_some();
        let known =
            if over { None } else { Some(Heard { gateway: None, framer: Framer::default(), read: 0 }) };
        let heard = self.links.remove(&link).or(known);
        let Some(mut heard) = heard else { return };
        let news = self.world.received(self.balancer, link).get(heard.read..).unwrap_or_default();
        heard.read += news.len();
        let mut messages = Vec::new();
        let mut rest = news;
        while !rest.is_empty() {
            let (taken, found) = heard.framer.push(rest, SAID_BYTES);
            match found {
                Framed::Message(message) => messages.extend(Sip::split(message.bytes)),
                Framed::KeepAlive | Framed::Incomplete => {}
                Framed::Broken(error, _) => {
                    assert_eq!(None, Some(error), "a gateway said what is no message");
                }
            }
            rest = rest.get(taken..).unwrap_or_default();
        }
        let gateway = heard.gateway;
        self.links.insert(link, heard);
        for message in &messages {
            if let Some(gateway) = gateway.and_then(|index| self.gateways.get_mut(index))
                && message.status() > 0
            {
                gateway.ledger.answered(link, message);
            }
            self.hear(Line::Stream(link), message);
        }
        if over {
            self.forget(link);
        }
    }

    /// Gives a message to a client, which reacts if it behaves well.
    fn hear(&mut self, line: Line, message: &Sip) {
        if let Some(gateway) = self.gateways.first() {
            gateway.ledger.assert_sound(message);
        }
        self.reached.said(message);
        let named = |actor: &&mut Actor| message.header("Call-ID") == actor.client.call_id;
        let Some(actor) = self.actors.iter_mut().find(named) else { return };
        let gateway = actor.gateway;
        if message.status() == 0 {
            if self.behave {
                let answer = message.answered(200);
                self.say_over(line, gateway, answer.as_bytes());
            } else {
                actor.asked.push_back((line, message.clone()));
            }
            return;
        }
        if actor.client.learn(message) && self.behave {
            let ack = actor.client.request("ACK", "");
            self.say_over(line, gateway, ack.as_bytes());
        }
    }

    /// Ends the run: the weather becomes calm, everything is answered, all clients leave, nothing may remain, and every
    /// machine's run is replayed.
    ///
    /// # Panics
    /// If something remains, or does not replay.
    pub(super) fn end(mut self) -> Reached {
        self.world.set_weather(Weather::CALM);
        self.let_through();
        for line in ["stall off", "delay 0", "system normal"] {
            self.world.line(self.system.host, line);
        }
        for client in self.clients.clone() {
            self.world.line(client, "quit");
            self.world.command(client, Command::End);
        }
        self.behave = false;
        for _ in 0..5 {
            self.run(Duration::from_secs(8));
        }
        for gateway in self.gateways.iter().filter(|gateway| self.world.finished(gateway.host).is_none()) {
            gateway.ledger.assert_all_answered();
        }
        for link in self.world.links(self.balancer) {
            self.close(Line::Stream(link));
        }
        for index in 0..self.gateways.len() {
            self.revive(index);
        }
        self.hang_up();
        let longest = self.gateways.iter().map(|gateway| gateway.ledger.longest).max().unwrap_or(0);
        if longest <= LONGEST {
            self.run(Duration::from_secs(u64::from(longest.max(90)) + 300));
            self.assert_empty();
        }
        for gateway in &self.gateways {
            self.world.command(gateway.host, Command::Stop);
        }
        sound(self.world.run_for(Duration::from_secs(61)));
        for gateway in &self.gateways {
            assert_eq!(self.world.finished(gateway.host), Some(0), "a stop comes to an end");
            assert_eq!(gateway.view().sessions, 0, "sessions remain after a stop");
        }
        sound(self.world.replayed());
        self.count()
    }

    /// Lets everything through.
    fn let_through(&mut self) {
        let mut hosts: Vec<HostId> = self.gateways.iter().map(|gateway| gateway.host).collect();
        hosts.extend(self.clients.iter().chain([&self.system.host, &self.balancer]));
        for from in &hosts {
            for to in &hosts {
                self.world.resume(*from, *to);
            }
        }
    }

    /// Hangs up all phones, as often as they may have calls.
    fn hang_up(&mut self) {
        for _ in 0..8 {
            for phone in FIRST_PHONE..FIRST_PHONE + PHONES {
                self.world.line(self.system.host, &format!("hangup {phone}"));
            }
        }
    }

    /// Checks that nothing remains.
    fn assert_empty(&self) {
        for gateway in self.gateways.iter().filter(|gateway| self.world.finished(gateway.host).is_none()) {
            let View { links, .. } = gateway.view();
            // A connection that carries no dialog waits for the end of its silence.
            let nothing = View { links, timers: gateway.cti + links, ..View::default() };
            assert_eq!(gateway.view(), nothing, "something remains:\n{}", self.world.scene());
        }
        for client in &self.clients {
            assert!(self.world.finished(*client).is_some(), "a client never ends:\n{}", self.world.scene());
        }
        let [monitors, calls] = self.system.counts();
        assert_eq!(calls, 0, "calls remain:\n{}", self.world.scene());
        // A request that could not be sent or was not answered may have left something at the phone system, which is
        // logged.
        let given_up = ["monitor_left_behind", "service_timed_out"];
        let said = |gateway: &Gateway| {
            self.world.notices(gateway.host).iter().any(|said| given_up.contains(&said.name))
        };
        let excused = self.damaged || self.gateways.iter().any(said);
        assert!(monitors == 0 || excused, "monitors remain:\n{}", self.world.scene());
    }

    /// The states that were reached.
    fn count(mut self) -> Reached {
        for gateway in &self.gateways {
            for said in self.world.notices(gateway.host) {
                self.reached.note(said.name);
            }
        }
        for client in &self.clients {
            for line in self.world.printed(*client) {
                let mut words = line.split([' ', ':']).map(str::to_owned);
                let word = words.next().unwrap_or_default();
                let event = if word == "event" { words.next() } else { None };
                self.reached.note(
                    event.map_or_else(|| format!("client: {word}"), |event| format!("client: event {event}")),
                );
            }
        }
        self.reached
    }
}
