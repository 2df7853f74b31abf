//! A received request, and refusals (RFC 3261 8.2).

use alloc::borrow::Cow;
use alloc::string::{String, ToString as _};
use core::fmt::{self, Display};
use core::net::SocketAddr;

use crate::entropy::Domain;
use crate::sip::dialog::Unusable;
use crate::sip::transactions::Flow;
use crate::step::{SessionId, Step};
use crate::wire::sip::media::CSTA_XML;
use crate::wire::sip::{Flaw, Message, Method, Name, Scheme, Unacceptable, Uri, reason_phrase};

/// The methods we support, for Allow (client quirk 6).
pub(super) const ALLOW: &str = "INVITE, ACK, BYE, CANCEL, INFO, UPDATE, OPTIONS";

/// The request being processed.
pub(crate) struct Received<'m> {
    pub(crate) message: &'m Message<'m>,
    pub(crate) method: Method<'m>,
    pub(crate) uri: &'m str,
    /// Who sent it.
    pub(crate) peer: SocketAddr,
    /// Whether the access list knows who sent it.
    pub(crate) allowed: bool,
    /// The flow it came on.
    pub(crate) flow: Flow,
    /// The flow for its answer: a datagram's Via may name another port (RFC 3261 18.2.2, RFC 3581).
    pub(crate) answer_flow: Flow,
    pub(crate) key: u128,
    /// The tag that we add to To if it has none.
    pub(crate) local_tag: heapless::String<16>,
    /// The session whose dialog it is in, if any.
    pub(crate) session: Option<SessionId>,
    /// Whether To has a tag, so that it is in a dialog, known or not.
    pub(crate) in_dialog: bool,
    /// The CSTA document in its body, if there is one.
    pub(crate) document: Option<&'m [u8]>,
}

/// A refusal of a request.
pub(crate) struct Refusal<'a> {
    pub(crate) status: u16,
    /// The reason phrase; empty for the default of the status.
    pub(crate) reason: Cow<'a, str>,
    /// A Warning's text (RFC 3261 20.43); empty for none.
    pub(crate) detail: String,
    /// A header field that the status requires; an empty name for none.
    pub(crate) header: (&'static str, Cow<'a, str>),
    /// The line URI that the request names, and what an administrator can do about the refusal: for the log only.
    pub(crate) about: Option<(&'a str, &'static str)>,
}

impl<'a> Refusal<'a> {
    /// A refusal with this reason phrase.
    pub(crate) fn new(status: u16, reason: impl Into<Cow<'a, str>>) -> Self {
        Self {
            status,
            reason: reason.into(),
            detail: String::new(),
            header: ("", Cow::Borrowed("")),
            about: None,
        }
    }

    /// A refusal with a header field that the status requires.
    pub(crate) fn with(status: u16, header: &'static str, value: impl Into<Cow<'a, str>>) -> Self {
        Self {
            status,
            reason: Cow::Borrowed(""),
            detail: String::new(),
            header: (header, value.into()),
            about: None,
        }
    }
}

impl Display for Refusal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.reason.is_empty() { reason_phrase(self.status) } else { &self.reason })?;
        if !self.detail.is_empty() {
            write!(f, " ({})", self.detail)?;
        }
        if !self.header.0.is_empty() {
            write!(f, " ({}: {})", self.header.0, self.header.1)?;
        }
        Ok(())
    }
}

fn tag(number: u64) -> heapless::String<16> {
    use core::fmt::Write as _;

    let mut tag = heapless::String::new();
    let _fits = write!(tag, "{number:016x}");
    tag
}

/// The first letter of a dialog's tag. Earlier versions wrote sixteen hexadecimal digits.
const PRESENT: char = 'g';

/// A dialog's tag.
fn dialog_tag(number: u64) -> heapless::String<16> {
    use core::fmt::Write as _;

    let mut tag = heapless::String::new();
    let _fits = write!(tag, "{PRESENT}{:015x}", number >> 4);
    tag
}

/// Whether a dialog's tag is not that of a node of an earlier version.
pub(crate) fn is_present_tag(tag: &str) -> bool {
    tag.starts_with(PRESENT)
}

/// A tag that is a function of the request (RFC 3261 8.2.7).
pub(super) fn stateless_tag(key: u128) -> heapless::String<16> {
    tag(u64::try_from(key & u128::from(u64::MAX)).unwrap_or(0))
}

/// The refusal of a request whatever its method (RFC 3261 8.2.1 to 8.2.3); `content` is what its body holds. It does
/// not tell an unlisted peer anything else.
pub(super) fn refusal<'a>(
    received: &Received<'a>,
    content: Result<Option<&[u8]>, Unacceptable>,
) -> Option<Refusal<'a>> {
    if !received.allowed {
        return Some(Refusal::new(403, "Peer not on the access list"));
    }
    if let Some(flaw) = &received.message.flaw {
        return Some(Refusal::new(flaw.status(), flaw.to_string()));
    }
    let Some(uri) = Uri::parse(received.uri) else {
        return Some(Refusal::new(400, "Malformed Request-URI"));
    };
    if matches!(received.method, Method::Other(_)) {
        return Some(Refusal::with(405, "Allow", ALLOW));
    }
    if let Scheme::Other(_) = uri.scheme {
        return Some(Refusal::new(416, ""));
    }
    // 8.2.2.3: Require is not checked for CANCEL (and ACK), nor can either be tried again without its body.
    if received.method == Method::Cancel {
        return None;
    }
    let mut unknown = received.message.requires().filter(|option| !option.eq_ignore_ascii_case("timer"));
    if let Some(first) = unknown.next() {
        let listed = unknown.fold(Cow::Borrowed(first), |listed, option| listed + ", " + option);
        return Some(Refusal::with(420, "Unsupported", listed));
    }
    match content {
        Ok(_) => None,
        Err(Unacceptable::Encoding) => Some(Refusal::with(415, "Accept-Encoding", "identity")),
        Err(Unacceptable::Type | Unacceptable::Disposition) => Some(Refusal::with(415, "Accept", CSTA_XML)),
    }
}

/// The refusal of a request whose body reaches into the next message (RFC 4475 3.1.2.3).
pub(super) fn torn_refusal() -> Refusal<'static> {
    Refusal::new(400, "Content-Length Beyond The Message")
}

/// The refusal of an INVITE or UPDATE whose Contact cannot be the target of our requests. Only an INVITE that begins a
/// dialog, here or for us, must have one (RFC 3261 8.1.1.8, 12.2.2).
pub(super) fn target_refusal(received: &Received<'_>) -> Option<Refusal<'static>> {
    let begins = received.method == Method::Invite && received.session.is_none();
    let flaw = match received.message.target() {
        Ok(None) if begins => Flaw::Missing(Name::Contact),
        Ok(_) => return None,
        Err(flaw) => flaw,
    };
    Some(Refusal::new(flaw.status(), flaw.to_string()))
}

/// The flow for the answer to a message: with `rport`, to the datagram's source (RFC 3581 4); otherwise to the source
/// address and the port in Via (RFC 3261 18.2.2).
pub(super) fn answer_flow(flow: Flow, message: &Message<'_>) -> Flow {
    match (flow, message.via()) {
        (Flow::Datagram(listener, peer), Some(via)) if via.rport.is_none() => {
            Flow::Datagram(listener, SocketAddr::new(peer.ip(), via.port.unwrap_or(5060)))
        }
        (flow, _) => flow,
    }
}

/// The hash that a dialog is looked up by: of Call-ID and both tags (RFC 3261 12).
pub(super) fn dialog_key(step: &Step<'_>, call_id: &str, local_tag: &str, remote_tag: &str) -> u128 {
    step.entropy.key([&b"dialog"[..], call_id.as_bytes(), local_tag.as_bytes(), remote_tag.as_bytes()])
}

/// Our tag: drawn for a request that may begin a dialog, otherwise a function of the request, so that stateless answers
/// to retransmissions have the same tag (RFC 3261 8.2.7).
pub(super) fn tag_for(
    step: &mut Step<'_>,
    method: Method<'_>,
    key: u128,
    in_dialog: bool,
) -> heapless::String<16> {
    if in_dialog {
        heapless::String::new()
    } else if method == Method::Invite {
        dialog_tag(step.entropy.draw(Domain::Tag))
    } else {
        stateless_tag(key)
    }
}

/// The refusal of a request that cannot begin or refresh a dialog.
pub(super) fn unusable_dialog(unusable: Unusable) -> Refusal<'static> {
    match unusable {
        Unusable::TooLong => Refusal::new(400, "Route set or Contact too long"),
    }
}
