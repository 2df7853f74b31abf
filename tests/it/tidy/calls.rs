//! The files of a machine call each other in one direction only: following `self.method(` from file to file never leads
//! back.

use std::collections::{BTreeMap, BTreeSet};

use super::arrows::{shipped, tests_only};
use super::texts;

/// The folders whose files share a machine.
const MACHINES: [&str; 5] =
    ["core/src/engine/", "core/src/uacsta/", "core/src/sip/user_agent/", "core/src/cti/", "core/src/rcc/"];

/// The words of a text between `start` and an opening parenthesis or angle bracket.
fn names<'t>(text: &'t str, start: &str) -> BTreeSet<&'t str> {
    let found = text.match_indices(start).filter_map(|(at, _)| {
        let rest = text.split_at(at + start.len()).1;
        let end = rest.find(|letter: char| !(letter.is_alphanumeric() || letter == '_'))?;
        let (name, behind) = rest.split_at(end);
        (!name.is_empty() && behind.starts_with(['(', '<', ':'])).then_some(name)
    });
    found.collect()
}

/// The files whose methods each file of a machine calls. A name that several files declare is ignored.
fn calls(files: &[(String, String)]) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut homes: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    for (path, text) in files {
        for name in names(text, "fn ") {
            homes.entry(name).and_modify(|home| *home = None).or_insert(Some(path));
        }
    }
    let called = files.iter().map(|(path, text)| {
        let homes = names(text, "self.").into_iter().filter_map(|name| homes.get(name).copied().flatten());
        (path.as_str(), homes.filter(|home| home != path).collect())
    });
    called.collect()
}

/// A cycle in `calls`, if there is one.
fn circle<'c>(calls: &BTreeMap<&'c str, BTreeSet<&'c str>>) -> Option<Vec<&'c str>> {
    fn walk<'c>(
        calls: &BTreeMap<&'c str, BTreeSet<&'c str>>,
        way: &mut Vec<&'c str>,
        done: &mut BTreeSet<&'c str>,
    ) -> Option<Vec<&'c str>> {
        let here = *way.last()?;
        for next in calls.get(here).into_iter().flatten() {
            if let Some(at) = way.iter().position(|before| before == next) {
                return Some(way.split_off(at));
            }
            if !done.contains(next) {
                way.push(next);
                if let Some(circle) = walk(calls, way, done) {
                    return Some(circle);
                }
                way.pop();
            }
        }
        done.insert(here);
        None
    }
    let mut done = BTreeSet::new();
    calls.keys().find_map(|start| walk(calls, &mut vec![*start], &mut done))
}

/// The sources of the machine in a folder, without what only tests see.
fn machine(folder: &str) -> Vec<(String, String)> {
    let all = texts(".rs");
    let hidden = tests_only(&all);
    let is_shown = |path: &str| {
        let module = path.trim_end_matches(".rs");
        !hidden.iter().any(|tests| module == tests || module.starts_with(&format!("{tests}/")))
    };
    let beside = format!("{}.rs", folder.trim_end_matches('/'));
    let sources = all.iter().filter(|(path, _)| path.starts_with(folder) || *path == beside);
    sources.filter(|(path, _)| is_shown(path)).map(|(path, text)| (path.clone(), shipped(text))).collect()
}

#[test]
fn the_files_of_a_machine_call_each_other_in_one_direction() {
    for folder in MACHINES {
        let files = machine(folder);
        assert!(files.len() > 3, "{folder} holds no machine");
        let calls = calls(&files);
        // The file that drives all others is called by none: it is the one named like the folder.
        assert_eq!(circle(&calls), None, "files that call each other in a circle");
    }
}

#[test]
fn the_rule_finds_its_offenders() {
    let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    let one = file("m/a.rs", "fn a(&self) { self.b(); self.field.c(); }");
    let other = file("m/b.rs", "fn b<T>(&self) { self.d() }");
    let back = file("m/d.rs", "fn d(&self) { self.a() }");
    let files = [one.clone(), other.clone()];
    assert_eq!(circle(&calls(&files)), None);
    let files = [one, other, back];
    assert_eq!(circle(&calls(&files)), Some(vec!["m/a.rs", "m/b.rs", "m/d.rs"]));
}
