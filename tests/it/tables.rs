//! `docs/state-machines.md` is generated from the transition tables. `BLESS=1` rewrites it.

use core::fmt::Write as _;
use std::collections::BTreeSet;
use std::path::Path;

use ctigate_core::tables::{ALL, Machine};
use ctigate_peers::client::TABLES;
use ctigate_peers::switch::phones;

/// The state machines of the gateway and of its peers, SIP's first.
fn all() -> impl Iterator<Item = &'static Machine> {
    TABLES.iter().chain(ALL).chain([&phones::TABLE])
}

fn drawn() -> String {
    let mut text = String::from(
        "# State machines\n\nGenerated from the tables beside the machines by `tests/it/tables.rs`; do not edit. Every change of a state is checked\n\
         against its table (`transition::assert_transition`).\n",
    );
    for Machine { name, clause, transitions } in all() {
        let _ = write!(text, "\n## {name}\n\n{clause}\n\n```mermaid\nstateDiagram-v2\n");
        let targets: BTreeSet<&str> = transitions.iter().map(|(_, to)| *to).collect();
        for (from, _) in transitions.iter().take(1) {
            let _ = writeln!(text, "    [*] --> {from}");
        }
        for (from, to) in *transitions {
            let _ = writeln!(text, "    {from} --> {to}");
        }
        if targets.contains("Terminated") {
            text.push_str("    Terminated --> [*]\n");
        }
        text.push_str("```\n");
    }
    text
}

#[test]
fn the_document_of_state_machines_is_drawn_from_their_tables() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/state-machines.md");
    let drawn = drawn();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &drawn).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == drawn,
        "docs/state-machines.md is not what the tables say: BLESS=1 cargo test rewrites it"
    );
}

#[test]
fn every_state_but_the_first_is_reached_and_only_the_last_is_left_by_nothing() {
    for Machine { name, transitions, .. } in all() {
        let first = transitions[0].0;
        for (from, _) in *transitions {
            assert!(
                *from == first || transitions.iter().any(|(_, to)| to == from),
                "{name}: {from} is never reached"
            );
        }
        for (_, to) in *transitions {
            assert!(
                *to == "Terminated" || transitions.iter().any(|(from, _)| from == to),
                "{name}: {to} is a trap"
            );
        }
    }
}
