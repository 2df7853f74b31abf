//! What the name of a build covers, and that a recording names the build of its own machine.

use ctigate_core::setting::ConfigError;
use ctigate_core::trace::{self, Digests, Form, Header, Trace, TraceRecorder, replay};
use ctigate_core::{Input, Instant, Machine, NoEffects, Pump, Seed};
use ctigate_peers::switch::{SWITCH_KEYS, Switch, SwitchConfig};

use fingerprint::{Sources, covered, fingerprint, folders, root, sources};

#[path = "../../core/build/fingerprint.rs"]
mod fingerprint;

const CORE: &str = "ctigate-core";
const PEERS: &str = "ctigate-peers";

/// The repository's own sources and lock file.
fn ours() -> (Sources, String) {
    let root = root(env!("CARGO_MANIFEST_DIR").as_ref()).unwrap();
    (sources(root).unwrap(), std::fs::read_to_string(root.join("Cargo.lock")).unwrap())
}

#[test]
fn the_programs_have_the_names_of_the_sources_here() {
    let (sources, lock) = ours();
    assert_eq!(ctigate_core::BUILD, fingerprint(CORE, &sources, &lock));
    assert_eq!(ctigate_peers::BUILD, fingerprint(PEERS, &sources, &lock));
}

#[test]
fn a_gateways_build_covers_neither_its_peers_nor_tests() {
    let (sources, _) = ours();
    let covered = covered(CORE, &sources);
    for path in ["core/src/lib.rs", "core/src/engine.rs", "core/src/wire/sip/message.rs"] {
        assert!(covered.contains_key(path), "{path}");
    }
    for (path, text) in &covered {
        assert!(path.starts_with("core/src/"), "{path}");
        assert!(!path.ends_with("/tests.rs") && !path.contains("/tests/"), "{path}");
        assert!(!text.contains("\n#[cfg(test)]") && !text.contains("#[test]"), "{path}");
    }
}

#[test]
fn the_peers_build_covers_the_core_that_they_are_made_of() {
    let (sources, _) = ours();
    let (core, peers) = (covered(CORE, &sources), covered(PEERS, &sources));
    assert!(core.iter().all(|(path, text)| peers.get(path) == Some(text)));
    assert!(peers.contains_key("core/peers/src/switch/phones.rs"));
    assert!(!peers.contains_key("core/peers/src/switch/phones/tests/walk.rs"));
    assert_eq!(folders(PEERS), ["core/src", "core/peers/src"], "what the build script watches");
}

/// A small repository.
const SMALL: [(&str, &str); 5] = [
    ("core/src/lib.rs", "//! Core.\n\n#[cfg(test)]\nmod tests;\n"),
    ("core/src/tests.rs", "#[test]\nfn good() {}\n"),
    ("core/src/inline.rs", "fn x() {}\n\n#[cfg(test)]\nmod tests {\n    fn y() {}\n}\n"),
    ("core/peers/src/lib.rs", "//! Peers.\n"),
    ("core/peers/src/lib/tests/more.rs", "fn z() {}\n"),
];

const LOCK: &str = "version = 4\n\n[[package]]\nname = \"ctigate-core\"\nversion = \"1.0.0\"\ndependencies = [\n \"slab\",\n]\n\n\
    [[package]]\nname = \"ctigate-peers\"\nversion = \"1.0.0\"\ndependencies = [\n \"ctigate-core\",\n \"extra\",\n]\n\n\
    [[package]]\nname = \"extra\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"slab\"\nversion = \"1.0.0\"\n\n\
    [[package]]\nname = \"smol\"\nversion = \"1.0.0\"\n";

/// The builds of core and peers after replacing `from` by `to` in the file `path`.
fn builds(path: &str, from: &str, to: &str) -> (String, String) {
    let all: Vec<(&str, &str)> = SMALL.into_iter().chain([("Cargo.lock", LOCK)]).collect();
    assert!(from.is_empty() || all.iter().any(|(name, text)| *name == path && text.contains(from)));
    let edited = |name: &str, text: &str| if name == path { text.replace(from, to) } else { text.to_owned() };
    let sources = SMALL.iter().map(|(name, text)| ((*name).to_owned(), edited(name, text))).collect();
    let lock = edited("Cargo.lock", LOCK);
    (fingerprint(CORE, &sources, &lock), fingerprint(PEERS, &sources, &lock))
}

#[test]
fn a_build_changes_with_what_its_machines_do_and_with_nothing_else() {
    let (core, peers) = builds("", "", "");
    assert_ne!(core, peers);
    let slab = "\"slab\"\nversion = \"1.0.0\"";
    for (path, from, to, changes) in [
        ("core/src/lib.rs", "Core", "Heart", (true, true)),
        ("core/src/inline.rs", "x()", "xx()", (true, true)),
        ("core/src/tests.rs", "good", "bad", (false, false)),
        ("core/src/inline.rs", "y()", "yy()", (false, false)),
        ("core/peers/src/lib.rs", "Peers", "Friends", (false, true)),
        ("core/peers/src/lib/tests/more.rs", "z()", "zz()", (false, false)),
        ("Cargo.lock", slab, "\"slab\"\nversion = \"1.0.1\"", (true, true)),
        ("Cargo.lock", "\"extra\"\nversion = \"1", "\"extra\"\nversion = \"2", (false, true)),
        ("Cargo.lock", "\"smol\"\nversion = \"1", "\"smol\"\nversion = \"2", (false, false)),
    ] {
        let (new_core, new_peers) = builds(path, from, to);
        assert_eq!((new_core != core, new_peers != peers), changes, "{path}: {from} -> {to}");
    }
}

fn switch(header: &Header) -> Result<Box<dyn Machine>, Vec<ConfigError>> {
    Ok(Box::new(Switch::new(SwitchConfig::from_settings(&header.settings)?, header.seed)))
}

/// A recording of a phone system whose header names `build`.
fn recorded(build: &str) -> Vec<u8> {
    let setting = ctigate_core::setting::read_line("listen = [\"127.0.0.1:0\"]").unwrap();
    let header = Header::new("switch", Seed::from_number(1), vec![setting]);
    let header = Header { build: build.into(), ..header };
    let machine = switch(&header).unwrap();
    let mut pump = Pump::new(machine, TraceRecorder::new(header, Form::Verbatim, Digests::Every));
    pump.input(Instant::from_micros(1), Input::Tick, &mut NoEffects);
    pump.into_parts().1.finish()
}

#[test]
fn states_are_compared_with_those_of_the_same_build_of_the_same_machine() {
    let own = replay(&[&recorded(ctigate_peers::BUILD)], switch).unwrap();
    assert_eq!((own.digests, own.other_build.as_deref()), (1, None));
    let cores = replay(&[&recorded(ctigate_core::BUILD)], switch).unwrap();
    assert_eq!((cores.digests, cores.other_build.as_deref()), (0, Some(ctigate_core::BUILD)));
    let said = format!("recorded by build {}, and this is {}", ctigate_core::BUILD, ctigate_peers::BUILD);
    assert!(cores.to_string().contains(&said), "{cores}");
}

#[test]
fn what_is_redacted_names_the_build_that_made_it_anew() {
    let redacted = trace::redact(&[&recorded("any")], &[7; 16], |_| SWITCH_KEYS, switch).unwrap().trace;
    assert_eq!(Trace::open(&[&redacted]).unwrap().header().build, ctigate_peers::BUILD);
}
