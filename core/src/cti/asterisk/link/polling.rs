//! What is set for lines is listed again and again, slowly: the database tells nobody that another program wrote to it.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::AsteriskLink;
use super::asking::Asked;
use super::pace::Pace;
use super::settings::KINDS;
use crate::cti::asterisk::calls::Text;
use crate::cti::protocol::Output;
use crate::digest::Digester;
use crate::time::Instant;
use crate::wire::ami::write::Action;
use crate::wire::ami::{Message, Rights, Token};

/// The lists of what is set, one for each kind.
#[derive(Debug, Default)]
pub(super) struct Polling {
    /// The index of the kind that is listed, or is listed next.
    kind: u8,
    /// What was listed of it so far for lines that are monitored.
    listed: BTreeMap<Text, Text>,
    /// How many entries that list had so far.
    items: usize,
    /// Whether Asterisk refused to list its database.
    pub(super) is_refused: bool,
    pub(super) pace: Pace,
    /// The fingerprint of what was listed.
    mark: u64,
}

crate::digest! { struct Polling {
    kind => u64::from(*kind),
    listed: _, // In `mark`.
    items: _, // In `mark`.
    is_refused,
    pace,
    mark,
} }

impl AsteriskLink {
    /// The link is open: the first list is asked for after the configured time.
    pub(super) fn begin_polling(&mut self, now: Instant) {
        self.polling = Polling { pace: Pace::since(now), ..Polling::default() };
        self.poll_later(now);
    }

    fn poll_later(&mut self, now: Instant) {
        let may = self.session.rights().allow(Rights::SYSTEM.or(Rights::REPORTING));
        if let Some(pause) = self.settings.poll.filter(|_| may && !self.polling.is_refused) {
            self.polling.pace.want(now, pause);
        }
    }

    /// Asks for the next list: of the kind whose turn it is, and after the last of them when it is time again.
    pub(super) fn poll(&mut self, output: &mut Output<'_>) {
        self.polling.listed.clear();
        self.polling.items = 0;
        // If there are no monitors, there is nobody to tell.
        while usize::from(self.polling.kind) < KINDS.len() && !self.monitors.is_empty() {
            let family = Box::<str>::from(self.family(self.polling.kind));
            let action = Token::new(&family).map(|family| Action::DbGetTree { family });
            let number = action.ok().and_then(|action| self.send(&action, Asked::Settings, output));
            if number.is_some() {
                if let Some(lost) = self.polling.pace.begin(output.now(), number) {
                    self.asked.remove(&lost);
                }
                return;
            }
            self.polling.kind += 1;
        }
        self.polling.kind = 0;
        self.polling.pace = Pace::since(output.now());
        self.poll_later(output.now());
    }

    /// One entry of the list (event `DBGetTreeResponse`); its key is that of the whole database.
    pub(super) fn setting_listed(&mut self, item: &Message<'_>) {
        self.polling.items += 1;
        let key = item.value("Key").and_then(|key| key.strip_prefix('/'));
        let Some((family, line)) = key.and_then(|key| key.split_once('/')) else { return };
        if family != self.family(self.polling.kind) || self.monitors.of(line).is_empty() {
            return;
        }
        let value = item.value("Val").unwrap_or_default();
        let mut digester = Digester::new();
        digester.number(self.polling.mark);
        digester.text(line);
        digester.text(value);
        self.polling.mark = digester.finish();
        self.polling.listed.insert(line.into(), value.into());
    }

    /// The list has ended (event `DBGetTreeComplete`). What is not in it is not set, unless some of it was lost.
    pub(super) fn end_settings(&mut self, end: &Message<'_>, output: &mut Output<'_>) {
        let told: Option<usize> = end.value("ListItems").and_then(|items| items.parse().ok());
        self.polling.pace.end();
        if told == Some(self.polling.items) {
            let listed = core::mem::take(&mut self.polling.listed);
            let lines: Vec<Text> = self.monitors.lines().cloned().collect();
            for line in lines {
                self.seen(self.polling.kind, &line, listed.get(&line).map_or("", |value| value));
            }
        }
        self.polling.kind += 1;
        self.poll(output);
    }

    /// Asterisk does not list its database: it is too old, or its user may not.
    pub(super) fn refuses_settings(&mut self) {
        self.polling.is_refused = true;
        self.polling.pace.end();
    }
}
