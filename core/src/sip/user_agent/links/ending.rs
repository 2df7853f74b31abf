//! When a SIP connection ends: one whose messages cannot be told apart any more (RFC 3261 18.3), on which a message was
//! not completed, or that carries no dialog and is silent. What was written to it is sent before it is closed, and the
//! sessions live on.

use super::table::{SipLink, SipLinks, sip_link};
use crate::action::Level;
use crate::sip::transactions::Flow;
use crate::sip::user_agent::leg::Legs;
use crate::sip::user_agent::reader::{Origin, note_broken};
use crate::slots::Handle;
use crate::step::{SessionId, Step, TimerKey};

impl SipLinks {
    /// Lets a session's requests take `flow` from now on.
    pub(crate) fn follow(
        &mut self,
        step: &mut Step<'_>,
        legs: &mut impl Legs,
        session: SessionId,
        flow: Flow,
    ) {
        let Some(leg) = legs.leg_mut(session) else { return };
        let before = core::mem::replace(&mut leg.dialog.flow, flow);
        if before != flow {
            self.release(step, before);
            self.carry(step, flow);
        }
    }

    /// Notes that one more dialog takes a flow.
    pub(in crate::sip::user_agent) fn carry(&mut self, step: &mut Step<'_>, flow: Flow) {
        self.change(step, flow, |entry| entry.dialogs = entry.dialogs.saturating_add(1));
    }

    /// Notes that a dialog takes a flow no longer.
    pub(in crate::sip::user_agent) fn release(&mut self, step: &mut Step<'_>, flow: Flow) {
        let now = step.now;
        self.change(step, flow, |entry| {
            entry.dialogs = entry.dialogs.saturating_sub(1);
            // The silence begins when nothing is left to be heard.
            entry.heard_at = now;
        });
    }

    /// Notes that a request that came on a flow is held.
    pub(in crate::sip::user_agent) fn note_held(&mut self, step: &mut Step<'_>, flow: Flow) {
        self.change(step, flow, |entry| entry.unanswered = entry.unanswered.saturating_add(1));
    }

    /// Notes that such a request was answered; a connection that waited for that only is closed.
    pub(in crate::sip::user_agent) fn note_answered(&mut self, step: &mut Step<'_>, flow: Flow) {
        self.change(step, flow, |entry| entry.unanswered = entry.unanswered.saturating_sub(1));
        let Some(handle) = open_stream(step, flow) else { return };
        if self.slots.get(handle).is_some_and(|entry| entry.ending && entry.unanswered == 0) {
            self.end(step, handle);
        }
    }

    fn change(&mut self, step: &mut Step<'_>, flow: Flow, change: impl FnOnce(&mut SipLink)) {
        let Some(handle) = open_stream(step, flow) else { return };
        if let Some(entry) = self.slots.get_mut(handle) {
            change(entry);
            self.await_more(step, handle);
        }
    }

    /// Lets the connection that a message came on end with it: its body holds the beginning of the next message.
    pub(in crate::sip::user_agent) fn break_off(&mut self, step: &mut Step<'_>, origin: Origin) {
        if let Flow::Stream(link) = origin.flow
            && self.torn.is_none()
        {
            self.torn = Some(link);
            note_broken(step, link, origin.peer, &"a body holds the beginning of the next message");
        }
    }

    /// Sets the deadline of a connection that is open.
    pub(super) fn await_more(&mut self, step: &mut Step<'_>, handle: Handle<SipLink>) {
        let Some(entry) = self.slots.get_mut(handle) else { return };
        if entry.opening.is_some() {
            return;
        }
        let sip = &step.config.sip;
        let at = match entry.began_at {
            Some(began_at) => Some(began_at + sip.message_timeout),
            None if entry.dialogs == 0 => Some(entry.heard_at + sip.idle_timeout),
            None => None,
        };
        if at == entry.deadline.at() {
            return;
        }
        match at {
            Some(at) => step.timers.set(&mut entry.deadline, TimerKey::Link(handle.cast()), at),
            None => step.timers.cancel(&mut entry.deadline, TimerKey::Link(handle.cast())),
        }
    }

    /// Handles the deadline of a connection that is open.
    pub(super) fn on_silence(&mut self, step: &mut Step<'_>, handle: Handle<SipLink>) {
        let Some(entry) = self.slots.get(handle) else { return };
        let (link, peer) = (entry.id, entry.peer);
        // That a connection ends has been logged.
        if let (false, Some(peer)) = (entry.ending, peer) {
            if entry.began_at.is_some() {
                note_broken(step, link, peer, &"a message was not completed within sip.message_timeout");
            } else {
                let why = "nothing came within sip.idle_timeout";
                step.actions.notify(
                    Level::Info,
                    "link_closed",
                    &[("link", &link), ("peer", &peer), ("why", &why)],
                );
            }
        }
        self.end(step, handle);
    }

    /// Closes a connection. What was written to it is sent first.
    pub(super) fn end(&mut self, step: &mut Step<'_>, handle: Handle<SipLink>) {
        if let Some(entry) = self.remove(step, handle) {
            step.actions.close(entry.id);
        }
    }
}

/// The connection of a flow, if it is one and open or being opened.
fn open_stream(step: &Step<'_>, flow: Flow) -> Option<Handle<SipLink>> {
    if let Flow::Stream(link) = flow { sip_link(step.links, link) } else { None }
}
