//! Settings as lines of text in traces, such as `sip.event_delay = 20`, with values as TOML writes them.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write as _};

use super::{Setting, Value};

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(number) => write!(f, "{number}"),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Text(text) => write_text(f, text),
            Self::List(values) => {
                f.write_char('[')?;
                for (index, value) in values.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(f, "{comma}{value}")?;
                }
                f.write_char(']')
            }
            Self::Other(name) => write!(f, "<{name}>"),
        }
    }
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' | '\\' => write!(f, "\\{character}")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            '\u{0}'..='\u{1f}' | '\u{7f}' => write!(f, "\\u{:04X}", u32::from(character))?,
            _ => f.write_char(character)?,
        }
    }
    f.write_char('"')
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.key, self.value)
    }
}

/// Appends `setting` as one line, without its end.
pub fn write_line(out: &mut String, setting: &Setting) {
    let written = write!(out, "{setting}");
    debug_assert!(written.is_ok(), "writing to memory cannot fail");
}

/// Reads a line that [`write_line`] wrote.
///
/// # Errors
/// What was expected instead, in words.
pub fn read_line(line: &str) -> Result<Setting, &'static str> {
    let (key, value) = line.split_once('=').ok_or("expected KEY = VALUE")?;
    let key = key.trim();
    if key.is_empty() {
        return Err("expected a key before the =");
    }
    Ok(Setting { key: key.into(), value: read_value(value)? })
}

/// Reads a value: a whole number, `true`, `false`, quoted text, or a list of these in brackets.
///
/// # Errors
/// What was expected instead, in words.
pub fn read_value(text: &str) -> Result<Value, &'static str> {
    let (value, rest) = read_front(text.trim_start(), true)?;
    if rest.trim().is_empty() { Ok(value) } else { Err("expected nothing after the value") }
}

/// The value at the beginning of `text`, and the rest.
fn read_front(text: &str, list_allowed: bool) -> Result<(Value, &str), &'static str> {
    if let Some(rest) = text.strip_prefix('"') {
        let (text, rest) = read_quoted(rest)?;
        return Ok((Value::Text(text), rest));
    }
    if let Some(rest) = text.strip_prefix('[') {
        return if list_allowed { read_list(rest) } else { Err("expected no list within a list") };
    }
    let end = text.find([',', ']', ' ']).unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    let value = match word {
        "true" => Value::Flag(true),
        "false" => Value::Flag(false),
        number => {
            Value::Integer(number.parse().map_err(|_| "expected a number, true, false, \"text\" or [list]")?)
        }
    };
    Ok((value, rest))
}

fn read_list(mut text: &str) -> Result<(Value, &str), &'static str> {
    let mut values = Vec::new();
    loop {
        text = text.trim_start();
        if let Some(rest) = text.strip_prefix(']') {
            return Ok((Value::List(values), rest));
        }
        let (value, rest) = read_front(text, false)?;
        values.push(value);
        text = rest.trim_start();
        match text.strip_prefix(',') {
            Some(rest) => text = rest,
            None if text.starts_with(']') => {}
            None => return Err("expected , or ] after a list's value"),
        }
    }
}

/// Reads text up to its closing quotation mark, and returns what follows that too; `text` begins after the opening one.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn read_quoted(text: &str) -> Result<(String, &str), &'static str> {
    let mut read = String::new();
    let mut characters = text.chars();
    loop {
        match characters.next().ok_or("a closing quotation mark is missing")? {
            '"' => return Ok((read, characters.as_str())),
            '\\' => read.push(read_escape(&mut characters)?),
            character => read.push(character),
        }
    }
}

/// What may stand after a backslash.
const ESCAPES: &str = "\\ must be followed by \" \\ n r t, or u and four hexadecimal digits";

fn read_escape(characters: &mut core::str::Chars<'_>) -> Result<char, &'static str> {
    match characters.next() {
        Some('n') => Ok('\n'),
        Some('r') => Ok('\r'),
        Some('t') => Ok('\t'),
        Some(character @ ('"' | '\\')) => Ok(character),
        Some('u') => {
            let mut code = 0_u32;
            for _ in 0..4 {
                let digit = characters.next().and_then(|digit| digit.to_digit(16));
                code = (code << 4) | digit.ok_or(ESCAPES)?;
            }
            char::from_u32(code).ok_or("expected a character's code after \\u")
        }
        _ => Err(ESCAPES),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn setting(key: &str, value: Value) -> Setting {
        Setting { key: key.into(), value }
    }

    #[test]
    fn a_line_reads_back_as_the_setting_it_was_written_from() {
        let text = |text: &str| Value::Text(text.into());
        for (setting, line) in [
            (setting("sip.event_delay", Value::Integer(20)), "sip.event_delay = 20"),
            (setting("a", Value::Integer(i64::MIN)), "a = -9223372036854775808"),
            (setting("a.b[0].c", Value::Flag(false)), "a.b[0].c = false"),
            (setting("a", text("x\"\\\r\n\t\u{1}\u{7f}ü=,]")), r#"a = "x\"\\\r\n\t\u0001\u007Fü=,]""#),
            (setting("a", Value::List(vec![text("a"), text("b, \"c\"")])), r#"a = ["a", "b, \"c\""]"#),
            (setting("a", Value::List(vec![])), "a = []"),
            (setting("a", Value::List(vec![Value::Integer(1), Value::Flag(true)])), "a = [1, true]"),
        ] {
            let mut out = String::new();
            write_line(&mut out, &setting);
            assert_eq!(out, line);
            assert_eq!(read_line(line), Ok(setting));
        }
    }

    #[test]
    fn what_is_no_setting_is_refused_in_words() {
        for (line, error) in [
            ("a", "expected KEY = VALUE"),
            (" = 1", "expected a key before the ="),
            ("a = ", "expected a number, true, false, \"text\" or [list]"),
            ("a = 1.5", "expected a number, true, false, \"text\" or [list]"),
            ("a = 1 2", "expected nothing after the value"),
            ("a = \"x", "a closing quotation mark is missing"),
            ("a = \"\\q\"", "\\ must be followed by \" \\ n r t, or u and four hexadecimal digits"),
            ("a = \"\\u12\"", ESCAPES),
            ("a = \"\\uD800\"", "expected a character's code after \\u"),
            ("a = [[1]]", "expected no list within a list"),
            ("a = [1 2]", "expected , or ] after a list's value"),
            ("a = [1", "expected , or ] after a list's value"),
        ] {
            assert_eq!(read_line(line), Err(error), "{line}");
        }
    }
}
