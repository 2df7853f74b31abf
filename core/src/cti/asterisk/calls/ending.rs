//! Hangups that come before what explains them. Asterisk tells events of one channel in their order, but not those of
//! several: a caller's end may be told before the ends of the phones that it called, which say why the call failed; and
//! those of a device that connected its two calls to each other, before those who were connected have met. Such a channel
//! ends when the others have told what happened, or with the next snapshot.

use alloc::vec::Vec;

use super::Calls;
use super::news::News;
use super::tables::{Call, Channel, Progress, Purpose, Sort, Talk};
use crate::slots::Handle;
use crate::wire::csta::model::LocalConnectionState as State;

impl Calls {
    /// A channel has ended. What it means is told now, or once that is known.
    pub(super) fn hang_up(&mut self, handle: Handle<Channel>, cause: u16, news: &mut Vec<News>) {
        let Some(talk) = self.talk_at(handle) else { return };
        self.leave_bridge(handle);
        if self.is_unexplained(handle) {
            if let Some(channel) = self.channels.get_mut(handle) {
                channel.ended = Some(cause);
            }
            return;
        }
        self.leave(handle, cause, news);
        self.end_those_of(talk, news);
    }

    /// Ends what has waited for an event of this channel.
    pub(super) fn end_those_waiting(&mut self, handle: Handle<Channel>, news: &mut Vec<News>) {
        if let Some(talk) = self.talk_at(handle) {
            self.end_those_of(talk, news);
        }
    }

    /// Ends the channels in a conversation whose Hangups came earlier, and are explained now. It may have lost a call
    /// meanwhile.
    fn end_those_of(&mut self, talk: Handle<Talk>, news: &mut Vec<News>) {
        loop {
            let explained = self.channels_in(self.talk_of(talk)).find_map(|(handle, channel)| {
                let cause = channel.ended.filter(|_| !self.is_unexplained(handle))?;
                Some((handle, cause))
            });
            let Some((handle, cause)) = explained else { return };
            self.leave(handle, cause, news);
        }
    }

    /// Whether it does not show yet what the end of a channel means.
    fn is_unexplained(&self, handle: Handle<Channel>) -> bool {
        let Some(channel) = self.channels.get(handle) else { return false };
        channel.is_party() && !channel.ends && (self.calls_somebody(channel) || self.may_transfer(channel))
    }

    /// Whether those that a channel called have neither answered nor ended.
    fn calls_somebody(&self, channel: &Channel) -> bool {
        channel.calls
            && self.entries.get(channel.call).is_some_and(|call| !call.answered)
            && self.channels_with(channel.call).any(|(_, other)| other.is_called())
    }

    /// Whether a device has ended one of two calls, and nobody hung up: the others may be about to meet.
    fn may_transfer(&self, channel: &Channel) -> bool {
        if channel.sort != Sort::Line || channel.progress != Progress::Up || !self.has_another(channel) {
            return false;
        }
        let others = self.channels_with(channel.call);
        let mut others = others.filter(|(_, other)| other.is_party() && other.device != channel.device);
        let is_alone = |(handle, other): (Handle<Channel>, &Channel)| {
            other.progress == Progress::Up
                && !other.ends
                && other.ended.is_none()
                && !self.talks_to_somebody(handle)
                && !self.is_in_room(other)
        };
        others.next().is_some_and(|first| is_alone(first) && others.all(is_alone))
    }

    /// Whether a channel is in a conference room, where somebody may be alone.
    fn is_in_room(&self, channel: &Channel) -> bool {
        let bridge = channel.bridge.and_then(|bridge| self.bridges.get(bridge));
        bridge.is_some_and(|bridge| bridge.purpose == Purpose::Room)
    }

    /// Whether the device of a channel has another call.
    fn has_another(&self, channel: &Channel) -> bool {
        let calls = self.at.get(&channel.device).map_or(&[][..], |calls| calls);
        calls.iter().filter(|call| **call != channel.call).any(|call| {
            let party = self.entries.get(*call).and_then(|call| call.party(&channel.device));
            party.is_some_and(|party| party.state != State::Null)
        })
    }

    /// The channels of the conversation that a call is part of.
    fn channels_with(&self, call: Handle<Call>) -> impl Iterator<Item = (Handle<Channel>, &Channel)> {
        self.channels_in(self.together(call))
    }

    fn channels_in(&self, calls: &[Handle<Call>]) -> impl Iterator<Item = (Handle<Channel>, &Channel)> {
        let channels = calls.iter().filter_map(|call| self.entries.get(*call));
        let channels = channels.flat_map(|call| &call.channels);
        channels.filter_map(|handle| Some((*handle, self.channels.get(*handle)?)))
    }
}
