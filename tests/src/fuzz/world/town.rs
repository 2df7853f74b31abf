//! The hosts: two gateways, the phone system, scripted clients, and the load balancer.

use core::cell::RefCell;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;

use ctigate_core::config::Config;
use ctigate_core::engine::{Engine, View};
use ctigate_core::{Listen, Machine, Seed, Transport};
use ctigate_peers::client::{Client, ClientConfig};
use ctigate_peers::switch::Counts;

use super::stage::MESSAGE_BYTES;
use crate::fuzz::choices::Choices;
use crate::fuzz::ledger::Ledger;
use crate::office::{add_switch, ip, settings, viewed};
use crate::world::{Fault, HostId, World};

/// One of the gateways.
pub(super) struct Gateway {
    pub(super) host: HostId,
    /// Its SIP address, over TCP and UDP.
    pub(super) address: SocketAddr,
    config: Config,
    view: Rc<RefCell<View>>,
    /// How often it was started.
    lives: u64,
    /// How many CTI connections it is configured for.
    pub(super) cti: usize,
    /// The requests of clients behind the balancer.
    pub(super) ledger: Ledger,
}

impl Gateway {
    /// The current sizes of its tables.
    pub(super) fn view(&self) -> View {
        *self.view.borrow()
    }

    /// Restarts it, if it has ended in any way.
    pub(super) fn revive(&mut self, world: &mut World) {
        if world.finished(self.host).is_some() {
            self.lives += 1;
            let seed = Seed::from_number(self.lives * 256);
            world.restart(self.host, None, birth(self.config.clone(), seed, Rc::clone(&self.view)));
        }
    }
}

/// A factory for the machine of a gateway.
fn birth(config: Config, seed: Seed, view: Rc<RefCell<View>>) -> impl Fn() -> Box<dyn Machine> + 'static {
    move || viewed(Engine::new(config.clone(), seed), &view)
}

/// The phone system.
pub(super) struct PhoneSystem {
    pub(super) host: HostId,
    counts: Rc<RefCell<Option<Counts>>>,
}

impl PhoneSystem {
    /// The current numbers of its monitors and calls.
    pub(super) fn counts(&self) -> [usize; 2] {
        self.counts.borrow().map_or([0; 2], |counts| [counts.monitors, counts.calls])
    }
}

/// The first phone's number.
pub(super) const FIRST_PHONE: u32 = 1001;

/// How many phones there are.
pub(super) const PHONES: u32 = 4;

/// The configuration of both gateways.
pub(super) fn plan(choices: &mut Choices<'_>) -> Vec<String> {
    let mut lines = vec![
        "sip.allow = [\"192.0.2.0/24\", \"127.0.0.0/8\"]".to_owned(),
        format!("limits.message_bytes = {MESSAGE_BYTES}"),
        "sip.session_expires = 90".to_owned(),
        "sip.linger = 90".to_owned(),
        "cti.connection[0].address = \"switch0:2748\"".to_owned(),
        "cti.connection[0].switch = \"s\"".to_owned(),
    ];
    if choices.chance(96) {
        lines.push("cti.connection[1].address = \"192.0.2.11:2748\"".to_owned());
        lines.push("cti.connection[1].switch = \"s\"".to_owned());
        lines.push("cti.connection[1].name = \"second\"".to_owned());
    }
    let tight = [
        "sip.event_delay = 0",
        "limits.links = 5",
        "limits.sessions = 2",
        "limits.monitors_per_device = 1",
        "limits.transactions = 6",
        "limits.queued_events = 2",
        "cti.window = 1",
        "cti.queue = 1",
    ];
    for line in tight {
        if choices.chance(24) {
            lines.push(line.to_owned());
        }
    }
    lines
}

/// Adds a gateway at `192.0.2.<last>`.
pub(super) fn gateway(world: &mut World, last: u8, plan: &[String]) -> Result<Gateway, Fault> {
    let address = SocketAddr::new(ip(last), 5060);
    let mut lines = vec![format!("sip.tcp = [\"{address}\"]"), format!("sip.udp = [\"{address}\"]")];
    lines.extend(plan.iter().cloned());
    let config = Config::from_settings(&settings(world, &lines)?).map_err(|errors| wrong(world, &errors))?;
    let view = Rc::new(RefCell::new(View::default()));
    let seed = Seed::from_number(u64::from(last));
    let make = birth(config.clone(), seed, Rc::clone(&view));
    let host = world.add(&format!("gateway{last}"), ip(last), make);
    let cti = plan.iter().filter(|line| line.contains("].address = ")).count();
    Ok(Gateway { host, address, config, view, lives: 0, cti, ledger: Ledger::overtaking(MESSAGE_BYTES) })
}

/// Adds the phone system.
pub(super) fn phone_system(world: &mut World) -> Result<PhoneSystem, Fault> {
    let mut lines = vec!["parking = [\"701\"]".to_owned()];
    for index in 0..PHONES {
        let answer = if index % 2 == 0 { "manual" } else { "auto" };
        lines.push(format!("phone[{index}].number = \"{}\"", FIRST_PHONE + index));
        lines.push(format!("phone[{index}].answer = \"{answer}\""));
    }
    let counts = Rc::new(RefCell::new(None));
    let host = add_switch(world, 0, &lines, &counts)?;
    Ok(PhoneSystem { host, counts })
}

/// Adds a scripted client of a gateway, for the phone of its number.
pub(super) fn client(world: &mut World, last: u8, to: &Gateway, udp: bool) -> Result<HostId, Fault> {
    let number = FIRST_PHONE + u32::from(last) % PHONES;
    let lines = [
        format!("server = \"{}\"", to.address),
        format!("transport = \"{}\"", if udp { "udp" } else { "tcp" }),
        format!("user = \"sip:user{last}@example.com\""),
        format!("line = \"tel:{number};phone-context=dialstring\""),
        "timeout_ms = 5000".to_owned(),
    ];
    let config =
        ClientConfig::from_settings(&settings(world, &lines)?).map_err(|errors| wrong(world, &errors))?;
    let seed = Seed::from_number(u64::from(last));
    Ok(world.add(&format!("user{last}"), ip(last), move || Box::new(Client::new(config.clone(), seed))))
}

/// Adds the load balancer's host, where all hand-driven clients are.
pub(super) fn balancer(world: &mut World) -> HostId {
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let listen = |transport, port| Listen {
        transport,
        address: SocketAddr::new(address, port),
        key: "balancer".to_owned(),
    };
    // The address of their Contacts and routes, and of their datagrams.
    let listens = vec![
        listen(Transport::Udp, 49_000),
        listen(Transport::Tcp, 49_999),
        listen(Transport::Tcp, 5070),
        listen(Transport::Tcp, 5072),
    ];
    world.add_bare("balancer", address, listens)
}

fn wrong(world: &World, what: &dyn core::fmt::Debug) -> Fault {
    Fault { seed: world.seed(), at: world.now(), what: format!("the plan is wrong: {what:?}") }
}
