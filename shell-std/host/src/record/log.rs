//! Log lines, in logfmt or as JSON objects.

use core::str::Chars;

use ctigate_core::Notice;

use super::console::Format;
use super::json::Json;

/// Formats one line, without its end. `notice.fields` is in logfmt.
pub(crate) fn line(format: Format, time: &str, notice: Notice<'_>) -> String {
    let Notice { level, name, fields } = notice;
    match format {
        Format::Logfmt if fields.is_empty() => format!("time={time} level={} name={name}", level.name()),
        Format::Logfmt => format!("time={time} level={} name={name} {fields}", level.name()),
        Format::Json => {
            let first = [("time", time), ("level", level.name()), ("name", name)];
            let first = first.map(|(key, value)| (key.to_owned().into(), Json::Text(value.into())));
            let rest = Fields(fields).map(|(key, value)| (key.to_owned().into(), json(key, value)));
            Json::Object(first.into_iter().chain(rest).collect()).to_string()
        }
    }
}

/// The fields whose values are names, whatever they look like: the number of a telephone is not to be calculated with.
const NAMES: [&str; 21] = [
    "address",
    "call",
    "call_id",
    "called",
    "calling",
    "cross_reference",
    "cti",
    "device",
    "error",
    "line",
    "name",
    "number",
    "peer",
    "reference",
    "service",
    "target",
    "to",
    "transaction",
    "user",
    "what",
    "why",
];

/// A value as JSON: a whole number as a number, unless it is somebody's name.
fn json(key: &str, value: String) -> Json {
    let is_whole = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let is_plain = is_whole && (value == "0" || !value.starts_with('0'));
    match value.parse() {
        Ok(number) if is_plain && number <= GREATEST && !NAMES.contains(&key) => Json::Number(number),
        _ => Json::Text(value),
    }
}

/// The greatest whole number that every reader of JSON understands exactly (RFC 8259, 6).
const GREATEST: u64 = (1 << 53) - 1;

/// Iterates over the pairs of a logfmt text as the core writes it: `key=bare key="quo\"ted"`.
struct Fields<'a>(&'a str);

impl<'a> Iterator for Fields<'a> {
    type Item = (&'a str, String);

    fn next(&mut self) -> Option<Self::Item> {
        let (key, rest) = self.0.trim_start().split_once('=')?;
        let Some(quoted) = rest.strip_prefix('"') else {
            let (value, rest) = rest.split_once(' ').unwrap_or((rest, ""));
            self.0 = rest;
            return Some((key, value.into()));
        };
        let mut value = String::new();
        let mut characters = quoted.chars();
        while let Some(character) = characters.next() {
            match character {
                '"' => break,
                '\\' => match characters.next() {
                    Some('n') => value.push('\n'),
                    Some('r') => value.push('\r'),
                    Some('t') => value.push('\t'),
                    Some('u') => value.extend(numbered(&mut characters)),
                    Some(other) => value.push(other),
                    None => {}
                },
                other => value.push(other),
            }
        }
        self.0 = characters.as_str();
        Some((key, value))
    }
}

/// The character whose number is the next four digits.
fn numbered(characters: &mut Chars<'_>) -> Option<char> {
    let mut number = 0;
    for _ in 0..4 {
        number = number * 16 + characters.next()?.to_digit(16)?;
    }
    char::from_u32(number)
}

#[cfg(test)]
mod tests {
    use ctigate_core::{Action, Actions, Level};

    use super::*;

    fn written(format: Format, fields: &[(&str, &dyn core::fmt::Display)]) -> String {
        let mut actions = Actions::new();
        actions.notify(Level::Warn, "message_discarded", fields);
        let action = actions.iter().next();
        let Some(Action::Notify(notice)) = action else { panic!("{action:?}") };
        line(format, "T", notice)
    }

    #[test]
    fn logfmt_has_time_level_name_and_fields() {
        assert_eq!(
            written(Format::Logfmt, &[("why", &"no \"end\""), ("bytes", &12)]),
            r#"time=T level=warn name=message_discarded why="no \"end\"" bytes=12"#
        );
        assert_eq!(written(Format::Logfmt, &[]), "time=T level=warn name=message_discarded");
    }

    #[test]
    fn numbers_are_numbers_in_json_and_those_of_telephones_are_names() {
        let fields: &[(&str, &dyn core::fmt::Display)] = &[
            ("sessions", &12),
            ("retry_in_ms", &0),
            ("device", &1001),
            ("cti", &1),
            ("line", &1001),
            ("call", &77),
            ("from", &"0049"),
            ("bytes", &u64::MAX),
            ("late", &"-5"),
        ];
        assert_eq!(
            written(Format::Json, fields),
            r#"{"time":"T","level":"warn","name":"message_discarded","sessions":12,"retry_in_ms":0,"device":"1001","cti":"1","line":"1001","call":"77","from":"0049","bytes":"18446744073709551615","late":"-5"}"#
        );
    }

    #[test]
    fn what_could_deceive_is_named_in_both_formats() {
        let fields: &[(&str, &dyn core::fmt::Display)] =
            &[("user", &"a\u{1b}\u{9b}\u{2028}\u{202e}\\u"), ("why", &"\u{fc}")];
        let named = r"a\u001b\u009b\u2028\u202e\\u";
        assert_eq!(
            written(Format::Logfmt, fields),
            format!("time=T level=warn name=message_discarded user=\"{named}\" why=\u{fc}")
        );
        assert!(
            written(Format::Json, fields).ends_with(&format!(r#","user":"{named}","why":"{}"}}"#, '\u{fc}'))
        );
    }

    #[test]
    fn json_says_the_same_whatever_the_value_contains() {
        assert_eq!(
            written(Format::Json, &[("why", &"a=\"b\\c\"\r\n d"), ("empty", &""), ("line", &"tel:1;x=y")]),
            r#"{"time":"T","level":"warn","name":"message_discarded","why":"a=\"b\\c\"\r\n d","empty":"","line":"tel:1;x=y"}"#
        );
    }
}
