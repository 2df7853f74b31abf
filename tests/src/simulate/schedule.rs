//! The schedule of a simulated world: a list, drawn from the seed, of small independent faults and uses. Any sublist is
//! a schedule too, so that a failing one can be shrunk.

mod changes;

use ctigate_core::StoreFault;

use super::plan::{FIRST_PHONE, PHONES, WorldPlan};
use crate::random::Random;

/// A property of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nuisance {
    /// Additional delay, in microseconds at most.
    Jitter,
    /// The size of the pieces that streams are divided into, in bytes at most.
    Pieces,
    /// In how many cases of a thousand a piece is merged with the next.
    Merge,
    /// How many datagrams of a thousand are lost.
    Loss,
    /// How many datagrams of a thousand arrive twice.
    Duplicate,
    /// How many datagrams of a thousand are overtaken.
    Reorder,
    /// How late hosts wake up, in microseconds at most.
    Oversleep,
}

/// The far end of a node's link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Far {
    /// A phone system.
    Switch(usize),
    /// A client.
    Client(usize),
}

/// A way in which a phone system answers wrongly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// It sends every answer twice.
    Twice,
    /// It answers with an invoke ID that no request had.
    UnknownInvoke,
    /// It answers another service.
    OtherAnswer,
    /// It answers with an error.
    Error,
    /// It answers with something that is not a document.
    Garbage,
    /// It sends an event of a monitor that nobody started.
    UnknownMonitor,
    /// It sends bytes that are not a frame.
    BrokenFrame,
    /// It does not answer at all.
    Nothing,
}

/// One thing that happens. Nodes, phone systems and clients are identified by their indexes in the plan; `ms` is how
/// long it lasts, in milliseconds.
#[expect(missing_docs, reason = "what the fields are is said above, and where it is not by the variant")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A client asks for something to do with calls.
    Ask { client: usize },
    /// A client asks for something odd.
    Odd { client: usize },
    /// A client refreshes its session.
    Refresh { client: usize },
    /// A client signs out, and soon comes back if it stays.
    SignOut { client: usize },
    /// A client vanishes without signing out, and comes back as a new one.
    Vanish { client: usize, ms: u64 },
    /// A person does something at a phone.
    Phone { switch: usize, phone: u64 },
    /// A person sets something at a phone.
    Setting { switch: usize, phone: u64 },
    /// Somebody outside calls.
    Incoming { switch: usize },
    /// A stranger connects and sends garbage.
    Rubbish { node: usize },
    /// The weather changes in one respect.
    Weather { nuisance: Nuisance, value: u64, ms: u64 },
    /// A link breaks; both ends are told.
    Cut { node: usize, far: Far },
    /// A link breaks; one end is told.
    HalfOpen { node: usize, far: Far, node_knows: bool },
    /// Nothing gets through in one direction, or both.
    Stall { node: usize, far: Far, there: bool, back: bool, ms: u64 },
    /// A host reads slowly what a node sends.
    Slow { node: usize, far: Far, per_byte: u64, ms: u64 },
    /// A phone system dies and comes back without its calls.
    SwitchRestart { switch: usize, silent: bool, ms: u64 },
    /// A phone system does not answer.
    SwitchSilent { switch: usize, ms: u64 },
    /// A phone system answers late.
    SwitchLate { switch: usize, delay: u64, ms: u64 },
    /// A phone system answers wrongly so many times.
    SwitchWrong { switch: usize, mood: Mood, times: u64 },
    /// A phone system closes one of its links.
    SwitchCloses { switch: usize },
    /// A phone system reports its status.
    SwitchStatus { switch: usize, status: usize },
    /// A phone system stops the monitors of a phone.
    Unmonitor { switch: usize, phone: u64 },
    /// A node dies and comes back with another seed.
    NodeCrash { node: usize, silent: bool, ms: u64 },
    /// A node is stopped, and started again.
    NodeStop { node: usize, ms: u64 },
    /// A node is drained, and started again.
    NodeDrain { node: usize },
    /// A node's clock jumps ahead.
    NodeJump { node: usize, ms: u64 },
    /// A phone system's clock jumps ahead.
    SwitchJump { switch: usize, ms: u64 },
    /// A node gets another wall-clock time.
    WallClock { node: usize, micros: u64 },
    /// A user selects a line appearance at a node, or tries to.
    Select { node: usize, client: usize },
    /// The directory and the number rules change, and a node reads them anew; all nodes, if none is named.
    Reload { node: Option<usize> },
    /// A node's store fails.
    StoreFails { node: usize, fault: StoreFault, ms: u64 },
    /// A client does not refresh its session.
    Sleep { client: usize, ms: u64 },
}

/// The numbers for parking, if there are any.
pub(super) const PARKING: &[&str] = &["700", "701"];

/// The number of the group of phones, if there is one.
pub(super) const GROUP: &str = "1050";

/// The status values of `SwitchStatus`.
pub(super) const STATUSES: [&str; 6] =
    ["normal", "partiallyDisabled", "overloadReached", "messagesLost", "disabled", "enabled"];

impl What {
    /// Its kind, for counting what was covered.
    #[must_use]
    #[expect(clippy::wildcard_enum_match_arm, reason = "two kinds have kinds of their own")]
    pub fn kind(&self) -> String {
        let text = match self {
            Self::Weather { nuisance, .. } => format!("Weather {nuisance:?}"),
            Self::SwitchWrong { mood, .. } => format!("SwitchWrong {mood:?}"),
            other => format!("{other:?}"),
        };
        text.split(" {").next().unwrap_or_default().to_owned()
    }

    /// Whether it is ordinary use rather than a fault.
    #[must_use]
    pub const fn is_use(&self) -> bool {
        matches!(
            self,
            Self::Ask { .. }
                | Self::Refresh { .. }
                | Self::SignOut { .. }
                | Self::Phone { .. }
                | Self::Setting { .. }
                | Self::Incoming { .. }
        )
    }
}

/// One entry of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When, in microseconds: since the beginning or, after the storm, since all clients were served.
    pub at: u64,
    /// The seed of its random numbers, so that leaving out another entry does not change them.
    pub salt: u64,
    /// What happens.
    pub what: What,
}

/// The schedule of a world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The length of the storm, in microseconds; later entries happen in calm weather.
    pub storm: u64,
    /// The entries, in order.
    pub entries: Vec<Entry>,
}

impl core::fmt::Display for Schedule {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let uses = self.entries.iter().filter(|entry| entry.what.is_use()).count();
        let faults = self.entries.len().saturating_sub(uses);
        write!(f, "{faults} faults, {uses} uses; calm from {} us", self.storm)?;
        for Entry { at, what, .. } in &self.entries {
            write!(f, "\n  {:>4}.{:06} s  {what:?}", at / 1_000_000, at % 1_000_000)?;
        }
        Ok(())
    }
}

/// How a kind of thing is drawn.
type Draw = fn(&mut Random, &WorldPlan) -> What;

/// All kinds of faults.
const FAULTS: &[Draw] = &[
    |random, plan| What::Odd { client: random.index(plan.clients.len()) },
    |random, plan| What::Vanish { client: random.index(plan.clients.len()), ms: random.between(1, 60_000) },
    |random, plan| What::Rubbish { node: random.index(plan.nodes) },
    |random, _| weather(random, Nuisance::Jitter, 150_000),
    |random, _| weather(random, Nuisance::Pieces, 200),
    |random, _| weather(random, Nuisance::Merge, 800),
    |random, _| weather(random, Nuisance::Loss, 400),
    |random, _| weather(random, Nuisance::Duplicate, 400),
    |random, _| weather(random, Nuisance::Reorder, 400),
    |random, _| weather(random, Nuisance::Oversleep, 20_000),
    |random, plan| What::Cut { node: random.index(plan.nodes), far: far(random, plan) },
    |random, plan| What::HalfOpen {
        node: random.index(plan.nodes),
        far: far(random, plan),
        node_knows: random.chance(500),
    },
    |random, plan| {
        let (there, back) =
            random.pick(&[(true, false), (false, true), (true, true)]).copied().unwrap_or_default();
        What::Stall {
            node: random.index(plan.nodes),
            far: far(random, plan),
            there,
            back,
            ms: millis(random),
        }
    },
    |random, plan| What::Slow {
        node: random.index(plan.nodes),
        far: far(random, plan),
        per_byte: random.between(50, 800),
        ms: millis(random),
    },
    |random, plan| What::SwitchRestart {
        switch: random.index(plan.switches),
        silent: random.chance(500),
        ms: millis(random),
    },
    |random, plan| What::SwitchSilent { switch: random.index(plan.switches), ms: millis(random) },
    |random, plan| What::SwitchLate {
        switch: random.index(plan.switches),
        delay: random.between(100, 7_000),
        ms: millis(random),
    },
    |random, plan| wrong(random, plan, &[Mood::Twice]),
    |random, plan| wrong(random, plan, &[Mood::UnknownInvoke, Mood::OtherAnswer, Mood::Error, Mood::Nothing]),
    |random, plan| wrong(random, plan, &[Mood::Garbage, Mood::UnknownMonitor, Mood::BrokenFrame]),
    |random, plan| What::SwitchCloses { switch: random.index(plan.switches) },
    |random, plan| What::SwitchStatus {
        switch: random.index(plan.switches),
        status: random.index(STATUSES.len()),
    },
    |random, plan| What::Unmonitor { switch: random.index(plan.switches), phone: some_phone(random) },
    |random, plan| What::NodeCrash {
        node: random.index(plan.nodes),
        silent: random.chance(500),
        ms: millis(random),
    },
    |random, plan| What::NodeStop { node: random.index(plan.nodes), ms: millis(random) },
    |random, plan| What::NodeDrain { node: random.index(plan.nodes) },
    |random, plan| What::NodeJump { node: random.index(plan.nodes), ms: random.between(100, 60_000) },
    |random, plan| What::SwitchJump { switch: random.index(plan.switches), ms: random.between(100, 60_000) },
    |random, plan| What::WallClock { node: random.index(plan.nodes), micros: random.bits() },
];

/// All kinds of ordinary use, listed as often as they are to be drawn.
const USES: &[Draw] = &[
    |random, plan| What::Ask { client: random.index(plan.clients.len()) },
    |random, plan| What::Ask { client: random.index(plan.clients.len()) },
    |random, plan| What::Ask { client: random.index(plan.clients.len()) },
    |random, plan| What::Phone { switch: random.index(plan.switches), phone: some_phone(random) },
    |random, plan| What::Phone { switch: random.index(plan.switches), phone: some_phone(random) },
    |random, plan| {
        let client = random.index(plan.clients.len());
        match random.below(8) {
            0 => What::SignOut { client },
            1..=3 => What::Refresh { client },
            _ => What::Ask { client },
        }
    },
    |random, plan| What::Phone { switch: random.index(plan.switches), phone: some_phone(random) },
    |random, plan| {
        let switch = random.index(plan.switches);
        if random.chance(400) {
            What::Incoming { switch }
        } else {
            What::Setting { switch, phone: some_phone(random) }
        }
    },
];

/// Faults in calm weather, in a part of the seeds, after which clients that have refreshed must know their calls.
const CALM_FAULTS: &[Draw] = &[
    |random, plan| What::Cut {
        node: random.index(plan.nodes),
        far: Far::Switch(random.index(plan.switches)),
    },
    |random, plan| What::Cut { node: random.index(plan.nodes), far: far(random, plan) },
    |random, plan| What::HalfOpen {
        node: random.index(plan.nodes),
        far: Far::Switch(random.index(plan.switches)),
        node_knows: random.chance(500),
    },
    |random, plan| What::Stall {
        node: random.index(plan.nodes),
        far: Far::Switch(random.index(plan.switches)),
        there: random.chance(700),
        back: true,
        ms: random.between(100, 8_000),
    },
    |random, plan| What::SwitchCloses { switch: random.index(plan.switches) },
    |random, plan| What::SwitchSilent { switch: random.index(plan.switches), ms: random.between(100, 8_000) },
    |random, plan| What::SwitchRestart {
        switch: random.index(plan.switches),
        silent: random.chance(500),
        ms: random.between(100, 3_000),
    },
    |random, plan| What::Unmonitor { switch: random.index(plan.switches), phone: some_phone(random) },
    |random, plan| crash(random, plan),
    |random, plan| crash(random, plan),
    |random, plan| What::NodeStop { node: random.index(plan.nodes), ms: random.between(1, 3_000) },
    |random, plan| What::NodeDrain { node: random.index(plan.nodes) },
    |random, plan| What::Refresh { client: random.index(plan.clients.len()) },
];

fn crash(random: &mut Random, plan: &WorldPlan) -> What {
    let node = random.index(plan.nodes);
    What::NodeCrash { node, silent: random.chance(500), ms: random.between(1, 5_000) }
}

/// What is drawn for calm weather: use, and now and then a CTI link that fails.
const CALM_USES: &[Draw] = &[
    |random, plan| What::Ask { client: random.index(plan.clients.len()) },
    |random, plan| What::Phone { switch: random.index(plan.switches), phone: some_phone(random) },
    |random, plan| {
        let switch = random.index(plan.switches);
        if random.chance(150) {
            What::SwitchCloses { switch }
        } else {
            What::Phone { switch, phone: some_phone(random) }
        }
    },
];

fn weather(random: &mut Random, nuisance: Nuisance, most: u64) -> What {
    What::Weather { nuisance, value: random.between(1, most), ms: millis(random) }
}

fn far(random: &mut Random, plan: &WorldPlan) -> Far {
    if random.chance(600) {
        Far::Switch(random.index(plan.switches))
    } else {
        Far::Client(random.index(plan.clients.len()))
    }
}

fn wrong(random: &mut Random, plan: &WorldPlan, moods: &[Mood]) -> What {
    let mood = random.pick(moods).copied().unwrap_or(Mood::Twice);
    What::SwitchWrong { switch: random.index(plan.switches), mood, times: random.between(1, 4) }
}

/// Draws how long something lasts: often short, sometimes long.
fn millis(random: &mut Random) -> u64 {
    if random.chance(600) { random.between(1, 3_000) } else { random.between(1_000, 25_000) }
}

pub(super) fn some_phone(random: &mut Random) -> u64 {
    random.between(FIRST_PHONE, FIRST_PHONE.saturating_add(PHONES).saturating_sub(1))
}

/// A number to dial: mostly a phone's.
pub(super) fn some_number(random: &mut Random) -> String {
    let odd = ["0123", "0123", "4711", GROUP, GROUP, "700", "9"];
    if random.chance(150) {
        random.pick(&odd).copied().unwrap_or_default().to_owned()
    } else {
        some_phone(random).to_string()
    }
}

impl Schedule {
    /// Draws a schedule for the world of `plan`: some kinds of faults, so that none can hide another, among ordinary
    /// use.
    #[must_use]
    pub fn draw(random: &mut Random, plan: &WorldPlan) -> Self {
        let storm = random.between(10_000_000, 40_000_000);
        let share = random.between(50, 500);
        let kinds: Vec<Draw> = FAULTS.iter().filter(|_| random.chance(share)).copied().collect();
        let mut entries = Vec::new();
        let mut add = |random: &mut Random, kinds: &[Draw], count: u64, from: u64, to: u64| {
            for _ in 0..count {
                let (at, salt) = (random.between(from, to), random.bits());
                if let Some(draw) = random.pick(kinds) {
                    entries.push(Entry { at, salt, what: draw(random, plan) });
                }
            }
        };
        let (faults, uses, calm) = (random.between(2, 24), random.between(10, 80), random.between(5, 40));
        add(random, &kinds, faults, 0, storm.saturating_sub(1));
        add(random, USES, uses, 0, storm.saturating_sub(1));
        add(random, CALM_USES, calm, storm, storm.saturating_add(12_000_000));
        if random.chance(400) {
            let failures = random.between(1, 3);
            add(random, CALM_FAULTS, failures, storm, storm.saturating_add(12_000_000));
        }
        entries.sort_by_key(|entry| entry.at);
        Self { storm, entries }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_fault_and_use_is_drawn() {
        let mut kinds = std::collections::BTreeSet::new();
        for seed in 0..300 {
            let mut random = Random::new(seed);
            let plan = WorldPlan::draw(&mut random).with_book(&mut random);
            let schedule = Schedule::draw(&mut random, &plan).with_changes(&mut random, &plan);
            assert!(schedule.entries.is_sorted_by_key(|entry| entry.at));
            kinds.extend(schedule.entries.iter().map(|entry| entry.what.kind()));
        }
        assert_eq!(kinds.len(), 44, "{kinds:?}");
    }
}
