//! Checks settings against the table of keys, reporting every error at once, and gives typed access to the values, with
//! defaults.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::net::SocketAddr;

use super::help::Bound;
use super::{ConfigError, Key, Kind, Network, Setting, Value, read_value};

/// The longest value an error repeats, in characters.
const VALUE_SHOWN: usize = 80;

/// The settings that are valid, by key, and the defaults of the others.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What was set: the index in the list, and the value.
    set: BTreeMap<String, (usize, Value)>,
    defaults: BTreeMap<&'static str, Value>,
    /// Keys set to something invalid, which are left out of checks across settings.
    wrong: BTreeSet<String>,
    /// The tables that are present (`cti.connection[0]`), each with the index of its first setting.
    tables: BTreeMap<(String, usize), usize>,
}

/// Checks `settings` against `keys`. Returns the valid ones, and an error for everything that is wrong with the others.
#[must_use]
pub fn check(keys: &[Key], settings: &[Setting]) -> (Checked, Vec<ConfigError>) {
    let mut checked = Checked {
        set: BTreeMap::new(),
        defaults: defaults(keys),
        wrong: BTreeSet::new(),
        tables: BTreeMap::new(),
    };
    let mut errors = Vec::new();
    for (index, setting) in settings.iter().enumerate() {
        checked.note_tables(keys, index, &setting.key);
        for (value, bound) in checked.take(keys, index, setting) {
            checked.wrong.insert(setting.key.clone());
            errors.push(ConfigError { setting: Some(index), key: setting.key.clone(), value, bound });
        }
    }
    checked.count_tables(keys, settings, &mut errors);
    checked.find_missing(keys, &mut errors);
    (checked, errors)
}

fn defaults(keys: &[Key]) -> BTreeMap<&'static str, Value> {
    let with_default = keys.iter().filter(|key| !key.default.is_empty());
    with_default
        .filter_map(|key| {
            let value = read_value(key.default).ok().filter(|value| unfit(key, value).is_empty());
            debug_assert!(value.is_some(), "the default of {} does not fit its own bound", key.name);
            Some((key.name, value?))
        })
        .collect()
}

/// The key in `keys` that the setting `name` sets.
#[must_use]
pub fn find<'k>(keys: &'k [Key], name: &str) -> Option<&'k Key> {
    let generic = generic(name);
    keys.iter().find(|key| key.name == generic && !name.contains("[]"))
}

/// A setting's key without indexes: `cti.connection[3].address` is `cti.connection[].address`.
fn generic(key: &str) -> String {
    let mut out = String::with_capacity(key.len());
    let mut inside = false;
    for character in key.chars() {
        inside = inside && character != ']';
        if !(inside && character.is_ascii_digit()) {
            out.push(character);
        }
        inside = inside || character == '[';
    }
    out
}

/// The innermost table of a key: its list (`cti.connection[]`, with the indexes of outer lists) and its index.
fn table_of(key: &str) -> Option<(String, usize)> {
    let (front, _) = key.rsplit_once(']')?;
    let (list, index) = front.rsplit_once('[')?;
    Some((format!("{list}[]"), index.parse().ok()?))
}

impl Checked {
    fn note_tables(&mut self, keys: &[Key], index: usize, key: &str) {
        let Some(table) = table_of(key) else { return };
        let name = generic(&table.0);
        if keys.iter().any(|known| known.kind == Kind::Tables && known.name == name) {
            self.tables.entry(table).or_insert(index);
        }
    }

    /// Takes one setting, or returns which of its values are wrong, each with what it would have to be.
    fn take(&mut self, keys: &[Key], index: usize, setting: &Setting) -> Vec<(String, String)> {
        let Setting { key: name, value } = setting;
        let wrong = |bound: String| alloc::vec![(shorten(&value.to_string()), bound)];
        let generic = generic(name);
        let is_table = *value == Value::Other("table");
        let Some(key) = find(keys, name) else {
            // An empty table sets nothing, but its name may still be wrong.
            let is_known_table = is_table && keys.iter().any(|key| stands_in(key.name, &generic));
            return if is_known_table { Vec::new() } else { wrong(unknown(keys, &generic)) };
        };
        if key.kind == Kind::Tables {
            return if is_table { Vec::new() } else { wrong("must be a table with keys of its own".into()) };
        }
        if self.set.contains_key(name) || self.wrong.contains(name) {
            return wrong("is set already".into());
        }
        let unfit = unfit(key, value);
        if unfit.is_empty() {
            self.set.insert(name.clone(), (index, value.clone()));
        }
        unfit
    }

    fn count_tables(&self, keys: &[Key], settings: &[Setting], errors: &mut Vec<ConfigError>) {
        for key in keys.iter().filter(|key| key.kind == Kind::Tables) {
            let here = self.tables.iter().filter(|((list, _), _)| generic(list) == key.name);
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            for ((list, index), first) in here {
                let count = counts.entry(list).or_default();
                *count = count.saturating_add(1);
                if *count == key.many.saturating_add(1) {
                    errors.push(ConfigError {
                        setting: Some(*first),
                        key: format!("{}[{index}]", list.strip_suffix("[]").unwrap_or(list)),
                        value: settings
                            .get(*first)
                            .map_or_else(String::new, |s| shorten(&s.value.to_string())),
                        bound: format!("is one too many: {}", Bound(key)),
                    });
                }
            }
            if counts.is_empty() && key.required {
                let list = key.name.strip_suffix("[]").unwrap_or(key.name);
                let bound =
                    format!("is missing: there must be at least one table [[{list}]], and {}", Bound(key));
                errors.push(ConfigError { setting: None, key: list.into(), value: String::new(), bound });
            }
        }
    }

    fn find_missing(&self, keys: &[Key], errors: &mut Vec<ConfigError>) {
        for key in keys.iter().filter(|key| key.required && key.kind != Kind::Tables) {
            let mut missing = |setting, name: String| {
                if !self.set.contains_key(&name) && !self.wrong.contains(&name) {
                    let bound = format!("is missing: {}", Bound(key));
                    errors.push(ConfigError { setting, key: name, value: String::new(), bound });
                }
            };
            match key.name.rsplit_once("[]") {
                None => missing(None, key.name.into()),
                Some((list, rest)) => {
                    for ((table, index), first) in &self.tables {
                        if generic(table).strip_suffix("[]") == Some(list) {
                            let table = table.strip_suffix("[]").unwrap_or(table);
                            missing(Some(*first), format!("{table}[{index}]{rest}"));
                        }
                    }
                }
            }
        }
    }

    /// The value of `name`, set or default.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Value> {
        match self.set.get(name) {
            Some((_, value)) => Some(value),
            None => self.defaults.get(generic(name).as_str()),
        }
    }

    /// The number `name` is set to, or its default, or zero.
    #[must_use]
    pub fn integer(&self, name: &str) -> i64 {
        if let Some(Value::Integer(number)) = self.value(name) { *number } else { 0 }
    }

    /// The number `name` is set to, or its default. The key's bounds must fit into `N`.
    #[must_use]
    pub fn number<N: TryFrom<i64> + Default>(&self, name: &str) -> N {
        N::try_from(self.integer(name)).unwrap_or_default()
    }

    /// The least and the most that `name` is set to. The key's bounds must fit into `N`.
    #[must_use]
    pub fn span<N: TryFrom<i64>>(&self, name: &str) -> Option<(N, N)> {
        let (least, most) = self.value(name).and_then(span)?;
        Some((N::try_from(least).ok()?, N::try_from(most).ok()?))
    }

    /// The flag `name` is set to, or its default, or false.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        self.value(name) == Some(&Value::Flag(true))
    }

    /// The text `name` is set to, or its default.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        if let Some(Value::Text(text)) = self.value(name) { Some(text) } else { None }
    }

    /// The texts of the list `name` is set to, or of its default; empty if there is neither.
    pub fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        let values = if let Some(Value::List(values)) = self.value(name) { values.as_slice() } else { &[] };
        values
            .iter()
            .filter_map(|value| if let Value::Text(text) = value { Some(text.as_str()) } else { None })
    }

    /// The tables of a list, in order: `cti.connection[0]`, `cti.connection[1]` and so on for `cti.connection`.
    pub fn tables(&self, list: &str) -> impl Iterator<Item = String> {
        let list: String = list.into();
        let indexes = self
            .tables
            .keys()
            .filter(move |(table, _)| table.strip_suffix("[]").is_some_and(|table| table == list));
        indexes.map(|(table, index)| format!("{}[{index}]", table.strip_suffix("[]").unwrap_or(table)))
    }

    /// The index of the setting that set `name`.
    #[must_use]
    pub fn index(&self, name: &str) -> Option<usize> {
        self.set.get(name).map(|(index, _)| *index)
    }

    /// Whether `name` is valid by itself, so that it can be compared with others.
    #[must_use]
    pub fn is_sound(&self, name: &str) -> bool {
        !self.wrong.contains(name)
    }

    /// An error about `name`, with its index and value.
    #[must_use]
    pub fn error(&self, name: &str, bound: String) -> ConfigError {
        let value = self.value(name).map_or_else(String::new, |value| shorten(&value.to_string()));
        ConfigError { setting: self.index(name), key: name.into(), value, bound }
    }
}

/// The values within `value` that do not fit `key`, each with what it would have to be.
fn unfit(key: &Key, value: &Value) -> Vec<(String, String)> {
    let shown = || shorten(&value.to_string());
    if key.many == 0 {
        return fit_one(key, value).err().into_iter().collect();
    }
    let Value::List(values) = value else {
        let bound = format!("must be a list in brackets, of at most {}, each {}", key.many, Bound(key));
        return alloc::vec![(shown(), bound)];
    };
    if values.len() > key.many {
        let bound = format!("has {} entries, and must have at most {}", values.len(), key.many);
        return alloc::vec![(shown(), bound)];
    }
    values.iter().filter_map(|value| fit_one(key, value).err()).collect()
}

fn fit_one(key: &Key, value: &Value) -> Result<(), (String, String)> {
    let fits = match (key.kind, value) {
        (Kind::Integer { min, max }, Value::Integer(number)) => (min..=max).contains(number),
        (Kind::Span { min, max }, value) => {
            span(value).is_some_and(|(least, most)| min <= least && least <= most && most <= max)
        }
        (Kind::Flag, Value::Flag(_)) => true,
        (Kind::Text { max }, Value::Text(text)) => text.len() <= max && !text.chars().any(char::is_control),
        (Kind::Choice(words), Value::Text(text)) => words.contains(&text.as_str()),
        (Kind::Listen, Value::Text(text)) => text.parse::<SocketAddr>().is_ok(),
        (Kind::Target, Value::Text(text)) => is_target(text),
        (Kind::Network, Value::Text(text)) => Network::parse(text).is_some(),
        _ => false,
    };
    if fits { Ok(()) } else { Err((shorten(&value.to_string()), format!("must be {}", Bound(key)))) }
}

/// The least and the most that a value names: `4` or `"4-6"`.
fn span(value: &Value) -> Option<(i64, i64)> {
    let number = |text: &str| {
        let digits = text.trim();
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
    };
    match value {
        Value::Integer(number) => Some((*number, *number)),
        Value::Text(text) => match text.split_once('-') {
            Some((least, most)) => Some((number(least)?, number(most)?)),
            None => number(text).map(|number| (number, number)),
        },
        Value::Flag(_) | Value::List(_) | Value::Other(_) => None,
    }
}

/// Whether `text` is `host:port`: a name, an IPv4 address or an IPv6 address in brackets, and a port that is not 0.
fn is_target(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    let port =
        port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0);
    let name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.' || byte == b'_';
    let host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse::<core::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.len() <= 255 && host.bytes().all(name),
    };
    host && port
}

fn shorten(value: &str) -> String {
    match value.char_indices().nth(VALUE_SHOWN) {
        Some((end, _)) => format!("{}…", value.get(..end).unwrap_or_default()),
        None => value.into(),
    }
}

/// Whether the key `name` is in the table `table`.
fn stands_in(name: &str, table: &str) -> bool {
    name.strip_prefix(table).is_some_and(|rest| rest.starts_with('.'))
}

/// The error for a name that is not a key, with what was probably meant.
fn unknown(keys: &[Key], name: &str) -> String {
    let list_for = |key: &&Key| {
        let list = key.name.strip_suffix("[]");
        list.is_some_and(|list| list == name || stands_in(name, list))
    };
    if let Some(list) = keys.iter().find(list_for).and_then(|key| key.name.strip_suffix("[]")) {
        return format!("is not a key: {list} is a list of tables; write [[{list}]] above each");
    }
    let last = |name: &str| name.rsplit_once('.').map_or(name.len(), |(_, last)| last.len());
    let namesake = |key: &&Key| key.name.len() > name.len() && key.name.ends_with(&format!(".{name}"));
    let most = last(name).div_ceil(3).max(2);
    let near = keys.iter().filter_map(|key| Some((distance(key.name, name, most)?, key)));
    let nearest = near.min_by_key(|(distance, _)| *distance).map(|(_, key)| key);
    match keys.iter().find(namesake).or(nearest) {
        Some(key) => format!("is not a key; the nearest is {}", key.name),
        None => "is not a key".into(),
    }
}

/// The edit distance (Levenshtein) between two names, unless it is greater than `most`.
fn distance(name: &str, other: &str, most: usize) -> Option<usize> {
    let length = name.chars().count();
    if length.abs_diff(other.chars().count()) > most {
        return None;
    }
    let mut row: Vec<usize> = (0..=length).collect();
    for (line, theirs) in other.chars().enumerate() {
        let mut diagonal = line;
        let mut left = line.saturating_add(1);
        let mut least = left;
        let mut cells = row.iter_mut();
        if let Some(first) = cells.next() {
            *first = left;
        }
        for (cell, ours) in cells.zip(name.chars()) {
            let changed = diagonal.saturating_add(usize::from(ours != theirs));
            diagonal = *cell;
            left = changed.min(left.saturating_add(1)).min(cell.saturating_add(1));
            least = least.min(left);
            *cell = left;
        }
        // The least of a line is at most the least of the next.
        if least > most {
            return None;
        }
    }
    row.last().copied().filter(|distance| *distance <= most)
}

#[cfg(test)]
mod tests;
