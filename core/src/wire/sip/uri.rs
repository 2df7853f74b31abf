//! URIs, as far as routing and identifying users requires (RFC 3261 19.1, RFC 3966).

use super::host::split_host;
use super::{list, octets};

/// A URI's scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme<'a> {
    /// `sip`.
    Sip,
    /// `sips`.
    Sips,
    /// `tel`.
    Tel,
    /// Any other; as it was written.
    Other(&'a str),
}

/// A URI in its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uri<'a> {
    /// Its scheme.
    pub scheme: Scheme<'a>,
    /// Its user, without a password, with escapes; a `tel` URI's number; any other URI's text.
    pub user: Option<&'a str>,
    /// Its host as it was written, an IPv6 address with its brackets; empty for a `tel` or other URI.
    pub host: &'a str,
    /// Its port.
    pub port: Option<u16>,
    /// Its parameters from the first semicolon on, or empty.
    pub params: &'a str,
    /// Its headers without the question mark, or empty.
    pub headers: &'a str,
    /// The whole URI as it was written.
    pub raw: &'a str,
}

impl<'a> Uri<'a> {
    /// Reads a URI; `None` if it has no scheme, or is a malformed `sip`, `sips` or `tel` URI.
    #[must_use]
    pub fn parse(raw: &'a str) -> Option<Self> {
        let (scheme, rest) = split_scheme(raw)?;
        match scheme {
            Scheme::Sip | Scheme::Sips => Self::parse_sip(raw, scheme, rest),
            Scheme::Tel => {
                let (number, params) = list::cut(rest, b';')?;
                (!number.is_empty()).then_some(Self {
                    scheme,
                    user: Some(number),
                    host: "",
                    port: None,
                    params,
                    headers: "",
                    raw,
                })
            }
            Scheme::Other(_) => {
                Some(Self { scheme, user: Some(rest), host: "", port: None, params: "", headers: "", raw })
            }
        }
    }

    fn parse_sip(raw: &'a str, scheme: Scheme<'a>, rest: &'a str) -> Option<Self> {
        let (user, rest) = match list::split_once(rest, b'@') {
            Some((user, rest)) => (Some(list::cut(user, b':')?.0), rest),
            None => (None, rest),
        };
        let (host, port, behind) = split_host(rest)?;
        let (params, headers) = list::split_once(behind, b'?').unwrap_or((behind, ""));
        if !params.is_empty() && !params.starts_with(';') {
            return None;
        }
        let sound = user != Some("") && octets::URI.has_all(raw.as_bytes());
        sound.then_some(Self { scheme, user, host, port, params, headers, raw })
    }

    /// The value of the URI parameter `name`, compared case-insensitively; empty if it has no value.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&'a str> {
        list::find(self.params, name)
    }

    /// The destination of a request to this URI (RFC 3263 4, without DNS records): `maddr` or the host, and the port or
    /// `default`. `None` for a URI without a host.
    #[must_use]
    pub fn host_port(&self, default: u16) -> Option<(&'a str, u16)> {
        let host = self.param("maddr").filter(|maddr| !maddr.is_empty()).unwrap_or(self.host);
        (!host.is_empty()).then_some((host, self.port.unwrap_or(default)))
    }

    /// Whether it is a loose router's URI (RFC 3261 19.1.1, `lr`).
    #[must_use]
    pub fn is_loose_router(&self) -> bool {
        self.param("lr").is_some()
    }
}

/// Whether a URI has a scheme and, if that is `sip` or `sips`, a host. Less is examined than by [`Uri::parse`].
pub(super) fn has_host_if_sip(uri: &str) -> bool {
    let Some((scheme, rest)) = split_scheme(uri) else { return false };
    if !matches!(scheme, Scheme::Sip | Scheme::Sips) {
        return true;
    }
    let place = match list::split_once(rest, b'@') {
        Some(("", _)) => return false,
        Some((_, place)) => place,
        None => rest,
    };
    let behind = split_host(place).map(|(_, _, behind)| behind.as_bytes());
    matches!(behind, Some([] | [b';' | b'?', ..]))
}

/// The scheme, and what follows its colon.
fn split_scheme(uri: &str) -> Option<(Scheme<'_>, &str)> {
    // Nearly everybody writes it so.
    if let Some(rest) = uri.strip_prefix("sip:") {
        return Some((Scheme::Sip, rest));
    }
    let (scheme, rest) = list::split_once(uri, b':')?;
    let scheme = match scheme {
        _ if scheme.eq_ignore_ascii_case("sip") => Scheme::Sip,
        _ if scheme.eq_ignore_ascii_case("sips") => Scheme::Sips,
        _ if scheme.eq_ignore_ascii_case("tel") => Scheme::Tel,
        _ if is_scheme(scheme) => Scheme::Other(scheme),
        _ => return None,
    };
    Some((scheme, rest))
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sip_uri_falls_into_its_parts() {
        let raw = "SIP:alice:secret@[2001:db8::1]:5070;maddr=127.0.0.1;transport=tcp;lr?subject=x";
        let uri = Uri::parse(raw).unwrap();
        assert_eq!(
            (uri.scheme, uri.user, uri.host, uri.port),
            (Scheme::Sip, Some("alice"), "[2001:db8::1]", Some(5070))
        );
        assert_eq!((uri.param("Transport"), uri.headers), (Some("tcp"), "subject=x"));
        assert_eq!(uri.host_port(5060), Some(("127.0.0.1", 5070)));
        assert!(uri.is_loose_router());
    }

    #[test]
    fn user_and_port_may_be_missing_and_users_may_have_parameters() {
        let uri = Uri::parse("sip:gateway.example.com").unwrap();
        assert_eq!((uri.user, uri.host_port(5060)), (None, Some(("gateway.example.com", 5060))));
        let uri = Uri::parse("sips:+1;phone-context=x@example.com;user=phone").unwrap();
        assert_eq!(
            (uri.scheme, uri.user, uri.params),
            (Scheme::Sips, Some("+1;phone-context=x"), ";user=phone")
        );
    }

    #[test]
    fn a_tel_uri_is_a_number_and_parameters() {
        let uri = Uri::parse("tel:73124;phone-context=dialstring;partition=BE_BRS_INT").unwrap();
        assert_eq!((uri.scheme, uri.user), (Scheme::Tel, Some("73124")));
        assert_eq!(uri.param("partition"), Some("BE_BRS_INT"));
        assert_eq!(uri.host_port(5060), None);
    }

    #[test]
    fn other_schemes_are_told_and_nonsense_is_none() {
        assert_eq!(Uri::parse("mailto:x@y").unwrap().scheme, Scheme::Other("mailto"));
        for bad in ["", "alice", ":x", "sip:", "sip:@h", "sip:a@", "sip:a@h:port", "sip:a b@h", "tel:", "1:2"]
        {
            assert_eq!(Uri::parse(bad), None, "{bad}");
        }
    }
}
