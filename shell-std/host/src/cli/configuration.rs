//! Configuration files: turns TOML into a flat list of settings with their positions, and the core's errors into
//! messages with line and column.

use core::ops::Range;
use std::fs;
use std::path::Path;

use ctigate_core::setting::{ConfigError, Setting, Value};
use toml_edit::{Document, Item, Table, TableLike, TomlError};

/// A configuration file: its settings, and the position of each.
#[derive(Debug)]
pub(crate) struct Configuration {
    /// The file's name, for error messages.
    file: String,
    text: String,
    settings: Vec<Setting>,
    /// The byte where each setting's value begins.
    positions: Vec<usize>,
}

impl Configuration {
    /// Reads a file.
    ///
    /// # Errors
    /// The message to show, if the file cannot be read or is not TOML.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let file = path.display().to_string();
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) => return Err(format!("{file}: cannot read the configuration: {error}")),
        };
        match String::from_utf8(bytes) {
            Ok(text) => Self::parse(file, text),
            Err(error) => {
                let text = String::from_utf8_lossy(error.as_bytes());
                let (line, column) = line_and_column(&text, error.utf8_error().valid_up_to());
                Err(format!("{file}:{line}:{column}: this is not UTF-8, as TOML must be"))
            }
        }
    }

    /// Parses `text`.
    ///
    /// # Errors
    /// The message to show, if it is not TOML.
    pub(crate) fn parse(file: String, text: String) -> Result<Self, String> {
        let document = match Document::parse(text.as_str()) {
            Ok(document) => document,
            Err(error) => return Err(syntax_error(&file, &text, &error)),
        };
        let mut flat = Flat { settings: Vec::new(), positions: Vec::new() };
        flat.table("", document.as_table(), 0);
        let Flat { settings, positions } = flat;
        Ok(Self { file, text, settings, positions })
    }

    /// How many keys are set.
    pub(crate) fn count(&self) -> usize {
        self.settings.iter().filter(|setting| !matches!(setting.value, Value::Other(_))).count()
    }

    /// The settings, in the order of the text. An empty table is a setting with the table's name.
    pub(crate) fn settings(&self) -> &[Setting] {
        &self.settings
    }

    /// Sets a key, replacing the file's value.
    pub(crate) fn set(&mut self, key: &str, value: Value) {
        match self.settings.iter_mut().find(|setting| setting.key == key) {
            Some(setting) => setting.value = value,
            None => self.settings.push(Setting { key: key.to_owned(), value }),
        }
    }

    /// The messages for `errors`, each `FILE:LINE:COLUMN: key = value: bound`, sorted by position.
    pub(crate) fn complaints(&self, errors: &[ConfigError]) -> Vec<String> {
        let mut found: Vec<_> = errors.iter().map(|error| (self.position(error), error)).collect();
        found.sort_by_key(|(position, _)| *position);
        let lines = LineStarts::of(&self.text);
        let complain = |(position, error): (usize, &ConfigError)| {
            let (line, column) = lines.line_and_column(position);
            format!("{}:{line}:{column}: {error}", self.file)
        };
        found.into_iter().map(complain).collect()
    }

    /// The file's name.
    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    /// The line and the column of each setting, both from 1.
    pub(crate) fn places(&self) -> Vec<(usize, usize)> {
        let lines = LineStarts::of(&self.text);
        self.positions.iter().map(|position| lines.line_and_column(*position)).collect()
    }

    /// The index of the first setting of a key or, for a list, of its first value; `None` if it is not set.
    pub(crate) fn index(&self, key: &str) -> Option<usize> {
        self.settings.iter().position(|setting| setting.key == key)
    }

    /// The position of the setting; if it is missing, that of its table's first setting.
    fn position(&self, error: &ConfigError) -> usize {
        let sibling = || {
            let (table, _) = error.key.rsplit_once('.')?;
            let inside = |setting: &Setting| {
                setting.key.strip_prefix(table).is_some_and(|rest| rest.starts_with(['.', '[']))
            };
            self.settings.iter().position(inside)
        };
        let setting = error.setting.or_else(sibling);
        setting.and_then(|setting| self.positions.get(setting)).copied().unwrap_or_default()
    }
}

/// Collects settings while walking the tree.
struct Flat {
    settings: Vec<Setting>,
    positions: Vec<usize>,
}

impl Flat {
    /// Adds the settings of a table; `within` is the position to use if an item's own is not known.
    fn table(&mut self, prefix: &str, table: &dyn TableLike, within: usize) {
        if table.is_empty() && !prefix.is_empty() {
            self.settings.push(Setting { key: prefix.to_owned(), value: Value::Other("table") });
            self.positions.push(within);
        }
        for (name, item) in table.iter() {
            let key = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
            let named = table.key(name).and_then(toml_edit::Key::span).map(|span| span.start);
            self.item(&key, item, named.unwrap_or(within));
        }
    }

    fn item(&mut self, key: &str, item: &Item, position: usize) {
        match item {
            Item::None => {}
            Item::Table(table) => self.table(key, table, start(table.span(), position)),
            Item::ArrayOfTables(tables) => {
                for (index, table) in tables.iter().enumerate() {
                    self.tables_entry(key, index, table, position);
                }
            }
            Item::Value(value) => self.value(key, value, start(value.span(), position)),
        }
    }

    fn tables_entry(&mut self, key: &str, index: usize, table: &Table, position: usize) {
        self.table(&format!("{key}[{index}]"), table, start(table.span(), position));
    }

    fn value(&mut self, key: &str, value: &toml_edit::Value, position: usize) {
        match value {
            toml_edit::Value::InlineTable(table) => self.table(key, table, position),
            toml_edit::Value::Array(array) if array.iter().any(toml_edit::Value::is_inline_table) => {
                for (index, value) in array.iter().enumerate() {
                    self.value(&format!("{key}[{index}]"), value, start(value.span(), position));
                }
            }
            toml_edit::Value::Array(_)
            | toml_edit::Value::String(_)
            | toml_edit::Value::Integer(_)
            | toml_edit::Value::Float(_)
            | toml_edit::Value::Boolean(_)
            | toml_edit::Value::Datetime(_) => {
                self.settings.push(Setting { key: key.to_owned(), value: plain_value(value) });
                self.positions.push(position);
            }
        }
    }
}

fn start(span: Option<Range<usize>>, otherwise: usize) -> usize {
    span.map_or(otherwise, |span| span.start)
}

fn plain_value(value: &toml_edit::Value) -> Value {
    match value {
        toml_edit::Value::String(text) => Value::Text(text.value().clone()),
        toml_edit::Value::Integer(number) => Value::Integer(*number.value()),
        toml_edit::Value::Boolean(flag) => Value::Flag(*flag.value()),
        toml_edit::Value::Array(values) => Value::List(values.iter().map(plain_value).collect()),
        toml_edit::Value::Float(_) => Value::Other("float"),
        toml_edit::Value::Datetime(_) => Value::Other("date"),
        toml_edit::Value::InlineTable(_) => Value::Other("table"),
    }
}

fn syntax_error(file: &str, text: &str, error: &TomlError) -> String {
    let (line, column) = line_and_column(text, start(error.span(), 0));
    let message = error.message().trim().replace('\n', ", ");
    // What the parser reports as an invalid number is usually text without quotes.
    let message = if message.starts_with("invalid float") {
        "neither a number nor true or false; text must be in quotes"
    } else {
        message.strip_suffix(", expected nothing").unwrap_or(&message)
    };
    format!("{file}:{line}:{column}: this is not TOML: {message}")
}

/// The line and the column (in characters), both from 1, of the byte at `position`.
pub(crate) fn line_and_column(text: &str, position: usize) -> (usize, usize) {
    LineStarts::of(text).line_and_column(position)
}

/// Where each line of a text begins, so that thousands of places can be looked up.
struct LineStarts<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> LineStarts<'t> {
    fn of(text: &'t str) -> Self {
        let after = text.match_indices('\n').map(|(end, _)| end.saturating_add(1));
        Self { text, starts: core::iter::once(0).chain(after).collect() }
    }

    fn line_and_column(&self, position: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= position);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let before = self.text.get(start..position.min(self.text.len())).unwrap_or_default();
        (line, before.chars().count().saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# ä comment\n[sip]\ntcp = [\"127.0.0.1:0\"]\nudp = []\n\n[limits]\nlinks = 99\nload = 1.5\n\n\
        [[cti.connection]]\naddress = \"switch:1\"\n[[cti.connection]]\nname = \"b\"\n[log]\njson = true\n";

    fn read(text: &str) -> Configuration {
        Configuration::parse("c.toml".into(), text.into()).unwrap()
    }

    fn error(setting: Option<usize>, key: &str, value: &str) -> ConfigError {
        ConfigError { setting, key: key.into(), value: value.into(), bound: "is wrong".into() }
    }

    #[test]
    fn toml_becomes_a_flat_list_with_the_tables_places_in_the_keys() {
        let settings = read(TEXT).settings;
        let keys: Vec<_> = settings.iter().map(|setting| setting.key.as_str()).collect();
        assert_eq!(
            keys,
            [
                "sip.tcp",
                "sip.udp",
                "limits.links",
                "limits.load",
                "cti.connection[0].address",
                "cti.connection[1].name",
                "log.json"
            ]
        );
        assert_eq!(settings[0].value, Value::List(vec![Value::Text("127.0.0.1:0".into())]));
        assert_eq!(settings[2].value, Value::Integer(99));
        assert_eq!(settings[3].value, Value::Other("float"));
        assert_eq!(settings[6].value, Value::Flag(true));
    }

    #[test]
    fn empty_tables_are_there_by_name_but_are_no_settings() {
        let configuration = read("[sip]\n[[cti.connection]]\n[log]\nlevel = \"info\"\n");
        let keys: Vec<_> = configuration.settings().iter().map(|setting| setting.key.as_str()).collect();
        assert_eq!(keys, ["sip", "cti.connection[0]", "log.level"]);
        assert_eq!(configuration.count(), 1);
        assert_eq!(configuration.positions[..2], [0, 6]);
    }

    #[test]
    fn inline_tables_are_tables() {
        let settings = read("a = { b = 1, c = [{ d = \"x\" }, { d = \"y\" }] }\n").settings;
        let keys: Vec<_> = settings.iter().map(|setting| setting.key.as_str()).collect();
        assert_eq!(keys, ["a.b", "a.c[0].d", "a.c[1].d"]);
    }

    #[test]
    fn complaints_are_sorted_by_place_and_name_line_and_column() {
        let complaints = read(TEXT).complaints(&[
            error(Some(6), "log.json", "true"),
            error(None, "cti.connection[1].address", ""),
            error(Some(2), "limits.links", "99"),
        ]);
        assert_eq!(
            complaints,
            [
                "c.toml:7:9: limits.links = 99: is wrong",
                "c.toml:13:8: cti.connection[1].address: is wrong",
                "c.toml:15:8: log.json = true: is wrong"
            ]
        );
    }

    #[test]
    fn what_is_missing_altogether_is_complained_about_at_the_top() {
        assert_eq!(
            read("[log]\n").complaints(&[error(None, "sip.tcp", "")]),
            ["c.toml:1:1: sip.tcp: is wrong"]
        );
    }

    #[test]
    fn a_value_from_elsewhere_replaces_the_texts() {
        let mut configuration = read("a = 1\nb = 2\n");
        configuration.set("a", Value::Integer(3));
        configuration.set("c", Value::Integer(4));
        assert_eq!(
            configuration.settings.iter().map(|one| one.key.as_str()).collect::<Vec<_>>(),
            ["a", "b", "c"]
        );
        assert_eq!(configuration.settings[0].value, Value::Integer(3));
        let complaints = configuration.complaints(&[error(Some(1), "b", "2"), error(Some(2), "c", "4")]);
        assert_eq!(complaints, ["c.toml:1:1: c = 4: is wrong", "c.toml:2:5: b = 2: is wrong"]);
    }

    #[test]
    fn text_that_is_not_toml_is_refused_with_its_place() {
        let refused = |text: &str| Configuration::parse("c.toml".into(), text.into()).unwrap_err();
        assert!(refused("[sip]\ntcp = [\n").starts_with("c.toml:"), "{}", refused("[sip]\ntcp = [\n"));
        let twice = refused("[sip]\na = 1\na = 2\n");
        assert!(twice.starts_with("c.toml:3:1: this is not TOML: duplicate key"), "{twice}");
        assert_eq!(
            refused("a = 127.0.0.1:5060\n"),
            "c.toml:1:10: this is not TOML: neither a number nor true or false; text must be in quotes"
        );
    }
}
