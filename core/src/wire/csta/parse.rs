//! Reads typed messages. Tolerant of prefixes, order, white space, unknown elements and private data; strict about
//! required elements and about values that must be understood.

use core::fmt;

use roxmltree::{Node, ParsingOptions};

use super::{
    errors::CstaError,
    guard::{XmlError, XmlLimits, check},
    model::{APPLICATION_SESSION, Message, Namespace},
    read,
};

mod event;
mod gist;
mod request;
mod response;

pub use gist::Gist;

/// The longest identifier that is read from an answer to GetThirdPartyDeviceId, in bytes. ECMA-269 10.1 allows 64.
const MAX_IDENTIFIER: usize = 256;

/// A parsed document, from which typed messages borrow.
#[derive(Debug)]
pub struct Document<'a> {
    tree: roxmltree::Document<'a>,
    namespace: Option<Namespace>,
}

/// The kind of a message, whatever it contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A request; so is a message whose root is unknown.
    Request,
    /// A response, positive or negative.
    Response,
    /// An event.
    Event,
}

/// A message that is well-formed XML, but lacks a required element or has a value that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The name of its root (`event` for an unknown event).
    pub service: &'static str,
    /// The element that is missing or unreadable.
    pub element: &'static str,
    /// The error to answer, if it is a request.
    pub error: CstaError,
    /// Whether the element can be read but occurs twice.
    pub is_twice: bool,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fault = if self.is_twice { "occurs twice" } else { "is missing or cannot be read" };
        write!(f, "{}: {} {fault} ({})", self.service, self.element, self.error)
    }
}

impl core::error::Error for Malformed {}

impl<'a> Document<'a> {
    /// Reads a document in UTF-8, with or without byte order mark, XML declaration and surrounding white space.
    ///
    /// # Errors
    /// A limit that is exceeded, a document type declaration, or XML that is not well-formed.
    pub fn parse(text: &'a [u8], limits: &XmlLimits) -> Result<Self, XmlError> {
        check(text, limits)?;
        let text = core::str::from_utf8(text).map_err(|_| XmlError::NotUtf8)?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let is_bare = text.starts_with('<') && text.ends_with('>');
        let text = if is_bare { text } else { text.trim_matches([' ', '\t', '\r', '\n', '\0']) };
        // Each piece of markup makes at most one node, and there is at most one text between two pieces.
        let nodes = u32::try_from(limits.elements.saturating_mul(3)).unwrap_or(u32::MAX).saturating_add(8);
        let options = ParsingOptions { allow_dtd: false, nodes_limit: nodes, ..ParsingOptions::default() };
        let tree =
            roxmltree::Document::parse_with_options(without_declaration(text), options).map_err(|error| {
                if error == roxmltree::Error::DtdDetected { XmlError::Dtd } else { XmlError::NotWellFormed }
            })?;
        let namespace = tree.root_element().tag_name().namespace().and_then(Namespace::parse);
        Ok(Self { tree, namespace })
    }

    /// The root's local name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.tree.root_element().tag_name().name()
    }

    /// The namespace of the root, if it is one of CSTA's.
    #[must_use]
    pub const fn namespace(&self) -> Option<Namespace> {
        self.namespace
    }

    /// Whether the root is in no namespace at all, as with peers that leave it out.
    #[must_use]
    pub fn is_unqualified(&self) -> bool {
        self.tree.root_element().tag_name().namespace().is_none()
    }

    /// The edition of ECMA-323 of the root's namespace; 0 if it is not one of CSTA's.
    fn edition(&self) -> u8 {
        self.namespace.map_or(0, Namespace::edition)
    }

    /// Whether the root is in ECMA-354's namespace.
    #[must_use]
    pub fn is_application_session(&self) -> bool {
        self.tree.root_element().tag_name().namespace() == Some(APPLICATION_SESSION)
    }

    /// The kind of message, decided by the root's local name only.
    #[must_use]
    pub fn kind(&self) -> Kind {
        let name = self.name();
        if name.ends_with("Event") {
            Kind::Event
        } else if name.ends_with("Response") || name == "CSTAErrorCode" {
            Kind::Response
        } else {
            Kind::Request
        }
    }

    /// The typed message, of the kind that [`Document::kind`] returns.
    ///
    /// # Errors
    /// [`Malformed`] if a required element is missing or a value cannot be read.
    pub fn message(&self) -> Result<Message<'_>, Malformed> {
        let root = self.root();
        match self.kind() {
            Kind::Event => event::read(root).map(Message::Event),
            Kind::Response => response::read(root, self.edition()).map(Message::Response),
            Kind::Request => request::read(root, self.edition()).map(Message::Request),
        }
    }

    /// The text of the private data element `line`, which names the line that a client signs in for.
    #[must_use]
    pub fn line(&self) -> Option<&str> {
        let private = read::at(self.root(), &["extensions", "privateData", "private"])?;
        read::descendant(private, "line").and_then(read::text).filter(|line| !line.is_empty())
    }

    /// The identifier that an answer to Avaya's GetThirdPartyDeviceId names.
    #[must_use]
    pub fn named_device(&self) -> Option<&str> {
        let is_answer = self.name() == "GetThirdPartyDeviceIdResponse";
        let device = read::child(self.root(), "device").filter(|_| is_answer)?;
        read::text(device).filter(|id| !id.is_empty() && id.len() <= MAX_IDENTIFIER)
    }

    fn root(&self) -> Node<'_, '_> {
        self.tree.root_element()
    }
}

/// The document without its XML declaration, if that is one of the usual three, which say nothing new: the parser reads
/// a declaration letter by letter. Everything else, also what must not follow a declaration, is left to the parser.
fn without_declaration(text: &str) -> &str {
    const USUAL: [&str; 3] = [
        r#"<?xml version="1.0"?>"#,
        r#"<?xml version="1.0" encoding="UTF-8"?>"#,
        r#"<?xml version="1.0" encoding="utf-8"?>"#,
    ];
    let rest = USUAL.iter().find_map(|usual| text.strip_prefix(usual)).unwrap_or(text);
    let root = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n')).unwrap_or(rest);
    // With one tag alone, the parser takes room for one node, and needs a second: then the declaration costs less.
    let has_more_tags = memchr::memrchr(b'<', root.as_bytes()) > Some(0);
    if has_more_tags && root.starts_with('<') && !root.starts_with("<?") { root } else { text }
}

impl Namespace {
    /// The namespace that `uri` names: editions 2 to 6, under either host; a vendor's suffix (`/priv5`) is ignored.
    #[must_use]
    pub fn parse(uri: &str) -> Option<Self> {
        let international = uri.strip_prefix("http://www.ecma-international.org/standards/ecma-323/csta/ed");
        let ch = || uri.strip_prefix("http://www.ecma.ch/standards/ecma-323/csta/ed");
        let (rest, make): (_, fn(u8) -> Self) = match international {
            Some(rest) => (rest, Self::International),
            None => (ch()?, Self::Ch),
        };
        let (edition, suffix) = rest.split_at_checked(1)?;
        let edition: u8 = edition.parse().ok()?;
        let known = (2..=6).contains(&edition) && (suffix.is_empty() || suffix.starts_with('/'));
        known.then(|| make(edition))
    }

    /// The edition.
    #[must_use]
    pub const fn edition(self) -> u8 {
        let (Self::International(edition) | Self::Ch(edition)) = self;
        edition
    }

    /// The namespace's name. Editions that do not exist count as edition 3.
    #[must_use]
    pub const fn uri(self) -> &'static str {
        match self {
            Self::International(2) => "http://www.ecma-international.org/standards/ecma-323/csta/ed2",
            Self::International(4) => "http://www.ecma-international.org/standards/ecma-323/csta/ed4",
            Self::International(5) => "http://www.ecma-international.org/standards/ecma-323/csta/ed5",
            Self::International(6) => "http://www.ecma-international.org/standards/ecma-323/csta/ed6",
            Self::International(_) => "http://www.ecma-international.org/standards/ecma-323/csta/ed3",
            Self::Ch(2) => "http://www.ecma.ch/standards/ecma-323/csta/ed2",
            Self::Ch(4) => "http://www.ecma.ch/standards/ecma-323/csta/ed4",
            Self::Ch(5) => "http://www.ecma.ch/standards/ecma-323/csta/ed5",
            Self::Ch(6) => "http://www.ecma.ch/standards/ecma-323/csta/ed6",
            Self::Ch(_) => "http://www.ecma.ch/standards/ecma-323/csta/ed3",
        }
    }
}
