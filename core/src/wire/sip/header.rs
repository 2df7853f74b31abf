//! Header names and the list of a message's headers.

use core::fmt;

/// The most headers a message may have.
pub const MAX_HEADERS: usize = 128;

/// Declares the names this project knows, with their full and compact forms.
macro_rules! names {
    ($($(#[$doc:meta])* $name:ident = $full:literal $(, $compact:literal)?;)+) => {
        /// A header's name, known or not. Names compare without case, compact forms equal full ones (RFC 3261 7.3.3).
        #[derive(Clone, Copy, Debug, Eq)]
        pub enum Name<'a> {
            $($(#[$doc])* $name,)+
            /// Any other, as it was written.
            Other(&'a str),
        }

        impl<'a> Name<'a> {
            /// The name written `text`, full or compact, in any case.
            #[must_use]
            pub fn from_text(text: &'a str) -> Self {
                if let [letter] = text.as_bytes() {
                    return match letter.to_ascii_lowercase() {
                        $($($compact => Self::$name,)?)+
                        _ => Self::Other(text),
                    };
                }
                $(if text.eq_ignore_ascii_case($full) {
                    return Self::$name;
                })+
                Self::Other(text)
            }

            /// The name in full, as the RFCs write it.
            #[must_use]
            pub const fn text(self) -> &'a str {
                match self {
                    $(Self::$name => $full,)+
                    Self::Other(text) => text,
                }
            }
        }
    };
}

names! {
    /// Via.
    Via = "Via", b'v';
    /// From.
    From = "From", b'f';
    /// To.
    To = "To", b't';
    /// Call-ID.
    CallId = "Call-ID", b'i';
    /// `CSeq`.
    CSeq = "CSeq";
    /// Contact.
    Contact = "Contact", b'm';
    /// Max-Forwards.
    MaxForwards = "Max-Forwards";
    /// Content-Length.
    ContentLength = "Content-Length", b'l';
    /// Content-Type.
    ContentType = "Content-Type", b'c';
    /// Content-Disposition.
    ContentDisposition = "Content-Disposition";
    /// Content-Encoding.
    ContentEncoding = "Content-Encoding", b'e';
    /// Route.
    Route = "Route";
    /// Record-Route.
    RecordRoute = "Record-Route";
    /// User-Agent.
    UserAgent = "User-Agent";
    /// Server.
    Server = "Server";
    /// Supported.
    Supported = "Supported", b'k';
    /// Require.
    Require = "Require";
    /// Proxy-Require.
    ProxyRequire = "Proxy-Require";
    /// Unsupported.
    Unsupported = "Unsupported";
    /// Allow.
    Allow = "Allow";
    /// Accept.
    Accept = "Accept";
    /// Session-Expires (RFC 4028).
    SessionExpires = "Session-Expires", b'x';
    /// Min-SE (RFC 4028).
    MinSe = "Min-SE";
    /// Warning.
    Warning = "Warning";
    /// Retry-After.
    RetryAfter = "Retry-After";
    /// Expires.
    Expires = "Expires";
    /// Reason (RFC 3326).
    Reason = "Reason";
    /// P-Asserted-Identity (RFC 3325).
    AssertedIdentity = "P-Asserted-Identity";
    /// Event (RFC 6665).
    Event = "Event", b'o';
    /// Allow-Events (RFC 6665).
    AllowEvents = "Allow-Events", b'u';
    /// Refer-To (RFC 3515).
    ReferTo = "Refer-To", b'r';
    /// Referred-By (RFC 3892).
    ReferredBy = "Referred-By", b'b';
    /// Subject.
    Subject = "Subject", b's';
}

impl PartialEq for Name<'_> {
    fn eq(&self, other: &Self) -> bool {
        if let (Self::Other(one), Self::Other(two)) = (self, other) {
            return one.eq_ignore_ascii_case(two);
        }
        core::mem::discriminant(self) == core::mem::discriminant(other)
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// One header line, unfolded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// Its name.
    pub name: Name<'a>,
    /// Its value without the white space around it, else byte for byte.
    pub value: &'a str,
}

/// A message's headers in their order, at most [`MAX_HEADERS`]. It is some kilobytes large: hand it on by reference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers<'a> {
    list: heapless::Vec<Header<'a>, MAX_HEADERS>,
}

impl<'a> Headers<'a> {
    /// No headers.
    #[must_use]
    pub const fn new() -> Self {
        Self { list: heapless::Vec::new() }
    }

    /// Adds one at the end; `false` if there is no room.
    pub fn push(&mut self, header: Header<'a>) -> bool {
        self.list.push(header).is_ok()
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.list.clear();
    }

    /// All, in order.
    pub fn iter(&self) -> impl Iterator<Item = Header<'a>> + '_ {
        self.list.iter().copied()
    }

    /// The values of all headers called `name`, in order.
    pub fn named<'n>(&'n self, name: Name<'n>) -> impl Iterator<Item = &'a str> + 'n {
        self.list.iter().filter(move |header| header.name == name).map(|header| header.value)
    }

    /// The value of the first header called `name`.
    #[must_use]
    pub fn first(&self, name: Name<'_>) -> Option<&'a str> {
        self.list.iter().find(|header| header.name == name).map(|header| header.value)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_compare_without_case_and_compact_forms_equal_full_ones() {
        for (compact, full) in [
            ("i", "CALL-ID"),
            ("M", "contact"),
            ("e", "Content-Encoding"),
            ("l", "content-LENGTH"),
            ("c", "Content-Type"),
            ("s", "Subject"),
            ("f", "From"),
            ("t", "to"),
            ("V", "Via"),
            ("k", "Supported"),
            ("x", "session-expires"),
            ("o", "Event"),
            ("u", "Allow-Events"),
            ("r", "Refer-To"),
            ("b", "Referred-By"),
        ] {
            assert_eq!(Name::from_text(compact), Name::from_text(full), "{compact}");
            assert!(!matches!(Name::from_text(full), Name::Other(_)), "{full}");
        }
        assert_eq!(Name::from_text("X-Thing"), Name::Other("x-thing"));
        assert_ne!(Name::from_text("X-Thing"), Name::Other("x-think"));
        assert_eq!(Name::from_text("z"), Name::Other("Z"));
    }
}
