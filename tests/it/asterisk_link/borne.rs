//! What a real Asterisk said in the recordings, as it is and damaged, comes to a gateway with sessions at all its lines:
//! it is borne, and what was lost by it is put right by the next list of channels.

use ctigate_core::Duration;
use ctigate_tests::Random;
use ctigate_tests::bench::{Asterisk, Bench, Client, Sip, only};
use ctigate_tests::recordings::{Recording, Step, asterisk};

use super::{bench, monitored, sign_in};

const LINES: [usize; 6] = [1001, 1002, 1003, 1004, 1005, 1006];

/// A gateway in service at an Asterisk, with a monitoring client at each of its lines.
fn watched() -> (Bench, Asterisk, Vec<Client>) {
    let mut bench = bench(&[]);
    let names = LINES.map(|line| line.to_string());
    let endpoints: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "Not in use")).collect();
    let asterisk = Asterisk::answer(&mut bench, &endpoints, &[]);
    let clients = LINES.map(|line| {
        let (mut client, _) = sign_in(&mut bench, &format!("user{line}"), line);
        let object = format!("<monitorObject><deviceObject>{line}</deviceObject></monitorObject>");
        only(&client.info(&mut bench, "MonitorStart", &object), 200);
        client
    });
    (bench, asterisk, clients.into())
}

/// Everything that came in a recording, in order.
fn came(recording: &Recording) -> Vec<u8> {
    let came = |step: &Step| if let Step::Came(bytes) = step { bytes.clone() } else { Vec::new() };
    recording.steps.iter().flat_map(came).collect()
}

/// Plays bytes, and then lists no channels: whoever believes in a call is told that it is over.
fn bear(bytes: &[u8]) {
    let (mut bench, asterisk, mut clients) = watched();
    for piece in bytes.chunks(700) {
        bench.send(asterisk.link(), piece);
    }
    assert!(!bench.is_closed(asterisk.link()), "the connection stays");
    // It is nonsense, followed by a list.
    asterisk.say(&mut bench, "\r\n\r\nnonsense\r\n\r\n");
    for _ in 0..3 {
        bench.advance(Duration::from_millis(4_900));
        for action in asterisk.acted(&mut bench) {
            match action.name() {
                "Status" => asterisk.list_channels(&mut bench, &action, &[]),
                "DBGet" => asterisk.refuse(&mut bench, &action, "Database entry not found"),
                _ => asterisk.accept(&mut bench, &action, &[]),
            }
        }
    }
    bench.advance(Duration::from_secs(1));
    for (client, line) in clients.iter_mut().zip(LINES) {
        client.heard(&mut bench);
        let object = format!("<snapshotObject>{line}</snapshotObject>");
        let snapshot = client.info(&mut bench, "SnapshotDevice", &object);
        // Damage may say that a phone is out of reach.
        let is_answer =
            |one: &&Sip| one.root() == "SnapshotDeviceResponse" || one.body().contains("deviceOutOfService");
        let answer = snapshot.iter().find(is_answer).unwrap_or_else(|| panic!("{line}: {snapshot:#?}"));
        assert_eq!(answer.body().matches("<callID>").count(), 0, "at {line}");
    }
}

#[test]
fn no_recording_leaves_a_call_behind_that_is_not_listed() {
    for recording in asterisk().expect("the recordings") {
        bear(&came(&recording));
    }
}

#[test]
fn damaged_recordings_are_borne_and_put_right() {
    let recordings = asterisk().expect("the recordings");
    let mut random = Random::new(7);
    for _ in 0..40 {
        let recording = random.pick(&recordings).expect("there are some");
        let mut bytes = came(recording);
        for _ in 0..20 {
            let at = random.index(bytes.len());
            match random.index(4) {
                0 => bytes[at] = b"\r\n: \0"[random.index(5)],
                1 => drop(bytes.drain(at..(at + random.index(400)).min(bytes.len()))),
                2 => {
                    let end = (at + random.index(400)).min(bytes.len());
                    let again = bytes[at..end].to_vec();
                    bytes.splice(at..at, again);
                }
                _ => {
                    let last = bytes.len() - 1;
                    bytes.swap(at, last);
                }
            }
        }
        bear(&bytes);
    }
}

#[test]
fn a_response_to_an_action_that_was_never_sent_means_nothing() {
    let (mut bench, asterisk, _, _) = monitored(&[]);
    bench.notices();
    for id in ["1", "0000000000000000-1", "x"] {
        asterisk.say(&mut bench, &format!("Response: Success\r\nActionID: {id}\r\n\r\n"));
    }
    let notices = bench.notices();
    let unexpected = notices.iter().filter(|notice| notice.contains("an unexpected response"));
    assert_eq!(unexpected.count(), 3, "{notices:#?}");
}
