//! What strangers write cannot deceive those who read it: in log and ladder it stands as it is named, not as it acts.

use ctigate_core::plain::deceives;
use ctigate_tests::bench::{Bench, Line, PhoneSystem};

/// Characters that move a cursor, forge a line, or turn the direction of text.
const DECEIVING: &str =
    "\u{1b}[2J\u{9b}\u{85}\u{7f}\u{2028}\u{2029}\u{202e}\u{2066}\u{200f}\u{61c}\n time=0 level=info";

/// Asserts that nothing shown to people so far could deceive them; returns how many notices there were.
#[track_caller]
fn assert_honest(bench: &mut Bench) -> usize {
    let notices = bench.notices();
    for line in notices.iter().chain(&bench.ladder()) {
        assert!(!line.chars().any(deceives), "{line:?}");
    }
    notices.len()
}

/// `text` with the deceiving characters at every other of its places, one after the other.
fn spoilt(text: &str) -> impl Iterator<Item = String> {
    let halves = |place| text.split_at_checked(place);
    (0..text.len()).step_by(2).filter_map(halves).map(|(front, back)| format!("{front}{DECEIVING}{back}"))
}

#[test]
fn no_field_of_a_sip_message_reaches_log_or_ladder_raw() {
    let (mut bench, _system, mut client) = Bench::with_client(&[]);
    let (mut told, body) = (0, client.sign_in_body());
    let invite = client.request("INVITE", &body);
    let answer = invite.replacen(invite.lines().next().unwrap_or_default(), "SIP/2.0 500 Because", 1);
    // Each stranger has another address, since one has one line a minute.
    for (network, message) in [("127.0.0", &invite), ("192.0.2", &invite), ("127.0.0", &answer)] {
        for (host, message) in spoilt(message).enumerate() {
            client.line = Line::Stream(bench.connect_from(&format!("{network}.{}", host % 250 + 1)));
            client.say(&mut bench, &message);
        }
        told += assert_honest(&mut bench);
    }
    assert!(told > 100, "{told}");
}

#[test]
fn no_field_of_a_phone_system_s_documents_reaches_log_or_ladder_raw() {
    let (mut bench, system, _client, monitor) = Bench::monitored(&[]);
    let mut told = 0;
    let documents = [
        "<CSTAErrorCode><operation>generic</operation></CSTAErrorCode>".to_owned(),
        format!("<DeliveredEvent><monitorCrossRefID>{monitor}</monitorCrossRefID></DeliveredEvent>"),
        "<SystemStatus><systemStatus>normal</systemStatus></SystemStatus>".to_owned(),
    ];
    for document in documents {
        for spoilt in spoilt(&document) {
            PhoneSystem::say(system, &mut bench, 9999, &spoilt);
        }
        told += assert_honest(&mut bench);
    }
    assert!(told > 50, "{told}");
}
