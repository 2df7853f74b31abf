//! Configuration as the core takes it: a flat list of settings, checked against one table of keys. The host makes the
//! list from TOML and remembers the line of each setting; a trace carries the list itself.

use alloc::string::String;
use alloc::vec::Vec;

mod check;
mod help;
mod line;
mod network;

pub use check::{Checked, check, find};
pub use help::help;
pub(crate) use line::read_quoted;
pub use line::{read_line, read_value, write_line};
pub use network::Network;

/// A value in a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A whole number.
    Integer(i64),
    /// Text.
    Text(String),
    /// A flag.
    Flag(bool),
    /// Several values.
    List(Vec<Value>),
    /// A value of a type that no key takes (a float, a date): the type's name.
    Other(&'static str),
}

/// One setting: its full key, with the index of each table in its list (`cti.connection[0].address`), and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The key.
    pub key: String,
    /// The value.
    pub value: Value,
}

/// What a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number between two bounds, both included.
    Integer {
        /// The least.
        min: i64,
        /// The most.
        max: i64,
    },
    /// A whole number between two bounds, both included, or text with the least and the most of several: `"4-6"`.
    Span {
        /// The least.
        min: i64,
        /// The most.
        max: i64,
    },
    /// A flag.
    Flag,
    /// Text of bounded length.
    Text {
        /// The most bytes.
        max: usize,
    },
    /// One of these words.
    Choice(&'static [&'static str]),
    /// `address:port` to listen on: an IP address, port 0 to let the kernel choose.
    Listen,
    /// `host:port` to connect to; the host may be a name.
    Target,
    /// A network or one address: `192.0.2.0/24`, `::1`.
    Network,
    /// A list of tables: its key ends in `[]`, and the keys of its tables begin with it. If it is required, there must
    /// be at least one table.
    Tables,
}

/// One key: the source of checks, defaults, help and the example file.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The full key; a list of tables is written `cti.connection[].address`.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// The most values it takes, if it takes a list; 0 for a single value.
    pub many: usize,
    /// Whether it must be set (in each table of its list, if it is in one).
    pub required: bool,
    /// The unit of a number, for people (`s`, `ms`, `bytes`, `sessions`); may be empty.
    pub unit: &'static str,
    /// The default as TOML writes it; empty if there is none.
    pub default: &'static str,
    /// What it does, in a sentence or two.
    pub doc: &'static str,
    /// Whether a change takes effect with the next start only, not with a reload.
    pub needs_restart: bool,
}

impl Key {
    const fn new(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self { name, kind, many: 0, required: false, unit: "", default: "", doc, needs_restart: false }
    }

    /// A whole number from `min` to `max`, in `unit`.
    #[must_use]
    pub const fn integer(
        name: &'static str,
        (min, max): (i64, i64),
        unit: &'static str,
        doc: &'static str,
    ) -> Self {
        Self { unit, ..Self::new(name, Kind::Integer { min, max }, doc) }
    }

    /// One or several whole numbers from `min` to `max`, in `unit`.
    #[must_use]
    pub const fn span(
        name: &'static str,
        (min, max): (i64, i64),
        unit: &'static str,
        doc: &'static str,
    ) -> Self {
        Self { unit, ..Self::new(name, Kind::Span { min, max }, doc) }
    }

    /// A flag.
    #[must_use]
    pub const fn flag(name: &'static str, doc: &'static str) -> Self {
        Self::new(name, Kind::Flag, doc)
    }

    /// Text of at most `max` bytes.
    #[must_use]
    pub const fn text(name: &'static str, max: usize, doc: &'static str) -> Self {
        Self::new(name, Kind::Text { max }, doc)
    }

    /// One of `words`.
    #[must_use]
    pub const fn choice(name: &'static str, words: &'static [&'static str], doc: &'static str) -> Self {
        Self::new(name, Kind::Choice(words), doc)
    }

    /// An address to listen on.
    #[must_use]
    pub const fn listen(name: &'static str, doc: &'static str) -> Self {
        Self::new(name, Kind::Listen, doc)
    }

    /// An address to connect to.
    #[must_use]
    pub const fn target(name: &'static str, doc: &'static str) -> Self {
        Self::new(name, Kind::Target, doc)
    }

    /// A network.
    #[must_use]
    pub const fn network(name: &'static str, doc: &'static str) -> Self {
        Self::new(name, Kind::Network, doc)
    }

    /// At most `many` tables; `name` ends in `[]`.
    #[must_use]
    pub const fn tables(name: &'static str, many: usize, doc: &'static str) -> Self {
        Self { many, ..Self::new(name, Kind::Tables, doc) }
    }

    /// The same key, for a list of at most `many` values.
    #[must_use]
    pub const fn list(self, many: usize) -> Self {
        Self { many, ..self }
    }

    /// The same key, with a default as TOML writes it.
    #[must_use]
    pub const fn default(self, default: &'static str) -> Self {
        Self { default, ..self }
    }

    /// The same key, of which a running machine does not take another value.
    #[must_use]
    pub const fn needs_restart(self) -> Self {
        Self { needs_restart: true, ..self }
    }

    /// The same key, which must be set.
    #[must_use]
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }
}

/// An error in the configuration: the key, the value, and the bound that it breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The index of the setting in the list; for a key missing in a table, of the table's first setting; otherwise
    /// `None`.
    pub setting: Option<usize>,
    /// The key.
    pub key: String,
    /// The value, as TOML writes it; empty when it is missing.
    pub value: String,
    /// What is wrong, or what the value would have to be.
    pub bound: String,
}

impl core::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { setting: _, key, value, bound } = self;
        if value.is_empty() { write!(f, "{key}: {bound}") } else { write!(f, "{key} = {value}: {bound}") }
    }
}
