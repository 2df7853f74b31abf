//! The call model: channels, bridges and dials of Asterisk become connections and calls of CSTA.
//!
//! A channel is a connection at its device for as long as it lives; several channels of a device in one call are one
//! connection. A call gets its callID by its first channel (`numbering`), and each device keeps the callID that its call
//! began with, whatever Asterisk makes of it: transfers, pickups and conference rooms join calls to one conversation
//! (`Talk`), of which each device has its own view.
//!
//! Nothing is scanned: channels are found by their Uniqueid, bridges by theirs, calls by their Linkedid, and a change
//! costs as much as there are parties in the conversation.

mod beginning;
mod cause;
mod ending;
mod events;
mod fields;
mod keeping;
mod merging;
mod naming;
mod news;
mod numbering;
mod parties;
mod snapshot;
mod tables;
mod telling;
mod text;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

pub use news::{CallId, Kind, Moved, News, Outcome, Redirected, Who};
pub use text::Text;

use crate::digest::Digester;
use crate::slots::{Handle, Slots};
use crate::wire::ami::Message;
use crate::wire::csta::model::LocalConnectionState;
use tables::{Bridge, Call, Channel, Talk};

/// How the Uniqueid begins of each channel that a link asks for so that a device calls a number: other links to the same
/// Asterisk know by it what the channel is for.
pub const CALLING: &str = "ctigate-";

/// What a channel is for that we asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purposed {
    /// The device is to call this number once its user has answered the prompt.
    Call(Text),
    /// The device is called for the one with this number.
    Invitation(Text),
}

crate::digest! { enum Purposed { Call(number) = 0, Invitation(number) = 1 } }

/// One call at a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtDevice {
    /// The call, as the device knows it.
    pub call: CallId,
    /// Who calls.
    pub calling: Who,
    /// Who is called.
    pub called: Who,
    /// From where the call came last.
    pub redirected: Redirected,
    /// The state of each party, the device's own first.
    pub states: Vec<LocalConnectionState>,
    /// The others, in the order of their states.
    pub others: Vec<Who>,
}

/// A channel, for actions about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelName {
    /// Its Uniqueid.
    pub unique: Text,
    /// Its name.
    pub name: Text,
    /// The device that it belongs to.
    pub device: Text,
    /// Whether it is answered.
    pub is_up: bool,
}

/// The calls of one Asterisk.
pub struct Calls {
    /// The most channels.
    limit: usize,
    channels: Slots<Channel>,
    bridges: Slots<Bridge>,
    entries: Slots<Call>,
    talks: Slots<Talk>,
    by_unique: BTreeMap<Text, Handle<Channel>>,
    by_bridge: BTreeMap<Text, Handle<Bridge>>,
    by_linked: BTreeMap<Text, Handle<Call>>,
    /// The calls at each line.
    at: BTreeMap<Text, Vec<Handle<Call>>>,
    /// Lines whose names are no numbers.
    lines: BTreeSet<Text>,
    /// Lines whose monitors are told.
    watched: BTreeSet<Text>,
    /// Channels that we asked for, by their Uniqueid.
    expected: BTreeMap<Text, Purposed>,
    /// The callIDs of the calls that there are.
    ids: BTreeSet<CallId>,
    /// How many calls there were.
    begun: u64,
    /// What is being listed, if anything is.
    listing: Option<snapshot::Listing>,
}

impl core::fmt::Debug for Calls {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Calls").field("channels", &self.channels.len()).finish_non_exhaustive()
    }
}

impl Calls {
    /// No calls, and at most `limit` channels.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            channels: Slots::new(limit),
            bridges: Slots::new(limit),
            entries: Slots::new(limit),
            talks: Slots::new(limit),
            by_unique: BTreeMap::new(),
            by_bridge: BTreeMap::new(),
            by_linked: BTreeMap::new(),
            at: BTreeMap::new(),
            lines: BTreeSet::new(),
            watched: BTreeSet::new(),
            expected: BTreeMap::new(),
            ids: BTreeSet::new(),
            begun: 0,
            listing: None,
        }
    }

    /// Notes that an endpoint is a line, though its name is no number. There are at most as many as channels.
    pub fn add_line(&mut self, endpoint: &str) {
        if !fields::is_number(endpoint) && self.lines.len() < self.limit {
            self.lines.insert(endpoint.into());
        }
    }

    /// Tells a line's monitors of its calls from now on, or no longer. News are made for such lines only.
    pub fn watch(&mut self, line: &str, is_watched: bool) {
        if is_watched {
            self.watched.insert(line.into());
        } else {
            self.watched.remove(line);
        }
        for call in self.at.get(line).into_iter().flatten() {
            if let Some(party) = self.entries.get_mut(*call).and_then(|call| call.party_mut(line)) {
                party.is_told = is_watched;
            }
        }
    }

    /// Notes what a channel is for that we ask for, with the Uniqueid that we choose for it. It is forgotten with the
    /// channel, or by [`Calls::forget`].
    pub fn expect(&mut self, unique: &str, purpose: Purposed) {
        if self.expected.len() < self.limit {
            self.expected.insert(unique.into(), purpose);
        }
    }

    /// Forgets a channel that we asked for and that never came.
    pub fn forget(&mut self, unique: &str) {
        self.expected.remove(unique);
    }

    /// Whether nothing is known of any channel, bridge or call.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let tables = [self.channels.len(), self.bridges.len(), self.entries.len(), self.talks.len()];
        let indexes = [self.by_unique.len(), self.by_bridge.len(), self.by_linked.len(), self.at.len()];
        tables.iter().chain(&indexes).all(|len| *len == 0)
    }

    /// The fingerprint of the tables; costs as much as the entries touched since the last call.
    pub fn fold(&mut self) -> u64 {
        let mut digester = Digester::new();
        for part in [self.channels.fold(), self.bridges.fold(), self.entries.fold(), self.talks.fold()] {
            digester.number(part);
        }
        digester.value(&self.rest());
        digester.finish()
    }

    /// What the tables of entries do not have.
    fn rest(&self) -> (&BTreeMap<Text, Purposed>, (u64, &Option<snapshot::Listing>)) {
        (&self.expected, (self.begun, &self.listing))
    }

    /// Takes in one event. What it means for lines is appended to `news`.
    pub fn event(&mut self, message: &Message<'_>, news: &mut Vec<News>) -> Outcome {
        match message.event() {
            "Newchannel" => self.newchannel(message, news),
            "Newstate" => self.newstate(message, news),
            "NewCallerid" | "NewConnectedLine" => self.identity(message),
            "DialBegin" => self.dial_begin(message, news),
            "DialState" => self.dial_state(message, news),
            "BridgeEnter" => self.bridge_enter(message, news),
            "BridgeLeave" => self.bridge_leave(message),
            "Hold" => self.hold(message, true, news),
            "Unhold" => self.hold(message, false, news),
            "HangupRequest" => self.hangup_request(message),
            "Hangup" => self.hangup(message, news),
            "Rename" => self.rename(message),
            "LocalBridge" => self.local_bridge(message),
            "BlindTransfer" => self.blind_transfer(message, news),
            "AttendedTransfer" => self.attended_transfer(message, news),
            "Pickup" => self.pickup(message, news),
            "ParkedCall" => self.parked_call(message, news),
            "UnParkedCall" => self.unparked_call(message, news),
            "ParkedCallTimeOut" => self.parked_time_out(message, news),
            _ => Outcome::Taken,
        }
    }

    /// The calls at a device, in the order in which they came.
    pub fn at(&self, device: &str) -> impl Iterator<Item = AtDevice> {
        let calls = self.at.get(device).map_or(&[][..], |calls| calls);
        calls.iter().filter_map(move |handle| {
            let call = self.entries.get(*handle)?;
            let own = call.party(device).filter(|party| party.state != LocalConnectionState::Null)?;
            let mut at = AtDevice {
                call: call.id,
                calling: call.calling.clone(),
                called: call.called.clone(),
                redirected: call.redirected.clone(),
                states: Vec::from([own.state]),
                others: Vec::new(),
            };
            for (of, party) in self.parties(*handle) {
                let is_own = of == *handle && *party.who.device == *device;
                if !is_own && party.state != LocalConnectionState::Null {
                    at.states.push(party.state);
                    at.others.push(party.who.clone());
                }
            }
            Some(at)
        })
    }

    /// The device and the call of a channel, by its Uniqueid.
    #[must_use]
    pub fn of_channel(&self, unique: &str) -> Option<(&str, CallId)> {
        let channel = self.channels.get(self.channel(unique)?)?;
        Some((&channel.device, self.entries.get(channel.call)?.id))
    }

    /// The Uniqueids of a device's channels that are up.
    pub fn up_at(&self, device: &str) -> impl Iterator<Item = &str> {
        let calls = self.at.get(device).map_or(&[][..], |calls| calls);
        let channels =
            calls.iter().filter_map(|call| self.entries.get(*call)).flat_map(|call| &call.channels);
        let channels = channels.filter_map(|handle| self.channels.get(*handle));
        let is_up = move |channel: &&Channel| {
            channel.is_party()
                && *channel.device == *device
                && channel.progress == tables::Progress::Up
                && channel.ended.is_none()
        };
        channels.filter(is_up).map(|channel| &*channel.unique)
    }

    /// The name of a channel, by its Uniqueid.
    #[must_use]
    pub fn name_of(&self, unique: &str) -> Option<&str> {
        self.channels.get(self.channel(unique)?).map(|channel| &*channel.name)
    }

    /// The channels of a call at a device: its own, and those of the others in the conversation.
    #[must_use]
    pub fn channels_of(&self, device: &str, call: CallId) -> (Vec<ChannelName>, Vec<ChannelName>) {
        let calls = self.at.get(device).map_or(&[][..], |calls| calls);
        let is_meant =
            |handle: &&Handle<Call>| self.entries.get(**handle).is_some_and(|entry| entry.id == call);
        let Some(own) = calls.iter().find(is_meant) else { return Default::default() };
        let channels = self.together(*own).iter().filter_map(|handle| self.entries.get(*handle));
        let channels =
            channels.flat_map(|call| &call.channels).filter_map(|handle| self.channels.get(*handle));
        let (mut its, mut others) = (Vec::new(), Vec::new());
        for channel in channels.filter(|channel| channel.is_party() && channel.ended.is_none()) {
            let found = ChannelName {
                unique: channel.unique.clone(),
                name: channel.name.clone(),
                device: channel.device.clone(),
                is_up: channel.progress == tables::Progress::Up,
            };
            let is_own = channel.call == *own && *channel.device == *device;
            if is_own { &mut its } else { &mut others }.push(found);
        }
        (its, others)
    }

    /// Notes that the call at a device is about to be ended for its user, so that its end is no failure.
    pub fn ends(&mut self, device: &str, call: CallId) {
        for channel in self.channels_of(device, call).0 {
            let channel = self.channel(&channel.unique).and_then(|handle| self.channels.get_mut(handle));
            if let Some(channel) = channel {
                channel.ends = true;
            }
        }
    }
}
