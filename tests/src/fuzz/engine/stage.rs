//! The gateway with its clients and phone systems, and what must hold after every operation.

use std::collections::VecDeque;
use std::sync::Arc;

use ctigate_core::action::MAX_ACTIONS;
use ctigate_core::config::Config;
use ctigate_core::engine::{Engine, View};
use ctigate_core::line::directory::Directory;
use ctigate_core::setting::Value;
use ctigate_core::{Closed, Command, Duration, Input, LinkId, ListenerId, Seed};

use super::systems::{self, System};
use crate::bench::{Bench, Client, Line, PhoneSystem, Sip, address};
use crate::fuzz::choices::Choices;
use crate::fuzz::ledger::Ledger;
use crate::fuzz::reached::Reached;

/// The longest SIP message; small, so that a fuzzer reaches it.
const MESSAGE_BYTES: usize = 4096;

/// How often peers that act by themselves take turns with the gateway before it must come to rest.
const ROUNDS: usize = 200;

/// How long a session lives without a refresh, for any reasonable interval, in seconds.
const LONGEST: u32 = 10_000;

/// One client, and what it received.
pub(super) struct Actor {
    pub(super) client: Client,
    /// Requests of the gateway that are not answered.
    pub(super) asked: VecDeque<Sip>,
}

/// The gateway with its peers.
pub(super) struct Stage {
    pub(super) bench: Bench,
    pub(super) actors: Vec<Actor>,
    pub(super) systems: Vec<System>,
    /// Connections towards clients that the gateway asked for.
    pub(super) wanted: VecDeque<LinkId>,
    pub(super) ledger: Ledger,
    /// Whether clients behave well by themselves.
    pub(super) clients_behave: bool,
    /// Whether phone systems behave well by themselves.
    pub(super) systems_behave: bool,
    /// Whether what is due is handled at once.
    pub(super) prompt: bool,
    reached: Reached,
}

/// How many bytes are read before the first operation, if all of them are zero.
pub(super) const FIRST_CHOICES: usize = 10;

const NAMES: [&str; 4] = ["alice", "bob", "carol", "dave"];

fn configured(choices: &mut Choices<'_>) -> Bench {
    let tight = choices.chance(64);
    let number = |number: i64| Value::Integer(number);
    let text = |text: &str| Value::Text(text.into());
    let mut settings = vec![
        ("limits.message_bytes", number(4096)),
        ("sip.linger", number(if choices.chance(128) { 90 } else { 2100 })),
        ("cti.verify_line", Value::Flag(!choices.chance(64))),
        ("cti.session", text(if choices.chance(64) { "none" } else { "application" })),
        ("cti.reconnect_max", number(3600)),
        ("cti.edition", number(if choices.chance(64) { 6 } else { 3 })),
    ];
    if choices.chance(96) {
        settings.push(("cti.connection[0].switch", text("s")));
        settings.push(("cti.connection[1].address", text("127.0.0.1:4001")));
        let switch = choices.word(&["s", "t"]);
        settings.push(("cti.connection[1].switch", text(switch)));
        if switch == "t" {
            settings.push(("cti.connection[0].device_id", text("PJSIP/{number}")));
            settings.push(("cti.connection[1].device_id", text("ask")));
            settings.push(("cti.connection[1].switch_name", text("CM1")));
        }
    }
    if tight {
        settings.extend([
            ("limits.links", number(5)),
            ("limits.sessions", number(3)),
            ("limits.monitors_per_session", number(2)),
            ("limits.monitors_per_device", number(3)),
            ("limits.calls_per_device", number(2)),
            ("limits.transactions", number(2)),
            ("limits.queued_events", number(2)),
            ("limits.dialog_bytes", number(1024)),
            ("cti.window", number(2)),
            ("cti.queue", number(2)),
        ]);
    }
    if choices.chance(96) {
        settings.push(("directory.domains", Value::List(vec![text("example.com")])));
        return Bench::of(&settings, listed);
    }
    Bench::with(&settings)
}

/// The directory of some gateways: the clients share a line on two devices.
const DIRECTORY: &str = "ctigate directory 1
line 1001
device SEP0002FD3BB5C5
device SOFT1 kind=soft
appearance 1001 SEP0002FD3BB5C5 1
appearance 1001 SOFT1 1 device_id=1001:SOFT1
user alice line=1001@SEP0002FD3BB5C5
user bob line=1001
user carol line=1001@SEP0002FD3BB5C5
user dave line=1001@SOFT1
";

#[expect(clippy::expect_used, reason = "the directory is a constant")]
fn listed(config: Config, seed: Seed) -> Engine {
    let directory = Directory::read(DIRECTORY, "clients").expect("a directory without mistakes");
    Engine::new(config, seed).with_directory(Arc::new(directory))
}

impl Stage {
    pub(super) fn new(choices: &mut Choices<'_>) -> Self {
        let mut stage = Self {
            bench: configured(choices),
            actors: Vec::new(),
            systems: Vec::new(),
            wanted: VecDeque::new(),
            ledger: Ledger::new(MESSAGE_BYTES),
            clients_behave: !choices.chance(96),
            systems_behave: !choices.chance(40),
            prompt: !choices.chance(48),
            reached: Reached::default(),
        };
        for name in NAMES {
            let line = if name == "dave" {
                Line::Datagram(address("127.0.0.1:49000"))
            } else {
                Line::Stream(stage.connect("127.0.0.1"))
            };
            let mut client = Client::over(line, name);
            client.branch = name != "bob";
            stage.actors.push(Actor { client, asked: VecDeque::new() });
        }
        stage.look();
        stage
    }

    /// Opens a connection to the gateway.
    pub(super) fn connect(&mut self, host: &str) -> LinkId {
        let link = self.bench.connect_from(host);
        self.ledger.opened(link);
        link
    }

    /// Ends a connection, if it is open.
    pub(super) fn close(&mut self, link: LinkId, why: Closed) {
        if self.ledger.is_open(link) {
            self.input(Input::Closed { link, why });
            self.ledger.closed(link);
        }
    }

    /// Gives the gateway an input; what is due may be handled later.
    pub(super) fn input(&mut self, input: Input<'_>) {
        self.bench.input(input);
        if self.prompt {
            self.bench.settle();
        }
    }

    /// Sends bytes to the gateway.
    pub(super) fn say(&mut self, over: Line, bytes: &[u8]) {
        match over {
            Line::Stream(link) if self.ledger.is_open(link) => {
                self.ledger.said(link, bytes);
                self.input(Input::Bytes { link, bytes });
            }
            Line::Stream(_) => {}
            Line::Datagram(peer) => {
                self.ledger.thrown(bytes);
                let socket = ListenerId::new(1);
                self.input(Input::Datagram { listener: socket, peer, bytes });
            }
        }
    }

    /// Processes what the gateway sends and asks for, and lets peers that behave react.
    ///
    /// # Panics
    /// If the gateway does not come to rest, or a property does not hold.
    pub(super) fn look(&mut self) {
        for round in 0.. {
            assert!(round < ROUNDS, "the gateway and peers that behave never come to rest");
            if !self.look_once() {
                break;
            }
        }
        for notice in self.bench.notices() {
            let name = notice.split(' ').next().unwrap_or_default();
            self.reached.note(String::from(name));
            if notice.contains("CTI connection was replaced") {
                self.reached.note("stale session");
            }
        }
        self.reached.tables(&self.bench.engine().view());
        let most = self.bench.high_water();
        assert!(most < MAX_ACTIONS, "{most} actions in a step");
    }

    /// Processes what the gateway did. Returns whether there was anything.
    fn look_once(&mut self) -> bool {
        let mut moved = self.take_connects();
        for index in 0..self.systems.len() {
            moved |= self.hear_system(index);
        }
        for link in self.ledger.open() {
            let heard = self.bench.messages(link);
            for message in &heard {
                self.ledger.assert_sound(message);
                if message.status() > 0 {
                    self.ledger.answered(link, message);
                }
                self.hear(message);
            }
            moved |= !heard.is_empty();
            if self.bench.is_closed(link) {
                self.ledger.closed(link);
            }
        }
        let datagrams: Vec<Sip> = self.bench.datagrams(address("127.0.0.1:49000"));
        for message in &datagrams {
            self.ledger.assert_sound(message);
            self.hear(message);
        }
        moved || !datagrams.is_empty()
    }

    /// Notes the connections that the gateway asks for.
    fn take_connects(&mut self) -> bool {
        let wanted = self.bench.connects();
        for (link, target) in &wanted {
            if target.starts_with("127.0.0.1:400") {
                self.systems.push(System::new(*link, target.clone()));
                if self.systems_behave {
                    self.open_system(self.systems.len() - 1);
                }
            } else {
                self.ledger.opened(*link);
                self.wanted.push_back(*link);
                if self.clients_behave {
                    self.open_wanted();
                }
            }
        }
        !wanted.is_empty()
    }

    /// Opens a CTI connection that the gateway asked for.
    pub(super) fn open_system(&mut self, index: usize) {
        let Some(system) = self.systems.get_mut(index).filter(|system| !system.open && !system.over) else {
            return;
        };
        if self.bench.is_closed(system.link) {
            system.over = true;
            return;
        }
        system.open = true;
        let (link, peer) = (system.link, system.address.clone());
        self.bench.opened(link, &peer);
    }

    /// Opens a connection towards a client that the gateway asked for.
    pub(super) fn open_wanted(&mut self) {
        if let Some(link) = self.wanted.pop_front().filter(|link| self.ledger.is_open(*link)) {
            self.bench.opened(link, "127.0.0.1:5070");
        }
    }

    fn hear_system(&mut self, index: usize) -> bool {
        let Some(system) = self.systems.get_mut(index) else { return false };
        let hand = PhoneSystem::on(system.link);
        let asked = hand.asked(&mut self.bench);
        let any = !asked.is_empty();
        let Some(system) = self.systems.get_mut(index) else { return false };
        system.asked.extend(asked);
        system.over |= self.bench.is_closed(system.link);
        while self.systems_behave
            && let Some(system) = self.systems.get_mut(index).filter(|system| system.open && !system.over)
            && let Some(asked) = system.asked.pop_front()
        {
            for (index, document) in system.usual_answer(&asked).iter().enumerate() {
                let invoke = if index == 0 { asked.invoke } else { systems::TOLD };
                hand.say(&mut self.bench, invoke, document);
            }
        }
        any
    }

    /// Gives a message to a client, which reacts if it behaves well.
    fn hear(&mut self, message: &Sip) {
        let named = |actor: &&mut Actor| message.header("Call-ID") == actor.client.call_id;
        let behaves = self.clients_behave;
        let Some(actor) = self.actors.iter_mut().find(named) else { return };
        let line = actor.client.line;
        self.reached.said(message);
        if message.status() == 0 {
            if behaves {
                let answer = message.answered(200);
                self.say(line, answer.as_bytes());
            } else {
                actor.asked.push_back(message.clone());
            }
            return;
        }
        if actor.client.learn(message) && behaves {
            let ack = actor.client.request("ACK", "");
            self.say(line, ack.as_bytes());
        }
    }

    /// Lets time pass; peers that behave well react to what happens.
    pub(super) fn advance(&mut self, span: Duration) {
        let end = self.bench.now() + span;
        self.bench.settle();
        while self.bench.advance_once(end) {
            self.look();
        }
    }

    /// Ends the run: all clients leave, nothing may remain, and the gateway stops.
    ///
    /// # Panics
    /// If something remains.
    pub(super) fn end(mut self) -> Reached {
        (self.prompt, self.clients_behave, self.systems_behave) = (true, false, false);
        if self.bench.finished().is_none() {
            self.bench.settle();
            self.advance(Duration::from_secs(40));
            self.look();
        }
        if self.bench.finished().is_none() {
            self.ledger.assert_all_answered();
        }
        for link in self.ledger.open() {
            self.close(link, Closed::ByPeer);
        }
        if self.ledger.longest <= LONGEST && self.bench.finished().is_none() {
            self.advance(Duration::from_secs(u64::from(LONGEST) + 100));
            let view = self.bench.engine().view();
            let connections = self.bench.engine().connections().count();
            // A connection that carries no dialog waits for the end of its silence.
            let nothing = View { timers: connections + view.links, ..View::default() };
            if self.bench.finished().is_none() {
                assert_eq!(View { links: 0, ..view }, nothing, "something remains");
            }
        }
        self.input(Input::from(Command::Stop));
        self.advance(Duration::from_secs(61));
        assert_eq!(self.bench.finished(), Some(0), "a stop comes to an end");
        assert_eq!(self.bench.engine().view().sessions, 0, "sessions remain after a stop");
        self.look();
        core::mem::take(&mut self.reached)
    }
}
