//! The table of stories in the simulated world: without weather as on the bench, in calm weather and in weather drawn from
//! seeds, over TCP and UDP. Each is told twice and replayed, and leaves every table empty. (The bench itself has no scripted
//! client and no phones: its peers say what a test writes. What it adds to a story is that nothing is ever under way.)

use ctigate_core::{Command, Duration};
use ctigate_tests::office::{Office, Plan, Wants};
use ctigate_tests::stories::{PEOPLE, Stage, Story, stories};
use ctigate_tests::world::HostId;
use ctigate_tests::{Fault, Random, Weather, World, twice};

/// The weather of a telling: calm for the first, drawn from its seed for others.
fn weather(seed: u64) -> Weather {
    if seed == 0 { Weather::CALM } else { Weather::drawn(&mut Random::new(seed)) }
}

const LIMIT: Duration = Duration::from_secs(300);

/// A line that each client answers with one line as soon as it has done all lines before.
const SYNC: (&str, &str) = ("help quit", "quit");

/// An office in a world.
struct Offices<'a> {
    world: &'a mut World,
    office: Office,
    udp: bool,
    /// Whether clients may lose sight of whom they talk to in a call of two: a call that stays the same for the line is not
    /// told again, whoever took the other's place. Who is in a conference they are told, not where else a call rings.
    forgetful: bool,
    clients: Vec<(&'static str, HostId)>,
}

impl Offices<'_> {
    fn host(&self, who: &str) -> Result<HostId, String> {
        let found = self.clients.iter().find(|(name, _)| *name == who);
        found.map(|(_, host)| *host).ok_or_else(|| format!("{who} is not signed in"))
    }

    fn count(&self, name: &str) -> usize {
        count(self.world, self.office.gateway, name)
    }

    fn synced(&self, host: HostId) -> usize {
        self.world.printed(host).iter().filter(|line| line.starts_with(SYNC.1)).count()
    }

    /// Lets something happen that sessions must survive.
    fn is_disturbed(&mut self, unrest: Unrest) -> Result<(), String> {
        match unrest {
            Unrest::Calm => return Ok(()),
            Unrest::Rebind | Unrest::Refresh => self.break_links()?,
            Unrest::Takeover => self.office.restart_gateway(self.world),
        }
        self.restored()?;
        if unrest != Unrest::Rebind {
            for (who, _) in self.clients.clone() {
                self.client(who, "refresh")?;
                if unrest == Unrest::Takeover {
                    // The node does not know which calls a client knows, and so not which of them have ended.
                    self.client(who, "snapshot")?;
                }
                self.done(who)?;
            }
        }
        Ok(())
    }

    fn failed(&self, host: HostId) -> Option<String> {
        self.world.printed(host).iter().find(|line| line.starts_with("failed: ")).cloned()
    }
}

impl Stage for Offices<'_> {
    fn sign_in(&mut self, who: &str, line: &str) -> Result<(), String> {
        let (name, _) = PEOPLE.iter().find(|(name, _)| *name == who).ok_or("nobody of that name")?;
        let last = u8::try_from(self.clients.len()).unwrap_or(u8::MAX).saturating_add(20);
        let wants =
            Wants { udp: self.udp, patience: Duration::from_secs(120), ..Wants::new(name, line, &[]) };
        let host = self.office.talker(self.world, last, &wants).map_err(|fault| fault.to_string())?;
        self.clients.push((*name, host));
        let monitors = |world: &World| world.has_printed(host, "monitor ");
        self.world
            .run_until("the client monitors its line", LIMIT, monitors)
            .map_err(|fault| fault.to_string())
    }

    fn client(&mut self, who: &str, line: &str) -> Result<(), String> {
        let host = self.host(who)?;
        let line = if self.forgetful { states_alone(line) } else { line.to_owned() };
        self.world.line(host, &line);
        if line == "quit" {
            self.world.command(host, Command::End);
        }
        Ok(())
    }

    fn done(&mut self, who: &str) -> Result<(), String> {
        let host = self.host(who)?;
        let before = self.synced(host);
        self.world.line(host, SYNC.0);
        let run = self.world.run_until("the client has done its lines", LIMIT, |world| {
            let synced = world.printed(host).iter().filter(|line| line.starts_with(SYNC.1)).count();
            synced > before || world.finished(host).is_some()
        });
        run.map_err(|fault| fault.to_string())?;
        self.failed(host).map_or(Ok(()), Err)
    }

    fn phones(&mut self, line: &str) -> Result<String, String> {
        let switch = *self.office.switches.first().ok_or("no phone system")?;
        self.world.line(switch, line);
        self.world.printed(switch).last().cloned().ok_or_else(|| "no answer".into())
    }

    fn time(&mut self, millis: u64) -> Result<(), String> {
        self.world.run_for(Duration::from_millis(millis)).map_err(|fault| fault.to_string())
    }

    fn break_links(&mut self) -> Result<(), String> {
        for switch in self.office.switches.clone() {
            self.world.cut_link(self.office.gateway, switch);
        }
        let lost = self.count("cti_in_service").max(1);
        let gateway = self.office.gateway;
        self.world
            .run_until("the connection is lost", LIMIT, |world| {
                count(world, gateway, "cti_out_of_service") >= lost
            })
            .map_err(|fault| fault.to_string())
    }

    fn restored(&mut self) -> Result<(), String> {
        let (gateway, lost) = (self.office.gateway, self.count("cti_out_of_service"));
        let back = |world: &World| count(world, gateway, "cti_in_service") > lost;
        self.world.run_until("the connection is back", LIMIT, back).map_err(|fault| fault.to_string())?;
        self.time(3000)
    }
}

/// A line that expects calls in these states; those of two, and those that may ring elsewhere too, with whomever.
fn states_alone(line: &str) -> String {
    let Some(calls) = line.strip_prefix("expect calls ") else { return line.to_owned() };
    let state = |call: &str| match call.split_once(':') {
        Some((state, parties)) if state == "alerting" || !parties.contains('+') => format!("{state}:*"),
        _ => call.to_owned(),
    };
    let states: Vec<String> = calls.split(' ').map(state).collect();
    format!("expect calls {}", states.join(" "))
}

/// How often the gateway gave a notice.
fn count(world: &World, gateway: HostId, name: &str) -> usize {
    world.notices(gateway).iter().filter(|said| said.name == name).count()
}

/// Phones that ring on while connections come back.
const PATIENT: [&str; 3] =
    ["phone[0].number = \"1001\"", "phone[0].count = 10", "phone[0].no_answer_after_ms = 3600000"];

/// How a story is told.
#[derive(Clone, Copy)]
struct Manner {
    /// Whether SIP goes over UDP.
    udp: bool,
    /// What happens after each thing that people do.
    unrest: Unrest,
}

/// What happens again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unrest {
    /// Nothing.
    Calm,
    /// The CTI connections break, and sessions move by themselves (key `cti.recovery`).
    Rebind,
    /// They break, and clients refresh.
    Refresh,
    /// The gateway is killed and another takes over, as clients refresh.
    Takeover,
}

/// Tells a story in an office.
fn tell(world: &mut World, story: &Story, manner: Manner) -> Result<(), Fault> {
    let Manner { udp, unrest } = manner;
    let is_calm = unrest == Unrest::Calm;
    let recovery = if unrest == Unrest::Refresh { "reinvite" } else { "rebind" };
    let recovery = format!("cti.recovery = \"{recovery}\"");
    let settings = [recovery.as_str(), "cti.connection[0].foreign_calls = true"];
    let mut switch = story.switch.to_vec();
    if !is_calm {
        let has_phones = switch.iter().any(|setting| setting.starts_with("phone["));
        switch.extend(&PATIENT[if has_phones { 2 } else { 0 }..]);
    }
    let plan = Plan::gateway(&settings).with_switch(&switch);
    let office = Office::open(world, &plan)?;
    let mut stage = Offices { world, office, udp, forgetful: !is_calm, clients: Vec::new() };
    let told = story.play_and(&mut stage, |stage| stage.is_disturbed(unrest));
    let Offices { world, office, .. } = stage;
    if let Err(why) = told {
        let what = format!("{}: {why}\n{}", story.name, world.scene());
        return Err(Fault { seed: world.seed(), at: world.now(), what });
    }
    office.play(world, LIMIT)?;
    office.close(world)
}

/// How many seeds each story is told with.
const SEEDS: u64 = 3;

#[track_caller]
fn told(seeds: u64, manner: Manner) {
    told_in(weather, seeds, manner);
}

#[track_caller]
fn told_in(weather: impl Fn(u64) -> Weather, seeds: u64, manner: Manner) {
    let wanted = std::env::var("CTIGATE_STORY").unwrap_or_default();
    let mut faults = Vec::new();
    let chosen = |story: &&Story| {
        story.name.contains(&wanted) && (manner.unrest == Unrest::Calm || story.bears_breaks())
    };
    for story in stories().filter(chosen) {
        for seed in 0..seeds {
            if let Err(fault) = twice(seed, weather(seed), |world| tell(world, story, manner)) {
                faults.push(format!("{}, {fault}\n", story.name));
                break;
            }
        }
    }
    assert!(faults.is_empty(), "{} failed:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn every_story_comes_true_over_tcp() {
    told(SEEDS, Manner { udp: false, unrest: Unrest::Calm });
}

#[test]
fn every_story_comes_true_over_udp() {
    told(SEEDS, Manner { udp: true, unrest: Unrest::Calm });
}

#[test]
fn every_story_comes_true_though_connections_break_after_each_step() {
    told(1, Manner { udp: false, unrest: Unrest::Rebind });
}

#[test]
fn every_story_comes_true_though_clients_must_refresh_after_each_step() {
    told(1, Manner { udp: false, unrest: Unrest::Refresh });
}

#[test]
fn every_story_comes_true_though_another_node_takes_over_after_each_step() {
    told(1, Manner { udp: true, unrest: Unrest::Takeover });
}

#[test]
fn every_story_comes_true_where_every_message_arrives_at_once() {
    for udp in [false, true] {
        told_in(|_| Weather::STILL, 1, Manner { udp, unrest: Unrest::Calm });
    }
}
