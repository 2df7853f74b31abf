//! A client, and the calls that it knows at its line.

use alloc::borrow::ToOwned as _;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;

use super::exchange::stage_of;
use super::phone_systems::LINES;
use crate::rcc::calls::Stage;
use crate::rcc::reference::Reference;
use crate::step::SessionId;
use crate::wire::csta::model::{
    CallEvent, CallEventKind as Kind, LocalConnectionState as State, Party, SnapshotItem,
};

/// The calls that a client knows, by phone system and callID.
type Known = BTreeMap<(u8, String), Stage>;

/// A client's monitor, and the calls that the client knows by it.
pub(super) struct ClientMonitor {
    pub(super) cross_reference: Reference,
    pub(super) calls: Known,
    /// Whether its client is one that knows few events.
    knows_few: bool,
}

impl ClientMonitor {
    /// Whether the client shows exactly the calls that exist, each at one of these stages. One that knows few events
    /// shows what it can; it must not show any call that is gone.
    pub(super) fn is_right(&self, truth: &BTreeMap<(u8, String), Vec<Stage>>) -> bool {
        let exists = |call, stage| {
            truth.get(call).is_some_and(|stages: &Vec<Stage>| self.knows_few || stages.contains(stage))
        };
        let is_all = self.knows_few || self.calls.len() == truth.len();
        is_all && self.calls.iter().all(|(call, stage)| exists(call, stage))
    }
}

/// An event on its way to a client.
pub(super) struct UnderWay {
    cross_reference: Reference,
    switch: u8,
    kind: Kind,
    local: Option<State>,
    /// The device that it is about, if that has a number.
    subject: Option<String>,
    call: String,
    second: Option<String>,
    /// The callIDs before a transfer or conference, and the one after it.
    olds: Vec<String>,
    new: Option<String>,
}

/// A client of one line.
pub(super) struct Client {
    pub(super) line: usize,
    /// Whether it knows no other events than SIPE: of a call that is dialled, rings, is answered, and ends.
    pub(super) knows_few: bool,
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
    pub(super) const fn new(line: usize, knows_few: bool) -> Self {
        let under_way = VecDeque::new();
        Self {
            line,
            knows_few,
            session: None,
            monitors: Vec::new(),
            under_way,
            has_to_ask: false,
            asked_early: false,
            starting: 0,
        }
    }

    /// Learns that a monitor of its own has begun.
    pub(super) fn begin_monitor(&mut self, cross_reference: Reference) {
        let knows_few = self.knows_few;
        self.monitors.push(ClientMonitor { cross_reference, calls: Known::new(), knows_few });
    }

    /// Whether it was told of a monitor of its own with this cross-reference ID.
    pub(super) fn knows(&self, cross_reference: Reference) -> bool {
        self.monitors.iter().any(|one| one.cross_reference == cross_reference)
    }

    /// Receives a response that says which calls exist.
    pub(super) fn see(&mut self, switch: u8, items: &[SnapshotItem<'_>]) {
        let call = |item: &SnapshotItem<'_>| (switch, item.connection.call.unwrap().to_owned());
        let calls: Known = items.iter().map(|item| (call(item), stage_of(&item.states))).collect();
        for one in &mut self.monitors {
            one.calls.clone_from(&calls);
        }
    }

    /// Receives the next event on its way.
    pub(super) fn receive(&mut self) {
        let Some(event) = self.under_way.pop_front() else { return };
        let Some(one) = self.monitors.iter_mut().find(|one| one.cross_reference == event.cross_reference)
        else {
            return;
        };
        let known = matches!(
            event.kind,
            Kind::Originated | Kind::Delivered | Kind::Established | Kind::ConnectionCleared
        );
        if known || !self.knows_few {
            event.change(&mut one.calls, LINES[self.line]);
        }
    }
}

impl UnderWay {
    pub(super) fn new(cross_reference: Reference, switch: u8, event: &CallEvent<'_>) -> Self {
        let name = |call: Option<&str>| call.map(str::to_owned);
        let subject =
            if let Party::Device(device) = event.subject { Some(device.id.to_owned()) } else { None };
        Self {
            cross_reference,
            switch,
            kind: event.kind,
            local: event.local,
            subject,
            call: event.connection.call.unwrap_or_default().to_owned(),
            second: name(event.second.and_then(|second| second.call)),
            olds: event.list().filter_map(|item| name(item.old?.call)).collect(),
            new: event.list().find_map(|item| name(item.new?.call)),
        }
    }

    /// Changes what a client of `line` knows.
    fn change(&self, calls: &mut Known, line: &str) {
        let is_own = self.subject.as_deref() == Some(line);
        if matches!(self.kind, Kind::Transfered | Kind::Conferenced) {
            return self.merge(calls, is_own);
        }
        let call = (self.switch, self.call.clone());
        if self.kind == Kind::ConnectionCleared {
            if is_own || self.local == Some(State::Null) {
                calls.remove(&call);
            }
            return;
        }
        let before = calls.get(&call).copied();
        let talks = before.filter(|before| !is_own && matches!(before, Stage::Established | Stage::Held));
        let stage = match (self.local, self.kind) {
            (Some(State::Hold), _) => Stage::Held,
            (Some(State::Alerting), _) => Stage::Ringing,
            (_, Kind::ServiceInitiated) => Stage::Initiated,
            (_, Kind::Originated) => Stage::Originated,
            (None, Kind::Delivered) if is_own => Stage::Ringing,
            (_, Kind::Held) if is_own => Stage::Held,
            (_, Kind::Delivered) => talks.unwrap_or(Stage::Delivered),
            (_, Kind::Failed) => talks.unwrap_or(Stage::Failed),
            (_, Kind::Established) => talks.unwrap_or(Stage::Established),
            (_, Kind::Retrieved) if is_own => Stage::Established,
            // It is another party that holds the call or takes it back.
            (_, Kind::Held | Kind::Retrieved) => match before {
                Some(before) => before,
                None => return,
            },
            other => panic!("no client is told of this: {other:?}"),
        };
        calls.insert(call, stage);
    }

    /// Makes calls one.
    fn merge(&self, calls: &mut Known, is_own: bool) {
        let named = [Some(&self.call), self.second.as_ref()];
        let olds = named.into_iter().flatten().chain(&self.olds);
        let was: Vec<Stage> = olds.filter_map(|old| calls.remove(&(self.switch, old.clone()))).collect();
        let transfers = is_own && self.kind == Kind::Transfered;
        let before = was.iter().find(|stage| **stage != Stage::Held).or(was.first());
        let (Some(before), Some(new)) = (before, &self.new) else { return };
        let stage = match self.local {
            Some(State::Null) => return,
            _ if transfers => return,
            Some(State::Alerting) => Stage::Ringing,
            Some(State::Hold) => Stage::Held,
            Some(_) => Stage::Established,
            None => *before,
        };
        calls.insert((self.switch, new.clone()), stage);
    }
}
