//! Quirks 4 and 5: empty bodies, and numbers that cannot be dialled.

use ctigate_core::Duration;
use ctigate_tests::bench::{Bench, csta, csta_error, only};

#[test]
fn quirk_4_no_event_and_no_answer_ever_has_a_content_type_without_a_body() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    bench.golden(
        "quirk-4-no-empty-bodies",
        "A body of length 0 with a Content-Type crashed clients: none is ever sent.",
    );
    client.monitor(&mut bench, system, "m1");
    let mut sent = client.send(&mut bench, "INFO", "");
    sent.extend(client.send(&mut bench, "OPTIONS", ""));
    sent.extend(client.send(&mut bench, "UPDATE", ""));
    system.say(&mut bench, 17, &csta("MonitorStop", "<monitorCrossRefID>m1</monitorCrossRefID>"));
    system.asked(&mut bench);
    bench.advance(Duration::from_secs(5));
    system.serve(&mut bench, "MonitorStart", |_| csta_error("operation", "invalidDeviceID"));
    sent.extend(client.heard(&mut bench));
    sent.extend(client.send(&mut bench, "BYE", ""));
    assert_eq!(sent.len(), 5);
    for message in sent {
        assert_eq!(message.body().is_empty(), message.header("Content-Type").is_empty(), "{message:?}");
        assert!(
            message.method().is_empty() || !message.body().is_empty(),
            "an event has a body: {message:?}"
        );
    }
}

#[test]
fn quirk_5_a_vanity_suffix_is_not_dialled() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    bench.golden("quirk-5-vanity-numbers", "tel:5555551234v:41234 is dialled without its vanity suffix.");
    let call = format!(
        "<callingDevice>{}</callingDevice><calledDirectoryNumber>tel:5555551234v:41234</calledDirectoryNumber>",
        client.uri
    );
    client.info(&mut bench, "MakeCall", &call);
    let asked = system.serve(&mut bench, "MakeCall", |_| {
        csta("MakeCallResponse", "<callingDevice><callID>7</callID><deviceID>1001</deviceID></callingDevice>")
    });
    assert_eq!(asked.element("calledDirectoryNumber"), "5555551234");
}

#[test]
fn quirk_5_what_cannot_be_dialled_is_refused_before_the_phone_goes_off_hook() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    for number in ["tel:", "tel:alice", "sip:bob@example.com", "tel:;phone-context=dialstring", "tel:12x34"] {
        let call = format!(
            "<callingDevice>{}</callingDevice><calledDirectoryNumber>{number}</calledDirectoryNumber>",
            client.uri
        );
        let answer = only(&client.info(&mut bench, "MakeCall", &call), 200);
        assert_eq!(answer.element("operation"), "invalidCalledDeviceID", "{number}");
        assert_eq!(system.asked(&mut bench), []);
    }
}
