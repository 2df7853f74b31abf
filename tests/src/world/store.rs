//! What hosts keep beyond the end of their machines: a store that answers after a while, and may fail.

use std::collections::BTreeMap;

use ctigate_core::{Command, Input, PersistResult, ReplyResult, StoreFault, Token};

use super::network::Arrival;
use super::{HostId, World};

/// The longest that a store takes, in microseconds.
const SLOWEST: u64 = 20_000;

/// A host's store.
#[derive(Default)]
pub(super) struct Store {
    kept: BTreeMap<String, String>,
    fault: Option<StoreFault>,
}

/// What a machine wants to be kept.
pub(super) struct Keeping {
    pub(super) token: Token,
    pub(super) key: String,
    /// The value; empty: forget the key.
    pub(super) value: String,
}

impl Store {
    fn keep(&mut self, Keeping { token: _, key, value }: Keeping) {
        if value.is_empty() {
            self.kept.remove(&key);
        } else {
            self.kept.insert(key, value);
        }
    }
}

impl World {
    /// Gives a host a command that is answered.
    pub fn ask(&mut self, host: HostId, token: Token, command: Command<'_>) {
        self.turn(host, Some(Input::Command { token: Some(token), command }));
    }

    /// The answers to a host's commands so far, in their order.
    pub fn replies(&self, host: HostId) -> &[(Token, ReplyResult)] {
        self.host(host).map(|host| host.outbox.replies.as_slice()).unwrap_or_default()
    }

    /// Lets a host's store fail from now on, or work again.
    pub fn set_store_fault(&mut self, host: HostId, fault: Option<StoreFault>) {
        if let Some(host) = self.host_mut(host) {
            host.store.fault = fault;
        }
    }

    /// The choices that are in force at a host, by user ID.
    #[must_use]
    pub fn selections(&self, host: HostId) -> BTreeMap<String, String> {
        let chosen = self.host(host).map(super::host::Host::selections).unwrap_or_default();
        chosen.into_iter().map(|one| (one.user.into(), one.choice.into())).collect()
    }

    /// What a host's store has kept, by key.
    #[must_use]
    pub fn kept(&self, host: HostId) -> Option<&BTreeMap<String, String>> {
        self.host(host).map(|host| &host.store.kept)
    }

    /// Gives a new machine what its host has kept.
    pub(super) fn restore(&mut self, id: HostId) {
        for (key, value) in self.kept(id).cloned().unwrap_or_default() {
            self.turn(id, Some(Input::Restored { key: &key, value: &value }));
        }
    }

    /// Lets a host's store begin to write; it is done after a while.
    pub(super) fn keep(&mut self, id: HostId, keeping: Keeping) {
        let at = self.now.saturating_add(self.random.between(0, SLOWEST));
        let life = self.host(id).map(super::host::Host::life).unwrap_or_default();
        self.network.schedule(at, Arrival::Kept { host: id, life, keeping });
    }

    /// Ends a write. If the machine has died meanwhile, what it wanted may be kept or not; but not any more once another
    /// has begun, which was given what was kept.
    pub(super) fn end_keeping(&mut self, id: HostId, life: usize, keeping: Keeping) {
        let lives = self.host(id).is_some_and(|host| host.life() == life && host.outbox.finished.is_none());
        let is_last = self.host(id).is_some_and(|host| host.life() == life);
        let is_kept = lives || (self.random.chance(500) && is_last);
        let Some(host) = self.host_mut(id) else { return };
        let (token, result): (Token, PersistResult) = (keeping.token, host.store.fault.map_or(Ok(()), Err));
        if result.is_ok() && is_kept {
            host.store.keep(keeping);
        }
        if lives {
            self.turn(id, Some(Input::Persisted { token, result }));
        }
    }
}
