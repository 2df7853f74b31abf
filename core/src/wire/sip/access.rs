//! Typed access to header values, which are read on demand.

use super::address::NameAddress;
use super::header::Name;
use super::list::{self, Split};
use super::media::{self, MediaType};
use super::message::{CSeq, Message, Start};
use super::method::Method;
use super::multipart;
use super::session::{self, SessionExpires};
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

    /// The CSTA document in the body, which may be one part of it (client quirk 10).
    #[must_use]
    pub fn csta_body(&self) -> Option<&'a [u8]> {
        let whole = Some(self.body).filter(|body| !body.is_empty());
        let written = self.header(Name::ContentType)?;
        // Nearly everybody writes it so.
        if written == media::CSTA_XML {
            return whole;
        }
        let media = MediaType::parse(written)?;
        if media.is(media::CSTA_XML) {
            whole
        } else if media.is("multipart/mixed") {
            multipart::csta_part(media.param("boundary")?, self.body)
        } else {
            None
        }
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
