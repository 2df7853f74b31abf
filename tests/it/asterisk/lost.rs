//! Events that are lost, or come twice, and what a snapshot makes of them.

use std::collections::BTreeMap;

use ctigate_core::wire::ami::{Read, Reader};
use ctigate_tests::Random;
use ctigate_tests::recordings::{Recording, Step, asterisk};

use super::world::{LINES, World};

/// The steps of a recording, with each message of Asterisk in a step of its own.
fn pieces(recording: &Recording) -> Vec<Step> {
    let mut pieces = Vec::new();
    let mut readers: Vec<Reader> = Vec::new();
    for step in &recording.steps {
        let Step::Came(bytes) = step else {
            match step {
                Step::Opened => readers.push(Reader::default()),
                Step::Ended => drop(readers.pop()),
                Step::Came(_) | Step::Sent(_) | Step::Seen(_) => {}
            }
            pieces.push(step.clone());
            continue;
        };
        let reader = readers.last_mut().expect("a connection is open");
        let mut rest = &**bytes;
        while !rest.is_empty() {
            let (taken, read) = reader.push(rest);
            match read {
                Read::Greeting(version) => {
                    pieces.push(Step::Came(format!("Asterisk Call Manager/{version}\r\n").into_bytes()));
                }
                Read::Message(message) => pieces.push(Step::Came(message.as_str().as_bytes().to_vec())),
                Read::Incomplete | Read::Rejected(_) => {}
                Read::Broken => panic!("the stream is broken"),
            }
            rest = &rest[taken..];
        }
    }
    pieces
}

/// Recordings of which nothing is rejected.
pub(super) fn genuine() -> impl Iterator<Item = (String, Vec<Step>)> {
    let recordings = asterisk().unwrap().into_iter().filter(|recording| !recording.is_forged());
    recordings.map(|recording| (recording.name.clone(), pieces(&recording)))
}

pub(super) fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Whether a step is an event that changes what there is.
fn is_event(step: &Step) -> bool {
    matches!(step, Step::Came(bytes) if bytes.starts_with(b"Event: ") && !holds(bytes, b"\nActionID:"))
}

/// Whether a step begins or ends a list of channels, or is part of one.
fn is_listing(step: &Step) -> bool {
    let parts: [&[u8]; 3] = [b"Event: CoreShowChannel", b"Event: Status", b"Event: FullyBooted"];
    match step {
        Step::Came(bytes) => {
            parts.iter().any(|part| bytes.starts_with(part)) || bytes.starts_with(b"Asterisk Call")
        }
        Step::Sent(_) | Step::Opened | Step::Ended => true,
        Step::Seen(_) => false,
    }
}

impl World {
    /// A world in which events may be missing.
    fn lenient() -> Self {
        Self { is_lenient: true, ..Self::new() }
    }

    /// The states of all calls at each line, whatever their callIDs.
    fn states(&self) -> BTreeMap<String, Vec<Vec<&'static str>>> {
        let mut states = BTreeMap::new();
        for line in LINES {
            let mut calls: Vec<Vec<&str>> = Vec::new();
            for call in self.calls.at(line) {
                let mut others: Vec<_> = call.states.iter().skip(1).map(|state| state.word()).collect();
                others.sort_unstable();
                others.insert(0, call.states[0].word());
                calls.push(others);
            }
            calls.sort_unstable();
            if !calls.is_empty() {
                states.insert(line.to_owned(), calls);
            }
        }
        states
    }
}

#[test]
fn a_snapshot_after_any_beginning_of_a_story_shows_what_there_is() {
    let mut compared = 0;
    for (name, pieces) in genuine() {
        // Where a list of channels ends that shows some.
        let mut whole = World::new();
        let mut ends = Vec::new();
        for (index, piece) in pieces.iter().enumerate() {
            let was_listing = whole.list.is_some();
            whole.step(piece);
            // What is on hold is in lists with variables only.
            let knows_hold = |piece: &Step| matches!(piece, Step::Came(bytes) if holds(bytes, b"(onhold)="));
            let states = whole.states();
            let is_held = states.values().flatten().flatten().any(|state| *state == "hold");
            if was_listing && whole.list.is_none() && (!is_held || knows_hold(&pieces[index - 1])) {
                ends.push((index, states));
            }
        }
        for (end, states) in ends {
            let start = pieces[..end].iter().rposition(|piece| matches!(piece, Step::Sent(_))).unwrap();
            let events: Vec<_> = (0..start).filter(|index| is_event(&pieces[*index])).collect();
            for cut in (0..=events.len()).map(|count| events.get(count).copied().unwrap_or(start)) {
                let mut world = World::lenient();
                for piece in &pieces[..cut] {
                    world.step(piece);
                }
                for piece in pieces[cut..=end].iter().filter(|piece| is_listing(piece)) {
                    world.step(piece);
                }
                assert_eq!(world.states(), states, "{name}, cut at step {cut}, list until {end}");
                for piece in &pieces[end + 1..] {
                    world.step(piece);
                }
                world.assert_over(&format!("{name}, cut at step {cut}"));
                compared += 1;
            }
        }
    }
    assert!(compared > 1_000, "{compared}");
}

#[test]
fn the_snapshot_after_a_reconnect_shows_who_holds_and_what_rings() {
    let (_, pieces) = genuine().find(|(name, _)| name == "reconnect-in-mid-call").unwrap();
    let reconnect = pieces.iter().rposition(|piece| *piece == Step::Opened).unwrap();
    let end = pieces
        .iter()
        .position(|piece| matches!(piece, Step::Seen(seen) if seen.contains("1002: resume")))
        .unwrap();
    let mut world = World::new();
    for piece in &pieces[reconnect..end] {
        world.step(piece);
    }
    let states = |own, other| Vec::from([Vec::from([own, other])]);
    let expected = [
        ("1001", states("connected", "hold")),
        ("1002", states("hold", "connected")),
        ("1003", states("connected", "alerting")),
        ("1004", states("alerting", "connected")),
    ];
    assert_eq!(world.states(), expected.map(|(line, states)| (line.to_owned(), states)).into());
    // What follows is told as if nothing had been missed.
    world.told.clear();
    for piece in &pieces[end..] {
        world.step(piece);
    }
    assert_eq!(
        world.told["1002"],
        [
            "A Retrieved 1002 1001>1002 connected normal",
            "A ConnectionCleared 1001 1001>1002 connected normalClearing",
            "A ConnectionCleared 1002 1001>1002 null normalClearing",
        ]
    );
    assert_eq!(
        world.told["1004"],
        [
            "B Established 1004 1003>1004 connected newCall",
            "B ConnectionCleared 1003 1003>1004 connected normalClearing",
            "B ConnectionCleared 1004 1003>1004 null normalClearing",
        ]
    );
}

#[test]
fn an_event_that_is_lost_or_comes_twice_leaves_no_call_behind() {
    for (name, pieces) in genuine() {
        for (index, piece) in pieces.iter().enumerate().filter(|(_, piece)| is_event(piece)) {
            for times in [0, 2] {
                let mut world = World::lenient();
                for (other, piece) in pieces.iter().enumerate() {
                    for _ in 0..if other == index { times } else { 1 } {
                        world.step(piece);
                    }
                }
                world.assert_over(&format!("{name}: {times} times {piece:?}"));
            }
        }
    }
}

#[test]
fn events_that_are_lost_in_any_number_leave_no_call_behind() {
    let mut random = Random::new(1);
    for (name, pieces) in genuine() {
        for round in 0..30 {
            let mut world = World::lenient();
            for piece in &pieces {
                let times = if is_event(piece) && random.chance(200) { 2 * random.below(2) } else { 1 };
                for _ in 0..times {
                    world.step(piece);
                }
            }
            world.assert_over(&format!("{name}, round {round}"));
        }
    }
}

#[test]
fn what_does_not_fit_is_said_and_not_shown() {
    let (_, pieces) = genuine().find(|(name, _)| name == "ring-group-one-answers").unwrap();
    for limit in 0..4 {
        let mut world = World { is_lenient: true, ..World::of(limit) };
        for piece in &pieces {
            world.step(piece);
        }
        assert_eq!(world.is_full, limit < 3, "{limit}");
        assert_eq!(world.told.len(), limit.min(3), "{limit}: {:?}", world.told);
        world.assert_over(&format!("{limit}"));
    }
}

#[test]
fn events_of_all_stories_in_any_order_leave_no_call_behind() {
    let mut random = Random::new(2);
    let all: Vec<Step> = genuine().flat_map(|(_, pieces)| pieces.into_iter().filter(is_event)).collect();
    for round in 0..20 {
        let mut world = World::lenient();
        world.step(&Step::Opened);
        world.step(&Step::Came(b"Asterisk Call Manager/11.0.0\r\n".to_vec()));
        for _ in 0..1_000 {
            // Some stay together, so that they mean something.
            let start = random.index(all.len());
            let count = random.index(12);
            for piece in all.iter().skip(start).take(count) {
                world.step(piece);
            }
        }
        assert!(world.calls.at("1001").count() < 100, "calls are found");
        world.calls.begin_snapshot();
        world.calls.end_snapshot(&mut world.news);
        world.hear();
        world.assert_over(&format!("round {round}"));
    }
}
