//! An office in a world: the gateway, its phone systems and clients, with access to their tables.

use std::rc::Rc;

use core::cell::RefCell;
use core::net::{IpAddr, Ipv4Addr};

use ctigate_core::config::Config;
use ctigate_core::engine::{Engine, View};
use ctigate_core::setting::{Setting, read_line};
use ctigate_core::trace::Header;
use ctigate_core::{Actions, Command, Duration, Input, Instant, Machine, Seed};
use ctigate_peers::client::{Client, ClientConfig};
use ctigate_peers::switch::{Counts, Switch, SwitchConfig};

use crate::watched::Watched;
use crate::world::{Death, Fault, HostId, Weather, World};

/// The plan of an office.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How many phone systems there are.
    pub switches: u8,
    /// Additional settings of the gateway, as lines of a trace.
    pub gateway: Vec<String>,
    /// Additional settings of every phone system.
    pub switch: Vec<String>,
}

impl Default for Plan {
    fn default() -> Self {
        Self { switches: 1, gateway: Vec::new(), switch: Vec::new() }
    }
}

impl Plan {
    /// The usual plan with these settings of the gateway.
    #[must_use]
    pub fn gateway(settings: &[&str]) -> Self {
        Self { gateway: settings.iter().map(|line| (*line).to_owned()).collect(), ..Self::default() }
    }

    /// The same with these settings of every phone system.
    #[must_use]
    pub fn with_switch(self, settings: &[&str]) -> Self {
        Self { switch: settings.iter().map(|line| (*line).to_owned()).collect(), ..self }
    }
}

/// The plan of a scripted client.
#[derive(Clone, Copy, Debug)]
pub struct Wants<'a> {
    /// The user's name.
    pub user: &'a str,
    /// The phone's number.
    pub number: &'a str,
    /// Whether SIP goes over UDP.
    pub udp: bool,
    /// How long a command may take.
    pub patience: Duration,
    /// The script, line by line.
    pub script: &'a [&'a str],
}

impl<'a> Wants<'a> {
    /// A client over TCP.
    #[must_use]
    pub const fn new(user: &'a str, number: &'a str, script: &'a [&'a str]) -> Self {
        Self { user, number, udp: false, patience: Duration::from_secs(30), script }
    }
}

/// The gateway and its phone systems.
pub struct Office {
    /// The gateway; SIP over TCP and UDP at [`GATEWAY`].
    pub gateway: HostId,
    /// The phone systems.
    pub switches: Vec<HostId>,
    /// The scripted clients.
    pub clients: Vec<HostId>,
    view: Rc<RefCell<View>>,
    counts: Vec<Rc<RefCell<Option<Counts>>>>,
    /// What the gateway was made of.
    made_of: (Header, Config),
}

/// The gateway's SIP address, over TCP and UDP.
pub const GATEWAY: &str = "192.0.2.1:5060";

/// An address of the network for tests (RFC 5737).
#[must_use]
pub const fn ip(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, last))
}

impl Office {
    /// Adds an office to a world and waits until every CTI connection is in service.
    ///
    /// # Errors
    /// The world's fault, or what is wrong with the plan.
    pub fn open(world: &mut World, plan: &Plan) -> Result<Self, Fault> {
        let office = Self::build(world, plan)?;
        let count = usize::from(plan.switches);
        world.run_until("every CTI connection is in service", Duration::from_secs(60), |world| {
            let ready = world.notices(office.gateway).iter().filter(|said| said.name == "cti_in_service");
            ready.count() >= count
        })?;
        Ok(office)
    }

    /// Adds an office to a world, without running it.
    ///
    /// # Errors
    /// What is wrong with the plan.
    pub fn build(world: &mut World, plan: &Plan) -> Result<Self, Fault> {
        let mut lines: Vec<String> = [
            "sip.tcp = [\"192.0.2.1:5060\"]",
            "sip.udp = [\"192.0.2.1:5060\"]",
            "sip.allow = [\"192.0.2.0/24\"]",
        ]
        .map(str::to_owned)
        .to_vec();
        let mut switches = Vec::new();
        let mut counts = Vec::new();
        for index in 0..plan.switches {
            lines.push(format!("cti.connection[{index}].address = \"switch{index}:2748\""));
            lines.push(format!("cti.connection[{index}].switch = \"office{index}\""));
            let counted = Rc::new(RefCell::new(None));
            switches.push(add_switch(world, index, &plan.switch, &counted)?);
            counts.push(counted);
        }
        lines.extend(plan.gateway.iter().cloned());
        let settings = settings(world, &lines)?;
        let config = Config::from_settings(&settings).map_err(|errors| wrong(world, &errors))?;
        let view = Rc::new(RefCell::new(View::default()));
        let shared = Rc::clone(&view);
        let seed = Seed::from_number(world.seed());
        let header = Header::new("gateway", seed, settings);
        let made_of = (header.clone(), config.clone());
        let gateway = world.add_traced("gateway", ip(1), Some(header), move || {
            viewed(Engine::new(config.clone(), seed), &shared)
        });
        Ok(Self { gateway, switches, clients: Vec::new(), view, counts, made_of })
    }

    /// Kills the gateway, and starts another with the same configuration at the same addresses, which knows nothing of the
    /// first one's sessions.
    pub fn restart_gateway(&self, world: &mut World) {
        let (mut header, config) = self.made_of.clone();
        // Each has numbers of its own; else what it sends might look like something that the one before has sent.
        let seed = Seed::from_number(world.random().below(u64::MAX));
        header.seed = seed;
        let shared = Rc::clone(&self.view);
        world.crash(self.gateway, Death::Killed);
        world.restart(self.gateway, Some(header), move || viewed(Engine::new(config.clone(), seed), &shared));
    }

    /// Adds a scripted client at `192.0.2.<last>` with all of its script.
    ///
    /// # Errors
    /// What is wrong with its configuration.
    pub fn client(&mut self, world: &mut World, last: u8, wants: &Wants<'_>) -> Result<HostId, Fault> {
        let id = self.talker(world, last, wants)?;
        world.command(id, Command::End);
        Ok(id)
    }

    /// Adds a scripted client that will be given more lines than those of its script.
    ///
    /// # Errors
    /// What is wrong with its configuration.
    pub fn talker(&mut self, world: &mut World, last: u8, wants: &Wants<'_>) -> Result<HostId, Fault> {
        let transport = if wants.udp { "udp" } else { "tcp" };
        let lines = [
            format!("server = \"{GATEWAY}\""),
            format!("transport = \"{transport}\""),
            format!("user = \"sip:{}@example.com\"", wants.user),
            format!("line = \"tel:{};phone-context=dialstring\"", wants.number),
            format!("timeout_ms = {}", wants.patience.as_millis()),
        ];
        let settings = settings(world, &lines)?;
        let config = ClientConfig::from_settings(&settings).map_err(|errors| wrong(world, &errors))?;
        let seed = Seed::from_number(world.seed().wrapping_mul(256).wrapping_add(u64::from(last)));
        let id = world.add(wants.user, ip(last), move || Box::new(Client::new(config.clone(), seed)));
        for line in wants.script {
            world.line(id, line);
        }
        self.clients.push(id);
        Ok(id)
    }

    /// Runs until every client has ended.
    ///
    /// # Errors
    /// The world's fault; a client that does not end, or whose script failed, is one too.
    pub fn play(&self, world: &mut World, limit: Duration) -> Result<(), Fault> {
        world.run_until("every client has come to its end", limit, |world| {
            self.clients.iter().all(|client| world.finished(*client).is_some())
        })?;
        for client in &self.clients {
            if world.finished(*client) != Some(0) {
                let what = format!("a client's script failed:\n{}", world.scene());
                return Err(Fault { seed: world.seed(), at: world.now(), what });
            }
        }
        Ok(())
    }

    /// Waits until everything has come to rest, and checks that every table is empty.
    ///
    /// # Errors
    /// The world's fault; anything that is left is one too.
    pub fn close(&self, world: &mut World) -> Result<(), Fault> {
        world.set_weather(Weather::CALM);
        world.run_for(Duration::from_secs(100))?;
        let View { links, sessions, monitors, switch_monitors, .. } = self.view();
        // A connection that carries no dialog waits for the end of its silence.
        let left = View { links, timers: self.switches.len() + links, ..View::default() };
        // A gateway that has stopped keeps what only its timers would have removed.
        let stopped = world.finished(self.gateway).is_some() && sessions + monitors + switch_monitors == 0;
        let mut wrong = String::new();
        if self.view() != left && !stopped {
            wrong = format!("the gateway still holds {:?}", self.view());
        }
        // A request that could not be sent or was not answered may have left something at the phone system, which is
        // logged.
        let given_up = ["monitor_left_behind", "service_timed_out"];
        let said = world.notices(self.gateway).iter().any(|said| given_up.contains(&said.name));
        for index in 0..self.switches.len() {
            let counts = self.counts(index);
            if counts.is_none_or(|counts| (counts.monitors > 0 && !said) || counts.calls > 0) {
                wrong = format!("phone system {index} still holds {counts:?}");
            }
        }
        if wrong.is_empty() {
            return Ok(());
        }
        Err(Fault { seed: world.seed(), at: world.now(), what: format!("{wrong}\n{}", world.scene()) })
    }

    /// The current sizes of the gateway's tables.
    #[must_use]
    pub fn view(&self) -> View {
        *self.view.borrow()
    }

    /// The current sizes of a phone system's tables.
    #[must_use]
    pub fn counts(&self, index: usize) -> Option<Counts> {
        *self.counts.get(index)?.borrow()
    }
}

pub(crate) fn add_switch(
    world: &mut World,
    index: u8,
    lines: &[String],
    counted: &Rc<RefCell<Option<Counts>>>,
) -> Result<HostId, Fault> {
    let mut all = vec!["listen = [\"0.0.0.0:2748\"]".to_owned(), "control = \"0.0.0.0:2749\"".to_owned()];
    all.extend(lines.iter().cloned());
    let settings = settings(world, &all)?;
    let config = SwitchConfig::from_settings(&settings).map_err(|errors| wrong(world, &errors))?;
    let seed = Seed::from_number(world.seed().wrapping_add(1_000).wrapping_add(u64::from(index)));
    let shared = Rc::clone(counted);
    Ok(world.add(&format!("switch{index}"), ip(11_u8.wrapping_add(index)), move || {
        let (machine, counted) = (Switch::new(config.clone(), seed), Rc::clone(&shared));
        let after = move |switch: &Switch, _: Instant, _: &Input<'_>, _: &Actions| {
            counted.replace(Some(switch.counts()));
        };
        Box::new(Watched { machine, after })
    }))
}

/// A gateway whose tables can be seen after every step.
pub(crate) fn viewed(machine: Engine, view: &Rc<RefCell<View>>) -> Box<dyn Machine> {
    let seen = Rc::clone(view);
    let after = move |engine: &Engine, _: Instant, _: &Input<'_>, _: &Actions| {
        seen.replace(engine.view());
    };
    Box::new(Watched { machine, after })
}

/// Settings from lines.
pub(crate) fn settings(world: &World, lines: &[String]) -> Result<Vec<Setting>, Fault> {
    let read = |line: &String| read_line(line).map_err(|what| wrong(world, &format!("{line}: {what}")));
    lines.iter().map(read).collect()
}

fn wrong(world: &World, what: &dyn core::fmt::Debug) -> Fault {
    Fault { seed: world.seed(), at: world.now(), what: format!("the plan is wrong: {what:?}") }
}
