//! Rules for Rust sources.

use super::{Finding, assert_clean, lines, read, texts};

/// The most lines of a Rust file.
const LINES: usize = 500;

/// The most lines of a function, including the first and the last.
const FUNCTION_LINES: usize = 70;

/// What the core may not contain, and why. (In pieces, so that this file does not contain it either.)
const CORE_BANS: [(&str, &str); 13] = [
    (concat!("extern crate ", "std"), "it slips past no_std"),
    (concat!("std", "::"), "the core is no_std; use core or alloc"),
    (concat!(":", "p}"), "an address in memory differs from run to run"),
    (concat!(".", "addr()"), "an address in memory differs from run to run"),
    (concat!("ptr::from_", "ref("), "an address in memory differs from run to run"),
    (concat!("as_", "ptr("), "an address in memory differs from run to run"),
    (concat!("Hash", "Map"), "its order depends on the process; use BTreeMap"),
    (concat!("Hash", "Set"), "its order depends on the process; use BTreeSet"),
    (concat!("Random", "State"), "a peer can flood it and a replay cannot repeat it"),
    (concat!("thread_", "local!"), "state outside the machine"),
    (concat!("static ", "mut"), "state outside the machine"),
    (concat!("Sys", "temTime"), "the core reads no clock"),
    (concat!("cfg(", "feature"), "the core has no Cargo features"),
];

/// Types that change behind a shared reference.
const INTERIOR: [&str; 7] = ["Atomic", "Cell<", "Mutex", "RwLock", "Once", "Lazy", "UnsafeCell"];

/// What no source may contain, and what to do instead.
const BANS: [(&str, &str); 5] = [
    (concat!("to", "do!"), "finish it, or open an issue"),
    (concat!("un", "implemented!"), "finish it, or refuse with an answer"),
    (concat!("db", "g!"), "take it out"),
    (concat!("#[ig", "nore"), "a test that does not run is no test"),
    (concat!("#[al", "low("), "use #[expect(..., reason = \"...\")]"),
];

/// A line without its comment. (A `//` inside a string cuts it too early, which can only make a rule miss something.)
pub(super) fn code(line: &str) -> &str {
    line.split_once("//").filter(|(code, _)| !code.ends_with(':')).map_or(line, |(code, _)| code)
}

/// Whether `needle` stands in `line` and is not the end of a longer word.
fn stands_in(line: &str, needle: &str) -> bool {
    let word = needle.starts_with(|first: char| first.is_alphanumeric());
    line.match_indices(needle).any(|(at, _)| {
        let before = line.split_at(at).0.chars().next_back();
        !(word && before.is_some_and(|before| before.is_alphanumeric() || before == '_'))
    })
}

fn banned(bans: &[(&str, &str)], text: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    for (number, line) in lines(text) {
        for (needle, why) in bans {
            if stands_in(code(line), needle) {
                found.push((number, format!("«{needle}»: {why}")));
            }
        }
    }
    found
}

fn interior_statics(text: &str) -> Vec<Finding> {
    let declared = lines(text).filter(|(_, line)| {
        let code = code(line);
        stands_in(code, "static ")
            && !code.contains("'static ")
            && INTERIOR.iter().any(|kind| code.contains(kind))
    });
    declared
        .map(|(number, _)| (number, "a static that can change is state outside the machine".to_owned()))
        .collect()
}

/// Whether a pattern in the line has a rest (`..`); a range is none.
fn rest_pattern(line: &str) -> bool {
    line.match_indices("..").any(|(at, _)| {
        let (before, after) = line.split_at(at);
        before.trim_end().ends_with([',', '{', '(', '['])
            && after.trim_start_matches("..").trim_start().starts_with(['}', ')', ']', ','])
    })
}

/// Digests name every field: their patterns must not have a rest, whether written by hand or given to `digest!`.
fn lazy_digests(text: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut end = None;
    for (number, line) in lines(text) {
        let indent = line.len().saturating_sub(line.trim_start().len());
        let starts = ["fn digest(&self", "fn full_digest(&self"].iter().any(|start| line.contains(start));
        let path = code(line).trim_start().split_once("digest! { ").map(|(path, _)| path);
        let given = path
            .is_some_and(|path| !path.contains(|one: char| !one.is_alphanumeric() && !"_:".contains(one)));
        if starts && line.ends_with('{') {
            end = Some(format!("{}}}", " ".repeat(indent)));
        } else if given && line.matches('{').count() != line.matches('}').count() {
            end = Some(format!("{}}} }}", " ".repeat(indent)));
        } else if end.as_deref() == Some(line) {
            end = None;
        } else if (end.is_some() || given) && rest_pattern(code(line)) {
            found.push((number, "a digest names every field: no `..` in its patterns".to_owned()));
        }
    }
    found
}

/// The name of a build leaves modules of tests out by name (`core/build/fingerprint.rs`): a module that only tests see
/// must be called `tests`, and no other may be.
fn misnamed_tests(text: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut for_tests = false;
    for (number, line) in lines(text) {
        let line = line.trim_start();
        let module =
            line.split_once("mod ").filter(|(before, _)| before.is_empty() || before.starts_with("pub"));
        if let Some((_, module)) = module
            && for_tests != module.starts_with("tests")
        {
            let what = "a module that only tests see is called `tests`, and no other is";
            found.push((number, what.to_owned()));
        }
        for_tests = line == "#[cfg(test)]" || (for_tests && line.starts_with("#["));
    }
    found
}

fn unreasoned(text: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    for start in [concat!("#[exp", "ect("), concat!("#![exp", "ect(")] {
        for (at, _) in text.match_indices(start) {
            let (before, after) = text.split_at(at);
            let attribute = after.split_once(")]").map_or("", |(attribute, _)| attribute);
            if !attribute.contains("reason = ") {
                let number = 1 + before.matches('\n').count();
                found.push((number, "an expected lint needs a reason".to_owned()));
            }
        }
    }
    found
}

fn too_long(text: &str) -> Vec<Finding> {
    let count = text.lines().count();
    if count <= LINES {
        return Vec::new();
    }
    vec![(count, format!("{count} lines; at most {LINES}: one file, one subject"))]
}

/// The name of the function that a line begins to declare.
fn declared(line: &str) -> Option<&str> {
    let words = code(line).split_once("fn ")?;
    let qualifiers = ["pub", "pub(crate)", "pub(super)", "const", "async", "unsafe", "extern", "\"C\""];
    let is_declaration =
        words.0.split_whitespace().all(|word| qualifiers.contains(&word) || word.starts_with("pub(in"));
    let name = words.1.split(|letter: char| !(letter.is_alphanumeric() || letter == '_')).next()?;
    (is_declaration && !name.is_empty()).then_some(name)
}

/// A function ends at a closing line with the indentation of its first line, as `cargo fmt` writes it.
fn long_functions(text: &str) -> Vec<Finding> {
    let all: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (number, line) in lines(text) {
        let Some(name) = declared(line) else { continue };
        let indent = line.len() - line.trim_start().len();
        let ends = |line: &&str| {
            line.len() - line.trim_start().len() == indent && line.trim_end().ends_with(['}', ';'])
        };
        let count = 1 + all[number - 1..].iter().position(ends).unwrap_or(0);
        if count > FUNCTION_LINES {
            found.push((number, format!("{name} has {count} lines; at most {FUNCTION_LINES}")));
        }
    }
    found
}

/// The packages whose machines are replayed from traces.
const CORES: [&str; 2] = ["core/src/", "core/peers/src/"];

/// The sources of the core and of the peers nested in its folder.
fn core_sources() -> Vec<(String, String)> {
    let in_core = |path: &str| CORES.iter().any(|folder| path.starts_with(folder));
    texts(".rs").into_iter().filter(|(path, _)| in_core(path)).collect()
}

#[test]
fn the_core_uses_nothing_that_differs_between_runs() {
    assert_clean(&core_sources(), |_, text| banned(&CORE_BANS, text));
}

#[test]
fn the_core_has_no_state_outside_its_machines() {
    assert_clean(&core_sources(), |_, text| interior_statics(text));
}

#[test]
fn the_core_says_that_it_is_no_std() {
    for folder in CORES {
        let library = read(&format!("{folder}lib.rs")).unwrap();
        assert!(library.lines().any(|line| line == "#![no_std]"), "{folder}lib.rs lacks #![no_std]");
    }
}

#[test]
fn only_modules_called_tests_are_left_out_of_builds() {
    assert_clean(&core_sources(), |_, text| misnamed_tests(text));
}

#[test]
fn digests_name_every_field() {
    assert_clean(&texts(".rs"), |_, text| lazy_digests(text));
}

#[test]
fn nothing_is_left_unfinished() {
    assert_clean(&texts(".rs"), |_, text| banned(&BANS, text));
}

#[test]
fn every_expected_lint_has_a_reason() {
    assert_clean(&texts(".rs"), |_, text| unreasoned(text));
}

#[test]
fn no_file_is_too_long() {
    assert_clean(&texts(".rs"), |_, text| too_long(text));
}

#[test]
fn no_function_is_too_long() {
    assert_clean(&texts(".rs"), |_, text| long_functions(text));
}

#[test]
fn the_rules_find_their_offenders() {
    for (needle, _) in CORE_BANS {
        assert_eq!(
            banned(&CORE_BANS, &format!("\nlet x = {needle}y;")).first().map(|found| found.0),
            Some(2)
        );
    }
    for (needle, _) in BANS {
        assert_eq!(banned(&BANS, &format!("    {needle}")).len(), 1, "{needle}");
        assert_eq!(banned(&BANS, &format!("    // {needle}")).len(), 0, "{needle}");
    }
    assert_eq!(interior_statics("static COUNT: AtomicU64 = AtomicU64::new(0);").len(), 1);
    assert_eq!(interior_statics("pub const NAMES: &'static [Cell<u8>] = &[];").len(), 0);
    let digest = "    fn digest(&self, d: &mut Digester) {\n        let Self { a, .. } = self;\n    }\n";
    assert_eq!(lazy_digests(digest).len(), 1);
    assert_eq!(lazy_digests(&digest.replace(", ..", "")).len(), 0);
    let given = "crate::digest! { struct Name {\n    a,\n    b: Inner { c, .. } => c,\n} }\nlet Other { d, .. } = e;\n";
    assert_eq!(lazy_digests(given).first().map(|found| found.0), Some(3));
    assert_eq!(lazy_digests(&given.replace(", .. } => c", " } => c")).len(), 0);
    assert_eq!(lazy_digests("crate::digest! { struct Name { a: Inner(c, ..) => c } }").len(), 1);
    assert_eq!(lazy_digests("crate::digest! { struct Name { a => a.get(2..) } }").len(), 0);
    for (text, count) in [
        ("#[cfg(test)]\nmod tests;", 0),
        ("#[cfg(test)]\n#[cold]\npub(super) mod tests {", 0),
        ("#[cfg(test)]\nmod walk;", 1),
        ("mod tests;", 1),
        ("pub mod tests;", 1),
        ("mod other;", 0),
    ] {
        assert_eq!(misnamed_tests(text).len(), count, "{text}");
    }
    assert_eq!(unreasoned(concat!("\n\n#[exp", "ect(dead_code)]")).first().map(|found| found.0), Some(3));
    assert_eq!(unreasoned(concat!("#[exp", "ect(dead_code, reason = \"shown later\")]")).len(), 0);
    assert_eq!(too_long(&"\n".repeat(LINES + 1)).len(), 1);
    assert_eq!(too_long(&"\n".repeat(LINES)).len(), 0);
    let function =
        |head: &str, body: usize| format!("\n    {head} {{\n{}    }}\n", "        x;\n".repeat(body));
    let heads = ["fn f()", "pub(crate) const fn f<T>(a: T)", "fn f(\n        a: A,\n    ) -> [u8; 2]"];
    for head in heads {
        let room = FUNCTION_LINES - 1 - head.lines().count();
        let long = long_functions(&function(head, room + 1));
        assert_eq!(long.first().map(|found| found.0), Some(2), "{head}");
        assert_eq!(long_functions(&function(head, room)).len(), 0, "{head}");
    }
    // Lines after the end of a function are not counted, nor are those after one without a body.
    let body = "    x;\n".repeat(FUNCTION_LINES);
    assert_eq!(long_functions(&format!("fn f() {{}}\n{body}}}\n")).len(), 0);
    assert_eq!(long_functions(&format!("fn f(\n    a: A,\n);\n{body}}}\n")).len(), 0);
}
