//! The simulation of the whole system, and the quality of its reports.

use std::path::Path;
use std::sync::Arc;

use ctigate_core::Machine;
use ctigate_core::engine::Engine;
use ctigate_core::line::directory::Directory;
use ctigate_core::trace::{directory_file, replay_with};
use ctigate_tests::simulate::{Canary, Report, Run, Schedule, examine, sign, simulate, traces};

/// How many seeds the tests run; the program `simulate` runs more.
const SEEDS: u64 = 24;

#[test]
fn simulations_hold_every_promise_and_get_everywhere() {
    let mut whole = Report::default();
    for seed in 0..SEEDS {
        match simulate(seed) {
            Ok(report) => whole.add(&report),
            Err(fault) => {
                panic!("{fault}\nagain: cargo run --release -p ctigate-tests --bin simulate -- --seed {seed}")
            }
        }
    }
    for met in [
        "status 200",
        "status 481",
        "csta MakeCallResponse",
        "csta CSTAErrorCode",
        "event DeliveredEvent",
        "event EstablishedEvent",
        "event ConnectionClearedEvent",
        "event TransferedEvent",
        "event ConferencedEvent",
        "event DivertedEvent",
        "event ForwardingEvent",
        "request BYE",
        "notice session_ended",
        "notice device_changed",
        "selection acknowledged",
        "selection refused",
        "ended: its user may not control its line any more",
        "ended: not refreshed in time",
        "notice cti_out_of_service",
    ] {
        assert!(whole.met.contains_key(met), "no seed met with «{met}»: {:#?}", whole.met);
    }
    assert!(
        whole.compared_calls > 10
            && whole.settings > 10
            && whole.replayed > 0
            && !whole.transitions.0.is_empty()
    );
    // Hardly any client has an excuse for not knowing its calls from events alone.
    assert!(
        whole.told.saturating_mul(10) > whole.compared.saturating_mul(9),
        "{} of {}",
        whole.told,
        whole.compared
    );
}

#[test]
fn a_failing_seed_shrinks_to_few_entries_that_fail_in_the_same_way() {
    let failing = (0..60).map(|seed| Run::of(seed).with(Canary::SameCall));
    let mut failing = failing.filter_map(|run| Some((examine(&run, false)?, run)));
    let (failure, run) = failing.next().expect("the canary is caught");
    assert_eq!(sign(&failure.shrunk), sign(&failure.fault));
    let (before, after) = (run.schedule.entries.len(), failure.run.schedule.entries.len());
    // Two calls are sufficient.
    assert!(after <= 4 && after < before, "{before} entries, still {after}: {}", failure.run.schedule);
    assert!(failure.to_string().contains("Ask"), "{failure}");
}

#[test]
fn a_run_leaves_traces_that_replay() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("traces");
    let run = Run::of(3);
    assert!(run.plan.book.is_some(), "this one has a directory, which changes");
    let written = traces(&run, &folder).unwrap();
    assert!(written.len() >= run.plan.nodes);
    for path in written {
        let trace = std::fs::read(&path).unwrap();
        let mut find = |hash| {
            let text = std::fs::read_to_string(folder.join(directory_file(hash))).ok()?;
            Some(Arc::new(Directory::read(&text, "stored").ok()?))
        };
        let made = replay_with(&[&trace], &mut find, |header| {
            let engine = Engine::new(header.config()?, header.seed);
            let directory = header.directory.as_ref().and_then(|version| version.directory().cloned());
            let machine: Box<dyn Machine> = match directory {
                Some(directory) => Box::new(engine.with_directory(directory)),
                None => Box::new(engine),
            };
            Ok(machine)
        });
        assert!(made.is_ok(), "{}: {made:?}", path.display());
    }
}

#[test]
fn an_empty_schedule_is_a_quiet_day() {
    let run = Run::of(5);
    let quiet = Run { schedule: Schedule { storm: 1, entries: Vec::new() }, ..run };
    let report = quiet.twice().unwrap();
    assert!(report.sessions > 0);
    assert_eq!(report.met.get("notice cti_out_of_service"), None);
}
