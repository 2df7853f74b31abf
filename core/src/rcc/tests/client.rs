//! A client, and the calls that it knows at its line.

use alloc::borrow::ToOwned as _;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;

use super::line_protocol::STATES;
use crate::rcc::calls::Stage;
use crate::rcc::reference::Reference;
use crate::step::SessionId;
use crate::wire::csta::model::{CallEvent, CallEventKind, LocalConnectionState as State, SnapshotItem};

/// A client's monitor, and the calls that the client knows by it, by phone system and callID.
pub(super) struct ClientMonitor {
    pub(super) cross_reference: Reference,
    pub(super) calls: BTreeMap<(u8, String), Stage>,
}

/// An event on its way to a client.
pub(super) struct UnderWay {
    cross_reference: Reference,
    switch: u8,
    kind: CallEventKind,
    local: Option<State>,
    call: String,
    second: Option<String>,
    /// The callID under which the call continues.
    new: Option<String>,
}

/// A client of one line.
pub(super) struct Client {
    pub(super) line: usize,
    pub(super) session: Option<SessionId>,
    pub(super) monitors: Vec<ClientMonitor>,
    /// Events that have not reached it yet, oldest first.
    pub(super) under_way: VecDeque<UnderWay>,
    /// Whether it has yet to ask which calls exist: some may be older than its monitor.
    pub(super) has_to_ask: bool,
    /// Whether it was told which calls exist while its monitor was being started, so that it has to ask again.
    pub(super) asked_early: bool,
    /// How many of its `MonitorStart` requests are not answered yet.
    pub(super) starting: usize,
}

impl Client {
    pub(super) const fn new(line: usize) -> Self {
        let under_way = VecDeque::new();
        Self {
            line,
            session: None,
            monitors: Vec::new(),
            under_way,
            has_to_ask: false,
            asked_early: false,
            starting: 0,
        }
    }

    /// Whether it was told of a monitor of its own with this cross-reference ID.
    pub(super) fn knows(&self, cross_reference: Reference) -> bool {
        self.monitors.iter().any(|one| one.cross_reference == cross_reference)
    }

    /// Receives a response that says which calls exist.
    pub(super) fn see(&mut self, switch: u8, items: &[SnapshotItem<'_>]) {
        let calls: BTreeMap<_, _> = items
            .iter()
            .map(|item| {
                let states = &item.states[..];
                let (stage, ..) = STATES.iter().find(|(.., known)| known[..] == *states).unwrap();
                ((switch, item.connection.call.unwrap().to_owned()), *stage)
            })
            .collect();
        for one in &mut self.monitors {
            one.calls.clone_from(&calls);
        }
    }

    /// Receives the next event on its way.
    pub(super) fn receive(&mut self) {
        let Some(UnderWay { cross_reference, switch, kind, local, call, second, new }) =
            self.under_way.pop_front()
        else {
            return;
        };
        let Some(one) = self.monitors.iter_mut().find(|one| one.cross_reference == cross_reference) else {
            return;
        };
        let call = (switch, call);
        let stage = match (kind, local) {
            (CallEventKind::ConnectionCleared, _) => {
                one.calls.remove(&call);
                return;
            }
            (CallEventKind::Transfered, _) => {
                let was = one.calls.remove(&call);
                if let Some(second) = second {
                    one.calls.remove(&(switch, second));
                }
                if let Some(new) = new.filter(|_| was.is_some()) {
                    one.calls.insert((switch, new), Stage::Established);
                }
                return;
            }
            (CallEventKind::ServiceInitiated, _) => Stage::Initiated,
            (CallEventKind::Originated, _) => Stage::Originated,
            (CallEventKind::Delivered, Some(State::Alerting)) => Stage::Ringing,
            (CallEventKind::Delivered, _) => Stage::Delivered,
            (CallEventKind::Established | CallEventKind::Retrieved, _) => Stage::Established,
            (CallEventKind::Held, _) => Stage::Held,
            other => panic!("no client is told of this: {other:?}"),
        };
        one.calls.insert(call, stage);
    }
}

impl UnderWay {
    pub(super) fn new(cross_reference: Reference, switch: u8, event: &CallEvent<'_>) -> Self {
        let name = |call: Option<&str>| call.map(str::to_owned);
        Self {
            cross_reference,
            switch,
            kind: event.kind,
            local: event.local,
            call: event.connection.call.unwrap_or_default().to_owned(),
            second: name(event.second.and_then(|second| second.call)),
            new: event.list().next().and_then(|item| name(item.new.and_then(|new| new.call))),
        }
    }
}
