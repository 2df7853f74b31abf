//! The promises of the system, S1 to S10, in the simulated world with gateway, phone systems and clients.

mod connections;
mod live_calls;
mod outages;
mod sessions;

use ctigate_tests::{Agent, Fault, Office, Plan, Sip, Weather, World};

/// A gateway with `switches` phone systems, each with one connection, all in service; heartbeats every 2 s.
fn house(switches: u8) -> (World, Office) {
    let settings = ["cti.heartbeat = 2", "cti.heartbeat_timeout = 1", "cti.reconnect_max = 2"];
    let plan = Plan { switches, ..Plan::gateway(&settings) };
    let mut world = World::new(1, Weather::CALM);
    let office = Office::open(&mut world, &plan).unwrap();
    (world, office)
}

/// The numbers, from 1, of the connections that the sessions so far were bound to, in order.
fn indexes(world: &World, office: &Office) -> Vec<String> {
    let started = world.notices(office.gateway).iter().filter(|said| said.name == "session_started");
    let number = |name: &str| {
        let index = name.strip_prefix("switch")?.strip_suffix(":2748")?.parse::<u8>().ok()?;
        Some((index + 1).to_string())
    };
    started.map(|said| number(&field(&said.fields, "cti")).unwrap_or_default()).collect()
}

/// A field of a notice.
fn field(fields: &str, name: &str) -> String {
    let found = fields.split(' ').find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
    found.unwrap_or_default().to_owned()
}

/// How often the gateway gave this notice about a connection, by the phone system's address.
fn said(world: &World, office: &Office, name: &str, switch: usize) -> usize {
    let address = format!("address=switch{switch}:2748");
    world
        .notices(office.gateway)
        .iter()
        .filter(|said| said.name == name && said.fields.contains(&address))
        .count()
}

/// Waits until the gateway has given this notice about a connection a number of times.
fn wait_for(world: &mut World, office: &Office, name: &'static str, (switch, times): (usize, usize)) {
    let limit = ctigate_core::Duration::from_secs(30);
    let met = world.run_until(name, limit, |world| said(world, office, name, switch) >= times);
    met.unwrap();
}

/// Calls 1002.
fn call(agent: &mut Agent, world: &mut World) -> Result<Sip, Fault> {
    agent.call(world, "1002")
}

/// How many calls a phone system has.
fn calls(office: &Office, switch: usize) -> usize {
    office.counts(switch).map_or(0, |counts| counts.calls)
}

/// How many monitors a phone system has.
fn monitors(office: &Office, switch: usize) -> usize {
    office.counts(switch).map_or(0, |counts| counts.monitors)
}
