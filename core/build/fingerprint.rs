//! The name of a build: a hash of the sources that a replay depends on, without tests, and of the locked versions of
//! their dependencies. It does not depend on git, program or profile; a replay compares states only if the build that
//! recorded them has the same name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The text of each file, by its path from the workspace's root, with slashes.
pub(crate) type Sources = BTreeMap<String, String>;

/// The folder of the core's sources, of which the gateway consists.
const CORE: &str = "core/src";
/// The folder of the sources of the phone system and the scripted client, which depend on the core's too.
const PEERS: &str = "core/peers/src";

/// The folders whose sources determine what the machines of `package` do.
pub(crate) fn folders(package: &str) -> &'static [&'static str] {
    if package == "ctigate-core" { &[CORE] } else { &[CORE, PEERS] }
}

/// The workspace's root, given a package's folder in or below it.
pub(crate) fn root(package: &Path) -> Option<&Path> {
    package.ancestors().find(|folder| folder.join(CORE).is_dir())
}

/// Every source of the core and its peers.
///
/// # Errors
/// What cannot be read.
pub(crate) fn sources(root: &Path) -> io::Result<Sources> {
    let mut found = Sources::new();
    let mut open: Vec<PathBuf> = [CORE, PEERS].iter().map(|folder| root.join(folder)).collect();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let inside = path.strip_prefix(root).unwrap_or(&path);
                let names: Vec<_> = inside.iter().map(|name| name.to_string_lossy()).collect();
                found.insert(names.join("/"), fs::read_to_string(&path)?);
            }
        }
    }
    Ok(found)
}

/// The sources that determine what the machines of `package` do: those in its folders, without tests.
pub(crate) fn covered(package: &str, sources: &Sources) -> Sources {
    let lies_in =
        |path: &str, folder: &str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    let is_test = |path: &str| path.split('/').any(|name| matches!(name, "tests" | "tests.rs"));
    let of_package = sources
        .iter()
        .filter(|(path, _)| folders(package).iter().any(|folder| lies_in(path, folder)) && !is_test(path));
    of_package.map(|(path, text)| (path.clone(), without_tests(text))).collect()
}

/// A source without its top-level `#[cfg(test)]` items, such as a module of tests.
fn without_tests(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut in_test = false;
    for line in text.lines() {
        in_test |= line == "#[cfg(test)]";
        if in_test {
            let ends_here = line == "}" || (line.ends_with(';') && !line.starts_with(' '));
            in_test = !ends_here;
        } else {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// The name of the build of `package` from `sources`, with the versions in the lock file `lock`.
pub(crate) fn fingerprint(package: &str, sources: &Sources, lock: &str) -> String {
    let mut hash = Fnv::new();
    for (path, text) in covered(package, sources) {
        hash.feed(path.as_bytes());
        hash.feed(text.as_bytes());
    }
    for version in locked_versions(package, lock) {
        hash.feed(version.as_bytes());
    }
    format!("{:032x}", hash.0)
}

/// Name, version and checksum of `package` and of everything that it depends on, from the lock file.
fn locked_versions(package: &str, lock: &str) -> BTreeSet<String> {
    let mut packages: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in lock.split("[[package]]").skip(1) {
        let name = package.lines().find_map(|line| line.strip_prefix("name = ")).unwrap_or_default();
        packages.entry(name.trim_matches('"')).or_default().push(package);
    }
    let mut seen = BTreeSet::new();
    let mut open = vec![package];
    while let Some(name) = open.pop() {
        for package in packages.get(name).into_iter().flatten() {
            let identity = package.lines().filter(|line| {
                ["name = ", "version = ", "checksum = "].iter().any(|field| line.starts_with(field))
            });
            if seen.insert(identity.collect::<Vec<_>>().join(" ")) {
                let (_, dependencies) = package.split_once("dependencies = [").unwrap_or_default();
                let names = dependencies.lines().filter_map(|line| line.trim().strip_prefix('"'));
                open.extend(names.filter_map(|name| name.split(['"', ' ']).next()));
            }
        }
    }
    seen
}

/// FNV-1a with 128 bits: simple, and the same on every machine.
struct Fnv(u128);

impl Fnv {
    const fn new() -> Self {
        Self(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d)
    }

    /// Feeds `bytes`, preceded by their length, so that the boundaries between parts matter.
    fn feed(&mut self, bytes: &[u8]) {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_le_bytes();
        for byte in length.iter().chain(bytes) {
            self.0 = (self.0 ^ u128::from(*byte)).wrapping_mul(0x0100_0000_0000_0000_0000_013B);
        }
    }
}
