//! What is drawn for a world with a directory beside all else: selections, reloads, stores that fail, sessions that
//! expire.

use ctigate_core::StoreFault;

use super::{Entry, Schedule, What};
use crate::random::Random;
use crate::simulate::plan::WorldPlan;

/// A moment: how long a store takes at most, and a little more, in microseconds.
const MOMENT: u64 = 25_000;

/// How much longer a storm lasts in which a session is to expire, in microseconds: 120 s at most, and the clients have
/// calls again before that.
const EXPIRY: u64 = 125_000_000;

impl Schedule {
    /// Draws what happens to the directory of `plan`, to users' choices and to sessions, if it has a directory.
    #[must_use]
    pub fn with_changes(mut self, random: &mut Random, plan: &WorldPlan) -> Self {
        if plan.book.is_none() {
            return self;
        }
        if random.chance(350) {
            self.draw_expiry(random, plan);
        }
        let storm = self.storm;
        let end = storm.saturating_add(12_000_000);
        for _ in 0..random.between(2, 12) {
            self.draw_selection(random, plan, (0, storm.saturating_sub(1)));
        }
        for _ in 0..random.between(1, 8) {
            let what = draw_reload(random, plan);
            self.add(random, (0, storm.saturating_sub(1)), what);
        }
        if random.chance(400) {
            let fault = random.pick(&StoreFault::ALL).copied().unwrap_or(StoreFault::Full);
            let what =
                What::StoreFails { node: random.index(plan.nodes), fault, ms: random.between(100, 20_000) };
            self.add(random, (0, storm.saturating_sub(1)), what);
        }
        // In calm weather, clients must follow from what they are told.
        for _ in 0..random.below(4) {
            let what =
                What::Select { node: random.index(plan.nodes), client: random.index(plan.clients.len()) };
            self.add(random, (storm, end), what);
        }
        if random.chance(400) {
            self.add(random, (storm, end), What::Reload { node: None });
        }
        self.entries.sort_by_key(|entry| entry.at);
        self
    }

    fn add(&mut self, random: &mut Random, (from, to): (u64, u64), what: What) {
        let (at, salt) = (random.between(from, to), random.bits());
        self.entries.push(Entry { at, salt, what });
    }

    /// Draws a selection and, in some cases, a crash while it is kept.
    fn draw_selection(&mut self, random: &mut Random, plan: &WorldPlan, span: (u64, u64)) {
        let (node, client) = (random.index(plan.nodes), random.index(plan.clients.len()));
        self.add(random, span, What::Select { node, client });
        if !random.chance(150) {
            return;
        }
        let at =
            self.entries.last().map_or(0, |entry| entry.at).saturating_add(random.below(MOMENT)).min(span.1);
        let (silent, ms, salt) = (random.chance(500), random.between(1, 3_000), random.bits());
        self.entries.push(Entry { at, salt, what: What::NodeCrash { node, silent, ms } });
    }

    /// Lets clients not refresh until their sessions expire, and has a longer storm for that, in which there are calls.
    fn draw_expiry(&mut self, random: &mut Random, plan: &WorldPlan) {
        let early = self.storm;
        for entry in self.entries.iter_mut().filter(|entry| entry.at >= early) {
            entry.at = entry.at.saturating_add(EXPIRY);
        }
        self.storm = early.saturating_add(EXPIRY);
        for _ in 0..random.between(1, 3) {
            let client = random.index(plan.clients.len());
            let ms = random.between(60_000, 140_000);
            self.add(random, (1_000_000, early), What::Sleep { client, ms });
        }
        for _ in 0..random.between(5, 25) {
            let ask = What::Ask { client: random.index(plan.clients.len()) };
            let phone = What::Phone { switch: random.index(plan.switches), phone: super::some_phone(random) };
            let what = if random.chance(600) { ask } else { phone };
            self.add(random, (early, self.storm.saturating_sub(1)), what);
        }
    }
}

fn draw_reload(random: &mut Random, plan: &WorldPlan) -> What {
    What::Reload { node: random.chance(300).then(|| random.index(plan.nodes)) }
}
