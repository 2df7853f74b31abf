//! Addresses in From, To, Contact, Route, ...: `name-addr` and `addr-spec` (RFC 3261 20.10).

use super::{list, octets};

/// `"Display, Name" <uri>;params` or `uri;params`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameAddress<'a> {
    /// The whole value as it was written.
    pub raw: &'a str,
    /// The URI: the text in angle brackets or, without them, up to the first semicolon.
    pub uri: &'a str,
    /// The header's parameters from the first semicolon on, or empty.
    pub params: &'a str,
    tag: Option<&'a str>,
    /// Whether there is at most one tag, and it is not empty.
    pub(super) has_sound_tag: bool,
}

impl<'a> NameAddress<'a> {
    /// Reads one address, not a list of them. `None` if it is malformed: an open quote or bracket (an appended tag
    /// would end up inside it), no URI or one with a space (it may become a Request-URI), or text after the bracket
    /// that is not a parameter.
    #[must_use]
    pub fn parse(raw: &'a str) -> Option<Self> {
        let raw = list::trim(raw);
        let (uri, params) = if let Some(open) = opening_bracket(raw).ok()? {
            let (uri, behind) = list::split_once(raw.get(open.saturating_add(1)..)?, b'>')?;
            (list::trim(uri), list::trim(behind))
        } else {
            let (uri, params) = list::cut(raw, b';')?;
            (list::trim(uri), params)
        };
        let scheme = uri.bytes().position(|byte| byte == b':')?;
        let has_both = scheme > 0 && scheme.saturating_add(1) < uri.len();
        let sound = has_both && (params.is_empty() || params.starts_with(';'));
        let is_bare = octets::BARE_ADDRESS.has_all(uri.as_bytes());
        if !sound || !is_bare || !list::is_closed(params) {
            return None;
        }
        let mut address = Self { raw, uri, params, tag: None, has_sound_tag: true };
        for item in list::Split::semicolons(params) {
            // Most others are told from a tag by their first letter.
            if matches!(item.as_bytes(), [b't' | b'T', ..]) {
                address.take_tag(item);
            }
        }
        Some(address)
    }

    /// Takes a parameter, if it is a tag.
    fn take_tag(&mut self, item: &'a str) {
        let (name, value) = list::parameter(item);
        if name == "tag" || name.eq_ignore_ascii_case("tag") {
            self.has_sound_tag &= self.tag.is_none() && !value.is_empty();
            self.tag = self.tag.or(Some(value).filter(|value| !value.is_empty()));
        }
    }

    /// The dialog tag, if there is one. An empty tag is ignored, even if another follows it, as ours does in an answer.
    #[must_use]
    pub const fn tag(&self) -> Option<&'a str> {
        self.tag
    }

    /// The value of the header parameter `name`, compared case-insensitively; empty if it has no value.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&'a str> {
        list::find(self.params, name)
    }

    /// The display name, without quotes; empty if there is none.
    #[must_use]
    pub fn display(&self) -> &'a str {
        let Ok(Some(open)) = opening_bracket(self.raw) else { return "" };
        let name = list::trim(self.raw.get(..open).unwrap_or_default());
        name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name)
    }
}

/// A quote is never closed.
struct OpenQuote;

/// The position of the first `<` outside quotes.
fn opening_bracket(text: &str) -> Result<Option<usize>, OpenQuote> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        if quoted {
            quoted = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
        } else if byte == b'<' {
            return Ok(Some(at));
        } else if byte == b'"' {
            quoted = true;
        }
    }
    if quoted { Err(OpenQuote) } else { Ok(None) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(raw: &str) -> Option<(&str, &str, Option<&str>)> {
        NameAddress::parse(raw).map(|address| (address.display(), address.uri, address.tag()))
    }

    #[test]
    fn names_with_commas_quotes_and_brackets_are_passed_over() {
        assert_eq!(
            parts(r#""Doe, \"J\" <x@y>" <sip:j@example.com;x=1>;tag=7"#),
            Some((r#"Doe, \"J\" <x@y>"#, "sip:j@example.com;x=1", Some("7")))
        );
        assert_eq!(parts("Doe, John <sip:j@e>"), Some(("Doe, John", "sip:j@e", None)));
        assert_eq!(parts("<tel:+1;ext=2> ; TAG = a"), Some(("", "tel:+1;ext=2", Some("a"))));
    }

    #[test]
    fn without_brackets_parameters_are_the_headers() {
        assert_eq!(parts("sip:j@e;tag=1;epid=2"), Some(("", "sip:j@e", Some("1"))));
        assert_eq!(parts("tel:1001 ;tag=x"), Some(("", "tel:1001", Some("x"))));
        assert_eq!(NameAddress::parse("sip:j@e;epid=2").unwrap().param("epid"), Some("2"));
    }

    #[test]
    fn an_empty_tag_is_none_and_hides_none() {
        assert_eq!(parts("<sip:j@e>;tag="), Some(("", "sip:j@e", None)));
        assert_eq!(parts("<sip:j@e>;tag;tag=;x=1;tag=a;tag=b"), Some(("", "sip:j@e", Some("a"))));
    }

    #[test]
    fn malformed_addresses_are_none() {
        for bad in [
            "",
            "\"Mr. J <sip:j@e>",
            "<sip:j@e",
            "<>",
            "<sip:>",
            "nothing",
            "<sip:a@b> x",
            "<sip:a>,<sip:b>",
            "<sip:a@b c>",
            "<tel:1 2>",
            "<sip:<a@b>",
        ] {
            assert_eq!(NameAddress::parse(bad), None, "{bad}");
        }
    }
}
