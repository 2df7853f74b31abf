//! `host[:port]` (RFC 3261 25.1), in URIs and in Via.

use core::net::Ipv6Addr;

use super::{list, octets};

/// Reads `host[:port]`, with optional white space around the colon; an IPv6 address keeps its brackets. `None` if the
/// host or the port is none.
pub(super) fn host_and_port(text: &str) -> Option<(&str, Option<u16>)> {
    let end = if text.starts_with('[') { text.find(']')?.saturating_add(1) } else { 0 };
    let colon = list::position(text.get(end..)?, b':').and_then(|colon| end.checked_add(colon));
    let (host, port) = match colon {
        Some(colon) => (text.get(..colon)?, Some(list::number(text.get(colon.saturating_add(1)..)?)?)),
        None => (text, None),
    };
    let host = list::trim(host);
    is_host(host).then_some((host, port))
}

/// Whether `text` is a host name, an IPv4 address or an IPv6 address in brackets. A name may have underscores, as hosts
/// of Windows do.
pub(super) fn is_host(text: &str) -> bool {
    if let Some(reference) = text.strip_prefix('[') {
        return reference.strip_suffix(']').is_some_and(is_ipv6_address);
    }
    octets::HOST.has_all(text.as_bytes()) && is_name(text.as_bytes())
}

/// Whether `text` begins with a host, up to its end, a port, parameters or headers. Those are not examined, but a port
/// must be one.
pub(super) fn begins_with_host(text: &str) -> bool {
    let bytes = text.as_bytes();
    let end = bytes.iter().position(|byte| !octets::HOST.has(*byte)).unwrap_or(bytes.len());
    match bytes.get(end) {
        None | Some(b';' | b'?') => is_name(bytes.get(..end).unwrap_or_default()),
        Some(_) => {
            let end = bytes.iter().position(|byte| matches!(byte, b';' | b'?')).unwrap_or(bytes.len());
            host_and_port(text.get(..end).unwrap_or_default()).is_some()
        }
    }
}

/// Whether bytes that may stand in a name or an IPv4 address are one.
fn is_name(bytes: &[u8]) -> bool {
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    let is_edge = |byte: &u8| matches!(byte, b'.' | b'-');
    if last.is_ascii_digit() && first.is_ascii_digit() {
        let numeric = bytes.iter().all(|byte| matches!(byte, b'.' | b'0'..=b'9'));
        return if numeric { is_ipv4_address(bytes) } else { has_good_labels(bytes) };
    }
    // A name may end with the dot of the root.
    !is_edge(first) && *last != b'-' && has_good_labels(bytes)
}

/// Whether no label within a name is empty, or begins or ends with a hyphen.
fn has_good_labels(bytes: &[u8]) -> bool {
    let is_edge =
        |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(|byte| matches!(byte, b'.' | b'-'));
    !memchr::memchr_iter(b'.', bytes).any(|at| is_edge(at.checked_sub(1)) || is_edge(at.checked_add(1)))
}

/// Whether `text` is four numbers up to 255 with dots between them; unlike the standard library's, they may begin with
/// zeros. Every message has some of these.
fn is_ipv4_address(text: &[u8]) -> bool {
    let (mut dots, mut digits, mut value) = (0_u8, 0_u8, 0_u16);
    for byte in text {
        if *byte == b'.' {
            if dots == 3 {
                return false;
            }
            (dots, digits, value) = (dots.saturating_add(1), 0, 0);
        } else {
            let digit = byte.wrapping_sub(b'0');
            digits = digits.saturating_add(1);
            value = value.saturating_mul(10).saturating_add(u16::from(digit));
            if digit > 9 || digits > 3 || value > 255 {
                return false;
            }
        }
    }
    dots == 3 && digits > 0
}

/// Whether `text` is an IPv6 address. RFC 5118 4.10 wants a colon too many, which the grammar of RFC 3261 allowed by
/// mistake, to be accepted.
fn is_ipv6_address(text: &str) -> bool {
    text.parse::<Ipv6Addr>().is_ok()
        || text.contains(":::") && text.replacen(":::", "::", 1).parse::<Ipv6Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_and_addresses_of_both_kinds() {
        for good in [
            "h",
            "example.com",
            "example.com.",
            "1und1",
            "2008R2-LYNC",
            "a_b.local",
            "192.0.2.1",
            "127.000.000.001",
            "[::1]",
            "[2001:db8::9:1]",
            "[::ffff:192.0.2.10]",
            "[2001:db8:::192.0.2.1]",
        ] {
            assert!(is_host(good), "{good}");
        }
        for bad in [
            "",
            ".",
            "a..b",
            ".a",
            "-a",
            "a-",
            "a-.b",
            "a b",
            "a;b",
            "a/b",
            "ä",
            "300.1.1.1",
            "1.2.3",
            "1.2.3.4.5",
            "1234",
            "2001:db8::1",
            "[",
            "[]",
            "[::1",
            "[g::1]",
            "[::1]x",
            "[1::2::3]",
            "[fe80::1%eth0]",
            "[192.0.2.1]",
        ] {
            assert!(!is_host(bad), "{bad}");
        }
    }

    #[test]
    fn a_port_is_a_number_that_fits() {
        assert_eq!(host_and_port("h : 5060"), Some(("h", Some(5060))));
        assert_eq!(host_and_port("[::1]:5060"), Some(("[::1]", Some(5060))));
        for bad in ["h:", "h:x", "h:65536", "h:-1", "h:1:2", "[::1]5060", "2001:db8::9:1"] {
            assert_eq!(host_and_port(bad), None, "{bad}");
        }
    }
}
