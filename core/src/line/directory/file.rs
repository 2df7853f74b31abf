//! Reads directory files: a header, then one entry a line, in any order. A value is bare or in quotation marks, with
//! JSON's escapes; blank lines, and lines that begin with `#`, are for people.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::builder::{Builder, NewAppearance, NewDevice, NewLine, NewUser};
use super::mistakes::Shown;
use super::write::HEADER;
use super::{DeviceKind, Place, Role};
use crate::setting::read_quoted;

/// One line taken apart.
#[derive(Default)]
struct Words<'t> {
    /// What stands before the first attribute.
    words: Vec<Cow<'t, str>>,
    attributes: Vec<(&'t str, Cow<'t, str>)>,
}

/// What is wrong with a line.
type Wrong = Cow<'static, str>;

/// An attribute of an entry: its name, and whether it may be there more than once.
type Attribute = (&'static str, bool);

impl<'t> Words<'t> {
    fn read(line: &'t str) -> Result<Self, Wrong> {
        let mut read = Self::default();
        let mut rest = line.trim_ascii();
        while !rest.is_empty() {
            let name_end = rest.find([' ', '\t', '"', '=']).unwrap_or(rest.len());
            let (name, after) = rest.split_at_checked(name_end).unwrap_or((rest, ""));
            let value = match after.strip_prefix('=') {
                Some(value) if !name.is_empty() && !read.words.is_empty() => value,
                _ => {
                    if !read.attributes.is_empty() {
                        return Err("an attribute must be NAME=VALUE".into());
                    }
                    let (word, after) = token(rest)?;
                    read.words.push(word);
                    rest = after;
                    continue;
                }
            };
            let (value, after) = token(value)?;
            read.attributes.push((name, value));
            rest = after;
        }
        Ok(read)
    }

    /// Whether the line has so many words behind the kind of the entry, and only these attributes.
    fn check(&self, words: &[usize], usage: &str, attributes: &[Attribute]) -> Result<(), Wrong> {
        if !words.contains(&self.words.len().saturating_sub(1)) {
            return Err(alloc::format!("expected: {usage}").into());
        }
        for (index, (name, _)) in self.attributes.iter().enumerate() {
            let Some((_, many)) = attributes.iter().find(|(known, _)| known == name) else {
                return Err(alloc::format!("{}: is no attribute; expected: {usage}", Shown(name)).into());
            };
            let before = self.attributes.get(..index).unwrap_or_default();
            if !many && before.iter().any(|(other, _)| other == name) {
                return Err(alloc::format!("{name}: is there twice").into());
            }
        }
        Ok(())
    }

    fn word(&self, index: usize) -> &str {
        self.words.get(index).map_or("", |word| word)
    }

    fn all(&self, name: &str) -> Vec<&str> {
        let named = self.attributes.iter().filter(|(known, _)| *known == name);
        named.map(|(_, value)| value.as_ref()).collect()
    }

    fn value(&self, name: &str) -> &str {
        self.attributes.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// One of two words, the first of which is the default.
    fn choice(&self, name: &str, [usual, other]: [&str; 2]) -> Result<bool, Wrong> {
        match self.attributes.iter().find(|(known, _)| *known == name) {
            None => Ok(false),
            Some((_, value)) if *value == usual => Ok(false),
            Some((_, value)) if *value == other => Ok(true),
            Some((_, value)) => {
                Err(alloc::format!("{name} {}: must be {usual} or {other}", Shown(value)).into())
            }
        }
    }
}

/// The value at the beginning of a text, and the rest behind the blanks after it.
fn token(text: &str) -> Result<(Cow<'_, str>, &str), Wrong> {
    let Some(inside) = text.strip_prefix('"') else {
        let end = text.find([' ', '\t']).unwrap_or(text.len());
        let (bare, rest) = text.split_at_checked(end).unwrap_or((text, ""));
        if bare.contains(['"', '\\']) {
            return Err(alloc::format!("{}: must be in quotation marks", Shown(bare)).into());
        }
        return Ok((Cow::Borrowed(bare), rest.trim_ascii_start()));
    };
    let end = inside.find(['"', '\\']).ok_or("a closing quotation mark is missing")?;
    let (plain, rest) = inside.split_at_checked(end).unwrap_or((inside, ""));
    let (value, rest) = if let Some(rest) = rest.strip_prefix('"') {
        (Cow::Borrowed(plain), rest)
    } else {
        let (value, rest) = read_quoted(inside)?;
        (Cow::Owned(value), rest)
    };
    if !rest.is_empty() && !rest.starts_with([' ', '\t']) {
        return Err("a blank is missing after a closing quotation mark".into());
    }
    Ok((value, rest.trim_ascii_start()))
}

impl Builder {
    /// Adds the entries of a directory file; `name` is its name in mistakes.
    pub fn read(&mut self, text: &str, name: &str) {
        let file = self.file(name);
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut lines = text.lines().zip(1..);
        let header = lines.next().map_or("", |(header, _)| header);
        if header.trim_ascii_end() != HEADER {
            let what =
                format_args!("{}: the first line of a directory file must be «{HEADER}»", Shown(header));
            return self.mistake(Place::new(file, 1), what);
        }
        for (line, number) in lines {
            let line = line.trim_ascii();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let place = Place::new(file, number);
            if let Err(wrong) = Words::read(line).and_then(|words| self.add(place, &words)) {
                self.mistake(place, format_args!("{wrong}"));
            }
        }
    }

    fn add(&mut self, place: Place, words: &Words<'_>) -> Result<(), Wrong> {
        match words.word(0) {
            "user" => self.add_user(place, words),
            "line" => {
                let attributes = [("partition", false), ("e164", false), ("label", false)];
                words.check(&[1], "line NUMBER [partition=] [e164=] [label=]", &attributes)?;
                let [partition, e164, label] = attributes.map(|(name, _)| words.value(name));
                self.line(place, &NewLine { number: words.word(1), partition, e164, label });
                Ok(())
            }
            "device" => {
                let attributes = [("kind", false), ("description", false)];
                words.check(&[1], "device NAME [kind=hard|soft] [description=]", &attributes)?;
                let is_soft = words.choice("kind", ["hard", "soft"])?;
                let kind = if is_soft { DeviceKind::Soft } else { DeviceKind::Hard };
                let description = words.value("description");
                self.device(place, &NewDevice { name: words.word(1), kind, description, lines: &[] });
                Ok(())
            }
            "appearance" => {
                let usage = "appearance NUMBER[/PARTITION] [DEVICE INDEX] [device_id=]";
                words.check(&[1, 3], usage, &[("device_id", false)])?;
                let index = match words.word(3) {
                    "" => 0,
                    index => index.parse().ok().filter(|index| *index > 0).ok_or_else(|| {
                        alloc::format!(
                            "index {}: must be a number from 1 to {}",
                            Shown(index),
                            super::MAX_LINES
                        )
                    })?,
                };
                let (line, device, device_id) = (words.word(1), words.word(2), words.value("device_id"));
                self.appearance(place, &NewAppearance { line, device, index, device_id });
                Ok(())
            }
            kind => Err(alloc::format!("{}: must be user, line, device or appearance", Shown(kind)).into()),
        }
    }

    fn add_user(&mut self, place: Place, words: &Words<'_>) -> Result<(), Wrong> {
        words.check(
            &[1],
            "user ID [mail=] [sip=]... [name=] [enabled=yes|no] [role=user|administrator] [line=]...",
            &[
                ("mail", false),
                ("sip", true),
                ("name", false),
                ("enabled", false),
                ("role", false),
                ("line", true),
            ],
        )?;
        let is_disabled = words.choice("enabled", ["yes", "no"])?;
        let is_administrator = words.choice("role", ["user", "administrator"])?;
        let user = NewUser {
            id: words.word(1),
            mail: words.value("mail"),
            sip: &words.all("sip"),
            name: words.value("name"),
            enabled: !is_disabled,
            role: if is_administrator { Role::Administrator } else { Role::User },
            lines: &words.all("line"),
        };
        self.user(place, &user);
        Ok(())
    }
}
