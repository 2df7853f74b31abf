//! Changes at a line of which its client was not told, and the events that report them.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::calls::{Call, Seen, Stage};
use crate::line::type_of_number::TypeOfNumber;
use crate::wire::csta::emit;
use crate::wire::csta::events::{Part, Shape};
use crate::wire::csta::model::{
    CallEvent, CallEventKind, Connection, Device, LocalConnectionState, Namespace, Party, Redirection,
    SnapshotItem,
};
use crate::wire::csta::relayed::Value;

/// The far end of a call, as a snapshot names it.
#[derive(Debug, PartialEq, Eq)]
enum Far {
    Device(Box<str>, TypeOfNumber),
    Restricted,
    NotKnown,
}

/// A change of one call of which the client was not told.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// The number of the call's phone system.
    pub(crate) switch: u8,
    pub(crate) call: Call,
    /// The stage that the client knows; `None` if it does not know the call.
    pub(crate) before: Option<Stage>,
    /// The present stage; `None` if the call has ended.
    pub(crate) now: Option<Stage>,
    /// The local state in the snapshot, if any.
    local: Option<LocalConnectionState>,
    far: Far,
}

impl Change {
    /// A call that has ended.
    pub(super) fn cleared(switch: u8, call: Call) -> Self {
        let before = Some(call.stage);
        Self { switch, call, before, now: None, local: None, far: Far::NotKnown }
    }

    /// A call that a snapshot contains. If events say that it is at another stage, the snapshot is older.
    pub(super) fn shown(
        switch: u8,
        call: Call,
        before: Option<Stage>,
        (item, told): (&SnapshotItem<'_>, Seen),
    ) -> Self {
        let far = match item.endpoint {
            Some(Party::Device(device)) => Far::Device(Box::from(device.id), TypeOfNumber::of(device)),
            Some(Party::Restricted) => Far::Restricted,
            Some(Party::NotKnown) | None => Far::NotKnown,
        };
        let now = Some(call.stage);
        let is_older = matches!(told, Seen::At(stage) if Some(stage) != now);
        let local = item.states.first().copied().filter(|_| !is_older);
        Self { switch, call, before, now, local, far }
    }

    /// A call as events left it, of which no snapshot tells more.
    pub(super) fn begun(switch: u8, call: Call, before: Option<Stage>) -> Self {
        let now = Some(call.stage);
        Self { switch, call, before, now, local: None, far: Far::NotKnown }
    }

    fn far(&self) -> Party<'_> {
        match &self.far {
            Far::Device(id, kind) => Party::Device(Device { id, type_of_number: kind.word() }),
            Far::Restricted => Party::Restricted,
            Far::NotKnown => Party::NotKnown,
        }
    }

    /// Returns the event that reports a call that waits at the line, as a document: it is not one of those that are
    /// modelled. `None` if the call does not wait.
    pub(crate) fn queued_event(&self, number: &str, namespace: Namespace) -> Option<Vec<u8>> {
        let shape = Shape::named("QueuedEvent").filter(|_| self.now == Some(Stage::Queued))?;
        let line = Party::Device(Device { id: number, type_of_number: None });
        let own = Connection { call: Some(&self.call.id), device: Some(self.call.own_device()) };
        let given = [
            ("queuedConnection", Value::Connection(own)),
            ("queue", Value::Party(line)),
            ("callingDevice", Value::Party(self.far())),
            ("calledDevice", Value::Party(line)),
            ("lastRedirectionDevice", Value::Redirection(Redirection::NotSpecified)),
            ("localConnectionInfo", Value::Text(LocalConnectionState::Queued.word())),
            ("cause", Value::Text("newCall")),
        ];
        let mut document = Vec::new();
        // The client's own cross-reference ID takes the place of this one.
        emit::composed_event(&mut document, namespace, shape, "1", &given);
        Some(document)
    }

    /// Returns the events that report it, in order, as far as they are modelled.
    pub(crate) fn events(&self) -> &'static [CallEventKind] {
        use CallEventKind::{
            ConnectionCleared, Delivered, Established, Failed, Held, Originated, Retrieved, ServiceInitiated,
        };
        match (self.before, self.now) {
            (_, None) => &[ConnectionCleared],
            (_, Some(Stage::Initiated)) => &[ServiceInitiated],
            (_, Some(Stage::Originated)) => &[Originated],
            (_, Some(Stage::Delivered | Stage::Ringing)) => &[Delivered],
            (Some(Stage::Held), Some(Stage::Established)) => &[Retrieved],
            (_, Some(Stage::Established | Stage::Unsure)) => &[Established],
            (Some(Stage::Established), Some(Stage::Held)) => &[Held],
            (_, Some(Stage::Held)) => &[Established, Held],
            (_, Some(Stage::Failed)) => &[Failed],
            (_, Some(Stage::Queued)) => &[],
        }
    }

    /// Returns one of these events, at the line `number`. A snapshot does not tell who called whom: a call that the
    /// client did not see ringing at the far end is shown as incoming, so that the client displays the other party.
    pub(crate) fn event<'a>(&'a self, kind: CallEventKind, number: &'a str) -> CallEvent<'a> {
        use LocalConnectionState::{Alerting, Connected, Fail, Hold, Initiated, Null};

        let line = Party::Device(Device { id: number, type_of_number: None });
        let far = self.far();
        let call = Some(&*self.call.id);
        let own = Connection { call, device: Some(self.call.own_device()) };
        // Events at the far end name the far end's connection.
        let outgoing = self.now == Some(Stage::Delivered)
            || (kind == CallEventKind::Established && self.before == Some(Stage::Delivered));
        let there = match far {
            Party::Device(device) if outgoing => Some((Connection { call, device: Some(device) }, far)),
            Party::Device(_) | Party::NotKnown | Party::Restricted => None,
        };
        let (connection, subject) = there.unwrap_or((own, line));
        let dialled = outgoing || matches!(kind, CallEventKind::Originated | CallEventKind::Failed);
        let (calling, called) = if dialled { (line, far) } else { (far, line) };
        let (local, cause) = match kind {
            CallEventKind::ServiceInitiated => (Initiated, "newCall"),
            CallEventKind::Delivered if self.now == Some(Stage::Ringing) => (Alerting, "newCall"),
            CallEventKind::Held => (Hold, "normal"),
            CallEventKind::Failed => (Fail, "normal"),
            CallEventKind::ConnectionCleared => (Null, "normalClearing"),
            CallEventKind::Originated
            | CallEventKind::Delivered
            | CallEventKind::NetworkReached
            | CallEventKind::Established
            | CallEventKind::Retrieved
            | CallEventKind::Diverted
            | CallEventKind::Transfered
            | CallEventKind::Conferenced
            | CallEventKind::CallCleared => (Connected, "newCall"),
        };
        let is_last = self.events().last() == Some(&kind);
        let local = self.local.filter(|_| is_last).unwrap_or(local);
        let has = |part| kind.name_of(part).is_some();
        CallEvent {
            subject,
            calling: has(Part::Calling).then_some(calling),
            called: has(Part::Called).then_some(called),
            redirection: Some(Redirection::NotSpecified),
            local: Some(local),
            cause,
            ..CallEvent::new(kind, connection)
        }
    }
}

crate::digest! { struct Change {
    switch => u64::from(*switch),
    call,
    before => before.map(Stage::name).unwrap_or_default(),
    now => now.map(Stage::name).unwrap_or_default(),
    local => local.map(LocalConnectionState::word).unwrap_or_default(),
    far => match far {
        Far::Device(id, _) => id,
        Far::Restricted => "restricted",
        Far::NotKnown => "",
    },
} }
