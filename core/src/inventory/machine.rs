//! The implementation of [`Machine`].

use alloc::vec::Vec;

use super::{Asker, Inventory, Stage};
use crate::action::Actions;
use crate::digest::Digester;
use crate::input::{Command, Input, Listen, Taken};
use crate::links::Owner;
use crate::machine::{Machine, Wake, Why};
use crate::step::{Shared, Step};
use crate::time::Instant;

impl Machine for Inventory {
    fn listens(&self) -> Vec<Listen> {
        Vec::new()
    }

    fn step(&mut self, now: Instant, input: Input<'_>, actions: &mut Actions) -> Taken {
        let Self { shared, state } = self;
        state.on_input(&mut shared.step(now, actions), input)
    }

    fn next_wake(&self) -> Option<Wake> {
        if self.state.stage == Stage::Over {
            return None;
        }
        self.shared.timers.next().map(|(at, key)| Wake { at, why: Why::Timer(key.name()) })
    }

    fn digest(&mut self) -> u64 {
        let tables = self.state.pool.fold();
        self.state.digest_with(&self.shared, tables)
    }

    fn full_digest(&self) -> u64 {
        self.state.digest_with(&self.shared, self.state.pool.recompute())
    }
}

impl Asker {
    fn on_input(&mut self, step: &mut Step<'_>, input: Input<'_>) -> Taken {
        let mut taken = if let Input::Bytes { bytes, .. } = input { bytes.len() } else { 0 };
        if self.stage == Stage::Over {
            return Taken(taken);
        }
        match input {
            Input::Tick => self.on_tick(step),
            Input::Opened { link, .. } => {
                if let Some(Owner::Cti(index)) = step.links.owner(link) {
                    let news = self.pool.on_opened(step, index);
                    self.on_news(step, news);
                }
            }
            Input::Bytes { link, bytes } => {
                if let Some(Owner::Cti(index)) = step.links.owner(link) {
                    taken = self.on_bytes(step, index, bytes);
                }
            }
            Input::Closed { link, why } => {
                if let Some(Owner::Cti(index)) = step.links.owner(link) {
                    let news = self.pool.on_closed(step, index, why);
                    self.on_news(step, news);
                }
            }
            Input::Command { command: Command::Stop, .. } => self.end(step, Err("it was stopped".into())),
            Input::Command { .. }
            | Input::Listening { .. }
            | Input::Datagram { .. }
            | Input::Persisted { .. }
            | Input::Restored { .. }
            | Input::Clock { .. } => {}
        }
        self.go_on(step);
        Taken(taken)
    }

    fn digest_with(&self, shared: &Shared, tables: u64) -> u64 {
        let Self {
            pool,
            stage,
            connection,
            list,
            parts,
            is_whole,
            pause,
            stations,
            devices,
            next,
            under_way,
            outcome: _, // It is taken by whoever drives the machine, and follows from the others until then.
        } = self;
        let mut digester = Digester::new();
        digester.number(tables);
        digester.value(pool);
        digester.value(stage);
        digester.value(connection);
        digester.value(list);
        digester.value(parts);
        digester.flag(*is_whole);
        digester.value(pause);
        digester.value(stations);
        digester.value(devices);
        digester.value(next);
        digester.value(under_way);
        digester.value(&shared.entropy);
        digester.value(&shared.timers.len());
        digester.finish()
    }
}

crate::digest! { enum Stage { Connecting = 0, Listing = 1, Asking = 2, Looking = 3, Over = 4 } }
