//! Divides SIP messages into their headers and their bodies.

use core::ops::Range;

/// The headers of one message, with its start line, and its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) headers: Range<usize>,
    pub(super) body: Range<usize>,
}

/// The messages in `bytes`, which follow one another. Without a Content-Length, the rest is a body.
pub(super) fn messages(bytes: &[u8]) -> impl Iterator<Item = Parts> {
    let mut at = 0;
    core::iter::from_fn(move || {
        let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
        // Line ends between messages keep a connection alive (RFC 3261, 7.5; RFC 5626, 3.5.1).
        let start = at + rest.iter().take_while(|byte| b"\r\n".contains(byte)).count();
        let length = headers_length(bytes.get(start..).unwrap_or_default());
        let headers = start..start + length;
        let rest = bytes.len().saturating_sub(headers.end);
        let body = content_length(bytes.get(headers.clone()).unwrap_or_default()).unwrap_or(rest).min(rest);
        at = headers.end + body;
        Some(Parts { body: headers.end..at, headers })
    })
}

/// How long the headers at the beginning of `bytes` are, with the empty line behind them.
fn headers_length(bytes: &[u8]) -> usize {
    let mut length = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        length += line.len();
        if line == b"\r\n" || line == b"\n" {
            break;
        }
    }
    length
}

/// The value of Content-Length, under its name or its compact one.
fn content_length(headers: &[u8]) -> Option<usize> {
    headers.split(|byte| *byte == b'\n').find_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = line.split_at_checked(colon)?;
        let name = name.trim_ascii();
        let is_length = name.eq_ignore_ascii_case(b"content-length") || name.eq_ignore_ascii_case(b"l");
        let value = core::str::from_utf8(value.get(1..)?).ok().filter(|_| is_length)?;
        value.trim().parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn messages_that_follow_one_another_are_divided_by_their_lengths() {
        let bytes =
            b"\r\n\r\nA sip:x SIP/2.0\r\nl : 5\r\n\r\n<a/>\nSIP/2.0 200 OK\nContent-Length: 0\n\nB\n\n<x>";
        let shown = |range: Range<usize>| core::str::from_utf8(&bytes[range]).unwrap();
        let found: Vec<_> = messages(bytes).map(|parts| (shown(parts.headers), shown(parts.body))).collect();
        let expected = [
            ("A sip:x SIP/2.0\r\nl : 5\r\n\r\n", "<a/>\n"),
            ("SIP/2.0 200 OK\nContent-Length: 0\n\n", ""),
            ("B\n\n", "<x>"),
        ];
        assert_eq!(found, expected);
        for cut in 0..bytes.len() {
            let covered: usize =
                messages(&bytes[..cut]).map(|parts| parts.headers.len() + parts.body.len()).sum();
            assert!(covered <= cut);
        }
    }
}
