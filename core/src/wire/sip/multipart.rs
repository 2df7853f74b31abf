//! The one part of a `multipart/mixed` body that matters here (RFC 2046 5.1; client quirk 10).

use super::list;
use super::media::{CSTA_XML, MediaType};

/// The longest boundary RFC 2046 allows.
const MAX_BOUNDARY: usize = 70;

/// The first part of `body` that is a CSTA document, without the line end that belongs to the delimiter. Each line is
/// examined once.
#[must_use]
pub fn csta_part<'a>(boundary: &str, body: &'a [u8]) -> Option<&'a [u8]> {
    if boundary.is_empty() || boundary.len() > MAX_BOUNDARY {
        return None;
    }
    let mut index = Place::Preamble;
    let mut at = 0_usize;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let next = at.saturating_add(line.len());
        if let Some(last) = delimiter(line, boundary) {
            if let Place::Wanted { from } = index {
                return Some(without_line_end(body.get(from..at)?));
            }
            if last {
                return None;
            }
            index = Place::Head { wanted: false };
        } else if let Place::Head { wanted } = index {
            index = if without_line_end(line).is_empty() {
                if wanted { Place::Wanted { from: next } } else { Place::Other }
            } else {
                Place::Head { wanted: wanted || names_csta(line) }
            };
        }
        at = next;
    }
    // If the last delimiter is missing, the last part ends with the body.
    match index {
        Place::Wanted { from } => body.get(from..),
        Place::Preamble | Place::Head { .. } | Place::Other => None,
    }
}

enum Place {
    Preamble,
    Head { wanted: bool },
    Wanted { from: usize },
    Other,
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

fn names_csta(line: &[u8]) -> bool {
    let Some((name, value)) = core::str::from_utf8(line).ok().and_then(|line| line.split_once(':')) else {
        return false;
    };
    list::trim(name).eq_ignore_ascii_case("Content-Type")
        && MediaType::parse(value.trim()).is_some_and(|media| media.is(CSTA_XML))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = b"preamble\r\n--b 1\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--b 1  \r\n\
        content-type : Application/CSTA+XML;charset=utf-8\r\nContent-ID: <1>\r\n\r\n<a/>\r\n--b 12\r\n<b/>\r\n--b 1--\r\n";

    #[test]
    fn quirk_10_the_csta_part_of_a_multipart_body_is_found() {
        assert_eq!(csta_part("b 1", BODY), Some(&b"<a/>\r\n--b 12\r\n<b/>"[..]));
        assert_eq!(csta_part("b", BODY), None);
        assert_eq!(csta_part("", BODY), None);
        assert_eq!(csta_part(&"b".repeat(71), BODY), None);
    }

    #[test]
    fn a_body_cut_anywhere_is_no_reason_to_panic() {
        for end in 0..BODY.len() {
            let part = csta_part("b 1", &BODY[..end]);
            assert!(part.is_none_or(|part| part.starts_with(b"<a/>".get(..part.len().min(4)).unwrap())));
        }
    }

    #[test]
    fn the_last_part_may_lack_its_delimiter_and_lines_may_end_with_lf() {
        let body = b"--x\nContent-Type: application/csta+xml\n\n<a/>";
        assert_eq!(csta_part("x", body), Some(&b"<a/>"[..]));
        assert_eq!(csta_part("x", b"--x\n\n<a/>\n--x--"), None);
    }
}
