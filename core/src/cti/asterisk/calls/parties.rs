//! The parties of calls: what their channels make of them.

use alloc::vec::Vec;

use super::Calls;
use super::cause::{self, Unanswered};
use super::news::{News, Redirected, Who};
use super::tables::{Call, Channel, Party, Sort};
use super::telling::{About, seen};
use super::text::Text;
use crate::slots::Handle;
use crate::wire::csta::model::{CallEventKind as Event, LocalConnectionState as State};

/// The order of states, if a device has several channels in a call: it is in the highest of them.
const fn rank(state: State) -> u8 {
    match state {
        State::Null | State::Queued | State::Fail => 0,
        State::Initiated => 1,
        State::Alerting => 2,
        State::Hold => 3,
        State::Connected => 4,
    }
}

impl Calls {
    /// The state of a device in a call, by its channels.
    fn state_of(&self, call: &Call, device: &str) -> State {
        let channels = call.channels.iter().filter_map(|handle| self.channels.get(*handle));
        let own = channels.filter(|channel| channel.is_party() && *channel.device == *device);
        own.map(|channel| channel.state(call.prompted))
            .max_by_key(|state| rank(*state))
            .unwrap_or(State::Null)
    }

    /// Adds the party that a channel belongs to, unless it is there.
    pub(super) fn join(&mut self, handle: Handle<Channel>, number: &str, name: &str) {
        let Some(channel) = self.channels.get(handle).filter(|channel| channel.is_party()) else { return };
        let (call, device, is_line) = (channel.call, channel.device.clone(), channel.sort == Sort::Line);
        let is_told = is_line && self.watched.contains(&device);
        let Some(entry) = self.entries.get_mut(call) else { return };
        if let Some(place) = entry.parties.iter().position(|party| party.who.device == device) {
            // The dialplan may have stood for it so far.
            if let Some(party) = entry.parties.get_mut(place).filter(|party| party.is_place) {
                party.is_place = false;
                party.is_line = is_line;
                party.is_told = is_told;
                party.state = State::Null;
            } else {
                return;
            }
        } else {
            let number = if is_line { device.clone() } else { number.into() };
            let who = Who { device: device.clone(), number, name: name.into() };
            entry.parties.push(Party { who, is_line, is_told, is_place: false, state: State::Null });
        }
        if is_line {
            self.at.entry(device).or_default().push(call);
        }
    }

    /// Follows the state of a channel, and tells what became of its party.
    pub(super) fn refresh(&mut self, handle: Handle<Channel>, news: &mut Vec<News>) {
        let Some(channel) = self.channels.get(handle).filter(|channel| channel.is_party()) else { return };
        let (call, calls) = (channel.call, channel.calls);
        let device = channel.device.clone();
        let Some(entry) = self.entries.get(call) else { return };
        let state = self.state_of(entry, &device);
        let Some(before) = entry.party(&device).map(|party| party.state) else { return };
        // Who was connected rings no more, whatever another channel of the device does.
        let steps_back = rank(state) < rank(before) && state != State::Hold;
        if state == before || steps_back {
            return;
        }
        // Nobody holds before he was connected.
        let through = if state == State::Hold { State::Connected } else { state };
        if before != through {
            self.set_state(call, &device, through);
            self.tell_change(call, &device, (before, through), calls, news);
        }
        if (before, through) == (State::Null, State::Alerting) {
            self.tell_who_rings(call, &device, news);
        }
        if state == State::Hold {
            self.set_state(call, &device, state);
            self.tell_change(call, &device, (through, state), calls, news);
        }
        let was_there = matches!(before, State::Connected | State::Hold);
        if through == State::Connected && !was_there && !calls {
            self.answered(call, &device, news);
        }
    }

    /// Tells a device that begins to ring which others ring already.
    fn tell_who_rings(&self, call: Handle<Call>, device: &str, news: &mut Vec<News>) {
        let Some(viewing) = self.entries.get(call) else { return };
        let Some(viewer) = viewing.party(device).filter(|party| party.is_told) else { return };
        let ringing = self.parties(call).filter(|(_, party)| party.state == State::Alerting);
        for (_, party) in ringing.filter(|(_, party)| *party.who.device != *device) {
            let about = About::call(Event::Delivered, &party.who, viewing.cause);
            news.push(seen(viewing, viewer, &about));
        }
    }

    /// Notes the state of a party.
    pub(super) fn set_state(&mut self, call: Handle<Call>, device: &str, state: State) {
        if let Some(party) = self.entries.get_mut(call).and_then(|call| call.party_mut(device)) {
            party.state = state;
        }
    }

    fn tell_change(
        &mut self,
        call: Handle<Call>,
        device: &str,
        (before, after): (State, State),
        calls: bool,
        news: &mut Vec<News>,
    ) {
        let Some(entry) = self.entries.get(call) else { return };
        let Some(party) = entry.party(device) else { return };
        let who = party.who.clone();
        let began = if entry.prompted { "makeCall" } else { "newCall" };
        let is_outside = entry.cause == "newCall" && !party.is_line;
        let reached = if is_outside { "networkSignal" } else { entry.cause };
        let (kind, cause) = match (before, after) {
            (State::Null, State::Initiated) => (Event::ServiceInitiated, began),
            (State::Null, State::Connected) if calls => {
                self.set_state(call, device, State::Initiated);
                self.tell(call, &About::call(Event::ServiceInitiated, &who, began), news);
                self.set_state(call, device, after);
                (Event::Originated, began)
            }
            (State::Initiated, State::Connected) => (Event::Originated, began),
            (State::Null | State::Initiated, State::Alerting) => (Event::Delivered, reached),
            (State::Connected, State::Hold) => (Event::Held, "normal"),
            (State::Hold, State::Connected) => (Event::Retrieved, "normal"),
            (_, State::Connected) => (Event::Established, reached),
            _ => return,
        };
        self.tell(call, &About::call(kind, &who, cause), news);
    }

    /// Somebody answered: the dialplan is no party any more.
    fn answered(&mut self, call: Handle<Call>, device: &str, news: &mut Vec<News>) {
        let Some(entry) = self.entries.get_mut(call) else { return };
        entry.answered = true;
        let by = entry.party(device).map(|party| party.who.clone()).unwrap_or_default();
        self.end_place(call, "distributed", &by, news);
    }

    /// The dialplan, or a place for parking, is no party of a call any more: the call goes to `to`.
    pub(super) fn end_place(
        &mut self,
        call: Handle<Call>,
        cause: &'static str,
        to: &Who,
        news: &mut Vec<News>,
    ) {
        let Some(entry) = self.entries.get_mut(call) else { return };
        let Some(index) = entry.parties.iter().position(|party| party.is_place) else { return };
        let place = entry.parties.remove(index);
        let about = About { new_party: Some(to), ..About::call(Event::Diverted, &place.who, cause) };
        self.tell(call, &about, news);
    }

    /// The dialplan itself answers the caller, or a place takes the call.
    pub(super) fn add_place(&mut self, call: Handle<Call>, number: &str, state: State) -> Option<Who> {
        let entry = self.entries.get_mut(call)?;
        if number.is_empty() || entry.party(number).is_some() {
            return None;
        }
        let who = Who { device: number.into(), number: number.into(), ..Who::default() };
        entry.parties.push(Party { who: who.clone(), is_line: false, is_told: false, is_place: true, state });
        Some(who)
    }

    /// Whether the caller of a call is connected to anybody.
    pub(super) fn is_reached(&self, call: Handle<Call>) -> bool {
        let others =
            self.parties(call).filter(|(_, party)| matches!(party.state, State::Connected | State::Hold));
        others.count() > 1
    }

    /// Whether a channel is in a bridge with another one.
    pub(super) fn talks_to_somebody(&self, handle: Handle<Channel>) -> bool {
        let bridge = self.channels.get(handle).and_then(|channel| channel.bridge);
        bridge.and_then(|bridge| self.bridges.get(bridge)).is_some_and(|bridge| bridge.channels.len() > 1)
    }

    /// The dialplan answers the caller, unless somebody else does.
    pub(super) fn dialplan_answers(&mut self, call: Handle<Call>, news: &mut Vec<News>) {
        let Some(entry) = self.entries.get(call) else { return };
        let number = entry.called.number.clone();
        if entry.answered || self.is_reached(call) {
            return;
        }
        let Some(who) = self.add_place(call, &number, State::Connected) else { return };
        if let Some(entry) = self.entries.get_mut(call) {
            entry.answered = true;
        }
        self.tell(call, &About::call(Event::Established, &who, "newCall"), news);
    }

    /// A channel has ended: its party leaves the call, unless another of its channels is there. `cause` is that of the
    /// Hangup.
    pub(super) fn leave(&mut self, handle: Handle<Channel>, cause: u16, news: &mut Vec<News>) {
        let Some(channel) = self.remove_channel(handle) else { return };
        let call = channel.call;
        if let Some(entry) = self.entries.get(call)
            && let Some(party) = entry.party(&channel.device).filter(|_| channel.is_party())
            && !party.is_place
        {
            let before = party.state;
            let is_there = |other: &Channel| other.is_party() && other.device == channel.device;
            let mut rest = entry.channels.iter().copied();
            if let Some(other) = rest.find(|other| self.channels.get(*other).is_some_and(is_there)) {
                let was_in_it = matches!(before, State::Connected | State::Hold);
                if was_in_it && rank(self.state_of(entry, &channel.device)) <= rank(State::Alerting) {
                    // It is called again in the call that it was in, as who transfers to a group that he is in.
                    self.tell_end(&channel, before, cause, news);
                }
                self.refresh(other, news);
            } else {
                self.tell_end(&channel, before, cause, news);
                self.remove_party(call, &channel.device);
            }
        }
        self.remove_call_if_over(call);
    }

    /// Tells why a party leaves.
    fn tell_end(&mut self, channel: &Channel, before: State, cause: u16, news: &mut Vec<News>) {
        let (call, device) = (channel.call, &channel.device);
        let Some(entry) = self.entries.get(call) else { return };
        let Some(party) = entry.party(device) else { return };
        let who = party.who.clone();
        match before {
            State::Null if !channel.calls => {
                if let Unanswered::Failed(cause) = cause::unanswered(cause) {
                    self.note_failure(call, None, cause);
                }
            }
            State::Alerting => self.tell_unanswered(call, &who, cause, news),
            State::Initiated => self.tell_cleared(call, &who, cause::prompt(cause), news),
            State::Connected | State::Hold => {
                if channel.calls && !entry.answered && !channel.ends {
                    self.tell_failed(call, &who, cause, news);
                }
                self.tell_cleared(call, &who, "normalClearing", news);
            }
            State::Null | State::Queued | State::Fail => {}
        }
    }

    fn note_failure(&mut self, call: Handle<Call>, device: Option<&Who>, cause: &'static str) {
        if let Some(entry) = self.entries.get_mut(call) {
            let device = device.map(|who| who.device.clone()).unwrap_or_default();
            entry.failed = Some((device, cause));
        }
    }

    fn tell_cleared(&mut self, call: Handle<Call>, who: &Who, cause: &'static str, news: &mut Vec<News>) {
        self.set_state(call, &who.device, State::Null);
        self.tell(call, &About::call(Event::ConnectionCleared, who, cause), news);
    }

    /// Tells that a device stops ringing.
    fn tell_unanswered(&mut self, call: Handle<Call>, who: &Who, cause: u16, news: &mut Vec<News>) {
        match cause::unanswered(cause) {
            Unanswered::GivenUp => self.tell_cleared(call, who, "normalClearing", news),
            Unanswered::Failed(cause) => {
                self.note_failure(call, Some(who), cause);
                self.tell_cleared(call, who, cause, news);
            }
            Unanswered::Elsewhere => {
                let is_talking = |party: &Party| matches!(party.state, State::Connected | State::Hold);
                let calling =
                    self.entries.get(call).map(|call| call.calling.device.clone()).unwrap_or_default();
                let others = self.parties(call).filter(|(_, party)| party.who.device != calling);
                let by = others.map(|(_, party)| party).find(|party| is_talking(party) && !party.is_place);
                let by = by.map(|party| party.who.clone());
                if by.is_none()
                    && let Some(entry) = self.entries.get_mut(call)
                {
                    entry.redirected = Redirected::From(who.number.clone());
                    entry.cause = "redirected";
                }
                self.set_state(call, &who.device, State::Null);
                let to = by.unwrap_or_default();
                let about = About { new_party: Some(&to), ..About::call(Event::Diverted, who, "redirected") };
                self.tell(call, &about, news);
            }
        }
    }

    /// Tells a caller that nobody could be reached: the cause is that of the device that was called, or, if none was,
    /// that of the dialplan.
    fn tell_failed(&mut self, call: Handle<Call>, who: &Who, cause: u16, news: &mut Vec<News>) {
        let Some(entry) = self.entries.get(call) else { return };
        let (device, cause) =
            entry.failed.clone().unwrap_or_else(|| (Text::default(), cause::failure(cause)));
        if device.is_empty() && cause != "callNotAnswered" {
            // Nothing rang: it is the number that failed.
            let number = entry.called.number.clone();
            let called = Who { device: number.clone(), number, ..Who::default() };
            self.tell(call, &About::call(Event::Failed, &called, cause), news);
            return;
        }
        self.set_state(call, &who.device, State::Fail);
        self.tell(call, &About::call(Event::Failed, who, cause), news);
    }
}
