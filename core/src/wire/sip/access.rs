//! Typed access to header values, which are read on demand.

use super::address::NameAddress;
use super::flaw::Flaw;
use super::header::Name;
use super::list::{self, Split};
use super::media::MediaType;
use super::message::{CSeq, Message, Start};
use super::method::Method;
use super::session::{self, SessionExpires};
use super::uri::{Scheme, Uri};
use super::via::Via;

impl<'a> Message<'a> {
    /// A request's method.
    #[must_use]
    pub const fn method(&self) -> Option<Method<'a>> {
        match self.start {
            Start::Request { method, .. } => Some(method),
            Start::Response { .. } => None,
        }
    }

    /// A request's Request-URI.
    #[must_use]
    pub const fn uri(&self) -> Option<&'a str> {
        match self.start {
            Start::Request { uri, .. } => Some(uri),
            Start::Response { .. } => None,
        }
    }

    /// A response's status code.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        match self.start {
            Start::Request { .. } => None,
            Start::Response { status, .. } => Some(status),
        }
    }

    /// The value of the first header called `name`.
    #[must_use]
    pub fn header(&self, name: Name<'_>) -> Option<&'a str> {
        self.headers.first(name)
    }

    /// The values of all headers called `name`, in order.
    pub fn headers_named<'n>(&'n self, name: Name<'n>) -> impl Iterator<Item = &'a str> + 'n {
        self.headers.named(name)
    }

    /// The items of all headers called `name`, split at commas, in order, byte for byte.
    pub fn items<'n>(&'n self, name: Name<'n>) -> impl Iterator<Item = &'a str> + 'n {
        self.headers.named(name).flat_map(Split::commas)
    }

    /// All Via values, topmost first.
    pub fn vias(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.items(Name::Via)
    }

    /// The topmost Via; `None` when it is missing or malformed.
    #[must_use]
    pub const fn via(&self) -> Option<Via<'a>> {
        self.known.via
    }

    /// From; `None` when it is missing or malformed.
    #[must_use]
    pub const fn from(&self) -> Option<NameAddress<'a>> {
        self.known.from
    }

    /// To; `None` when it is missing or malformed.
    #[must_use]
    pub const fn to(&self) -> Option<NameAddress<'a>> {
        self.known.to
    }

    /// The first Contact; `None` when it is missing, malformed or `*`.
    #[must_use]
    pub fn contact(&self) -> Option<NameAddress<'a>> {
        self.items(Name::Contact).next().and_then(NameAddress::parse)
    }

    /// Call-ID.
    #[must_use]
    pub fn call_id(&self) -> Option<&'a str> {
        self.header(Name::CallId)
    }

    /// `CSeq`; `None` when it is missing or malformed.
    #[must_use]
    pub const fn cseq(&self) -> Option<CSeq<'a>> {
        self.known.cseq
    }

    /// All Record-Route values, in order.
    pub fn record_routes(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.items(Name::RecordRoute)
    }

    /// All Route values, in order.
    pub fn routes(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.items(Name::Route)
    }

    /// Content-Type; `None` when it is missing or malformed.
    #[must_use]
    pub fn content_type(&self) -> Option<MediaType<'a>> {
        self.header(Name::ContentType).and_then(MediaType::parse)
    }

    /// The CSTA document in the body, which may be one part of it (client quirk 10). [`Message::document`] says why
    /// there is none.
    #[must_use]
    pub fn csta_body(&self) -> Option<&'a [u8]> {
        self.document().ok().flatten()
    }

    /// The number of Via values; `None` if one of them is malformed.
    #[must_use]
    pub const fn via_count(&self) -> Option<usize> {
        self.known.vias
    }

    /// The Contact to which requests in the dialog go (RFC 3261 8.1.1.8): `None` if there is none.
    ///
    /// # Errors
    /// If there is more than one, or one that is no SIP or SIPS URI with a host and a port to connect to.
    pub fn target(&self) -> Result<Option<NameAddress<'a>>, Flaw> {
        let mut items = self.items(Name::Contact);
        let Some(first) = items.next() else {
            let is_empty = self.header(Name::Contact).is_some();
            return if is_empty { Err(Flaw::Malformed(Name::Contact)) } else { Ok(None) };
        };
        if items.next().is_some() {
            return Err(Flaw::Repeated(Name::Contact));
        }
        let contact = NameAddress::parse(first).filter(|contact| {
            Uri::parse(contact.uri).is_some_and(|uri| {
                matches!(uri.scheme, Scheme::Sip | Scheme::Sips) && uri.port.is_none_or(|port| port > 0)
            })
        });
        contact.map(Some).ok_or(Flaw::Malformed(Name::Contact))
    }

    /// Session-Expires (RFC 4028); `None` when it is missing or malformed.
    #[must_use]
    pub fn session_expires(&self) -> Option<SessionExpires> {
        self.header(Name::SessionExpires).and_then(SessionExpires::parse)
    }

    /// Min-SE in seconds (RFC 4028); `None` when it is missing or malformed.
    #[must_use]
    pub fn min_se(&self) -> Option<u32> {
        let value = self.header(Name::MinSe)?;
        session::seconds_of(value.split_once(';').map_or(value, |(seconds, _)| seconds))
    }

    /// Whether Supported lists `option`.
    #[must_use]
    pub fn supports(&self, option: &str) -> bool {
        self.items(Name::Supported).any(|supported| supported.eq_ignore_ascii_case(option))
    }

    /// The options Require lists.
    pub fn requires(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.items(Name::Require)
    }

    /// Whether Allow lists `method`.
    #[must_use]
    pub fn allows(&self, method: Method<'_>) -> bool {
        self.items(Name::Allow).any(|allowed| allowed == method.name())
    }

    /// Retry-After in seconds; `None` when it is missing or malformed.
    #[must_use]
    pub fn retry_after(&self) -> Option<u32> {
        let value = self.header(Name::RetryAfter)?;
        let digits = value.split_once([';', '(']).map_or(value, |(seconds, _)| seconds);
        session::seconds_of(list::trim(digits))
    }
}
