//! A dialog (RFC 3261 12) seen from the gateway: always as the server of its INVITE, client only inside it.
//!
//! Route set, target and the parties' names are opaque and kept byte for byte (client quirk 7). The remote CSeq is not
//! kept at all: it is never a reason for anything (client quirk 2).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

use super::transactions::Flow;
use crate::digest::{Digest, Digester};
use crate::wire::sip::{Message, Scheme, Uri};

mod texts;

use texts::{Text, Texts};

/// Why a request cannot begin or refresh a dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// It has no Contact, so nothing could be sent to the client (RFC 3261 12.1.1).
    NoContact,
    /// Its route set and names are longer than `limits.dialog_bytes`.
    TooLong,
}

/// A dialog's state. In this order: what every message needs is fetched together.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Dialog {
    /// Where the answer to the client's last request went: our requests go there.
    pub(crate) flow: Flow,
    /// The CSeq of our last request.
    local_sequence: u32,
    /// Counts answered re-INVITEs: on a stream, a request without a branch from before one is repeated by none after it
    /// (quirk 2).
    pub(crate) epoch: u32,
    /// Names, target and route set.
    texts: Texts,
    /// Whether the first hop is a strict router: the Request-URI is its own, and the target stands last in the routes.
    strict: bool,
    /// The hash it is looked up by, as bytes: as a number it would leave gaps before it.
    key: [u8; 16],
}

impl Dialog {
    /// The dialog that a 2xx to `invite` begins; or the one that a re-INVITE is in, whose To has our tag already, and which
    /// was begun elsewhere (RFC 3261 12.2.2 lets us accept it): its state is the same function of the request.
    pub(crate) fn new(
        invite: &Message<'_>,
        flow: Flow,
        (local_tag, line): (&str, &str),
        key: u128,
        limit: usize,
    ) -> Result<Self, Unusable> {
        let to = invite.to();
        let (from, user) = invite.from().map_or(("", ""), |from| (from.raw, from.uri));
        let mut local = String::from(to.map_or("", |to| to.raw));
        if to.and_then(|to| to.tag()).is_none() {
            let _infallible = write!(local, ";tag={local_tag}");
        }
        let mut texts = Texts::default();
        texts.set(&[
            (Text::CallId, invite.call_id().unwrap_or_default()),
            (Text::LocalTag, local_tag),
            (Text::Local, &local),
            (Text::Remote, from),
            (Text::User, user),
            (Text::Line, line),
        ]);
        let mut dialog =
            Self { key: key.to_le_bytes(), texts, strict: false, flow, local_sequence: 0, epoch: 0 };
        dialog.check_refresh(invite, limit)?;
        dialog.refresh(invite, flow);
        Ok(dialog)
    }

    /// Whether target and route set of an INVITE or re-INVITE can be taken.
    pub(crate) fn check_refresh(&self, invite: &Message<'_>, limit: usize) -> Result<(), Unusable> {
        let contact = invite.contact().ok_or(Unusable::NoContact)?;
        let bytes = invite.record_routes().map(str::len).sum::<usize>() + contact.uri.len();
        self.check_length(bytes, limit)
    }

    /// Takes target and route set from an INVITE or re-INVITE that was checked. RFC 3261 12.2 lets a re-INVITE change the
    /// target only; SIPE replaces its route set by what each answer says (quirk 6), so ours follows each INVITE's
    /// Record-Route.
    pub(crate) fn refresh(&mut self, invite: &Message<'_>, flow: Flow) {
        let Some(contact) = invite.contact() else { return };
        let mut routes: Vec<&str> = Vec::new();
        routes.extend(invite.record_routes());
        // A refresh without Record-Route keeps the route set: a proxy that routes statically adds none to it.
        if !routes.is_empty() || self.request_uri().is_empty() {
            self.set_routes(contact.uri, &routes);
        } else {
            self.set_target(contact.uri);
        }
        self.flow = flow;
    }

    /// Whether the target of an UPDATE can be taken.
    pub(crate) fn check_retarget(&self, update: &Message<'_>, limit: usize) -> Result<(), Unusable> {
        let target = update.contact().map_or(0, |contact| contact.uri.len());
        self.check_length(self.texts.get(Text::Routes).len() + target, limit)
    }

    /// Takes the target of an UPDATE that was checked (RFC 3311 5.2: a target refresh request), if it names one.
    pub(crate) fn retarget(&mut self, update: &Message<'_>) {
        if let Some(contact) = update.contact() {
            self.set_target(contact.uri);
        }
    }

    /// Whether names, and `bytes` of route set and target, are within `limit`.
    fn check_length(&self, bytes: usize, limit: usize) -> Result<(), Unusable> {
        let names = [Text::Local, Text::Remote, Text::CallId].map(|text| self.texts.get(text).len());
        let names: usize = names.iter().sum();
        if names + bytes > limit { Err(Unusable::TooLong) } else { Ok(()) }
    }

    fn set_target(&mut self, target: &str) {
        let routes = self.texts.get(Text::Routes);
        if self.strict {
            let lines = routes.strip_suffix("\r\n").unwrap_or(routes);
            let kept = lines.rfind("\r\n").and_then(|end| lines.get(..end + 2)).unwrap_or_default();
            let lines = alloc::format!("{kept}Route: <{target}>\r\n");
            self.texts.set(&[(Text::Routes, &lines)]);
        } else if routes.is_empty() {
            self.texts.set(&[(Text::NextHop, &next_hop(target)), (Text::RequestUri, target)]);
        } else {
            self.texts.set(&[(Text::RequestUri, target)]);
        }
    }

    /// RFC 3261 12.2.1.1, loose and strict routers.
    fn set_routes(&mut self, target: &str, routes: &[&str]) {
        let first = routes.first().map(|route| address_of(route));
        let strict = first
            .and_then(Uri::parse)
            .is_some_and(|uri| matches!(uri.scheme, Scheme::Sip | Scheme::Sips) && !uri.is_loose_router());
        let mut lines = String::new();
        for route in routes.iter().skip(usize::from(strict)) {
            let _infallible = write!(lines, "Route: {route}\r\n");
        }
        if strict {
            let _infallible = write!(lines, "Route: <{target}>\r\n");
        }
        self.strict = strict;
        self.texts.set(&[
            (Text::NextHop, &next_hop(first.unwrap_or(target))),
            (Text::RequestUri, if strict { first.unwrap_or(target) } else { target }),
            (Text::Routes, &lines),
        ]);
    }

    /// The hash it is looked up by.
    pub(crate) const fn key(&self) -> u128 {
        u128::from_le_bytes(self.key)
    }

    /// Lets our requests' CSeq go on from `last`.
    pub(crate) fn count_from(&mut self, last: u32) {
        self.local_sequence = last;
    }

    /// The CSeq of our next request.
    pub(crate) fn next_sequence(&mut self) -> u32 {
        self.local_sequence = self.local_sequence.wrapping_add(1).max(1);
        self.local_sequence
    }

    /// From's URI.
    pub(crate) fn user(&self) -> &str {
        self.texts.get(Text::User)
    }

    /// What the core above calls the line that the dialog is about; empty until it knows.
    pub(crate) fn line(&self) -> &str {
        self.texts.get(Text::Line)
    }

    /// Notes what the core above calls that line.
    pub(crate) fn set_line(&mut self, line: &str) {
        if line != self.line() {
            self.texts.set(&[(Text::Line, line)]);
        }
    }

    /// Call-ID.
    pub(crate) fn call_id(&self) -> &str {
        self.texts.get(Text::CallId)
    }

    /// Our tag.
    pub(crate) fn local_tag(&self) -> &str {
        self.texts.get(Text::LocalTag)
    }

    /// The Request-URI of our requests.
    pub(crate) fn request_uri(&self) -> &str {
        self.texts.get(Text::RequestUri)
    }

    /// `host:port` to connect to when the flow is gone; `None` if that cannot be told.
    pub(crate) fn next_hop(&self) -> Option<&str> {
        Some(self.texts.get(Text::NextHop)).filter(|address| !address.is_empty())
    }

    /// Appends the lines that each of our requests has: Route, From, To, Call-ID.
    pub(crate) fn write_head(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.texts.get(Text::Routes).as_bytes());
        for (name, text) in [("From", Text::Local), ("To", Text::Remote), ("Call-ID", Text::CallId)] {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b": ");
            out.extend_from_slice(self.texts.get(text).as_bytes());
            out.extend_from_slice(b"\r\n");
        }
    }
}

/// The URI inside a Route value's angle brackets.
fn address_of(route: &str) -> &str {
    route.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or(route, |(uri, _)| uri)
}

/// Where a request for `uri` goes over TCP; empty for what plain TCP cannot reach.
fn next_hop(uri: &str) -> String {
    let Some(uri) = Uri::parse(uri) else { return String::new() };
    let tls = uri.param("transport").is_some_and(|transport| transport.eq_ignore_ascii_case("tls"));
    let Some((host, port)) = uri.host_port(5060).filter(|_| uri.scheme == Scheme::Sip && !tls) else {
        return String::new();
    };
    let mut address = String::new();
    let _infallible = write!(address, "{host}:{port}");
    address
}

impl Digest for Dialog {
    fn digest(&self, digester: &mut Digester) {
        let Self { key, texts, strict, flow, local_sequence, epoch } = self;
        digester.bytes(key);
        for text in Text::ALL {
            digester.text(texts.get(text));
        }
        digester.flag(*strict);
        digester.value(flow);
        digester.value(local_sequence);
        digester.value(epoch);
    }
}
