//! The states that a run reached, which show whether a fuzzer still explores anything.

use core::cell::RefCell;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write as _};

use ctigate_core::engine::View;
use ctigate_core::wire::sip::Method;

use super::csta::kind_of;
use crate::bench::Sip;

/// The states that were reached, each with a count. Each body documents its states.
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

    /// Notes that the state `name` was reached. Names come from fixed sets, never from peers.
    pub(super) fn note(&mut self, name: impl Into<Cow<'static, str>>) {
        let name = name.into();
        if !name.is_empty() {
            *self.counts.entry(name).or_default() += 1;
        }
    }

    /// Notes a message of a gateway to a client: its method, or its status and the method it answers; and its document.
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

    /// Notes how full a gateway's tables are: each empty, with one entry, or with more.
    pub(super) fn tables(&mut self, view: &View) {
        let View { sessions, monitors, switch_monitors, pending, jobs, early, .. } = *view;
        let View { server_transactions, client_transactions, .. } = *view;
        let calls = [sessions, monitors, switch_monitors, pending, jobs, early].map(|count| count.min(2));
        let messages = [server_transactions, client_transactions].map(|count| count.min(2));
        self.note(format!("tables {calls:?} {messages:?}"));
    }

    /// Prints the states that this thread reaches for the first time to standard error, one `reached: NAME` per line.
    pub fn tell(self) {
        thread_local! {
            static TOLD: RefCell<BTreeSet<Cow<'static, str>>> = const { RefCell::new(BTreeSet::new()) };
        }
        TOLD.with_borrow_mut(|told| {
            for name in self.counts.into_keys() {
                if !told.contains(&name) {
                    // If standard error is closed the output is not needed.
                    let _ = writeln!(io::stderr(), "reached: {name}");
                    told.insert(name);
                }
            }
        });
    }
}
