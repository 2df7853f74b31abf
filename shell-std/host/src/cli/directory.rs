//! The directory of users and lines, as the configuration and the files that it names have it.

use std::fs;
use std::path::Path;

use ctigate_core::config::{self, Config, KEYS, Mode};
use ctigate_core::line::directory::import::{Attributes, Import};
use ctigate_core::line::directory::{Builder, Directory, LeftOut, Mistakes, Place};
use ctigate_core::line::rules::Rules;
use ctigate_core::setting::{self, ConfigError};

use super::configuration::{Configuration, line_and_column};

mod encoding;
mod replace;
mod table;

pub(crate) use replace::replace;

/// The most bytes of one directory file, and of one file to import.
pub(crate) const MAX_BYTES: u64 = 1 << 30;

/// A configuration file with all that it says.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) configuration: Configuration,
    pub(crate) config: Config,
    pub(crate) directory: Directory,
}

impl Loaded {
    /// The address that other hosts reach although any line may be controlled, with its key; `None` if there is none, or
    /// only users of the directory may sign in.
    pub(crate) fn open_address(&self) -> Option<(&'static str, String)> {
        let Config { sip, directory, .. } = &self.config;
        let addresses = sip.tcp.iter().map(|address| ("sip.tcp", address));
        let mut addresses = addresses.chain(sip.udp.iter().map(|address| ("sip.udp", address)));
        let reached = addresses.find(|(_, address)| !address.ip().is_loopback());
        let is_open = directory.mode(!self.directory.is_empty()) == Mode::Open;
        reached.filter(|_| is_open).map(|(key, address)| (key, address.to_string()))
    }
}

/// Reads a configuration, and the directory from it and from the files that it names.
///
/// # Errors
/// A line for everything that is wrong, bounded.
pub(crate) fn load(path: &Path) -> Result<Loaded, Vec<String>> {
    let configuration = Configuration::read(path).map_err(|complaint| vec![complaint])?;
    let config = Config::from_settings(configuration.settings());
    let mut complaints = match &config {
        Ok(_) => Vec::new(),
        Err(errors) => configuration.complaints(errors),
    };
    let (checked, _) = setting::check(KEYS, configuration.settings());
    let mut builder = Builder::new();
    add_tables(&mut builder, &configuration);
    let beside = path.parent().unwrap_or(Path::new(""));
    let mut is_whole = checked.is_sound("directory.files");
    for file in checked.texts("directory.files") {
        match add_file(&mut builder, &beside.join(file)) {
            Ok(wrong) => complaints.extend(wrong),
            Err(unread) => {
                complaints.push(unread);
                is_whole = false;
            }
        }
    }
    // What is missing in a file that cannot be read is not unknown.
    let directory = match builder.build() {
        Ok(directory) => directory,
        Err(mistakes) => {
            if is_whole {
                complaints.extend(lines_of(&mistakes));
            }
            Directory::empty()
        }
    };
    match config {
        Ok(config) if complaints.is_empty() => refuse_silence(Loaded { configuration, config, directory }),
        _ => Err(complaints),
    }
}

/// A line for each mistake, and one that says how many more there are.
pub(crate) fn lines_of(mistakes: &Mistakes) -> Vec<String> {
    mistakes.to_string().lines().map(String::from).collect()
}

/// That strangers may control any line must be written out.
fn refuse_silence(loaded: Loaded) -> Result<Loaded, Vec<String>> {
    let Some((key, address)) = loaded.open_address().filter(|_| loaded.config.directory.mode.is_none())
    else {
        return Ok(loaded);
    };
    let bound = format!(
        "is missing: other hosts reach {address}, and there is no user; \"listed\" lets in only users of the directory, \
         \"open\" whoever may speak SIP, for any line"
    );
    let setting = loaded.configuration.index(key);
    let error = ConfigError { setting, key: "directory.mode".into(), value: String::new(), bound };
    Err(loaded.configuration.complaints(&[error]))
}

/// Adds the directory's tables in a TOML file.
fn add_tables(builder: &mut Builder, configuration: &Configuration) {
    let file = builder.file(configuration.file());
    let places = configuration.places();
    config::add_entries(configuration.settings(), builder, &|index| {
        let (line, column) = places.get(index).copied().unwrap_or_default();
        Place::new(file, line).column(column)
    });
}

/// Adds the entries of a file: TOML if its name says so, otherwise a directory file. Returns what is wrong with TOML's
/// keys and values; other mistakes are the builder's.
///
/// # Errors
/// Why it cannot be read.
pub(crate) fn add_file(builder: &mut Builder, path: &Path) -> Result<Vec<String>, String> {
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml")) {
        let configuration = Configuration::read(path)?;
        add_tables(builder, &configuration);
        return Ok(configuration.complaints(&config::check_entries(configuration.settings())));
    }
    let name = path.display().to_string();
    let bytes = read_bounded(path).map_err(|why| format!("{name}: cannot read it: {why}"))?;
    match core::str::from_utf8(&bytes) {
        Ok(text) => {
            builder.read(text, &name);
            Ok(Vec::new())
        }
        Err(error) => {
            let (line, column) = line_and_column(&String::from_utf8_lossy(&bytes), error.valid_up_to());
            Err(format!("{name}:{line}:{column}: this is not UTF-8, as a directory file must be"))
        }
    }
}

/// Reads a file of at most [`MAX_BYTES`].
///
/// # Errors
/// Why it cannot be read.
pub(crate) fn read_bounded(path: &Path) -> Result<Vec<u8>, String> {
    let size = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > MAX_BYTES {
        return Err(format!("it has {size} bytes, and must have at most {MAX_BYTES}"));
    }
    fs::read(path).map_err(|error| error.to_string())
}

/// What an import found.
#[derive(Debug)]
pub(crate) struct Imported {
    /// What has no mistakes.
    pub(crate) directory: Directory,
    pub(crate) mistakes: Mistakes,
    pub(crate) left_out: LeftOut,
    /// Entries of an LDAP directory without a user ID.
    pub(crate) ignored: usize,
}

/// Imports a table or, with the names of `attributes`, LDIF; `name` is its name in mistakes. The rules make the numbers of
/// lines.
pub(crate) fn import(bytes: &[u8], name: &str, rules: Rules, attributes: Option<&Attributes>) -> Imported {
    let text = encoding::decode(bytes);
    let mut import = Import::new(rules);
    match attributes {
        Some(attributes) => import.ldif(&text, name, attributes),
        None => table::add(&mut import, &text, name),
    }
    let ignored = import.ignored();
    let (directory, mistakes, left_out) = import.finish();
    Imported { directory, mistakes, left_out, ignored }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// A folder that is removed at the end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("ctigate-{name}-{}", std::process::id()));
            fs::create_dir_all(&folder).unwrap();
            Self(folder)
        }

        /// Loads a configuration beside whose least it has `text`; complaints without the folder's name.
        fn load(&self, text: &str) -> Result<Loaded, Vec<String>> {
            let file = self.0.join("gateway.toml");
            let least = "[sip]\ntcp = [\"127.0.0.1:0\"]\n[[cti.connection]]\naddress = \"pbx:1040\"\n";
            fs::write(&file, format!("{least}{text}")).unwrap();
            let folder = format!("{}/", self.0.display());
            let plain =
                |complaints: Vec<String>| complaints.iter().map(|one| one.replace(&folder, "")).collect();
            load(&file).map_err(plain)
        }

        fn write(&self, name: &str, bytes: &[u8]) {
            fs::write(self.0.join(name), bytes).unwrap();
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn the_directory_comes_from_the_configuration_and_the_files_it_names() {
        let folder = Folder::new("sources");
        folder.write("people.toml", b"[[user]]\nid = \"bob\"\nlines = [\"1001\", \"1002\"]\n");
        folder.write("imported", b"ctigate directory 1\nline 1002\nuser carol line=1001\n");
        let text = "[directory]\nfiles = [\"people.toml\", \"imported\"]\n[[user]]\nid = \"alice\"\n\
            [[line]]\nnumber = \"1001\"\n";
        let Loaded { directory, config, .. } = folder.load(text).unwrap();
        let users: Vec<_> = directory.users().map(|user| directory.user(user).id).collect();
        assert_eq!(users, ["alice", "bob", "carol"]);
        assert_eq!((config.directory.mode(true), directory.lines().len()), (Mode::Listed, 2));
    }

    #[test]
    fn every_mistake_is_told_whatever_file_it_is_in() {
        let folder = Folder::new("mistakes");
        folder.write("people.toml", b"[sip]\nudp = []\n[[user]]\nid = \"Alice\"\n");
        folder.write("imported", b"ctigate directory 1\nuser carol line=1001\n");
        let text = "[directory]\nfiles = [\"people.toml\", \"imported\"]\nmood = 1\n[[user]]\nid = \"alice\"\n\
            [[line]]\nnumber = \"1001\"\ne164 = \"1001\"\n[[line]]\nnumber = \"1 2\"\n";
        let complaints = folder.load(text).unwrap_err();
        let starts = [
            "gateway.toml:7:8: directory.mood = 1: is not a key; the nearest is directory.mode",
            "people.toml:2:7: sip.udp = []: is not a key",
            "gateway.toml:11:10: line \"1001\": e164 \"1001\": must be an E.164 number",
            "gateway.toml:14:10: line \"1 2\": the number must be",
            "people.toml:4:6: user \"Alice\": is there already, in gateway.toml:9:6",
        ];
        assert_eq!(complaints.len(), starts.len(), "{complaints:#?}");
        for (complaint, start) in complaints.iter().zip(starts) {
            assert!(complaint.starts_with(start), "{complaint}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named_and_nothing_is_said_of_what_it_lacks() {
        let folder = Folder::new("unread");
        folder.write("latin", b"ctigate directory 1\nuser J\xf6rg\n");
        let text = "[directory]\nfiles = [\"none\", \"latin\"]\n[[user]]\nid = \"a\"\nlines = [\"1\"]\n";
        let complaints = folder.load(text).unwrap_err();
        assert_eq!(
            complaints,
            [
                "none: cannot read it: No such file or directory (os error 2)",
                "latin:2:7: this is not UTF-8, as a directory file must be",
            ]
        );
    }

    #[test]
    fn strangers_are_let_in_silently_on_loopback_addresses_only() {
        let folder = Folder::new("open");
        folder.load("").unwrap();
        let wide = "[directory]\n[[user]]\nid = \"a\"\n";
        let load = |more: &str| {
            let file = folder.0.join("wide.toml");
            let text = format!(
                "[sip]\ntcp = [\"127.0.0.1:0\", \"0.0.0.0:0\"]\n[[cti.connection]]\naddress = \"pbx:1\"\n{more}"
            );
            fs::write(&file, text).unwrap();
            load(&file).map(|loaded| loaded.open_address())
        };
        let [complaint] = load("").unwrap_err().try_into().unwrap();
        let expected =
            "wide.toml:2:7: directory.mode: is missing: other hosts reach 0.0.0.0:0, and there is no user;";
        assert!(complaint.contains(expected), "{complaint}");
        assert_eq!(load("[directory]\nmode = \"open\"\n"), Ok(Some(("sip.tcp", "0.0.0.0:0".into()))));
        assert_eq!(load("[directory]\nmode = \"listed\"\n"), Ok(None));
        assert_eq!(load(wide), Ok(None));
    }
}
