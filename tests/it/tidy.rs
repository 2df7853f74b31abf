//! The repository's own rules, as tests. Each rule is a function of a file's text that returns what is wrong with it;
//! it is shown to find an offender, and applied to every file.

mod arrows;
mod calls;
mod canaries;
mod layout;
mod manifests;
mod sources;

use core::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// The repository's root.
fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the tests' folder has a parent").to_owned()
}

/// Folders with generated files.
const MADE: [&str; 5] = ["target", ".git", "corpus", "artifacts", "coverage"];

/// Every file of the repository, as a path from its root with `/` between folders, in order.
fn files() -> Vec<String> {
    let root = root();
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder can be listed") {
            let path = entry.expect("an entry can be read").path();
            let name = path.file_name().and_then(|name| name.to_str()).expect("names are text").to_owned();
            if MADE.contains(&name.as_str()) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                let inside = path.strip_prefix(&root).expect("it lies in the root");
                found.push(inside.to_str().expect("names are text").replace('\\', "/"));
            }
        }
    }
    found.sort();
    found
}

/// A file's text; nothing for a file that is not text.
fn read(path: &str) -> Option<String> {
    String::from_utf8(fs::read(root().join(path)).expect("a file can be read")).ok()
}

/// The files whose names end like this, with their texts.
fn texts(end: &str) -> Vec<(String, String)> {
    let named = files().into_iter().filter(|path| path.ends_with(end));
    named.filter_map(|path| read(&path).map(|text| (path, text))).collect()
}

/// What a rule has found: where (a line counted from 1) and what.
type Finding = (usize, String);

/// Fails with every finding of `rule` in `files`, one a line, as compilers write them.
#[track_caller]
fn assert_clean<'a>(
    files: impl IntoIterator<Item = &'a (String, String)>,
    rule: impl Fn(&str, &str) -> Vec<Finding>,
) {
    let mut report = String::new();
    let mut seen = 0;
    for (path, text) in files {
        seen += 1;
        for (line, what) in rule(path, text) {
            writeln!(report, "{path}:{line}: {what}").unwrap();
        }
    }
    assert!(seen > 0, "the rule was applied to no file at all");
    assert!(report.is_empty(), "\n{report}");
}

/// Lines, counted from 1.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines())
}
