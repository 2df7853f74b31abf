//! Rules for the tree of files and for what they may mention.

use std::fs;

use super::{Finding, assert_clean, files, lines, read, root, texts};

/// The only entries of the root.
const TOP: [&str; 22] = [
    ".ci",
    ".gitattributes",
    ".gitignore",
    "ARCHITECTURE.md",
    "BENCHMARKS.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "SECURITY.md",
    "clippy.toml",
    "core",
    "ctigate.example.toml",
    "docs",
    "fuzz",
    "rustfmt.toml",
    "shell-smol",
    "shell-std",
    "tests",
];

/// Entries that tools create.
const TOOLS: [&str; 5] = [".git", "target", ".idea", ".vscode", ".cargo"];

/// Paths that exist on one machine only.
const MACHINE: [&str; 4] =
    [concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/wo", "rk/"), concat!("/Us", "ers/")];

fn machine_paths(text: &str) -> Vec<Finding> {
    let named = lines(text).filter_map(|(number, line)| {
        let path = MACHINE.iter().find(|path| {
            // After a host name it is part of a URL.
            line.match_indices(**path).any(|(at, _)| {
                !line
                    .split_at(at)
                    .0
                    .chars()
                    .next_back()
                    .is_some_and(|before| before.is_alphanumeric() || ".-_}".contains(before))
            })
        })?;
        Some((number, format!("«{path}» exists on one machine only")))
    });
    named.collect()
}

/// The relative links of a Markdown text, each with its line; code is ignored.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (number, line) in lines(text) {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("");
        for part in prose.split("](").skip(1) {
            let target = part.split([')', ' ']).next().unwrap_or_default();
            let elsewhere = target.contains("://") || target.starts_with("mailto:");
            if !elsewhere && !target.is_empty() {
                found.push((number, target.to_owned()));
            }
        }
    }
    found
}

/// The anchor that a heading gets.
fn anchor(heading: &str) -> String {
    let kept = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = kept.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
    kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
}

fn dead_links(path: &str, text: &str) -> Vec<Finding> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut found = Vec::new();
    for (number, link) in links(text) {
        let (file, fragment) = link.split_once('#').unwrap_or((&link, ""));
        let target = if file.is_empty() { root().join(path) } else { root().join(folder).join(file) };
        if !target.exists() {
            found.push((number, format!("the link to «{link}» leads nowhere")));
        } else if !fragment.is_empty() && target.extension().is_some_and(|end| end == "md") {
            let headings = fs::read_to_string(&target).unwrap_or_default();
            if !headings.lines().any(|line| line.starts_with('#') && anchor(line) == fragment) {
                found.push((number, format!("«{link}»: there is no such heading")));
            }
        }
    }
    found
}

#[test]
fn the_root_holds_what_the_layout_says() {
    let strangers: Vec<String> = fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !TOP.contains(&name.as_str()) && !TOOLS.contains(&name.as_str()))
        .collect();
    assert!(strangers.is_empty(), "not in the layout (tests/it/tidy/layout.rs): {strangers:?}");
}

#[test]
fn modules_are_named_after_their_files() {
    let named: Vec<String> = files().into_iter().filter(|path| path.ends_with("/mod.rs")).collect();
    assert!(named.is_empty(), "use name.rs beside name/: {named:?}");
}

#[test]
fn no_file_names_a_path_of_one_machine() {
    let all: Vec<(String, String)> =
        files().into_iter().filter_map(|path| read(&path).map(|text| (path, text))).collect();
    assert_clean(&all, |_, text| machine_paths(text));
}

#[test]
fn every_relative_link_leads_somewhere() {
    for (path, text) in texts(".md") {
        assert_clean(&[(path, text)], dead_links);
    }
}

#[test]
fn bytes_of_goldens_and_data_are_left_alone() {
    let attributes = read(".gitattributes").unwrap();
    for line in ["tests/golden/** -text", "tests/data/** -text", "tests/recordings/** -text"] {
        assert!(attributes.lines().any(|found| found == line), ".gitattributes lacks «{line}»");
    }
}

#[test]
fn texts_end_with_a_line_end_and_have_no_blanks_at_the_end_of_a_line() {
    let written: Vec<(String, String)> =
        [".rs", ".toml", ".md", ".txt", ".ci/run"].iter().flat_map(|end| texts(end)).collect();
    let written = written.iter().filter(|(path, _)| !path.starts_with("tests/data/"));
    assert_clean(written, |_, text| {
        let blanks = lines(text).filter(|(_, line)| line.ends_with([' ', '\t', '\r']));
        let mut found: Vec<Finding> =
            blanks.map(|(number, _)| (number, "blanks at the end of the line".to_owned())).collect();
        if !text.is_empty() && !text.ends_with('\n') {
            found.push((text.lines().count(), "the last line has no end".to_owned()));
        }
        found
    });
}

#[test]
fn the_rules_find_their_offenders() {
    for path in MACHINE {
        assert_eq!(machine_paths(&format!("\nin {path}x")).first().map(|found| found.0), Some(2));
        assert_eq!(machine_paths(&format!("https://example.com{path}x")).len(), 0);
    }
    let text = "[a](b.md) `[no](x)` [c](https://example.com) [d](#e)\n```\n[no](y)\n```\n[f](g/h.md#i)";
    let found = links(text);
    assert_eq!(found, [(1, "b.md".to_owned()), (1, "#e".to_owned()), (5, "g/h.md#i".to_owned())]);
    assert_eq!(dead_links("core/x.md", "[a](../Cargo.toml) [b](nowhere.md)").len(), 1);
    assert_eq!(anchor("## Lints, and `gates`"), "lints-and-gates");
}
