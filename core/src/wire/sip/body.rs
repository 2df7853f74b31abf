//! What a message's body is to us (RFC 3261 8.2.3, 20.11, RFC 5621), and whether it reaches into the next message.

use super::header::Name;
use super::list;
use super::media::{self, MediaType};
use super::message::Message;
use super::multipart;

/// Why a body that is not optional cannot be understood: answered 415.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unacceptable {
    /// It is encoded.
    Encoding,
    /// It is, or has a part, of a type that is not known.
    Type,
    /// It, or a part of it, is for a purpose that is not known.
    Disposition,
}

/// The purposes of bodies that are known. Without Content-Disposition a body is to be rendered, or is the session's.
const DISPOSITIONS: [&str; 3] = ["signal", "session", "render"];

/// The Content-Disposition that nearly everybody writes (client quirk 11).
const USUAL: &str = "signal;handling=required";

/// Whether a body of this Content-Disposition may be ignored by whoever does not understand it.
pub(super) fn is_optional(disposition: &str) -> bool {
    list::cut(disposition, b';')
        .and_then(|(_, params)| list::find(params, "handling"))
        .is_some_and(|handling| handling.eq_ignore_ascii_case("optional"))
}

/// Whether the purpose in a Content-Disposition is known.
pub(super) fn is_known_purpose(disposition: &str) -> bool {
    if disposition == USUAL {
        return true;
    }
    let purpose = list::cut(disposition, b';').map_or("", |(purpose, _)| list::trim(purpose));
    DISPOSITIONS.iter().any(|known| known.eq_ignore_ascii_case(purpose))
}

/// Whether a Content-Encoding leaves the bytes as they are.
pub(super) fn is_identity(encoding: &str) -> bool {
    list::Split::commas(encoding).all(|coding| coding.eq_ignore_ascii_case("identity"))
}

impl<'a> Message<'a> {
    /// The CSTA document in the body, which may be one part of it (client quirk 10); `None` if there is no body, or one
    /// that is optional and not understood.
    ///
    /// # Errors
    /// [`Unacceptable`] if the body is not optional and cannot be understood.
    pub fn document(&self) -> Result<Option<&'a [u8]>, Unacceptable> {
        if self.body.is_empty() {
            return Ok(None);
        }
        let disposition = self.header(Name::ContentDisposition).unwrap_or("render");
        let refused = |why| if is_optional(disposition) { Ok(None) } else { Err(why) };
        if !self.headers_named(Name::ContentEncoding).all(is_identity) {
            return refused(Unacceptable::Encoding);
        }
        if !is_known_purpose(disposition) {
            return refused(Unacceptable::Disposition);
        }
        let written = self.header(Name::ContentType).unwrap_or_default();
        // Nearly everybody writes it so.
        if written == media::CSTA_XML {
            return Ok(Some(self.body));
        }
        match MediaType::parse(written) {
            Some(media) if media.is(media::CSTA_XML) => Ok(Some(self.body)),
            Some(media) if multipart::is_read(&media) => {
                multipart::document(&media, self.body).or_else(refused)
            }
            Some(_) | None => refused(Unacceptable::Type),
        }
    }

    /// Whether the body holds what begins another message: then its Content-Length is too large, and says so only here
    /// (RFC 4475 3.1.2.3). A document that can be read holds none, and need not be searched.
    #[must_use]
    pub fn swallows(&self) -> bool {
        if self.body.is_empty() {
            return false;
        }
        let media = self.content_type();
        let behind = match media {
            // SIP in a body of SIP is no sign of anything.
            Some(media) if media.kind.eq_ignore_ascii_case("message") => return false,
            Some(media) if media.kind.eq_ignore_ascii_case("multipart") => {
                multipart::behind(&media, self.body)
            }
            Some(_) | None => self.body,
        };
        holds_start_line(behind)
    }
}

/// Whether there is a request line, or the beginning of a status line, or their last or first part, in `bytes`.
fn holds_start_line(bytes: &[u8]) -> bool {
    const VERSION: &[u8] = b"SIP/2.0";
    memchr::memmem::find_iter(bytes, VERSION).any(|at| {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        let behind = bytes.get(at.saturating_add(VERSION.len())..).unwrap_or_default();
        match behind {
            [b'\r' | b'\n', ..] | [] => before == Some(&b' '),
            [b' ', digit, ..] => digit.is_ascii_digit(),
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;

    use super::super::message::{Limits, Scratch};
    use super::*;

    fn with<T>(headers: &str, body: &str, look: impl FnOnce(&Message<'_>) -> T) -> T {
        let text = format!("INFO sip:a@h SIP/2.0\r\n{headers}\r\n{body}");
        let mut scratch = Scratch::new();
        look(&Message::parse(text.as_bytes(), &mut scratch, Limits::default()).unwrap())
    }

    fn document(headers: &str, body: &str) -> Result<Option<String>, Unacceptable> {
        with(headers, body, |message| {
            let document = message.document()?;
            Ok(document.map(|document| String::from_utf8_lossy(document).into_owned()))
        })
    }

    const CSTA: &str = "Content-Type: application/csta+xml\r\n";

    #[test]
    fn an_encoding_a_purpose_or_a_type_that_is_not_known_is_unacceptable_unless_it_is_optional() {
        for (headers, why) in [
            ("Content-Encoding: gzip\r\n", Unacceptable::Encoding),
            ("e: identity, gzip\r\n", Unacceptable::Encoding),
            ("Content-Disposition: icon\r\n", Unacceptable::Disposition),
            ("Content-Disposition: recipient-list;handling=required\r\n", Unacceptable::Disposition),
        ] {
            let headers = format!("{CSTA}{headers}");
            assert_eq!(document(&headers, "<a/>"), Err(why), "{headers}");
            assert_eq!(document(&headers, ""), Ok(None), "no body: {headers}");
        }
        for headers in
            ["Content-Type: application/sdp\r\n", "Content-Type: x\r\n", "", "Content-Type: message/sip\r\n"]
        {
            assert_eq!(document(headers, "v=0"), Err(Unacceptable::Type), "{headers}");
        }
        for headers in [
            "Content-Type: application/sdp\r\nContent-Disposition: session;handling=optional\r\n",
            "Content-Type: application/csta+xml\r\nContent-Disposition: icon ; Handling = Optional\r\n",
            "Content-Encoding: gzip\r\nContent-Disposition: signal;handling=\"optional\"\r\n",
        ] {
            assert_eq!(document(headers, "<a/>"), Ok(None), "{headers}");
        }
    }

    #[test]
    fn a_document_is_read_whatever_known_purpose_it_has() {
        for headers in [
            "",
            "Content-Disposition: signal;handling=required\r\n",
            "Content-Disposition: Render\r\n",
            "Content-Disposition: session\r\nContent-Encoding: identity\r\n",
        ] {
            assert_eq!(document(&format!("{CSTA}{headers}"), "<a/>"), Ok(Some("<a/>".into())), "{headers}");
        }
    }

    #[test]
    fn a_body_with_the_beginning_of_another_message_has_swallowed_it() {
        let swallows = |headers: &str, body: &str| {
            with(headers, body, |message| message.status().is_none() && message.swallows())
        };
        for body in [
            "<a/>BYE sip:a@h SIP/2.0\r\nVia: SIP/2.0/TCP h\r\n",
            "INFO sip:a@h SIP/2.0\nl: 0\n\n",
            "<a/>\r\nBYE sip:a@h SIP/2.0",
            "<a/>SIP/2.0 200 OK\r\n",
        ] {
            assert!(swallows(CSTA, body) && swallows("", body), "{body}");
            assert!(!swallows("Content-Type: message/sipfrag\r\n", body), "{body}");
        }
        for body in ["", "<a/>", "<a>SIP/2.0 is a protocol</a>", "Via: SIP/2.0/TCP h\r\n", "x SIP/2.0x"] {
            assert!(!swallows(CSTA, body), "{body}");
        }
        let parts = "Content-Type: multipart/mixed;boundary=x\r\n";
        let within = "--x\r\nContent-Type: message/sip\r\n\r\nBYE sip:a@h SIP/2.0\r\n--x--\r\n";
        assert!(!swallows(parts, within));
        assert!(swallows(parts, &format!("{within}BYE sip:a@h SIP/2.0\r\n")));
        assert!(swallows(parts, &within.replace("--x--", "")), "a last delimiter that is missing");
    }
}
