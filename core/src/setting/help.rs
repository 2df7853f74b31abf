//! The help text made from the table of keys.

use alloc::format;
use alloc::string::{String, ToString as _};
use core::fmt::{self, Write as _};

use super::{Key, Kind};

/// The most words of a choice that are listed.
const MOST_WORDS: usize = 12;

/// What a key takes, in words, for error messages and for the help.
pub(super) struct Bound<'k>(pub(super) &'k Key);

impl fmt::Display for Bound<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Key { kind, unit, many, .. } = self.0;
        match kind {
            Kind::Integer { min, max } if unit.is_empty() => write!(f, "a whole number from {min} to {max}"),
            Kind::Integer { min, max } => write!(f, "a whole number from {min} to {max} {unit}"),
            Kind::Span { min, max } => {
                write!(f, "a whole number from {min} to {max} {unit}, or two of them as in \"4-6\"")
            }
            Kind::Flag => f.write_str("true or false"),
            Kind::Text { max } => write!(f, "text of at most {max} bytes, without control characters"),
            Kind::Choice(words) => {
                f.write_str("one of")?;
                words.iter().take(MOST_WORDS).enumerate().try_for_each(|(index, word)| {
                    let comma = if index > 0 { "," } else { "" };
                    write!(f, "{comma} \"{word}\"")
                })?;
                match words.len().saturating_sub(MOST_WORDS) {
                    0 => Ok(()),
                    others => write!(f, " and {others} others"),
                }
            }
            Kind::Listen => f.write_str("an IP address and port to listen on, such as \"127.0.0.1:5060\""),
            Kind::Target => f.write_str("a host and port, such as \"pbx.example.com:1040\""),
            Kind::Network => f.write_str("a network or address, such as \"192.0.2.0/24\" or \"::1\""),
            Kind::Tables => write!(f, "at most {many} tables"),
        }
    }
}

/// Every key with what it takes, its default and what it does, in the table's order.
#[must_use]
pub fn help(keys: &[Key]) -> String {
    let mut out = String::new();
    for key in keys {
        let written = write_key(&mut out, key);
        debug_assert!(written.is_ok(), "writing to memory cannot fail");
    }
    out
}

impl Key {
    /// What the key takes, in words, with the unit and the bounds.
    #[must_use]
    pub fn takes(&self) -> String {
        let list = self.many > 0 && self.kind != Kind::Tables;
        if list {
            format!("a list of at most {}, each {}", self.many, Bound(self))
        } else {
            Bound(self).to_string()
        }
    }
}

fn write_key(out: &mut String, key: &Key) -> fmt::Result {
    writeln!(out, "{}", key.name)?;
    write!(out, "    {}", key.takes())?;
    match (key.default, key.required, key.kind) {
        ("", true, Kind::Tables) => writeln!(out, "; at least one")?,
        ("", true, _) => writeln!(out, "; required")?,
        ("", false, _) => writeln!(out)?,
        (default, _, _) => writeln!(out, "; default {default}")?,
    }
    writeln!(out, "    {}", key.doc)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_tells_type_bound_default_and_purpose() {
        let keys = [
            Key::integer("a.b", (1, 60), "s", "How long.").default("5"),
            Key::listen("a.c", "Where.").list(8),
            Key::tables("a.d[]", 8, "The others.").required(),
            Key::target("a.d[].e", "Which.").required(),
        ];
        let expected = "a.b\n    a whole number from 1 to 60 s; default 5\n    How long.\n\
            a.c\n    a list of at most 8, each an IP address and port to listen on, such as \"127.0.0.1:5060\"\n    \
            Where.\n\
            a.d[]\n    at most 8 tables; at least one\n    The others.\n\
            a.d[].e\n    a host and port, such as \"pbx.example.com:1040\"; required\n    Which.\n";
        assert_eq!(help(&keys), expected);
    }
}
