//! What there is, by one list of all channels (action `Status`), against what was known.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::events::{Seen, purpose};
use super::fields::{is_number, known};
use super::news::{News, Outcome};
use super::tables::{Channel, Progress, Purpose};
use super::text::Text;
use super::{Calls, Purposed};
use crate::slots::Handle;
use crate::wire::ami::Message;
use crate::wire::csta::model::LocalConnectionState as State;

/// A list of channels that is being read.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// The channels in it.
    found: Vec<Found>,
    /// What bridges are for, as far as it was listed.
    purposes: BTreeMap<Text, Purpose>,
    /// Channels that ended while the list was read.
    pub(super) ended: BTreeSet<Text>,
}

// It is read anew with every message, so its lengths stand for it: what is in it shows once it is complete.
crate::digest! { struct Listing {
    found => found.len(),
    purposes => purposes.len(),
    ended => ended.len(),
} }

/// A channel in the list.
#[derive(Debug)]
struct Found {
    channel: Handle<Channel>,
    /// The Uniqueid of its bridge; empty if it is in none.
    bridge: Text,
    /// Whether it is on hold, which means that another channel in its bridge holds it; `None` if that is not listed.
    on_hold: Option<bool>,
    /// Whether it is in a conference room.
    confers: bool,
}

/// The variable of a channel that says whether it is on hold.
const ON_HOLD: &str = "CHANNEL(onhold)=";

/// The cause of the end of a channel that is not in the list any more: it is not known.
const UNSEEN: u16 = 127;

impl Calls {
    /// A snapshot was asked for: what the list does not have from now on is over, unless it begins after this.
    pub fn begin_snapshot(&mut self) {
        self.listing = Some(Listing::default());
        let known: Vec<_> = self.by_unique.values().copied().collect();
        for handle in known {
            if let Some(channel) = self.channels.get_mut(handle) {
                channel.unseen = true;
            }
        }
    }

    /// One channel of the list (event `Status`), or one bridge of the list of bridges (event `BridgeListItem`), which
    /// may be asked for as well.
    pub fn listed(&mut self, message: &Message<'_>) -> Outcome {
        let Some(mut listing) = self.listing.take() else { return Outcome::Taken };
        let outcome = self.list_one(message, &mut listing);
        self.listing = Some(listing);
        outcome
    }

    fn list_one(&mut self, message: &Message<'_>, listing: &mut Listing) -> Outcome {
        if message.event() == "BridgeListItem" {
            let Some(unique) = message.value("BridgeUniqueid") else { return Outcome::Unknown };
            listing.purposes.insert(unique.into(), purpose(message));
            return Outcome::Taken;
        }
        let Some(seen) = Seen::read(message) else { return Outcome::Unknown };
        if listing.ended.contains(seen.unique) {
            return Outcome::Taken;
        }
        let handle = match self.channel(seen.unique) {
            Some(handle) => {
                self.link(handle, seen.linked);
                handle
            }
            None => match self.enter_listed(message, &seen) {
                Ok(handle) => handle,
                Err(outcome) => return outcome,
            },
        };
        if let Some(channel) = self.channels.get_mut(handle) {
            channel.unseen = false;
            channel.dialled = true;
            if channel.progress != Progress::Up {
                channel.progress = seen.progress;
            }
        }
        let variables = message.values("Variable").filter_map(|variable| variable.strip_prefix(ON_HOLD));
        let on_hold = variables.last().map(|value| value == "1");
        let bridge = message.value("BridgeID").unwrap_or_default().into();
        let confers = message.value("Application") == Some("ConfBridge");
        listing.found.push(Found { channel: handle, bridge, on_hold, confers });
        Outcome::Taken
    }

    /// Enters a channel that was not known. Whether its device calls or is called shows by what it does.
    fn enter_listed(&mut self, message: &Message<'_>, seen: &Seen<'_>) -> Result<Handle<Channel>, Outcome> {
        let connected = known(message, "ConnectedLineNum");
        let dials = if is_number(seen.exten) { seen.exten } else { connected };
        if let Some(Purposed::Call(number)) = self.purpose(seen.unique, dials) {
            let handle = self.enter(seen, true)?;
            self.prompt(handle, &number);
            return Ok(handle);
        }
        let application = message.value("Application").unwrap_or_default();
        let is_called =
            matches!(seen.progress, Progress::Ringing | Progress::Down) || application == "AppDial";
        let handle = self.enter(seen, !is_called)?;
        if !is_called {
            let dialled = message.value("DNID").filter(|dialled| !dialled.is_empty());
            self.begin(handle, dialled.unwrap_or(seen.exten));
            self.begin(handle, connected);
        }
        Ok(handle)
    }

    /// The list is complete: tells what has changed.
    pub fn end_snapshot(&mut self, news: &mut Vec<News>) {
        let Some(listing) = self.listing.take() else { return };
        self.end_unseen(news);
        for found in &listing.found {
            let Some(channel) = self.channels.get(found.channel) else { continue };
            let is_elsewhere =
                |bridge| self.bridges.get(bridge).is_none_or(|bridge| bridge.unique != found.bridge);
            if channel.bridge.is_some_and(is_elsewhere) {
                self.leave_bridge(found.channel);
            }
        }
        self.follow_hold(&listing);
        // Callers first: who answers them is told next.
        for calls in [true, false] {
            for found in &listing.found {
                if self.channels.get(found.channel).is_some_and(|channel| channel.calls == calls) {
                    self.refresh(found.channel, news);
                }
            }
        }
        for found in listing.found.iter().filter(|found| !found.bridge.is_empty()) {
            let listed = listing.purposes.get(&found.bridge).copied();
            let purpose = listed.unwrap_or(if found.confers { Purpose::Room } else { Purpose::Talk });
            self.enter_bridge(found.channel, &found.bridge, purpose, news);
        }
        for found in &listing.found {
            let Some(channel) = self.channels.get(found.channel).filter(|channel| channel.is_party()) else {
                continue;
            };
            let (call, is_up) = (channel.call, channel.calls && channel.progress == Progress::Up);
            // While something rings, it is the dialplan that waits for an answer.
            if is_up && !self.parties(call).any(|(_, party)| party.state == State::Alerting) {
                self.dialplan_answers(call, news);
            }
        }
    }

    /// Ends the channels that are not in the list any more.
    fn end_unseen(&mut self, news: &mut Vec<News>) {
        let known: Vec<_> = self.by_unique.values().copied().collect();
        for handle in known {
            let Some(channel) = self.channels.get_mut(handle).filter(|channel| channel.unseen) else {
                continue;
            };
            channel.ends = true;
            self.leave(handle, UNSEEN, news);
        }
    }

    /// Works out who holds: the list marks those who are held, and of two in a bridge the other one holds.
    fn follow_hold(&mut self, listing: &Listing) {
        let mut bridges: BTreeMap<&str, Vec<&Found>> = BTreeMap::new();
        for found in listing.found.iter().filter(|found| found.on_hold.is_some()) {
            bridges.entry(&found.bridge).or_default().push(found);
        }
        bridges.remove("");
        for channels in bridges.values() {
            let [one, other] = channels[..] else { continue };
            for (holder, held) in [(one, other), (other, one)] {
                if let Some(channel) = self.channels.get_mut(holder.channel) {
                    channel.holds = held.on_hold == Some(true);
                }
            }
        }
    }
}
