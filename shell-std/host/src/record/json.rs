//! Writing JSON (RFC 8259), as far as log and status need it.

use core::fmt::{self, Write as _};
use std::borrow::Cow;

use ctigate_core::plain::Quoted;

/// A value.
pub(crate) enum Json {
    Null,
    Flag(bool),
    Number(u64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(Cow<'static, str>, Json)>),
}

impl Json {
    /// An object of these members, in this order.
    pub(crate) fn object<const N: usize>(members: [(&'static str, Self); N]) -> Self {
        Self::Object(members.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }

    /// A number from a count.
    pub(crate) fn count(count: usize) -> Self {
        Self::Number(u64::try_from(count).unwrap_or(u64::MAX))
    }

    /// Text, or null.
    pub(crate) fn text(text: Option<impl Into<String>>) -> Self {
        text.map_or(Self::Null, |text| Self::Text(text.into()))
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => Quoted(text).fmt(f),
            Self::List(values) => {
                f.write_char('[')?;
                for (index, value) in values.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { "," })?;
                    value.fmt(f)?;
                }
                f.write_char(']')
            }
            Self::Object(members) => {
                f.write_char('{')?;
                for (index, (key, value)) in members.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { "," })?;
                    Quoted(key).fmt(f)?;
                    f.write_char(':')?;
                    value.fmt(f)?;
                }
                f.write_char('}')
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_nest_and_text_is_escaped() {
        let value = Json::object([
            ("list", Json::List(vec![Json::Number(7), Json::Null, Json::Flag(true), Json::List(vec![])])),
            ("text", Json::Text("a\"b\\c\r\n\t\u{1}\u{fc}\u{202e}".into())),
            ("none", Json::text(None::<&str>)),
            ("empty", Json::object([])),
        ]);
        assert_eq!(
            value.to_string(),
            "{\"list\":[7,null,true,[]],\"text\":\"a\\\"b\\\\c\\r\\n\\t\\u0001\u{fc}\\u202e\",\"none\":null,\"empty\":{}}"
        );
    }
}
