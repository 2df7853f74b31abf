//! Turns happenings into events for monitors (ECMA-269, call control events).

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use ctigate_core::action::Level;
use ctigate_core::slots::Handle;
use ctigate_core::wire::csta::events::{Part, Shape, Slot};
use ctigate_core::wire::csta::member::Names;
use ctigate_core::wire::csta::model::{self, Connection, LocalConnectionState, Redirection};
use ctigate_core::wire::csta::relayed::Value;

use super::phones::{Detail, Form, Happening, Kind, Merged, Party, Phone};
use super::service::static_device;
use super::{Step, Switch, is_alive, names, permitted};

/// A happening in the words of CSTA.
#[derive(Default)]
struct Words {
    call: String,
    /// The first of two calls that became one.
    primary: Option<String>,
    /// The second of them.
    secondary: Option<String>,
    /// The parties of the call that resulted.
    list: Vec<Item>,
    /// The device of the connection.
    device: String,
    /// The device that the event is about.
    subject: String,
    /// The caller's device; `None` if it is withheld.
    calling: Option<String>,
    /// The phone that does not show its number to others.
    hidden: Option<Handle<Phone>>,
    /// Where the call rang before.
    before: Option<String>,
    /// Where the call goes, or who was added to it.
    new_party: Option<String>,
    /// The trunk that the caller came in through.
    came_through: Option<String>,
    /// The trunk that the call leaves through.
    leaves_through: Option<String>,
    /// How many calls wait, and how many of them longer.
    queue: Option<[String; 2]>,
    digits: String,
}

/// A party of a call that resulted from others.
struct Item {
    device: String,
    old: Option<String>,
    /// The direction of its media, if it is not both.
    flow: Value<'static>,
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
        let words = self.in_words(happening);
        step.actions.notify(
            Level::Debug,
            happening.kind.notice(),
            &[
                ("call", &words.call),
                ("device", &words.device),
                ("calling", &words.calling.as_deref().unwrap_or("restricted")),
                ("called", &happening.called),
                ("cause", &happening.cause),
            ],
        );
        let endpoints: Vec<_> = words.list.iter().map(|item| [("deviceID", device(&item.device))]).collect();
        let parts: Vec<_> =
            words.list.iter().zip(&endpoints).map(|(item, end)| words.parts(item, end)).collect();
        let items: Vec<_> =
            parts.iter().map(|parts| ("connectionListItem", Value::Elements(parts))).collect();
        for (phone, state) in &happening.seen {
            let mut given: Vec<(&'static str, Value<'_>)> = Vec::new();
            for (index, slot) in shape.slots.iter().enumerate() {
                let value = if slot.part == Part::List {
                    Some(Value::Elements(&items))
                } else {
                    self.value(slot, index, happening, &words, (*phone, *state))
                };
                given.extend(value.map(|value| (slot.name, value)));
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

    fn in_words(&self, happening: &Happening) -> Words {
        let called = &happening.called;
        let name = |party: Party| self.party_device(party, called);
        let call = |call| names::name(call, self.call_salt);
        let device = name(happening.party);
        // On a trunk it is the dialled party that answers, unless the trunk was added to the call of a phone.
        let subject = match (happening.kind, happening.party) {
            (Kind::Established, Party::Trunk(_)) if self.phones.find(called).is_none() => called.clone(),
            _ => device.clone(),
        };
        let calling = match (&happening.outside, happening.calling) {
            (Some(outside), Party::Trunk(_)) => outside.number.clone(),
            (_, calling) => Some(name(calling)),
        };
        let came_through = happening.outside.is_some() && matches!(happening.calling, Party::Trunk(_));
        let words = Words {
            call: call(happening.call),
            device,
            subject,
            calling,
            hidden: self.hidden(happening.calling),
            before: happening.diverted_by.map(name),
            came_through: came_through.then(|| name(happening.calling)),
            leaves_through: happening.leaves_through.map(name),
            ..Words::default()
        };
        match &happening.detail {
            Detail::None | Detail::Data(_) => words,
            Detail::Destination(to) => Words { new_party: Some(name(*to)), ..words },
            Detail::Queue { queued, in_front } => {
                Words { queue: Some([queued.to_string(), in_front.to_string()]), ..words }
            }
            Detail::Digits(digits) => Words { digits: digits.clone(), ..words },
            Detail::Merged(Merged { primary, secondary, by: _, added, list }) => Words {
                primary: Some(call(*primary)),
                secondary: secondary.map(call),
                new_party: Some(name(*added)),
                list: list
                    .iter()
                    .map(|moved| Item {
                        device: name(moved.party),
                        old: moved.old.map(call),
                        flow: self.flow(happening.call, moved.party),
                    })
                    .collect(),
                ..words
            },
        }
    }

    /// The calling phone, if it does not show its number.
    fn hidden(&self, calling: Party) -> Option<Handle<Phone>> {
        let Party::Phone(phone) = calling else { return None };
        self.phones.settings(phone).is_some_and(|settings| !settings.shows_number()).then_some(phone)
    }

    /// The value of one element of an event; `None` if it is left out.
    fn value<'a>(
        &self,
        slot: &Slot,
        index: usize,
        happening: &'a Happening,
        words: &'a Words,
        (viewer, local): (Handle<Phone>, LocalConnectionState),
    ) -> Option<Value<'a>> {
        let is_hidden = words.hidden.is_some_and(|hidden| hidden != viewer);
        match (slot.part, index) {
            (Part::Connection, _) | (Part::Copy(Names::Connection), 1) => {
                let call = words.primary.as_deref().unwrap_or(&words.call);
                Some(connection(call, &words.device))
            }
            (Part::SecondConnection, _) => {
                words.secondary.as_deref().map(|second| connection(second, &words.device))
            }
            (Part::Subject, _) | (Part::Copy(Names::Within { .. }), 2) => Some(party(&words.subject)),
            (Part::NewParty, _) => words.new_party.as_deref().map(party),
            (Part::Calling, _) => Some(if is_hidden { RESTRICTED } else { calling(words) }),
            (Part::Called, _) => Some(party(&happening.called)),
            (Part::Redirection, _) => Some(Value::Redirection(redirection(words))),
            (Part::LocalState, _) => Some(Value::Text(local.word())),
            (Part::Cause, _) => Some(Value::Text(happening.cause)),
            (Part::Copy(_), _) if slot.name == "callingDevice" && is_hidden => Some(RESTRICTED),
            (Part::Copy(_), _) => self.named_value(slot.name, happening, words, (viewer, local)),
            (Part::CrossReference | Part::List, _) => None,
        }
    }

    /// The value of an element that events have in common.
    fn named_value<'a>(
        &self,
        name: &str,
        happening: &'a Happening,
        words: &'a Words,
        (viewer, local): (Handle<Phone>, LocalConnectionState),
    ) -> Option<Value<'a>> {
        let is_diverted = happening.kind == Kind::Diverted;
        let data = if let Detail::Data(changed) = &happening.detail { changed } else { &happening.data };
        match name {
            // In a diversion these two are optional.
            "callingDevice" if !is_diverted => Some(calling(words)),
            "calledDevice" if !is_diverted && happening.kind != Kind::ServiceInitiated => {
                Some(party(&happening.called))
            }
            "lastRedirectionDevice" => Some(Value::Redirection(redirection(words))),
            "localConnectionInfo" => Some(Value::Text(local.word())),
            "cause" => Some(Value::Text(happening.cause)),
            "servicesPermitted" => self.config.permits.then(|| {
                permitted::by(local, self.phones.participation(happening.call, Party::Phone(viewer)))
            }),
            "associatedCallingDevice" => words.came_through.as_deref().map(party),
            "associatedCalledDevice" => words.leaves_through.as_deref().map(party),
            "networkCallingDevice" => words.came_through.as_ref().map(|_| calling(words)),
            "numberQueued" => words.queue.as_ref().map(|[queued, _]| Value::Text(queued)),
            "callsInFront" => words.queue.as_ref().map(|[_, in_front]| Value::Text(in_front)),
            "dialingSequence" => Some(Value::Device(static_device(&words.digits))),
            "digitGeneratedList" => Some(Value::Text(&words.digits)),
            _ if name.ends_with("onnectionInfo") => Some(self.flow(happening.call, happening.party)),
            // Later events of the call tell this of all data.
            _ if name == "correlatorData" || happening.kind == Kind::CallInformation => {
                data.told(name).map(|(form, value)| form.value(value))
            }
            _ => None,
        }
    }
}

impl Form {
    /// Data of this form.
    pub(super) const fn value(self, text: &str) -> Value<'_> {
        match self {
            Self::Octets | Self::Text => Value::Text(text),
            Self::Within(inner) => Value::Within(inner, text),
        }
    }
}

impl Words {
    /// The content of a list's item.
    fn parts<'a>(
        &'a self,
        item: &'a Item,
        endpoint: &'a [(&'static str, Value<'a>)],
    ) -> [(&'static str, Value<'a>); 4] {
        let old = item.old.as_deref().map_or(Value::Nothing, |old| connection(old, &item.device));
        [
            ("newConnection", connection(&self.call, &item.device)),
            ("oldConnection", old),
            ("endpoint", Value::Elements(endpoint)),
            ("resultingConnectionInfo", item.flow),
        ]
    }
}

const fn connection<'a>(call: &'a str, device: &'a str) -> Value<'a> {
    Value::Connection(Connection { call: Some(call), device: Some(static_device(device)) })
}

const fn device(id: &str) -> Value<'_> {
    Value::Device(static_device(id))
}

const fn party(id: &str) -> Value<'_> {
    Value::Party(known(id))
}

/// What stands for a device whose number is withheld.
const RESTRICTED: Value<'static> = Value::Party(model::Party::Restricted);

fn calling(words: &Words) -> Value<'_> {
    Value::Party(words.calling.as_deref().map_or(model::Party::Restricted, known))
}

fn redirection(words: &Words) -> Redirection<'_> {
    match &words.before {
        Some(before) => Redirection::NumberDialed(static_device(before)),
        None => Redirection::NotRequired,
    }
}

/// A device that is known.
pub(super) const fn known(id: &str) -> model::Party<'_> {
    model::Party::Device(static_device(id))
}
