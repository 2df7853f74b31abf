//! Peers outside `sip.allow`: they are refused, and do not use up what others need.

use ctigate_core::Duration;
use ctigate_core::setting::Value;
use ctigate_tests::bench::{Bench, Client, Line, address, only};

#[test]
fn a_peer_that_is_not_on_the_access_list_is_403_whatever_it_asks_and_its_connection_closed() {
    let (mut bench, _system, mut client) = Bench::with_client(&[]);
    for method in ["INVITE", "OPTIONS"] {
        let link = bench.connect_from("192.0.2.7");
        client.line = Line::Stream(link);
        let request = client.request(method, &client.sign_in_body());
        only(&client.say(&mut bench, &request.repeat(2)), 403);
        assert!(bench.is_closed(link), "one answer is all it gets");
    }
    assert_eq!(bench.engine().view().server_transactions, 0);
}

#[test]
fn strangers_by_datagram_take_no_place_and_cause_one_datagram_for_each_of_theirs() {
    let (mut bench, system, mut client) = Bench::with_client(&[("limits.transactions", Value::Integer(8))]);
    client.sign_in(&mut bench, system);
    for number in 0..20 {
        let from = address(&format!("203.0.113.9:{}", 2000 + number));
        let mut stranger = Client::over(Line::Datagram(from), &format!("stranger{number}"));
        for method in ["INVITE", "OPTIONS", "INFO", "DANCE"] {
            let body = stranger.sign_in_body();
            let request = stranger.request(method, &body);
            let refused = only(&stranger.say(&mut bench, &request), 403);
            assert_eq!(stranger.say(&mut bench, &request), [refused], "the same answer, with the same tag");
        }
        let nonsense = stranger.request("INVITE", "").replace("CSeq: 5 ", "CSeq: five ");
        only(&stranger.say(&mut bench, &nonsense), 403);
        assert_eq!(bench.engine().view().server_transactions, 0);
        bench.advance(Duration::from_secs(2));
        assert_eq!(stranger.heard(&mut bench), [], "nothing is said again by itself");
    }
    let mut bob = Client::new(&mut bench, "bob");
    bob.sign_in(&mut bench, system);
    let object = format!(
        "<callingDevice>{0}</callingDevice><calledDirectoryNumber>{0}</calledDirectoryNumber>",
        client.uri
    );
    assert_eq!(client.info(&mut bench, "MakeCall", &object), [], "the phone system is asked");
}

#[test]
fn a_stranger_neither_acknowledges_nor_repeats_what_another_asked() {
    let (mut bench, system, mut client) = Bench::with_client(&[]);
    let body = client.sign_in_body();
    let invite = client.request("INVITE", &body);
    client.say(&mut bench, &invite);
    system.knows_line(&mut bench);
    let ok = only(&client.heard(&mut bench), 200);
    client.take_tag(&ok);
    let mut stranger = client.clone();
    stranger.line = Line::Stream(bench.connect_from("203.0.113.9"));
    assert_eq!(stranger.send(&mut bench, "ACK", ""), []);
    stranger.line = Line::Stream(bench.connect_from("203.0.113.9"));
    only(&stranger.say(&mut bench, &invite), 403);
    bench.advance(Duration::from_millis(500));
    assert_eq!(client.heard(&mut bench), [ok], "it is said again until the client acknowledges it");
}

#[test]
fn strangers_hold_a_sixteenth_of_the_connections_at_most() {
    for (limit, share) in [(4, 1), (48, 3), (10_000, 64)] {
        let (mut bench, system, mut client) = Bench::with_client(&[("limits.links", Value::Integer(limit))]);
        let strangers: Vec<_> = (0..share + 5).map(|_| bench.connect_from("203.0.113.9")).collect();
        let refused: Vec<_> = strangers.iter().filter(|link| bench.is_closed(**link)).copied().collect();
        assert_eq!(refused, strangers[share..], "{limit} connections");
        assert!(bench.notices().iter().any(|notice| notice.contains("outside sip.allow")));
        client.sign_in(&mut bench, system);
        bench.close(strangers[0]);
        let next = bench.connect_from("203.0.113.9");
        assert!(!bench.is_closed(next), "a place is free again");
    }
}

/// The notices since the last call, all of which must be about refused peers, without the name that they share.
#[track_caller]
fn refused(bench: &mut Bench) -> Vec<String> {
    let notices = bench.notices();
    notices
        .iter()
        .map(|notice| notice.strip_prefix("peer_refused ").unwrap_or_else(|| panic!("{notice}")).into())
        .collect()
}

#[test]
fn strangers_cost_a_line_per_address_and_minute_which_names_the_address() {
    let (mut bench, _system, mut client) = Bench::with_client(&[]);
    bench.notices();
    for _ in 0..30 {
        client.line = Line::Stream(bench.connect_from("192.0.2.7"));
        let request = client.request("INVITE", &client.sign_in_body());
        only(&client.say(&mut bench, &request), 403);
    }
    let stranger = Client::over(Line::Datagram(address("203.0.113.9:2000")), "stranger");
    stranger.say(&mut bench, "nonsense");
    stranger.say(&mut bench, "nonsense");
    let said = refused(&mut bench);
    let first = "peer=192.0.2.7 why=\"not in sip.allow\" times=1 method=INVITE status=403 ";
    assert!(said.len() == 2 && said[0].starts_with(first), "{said:?}");
    let second = "peer=203.0.113.9 why=\"not in sip.allow\" times=1 discarded=";
    assert!(said[1].starts_with(second), "{said:?}");
    bench.advance(Duration::from_secs(59));
    assert_eq!(refused(&mut bench), [""; 0]);
    bench.advance(Duration::from_secs(2));
    assert_eq!(
        refused(&mut bench),
        [
            "peer=192.0.2.7 why=\"not in sip.allow\" times=29",
            "peer=203.0.113.9 why=\"not in sip.allow\" times=1"
        ]
    );
    bench.advance(Duration::from_secs(300));
    assert_eq!(refused(&mut bench), [""; 0]);
}

#[test]
fn strangers_whose_connections_are_refused_or_broken_cost_no_line_each() {
    let (mut bench, _system, _client) = Bench::with_client(&[("limits.links", Value::Integer(16))]);
    bench.notices();
    for _ in 0..20 {
        let link = bench.connect_from("192.0.2.7");
        bench.send(link, &vec![b'x'; 70_000]);
    }
    let held: Vec<_> = (0..20).map(|_| bench.connect_from("192.0.2.8")).collect();
    let said = refused(&mut bench);
    assert_eq!(said.len(), 2, "{said:?} {held:?}");
    assert!(said[1].contains("link=\"too many connections of peers outside sip.allow\" limit=1"), "{said:?}");
}
