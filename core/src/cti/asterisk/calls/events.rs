//! The events of the manager interface, one method each.

use alloc::vec::Vec;

use super::fields::{is_number, known, name};
use super::naming::{device_of, is_dialled_as};
use super::news::{News, Outcome, Redirected, Who};
use super::tables::{Call, Channel, Progress, Purpose, Sort};
use super::telling::About;
use super::{Calls, Purposed};
use crate::slots::Handle;
use crate::wire::ami::Message;
use crate::wire::csta::model::CallEventKind as Event;

/// What is read of a channel's snapshot in an event or a list.
pub(super) struct Seen<'f> {
    pub(super) unique: &'f str,
    pub(super) linked: &'f str,
    pub(super) name: &'f str,
    pub(super) progress: Progress,
    pub(super) number: &'f str,
    pub(super) person: alloc::borrow::Cow<'f, str>,
    pub(super) exten: &'f str,
}

impl<'f> Seen<'f> {
    /// Reads the channel of an event; `None` if something that every such event has is missing.
    pub(super) fn read(message: &Message<'f>) -> Option<Self> {
        Some(Self {
            unique: message.value("Uniqueid").filter(|unique| !unique.is_empty())?,
            linked: message.value("Linkedid").filter(|linked| !linked.is_empty())?,
            name: message.value("Channel").filter(|name| !name.is_empty())?,
            progress: Progress::named(message.value("ChannelStateDesc")?)?,
            number: known(message, "CallerIDNum"),
            person: name(message, "CallerIDName"),
            exten: message.value("Exten").unwrap_or_default(),
        })
    }
}

impl Calls {
    /// The known channel that an event is about.
    fn named(&mut self, message: &Message<'_>, unique: &str) -> Option<Handle<Channel>> {
        self.channel(message.value(unique)?)
    }

    /// Enters a channel.
    ///
    /// # Errors
    /// [`Outcome::Full`].
    pub(super) fn enter(&mut self, seen: &Seen<'_>, calls: bool) -> Result<Handle<Channel>, Outcome> {
        let full = Outcome::Full(self.limit);
        if self.channels.is_full() {
            return Err(full);
        }
        let by_unique = self.channel(seen.linked).and_then(|first| self.channels.get(first));
        let of_linked =
            by_unique.map(|first| first.call).or_else(|| self.by_linked.get(seen.linked).copied());
        let call = match of_linked {
            Some(call) => call,
            None => self.add_call(seen.linked).map_err(|_| full)?,
        };
        let (sort, device) = device_of(seen.name, &self.lines);
        let channel = Channel {
            unique: seen.unique.into(),
            linked: seen.linked.into(),
            name: seen.name.into(),
            sort,
            device: device.into(),
            progress: seen.progress,
            calls,
            dialled: false,
            holds: false,
            ends: false,
            left: false,
            left_room: false,
            ended: None,
            bridge: None,
            call,
            unseen: false,
        };
        let handle = self.channels.insert(channel).map_err(|_| full)?;
        self.by_unique.insert(seen.unique.into(), handle);
        if let Some(entry) = self.entries.get_mut(call) {
            entry.channels.push(handle);
        }
        self.join(handle, seen.number, &seen.person);
        Ok(handle)
    }

    /// `Newchannel`.
    pub(super) fn newchannel(&mut self, message: &Message<'_>, news: &mut Vec<News>) -> Outcome {
        let Some(seen) = Seen::read(message) else { return Outcome::Unknown };
        if self.channel(seen.unique).is_some() {
            return self.newstate(message, news);
        }
        let purpose = self.purpose(seen.unique, known(message, "ConnectedLineNum"));
        let calls = seen.progress == Progress::Ring || matches!(purpose, Some(Purposed::Call(_)));
        let handle = match self.enter(&seen, calls) {
            Ok(handle) => handle,
            Err(outcome) => return outcome,
        };
        let is_first = seen.unique == seen.linked;
        match purpose {
            Some(Purposed::Call(number)) => {
                self.prompt(handle, &number);
            }
            Some(Purposed::Invitation(number)) => self.invite(handle, &number),
            None if calls => self.begin(handle, seen.exten),
            None if is_first => self.invite(handle, known(message, "ConnectedLineNum")),
            None => {}
        }
        self.refresh(handle, news);
        Outcome::Taken
    }

    /// `Newstate`.
    pub(super) fn newstate(&mut self, message: &Message<'_>, news: &mut Vec<News>) -> Outcome {
        let Some(seen) = Seen::read(message) else { return Outcome::Unknown };
        let Some(handle) = self.channel(seen.unique) else { return Outcome::Unknown };
        self.link(handle, seen.linked);
        let Some(channel) = self.channels.get_mut(handle) else { return Outcome::Unknown };
        let is_answer = channel.progress != Progress::Up && seen.progress == Progress::Up;
        // What is up rings no more, whatever comes late.
        if channel.progress != Progress::Up {
            channel.progress = seen.progress;
        }
        let (call, calls, is_party) = (channel.call, channel.calls, channel.is_party());
        let prompted = self.entries.get(call).is_some_and(|call| call.prompted);
        self.refresh(handle, news);
        if is_answer && calls && is_party && !prompted {
            self.dialplan_answers(call, news);
        }
        Outcome::Taken
    }

    /// `NewCallerid` and `NewConnectedLine`: who a channel is, and with whom it is connected.
    pub(super) fn identity(&mut self, message: &Message<'_>) -> Outcome {
        let Some(handle) = self.named(message, "Uniqueid") else { return Outcome::Unknown };
        self.link(handle, message.value("Linkedid").unwrap_or_default());
        let Some(channel) = self.channels.get(handle) else { return Outcome::Unknown };
        let (call, device, is_outside) =
            (channel.call, channel.device.clone(), channel.sort == Sort::Outside);
        let Some(entry) = self.entries.get_mut(call) else { return Outcome::Taken };
        let (number, person) = (known(message, "CallerIDNum"), name(message, "CallerIDName"));
        if is_outside
            && let Some(party) = entry.party_mut(&device)
            && !number.is_empty()
        {
            party.who.number = number.into();
            party.who.name = (&*person).into();
            if entry.calling.device == device {
                entry.calling = party_of(entry, &device);
            }
        }
        // Who calls a device that Asterisk calls by itself is known by its display alone.
        let connected = known(message, "ConnectedLineNum");
        if entry.calling.device.is_empty() && entry.called.device == device && !connected.is_empty() {
            let person = name(message, "ConnectedLineName");
            entry.calling = Who { number: connected.into(), name: (&*person).into(), ..Who::default() };
        }
        if entry.prompted
            && entry.called.number.is_empty()
            && entry.calling.device == device
            && is_number(connected)
        {
            entry.called.number = connected.into();
        }
        Outcome::Taken
    }

    /// `DialBegin`: a channel is dialled.
    pub(super) fn dial_begin(&mut self, message: &Message<'_>, news: &mut Vec<News>) -> Outcome {
        let Some(dialled) = self.named(message, "DestUniqueid") else { return Outcome::Unknown };
        if let Some(channel) = self.channels.get_mut(dialled) {
            channel.dialled = true;
        }
        // Asterisk itself dials, or a channel.
        if let Some(caller) = message.value("Uniqueid") {
            let Some(caller) = self.channel(caller) else { return Outcome::Unknown };
            self.part(caller, news);
            self.follow(caller, dialled);
            self.redirect(caller, message.value("Exten").unwrap_or_default());
            self.reach_out(dialled, message, news);
        }
        self.refresh(dialled, news);
        self.end_those_waiting(dialled, news);
        Outcome::Taken
    }

    /// Puts a channel that is dialled into the conversation of the one that dials it, if its Linkedid did not tell.
    fn follow(&mut self, caller: Handle<Channel>, dialled: Handle<Channel>) {
        let call = |handle| self.channels.get(handle).map(|channel: &Channel| channel.call);
        let (Some(from), Some(to)) = (call(caller), call(dialled)) else { return };
        self.merge(from, to);
        let Some(before) = self.entries.get(from) else { return };
        let ends = (before.calling.clone(), before.called.clone());
        if let Some(entry) = self.entries.get_mut(to)
            && entry.calling == Who::default()
        {
            (entry.calling, entry.called) = ends;
        }
    }

    /// A channel is dialled by another one.
    fn reach_out(&mut self, dialled: Handle<Channel>, message: &Message<'_>, news: &mut Vec<News>) {
        let Some(channel) = self.channels.get(dialled) else { return };
        let (call, device, is_outside) =
            (channel.call, channel.device.clone(), channel.sort == Sort::Outside);
        if let Some(entry) = self.entries.get_mut(call) {
            if entry.answered && entry.parties.iter().any(|party| party.is_place) {
                entry.cause = "distributed";
            }
            if is_outside && let Some(party) = entry.party_mut(&device) {
                party.who.number = known(message, "DestCallerIDNum").into();
                party.who.name = (&*name(message, "DestCallerIDName")).into();
            }
        }
        if is_outside && let Some(who) = self.who(dialled) {
            let cause = self.entries.get(call).map_or("newCall", |call| call.cause);
            self.tell(call, &About::call(Event::NetworkReached, &who, cause), news);
        }
    }

    /// A call goes to a number: one that was not dialled means that it was redirected.
    fn redirect(&mut self, caller: Handle<Channel>, number: &str) {
        let Some(channel) = self.channels.get(caller).filter(|channel| channel.is_party()) else { return };
        let (call, is_line) = (channel.call, channel.sort == Sort::Line);
        if !is_number(number) {
            return;
        }
        let is_reached = self.talks_to_somebody(caller);
        let Some(entry) = self.entries.get_mut(call) else { return };
        let before = core::mem::replace(&mut entry.called.number, number.into());
        if before.is_empty() || *before == *number {
            return;
        }
        entry.called.name = super::text::Text::default();
        if entry.answered {
            if is_reached {
                entry.called.number = before;
                return;
            }
            // Somebody else sent the caller on.
            entry.answered = false;
            entry.failed = None;
            entry.cause = "redirected";
            return;
        }
        entry.called.number = before.clone();
        if entry.redirected != Redirected::No {
            return;
        }
        let (from, cause) = match &entry.failed {
            Some((device, "busy")) => (Redirected::From(device.clone()), "callForwardBusy"),
            Some((device, _)) if !device.is_empty() => {
                (Redirected::From(device.clone()), "callForwardNoAnswer")
            }
            _ if is_line => (Redirected::From(before), "callForwardImmediate"),
            _ if is_dialled_as(&before, number) => return,
            _ => (Redirected::Perhaps, "newCall"),
        };
        entry.redirected = from;
        entry.cause = cause;
        entry.failed = None;
    }

    /// `DialState`: what is heard of a channel that is dialled. Some networks never say more than that the call makes
    /// progress.
    pub(super) fn dial_state(&mut self, message: &Message<'_>, news: &mut Vec<News>) -> Outcome {
        let Some(handle) = self.named(message, "DestUniqueid") else { return Outcome::Unknown };
        if matches!(message.value("DialStatus"), Some("RINGING" | "PROGRESS"))
            && let Some(channel) = self.channels.get_mut(handle)
            && channel.progress == Progress::Down
        {
            channel.progress = Progress::Ringing;
            self.refresh(handle, news);
        }
        Outcome::Taken
    }

    /// `Hold` and `Unhold`, which name the channel of the one who holds.
    pub(super) fn hold(&mut self, message: &Message<'_>, holds: bool, news: &mut Vec<News>) -> Outcome {
        let Some(handle) = self.named(message, "Uniqueid") else { return Outcome::Unknown };
        if let Some(channel) = self.channels.get_mut(handle) {
            channel.holds = holds;
        }
        self.refresh(handle, news);
        Outcome::Taken
    }

    /// `BridgeEnter`.
    pub(super) fn bridge_enter(&mut self, message: &Message<'_>, news: &mut Vec<News>) -> Outcome {
        let Some(handle) = self.named(message, "Uniqueid") else { return Outcome::Unknown };
        self.link(handle, message.value("Linkedid").unwrap_or_default());
        let Some(unique) = message.value("BridgeUniqueid") else { return Outcome::Unknown };
        self.enter_bridge(handle, unique, purpose(message), news);
        self.end_those_waiting(handle, news);
        Outcome::Taken
    }

    /// A channel comes into a bridge.
    pub(super) fn enter_bridge(
        &mut self,
        handle: Handle<Channel>,
        unique: &str,
        purpose: Purpose,
        news: &mut Vec<News>,
    ) {
        let here = self.channels.get(handle).and_then(|channel| channel.bridge);
        if here.is_some() && self.by_bridge.get(unique).copied() == here {
            return;
        }
        self.leave_bridge(handle);
        self.part(handle, news);
        let Some(bridge) = self.bridge(unique, purpose) else { return };
        if let Some(entry) = self.bridges.get_mut(bridge) {
            entry.channels.push(handle);
        }
        if let Some(channel) = self.channels.get_mut(handle) {
            channel.bridge = Some(bridge);
        }
        self.meet(handle, bridge, news);
    }

    /// `BridgeLeave`.
    pub(super) fn bridge_leave(&mut self, message: &Message<'_>) -> Outcome {
        let Some(handle) = self.named(message, "Uniqueid") else { return Outcome::Unknown };
        let Some(channel) = self.channels.get_mut(handle) else { return Outcome::Unknown };
        let Some(bridge) = channel.bridge.and_then(|bridge| self.bridges.get(bridge)) else {
            return Outcome::Taken;
        };
        // A list may have said already where it went.
        if message.value("BridgeUniqueid").is_some_and(|unique| *unique != *bridge.unique) {
            return Outcome::Taken;
        }
        channel.left_room = bridge.purpose == Purpose::Room;
        self.leave_bridge(handle);
        Outcome::Taken
    }

    /// `HangupRequest`: a user has hung up.
    pub(super) fn hangup_request(&mut self, message: &Message<'_>) -> Outcome {
        let Some(handle) = self.named(message, "Uniqueid") else { return Outcome::Unknown };
        if let Some(channel) = self.channels.get_mut(handle) {
            channel.ends = true;
        }
        Outcome::Taken
    }

    /// `Hangup`: the end of a channel.
    pub(super) fn hangup(&mut self, message: &Message<'_>, news: &mut Vec<News>) -> Outcome {
        let cause = message.value("Cause").and_then(|cause| cause.parse().ok());
        let (Some(cause), Some(unique)) = (cause, message.value("Uniqueid")) else { return Outcome::Unknown };
        self.expected.remove(unique);
        if let Some(listing) = &mut self.listing
            && listing.ended.len() < self.limit
        {
            listing.ended.insert(unique.into());
        }
        // What is not known and is over needs nothing.
        let Some(handle) = self.channel(unique) else { return Outcome::Taken };
        self.hang_up(handle, cause, news);
        Outcome::Taken
    }

    /// `Rename`.
    pub(super) fn rename(&mut self, message: &Message<'_>) -> Outcome {
        let Some(handle) = self.named(message, "Uniqueid") else { return Outcome::Unknown };
        if let (Some(channel), Some(name)) = (self.channels.get_mut(handle), message.value("Newname")) {
            channel.name = name.into();
        }
        Outcome::Taken
    }

    /// `LocalBridge`: the two halves of a Local channel, which join what is on both sides.
    pub(super) fn local_bridge(&mut self, message: &Message<'_>) -> Outcome {
        let halves = (self.named(message, "LocalOneUniqueid"), self.named(message, "LocalTwoUniqueid"));
        let (Some(one), Some(two)) = halves else { return Outcome::Unknown };
        let call = |handle| self.channels.get(handle).map(|channel: &Channel| channel.call);
        if let (Some(one), Some(two)) = (call(one), call(two)) {
            self.merge(one, two);
        }
        Outcome::Taken
    }

    /// `BlindTransfer`.
    pub(super) fn blind_transfer(&mut self, message: &Message<'_>, news: &mut Vec<News>) -> Outcome {
        if message.value("Result").is_some_and(|result| result != "Success") {
            return Outcome::Taken;
        }
        let Some(by) = self.named(message, "TransfererUniqueid") else { return Outcome::Unknown };
        let first = self.named(message, "TransfereeUniqueid");
        self.transfer_blindly(by, first, message.value("Extension").unwrap_or_default(), news);
        Outcome::Taken
    }

    /// `AttendedTransfer`: mostly the bridges have told it already.
    pub(super) fn attended_transfer(&mut self, message: &Message<'_>, news: &mut Vec<News>) -> Outcome {
        if message.value("Result").is_some_and(|result| result != "Success") {
            return Outcome::Taken;
        }
        let legs =
            (self.named(message, "OrigTransfererUniqueid"), self.named(message, "SecondTransfererUniqueid"));
        let (Some(one), Some(two)) = legs else { return Outcome::Unknown };
        let is_in = |handle: Handle<Channel>| {
            let channel = self.channels.get(handle).filter(|channel| channel.is_party());
            channel.map(|channel| channel.call)
        };
        if let (Some(held), Some(active), Some(who)) = (is_in(one), is_in(two), self.who(one))
            && held != active
            && self.who(two).is_some_and(|other| other.device == who.device)
        {
            self.transfer(held, active, &who, news);
        }
        Outcome::Taken
    }

    /// `Pickup`.
    pub(super) fn pickup(&mut self, message: &Message<'_>, news: &mut Vec<News>) -> Outcome {
        let ends = (self.named(message, "Uniqueid"), self.named(message, "TargetUniqueid"));
        let (Some(by), Some(from)) = ends else { return Outcome::Unknown };
        self.pick_up(by, from, news);
        Outcome::Taken
    }

    /// `ParkedCall`.
    pub(super) fn parked_call(&mut self, message: &Message<'_>, news: &mut Vec<News>) -> Outcome {
        let Some(parked) = self.named(message, "ParkeeUniqueid") else { return Outcome::Unknown };
        self.park(parked, message.value("ParkingSpace").unwrap_or_default(), news);
        Outcome::Taken
    }

    /// `UnParkedCall`.
    pub(super) fn unparked_call(&mut self, message: &Message<'_>, news: &mut Vec<News>) -> Outcome {
        let ends = (self.named(message, "RetrieverUniqueid"), self.named(message, "ParkeeUniqueid"));
        let (Some(by), Some(parked)) = ends else { return Outcome::Unknown };
        self.fetch(by, parked, news);
        Outcome::Taken
    }

    /// `ParkedCallTimeOut`: the call goes back to who parked it.
    pub(super) fn parked_time_out(&mut self, message: &Message<'_>, news: &mut Vec<News>) -> Outcome {
        let Some(parked) = self.named(message, "ParkeeUniqueid") else { return Outcome::Unknown };
        let Some(call) = self.channels.get(parked).map(|channel| channel.call) else { return Outcome::Taken };
        self.end_place(call, "recall", &Who::default(), news);
        if let Some(entry) = self.entries.get_mut(call) {
            entry.cause = "recall";
        }
        Outcome::Taken
    }
}

/// The party that a device is, again.
fn party_of(call: &Call, device: &str) -> Who {
    call.party(device).map(|party| party.who.clone()).unwrap_or_default()
}

/// What the bridge of an event is for.
pub(super) fn purpose(message: &Message<'_>) -> Purpose {
    let technology = message.value("BridgeTechnology").unwrap_or_default();
    let creator = message.value("BridgeCreator").unwrap_or_default();
    if technology == "holding_bridge" || creator == "Parking" {
        Purpose::Waiting
    } else if technology == "softmix" && creator != "<unknown>" && !creator.is_empty() {
        Purpose::Room
    } else {
        Purpose::Talk
    }
}
