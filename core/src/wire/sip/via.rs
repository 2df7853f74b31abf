//! Via (RFC 3261 20.42, RFC 3581).

use core::net::Ipv6Addr;

use super::host::{host_and_port, is_host};
use super::{list, octets};

/// The magic cookie with which branches of RFC 3261 begin (8.1.1.7).
pub const MAGIC_COOKIE: &str = "z9hG4bK";

/// One Via value. Some clients leave the branch and all other parameters out, as RFC 2543 allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Via<'a> {
    /// `TCP`, `udp`, ... as it was written.
    pub transport: &'a str,
    /// Sent-by's host, an IPv6 address with its brackets.
    pub host: &'a str,
    /// Sent-by's port, if given.
    pub port: Option<u16>,
    /// The branch, if there is one.
    pub branch: Option<&'a str>,
    /// `rport`: `Some(None)` if it is to be filled in (RFC 3581 3).
    pub rport: Option<Option<u16>>,
    /// `received`.
    pub received: Option<&'a str>,
    /// `maddr`.
    pub maddr: Option<&'a str>,
    /// The whole value, as it was written.
    pub raw: &'a str,
    /// The parameters from the first semicolon on, or empty.
    pub params: &'a str,
    /// Whether all parameters are well-formed. One that is not is left out of the fields above.
    pub sound: bool,
}

impl<'a> Via<'a> {
    /// Reads one value. `None` if it is not `SIP/2.0/transport host[:port][;params]`, with optional white space around
    /// slashes and colon.
    #[must_use]
    pub fn parse(raw: &'a str) -> Option<Self> {
        let raw = list::trim(raw);
        let (line, params) = list::cut(raw, b';')?;
        let rest = line.strip_prefix("SIP/2.0/").or_else(|| after_version(line))?;
        let (transport, sent_by) = list::split_at_blank(list::trim(rest))?;
        let (host, port) = host_and_port(list::trim(sent_by))?;
        if !list::is_token(transport) {
            return None;
        }
        let mut via = Self {
            transport,
            host,
            port,
            branch: None,
            rport: None,
            received: None,
            maddr: None,
            raw,
            params,
            sound: true,
        };
        let mut rest = params.strip_prefix(';');
        while let Some(text) = rest {
            let (item, behind) = list::split_item(text, b';');
            via.sound &= via.take(list::trim(item));
            rest = behind;
        }
        Some(via)
    }

    /// Takes a parameter. Returns whether it is well-formed (RFC 3261 25.1, `via-params`).
    fn take(&mut self, item: &'a str) -> bool {
        let (name, value) = match list::split_once(item, b'=') {
            Some((name, value)) => (list::trim(name), Some(list::trim(value))),
            None => (item, None),
        };
        if !list::is_token(name) || !value.is_none_or(is_value) {
            return false;
        }
        // Names of other lengths need no comparison.
        match name.len() {
            6 if name.eq_ignore_ascii_case("branch") => {
                self.branch = value;
                value.is_some()
            }
            5 if name.eq_ignore_ascii_case("rport") => {
                let port = value.and_then(list::number);
                self.rport = Some(port);
                port.is_some() || value.is_none()
            }
            8 if name.eq_ignore_ascii_case("received") => {
                self.received = value;
                value.is_some_and(|value| is_host(value) || value.parse::<Ipv6Addr>().is_ok())
            }
            5 if name.eq_ignore_ascii_case("maddr") => {
                self.maddr = value;
                value.is_some_and(is_host)
            }
            3 if name.eq_ignore_ascii_case("ttl") => value.and_then(list::number::<u8>).is_some(),
            _ => true,
        }
    }

    /// Whether the branch begins with the magic cookie, so that it alone identifies the transaction (RFC 3261 17.2.3).
    #[must_use]
    pub fn has_rfc3261_branch(&self) -> bool {
        self.branch
            .and_then(|branch| branch.get(..MAGIC_COOKIE.len()))
            .is_some_and(|start| start == MAGIC_COOKIE || start.eq_ignore_ascii_case(MAGIC_COOKIE))
    }
}

/// Whether `text` may be the value of a parameter: a quoted string, or anything that cannot be mixed up with what is
/// around it.
fn is_value(text: &str) -> bool {
    if text.starts_with('"') {
        return text.len() > 1 && text.ends_with('"') && list::is_closed(text);
    }
    !text.is_empty() && octets::PARAMETER_VALUE.has_all(text.as_bytes())
}

/// What follows `SIP/2.0/`, in any case and with white space around the slashes.
fn after_version(line: &str) -> Option<&str> {
    let (name, rest) = list::split_once(line, b'/')?;
    let (version, rest) = list::split_once(rest, b'/')?;
    (list::trim(name).eq_ignore_ascii_case("SIP") && list::trim(version) == "2.0").then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_via_without_parameters_is_good() {
        let via = Via::parse("SIP/2.0/tcp 127.0.0.1:59982").unwrap();
        assert_eq!((via.transport, via.host, via.port, via.branch), ("tcp", "127.0.0.1", Some(59982), None));
        assert!(!via.has_rfc3261_branch());
    }

    #[test]
    fn white_space_around_slashes_colon_and_semicolons_is_passed_over() {
        let raw =
            "SIP / 2.0 / UDP  first.example.com : 4000 ;ttl=16 ; maddr=224.2.0.1 ;branch = Z9hG4bKa7 ;rport";
        let via = Via::parse(raw).unwrap();
        assert_eq!((via.transport, via.host, via.port), ("UDP", "first.example.com", Some(4000)));
        assert_eq!((via.maddr, via.branch, via.rport), (Some("224.2.0.1"), Some("Z9hG4bKa7"), Some(None)));
        assert!(via.has_rfc3261_branch());
    }

    #[test]
    fn ipv6_references_and_filled_in_parameters_are_read() {
        let via =
            Via::parse("SIP/2.0/TCP [2001:db8::9]:5070;received=2001:db8::1;rport=6000;branch=old").unwrap();
        assert_eq!((via.host, via.port, via.rport), ("[2001:db8::9]", Some(5070), Some(Some(6000))));
        assert_eq!(via.received, Some("2001:db8::1"));
        assert!(!via.has_rfc3261_branch());
        assert_eq!(Via::parse("SIP/2.0/TCP [::1]").unwrap().port, None);
    }

    #[test]
    fn a_parameter_that_is_malformed_makes_a_via_unsound() {
        for good in [
            "",
            ";branch=z9hG4bK1;rport",
            ";received=2001:db8::9:255",
            ";received=[2001:db8::9:255];alias",
            ";ms-internal-info=\"a;b,c\";branched=FALSE;x=a/b==",
            ";ttl=255;maddr=224.2.0.1;hidden",
        ] {
            let via = alloc::format!("SIP/2.0/TCP h{good}");
            assert!(Via::parse(&via).unwrap().sound, "{via}");
        }
        for bad in [
            ";",
            ";;branch=1",
            ";branch=1;",
            ";branch=",
            ";branch",
            ";=1",
            ";a b",
            ";a=b c",
            ";a=b=\"",
            ";a=\"b",
            ";rport=x",
            ";rport=65536",
            ";received=",
            ";received=a b",
            ";maddr=[::1",
            ";ttl=256",
            ";ttl",
            ";a=<b>",
            ";ä",
        ] {
            let via = alloc::format!("SIP/2.0/TCP h{bad}");
            assert!(!Via::parse(&via).unwrap().sound, "{via}");
        }
    }

    #[test]
    fn malformed_vias_are_none() {
        for bad in [
            "",
            "SIP/2.0/UDP",
            "SIP/3.0/UDP a",
            "HTTP/2.0/UDP a",
            "SIP/2.0/UDP a:x",
            "SIP/2.0/UDP a:70000",
            "SIP/2.0/UDP ;branch=1",
            "SIP/2.0/UDP [::1",
            "SIP/2.0/UDP a b",
            "SIP/2.0/ a",
        ] {
            assert_eq!(Via::parse(bad), None, "{bad}");
        }
    }
}
