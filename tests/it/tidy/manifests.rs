//! Rules for Cargo's files: lint tables and dependencies.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::{files, read, root};

/// The lints that enforce the workspace's rules.
const LINTS: [&str; 16] = [
    "unsafe_code = \"forbid\"",
    "missing_docs = \"warn\"",
    "unreachable_pub = \"warn\"",
    "unnameable_types = \"warn\"",
    "pedantic = { level = \"warn\", priority = -1 }",
    "as_conversions = \"warn\"",
    "expect_used = \"warn\"",
    "float_arithmetic = \"warn\"",
    "indexing_slicing = \"warn\"",
    "panic = \"warn\"",
    "print_stderr = \"warn\"",
    "print_stdout = \"warn\"",
    "std_instead_of_core = \"warn\"",
    "string_slice = \"warn\"",
    "unwrap_used = \"warn\"",
    "wildcard_enum_match_arm = \"warn\"",
];

/// The lines of a manifest's lint tables, whether they are a package's or a workspace's.
fn lint_table(manifest: &str) -> BTreeSet<String> {
    let mut kind = None;
    let mut found = BTreeSet::new();
    for line in manifest.lines().map(str::trim) {
        if let Some(table) = line.strip_prefix('[') {
            let table = table.trim_end_matches(']');
            kind =
                table.strip_prefix("workspace.").unwrap_or(table).strip_prefix("lints.").map(str::to_owned);
        } else if let Some(kind) = &kind
            && !line.is_empty()
            && !line.starts_with('#')
        {
            found.insert(format!("{kind}: {line}"));
        }
    }
    found
}

/// The dependencies of a package and theirs, as `name version`.
fn tree(lock: &str, package: &str) -> BTreeSet<String> {
    let mut versions = BTreeMap::new();
    let mut needs: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in lock.split("[[package]]").skip(1) {
        let field = |name: &str| {
            let line = entry.lines().find_map(|line| line.strip_prefix(&format!("{name} = ")))?;
            Some(line.trim_matches('"').to_owned())
        };
        let (Some(name), Some(version)) = (field("name"), field("version")) else { continue };
        let listed = entry.split_once("dependencies = [").map_or("", |(_, rest)| rest);
        let listed = listed.split_once(']').map_or("", |(listed, _)| listed);
        let quoted = listed.split('"').skip(1).step_by(2);
        // An entry is a name alone, or with its version where there are several.
        let needed = quoted.map(|word| word.split(' ').next().unwrap_or_default().to_owned());
        needs.entry(name.clone()).or_default().extend(needed);
        versions.insert(name, version);
    }
    let mut found = BTreeSet::new();
    let mut open = vec![package.to_owned()];
    while let Some(name) = open.pop() {
        for needed in needs.get(&name).into_iter().flatten() {
            let version = versions.get(needed).map_or("?", String::as_str);
            if found.insert(format!("{needed} {version}")) {
                open.push(needed.clone());
            }
        }
    }
    found
}

#[test]
fn the_lint_table_is_complete() {
    let manifest = read("Cargo.toml").unwrap();
    for lint in LINTS {
        assert!(manifest.lines().any(|line| line == lint), "the root's Cargo.toml lacks «{lint}»");
    }
}

#[test]
fn every_package_takes_the_lint_table() {
    for path in files() {
        if path.ends_with("/Cargo.toml") && !path.starts_with("fuzz/") {
            let manifest = read(&path).unwrap();
            assert!(manifest.contains("[lints]\nworkspace = true"), "{path} lacks [lints] workspace = true");
        }
    }
}

#[test]
fn the_fuzz_targets_have_the_same_lint_table() {
    let there = files().contains(&"fuzz/Cargo.toml".to_owned());
    let fuzz = if there { read("fuzz/Cargo.toml").unwrap() } else { read("Cargo.toml").unwrap() };
    let (ours, theirs) = (lint_table(&read("Cargo.toml").unwrap()), lint_table(&fuzz));
    let missing: Vec<&String> = ours.difference(&theirs).collect();
    let surplus: Vec<&String> = theirs.difference(&ours).collect();
    assert!(
        missing.is_empty() && surplus.is_empty(),
        "fuzz/Cargo.toml: the lint table lacks {missing:?} and has too much {surplus:?}"
    );
}

#[test]
fn the_core_depends_on_what_is_listed() {
    let found: String =
        tree(&read("Cargo.lock").unwrap(), "ctigate-core").into_iter().map(|line| line + "\n").collect();
    if std::env::var_os("BLESS").is_some() {
        fs::write(root().join("core/dependencies.txt"), &found).unwrap();
    }
    let listed = read("core/dependencies.txt").unwrap();
    assert!(
        found == listed,
        "Cargo.lock gives the core these dependencies:\n{found}\ncore/dependencies.txt lists:\n{listed}\n\
         if that is meant: BLESS=1 cargo test -p ctigate-tests the_core_depends, and say why in the commit"
    );
}

#[test]
fn the_peers_depend_on_the_core_and_on_nothing_that_it_lacks() {
    let lock = read("Cargo.lock").unwrap();
    let (core, peers) = (tree(&lock, "ctigate-core"), tree(&lock, "ctigate-peers"));
    let surplus: Vec<_> = peers.difference(&core).map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(surplus, ["ctigate-core"], "what else core/peers needs must be worth it to the core");
}

#[test]
fn the_core_has_no_features() {
    for path in ["core/Cargo.toml", "core/peers/Cargo.toml"] {
        let manifest = read(path).unwrap();
        assert!(!manifest.contains("[features]"), "{path}: features are united across a build; use values");
    }
}

#[test]
fn arrows_point_inwards() {
    let allowed: [(&str, &[&str]); 6] = [
        ("core", &[]),
        ("core/peers", &["ctigate-core"]),
        ("shell-std/host", &["ctigate-core", "ctigate-peers"]),
        ("shell-std", &["ctigate-core", "ctigate-host", "ctigate-tests"]),
        ("shell-smol", &["ctigate-core", "ctigate-host", "ctigate-tests"]),
        ("tests", &["ctigate-core", "ctigate-peers"]),
    ];
    for (package, allowed) in allowed {
        let manifest = read(&format!("{package}/Cargo.toml")).unwrap();
        let normal = manifest.split_once("[dependencies]").map_or("", |(_, rest)| rest);
        let normal = normal.split_once("\n[").map_or(normal, |(normal, _)| normal);
        for line in normal.lines().filter(|line| line.starts_with("ctigate-")) {
            let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
            assert!(allowed.contains(&name), "{package}/Cargo.toml: {package} may not depend on {name}");
        }
    }
}

#[test]
fn the_rules_find_their_offenders() {
    let manifest = "[lints.rust]\nunsafe_code = \"forbid\"\n\n# no\n[workspace.lints.clippy]\npanic = \"warn\"\n[x]\ny = 1\n";
    let found: Vec<String> = lint_table(manifest).into_iter().collect();
    assert_eq!(found, ["clippy: panic = \"warn\"", "rust: unsafe_code = \"forbid\""]);
    let lock = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\ndependencies = [\n \"b\",\n]\n\n\
                [[package]]\nname = \"b\"\nversion = \"2.0.0\"\ndependencies = [\n \"c 3.0.0\",\n]\n\n\
                [[package]]\nname = \"c\"\nversion = \"3.0.0\"\n\n[[package]]\nname = \"d\"\nversion = \"4.0.0\"\n";
    let found: Vec<String> = tree(lock, "a").into_iter().collect();
    assert_eq!(found, ["b 2.0.0", "c 3.0.0"]);
}
