//! Keeping the tables: what is in them, and what leaves them.

use alloc::vec::Vec;

use super::news::{Redirected, Who};
use super::tables::{Bridge, Call, Channel, Purpose, Talk};
use super::{Calls, numbering};
use crate::slots::{Full, Handle};

impl Calls {
    /// A new call, alone in its conversation.
    ///
    /// # Errors
    /// [`Full`] if there are too many.
    pub(super) fn add_call(&mut self, linked: &str) -> Result<Handle<Call>, Full> {
        if self.entries.is_full() {
            return Err(Full);
        }
        let talk = self.talks.insert(Talk::default())?;
        let id = numbering::number(linked, &self.ids);
        let call = self.entries.insert(Call {
            id,
            order: self.begun,
            linked: Vec::from([linked.into()]),
            talk,
            calling: Who::default(),
            called: Who::default(),
            redirected: Redirected::No,
            prompted: false,
            answered: false,
            cause: "newCall",
            failed: None,
            parties: Vec::with_capacity(2),
            channels: Vec::new(),
        })?;
        self.ids.insert(id);
        self.begun += 1;
        if let Some(talk) = self.talks.get_mut(talk) {
            talk.calls.push(call);
        }
        self.by_linked.insert(linked.into(), call);
        Ok(call)
    }

    /// The channel with a Uniqueid.
    pub(super) fn channel(&self, unique: &str) -> Option<Handle<Channel>> {
        self.by_unique.get(unique).copied()
    }

    /// The bridge with this Uniqueid, which is entered if it is not known.
    pub(super) fn bridge(&mut self, unique: &str, purpose: Purpose) -> Option<Handle<Bridge>> {
        if let Some(bridge) = self.by_bridge.get(unique) {
            return Some(*bridge);
        }
        let bridge = Bridge { unique: unique.into(), purpose, channels: Vec::new() };
        let bridge = self.bridges.insert(bridge).ok()?;
        self.by_bridge.insert(unique.into(), bridge);
        Some(bridge)
    }

    /// Takes a channel out of its bridge. A bridge that nobody is in is forgotten: its next guest brings it back.
    pub(super) fn leave_bridge(&mut self, handle: Handle<Channel>) {
        let Some(channel) = self.channels.get_mut(handle) else { return };
        let Some(bridge) = channel.bridge.take() else { return };
        let Some(entry) = self.bridges.get_mut(bridge) else { return };
        entry.channels.retain(|other| *other != handle);
        if entry.channels.is_empty()
            && let Some(entry) = self.bridges.remove(bridge)
        {
            self.by_bridge.remove(&entry.unique);
        }
    }

    /// Takes a channel out of all tables but that of its call's parties.
    pub(super) fn remove_channel(&mut self, handle: Handle<Channel>) -> Option<Channel> {
        self.leave_bridge(handle);
        let channel = self.channels.remove(handle)?;
        self.by_unique.remove(&channel.unique);
        if let Some(call) = self.entries.get_mut(channel.call) {
            call.channels.retain(|other| *other != handle);
        }
        Some(channel)
    }

    /// Takes a party out of a call.
    pub(super) fn remove_party(&mut self, call: Handle<Call>, device: &str) {
        let Some(entry) = self.entries.get_mut(call) else { return };
        entry.parties.retain(|party| *party.who.device != *device);
        if let Some(calls) = self.at.get_mut(device) {
            calls.retain(|other| *other != call);
            if calls.is_empty() {
                self.at.remove(device);
            }
        }
    }

    /// Removes a call that no channel is in.
    pub(super) fn remove_call_if_over(&mut self, call: Handle<Call>) {
        if self.entries.get(call).is_none_or(|entry| !entry.channels.is_empty()) {
            return;
        }
        let Some(entry) = self.entries.remove(call) else { return };
        self.ids.remove(&entry.id);
        let Some(talk) = self.talks.get_mut(entry.talk) else { return };
        talk.calls.retain(|other| *other != call);
        let rest = talk.calls.first().copied();
        if rest.is_none() {
            self.talks.remove(entry.talk);
        }
        // Channels of the conversation may still have its Linkedid, and so have those that they dial.
        for linked in entry.linked {
            if self.by_linked.get(&linked) != Some(&call) {
                continue;
            }
            if let Some((handle, rest)) = rest.and_then(|rest| Some((rest, self.entries.get_mut(rest)?))) {
                self.by_linked.insert(linked.clone(), handle);
                rest.linked.push(linked);
            } else {
                self.by_linked.remove(&linked);
            }
        }
    }

    /// Notes that a Linkedid leads to the call of a channel: it changes when calls become one.
    pub(super) fn link(&mut self, handle: Handle<Channel>, linked: &str) {
        let Some(channel) = self.channels.get_mut(handle) else { return };
        if linked.is_empty() || *channel.linked == *linked {
            return;
        }
        channel.linked = linked.into();
        let call = channel.call;
        if !self.by_linked.contains_key(linked)
            && let Some(entry) = self.entries.get_mut(call)
        {
            entry.linked.push(linked.into());
            self.by_linked.insert(linked.into(), call);
        }
    }
}
