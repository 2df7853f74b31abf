//! The top-level modules of the core form layers, and each names only modules of lower layers, so that there is no
//! cycle. The modules inside each are not checked here.

use std::collections::{BTreeMap, BTreeSet};

use super::sources::code;
use super::{Finding, assert_clean, texts};

/// The top-level modules of `core/src`, from the lowest layer up. No module names another of its own layer.
const LAYERS: &[&[&str]] = &[
    // Modules that use no others.
    &["digest", "expected", "level", "plain", "setting", "text", "transition"],
    // Values and containers; bytes ↔ typed messages.
    &["entropy", "few", "reply", "slots", "time", "wire", "word"],
    &["index", "line", "overview", "secret", "timer"],
    // The configuration; what happens to a machine, and what it asks for; its interface.
    &["config"],
    &["input"],
    &["action", "links", "phase"],
    &["machine"],
    // State that the gateway's machines share.
    &["step"],
    // The machines of the gateway's two sides.
    &["cti", "sip"],
    // Remote call control, which uses one of them, as the inventory of a phone system does; and what carries it over the other.
    &["inventory", "rcc"],
    &["uacsta"],
    // The whole gateway.
    &["engine"],
    // Driving machines, and showing their tables.
    &["pump", "tables"],
    &["trace"],
];

/// The layer of a module, counted from the lowest.
fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// The modules a file's own code is in, from the root down; nothing for `lib.rs`.
fn module_of(path: &str) -> Vec<&str> {
    let inside = path.strip_prefix("core/src/").unwrap_or(path);
    inside.trim_end_matches(".rs").split('/').filter(|part| *part != "lib").collect()
}

/// A text without comments and without the modules that only tests see, line by line.
pub(super) fn shipped(text: &str) -> String {
    let mut kept = String::new();
    let mut tests_only = false;
    let mut end: Option<String> = None;
    for line in text.lines() {
        let line = code(line);
        let indent = line.len() - line.trim_start().len();
        if let Some(last) = &end {
            if *last == line.trim_end() {
                end = None;
            }
        } else if line.trim() == "#[cfg(test)]" {
            tests_only = true;
        } else {
            let inline = tests_only && line.trim_start().starts_with("mod ") && line.ends_with('{');
            if inline {
                end = Some(format!("{}}}", " ".repeat(indent)));
            } else if !tests_only {
                kept.push_str(line);
            }
            // Another attribute may stand between.
            tests_only = tests_only && line.trim_start().starts_with("#[");
        }
        kept.push('\n');
    }
    kept
}

/// The files of modules that only tests see, as `files` declare them: each without `.rs`.
pub(super) fn tests_only(files: &[(String, String)]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (path, text) in files {
        let folder = path.trim_end_matches(".rs").trim_end_matches("/lib");
        let mut above = "";
        for line in text.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';'))
                && above == "#[cfg(test)]"
            {
                found.insert(format!("{folder}/{name}"));
            }
            above = line;
        }
    }
    found
}

/// The members of a group of imports, where `rest` begins after its brace.
fn members(rest: &str) -> Vec<&str> {
    let (mut found, mut depth, mut start) = (Vec::new(), 0_usize, 0);
    for (at, letter) in rest.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' if depth == 0 => {
                found.extend(rest.get(start..at));
                start = at + 1;
            }
            '}' => {
                found.extend(rest.get(start..at));
                break;
            }
            _ => {}
        }
    }
    found
}

/// The top-level modules that a path leads to; `at` is the module it begins in, from the root down.
fn heads<'t>(path: &'t str, at: &[&str], found: &mut Vec<&'t str>) {
    let path = path.trim_start();
    if let Some(group) = path.strip_prefix('{') {
        for member in members(group).into_iter().filter(|member| !member.trim().is_empty()) {
            heads(member, at, found);
        }
        return;
    }
    let end = path.find(|letter: char| !(letter.is_alphanumeric() || letter == '_')).unwrap_or(path.len());
    let (name, rest) = path.split_at(end);
    let onward = rest.strip_prefix("::");
    match (name, onward, at.split_last()) {
        ("super", Some(onward), Some((_, above))) => heads(onward, above, found),
        ("super" | "self", ..) => {}
        // A name or a `*` in the root.
        (name, _, None) => found.push(if name.is_empty() { "*" } else { name }),
        _ => {}
    }
}

/// Every top-level module that a file names, with the line it does so in.
fn arrows(path: &str, text: &str) -> Vec<(usize, String)> {
    let (own, text) = (module_of(path), shipped(text));
    let mut found = Vec::new();
    for start in ["crate::", "super::"] {
        for (at, _) in text.match_indices(start) {
            let (before, here) = text.split_at(at);
            let goes_on = |last: char| last.is_alphanumeric() || "_:$".contains(last);
            if before.ends_with(goes_on) {
                continue;
            }
            let mut named = Vec::new();
            match here.strip_prefix("crate::") {
                Some(rest) => heads(rest, &[], &mut named),
                None => heads(here, &own, &mut named),
            }
            let line = 1 + before.matches('\n').count();
            found.extend(named.into_iter().map(|name| (line, name.to_owned())));
        }
    }
    found.sort();
    found
}

/// Arrows that do not point down.
fn upward(path: &str, text: &str) -> Vec<Finding> {
    let own = module_of(path);
    let Some(module) = own.first() else { return Vec::new() };
    let Some(from) = layer(module) else {
        return vec![(1, format!("«{module}» stands in no layer (tests/it/tidy/arrows.rs)"))];
    };
    let mut found = Vec::new();
    for (line, name) in arrows(path, text).into_iter().filter(|(_, name)| name != module) {
        match layer(&name) {
            None => found.push((line, format!("«crate::{name}» is no module that stands in a layer"))),
            Some(to) if to >= from => {
                found.push((line, format!("«{module}» may not know «{name}», which is not below it")));
            }
            Some(_) => {}
        }
    }
    found
}

/// The core's sources that ship: no tests.
fn core_sources() -> Vec<(String, String)> {
    let all: Vec<_> = texts(".rs").into_iter().filter(|(path, _)| path.starts_with("core/src/")).collect();
    let hidden = tests_only(&all);
    let shipped = all.into_iter().filter(|(path, _)| {
        let mut ends = path.match_indices(['/', '.']).map(|(at, _)| path.split_at(at).0);
        !ends.any(|part| hidden.contains(part))
    });
    shipped.collect()
}

#[test]
fn no_module_of_the_core_knows_one_above_it() {
    assert_clean(&core_sources(), upward);
}

#[test]
fn the_table_of_layers_names_each_module_of_the_core_once() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for module in
        core_sources().iter().filter_map(|(path, _)| module_of(path).first().map(|&one| one.to_owned()))
    {
        seen.insert(module, 0);
    }
    for module in LAYERS.iter().copied().flatten() {
        *seen.entry((*module).to_owned()).or_insert(10) += 1;
    }
    seen.retain(|_, times| *times != 1);
    assert!(seen.is_empty(), "0: in no layer; 2 and up: in several; 11: there is no such module: {seen:?}");
}

#[test]
fn arrows_are_found_however_they_are_written() {
    let engine = |text: &str| {
        let found = upward("core/src/sip/dialog/texts.rs", text);
        found
            .into_iter()
            .map(|(line, what)| {
                assert!(what.contains("«engine»"), "{what}");
                line
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(engine("use crate::engine::View;"), [1]);
    assert_eq!(engine("\nfn f() -> crate::engine::View {}"), [2]);
    assert_eq!(engine("use crate::{\n    engine::{View, Overview},\n    time::Instant,\n};"), [1]);
    assert_eq!(engine("use crate::{time::{Instant, Duration}, engine};"), [1]);
    assert_eq!(engine("use super::super::super::engine::View;"), [1]);
    assert_eq!(engine("use super::super::{super::engine::View, Dialog};"), [1]);
    assert_eq!(engine("pub(crate) use crate::engine::View;\nuse crate::engine::Overview;"), [1, 2]);
    assert_eq!(engine("#[cfg(test)]\nmod tests {\n    use super::*;\n}\nuse crate::engine::View;"), [5]);
}

#[test]
fn arrows_that_point_down_and_those_of_tests_are_left_alone() {
    let sip = |text: &str| upward("core/src/sip/dialog/texts.rs", text);
    for clean in [
        "use crate::time::Instant;",
        "use crate::sip::dialog::Dialog;",
        "use super::super::engine::View;",
        "use super::{Dialog, super::T1};",
        "pub(in super::super) const A: u8 = 1;",
        "// use crate::engine::View;",
        "/// Like [`crate::engine::View`].",
        "#[cfg(test)]\nmod tests {\n    use crate::engine::View;\n}",
        "#[cfg(test)]\nuse crate::engine::View;",
        "use othercrate::engine::View;",
    ] {
        assert_eq!(sip(clean), [], "{clean}");
    }
    let hidden = tests_only(&[("core/src/a.rs".to_owned(), "#[cfg(test)]\nmod b;\nmod c;\n".to_owned())]);
    assert_eq!(hidden.into_iter().collect::<Vec<_>>(), ["core/src/a/b"]);
}

#[test]
fn arrows_within_a_layer_or_to_what_stands_in_none_are_found() {
    let found = |path: &str, text: &str| upward(path, text).first().map(|found| found.0);
    assert_eq!(found("core/src/sip.rs", "use crate::cti::Pool;"), Some(1));
    assert_eq!(found("core/src/cti.rs", "\nuse super::sip::T1;"), Some(2));
    assert_eq!(found("core/src/sip.rs", "use crate::LinkId;"), Some(1));
    assert_eq!(found("core/src/sip.rs", "use crate::*;"), Some(1));
    assert_eq!(found("core/src/newcomer.rs", ""), Some(1));
    assert_eq!(found("core/src/lib.rs", "pub use engine::Engine;"), None);
}
