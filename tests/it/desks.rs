//! Desks at an Asterisk that is played, at random; and that it plays as a real one did.

use std::collections::BTreeMap;

use ctigate_tests::exchange::{Exchange, Flaw};
use ctigate_tests::recordings::asterisk;
use ctigate_tests::simulate::{Told, desks};

/// How many runs. The simulation has more of them.
const SEEDS: u64 = 30;
/// How many it may take until a flaw is found.
const FLAWED: u64 = 200;

#[test]
fn clients_at_an_asterisk_believe_what_is_true_whatever_happens() {
    let mut all = Told::default();
    for seed in 0..SEEDS {
        let told = desks(seed, Flaw::None).unwrap_or_else(|wrong| panic!("seed {seed}: {wrong}"));
        all.events += told.events;
        all.joined += told.joined;
        all.compared += told.compared;
        all.failures += told.failures;
        all.served += told.served;
    }
    let is_much =
        all.joined > 40 && all.events > 3_000 && all.compared > 60 && all.failures > 30 && all.served > 200;
    assert!(is_much, "{all:?}");
}

#[test]
fn an_asterisk_that_is_flawed_is_found_out() {
    for flaw in [Flaw::SilentEnd, Flaw::ShortList, Flaw::HeldHolds, Flaw::SilentRetrieve] {
        assert!((0..FLAWED).any(|seed| desks(seed, flaw).is_err()), "{flaw:?}");
    }
}

/// What a person does at a phone.
type Deed = fn(&mut Exchange);

/// Recordings, and what people did in them.
const STORIES: &[(&str, &[Deed])] = &[
    (
        "answered-caller-hangs-up",
        &[|it| it.dial("1001", "1002"), |it| it.answer("1002"), |it| it.hang_up("1001")],
    ),
    ("refused-at-the-phone", &[|it| it.dial("1001", "1002"), |it| it.refuse("1002")]),
    ("caller-gives-up", &[|it| it.dial("1001", "1002"), |it| it.hang_up("1001")]),
    ("no-answer", &[|it| it.dial("1001", "1003"), |it| it.time_out("1003")]),
    ("unknown-number", &[|it| it.dial("1001", "4711")]),
    (
        "hold-and-resume",
        &[
            |it| it.dial("1001", "1002"),
            |it| it.answer("1002"),
            |it| it.hold("1001"),
            |it| it.retrieve("1001"),
            |it| it.hold("1002"),
            |it| it.retrieve("1002"),
            |it| it.hang_up("1002"),
        ],
    ),
    (
        "attended-transfer-by-phone",
        &[
            |it| it.dial("1001", "1002"),
            |it| it.answer("1002"),
            |it| it.dial("1002", "1003"),
            |it| it.answer("1003"),
            |it| it.join("1002"),
            |it| it.hang_up("1003"),
        ],
    ),
    (
        "consultation-and-bridge",
        &[
            |it| it.dial("1001", "1002"),
            |it| it.answer("1002"),
            |it| it.hold("1002"),
            |it| it.prompt("1002", "1003", ("ctigate-consult", "a4")),
            |it| it.answer("1002"),
            |it| it.answer("1003"),
            |it| it.connect_others("1002"),
            |it| it.hang_up("1003"),
        ],
    ),
    (
        "ring-group-one-answers",
        &[|it| it.dial("1001", "2000"), |it| it.answer("1003"), |it| it.hang_up("1001")],
    ),
    ("queue-one-answers", &[|it| it.dial("1001", "2100"), |it| it.answer("1003"), |it| it.hang_up("1003")]),
    (
        "conference-three-dial-in",
        &[
            |it| it.dial("1001", "8000"),
            |it| it.dial("1002", "8000"),
            |it| it.dial("1003", "8000"),
            |it| it.hang_up("1003"),
            |it| it.hang_up("1001"),
            |it| it.hang_up("1002"),
        ],
    ),
    (
        "parked-and-retrieved",
        &[
            |it| it.dial("1001", "1002"),
            |it| it.answer("1002"),
            |it| it.transfer("1002", "700"),
            |it| it.fetch("1003"),
            |it| it.hang_up("1001"),
        ],
    ),
    (
        "blind-transfer-by-called-phone",
        &[
            |it| it.dial("1001", "1002"),
            |it| it.answer("1002"),
            |it| it.transfer("1002", "1003"),
            |it| it.answer("1003"),
            |it| it.hang_up("1001"),
        ],
    ),
];

/// Where channels stand in events.
const KEYS: [&str; 8] = [
    "Channel",
    "DestChannel",
    "TransfererChannel",
    "OrigTransfererChannel",
    "SecondTransfererChannel",
    "TransfereeChannel",
    "ParkeeChannel",
    "RetrieverChannel",
];

/// The events of calls, by the device that each is about, in their order; but that a phone rings, which may come before
/// or after it is called, comes last.
fn events(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut events: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for message in text.split("\r\n\r\n") {
        let value = |key: &str| {
            let mut lines = message.lines().filter_map(|line| line.split_once(": "));
            lines.find(|(name, _)| *name == key).map(|(_, value)| value.to_owned())
        };
        let Some(name) = value("Event") else { continue };
        let detail = match name.as_str() {
            "Newchannel" => value("Exten"),
            "Newstate" => value("ChannelStateDesc"),
            "DialBegin" | "Hold" | "Unhold" | "BridgeEnter" | "BridgeLeave" => {
                value("BridgeNumChannels").and(None)
            }
            "DialEnd" => value("DialStatus"),
            "BlindTransfer" => value("Extension"),
            "ParkedCall" | "UnParkedCall" => value("ParkingSpace"),
            "AttendedTransfer" => value("Result"),
            "Hangup" => value("Cause"),
            _ => continue,
        };
        let devices = KEYS.into_iter().filter_map(value);
        let devices: Vec<String> =
            devices.filter_map(|channel| channel.split(['/', '-']).nth(1).map(str::to_owned)).collect();
        let told =
            format!("{name} {} {}", detail.unwrap_or_default(), devices.join(" ")).trim_end().to_owned();
        let device = devices.first().cloned().unwrap_or_default();
        events.entry(device).or_default().push(told);
    }
    events
}

#[test]
fn an_asterisk_that_is_played_tells_what_a_real_one_told() {
    let recordings = asterisk().unwrap();
    for (name, deeds) in STORIES {
        let recording = recordings.iter().find(|recording| recording.name == *name).expect("the recording");
        let recorded = events(&String::from_utf8_lossy(&recording.streams[0]));
        let mut played = Exchange::new(1, &["1001", "1002", "1003"], Flaw::None);
        for deed in *deeds {
            deed(&mut played);
        }
        assert_eq!(events(&played.said()), recorded, "{name}");
    }
}

#[test]
fn the_same_seed_plays_the_same_run() {
    assert_eq!(desks(7, Flaw::None), desks(7, Flaw::None));
}
