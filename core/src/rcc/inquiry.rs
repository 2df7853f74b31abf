//! Asking who is in the calls of a line. A snapshot of the line says of a call of three or more parties in which states
//! they are, but not who they are. So the phone system is asked (Snapshot Call) for each such call of which some client
//! may not know: for one call of a line at a time, without haste, and not again if it does not answer.
//!
//! What an event says of a call while its parties are asked for, the answer may know or not: it is asked again. An event
//! that lists them answers the question.

use alloc::collections::VecDeque;

use super::calls::{Call, Calls};
use super::control::Control;
use super::noting::Field;
use super::parties::{Parties, lists_parties, may_be_conference};
use super::session::{Carrier, Monitor};
use super::snapshot::Snapshot;
use super::switch_monitor::{State, SwitchMonitor};
use super::ticket::Ticket;
use crate::action::Level;
use crate::few::Few;
use crate::slots::Handle;
use crate::step::Step;
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::{CallEvent, Connection, Event, Request, SnapshotItem};
use crate::wire::csta::relayed::{Relayed, Value};
use crate::wire::csta::services;
use crate::word::Word;

/// The service that says who is in a call.
const SERVICE: &str = "SnapshotCall";

/// A call whose parties are asked for.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) call: Word,
    /// The monitors whose clients know less of it than those do that are told all events.
    untold: Few<Handle<Monitor>>,
    /// Whether clients may have been shown it as a call of three or more.
    pub(super) was_conference: bool,
    /// Whether an event has said since what is asked for.
    is_answered: bool,
}

/// The calls of a line whose parties are asked for, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Inquiry {
    /// Each once; the first is being asked for.
    calls: VecDeque<Wanted>,
    /// The number of the request under way; 0 if there is none.
    asked: u64,
    /// Whether an event about the first call came since it was asked for.
    is_stale: bool,
}

/// What becomes of an answer.
pub(super) enum Answered {
    /// It is of no use: it is older than an event, or an event was faster.
    Void,
    /// It tells of this call.
    Of(Wanted),
}

impl Wanted {
    /// The line's present calls of which it is to be asked who is in them: those that a snapshot shows with three
    /// parties or more, or whose states it does not tell, and those that were conferences before, or are for a client
    /// that knows the calls `told`.
    pub(super) fn of(now: &Calls, told: Option<&Calls>, items: &[SnapshotItem<'_>]) -> VecDeque<Self> {
        let item_of = |id: &str| items.iter().find(|item| item.connection.call == Some(id));
        let wanted = |call: &Call| {
            let shown = item_of(&call.id).filter(|item| may_be_conference(item));
            let known = [Some(call), told.and_then(|told| told.find(&call.id))];
            let mut known = known.into_iter().filter_map(|known| known?.parties.as_deref());
            let was_one = known.any(Parties::are_a_conference);
            (was_one || shown.is_some()).then(|| Self {
                call: call.id.clone(),
                untold: Few::default(),
                was_conference: was_one || shown.is_some_and(|item| !item.states.is_empty()),
                is_answered: false,
            })
        };
        now.iter().filter_map(wanted).collect()
    }

    /// Whether a monitor's client knows less of the call than those do that are told all events.
    pub(super) fn is_untold(&self, monitor: Handle<Monitor>) -> bool {
        self.untold.contains(&monitor)
    }

    fn note_untold(&mut self, monitor: Handle<Monitor>) {
        if !self.is_untold(monitor) {
            self.untold.push(monitor);
        }
    }
}

impl Inquiry {
    /// Adds calls. Those that are asked for already are asked for anew.
    fn add(&mut self, wanted: VecDeque<Wanted>) {
        for new in wanted {
            let index = self.calls.iter().position(|known| known.call == new.call);
            let Some(known) = index.and_then(|index| self.calls.get_mut(index)) else {
                self.calls.push_back(new);
                continue;
            };
            new.untold.iter().for_each(|monitor| known.note_untold(*monitor));
            known.is_answered = false;
            known.was_conference |= new.was_conference;
            self.is_stale |= index == Some(0);
        }
    }

    /// The calls of which a monitor's client knows less than those do that are told all events.
    pub(super) fn untold(&self, monitor: Handle<Monitor>) -> impl Iterator<Item = &str> {
        self.calls.iter().filter(move |wanted| wanted.is_untold(monitor)).map(|wanted| &*wanted.call)
    }

    /// Notes an event about the line's calls.
    pub(super) fn note(&mut self, event: &Event<'_>) {
        let Event::Call(event) = event else { return };
        let is_answer = lists_parties(event);
        for (index, wanted) in self.calls.iter_mut().enumerate() {
            if names(event, &wanted.call) {
                wanted.is_answered |= is_answer;
                self.is_stale |= index == 0;
            }
        }
    }

    /// Takes the answer to the request of this number. `None` if it is not the one under way.
    fn answered(&mut self, number: u64) -> Option<Answered> {
        if self.asked != number {
            return None;
        }
        self.asked = 0;
        let first = self.calls.pop_front()?;
        if first.is_answered {
            return Some(Answered::Void);
        }
        if core::mem::take(&mut self.is_stale) {
            self.calls.push_back(first);
            return Some(Answered::Void);
        }
        Some(Answered::Of(first))
    }
}

/// Whether an event is about a call, as it is called before or after.
fn names(event: &CallEvent<'_>, id: &str) -> bool {
    let is_it = |connection: Option<Connection<'_>>| connection.and_then(|one| one.call) == Some(id);
    is_it(Some(event.connection))
        || is_it(event.second)
        || event.list().any(|item| is_it(item.old) || is_it(item.new))
}

impl<C: Carrier> Control<C> {
    /// Has it asked who is in the calls of a switch monitor's line, and notes whose clients do not know what those do
    /// that are told all events. What clients knew before the snapshot, they know still.
    pub(super) fn note_untold(
        &mut self,
        handle: Handle<SwitchMonitor>,
        snapshot: &Snapshot<'_>,
        mut wanted: VecDeque<Wanted>,
    ) {
        let Some(switch_monitor) = self.switch_monitors.slots.get_mut(handle) else { return };
        for one in &mut wanted {
            let shared = switch_monitor.calls.find(&one.call).and_then(|call| call.parties.as_deref());
            for monitor in switch_monitor.monitors.iter().copied() {
                let resync = self.monitors.get(monitor).and_then(|monitor| monitor.resync.as_deref());
                let is_told = match resync {
                    // Its own snapshot is still to come.
                    Some(resync) if resync.awaits_snapshot() => true,
                    Some(resync) => resync.is_told_of(snapshot.switch, &one.call, shared),
                    None => {
                        let known = snapshot.known.find(&one.call);
                        known.and_then(|call| call.parties.as_deref()) == shared
                    }
                };
                if !is_told {
                    one.note_untold(monitor);
                }
            }
        }
        switch_monitor.inquiry.get_or_insert_default().add(wanted);
    }

    /// Asks who is in the next of the calls of a switch monitor's line, unless it is being asked already. If the phone
    /// system cannot be asked, that is given up.
    pub(super) fn ask_parties(&mut self, step: &mut Step<'_>, handle: Handle<SwitchMonitor>) {
        let Some(switch_monitor) = self.switch_monitors.slots.get_mut(handle) else { return };
        let Some(inquiry) = &mut switch_monitor.inquiry else { return };
        if inquiry.asked != 0 {
            return;
        }
        inquiry.is_stale = false;
        let calls = &switch_monitor.calls;
        inquiry.calls.retain(|wanted| !wanted.is_answered && calls.find(&wanted.call).is_some());
        let is_active = matches!(switch_monitor.state, State::Active { .. });
        let first = inquiry.calls.front().and_then(|wanted| calls.find(&wanted.call)).filter(|_| is_active);
        let Some(call) = first.cloned() else {
            switch_monitor.inquiry = None;
            return;
        };
        let link = switch_monitor.connection;
        let features = self.pool.at(link.index()).map(|one| one.features_of(&switch_monitor.device));
        let service = services::named(SERVICE)
            .filter(|_| features.is_some_and(|features| features.has_service(SERVICE)));
        self.snapshots += 1;
        let number = self.snapshots;
        let connection = Connection { call: Some(&call.id), device: Some(call.own_device()) };
        let given = [("snapshotObject", Value::Connection(connection))];
        let asked = service.map(|service| {
            let request = Request::Relayed(Relayed::request(service, &given));
            self.pool.ask(step, link, Ticket::Parties(handle, number), &request)
        });
        let Some(switch_monitor) = self.switch_monitors.slots.get_mut(handle) else { return };
        let Some(inquiry) = &mut switch_monitor.inquiry else { return };
        if asked == Some(Ok(())) {
            inquiry.asked = number;
            return;
        }
        let wanted = core::mem::take(&mut inquiry.calls);
        switch_monitor.inquiry = None;
        let error = asked.and_then(Result::err).unwrap_or(CstaError::SERVICE_NOT_SUPPORTED);
        for one in &wanted {
            self.give_up_parties(step, handle, one, error);
        }
    }

    /// Gives up that the clients of a line learn who is in a call. If they know different things of it, nothing counts
    /// as known.
    pub(super) fn give_up_parties(
        &mut self,
        step: &mut Step<'_>,
        handle: Handle<SwitchMonitor>,
        wanted: &Wanted,
        why: CstaError,
    ) {
        if why != CstaError::SERVICE_NOT_SUPPORTED {
            let mut index = 0;
            while let Some(monitor) = self.switch_monitors.fed_by(handle, index) {
                index += 1;
                let Some(session) = self.monitors.get(monitor).map(|one| one.session) else { continue };
                let fields: &[Field<'_>] = &[("call", &wanted.call), ("why", &why.value())];
                self.note_session(step, (Level::Debug, "parties_unknown"), session, fields);
            }
        }
        if let Some(switch_monitor) = self.switch_monitors.slots.get_mut(handle)
            && !wanted.untold.is_empty()
        {
            switch_monitor.calls.set_parties(&wanted.call, None);
        }
    }

    /// Takes the answer to the request of this number for the parties of a call of a switch monitor's line.
    pub(super) fn parties_answered(
        &mut self,
        handle: Handle<SwitchMonitor>,
        number: u64,
    ) -> Option<Answered> {
        let switch_monitor = self.switch_monitors.slots.get_mut(handle)?;
        switch_monitor.inquiry.as_mut()?.answered(number)
    }
}

crate::digest! { struct Inquiry { calls, asked, is_stale } }

crate::digest! { struct Wanted { call, untold, was_conference, is_answered } }
