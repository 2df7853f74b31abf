//! A running simulated world: nodes, phone systems, clients, and faults that end later.

mod deeds;
mod ending;
mod people;
mod site;

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use core::cell::RefCell;

use ctigate_core::config::{Config, DirectoryVersion};
use ctigate_core::line::directory::Directory;
use ctigate_core::setting::{Setting, read_line};
use ctigate_core::trace::Header;
use ctigate_core::{Duration, Machine, Seed};
use ctigate_peers::switch::{Switch, SwitchConfig};

use super::book::Book;
use super::broken::{Broken, Canary};
use super::choices::Choices;
use super::client::{Balancer, Client, Health, node_address};
use super::guard::NodeGuard;
use super::ledger::Ledger;
use super::moody::Moody;
use super::plan::{FIRST_CLIENT, FIRST_PHONE, PHONES, WorldPlan};
use super::report::{Report, Transitions};
use super::seen::{Seen, SeenCalls};
use super::watch::{Watcher, watched};
use crate::office::ip;
use crate::world::{Fault, HostId, World};
use deeds::End;

/// The last part of the first phone system's address.
const FIRST_SWITCH: u8 = 11;

/// How long the world runs before the clients process what came.
const SLICE: u64 = 100_000;

/// One gateway node.
pub(super) struct Node {
    pub(super) host: HostId,
    pub(super) seen: Rc<RefCell<Seen>>,
    /// How often it was started.
    lives: u64,
    /// Its settings, without those that belong to the directory.
    lines: Vec<String>,
    settings: Vec<Setting>,
    config: Config,
    /// The directory that it began with.
    directory: Option<Arc<Directory>>,
    /// The directory in force.
    book: Rc<RefCell<Option<Book>>>,
    choices: Choices,
}

impl Node {
    /// The header of a trace that begins now.
    fn header(&self, seed: Seed) -> Header {
        let directory = self.directory.clone().map(DirectoryVersion::from);
        Header { directory, ..Header::new("gateway", seed, self.settings.clone()) }
    }
}

/// One phone system.
pub(super) struct PhoneSystem {
    pub(super) host: HostId,
    pub(super) calls: Rc<RefCell<SeenCalls>>,
    lives: u64,
    config: SwitchConfig,
}

/// The whole simulation.
pub(super) struct Stage {
    pub(super) plan: Rc<WorldPlan>,
    canary: Canary,
    pub(super) nodes: Vec<Node>,
    pub(super) switches: Vec<PhoneSystem>,
    pub(super) clients: Vec<Client>,
    pub(super) balancer: Balancer,
    /// The site's directory as it is written now; nodes may still have an earlier version.
    book: Option<Book>,
    ledger: Rc<RefCell<Ledger>>,
    transitions: Option<Rc<RefCell<Transitions>>>,
    /// What ends by itself, by time.
    ends: BTreeMap<(u64, u64), End>,
    sequence: u64,
    /// The report so far, which may hold reasons why phone systems have kept something.
    pub(super) report: Report,
}

/// Watches a phone system after every step.
struct CallsWatcher(Rc<RefCell<SeenCalls>>);

impl Watcher<Moody> for CallsWatcher {
    fn after(
        &mut self,
        machine: &Moody,
        _now: ctigate_core::Instant,
        _input: &ctigate_core::Input<'_>,
        _actions: &ctigate_core::Actions,
    ) {
        self.0
            .borrow_mut()
            .look(machine.switch(), (0..PHONES).map(|index| FIRST_PHONE.saturating_add(index)));
    }
}

impl Stage {
    /// Starts everything; no connection is in service yet.
    ///
    /// # Errors
    /// What is wrong with the plan.
    pub(super) fn new(
        world: &mut World,
        plan: &Rc<WorldPlan>,
        canary: Canary,
        watch_states: bool,
    ) -> Result<Self, Fault> {
        let mut stage = Self {
            plan: Rc::clone(plan),
            canary,
            nodes: Vec::new(),
            switches: Vec::new(),
            clients: Vec::new(),
            balancer: Balancer::new(plan.nodes),
            book: plan.book.clone(),
            ledger: Rc::default(),
            transitions: watch_states.then(Rc::default),
            ends: BTreeMap::new(),
            sequence: 0,
            report: Report::default(),
        };
        for index in 0..plan.switches {
            stage.add_switch(world, index)?;
        }
        for index in 0..plan.nodes {
            stage.add_node(world, index)?;
        }
        for (index, client) in (FIRST_CLIENT..).zip(&plan.clients) {
            let mut client = Client::new(world, client, index, &stage.ledger);
            client.forgetful = plan.bounds.transactions < 500;
            client.blind = !plan.snapshots;
            client.may_watch_twice = plan.bounds.has_spare_monitors();
            stage.clients.push(client);
        }
        Ok(stage)
    }

    fn add_switch(&mut self, world: &mut World, index: usize) -> Result<(), Fault> {
        let ports = self.plan.connections.iter().filter(|(switch, _)| *switch == index);
        let listens: Vec<String> = ports.map(|(_, port)| format!("\"0.0.0.0:{port}\"")).collect();
        let mut lines = vec![format!("listen = [{}]", listens.join(", "))];
        lines.extend(self.plan.switch.iter().cloned());
        let settings = settings(world, &lines)?;
        let config = SwitchConfig::from_settings(&settings).map_err(|errors| wrong(world, &errors))?;
        let calls = Rc::default();
        let seed = seed_of(world, 1_000, index, 0);
        let factory = switch_factory(&config, seed, (self.plan.snapshots, self.canary), &calls);
        let host = world.add(&format!("switch{index}"), address(FIRST_SWITCH, index), factory);
        self.switches.push(PhoneSystem { host, calls, lives: 0, config });
        Ok(())
    }

    fn add_node(&mut self, world: &mut World, index: usize) -> Result<(), Fault> {
        let sip = node_address(index);
        let mut lines = vec![
            format!("sip.tcp = [\"{sip}\"]"),
            format!("sip.udp = [\"{sip}\"]"),
            "sip.allow = [\"192.0.2.0/24\"]".to_owned(),
        ];
        for (number, (switch, port)) in self.plan.connections.iter().enumerate() {
            lines.push(format!("cti.connection[{number}].address = \"switch{switch}:{port}\""));
            lines.push(format!("cti.connection[{number}].switch = \"office{switch}\""));
            lines.push(format!("cti.connection[{number}].foreign_calls = {}", self.plan.foreign_calls));
        }
        lines.extend(self.plan.gateway.iter().cloned());
        let found = settings(world, &lines)?;
        let config = Config::from_settings(&found).map_err(|errors| wrong(world, &errors))?;
        let seed = seed_of(world, 0, index, 0);
        self.nodes.push(Node {
            host: HostId::default(),
            seen: Rc::default(),
            lives: 0,
            lines,
            settings: found,
            config,
            directory: None,
            book: Rc::default(),
            choices: Choices::default(),
        });
        self.read_site(world, index)?;
        let Some(node) = self.nodes.get(index) else { return Ok(()) };
        let factory = self.node_factory(world, index, node, seed);
        let header = node.header(seed);
        let host = world.add_traced(&format!("node{index}"), address(1, index), Some(header), factory);
        if let Some(node) = self.nodes.get_mut(index) {
            node.host = host;
        }
        Ok(())
    }

    /// A factory for a node's engine, with its guard.
    fn node_factory(
        &self,
        world: &World,
        index: usize,
        node: &Node,
        seed: Seed,
    ) -> impl Fn() -> Box<dyn Machine> + 'static {
        let calls: Vec<_> = self.switches.iter().map(|switch| Rc::clone(&switch.calls)).collect();
        let guard = NodeGuard::new(
            index,
            &self.plan,
            &world.alarm(),
            (&node.seen, &node.book),
            &self.ledger,
            &calls,
            self.transitions.clone(),
        );
        let (make, canary, directory) = (site::engines(node, seed), self.canary, node.directory.clone());
        watched(move || Broken::new(make(), canary, directory.as_deref()), Rc::new(RefCell::new(guard)))
    }

    /// Restarts a node, with another seed.
    fn restart_node(&mut self, world: &mut World, index: usize) -> Result<(), Fault> {
        let now = world.now();
        for client in &mut self.clients {
            client.excuse_node(index, now);
        }
        let Some(node) = self.nodes.get_mut(index) else { return Ok(()) };
        node.lives = node.lives.wrapping_add(1);
        let seed = seed_of(world, 0, index, node.lives);
        self.read_site(world, index)?;
        let Some(node) = self.nodes.get(index) else { return Ok(()) };
        let (host, header) = (node.host, node.header(seed));
        let factory = self.node_factory(world, index, node, seed);
        world.restart(host, Some(header), factory);
        self.balancer.set(index, Health::Up);
        self.check_choices(world)
    }

    /// Restarts a phone system, with another seed and without its calls.
    fn restart_switch(&mut self, world: &mut World, index: usize) {
        let Some(switch) = self.switches.get_mut(index) else { return };
        switch.lives = switch.lives.wrapping_add(1);
        switch.calls.borrow_mut().forget_settings();
        let seed = seed_of(world, 1_000, index, switch.lives);
        let factory = switch_factory(&switch.config, seed, (self.plan.snapshots, self.canary), &switch.calls);
        world.restart(switch.host, None, factory);
    }

    /// Runs until a time, ending what ends meanwhile and letting the clients act.
    ///
    /// # Errors
    /// The world's fault, or a message that a client must not get.
    pub(super) fn run_to(&mut self, world: &mut World, until: u64) -> Result<(), Fault> {
        while world.now() < until {
            let end = self.ends.first_key_value().map_or(u64::MAX, |((at, _), _)| *at);
            let next = until.min(end).min(world.now().saturating_add(SLICE)).max(world.now());
            world.run_for(Duration::from_micros(next.saturating_sub(world.now())))?;
            while self.ends.first_key_value().is_some_and(|((at, _), _)| *at <= world.now()) {
                if let Some((_, end)) = self.ends.pop_first() {
                    self.end(world, end)?;
                }
            }
            for client in &mut self.clients {
                client.tend(world, &mut self.balancer)?;
            }
        }
        Ok(())
    }

    /// Runs until `met`.
    ///
    /// # Errors
    /// A fault, or that it takes longer than `limit`.
    pub(super) fn run_until(
        &mut self,
        world: &mut World,
        what: &str,
        limit: u64,
        met: impl Fn(&Self, &World) -> bool,
    ) -> Result<(), Fault> {
        while !met(self, world) {
            if world.now() >= limit {
                let clients: Vec<String> = self.clients.iter().map(Client::scene).collect();
                let what = format!("waited in vain until {what}\n{}\n{}", clients.join("\n"), world.scene());
                return Err(Fault { seed: world.seed(), at: world.now(), what });
            }
            let next = world.now().saturating_add(5 * SLICE / 2);
            self.run_to(world, next)?;
        }
        Ok(())
    }

    /// The report of the whole run.
    pub(super) fn sum_up(&mut self, world: &World) -> Report {
        let mut report = core::mem::take(&mut self.report);
        for client in &self.clients {
            report.add(&client.report);
        }
        for node in &self.nodes {
            for said in world.notices(node.host) {
                report.meet(&format!("notice {}", said.name));
            }
            let steps = u64::try_from(world.steps(node.host)).unwrap_or(u64::MAX);
            report.steps = report.steps.saturating_add(steps);
            report.high_water = report.high_water.max(world.high_water(node.host));
        }
        self.sum_up_site(world, &mut report);
        if let Some(transitions) = &self.transitions {
            report.transitions.clone_from(&transitions.borrow());
        }
        report
    }
}

/// A factory for a phone system, with its watcher.
fn switch_factory(
    config: &SwitchConfig,
    seed: Seed,
    (snapshots, canary): (bool, Canary),
    calls: &Rc<RefCell<SeenCalls>>,
) -> impl Fn() -> Box<dyn Machine> + use<> + 'static {
    let config = config.clone();
    let make = move || Moody::new(Switch::new(config.clone(), seed), snapshots, canary);
    watched(make, Rc::new(RefCell::new(CallsWatcher(Rc::clone(calls)))))
}

/// The seed of a machine.
fn seed_of(world: &World, kind: u64, index: usize, life: u64) -> Seed {
    let index = u64::try_from(index).unwrap_or(0);
    Seed::from_number(
        world.seed().wrapping_mul(1_000_003).wrapping_add(kind).wrapping_add(index * 100).wrapping_add(life),
    )
}

fn address(first: u8, index: usize) -> core::net::IpAddr {
    ip(first.wrapping_add(u8::try_from(index).unwrap_or(0)))
}

fn settings(world: &World, lines: &[String]) -> Result<Vec<Setting>, Fault> {
    let read = |line: &String| read_line(line).map_err(|what| wrong(world, &format!("{line}: {what}")));
    lines.iter().map(read).collect()
}

fn wrong(world: &World, what: &dyn core::fmt::Debug) -> Fault {
    Fault { seed: world.seed(), at: world.now(), what: format!("the plan is wrong: {what:?}") }
}
