//! What is known of a session's connection, monitors and calls, for operators.

use alloc::string::String;
use alloc::vec::Vec;

use super::calls::Call;
use super::control::Control;
use super::session::{Carrier, Session};
use super::switch_monitor::{State, SwitchMonitor};
use crate::overview::{BoundTo, ShownCall, ShownMonitor, ShownSource};
use crate::step::SessionId;

impl<C: Carrier> Control<C> {
    /// Returns the calls of a session's line that are known, each once.
    fn calls_of(&self, handle: SessionId) -> Vec<&Call> {
        let mut calls: Vec<&Call> = Vec::new();
        let session = self.sessions.get(handle);
        let link = session.and_then(|one| one.connection);
        let (Some(link), Some(number)) = (link, session.map(Session::number)) else { return calls };
        for call in self.own_calls(handle, link, number) {
            if calls.iter().all(|other| other.id != call.id) {
                calls.push(call);
            }
        }
        calls
    }

    /// Returns how many calls of a session's line are known.
    pub(crate) fn count_calls(&self, handle: SessionId) -> usize {
        self.calls_of(handle).len()
    }

    /// Returns the calls of a session's line that are known.
    pub(crate) fn show_calls(&self, handle: SessionId) -> Vec<ShownCall> {
        let shown = |call: &&Call| ShownCall {
            id: String::from(&*call.id),
            device: String::from(call.own_device().id),
            stage: call.stage.name(),
        };
        self.calls_of(handle).iter().map(shown).collect()
    }

    /// Returns a session's monitors, and what feeds each.
    pub(crate) fn show_monitors(&self, session: &Session<C>) -> Vec<ShownMonitor> {
        let monitors = session.monitors.iter().filter_map(|monitor| self.monitors.get(*monitor));
        let shown = |monitor: &super::session::Monitor| ShownMonitor {
            id: String::from(monitor.cross_reference.text().as_str()),
            source: monitor
                .source
                .and_then(|source| self.switch_monitors.slots.get(source))
                .map(|source| self.show_source(source)),
            is_up_to_date: monitor.resync.is_none(),
        };
        monitors.map(shown).collect()
    }

    fn show_source(&self, source: &SwitchMonitor) -> ShownSource {
        let id = match &source.state {
            State::Active { cross_reference } => Some(String::from(&**cross_reference)),
            State::Starting { .. } => None,
        };
        ShownSource {
            connection: String::from(self.cti_name(source.connection)),
            device: String::from(&*source.device),
            id,
        }
    }

    /// Returns the state of the connection that a session is bound to, if it is to any.
    pub(crate) fn show_connection(&self, session: &Session<C>) -> Option<BoundTo> {
        let bound = session.connection?;
        Some(BoundTo {
            id: bound.id,
            state: self.pool.at(bound.index())?.state.name(),
            in_service: self.pool.in_service(bound).is_some(),
            is_replaced: self.pool.is_replaced(bound),
        })
    }
}
