//! Changing configuration and directory in a run: both are swapped in one step; jobs then look at every connection and
//! every session by the new ones.

use core::fmt::Display;

use super::{Gateway, Step};
use crate::action::Level;
use crate::config::Reload;
use crate::phase::Phase;
use crate::reply::{Refusal, ReplyResult};
use crate::step::Shared;

impl Shared {
    /// Swaps configuration and directory.
    pub(super) fn reload(&mut self, reload: &Reload) {
        if !reload.is_whole() || self.phase == Phase::Terminated {
            debug_assert!(reload.is_whole(), "a directory must be found before it is given to a machine");
            return;
        }
        self.config = reload.config().clone();
        self.directory = reload.directory().cloned();
        self.reloaded = reload.fingerprint();
    }
}

impl Gateway {
    /// Tells everything that has copies of the configuration, and queues the jobs. The swap itself is done.
    pub(super) fn on_reload(&mut self, step: &mut Step<'_>, reload: &Reload) -> ReplyResult {
        if !reload.is_whole() {
            return Err(Refusal::Unknown);
        }
        step.counters.reloads += 1;
        let directory: &dyn Display = reload.version().map_or(&"none", |version| version);
        step.actions.notify(Level::Info, "reloaded", &[("directory", directory)]);
        self.uacsta.choose_anew();
        self.control.reconfigure(step);
        Ok(())
    }
}
