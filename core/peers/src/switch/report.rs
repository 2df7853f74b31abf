//! Turns happenings into events for monitors (ECMA-269, call control events).

use ctigate_core::action::Level;
use ctigate_core::slots::Handle;
use ctigate_core::wire::csta::events::Part;
use ctigate_core::wire::csta::model::{self, CallEvent, CallEventKind, Connection, Event, Redirection};

use super::phones::{Happening, Party, Phone};
use super::service::static_device;
use super::{Step, Switch, is_alive, names};

impl Switch {
    /// Sends events to every monitor concerned, in the order of the happenings.
    pub(super) fn report(&self, step: &mut Step<'_>, told: &[Happening]) {
        for happening in told {
            self.report_one(step, happening);
        }
    }

    fn report_one(&self, step: &mut Step<'_>, happening: &Happening) {
        let Happening { kind, call, party, calling, called, diverted_by, destination, cause, seen } =
            happening;
        let call = names::name(*call, self.call_salt);
        let device = self.party_device(*party, called);
        let calling = self.party_device(Party::Phone(*calling), "");
        let number =
            |phone: Option<Handle<Phone>>| phone.map(|phone| self.party_device(Party::Phone(phone), ""));
        let (before, destination) = (number(*diverted_by), number(*destination));
        let redirection = match &before {
            Some(before) => Redirection::NumberDialed(static_device(before)),
            None => Redirection::NotRequired,
        };
        let subject = subject(*kind, *party, &device, called);
        step.actions.notify(
            Level::Debug,
            notice_name(*kind),
            &[
                ("call", &call),
                ("device", &device),
                ("calling", &calling),
                ("called", called),
                ("cause", cause),
            ],
        );
        let has = |part| kind.name_of(part).is_some();
        for (phone, state) in seen {
            for (handle, monitor) in self.monitors.of(*phone) {
                if monitor.filter.excludes(kind.word()) || !is_alive(&self.links, &monitor) {
                    continue;
                }
                let cross_reference = self.monitors.cross_reference(handle);
                let connection = Connection { call: Some(&call), device: Some(static_device(&device)) };
                let event = Event::Call(CallEvent {
                    cross_reference: &cross_reference,
                    subject: known(subject),
                    new_party: destination.as_deref().map(known),
                    calling: has(Part::Calling).then(|| known(&calling)),
                    called: has(Part::Called).then(|| known(called)),
                    redirection: has(Part::Redirection).then_some(redirection),
                    local: Some(*state),
                    cause,
                    ..CallEvent::new(*kind, connection)
                });
                self.tell(step, monitor.link, &event);
            }
        }
    }
}

/// The device that an event is about: that of its connection, except that on a trunk it is the dialled party that
/// answers.
fn subject<'a>(kind: CallEventKind, party: Party, device: &'a str, called: &'a str) -> &'a str {
    match (kind, party) {
        (CallEventKind::Established, Party::Trunk(_)) => called,
        _ => device,
    }
}

/// A device that is known.
pub(super) const fn known(id: &str) -> model::Party<'_> {
    model::Party::Device(static_device(id))
}

const fn notice_name(kind: CallEventKind) -> &'static str {
    match kind {
        CallEventKind::ServiceInitiated => "call_initiated",
        CallEventKind::Originated => "call_originated",
        CallEventKind::Delivered => "call_delivered",
        CallEventKind::Established => "call_established",
        CallEventKind::Held => "call_held",
        CallEventKind::Retrieved => "call_retrieved",
        CallEventKind::Failed => "call_failed",
        CallEventKind::ConnectionCleared => "connection_cleared",
        CallEventKind::NetworkReached => "network_reached",
        CallEventKind::Diverted => "call_diverted",
        CallEventKind::Transfered => "call_transferred",
        CallEventKind::Conferenced => "call_conferenced",
        CallEventKind::CallCleared => "call_cleared",
    }
}
