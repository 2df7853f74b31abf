//! Sample elements of services: as one side writes them, and as the other side must get them.

use ctigate_core::wire::csta::member::{Member, Names, Role};
use ctigate_core::wire::csta::services::{EVENTS, Service, all};

use super::desk::{LINE, OTHER, SHOWN_LINE};

/// A sample element.
pub(super) struct Sample {
    /// As it is sent.
    pub(super) sent: String,
    /// As it must arrive; empty if it must not.
    pub(super) got: String,
}

/// A call of another phone system.
pub(super) const STRANGE: &str = "27";

/// An element with this content.
pub(super) fn element(name: &str, inside: &str) -> String {
    format!("<{name}>{inside}</{name}>")
}

/// A `ConnectionID`.
pub(super) fn connection(name: &str, call: &str, device: &str) -> String {
    format!("<{name}><callID>{call}</callID><deviceID>{device}</deviceID></{name}>")
}

/// How an edition spells a member.
pub(super) fn spelt(member: &Member, edition: u8) -> &'static str {
    member.before.filter(|(last, _)| edition <= *last).map_or(member.name, |(_, name)| name)
}

/// The name of the items, if the edition has a list here.
fn item(member: &Member, edition: u8) -> Option<&'static str> {
    member.list.filter(|(since, _)| *since <= edition).map(|(_, item)| item)
}

/// Devices, in a list if the edition has one.
fn devices(member: &Member, edition: u8, devices: &[&str]) -> String {
    let inside: String = match item(member, edition) {
        Some(item) => devices.iter().map(|device| element(item, device)).collect(),
        None => devices.concat(),
    };
    element(spelt(member, edition), &inside)
}

/// Numbers as the client sends them and as the phone system gets them: two if both editions have a list.
fn numbers(member: &Member, from: u8, to: u8) -> (String, String) {
    let both = item(member, from).is_some() && item(member, to).is_some();
    let count = if both { 2 } else { 1 };
    let sent = ["tel:+1 (425) 555-0104;ext=4", "sip:1005@example.com"];
    let got = ["+14255550104", "1005"];
    (devices(member, from, &sent[..count]), devices(member, to, &got[..count]))
}

/// A member of a request, from a client of the edition `from` to a phone system of the edition `to`.
pub(super) fn requested(member: &Member, from: u8, to: u8) -> Sample {
    let plain = |text: &str| (element(spelt(member, from), text), element(spelt(member, to), text));
    let name = member.name;
    let (sent, got) = match member.role {
        Role::Own | Role::OwnCall | Role::Held => {
            (connection(name, "17", SHOWN_LINE), connection(name, "7", "1001"))
        }
        Role::Active => (connection(name, "18", OTHER), connection(name, "8", "1001")),
        Role::Foreign => (connection(name, "15", OTHER), connection(name, "5", "1002")),
        Role::Line { .. } => (element(name, LINE), element(name, "1001")),
        Role::Dialled { .. } | Role::Number => numbers(member, from, to),
        Role::Text => plain("Fish &amp; &lt;chips&gt;"),
        Role::Truth => plain("true"),
        Role::Count => plain("3"),
        Role::Word(words) => plain(words.last().copied().unwrap_or("ofALaterEdition")),
        Role::Copied(_) => plain("<part>a &amp; b</part><deviceID>1002</deviceID><callID>17</callID>"),
        Role::Withheld => (element(name, "<device>1002</device>"), String::new()),
        Role::Announced { .. } | Role::CrossReference | Role::Narrowed => panic!("{name} in a request"),
    };
    passing(member, from, to, Sample { sent, got })
}

/// A member of a response, from a phone system of the edition `from` to a client of the edition `to`.
pub(super) fn responded(member: &Member, from: u8, to: u8) -> Sample {
    let plain = |text: &str| (element(spelt(member, from), text), element(spelt(member, to), text));
    let name = member.name;
    let (sent, got) = match member.role {
        Role::Announced { own: true } => (connection(name, "9", "1001"), connection(name, "19", LINE)),
        Role::Announced { own: false } => (connection(name, "9", "1002"), connection(name, "19", OTHER)),
        Role::CrossReference => plain("x1"),
        Role::Text => plain("Fish &amp; &lt;chips&gt;"),
        Role::Truth => plain("false"),
        Role::Count => plain("3"),
        Role::Word(words) => plain(words.last().copied().unwrap_or("ofALaterEdition")),
        Role::Copied(names) => (element(name, &named(names, false)), element(name, &named(names, true))),
        Role::Narrowed => narrowed(name),
        Role::Own
        | Role::OwnCall
        | Role::Held
        | Role::Active
        | Role::Foreign
        | Role::Line { .. }
        | Role::Dialled { .. }
        | Role::Number
        | Role::Withheld => panic!("{name} in a response"),
    };
    passing(member, from, to, Sample { sent, got })
}

/// A member of a later edition than the receiver's must not arrive, unless both sides use the same edition.
fn passing(member: &Member, from: u8, to: u8, sample: Sample) -> Sample {
    if from == to || member.since <= to { sample } else { Sample { got: String::new(), ..sample } }
}

/// The content of an element that is copied, as the phone system writes it or as the client must see it: with devices
/// and connections, if it has any, and with other content.
fn named(names: Names, is_seen: bool) -> String {
    let line = if is_seen { SHOWN_LINE } else { "1001" };
    let other = if is_seen { OTHER } else { "1002" };
    let far = if is_seen { "tel:+14255550150" } else { "+14255550150" };
    let call = if is_seen { "17" } else { "7" };
    let part = "<part>a &amp; b</part><number>1002</number><callID>7</callID>";
    match names {
        Names::None => part.into(),
        Names::Device => other.into(),
        Names::Connection => format!("<callID>{call}</callID><deviceID>{line}</deviceID>"),
        Names::Within { devices, connections } => {
            let shown =
                devices.iter().flat_map(|name| [line, other, far].map(|device| element(name, device)));
            let calls = connections.iter().map(|name| connection(name, call, line));
            let inside: String = shown.chain(calls).collect();
            format!("<item>{inside}{part}</item><empty></empty>")
        }
    }
}

/// Lists of features, one of which no table knows and is left out.
fn narrowed(name: &str) -> (String, String) {
    if let Some(service) = all().iter().find(|service| service.list == name && service.needs_link()) {
        let known = format!("<{}/>", service.feature);
        let got = element(service.feature, "");
        return (element(name, &format!("{known}<dance/>")), element(name, &got));
    }
    if let Some(event) = EVENTS.iter().find(|event| event.list == name) {
        // The phone system of the tests has none of these events.
        return (element(name, &format!("<{}/>", event.feature)), String::new());
    }
    let known = "<callControlServList><makeCall/><dance/></callControlServList>";
    let got = "<callControlServList><makeCall></makeCall></callControlServList>";
    (element(name, &format!("{known}<danceServList><makeCall/></danceServList>")), element(name, got))
}

/// The elements of a message.
pub(super) struct Samples(pub(super) Vec<Sample>);

impl Samples {
    /// A request with all members.
    pub(super) fn request(service: &Service, from: u8, to: u8) -> Self {
        Self(service.request.iter().map(|member| requested(member, from, to)).collect())
    }

    /// A response with all members.
    pub(super) fn response(service: &Service, from: u8, to: u8) -> Self {
        Self(service.response.iter().map(|member| responded(member, from, to)).collect())
    }

    /// As they are sent.
    pub(super) fn sent(&self) -> String {
        self.0.iter().map(|sample| sample.sent.as_str()).collect()
    }

    /// As they are sent in reverse order.
    pub(super) fn sent_backwards(&self) -> String {
        self.0.iter().rev().map(|sample| sample.sent.as_str()).collect()
    }

    /// As they must arrive.
    pub(super) fn got(&self) -> String {
        self.0.iter().map(|sample| sample.got.as_str()).collect()
    }

    /// As they are sent, with one of them replaced.
    pub(super) fn with(&self, index: usize, instead: &str) -> String {
        let samples = self.0.iter().enumerate();
        samples.map(|(at, sample)| if at == index { instead } else { sample.sent.as_str() }).collect()
    }
}
