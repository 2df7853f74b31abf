//! Turns happenings into events for monitors (ECMA-269, call control events).

use alloc::string::String;
use alloc::vec::Vec;

use ctigate_core::action::Level;
use ctigate_core::slots::Handle;
use ctigate_core::wire::csta::events::{Part, Shape, Slot};
use ctigate_core::wire::csta::member::Names;
use ctigate_core::wire::csta::model::{self, Connection, Redirection};
use ctigate_core::wire::csta::relayed::Value;

use super::phones::{Detail, Happening, Kind, Party, Phone};
use super::service::static_device;
use super::{Step, Switch, is_alive, names};

/// A happening in the words of CSTA.
struct Report {
    call: String,
    /// The device of the connection.
    device: String,
    /// The device that the event is about.
    subject: String,
    calling: String,
    /// Where the call rang before.
    before: Option<String>,
    /// Where the call goes.
    destination: Option<String>,
}

impl Switch {
    /// Sends events to every monitor concerned, in the order of the happenings.
    pub(super) fn report(&self, step: &mut Step<'_>, told: &[Happening]) {
        for happening in told {
            self.report_one(step, happening);
        }
    }

    fn report_one(&self, step: &mut Step<'_>, happening: &Happening) {
        let Some(shape) = Shape::named(happening.kind.root()) else {
            debug_assert!(false, "{:?} has no shape", happening.kind);
            return;
        };
        let report = self.in_words(happening);
        step.actions.notify(
            Level::Debug,
            happening.kind.notice(),
            &[
                ("call", &report.call),
                ("device", &report.device),
                ("calling", &report.calling),
                ("called", &happening.called),
                ("cause", &happening.cause),
            ],
        );
        for (phone, state) in &happening.seen {
            let mut given: Vec<(&'static str, Value<'_>)> = Vec::new();
            for (index, slot) in shape.slots.iter().enumerate() {
                if let Some(value) = value(slot, index, happening, &report, state.word()) {
                    given.push((slot.name, value));
                }
            }
            self.tell_monitors(step, *phone, shape, &given);
        }
    }

    /// Sends an event to the monitors of a phone.
    pub(super) fn tell_monitors(
        &self,
        step: &mut Step<'_>,
        phone: Handle<Phone>,
        shape: &Shape,
        given: &[(&'static str, Value<'_>)],
    ) {
        for (handle, monitor) in self.monitors.of(phone) {
            if !monitor.filter.excludes(shape.root) && is_alive(&self.links, &monitor) {
                let cross_reference = self.monitors.cross_reference(handle);
                self.tell(step, monitor.link, shape, &cross_reference, given);
            }
        }
    }

    fn in_words(&self, happening: &Happening) -> Report {
        let called = &happening.called;
        let name = |party: Party| self.party_device(party, called);
        let device = name(happening.party);
        // On a trunk it is the dialled party that answers.
        let subject = match (happening.kind, happening.party) {
            (Kind::Established, Party::Trunk(_)) => called.clone(),
            _ => device.clone(),
        };
        Report {
            call: names::name(happening.call, self.call_salt),
            device,
            subject,
            calling: name(happening.calling),
            before: happening.diverted_by.map(name),
            destination: match &happening.detail {
                Detail::Destination(to) => Some(name(*to)),
                Detail::None => None,
            },
        }
    }
}

/// The value of one element of an event; `None` if it is left out.
fn value<'a>(
    slot: &Slot,
    index: usize,
    happening: &'a Happening,
    report: &'a Report,
    local: &'static str,
) -> Option<Value<'a>> {
    let party = |id| Some(Value::Party(known(id)));
    match (slot.part, index) {
        (Part::Connection, _) | (Part::Copy(Names::Connection), 1) => {
            let device = Some(static_device(&report.device));
            Some(Value::Connection(Connection { call: Some(&report.call), device }))
        }
        (Part::Subject, _) | (Part::Copy(_), 2) => party(&report.subject),
        (Part::NewParty, _) => report.destination.as_deref().and_then(party),
        (Part::Calling, _) => party(&report.calling),
        (Part::Called, _) => party(&happening.called),
        (Part::Redirection, _) => Some(Value::Redirection(redirection(report))),
        (Part::LocalState, _) => Some(Value::Text(local)),
        (Part::Cause, _) => Some(Value::Text(happening.cause)),
        (Part::CrossReference | Part::SecondConnection | Part::List | Part::Copy(_), _) => None,
    }
}

fn redirection(report: &Report) -> Redirection<'_> {
    match &report.before {
        Some(before) => Redirection::NumberDialed(static_device(before)),
        None => Redirection::NotRequired,
    }
}

/// A device that is known.
pub(super) const fn known(id: &str) -> model::Party<'_> {
    model::Party::Device(static_device(id))
}
