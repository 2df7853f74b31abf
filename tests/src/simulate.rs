//! Simulations of the whole system: gateway nodes, phone systems and clients, under everything that a seed draws.
//!
//! First comes a storm, in which everything of the `schedule` happens. After every step the invariants must hold
//! (`guard`), every request must get exactly one answer, and no machine may spin or wake up for nothing. Then the
//! weather becomes calm: within a bounded time every client that wants service must have it, or be refused if its user
//! may not control the line; after some more calls each client's idea of its calls must be what the phone system knows;
//! and when all have signed out, every table must be empty.
//!
//! In a part of the worlds there is a directory (`book`): users select line appearances, rights are taken and given
//! back in mid-call, stores fail, and sessions expire, all in the same weather. No session ever controls a line that its
//! user may not control.
//!
//! A seed reproduces a run. A share of the seeds is run twice, with the same result, and every machine's run is
//! replayed from its journal.

mod book;
mod broken;
mod choices;
mod client;
mod crowd;
mod desks;
mod guard;
mod inbox;
mod ledger;
mod moody;
mod plan;
mod report;
mod schedule;
mod seen;
mod shrink;
mod stage;
mod watch;

use std::rc::Rc;

use ctigate_core::{Action, Actions};

use crate::random::Random;
use crate::world::{Care, Fault, Weather, World, caught};
use stage::Stage;

pub use book::{Book, Named};
pub use broken::Canary;
pub use crowd::{Progress, crowd};
pub use desks::{DESKS, Told, desks};
pub use plan::{Bounds, ClientPlan, CtiPlan, Manner, WorldPlan};
pub use report::{Report, Transitions};
pub use schedule::{Entry, Far, Mood, Nuisance, Schedule, What};
pub use shrink::{Failure, examine, sign, traces};

/// A second, in the world's microseconds.
const SECOND: u64 = 1_000_000;

/// How long after the storm every client that wants service must have it: sessions without a refresh end after 90 s,
/// and the longest pause before a phone system is dialled again is 15 s.
const SERVED_WITHIN: u64 = 180 * SECOND;

/// One in this many seeds is run twice and replayed, and its state machines are watched.
const SHARE: u64 = 8;

/// One in this many seeds is also played at desks at an Asterisk.
const DESKS_SHARE: u64 = 4;

/// Everything that determines a run.
#[derive(Clone, Debug)]
pub struct Run {
    /// The seed of the random numbers drawn during the run.
    pub seed: u64,
    /// The world.
    pub plan: WorldPlan,
    /// The schedule.
    pub schedule: Schedule,
    /// How the engines are broken.
    pub canary: Canary,
}

impl Run {
    /// The run of a seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let mut random = Random::new(seed.wrapping_mul(0x9e37_79b9).wrapping_add(7));
        let plan = WorldPlan::draw(&mut random);
        let schedule = Schedule::draw(&mut random, &plan);
        let mut random = Random::new(seed.wrapping_mul(0x85eb_ca6b).wrapping_add(11));
        let plan = plan.with_book(&mut random);
        let schedule = schedule.with_changes(&mut random, &plan);
        Self { seed, plan, schedule, canary: Canary::Healthy }
    }

    /// The same with broken engines.
    #[must_use]
    pub fn with(self, canary: Canary) -> Self {
        Self { canary, ..self }
    }

    /// Runs once.
    ///
    /// # Errors
    /// The first fault.
    pub fn once(&self, care: Care) -> Result<Report, Fault> {
        self.in_world(care).0
    }

    /// Runs twice, with the same result, and replays every machine's run.
    ///
    /// # Errors
    /// The first fault.
    pub fn twice(&self) -> Result<Report, Fault> {
        let (report, mut first) = self.in_world(Care::Full);
        let report = report?;
        let (again, second) = self.in_world(Care::Full);
        again?;
        first.same_as(&second)?;
        first.replayed()?;
        Ok(Report { replayed: 1, ..report })
    }

    /// Runs once, and returns the world as well.
    fn in_world(&self, care: Care) -> (Result<Report, Fault>, World) {
        let mut world = World::with_care(self.seed, Weather::CALM, care);
        let told = caught(&mut world, |world| self.tell(world, care));
        (told.map(|report| Report { seeds: 1, ..report }), world)
    }

    fn tell(&self, world: &mut World, care: Care) -> Result<Report, Fault> {
        let plan = Rc::new(self.plan.clone());
        let mut stage = Stage::new(world, &plan, self.canary, care == Care::Full)?;
        let (storm, calm): (Vec<&Entry>, Vec<&Entry>) =
            self.schedule.entries.iter().partition(|entry| entry.at < self.schedule.storm);
        for entry in storm {
            stage.run_to(world, entry.at)?;
            stage.happen(world, entry)?;
        }
        stage.run_to(world, self.schedule.storm)?;
        let calm_since = world.now();
        stage.calm(world)?;
        stage.serve(world, calm_since)?;
        stage.compare(world, false)?;
        stage.confer(world)?;
        let served = world.now();
        for entry in calm {
            stage.run_to(world, served.saturating_add(entry.at.saturating_sub(self.schedule.storm)))?;
            stage.happen(world, entry)?;
        }
        stage.compare(world, true)?;
        stage.compare_settings(world)?;
        stage.leave(world, calm_since)?;
        Ok(stage.sum_up(world))
    }
}

/// Runs a seed; a share of the seeds is run twice and replayed, and a share is also played at desks at an Asterisk.
///
/// # Errors
/// The first fault; the seed in it reproduces it.
pub fn simulate(seed: u64) -> Result<Report, Fault> {
    let run = Run::of(seed);
    let mut report = if seed.is_multiple_of(SHARE) { run.twice() } else { run.once(Care::Light) }?;
    if seed % DESKS_SHARE == 1 {
        report.add_desks(desks::caught_at_desks(seed)?);
    }
    Ok(report)
}

/// Copies an action.
fn pass(action: Action<'_>, actions: &mut Actions) {
    match action {
        Action::Connect { link, address } => actions.connect(link, address),
        // Nobody fills a secret in here.
        Action::Write { link, bytes } | Action::WriteSecret { link, bytes, .. } => actions.write(link, bytes),
        Action::Close { link } => actions.close(link),
        Action::SendDatagram { listener, peer, bytes } => actions.send_datagram(listener, peer, bytes),
        Action::Notify(notice) => {
            let fields = fields(notice.fields);
            let mut shown: Vec<(&str, &dyn core::fmt::Display)> = Vec::new();
            for (key, value) in &fields {
                shown.push((key, value));
            }
            actions.notify(notice.level, notice.name, &shown);
        }
        Action::Print { text } => actions.print(format_args!("{text}")),
        Action::Persist { token, key, value } => {
            actions.persist(token, format_args!("{key}"), format_args!("{value}"));
        }
        Action::Reply { token, result } => actions.reply(Some(token), result),
        Action::Finish { status } => actions.finish(status),
    }
}

/// The fields of a notice: keys, and values without their quotes.
fn fields(text: &str) -> Vec<(&str, String)> {
    let mut fields = Vec::new();
    let mut rest = text;
    while let Some((key, after)) = rest.split_once('=') {
        let Some(quoted) = after.strip_prefix('"') else {
            let (value, after) = after.split_once(' ').unwrap_or((after, ""));
            fields.push((key, value.to_owned()));
            rest = after;
            continue;
        };
        let mut value = String::new();
        let mut escaped = false;
        let end = quoted.char_indices().find(|(_, char)| {
            let ends = !escaped && *char == '"';
            escaped = !escaped && *char == '\\';
            if !ends && !escaped {
                value.push(*char);
            }
            ends
        });
        fields.push((key, value));
        rest = end.and_then(|(index, _)| quoted.get(index..)?.get(2..)).unwrap_or_default();
    }
    fields
}

/// One field of a notice.
fn field(text: &str, name: &str) -> Option<String> {
    fields(text).into_iter().find(|(key, _)| *key == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_passed_on_as_it_was() {
        let mut first = Actions::new();
        let odd: [(&str, &dyn core::fmt::Display); 4] =
            [("a", &"1"), ("b", &"two \"words\" = 2"), ("c", &""), ("d", &"back\\slash")];
        first.notify(ctigate_core::Level::Info, "told", &odd);
        let mut second = Actions::new();
        first.iter().for_each(|action| pass(action, &mut second));
        assert!(first.iter().eq(second.iter()), "{:?}", second.iter().collect::<Vec<_>>());
    }
}
