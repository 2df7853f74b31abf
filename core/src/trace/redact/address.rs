//! Replaces IP addresses part by part, each part depending on those before it, so that networks stay networks. The
//! number of digits stays the same. Loopback and wildcard addresses identify nobody and are kept.

use alloc::format;
use alloc::vec::Vec;
use core::hash::Hasher as _;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use siphasher::sip::SipHasher24;

/// The longest text of an address, in bytes.
const LONGEST: usize = 45;

/// The replacements of addresses.
pub(super) struct Addresses {
    secret: [u8; 16],
}

impl Addresses {
    pub(super) const fn new(secret: &[u8; 16]) -> Self {
        Self { secret: *secret }
    }

    fn draw(&self, before: &[u8]) -> u64 {
        let mut hasher = SipHasher24::new_with_key(&self.secret);
        hasher.write(b"address");
        hasher.write(before);
        hasher.finish()
    }

    /// The replacement of `address`, with the same port.
    pub(super) fn socket(&self, address: SocketAddr) -> SocketAddr {
        let ip = match address.ip() {
            IpAddr::V4(ip) => IpAddr::V4(self.v4(ip)),
            IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
                Some(ip) => IpAddr::V6(self.v4(ip).to_ipv6_mapped()),
                None => IpAddr::V6(self.v6(ip)),
            },
        };
        SocketAddr::new(ip, address.port())
    }

    fn v4(&self, ip: Ipv4Addr) -> Ipv4Addr {
        if ip.is_loopback() || ip.is_unspecified() || ip.is_broadcast() {
            return ip;
        }
        let old = ip.octets();
        let mut new = old;
        for (index, octet) in new.iter_mut().enumerate() {
            let (least, most) = class(*octet, index == 0);
            let count = u64::from(most - least).saturating_add(1);
            let offset = self.draw(old.get(..index).unwrap_or_default()) % count;
            let moved = (u64::from(*octet - least) + offset) % count;
            *octet = u8::try_from(moved).unwrap_or_default().saturating_add(least);
        }
        Ipv4Addr::from(new)
    }

    fn v6(&self, ip: Ipv6Addr) -> Ipv6Addr {
        if ip.is_loopback() || ip.is_unspecified() {
            return ip;
        }
        let old = ip.octets();
        let mut new = ip.segments();
        for (index, segment) in new.iter_mut().enumerate() {
            let drawn = self.draw(old.get(..index.saturating_mul(2)).unwrap_or_default());
            *segment = move_segment(*segment, drawn);
        }
        Ipv6Addr::from(new)
    }

    /// Appends the replacement of the address at the beginning of `bytes`, if there is one that is not part of a longer
    /// word.
    pub(super) fn replace_front(&self, before: Option<u8>, bytes: &[u8], out: &mut Vec<u8>) -> Option<usize> {
        let first = bytes.first()?;
        if !(first.is_ascii_hexdigit() || *first == b':') {
            return None;
        }
        if before.is_some_and(|before| super::words::is_word(before) || before == b'.') {
            return None;
        }
        self.replace_v4(bytes, out).or_else(|| self.replace_v6(before, bytes, out))
    }

    fn replace_v4(&self, bytes: &[u8], out: &mut Vec<u8>) -> Option<usize> {
        let text = front(bytes, |byte| byte.is_ascii_digit() || byte == b'.')?;
        let text = text.trim_end_matches('.');
        let new = format!("{}", self.v4(text.parse().ok()?));
        if bytes.get(text.len()).is_some_and(|byte| super::words::is_word(*byte)) || new.len() != text.len() {
            return None;
        }
        out.extend_from_slice(new.as_bytes());
        Some(text.len())
    }

    fn replace_v6(&self, before: Option<u8>, bytes: &[u8], out: &mut Vec<u8>) -> Option<usize> {
        let text = front(bytes, |byte| byte.is_ascii_hexdigit() || byte == b':')?;
        if before == Some(b':') || bytes.get(text.len()) == Some(&b'.') {
            return None;
        }
        let old: Ipv6Addr = text.parse().ok()?;
        let new = self.v6(old).segments();
        // The groups before `::` are the first ones, those after it the last.
        let (head, tail) = text.split_once("::").unwrap_or((text, ""));
        let count = |groups: &str| groups.split(':').filter(|group| !group.is_empty()).count();
        let indexes = (0..count(head)).chain(8_usize.saturating_sub(count(tail))..8);
        let mut indexes = indexes.filter_map(|index| new.get(index));
        let mut rest = text;
        while !rest.is_empty() {
            let end = rest.find(':').unwrap_or(rest.len());
            let (group, after) = rest.split_at_checked(end)?;
            if !group.is_empty() {
                let width = group.len();
                out.extend_from_slice(format!("{:0width$x}", indexes.next()?).as_bytes());
            }
            rest = after.strip_prefix(':').map_or(after, |after| {
                out.push(b':');
                after
            });
        }
        Some(text.len())
    }
}

/// The beginning of `bytes` as far as `part` holds, if it is not too long for an address.
fn front(bytes: &[u8], part: impl Fn(u8) -> bool) -> Option<&str> {
    let end = bytes.iter().take(LONGEST.saturating_add(1)).position(|byte| !part(*byte));
    let text = bytes.get(..end.unwrap_or(bytes.len().min(LONGEST)))?;
    core::str::from_utf8(text).ok()
}

/// The range of the replacement of `octet`: as many digits, and no special address for an ordinary one.
const fn class(octet: u8, first: bool) -> (u8, u8) {
    match octet {
        0 if first => (0, 0),
        1..=9 if first => (1, 9),
        0..=9 => (0, 9),
        10..=99 => (10, 99),
        100..=126 if first => (100, 126),
        127 if first => (127, 127),
        128..=223 if first => (128, 223),
        224..=239 if first => (224, 239),
        240..=255 if first => (240, 255),
        100..=255 => (100, 255),
    }
}

/// The replacement of a segment: as many hexadecimal digits, the first not 0. A segment of 0 is kept.
fn move_segment(segment: u16, drawn: u64) -> u16 {
    let digits = 4_u32.saturating_sub(segment.leading_zeros() / 4);
    let mut new = 0;
    for index in (0..digits).rev() {
        let digit = u64::from(segment >> (4 * index)) & 15;
        let offset = (drawn >> (4 * index)) & 15;
        let moved = if index + 1 == digits { (digit - 1 + offset) % 15 + 1 } else { (digit + offset) % 16 };
        new = (new << 4) | u16::try_from(moved).unwrap_or_default();
    }
    new
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use alloc::string::{String, ToString as _};

    fn replace(text: &str) -> Option<String> {
        let mut out = Vec::new();
        let taken = Addresses::new(&[7; 16]).replace_front(None, text.as_bytes(), &mut out)?;
        assert_eq!(taken, out.len());
        Some(String::from_utf8(out).unwrap())
    }

    #[test]
    fn addresses_in_text_and_in_sockets_become_the_same() {
        for text in ["192.0.2.1", "10.11.12.13", "2001:db8::1", "fe80::a:bc:def", "1:2:3:4:5:6:7:8"] {
            let ip: IpAddr = text.parse().unwrap();
            let socket = Addresses::new(&[7; 16]).socket(SocketAddr::new(ip, 5060));
            assert_eq!(socket.port(), 5060);
            let new = socket.ip().to_string();
            assert_ne!(new, text);
            assert_eq!(new.len(), text.len());
            assert_eq!(replace(text), Some(new));
        }
        assert_eq!(replace("2001:0DB8::0001").map(|text| text.len()), Some("2001:0DB8::0001".len()));
    }

    #[test]
    fn loopback_and_wildcard_stay() {
        for text in ["127.0.0.1", "0.0.0.0", "::1", "::"] {
            assert_eq!(replace(text).as_deref(), Some(text));
        }
    }

    #[test]
    fn networks_stay_networks() {
        let prefix = |text: &str| replace(text).unwrap().rsplit_once('.').unwrap().0.to_string();
        assert_eq!(prefix("192.0.2.1"), prefix("192.0.2.99"));
        assert_ne!(prefix("192.0.2.1"), prefix("192.0.3.1"));
        let addresses = Addresses::new(&[7; 16]);
        let all: BTreeSet<_> = (0..=255).map(|last| addresses.v4(Ipv4Addr::new(10, 1, 2, last))).collect();
        assert_eq!(all.len(), 256, "no two become the same");
    }

    #[test]
    fn what_is_no_address_is_left_alone() {
        for text in ["192.0.2", "1.2.3.4.5", "1.2.3.4a", "12:34:56", "abc", ":", "", "256.1.1.1", "a"] {
            assert_eq!(replace(text), None, "{text}");
        }
        let mut out = Vec::new();
        assert_eq!(Addresses::new(&[7; 16]).replace_front(Some(b'1'), b"1.2.3.4", &mut out), None);
    }

    #[test]
    fn an_address_ends_where_a_port_begins() {
        assert_eq!(replace("192.0.2.1:5060").map(|text| text.len()), Some(9));
        assert_eq!(replace("192.0.2.1.").map(|text| text.len()), Some(9));
    }
}
