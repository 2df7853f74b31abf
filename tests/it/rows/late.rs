//! Data that come in separate messages after a response: snapshots in parts, and lists of devices; and messages that
//! were not requested.

use ctigate_core::Duration;
use ctigate_core::setting::Value;
use ctigate_tests::bench::{Asked, Client, Sip, only};

use super::desk::{Desk, LINE, OTHER, SHOWN_LINE, document, error, lists};
use super::samples::{connection, element};

/// A response that announces data under this name.
fn follows(name: &str) -> String {
    element("crossRefIDorSnapshotData", &element("serviceCrossRefID", name))
}

/// A part of a snapshot of the line, with these calls.
fn part(name: &str, is_last: bool, calls: &[&str]) -> String {
    let item = |call: &&str| {
        let own = connection("connectionIdentifier", call, "1001");
        let state = "<localCallState><compoundCallState><localConnectionState>connected</localConnectionState>\
            </compoundCallState></localCallState>";
        element("snapshotDeviceResponseInfo", &(own + state))
    };
    let items: String = calls.iter().map(item).collect();
    let named = if name.is_empty() { String::new() } else { element("serviceCrossRefID", name) };
    let last = element("lastSegment", if is_last { "true" } else { "false" });
    named + &last + &element("snapshotData", &items)
}

/// The phone system sends something unrequested; returns what the client gets at once.
fn sends(desk: &mut Desk, root: &str, inside: &str) -> Vec<Sip> {
    let message = document(desk.link, root, inside);
    desk.system.say(&mut desk.bench, 77, &message);
    desk.client.heard(&mut desk.bench)
}

/// The client asks for a snapshot of its line.
fn snapshot(desk: &mut Desk) -> Asked {
    desk.passed("SnapshotDevice", &element("snapshotObject", LINE))
}

/// The calls that an answer names, in its order.
fn calls(answer: &Sip) -> Vec<&str> {
    let parts = answer.body().split("<callID>").skip(1);
    parts.map(|rest| rest.split('<').next().unwrap_or_default()).collect()
}

/// How many documents of the phone system were discarded.
fn discarded(desk: &Desk) -> u64 {
    desk.bench.engine().counters().documents_discarded
}

#[test]
fn a_snapshot_in_parts_is_one_answer_with_all_of_them_in_order() {
    let mut desk = Desk::new(3, 3);
    let asked = snapshot(&mut desk);
    assert_eq!(desk.says(&asked, "SnapshotDeviceResponse", &follows("x1")), []);
    assert_eq!(sends(&mut desk, "SnapshotDeviceData", &part("x1", false, &["3", "1"])), []);
    assert_eq!(sends(&mut desk, "SnapshotDeviceData", &part("x1", false, &[])), []);
    let answer = only(&sends(&mut desk, "SnapshotDeviceData", &part("x1", true, &["2"])), 200);
    assert_eq!((answer.root(), calls(&answer)), ("SnapshotDeviceResponse", vec!["13", "11", "12"]));
    assert!(answer.body().contains(SHOWN_LINE) && !answer.body().contains("serviceCrossRefID"));
    assert_eq!(desk.bench.engine().view().pending, 0);
}

#[test]
fn parts_of_a_snapshot_may_come_before_the_response_that_names_them() {
    let mut desk = Desk::new(3, 3);
    let asked = snapshot(&mut desk);
    assert_eq!(sends(&mut desk, "SnapshotDeviceData", &part("x1", false, &["1"])), []);
    assert_eq!(sends(&mut desk, "SnapshotDeviceData", &part("x1", true, &["2"])), []);
    let answer = only(&desk.says(&asked, "SnapshotDeviceResponse", &follows("x1")), 200);
    assert_eq!(calls(&answer), ["11", "12"]);
}

#[test]
fn a_snapshot_of_a_call_in_parts_is_one_answer_too() {
    let mut desk = Desk::with_calls(3, 3);
    let asked = desk.passed("SnapshotCall", &connection("snapshotObject", "17", LINE));
    assert_eq!(desk.says(&asked, "SnapshotCallResponse", &follows("x1")), []);
    let item = |device: &str| {
        let party = element("deviceOnCall", &element("deviceIdentifier", device));
        element("snapshotCallResponseInfo", &(party + &connection("callIdentifier", "7", device)))
    };
    let call_part = |last: &str, item: &str| {
        "<serviceCrossRefID>x1</serviceCrossRefID>".to_owned()
            + &element("lastSegment", last)
            + &element("snapshotData", item)
    };
    assert_eq!(sends(&mut desk, "SnapshotCallData", &call_part("false", &item("1001"))), []);
    let others = part("x1", true, &["9"]);
    // Another service's data with the same name belong to no request.
    assert_eq!(sends(&mut desk, "SnapshotDeviceData", &others), []);
    let answer = only(&sends(&mut desk, "SnapshotCallData", &call_part("true", &item("1002"))), 200);
    let seen = [SHOWN_LINE, OTHER].map(|device| {
        let party = element("deviceOnCall", &element("deviceIdentifier", device));
        element("snapshotCallResponseInfo", &(party + &connection("callIdentifier", "17", device)))
    });
    assert_eq!(answer.element("snapshotData"), seen.concat());
}

#[test]
fn a_snapshot_longer_than_a_document_may_be_is_an_error() {
    let mut desk = Desk::new(3, 3);
    let asked = snapshot(&mut desk);
    desk.says(&asked, "SnapshotDeviceResponse", &follows("x1"));
    let many: Vec<&str> = vec!["12345678901234567890"; 150];
    for _ in 0..2 {
        assert_eq!(sends(&mut desk, "SnapshotDeviceData", &part("x1", false, &many)), []);
    }
    let answer = only(&sends(&mut desk, "SnapshotDeviceData", &part("x1", true, &["1"])), 200);
    assert_eq!(error(&answer), "resourceLimitExceeded");
    // The next one works as usual.
    let asked = snapshot(&mut desk);
    desk.says(&asked, "SnapshotDeviceResponse", &follows("x1"));
    let answer = only(&sends(&mut desk, "SnapshotDeviceData", &part("x1", true, &["1"])), 200);
    assert_eq!(calls(&answer), ["11"]);
}

#[test]
fn parts_of_a_snapshot_that_nobody_asked_for_are_discarded() {
    let mut desk = Desk::new(3, 3);
    let before = discarded(&desk);
    assert_eq!(sends(&mut desk, "SnapshotDeviceData", &part("x1", false, &["9"])), []);
    assert_eq!(sends(&mut desk, "SnapshotDeviceData", &part("", true, &["9"])), []);
    assert_eq!(discarded(&desk), before + 2);
    assert!(desk.was_discarded());
    // Nor do they get into the answer to a later request.
    let asked = snapshot(&mut desk);
    assert_eq!(desk.says(&asked, "SnapshotDeviceResponse", &follows("x1")), []);
    let answer = only(&sends(&mut desk, "SnapshotDeviceData", &part("x1", true, &["1"])), 200);
    assert_eq!(calls(&answer), ["11"]);
}

#[test]
fn a_snapshot_whose_data_never_come_times_out() {
    let mut desk = Desk::new(3, 3);
    let asked = snapshot(&mut desk);
    assert_eq!(desk.says(&asked, "SnapshotDeviceResponse", &follows("x1")), []);
    desk.bench.advance(Duration::from_millis(4_999));
    assert_eq!(desk.client.heard(&mut desk.bench), []);
    desk.bench.advance(Duration::from_millis(1));
    let answer = only(&desk.client.heard(&mut desk.bench), 200);
    assert_eq!(error(&answer), "resourceOutOfService");
    // What comes now is too late.
    let before = discarded(&desk);
    assert_eq!(sends(&mut desk, "SnapshotDeviceData", &part("x1", true, &["1"])), []);
    assert_eq!(discarded(&desk), before + 1);
    assert_eq!(desk.bench.engine().view().pending, 0);
}

#[test]
fn a_snapshot_whose_asker_left_meanwhile_is_told_to_nobody() {
    let mut desk = Desk::new(3, 3);
    let asked = snapshot(&mut desk);
    desk.says(&asked, "SnapshotDeviceResponse", &follows("x1"));
    let mut client = desk.client.clone();
    only(&client.send(&mut desk.bench, "BYE", ""), 200);
    let answers = sends(&mut desk, "SnapshotDeviceData", &part("x1", true, &["1"]));
    assert_eq!(only(&answers, 487).body(), "");
    assert_eq!(desk.bench.engine().view().pending, 0);
}

#[test]
fn two_snapshots_under_one_name_are_not_mixed_up() {
    let mut desk = Desk::new(3, 3);
    let first = snapshot(&mut desk);
    let second = snapshot(&mut desk);
    assert_eq!(desk.says(&first, "SnapshotDeviceResponse", &follows("x1")), []);
    let refused = only(&desk.says(&second, "SnapshotDeviceResponse", &follows("x1")), 200);
    assert_eq!(error(&refused), "unspecified");
    // It cannot be determined whose they are, so neither gets them.
    let before = discarded(&desk);
    for is_last in [false, true, true] {
        assert_eq!(sends(&mut desk, "SnapshotDeviceData", &part("x1", is_last, &["1"])), []);
    }
    assert_eq!(discarded(&desk), before + 3);
    desk.bench.advance(Duration::from_millis(5_000));
    let answer = only(&desk.client.heard(&mut desk.bench), 200);
    assert_eq!(error(&answer), "resourceOutOfService");
    // After both last parts the name works as usual.
    is_answered(&mut desk, "x1", "4");
}

/// A snapshot that comes in one part under this name, with this call.
#[track_caller]
fn is_answered(desk: &mut Desk, name: &str, call: &str) {
    let asked = snapshot(desk);
    assert_eq!(desk.says(&asked, "SnapshotDeviceResponse", &follows(name)), []);
    let answer = only(&sends(desk, "SnapshotDeviceData", &part(name, true, &[call])), 200);
    assert_eq!(calls(&answer), [format!("1{call}")]);
}

#[test]
fn data_that_come_behind_a_time_out_are_in_no_other_snapshot() {
    for early in [true, false] {
        let mut desk = Desk::new(3, 3);
        let first = snapshot(&mut desk);
        desk.bench.advance(Duration::from_millis(4_000));
        let second = snapshot(&mut desk);
        desk.bench.advance(Duration::from_millis(1_000));
        assert_eq!(error(&only(&desk.client.heard(&mut desk.bench), 200)), "resourceOutOfService");
        let data = part("x1", true, &["9"]);
        let late = document(desk.link, "SnapshotDeviceResponse", &follows("x1"));
        if early {
            assert_eq!(sends(&mut desk, "SnapshotDeviceData", &data), []);
            desk.system.say(&mut desk.bench, first.invoke, &late);
        } else {
            desk.system.say(&mut desk.bench, first.invoke, &late);
            assert_eq!(sends(&mut desk, "SnapshotDeviceData", &data), []);
        }
        // The name is used again.
        assert_eq!(desk.says(&second, "SnapshotDeviceResponse", &follows("x1")), [], "{early}");
        let answer = only(&sends(&mut desk, "SnapshotDeviceData", &part("x1", true, &["1"])), 200);
        assert_eq!(calls(&answer), ["11"]);
    }
}

#[test]
fn data_without_a_name_belong_to_the_only_snapshot_there_is() {
    let mut desk = Desk::new(6, 6);
    let first = snapshot(&mut desk);
    desk.says(&first, "SnapshotDeviceResponse", &follows("x1"));
    // Another request waits, so that it cannot be determined whose they are.
    let second = snapshot(&mut desk);
    let before = discarded(&desk);
    assert_eq!(sends(&mut desk, "SnapshotDeviceData", &part("", true, &["9"])), []);
    assert_eq!(discarded(&desk), before + 1);
    only(&desk.says(&second, "CSTAErrorCode", "<operation>generic</operation>"), 200);
    // The first may lack a part now.
    let answer = only(&sends(&mut desk, "SnapshotDeviceData", &part("", true, &["1"])), 200);
    assert_eq!(error(&answer), "unspecified");
    // The next one is alone.
    let third = snapshot(&mut desk);
    desk.says(&third, "SnapshotDeviceResponse", &follows("x2"));
    let answer = only(&sends(&mut desk, "SnapshotDeviceData", &part("", true, &["1"])), 200);
    assert_eq!(calls(&answer), ["11"]);
}

#[test]
fn data_without_a_name_are_nobody_s_while_a_late_answer_is_due() {
    let mut desk = Desk::new(6, 6);
    let _never = snapshot(&mut desk);
    desk.bench.advance(Duration::from_millis(4_000));
    let asked = snapshot(&mut desk);
    desk.says(&asked, "SnapshotDeviceResponse", &follows("x1"));
    desk.bench.advance(Duration::from_millis(1_000));
    assert_eq!(error(&only(&desk.client.heard(&mut desk.bench), 200)), "resourceOutOfService");
    assert_eq!(sends(&mut desk, "SnapshotDeviceData", &part("", true, &["9"])), []);
    // They may have been the late ones or not: the answer that waits may lack them.
    let answer = only(&sends(&mut desk, "SnapshotDeviceData", &part("", true, &["1"])), 200);
    assert_eq!(error(&answer), "unspecified");
    // This does not last.
    let next = snapshot(&mut desk);
    desk.says(&next, "SnapshotDeviceResponse", &follows("x2"));
    let answer = only(&sends(&mut desk, "SnapshotDeviceData", &part("", true, &["1"])), 200);
    assert_eq!(calls(&answer), ["11"]);
}

#[test]
fn a_name_with_two_answers_is_good_again_behind_both_last_parts() {
    let mut desk = Desk::new(3, 3);
    for _ in 0..2 {
        let asked = snapshot(&mut desk);
        desk.says(&asked, "SnapshotDeviceResponse", &follows("x1"));
    }
    let asked = snapshot(&mut desk);
    for _ in 0..2 {
        assert_eq!(sends(&mut desk, "SnapshotDeviceData", &part("x1", true, &["9"])), []);
    }
    assert_eq!(desk.says(&asked, "SnapshotDeviceResponse", &follows("x1")), []);
    let answer = only(&sends(&mut desk, "SnapshotDeviceData", &part("x1", true, &["1"])), 200);
    assert_eq!(calls(&answer), ["11"]);
}

#[test]
fn data_before_their_response_come_late_and_the_next_are_served() {
    let mut desk = Desk::new(3, 3);
    let first = snapshot(&mut desk);
    desk.bench.advance(Duration::from_millis(5_000));
    assert_eq!(error(&only(&desk.client.heard(&mut desk.bench), 200)), "resourceOutOfService");
    assert_eq!(sends(&mut desk, "SnapshotDeviceData", &part("1", true, &["9"])), []);
    let late = document(desk.link, "SnapshotDeviceResponse", &follows("1"));
    desk.system.say(&mut desk.bench, first.invoke, &late);
    for call in ["1", "2"] {
        let asked = snapshot(&mut desk);
        assert_eq!(sends(&mut desk, "SnapshotDeviceData", &part("1", true, &[call])), []);
        let answer = only(&desk.says(&asked, "SnapshotDeviceResponse", &follows("1")), 200);
        assert_eq!(calls(&answer), [format!("1{call}")]);
    }
}

#[test]
fn a_snapshot_whose_first_part_was_pushed_out_times_out() {
    let mut desk = Desk::new(3, 3);
    let asked: Vec<Asked> = (0..65).map(|_| snapshot(&mut desk)).collect();
    for (is_last, call) in [(false, "1"), (true, "2")] {
        for number in 0..65 {
            let data = part(&format!("n{number}"), is_last, &[call]);
            assert_eq!(sends(&mut desk, "SnapshotDeviceData", &data), []);
        }
    }
    for (number, asked) in asked.iter().enumerate() {
        let heard = desk.says(asked, "SnapshotDeviceResponse", &follows(&format!("n{number}")));
        match number {
            0 => assert_eq!(heard, []),
            _ => assert_eq!(calls(&only(&heard, 200)), ["11", "12"], "{number}"),
        }
    }
    desk.bench.advance(Duration::from_millis(5_000));
    let answer = only(&desk.client.heard(&mut desk.bench), 200);
    assert_eq!(error(&answer), "resourceOutOfService");
}

#[test]
fn parts_that_nobody_announces_keep_no_announced_ones_out() {
    let mut desk = Desk::new(3, 3);
    let asked = snapshot(&mut desk);
    let _waits = snapshot(&mut desk);
    for number in 0..300 {
        assert_eq!(sends(&mut desk, "SnapshotDeviceData", &part(&format!("z{number}"), false, &["9"])), []);
    }
    assert_eq!(desk.says(&asked, "SnapshotDeviceResponse", &follows("x1")), []);
    let answer = only(&sends(&mut desk, "SnapshotDeviceData", &part("x1", true, &["1"])), 200);
    assert_eq!(calls(&answer), ["11"]);
}

#[test]
fn a_snapshot_in_parts_that_cannot_be_read_is_an_error_at_once() {
    let mut desk = Desk::new(3, 3);
    let asked = snapshot(&mut desk);
    desk.says(&asked, "SnapshotDeviceResponse", &follows("x1"));
    let before = discarded(&desk);
    let named = "<serviceCrossRefID>x1</serviceCrossRefID><lastSegment>true</lastSegment>";
    let item = "<snapshotData><snapshotDeviceResponseInfo/></snapshotData>";
    let answer = only(&sends(&mut desk, "SnapshotDeviceData", &format!("{named}{item}")), 200);
    assert_eq!((error(&answer), discarded(&desk)), ("unspecified", before + 1));
    assert!(desk.was_discarded());
    assert_eq!(desk.bench.engine().view().pending, 0);
}

/// A part of a list of devices.
fn devices(name: &str, last: &str, device: &str) -> String {
    let entry = format!("<device><deviceID>{device}</deviceID></device>");
    element("serviceCrossRefID", name) + &element("lastSegment", last) + &element("deviceList", &entry)
}

/// The client asks for a list of devices, which is to come under this name.
fn asks_for_devices(desk: &mut Desk, name: &str) {
    let asked = desk.passed("GetSwitchingFunctionDevices", "");
    assert_eq!(asked.document, document(3, asked.root(), "<requestedDeviceID>1001</requestedDeviceID>"));
    let named = element("serviceCrossRefID", name);
    let answer = only(&desk.says(&asked, "GetSwitchingFunctionDevicesResponse", &named), 200);
    assert_eq!(answer.element("serviceCrossRefID"), name);
}

#[test]
fn a_list_of_devices_follows_its_response_part_by_part() {
    let mut desk = Desk::new(3, 3);
    asks_for_devices(&mut desk, "x1");
    assert_eq!(sends(&mut desk, "SwitchingFunctionDevices", &devices("x1", "false", "1001")), []);
    assert_eq!(sends(&mut desk, "SwitchingFunctionDevices", &devices("x1", "true", "1002")), []);
    desk.wait();
    let heard = desk.client.heard(&mut desk.bench);
    let bodies: Vec<&str> = heard.iter().map(Sip::body).collect();
    let wanted = [("false", SHOWN_LINE), ("true", OTHER)]
        .map(|(last, device)| document(3, "SwitchingFunctionDevices", &devices("x1", last, device)));
    assert_eq!(bodies, wanted);
    // That was the last.
    let before = discarded(&desk);
    assert_eq!(sends(&mut desk, "SwitchingFunctionDevices", &devices("x1", "true", "1002")), []);
    assert_eq!(discarded(&desk), before + 1);
}

#[test]
fn an_early_part_of_a_list_is_kept_when_another_service_is_answered_with_its_name() {
    let mut desk = Desk::with_calls(3, 3);
    let held = desk.passed("HoldCall", &connection("callToBeHeld", "17", LINE));
    let asked = desk.passed("GetSwitchingFunctionDevices", "");
    assert_eq!(sends(&mut desk, "SwitchingFunctionDevices", &devices("x1", "true", "1001")), []);
    let named = element("serviceCrossRefID", "x1");
    let answer = only(&desk.says(&held, "GetSwitchingFunctionDevicesResponse", &named), 200);
    assert_eq!(error(&answer), "unspecified");
    only(&desk.says(&asked, "GetSwitchingFunctionDevicesResponse", &named), 200);
    desk.wait();
    let heard = desk.client.heard(&mut desk.bench);
    assert_eq!(
        only(&heard, 0).body(),
        document(3, "SwitchingFunctionDevices", &devices("x1", "true", SHOWN_LINE))
    );
}

#[test]
fn a_list_of_devices_for_nobody_is_told_to_nobody() {
    let mut desk = Desk::new(3, 3);
    asks_for_devices(&mut desk, "x1");
    desk.wait();
    for inside in [devices("x2", "true", "1002"), devices("", "true", "1002"), "<lastSegment/>".into()] {
        let before = discarded(&desk);
        assert_eq!(sends(&mut desk, "SwitchingFunctionDevices", &inside), [], "{inside}");
        assert_eq!(discarded(&desk), before + 1, "{inside}");
        assert!(desk.was_discarded(), "{inside}");
    }
    let mut client = desk.client.clone();
    only(&client.send(&mut desk.bench, "BYE", ""), 200);
    assert_eq!(sends(&mut desk, "SwitchingFunctionDevices", &devices("x1", "true", "1002")), []);
}

#[test]
fn a_list_under_a_name_that_is_used_again_goes_to_who_asked_last() {
    let mut desk = Desk::new(3, 3);
    // Its last part never comes.
    asks_for_devices(&mut desk, "x1");
    desk.wait();
    let mut bob = Client::new(&mut desk.bench, "bob");
    bob.uri = OTHER.into();
    bob.sign_in(&mut desk.bench, desk.system);
    let alice = core::mem::replace(&mut desk.client, bob);
    let asked = desk.passed("GetSwitchingFunctionDevices", "");
    let named = "<serviceCrossRefID>x1</serviceCrossRefID>";
    only(&desk.says(&asked, "GetSwitchingFunctionDevicesResponse", named), 200);
    desk.wait();
    let heard = sends(&mut desk, "SwitchingFunctionDevices", &devices("x1", "true", "1002"));
    assert_eq!(only(&heard, 0).root(), "SwitchingFunctionDevices");
    assert_eq!(alice.heard(&mut desk.bench), []);
}

#[test]
fn a_client_that_tells_a_list_of_devices_is_refused() {
    let asked = "<getSwitchingFunctionDevices/>";
    let both = lists(|_| true).replace(asked, &format!("{asked}<switchingFunctionDevices/>"));
    let mut desk = Desk::with(3, 3, &both, &[]);
    desk.refuses("SwitchingFunctionDevices", &devices("x1", "true", "1001"), "serviceNotSupported");
}

#[test]
fn an_event_of_a_kind_that_no_table_knows_is_dropped_and_counted() {
    let mut desk = Desk::with_calls(3, 3);
    let before = discarded(&desk);
    desk.system.event(&mut desk.bench, "DancedEvent", "m1", &connection("dancer", "7", "1001"));
    desk.wait();
    assert_eq!(desk.client.heard(&mut desk.bench), []);
    assert_eq!(discarded(&desk), before + 1);
    assert!(desk.was_discarded());
}

#[test]
fn a_snapshot_that_waits_does_not_take_the_room_of_others() {
    let more = [("cti.window", Value::Integer(1)), ("cti.queue", Value::Integer(0))];
    let mut desk = Desk::with(3, 3, &lists(|_| true), &more);
    let asked = snapshot(&mut desk);
    desk.says(&asked, "SnapshotDeviceResponse", &follows("x1"));
    // It was answered: only the data are still to come.
    let held = desk.passed("HoldCall", &connection("callToBeHeld", "17", LINE));
    desk.agrees(&held);
    let answer = only(&sends(&mut desk, "SnapshotDeviceData", &part("x1", true, &["1"])), 200);
    assert_eq!(calls(&answer), ["11"]);
}
