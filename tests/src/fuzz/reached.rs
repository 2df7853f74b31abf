//! What a run reached: the states by which a fuzzer that has gone blind is told from one that sees.

use core::cell::RefCell;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write as _};

use ctigate_core::engine::View;
use ctigate_core::wire::sip::Method;

use super::csta::kind_of;
use crate::bench::Sip;

/// The states that were reached, each with how often. What a state is, each body says.
#[derive(Debug, Default)]
pub struct Reached {
    counts: BTreeMap<Cow<'static, str>, usize>,
}

impl Reached {
    /// How often the state `name` was reached.
    #[must_use]
    pub fn count(&self, name: &str) -> usize {
        self.counts.get(name).copied().unwrap_or(0)
    }

    /// How many states were reached.
    #[must_use]
    pub fn states(&self) -> usize {
        self.counts.len()
    }

    /// Adds what another run reached.
    pub fn add(&mut self, other: &Self) {
        for (name, count) in &other.counts {
            *self.counts.entry(name.clone()).or_default() += count;
        }
    }

    /// The state `name` is reached. Names are taken from what can be counted beforehand, never from what peers say.
    pub(super) fn note(&mut self, name: impl Into<Cow<'static, str>>) {
        let name = name.into();
        if !name.is_empty() {
            *self.counts.entry(name).or_default() += 1;
        }
    }

    /// A gateway said something to a client: its method, or its status and what that answers; and its document.
    pub(super) fn said(&mut self, message: &Sip) {
        if message.status() == 0 {
            self.note(String::from(message.method()));
        } else {
            let method = message.header("CSeq").rsplit(' ').next().unwrap_or_default();
            let known = !matches!(Method::from_name(method), Method::Other(_));
            self.note(format!("{} to {}", message.status(), if known { method } else { "another" }));
        }
        self.note(kind_of(message.body()));
    }

    /// How full a gateway's tables are: each empty, with one entry, or with more.
    pub(super) fn tables(&mut self, view: &View) {
        let View { sessions, monitors, switch_monitors, pending, jobs, early, .. } = *view;
        let View { server_transactions, client_transactions, .. } = *view;
        let calls = [sessions, monitors, switch_monitors, pending, jobs, early].map(|count| count.min(2));
        let messages = [server_transactions, client_transactions].map(|count| count.min(2));
        self.note(format!("tables {calls:?} {messages:?}"));
    }

    /// Says on standard error which states are reached for the first time by this thread: `reached: NAME`, one a line.
    pub fn tell(self) {
        thread_local! {
            static TOLD: RefCell<BTreeSet<Cow<'static, str>>> = const { RefCell::new(BTreeSet::new()) };
        }
        TOLD.with_borrow_mut(|told| {
            for name in self.counts.into_keys() {
                if !told.contains(&name) {
                    // Whoever does not listen to the fuzzer does not miss it.
                    let _ = writeln!(io::stderr(), "reached: {name}");
                    told.insert(name);
                }
            }
        });
    }
}
