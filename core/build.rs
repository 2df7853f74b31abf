//! Names the build: a hash of this package's sources and of the locked versions of what it depends on. Made without
//! git, and the same in every program and profile, so that a trace knows whether it may compare states.

use core::error::Error;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{env, fs};

/// FNV-1a, 128 bits: simple, and the same on every machine.
struct Fnv(u128);

impl Fnv {
    fn feed(&mut self, bytes: &[u8]) {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_le_bytes();
        for byte in length.iter().chain(bytes) {
            self.0 = (self.0 ^ u128::from(*byte)).wrapping_mul(0x0100_0000_0000_0000_0000_013B);
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let mut hash = Fnv(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
    let mut files = BTreeSet::new();
    find_files(&root.join("src"), &mut files)?;
    for file in &files {
        // With slashes, whatever the machine writes.
        let name: Vec<_> = file.strip_prefix(&root)?.iter().map(|part| part.to_string_lossy()).collect();
        hash.feed(name.join("/").as_bytes());
        hash.feed(&fs::read(file)?);
    }
    let lock = root.join("../Cargo.lock");
    match fs::read_to_string(&lock) {
        Ok(text) => locked_versions(&text).iter().for_each(|version| hash.feed(version.as_bytes())),
        Err(_) => hash.feed(b"unlocked"),
    }
    println!("cargo::rustc-env=CTIGATE_CORE_BUILD={:032x}", hash.0);
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", lock.display());
    Ok(())
}

fn find_files(folder: &Path, files: &mut BTreeSet<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find_files(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.insert(path);
        }
    }
    Ok(())
}

/// Name, version and checksum of everything this package depends on, as the lock file has them.
fn locked_versions(lock: &str) -> BTreeSet<String> {
    let mut packages: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in lock.split("[[package]]").skip(1) {
        let name = package.lines().find_map(|line| line.strip_prefix("name = ")).unwrap_or_default();
        packages.entry(name.trim_matches('"')).or_default().push(package);
    }
    let mut seen = BTreeSet::new();
    let mut open = vec!["ctigate-core"];
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
