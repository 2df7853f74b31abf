//! All golden traces replay in the current engine with the same actions.

use std::fs;
use std::path::Path;

use ctigate_tests::bench::replayed;

#[test]
fn every_kept_trace_replays_and_says_why_it_is_kept() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let mut names: Vec<String> = Vec::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let trace = fs::read(&path).unwrap();
        assert!(replayed(&trace).steps > 3, "{}", path.display());
        let text = String::from_utf8(trace).unwrap();
        assert!(text.lines().nth(1).unwrap().starts_with("# "), "{} says why it is kept", path.display());
        names.push(path.file_stem().unwrap().to_str().unwrap().into());
    }
    for quirk in 1..=12 {
        assert!(
            names.iter().any(|name| name.starts_with(&format!("quirk-{quirk}-"))),
            "quirk {quirk} has a trace"
        );
    }
}
