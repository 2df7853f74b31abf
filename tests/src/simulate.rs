//! Random walks through the whole system: clients, gateway and phone systems under everything that a seed draws.
//!
//! First comes a time in which anything may happen: clients of all manners sign in, ask, answer or keep silent, vanish
//! and come back; phones act; links stall and break; bytes are cut, merged, lost and doubled. Whatever happens, nobody
//! may get two different answers to one request, no machine may spin or wake for nothing, and every step must replay.
//! Then the weather clears: two clients must be able to sign in and talk, and when all have gone every table is empty.

mod walker;

use std::collections::BTreeMap;

use ctigate_core::Duration;

use crate::agent::Agent;
use crate::office::{Office, Plan, Wants};
use crate::random::Random;
use crate::world::{Fault, Weather, World, twice};
use walker::Walker;

/// The most clients moved by hand at a time.
const WALKERS: usize = 5;

/// How many things happen in the first phase.
const DEEDS: u64 = 120;

/// The phones of every phone system, and how they answer.
const PHONES: u64 = 6;

/// What a walk met with, so that a simulation that never gets anywhere is seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How often everything of interest happened: responses by status, events and CSTA answers by name, notices.
    pub met: BTreeMap<String, u64>,
    /// The gateway's steps.
    pub steps: u64,
    /// The most actions that one step of the gateway caused.
    pub high_water: usize,
}

impl Report {
    /// Adds another walk's.
    pub fn add(&mut self, other: &Self) {
        for (what, count) in &other.met {
            let sum = self.met.entry(what.clone()).or_default();
            *sum = sum.saturating_add(*count);
        }
        self.steps = self.steps.saturating_add(other.steps);
        self.high_water = self.high_water.max(other.high_water);
    }

    fn meet(&mut self, what: String) {
        let count = self.met.entry(what).or_default();
        *count = count.saturating_add(1);
    }
}

/// Walks once, twice over, and replays the walk.
///
/// # Errors
/// The first fault; the seed in it is all that is needed to see it again.
pub fn simulate(seed: u64) -> Result<Report, Fault> {
    let weather = Weather::drawn(&mut Random::new(seed));
    twice(seed, weather, |world| walk(world, weather))
}

fn walk(world: &mut World, weather: Weather) -> Result<Report, Fault> {
    let switches = if world.random().chance(600) { 1 } else { world.random().between(2, 3) };
    let plan = plan(world.random(), u8::try_from(switches).unwrap_or(1));
    let walked = walk_with(world, &plan, weather);
    walked.map_err(|fault| Fault { what: format!("{}\n{plan:?}\n{weather:?}", fault.what), ..fault })
}

fn walk_with(world: &mut World, plan: &Plan, weather: Weather) -> Result<Report, Fault> {
    let mut office = Office::open(world, plan)?;
    let mut walkers: Vec<Walker> = Vec::new();
    let mut gone: Vec<Walker> = Vec::new();
    let mut next = 100;
    for _ in 0..DEEDS {
        let room = walkers.len() < WALKERS && next < 200;
        match world.random().below(20) {
            0..=3 if room => {
                walkers.push(arrive(world, next)?);
                next = next.saturating_add(1);
            }
            4..=6 => phone_acts(world, &office),
            7 if weather.loss > 0 => phone_system_ails(world, &office),
            8 if weather.reorder > 0 => break_something(world, &office, &walkers),
            9 if walkers.len() > 1 && world.random().chance(300) => {
                let place = world.random().place(walkers.len());
                gone.push(walkers.swap_remove(place));
            }
            10 if next < 200 && world.random().chance(200) => {
                rubbish(world, next)?;
                next = next.saturating_add(1);
            }
            _ => {
                let place = world.random().place(walkers.len());
                if let Some(walker) = walkers.get_mut(place) {
                    walker.act(world);
                }
            }
        }
        let pause = world.random().between(1, 400);
        world.run_for(Duration::from_millis(pause))?;
        for walker in &mut walkers {
            walker.look(world);
        }
    }
    for walker in &mut walkers {
        walker.leave(world);
    }
    walkers.append(&mut gone);
    clear_up(world, &office)?;
    // Without room for its transaction a request that comes twice is two requests.
    let remembers = !plan.gateway.iter().any(|setting| setting.starts_with("limits.transactions"));
    for walker in &walkers {
        walker.check(world, remembers)?;
        walker.hang_up(world);
    }
    recover(world, &mut office)?;
    let mut report = report(world, &office, &walkers);
    office.close(world)?;
    report.steps = u64::try_from(world.steps(office.gateway)).unwrap_or(u64::MAX);
    report.high_water = world.high_water(office.gateway);
    Ok(report)
}

fn plan(random: &mut Random, switches: u8) -> Plan {
    let mut gateway = vec!["sip.session_expires = 90".to_owned(), "sip.linger = 90".to_owned()];
    for (setting, least, most) in [
        ("sip.event_delay", 0, 60),
        ("cti.heartbeat", 5, 20),
        ("cti.heartbeat_timeout", 1, 5),
        ("cti.service_timeout", 1, 5),
        ("cti.window", 1, 5),
        ("cti.queue", 0, 4),
        ("limits.sessions", 1, 6),
        ("limits.monitors_per_session", 1, 3),
        ("limits.monitors_per_device", 1, 3),
        ("limits.transactions", 4, 60),
        ("limits.queued_events", 6, 12),
        ("limits.links", 4, 12),
    ] {
        if random.chance(250) {
            gateway.push(format!("{setting} = {}", random.between(least, most)));
        }
    }
    let mut switch = Vec::new();
    for place in 0..PHONES {
        switch.push(format!("phone[{place}].number = \"{}\"", 1001_u64.saturating_add(place)));
        let answer = ["manual", "manual", "auto", "busy"];
        // The first two are needed for the talk at the end.
        let answer = if place < 2 { "manual" } else { random.pick(&answer).copied().unwrap_or("manual") };
        switch.push(format!("phone[{place}].answer = \"{answer}\""));
        switch.push(format!("phone[{place}].no_answer_after_ms = {}", random.between(500, 8_000)));
    }
    if random.chance(500) {
        switch.push("trunk_prefix = \"0\"".to_owned());
    }
    Plan { switches, gateway, switch }
}

/// A client comes, over TCP or UDP, for some phone.
fn arrive(world: &mut World, last: u8) -> Result<Walker, Fault> {
    let number = format!("{}", world.random().between(1001, 1000 + PHONES + 1));
    let user = format!("user{last}");
    let stream = world.random().chance(700);
    let mut agent = if stream {
        Agent::tcp(world, last, &user, &number)?
    } else {
        Agent::udp(world, last, &user, &number)
    };
    if world.random().chance(300) {
        agent.branch = None;
    }
    Ok(Walker::new(agent, stream))
}

/// Somebody connects and talks something else.
fn rubbish(world: &mut World, last: u8) -> Result<(), Fault> {
    let agent = Agent::tcp(world, last, "nobody", "1")?;
    let length = world.random().below(300);
    let printable = world.random().chance(500);
    let bytes: Vec<u8> = (0..length)
        .map(|_| {
            let byte = world.random().below(256);
            let byte = if printable { 32 + byte % 95 } else { byte };
            u8::try_from(byte).unwrap_or(b' ')
        })
        .collect();
    agent.peer.send(world, &bytes);
    agent.peer.send(world, b"\r\n\r\n");
    Ok(())
}

fn some_phone(random: &mut Random) -> u64 {
    random.between(1001, 1000 + PHONES)
}

fn phone_acts(world: &mut World, office: &Office) {
    let place = world.random().place(office.switches.len());
    let Some(switch) = office.switches.get(place).copied() else { return };
    if world.random().chance(250) {
        for phone in 1001..=1000 + PHONES {
            world.line(switch, &format!("answer {phone}"));
        }
        return;
    }
    let phone = some_phone(world.random());
    let other = some_phone(world.random());
    let line = match world.random().below(12) {
        0 | 1 => format!("dial {phone} {other}"),
        2 => format!("dial {phone} 0{other}"),
        3..=5 => format!("answer {phone}"),
        6 => format!("hold {phone}"),
        7 => format!("retrieve {phone}"),
        8 => format!("offhook {phone}"),
        9 => format!("unmonitor {phone}"),
        _ => format!("hangup {phone}"),
    };
    world.line(switch, &line);
}

fn phone_system_ails(world: &mut World, office: &Office) {
    let place = world.random().place(office.switches.len());
    let Some(switch) = office.switches.get(place).copied() else { return };
    let delay = world.random().below(3_000);
    let line = match world.random().below(9) {
        0 => "stall on".to_owned(),
        1 | 2 => "stall off".to_owned(),
        3 => format!("delay {delay}"),
        4 => "delay 0".to_owned(),
        5 => "fail link".to_owned(),
        6 => "ask".to_owned(),
        7 => "system partiallyDisabled".to_owned(),
        _ => "system normal".to_owned(),
    };
    world.line(switch, &line);
}

fn break_something(world: &mut World, office: &Office, walkers: &[Walker]) {
    if world.random().chance(500) {
        let place = world.random().place(office.switches.len());
        if let Some(switch) = office.switches.get(place) {
            world.cut_link(office.gateway, *switch);
        }
    } else {
        let place = world.random().place(walkers.len());
        if let Some(walker) = walkers.get(place) {
            world.cut_link(office.gateway, walker.host());
        }
    }
}

/// The weather clears, phones are put down, and what is under way comes to its end.
fn clear_up(world: &mut World, office: &Office) -> Result<(), Fault> {
    world.set_weather(Weather::CALM);
    for switch in &office.switches {
        for line in ["stall off", "delay 0", "system normal"] {
            world.line(*switch, line);
        }
    }
    // What is under way may still begin a call.
    world.run_for(Duration::from_secs(40))?;
    for phone in 1001..=1000 + PHONES {
        for switch in &office.switches {
            // Twice: a phone may have one call on hold behind another.
            world.line(*switch, &format!("hangup {phone}"));
            world.line(*switch, &format!("hangup {phone}"));
        }
    }
    world.run_for(Duration::from_secs(1))
}

/// Everything mends itself: sessions nobody refreshes end, and a client gets through.
fn recover(world: &mut World, office: &mut Office) -> Result<(), Fault> {
    // Longer than any session lives unrefreshed, and than the longest pause before reconnecting.
    world.run_for(Duration::from_secs(300))?;
    for switch in 0..office.switches.len() {
        if office.counts(switch).is_none_or(|counts| counts.calls > 0) {
            let what = format!("calls are left after everybody hung up: {:?}", office.counts(switch));
            return Err(Fault { seed: world.seed(), at: world.now(), what });
        }
    }
    talk(world, office)
}

/// A client signs in and calls.
fn talk(world: &mut World, office: &mut Office) -> Result<(), Fault> {
    let view = office.view();
    if view.sessions > 0 {
        let what = format!("sessions are left that nobody refreshed: {view:?}");
        return Err(Fault { seed: world.seed(), at: world.now(), what });
    }
    let script = ["expect signed-in", "call 1002", "expect delivered", "hangup", "expect cleared", "quit"];
    office.client(world, 2, &Wants::new("alice", "1001", &script))?;
    office.play(world, Duration::from_secs(120))
}

fn report(world: &World, office: &Office, walkers: &[Walker]) -> Report {
    let mut report = Report::default();
    for walker in walkers {
        for message in walker.received(world) {
            if message.status() > 0 {
                report.meet(format!("status {}", message.status()));
            } else {
                report.meet(format!("request {}", message.method()));
            }
            if !message.body.is_empty() {
                report.meet(format!("csta {}", message.root()));
            }
        }
    }
    for said in world.notices(office.gateway) {
        report.meet(format!("notice {}", said.name));
    }
    report
}
