//! What a message is about: `INVITE RequestSystemStatus`, `200 OK MakeCallResponse call 0_7`.

use alloc::format;
use alloc::string::{String, ToString as _};

use crate::wire::csta::guard::XmlLimits;
use crate::wire::csta::parse::{Document, Gist};
use crate::wire::sip::{self, NameAddress, Start, Uri};

/// What a message is about. What it does not say is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label {
    /// For people: method or status, the CSTA document's root, and what that is about.
    pub text: String,
    /// The name of the client's user, if it is a SIP message.
    pub user: String,
    /// The dialog's Call-ID, if it is a SIP message.
    pub call_id: String,
    /// The line of the dialog, as far as it is known.
    pub line: String,
    /// The root of the CSTA document.
    pub service: String,
    /// The call.
    pub call: String,
    /// Who calls.
    pub calling: String,
    /// Who is called.
    pub called: String,
    /// The device of the connection, or the device that is to be monitored or listed.
    pub device: String,
    /// The error that it tells: a CSTA error, or a SIP response's status and reason.
    pub error: String,
    /// The monitor.
    pub(in super::super) cross_reference: String,
    /// From and To, as URIs.
    pub(in super::super) parties: [String; 2],
}

/// Reads a SIP message that a client sent (`inward`) or is sent.
pub(super) fn sip(bytes: &[u8], inward: bool) -> Option<Label> {
    let mut scratch = sip::Scratch::new();
    let message = sip::Message::parse(bytes, &mut scratch, sip::Limits::default()).ok()?;
    let mut label = message.csta_body().map(csta).unwrap_or_default();
    label.text = match message.start {
        Start::Request { method, .. } => format!("{} {}", method.name(), label.text).trim_end().into(),
        Start::Response { status, reason } => {
            if status >= 300 {
                label.error = format!("{status} {reason}");
            }
            let method = message.cseq().map_or("", |cseq| cseq.method.name());
            let what = if label.text.is_empty() { format!("({method})") } else { label.text };
            format!("{status} {reason} {what}")
        }
    };
    let uri =
        |address: Option<NameAddress<'_>>| address.map(|address| address.uri.into()).unwrap_or_default();
    label.parties = [uri(message.from()), uri(message.to())];
    // From names the sender of the request: the client, if the request comes in or its answer goes out.
    let [from, to] = &label.parties;
    label.user = who(if message.method().is_some() == inward { from } else { to }).into();
    label.call_id = message.call_id().unwrap_or_default().into();
    Some(label)
}

/// Reads a CSTA document; one that cannot be read is labelled as such.
pub(super) fn csta(bytes: &[u8]) -> Label {
    let Ok(document) = Document::parse(bytes, &XmlLimits::default()) else {
        return Label { text: "(no CSTA)".into(), ..Label::default() };
    };
    let name = document.name();
    let Gist { call, device, object, calling, called, cause, cross_reference, status, error } =
        document.gist();
    let mut text = String::from(name);
    let mut say = |part: String| {
        text.push(' ');
        text.push_str(&part);
    };
    [status, error.as_str()].iter().filter(|part| !part.is_empty()).for_each(|part| say((*part).into()));
    let device = if object.is_empty() { device } else { object };
    match (short(calling), short(called)) {
        ("", "") if !device.is_empty() => say(format!("at {}", short(device))),
        ("", "") => {}
        ("", called) => say(format!("to {called}")),
        (calling, "") => say(format!("from {calling}")),
        (calling, called) => say(format!("{calling} \u{2192} {called}")),
    }
    if !call.is_empty() {
        say(format!("call {call}"));
    }
    if !["", "normal", "newCall"].contains(&cause) {
        say(format!("({cause})"));
    }
    Label {
        line: document.line().unwrap_or_default().into(),
        service: name.into(),
        call: call.into(),
        calling: short(calling).into(),
        called: short(called).into(),
        device: short(device).into(),
        cross_reference: cross_reference.into(),
        error,
        text,
        ..Label::default()
    }
}

/// Reads a message of an Asterisk's manager interface, or an action for it.
pub(super) fn ami(bytes: &[u8]) -> Label {
    let text = String::from_utf8_lossy(bytes);
    let lines =
        || text.lines().filter_map(|line| line.split_once(':')).map(|(key, value)| (key, value.trim()));
    let value = |wanted: &str| lines().find(|(key, _)| *key == wanted).map_or("", |(_, value)| value);
    let known = |wanted: &str| Some(value(wanted)).filter(|value| *value != "<unknown>").unwrap_or_default();
    let channel = if value("Channel").is_empty() { value("DestChannel") } else { value("Channel") };
    let endpoint = channel.split_once('/').map_or(channel, |(_, endpoint)| endpoint);
    let device = endpoint.rsplit_once('-').map_or(endpoint, |(device, _)| device);
    let (kind, name) = lines().next().unwrap_or_default();
    let error = if name == "Error" { value("Message") } else { "" };
    let parts = match kind {
        "Event" => [name, device, value("ChannelStateDesc")],
        "Response" => ["Response", name, value("Message")],
        "Action" => ["Action", name, device],
        _ => [text.trim(), "", ""],
    };
    let mut said = String::new();
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        if !said.is_empty() {
            said.push(' ');
        }
        said.push_str(part);
    }
    Label {
        text: said,
        service: name.into(),
        call: value("Linkedid").into(),
        calling: known("CallerIDNum").into(),
        called: known("Exten").into(),
        device: device.into(),
        error: error.into(),
        ..Label::default()
    }
}

/// A device identifier without the scheme and the parameters of a URI.
pub(in super::super) fn short(device: &str) -> &str {
    let is_scheme =
        |scheme: &str| ["tel", "sip", "sips"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    match device.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => rest.split_once(';').map_or(rest, |(number, _)| number),
        _ => device,
    }
}

/// The shortest name in a URI: its user, else its host, else all of it.
fn who(uri: &str) -> &str {
    let Some(parsed) = Uri::parse(uri) else { return uri };
    parsed.user.filter(|user| !user.is_empty()).unwrap_or(parsed.host)
}

impl Label {
    /// A label of what is no SIP and no CSTA.
    pub(super) fn of(text: &str) -> Self {
        Self { text: text.to_string(), ..Self::default() }
    }

    /// Whether `user` is one of its parties: as the whole URI, as user and host, or as the user alone.
    pub(in super::super) fn names(&self, user: &str) -> bool {
        self.parties.iter().any(|uri| {
            let (_, rest) = uri.split_once(':').unwrap_or(("", uri));
            let (address, _) = rest.split_once(';').unwrap_or((rest, ""));
            uri == user || address == user || who(uri) == user
        })
    }

    /// Whether it belongs to `line`, which is a URI or its number.
    pub(in super::super) fn is_of(&self, line: &str) -> bool {
        !self.line.is_empty() && (self.line == line || short(&self.line) == short(line))
    }
}
