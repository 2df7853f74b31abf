//! Messages made from the rows of services and events: the content of a member follows from its role. If no choices are
//! left, a message is complete and valid: every member is present, with the first of the possible values.

use core::fmt::Write as _;

use ctigate_core::wire::csta::events::{Part, Shape};
use ctigate_core::wire::csta::member::{Member, Names, Role};
use ctigate_core::wire::csta::model::{CallEventKind, LocalConnectionState, Namespace};
use ctigate_core::wire::csta::services::{self, EVENTS, Service};

use super::choices::Choices;

/// How a side names things.
#[derive(Clone, Copy)]
pub(super) struct Voice<'a> {
    /// The edition.
    pub(super) edition: u8,
    /// The own line.
    pub(super) line: &'a str,
    /// Other lines and numbers; those that can be dialled come first.
    pub(super) devices: &'a [&'a str],
    /// The calls.
    pub(super) calls: &'a [&'a str],
    /// The cross-reference ID of messages that belong together.
    pub(super) reference: &'a str,
}

const CAUSES: [&str; 6] = ["normal", "newCall", "busy", "transfer", "conference", "noCauseKnown"];
const NOT_A_DEVICE: [&str; 4] = ["<notKnown/>", "<restricted/>", "<notSpecified/>", "<notRequired/>"];
/// Truth values; the last one is invalid.
const TRUTHS: [&str; 6] = ["true", "false", "true", "1", "0", "perhaps"];
/// Whole numbers; the last one is invalid.
const COUNTS: [&str; 5] = ["7", "0", "100", "-1", "many"];
const TEXTS: [&str; 5] = ["12", "on hold &amp; waiting", "J&#252;rgen", "", "<x xmlns='u'>&#65;</x>"];

/// A request of a relayed service, or an unrequested message of a phone system.
pub(super) fn request(choices: &mut Choices<'_>, service: &Service, voice: Voice<'_>) -> String {
    document(voice, service.root, &members(choices, service.request, voice))
}

/// A response of a relayed service.
pub(super) fn response(choices: &mut Choices<'_>, service: &Service, voice: Voice<'_>) -> String {
    document(voice, service.response_root, &members(choices, service.response, voice))
}

/// An event with the elements of its row; `voice.reference` is its monitor's.
pub(super) fn event(choices: &mut Choices<'_>, shape: &Shape, voice: Voice<'_>) -> String {
    let mut absent = Absent::some(choices);
    let mut elements = Vec::new();
    for slot in shape.slots {
        let is_optional = matches!(slot.part, Part::Copy(_) | Part::LocalState);
        if slot.since > voice.edition || (is_optional && absent.next()) {
            continue;
        }
        elements.push(element(slot.name, &part(choices, slot.part, voice)));
    }
    document(voice, shape.root, &damaged(choices, elements))
}

/// A part of a list of devices, under `voice.reference`.
pub(super) fn list_of_devices(choices: &mut Choices<'_>, voice: Voice<'_>) -> String {
    let told = services::all().iter().filter(|service| service.served == services::Served::Told);
    told.map(|service| request(choices, service, voice)).collect()
}

/// The data of a snapshot, or their announcement. Parts are named by `voice.reference`.
pub(super) fn snapshot(choices: &mut Choices<'_>, service: &Service, form: Form, voice: Voice<'_>) -> String {
    let items: String = (0..choices.below(3)).map(|_| snapshot_item(choices, service, voice)).collect();
    let named = element("serviceCrossRefID", voice.reference);
    let data = element("snapshotData", &items);
    match form {
        Form::Whole => document(voice, service.response_root, &element("crossRefIDorSnapshotData", &data)),
        Form::Announced => {
            document(voice, service.response_root, &element("crossRefIDorSnapshotData", &named))
        }
        Form::Part { last } => {
            let last = if last { "true" } else { "false" };
            document(voice, service.data_root, &format!("{named}<lastSegment>{last}</lastSegment>{data}"))
        }
    }
}

/// The form of a snapshot.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// In the response.
    Whole,
    /// In messages that the response announces.
    Announced,
    /// One of those messages.
    Part {
        /// Whether it is the last one.
        last: bool,
    },
}

fn snapshot_item(choices: &mut Choices<'_>, service: &Service, voice: Voice<'_>) -> String {
    let own = connection(choices, voice);
    let far = element("deviceIdentifier", choices.word(voice.devices));
    let state = choices.pick(LocalConnectionState::ALL).word();
    if service.root == "SnapshotCall" {
        return element(
            "snapshotCallResponseInfo",
            &format!(
                "{}{}<localConnectionInfo>{state}</localConnectionInfo>",
                element("deviceOnCall", &far),
                element("callIdentifier", &own)
            ),
        );
    }
    element(
        "snapshotDeviceResponseInfo",
        &format!(
            "{}{}<localCallState><compoundCallState><localConnectionState>{state}</localConnectionState>\
             </compoundCallState></localCallState>",
            element("connectionIdentifier", &own),
            element("endpointDevice", &far)
        ),
    )
}

/// The features of a phone system that has every service and event of the rows.
pub(super) fn features() -> String {
    let services = services::all().iter().filter(|service| service.is_offered());
    let services = listed(services.map(|service| (service.list, service.feature)));
    let events = listed(EVENTS.iter().map(|event| (event.list, event.feature)));
    element("supportedServices", &services) + &element("supportedEvents", &events)
}

/// Features in their lists.
fn listed(features: impl Iterator<Item = (&'static str, &'static str)>) -> String {
    let mut out = String::new();
    let mut open = "";
    for (list, feature) in features {
        if list != open {
            out += &closing(open);
            let _infallible = write!(out, "<{list}>");
            open = list;
        }
        let _infallible = write!(out, "<{feature}/>");
    }
    out + &closing(open)
}

fn closing(list: &str) -> String {
    if list.is_empty() { String::new() } else { format!("</{list}>") }
}

/// A document of the voice's edition.
fn document(voice: Voice<'_>, root: &str, children: &str) -> String {
    let namespace = Namespace::International(voice.edition);
    format!("<?xml version=\"1.0\"?><{root} xmlns=\"{}\">{children}</{root}>", namespace.uri())
}

fn element(name: &str, inside: &str) -> String {
    format!("<{name}>{inside}</{name}>")
}

/// Which optional elements are left out: one bit each, cyclically.
struct Absent(u8);

impl Absent {
    fn some(choices: &mut Choices<'_>) -> Self {
        Self(choices.byte())
    }

    const fn next(&mut self) -> bool {
        self.0 = self.0.rotate_left(1);
        self.0 & 1 == 1
    }
}

/// The members of a row, mostly valid.
fn members(choices: &mut Choices<'_>, members: &[Member], voice: Voice<'_>) -> String {
    let mut absent = Absent::some(choices);
    let mut elements = Vec::new();
    for member in members {
        if member.since > voice.edition || (!member.required && absent.next()) {
            continue;
        }
        let value = value(choices, member, voice);
        elements.push(element(member.name_in(voice.edition), &value));
    }
    damaged(choices, elements)
}

/// Damages a list of elements: one is left out, doubled or moved, or an unknown one is added.
fn damaged(choices: &mut Choices<'_>, mut elements: Vec<String>) -> String {
    if choices.chance(28) && !elements.is_empty() {
        let at = choices.below(elements.len());
        let unknown = "<unheard><connection><callID>7</callID></connection></unheard>";
        match choices.below(4) {
            0 => drop(elements.remove(at)),
            1 => elements.extend_from_within(at..=at),
            2 => elements.rotate_left(at),
            _ => elements.insert(at, unknown.into()),
        }
    }
    elements.concat()
}

fn value(choices: &mut Choices<'_>, member: &Member, voice: Voice<'_>) -> String {
    match member.role {
        Role::Own
        | Role::OwnCall
        | Role::Held
        | Role::Active
        | Role::Announced { .. }
        | Role::Copied(Names::Connection) => connection(choices, voice),
        Role::Foreign => foreign(choices, voice),
        Role::Line { .. } if choices.chance(24) => choices.word(voice.devices).into(),
        Role::Line { .. } => voice.line.into(),
        Role::Dialled { .. } | Role::Number => devices(choices, member, voice),
        Role::Text | Role::Copied(Names::None) => choices.word(&TEXTS).into(),
        Role::Truth => choices.word(&TRUTHS).into(),
        Role::Count => choices.word(&COUNTS).into(),
        Role::Word(words) => match choices.below(words.len() + 1).checked_sub(1) {
            Some(at) => words.get(at).copied().unwrap_or_default().into(),
            None => words.first().copied().unwrap_or("normal").into(),
        },
        Role::Copied(names) => named(choices, names, voice),
        Role::CrossReference => voice.reference.into(),
        Role::Narrowed => narrowed(choices, member.name),
        Role::Withheld => element("device", choices.word(voice.devices)),
    }
}

/// A connection of the own line, in the forms that clients use and in some invalid ones.
fn connection(choices: &mut Choices<'_>, voice: Voice<'_>) -> String {
    let call = element("callID", choices.word(voice.calls));
    match choices.below(9) {
        0..=3 => call + &element("deviceID", voice.line),
        4 => call,
        5 => call + &element("deviceID", choices.word(voice.devices)),
        6 => call + &format!("<deviceID typeOfNumber=\"dynamic\">{}</deviceID>", voice.line),
        7 => element("deviceID", voice.line),
        _ => String::new(),
    }
}

/// A connection of another line.
fn foreign(choices: &mut Choices<'_>, voice: Voice<'_>) -> String {
    let call = element("callID", choices.word(voice.calls));
    let device = element("deviceID", choices.word(voice.devices));
    match choices.below(4) {
        0 | 1 => call + &device,
        2 => device,
        _ => call,
    }
}

/// A number, or up to three if the edition has a list.
fn devices(choices: &mut Choices<'_>, member: &Member, voice: Voice<'_>) -> String {
    let Some(item) = member.item_in(voice.edition) else { return choices.word(voice.devices).into() };
    (0..=choices.below(3)).map(|_| element(item, choices.word(voice.devices))).collect()
}

/// Content with identifiers where the row says that they are.
fn named(choices: &mut Choices<'_>, names: Names, voice: Voice<'_>) -> String {
    let Names::Within { devices, connections } = names else {
        return choices.word(voice.devices).into();
    };
    let device = |choices: &mut Choices<'_>, name: &&str| element(name, choices.word(voice.devices));
    let mut inside: String = devices.iter().map(|name| device(choices, name)).collect();
    inside.extend(connections.iter().map(|name| element(name, &connection(choices, voice))));
    // As the only content, or as an item of a list.
    if choices.chance(96) { element("item", &inside) + &inside } else { inside }
}

/// The features of a list, and an unknown one; for a group of lists, those of one of them.
fn narrowed(choices: &mut Choices<'_>, name: &str) -> String {
    let all = services::all();
    let of = |list: &str| -> String {
        let features = all.iter().filter(|service| service.list == list);
        features.flat_map(|service| ["<", service.feature, "/>"]).collect()
    };
    let own = of(name);
    if !own.is_empty() {
        return own + "<danceCall/>";
    }
    let list = choices.pick(all).list;
    element(list, &of(list))
}

fn part(choices: &mut Choices<'_>, part: Part, voice: Voice<'_>) -> String {
    let party = |choices: &mut Choices<'_>| match choices.below(8) {
        0..=3 => element("deviceIdentifier", voice.line),
        4..=6 => element("deviceIdentifier", choices.word(voice.devices)),
        _ => choices.word(&NOT_A_DEVICE).into(),
    };
    match part {
        Part::CrossReference => voice.reference.into(),
        Part::Connection | Part::SecondConnection | Part::Copy(Names::Connection) => {
            connection(choices, voice)
        }
        Part::Subject | Part::NewParty | Part::Calling | Part::Called => party(choices),
        Part::List => (0..=choices.below(3)).map(|_| list_item(choices, voice)).collect(),
        Part::Redirection => match choices.below(4) {
            0 => element("numberDialed", choices.word(voice.devices)),
            _ => choices.word(&NOT_A_DEVICE).into(),
        },
        Part::LocalState => choices.pick(LocalConnectionState::ALL).word().into(),
        Part::Cause => choices.word(&CAUSES).into(),
        Part::Copy(Names::None) => choices.word(&TEXTS).into(),
        Part::Copy(names) => named(choices, names, voice),
    }
}

/// One connection of a call that resulted from others.
fn list_item(choices: &mut Choices<'_>, voice: Voice<'_>) -> String {
    let new = element("newConnection", &connection(choices, voice));
    let old = element("oldConnection", &connection(choices, voice));
    let endpoint = element("endpoint", &element("deviceID", choices.word(voice.devices)));
    let inside = match choices.below(4) {
        0 => new + &old + &endpoint,
        1 => new,
        2 => new + &old,
        _ => old + &endpoint,
    };
    element("connectionListItem", &inside)
}

/// Any event that has a row, mostly a modelled one.
pub(super) fn some_shape(choices: &mut Choices<'_>, shapes: &[&'static Shape]) -> &'static Shape {
    let modelled = CallEventKind::ALL.len();
    let some = if choices.chance(96) { shapes } else { shapes.get(..modelled).unwrap_or(shapes) };
    choices.pick::<&'static Shape>(some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::mutate;
    use ctigate_core::wire::csta::events::shapes;
    use ctigate_core::wire::csta::guard::XmlLimits;
    use ctigate_core::wire::csta::model::{Event, Message, Request, Response};
    use ctigate_core::wire::csta::parse::Document;

    fn voice(edition: u8) -> Voice<'static> {
        Voice { edition, line: "1001", devices: &["1002", "trunk"], calls: &["7"], reference: "m1" }
    }

    #[track_caller]
    fn is(text: &str, what: impl FnOnce(Message<'_>) -> bool) {
        let document = Document::parse(text.as_bytes(), &XmlLimits::default()).unwrap();
        assert!(what(document.message().unwrap_or_else(|error| panic!("{error:?}: {text}"))), "{text}");
    }

    #[test]
    fn a_message_that_nothing_is_chosen_for_is_right() {
        for edition in [3, 6] {
            let mut none = Choices::new(&[]);
            for service in services::all().iter().filter(|service| service.is_relayed()) {
                is(
                    &request(&mut none, service, voice(edition)),
                    |message| matches!(message, Message::Request(Request::Relayed(read)) if read.service == service),
                );
                is(
                    &response(&mut none, service, voice(edition)),
                    |message| matches!(message, Message::Response(Response::Relayed(read)) if read.service == service),
                );
            }
            for shape in shapes() {
                is(&event(&mut none, shape, voice(edition)), |message| match message {
                    Message::Event(Event::Call(event)) => shape.kind == Some(event.kind),
                    Message::Event(Event::Other { shape: read, .. }) => read == shape,
                    Message::Request(_) | Message::Response(_) | Message::Event(_) => false,
                });
            }
        }
    }

    #[test]
    fn any_choices_make_well_formed_documents_of_every_kind() {
        let shapes: Vec<&Shape> = shapes().collect();
        let mut kinds = std::collections::BTreeSet::new();
        for seed in 0..2_000 {
            let noise = mutate::noise(seed, 80);
            let mut choices = Choices::new(&noise);
            let service = choices.pick(services::all());
            let shape = some_shape(&mut choices, &shapes);
            for text in [
                request(&mut choices, service, voice(6)),
                event(&mut choices, shape, voice(3)),
                snapshot(&mut choices, service, Form::Part { last: false }, voice(3)),
            ] {
                let document = Document::parse(text.as_bytes(), &XmlLimits::default());
                kinds.insert(document.unwrap_or_else(|error| panic!("{error:?}: {text}")).name().to_owned());
            }
        }
        assert!(services::all().iter().all(|service| kinds.contains(service.root)), "{kinds:?}");
        assert!(shapes.iter().all(|shape| kinds.contains(shape.root)), "{kinds:?}");
    }
}
