//! Reads LDIF (RFC 2849), as `ldapsearch -LLL` writes it: records of entries, with folded lines, comments and base64.
//! Change records and values that are URLs are refused.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::mistakes::Shown;

/// One entry of an LDAP directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry<'t> {
    /// The line where it begins, from 1.
    pub line: usize,
    attributes: Vec<Attribute<'t>>,
}

/// An attribute with one of its values.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Attribute<'t> {
    line: Cow<'t, str>,
    /// Where its name ends, without options.
    name_end: usize,
    /// Where its value begins.
    start: usize,
    is_base64: bool,
}

/// A record that is no entry, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoEntry {
    /// The line at fault, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

impl<'t> Entry<'t> {
    /// The values of an attribute, by its name without case and without options (`cn;lang-de`), as text; those that are
    /// no text are left out.
    pub fn values<'e>(&'e self, name: &'e str) -> impl Iterator<Item = Cow<'e, str>> {
        let is_named = move |attribute: &&Attribute<'t>| {
            attribute.line.get(..attribute.name_end).is_some_and(|own| own.eq_ignore_ascii_case(name))
        };
        self.attributes.iter().filter(is_named).filter_map(|attribute| {
            let text = attribute.line.get(attribute.start..)?;
            if !attribute.is_base64 {
                return Some(Cow::Borrowed(text));
            }
            String::from_utf8(base64(text)?).ok().map(Cow::Owned)
        })
    }

    fn take(&mut self, number: usize, line: Cow<'t, str>) -> Result<(), NoEntry> {
        let wrong = |what: String| Err(NoEntry { line: number, what });
        let Some((name, rest)) = split(&line) else {
            return wrong(format!("{}: must be NAME: VALUE", Shown(&line)));
        };
        let is_first = self.attributes.is_empty();
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if is_first && !is("dn") {
            return wrong(format!("{}: a record must begin with dn:", Shown(name)));
        }
        if is("changetype") || is("control") {
            return wrong(format!("a change record ({name}: {}); only entries can be imported", rest.trim()));
        }
        if rest.starts_with('<') {
            return wrong(format!("{name}: its value is elsewhere ({}), and is not fetched", Shown(rest)));
        }
        let is_base64 = rest.starts_with(':');
        let text = rest.trim_start_matches(':').trim_start_matches(' ');
        if is_base64 && base64(text).is_none() {
            return wrong(format!("{name}: {} is not base64", Shown(text)));
        }
        let name_end = name.split_once(';').map_or(name, |(name, _options)| name).len();
        let start = line.len().saturating_sub(text.len());
        self.attributes.push(Attribute { line, name_end, start, is_base64 });
        Ok(())
    }
}

/// An attribute's name, and what follows the colon.
fn split(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.split_once(':')?;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-;._".contains(&byte);
    (!name.is_empty() && name.bytes().all(is_name)).then_some((name, rest))
}

/// Reads the records of a text one by one.
#[derive(Clone, Debug)]
pub struct Ldif<'t> {
    rest: &'t str,
    /// How many lines were read.
    lines: usize,
    /// Whether something other than comments and blank lines was read.
    has_begun: bool,
}

impl<'t> Ldif<'t> {
    /// Reads from the beginning of a text.
    #[must_use]
    pub const fn new(text: &'t str) -> Self {
        Self { rest: text, lines: 0, has_begun: false }
    }

    fn physical(&mut self) -> Option<&'t str> {
        if self.rest.is_empty() {
            return None;
        }
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.rest = rest;
        self.lines = self.lines.saturating_add(1);
        Some(line.strip_suffix('\r').unwrap_or(line))
    }

    /// The next line with those that continue it, and the number of the first.
    fn unfolded(&mut self) -> Option<(usize, Cow<'t, str>)> {
        let mut line = Cow::Borrowed(self.physical()?);
        let number = self.lines;
        while let Some(rest) = self.rest.strip_prefix(' ').filter(|_| !line.is_empty()) {
            self.rest = rest;
            line.to_mut().push_str(self.physical().unwrap_or_default());
        }
        Some((number, line))
    }

    /// Skips what is left of a record.
    fn skip(&mut self) {
        while let Some((_, line)) = self.unfolded() {
            if line.is_empty() {
                return;
            }
        }
    }

    /// Whether a line is the version at the beginning, and whether it is one that is known.
    fn version(&mut self, line: &str) -> Option<bool> {
        let (name, version) = split(line)?;
        let is_version =
            !core::mem::replace(&mut self.has_begun, true) && name.eq_ignore_ascii_case("version");
        is_version.then(|| version.trim_ascii() == "1")
    }
}

impl<'t> Iterator for Ldif<'t> {
    type Item = Result<Entry<'t>, NoEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut entry = Entry::default();
        while let Some((line, text)) = self.unfolded() {
            if text.starts_with('#') {
                continue;
            }
            if text.is_empty() {
                if entry.attributes.is_empty() {
                    continue;
                }
                break;
            }
            match self.version(&text) {
                Some(true) => continue,
                Some(false) => {
                    let what = format!("{}: only version 1 of LDIF can be read", Shown(&text));
                    return Some(Err(NoEntry { line, what }));
                }
                None => {}
            }
            if entry.attributes.is_empty() {
                entry.line = line;
            }
            if let Err(wrong) = entry.take(line, text) {
                self.skip();
                return Some(Err(wrong));
            }
        }
        (!entry.attributes.is_empty()).then_some(Ok(entry))
    }
}

/// Decodes base64 (RFC 4648 4), with its padding; `None` if it is none.
fn base64(text: &str) -> Option<Vec<u8>> {
    let (text, padding) = match text.as_bytes() {
        [text @ .., b'=', b'='] => (text, 2),
        [text @ .., b'='] => (text, 1),
        text => (text, 0),
    };
    let digit = |byte: u8| {
        Some(match byte {
            b'A'..=b'Z' => byte.wrapping_sub(b'A'),
            b'a'..=b'z' => byte.wrapping_sub(b'a').wrapping_add(26),
            b'0'..=b'9' => byte.wrapping_sub(b'0').wrapping_add(52),
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        })
    };
    if text.len().checked_add(padding)? % 4 != 0 {
        return None;
    }
    let mut out = Vec::with_capacity(text.len().div_ceil(4).saturating_mul(3));
    for group in text.chunks(4) {
        let mut bits = 0_u32;
        for index in 0..4 {
            let sextet = group.get(index).map_or(Some(0), |byte| digit(*byte))?;
            bits = (bits << 6) | u32::from(sextet);
        }
        let [_, bytes @ ..] = bits.to_be_bytes();
        out.extend(bytes.iter().take(group.len().saturating_sub(1)));
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    /// What `ldapsearch -LLL` writes, with a comment, a folded line and base64.
    const FOUND: &str = "version: 1\n\n# a comment\n#  that goes\n on\ndn: uid=alice,ou=people,dc=example,dc=com\n\
        uid: alice\ncn: Alice\ncn;lang-de: Alise\ndisplayName:: SsO2cmcgIkrDtiI=\nmail: alice@exam\n ple.com\nempty:\n\r\n\
        dn:: dWlkPWI=\r\nuid: bob\r\nphoto:: /9j/\r\n";

    fn read(text: &str) -> Vec<Result<Entry<'_>, NoEntry>> {
        Ldif::new(text).collect()
    }

    fn values(entry: &Entry<'_>, name: &str) -> Vec<String> {
        entry.values(name).map(Cow::into_owned).collect()
    }

    #[test]
    fn entries_are_read_with_folded_lines_base64_comments_and_options() {
        let found = read(FOUND);
        let [Ok(alice), Ok(bob)] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((alice.line, bob.line), (6, 15));
        assert_eq!(values(alice, "UID"), ["alice"]);
        assert_eq!(values(alice, "cn"), ["Alice", "Alise"]);
        assert_eq!(values(alice, "displayname"), ["Jörg \"Jö\""]);
        assert_eq!(values(alice, "mail"), ["alice@example.com"]);
        assert_eq!(values(alice, "empty"), [""]);
        assert_eq!(values(bob, "dn"), ["uid=b"]);
        assert_eq!(values(bob, "photo"), [""; 0]);
        assert_eq!(read(""), []);
        assert_eq!(read("\n\n# only a comment"), []);
    }

    #[test]
    fn what_is_no_entry_is_refused_by_name_and_the_next_is_read() {
        for (record, line, what) in [
            ("uid: a\nx: y", 1, "\"uid\": a record must begin with dn:"),
            (
                "dn: a\nchangetype: add\nuid: a",
                2,
                "a change record (changetype: add); only entries can be imported",
            ),
            (
                "dn: a\nphoto:< file:///etc/passwd",
                2,
                "photo: its value is elsewhere (\"< file:///etc/passwd\"), and is not fetched",
            ),
            ("dn: a\nno colon", 2, "\"no colon\": must be NAME: VALUE"),
            ("dn: a\nb c: d", 2, "\"b c: d\": must be NAME: VALUE"),
            ("dn: a\nuid:: YWxp*2U=", 2, "uid: \"YWxp*2U=\" is not base64"),
        ] {
            let text = format!("{record}\n\ndn: b\nuid: b\n");
            let found = read(&text);
            assert_eq!(found.len(), 2, "{found:?}");
            assert_eq!(found[0], Err(NoEntry { line, what: what.into() }));
            assert_eq!(values(found[1].as_ref().unwrap(), "uid"), ["b"]);
        }
        let old = read("version: 2\ndn: a\n");
        let what = "\"version: 2\": only version 1 of LDIF can be read".into();
        assert_eq!(old[0], Err(NoEntry { line: 1, what }));
    }

    #[test]
    fn base64_is_decoded_as_rfc_4648_says() {
        for (text, bytes) in [
            ("", Some("")),
            ("Zg==", Some("f")),
            ("Zm8=", Some("fo")),
            ("Zm9v", Some("foo")),
            ("Zm9vYg==", Some("foob")),
            ("Zm9vYmE=", Some("fooba")),
            ("Zm9vYmFy", Some("foobar")),
            ("Zg=", None),
            ("Zg", None),
            ("Z===", None),
            ("Zm9v Zm9v", None),
            ("Zm=v", None),
            ("=", None),
            ("==", None),
        ] {
            assert_eq!(base64(text), bytes.map(|bytes| bytes.as_bytes().to_vec()), "{text}");
        }
        assert_eq!(base64("+/+/"), Some(vec![0xfb, 0xff, 0xbf]));
    }
}
