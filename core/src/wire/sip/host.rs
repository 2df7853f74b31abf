//! `host[:port]` (RFC 3261 25.1), in URIs and in Via.

use core::net::{Ipv4Addr, Ipv6Addr};

use super::{list, octets};

/// Reads `host[:port]`, with optional white space around the colon; an IPv6 address keeps its brackets. `None` if the
/// host or the port is none.
pub(super) fn host_and_port(text: &str) -> Option<(&str, Option<u16>)> {
    let text = list::trim(text);
    let (host, behind) = text.split_at_checked(end_of_host(text.as_bytes())?)?;
    let behind = list::trim(behind);
    if behind.is_empty() {
        return Some((host, None));
    }
    Some((host, Some(list::number(behind.strip_prefix(':')?)?)))
}

/// Reads the `host[:port]` that `text` begins with, without white space. Returns also what follows it. `None` if the
/// host or the port is none.
pub(super) fn split_host(text: &str) -> Option<(&str, Option<u16>, &str)> {
    let (host, behind) = text.split_at_checked(end_of_host(text.as_bytes())?)?;
    let Some(digits) = behind.strip_prefix(':') else { return Some((host, None, behind)) };
    let mut port = None;
    for (at, byte) in digits.bytes().enumerate() {
        if !byte.is_ascii_digit() {
            return Some((host, Some(port?), digits.get(at..)?));
        }
        let ten = port.unwrap_or(0_u16).checked_mul(10)?;
        port = Some(ten.checked_add(u16::from(byte.wrapping_sub(b'0')))?);
    }
    Some((host, Some(port?), ""))
}

/// Whether `text` is a host name, an IPv4 address or an IPv6 address in brackets. A name may have underscores, as hosts
/// of Windows do.
pub(super) fn is_host(text: &str) -> bool {
    end_of_host(text.as_bytes()) == Some(text.len())
}

/// Where the host ends that `bytes` begin with.
fn end_of_host(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [b'[', rest @ ..] => {
            let length = rest.iter().position(|byte| *byte == b']')?;
            let is_address = core::str::from_utf8(rest.get(..length)?).is_ok_and(is_ipv6_address);
            is_address.then_some(length.saturating_add(2))
        }
        [b'0'..=b'9', ..] => end_of_ipv4_address(bytes).or_else(|| {
            let end = end_of_name(bytes)?;
            let name = bytes.get(..end)?;
            let is_number =
                name.last() != Some(&b'.') && name.iter().all(|byte| matches!(byte, b'.' | b'0'..=b'9'));
            (!is_number).then_some(end)
        }),
        _ => end_of_name(bytes),
    }
}

/// Where the host name ends that `bytes` begin with: labels that neither begin nor end with a hyphen, with dots between
/// them, and perhaps the dot of the root.
fn end_of_name(bytes: &[u8]) -> Option<usize> {
    let mut end = 0_usize;
    loop {
        let rest = bytes.get(end..)?;
        let length = rest.iter().position(|byte| !octets::LABEL.has(*byte)).unwrap_or(rest.len());
        let (label, behind) = rest.split_at_checked(length)?;
        match label {
            [] if end == 0 || behind.first() == Some(&b'.') => return None,
            [] => return Some(end),
            [b'-', ..] | [.., b'-'] => return None,
            _ => end = end.saturating_add(length),
        }
        if behind.first() != Some(&b'.') {
            return Some(end);
        }
        end = end.saturating_add(1);
    }
}

/// Where the IPv4 address ends that `bytes` begin with: four numbers up to 255 with dots between them. Unlike the
/// standard library's, they may begin with zeros. Every message has some of these.
fn end_of_ipv4_address(bytes: &[u8]) -> Option<usize> {
    let (mut dots, mut digits, mut value) = (0_u8, 0_u8, 0_u16);
    for (at, byte) in bytes.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            digits = digits.saturating_add(1);
            value = value.saturating_mul(10).saturating_add(u16::from(digit));
            if digits > 3 || value > 255 {
                return None;
            }
        } else if *byte == b'.' && dots < 3 && digits > 0 {
            (dots, digits, value) = (dots.saturating_add(1), 0, 0);
        } else {
            let ends = dots == 3 && digits > 0 && *byte != b'.' && !octets::LABEL.has(*byte);
            return ends.then_some(at);
        }
    }
    (dots == 3 && digits > 0).then_some(bytes.len())
}

/// Whether `text` is `address` as it is usually written, without zeros in front.
pub(super) fn is_ipv4_address(text: &[u8], address: Ipv4Addr) -> bool {
    let mut rest = text;
    for (index, octet) in address.octets().into_iter().enumerate() {
        if index > 0 {
            let [b'.', behind @ ..] = rest else { return false };
            rest = behind;
        }
        let mut value = 0_u16;
        let mut digits = 0_u8;
        while let [digit @ b'0'..=b'9', behind @ ..] = rest {
            // Zeros in front, and more than three digits.
            if digits > 2 || digits > 0 && value == 0 {
                return false;
            }
            value = value.saturating_mul(10).saturating_add(u16::from(digit.wrapping_sub(b'0')));
            digits = digits.saturating_add(1);
            rest = behind;
        }
        if digits == 0 || value != u16::from(octet) {
            return false;
        }
    }
    rest.is_empty()
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
            "1...1",
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
    fn an_ipv4_address_is_told_from_others_and_from_other_spellings() {
        for text in ["127.0.0.1", "0.0.0.0", "255.255.255.255", "10.20.30.40", "1.2.3.4", "192.0.2.100"] {
            let address: Ipv4Addr = text.parse().unwrap();
            assert!(is_ipv4_address(text.as_bytes(), address), "{text}");
            for other in [
                "127.0.0.2",
                "1270.0.0.1",
                "127.0.0.01",
                "127.0.0.1.",
                "127.0.0",
                "127..0.1",
                ".0.0.0",
                "",
                "h",
            ] {
                assert!(!is_ipv4_address(other.as_bytes(), address), "{other} is not {text}");
            }
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
