//! Changing the configuration and the directory in a run, whole: what a running gateway is to change to, and which of the
//! changes it can make.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use super::{Config, KEYS};
use crate::digest::Digester;
use crate::line::directory::Directory;
use crate::setting::{ConfigError, Kind, Setting, Value, find, read_value};

/// A configuration and a directory that a running gateway changes to, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reload {
    settings: Vec<Setting>,
    config: Config,
    directory: Option<DirectoryVersion>,
}

/// A version of the directory, by its hash; with the directory itself, once it was found.
#[derive(Clone)]
pub struct DirectoryVersion {
    hash: u128,
    directory: Option<Arc<Directory>>,
}

/// Two are equal if their directories say the same.
impl PartialEq for DirectoryVersion {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash
    }
}

impl Eq for DirectoryVersion {}

/// It is shown by its hash.
impl fmt::Display for DirectoryVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.hash)
    }
}

/// The same, whatever its size.
impl fmt::Debug for DirectoryVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Arc<Directory>> for DirectoryVersion {
    fn from(directory: Arc<Directory>) -> Self {
        Self { hash: directory.hash(), directory: Some(directory) }
    }
}

impl DirectoryVersion {
    /// The version with this hash, which is still to be found.
    #[must_use]
    pub const fn of_hash(hash: u128) -> Self {
        Self { hash, directory: None }
    }

    /// The hash.
    #[must_use]
    pub const fn hash(&self) -> u128 {
        self.hash
    }

    /// The directory, if it was found.
    #[must_use]
    pub const fn directory(&self) -> Option<&Arc<Directory>> {
        self.directory.as_ref()
    }

    /// Finds the directory by its hash, unless it was found before.
    ///
    /// # Errors
    /// The hash, if `find` does not find it.
    pub fn find(&mut self, find: &mut FindDirectory<'_>) -> Result<(), u128> {
        if self.directory.is_none() {
            self.directory = Some(find(self.hash).ok_or(self.hash)?);
        }
        Ok(())
    }
}

/// Finds a directory by its hash.
pub type FindDirectory<'f> = dyn FnMut(u128) -> Option<Arc<Directory>> + 'f;

impl Reload {
    /// Checks `settings`, which leave out the directory's entries. Without a directory, any line may be controlled.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn new(settings: Vec<Setting>, directory: Option<Arc<Directory>>) -> Result<Self, Vec<ConfigError>> {
        let config = Config::from_settings(&settings)?;
        Ok(Self { settings, config, directory: directory.map(DirectoryVersion::from) })
    }

    /// The same with a version of the directory that may still have to be found before a gateway changes to it.
    ///
    /// # Errors
    /// Everything that is wrong with the settings.
    pub fn of_version(
        settings: Vec<Setting>,
        directory: Option<DirectoryVersion>,
    ) -> Result<Self, Vec<ConfigError>> {
        Ok(Self { directory, ..Self::new(settings, None)? })
    }

    /// Finds the directory by its hash, unless it was found before.
    ///
    /// # Errors
    /// The hash, if `find` does not find it.
    pub fn find(&mut self, find: &mut FindDirectory<'_>) -> Result<(), u128> {
        self.directory.as_mut().map_or(Ok(()), |version| version.find(find))
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &[Setting] {
        &self.settings
    }

    /// The configuration.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// The version of the directory; `None` if any line may be controlled.
    #[must_use]
    pub const fn version(&self) -> Option<&DirectoryVersion> {
        self.directory.as_ref()
    }

    /// The directory, if there is one and it was found.
    #[must_use]
    pub fn directory(&self) -> Option<&Arc<Directory>> {
        self.directory.as_ref()?.directory()
    }

    /// Whether there is no directory, or it was found.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.directory.as_ref().is_none_or(|version| version.directory.is_some())
    }

    /// A fingerprint of the settings.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let mut digester = Digester::new();
        for setting in &self.settings {
            digester.text(&alloc::format!("{setting}"));
        }
        digester.finish()
    }
}

/// How a running gateway can follow a changed configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The settings that it changes to: the wanted ones, except for what needs a restart.
    pub settings: Vec<Setting>,
    /// The keys that change.
    pub changed: Vec<String>,
    /// The keys that differ, too, but cannot change in a run.
    pub needs_restart: Vec<String>,
}

/// Finds out which of the differences between the settings that a gateway runs with and others it can follow. Entries of
/// the directory are not to be among them.
///
/// Tables of a list are told apart by their places only. So if one of a list needs a restart, the whole list does.
#[must_use]
pub fn change(running: &[Setting], wanted: &[Setting]) -> Change {
    let (running, wanted) = (Values::of(running), Values::of(wanted));
    let mut change = Change::default();
    let lists: BTreeSet<&str> =
        running.tables.keys().chain(wanted.tables.keys()).map(String::as_str).collect();
    for list in lists {
        let is_fixed = |key: &str| find(KEYS, key).is_none_or(|key| key.needs_restart);
        let differing = running.differing(&wanted, |key| list_of(key) == Some(list));
        let tables = (running.tables.get(list), wanted.tables.get(list));
        let is_resized = tables.0 != tables.1;
        let is_table_fixed = KEYS.iter().any(|key| {
            key.kind == Kind::Tables && key.needs_restart && key.name.strip_suffix("[]") == Some(list)
        });
        let stays = (is_resized && is_table_fixed) || differing.iter().any(|key| is_fixed(key));
        let names = if stays { &mut change.needs_restart } else { &mut change.changed };
        if is_resized {
            names.push(list.into());
        } else {
            names.extend(differing);
        }
        let kept = if stays { &running } else { &wanted };
        change.settings.extend(kept.settings(|key| list_of(key) == Some(list)));
    }
    for key in running.differing(&wanted, |key| list_of(key).is_none()) {
        let needs_restart = find(KEYS, &key).is_none_or(|key| key.needs_restart);
        let (names, kept) = if needs_restart {
            (&mut change.needs_restart, &running)
        } else {
            (&mut change.changed, &wanted)
        };
        change.settings.extend(kept.settings(|other| other == key));
        names.push(key);
    }
    let same = running.settings(|key| list_of(key).is_none() && running.value(key) == wanted.value(key));
    change.settings.extend(same);
    change
}

/// The outermost list of tables that a key is in.
fn list_of(key: &str) -> Option<&str> {
    key.split_once('[').map(|(list, _)| list)
}

/// Settings by key.
struct Values<'s> {
    set: BTreeMap<&'s str, &'s Value>,
    /// Of each list of tables, the outermost, the tables' beginnings.
    tables: BTreeMap<String, BTreeSet<&'s str>>,
}

impl<'s> Values<'s> {
    fn of(settings: &'s [Setting]) -> Self {
        let mut values = Self { set: BTreeMap::new(), tables: BTreeMap::new() };
        for Setting { key, value } in settings {
            if let (Some(list), Some((table, _))) = (list_of(key), key.split_once(']')) {
                values.tables.entry(list.into()).or_default().insert(table);
            }
            values.set.insert(key, value);
        }
        values
    }

    /// The value of a key, or its default.
    fn value(&self, key: &str) -> Option<Value> {
        let default = || read_value(find(KEYS, key)?.default).ok();
        self.set.get(key).map(|value| (*value).clone()).or_else(default)
    }

    /// The keys among those that `which` holds for whose values differ.
    fn differing(&self, other: &Self, which: impl Fn(&str) -> bool) -> Vec<String> {
        let keys: BTreeSet<&str> = self.set.keys().chain(other.set.keys()).copied().collect();
        let differs = |key: &&str| which(key) && self.value(key) != other.value(key);
        keys.into_iter().filter(differs).map(String::from).collect()
    }

    /// The settings that `which` holds for.
    fn settings<'a>(&'a self, which: impl Fn(&str) -> bool + 'a) -> impl Iterator<Item = Setting> + 'a {
        let set = self.set.iter().filter(move |(key, _)| which(key));
        set.map(|(key, value)| Setting { key: String::from(*key), value: (*value).clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setting::read_line;

    const LEAST: [&str; 2] = ["sip.tcp = [\"127.0.0.1:0\"]", "cti.connection[0].address = \"pbx:1\""];

    fn settings(more: &[&str]) -> Vec<Setting> {
        let replaced = |line: &&&str| {
            let key = line.split(' ').next().unwrap();
            !more.iter().any(|other| other.starts_with(&alloc::format!("{key} ")))
        };
        LEAST.iter().filter(replaced).chain(more).map(|line| read_line(line).unwrap()).collect()
    }

    fn changed(running: &[&str], wanted: &[&str]) -> (Vec<String>, Vec<String>, Config) {
        let Change { settings: result, changed, needs_restart } =
            change(&settings(running), &settings(wanted));
        (changed, needs_restart, Config::from_settings(&result).unwrap())
    }

    /// A key that is not among them can change in a run: where it is used, the present configuration is read.
    #[test]
    fn each_key_says_whether_it_can_change_in_a_run() {
        let needs_restart: Vec<_> = KEYS.iter().filter(|key| key.needs_restart).map(|key| key.name).collect();
        assert_eq!(
            needs_restart,
            [
                "sip.tcp",
                "sip.udp",
                "cti.application",
                "cti.session",
                "cti.session_duration",
                "cti.edition",
                "cti.rate",
                "cti.connection[]",
                "cti.connection[].address",
                "cti.connection[].kind",
                "cti.connection[].name",
                "cti.connection[].switch",
                "cti.connection[].login",
                "cti.connection[].user",
                "cti.connection[].password_file",
                "cti.connection[].password_env",
                "cti.connection[].context",
                "cti.connection[].obedient",
                "cti.connection[].obedient_user_agents",
                "cti.connection[].learn_obedience",
                "cti.connection[].families",
                "cti.connection[].poll",
                "cti.connection[].mailbox_context",
                "cti.connection[].pickup",
                "cti.connection[].group_pickup",
                "cti.connection[].rooms",
                "cti.connection[].channels",
                "cti.connection[].auto_answer",
                "cti.connection[].auto_answer_call_info",
                "cti.connection[].auto_answer_alert_info",
                "cti.connection[].answer_prompts",
                "cti.connection[].protocol",
                "cti.connection[].device_id",
                "cti.connection[].dialled_id",
                "cti.connection[].switch_name",
                "cti.connection[].features",
                "limits.links",
                "limits.sessions",
                "limits.monitors_per_session",
                "limits.selections",
                "limits.transactions",
                "limits.unacknowledged",
                "limits.message_bytes",
                "limits.headers",
                "limits.xml_depth",
                "limits.xml_elements",
                "limits.xml_attributes",
                "log.format",
                "control.socket",
                "store.path",
            ]
        );
    }

    #[test]
    fn what_can_change_does_and_what_cannot_stays_and_is_named() {
        let (changed, needs_restart, config) = changed(
            &["sip.linger = 3000", "limits.links = 50"],
            &["sip.domain = \"example.com\"", "limits.links = 60", "sip.udp = [\"127.0.0.1:0\"]"],
        );
        assert_eq!(changed, ["sip.domain", "sip.linger"]);
        assert_eq!(needs_restart, ["limits.links", "sip.udp"]);
        assert_eq!((config.sip.domain.as_deref(), config.sip.linger), (Some("example.com"), 2100));
        assert_eq!((config.limits.links, config.sip.udp.len(), config.sip.tcp.len()), (50, 0, 1));
    }

    #[test]
    fn a_default_that_is_written_out_is_no_change() {
        let (changed, needs_restart, _) =
            changed(&["limits.links = 10000"], &["sip.linger = 2100", "log.format = \"logfmt\""]);
        assert_eq!((changed.len(), needs_restart.len()), (0, 0));
    }

    #[test]
    fn a_list_of_connections_changes_only_where_none_needs_a_restart() {
        let two = |second: &'static str, flag: &'static str| {
            ["cti.connection[1].address = \"two:1\"", second, flag]
        };
        let (foreign, own) =
            ("cti.connection[1].foreign_calls = true", "cti.connection[0].private_data = true");
        let name = "cti.connection[1].name = \"b\"";
        let (changed_keys, needs_restart, config) = changed(&two(name, name), &two(name, foreign));
        assert_eq!(
            (changed_keys, needs_restart.len()),
            (Vec::from(["cti.connection[1].foreign_calls".into()]), 0)
        );
        assert!(config.cti.connections[1].foreign_calls);
        let (changed_keys, needs_restart, config) = changed(&two(name, name), &two(foreign, own));
        assert_eq!(changed_keys.len(), 0);
        let keys =
            ["cti.connection[0].private_data", "cti.connection[1].foreign_calls", "cti.connection[1].name"];
        assert_eq!(needs_restart, keys);
        assert!(!config.cti.connections[1].foreign_calls && !config.cti.connections[0].private_data);
        let (changed_keys, needs_restart, config) = changed(&[], &two(foreign, own));
        assert_eq!((changed_keys.len(), needs_restart), (0, Vec::from(["cti.connection".into()])));
        assert_eq!(config.cti.connections.len(), 1);
    }

    #[test]
    fn a_directory_known_by_its_hash_is_found_once() {
        let directory = Arc::new(Directory::read("ctigate directory 1\nuser alice\n", "test").unwrap());
        let version = Some(DirectoryVersion::of_hash(directory.hash()));
        let mut reload = Reload::of_version(settings(&[]), version).unwrap();
        assert_eq!(reload.find(&mut |_| None), Err(directory.hash()));
        assert!(!reload.is_whole());
        assert_eq!(reload.find(&mut |_| Some(Arc::clone(&directory))), Ok(()));
        assert!(reload.is_whole() && reload.find(&mut |_| None).is_ok());
        assert_eq!(reload, Reload::new(settings(&[]), Some(directory)).unwrap());
        assert_ne!(reload, Reload::new(settings(&[]), None).unwrap());
    }
}
