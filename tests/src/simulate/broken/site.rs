//! What broken engines do to rights and to users' choices.

use core::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ctigate_core::config::Reload;
use ctigate_core::line::directory::Directory;
use ctigate_core::{Action, Actions, Command, Input, Instant, Machine as _, Taken, Token};

use super::{Broken, Canary};
use crate::simulate::inbox::{element, header, root};
use crate::simulate::seen::Seen;

/// What a broken engine remembers of users.
#[derive(Debug, Default)]
pub(super) struct Site {
    canary: Canary,
    /// The users' entries that it ever had, by their IDs.
    users: BTreeMap<String, String>,
    /// The selections that it acknowledged too early.
    told: BTreeSet<Token>,
    /// The dialogs whose line is at another device now.
    moved: BTreeSet<String>,
    /// The number that each session had first.
    numbers: RefCell<BTreeMap<u64, String>>,
}

impl Site {
    pub(super) fn new(canary: Canary, directory: Option<&Directory>) -> Self {
        let mut site = Self { canary, ..Self::default() };
        if let Some(directory) = directory {
            site.note_users(&text_of(directory));
        }
        site
    }

    fn note_users(&mut self, text: &str) {
        for entry in text.lines().filter(|line| line.starts_with("user ")) {
            self.users.insert(id_of(entry), entry.replace(" enabled=no", ""));
        }
    }

    /// The reload that the engine is given instead of this one, if that is its way.
    pub(super) fn altered(&mut self, input: &Input<'_>) -> Option<Reload> {
        let Input::Command { command: Command::Reload(reload), .. } = input else { return None };
        let text = text_of(reload.directory()?);
        let altered = if self.canary == Canary::RightsKept {
            self.with_former(&text)
        } else if self.canary == Canary::OthersEnded {
            let others = |line: &&str| !id_of(line).ends_with('0');
            text.split_inclusive('\n').filter(others).collect()
        } else {
            return None;
        };
        self.note_users(&text);
        let directory = Directory::read(&altered, "broken").ok()?;
        Reload::new(reload.settings().to_vec(), Some(Arc::new(directory))).ok()
    }

    /// A directory in which every user has what he had before, too.
    fn with_former(&self, text: &str) -> String {
        let mut left = self.users.clone();
        let mut all = String::new();
        for line in text.lines() {
            all.push_str(&line.replace(" enabled=no", ""));
            if let Some(former) = left.remove(&id_of(line)).filter(|_| line.starts_with("user ")) {
                let rights = former.split(' ').filter(|word| word.starts_with("line="));
                for right in rights.filter(|right| !line.split(' ').any(|word| word == *right)) {
                    all.push(' ');
                    all.push_str(right);
                }
            }
            all.push('\n');
        }
        for entry in left.values() {
            all.push_str(entry);
            all.push('\n');
        }
        all
    }

    /// Whether the engine never gets this input.
    pub(super) const fn misses(&self, input: &Input<'_>) -> bool {
        matches!((self.canary, input), (Canary::ChoiceForgotten, Input::Restored { .. }))
    }

    /// What the engine reads, in which users with capital letters are others.
    pub(super) fn misread(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let (name, other) = (b"From: <sip:USER", b"From: <sip:XSER");
        let at = bytes.windows(name.len()).position(|found| found == name)?;
        let mut read = bytes.to_vec();
        read.get_mut(at..at.saturating_add(other.len()))?.copy_from_slice(other);
        (self.canary == Canary::UserCase).then_some(read)
    }

    /// Acknowledges a selection as soon as it is given to the store.
    pub(super) fn hasten(&mut self, input: &Input<'_>, inner: &Actions, actions: &mut Actions) {
        let Input::Command { token: Some(token), command: Command::Select { .. } } = input else { return };
        let is_given = inner.iter().any(|action| matches!(action, Action::Persist { .. }));
        if self.canary == Canary::ChoiceUnkept && is_given && self.told.insert(*token) {
            actions.reply(Some(*token), Ok(()));
        }
    }

    /// Whether an action is not carried out.
    pub(super) fn withholds(&self, action: &Action<'_>) -> bool {
        matches!(action, Action::Reply { token, .. } if self.told.contains(token))
    }

    /// Notes that a session's line is at another device.
    pub(super) fn note(&mut self, name: &str, fields: &str) {
        if self.canary == Canary::OldDeviceKept && name == "device_changed" {
            self.moved.extend(crate::simulate::field(fields, "call_id"));
        }
    }

    /// Whether to hold back a message to a client: the end of a call at the device that it has left.
    pub(super) fn conceals(&self, text: &str) -> bool {
        text.starts_with("INFO ")
            && root(text) == "ConnectionClearedEvent"
            && element(text, "localConnectionInfo") == Some("null")
            && self.moved.contains(header(text, "Call-ID").unwrap_or_default())
    }

    /// Lets sessions seem to stay at their devices.
    pub(super) fn distort(&self, seen: &mut Seen) {
        if self.canary != Canary::ChoiceUnfollowed {
            return;
        }
        let mut numbers = self.numbers.borrow_mut();
        for session in seen.sessions.iter_mut().filter(|session| session.is_established) {
            let first = numbers.entry(session.handle).or_insert_with(|| session.number.clone());
            session.number.clone_from(first);
        }
    }
}

impl Broken {
    /// Lets the engine take a step with an input that a broken one takes for another, or misses.
    pub(super) fn misguided(&mut self, now: Instant, input: Input<'_>) -> Taken {
        if self.site.misses(&input) {
            return Taken(0);
        }
        if let Some(reload) = self.site.altered(&input)
            && let Input::Command { token, .. } = input
        {
            let others = self.canary == Canary::OthersEnded;
            let token = token.filter(|_| !others);
            let command = Command::Reload(&reload);
            self.engine.step(now, Input::Command { token, command }, &mut self.inner);
            if !others {
                return Taken(0);
            }
            while self.engine.view().jobs > 0 {
                self.engine.step(now, Input::Tick, &mut self.inner);
            }
        }
        if let Input::Bytes { bytes, .. } | Input::Datagram { bytes, .. } = input
            && let Some(bytes) = self.site.misread(bytes).as_deref()
        {
            let mut misread = input;
            if let Input::Bytes { bytes: read, .. } | Input::Datagram { bytes: read, .. } = &mut misread {
                *read = bytes;
            }
            return self.engine.step(now, misread, &mut self.inner);
        }
        self.engine.step(now, input, &mut self.inner)
    }
}

fn text_of(directory: &Directory) -> String {
    let mut text = String::new();
    directory.write(&mut text);
    text
}

/// The ID in a user's entry, without case.
fn id_of(entry: &str) -> String {
    let id = entry.strip_prefix("user ").and_then(|rest| rest.split(' ').next());
    id.unwrap_or_default().to_lowercase()
}
