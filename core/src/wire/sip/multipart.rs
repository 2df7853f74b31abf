//! Bodies of several parts (RFC 2046 5.1, RFC 5621), as far as they matter here: one of them may be a CSTA document
//! (client quirk 10).

use super::body::{Unacceptable, is_identity, is_known_purpose, is_optional};
use super::list;
use super::media::{CSTA_XML, MediaType};

/// The longest boundary RFC 2046 allows.
const MAX_BOUNDARY: usize = 70;

/// How deep parts may nest.
const MAX_DEPTH: u8 = 4;

/// Whether bodies of this type are read part by part.
pub(super) fn is_read(media: &MediaType<'_>) -> bool {
    media.is("multipart/mixed") || media.is("multipart/alternative")
}

/// The first part that is a CSTA document, without the line end that belongs to the delimiter; `None` if there is none,
/// and every other part may be ignored. Each line is examined once for each level of nesting.
///
/// # Errors
/// [`Unacceptable`] if a part is not optional and cannot be understood. Of alternatives, one that is understood is
/// enough.
pub(super) fn document<'a>(media: &MediaType<'_>, body: &'a [u8]) -> Result<Option<&'a [u8]>, Unacceptable> {
    document_at(media, body, MAX_DEPTH)
}

fn document_at<'a>(
    media: &MediaType<'_>,
    body: &'a [u8],
    depth: u8,
) -> Result<Option<&'a [u8]>, Unacceptable> {
    let (Some(depth), Some(boundary)) = (depth.checked_sub(1), boundary_of(media)) else {
        return Err(Unacceptable::Type);
    };
    let (mut found, mut refused) = (None, None);
    walk(boundary, body, |part| match part.document(depth) {
        Ok(document) => found = found.or(document),
        Err(why) => refused = refused.or(Some(why)),
    });
    match refused {
        Some(why) if found.is_none() || !media.is("multipart/alternative") => Err(why),
        Some(_) | None => Ok(found),
    }
}

/// What follows the last delimiter; if that is missing, all of `body`.
pub(super) fn behind<'a>(media: &MediaType<'_>, body: &'a [u8]) -> &'a [u8] {
    boundary_of(media).and_then(|boundary| walk(boundary, body, |_| {})).unwrap_or(body)
}

fn boundary_of<'a>(media: &MediaType<'a>) -> Option<&'a str> {
    media.param("boundary").filter(|boundary| !boundary.is_empty() && boundary.len() <= MAX_BOUNDARY)
}

/// One part.
struct Part<'a> {
    /// Its header lines.
    head: &'a [u8],
    /// Its content.
    body: &'a [u8],
}

/// Calls `each` with every part of `body`. Returns what follows the last delimiter; if that is missing, the last part
/// ends with the body.
fn walk<'a>(boundary: &str, body: &'a [u8], mut each: impl FnMut(Part<'a>)) -> Option<&'a [u8]> {
    // Where the part begins, and where its head ends.
    let (mut part, mut head): (Option<usize>, Option<usize>) = (None, None);
    let mut at = 0_usize;
    let mut hand_over = |part: Option<usize>, head: Option<usize>, end: usize| {
        if let (Some(begin), Some(head)) = (part, head) {
            let lines = body.get(begin..head).unwrap_or_default();
            each(Part { head: lines, body: without_line_end(body.get(head..end).unwrap_or_default()) });
        }
    };
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let next = at.saturating_add(line.len());
        if let Some(last) = delimiter(line, boundary) {
            hand_over(part, head, at);
            if last {
                return body.get(next..);
            }
            (part, head) = (Some(next), None);
        } else if part.is_some() && head.is_none() && without_line_end(line).is_empty() {
            head = Some(next);
        }
        at = next;
    }
    if let (Some(begin), Some(head)) = (part, head) {
        let lines = body.get(begin..head).unwrap_or_default();
        each(Part { head: lines, body: body.get(head..).unwrap_or_default() });
    }
    None
}

impl<'a> Part<'a> {
    /// The CSTA document in it; `None` if it may be ignored. That includes text, which is for people.
    fn document(&self, depth: u8) -> Result<Option<&'a [u8]>, Unacceptable> {
        let disposition = self.header("Content-Disposition").unwrap_or("render");
        let refused = |why| if is_optional(disposition) { Ok(None) } else { Err(why) };
        let transfer = self.header("Content-Transfer-Encoding").unwrap_or("binary");
        if !["binary", "8bit", "7bit"].iter().any(|plain| plain.eq_ignore_ascii_case(transfer))
            || !self.header("Content-Encoding").is_none_or(is_identity)
        {
            return refused(Unacceptable::Encoding);
        }
        if !is_known_purpose(disposition) {
            return refused(Unacceptable::Disposition);
        }
        match MediaType::parse(self.header("Content-Type").unwrap_or("text/plain")) {
            Some(media) if media.is(CSTA_XML) => Ok(Some(self.body)),
            Some(media) if media.is("text/plain") => Ok(None),
            Some(media) if is_read(&media) => document_at(&media, self.body, depth).or_else(refused),
            Some(_) | None => refused(Unacceptable::Type),
        }
    }

    /// The value of the header called `name`; of a folded one, its first line.
    fn header(&self, name: &str) -> Option<&'a str> {
        let lines = self.head.split(|byte| *byte == b'\n').filter_map(|line| core::str::from_utf8(line).ok());
        let mut named = lines.filter_map(|line| line.split_once(':'));
        let (_, value) = named.find(|(found, _)| list::trim(found).eq_ignore_ascii_case(name))?;
        Some(value.trim())
    }
}

/// `Some` if `line` is a delimiter: whether it is the last one.
fn delimiter(line: &[u8], boundary: &str) -> Option<bool> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary.as_bytes())?;
    let rest = rest.trim_ascii_end();
    match rest {
        b"" => Some(false),
        b"--" => Some(true),
        _ => None,
    }
}

fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;

    use super::*;

    const BODY: &[u8] = b"preamble\r\n--b 1\r\nContent-Type: text/plain\r\n\r\nv=0\r\n--b 1  \r\n\
        content-type : Application/CSTA+XML;charset=utf-8\r\nContent-ID: <1>\r\n\r\n<a/>\r\n--b 12\r\n<b/>\r\n--b 1--\r\n";

    /// The document among the parts of `body`.
    fn csta_part<'a>(boundary: &str, body: &'a [u8]) -> Result<Option<&'a [u8]>, Unacceptable> {
        let written = format!("multipart/mixed;boundary=\"{boundary}\"");
        document(&MediaType::parse(&written).unwrap(), body)
    }

    #[test]
    fn quirk_10_the_csta_part_of_a_multipart_body_is_found() {
        assert_eq!(csta_part("b 1", BODY), Ok(Some(&b"<a/>\r\n--b 12\r\n<b/>"[..])));
        assert_eq!(csta_part("b", BODY), Ok(None));
        assert_eq!(csta_part("", BODY), Err(Unacceptable::Type));
        assert_eq!(csta_part(&"b".repeat(71), BODY), Err(Unacceptable::Type));
    }

    #[test]
    fn a_body_cut_anywhere_is_no_reason_to_panic() {
        for end in 0..BODY.len() {
            if let Ok(Some(part)) = csta_part("b 1", &BODY[..end]) {
                assert!(part.starts_with(b"<a/>".get(..part.len().min(4)).unwrap()));
            }
        }
    }

    #[test]
    fn the_last_part_may_lack_its_delimiter_and_lines_may_end_with_lf() {
        let body = b"--x\nContent-Type: application/csta+xml\n\n<a/>";
        assert_eq!(csta_part("x", body), Ok(Some(&b"<a/>"[..])));
        assert_eq!(csta_part("x", b"--x\n\n<a/>\n--x--"), Ok(None));
    }

    /// A body of a CSTA document and, before it, a part with these header lines.
    fn beside(headers: &str) -> String {
        format!(
            "--x\r\n{headers}\r\n\r\nv=0\r\n--x\r\nContent-Type: application/csta+xml\r\n\r\n<a/>\r\n--x--"
        )
    }

    #[test]
    fn a_part_that_is_not_understood_is_unacceptable_unless_it_is_optional() {
        for (headers, why) in [
            ("Content-Type: application/sdp", Unacceptable::Type),
            ("Content-Type: nothing", Unacceptable::Type),
            ("Content-Type: multipart/related;boundary=y", Unacceptable::Type),
            ("Content-Type: multipart/mixed", Unacceptable::Type),
            ("Content-Type: text/plain\r\nContent-Encoding: gzip", Unacceptable::Encoding),
            ("Content-Type: text/plain\r\nContent-Transfer-Encoding: base64", Unacceptable::Encoding),
            ("Content-Disposition: icon", Unacceptable::Disposition),
            ("Content-Disposition: icon;handling=required", Unacceptable::Disposition),
        ] {
            assert_eq!(csta_part("x", beside(headers).as_bytes()), Err(why), "{headers}");
            if !headers.contains("Disposition") {
                let optional = format!("{headers}\r\nContent-Disposition: session;handling=optional");
                assert_eq!(
                    csta_part("x", beside(&optional).as_bytes()),
                    Ok(Some(&b"<a/>"[..])),
                    "{optional}"
                );
            }
        }
        for headers in ["X: y", "Content-Type: text/plain\r\nContent-Transfer-Encoding: 8bit"] {
            assert_eq!(csta_part("x", beside(headers).as_bytes()), Ok(Some(&b"<a/>"[..])), "{headers}");
        }
    }

    #[test]
    fn parts_nest_a_few_levels_and_of_alternatives_one_is_enough() {
        let mut body = String::from("<a/>");
        let mut media = String::from("application/csta+xml");
        for depth in 1..=usize::from(MAX_DEPTH) + 2 {
            body = format!("--{depth}\r\nContent-Type: {media}\r\n\r\n{body}\r\n--{depth}--\r\n");
            media = format!("multipart/mixed;boundary={depth}");
            let found = document(&MediaType::parse(&media).unwrap(), body.as_bytes());
            let expected = if depth <= usize::from(MAX_DEPTH) {
                Ok(Some(&b"<a/>"[..]))
            } else {
                Err(Unacceptable::Type)
            };
            assert_eq!(found, expected, "{depth} deep");
        }
        let alternatives = beside("Content-Type: text/html");
        let media = MediaType::parse("multipart/alternative;boundary=x").unwrap();
        assert_eq!(document(&media, alternatives.as_bytes()), Ok(Some(&b"<a/>"[..])));
    }
}
