//! Telling clients who is in a call of three or more parties: those who were not there when it became one, and those who
//! may have missed what changed.
//!
//! Who knew all parties and misses the end of one is told that it has left. Everyone else is told all parties, by a
//! Conferenced event that gives the call no other callID. A client that does not know this event ignores it.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::calls::{Call, Stage};
use super::clients::Clients;
use super::control::Control;
use super::inquiry::{Answered, Wanted};
use super::parties::{Difference, Parties, are_conference, device_of, own_in};
use super::resync_state::Resync;
use super::session::{Carrier, Monitor};
use super::switch_monitor::SwitchMonitor;
use super::ticket::error_of;
use crate::cti::ConnectionRef;
use crate::slots::Handle;
use crate::step::Step;
use crate::wire::csta::model::{
    CallEvent, CallEventKind, Connection, Device, Event, ListItem, LocalConnectionState as State, OnCall,
    Party, Redirection, Response,
};

/// A call with the parties that the phone system found.
struct Introduction<'a> {
    call: Call,
    found: Vec<OnCall<'a>>,
    /// The parties but for the line's own; `None` if they have no names, or are too many to be remembered.
    parties: Option<Box<Parties>>,
}

impl<C: Carrier> Control<C> {
    /// Handles the answer to the request of this number for the parties of a call of a switch monitor's line, or its
    /// time-out: tells the clients that do not know them, and asks for the next call's.
    pub(super) fn on_parties<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &mut K,
        (handle, number): (Handle<SwitchMonitor>, u64),
        (link, response): (ConnectionRef, &Response<'_>),
    ) {
        // What clients do not know is still noted when the switch monitor is lost.
        if self.pool.in_service(link).is_none() {
            return;
        }
        match self.parties_answered(handle, number) {
            None => return,
            Some(Answered::Void) => {}
            Some(Answered::Of(wanted)) => {
                if let Some(introduction) = self.introduction(step, handle, &wanted, response) {
                    self.introduce(step, clients, (handle, &wanted), &introduction);
                } else {
                    self.give_up_parties(step, handle, &wanted, error_of(response));
                }
            }
        }
        self.ask_parties(step, handle);
    }

    /// Returns who is in a call, if an answer tells it and the line is in that call.
    fn introduction<'a>(
        &self,
        step: &Step<'_>,
        handle: Handle<SwitchMonitor>,
        wanted: &Wanted,
        response: &Response<'a>,
    ) -> Option<Introduction<'a>> {
        let Response::Relayed(relayed) = response else { return None };
        let switch_monitor = self.switch_monitors.slots.get(handle)?;
        let call = switch_monitor.calls.find(&wanted.call)?.clone();
        let line = switch_monitor.device.clone();
        let limit = step.config.limits.parties;
        let is_there = |one: &OnCall<'_>| one.state != Some(State::Null);
        let found: Vec<OnCall<'a>> = relayed.on_call().filter(is_there).take(limit).collect();
        own_in(&line, &call, &found)?;
        let parties = Parties::found(&line, &call, &found);
        Some(Introduction { call, found, parties })
    }

    fn introduce<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &mut K,
        (handle, wanted): (Handle<SwitchMonitor>, &Wanted),
        introduction: &Introduction<'_>,
    ) {
        let mut index = 0;
        while let Some(monitor) = self.switch_monitors.fed_by(handle, index) {
            index += 1;
            let lacks = self.lacks(handle, wanted, (monitor, introduction));
            introduction.tell(&lacks, |event| {
                if let Some(news) = self.pass_on(step, monitor, (event, None), &[]) {
                    clients.tell(step, self, &news);
                }
            });
        }
        if let Some(switch_monitor) = self.switch_monitors.slots.get_mut(handle) {
            switch_monitor.calls.set_parties(&wanted.call, introduction.parties.clone());
        }
    }

    /// Returns what a monitor's client does not know of a call's parties.
    fn lacks(
        &self,
        handle: Handle<SwitchMonitor>,
        wanted: &Wanted,
        (monitor, introduction): (Handle<Monitor>, &Introduction<'_>),
    ) -> Difference {
        let resync = self.monitors.get(monitor).and_then(|one| one.resync.as_deref());
        if resync.is_some_and(Resync::awaits_snapshot) {
            return Difference::None;
        }
        let source = self.switch_monitors.slots.get(handle);
        let calls = resync.map(|resync| &resync.calls).or(source.map(|source| &source.calls));
        let told = calls.and_then(|calls| calls.find(&wanted.call)?.parties.as_deref());
        let told = told.filter(|_| !wanted.is_untold(monitor));
        match (introduction.parties.as_deref(), are_conference(&introduction.found)) {
            (Some(parties), true) => parties.difference(told),
            // It was shown as a conference of parties without names, and is none any more.
            (Some(_), false) if told.is_none() && wanted.was_conference && introduction.found.len() == 2 => {
                Difference::Others
            }
            (Some(parties), false) => parties.difference_of_two(told),
            (None, true) => Difference::Others,
            (None, false) => Difference::None,
        }
    }
}

impl Introduction<'_> {
    /// Passes on the event that tells a client what it lacks.
    fn tell(&self, lacks: &Difference, mut pass: impl FnMut(&Event<'_>)) {
        let id = Some(&*self.call.id);
        let own = Connection { call: id, device: Some(self.call.own_device()) };
        let local = Some(state_at(self.call.stage));
        match lacks {
            Difference::None => {}
            Difference::Left(names) => {
                for name in names {
                    let left = Device { id: name, type_of_number: None };
                    let connection = Connection { call: id, device: Some(left) };
                    pass(&Event::Call(CallEvent {
                        subject: Party::Device(left),
                        local,
                        cause: "normalClearing",
                        ..CallEvent::new(CallEventKind::ConnectionCleared, connection)
                    }));
                }
            }
            Difference::Others => {
                let list: Vec<ListItem<'_>> = self.found.iter().map(|one| self.item(one)).collect();
                pass(&Event::Call(CallEvent {
                    given_list: &list,
                    redirection: Some(Redirection::NotSpecified),
                    local,
                    cause: "normal",
                    ..CallEvent::new(CallEventKind::Conferenced, own)
                }));
            }
        }
    }

    fn item<'s>(&'s self, one: &OnCall<'s>) -> ListItem<'s> {
        let endpoint = Some(one.device).filter(|device| *device != Party::NotKnown);
        let new = Connection { call: Some(&self.call.id), device: device_of(one) };
        ListItem { new: Some(new), old: None, endpoint }
    }
}

/// The state of the line's own connection in a call at this stage.
const fn state_at(stage: Stage) -> State {
    match stage {
        Stage::Initiated => State::Initiated,
        Stage::Ringing => State::Alerting,
        Stage::Held => State::Hold,
        Stage::Queued => State::Queued,
        Stage::Failed => State::Fail,
        Stage::Originated | Stage::Delivered | Stage::Established | Stage::Unsure => State::Connected,
    }
}
