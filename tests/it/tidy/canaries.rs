//! The canaries of remote call control (`tests/canaries/`, `.ci/run canaries`) still fit the sources that they break.

use super::{Finding, assert_clean, read, texts};

/// What each piece of a patch finds in a file: the lines that it leaves and those that it takes out.
fn pieces(patch: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    for (number, line) in (1..).zip(patch.lines()) {
        if line.starts_with("@@") {
            found.push((number, String::new()));
        } else if let (Some((_, piece)), Some(line)) =
            (found.last_mut(), line.strip_prefix([' ', '-']).or_else(|| line.is_empty().then_some("")))
        {
            piece.push_str(line);
            piece.push('\n');
        }
    }
    found
}

/// What is wrong with a patch, where `source` gives the text of a file.
fn misfits(patch: &str, source: impl Fn(&str) -> Option<String>) -> Vec<Finding> {
    if patch.starts_with("---") {
        return vec![(1, "its first line does not say what was wrong".to_owned())];
    }
    let named = patch.lines().find_map(|line| line.strip_prefix("--- a/"));
    let Some(text) = named.and_then(source) else { return vec![(1, "it names no file".to_owned())] };
    let all = pieces(patch);
    if all.is_empty() {
        return vec![(1, "it changes nothing".to_owned())];
    }
    let missing = all.into_iter().filter(|(_, piece)| !text.contains(piece.as_str()));
    missing.map(|(line, _)| (line, "what it changes is not there".to_owned())).collect()
}

#[test]
fn each_canary_fits_the_sources_that_it_breaks() {
    assert_clean(&texts(".patch"), |_, text| misfits(text, read));
}

#[test]
fn a_canary_that_does_not_fit_is_found() {
    let source = |path: &str| (path == "a.rs").then(|| "one\n\ntwo\nthree\n".to_owned());
    let patch = "It was wrong.\n--- a/a.rs\n+++ b/a.rs\n@@ -1,3 +1,3 @@\n one\n \n-two\n+2\n";
    assert_eq!(misfits(patch, source), []);
    for (broken, line) in [
        (patch.replace("-two", "-four"), 4),
        (patch.replace(" one", " One"), 4),
        (patch.replace("a/a.rs", "a/b.rs"), 1),
        (patch.replace("It was wrong.\n", ""), 1),
    ] {
        assert_eq!(misfits(&broken, source).first().map(|found| found.0), Some(line), "{broken}");
    }
}
