//! Conversations that become one: transfers, conference rooms, calls that are picked up or fetched.

use alloc::vec::Vec;

use super::Calls;
use super::news::{Kind, Moved, News, Who};
use super::tables::{Bridge, Call, Channel, Party, Purpose, Talk};
use super::telling::About;
use crate::slots::Handle;
use crate::wire::csta::model::{CallEventKind as Event, LocalConnectionState as State};

impl Calls {
    /// The party that a channel is.
    pub(super) fn who(&self, handle: Handle<Channel>) -> Option<Who> {
        let channel = self.channels.get(handle)?;
        let party = self.entries.get(channel.call)?.party(&channel.device)?;
        Some(party.who.clone())
    }

    pub(super) fn talk_at(&self, handle: Handle<Channel>) -> Option<Handle<Talk>> {
        let channel = self.channels.get(handle)?;
        Some(self.entries.get(channel.call)?.talk)
    }

    /// A channel has come into a bridge: those whom it meets there are in its conversation.
    pub(super) fn meet(&mut self, handle: Handle<Channel>, bridge: Handle<Bridge>, news: &mut Vec<News>) {
        let Some(entry) = self.bridges.get(bridge) else { return };
        let purpose = entry.purpose;
        let Some(own) = self.talk_at(handle) else { return };
        let Some(call) = self.channels.get(handle).map(|channel| channel.call) else { return };
        let other =
            entry.channels.iter().copied().find(|other| self.talk_at(*other).is_some_and(|talk| talk != own));
        if purpose == Purpose::Room {
            self.dialplan_answers(call, news);
        }
        let Some(other) = other.and_then(|other| self.channels.get(other)).map(|channel| channel.call) else {
            return;
        };
        match purpose {
            Purpose::Waiting => {}
            Purpose::Room => self.confer(call, other, (handle, bridge), news),
            Purpose::Talk => match self.transferring(call, other, bridge) {
                Some((held, active, device)) => self.transfer(held, active, &device, news),
                None => self.connect(call, other, "normal", news),
            },
        }
    }

    /// The device that transferred two calls to each other, if one did: it is in both, and not in the bridge in which
    /// their other parties meet. The calls come with it, the held one first.
    fn transferring(
        &self,
        one: Handle<Call>,
        other: Handle<Call>,
        bridge: Handle<Bridge>,
    ) -> Option<(Handle<Call>, Handle<Call>, Who)> {
        let is_away = |channel: &&Channel| channel.is_party() && channel.bridge != Some(bridge);
        for first in self.together(one) {
            for party in &self.entries.get(*first)?.parties {
                let own = |call: Handle<Call>| {
                    let channels = self.entries.get(call)?.channels.iter();
                    let mut channels =
                        channels.filter_map(|handle| self.channels.get(*handle)).filter(is_away);
                    channels.find(|channel| channel.device == party.who.device)
                };
                let Some(here) = own(*first) else { continue };
                let found = self.together(other).iter().find_map(|call| Some((*call, own(*call)?)));
                let Some((second, there)) = found else { continue };
                let older = self.entries.get(*first)?.order < self.entries.get(second)?.order;
                let first_is_held = here.holds || (!there.holds && older);
                let calls = if first_is_held { (*first, second) } else { (second, *first) };
                return Some((calls.0, calls.1, party.who.clone()));
            }
        }
        None
    }

    /// A device has connected the other parties of two calls to each other, and is in neither any more.
    pub(super) fn transfer(
        &mut self,
        held: Handle<Call>,
        active: Handle<Call>,
        by: &Who,
        news: &mut Vec<News>,
    ) {
        for call in [held, active] {
            self.take_out(call, by);
        }
        let to = self.entries.get(active).and_then(|call| {
            let mut others =
                call.parties.iter().filter(|party| party.state != State::Null && !party.is_place);
            others.next().map(|party| party.who.clone())
        });
        let second = self.entries.get(active).map(|call| call.id);
        self.merge(held, active);
        let list = self.list(held);
        let to = to.unwrap_or_default();
        let about = About { new_party: Some(&to), ..About::call(Event::Transfered, by, "transfer") };
        let from = news.len();
        self.tell_list(held, &about, &list, news);
        for told in news.iter_mut().skip(from).filter(|told| told.device == by.device) {
            told.second = second;
        }
        for call in [held, active] {
            self.remove_party(call, &by.device);
            if let Some(call) = self.entries.get_mut(call) {
                call.answered = true;
            }
        }
    }

    /// A device has sent the others of its call to a number, and is out of it. `first` is the channel that is sent.
    pub(super) fn transfer_blindly(
        &mut self,
        by: Handle<Channel>,
        first: Option<Handle<Channel>>,
        number: &str,
        news: &mut Vec<News>,
    ) {
        let Some(who) = self.who(by) else { return };
        let Some(call) = self.channels.get(by).map(|channel| channel.call) else { return };
        self.take_out(call, &who);
        // Whoever the number leads to has no connection yet; a group, or the number for parking, never has one.
        let mut list = self.list(call);
        list.extend(self.parked_at(call).map(|party| Moved { party, old: None }));
        let to = Who { device: number.into(), number: number.into(), ..Who::default() };
        let calling = first.and_then(|first| self.who(first));
        if let Some(channel) = first.and_then(|first| self.channels.get_mut(first)) {
            channel.calls = true;
        }
        let together = self.together(call).to_vec();
        for entry in together {
            let Some(entry) = self.entries.get_mut(entry) else { continue };
            entry.called = to.clone();
            entry.answered = false;
            entry.failed = None;
            entry.cause = "singleStepTransfer";
            if let Some(calling) = &calling {
                entry.calling = calling.clone();
            }
        }
        let about =
            About { new_party: Some(&to), ..About::call(Event::Transfered, &who, "singleStepTransfer") };
        self.tell_list(call, &about, &list, news);
        self.remove_party(call, &who.device);
    }

    /// Where a call is parked, which Asterisk may tell before the transfer to the number for parking.
    fn parked_at(&self, call: Handle<Call>) -> Option<Who> {
        let parties = &self.entries.get(call)?.parties;
        let place = parties.iter().find(|party| party.is_place && party.state == State::Queued)?;
        Some(place.who.clone())
    }

    /// A device is in its call no more, though its channels may be for a while.
    fn take_out(&mut self, call: Handle<Call>, who: &Who) {
        let channels = self.entries.get(call).map(|call| call.channels.clone()).unwrap_or_default();
        for handle in channels {
            if let Some(channel) = self.channels.get_mut(handle).filter(|one| one.device == who.device) {
                channel.left = true;
            }
        }
        self.set_state(call, &who.device, State::Null);
    }

    /// Two calls meet in a conference room: the party of `added` comes into the conversation of the others. A device that
    /// was in both has made one call of them.
    fn confer(
        &mut self,
        one: Handle<Call>,
        other: Handle<Call>,
        (added, room): (Handle<Channel>, Handle<Bridge>),
        news: &mut Vec<News>,
    ) {
        let Some(who) = self.who(added) else { return };
        let both = self.conferring(one, other, room);
        if let Some((given_up, by)) = &both {
            self.take_out(*given_up, by);
            self.remove_party(*given_up, &by.device);
        }
        let second = both.as_ref().and_then(|(given_up, _)| self.entries.get(*given_up)).map(|call| call.id);
        self.merge(other, one);
        let list = self.list(other);
        let by = both.as_ref().map_or(&who, |(_, by)| by);
        let about = About { new_party: Some(&who), ..About::call(Event::Conferenced, by, "conference") };
        let from = news.len();
        self.tell_list(one, &about, &list, news);
        for told in news.iter_mut().skip(from).filter(|told| both.is_some() && told.device == by.device) {
            told.second = second;
        }
    }

    /// The device that is in both of two calls, and the one of them that it gives up: that with the channel that does not
    /// go to the room, or that it held.
    fn conferring(
        &self,
        one: Handle<Call>,
        other: Handle<Call>,
        room: Handle<Bridge>,
    ) -> Option<(Handle<Call>, Who)> {
        let channels = |call: Handle<Call>| {
            let entries = self.together(call).iter().filter_map(|call| self.entries.get(*call));
            let channels = entries.flat_map(|call| &call.channels);
            channels.filter_map(|handle| self.channels.get(*handle)).filter(|channel| channel.is_party())
        };
        channels(one).find_map(|here| {
            let there = channels(other).find(|there| there.device == here.device)?;
            let goes = |channel: &Channel| (channel.bridge == Some(room), !channel.holds);
            let given_up = if goes(here) < goes(there) { here } else { there };
            let party = self.entries.get(given_up.call)?.party(&given_up.device)?;
            Some((given_up.call, party.who.clone()))
        })
    }

    /// The parties of two calls are connected to each other, without a device that was in both.
    pub(super) fn connect(
        &mut self,
        one: Handle<Call>,
        other: Handle<Call>,
        cause: &'static str,
        news: &mut Vec<News>,
    ) {
        let mut met = Vec::new();
        for (call, viewers) in [(one, other), (other, one)] {
            for (call, party) in self.parties(call) {
                if matches!(party.state, State::Connected | State::Hold) && !party.is_place {
                    met.push((call, viewers, party.who.clone()));
                }
            }
        }
        for (call, viewers, who) in &met {
            let about = About::call(Event::Established, who, cause);
            self.tell_those(self.together(*viewers), *call, &about, news);
        }
        self.merge(one, other);
        for call in [one, other] {
            if let Some(call) = self.entries.get_mut(call) {
                call.answered = true;
            }
        }
    }

    /// Makes one conversation of two.
    pub(super) fn merge(&mut self, one: Handle<Call>, other: Handle<Call>) {
        let talk = |handle| self.entries.get(handle).map(|call: &Call| call.talk);
        let (Some(kept), Some(given_up)) = (talk(one), talk(other)) else { return };
        if kept == given_up {
            return;
        }
        let Some(mut entry) = self.talks.remove(given_up) else { return };
        for call in &entry.calls {
            if let Some(call) = self.entries.get_mut(*call) {
                call.talk = kept;
            }
        }
        if let Some(talk) = self.talks.get_mut(kept) {
            talk.calls.append(&mut entry.calls);
        }
    }

    /// A channel that has left a conference room goes on elsewhere: its call is a conversation of its own again.
    pub(super) fn part(&mut self, handle: Handle<Channel>, news: &mut Vec<News>) {
        let Some(channel) = self.channels.get_mut(handle) else { return };
        let (was_in_room, call) = (core::mem::take(&mut channel.left_room), channel.call);
        if !was_in_room || self.together(call).len() < 2 {
            return;
        }
        let is_there = |party: &Party| party.state != State::Null && !party.is_place;
        let parted = self.parties(call).filter(|(_, party)| is_there(party));
        let parted: Vec<_> = parted.map(|(call, party)| (call, party.who.clone())).collect();
        let Ok(own) = self.talks.insert(Talk { calls: Vec::from([call]) }) else { return };
        let Some(entry) = self.entries.get_mut(call) else { return };
        let before = core::mem::replace(&mut entry.talk, own);
        if let Some(talk) = self.talks.get_mut(before) {
            talk.calls.retain(|other| *other != call);
        }
        for (of, who) in &parted {
            let about = About::call(Event::ConnectionCleared, who, "normalClearing");
            let viewers = if *of == call { self.talk_of(before) } else { self.talk_of(own) };
            self.tell_those(viewers, *of, &about, news);
        }
    }

    /// A device answers a call that rings at another one, which stops ringing.
    pub(super) fn pick_up(&mut self, by: Handle<Channel>, from: Handle<Channel>, news: &mut Vec<News>) {
        let (Some(who), Some(target)) = (self.who(by), self.who(from)) else { return };
        let call_of = |handle| self.channels.get(handle).map(|channel: &Channel| channel.call);
        let (Some(own), Some(call)) = (call_of(by), call_of(from)) else { return };
        if own == call {
            return;
        }
        self.take_out(call, &target);
        let about = About { new_party: Some(&who), ..About::call(Event::Diverted, &target, "callPickup") };
        self.tell(call, &about, news);
        self.remove_party(call, &target.device);
        let calling = self.entries.get(call).map(|call| call.calling.clone()).unwrap_or_default();
        self.end_place(own, "callPickup", &calling, news);
        self.connect(call, own, "callPickup", news);
    }

    /// A device fetches a parked call.
    pub(super) fn fetch(&mut self, by: Handle<Channel>, parked: Handle<Channel>, news: &mut Vec<News>) {
        let (Some(who), Some(other)) = (self.who(by), self.who(parked)) else { return };
        let call_of = |handle| self.channels.get(handle).map(|channel: &Channel| channel.call);
        let (Some(own), Some(call)) = (call_of(by), call_of(parked)) else { return };
        self.end_place(call, "callPickup", &who, news);
        self.end_place(own, "callPickup", &other, news);
        if own != call {
            self.connect(call, own, "callPickup", news);
        }
    }

    /// A call waits at a place for parking.
    pub(super) fn park(&mut self, parked: Handle<Channel>, place: &str, news: &mut Vec<News>) {
        let Some(call) = self.channels.get(parked).map(|channel| channel.call) else { return };
        let to = Who { device: place.into(), number: place.into(), ..Who::default() };
        self.end_place(call, "park", &to, news);
        let Some(who) = self.add_place(call, place, State::Queued) else { return };
        let about = About { kind: Kind::Queued, who: &who, cause: "park", new_party: None };
        self.tell(call, &about, news);
    }
}
