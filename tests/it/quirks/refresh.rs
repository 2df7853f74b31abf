//! Quirk 6: refreshes by re-INVITE and by UPDATE, and their answers.

use core::fmt::Write as _;

use ctigate_core::Duration;
use ctigate_core::setting::Value;
use ctigate_tests::bench::{Bench, Client, Line, PhoneSystem, Sip, address, only};

/// Asserts that a 200 to INVITE, re-INVITE or UPDATE has all header fields.
fn assert_complete(ok: &Sip, routes: &[&str]) {
    for (header, value) in [
        ("Contact", "<sip:ctigate@127.0.0.1:5060;transport=tcp>"),
        ("Allow", "INVITE, ACK, BYE, CANCEL, INFO, UPDATE, OPTIONS"),
        ("Supported", "timer"),
        ("Session-Expires", "1800;refresher=uac"),
        ("Require", "timer"),
    ] {
        assert_eq!(ok.header(header), value, "{header}");
    }
    assert_eq!(ok.headers("Record-Route"), routes);
}

#[test]
fn quirk_6_every_refresh_s_200_carries_contact_allow_supported_session_expires_and_the_record_route() {
    let route = "<sip:proxy@127.0.0.1:17060;transport=tcp;lr;ms-route-sig=aAbB-_1>";
    let (mut bench, system) = Bench::in_service(&[]);
    bench.golden(
        "quirk-6-refresh",
        "Refreshes by re-INVITE (with RequestSystemStatus) and by UPDATE; every 200 is complete.",
    );
    let mut client = Client::new(&mut bench, "alice");
    write!(client.more, "Record-Route: {route}\r\n").unwrap();
    assert_complete(&client.sign_in(&mut bench, system), &[route]);
    let body = client.sign_in_body();
    let refreshed = only(&client.send(&mut bench, "INVITE", &body), 200);
    assert_complete(&refreshed, &[route]);
    assert_eq!(refreshed.root(), "RequestSystemStatusResponse");
    client.send(&mut bench, "ACK", "");
    assert_complete(&only(&client.send(&mut bench, "UPDATE", ""), 200), &[route]);
}

#[test]
fn quirk_6_an_unrefreshed_session_ends_with_bye_after_35_minutes_and_not_before() {
    let (mut bench, _system, client) = Bench::signed_in(&[]);
    bench.advance(Duration::from_secs(2_099));
    assert_eq!(client.heard(&mut bench), []);
    bench.advance(Duration::from_secs(1));
    let [bye] = client.heard(&mut bench).try_into().expect("one BYE");
    assert_eq!(bye.method(), "BYE");
    assert_eq!(bench.engine().view().sessions, 0);
}

#[test]
fn quirk_6_reinvite_every_10_minutes_and_update_every_25_keep_a_session() {
    for (method, minutes) in [("INVITE", 10), ("UPDATE", 25)] {
        let (mut bench, _system, mut client) = Bench::signed_in(&[]);
        for _ in 0..20 {
            bench.advance(Duration::from_secs(minutes * 60));
            let body = if method == "INVITE" { client.sign_in_body() } else { String::new() };
            only(&client.send(&mut bench, method, &body), 200);
            if method == "INVITE" {
                client.send(&mut bench, "ACK", "");
            }
        }
        assert_eq!(bench.engine().view().sessions, 1, "{method}");
    }
}

#[test]
fn quirk_6_without_supported_timer_nothing_is_said_of_timers() {
    let (mut bench, system, mut client) = Bench::with_client(&[]);
    client.more.clear();
    let ok = client.sign_in(&mut bench, system);
    assert_eq!((ok.header("Session-Expires"), ok.header("Require")), ("", ""));
}

#[test]
fn quirk_6_a_2xx_to_invite_is_sent_again_on_a_stream_until_any_ack_of_the_dialog() {
    let (mut bench, system, mut client) = Bench::with_client(&[]);
    let body = client.sign_in_body();
    client.send(&mut bench, "INVITE", &body);
    system.knows_line(&mut bench);
    let ok = only(&client.heard(&mut bench), 200);
    bench.advance(Duration::from_millis(1_500));
    let again = client.heard(&mut bench);
    assert_eq!(again.len(), 2);
    assert!(again.iter().all(|one| *one == ok));
    client.take_tag(&ok);
    client.sequence = 77;
    client.send(&mut bench, "ACK", "");
    bench.advance(Duration::from_secs(40));
    assert_eq!(client.heard(&mut bench), []);
}

#[test]
fn quirk_6_a_missing_ack_to_a_reinvite_is_logged_and_ends_nothing() {
    let (mut bench, _system, mut client) = Bench::signed_in(&[]);
    let body = client.sign_in_body();
    only(&client.send(&mut bench, "INVITE", &body), 200);
    bench.advance(Duration::from_secs(33));
    assert!(bench.notices().iter().any(|notice| notice.starts_with("ack_missing")));
    assert_eq!(bench.engine().view().sessions, 1);
    assert!(client.heard(&mut bench).iter().all(|one| one.status() == 200), "no BYE");
}

#[test]
fn quirk_6_a_disabled_session_is_told_90_seconds_and_lives_as_long_as_any() {
    let mut bench = Bench::new();
    let mut client = Client::new(&mut bench, "alice");
    let body = client.sign_in_body();
    let ok = only(&client.send(&mut bench, "INVITE", &body), 200);
    assert_eq!((ok.element("systemStatus"), ok.header("Session-Expires")), ("disabled", "90;refresher=uac"));
    client.take_tag(&ok);
    client.send(&mut bench, "ACK", "");
    let call = client.call_to("1002");
    let refused = only(&client.info(&mut bench, "MakeCall", &call), 200);
    assert_eq!(refused.element("systemResourceAvailibility"), "networkOutOfService");
    bench.advance(Duration::from_secs(2_000));
    assert_eq!(bench.engine().view().sessions, 1);
}

#[test]
fn quirk_6_a_disabled_session_is_normal_again_at_the_refresh_after_the_phone_system_came_back() {
    let mut bench = Bench::new();
    let mut client = Client::new(&mut bench, "alice");
    client.invite(&mut bench);
    PhoneSystem::answer(&mut bench);
    let ok = client.invite(&mut bench);
    assert_eq!((ok.element("systemStatus"), ok.header("Session-Expires")), ("normal", "1800;refresher=uac"));
}

#[test]
fn quirk_6_100_trying_comes_for_an_invite_after_200_ms_and_for_nothing_else() {
    let (mut bench, system, mut client) = Bench::with_client(&[]);
    let body = client.sign_in_body();
    client.send(&mut bench, "INVITE", &body);
    bench.advance(Duration::from_millis(199));
    assert_eq!(client.heard(&mut bench), []);
    bench.advance(Duration::from_millis(1));
    only(&client.heard(&mut bench), 100);
    system.knows_line(&mut bench);
    let ok = only(&client.heard(&mut bench), 200);
    client.take_tag(&ok);
    client.send(&mut bench, "ACK", "");
    let object = client.monitor_object();
    client.info(&mut bench, "MonitorStart", &object);
    bench.advance(Duration::from_secs(3));
    assert_eq!(client.heard(&mut bench), [], "RFC 4320: no provisional response to INFO");
    bench.advance(Duration::from_secs(2));
    let answer = only(&client.heard(&mut bench), 200);
    assert_eq!(answer.element("systemResourceAvailibility"), "resourceOutOfService", "and never 408");
}

#[test]
fn an_interval_below_min_se_is_refused_with_422() {
    let (mut bench, _system, mut client) = Bench::with_client(&[]);
    client.more += "Session-Expires: 60\r\n";
    let body = client.sign_in_body();
    let refused = only(&client.send(&mut bench, "INVITE", &body), 422);
    assert_eq!(refused.header("Min-SE"), "90");
}

#[test]
fn a_client_that_wants_the_gateway_to_refresh_is_sent_updates() {
    let (mut bench, system, mut client) = Bench::with_client(&[]);
    client.more += "Session-Expires: 600;refresher=uas\r\n";
    let ok = client.sign_in(&mut bench, system);
    assert_eq!(ok.header("Session-Expires"), "600;refresher=uas");
    bench.advance(Duration::from_secs(300));
    let [update] = client.heard(&mut bench).try_into().expect("one UPDATE");
    assert_eq!((update.method(), update.header("Session-Expires")), ("UPDATE", "600;refresher=uac"));
}

#[test]
fn all_but_the_2xx_to_invite_is_sent_again_by_datagram_only() {
    for datagram in [false, true] {
        let more = [("sip.domain", Value::Text("gateway.example.com".into()))];
        let mut bench = Bench::with(&more);
        PhoneSystem::answer(&mut bench);
        let mut client = Client::new(&mut bench, "alice");
        if datagram {
            client.line = Line::Datagram(address("127.0.0.1:5070"));
        }
        let body = client.sign_in_body();
        let request = client
            .request("INVITE", &body)
            .replace("sip:gw@127.0.0.1:5060 SIP", "sip:gw@elsewhere.example SIP");
        only(&client.say(&mut bench, &request), 404);
        bench.advance(Duration::from_millis(1_500));
        assert_eq!(client.heard(&mut bench).len(), if datagram { 2 } else { 0 });
    }
}

#[test]
fn the_short_interval_while_disabled_stays_within_what_the_client_takes_and_asked_for() {
    for (asked, configured, told) in [
        ("Session-Expires: 1800\r\nMin-SE: 600\r\n", 90, "600;refresher=uac"),
        ("Session-Expires: 120\r\n", 600, "120;refresher=uac"),
    ] {
        let mut bench = Bench::with(&[("sip.unavailable_expires", Value::Integer(configured))]);
        let mut client = Client::new(&mut bench, "alice");
        client.more = format!("Supported: timer\r\n{asked}");
        let body = client.sign_in_body();
        let ok = only(&client.send(&mut bench, "INVITE", &body), 200);
        assert_eq!((ok.element("systemStatus"), ok.header("Session-Expires")), ("disabled", told), "{asked}");
    }
}
