//! The keys of the directory: where it comes from, and its entries as TOML has them.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::keys::KEYS;
use crate::line::directory::import::Attributes;
use crate::line::directory::{Builder, DeviceKind, NewAppearance, NewDevice, NewLine, NewUser, Place, Role};
use crate::line::finding::ServerType;
use crate::setting::{self, Checked, ConfigError, Key, Setting};

/// Who may sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Users of the directory, for the lines that it gives them.
    Listed,
    /// Whoever may speak SIP, for any line.
    Open,
}

/// The lists of tables that may be in other files than the configuration, too.
const IN_FILES: [&str; 4] = ["user[]", "line[]", "device[]", "appearance[]"];

/// Whether a setting's key, or the name of a key, is of an entry of the directory.
#[must_use]
pub fn is_of_directory(key: &str) -> bool {
    IN_FILES.iter().any(|list| {
        let name = list.trim_end_matches("[]");
        key.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '.']))
    })
}

/// Where a request says who its user is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// In From.
    From,
    /// In P-Asserted-Identity (RFC 3325), else in From.
    Asserted,
}

/// Where the directory comes from, and how users, lines and devices are found in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectorySources {
    /// The mode, if it is written out.
    pub mode: Option<Mode>,
    /// Further files with entries, relative to the configuration file. The host reads them.
    pub files: Vec<String>,
    /// The domains in which the user part of a SIP URI is a user ID.
    pub domains: Vec<String>,
    /// Where a request says who its user is.
    pub identity: Identity,
    /// What decides if a line is on several devices.
    pub server: ServerType,
    /// The attributes of an LDAP directory, for imports.
    pub ldap: Attributes,
}

impl DirectorySources {
    pub(super) fn from_checked(checked: &Checked) -> Self {
        let own = || checked.text("sip.domain").map(String::from).into_iter().collect();
        let domains: Vec<String> = checked.texts("directory.domains").map(String::from).collect();
        Self {
            mode: match checked.text("directory.mode") {
                Some("listed") => Some(Mode::Listed),
                Some("open") => Some(Mode::Open),
                _ => None,
            },
            files: checked.texts("directory.files").map(String::from).collect(),
            domains: if domains.is_empty() { own() } else { domains },
            identity: match checked.text("directory.identity") {
                Some("p-asserted-identity") => Identity::Asserted,
                _ => Identity::From,
            },
            server: match checked.text("directory.server") {
                Some("lcs") => ServerType::Lcs,
                _ => ServerType::Ocs,
            },
            ldap: attributes(checked),
        }
    }

    /// The mode that counts: listed, unless it is written out or there is no user.
    #[must_use]
    pub fn mode(&self, has_users: bool) -> Mode {
        self.mode.unwrap_or(if has_users { Mode::Listed } else { Mode::Open })
    }
}

fn attributes(checked: &Checked) -> Attributes {
    let names = |field: &str| {
        let names = checked.text(&format!("directory.ldap.{field}")).unwrap_or_default();
        names.split_ascii_whitespace().map(String::from).collect()
    };
    Attributes {
        id: names("id"),
        name: names("name"),
        mail: names("mail"),
        sip: names("sip"),
        line: names("line"),
        number: names("number"),
    }
}

/// The attributes by their default names.
#[must_use]
pub fn default_attributes() -> Attributes {
    attributes(&setting::check(KEYS, &[]).0)
}

/// Everything that is wrong with the settings of a file that may only have entries of the directory.
#[must_use]
pub fn check_entries(settings: &[Setting]) -> Vec<ConfigError> {
    let keys: Vec<Key> = KEYS.iter().filter(|key| is_of_directory(key.name)).copied().collect();
    setting::check(&keys, settings).1
}

/// Adds the entries of the directory among `settings`; `place` tells where a setting is, by its index in the list. What
/// is wrong with a setting by itself is for [`check_entries`] or [`super::Config::from_settings`] to say.
pub fn add_entries(settings: &[Setting], builder: &mut Builder, place: &dyn Fn(usize) -> Place) {
    let (checked, _) = setting::check(KEYS, settings);
    let table = |key| Table { checked: &checked, key, place };
    for name in checked.tables("user") {
        add_user(builder, &table(name));
    }
    for name in checked.tables("line") {
        add_line(builder, &table(name));
    }
    for name in checked.tables("device") {
        add_device(builder, &table(name));
    }
    for name in checked.tables("appearance") {
        add_appearance(builder, &table(name));
    }
}

/// One entry.
struct Table<'c> {
    checked: &'c Checked,
    key: String,
    place: &'c dyn Fn(usize) -> Place,
}

impl Table<'_> {
    fn key_of(&self, field: &str) -> String {
        format!("{}.{field}", self.key)
    }

    /// The text by which the entry is known, and its place; `None` if it has none, which is an error of its own.
    fn name(&self, field: &str) -> Option<(&str, Place)> {
        let key = self.key_of(field);
        Some((self.checked.text(&key)?, (self.place)(self.checked.index(&key)?)))
    }

    fn text(&self, field: &str) -> &str {
        self.checked.text(&self.key_of(field)).unwrap_or_default()
    }

    fn texts(&self, field: &str) -> Vec<&str> {
        self.checked.texts(&self.key_of(field)).collect()
    }
}

fn add_user(builder: &mut Builder, table: &Table<'_>) {
    let Some((id, place)) = table.name("id") else { return };
    let user = NewUser {
        id,
        mail: table.text("mail"),
        sip: &table.texts("sip"),
        name: table.text("name"),
        enabled: table.checked.flag(&table.key_of("enabled")),
        role: if table.text("role") == "administrator" { Role::Administrator } else { Role::User },
        lines: &table.texts("lines"),
    };
    builder.user(place, &user);
}

fn add_line(builder: &mut Builder, table: &Table<'_>) {
    let Some((number, place)) = table.name("number") else { return };
    let [partition, e164, label] = ["partition", "e164", "label"].map(|field| table.text(field));
    builder.line(place, &NewLine { number, partition, e164, label });
}

fn add_device(builder: &mut Builder, table: &Table<'_>) {
    let Some((name, place)) = table.name("name") else { return };
    let kind = if table.text("kind") == "soft" { DeviceKind::Soft } else { DeviceKind::Hard };
    let (description, lines) = (table.text("description"), table.texts("lines"));
    builder.device(place, &NewDevice { name, kind, description, lines: &lines });
}

fn add_appearance(builder: &mut Builder, table: &Table<'_>) {
    let Some((line, place)) = table.name("line") else { return };
    let (device, device_id) = (table.text("device"), table.text("device_id"));
    let index = table.checked.number(&table.key_of("index"));
    builder.appearance(place, &NewAppearance { line, device, index, device_id });
}
