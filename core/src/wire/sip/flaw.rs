//! Errors in messages.

use core::fmt;

use super::header::Name;

/// The first error found in a message whose start line could be read. Such a message can still be answered, with the
/// headers it has. `Display` gives text for a reason phrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Its SIP version is not 2.0: answered 505.
    Version,
    /// Its request line has no URI, more than three parts, or parts too far apart.
    RequestLine,
    /// Its head has bytes that are not UTF-8.
    NotUtf8,
    /// Its head has control characters.
    ControlCharacter,
    /// A line of its head is not a header line.
    HeaderLine,
    /// Its head has no end.
    Endless,
    /// It has more headers than allowed; the excess is left out.
    TooManyHeaders,
    /// A mandatory header is missing.
    Missing(Name<'static>),
    /// A header that may occur once occurs more than once.
    Repeated(Name<'static>),
    /// A header cannot be understood.
    Malformed(Name<'static>),
    /// `CSeq`'s method is not the request's.
    CSeqMethod,
    /// The body is shorter than Content-Length says.
    BodyCut,
    /// Content-Length says more than a message may have: answered 513.
    TooLarge,
}

impl Flaw {
    /// The status to answer a request with.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Version => 505,
            Self::TooLarge => 513,
            Self::RequestLine
            | Self::NotUtf8
            | Self::ControlCharacter
            | Self::HeaderLine
            | Self::Endless
            | Self::TooManyHeaders
            | Self::Missing(_)
            | Self::Repeated(_)
            | Self::Malformed(_)
            | Self::CSeqMethod
            | Self::BodyCut => 400,
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version => f.write_str("Version Not Supported"),
            Self::RequestLine => f.write_str("Malformed Request-Line"),
            Self::NotUtf8 => f.write_str("Header Is Not UTF-8"),
            Self::ControlCharacter => f.write_str("Control Character In Header"),
            Self::HeaderLine => f.write_str("Header Line Without A Name"),
            Self::Endless => f.write_str("No Empty Line After Headers"),
            Self::TooManyHeaders => f.write_str("Too Many Headers"),
            Self::Missing(name) => write!(f, "Missing {name} Header"),
            Self::Repeated(name) => write!(f, "Repeated {name} Header"),
            Self::Malformed(name) => write!(f, "Malformed {name} Header"),
            Self::CSeqMethod => f.write_str("CSeq Method Differs From Request Method"),
            Self::BodyCut => f.write_str("Body Shorter Than Content-Length"),
            Self::TooLarge => f.write_str("Message Too Large"),
        }
    }
}

/// Why bytes are not a message that can be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// Nothing but line ends: a keep-alive datagram.
    Empty,
    /// The first line is neither a request line nor a status line.
    StartLine,
    /// The head is larger than allowed.
    TooLarge,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "nothing but line ends",
            Self::StartLine => "the first line is not SIP",
            Self::TooLarge => "the head is too large",
        })
    }
}
