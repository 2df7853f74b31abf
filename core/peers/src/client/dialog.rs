//! The client's dialog (RFC 3261 12): what every request repeats, taken from the answers to INVITE.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use ctigate_core::entropy::{Domain, Entropy};
use ctigate_core::wire::sip::{Message, NameAddress, Uri, emit};

use super::config::ClientConfig;

/// A dialog, established or still to be.
#[derive(Debug)]
pub(super) struct Dialog {
    call_id: String,
    local_tag: String,
    /// From's value.
    local: String,
    /// To's value, with the gateway's tag once that is known.
    remote: String,
    /// The Request-URI.
    pub(super) target: String,
    /// Route values, in order.
    routes: Vec<String>,
    sequence: u32,
}

impl Dialog {
    /// A dialog in which nothing was sent yet.
    pub(super) fn new(config: &ClientConfig, entropy: &mut Entropy) -> Self {
        let gateway = config.gateway_uri();
        let local_tag = format!("{:x}", entropy.draw(Domain::Tag));
        let epid = format!("{:012x}", entropy.draw(Domain::CallId) >> 16);
        Self {
            call_id: format!("{:016x}", entropy.draw(Domain::CallId)),
            local: format!("<{}>;tag={local_tag};epid={epid}", config.user),
            local_tag,
            remote: format!("<{gateway}>"),
            target: gateway,
            routes: Vec::new(),
            sequence: 0,
        }
    }

    /// Takes remote tag and target from a 2xx to INVITE or UPDATE. With `routes`, also takes the route set, in reverse
    /// order (RFC 3261 12.1.2); like SIPE, the client replaces it with that of each answer to an INVITE.
    pub(super) fn learn(&mut self, answer: &Message<'_>, routes: bool) {
        if let Some(to) = answer.to() {
            self.remote = to.raw.into();
        }
        if let Some(contact) = answer.contact() {
            self.target = contact.uri.into();
        }
        if routes {
            self.routes = answer.record_routes().map(String::from).collect();
            self.routes.reverse();
        }
    }

    /// The next request's `CSeq` number.
    pub(super) fn next_sequence(&mut self) -> u32 {
        self.sequence = self.sequence.saturating_add(1);
        self.sequence
    }

    /// Whether a request from the gateway belongs to it.
    pub(super) fn owns(&self, request: &Message<'_>) -> bool {
        request.call_id() == Some(self.call_id.as_str())
            && request.to().and_then(|to| to.tag()) == Some(self.local_tag.as_str())
    }

    /// The Request-URI: the target, or the first route if that is a strict router (RFC 3261 12.2.1.1).
    pub(super) fn request_uri(&self) -> &str {
        self.strict_router().unwrap_or(&self.target)
    }

    fn strict_router(&self) -> Option<&str> {
        let first = NameAddress::parse(self.routes.first()?)?.uri;
        Uri::parse(first).is_some_and(|uri| !uri.is_loose_router()).then_some(first)
    }

    /// Appends Route.
    pub(super) fn write_routes(&self, out: &mut Vec<u8>) {
        let strict = self.strict_router().is_some();
        for route in self.routes.iter().skip(usize::from(strict)) {
            emit::header(out, "Route", route);
        }
        if strict {
            emit::header(out, "Route", &format_args!("<{}>", self.target));
        }
    }

    /// Appends From, To and Call-ID.
    pub(super) fn write_names(&self, out: &mut Vec<u8>) {
        emit::header(out, "From", &self.local);
        emit::header(out, "To", &self.remote);
        emit::header(out, "Call-ID", &self.call_id);
    }
}

ctigate_core::digest! { struct Dialog { call_id, local_tag, local, remote, target, routes, sequence } }
