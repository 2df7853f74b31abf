//! Labels of messages: `INVITE RequestSystemStatus`, `200 OK MakeCallResponse`, `9999 DeliveredEvent`.

use alloc::format;
use alloc::string::{String, ToString as _};

use crate::wire::csta::guard::XmlLimits;
use crate::wire::csta::model::{Event, Message, Request, Response};
use crate::wire::csta::parse::Document;
use crate::wire::sip::{self, NameAddress, Start, Uri};

/// What a ladder needs of a SIP message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SipLabel {
    /// The label.
    pub(super) text: String,
    /// Its Call-ID.
    pub(super) call_id: String,
    /// From, as a URI.
    pub(super) from: String,
    /// To, as a URI.
    pub(super) to: String,
    /// Whether it is a request.
    pub(super) request: bool,
}

/// What a ladder needs of a CSTA document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CstaLabel {
    /// The root's name, and the status or error, if any.
    pub(super) text: String,
    /// The monitorCrossRefID of an event or of a response to MonitorStart.
    pub(super) cross_reference: Option<String>,
}

/// Reads a SIP message.
pub(super) fn sip(bytes: &[u8]) -> Option<SipLabel> {
    let mut scratch = sip::Scratch::new();
    let message = sip::Message::parse(bytes, &mut scratch, sip::Limits::default()).ok()?;
    let body = message.csta_body().map(|body| csta(body).text);
    let text = match (message.start, body) {
        (Start::Request { method, .. }, None) => method.name().into(),
        (Start::Request { method, .. }, Some(body)) => format!("{} {body}", method.name()),
        (Start::Response { status, reason }, Some(body)) => format!("{status} {reason} {body}"),
        (Start::Response { status, reason }, None) => {
            let method = message.cseq().map_or("", |cseq| cseq.method.name());
            format!("{status} {reason} ({method})")
        }
    };
    let uri =
        |address: Option<NameAddress<'_>>| address.map(|address| address.uri.into()).unwrap_or_default();
    Some(SipLabel {
        text,
        call_id: message.call_id().unwrap_or_default().into(),
        from: uri(message.from()),
        to: uri(message.to()),
        request: message.method().is_some(),
    })
}

/// Reads a CSTA document; one that cannot be read is labelled as such.
pub(super) fn csta(bytes: &[u8]) -> CstaLabel {
    let nothing = |text: &str| CstaLabel { text: text.into(), cross_reference: None };
    let Ok(document) = Document::parse(bytes, &XmlLimits::default()) else { return nothing("(no CSTA)") };
    let name = document.name();
    match document.message() {
        Err(_) => nothing(name),
        Ok(message) => {
            let text = detail(&message).map_or_else(|| name.into(), |detail| format!("{name} {detail}"));
            CstaLabel { text, cross_reference: cross_reference(&message).map(String::from) }
        }
    }
}

fn detail(message: &Message<'_>) -> Option<String> {
    match message {
        Message::Request(Request::SystemStatus { status, .. })
        | Message::Response(Response::RequestSystemStatus { status }) => Some(status.word().into()),
        Message::Response(Response::Error(error)) => Some(error.to_string()),
        Message::Response(
            Response::StartApplicationSessionRefused { error }
            | Response::ResetApplicationSessionTimerRefused { error },
        ) => Some((*error).into()),
        Message::Request(_) | Message::Response(_) | Message::Event(_) => None,
    }
}

fn cross_reference<'a>(message: &Message<'a>) -> Option<&'a str> {
    match message {
        Message::Event(event) => Some(Event::cross_reference(event)),
        Message::Response(Response::MonitorStart { cross_reference, .. }) => Some(cross_reference),
        Message::Request(_) | Message::Response(_) => None,
    }
}

/// The shortest name in a URI: its user, else its host, else all of it.
pub(super) fn who(uri: &str) -> &str {
    let Some(parsed) = Uri::parse(uri) else { return uri };
    parsed.user.filter(|user| !user.is_empty()).unwrap_or(parsed.host)
}

/// Whether `name` matches `uri`: as the whole URI, as user and host, or as the user alone.
pub(super) fn is_named(uri: &str, name: &str) -> bool {
    let (_, rest) = uri.split_once(':').unwrap_or(("", uri));
    let (address, _) = rest.split_once(';').unwrap_or((rest, ""));
    uri == name || address == name || who(uri) == name
}
