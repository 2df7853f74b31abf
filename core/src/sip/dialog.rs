//! A dialog (RFC 3261 12) in the gateway, which is always the server of its first INVITE and a client only within it.
//!
//! Route set, target and the parties' addresses are opaque and kept byte for byte (client quirk 7). The remote CSeq is
//! not kept, since nothing depends on it (client quirk 2).

use alloc::string::String;
use alloc::vec::Vec;

use super::transactions::Flow;
use crate::digest::{Digest, Digester};
use crate::text::{push_all, push_number};
use crate::wire::sip::{Message, Scheme, Uri};

mod texts;

use texts::{Text, Texts};

/// Why a request cannot begin or refresh a dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// Its route set and addresses are longer than `limits.dialog_bytes`.
    TooLong,
}

/// A dialog's state. The order of the fields keeps what every message needs together in memory.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Dialog {
    /// The flow on which the client's last request was answered; our requests take it too.
    pub(crate) flow: Flow,
    /// The CSeq of our last request.
    local_sequence: u32,
    /// The number of answered re-INVITEs. A request without a branch does not match a completed one from an earlier
    /// epoch (client quirk 2).
    pub(crate) epoch: u32,
    /// Addresses, target and route set.
    texts: Texts,
    /// Whether the first hop is a strict router (RFC 3261 12.2.1.1): its URI is the Request-URI, and the target is the
    /// last route.
    strict: bool,
    /// The hash it is looked up by, as bytes: a `u128` would need padding for alignment.
    key: [u8; 16],
}

impl Dialog {
    /// The dialog that a 2xx to `invite` creates. Its Contact was checked. `invite` may also be a re-INVITE in a dialog
    /// that another node created (RFC 3261 12.2.2): the dialog's state is the same function of the request.
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
            local.push_str(";tag=");
            local.push_str(local_tag);
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
        dialog.refresh(invite);
        Ok(dialog)
    }

    /// Checks that target and route set of an INVITE or re-INVITE are usable.
    pub(crate) fn check_refresh(&self, invite: &Message<'_>, limit: usize) -> Result<(), Unusable> {
        let target = invite.contact().map_or(self.target(), |contact| contact.uri);
        let bytes = invite.record_routes().map(str::len).sum::<usize>() + target.len();
        self.check_length(bytes, limit)
    }

    /// Takes target and route set from an INVITE or re-INVITE that was checked. By RFC 3261 12.2 a re-INVITE changes
    /// the target only, but SIPE replaces its route set with that of each answer (client quirk 6), so ours follows each
    /// INVITE's Record-Route. A re-INVITE without a Contact keeps the target (12.2.2).
    pub(crate) fn refresh(&mut self, invite: &Message<'_>) {
        let kept = String::from(self.target());
        let target = invite.contact().map_or(&*kept, |contact| contact.uri);
        debug_assert!(!target.is_empty(), "the Contact of an INVITE was checked");
        let mut routes: Vec<&str> = Vec::new();
        routes.extend(invite.record_routes());
        // A refresh without Record-Route keeps the route set: a proxy with static routes need not add it.
        if !routes.is_empty() || self.request_uri().is_empty() {
            self.set_routes(target, &routes);
        } else {
            self.set_target(target);
        }
    }

    /// The client's URI: its last Contact.
    fn target(&self) -> &str {
        if !self.strict {
            return self.request_uri();
        }
        let routes = self.texts.get(Text::Routes);
        routes.trim_end().rsplit("\r\n").next().map_or("", address_of)
    }

    /// Checks that the target of an UPDATE is usable.
    pub(crate) fn check_retarget(&self, update: &Message<'_>, limit: usize) -> Result<(), Unusable> {
        let target = update.contact().map_or(0, |contact| contact.uri.len());
        self.check_length(self.texts.get(Text::Routes).len() + target, limit)
    }

    /// Takes the target from an UPDATE that was checked, if it has one: it is a target refresh request (RFC 3311 5.2).
    pub(crate) fn retarget(&mut self, update: &Message<'_>) {
        if let Some(contact) = update.contact() {
            self.set_target(contact.uri);
        }
    }

    /// Checks that addresses, and `bytes` of route set and target, are within `limit`.
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

    /// Sets target and routes for loose or strict routing (RFC 3261 12.2.1.1).
    fn set_routes(&mut self, target: &str, routes: &[&str]) {
        let first = routes.first().map(|route| address_of(route));
        let strict = first
            .and_then(Uri::parse)
            .is_some_and(|uri| matches!(uri.scheme, Scheme::Sip | Scheme::Sips) && !uri.is_loose_router());
        let mut lines = String::new();
        for route in routes.iter().skip(usize::from(strict)) {
            for part in ["Route: ", route, "\r\n"] {
                lines.push_str(part);
            }
        }
        if strict {
            for part in ["Route: <", target, ">\r\n"] {
                lines.push_str(part);
            }
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

    /// Lets the CSeq of our requests continue from `last`.
    pub(crate) fn count_from(&mut self, last: u32) {
        self.local_sequence = last;
    }

    /// The CSeq of our next request.
    pub(crate) fn next_sequence(&mut self) -> u32 {
        self.local_sequence = self.local_sequence.wrapping_add(1).max(1);
        self.local_sequence
    }

    /// The URI in From.
    pub(crate) fn user(&self) -> &str {
        self.texts.get(Text::User)
    }

    /// The line that the dialog is about, as remote call control notes it; empty until it is known.
    pub(crate) fn line(&self) -> &str {
        self.texts.get(Text::Line)
    }

    /// By what the phone system knows the line; empty if that follows from it.
    pub(crate) fn device(&self) -> &str {
        self.texts.get(Text::Device)
    }

    /// Notes the line that the dialog is about, and by what the phone system knows it; empty if that follows from it.
    pub(crate) fn set_line(&mut self, line: &str, device: &str) {
        if (line, device) != (self.line(), self.device()) {
            self.texts.set(&[(Text::Line, line), (Text::Device, device)]);
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

    /// `host:port` to connect to when the flow is gone, if it can be determined.
    pub(crate) fn next_hop(&self) -> Option<&str> {
        Some(self.texts.get(Text::NextHop)).filter(|address| !address.is_empty())
    }

    /// Appends the header fields that all our requests share: Route, From, To, Call-ID.
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

/// `host:port` to which a request for `uri` goes over TCP; empty if plain TCP cannot reach it.
fn next_hop(uri: &str) -> String {
    let Some(uri) = Uri::parse(uri) else { return String::new() };
    let tls = uri.param("transport").is_some_and(|transport| transport.eq_ignore_ascii_case("tls"));
    let Some((host, port)) = uri.host_port(5060).filter(|_| uri.scheme == Scheme::Sip && !tls) else {
        return String::new();
    };
    let mut address = Vec::with_capacity(host.len() + 6);
    push_all(&mut address, &[host, ":"]);
    push_number(&mut address, port.into());
    String::from_utf8(address).unwrap_or_default()
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
