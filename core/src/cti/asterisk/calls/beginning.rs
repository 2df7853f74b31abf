//! How calls begin: what their first channels are for.

use super::fields::is_number;
use super::news::Who;
use super::tables::Channel;
use super::{CALLING, Calls, Purposed};
use crate::slots::Handle;

impl Calls {
    /// A channel that calls is the caller of its call, if that has none.
    pub(super) fn begin(&mut self, handle: Handle<Channel>, called: &str) {
        let Some(who) = self.who(handle) else { return };
        let Some(call) = self.channels.get(handle).map(|channel| channel.call) else { return };
        let Some(entry) = self.entries.get_mut(call) else { return };
        if entry.calling.device.is_empty() {
            entry.calling = who;
        }
        if entry.called.number.is_empty() && is_number(called) {
            entry.called = Who { number: called.into(), ..Who::default() };
        }
    }

    /// A device is called so that it calls this number once its user has answered.
    pub(super) fn prompt(&mut self, handle: Handle<Channel>, number: &str) {
        let call = self.channels.get(handle).map(|channel| channel.call);
        if let Some(entry) = call.and_then(|call| self.entries.get_mut(call)) {
            entry.prompted = true;
        }
        self.begin(handle, number);
    }

    /// What a channel is for, if a link asked for it. Another link's is known by its Uniqueid, and the number that it
    /// is to call by what its phone is to show.
    pub(super) fn purpose(&mut self, unique: &str, connected: &str) -> Option<Purposed> {
        let of_another = || unique.starts_with(CALLING).then(|| Purposed::Call(connected.into()));
        self.expected.remove(unique).or_else(of_another)
    }

    /// A device is called by Asterisk itself, for somebody with this number.
    pub(super) fn invite(&mut self, handle: Handle<Channel>, number: &str) {
        let Some(who) = self.who(handle) else { return };
        let Some(call) = self.channels.get(handle).map(|channel| channel.call) else { return };
        let Some(entry) = self.entries.get_mut(call) else { return };
        entry.calling = Who { number: number.into(), ..Who::default() };
        entry.called = who;
    }
}
