//! The calls at the line, as known from events and answers, for finding the connection that a command means.

use alloc::string::String;
use alloc::vec::Vec;

use ctigate_core::digest::{Digest, Digester};
use ctigate_core::wire::csta::model::{
    CallEvent, CallEventKind, Connection, Device, LocalConnectionState as State,
};

/// The most calls that are kept; a new one then replaces the oldest.
const KEPT: usize = 16;

#[derive(Debug)]
struct Call {
    id: String,
    /// The device of the connection seen last: real clients send back the identifier that they saw last.
    device: Option<(String, Option<String>)>,
    state: State,
}

/// The calls, oldest first, and the one that ended last.
#[derive(Debug, Default)]
pub(super) struct Calls {
    live: Vec<Call>,
    ended: Option<Call>,
}

impl Calls {
    /// Notes the state of a connection.
    fn see(&mut self, connection: &Connection<'_>, state: Option<State>) {
        let Some(id) = connection.call else { return };
        let known = self.live.iter().position(|call| call.id == id);
        let index = known.unwrap_or_else(|| {
            if self.live.len() >= KEPT {
                self.live.remove(0);
            }
            self.live.push(Call { id: id.into(), device: None, state: State::Initiated });
            self.live.len().saturating_sub(1)
        });
        let Some(call) = self.live.get_mut(index) else { return };
        let text = |device: Device<'_>| (device.id.into(), device.type_of_number.map(String::from));
        call.device = connection.device.map(text).or_else(|| call.device.take());
        call.state = state.unwrap_or(call.state);
        if call.state == State::Null {
            self.ended = Some(self.live.remove(index));
        }
    }

    /// Takes MakeCall's answer. The state from events that came before it is kept.
    pub(super) fn made(&mut self, connection: &Connection<'_>) {
        if !self.live.iter().any(|call| Some(call.id.as_str()) == connection.call) {
            self.see(connection, None);
        }
    }

    /// Takes a snapshot's item.
    pub(super) fn found(&mut self, connection: &Connection<'_>, state: Option<State>) {
        self.see(connection, state);
    }

    /// Takes an event.
    pub(super) fn event(&mut self, event: &CallEvent<'_>) {
        let unknown = !self.live.iter().any(|call| Some(call.id.as_str()) == event.connection.call);
        let over = event.local == Some(State::Null) || event.kind == CallEventKind::ConnectionCleared;
        if !(unknown && over) {
            self.see(&event.connection, event.local);
        }
    }

    /// The connection that a command means: that of the newest call in the first of `states` that has any, else of the
    /// call seen last, else of `line` without a call.
    pub(super) fn connection<'a>(&'a self, states: &[State], line: &'a str) -> Connection<'a> {
        let in_state = |state: &State| self.live.iter().rev().find(|call| call.state == *state);
        let call = states.iter().find_map(in_state).or(self.live.last()).or(self.ended.as_ref());
        let device = match call.and_then(|call| call.device.as_ref()) {
            Some((id, kind)) => Device { id, type_of_number: kind.as_deref() },
            None => Device { id: line, type_of_number: None },
        };
        Connection { call: call.map(|call| call.id.as_str()), device: Some(device) }
    }
}

// At most one call has ended; it shows in the number of calls.
impl Digest for Calls {
    fn digest(&self, digester: &mut Digester) {
        let Self { live, ended } = self;
        live.digest(digester);
        if let Some(ended) = ended {
            ended.digest(digester);
        }
    }
}

ctigate_core::digest! { struct Call { id, device, state => state.word() } }

#[cfg(test)]
mod tests {
    use super::*;

    fn connection(call: &'static str, device: &'static str) -> Connection<'static> {
        Connection { call: Some(call), device: Some(Device { id: device, type_of_number: None }) }
    }

    #[test]
    fn a_command_means_the_newest_call_in_the_fitting_state() {
        let mut calls = Calls::default();
        calls.found(&connection("1", "a"), Some(State::Hold));
        calls.found(&connection("2", "b"), Some(State::Connected));
        calls.found(&connection("3", "c"), Some(State::Alerting));
        assert_eq!(calls.connection(&[State::Hold], "line"), connection("1", "a"));
        assert_eq!(calls.connection(&[State::Fail, State::Connected], "line"), connection("2", "b"));
        assert_eq!(calls.connection(&[State::Queued], "line"), connection("3", "c"));
    }

    #[test]
    fn a_call_that_ended_is_meant_only_when_there_is_no_other() {
        let mut calls = Calls::default();
        assert_eq!(calls.connection(&[State::Hold], "line").call, None);
        assert_eq!(calls.connection(&[State::Hold], "line").device.map(|device| device.id), Some("line"));
        calls.found(&connection("1", "a"), Some(State::Connected));
        calls.found(&connection("1", "b"), Some(State::Null));
        assert_eq!(calls.connection(&[State::Hold], "line"), connection("1", "b"));
        calls.made(&Connection { call: Some("2"), device: None });
        let meant = calls.connection(&[State::Hold], "line");
        assert_eq!((meant.call, meant.device.map(|device| device.id)), (Some("2"), Some("line")));
    }
}
