//! Quirks 9 to 12: forms of headers and bodies, legacy INFO, several sessions on one line.

use ctigate_tests::bench::{Bench, Client, HELD, csta, only};

#[test]
fn quirk_9_compact_names_any_case_folded_lines_and_odd_addresses_are_understood() {
    let (mut bench, system) = Bench::in_service(&[]);
    bench.golden(
        "quirk-9-forms",
        "Compact names, any case, folded lines, tel: URIs, display names with commas and angle brackets.",
    );
    let client = Client::new(&mut bench, "alice");
    let body = client.sign_in_body();
    let invite = format!(
        "INVITE sip:gw@127.0.0.1:5060 SIP/2.0\r\nv: SIP/2.0/TCP 127.0.0.1:1;branch=z9hG4bKx\r\n\
         f: \"Smith, Alice <x>\" <sip:alice@example.com>;tag=a;epid=01\r\n\
         T: <tel:1001;phone-context=dialstring>\r\nI: folded\r\ncseq : 1\r\n\tINVITE\r\nm: <sip:a@127.0.0.1>\r\n\
         k: timer\r\nX: 1800\r\nMAX-FORWARDS: 70\r\nc: application/csta+xml;\r\n charset=utf-8\r\nl: {}\r\n\r\n{body}",
        body.len()
    );
    assert!(client.say(&mut bench, &invite).is_empty());
    system.knows_line(&mut bench);
    let ok = only(&client.heard(&mut bench), 200);
    assert_eq!(ok.header("From"), "\"Smith, Alice <x>\" <sip:alice@example.com>;tag=a;epid=01");
    assert!(ok.header("To").starts_with("<tel:1001;phone-context=dialstring>;tag="));
}

#[test]
fn quirk_9_each_edition_and_namespace_style_is_answered_in_its_own() {
    for style in [
        "http://www.ecma-international.org/standards/ecma-323/csta/ed",
        "http://www.ecma.ch/standards/ecma-323/csta/ed",
    ] {
        for edition in 2..=6 {
            let namespace = format!("{style}{edition}");
            let (mut bench, system, mut client) = Bench::with_client(&[]);
            let body = format!("\u{feff}<c:RequestSystemStatus xmlns:c=\"{namespace}\"/>");
            let ok = only(&client.send(&mut bench, "INVITE", &body), 200);
            assert_eq!(system.asked(&mut bench), [], "no line is named yet");
            assert!(ok.body().contains(&format!("xmlns=\"{namespace}\"")), "{}", ok.body());
        }
    }
}

#[test]
fn quirk_10_a_csta_part_of_a_multipart_body_is_found() {
    let (mut bench, system) = Bench::in_service(&[]);
    bench.golden("quirk-10-multipart", "The CSTA document is a part of a multipart body.");
    let mut client = Client::new(&mut bench, "alice");
    let part = client.sign_in_body();
    let body = format!(
        "--x\r\nContent-Type: text/plain\r\n\r\nhello\r\n--x\r\nContent-Type: application/csta+xml\r\n\r\n{part}\r\n--x--\r\n"
    );
    let request = client.request("INVITE", &body).replace(
        "Content-Type: application/csta+xml\r\nContent-Length",
        "Content-Type: multipart/mixed;boundary=\"x\"\r\nContent-Length",
    );
    client.say(&mut bench, &request);
    system.knows_line(&mut bench);
    only(&client.heard(&mut bench), 200);
}

#[test]
fn quirk_11_info_is_the_legacy_one_never_469_and_events_ask_for_no_package() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    bench.golden("quirk-11-legacy-info", "The legacy use of INFO: no Recv-Info, no Info-Package, never 469.");
    client.monitor(&mut bench, system, "m1");
    system.event(&mut bench, "HeldEvent", "m1", HELD);
    let [event] = client.heard(&mut bench).try_into().expect("one event");
    assert_eq!(event.header("Content-Disposition"), "signal;handling=required");
    assert_eq!((event.header("Info-Package"), event.header("Recv-Info")), ("", ""));
    client.more += "Info-Package: unheard-of\r\n";
    only(&client.info(&mut bench, "GetCSTAFeatures", ""), 200);
}

#[test]
fn quirk_12_two_sessions_on_one_line_share_one_monitor_and_both_get_its_events() {
    let (mut bench, system, mut alice) = Bench::signed_in(&[]);
    bench.golden(
        "quirk-12-two-sessions-on-one-line",
        "Two sessions on one line share one monitor towards the phone system; each gets its own events.",
    );
    let mut other = Client::new(&mut bench, "alice2");
    other.sign_in(&mut bench, system);
    let first = alice.monitor(&mut bench, system, "m1");
    let object = other.monitor_object();
    let second = only(&other.info(&mut bench, "MonitorStart", &object), 200);
    assert_eq!(system.asked(&mut bench), [], "the device is monitored already");
    let second = second.element("monitorCrossRefID").to_owned();
    assert_ne!(first, second);
    bench.advance(ctigate_core::Duration::from_millis(20));
    system.event(&mut bench, "HeldEvent", "m1", HELD);
    assert_eq!(alice.heard(&mut bench)[0].element("monitorCrossRefID"), first);
    assert_eq!(other.heard(&mut bench)[0].element("monitorCrossRefID"), second);
    only(&alice.send(&mut bench, "BYE", ""), 200);
    assert_eq!(system.asked(&mut bench), [], "the other session still watches");
    system.event(&mut bench, "HeldEvent", "m1", HELD);
    assert_eq!(other.heard(&mut bench).len(), 1);
    only(&other.send(&mut bench, "BYE", ""), 200);
    system.serve(&mut bench, "MonitorStop", |_| csta("MonitorStopResponse", ""));
    assert_eq!(bench.engine().view().switch_monitors, 0);
}
